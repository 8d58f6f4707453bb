"""The shipped standard factors beside the IPCC's tables, as printed there.

2006 IPCC Guidelines, volume 2: CO2 of table 1.4 (p. 1.23-1.24) in kg/GJ; CH4 and N2O of table 2.2
(p. 2.16-2.17) in kg/TJ. A MWh is 3.6 GJ; potentials of AR4 are 25 and 298.
"""

from __future__ import annotations

import csv

import pytest

from paes.shipped_files import shipped_config

CO2_KG_PER_GJ = {
    ("natural_gas", ""): 56.1,
    ("liquid_gas", ""): 63.1,
    ("heating_oil", ""): 74.1,  # gas/diesel oil
    ("diesel", ""): 74.1,
    ("gasoline", ""): 69.3,
    ("lignite", ""): 101.0,
    ("coal", ""): 94.6,  # other bituminous coal
    ("other_fossil", ""): 91.7,  # municipal wastes, non-biomass fraction
    ("plant_oil", "false"): 79.6,  # other liquid biofuels
    ("biofuel", "false"): 70.8,  # biogasoline, biodiesels
    ("other_biomass", "false"): 112.0,  # wood/wood waste
}
CH4_N2O_KG_PER_TJ = {"lignite": (1.0, 1.5), "coal": (1.0, 1.5), "other_fossil": (30.0, 4.0)}


def shipped(set_id: str) -> dict[tuple[str, str], dict[str, str]]:
    text = (shipped_config() / "factors" / f"{set_id}.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {(r["carrier"], r["sustainable"]): r for r in rows if not r["year"] and not r["sector"]}


@pytest.mark.parametrize(("fuel", "kg_per_gj"), CO2_KG_PER_GJ.items())
def test_co2_is_the_ipccs_to_the_third_digit(fuel: tuple[str, str], kg_per_gj: float) -> None:
    found = float(shipped("ipcc-co2")[fuel]["factor_t_per_mwh"])
    assert found == round(kg_per_gj * 3.6 / 1000, 3)


@pytest.mark.parametrize(("carrier", "gases"), CH4_N2O_KG_PER_TJ.items())
def test_other_gases_are_the_ipccs(carrier: str, gases: tuple[float, float]) -> None:
    ch4, n2o = (kg_per_tj * 3.6e-6 for kg_per_tj in gases)
    apart = shipped("ipcc-gases")[carrier, ""]
    assert float(apart["ch4_t_per_mwh"]) == pytest.approx(ch4, rel=1e-9)
    assert float(apart["n2o_t_per_mwh"]) == pytest.approx(n2o, rel=1e-9)
    equivalent = CO2_KG_PER_GJ[carrier, ""] * 3.6 / 1000 + 25 * ch4 + 298 * n2o
    assert float(shipped("ipcc-co2eq")[carrier, ""]["factor_t_per_mwh"]) == round(equivalent, 3)
