"""What comes out of a store in rows, as the columns that the core works on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from paes.rollups import Rollups, gaps_of
from paes.series import Summary
from paes.store.thousandths import SCALE


def summary_of(rows: Sequence[Sequence[Any]]) -> Summary:
    """Rows of start, count, mean, lowest and highest value (thousandths), by start."""
    start, count, mean, low, high = zip(*rows, strict=True)
    return Summary(
        np.array(start, np.int64),
        np.array(count, np.int64),
        np.array(mean, np.float64) / SCALE,
        np.array(low, np.float64) / SCALE,
        np.array(high, np.float64) / SCALE,
    )


def rollups_of(
    rows: Sequence[Sequence[Any]], gaps: Iterable[str], shapes: Sequence[bytes]
) -> Rollups:
    """Rows that begin with start, amounts, needs and seal, and their gaps as they are kept."""
    start, measured, catch_up, covered, needs_from, needs_to, seal, *_ = zip(*rows, strict=True)
    return Rollups(
        np.array(start, np.int64),
        np.array(measured, np.float64),
        np.array(catch_up, np.float64),
        np.array(covered, np.float64),
        np.array(needs_from, np.int64),
        np.array(needs_to, np.int64),
        np.array(seal, np.int64),
        [gaps_of(text) for text in gaps],
        shapes,
    )
