"""How often files bring a meter's figures: what is usual, so that a late one is noticed."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from paes.faults.view import View
from paes.imports.trail import CHANGED, IMPORT
from paes.metering import Evidence
from paes.periods import to_seconds

_DAY_S = 86_400
LEAST = 3
"""So many distances make a rhythm."""


def usual_distance_days(times_s: list[int]) -> float | None:
    """The median distance in days between these times; None if there are too few.

    Times of one day count once.
    """
    days = sorted({t // _DAY_S for t in times_s})
    return float(np.median(np.diff(days))) if len(days) > LEAST else None


def rhythm_days(view: View) -> float | None:
    """Days between imports of a load curve; of bills and written registers, between their dates.

    None while nobody can know it.
    """
    register = view.installation.register(view.meter)
    store = view.ledger.store
    if register.kind is Evidence.INTERVALS:
        events = store.events(subjects=[register.point], name=IMPORT)
        told = [e.facts.get("at") for e in events if not e.name.startswith(CHANGED)]
        return usual_distance_days([to_seconds(datetime.fromisoformat(str(t))) for t in told if t])
    return usual_distance_days(store.read(register.point).seconds.tolist())
