"""What changed beside the works: adjustments of the baseline, told apart from the saving.

IPMVP: avoided energy = adjusted baseline energy - reporting energy +- non-routine adjustments. What
an event adds to the reporting period is added to what the baseline expects; what it added in the
baseline year is taken off before the model is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import numpy as np

from paes.plan.measurement import NonRoutine
from paes.savings.metered import Metered
from paes.series import Floats


def without_events(metered: Metered, events: Iterable[NonRoutine]) -> Floats:
    """The known energy of its days as it would have been without the events."""
    energy = metered.sure_kwh
    for event in _of(metered, events):
        there = _days(metered, event)
        if event.factor is not None:
            energy = np.where(there, energy / event.factor, energy)
        else:
            energy = np.where(there, energy - (event.kwh_per_day or 0.0), energy)
    return energy


def adjustment(metered: Metered, events: Iterable[NonRoutine], expected_kwh: Floats) -> Floats:
    """What the events add to each of its days, by what is expected of them without."""
    added = np.zeros(len(metered.days))
    for event in _of(metered, events):
        there = _days(metered, event)
        if event.factor is not None:
            added = added + np.where(there, (expected_kwh + added) * (event.factor - 1), 0.0)
        else:
            added = added + np.where(there, event.kwh_per_day or 0.0, 0.0)
    return np.asarray(added)


def _of(metered: Metered, events: Iterable[NonRoutine]) -> list[NonRoutine]:
    return [
        event
        for event in events
        if event.carrier in (None, metered.carrier) and event.site in (None, metered.site.id)
    ]


def _days(metered: Metered, event: NonRoutine) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    end = event.last + timedelta(days=1) if event.last else None
    return metered.among(event.first, end)
