"""When sites are in use: calendars, holidays, the patron's day, events, defaults by kind."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from paes.config import load_installation
from paes.errors import ConfigError
from paes.metering import SiteKind
from paes.opening import DayKind, Opening, OpeningEvent, WeekdayHours, day_kinds
from paes.shipped_files import shipped_config

SAN_GIUSEPPE = date(2025, 3, 19)  # a Wednesday


def test_patron_rests_like_a_public_holiday() -> None:
    assert Opening().kind(SAN_GIUSEPPE) is DayKind.OPEN
    assert Opening(patron_day="03-19").kind(SAN_GIUSEPPE) is DayKind.RESTING


def test_site_that_is_open_on_holidays_is_open_on_the_patrons_day() -> None:
    museum = Opening(weekdays=(1, 2, 3, 4, 5, 6), holidays="none", patron_day="03-19")

    assert museum.kind(SAN_GIUSEPPE) is DayKind.OPEN


def test_event_overrides_a_sunday_and_a_closed_span() -> None:
    voting = OpeningEvent(first=date(2025, 6, 8), last=date(2025, 6, 9), from_hour=7, to_hour=23)
    works = OpeningEvent(first=date(2025, 10, 1), last=date(2025, 10, 3), closed=True)
    school = Opening(closed=((date(2025, 6, 7), date(2025, 9, 14)),), events=(voting, works))

    days = [date(2025, 6, 7), date(2025, 6, 8), date(2025, 6, 9), date(2025, 6, 10)]
    assert day_kinds(days, school).tolist() == [2, 0, 0, 2]
    assert school.open_hours(date(2025, 6, 8)) == (7, 23)
    assert school.kind(date(2025, 10, 2)) is DayKind.CLOSED
    assert school.open_hours(date(2025, 10, 2)) is None


def test_hours_of_one_weekday_are_its_own() -> None:
    office = Opening(hours=(WeekdayHours(weekday=1, from_hour=8, to_hour=19),), to_hour=14)

    assert office.open_hours(date(2025, 3, 17)) == (8, 14)
    assert office.open_hours(date(2025, 3, 18)) == (8, 19)


@pytest.mark.parametrize(
    "wrong",
    [
        {"events": [{"first": "2025-03-02", "last": "2025-03-01"}]},
        {"events": [{"first": "2025-03-01", "last": "2025-03-01", "from_hour": 9, "to_hour": 9}]},
        {"hours": [{"weekday": 1, "from_hour": 9, "to_hour": 8}]},
        {"patron_day": "19-03"},
    ],
)
def test_calendar_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Opening.model_validate(wrong)


def test_every_kind_of_site_has_a_calendar() -> None:
    installation = load_installation(shipped_config())

    assert set(installation.default_openings) == set(SiteKind)
    cabinet = next(s for s in installation.sites.values() if s.kind is SiteKind.LIGHTING_CABINET)
    assert cabinet.opening is None
    assert installation.opening(cabinet.id).kind(date(2025, 12, 25)) is DayKind.OPEN


def test_city_gives_its_patron_to_its_sites() -> None:
    installation = load_installation(shipped_config())

    assert installation.opening("scuola-2-giugno").kind(SAN_GIUSEPPE) is DayKind.RESTING
    assert installation.opening("lerici-municipio").kind(SAN_GIUSEPPE) is DayKind.OPEN


def test_default_that_names_no_calendar_is_told_with_its_place(tmp_path: Path) -> None:
    root = tmp_path / "own"
    root.mkdir()
    (root / "installation.yaml").write_text("name: X\ndefault_city: x\n")
    (root / "default_calendars.yaml").write_text("school: nowhere\n")

    with pytest.raises(ConfigError) as told:
        load_installation(root)

    assert any("default_calendars.yaml:1" in p and "nowhere" in p for p in told.value.problems)
