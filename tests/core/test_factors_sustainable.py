"""Biofuel and biomass: the sustainable part is declared, and what nobody declares is told.

Wood: 0 t/MWh if sustainable, 0.403 if not (the JRC's upper bound).
"""

from __future__ import annotations

import pytest
from factor_town import BIOFUEL, GAS, HOMES, WOOD, factor, inventory, library, row, told, town
from pydantic import ValidationError

from paes.accounting.energy_total import EnergyTotal
from paes.activity.activity_data import activity_data
from paes.activity.sustainability import sustainable_fraction, undeclared_mwh
from paes.config import load_installation
from paes.errors import FactorMissing
from paes.metering import Sector
from paes.shipped_files import shipped_config

FACTORS = (factor(WOOD, 0.0, sustainable=True), factor(WOOD, 0.403, sustainable=False))
CELL = (HOMES, WOOD)


@pytest.mark.parametrize(
    ("part", "t_per_mwh"), [(None, 0.0), (True, 0.0), (1.0, 0.0), (0.0, 0.403), (0.75, 0.10075)]
)
def test_a_factor_follows_the_sustainable_part(part, t_per_mwh):
    match = library(*FACTORS).find("test", WOOD, HOMES, 2020, sustainable=part)
    assert match.factor_t_per_mwh == pytest.approx(t_per_mwh)


def test_a_mixed_factor_says_of_what():
    match = library(*FACTORS).find("test", WOOD, HOMES, 2020, sustainable=0.75)
    assert match.numbers == {
        "sustainable_fraction": 0.75, "sustainable_t_per_mwh": 0.0,
        "not_sustainable_t_per_mwh": 0.403,
    }  # fmt: skip
    assert match.formula is not None
    assert match.formula.startswith("sustainable_fraction * ")


def test_a_set_may_take_less_for_granted():
    half = library(*FACTORS, sustainable_fraction=0.5)
    assert half.find("test", WOOD, HOMES, 2020).factor_t_per_mwh == pytest.approx(0.2015)


def test_a_set_without_a_factor_for_the_other_kind_says_so():
    only = library(factor(WOOD, 0.0))
    assert only.find("test", WOOD, HOMES, 2020).factor_t_per_mwh == 0
    with pytest.raises(FactorMissing, match="other_biomass that is not sustainable"):
        only.find("test", WOOD, HOMES, 2020, sustainable=0.5)


def test_each_declared_row_counts_by_its_energy(tmp_path):
    """100 MWh all sustainable, 300 at 0.6: (100 + 180) / 400 = 0.7; 400 x 0.3 x 0.403 = 48.36."""
    city = town(
        row(2020, WOOD, 100.0, use="pellet", sustainable_fraction=1.0),
        row(2020, WOOD, 300.0, use="logs", sustainable_fraction=0.6),
    )
    made = inventory(city, library(*FACTORS), 2020, tmp_path)
    assert made.emissions_t == pytest.approx(48.36)
    assert told(made.findings, "factor.sustainability_undeclared") == []


def test_what_nobody_declares_counts_as_sustainable_and_is_told(tmp_path):
    city = town(
        row(2020, WOOD, 100.0, use="pellet", sustainable_fraction=0.5), row(2020, WOOD, 50.0)
    )
    made = inventory(city, library(*FACTORS), 2020, tmp_path)
    assert made.emissions_t == pytest.approx(50 * 0.403)  # half of 100; the other 50 are free
    (finding,) = told(made.findings, "factor.sustainability_undeclared")
    assert finding.numbers["undeclared_mwh"] == 50
    assert finding.numbers["more_t"] == pytest.approx(20.15)  # 50 x 0.403
    assert "count as sustainable; if none of it is, it makes 20.2 t more" in finding.message


def test_without_a_factor_for_it_what_it_would_be_is_not_told(tmp_path):
    made = inventory(town(row(2020, WOOD, 50.0)), library(factor(WOOD, 0.0)), 2020, tmp_path)
    (finding,) = told(made.findings, "factor.sustainability_undeclared")
    assert "more_t" not in finding.numbers
    assert "the set has no factor for fuel that is not" in finding.message


def test_metered_wood_is_declared_by_nobody():
    metered = {CELL: EnergyTotal(measured_kwh=100_000.0, covered_s=1, span_s=1)}
    rest = row(2020, WOOD, 300.0, covers="rest", sustainable_fraction=0.5)
    ((both,), _) = activity_data(2020, [rest], metered)
    assert undeclared_mwh(both) == pytest.approx(100.0)
    # 300 at 0.5 and 100 at what the set takes: 250 / 400, 150 / 400
    assert sustainable_fraction(both, 1.0) == pytest.approx(0.625)
    assert sustainable_fraction(both, 0.0) == pytest.approx(0.375)


def test_only_biofuel_and_biomass_have_a_sustainable_part():
    with pytest.raises(ValidationError, match=r"sustainable_fraction is for .*this row is natural"):
        row(2020, GAS, 1.0, sustainable_fraction=0.5)


def test_the_shipped_sets_know_fuel_that_is_not_sustainable():
    """The JRC's upper bounds: CO2 / CO2 equivalent / life cycle."""
    factors = load_installation(shipped_config()).factors
    expected = {
        "ipcc-co2": (0.255, 0.403), "ipcc-co2eq": (0.256, 0.410), "lca-co2eq": (0.462, 0.420)
    }  # fmt: skip
    for set_id, bounds in expected.items():
        found = [
            factors.find(set_id, fuel, Sector.OTHER, 2020, sustainable=False).factor_t_per_mwh
            for fuel in (BIOFUEL, WOOD)
        ]
        assert tuple(found) == bounds, set_id
