"""An M-Bus over real sockets: what fails is told and never read, and the other meters go on."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mbus_telegrams
import pytest
from few_meters import MemoryStore, installation
from field_servers import free_port
from mbus_slaves import MORE, Fault, Slave, bcd, converter, long_frame, variable_data
from shipped_profiles import FOLDER
from small_installation import SmallInstallation

from collectors.device_files import load_device
from collectors.mbus.line import MbusLine
from collectors.mbus.link import reset
from collectors.mbus.profile import MbusProfile, load_mbus_profile
from collectors.mbus.task import MbusPlan, MbusTask, plan_mbus
from collectors.round import Round, UnitState
from collectors.schedule import Collector
from collectors.spool.spool import Spool
from paes.config import load_installation
from paes.errors import ConnectionFailed, DataError
from paes.events import SWAPPED
from paes.gateways import Gateway
from paes.metering import Quality
from paes.meters import FieldMeter
from paes.store.sqlite import SqliteStore

START = datetime(2025, 3, 30, 1, 0, tzinfo=UTC)
PATIENT_S = 20.0
"""A limit that no answer on loopback needs, whatever else the machine does."""
IMPATIENT_S = 0.5
"""Where silence is waited for; every meter that answers may fail once without being lost."""
PROFILES = {p.stem: load_mbus_profile(p) for p in FOLDER.glob("mbus-*.yaml")}

ENERGY = b"\x0c\x06" + bcd("00037351")  # 37351 kWh
VOLUME = b"\x0c\x14" + bcd("00056108")  # 561.08 m3
POWER = b"\x0b\x2d" + bcd("000347")  # 34.7 kW, in steps of 0.1
FLOW = b"\x0b\x3b" + bcd("000543")  # 0.543 m3/h
WARM, COLD = b"\x0a\x5a" + bcd("0755"), b"\x0a\x5e" + bcd("0594")  # 75.5 and 59.4 degC
SPREAD = b"\x0b\x60" + bcd("016076")  # 16.076 K
HEAT = ENERGY + VOLUME + POWER + FLOW + WARM + COLD + SPREAD
HEAT_VALUES = {
    "heat_energy": 37351.0,
    "volume": 561.08,
    "heat_power": 34700.0,
    "flow_rate": 0.543,
    "flow_temperature": 75.5,
    "return_temperature": 59.4,
    "temperature_difference": 16.076,
}
WATER = b"\x04\x13" + (1_234_567).to_bytes(4, "little") + b"\x02\x3b\x64\x00"


class Clock:
    """A clock that a test moves; every look at it takes a second."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1, microseconds=250)
        return self.now


def heat_slave(address: int, identification: str = "", **fields: Any) -> Slave:
    number = identification or f"{10_000_000 + address}"
    return Slave(address, number, [variable_data(number, HEAT, **fields)])


def meter(name: str, device: str = "mbus-generic-heat", **fields: Any) -> FieldMeter:
    kind = {"measures": "water"} if "water" in device else {"carrier": "heat_cold"}
    return FieldMeter.model_validate(
        {"id": f"school.{name}", "device": device, "gateway": "bus"} | kind | fields
    )


def gateway(port: int, timeout_s: float = PATIENT_S, **fields: Any) -> Gateway:
    return Gateway.model_validate(
        {
            "id": "bus",
            "host": "127.0.0.1",
            "port": port,
            "transport": "mbus_tcp",
            "timeout_s": timeout_s,
            **fields,
        }
    )


def plan_of(there: Gateway, *meters: FieldMeter, **profiles: MbusProfile) -> MbusPlan:
    return plan_mbus(there, meters, PROFILES | {p.id: p for p in profiles.values()})


def task_for(plan: MbusPlan, **more: Any) -> MbusTask:
    return MbusTask(plan, lambda _made: None, Clock(), jitter=lambda: 0.5, **more)


async def one_round(plan: MbusPlan, **more: Any) -> Round:
    task = task_for(plan, **more)
    try:
        return await task.read_round(START)
    finally:
        await task.close()


def values(made: Round, name: str = "main") -> dict[str, float]:
    head = f"school.{name}/"
    return {r.point.removeprefix(head): r.value for r in made.readings if r.point.startswith(head)}


def findings(made: Round) -> list[tuple[str, str]]:
    return [(f.name, f.subject) for f in made.findings]


async def test_all_that_a_heat_meter_tells_is_read_in_canonical_units() -> None:
    async with converter(heat_slave(5)) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("main", unit=5)))

    assert values(made) == pytest.approx(HEAT_VALUES)
    assert made.findings == ()
    assert all(r.quality is Quality.GOOD for r in made.readings)
    assert {r.at for r in made.readings} == {r.at for r in made.readings[:1]}
    assert made.started < made.readings[0].at < made.finished
    assert made.readings[0].at.microsecond == 0
    assert bus.frames == [
        bytes.fromhex("10 40 05 45 16"),  # SND_NKE
        bytes.fromhex("10 7B 05 80 16"),  # REQ_UD2 with the frame count bit set
    ]


async def test_a_unit_report_says_what_the_technician_wants_to_know() -> None:
    async with converter(heat_slave(5)) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("main", unit=5)))

    (report,) = made.units
    assert (report.unit, report.meters, report.state) == ("5", ("school.main",), UnitState.OK)
    assert (report.requests, report.timeouts, report.detail) == (2, 0, "")
    assert len(report.latencies_ms) == 2
    assert (made.requests, made.reached, made.complete) == (2, True, True)


@pytest.mark.parametrize("piece", [1, 3, 7])
async def test_an_answer_may_come_in_pieces_and_after_an_echo(piece: int) -> None:
    async with converter(heat_slave(5), echo=True, piece=piece) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("main", unit=5)))

    assert values(made) == pytest.approx(HEAT_VALUES)


async def test_real_meters_are_read_by_their_shipped_profiles() -> None:
    """A CF 51 in an error state, an ultraheat of the UH50's family, and two others: the values
    are those that libmbus reads, in kWh, m3, W and m3/h."""
    telegrams = {
        6: mbus_telegrams.ITRON_CF_51,
        100: mbus_telegrams.METRONA_ULTRAHEAT_XS,
        17: mbus_telegrams.KAMSTRUP_MULTICAL_601,
        1: mbus_telegrams.ELS_FALCON,
    }
    slaves = [Slave(a, "00000000", [frame[6:-2]]) for a, frame in telegrams.items()]
    async with converter(*slaves) as bus:
        made = await one_round(
            plan_of(
                gateway(bus.port),
                meter("cf", "mbus-itron-cf-51", unit=6),
                meter("uh", "mbus-landis-uh50", unit=100),
                meter("kam", unit=17),
                meter("water", "mbus-generic-water", unit=1),
            )
        )

    assert values(made, "cf") == {"heat_energy": 0.0, "volume": 0.0, "flow_rate": 0.0}
    assert values(made, "uh")["heat_energy"] == pytest.approx(19969.0)
    assert values(made, "uh")["volume"] == pytest.approx(26492.18)
    assert values(made, "kam") == pytest.approx(
        {
            "heat_energy": 37351.0,
            "volume": 561.08,
            "heat_power": 34700.0,
            "flow_rate": 0.543,
            "flow_temperature": 101.69,
            "return_temperature": 46.16,
            "temperature_difference": 55.53,
        }
    )
    assert values(made, "water") == pytest.approx({"volume": 1234.567, "flow_rate": 6.137})
    assert ("collect.not_available", "school.cf/heat_power") in findings(made)
    assert ("collect.suspect", "school.cf") in findings(made)


async def test_a_meter_in_a_temporary_error_keeps_its_counters() -> None:
    async with converter(heat_slave(5, status=0x10)) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("main", unit=5)))

    by_quality = {r.point.split("/")[1]: r.quality for r in made.readings}
    assert by_quality["heat_energy"] is by_quality["volume"] is Quality.GOOD
    assert by_quality["heat_power"] is by_quality["flow_temperature"] is Quality.SUSPECT
    (finding,) = made.findings
    assert finding.name == "collect.suspect"
    assert "reports a temporary error" in finding.message
    assert finding.numbers == {"status": 16.0}


@pytest.mark.parametrize(
    ("status", "quality", "text"),
    [
        (0x08, Quality.SUSPECT, "permanent error"),
        (0x02, Quality.SUSPECT, "application error"),
        (0x04, Quality.GOOD, "low battery"),
        (0x01, Quality.GOOD, "is busy"),
    ],
)
async def test_each_flag_of_the_status_byte_has_its_word(
    status: int, quality: Quality, text: str
) -> None:
    async with converter(heat_slave(5, status=status)) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("main", unit=5)))

    assert len(made.readings) == 7
    assert {r.quality for r in made.readings} == {quality}
    assert [f.subject for f in made.findings] == ["school.main"]
    assert text in made.findings[0].message


async def test_a_silent_meter_costs_its_neighbours_nothing() -> None:
    slaves = [heat_slave(1), heat_slave(2), heat_slave(3)]
    slaves[1].dead = True
    async with converter(*slaves) as bus:
        meters = [meter(f"m{n}", unit=n) for n in (1, 2, 3)]
        task = task_for(plan_of(gateway(bus.port, IMPATIENT_S), *meters), now_s=lambda: 0.0)
        first = await task.read_round(START)
        asked = len(bus.frames)
        second = await task.read_round(START)
        await task.close()

    for made in (first, second):
        assert values(made, "m1") == values(made, "m3") == pytest.approx(HEAT_VALUES)
        assert values(made, "m2") == {}
    assert findings(first) == [("collect.no_reply", "school.m2")]
    assert "address 2: no answer within 0.5 s" in first.findings[0].message
    assert asked >= 6  # two of each neighbour, and two resets of the silent one
    # It rests for a while: not asked again so soon, and told so.
    assert findings(second) == [("collect.skipped", "school.m2")]
    assert [u.state for u in second.units] == [UnitState.OK, UnitState.FAILING, UnitState.OK]
    assert second.units[1].next_try is not None
    assert (first.units[1].timeouts, second.units[1].requests) == (2, 0)


async def test_a_meter_that_was_given_up_is_probed_once_and_comes_back() -> None:
    slave, now = heat_slave(1), [0.0]
    slave.dead = True
    async with converter(slave) as bus:
        plan = plan_of(gateway(bus.port, IMPATIENT_S), meter("main", unit=1))
        task = task_for(plan, now_s=lambda: now[0])
        await task.read_round(START)
        now[0] += 10.0
        probed = await task.read_round(START)
        assert (probed.units[0].requests, probed.units[0].failures_in_a_row) == (1, 2)
        assert probed.units[0].state is UnitState.OPEN

        slave.dead = False
        now[0] += 10.0
        back = await task.read_round(START)
        await task.close()

    assert values(back) == pytest.approx(HEAT_VALUES)
    assert back.units[0].state is UnitState.OK


@pytest.mark.parametrize("fault", [Fault.CHECKSUM, Fault.NOISE, Fault.NO_ACK])
async def test_after_one_bad_answer_all_is_begun_again_from_the_reset(fault: Fault) -> None:
    slave = heat_slave(5)
    slave.faults.append(fault)
    limit_s = IMPATIENT_S if fault is Fault.NO_ACK else PATIENT_S
    async with converter(slave) as bus:
        made = await one_round(plan_of(gateway(bus.port, limit_s), meter("main", unit=5)))

    assert values(made) == pytest.approx(HEAT_VALUES)
    assert made.findings == ()
    resets = [f for f in bus.frames if f[1] == 0x40]
    assert len(resets) == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.CHECKSUM, "checksum"),
        (Fault.NOISE, "no M-Bus frame"),
        (Fault.HALF, r"only 28 of 57 bytes came"),
    ],
)
async def test_a_bad_answer_that_stays_bad_is_a_finding_with_the_reason(
    fault: Fault, reason: str
) -> None:
    slave = Slave(5, "10000005", [variable_data("10000005", ENERGY + VOLUME + HEAT[:24])])
    slave.faults.extend([fault, fault])
    # On a fast line half an answer is known as such soon after the time limit.
    line = {"device": "/dev/null", "baud": 38400, "parity": "E"}
    async with converter(slave, heat_slave(6)) as bus:
        there = gateway(bus.port, IMPATIENT_S, serial=line)
        plan = plan_of(there, meter("main", unit=5), meter("b", unit=6))
        made = await one_round(plan)

    assert values(made) == {}
    assert values(made, "b") == pytest.approx(HEAT_VALUES)
    assert findings(made) == [("collect.bad_reply", "school.main")]
    assert re.search(reason, made.findings[0].message)


async def test_two_meters_with_one_address_bring_no_value() -> None:
    """What they say at once is garbled: 1 AND 0 is 0 on the line."""
    twins = [heat_slave(5, "10000005", access=0x55), heat_slave(5, "20500016", access=0x2A)]
    async with converter(*twins) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("main", unit=5)))

    assert made.readings == ()
    assert findings(made) == [("collect.bad_reply", "school.main")]
    assert "two meters" in made.findings[0].message


async def test_an_answer_of_another_address_brings_no_value() -> None:
    class Stranger(Slave):
        def hear(self, control: int, address: int, rest: bytes) -> bytes | Fault | None:
            return super().hear(control, 7 if address == 5 else address, rest)

    async with converter(Stranger(7, "10000007", [variable_data("10000007", HEAT)])) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("main", unit=5)))

    assert made.readings == ()
    assert "answer of address 7" in made.findings[0].message


async def test_a_meter_without_a_primary_address_is_selected_by_its_number() -> None:
    slaves = [heat_slave(0, "11223344"), Slave(0, "55667788", [variable_data("55667788", WATER)])]
    async with converter(*slaves) as bus:
        made = await one_round(
            plan_of(
                gateway(bus.port),
                meter("heat", secondary_address="11223344"),
                meter("water", "mbus-generic-water", secondary_address="55667788"),
            )
        )

    assert values(made, "heat") == pytest.approx(HEAT_VALUES)
    assert values(made, "water") == pytest.approx({"volume": 1234.567, "flow_rate": 0.1})
    assert [u.unit for u in made.units] == ["11223344", "55667788"]
    assert bus.frames[1:3] == [
        bytes.fromhex("10 7B FD 78 16"),
        bytes.fromhex("10 40 FD 3D 16"),  # let it go, and begin anew the next time
    ]


async def test_a_selected_meter_begins_with_its_first_telegram_every_time(
    tmp_path: Path,
) -> None:
    """Even after a round that broke off between two telegrams."""
    profile = profile_of(tmp_path, "{index: 0, quantity: energy}", max_telegrams=3)
    parts = [ENERGY + MORE, VOLUME + MORE, POWER]
    slave = Slave(0, "11223344", [variable_data("11223344", part) for part in parts])
    async with converter(slave) as bus:
        there = meter("main", "two-part", secondary_address="11223344")
        task = task_for(plan_of(gateway(bus.port), there, own=profile))
        made = [await task.read_round(START)]
        slave.asks_until_fault = 1
        made += [await task.read_round(START), await task.read_round(START)]
        await task.close()

    assert [values(m) for m in made] == 3 * [{"heat_energy": 37351.0}]


async def test_a_number_that_nobody_has_is_no_reply() -> None:
    async with converter(heat_slave(0, "11223344")) as bus:
        plan = plan_of(gateway(bus.port, IMPATIENT_S), meter("main", secondary_address="99999999"))
        made = await one_round(plan)

    assert findings(made) == [("collect.no_reply", "school.main")]
    assert "meter 99999999" in made.findings[0].message


async def test_several_telegrams_are_one_answer(tmp_path: Path) -> None:
    """The frame count bit alternates; a place counts over all telegrams."""
    profile = profile_of(tmp_path, "{index: 2, quantity: energy}", max_telegrams=3)
    parts = [VOLUME + FLOW + MORE, ENERGY + MORE, POWER]
    slave = Slave(
        5, "10000005", [variable_data("10000005", p, access=n) for n, p in enumerate(parts)]
    )
    async with converter(slave) as bus:
        plan = plan_of(gateway(bus.port), meter("main", "two-part", unit=5), own=profile)
        made = await one_round(plan)

    assert values(made) == {"heat_energy": 37351.0}
    assert [f[1] for f in bus.frames] == [0x40, 0x7B, 0x5B, 0x7B]


async def test_a_meter_that_always_announces_more_is_asked_once_more_and_no_more(
    tmp_path: Path,
) -> None:
    profile = profile_of(tmp_path, "{quantity: energy}", max_telegrams=10)
    slave = Slave(5, "10000005", [variable_data("10000005", HEAT + MORE)])
    async with converter(slave) as bus:
        plan = plan_of(gateway(bus.port), meter("main", "two-part", unit=5), own=profile)
        made = await one_round(plan)

    assert values(made) == {"heat_energy": 37351.0}
    assert slave.asked == 2


@pytest.mark.parametrize(
    ("record", "records", "finding", "text"),
    [
        (
            "{index: 1, quantity: energy}",
            HEAT,
            "collect.map_error",
            "record 1 is volume, expected energy",
        ),
        (
            "{index: 0, quantity: energy, tariff: 1}",
            HEAT,
            "collect.map_error",
            "record 0 is energy, expected energy, tariff 1",
        ),
        ("{index: 40, quantity: energy}", HEAT, "collect.map_error", "the answer has 7 records"),
        ("{quantity: energy}", VOLUME, "collect.not_available", "no record of energy"),
        (
            "{quantity: energy}",
            ENERGY + b"\x0c\x06" + bcd("00037352"),
            "collect.map_error",
            "records 0, 1 are all energy and differ",
        ),
        (
            "{quantity: energy}",
            b"\x3c\x06" + bcd("99999999"),
            "collect.not_available",
            "marks record 0 (energy) as no measurement",
        ),
        (
            "{index: 0, quantity: energy}",
            b"\x0c\x06\xff\xff\xff\xff",
            "collect.not_available",
            "has no number: FFFFFFFF is no number",
        ),
        (
            "{index: 0, quantity: volume}",
            b"\x0c\xfb\x21" + bcd("00000042"),  # tenths of a cubic foot
            "collect.map_error",
            "is in feet^3, expected",
        ),
        (
            "{index: 0, quantity: energy}",
            b"\x06\xfb\x01" + b"\xff\xff\xff\xff\xff\x0f",  # 17.6 Tera-MWh
            "collect.out_of_range",
            "cannot be a value of this point",
        ),
        (
            "{index: 0, quantity: energy}",
            b"\x04\x06\xff\xff\xff\xff",  # all ones are -1
            "collect.out_of_range",
            "a counter is never below zero",
        ),
    ],
)
async def test_a_record_that_is_not_what_the_profile_expects_is_a_finding(
    tmp_path: Path, record: str, records: bytes, finding: str, text: str
) -> None:
    profile = profile_of(tmp_path, record)
    slave = Slave(5, "10000005", [variable_data("10000005", records)])
    async with converter(slave) as bus:
        plan = plan_of(gateway(bus.port), meter("main", "two-part", unit=5), own=profile)
        made = await one_round(plan)

    assert made.readings == ()
    name = "volume" if "volume}" in record else "heat_energy"
    assert findings(made) == [(finding, f"school.main/{name}")]
    assert text in made.findings[0].message


async def test_the_same_energy_twice_is_no_contradiction(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, "{quantity: energy}")
    slave = Slave(5, "10000005", [variable_data("10000005", ENERGY + ENERGY)])
    async with converter(slave) as bus:
        plan = plan_of(gateway(bus.port), meter("main", "two-part", unit=5), own=profile)
        made = await one_round(plan)

    assert values(made) == {"heat_energy": 37351.0}


async def test_joules_are_counted_as_kilowatt_hours(tmp_path: Path) -> None:
    """36 GJ = 10,000 kWh exactly."""
    profile = profile_of(tmp_path, "{quantity: energy}")
    joules = b"\x0c\x0e" + bcd("00036000")  # 10^6 J
    async with converter(Slave(5, "10000005", [variable_data("10000005", joules)])) as bus:
        plan = plan_of(gateway(bus.port), meter("main", "two-part", unit=5), own=profile)
        made = await one_round(plan)

    assert values(made) == pytest.approx({"heat_energy": 10_000.0})


async def test_another_meter_at_the_same_address_is_an_event_once() -> None:
    slave = heat_slave(5, "01234567")
    async with converter(slave) as bus:
        plan = plan_of(gateway(bus.port), meter("main", unit=5))
        known = {"school.main": "1234567"}  # as a person writes it, without the zero
        task = task_for(plan, known_serials=known)
        same = await task.read_round(START)
        slave.telegrams = [variable_data("76543210", HEAT)]
        other = await task.read_round(START)
        again = await task.read_round(START)
        await task.close()

    assert same.events == again.events == ()
    (event,) = other.events
    assert (event.subject, event.name) == ("school.main", SWAPPED)
    assert event.facts == {"old_serial": "01234567", "new_serial": "76543210"}
    assert values(other) == pytest.approx(HEAT_VALUES)


async def test_a_meter_exchanged_while_no_collector_ran_is_noticed(tmp_path: Path) -> None:
    """Nobody has written its number into the configuration: the collector remembers it."""
    store, slave = MemoryStore(), heat_slave(5, "01234567")
    async with converter(slave) as bus:
        more = {"transport": "mbus_tcp", "timeout_s": PATIENT_S}
        device = {"carrier": "heat_cold", "device": "mbus-generic-heat", "unit": 5}
        town = installation(bus.port, gateway=more, **device)
        for number in ("01234567", "01234567", "76543210"):
            slave.telegrams = [variable_data(number, HEAT)]
            with closing(Spool(tmp_path / "a.spool")) as spool:
                await Collector(town, store, spool).collect_once()

    (event,) = [e for e in store.events if e.name == SWAPPED]
    assert event.facts == {"old_serial": "01234567", "new_serial": "76543210"}


async def test_a_counter_at_zero_out_of_the_blue_is_suspect_until_it_stays() -> None:
    slave = heat_slave(5)
    zero = [variable_data("10000005", b"\x0c\x06" + bcd("00000000") + HEAT[6:])]
    async with converter(slave) as bus:
        task = task_for(plan_of(gateway(bus.port), meter("main", unit=5)))
        await task.read_round(START)
        slave.telegrams = zero
        rounds = [await task.read_round(START) for _ in range(3)]
        await task.close()

    energy = [next(r for r in made.readings if "heat_energy" in r.point) for made in rounds]
    assert [r.value for r in energy] == [0.0, 0.0, 0.0]
    assert [r.quality for r in energy] == [Quality.SUSPECT, Quality.SUSPECT, Quality.GOOD]
    assert findings(rounds[0]) == [("collect.suspect", "school.main/heat_energy")]


async def test_more_power_than_can_pass_the_meter_is_suspect() -> None:
    """34.7 kW and 0.543 m3/h, where 20 kW and 2 m3/h are rated."""
    rated = {"rated_power_kw": 20, "rated_flow_m3_h": 2}
    async with converter(heat_slave(5)) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("main", unit=5, **rated)))

    suspects = [r.point for r in made.readings if r.quality is Quality.SUSPECT]
    assert suspects == ["school.main/heat_power"]
    assert "is more than can pass" in made.findings[0].message


async def test_two_measuring_positions_share_a_meter(tmp_path: Path) -> None:
    """Heat, and the cooling that a heat and cold meter counts beside it (VIFE 3C)."""
    cooling = b"\x0c\x86\x3c" + bcd("00000042")
    profile = profile_of(
        tmp_path,
        "{quantity: energy}",
        "  - {name: cooling_energy, record: {quantity: energy, vife: [0x3C]}, unit: kWh, "
        "quantity: cooling_energy, kind: counter, resolution: 1}\n",
    )
    slave = Slave(5, "10000005", [variable_data("10000005", ENERGY + cooling)])
    async with converter(slave) as bus:
        made = await one_round(
            plan_of(
                gateway(bus.port),
                meter("main", "two-part", unit=5, register="heat_energy"),
                meter("cold", "two-part", unit=5, register="cooling_energy"),
                own=profile,
            )
        )

    assert values(made) == {"heat_energy": 37351.0}
    assert values(made, "cold") == {"cooling_energy": 42.0}
    assert slave.asked == 1
    assert made.units[0].meters == ("school.main", "school.cold")


async def test_a_converter_that_is_not_there_is_a_gateway_down() -> None:
    made = await one_round(plan_of(gateway(await free_port()), meter("main", unit=5)))

    assert not made.reached
    assert findings(made) == [("collect.gateway_down", "bus")]
    assert "is the port right" in made.findings[0].message


async def test_a_line_that_is_cut_is_told_and_opened_again_for_the_next_meter() -> None:
    slaves = [heat_slave(1), heat_slave(2)]
    slaves[0].faults.append(Fault.CUT)
    async with converter(*slaves) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("a", unit=1), meter("b", unit=2)))

    assert findings(made) == [("collect.connection_lost", "school.a")]
    assert values(made, "b") == pytest.approx(HEAT_VALUES)
    assert bus.connections == 2


async def test_what_came_too_late_is_not_taken_for_the_next_answer() -> None:
    """After a failure the line is listened to until it is still; then the request is made."""
    async with converter(heat_slave(1), heat_slave(2)) as bus:
        line = MbusLine("127.0.0.1", bus.port, PATIENT_S)
        await line.connect()
        for address in (1, 2):
            assert await line.ask(reset(address), "meter") == b"\xe5"
            await bus.say(long_frame(1, variable_data("10000001", ENERGY)))
            await line.wait_for_quiet()
        assert await line.ask(reset(2), "meter") == b"\xe5"
        await line.close()
        with pytest.raises(ConnectionFailed, match="meter 2: not connected"):
            await line.ask(reset(2), "meter 2")


async def test_a_battery_is_spared_whatever_is_asked_for() -> None:
    """Marks every minute, a poll period of a quarter of an hour: two answers in 20 minutes."""
    slave, made = heat_slave(5), asyncio.Queue[Round]()
    async with converter(slave) as bus:
        plan = plan_of(gateway(bus.port, fast_period_s=60), meter("main", unit=5))
        task = MbusTask(plan, made.put, Clock())
        running = asyncio.create_task(task.run())
        first = None
        for minute in range(20):
            task.request_round(START + timedelta(minutes=minute))
            if minute in (0, 15):
                first = await asyncio.wait_for(made.get(), 60)
                assert values(first) == pytest.approx(HEAT_VALUES)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert slave.asked == 2
    assert made.empty()
    assert first is not None
    assert first.due == START + timedelta(minutes=15)


async def test_marks_are_never_stacked() -> None:
    async with converter(heat_slave(5)) as bus:
        made: asyncio.Queue[Round] = asyncio.Queue()
        task = MbusTask(plan_of(gateway(bus.port), meter("main", unit=5)), made.put, Clock())
        for quarter in range(3):
            task.request_round(START + timedelta(minutes=15 * quarter))
        running = asyncio.create_task(task.run())
        only = await asyncio.wait_for(made.get(), 60)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert (only.coalesced, only.due) == (2, START + timedelta(minutes=30))


async def test_a_lost_converter_is_tried_until_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    """Lost once and back once in the log; the round in between is told once."""
    caplog.set_level(logging.INFO, "collectors")
    port = await free_port()
    made: asyncio.Queue[Round] = asyncio.Queue()
    plan = plan_of(gateway(port), meter("main", unit=5))
    task = MbusTask(plan, made.put, Clock(), jitter=lambda: 0.0)
    running = asyncio.create_task(task.run())
    task.request_round(START)
    assert not (await asyncio.wait_for(made.get(), 60)).reached
    async with converter(heat_slave(5), port=port):
        back = await asyncio.wait_for(made.get(), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert values(back) == pytest.approx(HEAT_VALUES)
    assert back.due == START
    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]
    assert caplog.records[1].getMessage() == "gateway bus is back"


async def test_a_stop_keeps_what_was_read_of_the_round_in_hand() -> None:
    made: asyncio.Queue[Round] = asyncio.Queue()
    silent = heat_slave(6)
    silent.dead = True
    async with converter(heat_slave(5), silent) as bus:
        plan = plan_of(gateway(bus.port), meter("main", unit=5), meter("gym", unit=6))
        task = MbusTask(plan, made.put, Clock(), jitter=lambda: 0.0)
        task.request_round(START)
        running = asyncio.create_task(task.run())
        async with asyncio.timeout(60):
            while not any(frame[0] == 0x10 and frame[2] == 6 for frame in bus.frames):
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    cut_off = made.get_nowait()
    assert values(cut_off) == pytest.approx(HEAT_VALUES)
    assert not cut_off.complete


async def test_a_converter_that_went_away_between_two_rounds_is_a_gateway_down() -> None:
    """Its connection was kept open, for the rounds are close together; nobody is asked."""
    slaves = [heat_slave(1), heat_slave(2), heat_slave(3)]
    async with converter(*slaves) as bus:
        there = gateway(bus.port, poll_period_s=30)
        plan = plan_of(there, *(meter(f"m{n}", unit=n) for n in (1, 2, 3)))
        task = task_for(plan)
        await task.read_round(START)
    made = await task.read_round(START)
    await task.close()

    assert not made.reached
    assert findings(made) == [("collect.gateway_down", "bus")]
    assert made.units == ()


async def test_data_instead_of_an_acknowledgement_are_not_taken() -> None:
    class Eager(Slave):
        def hear(self, control: int, address: int, rest: bytes) -> bytes | Fault | None:
            return super().hear(0x7B, address, rest)

    async with converter(Eager(5, "10000005", [variable_data("10000005", HEAT)])) as bus:
        made = await one_round(plan_of(gateway(bus.port), meter("main", unit=5)))

    assert made.readings == ()
    assert "instead of an acknowledgement" in made.findings[0].message


async def test_a_defect_is_told_and_the_task_lives_on(caplog: pytest.LogCaptureFixture) -> None:
    """A clock that breaks once stands for any defect of ours."""
    made: asyncio.Queue[Round] = asyncio.Queue()
    good = Clock()
    looks = 0

    def clock() -> datetime:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("no time")
        return good()

    async with converter(heat_slave(5)) as bus:
        task = MbusTask(plan_of(gateway(bus.port), meter("main", unit=5)), made.put, clock)
        running = asyncio.create_task(task.run())
        task.request_round(START)
        failed = await asyncio.wait_for(made.get(), 60)
        task.request_round(START + timedelta(minutes=15))
        after = await asyncio.wait_for(made.get(), 60)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert findings(failed) == [("collect.failed", "bus")]
    assert values(after) == pytest.approx(HEAT_VALUES)
    assert "the round failed" in caplog.text


async def test_a_sink_that_fails_does_not_end_the_task(caplog: pytest.LogCaptureFixture) -> None:
    asked: asyncio.Queue[Round] = asyncio.Queue()

    async def sink(made: Round) -> None:
        await asked.put(made)
        raise RuntimeError("no room")

    async with converter(heat_slave(5)) as bus:
        task = MbusTask(plan_of(gateway(bus.port), meter("main", unit=5)), sink, Clock())
        running = asyncio.create_task(task.run())
        for quarter in range(2):
            task.request_round(START + timedelta(minutes=15 * quarter))
            assert (await asyncio.wait_for(asked.get(), 60)).readings
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert "could not be handed over" in caplog.text


def test_a_plan_is_the_bus_in_order_and_comparable() -> None:
    there = gateway(10001)
    meters = [
        meter("c", secondary_address="11223344"),
        meter("b", unit=9),
        meter("a", unit=2),
    ]

    plan = plan_of(there, *meters)

    assert [u.name for u in plan.units] == ["2", "9", "11223344"]
    assert [m.id for m in plan.meters] == ["school.a", "school.b", "school.c"]
    assert plan.baud == 2400
    assert plan == plan_of(there, *meters)
    assert plan != plan_of(there, *meters[1:])


def test_what_is_no_meter_on_an_mbus_cannot_be_planned() -> None:
    sdm = load_device(FOLDER / "eastron-sdm120.yaml")
    with pytest.raises(DataError, match=r"school\.main: device eastron-sdm120 is no M-Bus meter"):
        plan_mbus(gateway(1), [meter("main", "eastron-sdm120")], {"eastron-sdm120": sdm})
    pulses = meter("main", "mbus-generic-water", pulse={"weight": 1, "unit": "l"})
    with pytest.raises(DataError, match="pulse: has no meaning on an M-Bus"):
        plan_of(gateway(1), pulses)


async def test_an_installation_with_a_bus_is_collected_into_the_store(
    small: SmallInstallation, tmp_path: Path
) -> None:
    """From the files of a town to readings that its accounting knows by name and unit."""
    slaves = [
        Slave(3, "30000003", [mbus_telegrams.KAMSTRUP_MULTICAL_601[6:-2]]),
        Slave(0, "70112345", [mbus_telegrams.ELS_FALCON[6:-2]]),
    ]
    async with converter(*slaves) as bus:
        small.write({"cities/porto/meters.yaml": BUS_IN_TOWN.format(port=bus.port)})
        town = load_installation(small.root)
        with (
            closing(SqliteStore(tmp_path / "readings.sqlite")) as store,
            closing(Spool(tmp_path / "spool.sqlite")) as spool,
        ):
            collector = Collector(town, store, spool, Clock())
            (made,) = await collector.collect_once()
            heat, water = (town.register(town.meter(f"scuola.{n}")) for n in ("calore", "acqua"))
            latest = store.latest([heat.point, water.point])

    assert made.findings == ()
    assert (heat.point, heat.unit) == ("scuola.calore/heat_energy", "kWh")
    assert (water.point, water.unit) == ("scuola.acqua/volume", "m3")
    assert latest[heat.point].value == pytest.approx(37351.0)
    assert latest[water.point].value == pytest.approx(1234.567)


BUS_IN_TOWN = """\
gateways:
  - {{id: gw-cantina, host: 127.0.0.1, port: {port}, transport: mbus_tcp, timeout_s: 20}}
meters:
  - id: scuola.calore
    carrier: heat_cold
    device: mbus-generic-heat
    gateway: gw-cantina
    unit: 3
  - id: scuola.acqua
    measures: water
    device: mbus-generic-water
    gateway: gw-cantina
    secondary_address: "70112345"
"""


def profile_of(tmp_path: Path, record: str, *more: str, max_telegrams: int = 1) -> MbusProfile:
    """A heat meter that tells its energy or volume in the record of that description."""
    path = tmp_path / "two-part.yaml"
    name, unit = ("volume", "m3") if "volume}" in record else ("heat_energy", "kWh")
    path.write_text(
        "schema: mbusdev/1\nid: two-part\nvendor: Test\nmodels: [T1]\nkind: heat_meter\n"
        f"confidence: high\nread: {{max_telegrams: {max_telegrams}}}\nsources: [a test]\npoints:\n"
        f"  - {{name: {name}, record: {record}, unit: {unit}, quantity: {name}, "
        "kind: counter, resolution: 1}\n" + "".join(more)
    )
    return load_mbus_profile(path)
