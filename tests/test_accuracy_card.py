"""The accuracy card: what counts as a fall, and that something is stated of every rule."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.accuracy.card import GUIDE, document, fallen, stated
from benchmarks.accuracy.rows import Row, found_within, median_delay
from paes.faults.rule_table import RULES
from paes.report.accuracy_card import accuracy_card

FOUND = Row("leak", "found, 5 l/h", 0.92, "fraction", "92 meters", 0.88, "at_least", 0.02)
ALARMS = Row("leak", "alarms", 0.2, "a meter-year", "92 meters", 0.25, "at_most", 0.02)
TOLD = Row("leak", "delay, median", 5.0, "days", "92 meters", slack=1.0)


@pytest.mark.parametrize(
    ("row", "now", "falls"),
    [
        (FOUND, 0.91, False),
        (FOUND, 0.89, True),
        (FOUND, 1.0, False),
        (FOUND, float("nan"), True),
        (ALARMS, 0.21, False),
        (ALARMS, 0.25, True),
        (ALARMS, 0.0, False),
        (TOLD, 5.9, False),
        (TOLD, 3.5, True),
    ],
)
def test_a_figure_falls_by_more_than_its_slack(row: Row, now: float, falls: bool) -> None:
    before = document([row])

    assert bool(fallen([replace(row, figure=now)], before)) is falls


def test_what_is_not_measured_any_more_has_fallen() -> None:
    (told,) = fallen([ALARMS], document([FOUND, ALARMS]))

    assert "found, 5 l/h" in told
    assert "not measured any more" in told


def test_bar_and_sense_belong_together() -> None:
    with pytest.raises(ValueError, match="bar"):
        Row("leak", "found", 0.9, "fraction", "x", bar=0.5)


def test_what_was_never_found_counts_among_all() -> None:
    assert found_within([1.0, 8.0, None, 3.0], 7.0) == 0.5
    assert median_delay([1.0, 8.0, None, 3.0]) == 3.0
    assert median_delay([None]) != median_delay([None])  # NaN


def test_card_tells_something_of_every_rule_that_alarms() -> None:
    card = accuracy_card()
    told = {row.rule for row in card.rows}
    exact = {"bill_against_meter"}  # the arithmetic of paes.bills, which has tests of its own
    silent = {rule.id for rule in RULES if rule.is_alarm} - told - exact

    assert not silent
    assert {"savings", "baseline", "town"} <= told


def test_real_series_are_told_apart_from_simulated_ones() -> None:
    kinds = {row.real for row in accuracy_card().rows}

    assert kinds == {True, False}


def test_guide_states_what_the_file_states() -> None:
    guide = GUIDE.read_text()

    for row in stated()["rows"]:
        assert row["what"] in guide, row
        assert row["on"] in guide, row
