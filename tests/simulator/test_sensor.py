"""A sensor beside the meters: what it says is what the simulated buildings feel, and no energy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hand_client import EPOCH, NOON, ask, running
from small_town import METERS, make_town

from collectors.installation_plan import plan_installation
from collectors.modbus.gateway import GatewayTask
from collectors.modbus.read_plan import GatewayPlan
from collectors.simulator import Fault, Simulator, Town, fill_history
from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import Installation
from paes.meter_status import MeterState
from paes.metering import Measures, Quality, Register
from paes.meters import Sensor
from paes.periods import By, Span, from_seconds, now_utc
from paes.sensor_status import sensor_states
from paes.store import Store, open_store

POINT = "ufficio.meteo/outdoor_temperature"
UNIT = 20


@pytest.fixture(scope="module")
def with_sensor() -> Installation:
    """The office's meter of electricity, and a sensor behind the same gateway."""
    base = make_town(meters=[m for m in METERS if m["id"] == "ufficio.main"])
    sensor = Sensor(id="ufficio.meteo", device="xy-md02", gateway="palazzi", unit=UNIT)
    city = replace(base.cities["town"], sensors={sensor.id: sensor})
    gauges = {sensor.id: Register(POINT, "degC", modulus=None, resolution=0.1)}
    return replace(base, cities={"town": city}, gauges=gauges)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "readings.db"))
    yield opened
    opened.close()


def felt_degc(town: Town, at_s: float) -> float:
    """What the office feels: the weather that its load is made of."""
    weather = town.loads.weather(town.installation.site("ufficio"))
    return float(weather.temperature_degc(np.array([int(at_s)]))[0])


async def test_the_wire_shows_tenths_of_a_degree(with_sensor: Installation) -> None:
    async with running(with_sensor) as simulator:
        reply = await ask(simulator, UNIT, 1, 1)  # input register 1, as the profile's sources say
        true = felt_degc(simulator.town, NOON)

    assert reply is not None
    assert reply[:3] == bytes((UNIT, 4, 2))
    assert int.from_bytes(reply[3:], "big", signed=True) / 10 == pytest.approx(true, abs=0.0501)


async def test_the_collector_reads_it_beside_the_meters(with_sensor: Installation) -> None:
    async with running(with_sensor) as simulator:
        gateways = simulator.gateways()
        plan = plan_installation(with_sensor)["palazzi"]
        assert isinstance(plan, GatewayPlan)
        task = GatewayTask(replace(plan, gateway=gateways["palazzi"]), lambda made: None, now_utc)
        made = await task.read_round(now_utc())
        await task.close()
        true = felt_degc(simulator.town, NOON)

    found = {r.point: r for r in made.readings}
    assert "ufficio.main/energy_import" in found
    assert found[POINT].quality is Quality.GOOD
    assert found[POINT].value == pytest.approx(true, abs=0.0501)
    assert [p for p in found if p.startswith("ufficio.meteo")] == [POINT]


def test_its_past_is_what_the_wire_would_have_shown(
    with_sensor: Installation, store: Store
) -> None:
    town = Town(with_sensor, seed=2007, epoch=EPOCH)
    start = datetime(2024, 2, 1, tzinfo=UTC)
    fill_history(town, store, start, start + timedelta(days=20))
    series = store.read(POINT)

    assert len(series) > 1000
    true = town.temperature_at("ufficio", series.seconds)
    assert np.abs(series.values - true).max() <= 0.0501
    assert np.allclose(series.values * 10, np.rint(series.values * 10))


def test_it_is_in_no_list_of_meters_and_in_no_total(
    with_sensor: Installation, store: Store
) -> None:
    assert set(with_sensor.meters) == {"ufficio.main"}
    assert set(with_sensor.registers) == {"ufficio.main"}
    assert {m.id for m in with_sensor.meters_behind("palazzi")} == {"ufficio.main", "ufficio.meteo"}
    assert with_sensor.field_meter("ufficio.meteo").measures is Measures.WEATHER
    with pytest.raises(DataError, match=r"no meter 'ufficio\.meteo'"):
        with_sensor.meter("ufficio.meteo")

    town = Town(with_sensor, seed=2007, epoch=EPOCH)
    start = datetime(2024, 2, 1, tzinfo=UTC)
    fill_history(town, store, start, start + timedelta(days=3))
    store.write_series(POINT, np.array([int(start.timestamp()) + 450]), np.array([1e6]))
    ledger = EnergyLedger(with_sensor, store, lambda: start + timedelta(days=3))
    days = ledger.energy(
        with_sensor.meter("ufficio.main"), Span(start, start + timedelta(days=3)), By.DAY
    )
    assert days["measured_kwh"].max() < 5000


def test_its_state_is_told_with_its_coverage(with_sensor: Installation, store: Store) -> None:
    """Of the 96 quarters of the day up to the last one, every second brought a value: 47 before."""
    now = datetime(2024, 2, 2, 12, 1, tzinfo=UTC)
    period_s = with_sensor.gateways["palazzi"].poll_period_s
    last_s = int(now.timestamp()) // period_s * period_s
    seconds = last_s - 2 * period_s * np.arange(43200 // period_s, dtype=np.int64)[::-1]
    store.write_series(POINT, seconds, np.full(len(seconds), 8.5))
    ledger = EnergyLedger(with_sensor, store, lambda: now)
    (told,) = sensor_states(ledger, with_sensor.sensors.values())

    assert told.meter == "ufficio.meteo"
    assert told.state is MeterState.LIVE
    assert told.last_at == from_seconds(last_s)
    assert period_s == 900
    assert told.coverage_last_day == pytest.approx(47 / 96)


def test_a_sensor_that_never_spoke_is_told(with_sensor: Installation, store: Store) -> None:
    ledger = EnergyLedger(with_sensor, store, lambda: datetime(2024, 2, 2, tzinfo=UTC))
    (told,) = sensor_states(ledger, with_sensor.sensors.values())
    assert (told.state, told.last_at, told.coverage_last_day) == (MeterState.NEVER, None, 0.0)
    assert sensor_states(ledger, []) == []


def test_a_fault_of_counting_needs_something_that_counts(with_sensor: Installation) -> None:
    with pytest.raises(DataError) as caught:
        Simulator(with_sensor, faults=[Fault("ufficio.meteo", "reset")])
    assert str(caught.value) == (
        "fault reset of ufficio.meteo: it is a sensor and counts nothing; expected a meter, or a"
        " fault of the wire"
    )


async def test_a_fault_of_the_wire_silences_it(with_sensor: Installation) -> None:
    async with running(with_sensor, [Fault("ufficio.meteo", "absent")]) as simulator:
        assert await ask(simulator, UNIT, 1, 1) == bytes((UNIT, 0x84, 11))
        assert (await ask(simulator, 6, 0, 2) or b"")[:2] == bytes((6, 4))
