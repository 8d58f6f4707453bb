"""A town whose every figure can be followed by hand, for tests of lineage.

From 1 January 2024 on, all day: the school takes 2 kW, of which 0.5 kW go to the charging columns
(another sector) behind its meter; its boiler burns 1 m3 of gas an hour (9.6 kWh/m3); the nursery's
load curve brings 1 kWh an hour; the lamps are billed 300 kWh a month. Beside them declared rows of
2023 (the base year) and 2025; factors are 0.5, then 0.3 t/MWh of electricity, 0.2 of gas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.activity.declared_row import DeclaredRow
from paes.factors.emission_factors import CalorificRow, FactorLibrary, FactorRow, FactorSet
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation, Population
from paes.lineage.figure import Figure
from paes.lineage.tracing import Tracer
from paes.metering import Carrier, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter, ImportedMeter, Meter
from paes.periods import By, Seconds, Span, edges, to_seconds
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.schema import Text
from paes.series import Floats
from paes.shipped_files import shipped_config
from paes.store import Store

ROME = "Europe/Rome"
BORN = datetime(2023, 12, 31, 23, tzinfo=UTC)  # 1 January 2024 in Rome
END = datetime(2026, 1, 20, 23, tzinfo=UTC)
NOW = datetime(2026, 2, 1, tzinfo=UTC)
HOUR_S = 3600
SOURCE = "invented for tests"
LIVES = {"rated_power_kw": 10.0, "valid_from": date(2024, 1, 1)}
SITES = {
    "school": Sector.MUNICIPAL_BUILDINGS,
    "nursery": Sector.MUNICIPAL_BUILDINGS,
    "columns": Sector.PRIVATE_TRANSPORT,
    "lamps": Sector.PUBLIC_LIGHTING,
}
POWER = {"school.main": 2.0, "columns.main": 0.5, "nursery.load": 1.0}


def meters() -> list[Meter]:
    """The meters of the town."""
    read = {"device": "eastron-sdm630", "gateway": "gw"}
    listed = [
        {"id": "school.main", "carrier": "electricity", "unit": 1, **read},
        {"id": "columns.main", "carrier": "electricity", "unit": 2, "measures": "submeter",
         "parent": "school.main", **read},
        {"id": "school.gas", "carrier": "natural_gas", "unit": 3, **read,
         "rated_flow_m3_h": 10.0, "rated_power_kw": None},
    ]  # fmt: skip
    files: list[dict[str, Any]] = [
        {"id": "nursery.load", "carrier": "electricity", "interval_s": HOUR_S},
        {"id": "lamps.bills", "carrier": "electricity", "brings": "amounts"},
    ]
    return [
        *(FieldMeter.model_validate({**LIVES, **of}) for of in listed),
        *(ImportedMeter.model_validate({**LIVES, **of}) for of in files),
    ]


def row(year: int, sector: str, carrier: str, mwh: float | None, **more: Any) -> DeclaredRow:
    """A declared row with its place."""
    made = DeclaredRow.model_validate(
        {"year": year, "sector": sector, "carrier": carrier, "mwh": mwh, "source": SOURCE, **more}
    )
    return made.standing_at(f"{sector}.csv:{year - 2000}")


def declared() -> list[DeclaredRow]:
    """What the town declares."""
    return [
        row(2023, "municipal_buildings", "electricity", 140.0, covers="rest"),
        row(2025, "municipal_buildings", "electricity", 100.0, covers="rest"),
        row(2023, "municipal_buildings", "natural_gas", 90.0, covers="rest"),
        row(2023, "private_transport", "electricity", 30.0),
        row(2023, "public_lighting", "electricity", 5.0, covers="rest"),
        row(2023, "industry", "diesel", 400.0),
        row(2023, "industry", "natural_gas", None, amount=1000.0, unit="Sm3"),
    ]


def factors() -> FactorLibrary:
    """One set, with a factor of electricity that falls."""
    name = Text(it="Prova", en="Trial")
    of_set = FactorSet(id="trial", name=name, approach="IPCC", gas="CO2", version="1")
    told: list[dict[str, Any]] = [
        {"carrier": "electricity", "year": 2023, "factor_t_per_mwh": 0.5},
        {"carrier": "electricity", "year": 2025, "factor_t_per_mwh": 0.3},
        {"carrier": "natural_gas", "factor_t_per_mwh": 0.2},
        {"carrier": "diesel", "factor_t_per_mwh": 0.25},
    ]
    rows = [FactorRow.model_validate({"source": SOURCE, **of}) for of in told]
    gas = CalorificRow(
        carrier=Carrier.NATURAL_GAS, unit="Sm3", kwh_per_unit=9.6, basis="net", source=SOURCE
    )
    return FactorLibrary([of_set], {"trial": rows}, [gas])


def plan() -> Plan:
    """Two targets on 2023, one of them per head."""
    name = Text(it="Meno 20 %", en="20 % less")
    common: dict[str, Any] = {
        "name": name, "base_year": 2023, "target_year": 2030, "reduction_fraction": 0.2,
        "source": SOURCE,
    }  # fmt: skip
    heads = {"inhabitants": 80, "source": SOURCE}
    targets = (
        Target(id="whole", **common),
        Target.model_validate(
            {"id": "per-head", "kind": "per_capita", "population_estimate": heads, **common}
        ),
    )
    return Plan(
        base_year=2023, factor_set="trial", electricity_factor="current",
        default_target="whole", targets=targets,
    )  # fmt: skip


def installation() -> Installation:
    """The town; its device profiles are the shipped ones."""
    people = [
        Population(year=y, inhabitants=n, source=SOURCE) for y, n in ((2023, 100), (2025, 90))
    ]
    library = factors()
    city = City(
        facts=CityFile(
            id="town", name="Town", latitude=44.1, longitude=9.8, population=tuple(people)
        ),
        plan=plan(),
        sites={
            name: Site(id=name, name=name, kind=SiteKind.SCHOOL, sector=sector)
            for name, sector in SITES.items()
        },
        gateways={"gw": Gateway(id="gw", host="127.0.0.1", poll_period_s=HOUR_S)},
        meters={m.id: m for m in meters()},
        actions=(),
        declared=tuple(of.converted(library) for of in declared()),
    )
    registers = {m.id: _register(m) for m in city.meters.values()}
    folders = (shipped_config() / "devices",)
    return Installation(Path(), "test", "town", {"town": city}, library, folders, registers)


def _register(meter: Meter) -> Register:
    if isinstance(meter, ImportedMeter):
        return meter.register
    is_gas = meter.carrier is Carrier.NATURAL_GAS
    name = "volume" if is_gas else "energy_import"
    return Register(f"{meter.id}/{name}", "m3" if is_gas else "kWh", None, 0.001)


@dataclass
class LineageTown:
    """The town over a store, filled hour by hour."""

    store: Store
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.installation = installation()

    @property
    def hours(self) -> Seconds:
        """Every whole hour that is stored."""
        return np.arange(to_seconds(BORN), to_seconds(END) + 1, HOUR_S, dtype=np.int64)

    def point(self, meter: str) -> str:
        """Where readings of a meter are."""
        return self.installation.register(self.installation.meter(meter)).point

    def tracer(self) -> Tracer:
        """A new tracer, which has made nothing yet."""
        city = self.installation.city()
        return Tracer(city, EnergyLedger(self.installation, self.store, lambda: self.now))

    def fill(
        self,
        powers: Mapping[str, Floats] | None = None,
        is_read: Callable[[str, Seconds], Any] = lambda _, at: np.ones(len(at), dtype=bool),
    ) -> None:
        """Write what the meters showed; ``powers`` are kW of each hour, else those of the text."""
        at = self.hours
        for meter in ("school.main", "columns.main", "school.gas", "nursery.load"):
            given = (powers or {}).get(meter)
            steps = np.full(len(at), POWER.get(meter, 1.0)) if given is None else given
            is_curve = meter == "nursery.load"
            shown = steps if is_curve else 1000.0 + np.concatenate([[0.0], np.cumsum(steps[:-1])])
            read = is_read(meter, at)
            self.store.write_series(self.point(meter), at[read], np.round(shown[read], 3))
        months = _months()
        self.store.write_series(self.point("lamps.bills"), months, np.full(len(months), 300.0))


def _months() -> Seconds:
    """The first of each month from January 2024 on."""
    return edges(Span(BORN, END - timedelta(days=20)), By.MONTH, ROME)


def leaf_below(tracer: Tracer, ids: Sequence[str], random: np.random.Generator) -> Figure:
    """Where a way down ends that begins at one of ``ids``, both taken at random."""
    figure = tracer.figure(ids[int(random.integers(len(ids)))])
    for _ in range(30):
        below = [one.id for one in figure.inputs if "#" not in one.id]
        if not below:
            return figure
        figure = tracer.figure(below[int(random.integers(len(below)))])
    raise AssertionError(f"no end was reached: {figure.id}")
