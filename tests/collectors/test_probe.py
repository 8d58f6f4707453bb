"""What a technician is shown, against good, poor and foreign servers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from field_servers import Request, frame, free_port, good_server, raw_server, registers
from programs import require_header, require_program
from shipped_profiles import shipped
from sunspec_devices import chain, common, model, simulator_server

from collectors.devices.registers import encode
from collectors.modbus.connection import ModbusConnection
from collectors.technician.probe import probe
from collectors.technician.probed import Probe
from paes.errors import ConnectionFailed, DataError
from paes.meters import FieldMeter

AT = datetime(2025, 3, 30, 1, 0, tzinfo=UTC)
SERVER_SOURCE = Path(__file__).parent / "libmodbus_server.c"


async def probed(
    port: int, device: str, unit: int = 1, meter: FieldMeter | None = None, timeout_s: float = 0.5
) -> Probe:
    connection = ModbusConnection("127.0.0.1", port, timeout_s=timeout_s)
    profile = shipped(device)
    return await probe(connection, unit, profile, lambda: AT, meter=meter)


def sdm120_words() -> list[int]:
    device = shipped("eastron-sdm120")
    words = [0] * 346
    for name, value in (("voltage_l1", 230.2), ("energy_import", 1234.5)):
        point = device.point(name)
        words[point.address : point.end] = encode(point, value)
    return words


async def test_every_point_is_shown_raw_and_decoded() -> None:
    async with good_server({1: {0: sdm120_words()}}) as port:
        result = await probed(port, "eastron-sdm120")
    assert {p.name for p in result.points} == {p.name for p in shipped("eastron-sdm120").points}
    energy = next(p for p in result.points if p.name == "energy_import")
    assert energy.words == (0x449A, 0x5000)  # 1234.5 = 0x449A5000 in IEEE 754 single
    assert (energy.value, energy.unit, energy.quality) == (1234.5, "kWh", "good")
    assert set(energy.other_orders) == {"CDAB", "BADC", "DCBA"}
    assert [r.error for r in result.requests] == [None] * len(result.requests)
    assert all(r.latency_ms is not None and r.latency_ms > 0 for r in result.requests)


async def test_result_is_plain_json_with_words_in_hexadecimal() -> None:
    async with good_server({1: {0: sdm120_words()}}) as port:
        plain = json.loads(json.dumps((await probed(port, "eastron-sdm120")).to_dict()))
    energy = next(p for p in plain["points"] if p["name"] == "energy_import")
    assert energy["words"] == ["449A", "5000"]
    assert plain["at"] == "2025-03-30T01:00:00+00:00"
    assert plain["profile"] == "eastron-sdm120"


async def test_meter_shows_what_would_be_stored() -> None:
    meter = FieldMeter.model_validate(
        {
            "id": "s.main",
            "carrier": "electricity",
            "device": "eastron-sdm120",
            "gateway": "g",
            "ct_ratio": 40,
        }
    )
    async with good_server({1: {0: sdm120_words()}}) as port:
        result = await probed(port, "eastron-sdm120", meter=meter)
    energy = next(p for p in result.points if p.name == "energy_import")
    assert (energy.stored_as, energy.stored_value) == ("energy_import", 49380.0)
    assert energy.stored_unit == "kWh"


async def test_refused_block_is_read_again_point_by_point() -> None:
    words = sdm120_words()
    async with good_server({1: {70: words[70:80]}}) as port:
        result = await probed(port, "eastron-sdm120")
    assert "energy_import" in {p.name for p in result.points}
    refused = [r for r in result.requests if r.error]
    assert ("voltage_l1",) in {r.points for r in refused}
    assert all("illegal data address (exception 2)" in (r.error or "") for r in refused)


async def test_silent_unit_is_not_waited_for_block_by_block() -> None:
    async with raw_server(lambda _: None) as server:
        result = await probed(server.port, "sontex-supercal-531")
        assert len(server.requests) == 2
    assert result.failed
    assert len(result.requests) > 2
    assert "not asked: unit 1 is silent" in (result.requests[-1].error or "")


async def test_a_unit_that_the_gateway_does_not_hear_is_not_taken_apart() -> None:
    def answer(request: Request) -> bytes:
        return frame(request, bytes((0x80 | request.function, 11)))

    async with raw_server(answer) as server:
        result = await probed(server.port, "abb-b23-b24")
        assert len(server.requests) == 2
    assert result.failed
    assert "exception 11" in (result.requests[0].error or "")


async def test_bad_block_does_not_hide_the_others() -> None:
    def answer(request: Request) -> bytes:
        words = [0] * (1 if request.address == 102 else request.count)
        return frame(request, registers(request, words))

    async with raw_server(answer) as server:
        result = await probed(server.port, "sontex-supercal-531")
    assert [r.points for r in result.requests if r.error] == [("heat_energy",)]
    assert "heat_power" in {p.name for p in result.points}


async def test_gateway_that_is_not_there_ends_the_probe() -> None:
    with pytest.raises(ConnectionFailed, match="connection refused"):
        await probed(await free_port(), "eastron-sdm120")


@pytest.mark.parametrize(("code", "matches"), [(1648, True), (7, False)])
async def test_identity_is_compared_with_what_the_profile_expects(code: int, matches: bool) -> None:
    blocks = {11: [code], 40960: [7], 40: [0] * 40}
    async with good_server({1: blocks}) as port:
        result = await probed(port, "carlo-gavazzi-em24-ethernet")
    assert [(i.address, i.matches) for i in result.identity] == [(11, matches), (40960, True)]


async def test_a_sunspec_model_is_looked_for_and_read_where_it_is() -> None:
    """5.5 kW (550 x 10^1) and 12,345,678 Wh, at a base where it is seldom found."""
    inverter = model(103, W=550, W_SF=1, WH=12_345_678, WH_SF=0, Hz=5001, Hz_SF=-2)
    async with simulator_server({1: {50000: chain(common(), inverter)}}) as port:
        result = await probed(port, "sunspec-103", timeout_s=10)
    values = {p.name: p.value for p in result.points}
    assert (values["W"], values["WH"]) == (5500.0, 12_345_678)
    assert result.sunspec is not None
    assert result.sunspec.startswith("SunSpec at 50000: models 1 at 50002, 103 at ")


async def test_a_sunspec_profile_of_another_model_says_what_there_is() -> None:
    async with simulator_server({1: {40000: chain(common(), model(101, W=1, W_SF=0))}}) as port:
        with pytest.raises(DataError, match="no SunSpec model 103; models found: 1, 101"):
            await probed(port, "sunspec-103", timeout_s=10)


async def test_only_the_points_asked_for_are_read() -> None:
    async with good_server({1: {0: sdm120_words()}}) as port:
        connection = ModbusConnection("127.0.0.1", port, timeout_s=10)
        result = await probe(connection, 1, shipped("eastron-sdm120"), lambda: AT, {"voltage_l1"})
    assert [p.name for p in result.points] == ["voltage_l1"]
    assert len(result.requests) == 1


@contextmanager
def libmodbus_server(folder: Path, port: int, address: int, words: list[int]) -> Iterator[None]:
    """The C server, compiled now; skipped where libmodbus is missing."""
    compiler = require_program("gcc", "gcc")
    require_header("modbus/modbus.h", "libmodbus-dev")
    binary = folder / "libmodbus_server"
    subprocess.run([compiler, "-o", binary, SERVER_SOURCE, "-lmodbus"], check=True)
    command = [str(binary), str(port), str(address), *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().strip() == str(port)
        try:
            yield
        finally:
            server.terminate()


async def test_stranger_libmodbus_is_read_correctly(tmp_path: Path) -> None:
    # EM340: active power 1 234.5 W = 12345 = 0x3039 at 40, low word first; energy 123 456.7 kWh
    # = 1234567 = 0x0012D687 at 52.
    words = [0x3039, 0x0000, *[0] * 10, 0xD687, 0x0012]
    port = await free_port()
    with libmodbus_server(tmp_path, port, 40, words):
        result = await probed(port, "carlo-gavazzi-em340")
    values = {p.name: p.value for p in result.points}
    assert (values["active_power"], values["energy_import"]) == (1234.5, 123456.7)
    assert values["energy_export"] == 0
