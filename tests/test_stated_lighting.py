"""Option A with burning hours that the meter saw: a cabinet that burns from 18 to 6 h UTC.

10 kW were installed, 4 kW burn after the works: 365 nights of 12 h are 43,800 kWh
before and 17,520 after.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from cabinet_town import SUPPLY, cabinet_town

from paes.accounting.ledger import EnergyLedger
from paes.installation import Installation
from paes.lighting import lamps_of
from paes.periods import local_midnight, to_seconds
from paes.plan.action import Action
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.savings.assumptions import read_savings_assumptions
from paes.savings.measuring import MeasuredSavings
from paes.savings.verdict import Verdict
from paes.schema import Text
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

NAME = Text(it="prova", en="test")
AFTER, NOW = date(2025, 4, 1), datetime(2026, 4, 10, 11, tzinfo=UTC)
LED = Action.model_validate(
    {
        "id": "led", "name": NAME, "sector": "public_lighting", "status": "completed",
        "carrier": "electricity", "declared_saving_mwh": 26, "sites": ["viale"],
        "measurement": {
            "option": "A", "works_start": date(2025, 3, 10), "works_end": date(2025, 3, 31),
            "installed_before_kw": 10, "installed_after_kw": 4,
        },
    }
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def lit_town() -> Installation:
    town = cabinet_town(SUPPLY)
    target = Target(id="t", name=NAME, base_year=2007, target_year=2030, reduction_fraction=0.4)
    plan = Plan(
        base_year=2007,
        factor_set="test",
        electricity_factor="current",
        default_target="t",
        targets=(target,),
    )
    city = replace(town.city(), plan=plan, actions=(LED,))
    return replace(town, cities={"town": city})


def test_hours_are_those_that_the_meter_saw(store: SqliteStore) -> None:
    town = lit_town()
    begin, end = to_seconds(local_midnight(AFTER, "Europe/Rome")), to_seconds(NOW)
    quarters = np.arange(begin - 86_400, end, 900, dtype=np.int64)
    hour = quarters % 86_400 // 3600
    kw = np.where((hour >= 18) | (hour < 6), 4.0, 0.0)
    (lamps,) = lamps_of(town, town.site("viale"))
    total = 100 + np.concatenate([[0.0], np.cumsum(kw[:-1] / 4)])
    store.write_series(lamps.point, quarters, kw * 1000)
    store.write_series(town.register(lamps.meter).point, quarters, total)
    ledger = EnergyLedger(town, store, lambda: NOW)
    assumptions = read_savings_assumptions(shipped_config())
    found = MeasuredSavings(ledger, town.city(), assumptions).of(LED)
    assert found.verdict is Verdict.CONFIRMED
    assert found.year is not None
    assert found.year.avoided.expected_kwh == pytest.approx(43_800, rel=0.001)
    assert found.year.avoided.kwh == pytest.approx(26_280, rel=0.002)
    # the stated power is known to 5 %, the hours are the meter's
    assert found.year.half_kwh == pytest.approx(0.05 * 43_800, rel=0.001)
