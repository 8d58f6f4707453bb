"""A meter that stands still, or repeats itself, while its building certainly uses something.

::

    repeated     hour after hour the same amount, of so many register steps that chance cannot do it
    unchanged    electricity: hours without any, where as many hours always had some for weeks
                 heat and gas: cold open days in the season without any, where such days had some
                 water: open days without any, where such days had some

A register whose steps are coarse beside what passes stands still for long without meaning anything:
what is expected must be worth ``least_expected_steps``. The meter is at fault, not the building, so
nothing is wasted; what passed meanwhile is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.meter_picture import daily_amounts
from paes.faults.signs.occupancy import occupancy
from paes.faults.signs.register_steps import smallest_step
from paes.faults.signs.standstill import (
    Standstill,
    Usual,
    repeated,
    unchanged_days,
    unchanged_hours,
)
from paes.faults.view import View
from paes.metering import Carrier, Evidence, Measures, Site
from paes.meters import Meter
from paes.periods import Span, from_seconds

Kind = Literal["electricity", "heat", "water", "other"]
_HOUR = timedelta(hours=1)
_USES = (Measures.WITHDRAWAL, Measures.SUBMETER, Measures.WATER)


class StuckMeterParameters(Parameters):
    """Of the rule; steps are those of the register."""

    repeated_hours: int = Field(ge=3)
    repeated_hours_heat: int = Field(ge=3)
    least_repeated_steps: float = Field(gt=0)
    repeated_times_usual: float = Field(ge=1)
    unchanged_hours: int = Field(ge=2)
    unchanged_days_heat: int = Field(ge=1)
    cold_below_degc: float
    unchanged_days_water: int = Field(ge=1)
    least_expected_steps: float = Field(gt=0)
    usual_days: int = Field(ge=7)
    least_usual_days: int = Field(ge=5)
    without_fraction: float = Field(ge=0, le=0.5)
    most_standstills_before: int = Field(ge=0)
    night_from_hour: float = Field(ge=0, le=24)
    night_to_hour: float = Field(ge=0, le=24)


def find(
    curve: LoadCurve, step: float, kind: Kind, certain: Bools, parameters: StuckMeterParameters
) -> list[Episode]:
    """The standstills of hourly amounts in ``curve``, in order of time.

    ``step`` is the register's smallest step, in the curve's unit. ``certain`` says when use is
    expected, if there ever is any: of electricity by hour (nights of a site with a plant, else
    all), of heat and water by local day (cold open days, open days).
    """
    p = parameters
    needed = p.repeated_hours_heat if kind == "heat" else p.repeated_hours
    often, days = p.repeated_times_usual, p.usual_days
    found = list(repeated(curve, needed, p.least_repeated_steps * step, step, often, days))
    least = p.least_expected_steps * step
    before = p.most_standstills_before
    usual = Usual(p.usual_days, p.least_usual_days, least, p.without_fraction, before)
    if kind == "electricity":
        found += unchanged_hours(curve, certain, p.unchanged_hours, usual, step)
    elif kind != "other":
        asked = p.unchanged_days_heat if kind == "heat" else p.unchanged_days_water
        found += unchanged_days(curve, certain, asked, usual, step)
    unit = "m3" if kind == "water" else "kWh"
    return [_episode(curve, step, one, p.usual_days, unit) for one in sorted(found)]


def _episode(curve: LoadCurve, step: float, one: Standstill, usual_days: int, unit: str) -> Episode:
    seconds = curve.seconds
    start = from_seconds(seconds[one.first])
    begin = from_seconds(seconds[max(one.first - usual_days * 24, 0)])
    return Episode(
        start=start,
        end=from_seconds(seconds[one.last]) + _HOUR,
        found=from_seconds(seconds[one.sure]) + _HOUR,
        is_over=one.is_over,
        numbers={
            "unchanged_h": one.hours,
            "amount_per_h": one.amount,
            "expected_per_h": one.expected,
            "expected_steps": one.expected * one.hours / step,
            "register_step": step,
        },
        windows={"usual": Span(begin, start)} if begin < start else {},
        picture=daily_amounts(curve, unit, one.first, one.last, usual_days),
    )


def kind_of(meter: Meter) -> Kind:
    """How its standstill is judged; what only repeats itself is ``other``."""
    if meter.measures is Measures.WATER:
        return "water"
    if meter.measures not in _USES:
        return "other"
    return "electricity" if meter.carrier is Carrier.ELECTRICITY else "heat"


def concerns(meter: Meter, site: Site) -> bool:
    """Every meter of energy or water; lighting and the like are silent by their own past."""
    return meter.measures is not Measures.WEATHER


def certain_times(view: View, kind: Kind, parameters: StuckMeterParameters) -> Bools:
    """When the meter's building is expected to use anything: by hour, of heat and water by day."""
    curve, p = view.hours, parameters
    if kind == "electricity":
        at_site = view.installation.meters.values()
        if _has_plant(m for m in at_site if m.site == view.meter.site):
            return curve.of_hours(p.night_from_hour, p.night_to_hour)
        return np.ones(len(curve), dtype=np.bool_)
    is_open = occupancy(curve, view.opening).is_open
    if kind != "heat" or view.city.facts.climate_zone is None:
        return np.asarray(is_open & (kind == "water"))
    first, count = curve.first_day, len(is_open)
    cold = np.nan_to_num(view.degc(first, count), nan=np.inf) < p.cold_below_degc
    return np.asarray(is_open & cold & view.in_season(first, count))


def _has_plant(meters: Iterable[Meter]) -> bool:
    return any(m.measures in (Measures.GENERATION, Measures.FEED_IN) for m in meters)


def look(view: View, parameters: StuckMeterParameters) -> list[Episode]:
    """The standstills of the meter that touch the view's span.

    Of a meter that is read less than once an hour, or by bills, no hour is known by itself.
    """
    register = view.installation.register(view.meter)
    seldom = view.ledger.poll_period(view.meter) > _HOUR
    if seldom or register.kind is Evidence.AMOUNTS:
        return []
    kind = kind_of(view.meter)
    certain = certain_times(view, kind, parameters)
    found = find(view.hours, smallest_step(view), kind, certain, parameters)
    return [e for e in found if e.end > view.span.start]


RULE = Rule("stuck_meter", 1, StuckMeterParameters, concerns, look, wastes=False)
