"""Option B for plants: what their meters counted in a year, beside what was declared.

A year's sun differs from a usual year's, so that a metered year says what was declared for a usual
one only within a band; what was produced is known to the class of the meter.
"""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np

from paes.plan.measurement import BASELINE_DAYS
from paes.savings.assumptions import Plants
from paes.savings.avoided import AvoidedEnergy, avoided_energy, together
from paes.savings.metered import Metered
from paes.savings.periods import DaySpan, Periods


def plant_year(periods: Periods) -> DaySpan:
    """The year that is told: the last whole one since the works, for plants have no baseline."""
    end = periods.reporting.end
    first = max(periods.reporting.first, end - timedelta(days=BASELINE_DAYS))
    return DaySpan(first, end)


def produced(parts: list[Metered], span: DaySpan) -> AvoidedEnergy:
    """What all plants made in ``span``, as energy that need not come from elsewhere.

    A day that nobody saw made what the register leaves open, and nothing at the least.
    """
    found = []
    for part in parts:
        nothing = np.zeros(len(part.days))
        used = avoided_energy(part, span, nothing, nothing)
        # used_kwh takes of unseen days what is nearest to nothing: the least that was made
        made = (used.used_kwh, -used.high_kwh, -used.low_kwh)
        found.append(AvoidedEnergy(span, 0.0, 0.0, *made, used.days, used.seen_days, 0))
    return together(found)


def production_half_kwh(made: AvoidedEnergy, of: Plants) -> float:
    """Half the width of the band of a year that was declared for a usual sun."""
    half = math.hypot(of.year_half_width_fraction, of.meter_half_width_fraction)
    return half * made.kwh
