"""Registers in litres, kilograms and cubic metres as energy, side by side in one frame.

A tank gauge that counts 2 l/h through 2025, a silo that counts 3 kg/h, a gas register of 1 Sm3/h.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from paes.accounting.ledger import EnergyLedger
from paes.factors.calorific_values import CalorificRow
from paes.factors.emission_factors import FactorLibrary
from paes.installation import City, CityFile, Installation
from paes.metering import Site
from paes.meters import ImportedMeter
from paes.periods import By, Span, year_span
from paes.plan.plan import Plan
from paes.store.sqlite import SqliteStore

ROME = "Europe/Rome"
METERS = [
    ImportedMeter.model_validate({"id": f"hall.{name}", "brings": "counter", **more})
    for name, more in {
        "oil": {"carrier": "heating_oil"},
        "pellet": {"carrier": "other_biomass", "unit": "kg", "fuel": "pellet"},
        "gas": {"carrier": "natural_gas"},
    }.items()
]
PER_H = {"hall.oil": 2.0, "hall.pellet": 3.0, "hall.gas": 1.0}
KWH_PER_UNIT = {"hall.oil": 10.0, "hall.pellet": 5.0, "hall.gas": 9.6}
VALUES = [("heating_oil", None, "l", 10.0), ("other_biomass", "pellet", "kg", 5.0),
          ("other_biomass", "wood", "kg", 4.0), ("natural_gas", None, "Sm3", 9.6)]  # fmt: skip


@pytest.fixture
def ledger(tmp_path):
    site = {"id": "hall", "name": "Hall", "kind": "office", "sector": "municipal_buildings"}
    city = City(
        facts=CityFile(id="town", name="Town", latitude=44.1, longitude=9.8),
        plan=cast(Plan, None),
        sites={"hall": Site.model_validate(site)},
        gateways={},
        meters={m.id: m for m in METERS},
        actions=(),
        declared=(),
    )
    rows = [
        CalorificRow.model_validate(
            {"carrier": c, "fuel": f, "unit": u, "kwh_per_unit": v, "basis": "net", "source": "x"}
        )
        for c, f, u, v in VALUES
    ]
    installation = Installation(
        Path(), "test", "town", {"town": city}, FactorLibrary((), {}, rows), (),
        {m.id: m.register for m in METERS},
    )  # fmt: skip
    store = SqliteStore(tmp_path / "readings.sqlite")
    span = year_span(2025, ROME)
    seconds = np.arange(span.start.timestamp(), span.end.timestamp() + 1, 900, dtype=np.int64)
    for meter in METERS:
        values = (seconds - seconds[0]) / 3600 * PER_H[meter.id]
        store.write_series(meter.register.point, seconds, values)
    yield EnergyLedger(installation, store, lambda: datetime(2026, 2, 1, tzinfo=UTC))
    store.close()


def test_each_register_is_turned_into_energy_by_its_own_fuel(ledger: EnergyLedger) -> None:
    year = year_span(2025, ROME)
    for meter, total in zip(METERS, ledger.totals([(m, year) for m in METERS]), strict=True):
        assert total.kwh == pytest.approx(8760 * PER_H[meter.id] * KWH_PER_UNIT[meter.id])


def test_the_factors_of_one_fuel_are_not_used_for_another(ledger: EnergyLedger) -> None:
    january = Span(year_span(2025, ROME).start, datetime(2025, 1, 31, 23, tzinfo=UTC))
    tables = ledger.tables([(m, january) for m in METERS], january, By.MONTH)
    found = {m.id: t.frame(s)["measured"].iloc[0] for m, (t, s) in zip(METERS, tables, strict=True)}
    assert found == pytest.approx({m: 744 * PER_H[m] * KWH_PER_UNIT[m] for m in PER_H})
