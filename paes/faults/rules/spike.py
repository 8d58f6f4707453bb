"""Amounts that cannot have passed: far above the hour's usual ones, and above a physical limit.

They are marked, never deleted: what the accounting left out already is told if it happens again and
again, what it let pass stays in every total until a person corrects it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode
from paes.faults.load_curve import LoadCurve
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.meter_picture import daily_amounts, step_at
from paes.faults.signs.occupancy import occupancy
from paes.faults.signs.odd_readings import odd_readings, seen_until, shown_around
from paes.faults.view import View
from paes.metering import Carrier, Finding, Measures, Site
from paes.meters import Meter
from paes.opening import Kinds
from paes.periods import from_seconds, to_seconds

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_LEFT_OUT = ("counter.spike", "interval.impossible")


class SpikeParameters(Parameters):
    """Of the rule."""

    spreads: float = Field(gt=0)
    usual_days: int = Field(ge=14)
    least_alike: int = Field(ge=5)
    limit_tolerance_fraction: float = Field(ge=0)
    limited_supply_kw: float = Field(gt=0)
    limited_supply_times: float = Field(ge=1)
    plant_times_peak: float = Field(ge=1)
    left_out_a_week: int = Field(ge=2)
    quiet_hours: int = Field(ge=1)


def find(
    curve: LoadCurve, kinds: Kinds, limit: float, unit: str, parameters: SpikeParameters
) -> list[Episode]:
    """Hours above ``limit`` (of an hour, in the curve's unit) and far above their like.

    Their like are the same hour on days of the same kind (``kinds``, by local day) of the weeks
    before: above their median by ``spreads`` times the distance between their quartiles. Hours
    that lie closer than ``quiet_hours`` make one episode.
    """
    high = np.flatnonzero(np.nan_to_num(curve.amounts) > limit)
    odd = [(int(at), usual) for at in high if (usual := _beyond(curve, kinds, int(at), parameters))]
    found: list[list[tuple[int, tuple[float, float]]]] = []
    for one in odd:
        if found and one[0] - found[-1][-1][0] <= parameters.quiet_hours:
            found[-1].append(one)
        else:
            found.append([one])
    return [_episode(curve, run, limit, unit, parameters) for run in found]


def _beyond(
    curve: LoadCurve, kinds: Kinds, at: int, p: SpikeParameters
) -> tuple[float, float] | None:
    """The median of the hour's like and what is far above it, if the hour is."""
    first = max(at - p.usual_days * 24, 0)
    day = curve.day[first:at]
    alike = (curve.hour[first:at] == curve.hour[at]) & (kinds[day] == kinds[curve.day[at]])
    amounts = curve.amounts[first:at][alike & curve.known[first:at]]
    if len(amounts) < p.least_alike:
        return None
    lower, median, upper = (float(q) for q in np.quantile(amounts, (0.25, 0.5, 0.75)))
    far = median + p.spreads * (upper - lower)
    return (median, far) if curve.amounts[at] > far else None


def _episode(
    curve: LoadCurve,
    run: Sequence[tuple[int, tuple[float, float]]],
    limit: float,
    unit: str,
    p: SpikeParameters,
) -> Episode:
    first, last = run[0][0], run[-1][0]
    peak, (usual, far) = max(run, key=lambda one: float(curve.amounts[one[0]]))
    start = from_seconds(curve.seconds[first])
    return Episode(
        start=start,
        end=from_seconds(curve.seconds[last]) + _HOUR,
        found=start + _HOUR,
        is_over=bool(curve.known[last + 1 :].sum() >= p.quiet_hours),
        numbers={
            "highest_per_h": float(curve.amounts[peak]),
            "limit_per_h": limit,
            "usual_per_h": usual,
            "far_above_usual_per_h": far,
            "times": float(len(run)),
        },
        picture=daily_amounts(curve, unit, first, last),
    )


def limit_of(view: View, parameters: SpikeParameters) -> float | None:
    """What can pass at most in an hour by what is declared, in kWh (m3); None: nobody declared it.

    The rating of the meter, or the peak of its plant; of a small supply what its limiter lets pass.
    """
    meter, p = view.meter, parameters
    register = view.installation.register(meter)
    margin = 1 + p.limit_tolerance_fraction
    if meter.measures is Measures.GENERATION and view.site.pv_peak_kw:
        return view.site.pv_peak_kw * p.plant_times_peak
    if meter.rated_power_kw:
        return meter.rated_power_kw * margin
    if meter.rated_flow_m3_h and register.unit == "m3":
        factor = view.ledger.kwh_factor(meter, view.now.year) if meter.carrier else 1.0
        return meter.rated_flow_m3_h * factor * margin
    powers = [c.contract_power_kw for c in view.city.contracts if c.meter == meter.id]
    power = max((kw for kw in powers if kw), default=None)
    is_limited = meter.carrier is Carrier.ELECTRICITY and power and power <= p.limited_supply_kw
    return power * p.limited_supply_times if power and is_limited else None


def left_out(times: Sequence[datetime], parameters: SpikeParameters) -> list[list[datetime]]:
    """Clusters of readings that were left out: ``left_out_a_week`` within seven days or more."""
    clusters: list[list[datetime]] = []
    for at in times:
        if clusters and at - clusters[-1][-1] <= 7 * _DAY:
            clusters[-1].append(at)
        else:
            clusters.append([at])
    return [c for c in clusters if _sure(c, parameters)]


def _sure(cluster: Sequence[datetime], p: SpikeParameters) -> datetime | None:
    """When the week was full of them."""
    week = zip(cluster, cluster[p.left_out_a_week - 1 :], strict=False)
    return next((last for first, last in week if last - first <= 7 * _DAY), None)


def look(view: View, parameters: SpikeParameters) -> list[Episode]:
    """The spikes of the meter that touch the view's span, in order of time."""
    limit, curve = limit_of(view, parameters), view.hours
    found: list[Episode] = []
    if limit is not None:
        kinds = occupancy(curve, view.opening).kinds
        found += find(curve, kinds, limit, view.unit, parameters)
    told = [f for f in odd_readings(view) if f.name in _LEFT_OUT and _was_left_out(view, f)]
    by_time = {f.at: f for f in told if f.at}
    for cluster in left_out(list(by_time), parameters):
        found.append(_of_left_out(view, [by_time[at] for at in cluster], limit, parameters))
    return sorted((e for e in found if e.end > view.span.start), key=lambda e: e.start)


def _was_left_out(view: View, finding: Finding) -> bool:
    """False of a register that stays at its new level: that is a step (``register_step``)."""
    if finding.name != "counter.spike":
        return True
    _, shown = shown_around(view, finding)
    return len(shown) < 2 or min(shown[1:4]) < shown[0]


def _of_left_out(
    view: View, told: Sequence[Finding], limit: float | None, p: SpikeParameters
) -> Episode:
    times = [f.at for f in told if f.at]
    values = [v for f in told for k, v in f.numbers.items() if k.startswith(("step_", "sum_"))]
    steps = [step_at(view.hours, to_seconds(at)) for at in (times[0], times[-1])]
    numbers = {"highest_per_h": max(values, default=0.0), "times": float(len(times))}
    return Episode(
        start=times[0],
        end=times[-1] + _HOUR,
        found=_sure(times, p) or times[-1],
        is_over=seen_until(view) - times[-1] > 7 * _DAY,
        numbers=numbers | ({"limit_per_h": limit} if limit else {}),
        picture=daily_amounts(view.hours, view.unit, *steps),
        place="left out",
    )


def concerns(meter: Meter, site: Site) -> bool:
    """Every meter of energy or water."""
    return meter.measures is not Measures.WEATHER


RULE = Rule("spike", 1, SpikeParameters, concerns, look, wastes=False)
