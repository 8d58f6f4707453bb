"""``paes degree-days``: how cold and how hot the months, seasons and years were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import click
import numpy as np

from paes.cli import Session
from paes.cli.output import number, percent, print_json, print_table, say
from paes.climate.daily_temperature import MIN_COVERAGE, DailyTemperatures, daily_temperatures
from paes.climate.degree_days import (
    EUROSTAT_COOLING,
    EUROSTAT_HEATING,
    ITALIAN,
    DegreeDayRule,
    DegreeDays,
    Stretch,
    degree_days,
    stretches,
)
from paes.errors import DataError
from paes.periods import parse_instant, zone

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@dataclass(frozen=True)
class _Row:
    """A stretch of time, as far as it is over: ``whole_end`` is where it ends."""

    name: str
    whole_end: date
    days: DailyTemperatures
    found: list[DegreeDays]

    @property
    def end(self) -> date:
        """The first day that is not in it."""
        return self.days.first + timedelta(days=len(self.days))


@click.command(name="degree-days")
@click.option("--from", "start", metavar="DAY", help="First day, local [three years ago].")
@click.option("--to", "end", metavar="DAY", help="End, not included [today].")
@click.option(
    "--by", type=click.Choice([str(s) for s in Stretch]), default=str(Stretch.SEASON),
    show_default=True, help="Seasons are those of the climate zone.",
)  # fmt: skip
@click.option(
    "--base", type=float, metavar="DEGC", help="Of the heating season's degree days [20]."
)
@click.option(
    "--threshold", type=float, metavar="DEGC", help="Only days as cold or colder count [none]."
)
@_JSON
@click.pass_obj
def degree_days_command(
    session: Session,
    start: str | None,
    end: str | None,
    by: str,
    base: float | None,
    threshold: float | None,
    as_json: bool,
) -> None:
    """Degree days of the city by month, heating season or year, from its outdoor temperature.

    A day needs three quarters of its hours. What is missing up to 14 days in a row is estimated,
    between bounds; longer gaps stay unknown, and the sum is then a lower bound.
    """
    rules = _rules(base, threshold)
    rows = _rows(session, *_days(session, start, end), Stretch(by), rules)
    if not any(np.isfinite(row.days.mean).any() for row in rows):
        points = ", ".join(session.city.temperature_points)
        raise DataError(
            f"{session.city.name}: no outdoor temperature in this time ({points}); it comes from"
            " a sensor (paes collect) or from files (paes import)"
        )
    if as_json:
        print_json([_document(row) for row in rows])
        return
    _print(session, rows, rules)


def _rules(base: float | None, threshold: float | None) -> list[DegreeDayRule]:
    italian = replace(
        ITALIAN,
        base_degc=ITALIAN.base_degc if base is None else base,
        threshold_degc=threshold,
    )
    return [italian, EUROSTAT_HEATING, EUROSTAT_COOLING]


def _days(session: Session, start: str | None, end: str | None) -> tuple[date, date]:
    """The first day, and the first that is not asked for; what is not over yet is left out."""
    tz = session.city.time_zone
    today = session.ledger.clock().astimezone(zone(tz)).date()
    stop = parse_instant(end, tz).astimezone(zone(tz)).date() if end else today
    default = date(min(stop, today).year - 3, 1, 1)
    begin = parse_instant(start, tz).astimezone(zone(tz)).date() if start else default
    if begin >= min(stop, today):
        raise DataError(f"nothing between {begin} and {min(stop, today)}: days are told when over")
    return begin, stop


def _rows(
    session: Session, first: date, end: date, by: Stretch, rules: Sequence[DegreeDayRule]
) -> list[_Row]:
    """Whole stretches, as far as they are over today."""
    city = session.city
    today = session.ledger.clock().astimezone(zone(city.time_zone)).date()
    begun = [one for one in stretches(first, end, by, city) if one[1] < today]
    if not begun:
        raise DataError(f"no {by} between {first} and {end} has begun")
    last = min(max(stop for _, _, stop in begun), today)
    points = city.temperature_points
    known = daily_temperatures(session.store, points, begun[0][1], last, city.time_zone)
    rows = []
    for name, start, stop in begun:
        part = known.between(start, min(stop, today))
        rows.append(_Row(name, stop, part, [degree_days(part, rule, city) for rule in rules]))
    return rows


def _print(session: Session, rows: list[_Row], rules: Sequence[DegreeDayRule]) -> None:
    titles = ["period", "mean degC", "GG", "GG low to high", "HDD", "CDD"]
    print_table(
        f"{session.city.name}: degree days",
        [*titles, "measured days", "estimated", "unknown"],
        [
            [
                row.name,
                number(_mean(row.days), 1),
                *_sum_and_bounds(row.found[0]),
                *map(_sum, row.found[1:]),
                *_known_days(row.days),
            ]
            for row in rows
        ],
    )
    for rule, title in zip(rules, ("GG", "HDD", "CDD"), strict=True):
        say(f"{title}: {rule}")
    say(f"a day needs {percent(MIN_COVERAGE, 0)} of its hours; + at least: days are unknown")
    for point, hours in sorted(rows[0].days.hours_by.items()):
        say(f"{point}: {number(hours)} of the hours that were read")
    if rows[-1].end < rows[-1].whole_end:
        say(f"{rows[-1].name} is not over: its sums are of the days before {rows[-1].end}")


def _sum_and_bounds(found: DegreeDays) -> tuple[str, str]:
    text = _sum(found)
    if text == "-":
        return text, text
    if found.high - found.low < 0.5:
        return text, ""
    return text, f"{number(found.low, 0)} to {number(found.high, 0)}"


def _known_days(part: DailyTemperatures) -> tuple[str, str, str]:
    measured, estimated = int(part.is_measured.sum()), int(part.is_estimated.sum())
    return str(measured), str(estimated), str(len(part) - measured - estimated)


def _sum(found: DegreeDays) -> str:
    """The degree days; with unknown days at least so many, and nothing if all are unknown."""
    if found.days == found.unknown_days:
        return "-"
    return number(found.value) + ("+" if found.unknown_days else "")


def _mean(part: DailyTemperatures) -> float | None:
    known = part.mean[np.isfinite(part.mean)]
    return float(known.mean()) if len(known) else None


def _document(row: _Row) -> dict[str, Any]:
    return {
        "period": row.name,
        "first": row.days.first.isoformat(),
        "end": row.end.isoformat(),
        "is_over": row.end == row.whole_end,
        "mean_degc": _mean(row.days),
        "hours_by_point": row.days.hours_by,
        "degree_days": [_one(one) for one in row.found],
    }


def _one(found: DegreeDays) -> dict[str, Any]:
    rule = found.rule
    return {
        "rule": rule.name,
        "base_degc": rule.base_degc,
        "threshold_degc": rule.threshold_degc,
        "days_counted": "conventional season" if rule.in_season else "all",
        "degree_days": None if found.days == found.unknown_days else found.value,
        "measured": found.measured,
        "estimated": found.estimated,
        "low": found.low,
        "high": None if math.isinf(found.high) else found.high,
        "measured_days": found.measured_days,
        "estimated_days": found.estimated_days,
        "unknown_days": found.unknown_days,
    }


COMMANDS: tuple[click.Command, ...] = (degree_days_command,)
