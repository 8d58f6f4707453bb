"""Why a verdict is what it is, as a councillor reads it: with the figures that made it so."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from paes.cli.saving_words import measured_short, told_kwh, why
from paes.faults.money.price import Interval
from paes.savings.verdict import Judged, Reason, Verdict


def said(reason: Reason, low: float, high: float, half: float = 5_000.0) -> str:
    """Of a saving of so many kWh a year, of 20 MWh that were declared."""
    year = SimpleNamespace(kwh=Interval(low, (low + high) / 2, high), half_kwh=half)
    judged = Judged(Verdict.CONFIRMED, reason)
    return why(SimpleNamespace(judged=judged, year=year, declared_kwh=20_000.0))


@pytest.mark.parametrize(
    ("reason", "low", "high", "text"),
    [
        (
            Reason.AS_DECLARED, 12_000, 22_000,
            "a saving is there: 12.0 MWh a year at the least, of 20.0 MWh declared",
        ),
        (
            Reason.SIZE_OPEN, 2_000, 22_000,
            "a saving is there: 2.0 to 22.0 MWh a year; whether 20.0 MWh, is open",
        ),
        (
            Reason.LESS_THAN_DECLARED, 11_000, 13_900,
            "it does save, but 13.9 MWh a year at the most, where 20.0 MWh was declared",
        ),
        (
            Reason.LESS_THAN_DECLARED, -1_000, 9_000,
            "9.0 MWh a year at the most are saved, where 20.0 MWh was declared",
        ),
        (
            Reason.WITHIN_NORMAL_CHANGE, -4_000, 6_000,
            ("not distinguishable from normal change, which is +- 5.0 MWh a year without any "
            "works, and 20.0 MWh was declared"),
        ),
        (
            Reason.USE_WENT_UP, -9_000, -1_000,
            "more was used than before, beyond normal change: by 1.0 to 9.0 MWh a year",
        ),
    ],
)  # fmt: skip
def test_a_verdict_says_its_figures(reason: Reason, low: float, high: float, text: str):
    assert said(reason, low, high) == text


def test_without_a_year_there_are_no_figures():
    judged = Judged(Verdict.NOT_MEASURABLE, Reason.NO_METERS)

    told = why(SimpleNamespace(judged=judged, year=None, declared_kwh=20_000.0))

    assert told == "what was changed has no meter"


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.NOT_MEASURABLE, "not measurable"),
        (Verdict.CONTRADICTED, "750.0 contradicted"),
    ],
)
def test_what_cannot_be_measured_has_no_figure_beside_it(verdict: Verdict, told: str):
    # A year of gaps: anything from nothing to 1,500 MWh.
    year = SimpleNamespace(kwh=Interval(0.0, 750_000.0, 1_500_000.0))
    saving = SimpleNamespace(year=year, verdict=verdict)

    assert measured_short(saving) == told
    assert (told_kwh(saving) is None) == (verdict is Verdict.NOT_MEASURABLE)
