"""The sun against published times, another algorithm, and a national laboratory's example."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from paes.errors import DataError
from paes.sun import elevation_deg, is_night, sunrise_and_sunset

ROME = ZoneInfo("Europe/Rome")
LA_SPEZIA = (44.1, 9.8)
GENOVA = (44.411, 8.933)
FIRENZE = (43.771, 11.254)

# Published for the cities of Italy, to the minute, in local time:
# https://astronomiapraticapertutti.blogspot.com/2013/11/il-sole-e-la-luna-questa-settimana.html
# https://astronomiapraticapertutti.blogspot.com/2014/09/il-sole-del-mese-ottobre-2014.html
PUBLISHED = [
    (GENOVA, date(2013, 11, 14), "07:17", "17:00"),
    (FIRENZE, date(2013, 11, 14), "07:06", "16:52"),
    (GENOVA, date(2014, 10, 1), "07:20", "19:07"),
    (FIRENZE, date(2014, 10, 1), "07:11", "18:58"),
    (GENOVA, date(2014, 10, 30), "06:57", "17:19"),
    (FIRENZE, date(2014, 10, 15), "07:28", "18:33"),
]
MINUTES = timedelta(minutes=3)
"""Published times are rounded, and count from somewhere in a city, over hills or the sea."""


def at_local(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ROME)


def usno_sun_utc(day: date, latitude: float, longitude: float, rising: bool) -> datetime:
    """Sunrise or sunset after "Almanac for Computers, 1990", U.S. Naval Observatory.

    Good to about two minutes; it shares nothing with the code under test.
    """

    def sin(x: float) -> float:
        return math.sin(math.radians(x))

    def cos(x: float) -> float:
        return math.cos(math.radians(x))

    hours_east = longitude / 15
    t = day.timetuple().tm_yday + ((6 if rising else 18) - hours_east) / 24
    anomaly = 0.9856 * t - 3.289
    true = (anomaly + 1.916 * sin(anomaly) + 0.020 * sin(2 * anomaly) + 282.634) % 360
    ascension = math.degrees(math.atan(0.91764 * math.tan(math.radians(true)))) % 360
    ascension += math.floor(true / 90) * 90 - math.floor(ascension / 90) * 90
    sin_declination = 0.39782 * sin(true)
    cos_declination = math.cos(math.asin(sin_declination))
    cos_hour = (cos(90 + 50 / 60) - sin_declination * sin(latitude)) / (
        cos_declination * cos(latitude)
    )
    hour = math.degrees(math.acos(cos_hour))
    mean = (360 - hour if rising else hour) / 15 + ascension / 15 - 0.06571 * t - 6.622
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return midnight + timedelta(hours=(mean - hours_east) % 24)


@pytest.mark.parametrize(("place", "day", "rise", "set_"), PUBLISHED)
def test_night_ends_and_begins_at_the_published_times(
    place: tuple[float, float], day: date, rise: str, set_: str
) -> None:
    sunrise, sunset = at_local(day, rise), at_local(day, set_)
    assert is_night(*place, sunrise - MINUTES, margin_deg=0)
    assert not is_night(*place, sunrise + MINUTES, margin_deg=0)
    assert not is_night(*place, sunset - MINUTES, margin_deg=0)
    assert is_night(*place, sunset + MINUTES, margin_deg=0)


@pytest.mark.parametrize(("place", "day", "rise", "set_"), PUBLISHED)
def test_the_sun_rises_and_sets_at_the_published_times(
    place: tuple[float, float], day: date, rise: str, set_: str
) -> None:
    found = sunrise_and_sunset(*place, day, "Europe/Rome")
    assert found is not None
    assert abs(found[0] - at_local(day, rise)) <= MINUTES
    assert abs(found[1] - at_local(day, set_)) <= MINUTES
    assert all(at.tzinfo is UTC for at in found)


def test_a_day_without_sunrise_has_no_times() -> None:
    assert sunrise_and_sunset(69.65, 18.96, date(2025, 12, 21), "Europe/Oslo") is None


@pytest.mark.parametrize("month", range(1, 13))
def test_night_at_la_spezia_agrees_with_the_naval_observatorys_algorithm(month: int) -> None:
    day = date(2025, month, 21)
    sunrise, sunset = (usno_sun_utc(day, *LA_SPEZIA, rising) for rising in (True, False))
    assert is_night(*LA_SPEZIA, sunrise - MINUTES, margin_deg=0)
    assert not is_night(*LA_SPEZIA, sunrise + MINUTES, margin_deg=0)
    assert not is_night(*LA_SPEZIA, sunset - MINUTES, margin_deg=0)
    assert is_night(*LA_SPEZIA, sunset + MINUTES, margin_deg=0)


def test_elevation_is_that_of_the_laboratorys_worked_example() -> None:
    # NREL/TP-560-34302 (Reda, Andreas 2008), table A5.1: Golden, Colorado, 2003-10-17 12:30:30
    # at UTC-7, topocentric zenith angle 50.11162 degrees.
    at = datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC)
    assert elevation_deg(39.742476, -105.1786, at) == pytest.approx(90 - 50.11162, abs=0.02)


def test_an_inverter_may_sleep_until_the_sun_is_well_up() -> None:
    sunrise = usno_sun_utc(date(2025, 6, 21), *LA_SPEZIA, rising=True)
    assert is_night(*LA_SPEZIA, sunrise + timedelta(minutes=15))
    assert not is_night(*LA_SPEZIA, sunrise + timedelta(minutes=60))


def test_place_without_sunrise_has_a_whole_day_of_night() -> None:
    midwinter = datetime(2025, 12, 21, tzinfo=UTC)
    tromso = (69.65, 18.96)
    assert all(is_night(*tromso, midwinter + timedelta(hours=h), 0) for h in range(24))


def test_naive_time_is_refused() -> None:
    with pytest.raises(DataError, match="no zone"):
        is_night(*LA_SPEZIA, datetime.fromisoformat("2025-06-21T12:00"))
