"""The tables of the data: coverage, gaps by cause, units, imports, how emissions are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from babel.dates import format_date

from dashboard.queries.coverage import Coverage, DaysSeen, TimeSeen
from dashboard.queries.evidence import Evidence, KnownAs
from dashboard.queries.field_report import UnitSeen
from dashboard.queries.gaps import LENGTHS_H, Gaps
from dashboard.queries.imported import Imported
from dashboard.queries.meter_health import RawReadings
from dashboard.sentences.data_health import cause_word, length_word, meter_name
from dashboard.sentences.reading_finding import reading_finding
from dashboard.tables.table import Cell, Column, Linked, Marked, Table
from dashboard.texts import Language
from paes.installation import City
from paes.metering import Finding, Site
from paes.periods import zone

UNIT_ICONS = {
    "ok": "live",
    "failing": "stale",
    "open": "silent",
    "unreachable": "silent",
    "unknown": "never",
}
"""The icon of each state of a unit."""
LONGEST = 50
"""So many of the longest gaps are listed."""


@dataclass(frozen=True)
class CoverageRow:
    """One site's meters together."""

    site: Site
    meters: tuple[str, ...]
    seen: TimeSeen


def coverage_rows(city: City, shown: Coverage, kind: str = "") -> list[CoverageRow]:
    """Every site with a meter in use in these months, what lacks most first."""
    here: dict[str, list[str]] = {site: [] for site in city.sites}
    for meter in city.meters.values():
        here[meter.site].append(meter.id)
    rows = []
    for site in city.sites.values():
        meters = tuple(here[site.id])
        seen = shown.of(meters)
        if seen.fraction is not None and kind in ("", site.kind.value):
            rows.append(CoverageRow(site, meters, seen))
    return sorted(rows, key=lambda row: row.seen.fraction or 0.0)


def coverage_table(
    rows: Sequence[CoverageRow], shown: Coverage, city: City, language: Language
) -> Table:
    """A row a site, a column a month."""
    t = language.text
    months = [Column(_month(start, language), "percent", 0) for start in shown.starts]
    columns = (
        Column(t("table.site")),
        Column(t("data_coverage.column_all"), "percent", 1),
        Column(t("data_coverage.column_missing_h"), "number"),
        *months,
    )
    cells = tuple(
        (row.site.name, row.seen.fraction, row.seen.missing_h, *_known(row.seen)) for row in rows
    )
    return Table("coverage", t("data_coverage.caption", city=city.name), columns, cells)


def meter_coverage_table(
    city: City, shown: Coverage, language: Language, href: Mapping[str, str]
) -> Table:
    """A row a meter, what lacks most first; each leads to its own page."""
    t = language.text
    columns = (
        Column(t("table.meter")),
        Column(t("table.measures")),
        Column(t("data_coverage.column_all"), "percent", 1),
        Column(t("data_coverage.column_missing_h"), "number"),
    )
    found = [
        (city.meters[meter], seen)
        for meter, seen in shown.meters.items()
        if seen.fraction is not None and meter in href
    ]
    found.sort(key=lambda pair: pair[1].fraction or 0.0)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Linked(meter_name(meter, city), href[meter.id]),
            t(f"measures.{meter.measures.value}"),
            seen.fraction,
            seen.missing_h,
        )
        for meter, seen in found
    )
    return Table("meter-coverage", t("data_coverage.meter_caption", city=city.name), columns, rows)


def days_table(days: DaysSeen, name: str, language: Language) -> Table:
    """A row a day that lacks something."""
    t = language.text
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (day.isoformat(), float(fraction), float(span - covered) / 3600)
        for day, fraction, covered, span in zip(
            days.days,
            days.seen.fractions,
            days.seen.covered_s,
            days.seen.span_s,
            strict=True,
        )
        if covered < span
    )
    columns = (
        Column(t("data_coverage.column_day")),
        Column(t("data_coverage.column_all"), "percent", 1),
        Column(t("data_coverage.column_missing_h"), "number", 1),
    )
    caption = t("data_coverage.days_caption", meter=name, year=days.days[0].year)
    return Table("days", caption, columns, rows)


def gaps_table(gaps: Gaps, city: City, language: Language) -> Table:
    """A row a cause: gaps, meters, hours by length."""
    t = language.text
    lengths = range(len(LENGTHS_H) + 1)
    columns = (
        Column(t("data_gaps.column_cause")),
        Column(t("data_gaps.column_gaps"), "count"),
        Column(t("data_gaps.column_meters"), "count"),
        Column(t("data_gaps.column_hours"), "number", 1),
        *(Column(length_word(length, language), "number", 1) for length in lengths),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            cause_word(one.cause, language),
            str(one.gaps),
            str(one.meters),
            one.all_hours,
            *one.hours,
        )
        for one in gaps.by_cause()
    )
    return Table("gaps", t("data_gaps.caption", city=city.name), columns, rows)


def longest_gaps_table(
    gaps: Gaps, city: City, language: Language, href: Mapping[str, str]
) -> Table:
    """The longest gaps, each with its causes."""
    t = language.text
    columns = (
        Column(t("table.meter")),
        Column(t("data_gaps.column_from")),
        Column(t("data_gaps.column_hours"), "number", 1),
        Column(t("data_gaps.column_cause")),
    )
    longest = sorted(gaps.gaps, key=lambda gap: -gap.hours)[:LONGEST]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Linked(meter_name(city.meters[gap.meter], city), href[gap.meter]),
            language.moment(gap.at, city.time_zone),
            gap.hours,
            ", ".join(cause_word(cause, language) for cause in gap.causes),
        )
        for gap in longest
    )
    return Table("longest-gaps", t("data_gaps.longest_caption", city=city.name), columns, rows)


def units_table(units: Sequence[UnitSeen], tz: str, language: Language) -> Table:
    """A row a unit behind a gateway, the worst first."""
    t = language.text
    columns = (
        Column(t("data_field.column_unit")),
        Column(t("data_field.column_meters")),
        Column(t("table.state")),
        Column(t("table.last_reading")),
        Column(t("data_field.column_p95_ms"), "number"),
        Column(t("data_field.column_timeouts")),
        Column(t("data_field.column_next_try")),
    )
    return Table(
        "units", t("data_field.caption"), columns, tuple(_unit(u, tz, language) for u in units)
    )


def _unit(unit: UnitSeen, tz: str, language: Language) -> tuple[Cell, ...]:
    state = language.text(f"unit_state.{unit.state}")
    return (
        f"{unit.gateway} {unit.unit}".strip(),
        ", ".join(unit.meters),
        Marked(state, UNIT_ICONS[unit.state]),
        language.moment(unit.last_reading_at, tz) if unit.last_reading_at else None,
        unit.p95_ms,
        language.text(
            "data_field.of", n=language.number(unit.timeouts), all=language.number(unit.requests)
        ),
        language.clock_time(unit.next_try, tz, seconds=True) if unit.next_try else None,
    )


def imports_table(imports: Sequence[Imported], tz: str, language: Language) -> Table:
    """A row a file, the newest first."""
    t = language.text
    columns = (
        Column(t("data_imports.column_file")),
        Column(t("data_imports.column_at")),
        Column(t("data_imports.column_format")),
        Column(t("data_imports.column_author")),
        Column(t("data_imports.column_new")),
        Column(t("data_imports.column_changed")),
        Column(t("data_imports.column_refused")),
        Column(t("table.state")),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            one.file,
            language.moment(one.at, tz),
            one.format,
            one.author or None,
            *(language.number(n) for n in (one.new, one.changed, one.refused)),
            _import_state(one, language),
        )
        for one in imports
    )
    return Table("imports", t("data_imports.caption"), columns, rows)


def _import_state(one: Imported, language: Language) -> Marked:
    if one.unfinished:
        return Marked(language.text("data_imports.unfinished"), "silent")
    if one.refused:
        return Marked(language.text("data_imports.partly"), "stale")
    return Marked(language.text("data_imports.whole"), "live")


def evidence_table(evidence: Evidence, city: City, language: Language) -> Table:
    """A row a sector: tonnes by how they are known."""
    t = language.text
    columns = (
        Column(t("table.sector")),
        *(Column(f"{t(f'known_as.{known.value}')} (t)", "number") for known in KnownAs),
        Column(t("data_evidence.column_unseen"), "percent", 0),
        Column(t("data_evidence.column_missing"), "number"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            t(f"sector.{one.sector}"),
            *(one.by_t.get(known, 0.0) for known in KnownAs),
            one.unseen_t / one.all_t,
            one.missing_high_t if math.isfinite(one.missing_high_t) else "∞",
        )
        for one in evidence.sectors
    )
    caption = t("data_evidence.caption", city=city.name, year=evidence.year)
    return Table("evidence", caption, columns, rows)


def readings_table(readings: RawReadings, tz: str, name: str, language: Language) -> Table:
    """The newest raw readings, each with its quality and how long after the one before."""
    t, of = language.text, zone(tz)
    before = [*readings.newest[1:], None]
    columns = (
        Column(t("data_meter.column_at")),
        Column(f"{t('data_meter.column_value')} ({readings.unit})", "number", 3),
        Column(t("data_meter.column_after_min"), "number", 1),
        Column(t("data_meter.column_quality")),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            one.at.astimezone(of).isoformat(sep=" ", timespec="seconds"),
            one.value,
            (one.at - last.at).total_seconds() / 60 if last else None,
            t(f"reading_quality.{one.quality.value}"),
        )
        for one, last in zip(readings.newest, before, strict=True)
    )
    return Table("readings", t("data_meter.readings_caption", meter=name), columns, rows)


def findings_table(findings: Sequence[Finding], tz: str, name: str, language: Language) -> Table:
    """What was found, the newest first."""
    t = language.text
    columns = (Column(t("data_meter.column_at")), Column(t("table.finding")))
    rows = tuple(
        (language.moment(f.at, tz) if f.at else "–", reading_finding(f, language)) for f in findings
    )
    return Table("findings", t("data_meter.findings_caption", meter=name), columns, rows)


def _known(seen: TimeSeen) -> list[float | None]:
    return [None if np.isnan(fraction) else float(fraction) for fraction in seen.fractions]


def _month(at: datetime, language: Language) -> str:
    return str(format_date(at, "MMM y", locale=language.code))
