"""A hall of 4 kW day and night with prices that can be reckoned by hand.

4 kW are 1 kWh a quarter of an hour, so that kWh in a band are its quarter hours. Readings are
whole; rated 10 kW, so that 12 kW bound what may have passed in a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.config_file import read_yaml
from paes.costs.costing import Costing
from paes.factors.emission_factors import FactorLibrary
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.metering import Carrier, Measures, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter, ImportedMeter, Meter
from paes.periods import local_midnight, parse_instant
from paes.plan.plan import Plan
from paes.shipped_files import shipped_config
from paes.store import Store
from paes.tariffs.bands import Bands, BandsFile
from paes.tariffs.contracts import Contract
from paes.tariffs.tariff import Tariff, TariffFile

ROME = "Europe/Rome"
NOW = datetime(2027, 1, 10, tzinfo=UTC)
BORN = date(2024, 12, 1)
KW = 4.0
ITALY = Bands("italy", read_yaml(shipped_config() / "bands" / "italy.yaml", BandsFile))


def tariff(name: str, *periods: dict[str, Any], **changes: Any) -> Tariff:
    """A tariff for electricity without VAT; each period a price from 1 January 2024 on."""
    told = [
        {"valid_from": "2024-01-01", "vat_fraction": 0.0, "source": "a letter", **p}
        for p in periods
    ]
    facts = {"name": name, "carrier": "electricity", "unit": "kWh", **changes, "periods": told}
    file = TariffFile.model_validate(facts)
    return Tariff(name, file, ITALY if file.bands else None)


def contract(tariff_id: str, **changes: Any) -> Contract:
    """A contract of the hall's main meter from 1 January 2024 on."""
    place = {} if "site" in changes else {"meter": "hall.main"}
    facts = {**place, "tariff": tariff_id, "valid_from": "2024-01-01", **changes}
    return Contract.model_validate(facts)


def main_meter(**changes: Any) -> FieldMeter:
    """The meter of the hall."""
    facts = {
        "id": "hall.main", "carrier": Carrier.ELECTRICITY, "device": "x", "gateway": "gw",
        "rated_power_kw": 10.0, "valid_from": BORN, **changes,
    }  # fmt: skip
    return FieldMeter.model_validate(facts)


def other_meter(name: str, unit: int, **changes: Any) -> FieldMeter:
    """Another meter of the hall."""
    return main_meter(id=f"hall.{name}", unit=unit, **changes)


def imported(name: str, **changes: Any) -> ImportedMeter:
    """A meter of the hall whose figures come in files."""
    facts = {"id": f"hall.{name}", "carrier": Carrier.ELECTRICITY, "valid_from": BORN, **changes}
    return ImportedMeter.model_validate(facts)


def town(
    tariffs: Sequence[Tariff],
    contracts: Sequence[Contract],
    meters: Sequence[Meter] = (),
    more_sites: Sequence[str] = (),
) -> Installation:
    """An installation of the hall with its main meter, or with ``meters``."""
    of = list(meters) or [main_meter()]
    sector = Sector.MUNICIPAL_BUILDINGS
    sites = {
        name: Site(id=name, name=name, kind=SiteKind.OFFICE, sector=sector)
        for name in ("hall", *more_sites)
    }
    city = City(
        facts=CityFile(id="town", name="Town", latitude=44.1, longitude=9.8),
        plan=cast(Plan, None),
        sites=sites,
        gateways={"gw": Gateway(id="gw", host="127.0.0.1")},
        meters={m.id: m for m in of},
        actions=(),
        declared=(),
        contracts=tuple(contracts),
    )
    registers = {m.id: _register(m) for m in of}
    return Installation(
        Path(), "test", "town", {"town": city}, FactorLibrary((), {}, []), (), registers,
        bands={"italy": ITALY}, tariffs={t.id: t for t in tariffs},
    )  # fmt: skip


def _register(meter: Meter) -> Register:
    if isinstance(meter, ImportedMeter):
        return meter.register
    is_volume = meter.measures is Measures.WATER or meter.carrier is Carrier.NATURAL_GAS
    unit, point = ("m3", "volume") if is_volume else ("kWh", "energy_import")
    return Register(f"{meter.id}/{point}", unit, None, 0.001)


def costing(store: Store, installation: Installation, now: datetime = NOW) -> Costing:
    """Costs over a store at a time of its own."""
    return Costing(EnergyLedger(installation, store, lambda: now))


def local(text: str) -> datetime:
    """A local time of the town."""
    return parse_instant(text, ROME)


def write(
    store: Store, start: str, end: str, kw: float = KW, name: str = "main", unit: str = "kWh",
    first: float | None = None, site: str = "hall",
) -> None:  # fmt: skip
    """Readings every quarter of an hour in ``[start, end]``, local; of a register since BORN."""
    a, b = int(local(start).timestamp()), int(local(end).timestamp())
    seconds = np.arange(a, b + 1, 900, dtype=np.int64)
    since = local_midnight(BORN, ROME).timestamp()
    values = (seconds - since) / 3600 * kw if first is None else first + (seconds - a) / 3600 * kw
    point = "energy_import" if unit == "kWh" else "volume"
    store.write_series(f"{site}.{name}/{point}", seconds, values)
