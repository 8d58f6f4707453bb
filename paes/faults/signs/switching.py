"""When the lamps of a cabinet were switched on and off, beside the sun, night by night.

The longest light of a night counts, over stretches that are not known between lit ones. In the
quarter hour of a switch the lamps burned for as much of it as its energy is of that at full light.
A switch beside which a quarter hour is not known is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paes.faults.load_curve import Bools
from paes.faults.signs.lit_nights import QUARTER_S, Lights
from paes.series import Floats


@dataclass(frozen=True)
class Switched:
    """Of each night: Unix seconds, and minutes after sunset and sunrise; NaN: not known."""

    on_s: Floats
    off_s: Floats
    on_min: Floats
    off_min: Floats


def switched(lights: Lights, plateaus_kw: Floats, burning_from_fraction: float) -> Switched:
    """The switches of every night; lamps burn from that part (0..1) of its plateau on."""
    on_s, off_s = (np.full(lights.nights, np.nan) for _ in range(2))
    for night in np.flatnonzero(plateaus_kw > 0).tolist():  # where nothing burned, nothing switched
        steps = lights.steps(night)
        part = lights.curve.per_hour[steps] / plateaus_kw[night]
        start = lights.curve.seconds[steps]
        run = _longest(part, burning_from_fraction)
        if run is None:
            continue
        first, last = run
        if first > 0 and not np.isnan(part[first - 1]):
            on_s[night] = start[first] + QUARTER_S - _lit_s(part, first, first + 1, first - 1)
        if last + 1 < len(part) and not np.isnan(part[last + 1]):
            off_s[night] = start[last] + _lit_s(part, last, last - 1, last + 1)
    on_min = (on_s - lights.sunset_s[: lights.nights]) / 60
    off_min = (off_s - lights.sunrise_s[1 : lights.nights + 1]) / 60
    return Switched(on_s, off_s, on_min, off_min)


def _lit_s(part: Floats, edge: int, inside: int, outside: int) -> float:
    """Seconds of light in the quarter hour of a switch and the one before it (or after)."""
    full = part[inside] if 0 <= inside < len(part) and part[inside] > 0 else part[edge]
    return float(QUARTER_S * (min(part[edge] / full, 1.0) + min(max(part[outside], 0) / full, 1.0)))


def _longest(part: Floats, from_fraction: float) -> tuple[int, int] | None:
    """First and last quarter hour of the longest light, gaps between lit ones included."""
    lit = _filled(part, part >= from_fraction)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], lit.astype(np.int8), [0]))))
    if len(edges) == 0:
        return None
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest]) - 1


def _filled(part: Floats, lit: Bools) -> Bools:
    """``lit`` with gaps filled where it is lit on both of their sides."""
    known = np.flatnonzero(~np.isnan(part))
    if len(known) == 0:
        return lit
    at = np.arange(len(part))
    before = known[np.clip(np.searchsorted(known, at, side="right") - 1, 0, None)]
    after = known[np.clip(np.searchsorted(known, at), None, len(known) - 1)]
    inside = (at >= known[0]) & (at <= known[-1])
    return np.asarray(lit | (np.isnan(part) & inside & lit[before] & lit[after]))
