"""A town whose energy is made of known causes, written without the code that tells them apart."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from paes.accounting.ledger import EnergyLedger
from paes.activity.activity_data import DeclaredRow
from paes.causes.driver_data import ActivityMeasure, Dependence, Driver, DriverRow, WeatherShare
from paes.config import load_installation
from paes.factors.emission_factors import FactorLibrary, FactorRow, FactorSet
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.metering import Carrier, Measures, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.schema import Text
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore
from paes.uncertainty.assumptions import Assumptions

NAME = Text(it="prova", en="test")
HOMES, OFFICES = Sector.RESIDENTIAL_BUILDINGS, Sector.MUNICIPAL_BUILDINGS
LAMPS, CARS = Sector.PUBLIC_LIGHTING, Sector.PRIVATE_TRANSPORT
POWER, GAS, DIESEL = Carrier.ELECTRICITY, Carrier.NATURAL_GAS, Carrier.DIESEL
BASE, YEAR = 2007, 2020
CLOCK = datetime(2026, 11, 22, tzinfo=UTC)


def row(year, sector, carrier, mwh, **more) -> DeclaredRow:
    return DeclaredRow(year=year, sector=sector, carrier=carrier, mwh=mwh, source="bills", **more)


def driver(year, kind, value, sector=None) -> DriverRow:
    return DriverRow(year=year, driver=kind, sector=sector, value=value, source="counted")


def share(sector, carrier, fraction) -> WeatherShare:
    return WeatherShare(sector=sector, carrier=carrier, fraction=fraction, source="measured")


DEPENDENCE = Dependence(
    (share(HOMES, GAS, 0.8), share(OFFICES, GAS, 0.9), share(HOMES, POWER, 0.1)),
    (
        ActivityMeasure(sector=HOMES, driver=Driver.INHABITANTS, source="s"),
        ActivityMeasure(sector=OFFICES, driver=Driver.FLOOR_AREA_M2, source="s"),
        ActivityMeasure(sector=CARS, driver=Driver.VEHICLE_KM, source="s"),
    ),
)


def factor(carrier, value, year=None) -> FactorRow:
    return FactorRow(carrier=carrier, year=year, factor_t_per_mwh=value, source="s")


def library(power_before=0.5, power_after=0.3, gas=(0.2, 0.2), more=()) -> FactorLibrary:
    return FactorLibrary(
        [FactorSet(id="test", name=NAME, approach="IPCC", gas="CO2", version="1")],
        {
            "test": [
                factor(POWER, power_before, BASE), factor(POWER, power_after, YEAR),
                factor(GAS, gas[0], BASE), factor(GAS, gas[1], YEAR), factor(DIESEL, 0.27),
                *more,
            ]
        },
    )  # fmt: skip


def town(rows, drivers=(), actions=(), sites=(), meters=(), **more) -> City:
    target = Target(
        id="minus-14", name=NAME, base_year=BASE, target_year=YEAR, reduction_fraction=0.14
    )
    return City(
        facts=CityFile(id="town", name="Town", latitude=44.1, longitude=9.8, **more),
        plan=Plan(
            base_year=BASE, factor_set="test", electricity_factor="current",
            default_target="minus-14", targets=(target,),
        ),
        sites={s.id: s for s in sites},
        gateways={"gw": Gateway(id="gw", host="127.0.0.1")},
        meters={m.id: m for m in meters},
        actions=tuple(actions),
        declared=tuple(rows),
        drivers=tuple(drivers),
    )  # fmt: skip


def hall(site="hall", **more) -> Site:
    return Site(id=site, name=site, kind=SiteKind.OFFICE, sector=OFFICES, **more)


def meter(site="hall", since=date(2007, 1, 1), **more) -> FieldMeter:
    return FieldMeter(
        id=f"{site}.main", measures=Measures.WITHDRAWAL, carrier=POWER, device="x", gateway="gw",
        rated_power_kw=10.0, valid_from=since, **more,
    )  # fmt: skip


def ledger_of(city: City, folder: Path, factors=None, realisation=None) -> EnergyLedger:
    registers = {
        m.id: Register(f"{m.id}/energy_import", "kWh", None, 0.01) for m in city.meters.values()
    }
    installation = Installation(
        Path(), "test", "town", {"town": city}, factors or library(), (), registers,
        dependence=DEPENDENCE, assumed_uncertainty=realisation,
    )  # fmt: skip
    return EnergyLedger(installation, SqliteStore(folder / "readings.sqlite"), lambda: CLOCK)


def shipped_assumptions() -> Assumptions:
    return load_installation(shipped_config()).uncertainty


def shipped_seasons():
    return load_installation(shipped_config()).city().heating_seasons
