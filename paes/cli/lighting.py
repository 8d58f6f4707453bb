"""Commands about public lighting: burning hours, dimming, energy by light point."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click
import pandas as pd

from paes.accounting.energy_table import EnergyTable
from paes.accounting.energy_total import EnergyTotal
from paes.cli import Session
from paes.cli.output import number, percent, print_json, print_table, say
from paes.errors import DataError
from paes.installation import some
from paes.lighting import (
    Lamps,
    LightState,
    Stretch,
    burning_hours,
    lamps_of,
    light_now,
    lighting_energy,
    lit_sites,
)
from paes.metering import Site
from paes.periods import Span, parse_instant
from paes.report.documents import finite

DEFAULT_DAYS = 7
CLOSE = 0.02
"""Bounds that are so close, beside the figure between them, are not printed."""
_COLUMNS = ("burning h", "dark h", "missing h", "mean level", "kWh", "kWh/point", "covered")


@dataclass(frozen=True)
class Told:
    """Lamps, what they do now, and their hours and energy by period."""

    lamps: Lamps
    now: LightState
    hours: pd.DataFrame
    energy: EnergyTable

    @property
    def points(self) -> int | None:
        """How many light points its energy is shared by."""
        return self.lamps.light_points


@click.command()
@click.argument("site", required=False)
@click.option("--from", "start", metavar="TIME", help="Start, e.g. 2025-03-01 (local) [a week].")
@click.option("--to", "end", metavar="TIME", help="End, not included [now].")
@click.option(
    "--by", type=click.Choice([str(s) for s in Stretch]), default=str(Stretch.NIGHT),
    show_default=True, help="Nights go from noon to noon.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def lighting(
    session: Session, site: str | None, start: str | None, end: str | None, by: str, as_json: bool
) -> None:
    """Burning hours, dimming and energy of the lamps of SITE, or of every site with lighting.

    Lamps burn above 5 % of the installed power. Hours without readings are missing: they are
    counted neither as dark nor as burning. Energy is the register's, also by light point where
    one meter measures all points of a site.
    """
    span, stretch, lamps = _span(session, start, end), Stretch(by), _asked(session, site)
    tables = lighting_energy(session.ledger, lamps, span, stretch)
    told = [
        Told(
            one,
            light_now(session.ledger, one),
            burning_hours(session.ledger, one, span, stretch),
            energy,
        )
        for one, energy in zip(lamps, tables, strict=True)
    ]
    _say_unread(told)
    if as_json:
        print_json([_document(one) for one in told])
    elif site:
        for one in told:
            _print_periods(one)
    else:
        _print_summary(session, told)


def _span(session: Session, start: str | None, end: str | None) -> Span:
    tz = session.city.time_zone
    finish = parse_instant(end, tz) if end else session.ledger.clock()
    begin = parse_instant(start, tz) if start else finish - timedelta(days=DEFAULT_DAYS)
    return Span(begin, finish)


def _asked(session: Session, site: str | None) -> list[Lamps]:
    """The lamps of the site asked for; of all sites, those whose light can be told."""
    installation = session.installation
    if site:
        return lamps_of(installation, installation.site(site))
    found, silent = [], []
    for one in lit_sites(installation):
        if one.id in session.city.sites:
            try:
                found += lamps_of(installation, one)
            except DataError:
                silent.append(one)
    _say_silent(silent)
    if not found:
        raise DataError("no site with lamps whose light can be told; see: paes lighting SITE")
    return found


def _say_silent(silent: list[Site]) -> None:
    if silent:
        names = some(s.id for s in silent)
        say(f"{len(silent)} sites tell nothing of their light: {names}; why: paes lighting SITE")


def _say_unread(told: list[Told]) -> None:
    unread = [one.lamps.point for one in told if not _known_hours(one.hours)]
    if unread:
        say(f"no readings in this time of {some(unread)}; they come with: paes collect")


def _known_hours(table: pd.DataFrame) -> float:
    return float(table["burning_h"].sum() + table["dark_h"].sum())


def _print_periods(one: Told) -> None:
    lamps, now = one.lamps, one.now
    at = f", read {now.at:%Y-%m-%d %H:%M} UTC" if now.at else ""
    points = f", {lamps.light_points} light points" if lamps.light_points else ""
    print_table(
        f"{lamps.meter.id}: {number(lamps.installed_kw, 1)} kW installed{points}; "
        f"now {_now(now)}{at}",
        ["from", *_COLUMNS],
        [
            *(
                [f"{start:%Y-%m-%d}", *_hours(row), *_used(used, one.points)]
                for (start, row), used in zip(_rows(one.hours), one.energy.rows(), strict=True)
            ),
            ["total", *_hours(_total(one.hours)), *_used(one.energy.total(), one.points)],
        ],
    )


def _print_summary(session: Session, told: list[Told]) -> None:
    rows = [
        [
            one.lamps.meter.id,
            _now(one.now),
            number(one.lamps.installed_kw, 1),
            *_hours(_total(one.hours)),
            *_used(one.energy.total(), one.points),
        ]
        for one in told
    ]
    counted = [one for one in told if one.points]
    if counted:
        energy = sum((one.energy.total() for one in counted), EnergyTotal())
        points = sum(one.points or 0 for one in counted)
        name = f"{len(counted)} with {points} light points"
        rows.append([name, "", "", "", "", "", "", *_used(energy, points)])
    print_table(
        f"{session.city.name}: {len(told)} meters of lamps",
        ["meter", "now", "installed kW", *_COLUMNS],
        rows,
        left=2,
    )


def _used(energy: EnergyTotal, points: int | None) -> list[str]:
    """Energy, energy by light point, and the part of the time that was read."""
    by_point = _bounded(energy, 1 / points) if points else "-"
    return [_bounded(energy), by_point, percent(energy.coverage, 0)]


def _bounded(energy: EnergyTotal, factor: float = 1.0) -> str:
    """The figure, or its bounds where something is missing that matters."""
    low, high = energy.low_kwh * factor, energy.high_kwh * factor
    if high - low <= max(0.1, CLOSE * abs(energy.kwh * factor)):
        return number(energy.kwh * factor, 1)
    return f"{number(low, 1)} to {number(high, 1) if math.isfinite(high) else '?'}"


def _now(state: LightState) -> str:
    return f"{state.light} at {percent(state.level, 0)}" if state.level else str(state.light)


def _rows(table: pd.DataFrame) -> Iterator[tuple[datetime, dict[str, float]]]:
    names = [str(name) for name in table.columns]
    for start, values in zip(pd.DatetimeIndex(table.index), table.to_numpy(), strict=True):
        yield start.to_pydatetime(), dict(zip(names, map(float, values), strict=True))


def _total(table: pd.DataFrame) -> dict[str, float]:
    """Sums of the hours, and the mean level over all hours of burning; NaN if there is none."""
    sums = {name: float(table[name].sum()) for name in ("burning_h", "dark_h", "missing_h")}
    light_h = float((table["level"].fillna(0.0) * table["burning_h"]).sum())
    burning_h = sums["burning_h"]
    return {**sums, "level": light_h / burning_h if burning_h else math.nan}


def _hours(row: dict[str, float]) -> list[str]:
    seen_h = row["burning_h"] + row["dark_h"]
    told = ["-", "-"] if not seen_h and row["missing_h"] else None
    seen = told or [number(row[name], 2) for name in ("burning_h", "dark_h")]
    return [*seen, number(row["missing_h"], 2), percent(_known(row["level"]), 0)]


def _known(level: float) -> float | None:
    return None if math.isnan(level) else level


def _document(one: Told) -> dict[str, Any]:
    lamps, now = one.lamps, one.now
    return {
        "meter": lamps.meter.id,
        "point": lamps.point,
        "installed_kw": lamps.installed_kw,
        "light_points": lamps.light_points,
        "now": {
            "light": str(now.light),
            "level": now.level,
            "at": now.at.isoformat() if now.at else None,
        },
        "periods": [
            {
                "start": start.isoformat(),
                **row,
                "level": _known(row["level"]),
                **_energy(used, one.points),
            }
            for (start, row), used in zip(_rows(one.hours), one.energy.rows(), strict=True)
        ],
    }


def _energy(used: EnergyTotal, points: int | None) -> dict[str, float | None]:
    """Measured and estimated energy with its bounds, by light point as well."""
    low, high = finite(used.low_kwh), finite(used.high_kwh)
    return {
        "energy_kwh": used.kwh,
        "energy_low_kwh": low,
        "energy_high_kwh": high,
        "energy_coverage": used.coverage,
        "kwh_per_point": used.kwh / points if points else None,
        "low_kwh_per_point": low / points if points and low is not None else None,
        "high_kwh_per_point": high / points if points and high is not None else None,
    }


COMMANDS: tuple[click.Command, ...] = (lighting,)
