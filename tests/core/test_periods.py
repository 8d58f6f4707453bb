"""Instants, half-open spans and local calendars, across both changes of the clocks of 2025."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paes.errors import DataError
from paes.periods import (
    SKIPPED,
    By,
    Span,
    day_span,
    duration_text,
    edges,
    from_seconds,
    local_midnight,
    local_year,
    parse_instant,
    require_utc,
    to_seconds,
    wall_instants,
    year_span,
    zone,
)

ROME = "Europe/Rome"
HOUR_S = 3600
# Directive 2000/84/EC: the last Sundays of March and October, at 01:00 UTC.
SPRING = date(2025, 3, 30)
AUTUMN = date(2025, 10, 26)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def times(span: Span, by: By, tz: str = ROME) -> list[datetime]:
    return [from_seconds(s) for s in edges(span, by, tz)]


# Days


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (SPRING - timedelta(days=1), 24),
        (SPRING, 23),
        (SPRING + timedelta(days=1), 24),
        (AUTUMN - timedelta(days=1), 24),
        (AUTUMN, 25),
        (AUTUMN + timedelta(days=1), 24),
    ],
)
def test_a_local_day_has_23_24_or_25_hours(day: date, hours: int) -> None:
    span = day_span(day, ROME)
    assert span.seconds == hours * HOUR_S
    for by, count in ((By.HOUR, hours), (By.QUARTER_HOUR, 4 * hours), (By.DAY, 1)):
        found = edges(span, by, ROME)
        assert len(found) - 1 == count
        assert (found[0], found[-1]) == (to_seconds(span.start), to_seconds(span.end))
        assert len(set(np.diff(found))) == 1


def test_the_day_in_spring_begins_and_ends_where_its_midnights_are() -> None:
    assert day_span(SPRING, ROME) == Span(utc(2025, 3, 29, 23), utc(2025, 3, 30, 22))
    assert day_span(AUTUMN, ROME) == Span(utc(2025, 10, 25, 22), utc(2025, 10, 26, 23))


def test_days_of_the_whole_year_follow_each_other_without_gap() -> None:
    found = edges(year_span(2025, ROME), By.DAY, ROME)
    lengths = np.diff(found) // HOUR_S
    assert len(lengths) == 365
    assert np.flatnonzero(lengths == 23).tolist() == [(SPRING - date(2025, 1, 1)).days]
    assert np.flatnonzero(lengths == 25).tolist() == [(AUTUMN - date(2025, 1, 1)).days]
    assert set(lengths.tolist()) == {23, 24, 25}


def test_elsewhere_the_clocks_do_not_change() -> None:
    assert day_span(SPRING, "UTC").seconds == 24 * HOUR_S
    assert local_midnight(SPRING, "Asia/Kolkata") == utc(2025, 3, 29, 18, 30)


# Months and years


def test_months_of_a_year_are_local_and_know_the_changes_of_the_clocks() -> None:
    found = times(year_span(2025, ROME), By.MONTH)
    assert found[0] == utc(2024, 12, 31, 23)
    assert found[2:5] == [utc(2025, 2, 28, 23), utc(2025, 3, 31, 22), utc(2025, 4, 30, 22)]
    assert found[-1] == utc(2025, 12, 31, 23)
    hours = [int((b - a).total_seconds()) // HOUR_S for a, b in pairwise(found)]
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    assert hours == [24 * d + {2: -1, 9: 1}.get(i, 0) for i, d in enumerate(days)]


def test_february_has_29_days_in_a_leap_year() -> None:
    february = Span(local_midnight(date(2024, 2, 1), ROME), local_midnight(date(2024, 3, 1), ROME))
    assert len(edges(february, By.DAY, ROME)) - 1 == 29
    assert len(edges(february, By.MONTH, ROME)) - 1 == 1


def test_years_are_local() -> None:
    span = Span(year_span(2024, ROME).start, year_span(2026, ROME).end)
    assert times(span, By.YEAR) == [utc(y, 12, 31, 23) for y in (2023, 2024, 2025, 2026)]
    assert year_span(2024, ROME).seconds == 366 * 24 * HOUR_S
    assert year_span(2025, ROME).seconds == 365 * 24 * HOUR_S


@pytest.mark.parametrize(
    ("at", "year"), [(utc(2024, 12, 31, 22, 59), 2024), (utc(2024, 12, 31, 23), 2025)]
)
def test_an_instant_falls_into_the_local_year(at: datetime, year: int) -> None:
    assert local_year(at, ROME) == year


@pytest.mark.parametrize("year", [1899, 2201, -1])
def test_a_year_out_of_range_is_refused(year: int) -> None:
    with pytest.raises(DataError, match=rf"year {year} is out of range; expected 1900 to 2200"):
        year_span(year, ROME)


# Edges of spans that begin and end anywhere


@pytest.mark.parametrize(
    ("by", "first", "last"),
    [
        (By.QUARTER_HOUR, utc(2025, 3, 30, 0, 45), utc(2025, 3, 30, 1, 15)),
        (By.HOUR, utc(2025, 3, 30, 0), utc(2025, 3, 30, 2)),
        (By.DAY, utc(2025, 3, 29, 23), utc(2025, 3, 30, 22)),
        (By.MONTH, utc(2025, 2, 28, 23), utc(2025, 3, 31, 22)),
        (By.YEAR, utc(2024, 12, 31, 23), utc(2025, 12, 31, 23)),
    ],
)
def test_edges_move_outward_to_whole_buckets(by: By, first: datetime, last: datetime) -> None:
    span = Span(utc(2025, 3, 30, 0, 59), utc(2025, 3, 30, 1, 1))  # about the change of the clocks
    found = times(span, by)
    assert (found[0], found[-1]) == (first, last)


@pytest.mark.parametrize("by", list(By))
def test_a_span_of_whole_buckets_keeps_its_edges(by: By) -> None:
    span = year_span(2025, ROME)
    found = edges(span, by, ROME)
    assert (found[0], found[-1]) == (to_seconds(span.start), to_seconds(span.end))


_instants = st.integers(to_seconds(utc(2024, 1, 1)), to_seconds(utc(2026, 12, 31))).map(
    from_seconds
)


@settings(max_examples=60, deadline=None)
@given(
    start=_instants,
    hours=st.integers(1, 24 * 70),
    by=st.sampled_from(list(By)),
    tz=st.sampled_from([ROME, "UTC", "America/New_York", "Asia/Kolkata"]),
)
def test_edges_cover_the_span_ascend_and_waste_no_bucket(
    start: datetime, hours: int, by: By, tz: str
) -> None:
    span = Span(start, start + timedelta(hours=hours))
    found = edges(span, by, tz)
    assert (np.diff(found) > 0).all()
    assert found[0] <= span.start.timestamp() < found[1]
    assert found[-2] < span.end.timestamp() <= found[-1]


def test_an_unknown_zone_is_refused_by_name() -> None:
    for name in ("Europe/Spezia", "", "../etc/passwd"):
        with pytest.raises(DataError, match=r"unknown time zone .*'Europe/Rome'"):
            zone(name)
    with pytest.raises(DataError, match="unknown time zone"):
        edges(year_span(2025, ROME), By.DAY, "Mars/Olympus")


# Instants


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-03-30", utc(2025, 3, 29, 23)),
        ("2025-10-26", utc(2025, 10, 25, 22)),
        ("2025-03-30T01:59", utc(2025, 3, 30, 0, 59)),
        ("2025-03-30T03:00", utc(2025, 3, 30, 1)),
        ("2025-03-30T14:15+02:00", utc(2025, 3, 30, 12, 15)),
        ("2025-03-30T02:30+01:00", utc(2025, 3, 30, 1, 30)),
        ("2025-03-30T02:30Z", utc(2025, 3, 30, 2, 30)),
        (" 2025-01-01T00:00:00 ", utc(2024, 12, 31, 23)),
        ("2025-10-26T01:59", utc(2025, 10, 25, 23, 59)),
        ("2025-10-26T02:30", utc(2025, 10, 26, 0, 30)),  # the first of the two
        ("2025-10-26T02:30+01:00", utc(2025, 10, 26, 1, 30)),  # the second
        ("2025-10-26T03:00", utc(2025, 10, 26, 2)),
    ],
)
def test_a_time_is_read_as_local_unless_it_has_an_offset(text: str, at: datetime) -> None:
    assert parse_instant(text, ROME) == at


@pytest.mark.parametrize("text", ["2025-03-30T02:00", "2025-03-30T02:30", "2025-03-30 02:59:59"])
def test_a_local_time_that_the_clocks_skip_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"does not exist in Europe/Rome: the clocks skip it"):
        parse_instant(text, ROME)
    assert parse_instant(text, "UTC").tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "30/03/2025", "2025-02-30", "2025-03-30T25:00"])
def test_other_text_is_no_instant(text: str) -> None:
    with pytest.raises(DataError, match=r"cannot read time .*expected e\.g\. 2025-03-30"):
        parse_instant(text, ROME)


def test_a_naive_time_is_refused() -> None:
    naive = datetime(2025, 3, 30, 12)  # noqa: DTZ001 - the mistake itself
    for call in (require_utc, to_seconds, lambda at: Span(at, utc(2026, 1, 1))):
        with pytest.raises(DataError, match="has no zone; expected an aware time"):
            call(naive)


def test_seconds_are_rounded_down_and_come_back() -> None:
    assert to_seconds(utc(1970, 1, 2)) == 86_400
    assert to_seconds(utc(2025, 3, 30, 1) + timedelta(milliseconds=999)) == 1_743_296_400
    assert from_seconds(1_743_296_400) == utc(2025, 3, 30, 1)
    assert to_seconds(datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC)) == -1


# Spans


def test_a_span_is_kept_in_utc_and_knows_its_length() -> None:
    summer = timezone(timedelta(hours=2))
    span = Span(datetime(2025, 7, 1, tzinfo=summer), datetime(2025, 7, 1, 6, tzinfo=summer))
    assert span == Span(utc(2025, 6, 30, 22), utc(2025, 7, 1, 4))
    assert span.start.tzinfo is UTC
    assert span.seconds == 6 * HOUR_S


@pytest.mark.parametrize("end", [utc(2025, 1, 1), utc(2024, 12, 31)])
def test_a_span_is_never_empty(end: datetime) -> None:
    with pytest.raises(DataError, match="not after its start"):
        Span(utc(2025, 1, 1), end)


NIGHT = Span(utc(2025, 1, 1, 0), utc(2025, 1, 1, 6))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, (0, 6)),
        (0, 6, (0, 6)),
        (2, None, (2, 6)),
        (None, 4, (0, 4)),
        (2, 4, (2, 4)),
        (4, 9, (4, 6)),
        (6, None, None),
        (None, 0, None),
        (3, 3, None),
        (4, 2, None),
    ],
)
def test_clip_is_half_open(
    start: int | None, end: int | None, expected: tuple[int, int] | None
) -> None:
    clipped = NIGHT.clip(
        None if start is None else utc(2025, 1, 1, start),
        None if end is None else utc(2025, 1, 1, end),
    )
    wanted = expected and Span(utc(2025, 1, 1, expected[0]), utc(2025, 1, 1, expected[1]))
    assert clipped == wanted


@pytest.mark.parametrize(
    ("hours", "text"), [(48, "48.0 h"), (1.24, "1.2 h"), (0.04, "2 min"), (20 / 3600, "20 s")]
)
def test_a_short_time_is_not_told_as_no_hours(hours: float, text: str) -> None:
    assert duration_text(hours) == text


@pytest.mark.parametrize(
    ("shown", "first", "last"),
    [
        ("2024-10-27T01:45", "2024-10-26T23:45", "2024-10-26T23:45"),
        ("2024-10-27T02:30", "2024-10-27T00:30", "2024-10-27T01:30"),  # summer time, then not
        ("2024-10-27T03:00", "2024-10-27T02:00", "2024-10-27T02:00"),
        ("2024-03-31T01:59", "2024-03-31T00:59", "2024-03-31T00:59"),
        ("2024-03-31T03:00", "2024-03-31T01:00", "2024-03-31T01:00"),
    ],
)
def test_a_time_on_the_clock_was_once_or_twice(shown: str, first: str, last: str) -> None:
    wall = np.array([shown], "datetime64[s]").astype(np.int64)
    found = [str(s.astype("datetime64[s]")[0])[:16] for s in wall_instants(wall, ROME)]
    assert found == [first, last]


def test_a_time_that_the_clocks_skip_never_was() -> None:
    wall = np.array(["2024-03-31T02:30"], "datetime64[s]").astype(np.int64)
    assert [s.tolist() for s in wall_instants(wall, ROME)] == [[SKIPPED], [SKIPPED]]
