"""Turin's published inventory of 2019, cell by cell.

Source: Climate City Contract of Torino (2024), tables A-1.1 to A-1.3; total energy 10,479,355 MWh.
"""

from __future__ import annotations

import csv
from math import fsum
from pathlib import Path

import pytest

from paes.config import load_installation
from paes.factors.emission_factors import How
from paes.installation import City, Installation
from paes.inventory.factor_choice import FactorChoice
from paes.inventory.method import Method

GOLDEN = Path(__file__).parent / "golden"
PUBLISHED_ENERGY_MWH = 10_479_355


@pytest.fixture(scope="module")
def installation() -> Installation:
    return load_installation(GOLDEN / "turin")


@pytest.fixture(scope="module")
def turin(installation: Installation) -> City:
    return installation.city("turin")


@pytest.fixture(scope="module")
def published() -> list[dict[str, str]]:
    lines = (GOLDEN / "turin_2019_published.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) == 31
    return rows


def test_declared_energy_sums_to_the_published_total_exactly(turin: City) -> None:
    assert fsum(row.mwh for row in turin.declared) == PUBLISHED_ENERGY_MWH


def test_every_published_cell_is_declared_with_its_source(
    turin: City, published: list[dict[str, str]]
) -> None:
    declared = {(row.sector, row.carrier): row for row in turin.declared}

    assert {cell: row.mwh for cell, row in declared.items()} == {
        (row["sector"], row["carrier"]): float(row["mwh"]) for row in published
    }
    assert all(row.source and row.year == 2019 for row in declared.values())


def test_the_factors_are_those_that_the_table_prints(
    installation: Installation, turin: City, published: list[dict[str, str]]
) -> None:
    printed = {(row["sector"], row["carrier"]): float(row["factor_t_per_mwh"]) for row in published}

    choice = FactorChoice(installation.factors, turin.local_factors, Method.of(turin.plan))
    for row in turin.declared:
        match = choice.of_cell(row.carrier, row.sector, 2019)
        assert match.factor_t_per_mwh == printed[row.sector, row.carrier]


def test_what_is_turins_own_is_declared_and_the_rest_is_standard(
    installation: Installation, turin: City
) -> None:
    choice = FactorChoice(installation.factors, turin.local_factors, Method.of(turin.plan))
    own = {
        row.carrier
        for row in turin.declared
        if choice.of_cell(row.carrier, row.sector, 2019).how is How.DECLARED
    }
    assert own == {"electricity", "heat_cold", "liquid_gas", "heating_oil"}
