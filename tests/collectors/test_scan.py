"""Scanning a line: who is there, what it is, and how little time silence may cost."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from field_servers import Answer, Request, frame, listening, raw_server, registers
from shipped_profiles import FILES, shipped
from sunspec_devices import chain, common, model, simulator_server

from collectors.device_files import load_device
from collectors.devices.profile import DeviceProfile
from collectors.modbus.connection import ModbusConnection
from collectors.simulator.framing import Framing
from collectors.technician.scan import ALL_UNITS, KNOCKS, Scan, longest_s, parse_units, scan
from paes.cli import Session
from paes.cli.scan import scan_command
from paes.config import config_root
from paes.errors import ConnectionFailed, DataError, NoReply
from paes.gateways import SerialLine, Transport

PATIENT_S = 10.0
"""For answers that come."""
SHORT_S = 0.05
"""For answers that never come."""
PROFILES = [p for p in map(load_device, FILES) if isinstance(p, DeviceProfile)]


def line(port: int, transport: Transport = Transport.TCP) -> ModbusConnection:
    return ModbusConnection("127.0.0.1", port, transport, PATIENT_S)


def refused(request: Request, code: int) -> bytes:
    return frame(request, bytes((request.function | 0x80, code)))


def device(request: Request, blocks: Mapping[int, list[int]]) -> bytes:
    """The answer of a device that has ``blocks`` of words by address, and refuses the rest."""
    for start, words in blocks.items():
        if start <= request.address and request.address + request.count <= start + len(words):
            first = request.address - start
            return frame(request, registers(request, words[first : first + request.count]))
    return refused(request, 2)


# A meter by ABB ("B23 " in ASCII at 35168), serial number 12345678 at 35072; an inverter by
# Fronius behind SunSpec; something that answers nothing but refusals.
ABB = {35072: [0x00BC, 0x614E], 35168: [0x4232, 0x3320]}
FRONIUS = {40000: chain(common("33221100"), model(103), model(160, N=2, module=[{}, {}]))}


def a_gateway(request: Request) -> bytes | None:
    match request.unit:
        case 1:
            return device(request, ABB)
        case 5:
            return refused(request, 1)
        case 126:
            return device(request, FRONIUS)
    return refused(request, 11)


async def scanned(answer: Answer, units: tuple[int, ...] = ALL_UNITS) -> Scan:
    async with raw_server(answer) as server:
        return await scan(line(server.port), units, PROFILES, PATIENT_S)


async def test_units_are_found_and_recognised() -> None:
    made = await scanned(a_gateway)
    assert [one.unit for one in made.found] == [1, 5, 126]
    meter, unknown, inverter = made.found
    assert meter.what.profiles == ("abb-b23-b24",)
    assert (meter.what.identity.serial, meter.what.sunspec) == ("12345678", None)
    assert unknown.what.profiles == ()
    assert unknown.answer.endswith("the device refused: illegal function (exception 1)")
    assert inverter.what.profiles == ("sunspec-103", "sunspec-160", "fronius-datamanager-gen24")
    assert inverter.what.identity.label == "Fronius Symo 10 no. 33221100"
    assert inverter.what.sunspec is not None
    assert [m.id for m in inverter.what.sunspec.models] == [1, 103, 160]


async def test_units_that_the_gateway_says_are_not_there_cost_no_time_out() -> None:
    # 244 of them, 10 s each, would be 40 minutes; the test itself has two.
    made = await scanned(a_gateway)
    assert len(made.absent) == 244
    assert made.silent == ()
    assert made.timeout_s == PATIENT_S


async def test_silent_units_cost_one_short_wait_each() -> None:
    asked: list[tuple[int, int, int]] = []
    units = {3: {0: [7]}}
    async with simulator_server(units, asked=asked) as port:
        made = await scan(line(port), range(30, 61), PROFILES, SHORT_S, patient_s=SHORT_S)
    assert made.silent == tuple(range(30, 61))
    assert (made.found, made.absent) == ((), ())
    # each once, and the first once more, for a gateway may tell late that nobody is there
    assert sorted(unit for unit, _, _ in asked) == [30, *range(30, 61)]
    assert {count for _, _, count in asked} == {1}


def test_time_that_a_scan_takes_is_known_before() -> None:
    # by hand: 247 x 0.3 s, and 3 s for the first silence; on a serial line 0.3 s rest after each
    assert longest_s(line(502), 247, 0.3) == pytest.approx(77.1)
    assert longest_s(line(502), 10, 0.5, knocks=3) == pytest.approx(18.0)
    rtu = ModbusConnection("", framing=Transport.SERIAL, serial=SerialLine(device="/dev/ttyS0"))
    assert longest_s(rtu, 247, 0.3) == pytest.approx(148.2)


async def test_progress_is_told_for_knocks_and_for_questions() -> None:
    told: list[tuple[int, int]] = []
    async with raw_server(a_gateway) as server:
        await scan(
            line(server.port), (1, 2, 3), (), PATIENT_S, progress=lambda *at: told.append(at)
        )
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3), (0, 1), (1, 1)]


async def test_scan_asks_to_read_and_nothing_else() -> None:
    async with raw_server(a_gateway) as server:
        await scan(line(server.port), ALL_UNITS, PROFILES, PATIENT_S, KNOCKS)
    assert {request.function for request in server.requests} <= {3, 4}


async def test_device_silent_where_it_has_nothing_is_found_by_a_thorough_scan() -> None:
    def answer(request: Request) -> bytes | None:
        if (request.unit, request.function, request.address) == (2, 4, 0):
            return frame(request, registers(request, [1] * request.count))
        return refused(request, 2) if request.count == 2 else None

    async with raw_server(answer) as server:
        plain = await scan(line(server.port), (2,), (), 0.5, patient_s=0.5)
    async with raw_server(answer) as server:
        thorough = await scan(line(server.port), (2,), (), 0.5, KNOCKS, patient_s=PATIENT_S)
    async with raw_server(answer) as server:
        hinted = await scan(line(server.port), (2,), (), PATIENT_S, hints={2: (4, 0, 2)})
    assert plain.silent == (2,)
    assert [one.unit for one in thorough.found] == [2]
    assert [one.unit for one in hinted.found] == [2]
    assert server.requests[0].function == 4


async def test_device_that_answers_to_every_number_is_told() -> None:
    async with raw_server(lambda request: device(request, FRONIUS)) as server:
        made = await scan(line(server.port), (1, 2, 3), PROFILES, PATIENT_S)
    assert made.repeated == (1, 2, 3)


async def test_answer_of_another_unit_is_an_answer_that_is_wrong() -> None:
    def answer(request: Request) -> bytes | None:
        return frame(request, registers(request, [1] * request.count), unit=9)

    async with raw_server(answer) as server:
        made = await scan(line(server.port), (1,), (), PATIENT_S)
    assert "answer of unit 9, expected unit 1" in made.found[0].answer


async def test_rtu_line_is_scanned_though_each_silence_closes_it() -> None:
    image = chain(common("33221100"), model(103))
    async with simulator_server({4: {40000: image}}, framing=Framing.RTU) as port:
        connection = line(port, Transport.RTU_OVER_TCP)
        made = await scan(connection, (3, 4), PROFILES, 1.0)
    assert made.silent == (3,)
    assert [one.what.identity.serial for one in made.found] == ["33221100"]


def busy_gateway(there: set[int], wait_s: float, says: int | None) -> Answer | object:
    """A gateway with one serial line: a unit that is not there keeps all others waiting."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            raw = await reader.readexactly(12)
            request = Request(0, *struct.unpack(">HxxxxBBHH", raw))
            if request.unit in there:
                writer.write(refused(request, 2))
                continue
            await asyncio.sleep(wait_s)
            if says is not None:
                writer.write(refused(request, says))

    return serve


async def test_gateway_that_tells_late_is_given_the_time() -> None:
    serve = busy_gateway({1, 4}, 0.8, says=11)
    async with listening(serve) as port:  # type: ignore[arg-type]
        made = await scan(line(port), (1, 2, 3, 4), (), 0.3, patient_s=PATIENT_S)
    assert [one.unit for one in made.found] == [1, 4]
    assert (made.absent, made.silent) == ((2, 3), ())
    assert made.timeout_s > 0.8


async def test_gateway_that_never_tells_is_noticed_by_a_unit_that_is_there() -> None:
    serve = busy_gateway({1, 4}, 0.6, says=None)
    async with listening(serve) as port:  # type: ignore[arg-type]
        made = await scan(line(port), (1, 2, 3, 4), (), 0.25, patient_s=1.5)
    assert [one.unit for one in made.found] == [1, 4]
    assert made.silent == (2, 3)
    assert made.timeout_s > 0.6


async def test_what_was_found_stays_when_the_line_is_lost() -> None:
    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = await reader.readexactly(12)
        server.close()  # before the client can know that it must connect again
        writer.write(refused(Request(0, *struct.unpack(">HxxxxBBHH", raw)), 2))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    made = await scan(line(server.sockets[0].getsockname()[1]), (1, 2), (), PATIENT_S)
    assert [one.unit for one in made.found] == [1]
    assert (made.error or "").startswith("ended early: ")


async def test_nobody_listening_is_an_error() -> None:
    async with simulator_server({}) as port:
        pass
    with pytest.raises(ConnectionFailed, match="refused"):
        await scan(line(port), (1,), (), PATIENT_S)


@pytest.mark.parametrize(
    ("text", "units"),
    [("1-3", (1, 2, 3)), ("7", (7,)), ("1,5-6,5", (1, 5, 6)), (" 126 , 3 ", (126, 3))],
)
def test_units_are_written_as_one_thinks(text: str, units: tuple[int, ...]) -> None:
    assert parse_units(text) == units


@pytest.mark.parametrize("text", ["", "a", "1-", "5-3", "1-256", "-1", "1;2"])
def test_what_is_no_unit_is_told(text: str) -> None:
    with pytest.raises(DataError, match="expected"):
        parse_units(text)


# --- the command --------------------------------------------------------------------------------


SHIPPED = Session(None, None, None)
"""Loads the shipped installation when it is first asked for, and once."""


async def command(*arguments: str, config: Path | None = None) -> Result:
    """``paes scan`` in a thread, so that the test's own loop can serve it."""
    session = Session(str(config), None, None) if config else SHIPPED
    return await asyncio.to_thread(CliRunner().invoke, scan_command, list(arguments), obj=session)


async def test_command_prints_a_table_and_says_how_long_it_may_take() -> None:
    async with raw_server(a_gateway) as server:
        place = f"127.0.0.1:{server.port}"
        done = await command(place, "--units", "1-9,126", "--timeout", "10")
    assert done.exit_code == 0, done.output
    assert "3 units answer, 0 are silent, 7 are not there" in done.stdout
    assert "abb-b23-b24" in done.stdout
    assert "at 40000: 103, 160" in done.stdout
    assert "10 units, 10 s each if silent; at most 1.8 min" in done.stderr


async def test_command_prints_one_json_document() -> None:
    async with raw_server(a_gateway) as server:
        place = f"127.0.0.1:{server.port}"
        done = await command(place, "--units", "1,126", "--timeout", "10", "--json")
    made = json.loads(done.stdout)
    assert [one["unit"] for one in made["found"]] == [1, 126]
    assert made["found"][0]["profiles"] == ["abb-b23-b24"]
    assert made["found"][0]["sunspec"] is None
    assert made["found"][1]["serial"] == "33221100"
    assert made["found"][1]["sunspec"]["base"] == 40000
    assert made["found"][1]["sunspec"]["models"][1] == {
        "id": 103, "name": "inverter_three_phase", "address": 40070, "length": 50,
    }  # fmt: skip


async def test_command_says_what_may_be_wrong_when_nobody_answers() -> None:
    async with raw_server(lambda request: refused(request, 11)) as server:
        done = await command(f"127.0.0.1:{server.port}", "--units", "1-3", "--timeout", "10")
    assert isinstance(done.exception, NoReply)
    assert "wiring, baud rate, parity?" in str(done.exception)


@pytest.mark.parametrize("target", ["10.0.0.7", "10.0.0.7:modbus", "10.0.0.7:70000"])
async def test_command_refuses_what_is_no_place(target: str) -> None:
    done = await command(target)
    assert isinstance(done.exception, DataError)
    assert "HOST:PORT" in str(done.exception)


@pytest.fixture
def portovenere(tmp_path: Path) -> Path:
    """The smallest town that is shipped, as an installation of its own."""
    shipped_root = config_root(None)
    shutil.copytree(shipped_root / "cities" / "portovenere", tmp_path / "cities" / "portovenere")
    shutil.copytree(shipped_root / "calendars", tmp_path / "calendars")
    shutil.copytree(shipped_root / "tariffs", tmp_path / "tariffs")
    (tmp_path / "installation.yaml").write_text("name: One\ndefault_city: portovenere\n")
    return tmp_path


async def test_command_scans_a_configured_gateway_and_names_who_is_missing(
    portovenere: Path,
) -> None:
    meters = portovenere / "cities" / "portovenere" / "meters.yaml"
    written = yaml.safe_load(meters.read_text(encoding="utf-8"))
    gateway = written["gateways"][0]
    own = [m for m in written["meters"] if m["gateway"] == gateway["id"]]
    async with raw_server(lambda request: refused(request, 11)) as server:
        gateway |= {"host": "127.0.0.1", "port": server.port}
        meters.write_text(yaml.safe_dump(written), encoding="utf-8")
        done = await command(gateway["id"], "--timeout", "10", config=portovenere)
    assert own
    for meter in own:
        assert f"unit {meter['unit']} is configured" in done.stderr
        assert meter["id"] in done.stderr
    assert isinstance(done.exception, NoReply)


async def test_command_scans_a_serial_line() -> None:
    """A line with one meter on it, through a pair of pseudo-terminals."""
    ours, theirs = os.openpty()
    name = os.ttyname(theirs)
    loop = asyncio.get_running_loop()
    asked: list[bytes] = []

    def answer() -> None:
        request = os.read(ours, 256)
        asked.append(request)
        if request[0] == 7:
            body = bytes((7, request[1] | 0x80, 2))
            os.write(ours, body + crc16(body))

    loop.add_reader(ours, answer)
    try:
        done = await command(name, "--units", "6-7", "--timeout", "1", "--json")
    finally:
        loop.remove_reader(ours)
        os.close(ours)
        os.close(theirs)
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout)
    assert (made["place"], made["silent"]) == (name, [6])
    assert [one["unit"] for one in made["found"]] == [7]


def crc16(data: bytes) -> bytes:
    """The check of an RTU frame, after "MODBUS over Serial Line V1.02", 6.2.2."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


def test_profiles_are_there_to_recognise_by() -> None:
    assert len(PROFILES) >= 40
    assert shipped("abb-b23-b24").identify
    assert Path(FILES[0]).is_file()
