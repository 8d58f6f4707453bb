"""Rounds over a gateway: what fails is told and never read, and the others go on."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from field_servers import (
    CLOSE,
    Request,
    frame,
    free_port,
    good_server,
    listening,
    raw_server,
    registers,
)
from shipped_profiles import shipped

from collectors.gateway import GatewayTask, Round
from collectors.modbus import ModbusConnection
from collectors.read_plan import GatewayPlan, plan_gateway
from collectors.registers import encode, unavailable_words
from paes.gateways import Gateway
from paes.metering import Meter, Quality

START = datetime(2025, 3, 30, 1, 0, tzinfo=UTC)
SDM = shipped("eastron-sdm630")
POWER, IMPORT, EXPORT = (SDM.point(n) for n in ("active_power", "energy_import", "energy_export"))


class Clock:
    """A clock that a test moves; every look at it takes a second."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1, microseconds=250)
        return self.now


class Minutes:
    """A clock for breakers: every look at it takes ten minutes, so that every pause is over."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 600.0
        return self.now_s


def sdm_words(power_w: float = 1500.0, import_kwh: float = 1234.5) -> dict[int, list[int]]:
    """Registers 52 to 75 of an SDM630, the span that one request of the plan asks for."""
    words = [0] * 24
    for point, value in ((POWER, power_w), (IMPORT, import_kwh), (EXPORT, 0.5)):
        words[point.address - 52 : point.end - 52] = encode(point, value)
    return {52: words}


def meter(unit: int, **fields: Any) -> Meter:
    return Meter.model_validate(
        {
            "id": f"school.m{unit}",
            "carrier": "electricity",
            "device": "eastron-sdm630",
            "gateway": "gw",
            "unit": unit,
            **fields,
        }
    )


def plan(port: int, *meters: Meter, timeout_s: float = 0.2) -> GatewayPlan:
    gateway = Gateway(id="gw", host="127.0.0.1", port=port, timeout_s=timeout_s)
    return plan_gateway(gateway, meters, {m.device: shipped(m.device) for m in meters})


async def one_round(port: int, *meters: Meter) -> Round:
    task = GatewayTask(plan(port, *meters), lambda _: None, Clock())
    try:
        return await task.read_round(START)
    finally:
        await task.close()


def names(made: Round) -> list[tuple[str, str]]:
    return [(f.name, f.subject) for f in made.findings]


async def test_readings_are_stamped_when_their_reply_came() -> None:
    async with good_server({1: sdm_words(), 2: sdm_words(import_kwh=77.0)}) as port:
        made = await one_round(port, meter(1), meter(2, ct_ratio=10))
    assert made.findings == ()
    assert (made.requests, made.due, made.reached) == (2, START, True)
    values = {r.point: r.value for r in made.readings}
    assert values["school.m1/energy_import"] == 1234.5
    assert values["school.m2/energy_import"] == 770.0
    first, second = made.readings[0].at, made.readings[-1].at
    assert made.started <= first < second <= made.finished
    assert first.microsecond == 0
    assert {r.quality for r in made.readings} == {Quality.GOOD}


async def test_silent_unit_costs_one_time_out_and_the_others_are_read() -> None:
    iem = shipped("schneider-iem3155")  # two requests a round

    def answer(request: Request) -> bytes | None:
        if request.unit == 1:
            return None
        return frame(request, registers(request, sdm_words()[52]))

    async with raw_server(answer) as server:
        made = await one_round(server.port, meter(1, device=iem.id), meter(2))
        assert [r.unit for r in server.requests] == [1, 2]
    assert names(made) == [("collect.no_reply", "school.m1")]
    assert {r.point for r in made.readings} == {
        "school.m2/active_power",
        "school.m2/energy_import",
        "school.m2/energy_export",
    }


async def test_refusal_is_a_finding_with_its_reason() -> None:
    async with good_server({2: sdm_words()}) as port:
        made = await one_round(port, meter(1), meter(2))
    assert names(made) == [("collect.refused", "school.m1")]
    assert "exception" in made.findings[0].message
    assert len(made.readings) == 3


async def test_short_reply_is_a_finding_and_no_reading() -> None:
    async with raw_server(lambda r: frame(r, registers(r, [1, 2]))) as server:
        made = await one_round(server.port, meter(1))
    assert names(made) == [("collect.bad_reply", "school.m1")]
    assert made.readings == ()


async def test_cut_line_is_opened_again_for_the_next_unit() -> None:
    def answer(request: Request) -> bytes:
        if request.unit == 1:
            return CLOSE
        return frame(request, registers(request, sdm_words()[52]))

    async with raw_server(answer) as server:
        made = await one_round(server.port, meter(1), meter(2))
        assert server.connections == 2
    assert names(made) == [("collect.connection_lost", "school.m1")]
    assert len(made.readings) == 3


async def test_gateway_that_is_not_there_is_one_finding() -> None:
    made = await one_round(await free_port(), meter(1), meter(2))
    assert names(made) == [("collect.gateway_down", "gw")]
    assert (made.readings, made.requests, made.reached) == ((), 0, False)


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ([0x7FC0, 0], "collect.not_available"),  # NaN
        ([0x7F80, 0], "collect.out_of_range"),  # infinity
        ([0xFF80, 0], "collect.out_of_range"),  # -infinity
    ],
)
async def test_what_is_no_number_never_becomes_a_reading(words: list[int], finding: str) -> None:
    block = sdm_words()
    block[52][0:2] = words
    async with good_server({1: block}) as port:
        made = await one_round(port, meter(1))
    assert [r.point for r in made.readings] == [
        "school.m1/energy_import",
        "school.m1/energy_export",
    ]
    assert names(made) == [(finding, "school.m1/active_power")]


async def test_value_that_only_a_wrong_word_order_makes_is_no_reading() -> None:
    async with good_server({1: sdm_words(import_kwh=3e33)}) as port:
        made = await one_round(port, meter(1))
    assert names(made) == [("collect.out_of_range", "school.m1/energy_import")]


async def test_missing_value_of_the_device_is_told_with_its_raw_number() -> None:
    sma = shipped("sma-inverter")
    power, energy = sma.point("active_power"), sma.point("energy_export")
    night = {energy.address: encode(energy, 5e6), power.address: unavailable_words(power)}
    async with good_server({3: night}) as port:
        made = await one_round(port, meter(3, device=sma.id, measures="generation"))
    assert [(r.point, r.value) for r in made.readings] == [("school.m3/energy_export", 5000.0)]
    assert names(made) == [("collect.not_available", "school.m3/active_power")]
    assert made.findings[0].numbers == {"raw": -(2.0**31)}


async def test_device_that_refuses_holes_is_asked_without_them_from_then_on() -> None:
    em = shipped("carlo-gavazzi-em340")
    blocks = {a: encode(em.point(n), 5.0) for n, a in (("active_power", 40), ("energy_import", 52))}
    blocks[78] = encode(em.point("energy_export"), 5.0)
    async with good_server({1: blocks}) as port:
        task = GatewayTask(plan(port, meter(1, device=em.id)), lambda _: None, Clock())
        first, second = await task.read_round(START), await task.read_round(START)
        await task.close()
    assert (first.requests, second.requests) == (4, 3)
    assert (first.findings, second.findings) == ((), ())
    assert {r.value for r in second.readings} == {5.0}


async def test_loss_and_return_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    alive = False

    def answer(request: Request) -> bytes | None:
        return frame(request, registers(request, sdm_words()[52])) if alive else None

    async with raw_server(answer) as server:
        planned = plan(server.port, meter(1), timeout_s=0.05)
        task = GatewayTask(planned, lambda _: None, Clock(), now_s=Minutes())
        with caplog.at_level(logging.INFO, "collectors.gateway"):
            await task.read_round(START)
            await task.read_round(START)
            alive = True
            await task.read_round(START)
            await task.read_round(START)
        await task.close()
    assert [(r.levelname, r.message.split(":")[0]) for r in caplog.records] == [
        ("WARNING", "gateway gw unit 1 lost"),
        ("INFO", "gateway gw unit 1 is back"),
    ]


async def test_late_rounds_become_one_and_are_counted() -> None:
    made: list[Round] = []
    done = asyncio.Event()

    def sink(item: Round) -> None:
        made.append(item)
        done.set()

    async with good_server({1: sdm_words()}) as port:
        task = GatewayTask(plan(port, meter(1)), sink, Clock())
        for minutes in (0, 15, 30):
            task.request_round(START + timedelta(minutes=minutes))
        running = asyncio.create_task(task.run())
        await asyncio.wait_for(done.wait(), 5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [(m.due, m.coalesced) for m in made] == [(START + timedelta(minutes=30), 2)]


async def test_round_that_could_not_connect_is_tried_again_before_the_next_one() -> None:
    made: asyncio.Queue[Round] = asyncio.Queue()
    port = await free_port()
    task = GatewayTask(plan(port, meter(1)), made.put, Clock(), jitter=lambda: -1.95)  # 0.02 s
    running = asyncio.create_task(task.run())
    task.request_round(START)
    down = await asyncio.wait_for(made.get(), 5)
    assert not down.reached

    def answer(request: Request) -> bytes:
        return frame(request, registers(request, sdm_words()[52]))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = await reader.readexactly(12)
        writer.write(answer(Request(1, int.from_bytes(raw[:2], "big"), raw[6], raw[7], 52, 24)))
        await reader.read()

    async with listening(serve, port):
        up = await asyncio.wait_for(made.get(), 5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (up.due, up.reached, len(up.readings)) == (START, True, 3)


async def test_defect_in_a_round_is_told_and_the_task_lives_on() -> None:
    class Broken(ModbusConnection):
        async def connect(self) -> None:
            raise RuntimeError("boom")

    made: asyncio.Queue[Round] = asyncio.Queue()
    task = GatewayTask(
        plan(502, meter(1)), made.put, Clock(), connect=lambda g: Broken(g.host, g.port)
    )
    running = asyncio.create_task(task.run())
    for _ in range(2):
        task.request_round(START)
        failed = await asyncio.wait_for(made.get(), 5)
        assert names(failed) == [("collect.failed", "gw")]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
