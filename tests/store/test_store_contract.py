"""The contract of ``paes.store``, clause by clause, run against every kind of store."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paes.errors import StoreError, StoreRefused
from paes.events import SWAPPED, Cause, Event, absence
from paes.metering import Quality, Reading
from paes.periods import By
from paes.series import CODE_OF, GOOD_CODES, QUALITIES, ReadingSeries
from paes.store import CHUNK, Store

StoreFactory = Callable[[], Store]

NOON = datetime(2025, 3, 29, 12, tzinfo=UTC)
NOON_S = 1_743_249_600  # date -u -d 2025-03-29T12:00Z +%s
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
    assert store.events(at(3600), subjects=["scuola.main"], name="absence.") == []
    assert store.events(name=("clock.", "absence.g")) == [instant, other]
    assert store.events(subjects=["molo.gas"], name=("clock.", "absence.g")) == [other]
    assert store.events(name=("clock.", "")) == [WAS_SILENT, instant, other]
    assert store.events(name=()) == []
    assert store.events(subjects=[]) == []
    assert store.events(at(1), at(2), ["scuola.main", "gw"], "abs") == [WAS_SILENT]


def test_long_events_are_found_by_the_time_they_last_until(store: Store) -> None:
    """Told longer and shorter again; a planned outage ends in the future when it is told."""
    day = 86_400
    told = absence("scuola.main", Cause.PLANNED, at(0), at(40 * day))
    week = absence("molo.gas", Cause.PLANNED, at(0), at(7 * day))
    store.write_events([week, absence("scuola.main", Cause.PLANNED, at(0), at(day)), told])
    assert store.events(at(6 * day)) == [week, told]
    assert store.events(at(30 * day)) == [told]
    assert store.events(at(40 * day - 1), at(50 * day), ["scuola.main"], "absence.") == [told]
    assert store.events(at(40 * day)) == []
    assert store.events(at(30 * day), at(31 * day), name="meter.") == []
    longer = replace(told, end=at(90 * day))
    store.write_events([longer])
    assert store.events(at(60 * day)) == [longer]
    shorter = replace(told, end=at(3 * day), message="over")
    store.write_events([shorter])
    assert store.events(at(2 * day)) == [week, shorter]
    assert store.events(at(30 * day)) == []
    assert store.events() == [week, shorter]


def test_events_of_more_subjects_than_are_named_one_by_one(store: Store) -> None:
    told = [absence(f"{n}.main", Cause.NO_REPLY, at(n), at(n + 10)) for n in range(80)]
    store.write_events(told)
    asked = [f"{n}.main" for n in range(0, 80, 2)]
    assert store.events(subjects=asked) == told[::2]
    assert store.events(at(30), at(31), asked) == told[22:31:2]


def test_an_event_that_has_no_length_is_none_of_length_zero(store: Store) -> None:
    told = [Event("a", "x", at(0), at(0)), Event("b", "x", at(0))]
    store.write_events(told)
    assert store.events() == told
    assert store.events(at(0.5)) == []


# Batches: readings and events together

IMPORTED = Event("file", "import.trial", NOON, facts={"new": 3.0})


def series_of(*values: float, quality: Quality = Quality.GOOD) -> ReadingSeries:
    """Readings every 900 s from noon on."""
    seconds = NOON_S + 900 * np.arange(len(values), dtype=np.int64)
    return ReadingSeries(seconds, np.array(values), np.full(len(values), CODE_OF[quality], np.int8))


def test_a_batch_is_readings_of_several_points_and_events(store: Store) -> None:
    store.write_batch({POINT: series_of(1.0, 2.0), OTHER: series_of(7.0)}, [WAS_SILENT, IMPORTED])
    assert pairs(store.read(POINT)) == [(0, 1.0), (900, 2.0)]
    assert pairs(store.read(OTHER)) == [(0, 7.0)]
    assert store.events() == [IMPORTED, WAS_SILENT]
    assert store.points() == [OTHER, POINT]


def test_a_batch_replaces_what_was_there_and_changes_nothing_the_second_time(store: Store) -> None:
    store.write([reading(0, 99.0), reading(1800, 5.0)])
    for _ in range(2):
        suspect = series_of(1.0, 2.0, quality=Quality.SUSPECT)
        store.write_batch({POINT: suspect}, [IMPORTED])
        found = store.read(POINT)
        assert pairs(found) == [(0, 1.0), (900, 2.0), (1800, 5.0)]
        assert [QUALITIES[c] for c in found.codes] == [Quality.SUSPECT] * 2 + [Quality.GOOD]
        assert store.events() == [IMPORTED]


def test_a_batch_renews_the_token_of_a_day_that_was_there(store: Store) -> None:
    store.write([reading(0, 1.0)])
    day_s = NOON_S - NOON_S % 86400
    store.write_batch({POINT: series_of(2.0)}, [])
    touched = store.touches([POINT], day_s, day_s + 86400)
    assert touched[POINT].day_s.tolist() == [day_s]


@pytest.mark.parametrize("bad", [math.nan, math.inf, 2 * LARGEST])
def test_a_batch_with_one_unfit_value_leaves_nothing(store: Store, bad: float) -> None:
    with pytest.raises(StoreRefused, match=r"molo\.gas/volume"):
        store.write_batch({POINT: series_of(1.0), OTHER: series_of(2.0, bad)}, [IMPORTED])
    assert (store.points(), store.events()) == ([], [])


def test_an_empty_batch_and_empty_series_make_nothing(store: Store) -> None:
    store.write_batch({}, [])
    store.write_batch({POINT: ReadingSeries.empty()}, [IMPORTED])
    assert (store.points(), store.events()) == ([], [IMPORTED])


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


def test_a_point_never_written_has_nothing_and_is_no_error(store: Store) -> None:
    assert len(store.read(POINT)) == 0
    assert list(store.chunks(POINT)) == []
    assert [len(s) for s in store.around([POINT], 0, NOON_S, 5).values()] == [0]
    assert store.latest([POINT]) == {}
    assert store.summary([POINT], 0, NOON_S, 900) == {}
    assert store.touches([POINT], 0, NOON_S) == {}
    assert store.load_rollups([POINT], By.DAY, 0, NOON_S) == {}


def test_names_with_quotes_and_spaces_are_only_names(store: Store) -> None:
    odd = "a'b\"c, d=e\\.main/x y"
    store.write([Reading(odd, at(0), 1.0)])
    store.set_label("it's", 'a "label", l\'étichetta')
    assert store.points() == [odd]
    assert store.latest([odd])[odd].value == 1.0
    assert store.labels() == {"it's": 'a "label", l\'étichetta'}


ODD_TEXTS = (
    "a b", " a ", "a,b=c", "a\\", "\\", "a\\,b", "a\\ b", "a\\\\b", '"', "'", "a\"b", "$x",
    "a\nb", "a\r\nb\t", "%5C", "%", "%2", "%25%", "5%\n", "è ü", "é", "電力", "x.y", "^a|b$",
    "(.*)", "a/b", "/", "#a", "\x01", "\x7f", "\u2028", "-1i", "a\\nb", "😀", "A", "a",
)  # fmt: skip


def test_every_text_is_a_name_and_only_itself(store: Store) -> None:
    """Together and alone; some of them mean something to a language of queries."""
    points = [f"{text}/{name}" for text in ODD_TEXTS for name in ("x", text.replace("/", "|"))]
    events = [
        Event(text, text, at(n), None, text, {text: text}) for n, text in enumerate(ODD_TEXTS)
    ]
    store.write([Reading(p, at(n), float(n)) for n, p in enumerate(points)])
    store.write_events(events)
    for text in ODD_TEXTS:
        store.set_label(text, text)
    assert store.points() == sorted(points)
    assert {p: r.value for p, r in store.latest(points).items()} == {
        p: float(n) for n, p in enumerate(points)
    }
    for n, point in enumerate(points):
        assert store.latest([point]) == {point: Reading(point, at(n), float(n))}
    assert store.labels() == {text: text for text in ODD_TEXTS}
    assert store.events() == events
    for event in events:
        assert store.events(subjects=[event.subject]) == [event]
        assert event in store.events(name=event.name)
        assert all(e.name.startswith(event.name) for e in store.events(name=event.name))


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
    found = store.around([POINT], NOON_S + start, NOON_S + end, margin)
    assert pairs(found[POINT]) == [(s, float(s)) for s in expected]


def test_around_finds_neighbours_however_far_they_are(store: Store) -> None:
    years = 365 * 86_400
    times = [-40 * years, -years, -100, 0, 100, 50 * 86_400, 90 * years]
    put_series(store, [NOON_S + t for t in times], [1.0] * len(times))
    for margin in (1, 2, 3):
        found = store.around([POINT], NOON_S - 50, NOON_S + 50, margin)[POINT]
        assert [s for s, _ in pairs(found)] == times[3 - margin : 4 + margin]


def test_around_may_be_asked_of_all_time(store: Store) -> None:
    put_series(store, [-NOON_S, 0, NOON_S], [1.0, 2.0, 3.0])
    for start, end in ((-(2**62), 2**62), (-(2**62), -(2**62)), (2**62, 2**62)):
        assert len(store.around([POINT], start, end, 9)[POINT]) == 3


def test_around_of_many_points_is_that_of_each(store: Store) -> None:
    """More points than a server is asked for by name, of meters and quantities that cross."""
    chance = random.Random(20250329)
    points = [f"{m}.main/{q}" for m in range(40) for q in ("x", "y") if chance.random() < 0.7]
    kept = {p: sorted(chance.sample(range(0, 40 * 86_400, 3600), 30)) for p in points}
    store.write([Reading(p, at(s), float(s)) for p in points for s in kept[p]])
    asked = points[::2]
    assert len(asked) >= 25
    start, end, margin = 15 * 86_400, 16 * 86_400, 3
    found = store.around([*asked, "nobody.main/x", asked[0]], NOON_S + start, NOON_S + end, margin)
    assert set(found) == {*asked, "nobody.main/x"}
    for point in asked:
        before = [s for s in kept[point] if s < start][-margin:]
        after = [s for s in kept[point] if s >= end][:margin]
        between = [s for s in kept[point] if start <= s < end]
        assert pairs(found[point]) == [(s, float(s)) for s in before + between + after]


# Long histories


def test_a_history_in_any_order_is_read_whole_and_in_chunks(store: Store) -> None:
    """Every second for a while, then a reading a decade, then every minute: 71,000 readings."""
    decade = 10 * 365 * 86_400
    seconds = np.concatenate(
        [
            np.arange(21_000),
            np.arange(1, 8) * decade,
            8 * decade + np.arange(50_000) * 60,
        ]
    )
    seconds = (seconds + NOON_S - 9 * decade).astype(np.int64)
    order = np.random.default_rng(1).permutation(len(seconds))
    codes = (np.arange(len(seconds)) % len(QUALITIES)).astype(np.int8)
    values = np.arange(len(seconds)) / 8
    store.write_series(POINT, seconds[order], values[order], codes[order])
    whole = store.read(POINT)
    assert whole.seconds.tolist() == seconds.tolist()
    assert whole.values.tolist() == values.tolist()
    assert whole.codes.tolist() == codes.tolist()
    parts = list(store.chunks(POINT))
    assert len(parts) > 1
    assert max(len(p) for p in parts) <= CHUNK
    assert np.concatenate([p.seconds for p in parts]).tolist() == seconds.tolist()
    assert np.concatenate([p.values for p in parts]).tolist() == values.tolist()
    some = store.around([POINT], int(seconds[10]), int(seconds[-10]), 3)[POINT]
    assert some.seconds.tolist() == seconds[7:-7].tolist()


# summary


@pytest.mark.parametrize("step_s", [900, 3_600, 86_400, 7_001])
@pytest.mark.parametrize("first_s", [NOON_S - 12_345, -9_000_000, -86_400])
def test_a_summary_equals_the_arithmetic_of_its_readings(
    store: Store, step_s: int, first_s: int
) -> None:
    chance = np.random.default_rng(step_s)
    seconds = first_s + np.sort(chance.choice(200_000, 300, replace=False)).astype(np.int64)
    values = np.round(chance.normal(0, 1000, 300), 3)
    codes = chance.integers(0, len(QUALITIES), 300).astype(np.int8)
    store.write_series(POINT, seconds, values, codes)
    store.write_series(OTHER, seconds, values + 1, Quality.SUSPECT)
    start_s, end_s = int(seconds[20]), int(seconds[280])
    found = store.summary([OTHER, POINT, "nobody.main/x"], start_s, end_s, step_s)
    assert list(found) == [POINT]
    good = np.isin(codes, GOOD_CODES) & (seconds >= start_s) & (seconds < end_s)
    expected = pd.Series(values[good]).groupby(seconds[good] // step_s * step_s)
    assert len(expected) > 1
    assert found[POINT].start_s.tolist() == list(expected.groups)
    assert found[POINT].count.tolist() == expected.count().tolist()
    assert found[POINT].mean == pytest.approx(expected.mean().to_numpy(), rel=1e-12, abs=1e-9)
    assert found[POINT].lowest.tolist() == expected.min().tolist()
    assert found[POINT].highest.tolist() == expected.max().tolist()


def test_a_summary_may_be_asked_of_all_time(store: Store) -> None:
    put_series(store, [-86_400 * 365 * 50, NOON_S], [1.0, 2.0])
    found = store.summary([POINT], -(2**62), 2**62, 900)[POINT]
    assert found.start_s.tolist() == [-86_400 * 365 * 50, NOON_S]


def test_nothing_good_gives_no_summary(store: Store) -> None:
    store.write([reading(0, 1.0, Quality.COMM_ERROR)])
    assert store.summary([POINT], NOON_S, NOON_S + 900, 900) == {}
    assert store.summary([POINT], NOON_S, NOON_S, 900) == {}


@pytest.mark.parametrize("prefix", ["", "a", "a%", "a%4", "a%41", "a%41b"])
def test_events_are_found_by_any_beginning_of_their_names(store: Store, prefix: str) -> None:
    store.write_events([Event("m", "a%41b", at(0)), Event("m", "b", at(0))])
    assert "a%41b" in [event.name for event in store.events(name=prefix)]
