"""Water that never stops at night: a flow that is older than the readings, or that grew slowly.

It is listed, and no alarm: it may be a leak, cisterns, or a plant that needs its water. What
``water_leak`` tells of is not told again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode, Stretch, stretches
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.rule import Parameters, Rule
from paes.faults.rules import water_leak
from paes.faults.rules.water_leak import Leak, Usual, excess_of, picture_of, water_meter
from paes.faults.signs.meter_picture import step_at
from paes.faults.signs.night_flow import LITRES, Nights, closed_nights, night_edges, nights
from paes.faults.view import View
from paes.periods import from_seconds, to_seconds

_PICTURE_DAYS = 84


class WaterStandingParameters(Parameters):
    """Of the rule; flows are litres an hour."""

    night_from_hour: int = Field(ge=0, le=23)
    night_to_hour: int = Field(ge=1, le=24)
    least_flow_l_h: float = Field(gt=0)
    least_pulses: float = Field(ge=1)
    nights_in_a_row: int = Field(ge=7)
    quiet_nights: int = Field(ge=1)


def find(
    curve: LoadCurve,
    pulse_l: float,
    closed: Bools,
    parameters: WaterStandingParameters,
    told: Sequence[Episode] = (),
) -> list[Episode]:
    """The stretches of closed nights in which hourly m3 never came down to nothing.

    ``pulse_l`` is the smallest step of the register in litres; ``told`` are leaks, and a stretch
    that one of them explains is left out.
    """
    p = parameters
    seen = nights(curve, pulse_l, (p.night_from_hour, p.night_to_hour), p.least_flow_l_h)
    seen = seen.only(closed)
    least = max(p.least_flow_l_h, p.least_pulses * seen.pulse_l_h)
    flows = np.nan_to_num(seen.least_l_h)
    found = stretches(flows >= least, seen.known, p.nights_in_a_row, p.quiet_nights)
    calm = seen.only(~_leaking(curve, seen, told))
    episodes = [_episode(curve, seen, calm, stretch, least) for stretch in found]
    return [e for e in episodes if not any(_explains(leak, e) for leak in told)]


def _explains(leak: Episode, standing: Episode) -> bool:
    """True if the stretch began with the leak: without it nothing would stand."""
    begins = leak.start <= standing.start or leak.numbers["usual_flow_l_h"] == 0
    return begins and leak.start < standing.end and standing.start < leak.end


def _leaking(curve: LoadCurve, seen: Nights, told: Sequence[Episode]) -> Bools:
    """The nights of leaks that are told already: what they add is not part of what stands."""
    leaking = np.zeros(len(seen.least_l_h), dtype=np.bool_)
    for leak in told:
        first, last = (curve.day[step_at(curve, to_seconds(t) - 1)] for t in (leak.start, leak.end))
        leaking[first : last + 1] = True
    return leaking


def _episode(
    curve: LoadCurve, seen: Nights, calm: Nights, stretch: Stretch, least: float
) -> Episode:
    start_s = night_edges(curve, seen, stretch.first)[0]
    end_s = night_edges(curve, seen, stretch.last)[1]
    flows = seen.least_l_h[stretch.first : stretch.last + 1]
    flow = float(np.nanmedian(flows))
    numbers = {
        "night_flow_l_h": flow,
        "smallest_night_flow_l_h": float(np.nanmin(flows)),
        "flow_m3_a_year": flow * 24 * 365 / LITRES,
        "nights": float(np.sum(~np.isnan(flows))),
        "threshold_l_h": least,
        "pulse_l_h": seen.pulse_l_h,
    }
    nothing = Usual(0.0, 0.0, least, least)
    leak = Leak(stretch.first, stretch.last, stretch.found, stretch.is_over, nothing)
    of = calm if calm.known[stretch.first : stretch.last + 1].any() else seen
    flowed = excess_of(curve, of, leak, (start_s, end_s))
    first = max(stretch.last - _PICTURE_DAYS, 0)
    return Episode(
        start=from_seconds(start_s),
        end=from_seconds(end_s),
        found=from_seconds(night_edges(curve, seen, stretch.found)[1]),
        is_over=stretch.is_over,
        numbers=numbers,
        # Nobody knows whether any of it is lost: it may be all needed.
        excess=replace(flowed, low=np.zeros(len(flowed.likely))),
        picture=picture_of(seen, first, stretch.last, nothing),
    )


def look(view: View, parameters: WaterStandingParameters) -> list[Episode]:
    """The flows of the meter that never stop, as far as they touch the view's span."""
    pulse_l, leak_rule = LITRES * view.step_amount, water_leak.RULE
    of_leaks = leak_rule.file(view.installation.root).parameters
    hours = (parameters.night_from_hour, parameters.night_to_hour)
    closed = closed_nights(view.hours.days, view.opening, hours)
    told = water_leak.find(view.hours, pulse_l, closed, of_leaks)
    found = find(view.hours, pulse_l, closed, parameters, told)
    start_s = to_seconds(view.span.start)
    return [e for e in found if to_seconds(e.end) > start_s]


RULE = Rule("water_standing", 1, WaterStandingParameters, water_meter, look, is_alarm=False)
