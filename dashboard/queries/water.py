"""Water of a town's meters: what passes at night while nobody is there, and day by day.

Made ahead by city, for it reads every hour of the last months. A night that was not measured
whole, or in which the site is in use, has no flow: it is not 0. Read next
``paes.faults.signs.night_flow``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from dashboard.queries.recipe import Recipe, Sources
from paes.faults.cases.register import all_cases
from paes.faults.rules import water_leak
from paes.faults.signs.night_flow import LITRES, Nights, closed_nights, nights
from paes.faults.view import TownView, View
from paes.metering import Measures, Site
from paes.meters import Meter
from paes.periods import By, Span
from paes.series import Floats

SHOWN = timedelta(days=120)
"""So far back nights and days are shown."""
RECENT_NIGHTS, USUAL_NIGHTS = 7, 28
"""Known nights: the last ones, and those before them that they are compared with."""


@dataclass(frozen=True)
class WaterMeter:
    """One meter of water, one value a local day from ``first_day`` on; NaN where not known."""

    meter: str
    name: str
    site: Site
    first_day: date
    night_l_h: Floats
    """The smallest flow of the night that ends on the day, litres an hour, if nobody was there."""
    day_m3: Floats
    pulse_l_h: float
    """What one step of the register is worth in the part of the night that was looked at."""
    from_hour: int
    to_hour: int
    closed_nights: int
    """Nights on which nobody was there, known or not."""

    @property
    def known(self) -> Floats:
        """The flows that are known, oldest first."""
        return self.night_l_h[~np.isnan(self.night_l_h)]

    @property
    def recent_l_h(self) -> float | None:
        """The median of the last nights; None if too few are known."""
        known = self.known
        return float(np.median(known[-RECENT_NIGHTS:])) if len(known) >= RECENT_NIGHTS else None

    @property
    def usual_l_h(self) -> float | None:
        """The median of the nights before them."""
        before = self.known[-RECENT_NIGHTS - USUAL_NIGHTS : -RECENT_NIGHTS]
        return float(np.median(before)) if len(before) >= USUAL_NIGHTS // 2 else None

    @property
    def rise_l_h(self) -> float | None:
        """How much more flows at night now; None if it cannot be told."""
        if self.recent_l_h is None or self.usual_l_h is None:
            return None
        return self.recent_l_h - self.usual_l_h

    @property
    def m3_a_day(self) -> float | None:
        """What the recent night flow loses in a day, if all of it is lost."""
        return None if self.recent_l_h is None else self.recent_l_h * 24 / LITRES


@dataclass(frozen=True)
class TownWater:
    """Every meter of water of a town that reports hour by hour, by site."""

    meters: tuple[WaterMeter, ...]


def make_water(sources: Sources, city_id: str) -> TownWater:
    """Of every meter of water of the city."""
    city, now = sources.city(city_id), sources.ledger.clock()
    of = [m for m in city.meters.values() if m.measures is Measures.WATER]
    if not of:
        return TownWater(())
    town = TownView(sources.ledger, Span(now - SHOWN, now), of)
    return TownWater(tuple(_water(sources, town, meter) for meter in of))


def _water(sources: Sources, town: TownView, meter: Meter) -> WaterMeter:
    view = town.meter(meter)
    curve = town.curve(meter, By.HOUR, timedelta(0))
    closed = closed_nights(curve.days, view.opening, _hours(sources))
    seen = _nights(sources, view, town).only(closed)
    return WaterMeter(
        meter=meter.id,
        name=meter.name or meter.id,
        site=view.site,
        first_day=seen.first_day,
        night_l_h=seen.least_l_h,
        day_m3=curve.by_day(),
        pulse_l_h=seen.pulse_l_h,
        from_hour=seen.from_hour,
        to_hour=seen.to_hour,
        closed_nights=int(closed.sum()),
    )


def _parameters(sources: Sources) -> water_leak.WaterLeakParameters:
    """Those by which leaks are looked for, so that page and malfunction look at one night."""
    installation = sources.installation
    found = installation.faults.parameters_of(water_leak.RULE, installation.root)
    assert isinstance(found, water_leak.WaterLeakParameters)
    return found


def _hours(sources: Sources) -> tuple[int, int]:
    found = _parameters(sources)
    return found.night_from_hour, found.night_to_hour


def _nights(sources: Sources, view: View, town: TownView) -> Nights:
    curve = town.curve(view.meter, By.HOUR, timedelta(0))
    least_l_h = _parameters(sources).least_flow_l_h
    return nights(curve, LITRES * view.step_amount, _hours(sources), least_l_h)


def open_cases(
    sources: Sources, city_id: str, rules: tuple[str, ...]
) -> list[tuple[str, str | None]]:
    """Open malfunctions of ``rules``: ids of case and of site."""
    return [
        (case.id, case.site)
        for case in all_cases(sources.store)
        if case.city == city_id and case.is_open and case.rule in rules
    ]


WATER = Recipe("water", make_water, max_age_s=1800.0)
"""By city."""
