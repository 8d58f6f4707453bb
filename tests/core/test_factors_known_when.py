"""Factors that were added later change no published figure.

Electricity of 2020: 0.30 t/MWh when the set was made; 0.25 was added on 2023-06-01. The
inventory of 2020 (1000 MWh) was published on 2022-03-31.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
from factor_town import (
    GAS,
    HOMES,
    OFFICES,
    POWER,
    WOOD,
    factor,
    inventory,
    ledger_of,
    library,
    row,
    told,
    town,
)
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import ConfigError, FactorMissing
from paes.inventory.method import Method
from paes.plan.action import Action, Status
from paes.progress.progress import make_progress
from paes.schema import Text

OLD = factor(POWER, 0.30, year=2020)
NEW = factor(POWER, 0.25, year=2020, added=date(2023, 6, 1))
BEFORE, AFTER = date(2022, 3, 31), date(2024, 1, 1)
PUBLISHED = {"publications": [{"year": 2020, "published_on": BEFORE, "source": "the council"}]}


@pytest.mark.parametrize(
    ("as_of", "t_per_mwh"),
    [(None, 0.25), (BEFORE, 0.30), (date(2023, 5, 31), 0.30), (date(2023, 6, 1), 0.25)],
)
def test_a_factor_is_known_from_its_day_on(as_of, t_per_mwh):
    match = library(NEW, OLD).find("test", POWER, HOMES, 2020, as_of=as_of)
    assert match.factor_t_per_mwh == t_per_mwh


def test_of_several_the_one_added_last_counts_whatever_their_order():
    newer = factor(POWER, 0.24, year=2020, added=date(2024, 2, 1))
    for rows in ((OLD, NEW, newer), (newer, NEW, OLD)):
        match = library(*rows).find("test", POWER, HOMES, 2020)
        assert (match.factor_t_per_mwh, match.added) == (0.24, date(2024, 2, 1))


def test_a_year_that_was_added_later_leaves_the_earlier_one_to_stand_in():
    later = factor(POWER, 0.20, year=2021, added=date(2023, 6, 1))
    factors = library(OLD, later)
    assert factors.find("test", POWER, HOMES, 2021).factor_t_per_mwh == 0.20
    assert factors.find("test", POWER, HOMES, 2021, as_of=BEFORE).year_used == 2020


def test_what_nobody_knew_then_is_missing():
    with pytest.raises(FactorMissing, match="known on 2022-03-31 for electricity"):
        library(NEW).find("test", POWER, HOMES, 2020, as_of=BEFORE)


def test_a_factor_added_later_changes_no_published_figure(tmp_path):
    rows = (row(2020, POWER, 1000.0), row(2020, GAS, 500.0))
    gas = factor(GAS, 0.2)
    city = town(*rows, plan=PUBLISHED)
    then = inventory(city, library(OLD, gas), 2020, tmp_path)
    now = inventory(city, library(OLD, NEW, gas), 2020, tmp_path)
    assert then.emissions_t == now.emissions_t == 400.0  # 1000 x 0.30 + 500 x 0.2
    assert now.factors_as_of == BEFORE
    assert told(then.findings, "factor.newer_known") == []


def test_it_says_what_the_newer_one_would_change(tmp_path):
    city = town(row(2020, POWER, 1000.0), plan=PUBLISHED)
    made = inventory(city, library(OLD, NEW), 2020, tmp_path)
    (finding,) = told(made.findings, "factor.newer_known")
    assert finding.numbers["more_t"] == pytest.approx(-50.0)  # 1000 x (0.25 - 0.30)
    assert finding.numbers["newer_t_per_mwh"] == 0.25
    assert "added on 2023-06-01: it would change the total by -50.0 t" in finding.message


def test_a_year_that_was_not_published_takes_what_is_known(tmp_path):
    made = inventory(town(row(2020, POWER, 1000.0)), library(OLD, NEW), 2020, tmp_path)
    assert (made.emissions_t, made.factors_as_of) == (250.0, None)


def test_whoever_asks_for_a_day_gets_that_day(tmp_path):
    city = town(row(2020, POWER, 1000.0), plan=PUBLISHED)
    asked = Method.of(city.plan, factors_as_of=AFTER)
    made = inventory(city, library(OLD, NEW), 2020, tmp_path, asked)
    assert (made.emissions_t, made.factors_as_of) == (250.0, AFTER)


def test_frozen_electricity_of_a_published_year_is_as_old_as_the_year(tmp_path):
    base = factor(POWER, 0.5, year=2007)
    revised = factor(POWER, 0.45, year=2007, added=date(2023, 6, 1))
    plan = {**PUBLISHED, "electricity_factor": "frozen"}
    city = town(row(2020, POWER, 1000.0), plan=plan)
    made = inventory(city, library(base, revised, OLD), 2020, tmp_path)
    assert made.emissions_t == 500.0


# What the configuration says

PLAN = "cities/porto/plan.yaml"
TABLE = "factors/prova.csv"


@pytest.fixture
def small(tmp_path) -> SmallInstallation:
    return SmallInstallation(tmp_path)


def problems(small: SmallInstallation) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)
    return [p.removeprefix(f"{small.root}/") for p in caught.value.problems]


def test_a_revised_factor_stands_beside_the_old_one(small):
    small.write({
        TABLE: "carrier,year,factor_t_per_mwh,added,source\nnatural_gas,,0.202,,s\n"
        "electricity,2005,0.483,,s\nelectricity,2005,0.4819,2023-06-01,s\n"
    })  # fmt: skip
    factors = load_installation(small.root).factors
    assert factors.find("prova", POWER, HOMES, 2005).factor_t_per_mwh == 0.4819
    small.replace(TABLE, "0.4819,2023-06-01", "0.4819,")
    assert problems(small) == [f"{TABLE}:4: electricity, 2005 is there already (prova.csv:3)"]


def test_days_of_publication_that_cannot_be_are_told(small):
    small.replace(PLAN, "default_target", (
        "publications:\n"
        "  - {year: 2005, published_on: 2005-06-01, source: act}\n"
        "  - {year: 2005, published_on: 2007-06-01, source: act}\n"
        "default_target"
    ))  # fmt: skip
    assert problems(small) == [
        f"{PLAN}:5: publications[0].published_on: 2005-06-01; expected a day after the end of 2005",
        f"{PLAN}:6: publications[1].year: the inventory of 2005 was published already (line 5)",
    ]


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_added_later_no_line_of_a_published_year_changes(tmp_path, seed):
    """Any rows, of any year, carrier and sector, added after the day: every line is equal."""
    rng = random.Random(seed)
    cells = [(carrier, sector) for carrier in (POWER, GAS, WOOD) for sector in (HOMES, OFFICES)]
    known = [factor(c, rng.uniform(0, 1), year=rng.choice((None, 2007, 2019))) for c in
             (POWER, GAS, WOOD)]  # fmt: skip
    later = [
        factor(carrier, rng.uniform(0, 1), sector=rng.choice((None, sector)),
               year=rng.choice((None, 2007, 2019, 2020)), added=date(2023, 1, 1 + nth))
        for nth, (carrier, sector) in enumerate(rng.choices(cells, k=20))
    ]  # fmt: skip
    city = town(*(row(2020, c, rng.uniform(1, 1e6), s) for c, s in cells), plan=PUBLISHED)
    then = inventory(city, library(*known), 2020, tmp_path)
    now = inventory(city, library(*later, *known), 2020, tmp_path)
    assert len(then.lines) == 6
    assert now.lines == then.lines
    unpublished = replace(city, plan=town().plan)
    assert inventory(unpublished, library(*later, *known), 2020, tmp_path).lines != then.lines


def test_a_frozen_factor_is_one_for_all_years_whenever_they_were_published(tmp_path):
    """2007 was never published and 2020 was, before the base year's factor was revised.

    Both years have the factor that the publication held: no part of the change is the grid's.
    """
    revised = factor(POWER, 0.45, year=2007, added=date(2023, 6, 1))
    plan = {**PUBLISHED, "electricity_factor": "frozen"}
    city = town(row(2007, POWER, 1000.0), row(2020, POWER, 900.0), plan=plan)
    ledger = ledger_of(city, library(factor(POWER, 0.5, year=2007), revised, OLD), tmp_path)
    progress = make_progress(city, ledger)
    assert [one.emissions_t for one in progress.inventories] == [500.0, 450.0]
    assert progress.effects_in(2020).grid_t == 0.0


def test_a_factor_added_later_changes_no_published_effect_of_an_action(tmp_path):
    """100 MWh from the sun at the national factor of 2020 as it was published: 30 t, not 25."""
    solar = Action(
        id="solar", name=Text(it="s", en="s"), sector=OFFICES, status=Status.COMPLETED,
        end=date(2015, 12, 31), carrier=POWER, declared_production_mwh=100.0,
    )  # fmt: skip
    rows = (row(2007, POWER, 1000.0), row(2020, POWER, 900.0))
    city = town(*rows, plan=PUBLISHED, actions=(solar,))
    base = factor(POWER, 0.5, year=2007)
    then = make_progress(city, ledger_of(city, library(base, OLD), tmp_path))
    now = make_progress(city, ledger_of(city, library(base, OLD, NEW), tmp_path))
    assert then.effects_in(2020).own_actions_t == 30.0
    assert now.effects_in(2020) == then.effects_in(2020)
