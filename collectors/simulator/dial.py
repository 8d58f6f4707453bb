"""What the dial of a meter shows for its true register: whole steps, wrapped, in its own words.

History and live devices pass through the same dial, so that a reading never depends on which of
the two made it: a register that stands still at night is exactly the same number all night.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from collectors.simulator.randomness import Floats
from paes.accounted_register import MeasuredPoint, device_counters
from paes.installation import Installation
from paes.metering import Register
from paes.meters import FieldMeter
from paes.units import factor_to_canonical


@dataclass(frozen=True, slots=True)
class Dial:
    """The display of an accounted register, in its canonical unit."""

    register: Register
    float_step: float | None = None
    """What 1.0 in the device's float32 is worth; None for whole numbers."""
    zero: float = 0.0
    """What the register is when the device's own counter is zero."""

    def shown(self, values: Floats) -> Floats:
        """The displayed register in its canonical unit, rounded down to a whole step."""
        step, modulus = self.register.resolution, self.register.modulus
        steps = np.floor((values - self.zero) / step + 1e-6)
        if modulus:
            steps = np.mod(steps, round(modulus / step))
        per_unit = round(1.0 / step)
        whole = abs(per_unit * step - 1.0) < 1e-9 if per_unit else False
        exact = steps / per_unit if whole else steps * step
        if self.float_step is None:
            return np.asarray(exact + self.zero)
        words = (exact / self.float_step).astype(np.float32)
        return np.asarray(words.astype(np.float64) * self.float_step)


def dial_of(installation: Installation, meter: FieldMeter) -> Dial:
    """The dial of a meter's accounted register, from its device profile."""
    register = installation.register(meter)
    ratio = meter.volume_correction if register.unit == "m3" else meter.transformer_ratio
    if meter.pulse:
        zero = meter.pulse.initial_reading * factor_to_canonical(meter.pulse.unit)
        return Dial(register, zero=zero * ratio)
    name = register.point.rsplit("/", 1)[1]
    file = installation.device_file(meter.device)
    counter = {c.name: c for c in _counters(file, file.stat().st_mtime_ns)}[name]
    if counter.type != "f32":
        return Dial(register)
    return Dial(register, float_step=counter.scale * factor_to_canonical(counter.unit) * ratio)


@lru_cache(maxsize=128)
def _counters(file: Path, changed_ns: int) -> tuple[MeasuredPoint, ...]:
    """The counters in a device file as it was changed last."""
    return device_counters(file)
