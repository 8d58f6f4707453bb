"""Commands about public lighting: burning hours, dimming."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import click
import pandas as pd

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
    lit_sites,
)
from paes.metering import Site
from paes.periods import Span, parse_instant

DEFAULT_DAYS = 7
_COLUMNS = ("burning h", "dark h", "missing h", "mean level")
Told = tuple[Lamps, LightState, pd.DataFrame]


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
    """Burning hours and dimming of the lamps of SITE, or of every site with public lighting.

    Lamps burn above 5 % of the installed power. Hours without readings are missing: they are
    counted neither as dark nor as burning.
    """
    span = _span(session, start, end)
    told = [
        (lamps, light_now(session.ledger, lamps), table)
        for lamps in _asked(session, site)
        for table in [burning_hours(session.ledger, lamps, span, Stretch(by))]
    ]
    _say_unread(told)
    if as_json:
        print_json([_document(*one) for one in told])
    elif site:
        for one in told:
            _print_periods(*one)
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
    unread = [lamps.point for lamps, _, table in told if not _known_hours(table)]
    if unread:
        say(f"no readings in this time of {some(unread)}; they come with: paes collect")


def _known_hours(table: pd.DataFrame) -> float:
    return float(table["burning_h"].sum() + table["dark_h"].sum())


def _print_periods(lamps: Lamps, now: LightState, table: pd.DataFrame) -> None:
    at = f", read {now.at:%Y-%m-%d %H:%M} UTC" if now.at else ""
    print_table(
        f"{lamps.meter.id}: {number(lamps.installed_kw, 1)} kW installed; now {_now(now)}{at}",
        ["from", *_COLUMNS],
        [
            *([f"{start:%Y-%m-%d}", *_hours(row)] for start, row in _rows(table)),
            ["total", *_hours(_total(table))],
        ],
    )


def _print_summary(session: Session, told: list[Told]) -> None:
    print_table(
        f"{session.city.name}: {len(told)} meters of lamps",
        ["meter", "now", "installed kW", *_COLUMNS],
        [
            [one.meter.id, _now(now), number(one.installed_kw, 1), *_hours(_total(table))]
            for one, now, table in told
        ],
        left=2,
    )


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
    hours = [number(row[name], 2) for name in ("burning_h", "dark_h", "missing_h")]
    return [*hours, percent(_known(row["level"]), 0)]


def _known(level: float) -> float | None:
    return None if math.isnan(level) else level


def _document(lamps: Lamps, now: LightState, table: pd.DataFrame) -> dict[str, Any]:
    return {
        "meter": lamps.meter.id,
        "point": lamps.point,
        "installed_kw": lamps.installed_kw,
        "now": {
            "light": str(now.light),
            "level": now.level,
            "at": now.at.isoformat() if now.at else None,
        },
        "periods": [
            {"start": start.isoformat(), **row, "level": _known(row["level"])}
            for start, row in _rows(table)
        ],
    }


COMMANDS: tuple[click.Command, ...] = (lighting,)
