"""Water that runs at night and did not use to: a leak, from the smallest flow of closed nights.

What is usual is the median of the nights before the first that is not, and stays as it was then:
a leak of months does not become usual. Leaks older than the readings are told by
``water_standing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode, Excess, Picture
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.night_flow import LITRES, Nights, closed_nights, night_edges, nights
from paes.faults.view import View
from paes.metering import Measures, Site
from paes.meters import Meter
from paes.periods import Span, from_seconds, to_seconds
from paes.series import Floats

_DAY_S = 86_400
_PICTURE_DAYS = 56
_AFTER_DAYS = 14


class WaterLeakParameters(Parameters):
    """Of the rule; flows are litres an hour."""

    night_from_hour: int = Field(ge=0, le=23)
    night_to_hour: int = Field(ge=1, le=24)
    least_flow_l_h: float = Field(gt=0)
    least_pulses: float = Field(ge=1)
    usual_nights: int = Field(ge=7)
    spreads: float = Field(ge=0)
    nights_in_a_row: int = Field(ge=1)
    fast_flow_l_h: float = Field(gt=0)
    fast_times_usual: float = Field(gt=1)
    fast_nights_in_a_row: int = Field(ge=1)
    quiet_nights: int = Field(ge=1)
    learning_nights: int = Field(ge=7)


class Usual(NamedTuple):
    """What is usual at night, litres an hour, true to ``margin``; and what is not usual."""

    flow: float
    margin: float
    threshold: float
    fast: float


@dataclass(frozen=True)
class Leak:
    """A leak by nights (days of ``Nights``): the first and last with it, and when it was sure."""

    first: int
    last: int
    sure: int
    is_over: bool
    usual: Usual


def usual_of(flows: Sequence[float], pulse_l_h: float, parameters: WaterLeakParameters) -> Usual:
    """What ``flows`` of usual nights make, and above what a night is not usual.

    The margin is ``spreads`` median absolute deviations; a rise counts from ``least_flow_l_h`` and
    from ``least_pulses`` on. The fast lane asks for twice that rise at the least.
    """
    p = parameters
    median = float(np.median(flows))
    margin = p.spreads * float(np.median(np.abs(np.asarray(flows) - median)))
    rise = max(p.least_flow_l_h, p.least_pulses * pulse_l_h, margin)
    much = min(p.fast_times_usual * max(median, p.least_flow_l_h), p.fast_flow_l_h)
    return Usual(median, margin, median + rise, max(much, median + 2 * rise))


def leaks(seen: Nights, parameters: WaterLeakParameters) -> list[Leak]:
    """The leaks of the known nights, in order of time.

    Nights that are not known neither begin, nor feed, nor end one.
    """
    watch = _Watch(seen, parameters)
    for night in np.flatnonzero(seen.known).tolist():
        watch.see(night)
    return watch.told()


class _Watch:
    """Goes through the nights once; what is usual rests on nights without a sign only."""

    def __init__(self, seen: Nights, parameters: WaterLeakParameters) -> None:
        self._seen, self._parameters = seen, parameters
        self._quiet: list[float] = []
        """Flows of the nights that were usual."""
        self._run: list[int] = []
        """Nights with a sign in a row, not sure yet."""
        self._usual: Usual | None = None
        """Kept from the first sign on."""
        self._lasting: Leak | None = None
        self._calm: list[int] = []
        self._told: list[Leak] = []

    def see(self, night: int) -> None:
        flow, p = float(self._seen.least_l_h[night]), self._parameters
        if len(self._quiet) < p.learning_nights:
            self._quiet.append(flow)
            return
        if self._usual is None:
            last = self._quiet[-p.usual_nights :]
            self._usual = usual_of(last, self._seen.pulse_l_h, p)
        if self._lasting:
            self._go_on(night, flow, self._lasting)
        elif flow >= self._usual.threshold:
            self._begin(night, self._usual)
        else:
            self._forget([*self._run, night])

    def told(self) -> list[Leak]:
        """The leaks seen so far; the last may last."""
        return [*self._told, *([self._lasting] if self._lasting else [])]

    def _begin(self, night: int, usual: Usual) -> None:
        p = self._parameters
        self._run.append(night)
        fast = self._run[-p.fast_nights_in_a_row :]
        flows = self._seen.least_l_h[fast]
        is_fast = len(fast) == p.fast_nights_in_a_row and bool(np.all(flows >= usual.fast))
        if is_fast or len(self._run) >= p.nights_in_a_row:
            self._lasting = Leak(self._run[0], night, night, False, usual)
            self._run, self._calm = [], []

    def _go_on(self, night: int, flow: float, leak: Leak) -> None:
        if flow >= leak.usual.threshold:
            self._calm = []
            self._lasting = Leak(leak.first, night, leak.sure, False, leak.usual)
            return
        self._calm.append(night)
        if len(self._calm) >= self._parameters.quiet_nights:
            self._told.append(Leak(leak.first, leak.last, leak.sure, True, leak.usual))
            self._lasting = None
            self._forget(self._calm)

    def _forget(self, usual_nights: Sequence[int]) -> None:
        """These nights were usual after all."""
        self._quiet += [float(self._seen.least_l_h[n]) for n in usual_nights]
        self._run, self._calm, self._usual = [], [], None


def find(
    curve: LoadCurve, pulse_l: float, closed: Bools, parameters: WaterLeakParameters
) -> list[Episode]:
    """The leaks in hourly m3; ``closed`` says by local day on which nights nobody uses water.

    ``pulse_l`` is the smallest step of the register in litres.
    """
    hours = (parameters.night_from_hour, parameters.night_to_hour)
    seen = nights(curve, pulse_l, hours, parameters.least_flow_l_h).only(closed)
    return [_episode(curve, seen, leak) for leak in leaks(seen, parameters)]


def _episode(curve: LoadCurve, seen: Nights, leak: Leak) -> Episode:
    starts, ends = night_edges(curve, seen, leak.first), night_edges(curve, seen, leak.last)
    flows = seen.least_l_h[leak.first : leak.last + 1]
    flow = float(np.nanmedian(flows))
    numbers = {
        "night_flow_l_h": flow,
        "last_night_flow_l_h": float(seen.least_l_h[leak.last]),
        "usual_flow_l_h": leak.usual.flow,
        "threshold_l_h": leak.usual.threshold,
        "leak_l_h": flow - leak.usual.flow,
        "leak_m3_a_day": (flow - leak.usual.flow) * 24 / LITRES,
        "nights": float(np.sum(flows >= leak.usual.threshold)),
        "pulse_l_h": seen.pulse_l_h,
    }
    before = max(leak.first - _PICTURE_DAYS, 0)
    return Episode(
        start=from_seconds(starts[0]),
        end=from_seconds(ends[1]),
        found=from_seconds(night_edges(curve, seen, leak.sure)[1]),
        is_over=leak.is_over,
        numbers=numbers,
        windows=_windows(curve, seen, before, leak),
        excess=excess_of(curve, seen, leak, (starts[0], ends[1])),
        picture=picture_of(seen, before, leak.last + _AFTER_DAYS, leak.usual),
    )


def _windows(curve: LoadCurve, seen: Nights, before: int, leak: Leak) -> dict[str, Span]:
    if leak.first <= before:
        return {}
    begin, end = (night_edges(curve, seen, n)[0] for n in (before, leak.first))
    return {"usual": Span(from_seconds(begin), from_seconds(end))}


def excess_of(curve: LoadCurve, seen: Nights, leak: Leak, span_s: tuple[int, int]) -> Excess:
    """What leaked in each measured hour of the leak, day and night, in m3.

    A leak runs all day: its flow is that of the night above the usual one, between two nights in
    a straight line, and never more than what passed in the hour and a pulse. Bounds: the usual
    flow is true to its margin, that of a night to one pulse.
    """
    within = curve.known & (curve.seconds >= span_s[0]) & (curve.seconds < span_s[1])
    at, passed = curve.seconds[within], LITRES * curve.amounts[within]
    of = np.flatnonzero(seen.known)
    of = of[(of >= leak.first) & (of <= leak.last)]
    flow = np.interp(curve.day[within] + curve.hour[within] / 24, of, seen.least_l_h[of])
    margin = leak.usual.margin + seen.pulse_l_h
    most = (passed + seen.pulse_l_h * seen.part_h) / LITRES

    def leaked(of_flow: Floats) -> Floats:
        above = np.maximum(of_flow - leak.usual.flow, 0.0) / LITRES
        return np.asarray(np.minimum(above, most))

    likely, low, high = leaked(flow), leaked(flow - margin), leaked(flow + margin)
    return Excess(at, curve.step_s, likely, low, high)


def picture_of(seen: Nights, first: int, last: int, usual: Usual) -> Picture:
    """The flow of each night from ``first`` to ``last`` (as far as they are there)."""
    flows = seen.least_l_h[first : last + 1]
    day = (seen.first_day.toordinal() - _EPOCH_ORDINAL + first) * _DAY_S
    same = np.ones(len(flows))
    return Picture(
        start_s=day,
        step_s=_DAY_S,
        unit="l/h",
        seen=flows,
        usual=usual.flow * same,
        low=np.zeros(len(flows)),
        high=usual.threshold * same,
    )


_EPOCH_ORDINAL = 719_163  # 1970-01-01


def water_meter(meter: Meter, site: Site) -> bool:
    """True of meters of water."""
    return meter.measures is Measures.WATER


def look(view: View, parameters: WaterLeakParameters) -> list[Episode]:
    """The leaks of the meter that touch the view's span."""
    hours = (parameters.night_from_hour, parameters.night_to_hour)
    closed = closed_nights(view.hours.days, view.opening, hours)
    found = find(view.hours, LITRES * view.step_amount, closed, parameters)
    start_s = to_seconds(view.span.start)
    return [e for e in found if to_seconds(e.end) > start_s or not e.is_over]


RULE = Rule("water_leak", 1, WaterLeakParameters, water_meter, look)
