"""Time bands of Italy: hours of the act AEEG 181/06, its holidays, and both clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from dateutil.easter import easter

from paes.config import load_installation
from paes.errors import ConfigError, DataError
from paes.periods import By, day_span, edges, parse_instant, to_seconds, year_span
from paes.shipped_files import shipped_config
from paes.tariffs.bands import Bands, easter_sunday

ROME = "Europe/Rome"


@pytest.fixture(scope="module")
def italy() -> Bands:
    return load_installation(shipped_config()).bands["italy"]


def band(bands: Bands, text: str) -> str:
    at = to_seconds(parse_instant(text, ROME))
    return bands.names[int(bands.labels(np.array([at], np.int64))[0])]


def day(bands: Bands, of: date) -> list[str]:
    quarters = edges(day_span(of, ROME), By.QUARTER_HOUR, ROME)[:-1]
    return [bands.names[label] for label in bands.labels(quarters)]


def hours(bands: Bands, year: int) -> list[float]:
    quarters = edges(year_span(year, ROME), By.QUARTER_HOUR, ROME)[:-1]
    return (np.bincount(bands.labels(quarters), minlength=3) / 4).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [  # the act's own limits; Tuesday 14, Saturday 18, Sunday 19 January 2025
        ("2025-01-14T00:00", "F3"), ("2025-01-14T06:45", "F3"), ("2025-01-14T07:00", "F2"),
        ("2025-01-14T07:45", "F2"), ("2025-01-14T08:00", "F1"), ("2025-01-14T18:45", "F1"),
        ("2025-01-14T19:00", "F2"), ("2025-01-14T22:45", "F2"), ("2025-01-14T23:00", "F3"),
        ("2025-01-18T06:45", "F3"), ("2025-01-18T07:00", "F2"), ("2025-01-18T12:00", "F2"),
        ("2025-01-18T22:45", "F2"), ("2025-01-18T23:00", "F3"), ("2025-01-19T12:00", "F3"),
    ],
)  # fmt: skip
def test_each_band_begins_at_its_hour(italy, text, expected):
    assert band(italy, text) == expected


def test_the_hours_of_2026_are_those_that_are_counted_by_hand(italy):
    # 254 working days (261 less 7 holidays), 49 Saturdays (52 less 3): 254 x 11,
    # 254 x 5 + 49 x 16, and the rest of 8,760.
    assert hours(italy, 2026) == [2794, 2054, 3912]


def test_the_hours_of_a_leap_year_are_those_that_are_counted_by_hand(italy):
    # 2024: 262 weekdays less 1 January, 1 April (Easter Monday), 25 April, 1 May, 15 August,
    # 1 November, 25 and 26 December: 254; 52 Saturdays less 6 January: 51.
    assert hours(italy, 2024) == [254 * 11, 254 * 5 + 51 * 16, 8784 - 254 * 16 - 51 * 16]


def test_a_holiday_on_a_working_day_is_f3_from_midnight_to_midnight(italy):
    assert day(italy, date(2025, 4, 25)) == ["F3"] * 96  # Friday
    assert band(italy, "2025-04-24T22:45") == "F2"
    assert band(italy, "2025-04-26T07:00") == "F2"  # Saturday
    assert band(italy, "2025-06-02T12:00") == "F3"  # Monday
    assert band(italy, "2025-06-03T12:00") == "F1"


def test_a_holiday_on_a_saturday_is_no_saturday(italy):
    assert set(day(italy, date(2026, 12, 26))) == {"F3"}
    assert set(day(italy, date(2026, 12, 19))) == {"F2", "F3"}


@pytest.mark.parametrize(
    ("monday", "before"),  # published dates of Easter: 2008, 2011, 2024, 2025, 2026, 2027, 2038
    [
        (date(2008, 3, 24), "F1"), (date(2011, 4, 25), "F1"), (date(2024, 4, 1), "F1"),
        (date(2025, 4, 21), "F1"), (date(2026, 4, 6), "F1"), (date(2027, 3, 29), "F1"),
        (date(2038, 4, 26), "F1"),
    ],
)  # fmt: skip
def test_easter_monday_is_f3_and_the_monday_before_is_not(italy, monday, before):
    assert easter_sunday(monday.year) == monday - timedelta(days=1)
    assert set(day(italy, monday)) == {"F3"}
    assert before in day(italy, monday - timedelta(days=7))


def test_easter_is_that_of_another_program_for_three_centuries():
    years = range(1900, 2201)
    assert [easter_sunday(y) for y in years] == [easter(y) for y in years]


def test_the_patron_saints_day_and_good_friday_are_working_days(italy):
    assert band(italy, "2025-03-19T12:00") == "F1"  # San Giuseppe, patron of La Spezia: Wednesday
    assert band(italy, "2025-04-18T12:00") == "F1"


def test_the_new_public_holiday_of_october_is_out_until_the_list_says_otherwise(italy):
    assert band(italy, "2027-10-04T12:00") == "F1"  # a Monday
    listed = [h for h in italy.file.holidays if h.day == "10-04"]
    assert [(h.applies, h.assumed, h.valid_from) for h in listed] == [
        (False, True, date(2026, 1, 1))
    ]
    changed = [
        h.model_copy(update={"applies": True}) if h in listed else h for h in italy.file.holidays
    ]
    other = Bands("other", italy.file.model_copy(update={"holidays": tuple(changed)}))
    assert band(other, "2027-10-04T12:00") == "F3"
    assert hours(other, 2026) == hours(italy, 2026)  # a Sunday in 2026


def test_days_of_both_clock_changes_have_92_and_100_quarters(italy):
    assert day(italy, date(2025, 3, 30)) == ["F3"] * 92
    assert day(italy, date(2025, 10, 26)) == ["F3"] * 100
    # The working day after each: 44 quarters F1 at the hours of the clock on the wall.
    for monday in (date(2025, 3, 31), date(2025, 10, 27)):
        assert day(italy, monday) == (
            ["F3"] * 28 + ["F2"] * 4 + ["F1"] * 44 + ["F2"] * 16 + ["F3"] * 4
        )


def test_clock_changes_on_a_working_day_follow_the_clock_on_the_wall(italy):
    # Egypt changed on Friday 26 April and Thursday 31 October 2024, at midnight.
    file = italy.file.model_copy(update={"time_zone": "Africa/Cairo", "holidays": ()})
    cairo = Bands("cairo", file)
    for of in (date(2024, 4, 26), date(2024, 10, 31)):
        quarters = edges(day_span(of, "Africa/Cairo"), By.QUARTER_HOUR, "Africa/Cairo")[:-1]
        names = [cairo.names[label] for label in cairo.labels(quarters)]
        assert names.count("F1") == 44
        assert len(names) in (92, 100)


def test_years_end_and_begin_with_the_local_midnight(italy):
    assert band(italy, "2025-12-31T22:45") == "F2"  # Wednesday
    assert band(italy, "2025-12-31T23:45") == "F3"
    assert set(day(italy, date(2026, 1, 1))) == {"F3"}
    assert band(italy, "2026-01-02T08:00") == "F1"


def test_labels_agree_with_a_plain_walk_through_a_year(italy):
    rome = ZoneInfo(ROME)
    quarters = edges(year_span(2025, ROME), By.QUARTER_HOUR, ROME)[:-1]
    free = {date(2025, m, d) for m, d in (
        (1, 1), (1, 6), (4, 21), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25),
        (12, 26),
    )}  # fmt: skip

    def plain(at: datetime) -> str:
        if at.date() in free or at.weekday() == 6 or at.hour < 7 or at.hour == 23:
            return "F3"
        return "F1" if at.weekday() < 5 and 8 <= at.hour < 19 else "F2"

    expected = [plain(datetime.fromtimestamp(int(q), UTC).astimezone(rome)) for q in quarters]
    assert len(expected) == 35040
    assert [italy.names[label] for label in italy.labels(quarters)] == expected


def test_a_rule_ends_where_the_next_begins_and_nothing_is_before_the_first(italy):
    file = italy.file
    new = file.rules[0].model_copy(update={"valid_from": date(2030, 1, 1), "weekday": {0: "F1"}})
    changed = Bands("changed", file.model_copy(update={"rules": (*file.rules, new)}))
    assert band(changed, "2029-12-31T23:45") == "F3"
    assert band(changed, "2030-01-02T03:00") == "F1"
    with pytest.raises(
        DataError, match="no rule on 2006-12-31; the first is in force from 2007-01-01"
    ):
        band(italy, "2006-12-31T12:00")


def test_two_rates_are_a_group_of_bands(italy):
    assert italy.members("F23") == ("F2", "F3")
    assert italy.members("F1") == ("F1",)
    with pytest.raises(DataError, match=r"no band 'F4' in italy; there is F1, F2, F3, F23"):
        italy.members("F4")


GOOD = """\
name: Own bands
rules:
  - valid_from: 2020-01-01
    weekday: {0: N, 6: D}
    saturday: {0: N}
    sunday_and_holiday: {0: N}
holidays:
  - {name: May, day: 05-01, valid_from: 2020-01-01}
"""


def test_an_installation_may_have_bands_of_its_own(small):
    small.write({"bands/own.yaml": GOOD})
    found = load_installation(small.root).bands
    assert set(found) == {"italy", "own"}
    assert found["own"].names == ("D", "N")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("weekday: {0: N, 6: D}", "weekday: {6: D}",
         "4: rules[0].weekday: expected hours from 0 to 23, with that of 0; seen 6"),
        ("{0: N, 6: D}", "{0: N, 24: D}",
         "4: rules[0].weekday: expected hours from 0 to 23, with that of 0; seen 0, 24"),
        ("day: 05-01", "day: 31-01",
         "8: holidays[0].day: day '31-01' is no month and day such as 12-25"),
        ("day: 05-01, ", "", "8: holidays[0]: expected either day or days_after_easter"),
        ("name: Own bands", "name: Own bands\ntime_zone: Rome",
         "2: time_zone: unknown time zone 'Rome'; expected a name such as 'Europe/Rome'"),
        ("valid_from: 2020-01-01}", "valid_from: 2020-01-01, valid_to: 2019-01-01}",
         "8: holidays[0].valid_to: valid_to 2019-01-01 is not after valid_from 2020-01-01"),
    ],
)  # fmt: skip
def test_wrong_bands_are_told_with_their_line(small, old, new, problem):
    assert GOOD.count(old) == 1
    small.write({"bands/own.yaml": GOOD.replace(old, new)})
    with pytest.raises(ConfigError) as told:
        load_installation(small.root)
    assert [p.partition("own.yaml:")[2] for p in told.value.problems] == [problem]
