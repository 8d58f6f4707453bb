"""The tables of distance, of years to come, and of what the figures rest on."""

from __future__ import annotations

import math

from dashboard.queries.distance import Part
from dashboard.queries.evidence_shares import PARTS, Shares
from dashboard.queries.outlook import Course, YearBand
from dashboard.queries.progress import CityView
from dashboard.sentences.chances import likely
from dashboard.tables.table import Cell, Column, Table
from dashboard.texts import Language
from paes.progress.path import required_fraction


def distance_table(parts: tuple[Part, ...], view: CityView, language: Language) -> Table:
    """Promised, reached and missing, in t and in points of the base year's emissions."""
    t, base_t = language.text, view.base_inventory.emissions_t
    columns = (
        Column(t("distance.part")),
        Column(t("distance.promised_points"), "number", 1),
        Column(t("distance.promised_t"), "number"),
        Column(t("distance.reached_points"), "number", 1),
        Column(t("distance.reached_t"), "number"),
        Column(t("distance.low_t"), "number"),
        Column(t("distance.high_t"), "number"),
        Column(t("distance.missing_t"), "number", sign=True),
    )
    rows = tuple(_part(part, base_t, language) for part in parts)
    caption = t("distance.caption", city=view.city.name, year=view.judged.year)
    return Table("distance", caption, columns, rows)


def _part(part: Part, base_t: float, language: Language) -> tuple[Cell, ...]:
    promised, missing = part.promised, part.missing
    return (
        language.text(f"distance.{part.name}"),
        None if promised is None else promised * 100,
        None if promised is None else promised * base_t,
        part.reached * 100,
        part.reached * base_t,
        _bound(part.low * base_t),
        _bound(part.high * base_t),
        None if missing is None else missing * base_t,
    )


def _bound(t: float) -> Cell:
    return t if math.isfinite(t) else ("∞" if t > 0 else "−∞")


def outlook_table(view: CityView, language: Language) -> Table | None:
    """Every year of every scenario with its band; None where there is none."""
    found, t = view.outlook, language.text
    if found is None:
        return None
    digits = 2 if view.per_head else 0
    columns = (
        Column(t("outlook.scenario")),
        Column(t("table.year"), "year"),
        Column(t("table.emissions_t_per_head" if view.per_head else "table.emissions_t"), "number",
               digits),
        Column(t("table.low_t"), "number", digits),
        Column(t("table.high_t"), "number", digits),
        Column(t("table.required"), "percent", 1),
        Column(t("outlook.chance")),
    )  # fmt: skip
    rows = tuple(
        (
            course_name(course, language),
            float(year.year),
            year.t,
            year.low_t,
            _bound(year.high_t),
            required_fraction(found.target, year.year),
            likely(course.enough, language) if year is course.years[-1] else None,
        )
        for course in found.courses
        for year in course.years[1:]
    )
    caption = t("outlook.caption", city=view.city.name, year=found.to_year)
    return Table("outlook", caption, columns, rows)


def course_name(course: Course, language: Language) -> str:
    """A scenario in words."""
    name = language.text(f"outlook.name_{course.id.value}")
    if course.grid is None:
        return name
    return language.text("outlook.with_grid", scenario=name)


def bands_table(view: CityView, language: Language) -> Table | None:
    """What holds 9 of 10 draws of each inventory; None where nothing was drawn."""
    if not view.bands:
        return None
    t, digits = language.text, 2 if view.per_head else 0
    columns = (
        Column(t("table.year"), "year"),
        Column(t("table.emissions_t_per_head" if view.per_head else "table.emissions_t"), "number",
               digits),
        Column(t("outlook.band_low"), "number", digits),
        Column(t("outlook.band_high"), "number", digits),
    )  # fmt: skip
    rows = tuple(_band(band) for band in view.bands)
    return Table("bands", t("outlook.bands_caption", city=view.city.name), columns, rows)


def _band(band: YearBand) -> tuple[Cell, ...]:
    return float(band.year), band.t, band.low_t, _bound(band.high_t)


def evidence_table(view: CityView, language: Language) -> Table:
    """Tonnes of each sector by how they are known; what is missing apart, in no sum."""
    t = language.text
    names = [part.removesuffix("_t") for part in PARTS]
    columns = (
        Column(t("table.sector")),
        *(Column(t("evidence.column", what=t(f"evidence.{name}")), "number") for name in names),
        Column(t("evidence.missing"), "number"),
    )
    whole = Shares.sum(row.shares for row in view.evidence)
    rows = [(t(f"sector.{row.sector}"), row.shares) for row in view.evidence]
    listed = tuple(
        (
            name,
            *(getattr(shares, part) for part in PARTS),
            _bound(shares.missing_high_t),
        )
        for name, shares in [*rows, (t("evidence.whole"), whole)]
    )
    caption = t("evidence.caption", city=view.city.name, year=view.newest.year)
    return Table("evidence", caption, columns, listed)
