"""A town of three sites with meters of constant power, for tests of evidence and inventories.

Every field meter takes 1 kW from 1 January 2024 on (a leap year of 8,784 hours, all in Rome's
winter time at both ends), so that a whole year is 8.784 MWh; a billed one is told by the month.
Factors are 0.5 t/MWh for electricity and 0.2 for gas.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.activity.activity_data import DeclaredRow
from paes.factors.emission_factors import FactorLibrary, FactorRow, FactorSet
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation, Population
from paes.metering import Carrier, Evidence, Quality, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter, ImportedMeter, Meter
from paes.periods import Span, local_midnight, to_seconds
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.schema import Text
from paes.series import CODE_OF
from paes.store import Store

NAME = Text(it="prova", en="test")
OFFICES, HOMES = Sector.MUNICIPAL_BUILDINGS, Sector.RESIDENTIAL_BUILDINGS
POWER, GAS = Carrier.ELECTRICITY, Carrier.NATURAL_GAS
BORN = datetime(2023, 12, 31, 23, tzinfo=UTC)
YEAR = Span(BORN, datetime(2024, 12, 31, 23, tzinfo=UTC))
JULY = datetime(2024, 6, 30, 22, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
MWH_OF_YEAR = 8.784
SITES = {"school": OFFICES, "nursery": OFFICES, "hall": OFFICES, "flats": HOMES}
FACTORS = FactorLibrary(
    [FactorSet(id="test", name=NAME, approach="IPCC", gas="CO2", version="1")],
    {
        "test": [
            FactorRow(carrier=POWER, year=2007, factor_t_per_mwh=0.5, source="s"),
            FactorRow(carrier=GAS, factor_t_per_mwh=0.2, source="s"),
        ]
    },
)


def declared(year: int, mwh: float, **changes: Any) -> DeclaredRow:
    """A row of electricity in municipal buildings."""
    of = {"sector": OFFICES, "carrier": POWER, "source": "bills", **changes}
    if "sites" in changes:
        of.setdefault("covers", "sites")
    return DeclaredRow.model_validate({"year": year, "mwh": mwh, **of})


def meter(name: str, **changes: Any) -> FieldMeter:
    """A meter of electricity rated 10 kW."""
    of = {"carrier": POWER, "device": "x", "gateway": "gw", "rated_power_kw": 10.0,
          "valid_from": date(2024, 1, 1), **changes}  # fmt: skip
    return FieldMeter.model_validate({"id": name, **of})


def billed(name: str, **changes: Any) -> ImportedMeter:
    """A meter of electricity of which only bills come."""
    of = {"carrier": POWER, "brings": Evidence.AMOUNTS, "rated_power_kw": 10.0,
          "valid_from": date(2024, 1, 1), **changes}  # fmt: skip
    return ImportedMeter.model_validate({"id": name, **of})


def town(
    rows: tuple[DeclaredRow, ...], *of: Meter, root: Path = Path(), **changes: Any
) -> Installation:
    """The installation with these declared rows and meters; ``changes`` are the city's."""
    target = Target(
        id="t", name=NAME, base_year=2007, target_year=2030, reduction_fraction=0.2
    )  # fmt: skip
    fields: dict[str, Any] = {
        "facts": CityFile(
            id="town", name="Town", latitude=44.1, longitude=9.8,
            population=(Population(year=2000, inhabitants=10, source="s"),),
        ),
        "plan": Plan(
            base_year=2007, factor_set="test", electricity_factor="current",
            default_target="t", targets=(target,),
        ),
        "sites": {
            name: Site(id=name, name=name, kind=SiteKind.SCHOOL, sector=sector)
            for name, sector in SITES.items()
        },
        "gateways": {"gw": Gateway(id="gw", host="127.0.0.1")},
        "meters": {m.id: m for m in of},
        "actions": (),
        "declared": rows,
    }  # fmt: skip
    city = City(**{**fields, **changes})
    registers = {
        m.id: m.register
        if isinstance(m, ImportedMeter)
        else Register(f"{m.id}/energy_import", "kWh", None, 0.001)
        for m in of
    }
    return Installation(root, "test", "town", {"town": city}, FACTORS, (), registers)


def ledger(installation: Installation, store: Store) -> EnergyLedger:
    """The books of the town, asked in November 2026."""
    return EnergyLedger(installation, store, lambda: NOW)


def runs(store: Store, of: str, span: Span = YEAR, power_kw: float = 1.0) -> None:
    """A register that grows by ``power_kw`` and is read every hour of ``span``."""
    t = np.arange(int(span.start.timestamp()), int(span.end.timestamp()) + 1, 3600, dtype=np.int64)
    store.write_series(f"{of}/energy_import", t, (t - BORN.timestamp()) / 3600 * power_kw)


def tells(store: Store, of: str, kwh_by_month: float = 100.0) -> None:
    """A bill for each month of 2024, and the end of the last."""
    starts = [date(2024, month, 1) for month in range(1, 13)] + [date(2025, 1, 1)]
    t = np.array([to_seconds(local_midnight(day, "Europe/Rome")) for day in starts], dtype=np.int64)
    qualities = np.full(13, CODE_OF[Quality.GOOD], dtype=np.uint8)
    qualities[-1] = CODE_OF[Quality.NOT_AVAILABLE]
    values = np.full(13, kwh_by_month)
    values[-1] = 0.0
    store.write_series(f"{of}/energy_import_amounts", t, values, qualities)
