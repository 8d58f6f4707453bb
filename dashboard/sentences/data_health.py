"""What the page of the data says: coverage, gaps and their causes, the collector, the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dashboard.queries.coverage import DaysSeen, TimeSeen
from dashboard.queries.evidence import Evidence, KnownAs
from dashboard.queries.field_report import FieldReport, UnitSeen
from dashboard.queries.field_work import FieldTask
from dashboard.queries.gaps import LENGTHS_H, Gaps
from dashboard.queries.imported import Imported
from dashboard.queries.meter_health import RawReadings
from dashboard.texts import Language
from paes.installation import City
from paes.meters import FieldMeter, Meter


def meter_name(meter: Meter, city: City) -> str:
    """``Scuola 2 Giugno, main``: a meter with where it stands."""
    site = city.sites.get(meter.site)
    own = meter.name or meter.id.split(".", 1)[1]
    return f"{site.name if site else meter.site}, {own}"


def cause_word(cause: str, language: Language) -> str:
    """Why nothing came, in a few words."""
    return language.text(f"absence_cause.{cause}")


def length_word(length: int, language: Language) -> str:
    """A class of length of gaps."""
    if length == len(LENGTHS_H):
        return language.text("data_gaps.longer", days=language.number(LENGTHS_H[-1] / 24))
    hours = LENGTHS_H[length]
    if hours < 24:
        return language.text("data_gaps.up_to_hour")
    days = hours / 24
    key = "data_gaps.up_to_day" if days == 1 else "data_gaps.up_to_days"
    return language.text(key, days=language.number(days))


def coverage(seen: TimeSeen, worst: str, worst_seen: TimeSeen | None, language: Language) -> str:
    """How much of the time has data, and where most is missing."""
    if seen.fraction is None:
        return language.text("data_coverage.none")
    told = language.text(
        "data_coverage.sentence",
        coverage=language.percent(seen.fraction),
        hours=language.number(seen.missing_h),
    )
    if worst_seen is None or worst_seen.fraction is None or worst_seen.missing_h < 1:
        return told
    more = language.text(
        "data_coverage.worst",
        site=worst,
        coverage=language.percent(worst_seen.fraction),
        hours=language.number(worst_seen.missing_h),
    )
    return f"{told} {more}"


def days(days: DaysSeen, language: Language) -> str:
    """How many days of a meter's year are whole, cut, or without anything."""
    fractions = days.seen.fractions
    used = fractions[days.seen.span_s > 0]
    return language.text(
        "data_coverage.days_sentence" if len(used) else "data_coverage.days_none",
        year=days.days[0].year,
        used=language.number(len(used)),
        empty=language.number(int((used == 0).sum())),
        part=language.number(int(((used > 0) & (used < 1)).sum())),
    )


def gaps(gaps: Gaps, language: Language) -> str:
    """How many hours are missing, and how much of it has which cause."""
    causes = gaps.by_cause()
    if not causes:
        return language.text("data_gaps.none")
    first = causes[0]
    return language.text(
        "data_gaps.sentence",
        n=language.number(len(gaps.gaps)),
        hours=language.number(gaps.hours),
        cause=cause_word(first.cause, language),
        share=language.percent(first.all_hours / gaps.hours, 0) if gaps.hours else "–",
    )


def collector(report: FieldReport, now: datetime, tz: str, language: Language) -> str:
    """Whether a collector runs, by its last sign of life."""
    if report.heard_at is None:
        return language.text("data_field.never")
    age = language.age((now - report.heard_at).total_seconds())
    if report.is_running(now) and report.running_since:
        return language.text("data_field.running", since=language.moment(report.running_since, tz))
    return language.text(
        "data_field.lost" if report.running_since else "data_field.stopped", age=age
    )


def spool(report: FieldReport, now: datetime, language: Language) -> str:
    """What waits for the store, and what it refused."""
    told = [
        language.text("data_field.spool", n=language.number(report.waiting_readings))
        if report.waiting_readings
        else language.text("data_field.spool_empty")
    ]
    if report.waiting_since:
        age = language.age((now - report.waiting_since).total_seconds())
        told.append(language.text("data_field.oldest", age=age))
    if report.refused_count:
        told.append(language.text("data_field.refused", n=language.number(report.refused_count)))
    return " ".join(told)


def units(units: Sequence[UnitSeen], language: Language) -> str:
    """How many units answer, and which is the slowest."""
    fine = sum(unit.state == "ok" for unit in units)
    told = language.text(
        "data_field.units", ok=language.number(fine), all=language.number(len(units))
    )
    timed = [unit for unit in units if unit.p95_ms is not None]
    slowest = max(timed, key=lambda unit: unit.p95_ms or 0.0, default=None)
    if slowest is None or slowest.p95_ms is None:
        return told
    more = language.text(
        "data_field.slowest",
        unit=f"{slowest.gateway} {slowest.unit}".strip(),
        ms=language.number(slowest.p95_ms),
    )
    return f"{told} {more}"


def next_step(task: FieldTask, language: Language) -> str:
    """What to do for a meter that does not report: words, and a command."""
    meter = task.meter.meter
    key = task.cause.value if task.cause else task.meter.state.value
    place = task.unit.place if task.unit else task.place
    unit = meter.unit if isinstance(meter, FieldMeter) else ""
    return language.text(
        f"absence_next.{key}", meter=meter.id, site=meter.site, place=place, unit=unit
    )


def imports(imports: Sequence[Imported], language: Language) -> str:
    """When the last file came, and how much was refused lately."""
    if not imports:
        return language.text("data_imports.none")
    refused = sum(one.refused for one in imports)
    key = "data_imports.sentence_refused" if refused else "data_imports.sentence"
    return language.text(
        key,
        file=imports[0].file,
        n=language.number(len(imports)),
        refused=language.number(refused),
    )


def evidence(evidence: Evidence, language: Language) -> str:
    """How much of the emissions meters and bills see, and where least."""
    total = evidence.all_t
    if not total:
        return language.text("data_evidence.none", year=evidence.year)
    worst = evidence.sectors[0]
    return language.text(
        "data_evidence.sentence",
        year=evidence.year,
        seen=language.percent(evidence.of_t(KnownAs.MEASURED) / total),
        assumed=language.percent(evidence.of_t(KnownAs.ASSUMED) / total),
        sector=language.text(f"sector.{worst.sector}"),
        unseen=language.tonnes(worst.unseen_t),
    )


def readings(readings: RawReadings, language: Language) -> str:
    """How many readings there are, and how many of them are doubtful."""
    if not readings.count:
        return language.text("data_meter.no_readings")
    last = readings.newest[0]
    key = "data_meter.readings_doubtful" if readings.doubtful else "data_meter.readings_good"
    return language.text(
        key,
        n=language.number(readings.count),
        doubtful=language.number(readings.doubtful),
        value=language.quantity(last.value, readings.unit, 1),
    )
