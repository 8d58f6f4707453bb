"""Hourly curves of one meter by hand: what the tests of the data and water rules judge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

from paes.faults.load_curve import LoadCurve
from paes.faults.rule import Parameters
from paes.faults.rule_table import rule
from paes.shipped_files import shipped_config

ROME = "Europe/Rome"
FIRST = date(2025, 1, 1)
START_S = int(datetime(2024, 12, 31, 23, tzinfo=UTC).timestamp())
"""Midnight of 1 January 2025 in Italy."""


def curve(amounts) -> LoadCurve:
    """Hours from midnight of 1 January 2025 in Italy on."""
    return LoadCurve(START_S, 3600, np.asarray(amounts, dtype=np.float64), ROME)


def hours(days: int) -> np.ndarray:
    """Nothing, in every hour of so many days of winter."""
    return np.zeros(24 * days)


def at(day: int, hour: int = 0) -> datetime:
    """Local hour ``hour`` of day number ``day`` from 1 January 2025; in winter only."""
    return datetime.fromtimestamp(START_S, UTC) + timedelta(days=day, hours=hour)


def shipped(rule_id: str) -> Parameters:
    """The rule's parameters as they are shipped."""
    found = rule(rule_id)
    assert found is not None, rule_id
    return found.file(shipped_config()).parameters
