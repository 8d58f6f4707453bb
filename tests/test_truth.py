"""Truth test: what the ledger says of two months is what the simulated town really used.

Every quarter of an hour of March and October 2025, on a virtual clock, the collector polls the
simulator over real Modbus TCP. Both clock changes fall in these months; one register wraps, one
device is exchanged, and one cabinet's gateway says for a day that its meter does not answer. The
town knows the exact energy; nothing below reads it from the code under test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from collectors.field_task import FieldPlan, FieldTask, Sink
from collectors.modbus.gateway import GatewayTask
from collectors.modbus.read_plan import GatewayPlan
from collectors.schedule import Collector
from collectors.simulator import Fault, Simulator
from collectors.spool.spool import Spool
from paes.accounted_register import accounted_register, device_counters
from paes.accounting.ledger import EnergyLedger
from paes.factors.emission_factors import FactorLibrary
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.metering import Finding, Reading, Site
from paes.meters import FieldMeter
from paes.periods import By, Clock, Span, day_span, local_midnight
from paes.plan.plan import Plan
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

pytestmark = [pytest.mark.untraced, pytest.mark.timeout(600)]
ROME = "Europe/Rome"
STEP = timedelta(minutes=15)
MARCH = Span(local_midnight(date(2025, 3, 1), ROME), local_midnight(date(2025, 4, 1), ROME))
OCTOBER = Span(local_midnight(date(2025, 10, 1), ROME), local_midnight(date(2025, 11, 1), ROME))
OUTAGES = {3: day_span(date(2025, 3, 30), ROME), 10: day_span(date(2025, 10, 26), ROME)}
SILENT = ("street.main",)
SWAP_AT = datetime(2025, 3, 12, 9, 7, tzinfo=UTC)

WRAPPING = """\
schema: mbdev/1
id: wrapping-meter
vendor: Test
models: [a meter with five digits]
kind: electricity_meter
confidence: high
read: {max_registers: 20}
defaults: {fc: 3, order: ABCD}
sources: [made for this test]
points:
  - {name: energy_import, address: 0, type: u32, scale: 0.01, unit: kWh,
     quantity: active_energy, kind: counter, direction: import, rollover: 100000}
  - {name: active_power, address: 2, type: i32, unit: W, quantity: active_power, kind: gauge}
"""
SITES: tuple[dict[str, Any], ...] = (
    {"id": "school", "kind": "school", "floor_area_m2": 3000, "pv_peak_kw": 20},
    {"id": "office", "kind": "office", "floor_area_m2": 2500},
    {"id": "library", "kind": "library", "floor_area_m2": 1500},
    {"id": "street", "kind": "lighting_cabinet", "light_points": 100},
)
METERS: tuple[dict[str, Any], ...] = (
    {"id": "school.main", "device": "eastron-sdm630", "unit": 1, "rated_power_kw": 90},
    {"id": "school.pv", "device": "carlo-gavazzi-em340", "unit": 2, "measures": "generation",
     "rated_power_kw": 22},
    {"id": "office.main", "device": "wrapping-meter", "unit": 3, "rated_power_kw": 110},
    {"id": "library.main", "device": "abb-b23-b24", "unit": 4, "rated_power_kw": 60,
     "replacements": [{"at": SWAP_AT, "old_serial": "A", "new_serial": "B",
                       "last_reading": 41234.5, "first_reading": 0.3}]},
    {"id": "street.main", "device": "schneider-iem3155", "unit": 5, "rated_power_kw": 12},
)  # fmt: skip


def town(folder: Path) -> Installation:
    devices = folder / "devices"
    devices.mkdir()
    (devices / "wrapping-meter.yaml").write_text(WRAPPING, encoding="utf-8")
    folders = (devices, shipped_config() / "devices")
    meters = [
        FieldMeter.model_validate(
            {"carrier": "electricity", "gateway": "street" if "street" in m["id"] else "gw", **m}
        )
        for m in METERS
    ]
    sites = [
        Site.model_validate({"name": s["id"], "sector": "municipal_buildings", **s}) for s in SITES
    ]
    gateways = [Gateway(id=i, host="127.0.0.1", timeout_s=10.0) for i in ("gw", "street")]
    city = City(
        facts=CityFile(id="town", name="Town", latitude=44.1, longitude=9.8),
        plan=cast(Plan, None),
        sites={s.id: s for s in sites},
        gateways={g.id: g for g in gateways},
        meters={m.id: m for m in meters},
        actions=(),
        declared=(),
    )
    made = Installation(folder, "test", "town", {"town": city}, FactorLibrary((), {}), folders, {})
    registers = {
        m.id: accounted_register(m, device_counters(made.device_file(m.device))) for m in meters
    }
    return replace(made, registers=registers)


class Run:
    """A town collected for one month, with the truth beside what was stored."""

    def __init__(self, folder: Path, month: Span, number: int) -> None:
        self.month, self.number = month, number
        self.installation = town(folder)
        self.store = SqliteStore(folder / "readings.sqlite")
        self.spool = Spool(folder / "readings.sqlite.spool")
        self.now = month.start
        self.failures: list[Finding] = []
        self.outage = OUTAGES[number]
        fault = Fault("street.main", "absent", self.outage.start, self.outage.end)
        self.simulator = Simulator(
            self.installation, port=0, faults=(fault,), clock=lambda: self.now.timestamp()
        )
        self.ledger = EnergyLedger(self.installation, self.store, lambda: month.end)

    async def collect(self) -> None:
        await self.simulator.start()
        try:
            gateways = self.simulator.gateways()
            city = replace(self.installation.city(), gateways=gateways)
            polled = replace(self.installation, cities={"town": city})
            collector = Collector(
                polled, self.store, self.spool, lambda: self.now, make_task=self.task
            )
            readings: list[Reading] = []
            while self.now <= self.month.end:
                for task in collector.tasks.values():
                    made = await task.read_round(self.now)
                    readings += made.readings
                    self.failures += [f for f in made.findings if f.subject not in SILENT]
                self.now += STEP
            self.store.write(readings)
            for task in collector.tasks.values():
                await task.close()
        finally:
            await self.simulator.stop()

    def task(
        self, plan: FieldPlan, sink: Sink, clock: Clock, serials: Mapping[str, str]
    ) -> FieldTask:
        """A task whose pauses pass on the virtual clock, too."""
        assert isinstance(plan, GatewayPlan)
        return GatewayTask(
            plan, sink, clock, known_serials=serials, now_s=lambda: self.now.timestamp()
        )

    def truth(self, meter: str, span: Span) -> float:
        return self.simulator.town.energy(meter, span.start, span.end)

    def meter(self, name: str) -> FieldMeter:
        return self.installation.meter(name)


@pytest.fixture(scope="module", params=[(MARCH, 3), (OCTOBER, 10)], ids=["March", "October"])
def run(request, tmp_path_factory) -> Run:
    month, number = request.param
    made = Run(tmp_path_factory.mktemp(f"month-{number}"), month, number)
    asyncio.run(made.collect())
    return made


@pytest.mark.parametrize("meter", [str(m["id"]) for m in METERS])
def test_the_month_is_accounted_within_a_thousandth(run: Run, meter: str):
    total = run.ledger.total(run.meter(meter), run.month)
    truth = run.truth(meter, run.month)
    assert truth > 100
    assert total.kwh == pytest.approx(truth, rel=1e-3)
    assert total.missing_high_kwh == 0


@pytest.mark.parametrize("meter", ["school.main", "office.main", "library.main", "school.pv"])
def test_every_covered_day_is_accounted_within_a_thousandth(run: Run, meter: str):
    days = run.ledger.meter(run.meter(meter), run.month, By.DAY)
    hours = {round(s / 3600) for s in days["span_s"]}
    assert hours == ({23, 24} if run.number == 3 else {24, 25})
    assert (days["covered_s"] == days["span_s"]).all()
    resolution = run.installation.register(run.meter(meter)).resolution
    for start, measured in days["measured"].items():
        span = day_span(cast(Any, start).date(), ROME)
        assert measured == pytest.approx(run.truth(meter, span), rel=1e-3, abs=2 * resolution)


def test_every_other_reading_was_taken(run: Run):
    assert run.failures == []


def test_the_register_that_wraps_really_wrapped(run: Run):
    found = run.ledger.findings(run.meter("office.main"), run.month)
    assert [f.name for f in found].count("counter.rollover") >= 2
    assert {f.name for f in found} == {"counter.rollover"}


def test_the_exchange_is_one_event_with_nothing_lost(run: Run):
    found = [f.name for f in run.ledger.findings(run.meter("library.main"), run.month)]
    assert found == (["meter.replaced"] if run.number == 3 else [])
    if run.number == 3:
        hour = Span(SWAP_AT.replace(minute=0), SWAP_AT.replace(minute=0) + timedelta(hours=1))
        total = run.ledger.total(run.meter("library.main"), hour)
        assert total.kwh == pytest.approx(run.truth("library.main", hour), abs=0.1)


def test_the_silent_day_is_estimated_with_bounds_that_hold_the_truth(run: Run):
    meter = run.meter("street.main")
    hours = 23 if run.number == 3 else 25
    assert run.outage.seconds == hours * 3600
    total = run.ledger.total(meter, run.outage)
    truth = run.truth("street.main", run.outage)
    assert total.coverage == 0
    assert truth > 0
    # but for the quarter of an hour before it the registers on both sides say how much it was
    assert total.measured_kwh == total.missing_high_kwh == 0
    assert total.estimated_kwh == pytest.approx(truth, rel=0.03)
    assert total.low_kwh <= truth <= total.high_kwh < 1.1 * truth
    found = run.ledger.findings(meter, run.month)
    assert [f.name for f in found] == ["data.gap"]
    assert found[0].numbers["hours"] == pytest.approx(hours + 0.25)


def test_the_month_counts_the_silent_day_as_catch_up(run: Run):
    total = run.ledger.total(run.meter("street.main"), run.month)
    quarter = run.outage.start - STEP
    truth = run.truth("street.main", Span(quarter, run.outage.end))
    assert total.catch_up_kwh == pytest.approx(truth, rel=0.02)
    assert total.coverage == pytest.approx(1 - (run.outage.seconds + 900) / run.month.seconds)
