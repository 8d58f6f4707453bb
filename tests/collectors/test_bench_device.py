"""What a device's profile should say of its speed, against servers with known limits."""

from __future__ import annotations

import yaml
from field_servers import Answer, Request, frame, raw_server, registers
from shipped_profiles import shipped

from collectors.devices.profile import ReadLimits
from collectors.modbus.connection import ModbusConnection
from collectors.technician.bench_device import PAUSES_MS, Bench, Benchmark, Trial, windows_of

ILLEGAL_ADDRESS = b"\x84\x02"


async def benched(
    answer: Answer, device: str, repeats: int = 3, timeout_s: float = 10.0
) -> tuple[Bench, list[Request]]:
    async with raw_server(answer) as server:
        connection = ModbusConnection("127.0.0.1", server.port, timeout_s=timeout_s)
        made = await Benchmark(connection, 1, shipped(device), repeats).run()
        return made, server.requests


def good(request: Request) -> bytes:
    return frame(request, registers(request, [0] * request.count))


def refusing_above(limit: int) -> Answer:
    def answer(request: Request) -> bytes:
        return good(request) if request.count <= limit else frame(request, ILLEGAL_ADDRESS)

    return answer


async def test_the_largest_block_that_is_answered_is_found() -> None:
    """openWB PR #2890: some SDM630 accept 50 registers where 80 are documented."""
    made, _ = await benched(refusing_above(50), "eastron-sdm630")
    assert made.best is not None
    assert made.best.count == 50
    assert made.is_limited
    line = yaml.safe_load(made.profile_line() or "")
    assert line["read"]["max_registers"] == 50
    ReadLimits.model_validate(line["read"])


async def test_a_limit_between_the_usual_sizes_is_found_to_the_register() -> None:
    """The points take two registers each: 38 is the longest block of at most 39."""
    made, _ = await benched(refusing_above(39), "eastron-sdm630")
    assert made.best is not None
    assert made.best.count == 38


async def test_silence_for_long_blocks_is_counted_and_not_waited_for_for_ever() -> None:
    made, requests = await benched(
        lambda r: good(r) if r.count < 80 else None, "eastron-sdm630", repeats=4, timeout_s=1.0
    )
    assert made.best is not None
    assert made.best.count == 78
    assert [(t.count, t.timeouts) for t in made.sizes if t.failures] == [(80, 2)]
    assert sum(r.count == 80 for r in requests) == 2


async def test_a_device_without_limits_is_not_said_to_have_one() -> None:
    made, requests = await benched(good, "eastron-sdm630")
    assert not made.is_limited
    assert yaml.safe_load(made.profile_line() or "")["read"]["max_registers"] == 80
    assert {r.function for r in requests} == {4}
    assert len(requests) < 30


async def test_a_dead_unit_gives_no_recommendation() -> None:
    made, requests = await benched(lambda _: None, "eastron-sdm630", timeout_s=0.5)
    assert (made.best, made.profile_line(), made.pauses) == (None, None, ())
    assert len(requests) == 2


async def test_the_shortest_pause_that_loses_nothing_is_chosen() -> None:
    """A device that is deaf unless the line rests for 25 ms (OpenEMS PR #3099)."""
    rested_ms = [1000.0]

    async def sleep(seconds: float) -> None:
        rested_ms[0] = 1000 * seconds

    def answer(request: Request) -> bytes | None:
        return good(request) if rested_ms[0] >= 25 or not started else None

    started: list[bool] = []
    profile = shipped("eastron-sdm630")
    slow = profile.model_copy(update={"read": profile.read.model_copy(update={"pause_ms": 100})})
    async with raw_server(answer) as server:
        connection = ModbusConnection("127.0.0.1", server.port, timeout_s=0.5)

        def on_trial(done: int, most: int) -> None:
            assert done <= most
            started.append(True)

        made = await Benchmark(connection, 1, slow, 4, on_trial, sleep).run()
    assert [t.pause_ms for t in made.pauses] == [0, 10, 25]
    assert [bool(t.timeouts) for t in made.pauses] == [True, True, False]
    assert made.pause_ms == 25


def test_windows_begin_and_end_with_whole_points() -> None:
    profile = shipped("eastron-sdm630")
    starts = {p.address for p in profile.points}
    ends = {p.end for p in profile.points}
    for size in (2, 10, 24, 50, 80):
        windows = windows_of(profile, size)
        assert windows
        assert all(w.address in starts and w.address + w.count in ends for w in windows)
        assert windows[0].count <= size
    assert windows_of(profile, 1) == []  # every point takes two registers


def test_latencies_are_told_by_median_and_95_in_100() -> None:
    """Nearest rank: of 20 values the 19th."""
    trial = Trial((windows_of(shipped("eastron-sdm630"), 2)[0],), 0)
    trial.latencies_ms = [float(n) for n in range(1, 21)]
    assert (trial.median_ms, trial.p95_ms) == (10.5, 19.0)
    assert PAUSES_MS[0] == 0
