"""Verdicts, case by case: what is inside the band is never called a saving."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paes.faults.money.price import Interval
from paes.savings.assumptions import VerdictRules
from paes.savings.verdict import Judged, Reason, Verdict, judge

RULES = VerdictRules(
    confirmed_from_fraction=0.25, contradicted_below_fraction=0.8, assumed=True, note="test"
)


def of(saved: float, half: float) -> Interval:
    return Interval(saved - half, saved, saved + half)


@pytest.mark.parametrize(
    ("measured", "declared", "verdict", "reason"),
    [
        (of(30, 20), 30, Verdict.CONFIRMED, Reason.AS_DECLARED),  # at least 10 of 30: a third
        (of(25, 20), 30, Verdict.NOT_DETECTABLE, Reason.SIZE_OPEN),  # at least 5 of 30: a sixth
        (of(15, 20), 30, Verdict.NOT_DETECTABLE, Reason.WITHIN_NORMAL_CHANGE),
        (of(0, 20), 30, Verdict.CONTRADICTED, Reason.LESS_THAN_DECLARED),  # at most 20 < 24
        (of(0, 25), 30, Verdict.NOT_DETECTABLE, Reason.WITHIN_NORMAL_CHANGE),  # at most 25 > 24
        (of(12, 5), 30, Verdict.CONTRADICTED, Reason.LESS_THAN_DECLARED),  # there, and too small
        (of(-30, 20), 30, Verdict.CONTRADICTED, Reason.USE_WENT_UP),
        (of(-30, 20), None, Verdict.CONTRADICTED, Reason.USE_WENT_UP),
        (of(30, 20), None, Verdict.CONFIRMED, Reason.SAVING_SEEN),
        (of(10, 20), None, Verdict.NOT_DETECTABLE, Reason.WITHIN_NORMAL_CHANGE),
        (of(60, 20), 30, Verdict.CONFIRMED, Reason.AS_DECLARED),  # more than declared
        (Interval(-math.inf, 5, 30), 30, Verdict.NOT_MEASURABLE, Reason.GAPS),
    ],
)
def test_declared_beside_measured(
    measured: Interval, declared: float | None, verdict: Verdict, reason: Reason
) -> None:
    assert judge(measured, declared, RULES) == Judged(verdict, reason)


def test_nothing_whose_interval_holds_zero_is_called_a_saving() -> None:
    dice = np.random.default_rng(7)
    told = 0
    for saved, half, declared in dice.uniform([-50, 0, 0], [50, 60, 80], (2000, 3)):
        if of(saved, half).low <= 0:
            told += 1
            assert judge(of(saved, half), declared, RULES).verdict is not Verdict.CONFIRMED
    assert told > 500
