"""The simulator on real sockets: devices answer the truth."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hand_client import ENERGY_IMPORT, EPOCH, NOON, HandClock, ask, running
from small_town import SITES, make_town

from collectors.devices.registers import decode, decode_block, to_reading_value
from collectors.simulator import Simulator, Town, virtual_clock
from collectors.simulator.devices import SimulatedDevice
from collectors.simulator.dial import dial_of
from paes.accounted_register import MeasuredPoint, device_counters
from paes.config import load_installation
from paes.errors import ConnectionFailed, DataError
from paes.installation import Installation
from paes.metering import Quality
from paes.shipped_files import shipped_config
from paes.units import canonical_unit


async def test_register_on_the_wire_is_the_true_one(installation: Installation) -> None:
    async with running(installation) as simulator:
        reply = await ask(simulator, 6, ENERGY_IMPORT, 2)
        true = simulator.town.register_at("ufficio.main", np.array([NOON]))[0]

    assert reply is not None
    assert reply[:3] == bytes((6, 4, 4))
    assert struct.unpack(">f", reply[3:])[0] == pytest.approx(true, abs=1 / 64)


async def test_register_moves_with_the_virtual_time(installation: Installation) -> None:
    clock = HandClock(NOON)
    async with running(installation, clock=clock) as simulator:
        before = await ask(simulator, 6, ENERGY_IMPORT, 2)
        clock.now_s += 3600
        after = await ask(simulator, 6, ENERGY_IMPORT, 2)
        energy = simulator.town.energy(
            "ufficio.main",
            datetime.fromtimestamp(NOON, tz=UTC),
            datetime.fromtimestamp(NOON + 3600, tz=UTC),
        )

    assert before is not None
    assert after is not None
    grown = struct.unpack(">f", after[3:])[0] - struct.unpack(">f", before[3:])[0]
    assert grown == pytest.approx(energy, abs=1 / 32)


async def test_points_of_a_device_tell_one_story(installation: Installation) -> None:
    async with running(installation) as simulator:
        reply = await ask(simulator, 6, 0, 76)
    assert reply is not None
    values = struct.unpack(">38f", reply[3:])
    voltage_v, current_a, power_w = values[0:3], values[3:6], values[6:9]
    factor, total_w, frequency_hz = values[15:18], values[26], values[35]

    assert all(225 < v < 235 for v in voltage_v)
    assert sum(power_w) == pytest.approx(total_w, rel=1e-5)
    assert frequency_hz == pytest.approx(50, abs=0.1)
    for v, a, w, pf in zip(voltage_v, current_a, power_w, factor, strict=True):
        assert v * a * pf == pytest.approx(w, rel=1e-5)


async def test_addresses_between_points_read_zero_and_outside_are_refused(
    installation: Installation,
) -> None:
    async with running(installation) as simulator:
        assert await ask(simulator, 6, 100, 2) == bytes((6, 4, 4, 0, 0, 0, 0))
        assert await ask(simulator, 6, 356, 3) == bytes((6, 0x84, 2))
        assert await ask(simulator, 6, 0, 2, function=3) == bytes((6, 0x83, 2))


async def test_a_unit_that_is_not_there_is_told_by_the_gateway(installation: Installation) -> None:
    async with running(installation) as simulator:
        assert await ask(simulator, 77, 0, 2) == bytes((77, 0x84, 11))


async def test_two_meters_on_one_unit_have_their_own_channels(installation: Installation) -> None:
    async with running(installation) as simulator:
        reply = await ask(simulator, 5, 60, 4)
        at = np.array([NOON])
        gas_m3 = simulator.town.register_at("scuola.gas", at)[0] / 1.02
        water_m3 = simulator.town.register_at("scuola.acqua", at)[0]
    assert reply is not None
    gas_pulses, water_pulses = struct.unpack(">II", reply[3:])

    assert 1200 + gas_pulses * 0.1 == pytest.approx(gas_m3, abs=0.1)
    assert water_pulses * 0.01 == pytest.approx(water_m3, abs=0.01)


async def test_every_gateway_has_its_port_in_order(installation: Installation) -> None:
    async with running(installation) as simulator:
        gateways = simulator.gateways()

        assert list(simulator.addresses) == ["lampioni", "palazzi"]
        for name, gateway in gateways.items():
            assert (gateway.host, gateway.port) == simulator.addresses[name]
            assert gateway.simulated
            assert gateway.host == "127.0.0.1"


async def test_a_port_in_use_stops_the_start_and_frees_the_others(
    installation: Installation,
) -> None:
    async with running(installation) as first:
        port = first.addresses["palazzi"][1]
        second = Simulator(installation, port=port - 1, clock=HandClock(NOON))
        with pytest.raises(ConnectionFailed, match=r"port \d+"):
            await second.start()

        assert second.addresses == {}


async def test_a_time_before_the_epoch_is_refused(installation: Installation) -> None:
    simulator = Simulator(installation, port=0, clock=HandClock(0.0))
    with pytest.raises(DataError, match="epoch"):
        await simulator.start()


async def test_a_sunspec_meter_says_who_it_is_and_where_its_models_are() -> None:
    meter = {
        "id": "scuola.pv", "carrier": "electricity", "measures": "generation", "unit": 9,
        "device": "sunspec-103", "serial": "A-1234",
    }  # fmt: skip
    async with running(make_town(SITES, [meter])) as simulator:
        head = await ask(simulator, 9, 40000, 72, function=3)
        end = await ask(simulator, 9, 40000 + 2 + 68 + 52, 2, function=3)

    assert head is not None
    assert end is not None
    assert head[3:11] == b"SunS\x00\x01\x00\x42"  # model 1 of 66 registers
    assert head[3 + 2 * 52 :].startswith(b"A-1234\0")  # model 1, register 50: SN
    assert head[3 + 2 * 70 :] == bytes((0, 103, 0, 50))
    assert end[3:] == b"\xff\xff\0\0"


def test_a_virtual_clock_starts_where_told() -> None:
    assert virtual_clock(1000.0, start_s=NOON)() == pytest.approx(NOON, abs=500)
    with pytest.raises(DataError, match="more than 0"):
        virtual_clock(0.0)


def test_every_shipped_meter_is_read_back_as_its_dial_shows() -> None:
    shipped = load_installation(shipped_config())
    town = Town(shipped, seed=2007)
    now_s = int(datetime(2025, 2, 3, 10, 20, 17, tzinfo=UTC).timestamp())
    assert shipped.meters

    for meter in shipped.meters.values():
        device = SimulatedDevice(
            town, [m for m in shipped.meters_behind(meter.gateway) if m.unit == meter.unit]
        )
        name = meter.register_name or shipped.register(meter).point.rsplit("/", 1)[1]
        point = device.profile.point(name)
        shared = [p for p in device.profile.points if p.name == point.scale_from]
        first = min(p.address for p in (point, *shared))
        count = max(p.end for p in (point, *shared)) - first
        words = device.read(point.fc, first, count, now_s).words
        value = decode_block([point, *shared], first, words)[name].value
        shown = dial_of(shipped, meter).shown(town.register_at(meter.id, np.array([now_s])))[0]

        assert isinstance(value, int | float)
        assert to_reading_value(meter, point, value) == pytest.approx(shown, rel=1e-9), meter.id


def meter_for(device: str, counter: MeasuredPoint) -> dict[str, Any]:
    """A meter that accounts one counter of a device."""
    meter = {"id": "ufficio.main", "device": device, "register": counter.name}
    match canonical_unit(counter.unit):
        case "kWh" if counter.quantity == "active_energy":
            measures = "generation" if counter.direction == "export" else "withdrawal"
            return {**meter, "measures": measures, "carrier": "electricity"}
        case "kWh":
            return {**meter, "carrier": "heat_cold"}
        case "m3":
            return {**meter, "measures": "water"}
        case "pulse":
            pulse = {"weight": 0.1, "unit": "m3"}
            return {**meter, "carrier": "natural_gas", "pulse": pulse}
    return {}


def test_every_profile_with_a_counter_can_be_simulated() -> None:
    """No image holds a value that its own profile calls impossible."""
    simulated = 0
    for path in sorted((shipped_config() / "devices").glob("*.yaml")):
        if "schema: mbdev/1" not in path.read_text(encoding="utf-8"):
            continue  # not a Modbus device
        counters = [c for c in device_counters(path) if meter_for(path.stem, c)]
        if not counters or "schema: mbdev/1" not in path.read_text():
            continue
        town = Town(make_town(SITES, [meter_for(path.stem, counters[0])]), epoch=EPOCH)
        device = SimulatedDevice(town, town.installation.meters.values())
        offset = 40_002 + 68 if device.profile.is_relative else 0  # after "SunS" and model 1
        image = device.image(int(NOON))
        for point in device.profile.points:
            places = range(point.address + offset, point.end + offset)
            words = [image[point.fc, place] for place in places]
            if point.scale_from is None:
                assert decode(point, words).quality is not Quality.OUT_OF_RANGE, point.name
        simulated += 1

    assert simulated > 30
