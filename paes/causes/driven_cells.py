"""The cells of two years with what is known of their activity and of the weather.

What joined or left is taken out first. A cell whose figure is an earlier year's did not follow the
weather or the activity of the year it stands for: neither is told of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from paes.causes.boundary import ChangedSites
from paes.causes.cells import CellPair, Matched
from paes.causes.driver_data import Driver
from paes.causes.drivers import DriverYears, Pair, not_told
from paes.metering import Finding, Sector


def without_boundary(matched: Matched, changed: ChangedSites) -> tuple[list[CellPair], float]:
    """Cells of both years without what joined or left, and what that took with it, in t.

    A gap in a meter from which others are taken off may leave a cell below zero. No cause is told
    of that: it stays in what is unexplained.
    """
    left = [line.emissions_t for line in matched.only_before.values()]
    joined = [-line.emissions_t for line in matched.only_after.values()]
    pairs, moved = [], []
    for cell, (before, after) in matched.both.items():
        then_mwh, now_mwh = (max(0.0, line.energy_mwh) for line in (before, after))
        gone = min(changed.before_mwh.get(cell, 0.0), then_mwh)
        come = min(changed.after_mwh.get(cell, 0.0), now_mwh)
        moved.append(gone * before.factor.factor_t_per_mwh)
        moved.append(-come * after.factor.factor_t_per_mwh)
        pairs.append(CellPair(before, after, then_mwh - gone, now_mwh - come))
    return pairs, math.fsum((*left, *joined, *moved))


@dataclass(frozen=True, slots=True)
class Driven:
    """Cells with their drivers; causes whose drivers are assumed; drivers that nobody knows."""

    pairs: list[CellPair]
    assumed: frozenset[str]
    findings: tuple[Finding, ...]


def with_drivers(
    pairs: Iterable[CellPair], drivers: DriverYears, changed: ChangedSites, base: int, year: int
) -> Driven:
    """The cells with their drivers in ``base`` and ``year``."""
    findings: dict[str, Finding] = {}
    assumed: set[str] = set()
    dependence = drivers.ledger.installation.dependence
    days = drivers.degree_days(base, year)
    if days is None:
        findings["weather"] = not_told(f"{year}/degree_days", "the degree days", base, year)
    driven = []
    for pair in pairs:
        sector, carrier = pair.before.activity.sector, pair.before.activity.carrier
        if pair.before.activity.carried or pair.after.activity.carried:
            findings[f"{sector}/{carrier}"] = _carried(pair, base, year)
            driven.append(pair)
            continue
        driver = dependence.measure(sector)
        activity = drivers.activity(driver, sector, base, year) if driver else None
        if driver and activity is None:
            what = f"{driver} of {sector}"
            findings.setdefault(sector, not_told(f"{year}/{sector}", what, base, year))
        if driver and activity:
            pair = replace(pair, activity=_size(activity, changed, sector, driver, base, year))
            assumed |= {"activity_t"} if activity.assumed else set()
        if days:
            pair = replace(pair, weather=drivers.weather(sector, carrier, days))
            is_assumed = days.assumed or dependence.is_assumed(sector, carrier)
            assumed |= {"weather_t"} if is_assumed else set()
        driven.append(pair)
    return Driven(driven, frozenset(assumed), tuple(findings.values()))


def _size(
    activity: Pair, changed: ChangedSites, sector: Sector, driver: Driver, base: int, year: int
) -> tuple[float, float]:
    """The activity without that of sites that joined or left, as far as anything is left."""
    before = activity.before - changed.size(sector, driver, base)
    after = activity.after - changed.size(sector, driver, year)
    return (before, after) if before > 0 and after > 0 else (1.0, 1.0)


def _carried(pair: CellPair, base: int, year: int) -> Finding:
    cell = f"{pair.before.activity.sector}/{pair.before.activity.carrier}"
    return Finding(
        "cause.carried",
        f"{year}/{cell}",
        f"the figure of another year stands in for {base} or {year}: neither weather nor activity "
        "is told of it",
    )
