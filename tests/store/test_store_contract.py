"""The contract of ``paes.store``, clause by clause, run against every kind of store."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from paes.errors import StoreError, StoreRefused
from paes.events import SWAPPED, Cause, Event, absence
from paes.metering import Quality, Reading
from paes.series import CODE_OF, DayBook, Gap, ReadingSeries
from paes.store import Store

StoreFactory = Callable[[], Store]

NOON = datetime(2025, 3, 29, 12, tzinfo=UTC)
NOON_S = 1_743_249_600  # date -u -d 2025-03-29T12:00Z +%s
DAY_S = 86_400
FIRST_DAY_S = 1_740_787_200  # 2025-03-01T00:00Z
POINT = "scuola.main/energy_import"
OTHER = "molo.gas/volume"
LARGEST = 9.2e15

a_fresh_number = itertools.count()
with_one_store = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


def reading(second: float, value: float, quality: Quality = Quality.GOOD) -> Reading:
    return Reading(POINT, at(second), value, quality)


def pairs(series: ReadingSeries) -> list[tuple[int, float]]:
    """Seconds after noon, and the value."""
    return [(int(s) - NOON_S, float(v)) for s, v in zip(series.seconds, series.values, strict=True)]


def put_series(store: Store, seconds: Sequence[int], values: Sequence[float]) -> None:
    store.write_series(POINT, np.array(seconds, np.int64), np.array(values, np.float64))


# Events beside readings

WAS_SILENT = absence("scuola.main", Cause.NO_REPLY, NOON, NOON + timedelta(hours=1), "no answer")


def test_an_event_comes_back_as_it_was_written(store: Store) -> None:
    swap = Event("molo.gas", SWAPPED, NOON, None, "another device", {"new_serial": "é 2", "n": 1.5})
    store.write_events([WAS_SILENT, swap])
    assert store.events() == [swap, WAS_SILENT]
    assert (WAS_SILENT.cause, swap.cause) == (Cause.NO_REPLY, None)


def test_an_event_told_again_replaces_itself(store: Store) -> None:
    longer = replace(WAS_SILENT, end=NOON + timedelta(hours=2), message="still none")
    store.write_events([WAS_SILENT])
    store.write_events([longer, longer])
    assert store.events() == [longer]


def test_events_are_asked_by_time_subject_and_name(store: Store) -> None:
    other = absence("molo.gas", Cause.GATEWAY_DOWN, at(7200), at(7300))
    instant = Event("gw", "clock.stepped", at(3600))
    store.write_events([WAS_SILENT, other, instant])
    assert store.events(at(3599)) == [WAS_SILENT, instant, other]
    assert store.events(at(3600)) == [instant, other]
    assert store.events(end=at(0)) == []
    assert store.events(at(1800), at(3600)) == [WAS_SILENT]
    assert store.events(subjects=["molo.gas", "gw"]) == [instant, other]
    assert store.events(name="absence.") == [WAS_SILENT, other]


# Acknowledged is kept


def test_what_was_written_is_seen_through_another_handle(store_factory: StoreFactory) -> None:
    writer, reader = store_factory(), store_factory()
    assert pairs(reader.read(POINT)) == []
    writer.write([reading(0, 1.0)])
    assert pairs(reader.read(POINT)) == [(0, 1.0)]


def test_what_was_written_is_there_after_closing_and_opening(store_factory: StoreFactory) -> None:
    first = store_factory()
    first.write([reading(0, 1.0)])
    first.set_label("simulated", "true")
    first.close()
    second = store_factory()
    assert pairs(second.read(POINT)) == [(0, 1.0)]
    assert second.points() == [POINT]
    assert second.labels() == {"simulated": "true"}


def test_a_refused_batch_leaves_nothing_behind(store: Store) -> None:
    batch = [reading(0, 1.0), Reading(OTHER, at(0), 2.0), reading(60, 2 * LARGEST)]
    with pytest.raises(StoreError):
        store.write(batch)
    assert store.points() == []
    assert len(store.read(POINT)) == len(store.read(OTHER)) == 0


# Idempotent


def test_writing_a_batch_twice_changes_nothing(store: Store) -> None:
    batch = [reading(s, s / 10, Quality.SUSPECT) for s in range(0, 300, 60)]
    store.write(batch)
    before = pairs(store.read(POINT))
    store.write(batch)
    assert pairs(store.read(POINT)) == before
    assert len(before) == 5


def test_a_later_write_replaces_value_and_quality_of_the_same_second(store: Store) -> None:
    store.write([reading(0, 1.0, Quality.GOOD)])
    store.write([reading(0.4, 2.0, Quality.SUBSTITUTED)])
    assert store.latest([POINT])[POINT] == reading(0, 2.0, Quality.SUBSTITUTED)
    assert len(store.read(POINT)) == 1


def test_the_last_of_two_readings_of_one_second_in_a_batch_stands(store: Store) -> None:
    store.write([reading(0, 1.0), reading(0, 2.0)])
    assert pairs(store.read(POINT)) == [(0, 2.0)]


def test_readings_come_back_in_order_of_time_whatever_the_order_of_writes(store: Store) -> None:
    store.write([reading(120, 3.0)])
    store.write([reading(0, 1.0), reading(180, 4.0)])
    put_series(store, [NOON_S + 60], [2.0])
    assert pairs(store.read(POINT)) == [(0, 1.0), (60, 2.0), (120, 3.0), (180, 4.0)]


_a_batch = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(0, 30),
        st.integers(-10_000_000, 10_000_000),
        st.sampled_from(list(Quality)),
    ),
    max_size=12,
)


@with_one_store
@given(batches=st.lists(_a_batch, max_size=6))
def test_any_batches_in_any_order_end_as_a_dictionary_would(
    store: Store, batches: list[list[tuple[str, int, int, Quality]]]
) -> None:
    town = f"example-{next(a_fresh_number)}"
    model: dict[str, dict[int, tuple[float, Quality]]] = {"a": {}, "b": {}}
    for batch in batches:
        store.write(
            [Reading(f"{town}.{p}/x", at(s), v / 1000, quality) for p, s, v, quality in batch]
        )
        for p, s, v, quality in batch:
            model[p][s] = (v / 1000, quality)
    for p, expected in model.items():
        point = f"{town}.{p}/x"
        series = store.read(point)
        assert pairs(series) == [(s, expected[s][0]) for s in sorted(expected)]
        assert series.codes.tolist() == [CODE_OF[expected[s][1]] for s in sorted(expected)]
        last = max(expected, default=None)
        assert store.latest([point]) == (
            {} if last is None else {point: Reading(point, at(last), *expected[last])}
        )


# Half-open


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 120, [0, 60]),
        (0, 120.001, [0, 60, 120]),
        (0.5, 120, [60]),
        (60, 61, [60]),
        (60, 60, []),
        (120, 60, []),
        (None, 60, [0]),
        (120, None, [120, 180]),
        (None, None, [0, 60, 120, 180]),
        (-3600, 0, []),
        (181, 3600, []),
    ],
)
def test_read_takes_its_start_and_leaves_its_end(
    store: Store, start: float | None, end: float | None, expected: list[int]
) -> None:
    store.write([reading(s, 1.0) for s in (0, 60, 120, 180)])
    found = store.read(
        POINT, None if start is None else at(start), None if end is None else at(end)
    )
    assert [s for s, _ in pairs(found)] == expected


# Thousandths and whole seconds


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (0.0, 0.0),
        (98765.43, 98765.43),
        (1 / 3, 0.333),
        (2 / 3, 0.667),
        (-2 / 3, -0.667),
        (0.0004, 0.0),
        (0.0006, 0.001),
        (1e12 + 0.25, 1e12 + 0.25),
        (LARGEST, LARGEST),
        (-LARGEST, -LARGEST),
    ],
)
def test_values_are_kept_as_whole_thousandths(store: Store, written: float, kept: float) -> None:
    store.write([reading(0, written)])
    put_series(store, [NOON_S + 60], [written])
    assert pairs(store.read(POINT)) == [(0, kept), (60, kept)]


@with_one_store
@given(value=st.floats(-1e9, 1e9))
def test_what_is_read_is_within_half_a_thousandth_of_what_was_written(
    store: Store, value: float
) -> None:
    store.write([reading(0, value)])
    kept = float(store.read(POINT).values[0])
    assert abs(kept - value) <= 0.0005 + 1e-6
    assert kept == round(kept, 3)


@pytest.mark.parametrize("value", [math.nextafter(LARGEST, math.inf), -1e16, 1e300])
def test_a_value_too_large_is_refused_and_never_clipped(store: Store, value: float) -> None:
    with pytest.raises(StoreRefused, match=POINT):
        store.write([reading(0, value)])
    with pytest.raises(StoreError, match=POINT):
        put_series(store, [NOON_S, NOON_S + 60], [1.0, value])
    assert store.points() == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_refused(store: Store, value: float) -> None:
    with pytest.raises(StoreError, match=POINT):
        put_series(store, [NOON_S, NOON_S + 60], [1.0, value])
    assert store.points() == []


def test_times_are_kept_as_whole_seconds(store: Store) -> None:
    store.write([reading(10.999, 1.0)])
    assert pairs(store.read(POINT)) == [(10, 1.0)]


# Value and quality together


@pytest.mark.parametrize("quality", list(Quality))
def test_every_quality_comes_back_with_its_value(store: Store, quality: Quality) -> None:
    store.write([reading(0, 5.0, quality)])
    seconds, values = np.array([NOON_S + 60], np.int64), np.array([6.0])
    store.write_series(POINT, seconds, values, quality)
    assert store.read(POINT).codes.tolist() == [CODE_OF[quality]] * 2
    assert store.latest([POINT]) == {POINT: reading(60, 6.0, quality)}


# latest, points, labels


def test_latest_is_by_time_and_not_by_order_of_writing(store: Store) -> None:
    store.write([reading(60, 2.0)])
    store.write([reading(0, 1.0)])
    store.write([Reading(OTHER, at(5), 7.0)])
    found = store.latest([POINT, OTHER, "nobody.main/x"])
    assert found == {POINT: reading(60, 2.0), OTHER: Reading(OTHER, at(5), 7.0)}


def test_points_are_listed_in_order_of_name(store: Store) -> None:
    store.write([Reading(p, at(0), 1.0) for p in ("b.m/x", "a.m/y", "a.m/x")])
    assert store.points() == ["a.m/x", "a.m/y", "b.m/x"]


def test_writing_nothing_makes_no_point(store: Store) -> None:
    store.write([])
    put_series(store, [], [])
    assert store.points() == []
    assert store.revision(POINT) == 0


def test_a_point_never_written_has_nothing_and_is_no_error(store: Store) -> None:
    assert len(store.read(POINT)) == 0
    assert len(store.around(POINT, 0, NOON_S, 5)) == 0
    assert store.latest([POINT]) == {}
    assert store.revision(POINT) == 0
    assert len(store.load_days(POINT, "rules", 0, NOON_S).day_s) == 0


def test_names_with_quotes_and_spaces_are_only_names(store: Store) -> None:
    odd = "a'b\"c, d=e\\.main/x y"
    store.write([Reading(odd, at(0), 1.0)])
    store.set_label("it's", 'a "label", l\'étichetta')
    assert store.points() == [odd]
    assert store.latest([odd])[odd].value == 1.0
    assert store.labels() == {"it's": 'a "label", l\'étichetta'}


def test_a_label_stays_until_it_is_set_again(store_factory: StoreFactory) -> None:
    first, second = store_factory(), store_factory()
    assert first.labels() == {}
    first.set_label("simulated", "false")
    first.set_label("town", "porto")
    second.set_label("simulated", "true")
    assert first.labels() == {"simulated": "true", "town": "porto"}


# around


@pytest.mark.parametrize(
    ("start", "end", "margin", "expected"),
    [
        (120, 180, 0, [120]),
        (120, 180, 1, [60, 120, 180]),
        (120, 180, 2, [0, 60, 120, 180, 240]),
        (120, 180, 99, [0, 60, 120, 180, 240, 300]),
        (130, 140, 1, [120, 180]),
        (1000, 2000, 2, [240, 300]),
        (-2000, -1000, 2, [0, 60]),
    ],
)
def test_around_adds_so_many_readings_on_either_side(
    store: Store, start: int, end: int, margin: int, expected: list[int]
) -> None:
    store.write([reading(s, float(s)) for s in range(0, 301, 60)])
    found = store.around(POINT, NOON_S + start, NOON_S + end, margin)
    assert pairs(found) == [(s, float(s)) for s in expected]


# Derived days are dropped, never stale


def book_of(days: Sequence[int], gaps: Sequence[Gap] = ()) -> DayBook:
    """Days by number from 1 March 2025 (UTC), with amounts that tell them apart."""
    numbers = np.array(days, np.float64)
    return DayBook(
        day_s=np.array([day_s(d) for d in days], np.int64),
        measured=numbers + 0.125,
        catch_up=numbers / 4,
        covered_s=numbers * 100,
        gaps=tuple(gaps),
    )


def day_s(day: float) -> int:
    return FIRST_DAY_S + round(day * DAY_S)


def gap(start: float, end: float, low: float = 1.0, high: float = 1.0) -> Gap:
    return Gap(day_s(start), day_s(end), low, high, "no_reading")


def put_at(store: Store, *days: float, point: str = POINT) -> None:
    """A reading at each of ``days`` (with their fractions)."""
    seconds = np.array([day_s(d) for d in days], np.int64)
    store.write_series(point, seconds, np.ones(len(seconds)))


def put_hourly(store: Store, first: int, last: int) -> None:
    put_at(store, *(first + h / 24 for h in range((last - first) * 24 + 1)))


def save(store: Store, book: DayBook, rules: str = "rules", point: str = POINT) -> None:
    store.save_days(point, rules, book, store.revision(point))


def kept_days(store: Store, rules: str = "rules", point: str = POINT) -> list[int]:
    book = store.load_days(point, rules, day_s(-100), day_s(100))
    return [(int(s) - FIRST_DAY_S) // DAY_S for s in book.day_s]


def kept_gaps(store: Store, rules: str = "rules") -> tuple[Gap, ...]:
    return store.load_days(POINT, rules, day_s(-100), day_s(100)).gaps


def test_saved_days_come_back_as_they_were(store: Store) -> None:
    put_hourly(store, 0, 4)
    gaps = (gap(0.5, 1.5), gap(2.25, 3.75, 0.0, 9.5), gap(3.9, 4.1, 2.0, math.inf))
    book = book_of([0, 1, 2, 3], gaps)
    save(store, book)
    found = store.load_days(POINT, "rules", day_s(0), day_s(4))
    for name in ("day_s", "measured", "catch_up", "covered_s"):
        assert getattr(found, name).tolist() == getattr(book, name).tolist()
    assert found.gaps == gaps


def test_days_are_loaded_half_open_with_the_gaps_that_reach_into_them(store: Store) -> None:
    put_hourly(store, 0, 6)
    crossing, before, after = gap(0.5, 2.5), gap(0.1, 1.0), gap(3.0, 3.5)
    save(store, book_of([0, 1, 2, 3], (crossing, before, after)))
    found = store.load_days(POINT, "rules", day_s(1), day_s(3))
    assert found.day_s.tolist() == [day_s(1), day_s(2)]
    assert found.gaps == (crossing,)


def test_days_made_by_other_rules_are_not_given(store: Store) -> None:
    put_hourly(store, 0, 2)
    save(store, book_of([0, 1], (gap(0.5, 1.5),)), "old rules")
    assert kept_days(store, "new rules") == []
    assert kept_gaps(store, "new rules") == ()


def test_saving_a_day_again_replaces_it(store: Store) -> None:
    put_hourly(store, 0, 2)
    save(store, book_of([0, 1]))
    again = book_of([1])
    save(store, DayBook(again.day_s, again.measured + 5, again.catch_up, again.covered_s))
    found = store.load_days(POINT, "rules", day_s(0), day_s(9))
    assert found.measured.tolist() == [0.125, 6.125]


def test_a_day_of_other_rules_never_loses_its_gap(store: Store) -> None:
    put_at(store, 0, 1.5, 4.5, 6)
    save(store, book_of([1, 2, 3, 4], (gap(1.5, 4.5),)), "rules")
    save(store, book_of([4], (gap(1.5, 4.5),)), "other rules")
    assert kept_days(store) == [] or kept_gaps(store) == (gap(1.5, 4.5),)


def test_the_revision_changes_with_every_write_of_the_point_alone(store: Store) -> None:
    seen = [store.revision(POINT)]
    for write in (
        lambda: store.write([reading(0, 1.0)]),
        lambda: store.write([reading(0, 1.0)]),
        lambda: put_at(store, 1),
    ):
        write()
        seen.append(store.revision(POINT))
    assert len(set(seen)) == 4
    store.write([Reading(OTHER, at(0), 1.0)])
    store.set_label("a", "b")
    save(store, book_of([0]))
    assert store.revision(POINT) == seen[-1]


def test_days_made_from_readings_that_changed_meanwhile_are_not_kept(
    store_factory: StoreFactory,
) -> None:
    accounting, collector = store_factory(), store_factory()
    put_hourly(accounting, 0, 2)
    revision = accounting.revision(POINT)
    put_at(collector, 0.51)
    accounting.save_days(POINT, "rules", book_of([0, 1], (gap(0.5, 1.5),)), revision)
    assert kept_days(accounting) == []
    assert kept_gaps(accounting) == ()


def test_a_write_drops_the_day_it_falls_into_and_leaves_days_elsewhere(store: Store) -> None:
    put_hourly(store, 0, 10)
    save(store, book_of(range(10)))
    put_at(store, 5.52)
    kept = kept_days(store)
    assert 5 not in kept
    assert {0, 1, 2, 3, 7, 8, 9} <= set(kept)


def test_a_write_at_midnight_drops_the_days_on_both_sides(store: Store) -> None:
    put_hourly(store, 0, 10)
    save(store, book_of(range(10)))
    put_at(store, 5)
    assert {4, 5}.isdisjoint(kept_days(store))
    assert {0, 1, 2, 8, 9} <= set(kept_days(store))


def test_a_write_of_a_long_series_drops_every_day_it_spans(store: Store) -> None:
    put_hourly(store, 0, 10)
    save(store, book_of(range(10)))
    put_at(store, 3.51, 6.51)
    assert set(kept_days(store)) <= {0, 1, 2, 7, 8, 9}
    assert {0, 1, 8, 9} <= set(kept_days(store))


def test_a_late_reading_drops_the_gap_and_all_days_it_crosses(store: Store) -> None:
    put_hourly(store, 0, 3)
    put_hourly(store, 7, 10)
    elsewhere = gap(8.99, 9.01)
    save(store, book_of(range(10), (gap(3, 7, 40.0, 40.0), elsewhere)))
    put_at(store, 5.5)
    assert {3, 4, 5, 6}.isdisjoint(kept_days(store))
    assert {0, 1, 8, 9} <= set(kept_days(store))
    assert kept_gaps(store) == (elsewhere,)


def test_a_corrected_reading_at_the_edge_of_a_gap_drops_the_gap_and_its_days(store: Store) -> None:
    put_hourly(store, 0, 3)
    put_hourly(store, 7, 10)
    save(store, book_of(range(10), (gap(3, 7, 40.0, 40.0),)))
    put_at(store, 7)
    assert {3, 4, 5, 6, 7}.isdisjoint(kept_days(store))
    assert kept_gaps(store) == ()


def test_a_write_leaves_the_days_of_other_points(store: Store) -> None:
    put_hourly(store, 0, 3)
    put_at(store, 0.5, point=OTHER)
    save(store, book_of([0, 1, 2]))
    put_at(store, 1.5, point=OTHER)
    assert kept_days(store) == [0, 1, 2]


_EXAMPLE_SLOTS = 4 * 12  # quarters of a day


@with_one_store
@example(slots={*range(9), 10, 13}, late=0)
@given(
    slots=st.sets(st.integers(0, _EXAMPLE_SLOTS), min_size=2, max_size=20),
    late=st.integers(0, _EXAMPLE_SLOTS),
)
def test_a_day_that_is_kept_has_kept_its_gaps(store: Store, slots: set[int], late: int) -> None:
    """However readings, gaps and the late reading lie: half of a gap would be lost energy."""
    point = f"example-{next(a_fresh_number)}.main/x"
    times = [s / 4 for s in sorted(slots)]
    gaps = [gap(a, b) for a, b in itertools.pairwise(times) if b - a > 0.25]
    put_at(store, *times, point=point)
    days = range(int(times[0]), math.ceil(times[-1]))
    save(store, book_of(days, gaps), point=point)
    put_at(store, late / 4, point=point)

    for day in kept_days(store, point=point):
        inside = store.load_days(point, "rules", day_s(day), day_s(day + 1)).gaps
        assert list(inside) == [
            g for g in gaps if g.start_s < day_s(day + 1) and g.end_s > day_s(day)
        ]
    assert int(late / 4) not in kept_days(store, point=point)
