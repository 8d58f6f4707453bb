"""``paes heating``: heating energy, raw and at a usual winter's weather."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

import click

from paes.cli import Session
from paes.cli.output import bar, number, percent, print_json, print_table, say
from paes.climate.degree_days import ITALIAN
from paes.climate.heating import (
    HeatingPeriod,
    HeatingUse,
    heated_sites,
    heating_use,
    season_period,
    year_period,
)
from paes.climate.heating_season import heating_allowed, season_name
from paes.errors import DataError
from paes.periods import zone

_SEASON = re.compile(r"(\d{4})(?:-(\d{2}))?")


@click.command()
@click.option("--site", metavar="ID", help="One building [all that have a meter for it].")
@click.option("--season", metavar="2024-25", help="A heating season [the last that is over].")
@click.option("--year", type=click.IntRange(1900, 2200), help="A calendar year instead.")
@click.option("--days", is_flag=True, help="List the days heated outside the season.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def heating(
    session: Session,
    site: str | None,
    season: str | None,
    year: int | None,
    days: bool,
    as_json: bool,
) -> None:
    """Heating energy of buildings, raw and normalised by degree days, side by side.

    Fuels and heat that are delivered count, net of nothing: what a building uses in summer is
    told as its base. Days with heating outside the season are counted, by the city's own rules.
    """
    period = _period(session, season, year)
    uses = _uses(session, site, period)
    if as_json:
        print_json([_document(session, use) for use in uses])
        return
    _print(session, uses, period)
    if days or site:
        _print_days(session, uses)


def _period(session: Session, season: str | None, year: int | None) -> HeatingPeriod:
    today = session.ledger.clock().astimezone(zone(session.city.time_zone)).date()
    if season and year:
        raise DataError("either --season or --year, not both")
    if year:
        if date(year, 1, 1) >= today:
            raise DataError(f"{year} has not begun")
        return year_period(year, today)
    if season is None:
        last = season_period(session.city, today.year - 1, today)
        over = last.end == last.whole_end
        return last if over else season_period(session.city, today.year - 2, today)
    match = _SEASON.fullmatch(season)
    if not match or (match[2] and season != season_name(int(match[1]))):
        raise DataError(f"--season {season!r}; expected e.g. 2024-25, or the year it begins in")
    period = season_period(session.city, int(match[1]), today)
    if period.first >= today:
        raise DataError(f"the season {period.name} has not begun: it does on {period.first}")
    return period


def _uses(session: Session, site: str | None, period: HeatingPeriod) -> list[HeatingUse]:
    city, ledger = session.city, session.ledger
    sites = heated_sites(ledger, city)
    if site:
        sites = [session.installation.site(site)]
        city = next(c for c in session.installation.cities.values() if site in c.sites)
    if not sites:
        raise DataError(f"{city.name}: no building has a meter of a fuel or of heat")
    uses = []
    with bar() as progress:
        task = progress.add_task("heating", total=len(sites))
        for one in sites:
            uses.append(heating_use(ledger, city, one, period))
            progress.advance(task)
    return uses


def _print(session: Session, uses: list[HeatingUse], period: HeatingPeriod) -> None:
    print_table(
        f"heating {period.name}, {period.first} to {period.end} (not included)",
        ["site", "raw kWh", "low to high", "coverage", "base kWh/day",
         "normalised kWh", "low to high", "days outside"],
        [
            [
                use.site,
                number(use.raw.kwh) if use.raw.span_s else "-",
                _bounds(use.raw.low_kwh, use.raw.high_kwh) if use.raw.span_s else "-",
                percent(use.raw.coverage),
                number(use.base.kwh_a_day, 1) if use.base else "-",
                number(use.normalised.kwh) if use.normalised else "-",
                _bounds(use.normalised.low_kwh, use.normalised.high_kwh) if use.normalised else "-",
                f"{len(use.outside)} of {use.judged_days}" if use.judged_days else "-",
            ]
            for use in uses
        ],
    )  # fmt: skip
    _say_degree_days(session, uses[0])
    for finding in [f for use in uses for f in use.findings]:
        say(f"not normalised: {finding.message} ({finding.name})")


def _say_degree_days(session: Session, use: HeatingUse) -> None:
    counted, reference = use.degree_days, use.reference_degree_days
    known = session.city.facts.reference_degree_days
    usual = "no reference" if reference is None else f"the usual {number(reference)}"
    mark = " (assumed)" if known and known.assumed else ""
    say(
        f"degree days: {number(counted.value)} beside {usual}{mark}; {ITALIAN};"
        f" {counted.measured_days} days measured, {counted.estimated_days} estimated,"
        f" {counted.unknown_days} unknown"
    )
    say("normalised = base + (raw - base) x usual / actual degree days; it replaces nothing")


def _print_days(session: Session, uses: list[HeatingUse]) -> None:
    rows = [
        [use.site, f"{one.day:%Y-%m-%d}", f"{heating_allowed(session.city, one.day).max_hours:g}",
         number(one.kwh, 1), number(one.limit_kwh, 1)]
        for use in uses
        for one in use.outside
    ]  # fmt: skip
    if rows:
        columns = ["site", "day", "h if the weather asks", "kWh", "more than"]
        print_table("heated outside the season", columns, rows, left=2)


def _bounds(low: float, high: float) -> str:
    return "" if high - low < 0.5 else f"{number(low)} to {number(high)}"


def _document(session: Session, use: HeatingUse) -> dict[str, Any]:
    return {
        "site": use.site,
        "period": use.period.name,
        "first": use.period.first.isoformat(),
        "end": use.period.end.isoformat(),
        "is_over": use.period.end == use.period.whole_end,
        "raw": {
            "kwh": use.raw.kwh,
            "measured_kwh": use.raw.measured_kwh,
            "estimated_kwh": use.raw.estimated_kwh,
            "low_kwh": use.raw.low_kwh,
            "high_kwh": _finite(use.raw.high_kwh),
            "coverage": use.raw.coverage,
        },
        "base": use.base and {"kwh_a_day": use.base.kwh_a_day, "summer": use.base.summer},
        "degree_days": {
            "rule": str(ITALIAN),
            "value": use.degree_days.value,
            "low": use.degree_days.low,
            "high": _finite(use.degree_days.high),
            "measured_days": use.degree_days.measured_days,
            "estimated_days": use.degree_days.estimated_days,
            "unknown_days": use.degree_days.unknown_days,
            "reference": use.reference_degree_days,
        },
        "normalised": use.normalised
        and {
            "kwh": use.normalised.kwh,
            "low_kwh": use.normalised.low_kwh,
            "high_kwh": _finite(use.normalised.high_kwh),
        },
        "heated_outside_season": [
            {
                "day": one.day.isoformat(),
                "kwh": one.kwh,
                "limit_kwh": one.limit_kwh,
                "rule": heating_allowed(session.city, one.day).why,
            }
            for one in use.outside
        ],
        "judged_days": use.judged_days,
        "findings": [{"name": f.name, "message": f.message} for f in use.findings],
    }


def _finite(value: float) -> float | None:
    return None if math.isinf(value) else value


COMMANDS: tuple[click.Command, ...] = (heating,)
