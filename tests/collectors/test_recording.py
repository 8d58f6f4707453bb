"""Device dumps: strange devices recorded, written, read again, and served as they were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from field_servers import good_server
from shipped_profiles import shipped
from sunspec_devices import chain, common, model

from collectors.modbus.connection import ModbusConnection
from collectors.modbus.sunspec import discover
from collectors.simulator.replay import Replay
from collectors.simulator.server import Answer, GatewayServer, Reply
from collectors.technician.device_dump import (
    Asked,
    Dump,
    Failure,
    RecordedBlock,
    Sample,
    load_dump,
    parse_range,
)
from collectors.technician.recording import Wanted, record
from paes.errors import ConfigError, ConnectionFailed, DataError, DeviceRefused, NoReply

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
PATIENT_S = 10.0


class HandClock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[int]:
    server = GatewayServer(answer, lambda: 0.0)
    _, port = await server.start("127.0.0.1", 0)
    try:
        yield port
    finally:
        await server.stop()


def line(port: int, timeout_s: float = PATIENT_S) -> ModbusConnection:
    return ModbusConnection("127.0.0.1", port, timeout_s=timeout_s)


async def recorded(port: int, *ranges: str, block: int = 50, timeout_s: float = PATIENT_S) -> Dump:
    clock = HandClock()
    wanted = Wanted(tuple(parse_range(r) for r in ranges), block=block)
    return await record(line(port, timeout_s), 3, None, wanted, clock, sleep=clock.sleep)


def strange(unit: int, function: int, address: int, count: int, now_s: float) -> Reply | None:
    """Register n holds n; at most 24 a request; 50 is illegal, 60 and 61 fail, 70 is silent."""
    asked = range(address, address + count)
    if count > 24:
        return Reply(exception=3)
    if 70 in asked:
        return None
    if 60 in asked or 61 in asked:
        return Reply(exception=4)
    return Reply(exception=2) if 50 in asked else Reply(list(asked))


async def test_a_refused_block_is_halved_until_the_register_to_blame_is_alone() -> None:
    async with serving(strange) as port:
        dump = await recorded(port, "4:40-55", block=16)

    (sample,) = dump.samples
    known = {b.address + i: w for b in sample.blocks for i, w in enumerate(b.words)}
    assert known == {n: n for n in range(40, 56) if n != 50}
    assert [(f.address, f.count, f.exception) for f in sample.failures] == [
        (40, 16, 2), (48, 8, 2), (48, 4, 2), (50, 2, 2), (50, 1, 2),
    ]  # fmt: skip


async def test_a_device_that_fails_is_not_asked_again_in_pieces() -> None:
    async with serving(strange) as port:
        dump = await recorded(port, "4:56-65", "4:66-69", block=10)

    assert [(f.address, f.count, f.exception) for f in dump.samples[0].failures] == [(56, 10, 4)]
    assert dump.registers == 4


async def test_a_recording_that_is_stopped_keeps_its_samples() -> None:
    async with serving(strange) as port:
        clock, waits = HandClock(), []

        async def stopped_at_the_third(seconds: float) -> None:
            waits.append(seconds)
            if waits.count(60.0) == 2:
                raise asyncio.CancelledError
            await clock.sleep(seconds)

        wanted = Wanted((parse_range("4:0-9"),), samples=100, every_s=60)
        dump = await record(line(port), 3, None, wanted, clock, sleep=stopped_at_the_third)

    assert [s.after_s for s in dump.samples] == [0, 60]


async def test_silence_is_noted_and_the_neighbours_are_read() -> None:
    async with serving(strange) as port:
        dump = await recorded(port, "4:70-71", timeout_s=1.0)

    silent = [f for f in dump.samples[0].failures if f.outcome == "silent"]
    assert [(f.address, f.count) for f in silent] == [(70, 2), (70, 1)]
    assert dump.registers == 1


async def test_a_silent_unit_is_given_up() -> None:
    asked = []

    def silent(unit: int, function: int, address: int, count: int, now_s: float) -> None:
        asked.append(address)

    async with serving(silent) as port:
        with pytest.raises(NoReply, match=rf"127.0.0.1:{port} unit 3"):
            await recorded(port, "4:0-499", timeout_s=0.05)

    assert len(asked) == 4


async def test_a_unit_that_refuses_everything_says_why() -> None:
    async with serving(lambda *request: Reply(exception=11)) as port:
        with pytest.raises(DeviceRefused, match="exception 11"):
            await recorded(port, "4:0-9")


async def test_busy_is_asked_once_more() -> None:
    answers = [Reply(exception=6), Reply([7])]
    async with serving(lambda *request: answers.pop(0)) as port:
        dump = await recorded(port, "3:5")

    assert dump.samples[0].blocks[0].words == (7,)
    assert dump.samples[0].failures == ()


async def test_nobody_there_and_nothing_to_read() -> None:
    async with serving(strange) as port:
        with pytest.raises(DataError, match="nothing to record"):
            await recorded(port)
    with pytest.raises(ConnectionFailed):
        await recorded(port, "4:0")


async def test_samples_follow_the_clock_and_counters_move() -> None:
    clock = HandClock()

    def counting(unit: int, function: int, address: int, count: int, now_s: float) -> Reply:
        return Reply([int((clock.now - START).total_seconds()) + place for place in range(count)])

    shown = []
    async with serving(counting) as port:
        dump = await record(
            line(port), 3, None, Wanted((parse_range("4:0-1"),), samples=3, every_s=60), clock,
            meter="scuola.main", progress=lambda done, total: shown.append((done, total)),
            sleep=clock.sleep,
        )  # fmt: skip

    assert [(s.after_s, s.blocks[0].words) for s in dump.samples] == [
        (0.0, (0, 1)), (60.0, (60, 61)), (120.0, (120, 121)),
    ]  # fmt: skip
    assert shown == [(2, 6), (4, 6), (6, 6)]
    assert (dump.meter, dump.unit, dump.began) == ("scuola.main", 3, START)


async def test_every_block_of_a_profile_is_recorded_from_a_strangers_server() -> None:
    profile = shipped("eastron-sdm120")
    words = [(7 * n) % 0x10000 for n in range(400)]
    clock = HandClock()
    async with good_server({1: {0: words}}) as port:
        dump = await record(line(port), 1, profile, Wanted(), clock, sleep=clock.sleep)

    known = {b.address + i: w for b in dump.samples[0].blocks for i, w in enumerate(b.words)}
    places = {n for p in profile.points for n in range(p.address, p.end)}
    assert dump.profile == "eastron-sdm120"
    assert places <= set(known)
    assert all(word == words[place] for place, word in known.items())


async def test_a_sunspec_device_is_recorded_so_that_it_can_be_discovered_again() -> None:
    image = chain(common(), model(103, W=1234))
    async with good_server({3: {50000: image}}) as port:
        dump = await record(
            line(port), 3, shipped("sunspec-103"), Wanted(), lambda: START, sleep=HandClock().sleep
        )
        connection = line(port)
        original = await discover(connection, 3, PATIENT_S)
        await connection.close()
    async with serving(Replay(dump).answer) as port:
        connection = line(port)
        again = await discover(connection, 3, PATIENT_S)
        await connection.close()

    assert [m.id for m in original.models] == [1, 103]
    assert (again.base, again.models, again.error) == (50000, original.models, original.error)


def without_latency(dump: Dump) -> list[object]:
    (sample,) = dump.samples
    return [i.model_dump(exclude={"latency_ms"}) for i in (*sample.blocks, *sample.failures)]


@pytest.mark.parametrize("name", ["device.yaml", "device.json"])
async def test_a_recorded_device_behaves_like_the_real_one(tmp_path: Path, name: str) -> None:
    async with serving(strange) as port:
        first = await recorded(port, "4:0-65", block=30)
    first.write(tmp_path / name)
    dump = load_dump(tmp_path / name)
    async with serving(Replay(dump).answer) as port:
        second = await recorded(port, "4:0-65", block=30)

    assert dump == first

    assert without_latency(second) == without_latency(first)


SAMPLES = (
    Sample(
        after_s=0,
        blocks=(RecordedBlock(fc=3, address=10, words=(1, 2, 3), latency_ms=40.0),),
        failures=(
            Failure(fc=3, address=20, count=2, outcome="exception", exception=6, latency_ms=9.0),
            Failure(fc=3, address=30, count=1, outcome="closed"),
            Failure(fc=3, address=11, count=2, outcome="bad_reply"),
        ),
    ),
    Sample(after_s=60, blocks=(RecordedBlock(fc=3, address=10, words=(9,)),)),
    Sample(after_s=90, failures=(Failure(fc=3, address=10, count=1, outcome="silent"),)),
)
DUMP = Dump(place="192.0.2.1:502", unit=3, began=START, samples=SAMPLES)


@pytest.mark.parametrize(
    ("asked", "now_s", "reply"),
    [
        ((10, 1), 0.0, Reply([1])),
        ((10, 1), 59.9, Reply([1])),
        ((10, 1), 60.0, Reply([9])),
        ((12, 1), 60.0, Reply([3])),  # not asked again: as before
        ((10, 1), 1000.0, None),  # the last sample stays, with its silence
        ((12, 1), 1000.0, Reply([3])),
        ((11, 2), 0.0, Reply([2])),  # a register short, as the recorded answer was bad
        ((20, 1), 0.0, Reply(exception=6)),
        ((29, 2), 0.0, Reply(closes=True)),
        ((40, 1), 0.0, Reply(exception=2)),  # never asked for
    ],
)
def test_replayed_answers(asked: tuple[int, int], now_s: float, reply: Reply | None) -> None:
    assert Replay(DUMP).answer(3, 3, *asked, now_s) == reply


def test_replay_of_unit_kind_and_pace() -> None:
    assert Replay(DUMP).answer(4, 3, 10, 1, 0.0) == Reply(exception=11)
    assert Replay(DUMP, unit=4).answer(4, 3, 10, 1, 0.0) == Reply([1])
    assert Replay(DUMP).answer(3, 4, 10, 1, 0.0) == Reply(exception=2)
    slow = Replay(DUMP, with_latency=True)
    assert slow.answer(3, 3, 10, 1, 0.0) == Reply([1], delay_s=0.04)
    assert slow.answer(3, 3, 20, 1, 0.0) == Reply(exception=6, delay_s=0.009)


async def test_a_recorded_cut_closes_the_connection() -> None:
    async with serving(Replay(DUMP).answer) as port:
        connection = line(port)
        await connection.connect()
        with pytest.raises(ConnectionFailed):
            await connection.read(3, 3, 30, 1)
        await connection.close()


def test_a_written_dump_can_be_read_by_a_person(tmp_path: Path) -> None:
    DUMP.write(tmp_path / "dump.yaml")
    text = (tmp_path / "dump.yaml").read_text()

    assert text.startswith('schema: "mbdump/1"\nplace: "192.0.2.1:502"\nunit: 3\n')
    assert '- {"fc": 3, "address": 10, "words": "0001 0002 0003", "latency_ms": 40.0}' in text
    assert load_dump(tmp_path / "dump.yaml") == DUMP


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mbdump/1", "mbdump/9", "dump.yaml:1: schema"),
        ('"0001 0002 0003"', '"0001 00G2"', "expected hexadecimal"),
        ('"fc": 3, "address": 10', '"fc": 16, "address": 10', "fc"),
        ("after_s: 60.0", "after_s: 600.0", "expected ascending times"),
        ('"outcome": "closed"', '"outcome": "exception"', "has its number"),
    ],
)
def test_a_spoilt_dump_says_where(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "dump.yaml"
    DUMP.write(path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))

    with pytest.raises(ConfigError, match=message):
        load_dump(path)


def test_a_dump_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        DUMP.write(tmp_path / "nowhere" / "dump.yaml")


def test_ranges_are_read_from_text() -> None:
    assert parse_range("4:0-99") == Asked(fc=4, address=0, count=100)
    assert parse_range("3:40000") == Asked(fc=3, address=40000, count=1)
    assert parse_range("3:0-65535").count == 65536


@pytest.mark.parametrize("text", ["0-99", "4:", "5:0-9", "4:a-b", "4:9-0", "4:0-65536", "4:-1-5"])
def test_a_range_that_cannot_be_is_explained(text: str) -> None:
    with pytest.raises(DataError, match="expected"):
        parse_range(text)
