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

import numpy as np
import pytest
from cabinet_town import CABINET, CIRCUIT, FOUNTAIN, SITE, SUPPLY, cabinet_town

from collectors.absences import AbsenceBook
from collectors.modbus.gateway import GatewayTask
from collectors.modbus.read_plan import GatewayPlan
from collectors.round import Round
from collectors.schedule import plan_installation
from collectors.simulator import Fault, Simulator, Town
from paes.accounting.ledger import EnergyLedger
from paes.events import SWAPPED
from paes.installation import Installation
from paes.lighting import Stretch, burning_hours, lamps_of
from paes.meters import FieldMeter
from paes.periods import Span, from_seconds
from paes.store.sqlite import SqliteStore

QUARTER = timedelta(minutes=15)
EVENING = datetime(2025, 3, 3, 16, tzinfo=UTC)
HALL = {"id": "viale", "name": "Hall", "kind": "sports_hall", "sector": "municipal_buildings"}
WATER: dict[str, Any] = FOUNTAIN
MAIN: dict[str, Any] = {**SUPPLY, "device": "schneider-iem3155", "serial": "4711"}


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
    site: dict[str, Any] = SITE,
) -> AsyncIterator[Field]:
    """A cabinet of ``meters``, simulated and read from the evening on."""
    now_s = [EVENING.timestamp()]
    town = cabinet_town(*meters, site=site, timeout_s=20)
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


def names(at: Field, meter: FieldMeter, span: Span) -> set[str]:
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
    async with a_field(store, [device], [wrong], HALL if device is WATER else SITE) as at:
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


def swapped(kind: str, at: datetime) -> list[Fault]:
    """Another device from ``at`` on; ``seen``: the unit is away for an hour meanwhile."""
    there = [Fault("viale.main", "swap", start=at)]
    if kind == "seen":
        there.append(Fault("viale.main", "absent", start=at, end=at + 4 * QUARTER))
    return there


@pytest.mark.parametrize("kind", ["seen", "noticed later"])
async def test_a_meter_swap_is_one_event_with_right_energy_before_and_after(
    store: SqliteStore, kind: str
):
    """The new device counts from zero; it is known by its serial number."""
    at_swap = EVENING + timedelta(hours=4, minutes=5)
    end = EVENING + timedelta(hours=10)
    async with a_field(store, [MAIN], swapped(kind, at_swap)) as at:
        await at.run(EVENING + timedelta(hours=7))
        await at.restart()  # a new connection, behind which there may be another device
        at.now_s[0] += QUARTER.total_seconds()
        await at.run(end)
        meter = at.installation.meter("viale.main")
        (event,) = store.events(subjects=[meter.id], name=SWAPPED)
        (found,) = [
            f for f in at.ledger.findings(meter, Span(EVENING, end)) if f.name == "meter.replaced"
        ]
        old, new = event.facts["old_serial"], event.facts["new_serial"]
        assert old != new
        assert f"the device {old} was exchanged for {new}" in found.message
        # the last reading of the old device, and the first of the new one
        before = EVENING + timedelta(hours=4)
        after = before + QUARTER if kind == "noticed later" else before + 5 * QUARTER
        assert found.at == after
        step = at.installation.register(meter).resolution + 0.001
        for span in (Span(EVENING, before), Span(after, end)):
            part = at.ledger.total(meter, span)
            assert part.kwh == pytest.approx(
                at.true_energy(meter.id, span.start, span.end), abs=step
            )
            assert part.missing_high_kwh == 0
        unknown = at.ledger.total(meter, Span(before, after))
        truth = at.true_energy(meter.id, before, after)
        assert (unknown.measured_kwh, unknown.covered_s) == (0, 0)
        assert unknown.estimated_kwh == pytest.approx(truth, rel=0.25)
        # 12 kW rated, and a fifth more
        hours = (after - before) / timedelta(hours=1)
        assert unknown.low_kwh <= truth <= unknown.high_kwh <= 1.2 * 12 * hours


async def test_a_unit_that_is_away_tells_why_its_readings_are_missing(store: SqliteStore):
    """The gateway says that nobody answers there: a refusal, which costs no time-out."""
    away = Fault("viale.main", "absent", start=EVENING + 8 * QUARTER, end=EVENING + 12 * QUARTER)
    end = EVENING + timedelta(hours=5)
    async with a_field(store, [MAIN, CIRCUIT], [away]) as at:
        await at.run(end)
        meter = at.installation.meter("viale.main")
        (found,) = at.ledger.findings(meter, Span(EVENING, end))
        assert found.message.startswith("no readings for 1.2 h: no reply from the device (1.2 h); ")
        (event,) = at.ledger.absences(meter, Span(EVENING, end))
        assert (event.start, event.end) == (EVENING + 7 * QUARTER, EVENING + 12 * QUARTER)
        other = at.installation.meter("viale.north")
        assert at.ledger.absences(other, Span(EVENING, end)) == []


async def test_burning_hours_of_a_cabinet_of_several_units(store: SqliteStore):
    """Supply, circuit and pulse counter behind one gateway; truth is what the lamps took."""
    end = EVENING + timedelta(hours=18)
    async with a_field(store, CABINET) as at:
        await at.run(end)
        span = Span(EVENING, end)
        assert {m.unit for m in at.plan.meters} == {1, 2, 10}
        every_quarter = np.arange(EVENING.timestamp(), end.timestamp(), 900)
        supply, circuit = lamps_of(at.installation, at.installation.site("viale"))
        for lamps in (supply, circuit):
            night = burning_hours(at.ledger, lamps, span, Stretch.NIGHT).sum()
            power_kw = at.simulator.town.power_at(lamps.meter.id, every_quarter)
            lit = power_kw > 0.05 * lamps.installed_kw
            assert 10 < night["burning_h"] < 14  # a night of March at 44 degrees north
            assert night["burning_h"] == pytest.approx(lit.sum() / 4, abs=0.01)
            assert night["dark_h"] == pytest.approx((~lit).sum() / 4, abs=0.01)
            assert night["missing_h"] == 0
            # dimmed from midnight to five
            hours = burning_hours(at.ledger, lamps, span, Stretch.DAY)
            truth = power_kw[lit].mean() / lamps.installed_kw
            mean = (hours["burning_h"] * hours["level"]).sum() / hours["burning_h"].sum()
            assert mean == pytest.approx(truth, abs=0.01)
        fountain = at.installation.meter("viale.fountain")
        assert store.latest([f"{fountain.id}/volume"])


async def test_a_manual_reading_adds_the_water_that_was_not_counted(store: SqliteStore):
    """Half a cubic metre passed without pulses, until somebody read the dial after two hours."""
    at_reading, end = EVENING + 8 * QUARTER, EVENING + 16 * QUARTER
    town = Town(cabinet_town(WATER, site=HALL))
    counted = town.register_at(WATER["id"], np.array([at_reading.timestamp()]))[0]
    pulses = int(counted * 100)  # of 10 litres
    correction = {
        "at": at_reading.isoformat(),
        "pulses": pulses,
        "reading": 10 * pulses + 500,
        "by": "M. Rossi",
        "reason": "dial read",
    }
    meter_ = {**WATER, "pulse": {**WATER["pulse"], "corrections": [correction]}}
    async with a_field(store, [meter_], site=HALL) as at:
        await at.run(end)
        meter = at.installation.meter(WATER["id"])
        total = at.ledger.total(meter, Span(EVENING, end))
        assert total.catch_up_kwh == pytest.approx(0.5)
        truth = at.true_energy(meter.id, EVENING, end)
        assert total.kwh == pytest.approx(truth + 0.5, abs=0.012)
        (found,) = at.ledger.findings(meter, Span(EVENING, end))
        assert (found.name, found.at) == ("meter.corrected", at_reading)
