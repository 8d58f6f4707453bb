"""Months, years and winters of days in a row."""

from __future__ import annotations

from datetime import date

import numpy as np

from paes.faults.load_curve import Ints


def months(first: date, count: int) -> Ints:
    """The month (1 to 12) of ``count`` days from ``first`` on."""
    return np.asarray(_days(first, count).astype("datetime64[M]").astype(np.int64) % 12 + 1)


def years(first: date, count: int) -> Ints:
    """The year of each."""
    return np.asarray(_days(first, count).astype("datetime64[Y]").astype(np.int64) + 1970)


def winters(first: date, count: int) -> Ints:
    """The year in which the winter of each began: winters run from July to June."""
    return np.asarray(years(first, count) - (months(first, count) < 7))


def _days(first: date, count: int) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.datetime64(first, "D") + np.arange(count)
