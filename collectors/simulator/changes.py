"""What the malfunctions of a town change in each of its meters.

::

    change of a meter      what its own malfunctions do, told from its sound flow
    change of its parts    the same of all meters behind it: what they waste flows through it too
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from collectors.simulator.faults import Fault
from collectors.simulator.malfunctions import Sound, change, check_fit
from collectors.simulator.randomness import Floats
from paes.installation import Installation
from paes.meters import FieldMeter

SoundOf = Callable[[FieldMeter, int], Sound]


class Changes:
    """The malfunctions of an installation; DataError for one that cannot be behind its meter.

    ``sound_of`` tells a meter's local year in a town in which nothing is wrong.
    """

    def __init__(
        self, installation: Installation, malfunctions: Iterable[Fault], sound_of: SoundOf
    ) -> None:
        self._installation = installation
        self._sound_of = sound_of
        self._faults: dict[str, list[Fault]] = {}
        for fault in malfunctions:
            meter = installation.field_meter(fault.meter)
            check_fit(fault, meter, installation.site(meter.site))
            self._faults.setdefault(meter.id, []).append(fault)
        self._own = lru_cache(maxsize=64)(self._compute_own)

    def __bool__(self) -> bool:
        return bool(self._faults)

    def own(self, meter: FieldMeter, year: int) -> Floats | float:
        """By how much the meter's own malfunctions change its flow in each slot; 0 for none."""
        return self._own(meter.id, year) if meter.id in self._faults else 0.0

    def of_parts(self, meter: FieldMeter, year: int) -> Floats | float:
        """The same of all meters behind it."""
        total: Floats | float = 0.0
        for part in self._installation.field_meters.values() if self._faults else ():
            if part.parent == meter.id:
                total = total + self.own(part, year) + self.of_parts(part, year)
        return total

    def through(self, meter: FieldMeter, year: int, flow: Floats) -> Floats:
        """``flow`` of a whole with what malfunctions of it and of its parts make of it."""
        if not self._faults:
            return flow
        changed = flow + self.own(meter, year) + self.of_parts(meter, year)
        return np.asarray(np.maximum(changed, 0.0))

    def _compute_own(self, meter_id: str, year: int) -> Floats:
        meter = self._installation.field_meter(meter_id)
        return change(self._sound_of(meter, year), self._faults[meter_id])
