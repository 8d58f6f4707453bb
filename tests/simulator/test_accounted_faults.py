"""Counters that go wrong, from the register to the ledger: one day of quarter hours, virtual time.

The collector reads a simulated gateway over a real socket; what the ledger accounts is compared
with the energy that the town really used. Only what flowed between the last reading of one counter
and the zero of the next is nobody's to know.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hand_client import EPOCH, HandClock
from small_town import make_town

from collectors.devices.profile import load_profile
from collectors.modbus.gateway import GatewayTask
from collectors.modbus.read_plan import plan_gateway
from collectors.simulator import Fault, Simulator, Town
from paes.accounting.ledger import EnergyLedger
from paes.events import SWAPPED, Event
from paes.periods import Span, from_seconds
from paes.store.sqlite import SqliteStore

START = datetime(2024, 6, 12, tzinfo=UTC)
END = START + timedelta(days=1)
NOON = START + timedelta(hours=12, minutes=7)
STEP = timedelta(minutes=15)
SITES: tuple[dict[str, Any], ...] = tuple(
    {"id": name, "kind": "office", "floor_area_m2": 2000, "latitude": 44.11, "longitude": 9.83}
    for name in ("zero", "ones", "ones-float", "reset", "wrap", "swap")
)
ELECTRIC = {"carrier": "electricity", "rated_power_kw": 80}
METERS: tuple[dict[str, Any], ...] = (
    {"id": "zero.main", "unit": 1, "device": "abb-b23-b24", **ELECTRIC},
    {"id": "ones.main", "unit": 2, "device": "abb-b23-b24", **ELECTRIC},
    {"id": "ones-float.main", "unit": 3, "device": "eastron-sdm630", **ELECTRIC},
    {"id": "reset.main", "unit": 4, "device": "carlo-gavazzi-em340", **ELECTRIC},
    {"id": "wrap.main", "unit": 5, "device": "wirenboard-wb-mcm8", "carrier": "electricity",
     "register": "pulses_1", "pulse": {"weight": 0.001, "unit": "kWh"}, "rated_power_kw": 80},
    {"id": "swap.main", "unit": 6, "device": "abb-b23-b24", "serial": "10001234", **ELECTRIC},
)  # fmt: skip
SOUND = START + STEP / 2, END - STEP / 2  # the first and the last reading of the day are
FAULTS = (
    Fault("zero.main", "zero", *SOUND, share=0.2),
    Fault("ones.main", "all_ones", *SOUND, share=0.2),
    Fault("ones-float.main", "all_ones", *SOUND, share=0.2),
    Fault("reset.main", "reset", start=NOON),
    Fault("wrap.main", "rollover", parameter=9 * 3600),
    Fault("swap.main", "absent", NOON, NOON + timedelta(hours=1)),
    Fault("swap.main", "swap", start=NOON + timedelta(minutes=30)),
)


class Day:
    """A day that was collected, and the truth beside it."""

    def __init__(self, folder: Path) -> None:
        self.installation = make_town(SITES, METERS)
        self.town = Town(self.installation, seed=2007, epoch=EPOCH)
        self.store = SqliteStore(folder / "readings.sqlite")
        self.clock = HandClock(START.timestamp())
        self.events: list[Event] = []
        self.ledger = EnergyLedger(self.installation, self.store, lambda: END)

    async def collect(self) -> None:
        simulator = Simulator(
            self.installation, port=0, faults=FAULTS, clock=self.clock, town=self.town
        )
        await simulator.start()
        meters = list(self.installation.meters.values())
        profiles = {m.device: load_profile(self.installation.device_file(m.device)) for m in meters}
        gateway = simulator.gateways()["palazzi"].model_copy(update={"timeout_s": 20.0})
        task = GatewayTask(
            plan_gateway(gateway, meters, profiles), lambda made: None, self.now, now_s=self.clock
        )
        while self.now() <= END:
            made = await task.read_round(self.now())
            self.store.write(made.readings)
            self.events += made.events
            self.clock.now_s += STEP.total_seconds()
        await task.close()
        await simulator.stop()
        self.store.write_events(self.events)

    def now(self) -> datetime:
        return from_seconds(int(self.clock.now_s))

    def truth(self, meter: str, start: datetime = START, end: datetime = END) -> float:
        return self.town.energy(meter, start, end)

    def accounted(self, meter: str, start: datetime = START, end: datetime = END) -> float:
        return self.ledger.total(self.installation.field_meter(meter), Span(start, end)).kwh


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    made = Day(tmp_path_factory.mktemp("day"))
    asyncio.run(made.collect())
    return made


@pytest.mark.parametrize("meter", ["zero.main", "ones.main", "ones-float.main"])
def test_a_passing_zero_or_all_ones_changes_no_energy(day: Day, meter: str) -> None:
    """Of 97 readings some 19 are struck."""
    point = day.installation.register(day.installation.field_meter(meter)).point
    read = day.store.read(point, START, END + STEP).values

    assert sum(value > 0 for value in read) < 90
    assert day.accounted(meter) == pytest.approx(day.truth(meter), rel=0.001)


def test_a_rollover_loses_nothing(day: Day) -> None:
    assert day.accounted("wrap.main") == pytest.approx(day.truth("wrap.main"), rel=0.001)


def test_a_reset_loses_no_more_than_what_nobody_saw(day: Day) -> None:
    """The interval in which it happened is estimated, and said to be."""
    total = day.ledger.total(day.installation.field_meter("reset.main"), Span(START, END))
    truth = day.truth("reset.main")
    around = NOON - timedelta(minutes=7), NOON + timedelta(minutes=8)

    seen = truth - day.truth("reset.main", *around)
    assert total.measured_kwh == pytest.approx(seen, abs=0.3)
    assert total.low_kwh <= truth <= total.high_kwh
    assert total.covered_s == total.span_s - 15 * 60


def test_a_swap_is_one_event_with_the_right_energy_before_and_after(day: Day) -> None:
    (event,) = [e for e in day.events if e.name == SWAPPED]
    morning = START, NOON - timedelta(minutes=7)
    afternoon = NOON + timedelta(minutes=68), END

    assert event.subject == "swap.main"
    assert event.facts["old_serial"] != event.facts["new_serial"]
    for span in (morning, afternoon):
        truth = day.truth("swap.main", *span)
        assert day.accounted("swap.main", *span) == pytest.approx(truth, rel=0.01)
