"""A plant's days made by hand: a cloudless day is 10 kWh, and what is made a part of the light."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np

from paes.faults.load_curve import LoadCurve
from paes.faults.signs.sunlight import Sunlit
from paes.periods import local_midnight, to_seconds
from paes.series import Floats
from paes.solar.expected import Calibration, Expected, How, plant_days

FIRST = date(2025, 4, 1)
_LIGHT = np.where((np.arange(24) >= 6) & (np.arange(24) < 16), 1.0, 0.0)


def plant(
    ratio: Sequence[float] | Floats,
    light: Sequence[float] | Floats | float = 1.0,
    warmest_degc: Sequence[float] | Floats | float = 20.0,
    noon_deg: Sequence[float] | Floats | float = 60.0,
    how: How = How.SATELLITE,
) -> Sunlit:
    """Days from 1 April 2025 (UTC) on; ``ratio`` is made over expected, NaN where not read.

    ``light`` is the expectation over a cloudless day; one number holds for all days.
    """
    made_of = np.asarray(ratio, dtype=np.float64)
    count = len(made_of)
    index, warmest, noon = (
        np.broadcast_to(np.asarray(one, np.float64), count)
        for one in (light, warmest_degc, noon_deg)
    )
    clear = np.tile(_LIGHT, count)
    kwh = clear if how is How.CLEAR_SKY else np.repeat(index, 24) * clear
    made = np.repeat(made_of, 24) * np.repeat(index, 24) * clear
    start_s = to_seconds(local_midnight(FIRST, "UTC"))
    curve = LoadCurve(start_s, 3600, made, "UTC")
    own = Calibration(1.0, 0.1, 100, is_own=True)
    expected = Expected(start_s, kwh, 0.9 * kwh, 1.1 * kwh, clear, how, own)
    return Sunlit(curve, expected, plant_days(curve, expected, warmest, noon))


def day(number: int) -> datetime:
    """Midnight at which the day with this number begins."""
    return datetime.fromtimestamp(to_seconds(local_midnight(FIRST, "UTC")) + number * 86_400, UTC)
