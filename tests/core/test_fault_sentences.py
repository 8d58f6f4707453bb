"""Numbers and sentences of cases, as people in Italy and Britain write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from paes.faults.price import Interval
from paes.faults.sentences import day, euros, euros_between, filled, number, percent, quantity


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
