"""Intervals and probabilities as commands tell them."""

from __future__ import annotations

import json
import math
import re

import pytest
from click.testing import CliRunner, Result

from paes.cli import paes as group
from paes.cli.chances import (
    change_interval,
    probability,
    reduction_interval,
    tonnes_interval,
)
from paes.uncertainty.chances import Chance
from paes.uncertainty.spread import Interval


@pytest.mark.parametrize(
    ("chance", "told"),
    [
        (Chance(0.314, 0.314), "31 %"),
        (Chance(0.12, 0.314), "12 % to 31 %"),
        (Chance(1.0, 1.0), "over 99 %"),
        (Chance(0.0, 0.0), "under 1 %"),
        (Chance(0.0, 0.6), "under 1 % to 60 %"),
    ],
)
def test_a_probability_is_never_a_certainty(chance: Chance, told: str) -> None:
    assert probability(chance) == told


def test_intervals_in_words() -> None:
    assert change_interval(Interval(0.078, 0.109)) == "-7.8 to -10.9 %"
    assert change_interval(Interval(-0.02, 0.03)) == "+2.0 to -3.0 %"
    assert change_interval(Interval(-math.inf, 0.109)) == "at best -10.9 %"
    assert reduction_interval(Interval(0.078, 0.109)) == "7.8 to 10.9 %"
    assert reduction_interval(Interval(-math.inf, 0.109)) == "at most 10.9 %"
    assert tonnes_interval(Interval(1234.4, 2345.6)) == "1 234 to 2 346"
    assert tonnes_interval(Interval(1234.4, math.inf)) == "1 234 or more"


@pytest.fixture
def paes(tmp_path, monkeypatch):
    """Runs a command of the shipped town with an empty store."""
    monkeypatch.delenv("PAES_CONFIG", raising=False)
    monkeypatch.setenv("PAES_STORE", str(tmp_path / "readings.sqlite"))

    def run(*arguments: str) -> Result:
        done = CliRunner().invoke(group, arguments)
        assert done.exit_code == 0, done.output
        return done

    return run


def test_progress_repeats_itself_by_its_seed(paes) -> None:
    first, again = (
        json.loads(paes("progress", "--json", "--draws", "200", "--seed", seed).stdout)["chances"]
        for seed in ("3", "3")
    )
    assert first == again
    assert (first["seed"], first["draws"]) == (3, 200)
    assert first["years"][0]["reduction_interval_90"] == [0.0, 0.0]
    last = first["years"][-1]
    low, high = last["reduction_interval_90"]
    assert low < high < 1
    assert math.fsum(last["shares"].values()) == pytest.approx(1)


def test_progress_tells_interval_and_probability_in_one_sentence(paes) -> None:
    told = paes("progress", "--draws", "200").stdout
    assert re.search(
        r"2020: -\d+\.\d % on 2007 \(90 %: -\d+\.\d to -\d+\.\d %\), "
        r"probability of at least -14\.0 %: over 99 %",
        told,
    )


def test_of_a_target_ahead_the_path_is_told_too(paes) -> None:
    ahead = paes("progress", "--draws", "200", "--target", "2030-55").stdout
    assert "(asked in 2030; of keeping to the path: " in ahead


def test_inventory_tells_the_interval_of_every_line_and_of_the_total(paes) -> None:
    made = json.loads(paes("inventory", "2020", "--json", "--draws", "300").stdout)
    assert made["uncertainty"]["draws"] == 300
    low, high = made["uncertainty"]["interval_90_t"]
    assert low < made["emissions_t"] < high
    wide_low, wide_high = made["uncertainty"]["interval_95_t"]
    assert wide_low < low < high < wide_high
    assert len(made["lines"]) > 20
    for line in made["lines"]:
        assert line["low_90_t"] <= line["emissions_t"] <= line["high_90_t"]
    assert {line["most_uncertain_by"] for line in made["lines"] if line["emissions_t"]} <= {
        "declared",
        "factor",
    }
    assert "What makes 2020 uncertain: declared " in paes("inventory", "2020").stdout


@pytest.mark.parametrize("draws", ["99", "200001", "many"])
def test_too_few_draws_or_too_many_are_refused(draws: str) -> None:
    assert CliRunner().invoke(group, ["progress", "--draws", draws]).exit_code == 2
