"""How every store keeps a value: as whole thousandths of the point's canonical unit."""

from __future__ import annotations

import math

import numpy as np

from paes.errors import StoreRefused
from paes.periods import Seconds
from paes.series import Floats

SCALE = 1000.0
LARGEST = 9.2e15
"""The largest value, of either sign: its thousandths still fit 63 bits."""


def thousandths(point: str, value: float) -> int:
    """``value`` of ``point`` as it is kept; StoreRefused if it is too large or not a number."""
    if not -LARGEST <= value <= LARGEST:
        raise StoreRefused(f"{point}: value {value} cannot be stored; expected up to {LARGEST:g}")
    return round(value * SCALE)


def series_thousandths(point: str, values: Floats) -> Seconds:
    """``values`` as they are kept, rounded like one value; all of them, or StoreRefused."""
    worst = float(np.max(np.abs(values), initial=0.0))
    thousandths(point, worst if math.isfinite(worst) else math.nan)
    return np.rint(values * SCALE).astype(np.int64)
