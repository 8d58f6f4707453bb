"""Checksums by month, beside the same worked out by hand from the description of their form."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np

from paes.periods import to_seconds
from paes.series import ReadingSeries
from paes.store.copying.checksums import (
    NOTHING,
    RunningChecksum,
    checksums_by_month,
    month_name,
    month_of,
    month_start_s,
)

DECEMBER, JANUARY = 659, 660
NEW_YEAR_S = to_seconds(datetime(2025, 1, 1, tzinfo=UTC))
ROWS = [(NEW_YEAR_S - 1, 0.001, 0), (NEW_YEAR_S, -12.345, 3), (NEW_YEAR_S + 5, 7.0, 6)]


def series(rows: list[tuple[int, float, int]]) -> ReadingSeries:
    seconds, values, codes = zip(*rows, strict=True)
    return ReadingSeries(np.array(seconds), np.array(values), np.array(codes, np.int8))


def by_hand(rows: list[tuple[int, int, int]]) -> bytes:
    return sha256(b"".join(struct.pack("<qqb", *row) for row in rows)).digest()


def test_a_point_is_summed_and_hashed_by_month():
    found = checksums_by_month([series(ROWS[:2]), series(ROWS[2:])])
    december, january = found[DECEMBER], found[JANUARY]
    assert (december.readings, december.total) == (1, 1)
    assert december.sha256 == by_hand([(NEW_YEAR_S - 1, 1, 0)])
    assert (january.readings, january.total) == (2, -12345 + 7000)
    assert january.sha256 == by_hand([(NEW_YEAR_S, -12345, 3), (NEW_YEAR_S + 5, 7000, 6)])
    assert january.short == january.sha256.hex()[:12]


def test_how_the_readings_come_in_chunks_changes_nothing():
    assert checksums_by_month([series(ROWS)]) == checksums_by_month(
        [series([row]) for row in ROWS] + [ReadingSeries.empty()]
    )


def test_a_month_is_hashed_over_its_points():
    one, other = checksums_by_month([series(ROWS[:1])])[DECEMBER], NOTHING
    running = RunningChecksum()
    running.add_point("a/è", one)
    running.add_point("b/empty", other)
    assert running.value.sha256 == sha256("a/è".encode() + b"\0" + one.sha256).digest()
    assert (running.value.readings, running.value.total) == (1, 1)


def test_sums_of_the_largest_values_are_exact():
    largest = 9.0e15
    found = checksums_by_month([series([(t, largest, 0) for t in range(0, 40, 10)])])
    assert found[0].total == 36 * 10**18  # beyond 2**63
    found = checksums_by_month([series([(t, -largest, 0) for t in range(0, 40, 10)])])
    assert found[0].total == -36 * 10**18


def test_months_before_1970_and_their_names():
    before = np.array([-1, 0])
    assert month_of(before).tolist() == [-1, 0]
    assert [month_name(m) for m in (-1, 0, JANUARY)] == ["1969-12", "1970-01", "2025-01"]
    assert month_start_s(JANUARY) == NEW_YEAR_S
    assert month_start_s(-1) == to_seconds(datetime(1969, 12, 1, tzinfo=UTC))
