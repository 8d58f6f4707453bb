"""Who a device is: from the registers of its profile, or from SunSpec's model 1."""

from __future__ import annotations

import pytest
from field_servers import Request, frame, good_server, raw_server, registers
from shipped_profiles import shipped
from sunspec_devices import Units, chain, common, model, simulator_server

from collectors.devices.registers import encode
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.identity import Identity, read_identity, serial_text
from collectors.modbus.sunspec import Discovery, FoundModel
from paes.errors import ConnectionFailed, DeviceRefused, NoReply

PATIENT_S = 10.0


async def identity_of(units: Units, name: str, discovery: Discovery | None = None) -> Identity:
    async with good_server(units) as port:
        connection = ModbusConnection("127.0.0.1", port, timeout_s=PATIENT_S)
        await connection.connect()
        found = await read_identity(connection, 1, shipped(name), PATIENT_S, discovery)
        await connection.close()
    return found


def words_of(name: str, values: dict[str, int | str]) -> dict[int, list[int]]:
    profile = shipped(name)
    return {
        point.address: encode(point, value)
        for point, value in ((profile.point(n), v) for n, v in values.items())
    }


async def test_serial_number_and_kind_of_a_meter() -> None:
    # ABB "B23 " in ASCII is 0x42323320 = 1110586144.
    words = words_of("abb-b23-b24", {"serial_number": 12345678, "firmware": "B1.2"})
    found = await identity_of({1: words | {35168: [0x4232, 0x3320]}}, "abb-b23-b24")
    assert found == Identity(serial="12345678", firmware="B1.2", matches=True)


async def test_another_device_than_the_profile_says_is_told() -> None:
    words = words_of("abb-b23-b24", {"serial_number": 12345678})
    found = await identity_of({1: words | {35168: [0x4141, 0x4141]}}, "abb-b23-b24")
    assert found.matches is False
    assert "register 35168 holds 1094795585, expected 1110585632" in (found.seen or "")
    assert found.serial == "12345678"


async def test_refused_registers_leave_the_rest() -> None:
    words = words_of("abb-b23-b24", {"serial_number": 12345678})
    found = await identity_of({1: words}, "abb-b23-b24")
    assert (found.serial, found.firmware, found.matches) == ("12345678", None, None)
    assert isinstance(found.failure, DeviceRefused)


async def test_silence_ends_the_questions_after_one_time_out() -> None:
    async with raw_server(lambda request: None) as server:
        connection = ModbusConnection("127.0.0.1", server.port, timeout_s=PATIENT_S)
        await connection.connect()
        found = await read_identity(connection, 1, shipped("abb-b23-b24"), 0.2)
        await connection.close()
    assert isinstance(found.failure, NoReply)
    assert len(server.requests) == 1


async def test_device_that_says_nothing_of_itself_is_not_asked() -> None:
    def answer(request: Request) -> bytes | None:
        return frame(request, registers(request, [0] * request.count))

    async with raw_server(answer) as server:
        connection = ModbusConnection("127.0.0.1", server.port, timeout_s=PATIENT_S)
        await connection.connect()
        assert await read_identity(connection, 1, shipped("eastron-sdm120"), 1) == Identity()
        await connection.close()
    assert server.requests == []


async def test_name_of_the_product_is_read_where_a_maker_has_one_marker_for_all() -> None:
    socomec = {
        50000: [0x53, 0x4F, 0x43, 0x4F],  # 'S', 'O', 'C', 'O', one character in each register
        50058: [ord(c) << 8 | ord(d) for c, d in zip("countis ", "e24     ", strict=True)],
    }
    found = await identity_of({1: socomec}, "socomec-diris-a10")
    assert found.matches is True
    assert found.model is not None


async def test_sunspec_device_is_known_by_the_model_1_before_the_model_that_is_read() -> None:
    image = chain(
        common("INV-1"), model(103, W=0, W_SF=0), common("MTR-9", "ABB", "B23"), model(203)
    )
    inverter = await identity_of({1: {40000: image}}, "sunspec-103")
    meter = await identity_of({1: {40000: image}}, "sunspec-203")
    assert inverter == Identity("INV-1", "Symo 10", "Fronius", "1.2.3")
    assert (meter.serial, meter.manufacturer, meter.model) == ("MTR-9", "ABB", "B23")
    assert inverter.label == "Fronius Symo 10 no. INV-1"


async def test_known_places_save_the_search() -> None:
    asked: list[tuple[int, int, int]] = []
    known = Discovery(40000, (FoundModel(1, 40002, 66), FoundModel(103, 40070, 50)))
    image = chain(common("INV-1"), model(103))
    async with simulator_server({1: {40000: image}}, asked=asked) as port:
        connection = ModbusConnection("127.0.0.1", port, timeout_s=PATIENT_S)
        await connection.connect()
        found = await read_identity(connection, 1, shipped("sunspec-103"), PATIENT_S, known)
        await connection.close()
    assert found.serial == "INV-1"
    assert asked == [(1, 40004, 64)]  # Mn to SN, in one request


async def test_maker_that_speaks_sunspec_at_a_fixed_place_is_known_the_same_way() -> None:
    units = {1: {40000: chain(common("33221100"), model(113))}}
    found = await identity_of(units, "fronius-datamanager-gen24")
    assert (found.manufacturer, found.serial) == ("Fronius", "33221100")


async def test_line_that_cannot_be_opened_is_told_and_not_raised() -> None:
    async with simulator_server({}) as port:
        pass
    connection = ModbusConnection("127.0.0.1", port, timeout_s=PATIENT_S)
    found = await read_identity(connection, 1, shipped("sunspec-103"), PATIENT_S)
    assert isinstance(found.failure, ConnectionFailed)


@pytest.mark.parametrize("text", ["", "  ", "0", "00000000", "N/A", "none", "a\x01b", "--"])
def test_what_is_no_serial_number_is_none(text: str) -> None:
    assert serial_text(text, shipped("huawei-sun2000").point("serial_number")) is None


@pytest.mark.parametrize("number", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_empty_and_full_registers_are_no_serial_number(number: int) -> None:
    assert serial_text(number, shipped("sma-inverter").point("serial_number")) is None


def test_serial_number_is_kept_as_it_is_printed() -> None:
    assert serial_text(" 0012-AB ", shipped("huawei-sun2000").point("serial_number")) == "0012-AB"
    assert serial_text(3004567890, shipped("sma-inverter").point("serial_number")) == "3004567890"
