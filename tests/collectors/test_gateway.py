"""Rounds over a gateway: what fails is told and never read, and the others go on."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from field_servers import (
    CLOSE,
    Planned,
    Request,
    RtuDevice,
    frame,
    free_port,
    from_image,
    good_server,
    listening,
    raw_server,
    registers,
    rtu_on_a_pty,
    rtu_over_tcp,
)
from shipped_profiles import shipped

from collectors.devices.profile import DeviceProfile
from collectors.devices.registers import encode, unavailable_words
from collectors.field_task import Sink
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.gateway import Connect, GatewayTask
from collectors.modbus.read_plan import GatewayPlan, plan_gateway
from collectors.round import Round, UnitReport, UnitState
from paes.errors import ConnectionFailed
from paes.gateways import Gateway, SerialLine
from paes.metering import Quality, Reading
from paes.meters import FieldMeter

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


def image(power_w: float = 1500.0, import_kwh: float = 1234.5) -> dict[int, int]:
    """The same, word by word."""
    ((start, words),) = sdm_words(power_w, import_kwh).items()
    return dict(enumerate(words, start))


def meter(unit: int, **fields: Any) -> FieldMeter:
    return FieldMeter.model_validate(
        {
            "id": f"school.m{unit}",
            "carrier": "electricity",
            "device": "eastron-sdm630",
            "gateway": "gw",
            "unit": unit,
            **fields,
        }
    )


def impatient(is_silent: Callable[[int], bool]) -> Connect:
    """Connections that wait long for every unit but the silent ones: no test waits for what it
    knows will not come, and none fails because the machine is busy."""

    class Impatient(ModbusConnection):
        async def read(
            self,
            function_code: int,
            unit: int,
            address: int,
            count: int,
            timeout_s: float | None = None,
        ) -> list[int]:
            limit_s = 0.1 if is_silent(unit) else 60.0
            return await super().read(function_code, unit, address, count, limit_s)

    return lambda gateway: Impatient(gateway.host, gateway.port, gateway.transport, 60.0)


def plan(port: int, *meters: FieldMeter, timeout_s: float = 60.0) -> GatewayPlan:
    gateway = Gateway(id="gw", host="127.0.0.1", port=port, timeout_s=timeout_s)
    return plan_gateway(gateway, meters, {m.device: shipped(m.device) for m in meters})


async def one_round(port: int, *meters: FieldMeter, silent: int | None = None) -> Round:
    connect = impatient(lambda unit: unit == silent)
    task = GatewayTask(plan(port, *meters), lambda _: None, Clock(), connect)
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
        made = await one_round(server.port, meter(1, device=iem.id), meter(2), silent=1)
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
        return from_image(request, image()) if alive else None

    async with raw_server(answer) as server:
        task = task_for(plan(server.port, meter(1)), connect=impatient(lambda _: not alive))
        with caplog.at_level(logging.INFO, "collectors"):
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


def task_for(planned: GatewayPlan, sink: Sink = lambda _: None, **options: Any) -> GatewayTask:
    """A task whose breakers think that ten minutes pass between two looks at the clock."""
    return GatewayTask(planned, sink, Clock(), **{"now_s": Minutes(), **options})


@asynccontextmanager
async def running(task: GatewayTask) -> AsyncIterator[None]:
    loop_task = asyncio.create_task(task.run())
    try:
        yield
    finally:
        loop_task.cancel()
        await asyncio.gather(loop_task, return_exceptions=True)


def report(made: Round, unit: int) -> UnitReport:
    return next(r for r in made.units if r.unit == str(unit))


async def test_thirty_units_one_silent_the_others_keep_schedule_and_data() -> None:
    """Acceptance run (a): the silent one costs at most one time-out a round."""
    silent, rounds = 7, 4

    def answer(request: Request) -> bytes | None:
        return None if request.unit == silent else from_image(request, image())

    made: asyncio.Queue[Round] = asyncio.Queue()
    async with raw_server(answer) as server:
        planned = plan(server.port, *(meter(unit) for unit in range(1, 31)))
        asked = 0
        task = task_for(planned, made.put, connect=impatient(lambda unit: unit == silent))
        async with running(task):
            for number in range(rounds):
                due = START + timedelta(minutes=15 * number)
                task.request_round(due)
                got = await asyncio.wait_for(made.get(), 60)
                assert (got.due, got.coalesced, got.complete) == (due, 0, True)
                assert len({r.point for r in got.readings}) == len(got.readings) == 29 * 3
                assert {r.value for r in got.readings} == {1500.0, 1234.5, 0.5}
                assert report(got, silent).timeouts <= 1
                assert all(report(got, u).timeouts == 0 for u in range(1, 31) if u != silent)
                assert names(got) == [("collect.no_reply", "school.m7")]
                to_silent = sum(r.unit == silent for r in server.requests)
                assert to_silent - asked <= 1
                asked = to_silent
        assert asked == rounds
        # The first question is the block of a round, the others are small: one value.
        assert [r.count for r in server.requests if r.unit == silent] == [24, 2, 2, 2]


async def test_all_that_are_dead_cost_one_time_out_a_round_and_take_turns() -> None:
    dead = {2, 3, 5}

    def answer(request: Request) -> bytes | None:
        return None if request.unit in dead else from_image(request, image())

    async with raw_server(answer) as server:
        planned = plan(server.port, *(meter(unit) for unit in range(1, 7)))
        task = task_for(planned, connect=impatient(dead.__contains__))
        first = await task.read_round(START)
        later = [await task.read_round(START) for _ in range(3)]
        await task.close()
    assert sum(u.timeouts for u in first.units) == 3
    assert [sum(u.timeouts for u in made.units) for made in later] == [1, 1, 1]
    probed = [u.unit for made in later for u in made.units if u.timeouts]
    assert sorted(probed) == ["2", "3", "5"]
    for made in later:
        assert len(made.readings) == 9
        assert sorted(name for name, _ in names(made)) == [
            "collect.no_reply",
            "collect.skipped",
            "collect.skipped",
        ]


async def test_unit_that_failed_once_does_not_wait_its_turn_among_the_dead() -> None:
    silent = {1, 2, 3}

    def answer(request: Request) -> bytes | None:
        return None if request.unit in silent else from_image(request, image())

    async with raw_server(answer) as server:
        planned = plan(server.port, *(meter(unit) for unit in range(1, 5)))
        task = task_for(planned, connect=impatient(lambda unit: unit in silent))
        for _ in range(4):
            await task.read_round(START)
        silent.add(4)
        lost = await task.read_round(START)
        silent.remove(4)
        back = await task.read_round(START)
        await task.close()
    assert [report(made, 4).state for made in (lost, back)] == [UnitState.FAILING, UnitState.OK]
    assert {r.point.partition("/")[0] for r in back.readings} == {"school.m4"}


async def test_unit_in_its_pause_is_not_asked_at_all_and_its_report_says_why() -> None:
    def answer(request: Request) -> bytes | None:
        return None if request.unit == 1 else from_image(request, image())

    async with raw_server(answer) as server:
        planned = plan(server.port, meter(1), meter(2))
        silent_one = impatient(lambda unit: unit == 1)
        task = task_for(planned, connect=silent_one, now_s=lambda: 0.0, jitter=lambda: 0.5)
        await task.read_round(START)
        made = await task.read_round(START)
        await task.close()
        assert [r.unit for r in server.requests] == [1, 2, 2]
    assert names(made) == [("collect.skipped", "school.m1")]
    assert "no answer within" in made.findings[0].message
    paused = report(made, 1)
    assert (paused.state, paused.requests, paused.failures_in_a_row) == (UnitState.FAILING, 0, 1)
    assert paused.next_try is not None
    assert (paused.next_try - made.finished).total_seconds() == pytest.approx(2.0, abs=2.5)
    assert report(made, 2).state is UnitState.OK
    assert len(report(made, 2).latencies_ms) == 1


async def test_unit_that_comes_back_is_read_whole_in_the_same_round() -> None:
    alive = False

    def answer(request: Request) -> bytes | None:
        return from_image(request, image()) if alive else None

    async with raw_server(answer) as server:
        task = task_for(plan(server.port, meter(1)), connect=impatient(lambda _: not alive))
        await task.read_round(START)
        alive = True
        made = await task.read_round(START)
        await task.close()
        assert [(r.address, r.count) for r in server.requests] == [(52, 24), (52, 2), (52, 24)]
    assert len(made.readings) == 3
    assert made.findings == ()
    assert report(made, 1).state is UnitState.OK


async def test_gateway_whose_units_are_all_dead_is_asked_again_before_the_next_round() -> None:
    silent_rounds = 2

    def answer(request: Request) -> bytes | None:
        return None if request.number <= silent_rounds else from_image(request, image())

    made: asyncio.Queue[Round] = asyncio.Queue()
    async with raw_server(answer) as server:
        is_silent = impatient(lambda _: len(server.requests) < silent_rounds)
        planned = plan(server.port, meter(1), meter(2))
        task = task_for(planned, made.put, connect=is_silent, jitter=lambda: -1.95)
        async with running(task):
            task.request_round(START)
            down = await asyncio.wait_for(made.get(), 30)
            up = await asyncio.wait_for(made.get(), 30)
    assert ("collect.gateway_down", "gw") in names(down)
    assert "none of its 2 units answers" in down.findings[-1].message
    assert (up.due, len(up.readings), up.complete) == (START, 6, True)


async def test_every_fast_period_brings_gauges_and_every_poll_period_all() -> None:
    made: asyncio.Queue[Round] = asyncio.Queue()
    heat = shipped("diehl-sharky-775")
    async with raw_server(lambda r: frame(r, registers(r, [1] * r.count))) as server:
        gateway = Gateway(
            id="gw", host="127.0.0.1", port=server.port, poll_period_s=60, fast_period_s=20
        )
        planned = plan_gateway(gateway, [meter(1)], {SDM.id: SDM, heat.id: heat})
        assert planned.round_period_s == 20
        task = task_for(planned, made.put)
        async with running(task):
            rounds = []
            for seconds in (0, 20, 40, 60, 130):  # 80 to 120 were not made
                task.request_round(START + timedelta(seconds=seconds))
                rounds.append(await asyncio.wait_for(made.get(), 30))
    assert [r.complete for r in rounds] == [True, False, False, True, True]
    gauge = {"school.m1/active_power"}
    totals = {"school.m1/energy_import", "school.m1/energy_export"}
    got = [{x.point for x in r.readings} | {f.subject for f in r.findings} for r in rounds]
    assert got == [gauge | totals, gauge, gauge, gauge | totals, gauge | totals]
    assert [r.count for r in server.requests] == [24, 2, 2, 24, 24]


async def test_what_changes_slowly_is_read_every_slow_period() -> None:
    device = SDM.model_copy(
        update={
            "points": tuple(
                p.model_copy(update={"poll": "slow"}) if p.name != "energy_import" else p
                for p in SDM.points
            )
        }
    )
    made: asyncio.Queue[Round] = asyncio.Queue()
    async with raw_server(lambda r: from_image(r, image())) as server:
        gateway = Gateway(
            id="gw", host="127.0.0.1", port=server.port, poll_period_s=900, slow_period_s=3600
        )
        accounted = meter(1, register="energy_import")
        task = task_for(plan_gateway(gateway, [accounted], {SDM.id: device}), made.put)
        async with running(task):
            counts = []
            for quarter in range(5):
                task.request_round(START + timedelta(minutes=15 * quarter))
                counts.append(len((await asyncio.wait_for(made.get(), 30)).readings))
    assert counts == [3, 1, 1, 1, 3]


async def test_without_a_fast_period_every_round_that_is_asked_for_is_complete() -> None:
    made: asyncio.Queue[Round] = asyncio.Queue()
    async with raw_server(lambda r: from_image(r, image())) as server:
        task = task_for(plan(server.port, meter(1)), made.put)
        async with running(task):
            for seconds in (0, 5, 10):
                task.request_round(START + timedelta(seconds=seconds))
                got = await asyncio.wait_for(made.get(), 30)
                assert (got.complete, len(got.readings)) == (True, 3)


async def test_what_a_failed_round_left_owing_is_read_in_the_next_fast_one() -> None:
    made: asyncio.Queue[Round] = asyncio.Queue()

    def answer(request: Request) -> bytes | None:
        return None if request.number == 1 else from_image(request, image())

    async with raw_server(answer) as server:
        gateway = Gateway(
            id="gw", host="127.0.0.1", port=server.port, timeout_s=60, fast_period_s=20
        )
        planned = plan_gateway(gateway, [meter(1), meter(2)], {SDM.id: SDM})
        task = task_for(planned, made.put, connect=impatient(lambda _: not server.requests))
        async with running(task):
            task.request_round(START)
            first = await asyncio.wait_for(made.get(), 30)
            task.request_round(START + timedelta(seconds=20))
            second = await asyncio.wait_for(made.get(), 30)
    assert (first.complete, second.complete) == (True, False)
    assert len([r for r in first.readings if r.point.startswith("school.m2/")]) == 3
    assert len([r for r in second.readings if r.point.startswith("school.m1/")]) == 3
    assert len([r for r in second.readings if r.point.startswith("school.m2/")]) == 1


async def test_round_that_is_cut_off_keeps_what_was_read() -> None:
    made: list[Round] = []
    hangs = asyncio.Event()

    def answer(request: Request) -> bytes | None:
        if request.unit == 2:
            hangs.set()
            return None
        return from_image(request, image())

    async def slow_sink(item: Round) -> None:
        await asyncio.sleep(0)  # a sink that needs the loop, as a spool in a thread does
        made.append(item)

    async with raw_server(answer) as server:
        planned = plan(server.port, meter(1), meter(2), meter(3))
        task = task_for(planned, slow_sink)
        async with running(task):
            task.request_round(START)
            await asyncio.wait_for(hangs.wait(), 30)
    (cut,) = made
    assert (cut.complete, cut.due) == (False, START)
    assert {r.point for r in cut.readings} == {
        f"school.m1/{n}" for n in ("active_power", "energy_import", "energy_export")
    }


async def test_stop_at_the_moment_when_the_line_opens_is_not_forgotten() -> None:
    class StoppedWhenOpen(ModbusConnection):
        def _prepare(self, client: Any, failures: list[OSError]) -> None:
            super()._prepare(client, failures)
            create = client.ctx.call_create

            async def create_and_stop() -> Any:
                made = await create()
                loop_task.cancel()
                return made

            client.ctx.call_create = create_and_stop

    async with raw_server(lambda r: from_image(r, image())) as server:
        line = StoppedWhenOpen("127.0.0.1", server.port, timeout_s=60)
        task = task_for(plan(server.port, meter(1)), connect=lambda _: line)
        loop_task = asyncio.create_task(task.run())
        task.request_round(START)
        await asyncio.wait({loop_task}, timeout=30)
        assert loop_task.cancelled()
        assert not line.connected


async def test_stop_while_the_line_rests_keeps_the_answer_before() -> None:
    made: list[Round] = []

    class Stopped(ModbusConnection):
        async def read(self, *request: Any) -> list[int]:
            words = await super().read(*request)
            asyncio.get_running_loop().call_soon(loop_task.cancel)
            return words

    device = profile_of_four_counters()
    device = device.model_copy(update={"read": device.read.model_copy(update={"pause_ms": 10_000})})
    async with raw_server(lambda r: frame(r, registers(r, [1] * r.count))) as server:
        gateway = Gateway(id="gw", host="127.0.0.1", port=server.port, timeout_s=60)
        planned = plan_gateway(gateway, [meter(1, device=device.id)], {device.id: device})
        line = Stopped("127.0.0.1", server.port, timeout_s=60)
        task = task_for(planned, made.append, connect=lambda _: line)
        loop_task = asyncio.create_task(task.run())
        task.request_round(START)
        await asyncio.wait({loop_task}, timeout=30)
        assert len(server.requests) == 1
    (cut,) = made
    assert len(cut.readings) == 1


async def test_what_was_read_while_a_silent_gateway_is_tried_again_is_not_lost() -> None:
    """A device that answers its first question and is silent at the second, whenever asked."""
    made: asyncio.Queue[Round] = asyncio.Queue()
    device = profile_of_four_counters()
    first = min(p.address for p in device.points)

    class Impatient(ModbusConnection):
        async def read(self, *request: Any) -> list[int]:
            return await super().read(*request[:4], 60.0 if request[2] == first else 0.1)

    def answer(request: Request) -> bytes | None:
        if request.address != first:
            return None
        return frame(request, registers(request, [1] * request.count))

    async with raw_server(answer) as server:
        gateway = Gateway(id="gw", host="127.0.0.1", port=server.port, timeout_s=60)
        planned = plan_gateway(gateway, [meter(1, device=device.id)], {device.id: device})
        line = Impatient("127.0.0.1", server.port, timeout_s=60)
        task = task_for(planned, made.put, connect=lambda _: line, jitter=lambda: -1.95)
        async with running(task):
            task.request_round(START)
            rounds = [await asyncio.wait_for(made.get(), 30) for _ in range(2)]
    assert [len(item.readings) for item in rounds] == [1, 1]


async def test_sink_that_is_at_work_is_not_interrupted_by_a_stop() -> None:
    began, finished, may_go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def sink(_: Round) -> None:
        began.set()
        await may_go_on.wait()
        finished.set()

    async with raw_server(lambda r: from_image(r, image())) as server:
        task = task_for(plan(server.port, meter(1)), sink)
        loop_task = asyncio.create_task(task.run())
        task.request_round(START)
        await asyncio.wait_for(began.wait(), 30)
        loop_task.cancel()
        asyncio.get_running_loop().call_soon(may_go_on.set)
        await asyncio.gather(loop_task, return_exceptions=True)
    assert finished.is_set()


async def test_gateway_that_dies_in_mid_round_is_told_once_and_the_rest_is_not_asked() -> None:
    def answer(request: Request) -> bytes:
        if request.unit == 1:
            return from_image(request, image())
        stop.set()
        return CLOSE

    stop = asyncio.Event()
    made: list[Round] = []
    async with raw_server(answer) as server:
        task = task_for(plan(server.port, meter(1), meter(2), meter(3)), made.append)

        class OnlyOnce(ModbusConnection):
            """A gateway that takes no second connection."""

            async def connect(self) -> None:
                if stop.is_set():
                    raise ConnectionFailed(f"{self.place}: connection refused")
                await super().connect()

        line = OnlyOnce("127.0.0.1", server.port, timeout_s=10)
        task = task_for(task.plan, made.append, connect=lambda _: line)
        got = await task.read_round(START)
        await task.close()
    assert names(got) == [("collect.connection_lost", "school.m2"), ("collect.gateway_down", "gw")]
    assert {r.point.split("/")[0] for r in got.readings} == {"school.m1"}
    assert got.reached


async def test_late_rtu_answers_bring_no_wrong_value_into_a_round() -> None:
    """Acceptance run (b): two units, one answers late now and then; all requests look alike."""
    device = profile_of_four_counters()
    values = random.Random(3)

    def answer(request: Request) -> Planned:
        words = [1000 * request.unit + request.address + i for i in range(request.count)]
        late = request.unit == 1 and values.random() < 0.3
        return Planned(registers(request, words), values.uniform(0.11, 1.2) if late else 0.0)

    line = RtuDevice(answer)
    readings: list[Reading] = []
    async with rtu_over_tcp(line) as port:
        gateway = Gateway(
            id="gw", host="127.0.0.1", port=port, transport="rtu_over_tcp", timeout_s=0.1
        )
        meters = [meter(1, device=device.id), meter(2, device=device.id)]
        planned = plan_gateway(gateway, meters, {device.id: device})
        task = task_for(planned, connect=impatient(lambda unit: unit == 1))
        for _ in range(10):
            made = await task.read_round(START)
            readings += made.readings
            assert len([r for r in made.readings if r.point.startswith("school.m2")]) == 4
        await task.close()
    address = {"energy_import": 10, "energy_export": 20, "active_power": 30, "volume": 40}
    assert {(r.point, r.value) for r in readings} <= {
        (f"school.m{unit}/{name}", 1000 * unit + at)
        for unit in (1, 2)
        for name, at in address.items()
    }
    assert any(r.point.startswith("school.m1") for r in readings)


async def test_serial_line_is_read_round_after_round() -> None:
    words = image()

    def answer(request: Request) -> Planned:
        span = range(request.address, request.address + request.count)
        return Planned(registers(request, [words[a] for a in span]))

    async with rtu_on_a_pty(RtuDevice(answer)) as name:
        gateway = Gateway(id="gw", transport="serial", serial=SerialLine(device=name), timeout_s=60)
        planned = plan_gateway(gateway, [meter(1), meter(2)], {SDM.id: SDM})
        assert [unit.pause_s for unit in planned.units] == [pytest.approx(35 / 9600)] * 2
        task = GatewayTask(planned, lambda _: None, Clock())
        made = [await task.read_round(START) for _ in range(3)]
        await task.close()
    assert [(len(m.readings), m.findings) for m in made] == [(6, ())] * 3


def profile_of_four_counters() -> DeviceProfile:
    """One register each, far apart: four requests that only their address tells apart."""
    names_units = (("energy_import", "kWh"), ("energy_export", "kWh"), ("active_power", "W"))
    points = [
        {"name": n, "address": 10 * i, "type": "u16", "unit": u, "kind": "gauge"}
        for i, (n, u) in enumerate((*names_units, ("volume", "m3")), 1)
    ]
    return DeviceProfile.model_validate(
        {
            "schema": "mbdev/1",
            "id": "four-registers",
            "vendor": "Test",
            "models": ["T4"],
            "kind": "electricity_meter",
            "confidence": "high",
            "sources": ["this test"],
            "read": {"max_gap": 0},
            "defaults": {"fc": 3, "order": "ABCD"},
            "points": points,
        }
    )
