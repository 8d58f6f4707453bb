"""Option A for public lighting: power before the works is stated, hours and energy are measured.

::

    avoided = power before (kW, stated) * burning hours - energy of the register after the works

Burning hours are those that the meter saw (``paes.lighting``); where it saw too few nights they are
the hours without sun, and known less well. Lamps that were metered before the works need no stated
power: they are option B, by ``paes.savings.whole_building``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paes.baselines.days import night_hours
from paes.plan.measurement import Measurement
from paes.savings.assumptions import OptionA
from paes.savings.avoided import AvoidedEnergy, avoided_energy, together
from paes.savings.metered import Metered
from paes.savings.periods import DaySpan


@dataclass(frozen=True, slots=True)
class LampHours:
    """Burning hours of the lamps of an action over a stretch, and whether the meter saw them."""

    hours: float
    is_measured: bool


def stated_before_works(
    parts: list[Metered],
    span: DaySpan,
    measurement: Measurement,
    seen: LampHours | None,
    latitude: float,
    of: OptionA,
) -> tuple[AvoidedEnergy, float]:
    """What lamps avoided in ``span``, and half the width that stated figures leave open (kWh).

    ``seen`` are the burning hours by the meter, None where it saw too few nights. What was
    installed before is that of all parts together.
    """
    night = night_hours(latitude, [parts[0].day(n) for n in range(len(parts[0].days))])
    at = parts[0].at(span)
    hours = seen.hours if seen else float(night[at].sum())
    share = np.zeros(len(night))
    share[at] = night[at] / max(float(night[at].sum()), 1e-9)
    expected = (measurement.installed_before_kw or 0.0) * hours * share / len(parts)
    nothing = np.zeros(len(night))
    found = [avoided_energy(part, span, expected, nothing) for part in parts]
    hours_half = 0.0 if seen else of.night_hours_half_width_fraction
    half = math.hypot(of.power_half_width_fraction, hours_half)
    total = together(found)
    return total, half * total.expected_kwh
