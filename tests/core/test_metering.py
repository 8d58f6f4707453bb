"""Readings, meters and points refuse nonsense at birth."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from paes.errors import DataError
from paes.gateways import Gateway
from paes.metering import Finding, Quality, Reading, meter_of, point_id
from paes.meters import FieldMeter, Replacement
from paes.opening import Opening
from paes.series import CODE_OF, QUALITIES

NOON = datetime(2025, 3, 29, 12, tzinfo=UTC)


def meter(**more: Any) -> FieldMeter:
    facts = {"id": "scuola.main", "carrier": "electricity", "device": "d", "gateway": "g"}
    return FieldMeter(**(facts | more))


# Readings and points


def test_a_reading_is_good_unless_said_otherwise_and_in_utc() -> None:
    summer = timezone(timedelta(hours=2))
    reading = Reading("scuola.main/energy_import", datetime(2025, 7, 1, 14, tzinfo=summer), 1.5)
    assert reading.at == datetime(2025, 7, 1, 12, tzinfo=UTC)
    assert reading.at.tzinfo is UTC
    assert reading.quality is Quality.GOOD


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_reading_has_a_number(value: float) -> None:
    with pytest.raises(DataError, match=r"scuola\.main/x: value .* is not a number"):
        Reading("scuola.main/x", NOON, value)


def test_a_reading_has_a_time_that_everybody_understands() -> None:
    with pytest.raises(DataError, match="has no zone"):
        Reading("scuola.main/x", NOON.replace(tzinfo=None), 1.0)


def test_a_point_is_known_by_its_meter_and_name() -> None:
    point = point_id("scuola.main", "energy_import")
    assert point == "scuola.main/energy_import"
    assert meter_of(point) == "scuola.main"


def test_stored_codes_of_qualities_never_change() -> None:
    # What is in every store: a changed order would turn estimates into measurements.
    assert [str(q) for q in QUALITIES] == [
        "good",
        "not_available",
        "out_of_range",
        "suspect",
        "stale",
        "comm_error",
        "substituted",
    ]
    assert {QUALITIES[code]: code for code in CODE_OF.values()} == CODE_OF
    assert set(QUALITIES) == set(Quality)


def test_findings_do_not_share_their_numbers() -> None:
    first, second = Finding("a.b", "s", "m"), Finding("a.b", "s", "m")
    assert first == second
    assert first.numbers is not second.numbers


# Meters


def test_a_meter_stands_at_the_site_of_its_id() -> None:
    assert meter(id="scuola-2-giugno.main").site == "scuola-2-giugno"


def test_the_transformer_ratio_is_that_of_current_and_voltage() -> None:
    assert meter().transformer_ratio == 1
    assert meter(ct_ratio=40, vt_ratio=150).transformer_ratio == 6000


@pytest.mark.parametrize("pod", ["IT001E12345678", "IT001E123456789", "IT020EABCDEFGH"])
def test_a_pod_has_14_or_15_characters(pod: str) -> None:
    assert meter(pod=pod).pod == pod


@pytest.mark.parametrize(
    "pod", ["IT001E1234567", "IT001E1234567890", "it001e12345678", "FR001E12345678"]
)
def test_another_pod_is_refused(pod: str) -> None:
    with pytest.raises(ValidationError):
        meter(pod=pod)


def test_only_water_has_no_carrier() -> None:
    assert meter(carrier=None, measures="water").carrier is None
    for wrong in ({"carrier": None}, {"measures": "water"}):
        with pytest.raises(ValidationError, match="a water meter has no carrier"):
            meter(**wrong)


def test_a_meter_never_changes() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        meter().unit = 2  # type: ignore[misc]


def replaced(*days: int) -> tuple[Replacement, ...]:
    return tuple(Replacement(at=NOON + timedelta(days=d), new_serial=str(d)) for d in days)


def test_replacements_are_in_order_and_in_utc() -> None:
    at = datetime(2025, 7, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert Replacement(at=at, new_serial="B").at.tzinfo is UTC
    assert len(meter(replacements=replaced(1, 2)).replacements) == 2
    for wrong in (replaced(2, 1), replaced(1, 1)):
        with pytest.raises(ValidationError, match="in order of time"):
            meter(replacements=wrong)


def test_a_life_has_at_least_one_day() -> None:
    first = date(2025, 1, 1)
    assert meter(valid_from=first, valid_to=date(2025, 1, 2)).valid_to == date(2025, 1, 2)
    with pytest.raises(ValidationError, match="is not after valid_from"):
        meter(valid_from=first, valid_to=first)


# Numbers that no person would write


NUMBERS_OF_A_METER = (
    "ct_ratio",
    "vt_ratio",
    "volume_correction",
    "rated_power_kw",
    "rated_flow_m3_h",
)


@pytest.mark.parametrize("field", NUMBERS_OF_A_METER)
@pytest.mark.parametrize("value", [0, -1, math.nan])
def test_ratios_and_ratings_are_positive_numbers(field: str, value: float) -> None:
    with pytest.raises(ValidationError, match=field):
        meter(**{field: value})


@pytest.mark.parametrize("field", NUMBERS_OF_A_METER)
def test_ratios_and_ratings_are_finite(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        meter(**{field: math.inf})


# Gateways and calendars


@pytest.mark.parametrize("host", ["192.0.2.10", "gw-1.comune.example", "fe80::1"])
def test_a_gateway_has_a_host(host: str) -> None:
    assert Gateway(id="g", host=host).host == host


@pytest.mark.parametrize("host", ["", "http://192.0.2.10", "192.0.2.10/x", "two words"])
def test_another_text_is_no_host(host: str) -> None:
    with pytest.raises(ValidationError, match="host"):
        Gateway(id="g", host=host)


def test_a_closure_ends_after_it_begins() -> None:
    with pytest.raises(ValidationError, match="closed"):
        Opening(closed=((date(2025, 9, 14), date(2025, 6, 15)),))


def test_a_calendar_opens_before_it_closes() -> None:
    assert Opening().weekdays == (0, 1, 2, 3, 4)
    assert Opening(from_hour=0, to_hour=24).to_hour == 24
    with pytest.raises(ValidationError, match=r"closes at 8\.0, not after it opens at 8\.0"):
        Opening(from_hour=8, to_hour=8)
