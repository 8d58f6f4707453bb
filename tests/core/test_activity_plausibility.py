"""Declared energy beside a town of 1,000 inhabitants; limits of the JRC's validation script."""

from __future__ import annotations

import pytest
from small_installation import SmallInstallation

from paes.activity.plausibility import implausible, seems_kwh
from paes.cli.check import check_factors, implausible_energy
from paes.config import load_installation

TABLE = "cities/porto/activity/town.csv"
HEAD = "year,sector,carrier,mwh,source\n"


@pytest.fixture
def small(tmp_path) -> SmallInstallation:
    return SmallInstallation(tmp_path)


@pytest.mark.parametrize(
    ("mwh", "inhabitants", "expected"),
    [(1_000_000.0, 1000.0, False), (1_000_001.0, 1000.0, True), (999.0, 1.0, False)],
)
def test_more_than_a_thousand_mwh_an_inhabitant_are_kwh(mwh, inhabitants, expected):
    assert seems_kwh(mwh, inhabitants) is expected


def test_kwh_and_years_of_nearly_nothing_are_found(small):
    small.write({TABLE: HEAD + "2019,residential_buildings,electricity,5000000,x\n"
                 "2020,residential_buildings,electricity,9.9,x\n"
                 "2021,residential_buildings,electricity,10,x\n"})  # fmt: skip
    city = load_installation(small.root).city()
    found = implausible(city, [row for row in city.declared if row.source == "x"])
    assert [(f.name, f.subject) for f in found] == [
        ("declared.kwh_for_mwh", "electricity in residential_buildings, 2019"),
        ("declared.suspiciously_low", "porto/2020"),
    ]


def test_years_before_any_known_population_are_left_out(small):
    small.write({TABLE: HEAD + "2006,residential_buildings,electricity,5000000,x\n"})
    city = load_installation(small.root).city()
    assert implausible(city, city.declared) == []


def test_check_warns_of_what_is_hardly_a_towns(small):
    small.write({TABLE: HEAD + "2019,residential_buildings,electricity,5000000,x\n"})
    assert implausible_energy(load_installation(small.root)) == [
        (
            "electricity in residential_buildings, 2019: probably kWh, not MWh (5,000,000 MWh, "
            "1,000 inhabitants)"
        )
    ]


def test_check_tells_a_meter_of_a_fuel_without_calorific_value(small):
    small.replace(
        "cities/porto/meters.yaml",
        "meters:\n  - id: scuola.main",
        "imported_meters:\n  - {id: scuola.legna, carrier: other_biomass, unit: kg,"
        " brings: amounts}\n"
        "meters:\n  - id: scuola.main",
    )
    told = [p for p in check_factors(load_installation(small.root)) if "calorific" in p]
    assert told == [
        (
            "porto: meter scuola.legna: no net calorific value for other_biomass per kg in 2005; "
            "there is pellet per kg, wood per kg, wood-chips per kg"
        )
    ]
