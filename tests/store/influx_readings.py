"""Readings that tests of the InfluxDB store write, and how they open one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from paes.metering import Reading
from paes.store.influx.store import InfluxStore

POINT = "scuola.main/energy_import"
OTHER = "molo.gas/volume"
NOON = datetime(2025, 3, 29, 12, tzinfo=UTC)
NOON_S = 1_743_249_600  # date -u -d 2025-03-29T12:00Z +%s
DAY_S = 86_400

StoreIn = Callable[..., InfluxStore]


def reading(second: float, value: float = 1.0, point: str = POINT) -> Reading:
    """A reading of ``point``, ``second`` after noon."""
    return Reading(point, NOON + timedelta(seconds=second), value)
