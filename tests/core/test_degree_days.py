"""Daily means and degree days, beside hand calculations and an independent program (pandas).

Bedford 2017 is a real year, complete; its sums were made by one line of pandas each::

    dm = t.resample("D").mean(); (20 - dm).clip(lower=0).sum(); (18 - dm)[dm <= 15].sum()
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from paes.climate.daily_temperature import (
    DailyTemperatures,
    daily_means,
    daily_temperatures,
    with_estimates,
)
from paes.climate.degree_days import (
    EUROSTAT_COOLING,
    EUROSTAT_HEATING,
    ITALIAN,
    DegreeDayRule,
    Stretch,
    degree_days,
    stretches,
)
from paes.climate.weather import HourlyTemperatures
from paes.config import load_installation
from paes.errors import DataError
from paes.installation import City
from paes.metering import Quality
from paes.periods import By, Span, edges, from_seconds
from paes.series import Floats
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

BEDFORD = Path(__file__).parent / "bedford_2017_hourly_degc.csv"
ALL_DAYS_20 = DegreeDayRule("gg", 20.0)
NAN = float("nan")
POINT = "scuola.meteo/outdoor_temperature"
IMPORTED = "porto.weather/outdoor_temperature"


@pytest.fixture(scope="module")
def bedford() -> Floats:
    """Hours of 2017, UTC."""
    lines = BEDFORD.read_text().splitlines()
    rows = [line.split(",")[1:] for line in lines if line[0].isdigit()]
    assert len(rows) == 365
    return np.array(rows, dtype=np.float64).ravel()


@pytest.fixture(scope="module")
def la_spezia() -> City:
    return load_installation(shipped_config()).city("la-spezia")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "weather.sqlite")
    yield opened
    opened.close()


def days_of(first: date, *degc: float) -> DailyTemperatures:
    """Days of which all were measured, but for NaN."""
    values = np.array(degc)
    return with_estimates(first, values, np.full(len(values), NAN), {})


def hours_of(start: datetime, degc: Floats) -> HourlyTemperatures:
    return HourlyTemperatures(int(start.timestamp()), degc, ~np.isnan(degc), {})


def write(store: SqliteStore, point: str, start: datetime, step_s: int, *degc: float) -> None:
    begin = int(start.timestamp())
    seconds = begin + step_s * np.arange(len(degc), dtype=np.int64)
    known = ~np.isnan(np.array(degc))
    store.write_series(point, seconds[known], np.array(degc)[known])


def test_a_real_year_has_the_degree_days_that_pandas_finds(bedford: Floats) -> None:
    start = datetime(2017, 1, 1, tzinfo=UTC)
    of_days = edges(Span(start, datetime(2018, 1, 1, tzinfo=UTC)), By.DAY, "UTC")
    mean, _ = daily_means(hours_of(start, bedford), of_days)
    days = days_of(date(2017, 1, 1), *mean)
    assert len(days) == 365
    assert degree_days(days, ALL_DAYS_20).value == pytest.approx(3444.1125)
    assert degree_days(days, EUROSTAT_HEATING).value == pytest.approx(2626.3083, abs=1e-3)
    assert degree_days(days, EUROSTAT_COOLING).value == 0.0
    assert degree_days(days, DegreeDayRule("uk", 15.5)).value == pytest.approx(1946.6833, abs=1e-3)


def test_only_the_conventional_season_counts_for_the_italian_degree_days(
    bedford: Floats, la_spezia: City
) -> None:
    """Zone D: pandas over 1 January to 15 April and 1 November to 31 December 2017."""
    days = days_of(date(2017, 1, 1), *bedford.reshape(-1, 24).mean(axis=1))
    found = degree_days(days, ITALIAN, la_spezia)
    assert found.value == pytest.approx(1424.0875 + 872.8125)
    assert found.days == 105 + 61
    cold = DegreeDayRule("gg", 20.0, 12.0, in_season=True)
    autumn = degree_days(days.between(date(2017, 11, 1), date(2018, 1, 1)), cold, la_spezia)
    assert autumn.value == pytest.approx(866.225)


@pytest.mark.parametrize(
    ("degc", "gg", "hdd", "cdd"),
    [
        (5.0, 15.0, 13.0, 0.0),
        (15.0, 5.0, 3.0, 0.0),  # the threshold itself still counts
        (15.1, 4.9, 0.0, 0.0),
        (19.9, 0.1, 0.0, 0.0),
        (20.0, 0.0, 0.0, 0.0),
        (23.9, 0.0, 0.0, 0.0),
        (24.0, 0.0, 0.0, 3.0),
        (-3.0, 23.0, 21.0, 0.0),
    ],
)
def test_one_day_by_each_rule(degc: float, gg: float, hdd: float, cdd: float) -> None:
    day = days_of(date(2025, 1, 1), degc)
    found = [degree_days(day, r).value for r in (ALL_DAYS_20, EUROSTAT_HEATING, EUROSTAT_COOLING)]
    assert found == pytest.approx([gg, hdd, cdd])


def test_published_examples() -> None:
    """CBS, "Correction for cold and mild winters": 20, 10 and -4 degC are 30 degree days, base 18.
    Network Rail, "Degree Days": 7.5 degC for 48 hours are 16, base 15.5.
    """
    dutch = degree_days(days_of(date(2025, 1, 1), 20.0, 10.0, -4.0), DegreeDayRule("nl", 18.0))
    british = degree_days(days_of(date(2025, 1, 1), 7.5, 7.5), DegreeDayRule("uk", 15.5))
    assert (dutch.value, british.value) == (30.0, 16.0)


def test_a_rule_says_its_base_threshold_and_days() -> None:
    assert str(ITALIAN) == "base 20 degC, conventional season"
    assert str(EUROSTAT_HEATING) == "base 18 degC, days with Tm <= 15, all days"
    assert str(EUROSTAT_COOLING) == "base 21 degC, days with Tm >= 24, all days"
    with pytest.raises(DataError, match="no city, so nobody knows its heating season"):
        degree_days(days_of(date(2025, 1, 1), 5.0), ITALIAN)


def test_a_day_needs_eighteen_of_its_hours(store: SqliteStore) -> None:
    """18 hours of 10 degC and 6 missing; then 17 and 7: the second day is missing, not 0."""
    night = datetime(2025, 2, 1, 0, tzinfo=UTC)
    write(store, IMPORTED, night, 3600, *([10.0] * 9 + [NAN] * 6 + [10.0] * 9))
    write(store, IMPORTED, night + timedelta(days=1), 3600, *([10.0] * 9 + [NAN] * 7 + [10.0] * 8))
    found = daily_temperatures(store, [IMPORTED], date(2025, 2, 1), date(2025, 2, 3), "UTC")
    assert found.is_measured.tolist() == [True, False]
    assert found.mean[0] == 10.0
    assert np.isnan(found.mean[1])  # nothing around it to estimate it from
    told = degree_days(found, ALL_DAYS_20)
    assert (told.value, told.low, told.high, told.unknown_days) == (10.0, 10.0, float("inf"), 1)


def test_missing_hours_are_drawn_straight() -> None:
    """0 degC until 8, 24 from 15 on, 8 to 14 missing: 3, 6, 9, … 21 stand there; mean by hand."""
    hours = np.array([0.0] * 8 + [NAN] * 6 + [21.0] * 10)
    start = datetime(2025, 2, 1, tzinfo=UTC)
    of_days = edges(Span(start, start + timedelta(days=1)), By.DAY, "UTC")
    mean, _ = daily_means(hours_of(start, hours), of_days)
    # drawn: 21/7 x 1..6 = 3, 6, 9, 12, 15, 18, together 63
    assert mean[0] == pytest.approx((0 + 63 + 210) / 24)


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25)])
def test_days_of_a_clock_change_have_all_their_hours(
    store: SqliteStore, day: date, hours: int
) -> None:
    """The hours of the day before and after are warm: not one of them may get in."""
    span = edges(
        Span(
            datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            datetime(day.year, day.month, day.day, 13, tzinfo=UTC),
        ),
        By.DAY,
        "Europe/Rome",
    )
    assert (span[1] - span[0]) / 3600 == hours
    start = from_seconds(int(span[0]))
    write(store, IMPORTED, start - timedelta(hours=24), 3600, *([30.0] * 24 + [5.0] * hours))
    write(store, IMPORTED, start + timedelta(hours=hours), 3600, *([30.0] * 24))
    tomorrow = day + timedelta(days=1)
    found = daily_temperatures(store, [IMPORTED], day, tomorrow, "Europe/Rome")
    assert found.mean.tolist() == [5.0]
    assert found.is_measured.all()


def test_the_first_source_that_measured_an_hour_is_believed(store: SqliteStore) -> None:
    """The sensor tells 8 hours of 4 degC in quarters, then is dead; the file has 10 all day."""
    start = datetime(2025, 2, 1, tzinfo=UTC)
    write(store, POINT, start, 900, *([3.0, 4.0, 4.0, 5.0] * 8))
    write(store, IMPORTED, start, 3600, *([10.0] * 24))
    days = (date(2025, 2, 1), date(2025, 2, 2))
    found = daily_temperatures(store, [POINT, IMPORTED], *days, "UTC")
    assert found.mean[0] == pytest.approx((8 * 4 + 16 * 10) / 24)
    assert found.hours_by == {POINT: 8, IMPORTED: 16}


def test_what_a_sensor_could_not_tell_is_not_taken(store: SqliteStore) -> None:
    start = datetime(2025, 2, 1, tzinfo=UTC)
    seconds = int(start.timestamp()) + 3600 * np.arange(24, dtype=np.int64)
    store.write_series(POINT, seconds, np.full(24, 99.0), Quality.OUT_OF_RANGE)
    found = daily_temperatures(store, [POINT], date(2025, 2, 1), date(2025, 2, 2), "UTC")
    assert np.isnan(found.mean).all()


def test_a_typical_year_is_an_estimate_and_no_measurement(store: SqliteStore) -> None:
    """Ten measured days of 8 to 12 degC, then one that only the typical year has, of 3 degC."""
    start = datetime(2025, 2, 1, tzinfo=UTC)
    for n in range(10):
        write(store, POINT, start + timedelta(days=n), 3600, *([8.0 + 4 * (n % 2)] * 24))
    seconds = int((start + timedelta(days=10)).timestamp()) + 3600 * np.arange(24, dtype=np.int64)
    store.write_series(IMPORTED, seconds, np.full(24, 3.0), Quality.SUBSTITUTED)
    found = daily_temperatures(store, [POINT, IMPORTED], date(2025, 2, 1), date(2025, 2, 12), "UTC")
    assert found.is_measured.tolist() == [True] * 10 + [False]
    assert found.is_estimated.tolist() == [False] * 10 + [True]
    assert found.mean[-1] == 3.0
    told = degree_days(found, ALL_DAYS_20)
    assert told.measured == pytest.approx(5 * 12 + 5 * 8)
    assert told.estimated == pytest.approx(17.0)
    assert told.low < 117.0 < told.high


def test_a_missing_day_lies_between_its_neighbours_and_between_bounds() -> None:
    """8 and 12 degC in turn, one day out: half-way 10; the spread is 2 degC, half of it beyond."""
    days = days_of(date(2025, 1, 1), *([8.0, 12.0] * 5), 8.0, NAN, *([8.0, 12.0] * 5))
    assert days.is_estimated.tolist() == [n == 11 for n in range(22)]
    around = np.array([8.0, 12.0] * 5 + [8.0] + [8.0, 12.0] * 5)
    assert days.mean[11] == pytest.approx(8.0)  # between 8 and 8
    assert days.low[11] == pytest.approx(8.0 - np.std(around) / 2)
    assert days.high[11] == pytest.approx(12.0 + np.std(around) / 2)


def test_a_gap_of_more_than_two_weeks_stays_unknown() -> None:
    known = [10.0] * 10
    two_weeks = days_of(date(2025, 1, 1), *known, *([NAN] * 14), *known)
    longer = days_of(date(2025, 1, 1), *known, *([NAN] * 15), *known)
    assert int(two_weeks.is_estimated.sum()) == 14
    assert int(np.isnan(longer.mean).sum()) == 15
    told = degree_days(longer, ALL_DAYS_20)
    assert (told.value, told.high) == (200.0, float("inf"))
    assert (told.measured_days, told.estimated_days, told.unknown_days) == (20, 0, 15)
    assert told.coverage == pytest.approx(20 / 35)


def test_the_bounds_of_gaps_hold_in_a_real_year(bedford: Floats) -> None:
    """Gaps of 1, 3 and 7 days anywhere: 95 of 100 days, and 99 of 100 sums, lie within."""
    true = bedford.reshape(-1, 24).mean(axis=1)
    draw = np.random.default_rng(2017)
    inside: list[bool] = []
    sums: list[bool] = []
    for length in (1, 3, 7):
        for start in draw.integers(20, 365 - 20 - length, 100).tolist():
            gap = slice(start, start + length)
            holed = true.copy()
            holed[gap] = NAN
            days = days_of(date(2017, 1, 1), *holed)
            inside += ((days.low[gap] <= true[gap]) & (true[gap] <= days.high[gap])).tolist()
            told = degree_days(days, ALL_DAYS_20)
            truth = np.maximum(20 - true, 0).sum()
            sums.append(bool(told.low - 1e-9 <= truth <= told.high + 1e-9))
    assert np.mean(inside) >= 0.95
    assert np.mean(sums) >= 0.99


def test_stretches_are_whole_and_seasons_are_those_of_the_zone(la_spezia: City) -> None:
    first, end = date(2024, 12, 10), date(2025, 2, 1)
    assert list(stretches(first, end, Stretch.MONTH, la_spezia)) == [
        ("2024-12", date(2024, 12, 1), date(2025, 1, 1)),
        ("2025-01", date(2025, 1, 1), date(2025, 2, 1)),
    ]
    assert list(stretches(first, end, Stretch.SEASON, la_spezia)) == [
        ("2024-25", date(2024, 11, 1), date(2025, 4, 16))
    ]
    assert list(stretches(first, end, Stretch.YEAR, la_spezia)) == [
        ("2024", date(2024, 1, 1), date(2025, 1, 1)),
        ("2025", date(2025, 1, 1), date(2026, 1, 1)),
    ]
    with pytest.raises(DataError, match="not after it begins"):
        list(stretches(end, first, Stretch.YEAR, la_spezia))
