"""The shipped town's figures, reckoned a second time from its files alone.

Files are read as plain CSV and YAML and reckoned with decimal numbers, by the published formulas:
``emissions = energy x factor``; the local factor of electricity with own use on both sides, as the
technical annex to the SEAP template's instructions has it; log means after Ang (2005). Nothing of
the reckoning here is the product's. Years before the first meter need no readings.
"""

from __future__ import annotations

import csv
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from paes.accounting.ledger import EnergyLedger
from paes.causes.effects import make_effects
from paes.config import load_installation
from paes.inventory.inventory import Inventory
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

BASE, LAST = 2007, 2022
"""The last year without a meter."""
TOWN = shipped_config() / "cities" / "la-spezia"
BASES = [("national", "current"), ("national", "frozen"), ("local", "current"), ("local", "frozen")]
Cell = tuple[str, str]


@cache
def table(path: Path) -> list[dict[str, str]]:
    lines = [x for x in path.read_text(encoding="utf-8").splitlines() if not x.startswith("#")]
    rows = list(csv.DictReader(lines))
    assert rows, path
    return rows


@cache
def document(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


FACTORS = [
    row
    for row in table(shipped_config() / "factors" / "ipcc-co2.csv")
    if row["sustainable"] != "false"
]
GRID = {int(r["year"]): r["factor_t_per_mwh"] for r in FACTORS if r["carrier"] == "electricity"}
FUELS = {r["carrier"]: Decimal(r["factor_t_per_mwh"]) for r in FACTORS if not r["year"]}


def grid(year: int) -> Decimal:
    return Decimal(GRID[max(known for known in GRID if known <= year)])


def energy(year: int) -> dict[Cell, Decimal]:
    """Of each cell and use the latest row."""
    latest: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    for path in sorted((TOWN / "activity").glob("*.csv")):
        for row in table(path):
            then = int(row["year"])
            key = (row["sector"], row["carrier"], row.get("use", ""))
            if then <= year and then >= latest.get(key, (0, 0))[0]:
                latest[key] = then, Decimal(row["mwh"])
    cells: dict[Cell, Decimal] = {}
    for (sector, carrier, _), (_, mwh) in latest.items():
        cells[sector, carrier] = cells.get((sector, carrier), Decimal(0)) + mwh
    return cells


def made_here(year: int) -> tuple[Decimal, Decimal]:
    """Electricity of local plants, and what of it was used on the spot."""
    made = on_the_spot = Decimal(0)
    for plant in document(TOWN / "inventory" / "plants.yaml")["plants"]:
        rows = {
            int(row["year"]): Decimal(row["electricity_mwh"])
            for row in table(TOWN / "inventory" / "generation.csv")
            if row["plant"] == plant["id"] and int(row["year"]) <= year
        }
        if rows:
            made += rows[max(rows)]
            on_the_spot += rows[max(rows)] * Decimal(str(plant["used_on_the_spot_fraction"]))
    return made, on_the_spot


def electricity_factor(year: int, scope: str, electricity: str) -> Decimal:
    national = grid(BASE if electricity == "frozen" else year)
    if scope == "national":
        return national
    bought = sum(mwh for (_, carrier), mwh in energy(year).items() if carrier == "electricity")
    made, on_the_spot = made_here(year)
    consumption = bought + on_the_spot
    local = (consumption - made) * national / consumption  # sun and wind emit nothing
    return local * consumption / bought


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> EnergyLedger:
    store = SqliteStore(tmp_path_factory.mktemp("recomputed") / "readings.sqlite")
    clock = datetime(2026, 11, 22, tzinfo=UTC)
    return EnergyLedger(load_installation(shipped_config()), store, lambda: clock)


def inventory(ledger: EnergyLedger, year: int, scope: str, electricity: str) -> Inventory:
    city = ledger.installation.city("la-spezia")
    method = Method.of(city.plan, electricity_scope=scope, electricity_factor=electricity)
    return make_inventory(city, year, ledger, method)


@pytest.mark.parametrize(("scope", "electricity"), BASES)
@pytest.mark.parametrize("year", [BASE, 2010, 2013, 2016, 2020, LAST])
def test_every_cell_comes_out_by_every_basis(
    ledger: EnergyLedger, year: int, scope: str, electricity: str
) -> None:
    found = inventory(ledger, year, scope, electricity)
    factor = electricity_factor(year, scope, electricity)
    expected = {
        cell: mwh * (factor if cell[1] == "electricity" else FUELS[cell[1]])
        for cell, mwh in energy(year).items()
    }
    assert len(expected) > 30
    lines = {(str(x.activity.sector), str(x.activity.carrier)): x for x in found.lines}
    assert lines.keys() == expected.keys()
    for cell, tonnes in expected.items():
        assert lines[cell].emissions_t == pytest.approx(float(tonnes), rel=1e-13), cell
    assert found.emissions_t == pytest.approx(float(sum(expected.values())), rel=1e-13)


def log_mean(a: float, b: float) -> float:
    return a if a == b else (a - b) / (math.log(a) - math.log(b))


def drivers(sector: str, year: int) -> float:
    """How much activity ``sector`` had; 1 where nobody knows."""
    measures = document(shipped_config() / "activity_drivers.yaml")["sectors"]
    measure = {m["sector"]: m["driver"] for m in measures}.get(sector)
    if measure == "inhabitants":
        counted = {p["year"]: p["inhabitants"] for p in document(TOWN / "city.yaml")["population"]}
        return float(counted[max(known for known in counted if known <= year)])
    rows = {
        (row["driver"], row["sector"], int(row["year"])): float(row["value"])
        for row in table(TOWN / "drivers.csv")
    }
    return rows.get((str(measure), sector, year), 1.0)


def weather(cell: Cell, year: int) -> float:
    shares = document(shipped_config() / "weather_dependence.yaml")["shares"]
    share = {(s["sector"], s["carrier"]): s["fraction"] for s in shares}.get(cell, 0.0)
    usual = document(TOWN / "city.yaml")["reference_degree_days"]["degree_days"]
    days = {
        int(r["year"]): float(r["value"])
        for r in table(TOWN / "drivers.csv")
        if r["driver"] == "degree_days"
    }
    return float(1 - share + share * days[year] / usual)


@pytest.mark.parametrize(("scope", "electricity"), BASES)
def test_causes_of_the_change_come_out(ledger: EnergyLedger, scope: str, electricity: str) -> None:
    year = 2020
    first, second = (inventory(ledger, y, scope, electricity) for y in (BASE, year))
    city = ledger.installation.city("la-spezia")
    found = make_effects(city, ledger, {BASE: first, year: second})[-1]
    before, after = energy(BASE), energy(year)
    factors = {y: float(electricity_factor(y, scope, electricity)) for y in (BASE, year)}
    national = {y: float(grid(BASE if electricity == "frozen" else y)) for y in (BASE, year)}
    told = {"weather_t": 0.0, "activity_t": 0.0, "grid_t": 0.0, "local_supply_t": 0.0}
    assert before.keys() == after.keys()
    for cell in before:
        is_grid = cell[1] == "electricity"
        t = [
            float(mwh) * (factors[y] if is_grid else float(FUELS[cell[1]]))
            for y, mwh in ((BASE, before[cell]), (year, after[cell]))
        ]
        if not all(t):
            continue  # where energy ended or began, that is the whole cause
        fall = -log_mean(t[1], t[0])
        told["weather_t"] += fall * math.log(weather(cell, year) / weather(cell, BASE))
        told["activity_t"] += fall * math.log(drivers(cell[0], year) / drivers(cell[0], BASE))
        if is_grid:
            told["grid_t"] += fall * math.log(national[year] / national[BASE])
            ratio = factors[year] / national[year] * national[BASE] / factors[BASE]
            told["local_supply_t"] += fall * math.log(ratio)
    for cause, tonnes in told.items():
        assert getattr(found, cause) == pytest.approx(tonnes, rel=1e-9, abs=1e-7), cause
    assert math.fsum((found.told_t, found.unexplained_t)) == pytest.approx(
        first.emissions_t - second.emissions_t, abs=1e-9
    )


def test_own_actions_of_the_register_come_out(ledger: EnergyLedger) -> None:
    """Completed and local in 2020, at that year's factors; via Sarzana is 62.5 % in the LED action.

    All ended before 2020 and last beyond it, and none worked in 2007.
    """
    year = 2020
    first, second = (inventory(ledger, y, "national", "current") for y in (BASE, year))
    city = ledger.installation.city("la-spezia")
    found = make_effects(city, ledger, {BASE: first, year: second})[-1]
    tonnes = Decimal(0)
    counted = []
    for action in document(TOWN / "actions.yaml")["actions"]:
        if action["status"] != "completed" or action["end"] > date(year - 1, 12, 31):
            continue
        carrier = action.get("carrier")
        factor = grid(year) if carrier == "electricity" else FUELS.get(carrier, Decimal(0))
        energy_mwh = Decimal(str(action.get("declared_saving_mwh", 0)))
        energy_mwh += Decimal(str(action.get("declared_production_mwh", 0)))
        declared = action.get("declared_reduction_t")
        whole = energy_mwh * factor if declared is None else Decimal(str(declared))
        shared = sum(Decimal(str(o["fraction"])) for o in action.get("overlaps", []))
        tonnes += whole * (1 - shared)
        counted.append(action["id"])
    assert "illuminazione-led" in counted
    assert found.own_actions_t == pytest.approx(float(tonnes), rel=1e-12)
    assert found.supra_actions_t == found.mixed_actions_t == 0
