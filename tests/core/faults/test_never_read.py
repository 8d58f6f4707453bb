"""Meters that never brought a reading: since when they are missing does not move from run to run.

A small town of two meters, one read every quarter of an hour for 20 days, the other never.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from paes.accounting.ledger import EnergyLedger
from paes.faults.cases.register import all_cases, update_cases
from paes.faults.rules import missing_data
from paes.gateways import Gateway
from paes.installation import Installation
from paes.metering import Carrier, Measures, Register
from paes.meters import FieldMeter
from paes.periods import Span
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore
from tests.core.changing_town import hall, library, town

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def ledger_at(store: SqliteStore, now: datetime, since: date | None) -> EnergyLedger:
    meters = [
        FieldMeter(
            id=f"hall.{name}", measures=Measures.WITHDRAWAL, carrier=Carrier.ELECTRICITY,
            device="x", gateway=gateway, valid_from=since,
        )
        for name, gateway in (("main", "gw-a"), ("new", "gw-b"))
    ]  # fmt: skip
    city = town((), sites=[hall("hall")], meters=meters)
    city.gateways.clear()
    city.gateways.update({g: Gateway(id=g, host="127.0.0.1") for g in ("gw-a", "gw-b")})
    registers = {m.id: Register(f"{m.id}/energy_import", "kWh", 1e6, 0.01) for m in meters}
    installation = Installation(
        shipped_config(), "test", "town", {"town": city}, library(), (), registers
    )
    return EnergyLedger(installation, store, lambda: now)


@pytest.mark.parametrize(
    ("since", "start"),
    [
        (date(2026, 2, 20), datetime(2026, 2, 19, 23, tzinfo=UTC)),  # midnight in Rome
        (date(1998, 1, 1), NOW - 20 * DAY),  # nobody read anything here before
        (None, NOW - 20 * DAY),
    ],
)
def test_the_start_of_a_meter_that_was_never_read_stays_from_night_to_night(tmp_path, since, start):
    store = SqliteStore(tmp_path / "readings.sqlite")
    at = int(NOW.timestamp()) + 900 * np.arange(-20 * 96, 3 * 96, dtype=np.int64)
    store.write_series("hall.main/energy_import", at, 1000.0 + np.arange(len(at)))
    for night in range(3):
        now = NOW + night * DAY
        ledger = ledger_at(store, now, since)
        update = update_cases(ledger, Span(now - 60 * DAY, now), rules=[missing_data.RULE])
        (case,) = all_cases(store, series=True)
        assert case.id.startswith(("gw-b/missing_data/", "hall.new/missing_data/"))
        assert case.episode.start == start
        assert case.episode.numbers["hours"] == (now - start) / timedelta(hours=1)
        assert not update.closed
        assert len(case.bouts) == 1


def test_nothing_is_missing_before_anything_was_read(tmp_path):
    store = SqliteStore(tmp_path / "readings.sqlite")
    ledger = ledger_at(store, NOW, date(1998, 1, 1))
    assert update_cases(ledger, Span(NOW - 60 * DAY, NOW), rules=[missing_data.RULE]).all == ()
