"""What the dashboard's tests know of their town: its clock, its meters, its figures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from paes.activity.activity_data import DeclaredRow
from paes.installation import City, Installation
from paes.metering import Carrier, Reading, Sector
from paes.store.sqlite import SqliteStore

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PERIOD_S = 900
LIVE = "scuola-2-giugno.main"
"""Reported until now, with its power."""
STALE = "palazzo-civico.main"
"""Its last reading is five hours old."""
SILENT = "quadro-fossamastra.main"
"""Its last reading is four days old."""
NEVER = "biblioteca-civica.main"
"""Never read."""
POWER_KW = 12.0
REFRESH_S = 0.5
"""How often a page asks for its meters, so that no test waits long."""


@dataclass
class MovingClock:
    """A clock that goes on when it is told to."""

    now: datetime = field(default=NOW)

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def fill(store: SqliteStore, installation: Installation) -> None:
    """Four weeks at 12 kW, a register every quarter of an hour, and one meter in each state."""
    now_s = int(NOW.timestamp())
    times = np.arange(now_s - 28 * 86400, now_s + 1, PERIOD_S, dtype=np.int64)
    registers = 1000.0 + POWER_KW * (times - times[0]) / 3600.0
    for meter, late_s in ((LIVE, 0), (STALE, 5 * 3600), (SILENT, 4 * 86400)):
        kept = times <= now_s - late_s
        point = installation.register(installation.meter(meter)).point
        store.write_series(point, times[kept], registers[kept])
    power = Reading(f"{LIVE}/active_power", NOW, POWER_KW * 1000)
    late_power = Reading(f"{STALE}/active_power", NOW - timedelta(hours=5), POWER_KW * 1000)
    store.write([power, late_power])
    store.set_label("simulated", "true")


def plain_town(installation: Installation) -> Installation:
    """La Spezia with two carriers in three years, simple enough to be reckoned by hand."""
    city = installation.city("la-spezia")
    rows = tuple(
        DeclaredRow(
            year=year, sector=sector, carrier=carrier, mwh=mwh, assumed=assumed, note="by hand"
        )
        if assumed
        else DeclaredRow(year=year, sector=sector, carrier=carrier, mwh=mwh, source="by hand")
        for year, sector, carrier, mwh, assumed in (
            (2007, Sector.RESIDENTIAL_BUILDINGS, Carrier.ELECTRICITY, 1000.0, False),
            (2007, Sector.INDUSTRY, Carrier.NATURAL_GAS, 1000.0, False),
            (2020, Sector.RESIDENTIAL_BUILDINGS, Carrier.ELECTRICITY, 1000.0, False),
            (2020, Sector.INDUSTRY, Carrier.NATURAL_GAS, 900.0, False),
            (2025, Sector.RESIDENTIAL_BUILDINGS, Carrier.ELECTRICITY, 1000.0, False),
            (2025, Sector.INDUSTRY, Carrier.NATURAL_GAS, 1100.0, True),
        )
    )
    nothing = {"sites": {}, "meters": {}, "virtual_meters": {}, "gateways": {}, "actions": ()}
    town: City = replace(city, declared=rows, **nothing)
    return replace(installation, cities={town.id: town})
