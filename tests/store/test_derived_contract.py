"""Touches and derived rows: what every store keeps for ``paes.rollups``, never stale."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paes.metering import Reading
from paes.periods import By, now_utc
from paes.rollups import ALWAYS_S, NEVER_S, Rollups, Touches, seals
from paes.series import Gap
from paes.store import Store

StoreFactory = Callable[[], Store]

DAY_S = 86_400
FIRST_DAY_S = 1_740_787_200  # date -u -d 2025-03-01T00:00Z +%s
POINT = "scuola.main/energy_import"
OTHER = "molo.gas/volume"
RULES = 7

a_fresh_number = itertools.count()


def day_s(day: float) -> int:
    """Seconds of a day, and its fraction, counted from 1 March 2025."""
    return FIRST_DAY_S + round(day * DAY_S)


def put_at(store: Store, *days: float, point: str = POINT) -> None:
    """A reading at each of ``days``."""
    seconds = np.array([day_s(d) for d in days], np.int64)
    store.write_series(point, seconds, np.ones(len(seconds)))


def tokens(store: Store, point: str = POINT) -> dict[int, int]:
    """Tokens of touched days, by number."""
    found = store.touches([point], day_s(-1000), day_s(1000)).get(point, Touches.none())
    return {
        (int(s) - FIRST_DAY_S) // DAY_S: int(t)
        for s, t in zip(found.day_s, found.tokens, strict=True)
    }


# Touches


def test_readings_after_all_others_touch_nothing(store: Store) -> None:
    put_at(store, 0, 0.5, 1)
    put_at(store, 1.01, 2)
    store.write([Reading(POINT, datetime(2025, 3, 4, tzinfo=UTC), 1.0)])
    assert tokens(store) == {}


def test_a_batch_in_disorder_touches_nothing_if_all_of_it_is_new(store: Store) -> None:
    put_at(store, 0, 0.5)
    put_at(store, 3, 2, 1)
    assert tokens(store) == {}


def test_a_late_reading_touches_its_day_and_no_other(store: Store) -> None:
    put_at(store, *(d / 4 for d in range(40)))
    put_at(store, 5.1)
    assert set(tokens(store)) == {5}
    assert all(0 < token < 2**62 for token in tokens(store).values())


def test_a_late_reading_at_midnight_touches_the_day_that_begins(store: Store) -> None:
    put_at(store, 0, 3)
    put_at(store, 2)
    assert set(tokens(store)) == {2}


def test_what_is_sent_again_or_corrected_touches_its_day(store: Store) -> None:
    put_at(store, 0.25, 1.25, 2.25)
    put_at(store, 1.25)
    assert set(tokens(store)) == {1}
    put_at(store, 2.25)
    assert set(tokens(store)) == {1, 2}


def test_every_touch_renews_the_token(store: Store) -> None:
    put_at(store, 0, 9)
    seen = set()
    for _ in range(5):
        put_at(store, 4.5)
        seen.add(tokens(store)[4])
    assert len(seen) == 5


def test_only_the_late_part_of_a_batch_touches(store: Store) -> None:
    put_at(store, 0, 2.5)
    put_at(store, 1.5, 2.4, 2.6, 3.5, 4.5)
    assert set(tokens(store)) == {1, 2}


def test_a_late_history_touches_every_day_that_has_a_reading(store: Store) -> None:
    put_at(store, 20)
    put_at(store, *(d / 10 for d in range(100) if not 30 <= d < 50))
    assert set(tokens(store)) == {0, 1, 2, 5, 6, 7, 8, 9}


def test_a_batch_of_many_points_touches_each_by_its_own_readings(store: Store) -> None:
    points = [f"{n}.main/x" for n in range(60)]
    late = points[::7]
    put = datetime.fromtimestamp(day_s(3.5), UTC)
    store.write([Reading(p, put, 1.0) for p in late])
    early = put - timedelta(days=2)
    store.write([Reading(p, early, 1.0) for p in points])
    found = store.touches(points, day_s(0), day_s(9))
    assert {p: t.day_s.tolist() for p, t in found.items()} == {p: [day_s(1)] for p in late}


def test_touches_are_asked_by_the_start_of_their_day_half_open(store: Store) -> None:
    put_at(store, 9)
    put_at(store, 1.5, 2.5, 3.5, 4.5)
    found = store.touches([POINT, OTHER], day_s(2), day_s(4))
    assert {p: t.day_s.tolist() for p, t in found.items()} == {POINT: [day_s(2), day_s(3)]}
    assert store.touches([POINT], day_s(2) + 1, day_s(3)) == {}
    assert len(store.touches([POINT], ALWAYS_S, NEVER_S)[POINT].day_s) == 4


def test_touches_come_back_by_when_they_were_made(store: Store) -> None:
    before = now_utc() - timedelta(seconds=2)
    for point in (POINT, OTHER):
        put_at(store, 9, point=point)
    put_at(store, 1.5, 400.5, point=POINT)
    put_at(store, -3000.5, point=OTHER)
    found = store.touched_since(before)
    assert {p: t.day_s.tolist() for p, t in found.items()} == {
        OTHER: [day_s(-3001)],
        POINT: [day_s(1)],
    }
    assert list(found) == [OTHER, POINT]
    assert found[POINT].tokens.tolist() == [tokens(store)[1]]
    assert store.touched_since(now_utc() + timedelta(minutes=1)) == {}


_a_batch = st.lists(st.integers(0, 4 * 12), min_size=1, max_size=4)  # quarters of a day


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(batches=st.lists(_a_batch, min_size=2, max_size=6))
def test_the_seal_of_a_row_changes_with_every_reading_that_is_late_for_it(
    store: Store, batches: list[list[int]]
) -> None:
    """And with no other: rows of one, two and all days, after any writes in any order."""
    point = f"example-{next(a_fresh_number)}.main/x"
    needs = [(a, b) for a in range(12) for b in (a, a + 1)] + [(-1, 13)]
    needs_from = np.array([day_s(a) for a, _ in needs], np.int64)
    needs_to = np.array([day_s(b + 1) - 1 for _, b in needs], np.int64)
    kept: set[int] = set()
    for batch in batches:
        before, may_be_kept = seals(RULES, known(store, point), needs_from, needs_to)
        assert may_be_kept.all()
        put_at(store, *(q / 4 for q in batch), point=point)
        after, _ = seals(RULES, known(store, point), needs_from, needs_to)
        late_days = {q // 4 for q in batch if kept and q <= max(kept)}
        kept |= set(batch)
        for (a, b), old, new in zip(needs, before, after, strict=True):
            assert (old != new) == any(a <= day <= b for day in late_days)


def known(store: Store, point: str) -> Touches:
    return store.touches([point], day_s(-100), day_s(100)).get(point, Touches.none())


# Derived rows

AWKWARD = (0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, 1e16, 123456789.123456789, 0.0, -2.5)


def rows(starts: Sequence[float], factor: float = 1.0, shapes: bool = True) -> Rollups:
    """Rows with amounts that tell them apart."""
    numbers = np.array(starts, np.float64)
    start = np.array([day_s(d) for d in starts], np.int64)
    n = len(start)
    return Rollups(
        start_s=start,
        measured=(numbers + 0.1) * factor,
        catch_up=numbers / 3,
        covered_s=numbers * 100,
        needs_from_s=start - 900,
        needs_to_s=start + DAY_S + 900,
        seal=np.arange(n, dtype=np.int64) * 2**55 + 1,
        gaps=[()] * n,
        shapes=[bytes([i % 256, 0, 10, 34, 92]) for i in range(n)] if shapes else (),
    )


def assert_same(found: Rollups, expected: Rollups) -> None:
    for name in (
        "start_s", "measured", "catch_up", "covered_s", "needs_from_s", "needs_to_s", "seal",
        "gaps", "shapes",
    ):  # fmt: skip
        assert list(getattr(found, name)) == list(getattr(expected, name)), name


def test_days_come_back_to_the_last_bit(store: Store) -> None:
    n = len(AWKWARD)
    gaps = [Gap(day_s(0), day_s(2), 0.1, math.inf, 'not "known"\\'), Gap(-9, 9, 1.5, 1.5, "swap")]
    start = np.array([day_s(d) for d in range(n)], np.int64)
    saved = Rollups(
        start_s=start,
        measured=np.array(AWKWARD),
        catch_up=np.array(AWKWARD[::-1]),
        covered_s=np.array(AWKWARD) / 7,
        needs_from_s=np.array([ALWAYS_S, *start[1:]], np.int64),
        needs_to_s=np.array([*start[1:], NEVER_S], np.int64),
        seal=np.array([-(2**63), 2**63 - 1, 0, -1, *range(n - 4)], np.int64),
        gaps=[tuple(gaps), *[()] * (n - 1)],
        shapes=[bytes(range(256)), b"", *[b"x" * 200] * (n - 2)],
    )
    store.save_rollups({POINT: saved}, By.DAY)
    found = store.load_rollups([POINT], By.DAY, day_s(0), day_s(n), shapes=True)
    assert list(found) == [POINT]
    assert_same(found[POINT], saved)
    assert found[POINT].gaps[0] == tuple(gaps)


def test_shapes_come_only_if_they_are_asked_for(store: Store) -> None:
    store.save_rollups({POINT: rows([0, 1])}, By.DAY)
    found = store.load_rollups([POINT], By.DAY, day_s(0), day_s(2))[POINT]
    assert list(found.shapes) == []
    assert len(found) == 2


def test_days_and_months_of_one_start_are_kept_apart(store: Store) -> None:
    store.save_rollups({POINT: rows([0, 1])}, By.DAY)
    store.save_rollups({POINT: rows([0, 31], factor=10, shapes=False)}, By.MONTH)
    months = store.load_rollups([POINT], By.MONTH, day_s(0), day_s(400))[POINT]
    assert_same(months, rows([0, 31], factor=10, shapes=False))
    days = store.load_rollups([POINT], By.DAY, day_s(0), day_s(400))[POINT]
    assert days.measured.tolist() == rows([0, 1]).measured.tolist()


def test_rows_are_loaded_half_open_by_their_start(store: Store) -> None:
    store.save_rollups({POINT: rows(range(6))}, By.DAY)
    found = store.load_rollups([POINT], By.DAY, day_s(1), day_s(3))[POINT]
    assert found.start_s.tolist() == [day_s(1), day_s(2)]
    assert store.load_rollups([POINT], By.DAY, day_s(6), day_s(9)) == {}


def test_a_row_saved_again_replaces_that_of_the_same_start(store: Store) -> None:
    store.save_rollups({POINT: rows(range(4))}, By.DAY)
    store.save_rollups({POINT: rows([1, 2], factor=5)}, By.DAY)
    found = store.load_rollups([POINT], By.DAY, day_s(0), day_s(9))[POINT]
    assert found.measured.tolist() == [0.1, 1.1 * 5, 2.1 * 5, 3.1]


def test_no_rows_are_saved_without_an_error(store: Store) -> None:
    store.save_rollups({POINT: Rollups.none()}, By.DAY)
    assert store.load_rollups([POINT], By.DAY, day_s(-9), day_s(9)) == {}


@pytest.mark.parametrize("count", [3, 70])
def test_rows_of_many_points_come_together_and_of_those_asked_for(store: Store, count: int) -> None:
    """Once named one by one, once more than that."""
    points = [f"{n}.main/{q}" for n in range(count) for q in ("x", "y")]
    for n, point in enumerate(points):
        store.save_rollups({point: rows([n, n + 31], factor=n, shapes=False)}, By.MONTH)
    asked = [*points[: count + 1 : 2], "nobody.main/x"]
    found = store.load_rollups(asked, By.MONTH, day_s(-9), day_s(999))
    assert set(found) == set(asked[:-1])
    for point, got in found.items():
        n = points.index(point)
        assert_same(got, rows([n, n + 31], factor=n, shapes=False))


def test_more_rows_than_fit_into_one_answer_come_whole(store: Store) -> None:
    many = rows((np.arange(10_500) / 1440).tolist(), shapes=False)
    store.save_rollups({POINT: many}, By.DAY)
    found = store.load_rollups([POINT], By.DAY, day_s(-1), day_s(9))[POINT]
    assert found.start_s.tolist() == many.start_s.tolist()
    assert found.measured.tolist() == many.measured.tolist()


def test_what_one_handle_saves_another_loads(store_factory: StoreFactory) -> None:
    accounting, page = store_factory(), store_factory()
    accounting.save_rollups({POINT: rows([0, 1])}, By.DAY)
    found = page.load_rollups([POINT], By.DAY, day_s(0), day_s(9), shapes=True)[POINT]
    assert_same(found, rows([0, 1]))
