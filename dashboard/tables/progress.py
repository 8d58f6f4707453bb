"""The tables of the page of progress: causes, path, sectors, lines of the inventory, findings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from dashboard.queries.changes import LineChange
from dashboard.queries.progress import CityView
from dashboard.sentences.finding import finding_text
from dashboard.sentences.progress import verdict_word
from dashboard.tables.table import Cell, Column, Figured, Table
from dashboard.texts import Language
from paes.causes.cause import Cause, causes_of
from paes.causes.effects import Effects
from paes.inventory.inventory import Inventory
from paes.lineage.figure_id import inventory_id, progress_id
from paes.metering import Finding
from paes.progress.path import YearResult

_LEAST_PART = 0.005
"""A smaller part of a figure is 0 % and not told."""


def effects_table(view: CityView, language: Language) -> Table:
    """The reduction by cause in the judged and in the newest year, in t and in points."""
    base_t = view.base_inventory.emissions_t
    shown = list(dict.fromkeys((view.effects, view.newest_effects)))
    columns = [Column(language.text("table.cause")), Column(language.text("table.known_by"))]
    for told in shown:
        columns.append(Column(language.text("table.effect_t", year=told.year), "number"))
        label = language.text("table.effect_points", year=told.year)
        columns.append(Column(label, "number", 1))
    of_years = zip(*(causes_of(told) for told in shown), strict=True)
    rows: list[tuple[Cell, ...]] = [
        (
            language.text(f"effects.{causes[0].name}"),
            _known_by(causes, language),
            *_points(((cause.t for cause in causes)), base_t, _ids(view, shown, causes[0].name)),
        )
        for causes in of_years
        if any(cause.is_told for cause in causes)
    ]
    ids = [_progress_id(view, told.year, "total_t") for told in shown]
    total = _points((told.total_t for told in shown), base_t, ids)
    rows.append((language.text("effects.total"), None, *total))
    caption = language.text(
        "table.caption_effects", city=view.city.name, base=view.progress.base.year
    )
    return Table("effects", caption, tuple(columns), tuple(rows))


def _known_by(causes: Sequence[Cause], language: Language) -> str:
    basis = causes[0].basis.value
    assumed = any(cause.assumed for cause in causes)
    return language.text(f"effects.{basis}_assumed" if assumed else f"effects.{basis}")


def _points(tonnes: Iterable[float], base_t: float, ids: Iterable[str]) -> Iterable[Cell]:
    """Tonnes with their passports, and points of the base year's emissions."""
    for t, figure in zip(tonnes, ids, strict=True):
        yield Figured(float(t), figure)
        yield float(t) / base_t * 100 if base_t else 0.0


def _ids(view: CityView, shown: Sequence[Effects], cause: str) -> list[str]:
    return [_progress_id(view, told.year, f"{cause}_t") for told in shown]


def _progress_id(view: CityView, year: int, quantity: str) -> str:
    """The id of a figure of progress, by the method that the page shows."""
    chosen = view.choices
    return progress_id(view.city.id, view.progress.target.id, year, quantity, chosen)


def _own(view: CityView, year: YearResult, value: float, quantity: str) -> Cell:
    """A figure with its passport, where the page shows it in the target's own measure."""
    if view.progress is not view.native:
        return float(value)
    return Figured(float(value), _progress_id(view, year.year, quantity))


def _inventory_cell(
    view: CityView, inventory: Inventory, value: float | None, *cell: str, quantity: str = "t"
) -> Cell:
    """A figure of an inventory with its passport, where the inventory has such a line."""
    if value is None or cell not in (
        view.newest_cells if inventory is view.newest else view.base_cells
    ):
        return value
    where = inventory_id(
        view.city.id, inventory.year, *cell, quantity=quantity, choices=view.choices
    )
    return Figured(float(value), where)


def path_table(view: CityView, language: Language) -> Table:
    """Every inventory year beside the path, with bounds and what it rests on."""
    t = language.text
    per_head = view.per_head
    digits = 2 if per_head else 0
    emissions = "table.emissions_t_per_head" if per_head else "table.emissions_t"
    columns = (
        Column(t("table.year"), "year"),
        Column(t("table.kind")),
        Column(t(emissions), "number", digits),
        Column(t("table.low_t"), "number", digits),
        Column(t("table.high_t"), "number", digits),
        Column(t("table.path_t"), "number", digits),
        Column(t("table.distance_t"), "number", digits, sign=True),
        Column(t("table.reduction"), "percent", 1),
        Column(t("table.reduction_low"), "percent", 1),
        Column(t("table.reduction_high"), "percent", 1),
        Column(t("table.required"), "percent", 1),
        Column(t("table.verdict")),
        Column(t("table.assumed"), "percent", 0),
        Column(t("table.metered"), "percent", 1),
    )
    rows = tuple(
        (
            float(y.year),
            t(f"kind.{inventory.kind}"),
            _own(view, y, y.emissions_t, "emissions"),
            float(y.low_t),
            float(y.high_t) if math.isfinite(y.high_t) else "∞",
            _own(view, y, y.path_t, "path"),
            _own(view, y, y.distance_t, "distance"),
            Figured(float(y.reduction_fraction), _progress_id(view, y.year, "reduction")),
            *_interval(y.year, view),
            float(y.required_fraction),
            None if y is view.progress.base else verdict_word(y, view, language),
            float(inventory.assumed_fraction),
            float(inventory.metered_fraction),
        )
        for y, inventory in zip(view.progress.years, view.progress.inventories, strict=True)
    )
    return Table("path", t("table.caption_path", city=view.city.name), columns, rows)


def _interval(year: int, view: CityView) -> tuple[Cell, Cell]:
    """Of the year's reduction; nothing for the base year, and where nothing was drawn."""
    if view.chances is None or year == view.progress.base.year:
        return None, None
    found = view.chances.of(year).reduction
    return found.low, found.high


def sectors_table(view: CityView, language: Language) -> Table:
    """Emissions by sector in the base year and in the newest inventory."""
    t, base, newest = language.text, view.base_inventory.year, view.newest.year
    columns = (
        Column(t("table.sector")),
        Column(t("table.base_t", year=base), "number"),
        Column(t("table.latest_t", year=newest), "number"),
        Column(t("table.change"), "percent", 1, sign=True),
        Column(t("table.energy_mwh"), "number"),
        Column(t("table.metered"), "percent", 1),
    )
    rows = tuple(
        (
            t(f"sector.{row.sector}"),
            _inventory_cell(view, view.base_inventory, row.base_t, str(row.sector)),
            _inventory_cell(view, view.newest, row.latest_t, str(row.sector)),
            row.change_fraction,
            _inventory_cell(view, view.newest, row.latest_mwh, str(row.sector), quantity="mwh"),
            float(row.metered_fraction),
        )
        for row in view.sectors
    )
    caption = t("table.caption_sectors", city=view.city.name, base=base, year=newest)
    return Table("sectors", caption, columns, rows)


def lines_table(view: CityView, language: Language) -> Table:
    """Every line of the newest inventory with its factor: value, year, match, source."""
    t = language.text
    columns = (
        Column(t("table.sector")),
        Column(t("table.carrier")),
        Column(t("table.energy_mwh"), "number"),
        Column(t("table.emissions_t"), "number"),
        Column(t("table.change"), "percent", 1, sign=True),
        Column(t("table.rests_on")),
        Column(t("table.declared_year"), "year"),
        Column(t("table.basis")),
        Column(t("table.factor"), "number", 4),
        Column(t("table.factor_year"), "year"),
        Column(t("table.factor_how")),
        Column(t("table.factor_source")),
    )
    rows = tuple(_line_cells(row, view, language) for row in view.lines)
    caption = t("table.caption_lines", city=view.city.name, year=view.newest.year)
    return Table("lines", caption, columns, rows)


def _line_cells(row: LineChange, view: CityView, language: Language) -> tuple[Cell, ...]:
    t, match = language.text, row.factor
    cell = str(row.sector), str(row.carrier)

    def figure(value: float | None, quantity: str) -> Cell:
        return _inventory_cell(view, view.newest, value, *cell, quantity=quantity)

    source = (match.source or match.note) if match else row.source
    return (
        t(f"sector.{row.sector}"),
        t(f"carrier.{row.carrier}") if row.carrier else None,
        figure(row.energy_mwh, "mwh"),
        figure(row.emissions_t, "t"),
        row.change_fraction,
        _rests_on(row, language),
        None if row.declared_year is None else float(row.declared_year),
        None if row.notation else t("basis.assumed" if row.assumed else "basis.sourced"),
        figure(match.factor_t_per_mwh, "factor") if match else None,
        float(match.year_used) if match and match.year_used is not None else None,
        t(f"how.{match.how}") if match else None,
        source or None,
    )


def _rests_on(row: LineChange, language: Language) -> str | None:
    """The parts of a figure by how they are known, or why there is no figure."""
    if row.notation:
        return language.text(f"notation.{row.notation}")
    parts, whole = row.evidence, row.evidence.energy_mwh
    known = {
        "measured": parts.measured_mwh,
        "billed": parts.billed_mwh,
        "estimated": parts.estimated_mwh,
        "declared": parts.declared_mwh,
        "carried": parts.carried_mwh,
    }
    shares = {name: mwh / whole for name, mwh in known.items() if whole}
    told = {
        language.text(f"evidence.{name}"): language.percent(share, 0)
        for name, share in shares.items()
        if abs(share) >= _LEAST_PART
    }
    if len(told) == 1:
        return next(iter(told))
    return ", ".join(f"{word} {share}" for word, share in told.items()) or None


def findings_table(view: CityView, language: Language) -> Table:
    """What a reader should know about the newest inventory."""
    t = language.text
    told = ((_subject(f, view, language), finding_text(f, language)) for f in view.findings)
    caption = t("table.caption_findings", city=view.city.name, year=view.newest.year)
    columns = (Column(t("table.subject")), Column(t("table.finding")))
    return Table("findings", caption, columns, tuple(dict.fromkeys(told)))


def _subject(finding: Finding, view: CityView, language: Language) -> str:
    """Where it is, without what the table's caption says: the city and the year."""
    said = (view.city.id, str(view.newest.year))
    parts = [part for part in finding.subject.split("/") if part not in said]
    names = [_named(part, view, language) for part in parts]
    return " · ".join(names) or language.text("subject.whole")


def _named(part: str, view: CityView, language: Language) -> str:
    if part in view.city.sites:
        return view.city.sites[part].name
    keys = (f"sector.{part}", f"carrier.{part}", f"use.{part}", f"subject.{part}")
    return next((language.text(key) for key in keys if language.knows(key)), part)
