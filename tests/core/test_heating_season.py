"""When heating is allowed: the law by zone, the winter of 2022-23, and La Spezia's mayor.

Dates of the law: DPR 74/2013, art. 4; of 2022-23: MiTE decree 383/2022 as told by cti2000.it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from small_installation import SmallInstallation

from paes.climate.heating_season import (
    ClimateZone,
    conventional_season,
    heating_allowed,
    in_conventional_season,
    season_name,
)
from paes.config import load_installation
from paes.errors import ConfigError, DataError
from paes.installation import City
from paes.shipped_files import shipped_config


@pytest.fixture(scope="module")
def la_spezia() -> City:
    return load_installation(shipped_config()).city("la-spezia")


def in_zone(city: City, zone: str | None, **changes: Any) -> City:
    facts = city.facts.model_copy(
        update={
            "climate_zone": ClimateZone(zone) if zone else None,
            "heating_exceptions": (),
            **changes,
        }
    )
    return replace(city, facts=facts)


def season_of(city: City, season: int) -> tuple[date, date, float]:
    """First and last day on which heating was allowed, and the hours in between."""
    days = [date(season, 7, 1) + timedelta(days=n) for n in range(365)]
    allowed = [d for d in days if heating_allowed(city, d).allowed]
    assert len(allowed) == (allowed[-1] - allowed[0]).days + 1  # without a hole
    return allowed[0], allowed[-1], heating_allowed(city, allowed[0]).max_hours


@pytest.mark.parametrize(
    ("zone", "first", "last", "hours"),
    [
        ("A", (2023, 12, 1), (2024, 3, 15), 6),
        ("B", (2023, 12, 1), (2024, 3, 31), 8),
        ("C", (2023, 11, 15), (2024, 3, 31), 10),
        ("D", (2023, 11, 1), (2024, 4, 15), 12),
        ("E", (2023, 10, 15), (2024, 4, 15), 14),
    ],
)
def test_each_zone_has_the_days_and_hours_of_the_law(
    la_spezia: City, zone: str, first: tuple[int, int, int], last: tuple[int, int, int], hours: int
) -> None:
    assert season_of(in_zone(la_spezia, zone), 2023) == (date(*first), date(*last), hours)


@pytest.mark.parametrize(
    ("zone", "first", "last", "hours"),
    [
        ("A", (2022, 12, 8), (2023, 3, 7), 5),
        ("B", (2022, 12, 8), (2023, 3, 23), 7),
        ("C", (2022, 11, 22), (2023, 3, 23), 9),
        ("D", (2022, 11, 8), (2023, 4, 7), 11),
        ("E", (2022, 10, 22), (2023, 4, 7), 13),
    ],
)
def test_the_winter_of_2022_was_shorter_by_fifteen_days_and_an_hour(
    la_spezia: City, zone: str, first: tuple[int, int, int], last: tuple[int, int, int], hours: int
) -> None:
    assert season_of(in_zone(la_spezia, zone), 2022) == (date(*first), date(*last), hours)


def test_zone_f_has_no_limit_in_any_month(la_spezia: City) -> None:
    city = in_zone(la_spezia, "F")
    assert season_of(city, 2022)[2] == 24
    assert all(heating_allowed(city, date(2025, m, 1)).allowed for m in range(1, 13))


def test_outside_the_season_half_the_hours_need_weather_that_asks_for_them(
    la_spezia: City,
) -> None:
    day = heating_allowed(la_spezia, date(2025, 4, 16))
    assert (day.allowed, day.max_hours, day.why) == (False, 6.0, "outside the season")
    assert heating_allowed(la_spezia, date(2025, 4, 15)).allowed
    assert not heating_allowed(la_spezia, date(2025, 10, 31)).allowed


def test_the_mayor_lengthened_the_spring_of_2020_and_the_days_of_january_2025(
    la_spezia: City,
) -> None:
    """gazzettadellaspezia.com, items 110474 and 160313."""
    found = {d: heating_allowed(la_spezia, d)[:2] for d in (
        date(2020, 4, 15), date(2020, 4, 16), date(2020, 4, 25), date(2020, 4, 26),
        date(2025, 1, 15), date(2025, 1, 16), date(2025, 1, 27), date(2025, 1, 28),
    )}  # fmt: skip
    assert list(found.values()) == [
        (True, 12), (True, 6), (True, 6), (False, 6),
        (True, 12), (True, 18), (True, 18), (True, 12),
    ]  # fmt: skip
    assert "110474" in heating_allowed(la_spezia, date(2020, 4, 20)).why


def test_the_conventional_season_is_moved_by_no_exception(la_spezia: City) -> None:
    assert conventional_season(la_spezia, 2022) == (date(2022, 11, 1), date(2023, 4, 15))
    assert in_conventional_season(la_spezia, date(2022, 11, 2))
    assert not in_conventional_season(la_spezia, date(2020, 4, 20))
    assert season_name(2022) == "2022-23"
    assert season_name(1999) == "1999-00"


def test_a_city_without_a_zone_says_what_is_missing(la_spezia: City) -> None:
    with pytest.raises(DataError) as caught:
        heating_allowed(in_zone(la_spezia, None), date(2025, 1, 1))
    assert str(caught.value) == (
        "city la-spezia: its climate zone is not known; write climate_zone: (A to F) in city.yaml"
    )


def problems_of(small: SmallInstallation) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)
    return [p.removeprefix(f"{small.root}/") for p in caught.value.problems]


def add(small: SmallInstallation, file: str, text: str) -> int:
    """Add ``text`` to a file; the line at which it begins."""
    path = small.root / file
    before = path.read_text() if path.exists() else ""
    path.write_text(before + text)
    return before.count("\n") + 1


def test_an_exception_that_ends_before_it_begins_is_told_with_its_line(
    small: SmallInstallation,
) -> None:
    line = add(
        small,
        "cities/porto/city.yaml",
        "heating_exceptions:\n  - {from: 2025-04-20, to: 2025-04-16, hours_per_day: 6}\n",
    )
    assert problems_of(small) == [
        (
            f"cities/porto/city.yaml:{line + 1}: heating_exceptions[0]: ends on 2025-04-16, before"
            " it begins on 2025-04-20"
        )
    ]


def test_weather_of_a_sensor_that_is_not_there_is_told_with_its_line(
    small: SmallInstallation,
) -> None:
    line = add(
        small, "cities/porto/city.yaml", "weather:\n  - point: scuola.meteo/outdoor_temperature\n"
    )
    assert problems_of(small) == [
        (
            f"cities/porto/city.yaml:{line + 1}: weather[0].point: no sensor or meter"
            " 'scuola.meteo' in any meters.yaml; expected one of the sensors (none), a meter, or"
            " one of porto.weather for what files bring"
        )
    ]


def test_heating_seasons_of_one_s_own_must_have_every_zone(small: SmallInstallation) -> None:
    (small.root / "heating_seasons.yaml").write_text(
        'zones:\n  D: {from: "11-01", to: "04-15", hours_per_day: 12}\noutside_fraction: 0.5\n'
    )
    (problem,) = problems_of(small)
    assert problem.startswith(
        "heating_seasons.yaml:1: these climate zones are missing: A, B, C, E, F"
    )
