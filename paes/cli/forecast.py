"""``paes forecast``: the running year, as far as it was seen and as it is expected to end."""

from __future__ import annotations

import math
from typing import Any

import click

from paes.cli import Session
from paes.cli.asked import electricity_option, json_option
from paes.cli.output import following, number, percent, print_json, print_table, say, say_marks
from paes.climate.past_weather import WeatherFrom
from paes.factors.emission_factors import How
from paes.forecast.errors import ForecastHow
from paes.forecast.forecast import Forecast, make_forecast
from paes.inventory.method import Method
from paes.progress.path import Emissions, Verdict
from paes.report.forecast_documents import forecast_document

_HOW = {
    ForecastHow.MODEL: "model",
    ForecastHow.LAST_YEAR: "as last year",
    ForecastHow.CARRIED: "carried",
    ForecastHow.TREND: "trend",
    ForecastHow.DECLARED: "declared",
    ForecastHow.UNKNOWN: "open",
}
_VERDICTS = {
    Verdict.WITHIN: "expected within the path",
    Verdict.ABOVE: "expected above the path",
    Verdict.UNCERTAIN: "open: the path lies within the band",
}
_SHOWN = 6


@click.command()
@click.option("--target", metavar="ID", help="Target of the plan [the one it tracks].")
@electricity_option
@click.option("--sites", is_flag=True, help="Also each site's model and how well it fits.")
@json_option
@click.pass_obj
def forecast(
    session: Session, target: str | None, electricity: Any, sites: bool, as_json: bool
) -> None:
    """The running year: seen so far, expected at normal weather, and its band of 90 %.

    Meters: what they saw, and the rest of the year by a model of each site at the weather of past
    years. All else: the latest declared figure. Nothing is drawn on in proportion to the months.
    """
    city = session.city
    method = Method.of(city.plan, electricity_factor=electricity)
    with following("models of sites") as follow:
        made = make_forecast(city, session.ledger, target, method, follow)
    labels = session.store.labels()
    if as_json:
        print_json(forecast_document(city, made, labels))
        return
    _print_cells(city.name, made)
    if sites:
        _print_sites(made)
    _print_total(made)
    _say_rests(made)
    say_marks(made.inventory.assumed_fraction, labels)


def _print_cells(name: str, made: Forecast) -> None:
    print_table(
        f"{name}: {made.year}, seen until {made.until}, the rest expected (MWh; 90 % in % of it)",
        ["sector", "carrier", "so far", "rest", "declared", "MWh", "90 %", "t", "by"],
        [
            [
                str(cell.sector),
                str(cell.carrier),
                number(cell.so_far_mwh),
                number(cell.rest_mwh),
                number(cell.declared_mwh),
                number(cell.expected_mwh),
                _band(cell.expected_mwh, cell.low_mwh, cell.high_mwh),
                number(cell.expected_t),
                ", ".join(_HOW[how] for how in cell.how),
            ]
            for cell in made.cells
        ],
    )  # fmt: skip


def _band(expected: float, low: float, high: float) -> str:
    """What the year may be less and more than expected, in per cent of it as in an inventory."""
    if low == high:
        return ""
    if not expected or not math.isfinite(high):
        return f"{number(low)} to {number(high)}"
    return f"{100 * (low / expected - 1):+.0f} {100 * (high / expected - 1):+.0f}"


def _print_sites(made: Forecast) -> None:
    rows = []
    for rest in made.sites:
        model = rest.baseline
        fit = model.fit_quality if model else None
        rows.append(
            [
                rest.site.id,
                str(rest.carrier),
                number(rest.seen_kwh),
                number(rest.kwh),
                _HOW[rest.how],
                _degc(model.balance_heating_degc if model else None),
                _degc(model.balance_cooling_degc if model else None),
                percent(fit.cv_rmse_fraction) if fit else "-",
                str(fit.days) if fit else "-",
            ]
        )
    titles = ["site", "carrier", "so far kWh", "rest kWh", "by", "heats below", "cools above"]
    print_table("Models of sites", [*titles, "CV(RMSE)", "days"], rows)


def _degc(value: float | None) -> str:
    return "-" if value is None else f"{value:g} degC"


def _print_total(made: Forecast) -> None:
    digits = 0 if made.unit == "t" else 3

    def told(e: Emissions) -> list[str]:
        band = f"{number(e.low_t, digits)} to {number(e.high_t, digits)}"
        return [number(e.t, digits), band if e.low_t != e.high_t else ""]

    def below(value: float) -> str:
        return percent(1 - value / made.base.t if made.base.t else None)

    target = made.target
    print_table(
        f"{made.year} beside {target.name.en}",
        ["", made.unit, "90 % or bounds", f"below {target.base_year}"],
        [
            [f"expected {made.year}", *told(made.expected), below(made.expected.t)],
            [f"path {made.year}", *told(made.path), below(made.path.t)],
            [f"target {target.target_year}", number(made.target_emissions, digits), "",
             percent(target.reduction_fraction)],
            [f"base year {target.base_year}", *told(made.base), ""],
        ],
    )  # fmt: skip
    say(f"{_VERDICTS[made.verdict]}")
    say(
        f"of the expected emissions meters saw {percent(made.seen_fraction)}, "
        f"{percent(made.expected_fraction)} is expected of them, "
        f"{percent(made.declared_fraction)} is declared, as a rule for an earlier year"
    )
    say(
        f"90 %: the band, of a cell in per cent less and more. It is what {made.year} may still "
        f"bring, not how sure tables and factors are (paes inventory {made.year - 1})"
    )


def _say_rests(made: Forecast) -> None:
    """What the forecast rests on: weather, factors, and sites without a model."""
    say(_weather_told(made))
    for line in made.inventory.lines:
        match = line.factor
        if match.how is How.EARLIER:
            say(
                f"{match.carrier}: no factor for {made.year} yet; that of {match.year_used} was"
                f" used ({match.factor_t_per_mwh:g} t/MWh), and what it will be is not in the band"
            )
            break
    beside = [f for f in made.findings if f.name.startswith("forecast.")]
    for finding in beside[:_SHOWN]:
        say(finding.message)
    if len(beside) > _SHOWN:
        say(f"and {len(beside) - _SHOWN} more such sites (--sites)")


def _weather_told(made: Forecast) -> str:
    weather = made.weather
    if weather.came_from is WeatherFrom.YEARS:
        n, years = len(weather.years), f"{min(weather.years)} to {max(weather.years)}"
        told = f"{n} past years, {years}" if n > 1 else f"one past year, {weather.years[0]}"
        return f"normal weather is that of {told}" + (
            "; ten would be better (paes import)" if n < 10 else ""
        )
    return {
        WeatherFrom.TYPICAL: "normal weather is that of an imported typical year",
        WeatherFrom.REFERENCE: "normal weather is a smooth year with the city's reference degree"
        " days: no past year was measured",
        WeatherFrom.NOTHING: "no past weather is known, and no reference degree days:"
        " what follows the weather stands as last year",
    }[weather.came_from]


COMMANDS = (forecast,)
