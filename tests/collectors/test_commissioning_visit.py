"""What a visit reads of meters behind lines of every kind, over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from field_servers import free_port, good_server
from mbus_slaves import Slave, bcd, converter, variable_data
from shipped_profiles import shipped
from small_installation import SmallInstallation

from collectors.commissioning.visit import Visit
from collectors.devices.registers import encode
from paes.config import load_installation
from paes.metering import Reading

AT = datetime(2025, 3, 30, 9, 0, tzinfo=UTC)
METERS = """\
gateways:
  - {{id: gw, host: 127.0.0.1, port: {modbus}, timeout_s: {timeout}}}
  - {{id: bus, transport: mbus_tcp, host: 127.0.0.1, port: {mbus}, timeout_s: 20}}
  - {{id: broker, transport: mqtt, host: 127.0.0.1, port: {mqtt}}}
meters:
  - {{id: scuola.main, carrier: electricity, device: eastron-sdm630, gateway: gw, unit: 1,
     ct_ratio: 40}}
  - {{id: scuola.gas, carrier: natural_gas, device: wirenboard-wb-mcm8, gateway: gw, unit: 10,
     register: pulses_3, pulse: {{weight: 0.01, unit: m3, initial_reading: 100}}}}
  - {{id: scuola.silent, carrier: electricity, device: eastron-sdm120, gateway: gw, unit: 9}}
  - {{id: scuola.water-main, measures: water, device: mbus-generic-water, gateway: bus, unit: 5}}
  - {{id: scuola.water, measures: water, device: mqtt-tts-water, gateway: broker, topic: w1}}
"""


def nothing(point: str) -> Reading | None:
    return None


def visit(
    small: SmallInstallation,
    modbus: int = 1,
    mbus: int = 1,
    mqtt: int = 1,
    stored: Callable[[str], Reading | None] = nothing,
) -> Visit:
    text = METERS.format(modbus=modbus, mbus=mbus, mqtt=mqtt, timeout=10)
    small.write({"cities/porto/meters.yaml": text})
    return Visit(load_installation(small.root), lambda: AT, stored)


def sdm630() -> dict[int, list[int]]:
    device = shipped("eastron-sdm630")
    low, high = [0] * 80, [0] * 16
    for name, value in {
        "energy_import": 1234.5,
        "energy_export": 8.0,
        "active_power": 250.0,
        "active_power_l1": 100.0,
        "active_power_l2": -50.0,
        "active_power_l3": 200.0,
    }.items():
        point = device.point(name)
        low[point.address : point.end] = encode(point, value)
    return {0: low, 342: high}


async def test_a_modbus_meter_is_seen_with_words_power_and_other_counters(
    small: SmallInstallation,
) -> None:
    async with good_server({1: sdm630()}) as port:
        made = visit(small, modbus=port)
        seen = await made.see(made.installation.meter("scuola.main"))
        again = await made.again(made.installation.meter("scuola.main"))
    assert seen.value == again.value == 1234.5 * 40
    assert seen.words == (0x449A, 0x5000)  # 1234.5 in IEEE 754 single
    assert seen.device_value == "1234.5 kWh"
    assert seen.power_w == 250.0 * 40
    assert seen.phase_powers_w == {"l1": 4000.0, "l2": -2000.0, "l3": 8000.0}
    assert seen.other_counters == {"energy_export": 320.0}
    assert "CDAB" in seen.other_orders


async def test_a_pulse_meter_is_seen_with_its_pulses_and_its_own_serial_number(
    small: SmallInstallation,
) -> None:
    device = shipped("wirenboard-wb-mcm8")
    pulses, serial = device.point("pulses_3"), device.point("serial_number")
    last = max(p.end for p in device.points)
    words = [0] * last
    words[pulses.address : pulses.end] = encode(pulses, 5000)
    words[serial.address : serial.end] = encode(serial, 4711)
    async with good_server({10: {0: words}}) as port:
        made = visit(small, modbus=port)
        seen = await made.see(made.installation.meter("scuola.gas"))
    assert (seen.value, seen.pulses, seen.serial) == (150.0, 5000.0, "4711")


async def test_a_meter_that_is_not_there_is_told_and_nothing_is_raised(
    small: SmallInstallation,
) -> None:
    async with good_server({1: sdm630()}) as port:
        made = visit(small, modbus=port)
        refused = await made.see(made.installation.meter("scuola.silent"))
    assert refused.value is None
    assert "unit 9" in (refused.error or "")
    gone = visit(small, modbus=await free_port())
    for seen in (
        await gone.see(gone.installation.meter("scuola.main")),
        await gone.again(gone.installation.meter("scuola.main")),
    ):
        assert seen.value is None
        assert "connection refused" in (seen.error or "")


async def test_an_m_bus_meter_is_seen_with_the_number_on_its_face(
    small: SmallInstallation,
) -> None:
    volume = b"\x0c\x14" + bcd("00056108")  # 561.08 m3
    slave = Slave(5, "12345678", [variable_data("12345678", volume)])
    async with converter(slave) as bus:
        made = visit(small, mbus=bus.port)
        seen = await made.see(made.installation.meter("scuola.water-main"))
    assert seen.value == pytest.approx(561.08)
    assert seen.serial == "12345678"


async def test_a_device_that_sends_when_it_likes_is_compared_by_what_is_stored(
    small: SmallInstallation,
) -> None:
    last = Reading("scuola.water/volume", AT - timedelta(hours=2), 12.5)
    port = await free_port()
    made = visit(small, mqtt=port, stored={last.point: last}.get)
    meter = made.installation.meter("scuola.water")
    seen = await made.see(meter)
    assert (seen.value, seen.at) == (12.5, last.at)
    assert (await made.again(meter)).value is None
    made = visit(small, mqtt=port)
    assert (await made.see(meter)).error
