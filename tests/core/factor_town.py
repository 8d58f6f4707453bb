"""A town without meters whose factors, keys and other rows a test may choose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paes.accounting.ledger import EnergyLedger
from paes.activity.declared_row import DeclaredRow
from paes.factors.emission_factors import FactorLibrary, FactorRow, FactorSet, GwpSet
from paes.installation import City, CityFile, Installation
from paes.inventory.inventory import Inventory
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.metering import Carrier, Finding, Sector
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.schema import Text
from paes.store.sqlite import SqliteStore

NAME = Text(it="prova", en="test")
HOMES, OFFICES = Sector.RESIDENTIAL_BUILDINGS, Sector.MUNICIPAL_BUILDINGS
CARS, LIGHTING = Sector.PRIVATE_TRANSPORT, Sector.PUBLIC_LIGHTING
POWER, GAS, HEAT = Carrier.ELECTRICITY, Carrier.NATURAL_GAS, Carrier.HEAT_COLD
WOOD, BIOFUEL = Carrier.OTHER_BIOMASS, Carrier.BIOFUEL
CLOCK = datetime(2026, 11, 22, tzinfo=UTC)
GWP = (
    GwpSet(id="ar4", name=NAME, ch4=25, n2o=298, source="AR4"),
    GwpSet(id="ar5", name=NAME, ch4=28, n2o=265, source="AR5"),
)


def row(
    year: int, carrier: Carrier, mwh: float | None, sector: Sector = HOMES, **more: Any
) -> DeclaredRow:
    """A declared row; one without ``mwh`` needs a notation key and a note."""
    return DeclaredRow(year=year, sector=sector, carrier=carrier, mwh=mwh, source="bills", **more)


def factor(carrier: Carrier, t_per_mwh: float | None = None, **more: Any) -> FactorRow:
    """A row of a factor set."""
    return FactorRow(carrier=carrier, factor_t_per_mwh=t_per_mwh, source="table", **more)


def library(*rows: FactorRow, **of_set: Any) -> FactorLibrary:
    """A library whose one set, ``test``, has these rows."""
    its = {"approach": "IPCC", "gas": "CO2", "version": "1", **of_set}
    return FactorLibrary([FactorSet(id="test", name=NAME, **its)], {"test": rows}, gwp=GWP)


def town(*rows: DeclaredRow, plan: dict[str, Any] | None = None, **more: Any) -> City:
    """A city of base year 2007 with these rows; ``plan`` and ``more`` as in its files."""
    target = Target(id="t", name=NAME, base_year=2007, target_year=2020, reduction_fraction=0.2)
    chosen = {"base_year": 2007, "factor_set": "test", "electricity_factor": "current"}
    return replace(
        City(
            facts=CityFile(id="town", name="Town", latitude=44.1, longitude=9.8),
            plan=Plan(default_target="t", targets=(target,), **{**chosen, **(plan or {})}),
            sites={}, gateways={}, meters={}, actions=(), declared=rows,
        ),
        **more,
    )  # fmt: skip


def ledger_of(city: City, factors: FactorLibrary, folder: Path) -> EnergyLedger:
    """A ledger of the city whose store, in ``folder``, holds nothing."""
    made = Installation(Path(), "test", "town", {"town": city}, factors, (), {})
    return EnergyLedger(made, SqliteStore(folder / "readings.sqlite"), lambda: CLOCK)


def inventory(
    city: City, factors: FactorLibrary, year: int, folder: Path, method: Method | None = None
) -> Inventory:
    """The city's inventory of ``year``, with a store in ``folder`` that holds nothing."""
    return make_inventory(city, year, ledger_of(city, factors, folder), method)


def told(findings: tuple[Finding, ...] | list[Finding], name: str) -> list[Finding]:
    """Those of a name."""
    return [finding for finding in findings if finding.name == name]
