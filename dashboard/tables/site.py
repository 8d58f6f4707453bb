"""The tables of a site's page: steps of its load, its year, costs, flows, what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from dashboard.queries.cases import case_path, per_week, so_far
from dashboard.queries.site_events import FindingGroup, SiteEvents
from dashboard.queries.site_load import Load, StepState
from dashboard.queries.site_money import Bought, SiteMoney
from dashboard.queries.site_period import Period, Zoom, day_of, month_of
from dashboard.queries.site_year import Habits, Signature, StreamYear, Use
from dashboard.sentences.site_findings import finding_words
from dashboard.sentences.site_words import (
    begun,
    beside_name,
    dated,
    power_unit,
    status_name,
    step_names,
    stream_name,
)
from dashboard.tables.table import Cell, Column, Figured, Linked, Marked, Table
from dashboard.texts import Language
from paes.faults.telling.sentences import name as rule_name
from paes.metering import Measures
from paes.opening import DayKind
from paes.periods import By
from paes.self_consumption import Balance
from paes.series import Floats

KNOWN_DAYS = 0.9
"""The least part of a month's days whose weather must be known for its mean to be told."""
Link = Callable[..., str]
"""An address that keeps the state: ``link(path, period=…)``."""
CASE_STATE = {"new": "silent", "rearmed": "silent", "acknowledged": "stale", "assigned": "stale",
              "repaired": "stale"}  # fmt: skip
"""How an open case looks; closed ones look like what needs nobody."""


def load_table(load: Load, caption: str, language: Language, link: Link) -> Table:
    """One row a step; months lead to their days, days to their quarter hours."""
    t, unit, digits = language.text, load.stream.unit, _digits(load)
    is_fine = load.period.by in (By.HOUR, By.QUARTER_HOUR)
    columns = [
        Column(t("site_page.column_step")),
        Column(t("site_page.column_amount", unit=unit), "number", digits),
        Column(t("site_page.column_state")),
    ]
    if not is_fine:
        columns += [
            Column(t("site_page.column_estimated", unit=unit), "number", digits),
            Column(t("site_page.column_missing", unit=unit), "number", digits),
            Column(t("site_page.column_coverage"), "percent", 0),
        ]
    has_before = not np.isnan(load.earlier).all()
    if has_before:
        before = beside_name(load.period, language)
        columns.append(
            Column(t("site_page.column_before", before=before, unit=unit), "number", digits)
        )
        if not is_fine:
            columns.append(Column(t("site_page.column_change"), "percent", 0, sign=True))
    columns.append(Column("°C", "number", 1))
    rows = []
    for i, name in enumerate(step_names(load.starts, load.period.by, language)):
        state = language.text(f"site_page.state_{_told(load, i)}")
        cells: list[Cell] = [_step(load, i, name, link), _amount(load, i), state]
        cells += [] if is_fine else _evidence(load, i, language)
        if has_before:
            cells.append(_number(load.earlier[i]))
            cells += [] if is_fine else [_change(load, i)]
        rows.append((*cells, _number(load.degc[i])))
    return Table("load", caption, tuple(columns), tuple(rows))


def _step(load: Load, i: int, name: str, link: Link) -> Cell:
    finer = _finer(load, i)
    outside = load.states[i] is StepState.OUTSIDE
    return Linked(name, link(None, period=finer.key)) if finer and not outside else name


def _amount(load: Load, i: int) -> Cell:
    """Of a day or month that is over with its passport, where it is one meter's."""
    value, finer = _number(load.amounts[i]), _finer(load, i)
    if value is None or finer is None or load.is_running[i]:
        return value
    figure = load.passport(finer.first, finer.end)
    return Figured(value, figure) if figure else value


def _evidence(load: Load, i: int, language: Language) -> list[Cell]:
    """Of a month or a day: what is estimated, what is missing at the most, what is covered."""
    table, span = load.table, float(load.table.span_s[i])
    high: Cell = float(table.missing_high[i])
    if not np.isfinite(table.missing_high[i]):
        high = language.text("site_page.unbounded")
    lost = load.states[i] is StepState.MISSING
    return [
        float(table.estimated[i]) if span else None,
        high if lost else None,
        float(table.covered_s[i]) / span if span else None,
    ]


def _change(load: Load, i: int) -> Cell:
    if not load.compared[i] or load.earlier[i] <= 0:
        return None
    return float(load.amounts[i] / load.earlier[i]) - 1


def _told(load: Load, i: int) -> str:
    state = load.states[i]
    running = bool(load.is_running[i]) and state is not StepState.OUTSIDE
    return "running" if running else state.value


def _finer(load: Load, i: int) -> Period | None:
    day = load.starts[i].date()
    if load.period.by is By.MONTH:
        return month_of(day)
    return day_of(day) if load.period.zoom is Zoom.MONTH else None


def _digits(load: Load) -> int:
    return 0 if load.period.by in (By.MONTH, By.DAY) else 2


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def carpet_table(year: StreamYear, language: Language) -> Table:
    """The carpet in short: the mean of each hour of the day, by kind of day."""
    present = [kind for kind in DayKind if (year.kinds == kind).any()]
    columns = [Column(language.text("site_page.axis_hour"))]
    columns += [
        Column(language.text(f"site_page.days_{kind.name.lower()}"), "number", 1)
        for kind in present
    ]
    means = [_means(year.power[:, year.kinds == kind]) for kind in present]
    rows = [(f"{hour:02d}:00", *(_number(m[hour]) for m in means)) for hour in range(24)]
    caption = language.text("site_page.carpet_caption", unit=power_unit(year.stream))
    return Table("carpet", caption, tuple(columns), tuple(rows))


def _means(power: np.ndarray) -> np.ndarray:
    known = np.isfinite(power)
    counts = known.sum(axis=1)
    sums = np.where(known, power, 0.0).sum(axis=1, dtype=np.float64)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def hours_table(year: StreamYear, language: Language) -> Table:
    """Every hour of the year, for a spreadsheet: a row a day, a column an hour."""
    columns = [Column(language.text("site_page.column_day"))]
    columns += [Column(f"{hour:02d}:00", "number", 2) for hour in range(24)]
    rows = []
    for n in range(year.power.shape[1]):
        of_day = year.power[:, n]
        cells: list[Cell] = [None if not np.isfinite(v) else round(float(v), 3) for v in of_day]
        rows.append(((year.first + timedelta(days=n)).isoformat(), *cells))
    caption = language.text("site_page.hours_caption", unit=power_unit(year.stream))
    return Table("hours", caption, tuple(columns), tuple(rows))


def habits_table(habits: Habits, unit: str, language: Language) -> Table:
    """When energy is used: parts of the energy beside parts of the time."""
    t = language.text
    columns = (
        Column(t("site_page.column_when")),
        Column(t("site_page.column_amount", unit=unit), "number"),
        Column(t("site_page.column_part_energy"), "percent", 0),
        Column(t("site_page.column_part_hours"), "percent", 0),
    )
    rows = tuple(
        (
            t(f"site_page.use_{use.value}"),
            habits.energy[use] * habits.measured,
            habits.energy[use],
            habits.hours[use],
        )
        for use in Use
        if habits.hours[use] > 0
    )
    return Table("habits", t("site_page.habits_caption"), columns, rows)


def signature_table(signature: Signature, unit: str, language: Language) -> Table:
    """Month by month what was used and what the model expected of the same days."""
    t = language.text
    columns = (
        Column(t("site_page.column_step")),
        Column(t("site_page.column_days")),
        Column(t("site_page.column_used", unit=unit), "number"),
        Column(t("site_page.column_expected", unit=unit), "number"),
        Column(t("site_page.column_difference"), "percent", 0, sign=True),
        Column("°C", "number", 1),
    )
    days = [signature.days.first + timedelta(days=n) for n in range(len(signature.used))]
    groups: dict[tuple[int, int], list[int]] = {}
    for n, day in enumerate(days):
        groups.setdefault((day.year, day.month), []).append(n)
    rows = []
    for of in groups.values():
        counted = [n for n in of if signature.counted[n]]
        used, expected = (float(v[counted].sum()) for v in (signature.used, signature.expected))
        rows.append(
            (
                dated(days[of[0]], "MMM y", language),
                language.number(len(counted)),
                used if counted else None,
                expected if counted else None,
                used / expected - 1 if counted and expected > 0 else None,
                _mean_degc(signature.days.degc[counted]),
            )
        )
    return Table("signature", t("site_page.signature_caption"), columns, tuple(rows))


def _mean_degc(degc: Floats) -> float | None:
    """Of the days whose weather is known, if they are nearly all: a model needs no warm day's."""
    known = degc[~np.isnan(degc)]
    return float(known.mean()) if len(known) and len(known) >= KNOWN_DAYS * len(degc) else None


def costs_table(money: SiteMoney, language: Language) -> Table:
    """One row for each part of each bill, with its amount where it has one."""
    t = language.text
    columns = (
        Column(t("site_page.column_supply")),
        Column(t("site_page.column_part")),
        Column(t("site_page.column_quantity"), "number"),
        Column(t("table.unit")),
        Column("€", "number"),
        Column(t("site_page.column_price"), "number", 3),
    )
    rows: list[tuple[Cell, ...]] = []
    for bought in money.bought:
        rows += _cost_rows(bought, language)
    return Table("costs", t("site_page.costs_caption"), columns, tuple(rows))


def _cost_rows(bought: Bought, language: Language) -> list[tuple[Cell, ...]]:
    t, supply = language.text, supply_name(bought, language)
    unit = bought.unit.replace("m3", "m³")
    rows: list[tuple[Cell, ...]] = []
    for label, (amount, eur) in bought.energy.items():
        name = t("site_page.band_flat") if label == "flat" else label
        rows.append((supply, name, amount, unit, eur, eur / amount if amount > 0 else None))
    for part in ("power", "fixed", "taxes", "vat"):
        if bought.parts.get(part):
            told = t(f"site_page.part_{part}")
            rows.append((supply, told, None, None, bought.parts[part], None))
    if bought.unpriced_s:
        told = t("site_page.part_unpriced")
        rows.append((supply, told, bought.unpriced, unit, None, None))
    rows.append((supply, f"**{t('site_page.part_total')}**", None, None, bought.eur, None))
    return rows


def supply_name(bought: Bought, language: Language) -> str:
    """What is bought or sold."""
    if bought.carrier is None:
        return begun(language.text("measures.water"))
    carrier = language.text(f"carrier.{bought.carrier.value}")
    if bought.measures is Measures.FEED_IN:
        return language.text("site_page.supply_feed_in", carrier=carrier)
    return carrier


def flows_table(balance: Balance, language: Language) -> Table:
    """Month by month: made, used here, given to the grid, bought, shares."""
    t = language.text
    columns = (
        Column(t("site_page.column_step")),
        Column(t("site_page.column_made"), "number"),
        Column(t("site_page.flow_self") + " kWh", "number"),
        Column(t("site_page.flow_feed_in") + " kWh", "number"),
        Column(t("site_page.flow_withdrawal") + " kWh", "number"),
        Column(t("site_page.column_self_share"), "percent", 0),
        Column(t("site_page.column_autarky"), "percent", 0),
    )
    rows = []
    for p in balance.periods:
        if not p.production.span_s:
            continue
        rows.append(
            (
                dated(p.start.date(), "MMM y", language),
                p.production.kwh,
                p.self_consumption.kwh if p.has_feed_in else None,
                p.feed_in.kwh if p.has_feed_in else None,
                p.withdrawal.kwh if p.has_withdrawal else None,
                p.self_consumption_share.value,
                p.autarky.value,
            )
        )
    return Table("flows", t("site_page.flows_caption"), columns, tuple(rows))


def cases_table(events: SiteEvents, tz: str, language: Language, link: Link, root: Path) -> Table:
    """Malfunctions here, open ones first, each leading to its page."""
    t = language.text
    columns = (
        Column(t("site_page.column_case")),
        Column(t("site_page.column_state")),
        Column(t("site_page.column_since")),
        Column(t("site_page.column_so_far"), "number"),
        Column(t("site_page.column_per_week"), "number"),
    )
    rows: list[tuple[Cell, ...]] = []
    for case in events.cases:
        past, week = so_far(case), per_week(case)
        look = CASE_STATE.get(case.state.value, "outside")
        rows.append(
            (
                Linked(rule_name(case, language.code, root), link(case_path(case.id))),
                Marked(t(f"case_state.{case.state.value}"), look),
                language.local_day(case.episode.start, tz),
                past.likely if past else None,
                week.likely if week else None,
            )
        )
    return Table("malfunctions", t("site_page.cases_caption"), columns, tuple(rows))


def actions_table(events: SiteEvents, language: Language, link: Link) -> Table:
    """Actions of the plan at this site."""
    t = language.text
    columns = (
        Column(t("site_page.column_action")),
        Column(t("site_page.column_status")),
        Column(t("site_page.column_years")),
    )
    rows = []
    for action in events.actions:
        years = [str(day.year) for day in (action.start, action.end) if day]
        rows.append(
            (
                Linked(action.name.in_language(language.code), link(f"/azioni/{action.id}")),
                status_name(action.status, language),
                "–".join(dict.fromkeys(years)) or None,
            )
        )
    return Table("actions", t("site_page.actions_caption"), columns, tuple(rows))


def findings_table(
    groups: Sequence[FindingGroup], names: dict[str, str], tz: str, language: Language, link: Link
) -> Table:
    """What was odd in the readings, by meter and kind, the newest first."""
    t = language.text
    columns = (
        Column(t("table.meter")),
        Column(t("site_page.column_finding")),
        Column(t("site_page.column_times")),
        Column(t("site_page.column_last")),
    )
    rows = tuple(
        (
            Linked(names.get(group.meter, group.meter), link("/dati", meter=group.meter)),
            finding_words(group.last, language),
            language.number(group.count),
            language.moment(group.last.at, tz) if group.last.at else None,
        )
        for group in groups
    )
    return Table("findings", t("site_page.findings_caption"), columns, rows)


def stream_caption(load: Load, where: str, language: Language) -> str:
    """What the table of the load is of."""
    return f"{stream_name(load.stream, language)}, {where}"
