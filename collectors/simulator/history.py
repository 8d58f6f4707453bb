"""Fill a store with the past of the simulated town, as a collector would have written it.

Every reading is what the meter's dial showed at a whole step of the clock; what a collector would
have missed is not written, so that coverage is honest. Writing the same window twice changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from collectors.simulator.dial import dial_of
from collectors.simulator.losses import Loss, is_read, losses_between
from collectors.simulator.randomness import Floats, Ints
from collectors.simulator.town import Town
from paes.meters import FieldMeter, Sensor
from paes.periods import local_midnight, to_seconds
from paes.store import Store

SIMULATED = ("simulated", "true")
"""The label of a store that holds simulated readings."""


@dataclass(frozen=True, slots=True)
class HistorySummary:
    """What was written, and what was lost on purpose."""

    meters: int
    readings: int
    lost_readings: int
    losses: tuple[Loss, ...]


def fill_history(
    town: Town,
    store: Store,
    start: datetime,
    end: datetime,
    step_s: int = 900,
    progress: Callable[[int, int, str], None] | None = None,
) -> HistorySummary:
    """Write each meter's register at every whole ``step_s`` in ``[start, end)``, and each sensor.

    ``progress(done, total, meter)`` is called before each meter and once at the end. Raises
    DataError when ``start`` is before the town's epoch, StoreError when the store fails.
    """
    store.set_label(*SIMULATED)
    seconds = _steps(start, end, step_s)
    installation = town.installation
    meters: list[FieldMeter] = [*installation.field_meters.values(), *installation.sensors.values()]
    losses = losses_between(
        town.installation, town.parameters.losses, town.seed, to_seconds(start), to_seconds(end)
    )
    written = lost = 0
    for done, meter in enumerate(meters):
        if progress:
            progress(done, len(meters), meter.id)
        alive = _within_life(town, meter, seconds)
        read = alive[is_read(meter, alive, losses)]
        if len(read):
            store.write_series(installation.register(meter).point, read, _shown(town, meter, read))
        written += len(read)
        lost += len(alive) - len(read)
    if progress:
        progress(len(meters), len(meters), "")
    return HistorySummary(len(meters), written, lost, tuple(losses))


def _shown(town: Town, meter: FieldMeter, read: Ints) -> Floats:
    """What the meter's dial, or the sensor, showed at each of the times."""
    if not isinstance(meter, Sensor):
        return dial_of(town.installation, meter).shown(town.register_at(meter.id, read))
    per_unit = round(1.0 / town.installation.register(meter).resolution)
    return np.asarray(np.rint(town.temperature_at(meter.site, read) * per_unit) / per_unit)


def _steps(start: datetime, end: datetime, step_s: int) -> Ints:
    first = -(-to_seconds(start) // step_s) * step_s
    return np.arange(first, to_seconds(end), step_s, dtype=np.int64)


def _within_life(town: Town, meter: FieldMeter, seconds: Ints) -> Ints:
    tz = town.installation.time_zone(meter.id)
    if meter.valid_from:
        seconds = seconds[seconds >= to_seconds(local_midnight(meter.valid_from, tz))]
    if meter.valid_to:
        seconds = seconds[seconds < to_seconds(local_midnight(meter.valid_to, tz))]
    return seconds
