"""Gases apart: the CO2 equivalent follows from the warming potentials that a plan chooses.

Gas: 0.202 t CO2, 0.000018 t CH4 and 0.0000004 t N2O per MWh. With AR4 (25, 298):
0.202 + 0.00045 + 0.0001192 = 0.2025692. With AR5 (28, 265): 0.202 + 0.000504 + 0.000106 =
0.20261.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from factor_town import GAS, HOMES, POWER, factor, inventory, library, row, told, town
from pydantic import ValidationError
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import ConfigError, DataError
from paes.factors.emission_factors import FactorLibrary, How
from paes.inventory.method import Method
from paes.metering import Carrier, Sector
from paes.plausibility.checks import factor_outliers
from paes.plausibility.limits import limits
from paes.shipped_files import shipped_config

APART = factor(GAS, co2_t_per_mwh=0.202, ch4_t_per_mwh=0.000018, n2o_t_per_mwh=0.0000004)
NEEFE = factor(POWER, 0.3296, year=2015, co2_t_per_mwh=0.3289)
OLDER = factor(POWER, 0.4763, year=2007, co2_t_per_mwh=0.4754)


@pytest.fixture(scope="module")
def shipped() -> FactorLibrary:
    return load_installation(shipped_config()).factors


@pytest.mark.parametrize(("gwp", "t_per_mwh"), [("ar4", 0.2025692), ("ar5", 0.20261)])
def test_the_equivalent_follows_from_the_potentials(gwp, t_per_mwh):
    match = library(APART, gas="CO2eq").find("test", GAS, HOMES, 2020, gwp=gwp)
    assert match.factor_t_per_mwh == pytest.approx(t_per_mwh, rel=1e-12)
    assert match.gwp == gwp
    assert match.numbers["ch4_t_per_mwh"] == 0.000018
    assert match.formula is not None
    assert eval(match.formula, {}, dict(match.numbers)) == match.factor_t_per_mwh


def test_a_set_in_co2_takes_the_co2_alone():
    match = library(APART, gas="CO2").find("test", GAS, HOMES, 2020)
    assert (match.factor_t_per_mwh, match.gwp) == (0.202, None)


def test_no_potentials_are_ever_taken_for_granted():
    factors = library(APART, gas="CO2eq")
    with pytest.raises(DataError, match="no warming potentials are chosen; there is ar4, ar5"):
        factors.find("test", GAS, HOMES, 2020)
    with pytest.raises(DataError, match="gwp 'ar9' is unknown"):
        factors.find("test", GAS, HOMES, 2020, gwp="ar9")


def test_an_inventory_says_its_potentials_and_what_they_do_not_change(tmp_path):
    city = town(row(2015, POWER, 1000.0), row(2015, GAS, 2000.0), plan={"gwp": "ar5"})
    made = inventory(city, library(APART, NEEFE, OLDER, gas="CO2eq"), 2015, tmp_path)
    assert made.gwp == "ar5"
    # 1000 x 0.3296 + 2000 x 0.20261
    assert made.emissions_t == pytest.approx(329.6 + 405.22)
    (fixed,) = told(made.findings, "factor.gwp_fixed")
    assert fixed.subject == "test/electricity"
    assert fixed.numbers["other_gases_t"] == pytest.approx(0.7)  # 1000 x (0.3296 - 0.3289)
    assert "0.7 t" in fixed.message


def test_another_choice_changes_the_fuels_and_not_the_electricity(tmp_path):
    city = town(row(2015, POWER, 1000.0), row(2015, GAS, 2000.0), plan={"gwp": "ar5"})
    factors = library(APART, NEEFE, gas="CO2eq")
    ar4 = inventory(city, factors, 2015, tmp_path, Method.of(city.plan, gwp="ar4"))
    assert ar4.gwp == "ar4"
    assert ar4.emissions_t == pytest.approx(329.6 + 405.1384)  # 2000 x 0.2025692


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "factor_t_per_mwh is empty, and no gases are there instead"),
        ({"co2_t_per_mwh": 0.2, "ch4_t_per_mwh": 0.0}, "n2o_t_per_mwh is empty"),
        ({"t_per_mwh": 0.2, "ch4_t_per_mwh": 0.0}, "ch4_t_per_mwh is there beside factor"),
        ({"t_per_mwh": 0.2, "co2_t_per_mwh": 0.3}, "expected no more than factor_t_per_mwh, 0.2"),
        ({"t_per_mwh": 0.2, "sustainable": True}, "this row is natural_gas"),
    ],
)
def test_a_row_is_one_factor_or_its_gases(given, message):
    with pytest.raises(ValidationError, match=message):
        factor(GAS, **given)


def test_the_shipped_set_gives_the_equivalents_of_its_table(shipped):
    """Florence prints (AR4) gas 0.000018 CH4 and 0.0000004 N2O; biomass makes
    0.000252 x 25 + 0.0000054 x 298 = 0.0079092."""
    find = shipped.find
    assert find("ipcc-gases", GAS, HOMES, 2020, gwp="ar4").factor_t_per_mwh == pytest.approx(
        0.2025692
    )
    wood = find("ipcc-gases", Carrier.OTHER_BIOMASS, HOMES, 2020, gwp="ar4")
    assert wood.factor_t_per_mwh == pytest.approx(0.0079092)
    # diesel with AR6 as Bologna prints it: 0.267 + 0.000036 x 27.2 + 0.0000022 x 272.9
    diesel = find("ipcc-gases", Carrier.DIESEL, Sector.PRIVATE_TRANSPORT, 2020, gwp="ar6")
    assert diesel.factor_t_per_mwh == pytest.approx(0.26857958)


def test_the_shipped_series_of_electricity_is_one_with_any_potentials(shipped):
    found = [shipped.find("ipcc-gases", POWER, HOMES, 2019, gwp=g) for g in ("ar4", "ar5", "ar6")]
    assert {m.factor_t_per_mwh for m in found} == {0.2817}  # JRC, NEEFE 2019, CO2 equivalent
    assert {m.co2_t_per_mwh for m in found} == {0.2804}
    assert {(m.how, m.gwp) for m in found} == {(How.EXACT, None)}


def test_no_factor_of_the_shipped_set_is_taken_for_an_outlier(shipped):
    """With AR4 diesel is 0.26856, above the 0.268 that plans print rounded."""
    asked = [(c, y) for c in (GAS, POWER, Carrier.DIESEL, Carrier.GASOLINE) for y in (2007, 2020)]
    matches = [
        shipped.find("ipcc-gases", carrier, HOMES, year, gwp="ar4") for carrier, year in asked
    ]
    assert factor_outliers(matches, shipped, limits(Path("nowhere"))) == []
    ten_times = [replace(m, factor_t_per_mwh=10 * m.factor_t_per_mwh) for m in matches]
    found = factor_outliers(ten_times, shipped, limits(Path("nowhere")))
    assert len(found) == 5  # of electricity each year, of a fuel one for all years


def test_every_shipped_set_of_potentials_has_an_origin(shipped):
    assert {g.id: (g.ch4, g.n2o) for g in shipped.gwp.values()} == {
        "ar4": (25, 298), "ar5": (28, 265), "ar6": (27.2, 272.9)
    }  # fmt: skip
    assert all(g.source for g in shipped.gwp.values())


# What the configuration says


@pytest.fixture
def small(tmp_path) -> SmallInstallation:
    return SmallInstallation(tmp_path)


PLAN = "cities/porto/plan.yaml"
SETS = """\
sets:
  - id: prova
    name: {it: Fattori di prova, en: Trial factors}
    approach: IPCC
    gas: CO2eq
    version: "1"
    source: invented for tests
"""
TABLE = """\
carrier,year,factor_t_per_mwh,co2_t_per_mwh,ch4_t_per_mwh,n2o_t_per_mwh,source
electricity,2005,0.483,,,,invented
natural_gas,,,0.202,0.000018,0.0000004,invented
"""


def problems(small: SmallInstallation) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)
    return [p.removeprefix(f"{small.root}/") for p in caught.value.problems]


@pytest.fixture
def apart(small) -> SmallInstallation:
    small.write({"factors/sets.yaml": SETS, "factors/prova.csv": TABLE})
    return small


def test_gases_apart_need_a_choice_of_the_plan(apart):
    (problem,) = problems(apart)
    assert problem.startswith(f"{PLAN}:2: factor_set")
    assert "expected gwp: with one of ar4, ar5, ar6" in problem
    apart.replace(PLAN, "factor_set: prova\n", "factor_set: prova\ngwp: ar5\n")
    assert load_installation(apart.root).city().plan.gwp == "ar5"


def test_a_choice_that_does_not_exist_or_changes_nothing_is_told(small, apart):
    apart.replace(PLAN, "factor_set: prova\n", "factor_set: prova\ngwp: ar9\n")
    (problem,) = problems(apart)
    assert problem.startswith(f"{PLAN}:3: gwp")
    assert "no warming potentials 'ar9'; there is ar4, ar5, ar6" in problem
    apart.replace(PLAN, "gwp: ar9", "gwp: ar5")
    apart.write({"factors/sets.yaml": SETS.replace("CO2eq", "CO2")})
    (problem,) = problems(apart)
    assert problem.startswith(f"{PLAN}:3: gwp")
    assert "added up already" in problem


def test_an_installation_may_have_potentials_of_its_own(apart):
    own = "sets:\n  - {id: ours, name: {it: n, en: n}, ch4: 27.9, n2o: 273, source: IPCC AR6}\n"
    apart.write({"factors/gwp.yaml": own})
    apart.replace(PLAN, "factor_set: prova\n", "factor_set: prova\ngwp: ours\n")
    found = load_installation(apart.root).factors.find("prova", GAS, HOMES, 2020, gwp="ours")
    # 0.202 + 0.000018 x 27.9 + 0.0000004 x 273
    assert found.factor_t_per_mwh == pytest.approx(0.2026114)
    apart.write({"factors/gwp.yaml": own + own.removeprefix("sets:\n")})
    assert "factors/gwp.yaml:3: sets[ours].id" in problems(apart)[0]
