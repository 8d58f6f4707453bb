"""Numbers and sentences of cases, as people in Italy and Britain write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from paes.faults.money.price import Interval
from paes.faults.telling.sentences import (
    day,
    euros,
    euros_between,
    filled,
    number,
    percent,
    quantity,
)


@pytest.mark.parametrize(
    ("value", "it", "en"),
    [
        (1234.5, "1.234", "1,234"),  # a half goes to the even number
        (1234567.0, "1.234.567", "1,234,567"),
        (99.96, "100", "100"),
        (12.5, "12,5", "12.5"),
        (12.0, "12", "12"),
        (4.26, "4,3", "4.3"),
        (0.4, "0,4", "0.4"),
        (0.0456, "0,046", "0.046"),
        (0.0, "0", "0"),
        (-0.0, "0", "0"),
        (-3.25, "−3,2", "−3.2"),
        (float("nan"), "–", "–"),
    ],
)
def test_numbers_have_the_digits_that_say_something(value: float, it: str, en: str):
    assert number(value, "it") == it
    assert number(value, "en") == en


def test_money_percent_amounts_and_dates():
    assert euros(1234.4, "it") == "1.234\u00a0€"
    assert euros(4.2, "it") == "4,20\u00a0€"
    assert euros_between(Interval(30.2, 42.0, 55.4), "it") == "42\u00a0€ (30–55)"
    assert euros_between(Interval(42.1, 42.2, 42.3), "it") == "42\u00a0€"
    assert percent(0.234, "it") == "23\u00a0%"
    assert percent(0.045, "en") == "4.5%"
    assert quantity(1.5, "m3", "it") == "1,5\u00a0m³"
    assert day(datetime(2026, 3, 11, 23, 30, tzinfo=UTC), "Europe/Rome", "it") == "12 marzo 2026"


def test_placeholders_become_numbers_and_unknown_ones_a_dash():
    text = "Passano {night_flow_l_h} litri, il {rise_fraction} in più; {other} giorni."
    numbers = {"night_flow_l_h": 1250.0, "rise_fraction": 0.5}
    assert filled(text, numbers, "it") == "Passano 1.250 litri, il 50\u00a0% in più; – giorni."


@pytest.mark.parametrize(
    ("nights", "it", "en"),
    [
        (1.0, "Da 1\u00a0notte.", "For 1\u00a0night."),
        (5.0, "Da 5\u00a0notti.", "For 5\u00a0nights."),
        (0.0, "Da 0\u00a0notti.", "For 0\u00a0nights."),
        (99.0, "Da 99\u00a0notti.", "For 99\u00a0nights."),
        (1043.0, "Da circa 34\u00a0mesi.", "For about 34\u00a0months."),  # 1,043 / 30.44 = 34.3
    ],
)
def test_what_is_counted_is_one_or_several_and_long_times_are_months(
    nights: float, it: str, en: str
):
    numbers = {"nights": nights}

    assert filled("Da {nights:notte|notti|mesi}.", numbers, "it") == it
    assert filled("For {nights:night|nights|months}.", numbers, "en") == en


def test_long_hours_are_days_and_what_takes_no_longer_unit_is_counted():
    numbers = {"hours": 240.0, "unchanged_h": 24.0, "days": 365.0}
    text = "{hours:hour|hours|days}, {unchanged_h:hour|hours|days}, {days:day|days}"

    assert filled(text, numbers, "en") == "about 10\u00a0days, 24\u00a0hours, 365\u00a0days"


def test_minutes_watts_and_litres_an_hour_have_no_tenths_from_ten_on():
    numbers = {"lit_too_long_min": 99.8756, "lamp_w": 81.41, "flow_l_h": 4.26, "power_kw": 42.56}
    text = "{lit_too_long_min} {lamp_w} {flow_l_h} {power_kw}"

    assert filled(text, numbers, "it") == "100 81 4,3 42,6"


@pytest.mark.parametrize(
    ("fraction", "it"),
    [
        (0.08, "l'8\u00a0%, dell'8\u00a0%"),
        (0.11, "l'11\u00a0%, dell'11\u00a0%"),
        (0.83, "l'83\u00a0%, dell'83\u00a0%"),
        (0.12, "il 12\u00a0%, del 12\u00a0%"),
        (1.1, "il 110\u00a0%, del 110\u00a0%"),
    ],
)
def test_the_italian_article_is_elided_before_eight_and_eleven(fraction: float, it: str):
    assert filled("il {a_fraction}, del {a_fraction}", {"a_fraction": fraction}, "it") == it
