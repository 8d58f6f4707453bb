"""A town of three sites whose meters are part of each other, for tests of trees and their sums."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, cast

from paes.factors.emission_factors import CalorificRow, FactorLibrary
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Carrier, Measures, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter, Meter
from paes.plan.plan import Plan

SECTORS = {
    "school": Sector.MUNICIPAL_BUILDINGS,
    "nursery": Sector.MUNICIPAL_BUILDINGS,
    "columns": Sector.PRIVATE_TRANSPORT,
    "flat": Sector.RESIDENTIAL_BUILDINGS,
}


def meter(name: str, **changes: Any) -> FieldMeter:
    """A meter of electricity rated 10 kW, in use since 1 January 2025."""
    of = {
        "carrier": Carrier.ELECTRICITY, "device": "x", "gateway": "gw", "rated_power_kw": 10.0,
        "valid_from": date(2025, 1, 1), **changes,
    }  # fmt: skip
    if "parent" in changes:
        of["measures"] = Measures.SUBMETER
    return FieldMeter.model_validate({"id": name, **of})


def virtual(name: str, formula: str, **changes: Any) -> VirtualMeter:
    """A virtual meter of electricity."""
    of = {"carrier": Carrier.ELECTRICITY, **changes}
    return VirtualMeter.model_validate({"id": name, "formula": formula, **of})


def town(*of: Meter | VirtualMeter) -> Installation:
    """The installation with these meters; each register never wraps."""
    real = {m.id: m for m in of if isinstance(m, Meter)}
    city = City(
        facts=CityFile(id="town", name="Town", latitude=44.1, longitude=9.8),
        plan=cast(Plan, None),
        sites={
            name: Site(id=name, name=name, kind=SiteKind.SCHOOL, sector=sector)
            for name, sector in SECTORS.items()
        },
        gateways={"gw": Gateway(id="gw", host="127.0.0.1")},
        meters=real,
        actions=(),
        declared=(),
        virtual_meters={m.id: m for m in of if isinstance(m, VirtualMeter)},
    )
    registers = {
        m.id: Register(f"{m.id}/energy_import", _unit(m), None, 0.001) for m in real.values()
    }
    calorific = CalorificRow(
        carrier=Carrier.NATURAL_GAS, unit="Sm3", kwh_per_unit=9.6, basis="net", source="test"
    )
    factors = FactorLibrary((), {}, [calorific])
    return Installation(Path(), "test", "town", {"town": city}, factors, (), registers)


def _unit(of: Meter) -> str:
    return "m3" if of.carrier in (None, Carrier.NATURAL_GAS) else "kWh"
