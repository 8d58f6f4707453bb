"""Our models of consumption beside those of OpenDSM, on the same measured buildings.

``tests/data/opendsm/make_expected.py`` says how the other program was asked. It knows no bank
holidays, and ours knows no months; neither is the truth. What must agree: how much the next year
takes at its own weather, and how well its days are told.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.accuracy.baselines import NextYear, next_years


@pytest.fixture(scope="module")
def found() -> list[NextYear]:
    years = next_years()
    assert len(years) >= 20
    return years


def test_both_saw_the_same_days(found: list[NextYear]) -> None:
    for one in found:
        assert one.theirs["current"]["days"] == one.days
        assert one.theirs["current"]["actual_kwh"] == pytest.approx(one.actual_kwh, 1e-3)


@pytest.mark.parametrize("model", ["current", "legacy"])
def test_next_year_is_that_of_the_other_program(found: list[NextYear], model: str) -> None:
    """They disagree by less than a tenth of what each misses the truth by (7 % in the median)."""
    apart = sorted(one.apart_fraction(model) for one in found)

    assert median(apart) < 0.01
    assert apart[int(0.9 * len(apart))] < 0.03


@pytest.mark.parametrize("model", ["current", "legacy"])
def test_days_of_next_year_are_told_as_well(found: list[NextYear], model: str) -> None:
    ours = median(one.cv_rmse_fraction for one in found)
    theirs = median(one.theirs[model]["cv_rmse_fraction"] for one in found)

    assert ours <= 1.05 * theirs
