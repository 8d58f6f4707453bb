"""What a unit's exceptions lead to, what is learned of it, and who it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from field_servers import (
    Planned,
    Request,
    RtuDevice,
    frame,
    from_image,
    raw_server,
    refusal,
    registers,
    rtu_over_tcp,
)
from shipped_profiles import shipped
from sunspec_devices import chain, common, model, simulator_server

from collectors.devices.profile import DeviceProfile, Identification
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.gateway import GatewayTask
from collectors.modbus.read_plan import plan_gateway
from collectors.modbus.unit_device import same_serial
from collectors.modbus.unit_knowledge import TRY_AGAIN_S
from collectors.round import Round, UnitReport
from paes.errors import ConnectionFailed
from paes.events import SWAPPED
from paes.gateways import Gateway, Transport
from paes.metering import Quality
from paes.meters import FieldMeter

AT = datetime(2025, 3, 30, 1, 0, tzinfo=UTC)
Answer = Callable[[Request], bytes | None]


class Watch:
    """A clock for breakers and for what is tried again; the test moves it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def profile(*points: dict[str, Any], **fields: Any) -> DeviceProfile:
    """A device of u16 registers of the usual names, at the given addresses."""
    return DeviceProfile.model_validate(
        {
            "schema": "mbdev/1",
            "id": "meter-x",
            "vendor": "Test",
            "models": ["X"],
            "kind": "electricity_meter",
            "confidence": "high",
            "sources": ["this test"],
            "link": {"transports": ["tcp"]},
            "defaults": {"fc": 3, "order": "ABCD"},
            "points": points,
            **fields,
        }
    )


def point(name: str, address: int, kind: str = "gauge", unit: str = "", **more: Any) -> Any:
    return {"name": name, "address": address, "type": "u16", "unit": unit, "kind": kind, **more}


NAMES = (
    "energy_import",
    "energy_export",
    "active_power",
    "heat_energy",
    "cooling_energy",
    "heat_power",
    "volume",
    "flow_rate",
)
ROW = profile(*(point(name, 10 * i) for i, name in enumerate(NAMES)), read={"max_gap": 9})
"""Eight values at 0, 10, 20 … 70: one request of 71 registers."""
DENSE = profile(*(point(name, i) for i, name in enumerate(NAMES)))
"""Eight values side by side."""


def meter(**fields: Any) -> FieldMeter:
    given = {"id": "s.m", "carrier": "electricity", "device": "meter-x", "gateway": "g", **fields}
    return FieldMeter.model_validate(given)


class Patient(ModbusConnection):
    """Waits long, so that no test fails because the machine is busy; ``hurry`` waits little."""

    hurry = False
    is_away = False

    async def connect(self) -> None:
        if self.is_away:
            raise ConnectionFailed("nobody there")
        await super().connect()

    async def read(
        self,
        function_code: int,
        unit: int,
        address: int,
        count: int,
        timeout_s: float | None = None,
    ) -> list[int]:
        limit_s = 0.1 if self.hurry else 60.0
        return await super().read(function_code, unit, address, count, limit_s)


class Bench:
    """One device behind a gateway, read round by round."""

    def __init__(
        self,
        port: int,
        device: DeviceProfile,
        *meters: FieldMeter,
        serials: dict[str, str] | None = None,
    ) -> None:
        gateway = Gateway(id="g", host="127.0.0.1", port=port, timeout_s=60)
        self.watch = Watch()
        self.line = Patient("127.0.0.1", port, timeout_s=60)
        self.task = GatewayTask(
            plan_gateway(gateway, meters or (meter(device=device.id),), {device.id: device}),
            lambda _: None,
            lambda: AT,
            lambda _: self.line,
            lambda: 0.5,
            known_serials=serials or {},
            now_s=self.watch,
        )

    async def round(self) -> Round:
        return await self.task.read_round(AT)


def names(made: Round) -> list[tuple[str, str]]:
    return [(f.name, f.subject) for f in made.findings]


def only(made: Round) -> UnitReport:
    (report,) = made.units
    return report


def of(*addresses: int) -> dict[int, int]:
    return {a: 1000 + a for a in addresses}


async def test_busy_device_is_asked_once_more_and_then_read() -> None:
    def answer(request: Request) -> bytes:
        if request.number == 1:
            return frame(request, refusal(request, 6))
        return from_image(request, of(*range(8)))

    async with raw_server(answer) as server:
        bench = Bench(server.port, DENSE)
        made = await bench.round()
        await bench.task.close()
    assert (len(made.readings), made.findings, made.requests) == (8, (), 2)
    assert only(made).exceptions == {6: 1}


async def test_device_that_stays_busy_is_a_finding_and_asked_in_full_the_next_round() -> None:
    busy = True

    def answer(request: Request) -> bytes:
        return frame(request, refusal(request, 5)) if busy else from_image(request, of(*range(8)))

    async with raw_server(answer) as server:
        bench = Bench(server.port, DENSE)
        first = await bench.round()
        busy = False
        second = await bench.round()
        await bench.task.close()
    assert names(first) == [("collect.refused", "s.m")]
    assert first.requests == 2
    assert (len(second.readings), second.requests) == (8, 1)


@pytest.mark.parametrize(
    ("code", "finding"),
    [(4, "collect.refused"), (10, "collect.no_reply"), (11, "collect.no_reply")],
)
async def test_dead_by_exception_costs_one_request_and_then_a_small_one(
    code: int, finding: str
) -> None:
    async with raw_server(lambda r: frame(r, refusal(r, code))) as server:
        bench = Bench(server.port, DENSE)
        first = await bench.round()
        paused = await bench.round()
        bench.watch.now_s += 10
        probed = await bench.round()
        await bench.task.close()
        assert [r.count for r in server.requests] == [8, 1]
    assert names(first) == names(probed) == [(finding, "s.m")]
    assert names(paused) == [("collect.skipped", "s.m")]
    assert only(first).timeouts == 0
    assert only(probed).failures_in_a_row == 2


async def test_map_error_names_the_bad_register_and_costs_its_neighbours_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    there = of(*(a for a in range(8) if a != 5))
    async with raw_server(lambda r: from_image(r, there)) as server:
        bench = Bench(server.port, DENSE)
        with caplog.at_level(logging.WARNING, "collectors"):
            first = await bench.round()
            asked = len(server.requests)
            second = await bench.round()
            asked_twice = len(server.requests)
            third = await bench.round()
        await bench.task.close()
        learned = [(r.address, r.count) for r in server.requests[asked_twice:]]
    assert (
        names(first) == names(second) == names(third) == [("collect.map_error", "s.m/heat_power")]
    )
    assert "register 5 (heat_power)" in first.findings[0].message
    assert "illegal data address (exception 2)" in first.findings[0].message
    assert "is meter-x the right profile?" in first.findings[0].message
    assert len(first.readings) == len(second.readings) == len(third.readings) == 7
    assert {r.value for r in third.readings} == {float(v) for v in there.values()}
    assert learned == [(0, 5), (6, 2)]  # never over the register that is not there
    assert len(caplog.records) == 1  # told once
    assert asked <= 2 * 3 + 1  # halved three times
    assert asked_twice <= 2 * asked  # once more, for it may have been a whim


async def test_a_register_refused_once_is_read_in_the_next_round() -> None:
    there, whims = of(*range(8)), [True]

    def whimsical(request: Request) -> bytes:
        if request.address <= 5 < request.address + request.count and whims[0]:
            return frame(request, refusal(request, 2))
        return from_image(request, there)

    async with raw_server(whimsical) as server:
        bench = Bench(server.port, DENSE)
        first = await bench.round()
        whims[0] = False
        second = await bench.round()
        await bench.task.close()
    assert (len(first.readings), len(second.readings)) == (7, 8)
    assert names(second) == []


async def test_refused_register_is_tried_again_after_an_hour() -> None:
    there = of(0, 1, 2, 3, 4, 6, 7)
    async with raw_server(lambda r: from_image(r, there)) as server:
        bench = Bench(server.port, DENSE)
        await bench.round()
        await bench.round()
        there[5] = 1005
        bench.watch.now_s += TRY_AGAIN_S - 1
        before = await bench.round()
        bench.watch.now_s += 2
        after = await bench.round()
        await bench.task.close()
    assert (len(before.readings), names(before)) == (
        7,
        [("collect.map_error", "s.m/heat_power")],
    )
    assert (len(after.readings), after.findings, after.requests) == (8, (), 1)


async def test_hole_that_is_refused_is_never_asked_again() -> None:
    there = of(*range(0, 80, 10))
    async with raw_server(lambda r: from_image(r, there)) as server:
        bench = Bench(server.port, ROW)
        first, second = await bench.round(), await bench.round()
        await bench.task.close()
    assert (first.requests, second.requests) == (9, 8)
    assert (first.findings, second.findings) == ((), ())
    assert len(first.readings) == len(second.readings) == 8


def wide(count: int) -> DeviceProfile:
    """Texts between the values, so that one request is long and has no hole."""
    fillers = [
        point(f"text_{i}", 10 * i + 1, "text") | {"type": "str", "count": 9, "poll": "never"}
        for i in range(count - 1)
    ]
    values = [point(NAMES[i], 10 * i) for i in range(count)]
    return profile(*values, *fillers, read={"max_gap": 9})


@pytest.mark.parametrize("code", [2, 3])
@pytest.mark.parametrize("most", [50, 24])
async def test_device_that_refuses_long_requests_is_read_anyway(code: int, most: int) -> None:
    """Some SDM630 answer an illegal address, or an illegal value, above 50 registers."""

    def answer(request: Request) -> bytes:
        if request.count > most:
            return frame(request, refusal(request, code))
        return from_image(request, of(*range(71)))

    async with raw_server(answer) as server:
        bench = Bench(server.port, wide(8))
        made = [await bench.round() for _ in range(4)]
        await bench.task.close()
    for each in made:
        assert len(each.readings) == 8  # in the very first round
        assert each.findings == ()
    assert sum(only(made[-1]).exceptions.values()) == 0
    assert made[-1].requests <= 8


async def test_value_too_far_from_its_scale_factor_for_the_device_is_told() -> None:
    """It cannot be asked for in less: a device that refuses the length is not asked for ever."""
    device = profile(
        point("active_power", 0, scale_from="SF"),
        point("volume", 1),
        point("SF", 60, "scale_factor"),
    )

    def answer(request: Request) -> bytes:
        assert request.number < 20
        if request.count > 24:
            return frame(request, refusal(request, 3))
        return from_image(request, of(0, 1, 60))

    async with raw_server(answer) as server:
        bench = Bench(server.port, device)
        made = await bench.round()
        await bench.task.close()
    assert names(made) == [("collect.map_error", "s.m/active_power")]
    assert [r.point for r in made.readings] == ["s.m/volume"]


async def test_device_that_is_silent_to_long_requests_is_read_in_the_end() -> None:
    def answer(request: Request) -> bytes | None:
        return from_image(request, of(*range(71))) if request.count <= 50 else None

    async with raw_server(answer) as server:
        bench = Bench(server.port, ROW)
        bench.line.hurry = True
        made = []
        for _ in range(3):
            made.append(await bench.round())
            bench.watch.now_s += 600
        bench.line.hurry = False
        made.append(await bench.round())
        await bench.task.close()
    assert [only(m).timeouts for m in made] == [1, 1, 0, 0]
    assert len(made[-1].readings) == 8
    assert max(r.count for r in server.requests[-2:]) <= 50


async def test_device_that_refuses_everything_is_asked_one_small_thing_until_it_changes() -> None:
    """An inverter that refuses all at night: nothing is learned from that."""
    day = False

    def answer(request: Request) -> bytes:
        return from_image(request, of(*range(8)) if day else {})

    async with raw_server(answer) as server:
        bench = Bench(server.port, DENSE)
        dusk, night = await bench.round(), await bench.round()
        day = True
        dawn = await bench.round()
        await bench.task.close()
    assert names(dusk) == names(night) == [("collect.map_error", "s.m")]
    assert night.requests == 1
    assert only(night).failures_in_a_row == 0
    assert (len(dawn.readings), dawn.findings) == (8, ())


async def test_function_that_the_device_does_not_know_is_told_and_the_other_is_read() -> None:
    device = profile(point("energy_import", 0), point("volume", 0, fc=4))

    def answer(request: Request) -> bytes:
        if request.function == 4:
            return frame(request, refusal(request, 1))
        return from_image(request, of(0))

    async with raw_server(answer) as server:
        bench = Bench(server.port, device)
        made = await bench.round()
        await bench.task.close()
    assert names(made) == [("collect.map_error", "s.m/volume")]
    assert "illegal function" in made.findings[0].message
    assert [r.point for r in made.readings] == ["s.m/energy_import"]


async def test_value_is_never_read_apart_from_its_scale_factor() -> None:
    device = profile(
        *(point(name, i, scale_from="sf") for i, name in enumerate(NAMES[:4])),
        {"name": "sf", "address": 8, "type": "i16", "unit": "", "kind": "scale_factor"},
    )
    there = {**of(0, 1, 3), **dict.fromkeys(range(4, 8), 0), 8: 1}  # 2 is not there
    async with raw_server(lambda r: from_image(r, there)) as server:
        bench = Bench(server.port, device)
        made = await bench.round()
        await bench.task.close()
        good = [r for r in server.requests if 2 not in range(r.address, r.address + r.count)]
        assert all(r.address + r.count == 9 for r in server.requests)
        assert good
    # 0 and 1 cannot be read without reading over 2: they are refused as well.
    assert {(r.point, r.value) for r in made.readings} == {("s.m/heat_energy", 10030.0)}


def numbered(serial: int) -> dict[int, int]:
    return {**of(*range(8)), 500: serial}


WITH_SERIAL = profile(
    *(point(name, i) for i, name in enumerate(NAMES)),
    point("serial_number", 500, "text", quantity="serial", poll="once"),
)


async def test_probe_without_frame_numbers_has_a_length_that_no_due_request_has() -> None:
    """In a round of gauges only, too: else a late answer to it would pass for the gauge."""
    device = profile(point("energy_import", 1, "counter"), point("active_power", 0))
    silent = False

    def answer(request: Request) -> Planned:
        return Planned(None if silent else registers(request, [1] * request.count))

    line = RtuDevice(answer)
    async with rtu_over_tcp(line) as port:
        gateway = Gateway(
            id="g",
            host="127.0.0.1",
            port=port,
            transport="rtu_over_tcp",
            poll_period_s=900,
            fast_period_s=10,
            timeout_s=60,
        )
        rounds: asyncio.Queue[Round] = asyncio.Queue()
        connection = Patient("127.0.0.1", port, Transport.RTU_OVER_TCP, 60)
        task = GatewayTask(
            plan_gateway(gateway, [meter()], {device.id: device}),
            rounds.put,
            lambda: AT,
            lambda _: connection,
            lambda: 900.0,
            now_s=iter(range(0, 10**9, 10**6)).__next__,
        )
        working = asyncio.create_task(task.run())
        for seconds, is_silent in ((0, False), (10, True), (20, False)):
            silent = connection.hurry = is_silent
            task.request_round(AT + timedelta(seconds=seconds))
            await asyncio.wait_for(rounds.get(), 30)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert [r.count for r in line.requests] == [2, 1, 3, 1]


async def test_another_serial_number_is_one_event_and_what_was_learned_is_forgotten() -> None:
    there = numbered(111)
    del there[5]
    async with raw_server(lambda r: from_image(r, there)) as server:
        bench = Bench(server.port, WITH_SERIAL, serials={"s.m": "111"})
        first = await bench.round()
        again = await bench.round()
        there[500], there[5] = 222, 1005
        await bench.task.close()  # the technician takes the line out, and puts it in again
        swapped = await bench.round()
        after = await bench.round()
        await bench.task.close()
        asked_for_it = [r.number for r in server.requests if r.address == 500]
    assert first.events == again.events == after.events == ()
    (event,) = swapped.events
    assert (event.subject, event.name, event.start) == ("s.m", SWAPPED, AT)
    assert event.facts == {"old_serial": "111", "new_serial": "222"}
    assert "222" in event.message
    assert bench.task.serials == {"s.m": "222"}
    assert len(asked_for_it) == 2  # once a connection
    assert len(after.readings) == 8  # register 5 is believed in again


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("123456", "123456", True),
        ("E2-00123456", "123456", True),
        ("00123456", "123456", True),
        ("sn 12 34 56", "SN123456", True),
        ("123456", "123457", False),
        ("56", "123456", False),  # too little to say so
    ],
)
def test_serial_number_may_be_written_in_two_ways(one: str, other: str, same: bool) -> None:
    assert same_serial(one, other) is same
    assert same_serial(other, one) is same


async def test_first_serial_number_is_remembered_and_no_event() -> None:
    async with raw_server(lambda r: from_image(r, numbered(111))) as server:
        bench = Bench(server.port, WITH_SERIAL)
        made = await bench.round()
        await bench.task.close()
    assert made.events == ()
    assert bench.task.serials == {"s.m": "111"}


async def test_device_that_is_not_what_the_profile_describes_is_told() -> None:
    device = DENSE.model_copy(
        update={
            "identify": (Identification(address=11, type="u16", equals=(341,), meaning="EM340"),)
        }
    )
    async with raw_server(lambda r: from_image(r, of(*range(12)))) as server:
        bench = Bench(server.port, device)
        made = await bench.round()
        await bench.task.close()
    assert names(made) == [("collect.suspect", "s.m")]
    assert "register 11 holds 1011, expected 341 (EM340)" in made.findings[0].message
    assert len(made.readings) == 8


async def test_unit_that_comes_back_is_asked_who_it_is() -> None:
    alive, serial = True, 111

    def answer(request: Request) -> bytes | None:
        return from_image(request, numbered(serial)) if alive else None

    async with raw_server(answer) as server:
        bench = Bench(server.port, WITH_SERIAL, serials={"s.m": "111"})
        await bench.round()
        alive, bench.line.hurry = False, True
        await bench.round()
        alive, bench.line.hurry, serial = True, False, 222
        bench.watch.now_s += 600
        made = await bench.round()
        await bench.task.close()
        assert server.connections == 1
    assert [e.facts["new_serial"] for e in made.events] == ["222"]
    assert len(made.readings) == 8


async def test_exchange_is_told_though_the_answer_about_it_was_lost_once() -> None:
    serial, is_garbled = 111, False

    def answer(request: Request) -> bytes:
        if request.address == 500 and is_garbled:
            return frame(request, registers(request, []))
        return from_image(request, numbered(serial))

    async with raw_server(answer) as server:
        bench = Bench(server.port, WITH_SERIAL, serials={"s.m": "111"})
        await bench.round()
        await bench.task.close()
        serial, is_garbled = 222, True
        garbled = await bench.round()
        is_garbled = False
        told = await bench.round()
        after = await bench.round()
        await bench.task.close()
    assert garbled.events == after.events == ()
    assert [e.facts["new_serial"] for e in told.events] == ["222"]


async def test_exchange_while_the_gateway_was_away_is_told_of_every_unit() -> None:
    """The cabinet is switched off in mid-round: the third unit was not even asked."""
    serial, alive = 111, True

    def answer(request: Request) -> bytes | None:
        return from_image(request, numbered(serial)) if alive else None

    async with raw_server(answer) as server:
        meters = [meter(id=f"s.m{unit}", unit=unit) for unit in (1, 2, 3)]
        known = {m.id: "111" for m in meters}
        bench = Bench(server.port, WITH_SERIAL, *meters, serials=known)
        await bench.round()
        alive, bench.line.hurry, bench.line.is_away = False, True, True
        off = await bench.round()
        assert [u.requests for u in off.units] == [1, 1, 0]
        await bench.round()
        alive, bench.line.hurry, bench.line.is_away, serial = True, False, False, 222
        bench.watch.now_s += 600
        made = await bench.round()
        await bench.task.close()
    assert sorted(e.subject for e in made.events) == ["s.m1", "s.m2", "s.m3"]


async def test_device_that_is_silent_about_itself_loses_no_readings() -> None:
    def answer(request: Request) -> bytes | None:
        bench.line.hurry = request.address < 100  # the next question is who it is
        return from_image(request, of(*range(8))) if request.address < 100 else None

    async with raw_server(answer) as server:
        bench = Bench(server.port, WITH_SERIAL)
        for _ in range(5):
            bench.line.hurry = False
            made = await bench.round()
            assert (len(made.readings), made.findings) == (8, ())
            assert only(made).failures_in_a_row == 0
            await bench.task.close()
        # Three times on a new connection, then not any more.
        assert sum(r.address == 500 for r in server.requests) == 3


async def test_sunspec_model_is_found_at_any_base_and_its_values_are_read() -> None:
    """Model 103 of a device whose SunSpec area begins at 50000; words by the SunSpec model."""
    device = shipped("sunspec-103")
    image = dict(enumerate([0x5375, 0x6E53, 1, 66], 50000))
    head = 50000 + 2 + 68
    image |= dict(enumerate([0] * 66, 50004))
    image |= {head + i: 0 for i in range(52)} | {head: 103, head + 1: 50}
    image |= {head + 52: 0xFFFF, head + 53: 0}
    values = {name: device.point(name).address for name in ("W", "W_SF", "WH", "WH_SF")}
    image[head + values["W"]] = 4321
    image[head + values["W_SF"]] = 0
    image[head + values["WH"]], image[head + values["WH"] + 1] = 0x0012, 0xD687  # 1,234,567 Wh
    image[head + values["WH_SF"]] = 0
    async with raw_server(lambda r: from_image(r, image)) as server:
        inverter = meter(device=device.id, measures="generation", register="WH")
        bench = Bench(server.port, device, inverter)
        first = await bench.round()
        asked = len(server.requests)
        second = await bench.round()
        await bench.task.close()
        searched_again = [r for r in server.requests[asked:] if r.count == 2]
    got = {r.point: r.value for r in first.readings}
    assert (got["s.m/W"], got["s.m/WH"]) == (4321.0, 1234.567)
    assert {r.point: r.value for r in second.readings} == got
    assert searched_again == []  # once a connection


async def test_sunspec_model_that_moved_during_a_silence_is_searched_before_it_is_read() -> None:
    """The inverter is exchanged for one that describes its strings before its phases."""
    device = shipped("sunspec-103")
    power = model(103, W=4321, W_SF=0, WH=12345678, WH_SF=1)
    strings = model(160, N=2, module=[{"DCWH": 111}, {"DCWH": 222}])
    units = {1: {40000: chain(common("OLD"), power)}}
    async with simulator_server(units) as port:
        bench = Bench(port, device, meter(device=device.id, measures="generation", register="WH"))
        before = await bench.round()
        there, bench.line.hurry = units.pop(1), True
        await bench.round()
        units[1], bench.line.hurry = {40000: chain(common("NEW"), strings, power)}, False
        bench.watch.now_s += 600
        after = await bench.round()
        await bench.task.close()
    assert there
    assert {r.point: r.value for r in after.readings} == {r.point: r.value for r in before.readings}
    assert [e.facts["new_serial"] for e in after.events] == ["NEW"]


async def test_sunspec_device_that_is_silent_where_the_old_one_had_its_model_is_found() -> None:
    device = shipped("sunspec-103")
    image = chain(common(), model(103, W=4321, W_SF=0, WH=12345678, WH_SF=1))
    units = {1: {40000: image}}

    def is_silent(_unit: int, address: int) -> bool:
        (start,) = units[1]
        return not start <= address < start + len(image)

    async with simulator_server(units, is_silent) as port:
        bench = Bench(port, device, meter(device=device.id, measures="generation", register="WH"))
        bench.line.hurry = True
        before = await bench.round()
        units[1] = {50000: image}
        for _ in range(20):
            bench.watch.now_s += 600
            made = await bench.round()
            if made.readings:
                break
        await bench.task.close()
    assert {r.value for r in made.readings} == {r.value for r in before.readings} != set()


async def test_model_that_the_device_does_not_have_is_a_map_error() -> None:
    image = dict(enumerate([0x5375, 0x6E53, 1, 66, *([0] * 66), 0xFFFF, 0], 40000))
    async with raw_server(lambda r: from_image(r, image)) as server:
        device = shipped("sunspec-103")
        inverter = meter(device=device.id, measures="generation", register="WH")
        bench = Bench(server.port, device, inverter)
        made = await bench.round()
        await bench.task.close()
    assert names(made) == [("collect.map_error", "s.m")]
    assert "no SunSpec model 103" in made.findings[0].message


COUNTER = profile(
    point("energy_import", 0, "counter", "kWh") | {"type": "u32"},
    point("active_power", 2, "gauge", "W", quantity="active_power"),
)


async def test_zero_out_of_the_blue_and_all_ones_are_suspect() -> None:
    words = [[0, 500, 7], [0, 0, 7], [0xFFFF, 0xFFFF, 7], [0, 501, 7]]

    def answer(request: Request) -> bytes:
        return frame(request, registers(request, words[request.number - 1]))

    async with raw_server(answer) as server:
        bench = Bench(server.port, COUNTER)
        made = [await bench.round() for _ in words]
        await bench.task.close()
    counters = [next(r for r in m.readings if r.point == "s.m/energy_import") for m in made]
    good, suspect = Quality.GOOD, Quality.SUSPECT
    assert [c.quality for c in counters] == [good, suspect, suspect, good]
    assert [c.value for c in counters] == [500, 0, 2**32 - 1, 501]  # raw totals are always kept
    assert [names(m) for m in made[1:3]] == [[("collect.suspect", "s.m/energy_import")]] * 2


async def test_zero_that_stays_is_believed_at_the_third_look() -> None:
    words = [[0, 500, 7], [0, 0, 7], [0, 0, 7], [0, 0, 7], [0, 0, 7]]

    def answer(request: Request) -> bytes:
        return frame(request, registers(request, words[request.number - 1]))

    async with raw_server(answer) as server:
        bench = Bench(server.port, COUNTER)
        qualities = [(await bench.round()).readings[0].quality for _ in words]
        await bench.task.close()
    good, suspect = Quality.GOOD, Quality.SUSPECT
    assert qualities == [good, suspect, suspect, good, good]


async def test_counter_of_the_day_may_be_at_zero() -> None:
    device = profile(point("energy_import", 0, "counter", "kWh", resets="daily"))
    words = [500, 0]

    def answer(request: Request) -> bytes:
        return frame(request, registers(request, [words[request.number - 1]]))

    async with raw_server(answer) as server:
        bench = Bench(server.port, device)
        qualities = [(await bench.round()).readings[0].quality for _ in words]
        await bench.task.close()
    assert qualities == [Quality.GOOD, Quality.GOOD]


async def test_more_power_than_can_pass_is_suspect() -> None:
    async with raw_server(lambda r: frame(r, registers(r, [0, 500, 12001]))) as server:
        bench = Bench(server.port, COUNTER, meter(rated_power_kw=10))  # 1.2 times is 12 kW
        made = await bench.round()
        await bench.task.close()
    power = next(r for r in made.readings if r.point == "s.m/active_power")
    assert (power.value, power.quality) == (12001.0, Quality.SUSPECT)
    assert names(made) == [("collect.suspect", "s.m/active_power")]
    assert "10000 W rated" in made.findings[0].message


async def test_reading_is_stamped_when_its_answer_came_not_after_the_rest() -> None:
    now = [AT]

    class TimePasses(Patient):
        """Ten seconds pass as soon as somebody rests after an answer."""

        async def read(self, *request: Any) -> list[int]:
            words = await super().read(*request)
            asyncio.get_running_loop().call_soon(now.append, AT + timedelta(seconds=10))
            return words

    reading = ROW.read.model_copy(update={"max_gap": 0, "pause_ms": 1})
    device = ROW.model_copy(update={"read": reading})
    async with raw_server(lambda r: from_image(r, of(*range(0, 80, 10)))) as server:
        gateway = Gateway(id="g", host="127.0.0.1", port=server.port, timeout_s=60)
        task = GatewayTask(
            plan_gateway(gateway, [meter()], {device.id: device}),
            lambda _: None,
            lambda: now[-1],
            lambda _: TimePasses("127.0.0.1", server.port, timeout_s=60),
        )
        made = await task.read_round(AT)
        await task.close()
    assert [r.at for r in made.readings] == [AT, *7 * [AT + timedelta(seconds=10)]]
