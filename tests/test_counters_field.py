"""From a counter on the wire to energy: simulated devices, real sockets, a store and the ledger.

Time is virtual: a round a quarter of an hour, as fast as the machine can make them. What is
expected is what the simulated town knows to be true.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cabinet_town import FOUNTAIN, SITE, SUPPLY, cabinet_town

from collectors.absences import AbsenceBook
from collectors.gateway import GatewayTask
from collectors.read_plan import GatewayPlan
from collectors.round import Round
from collectors.schedule import plan_installation
from collectors.simulator import Fault, Simulator
from paes.installation import Installation
from paes.ledger import EnergyLedger
from paes.metering import Meter
from paes.periods import Span, from_seconds
from paes.store.sqlite import SqliteStore

QUARTER = timedelta(minutes=15)
EVENING = datetime(2025, 3, 3, 16, tzinfo=UTC)
HALL = {"id": "viale", "name": "Hall", "kind": "sports_hall", "sector": "municipal_buildings"}
WATER: dict[str, Any] = FOUNTAIN
MAIN: dict[str, Any] = {**SUPPLY, "device": "schneider-iem3155", "rated_power_kw": 12}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


@dataclass
class Field:
    """A simulated town, and a collector's task before it, at one virtual time."""

    simulator: Simulator
    installation: Installation
    store: SqliteStore
    plan: GatewayPlan
    now_s: list[float]
    book: AbsenceBook = field(default_factory=AbsenceBook)
    serials: dict[str, str] = field(default_factory=dict)
    task: GatewayTask | None = None

    @property
    def now(self) -> datetime:
        return from_seconds(self.now_s[0])

    @property
    def ledger(self) -> EnergyLedger:
        return EnergyLedger(self.installation, self.store, lambda: self.now)

    async def read(self) -> Round:
        """One round, stored with what it tells of absences."""
        if self.task is None:
            self.task = GatewayTask(
                self.plan,
                lambda _made: None,
                lambda: self.now,
                known_serials=self.serials,
                now_s=lambda: self.now_s[0],
            )
        made = await self.task.read_round(self.now)
        self.serials = dict(self.task.serials)
        self.store.write(made.readings)
        self.store.write_events([*made.events, *self.book.note(made, self.plan)])
        return made

    async def restart(self) -> None:
        """The collector begins anew: it remembers serial numbers, and nothing of counters."""
        if self.task:
            await self.task.close()
        self.task = None

    async def run(
        self, until: datetime, after_round: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Rounds on every quarter of an hour up to and with ``until``."""
        while self.now <= until:
            await self.read()
            if after_round:
                await after_round()
            self.now_s[0] += QUARTER.total_seconds()
        self.now_s[0] -= QUARTER.total_seconds()

    def true_energy(self, meter: str, start: datetime, end: datetime) -> float:
        return self.simulator.town.energy(meter, start, end)


@asynccontextmanager
async def a_field(
    store: SqliteStore,
    meters: Sequence[dict[str, Any]],
    faults: Sequence[Fault] = (),
    start: datetime = EVENING,
) -> AsyncIterator[Field]:
    """A cabinet of ``meters``, simulated from ``start`` on, and read at that time."""
    now_s = [start.timestamp()]
    site = HALL if meters[0] is WATER else SITE
    town = cabinet_town(*meters, site=site, timeout_s=0.25)
    simulator = Simulator(town, port=0, faults=faults, clock=lambda: now_s[0])
    await simulator.start()
    here = replace(next(iter(town.cities.values())), gateways=simulator.gateways())
    installation = replace(town, cities={"town": here})
    plan = plan_installation(installation)["viale"]
    assert isinstance(plan, GatewayPlan)
    made = Field(simulator, installation, store, plan, now_s)
    try:
        yield made
    finally:
        await made.restart()
        await simulator.stop()


def names(at: Field, meter: Meter, span: Span) -> set[str]:
    return {f.name for f in at.ledger.findings(meter, span)}


@pytest.mark.parametrize("restarts", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize("kind", ["zero", "all_ones"])
@pytest.mark.parametrize("device", [MAIN, SUPPLY, WATER], ids=lambda d: str(d["device"]))
async def test_transient_zero_and_all_ones_change_no_energy(
    store: SqliteStore, device: dict[str, Any], kind: str, restarts: bool
):
    """A quarter of all readings of a night are wrong; the first and the last are good."""
    end = EVENING + timedelta(hours=10)
    wrong = Fault(
        device["id"], kind, start=EVENING + 3 * QUARTER, end=end - 3 * QUARTER, share=0.25
    )
    async with a_field(store, [device], [wrong]) as at:
        await at.run(end, at.restart if restarts else None)
        meter = at.installation.meter(device["id"])
        register = at.installation.register(meter)
        total = at.ledger.total(meter, Span(EVENING, end))
        truth = at.true_energy(meter.id, EVENING, end)
        assert truth > 10 * register.resolution
        # the dial shows whole steps, at either end
        assert total.kwh == pytest.approx(truth, abs=register.resolution + 0.002)
        assert total.missing_high_kwh == 0
        found = names(at, meter, Span(EVENING, end))
        assert "data.gap" in found
        assert found <= {"data.gap", "counter.transient", "counter.spike"}
