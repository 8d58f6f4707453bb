"""Numbers and dates as Italians and Britons write them (checked by hand, not by the code)."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime

import pytest
from babel.numbers import format_decimal

from dashboard import formats

AT = datetime(2026, 3, 12, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "digits", "italian", "english"),
    [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (-1234567.0, 0, "−1.234.567", "−1,234,567"),
        (-0.04, 1, "0,0", "0.0"),
        (math.inf, 0, "∞", "∞"),
    ],
)
def test_numbers_are_grouped_as_the_language_does(
    value: float, digits: int, italian: str, english: str
) -> None:
    assert formats.number(value, "it", digits) == italian
    assert formats.number(value, "en", digits) == english


def test_numbers_are_those_of_babel() -> None:
    chosen = random.Random(7)
    sizes = [0.004, 1.0, 999.95, 1e5, 1e9]
    for size in sizes * 40:
        value, digits = chosen.gauss(0, size), chosen.randrange(4)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        for language, locale in (("it", "it_IT"), ("en", "en_GB")):
            theirs = format_decimal(round(value, digits) + 0.0, format=pattern, locale=locale)
            assert formats.number(value, language, digits) == theirs.replace("-", formats.MINUS)


def test_unit_and_percent_never_leave_their_number() -> None:
    assert formats.quantity(1234.5, "t", "it", 1) == "1.234,5\N{NO-BREAK SPACE}t"
    assert formats.percent(0.123, "it") == "12,3\N{NO-BREAK SPACE}%"
    assert formats.percent(0.123, "en") == "12.3%"
    assert formats.percent(-0.14, "it", 0, sign=True) == "−14\N{NO-BREAK SPACE}%"


def test_small_tonnes_keep_a_decimal() -> None:
    assert formats.tonnes(12.34, "it") == "12,3\N{NO-BREAK SPACE}t"
    assert formats.tonnes(1234.5, "it") == "1.234\N{NO-BREAK SPACE}t"


def test_dates_are_words_in_local_time() -> None:
    assert formats.day(date(2026, 3, 12), "it") == "12 marzo 2026"
    assert formats.moment(AT, "Europe/Rome", "it") == "12 marzo 2026, 14:05"
    assert formats.moment(AT, "Europe/Rome", "en") == "12 March 2026, 14:05"


def test_a_time_of_today_needs_no_date() -> None:
    later, next_day = AT.replace(hour=20), AT.replace(day=13)
    assert formats.short_moment(AT, later, "Europe/Rome", "it") == "14:05"
    assert formats.short_moment(AT, next_day, "Europe/Rome", "it") == "12 mar, 14:05"


def test_age_is_told_in_the_largest_sensible_unit() -> None:
    assert formats.age(180, "it") == "3 minuti fa"
    assert formats.age(5 * 3600, "en") == "5 hours ago"


def test_csv_numbers_keep_their_precision_and_are_not_grouped() -> None:
    assert formats.csv_number(-12345.6789, "it") == "-12345,6789"
    assert formats.csv_number(12345.6789, "en") == "12345.6789"
    assert formats.csv_number(0.0, "it") == "0"
    assert formats.csv_number(math.inf, "it") == ""


def test_marks_become_markup_of_the_place() -> None:
    assert formats.pieces("**t** di CO2.") == [
        ("bold", "t"),
        ("text", " di "),
        ("co2", "CO2"),
        ("text", "."),
    ]
    assert formats.plain("**t** di CO2") == "t di CO₂"
    assert formats.for_plot("t di CO2") == "t di CO<sub>2</sub>"


def test_italian_articles_sound_like_the_number_after_them() -> None:
    """Otto, undici and uno begin with a vowel, zero with z: as one says them."""
    said = {
        "è il 11 % di": "è l’11 % di",
        "al **80,2 %**": "all’**80,2 %**",
        "dal 8 novembre": "dall’8 novembre",
        "il 0,05 %": "lo 0,05 %",
        "del 1,8 %": "dell’1,8 %",
        "dal 1 gennaio, nel 2020, il 18 %": "dal 1 gennaio, nel 2020, il 18 %",
    }
    assert {text: formats.italian_articles(text) for text in said} == said
