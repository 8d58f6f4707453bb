"""SunSpec devices: profiles against SunSpec's own definitions, discovery over real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from shipped_profiles import FILES, shipped
from sunspec2 import device as sunspec_device
from sunspec_devices import SERVERS, SUNS, Serve, Units, chain, common, model, simulator_server

from collectors.devices.point import DevicePoint
from collectors.devices.profile import DeviceProfile
from collectors.devices.registers import Decoded, decode_block
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.read_plan import plan
from collectors.modbus.sunspec import (
    BASES,
    Discovery,
    FoundModel,
    discover,
    located,
    model_name,
    sleeps,
)
from collectors.simulator.framing import Framing
from paes.errors import ConnectionFailed, DataError, NoReply
from paes.gateways import Transport
from paes.metering import Quality

PATIENT_S = 10.0
"""For answers that come."""
SHORT_S = 0.2
"""For answers that never come."""
MODELS = (1, 101, 102, 103, 111, 112, 113, 160, 201, 202, 203, 204, 211, 212, 213, 214)

TYPES = {
    **dict.fromkeys(("uint16", "enum16", "bitfield16", "count", "acc16"), "u16"),
    **dict.fromkeys(("int16", "sunssf"), "i16"),
    **dict.fromkeys(("uint32", "enum32", "bitfield32", "acc32"), "u32"),
    "int32": "i32",
    "float32": "f32",
    "string": "str",
}
UNITS = {"Pct": "%", "C": "degC", "Secs": "s", "PF": "1", None: ""}


@asynccontextmanager
async def connected(
    port: int, framing: Transport = Transport.TCP
) -> AsyncIterator[ModbusConnection]:
    connection = ModbusConnection("127.0.0.1", port, framing, PATIENT_S)
    await connection.connect()
    yield connection
    await connection.close()


class KnowsTheSilence:
    """A connection that waits briefly where the test knows that nothing comes, else patiently."""

    def __init__(self, connection: ModbusConnection, silent: Callable[[int], bool]) -> None:
        self._line = connection
        self._silent = silent

    @property
    def connected(self) -> bool:
        return self._line.connected

    async def connect(self) -> None:
        await self._line.connect()

    async def read(
        self, function_code: int, unit: int, address: int, count: int, timeout_s: float, /
    ) -> list[int]:
        limit_s = SHORT_S if self._silent(address) else timeout_s
        return await self._line.read(function_code, unit, address, count, limit_s)


async def read_all(
    connection: ModbusConnection, unit: int, profile: DeviceProfile
) -> dict[str, Decoded]:
    values: dict[str, Decoded] = {}
    for block in plan(profile, profile.points):
        words = await connection.read(
            block.function_code, unit, block.address, block.count, PATIENT_S
        )
        values |= decode_block(block.points, block.address, words)
    return values


async def found_and_read(serve: Serve, units: Units, unit: int, name: str) -> dict[str, Decoded]:
    async with serve(units) as port, connected(port) as connection:
        discovery = await discover(connection, unit, PATIENT_S)
        return await read_all(connection, unit, located(shipped(name), discovery))


# --- the profiles and SunSpec's definitions ----------------------------------------------------


def definition(number: int) -> dict[str, Any]:
    path = Path(sunspec_device.models_dir) / "json" / f"model_{number}.json"
    group: dict[str, Any] = json.loads(path.read_text())["group"]
    return group


def test_every_model_that_is_promised_is_there() -> None:
    shipped_models = {p.stem for p in FILES if p.stem.startswith("sunspec-")}
    assert shipped_models == {f"sunspec-{number}" for number in MODELS}


@pytest.mark.parametrize("number", MODELS)
def test_profile_agrees_with_sunspecs_definition_point_by_point(number: int) -> None:
    profile, defined = shipped(f"sunspec-{number}"), definition(number)
    assert profile.base is not None
    assert profile.base.model == number
    assert described(profile.points) == expected(defined["points"])
    assert profile.base.registers == sum(p["size"] for p in defined["points"])
    groups = defined.get("groups", [])
    assert [(g.name, g.registers) for g in profile.repeating] == [
        (g["name"], sum(p["size"] for p in g["points"])) for g in groups
    ]
    for ours, theirs in zip(profile.repeating, groups, strict=True):
        assert described(ours.points) == expected(theirs["points"])


def described(points: Iterable[DevicePoint]) -> list[tuple[object, ...]]:
    return [
        (p.name, p.address, p.type, p.width, p.unit, p.scale_from, p.mandatory, p.values or p.bits)
        for p in points
    ]


def expected(points: Sequence[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """The same of SunSpec's points; padding is none, and reserved numbers mean nothing."""
    found: list[tuple[object, ...]] = []
    address = 0
    for point in points:
        meanings = {
            s["value"]: s["name"].lower().removeprefix("m_event_")
            for s in point.get("symbols", [])
            if "reserved" not in s["name"].lower()
        }
        if point["type"] != "pad":
            unit = UNITS.get(point.get("units"), point.get("units"))
            what = (point["name"], address, TYPES[point["type"]], point["size"], unit)
            is_mandatory = point.get("mandatory") == "M"
            found.append((*what, point.get("sf"), is_mandatory, meanings))
        address += point["size"]
    return found


@pytest.mark.parametrize("number", MODELS)
def test_what_sunspec_calls_not_implemented_is_never_a_number(number: int) -> None:
    words = model(number)
    if number == 160:
        words = model(number, N=1, module=[{}])
    profile = located(
        shipped(f"sunspec-{number}"), Discovery(0, (FoundModel(number, 0, len(words) - 2),))
    )
    for name, decoded in decode_block(profile.points, 0, words).items():
        point = profile.point(name)
        if point.type != "str" and name not in ("ID", "L", "N"):
            assert decoded.value is None, name
            assert decoded.quality is Quality.NOT_AVAILABLE, name


# --- three bases, two servers, day and night ----------------------------------------------------

BY_DAY = {
    "A": 187, "AphA": 62, "AphB": 62, "AphC": 63, "A_SF": -1, "PhVphA": 2301, "PhVphB": 2312,
    "PhVphC": 2298, "V_SF": -1, "W": 4321, "W_SF": 0, "Hz": 4999, "Hz_SF": -2, "WH": 12345678,
    "WH_SF": 1, "TmpCab": 412, "Tmp_SF": -1, "St": 4, "Evt1": 0, "Evt2": 0,
}  # fmt: skip
BY_NIGHT = {"A_SF": -1, "V_SF": -1, "W_SF": 0, "Hz_SF": -2, "WH": 0, "WH_SF": 1, "St": 2}


@pytest.mark.parametrize("serve", SERVERS)
@pytest.mark.parametrize("base", [40000, 50000, 0])
async def test_inverter_is_found_and_read_at_each_base(serve: Serve, base: int) -> None:
    image = chain(common(), model(103, **BY_DAY))
    async with serve({126: {base: image}}) as port, connected(port) as connection:
        discovery = await discover(connection, 126, PATIENT_S)
        values = await read_all(connection, 126, located(shipped("sunspec-103"), discovery))
    assert discovery == Discovery(
        base, (FoundModel(1, base + 2, 66), FoundModel(103, base + 70, 50))
    )
    # by hand: 12345678 x 10^1 Wh, 4999 x 10^-2 Hz, 187 x 10^-1 A
    assert values["WH"].value == 123456780
    assert values["W"].value == 4321
    assert values["Hz"].value == pytest.approx(49.99)
    assert values["A"].value == pytest.approx(18.7)
    assert values["PPVphAB"].quality is Quality.NOT_AVAILABLE  # not implemented in the image


@pytest.mark.parametrize("serve", SERVERS)
@pytest.mark.parametrize("base", [40000, 50000, 0])
async def test_sleeping_inverter_says_nothing_but_that_it_sleeps(serve: Serve, base: int) -> None:
    values = await found_and_read(
        serve, {1: {base: chain(common(), model(103, **BY_NIGHT))}}, 1, "sunspec-103"
    )
    numbers = {n: d.value for n, d in values.items() if d.value is not None}
    factors = {"A_SF": -1, "V_SF": -1, "W_SF": 0, "Hz_SF": -2, "WH_SF": 1}
    assert numbers == {"ID": 103, "L": 50, "St": 2, **factors}
    assert values["WH"].quality is Quality.NOT_AVAILABLE  # acc32: 0 is "no value"


@pytest.mark.parametrize("serve", SERVERS)
async def test_float_inverter_by_night_and_by_day(serve: Serve) -> None:
    day = model(113, W=4321.5, WH=98765432.0, Hz=50.01, St=4)
    night = model(113, WH=0.0, St=1)
    units = {1: {40000: chain(common(), day)}, 2: {40000: chain(common(), night)}}
    values = await found_and_read(serve, units, 1, "sunspec-113")
    assert values["W"].value == 4321.5
    assert values["WH"].value == 98765432  # a multiple of 8 below 2^27: a float32 holds it
    values = await found_and_read(serve, units, 2, "sunspec-113")
    assert {n for n, d in values.items() if d.value is not None} == {"ID", "L", "St"}
    assert values["WH"].quality is Quality.NOT_AVAILABLE


async def test_inverter_that_answers_all_zeros_at_night_has_no_total() -> None:
    asleep = [103, 50, *[0] * 50]
    values = await found_and_read(
        simulator_server, {1: {40000: chain(common(), asleep)}}, 1, "sunspec-103"
    )
    assert values["WH"].value is None


async def test_scale_factor_that_is_missing_takes_its_values_with_it() -> None:
    image = chain(common(), model(103, W=4321, WH=12345678, WH_SF=0))
    values = await found_and_read(simulator_server, {1: {40000: image}}, 1, "sunspec-103")
    assert values["W"].value is None
    assert values["WH"].value == 12345678


async def test_silent_unit_costs_one_time_out_a_base_and_is_told_as_silent() -> None:
    asked: list[tuple[int, int, int]] = []
    async with simulator_server({}, asked=asked) as port, connected(port) as connection:
        discovery = await discover(connection, 3, SHORT_S)
    assert (discovery.base, discovery.models) == (None, ())
    assert isinstance(discovery.failure, NoReply)
    assert [(unit, address) for unit, address, _ in asked] == [(3, base) for base in BASES]


@pytest.mark.parametrize(
    ("framing", "transport"),
    [(Framing.TCP, Transport.TCP), (Framing.RTU, Transport.RTU_OVER_TCP)],
)
async def test_silent_base_is_followed_by_the_next(framing: Framing, transport: Transport) -> None:
    image = chain(common(), model(101, **BY_DAY))

    def silent(address: int) -> bool:
        return address == 40000

    server = simulator_server({1: {50000: image}}, lambda unit, at: silent(at), framing)
    async with server as port, connected(port, transport) as connection:
        discovery = await discover(KnowsTheSilence(connection, silent), 1, PATIENT_S)
    assert discovery.base == 50000
    assert [m.id for m in discovery.models] == [1, 101]
    assert (discovery.error, discovery.failure) == (None, None)


async def test_bases_can_be_chosen_so_that_a_known_one_costs_one_request() -> None:
    asked: list[tuple[int, int, int]] = []
    async with simulator_server({}, asked=asked) as port, connected(port) as connection:
        await discover(connection, 1, SHORT_S, bases=(0,))
    assert [address for _, address, _ in asked] == [0]


async def test_device_that_is_not_sunspec_says_what_stands_at_the_bases() -> None:
    units = {1: {40000: [1, 2], 50000: [0xDEAD, 0xBEEF]}}
    async with simulator_server(units) as port, connected(port) as connection:
        discovery = await discover(connection, 1, PATIENT_S)
    assert discovery.base is None
    assert discovery.failure is None  # it answers
    assert "address 50000 holds DEAD BEEF, not SunS" in (discovery.error or "")
    assert "illegal data address" in (discovery.error or "")


async def test_gateway_that_cannot_be_connected_to_is_no_finding_about_the_unit() -> None:
    async with simulator_server({}) as port:
        connection = ModbusConnection("127.0.0.1", port, timeout_s=PATIENT_S)
    with pytest.raises(ConnectionFailed, match="refused"):
        await discover(connection, 1, PATIENT_S)


# --- chains that break off ----------------------------------------------------------------------


@pytest.mark.parametrize("serve", SERVERS)
async def test_models_found_before_a_refused_head_are_kept(serve: Serve) -> None:
    broken = [*SUNS, *common(), *model(103, **BY_DAY)]  # nothing after it: exception 2
    async with serve({1: {40000: broken}}) as port, connected(port) as connection:
        discovery = await discover(connection, 1, PATIENT_S)
        values = await read_all(connection, 1, located(shipped("sunspec-103"), discovery))
    assert [m.id for m in discovery.models] == [1, 103]
    assert (discovery.error or "").startswith("stopped after 2 models: ")
    assert "illegal data address" in (discovery.error or "")
    assert values["WH"].value == 123456780


async def test_models_found_before_a_silent_head_are_kept() -> None:
    image = chain(common(), model(103, **BY_DAY), model(160, N=1, module=[{}]))

    def silent(address: int) -> bool:
        return address >= 40122

    server = simulator_server({1: {40000: image}}, lambda unit, at: silent(at))
    async with server as port, connected(port) as connection:
        discovery = await discover(KnowsTheSilence(connection, silent), 1, PATIENT_S)
    assert [m.id for m in discovery.models] == [1, 103]
    assert "no answer within 0.2 s" in (discovery.error or "")


async def test_end_without_a_length_is_an_end() -> None:
    image = chain(common(), end=[0xFFFF])
    async with simulator_server({1: {0: image}}) as port, connected(port) as connection:
        discovery = await discover(connection, 1, PATIENT_S)
    assert discovery.error is None
    assert discovery.models == (FoundModel(1, 2, 66),)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ([103, 0], "at address 40070 stands model 103 of 0 registers"),
        ([0, 50], "at address 40070 stands model 0 of 50 registers"),
        ([103, 60000], "model 103 says it has 60000 registers, which ends beyond"),
    ],
)
async def test_head_that_cannot_be_ends_the_walk_and_says_so(head: list[int], message: str) -> None:
    image = [*SUNS, *common(), *head]
    async with simulator_server({1: {40000: image}}) as port, connected(port) as connection:
        discovery = await discover(connection, 1, PATIENT_S)
    assert [m.id for m in discovery.models] == [1]
    assert message in (discovery.error or "")


async def test_memory_that_only_looks_like_a_chain_is_left() -> None:
    image = [*SUNS, *[1] * 1000]
    async with simulator_server({1: {0: image}}) as port, connected(port) as connection:
        discovery = await discover(connection, 1, PATIENT_S)
    assert len(discovery.models) == 100
    assert "there is no end (0xFFFF) in sight" in (discovery.error or "")


async def test_chain_steps_by_the_length_that_the_device_says() -> None:
    short = common()[:67]  # 65 registers, without the padding: both exist in the field
    short[1] = 65
    values = await found_and_read(
        simulator_server, {1: {40000: chain(short, model(103, **BY_DAY))}}, 1, "sunspec-103"
    )
    assert values["WH"].value == 123456780


def test_points_beyond_the_length_are_left_out_with_what_needs_them() -> None:
    # WH is at 24 and 25, its scale factor at 26: a model of 24 registers ends between them.
    cut = located(shipped("sunspec-103"), Discovery(0, (FoundModel(103, 0, 24),)))
    assert cut.point("PF").address == 22
    assert "WH" not in {p.name for p in cut.points}
    assert "DCA" not in {p.name for p in cut.points}


# --- strings, meters, several of one kind -------------------------------------------------------


def strings(count: int, said: int | None) -> list[int]:
    modules = [{"ID": i + 1, "DCW": 100 * (i + 1), "DCWH": 1000 + i} for i in range(count)]
    words = model(160, DCW_SF=-1, DCWH_SF=0, N=said, module=modules)
    assert len(words) == 10 + 20 * count
    return words


@pytest.mark.parametrize("serve", SERVERS)
async def test_strings_are_read_by_number(serve: Serve) -> None:
    image = chain(common(), model(103, **BY_DAY), strings(2, 2))
    values = await found_and_read(serve, {1: {40000: image}}, 1, "sunspec-160")
    assert values["N"].value == 2
    assert values["module_1_DCW"].value == pytest.approx(10.0)
    assert values["module_2_DCW"].value == pytest.approx(20.0)
    assert values["module_2_DCWH"].value == 1001
    assert values["module_2_DCV"].value is None
    assert "module_3_DCW" not in values


async def test_device_says_how_many_of_its_groups_are_strings() -> None:
    images = {1: strings(4, 2), 2: strings(2, None), 3: strings(2, 9)}
    seen = {}
    units = {unit: {40000: chain(common(), words)} for unit, words in images.items()}
    async with simulator_server(units) as port, connected(port) as connection:
        for unit in images:
            discovery = await discover(connection, unit, PATIENT_S)
            points = located(shipped("sunspec-160"), discovery).points
            seen[unit] = sum(p.name.endswith("_DCW") for p in points)
    assert seen == {1: 2, 2: 2, 3: 2}  # what it says, what there is room for


def test_string_too_far_from_its_scale_factor_is_left_out() -> None:
    # String 7 begins at register 130; its factors at 2 to 5 do not fit a request of 125 with it.
    found = Discovery(0, (FoundModel(160, 0, 8 + 20 * 12, 12),))
    names = {p.name for p in located(shipped("sunspec-160"), found).points}
    assert "module_6_DCW" in names
    assert "module_7_DCW" not in names
    assert "module_12_DCSt" in names  # has no factor


def test_point_of_a_string_can_be_named_before_the_device_is_asked() -> None:
    point = shipped("sunspec-160").point("module_3_DCWH")
    assert (point.name, point.address) == ("module_3_DCWH", 10 + 2 * 20 + 12)
    with pytest.raises(DataError, match="module_1_DCWH"):
        shipped("sunspec-160").point("module_0_DCWH")


@pytest.mark.parametrize("number", [201, 202, 203, 204])
@pytest.mark.parametrize("serve", SERVERS)
async def test_meters_are_read(serve: Serve, number: int) -> None:
    meter = model(number, W=-1234, W_SF=0, TotWhExp=55, TotWhImp=987654, TotWh_SF=2)
    image = chain(common(), model(103, **BY_DAY), common("M1", "Fronius", "Smart Meter"), meter)
    values = await found_and_read(serve, {1: {40000: image}}, 1, f"sunspec-{number}")
    assert values["W"].value == -1234
    assert values["TotWhImp"].value == 98765400
    assert values["TotWhExp"].value == 5500


@pytest.mark.parametrize("number", [211, 212, 213, 214])
@pytest.mark.parametrize("serve", SERVERS)
async def test_float_meters_are_read(serve: Serve, number: int) -> None:
    image = chain(common(), model(number, W=-1234.5, TotWhImp=987648.0, TotWhExp=0.0))
    values = await found_and_read(serve, {240: {40000: image}}, 240, f"sunspec-{number}")
    assert values["W"].value == -1234.5
    assert values["TotWhImp"].value == 987648
    assert values["TotWhExp"].value == 0  # a meter that never exported says so


@pytest.mark.parametrize("number", [101, 102, 111, 112])
async def test_single_and_split_phase_inverters_are_read(number: int) -> None:
    day = {"W": 1500, "WH": 4096} | ({"W_SF": 0, "WH_SF": 0} if number < 110 else {})
    image = chain(common(), model(number, **day))
    values = await found_and_read(simulator_server, {1: {0: image}}, 1, f"sunspec-{number}")
    assert (values["W"].value, values["WH"].value) == (1500, 4096)


async def test_one_of_several_equal_models_is_chosen_by_its_number() -> None:
    first = model(203, TotWhImp=1, TotWh_SF=0)
    second = model(203, TotWhImp=2, TotWh_SF=0)
    image = chain(common("A"), first, common("B"), second)
    profile = shipped("sunspec-203")
    assert profile.base is not None
    other = profile.model_copy(update={"base": profile.base.model_copy(update={"occurrence": 2})})
    async with simulator_server({1: {40000: image}}) as port, connected(port) as connection:
        discovery = await discover(connection, 1, PATIENT_S)
        one = await read_all(connection, 1, located(profile, discovery))
        two = await read_all(connection, 1, located(other, discovery))
    assert (one["TotWhImp"].value, two["TotWhImp"].value) == (1, 2)
    assert discovery.common_of(discovery.models[1]) == discovery.models[0]
    assert discovery.common_of(discovery.models[3]) == discovery.models[2]
    third = profile.model_copy(update={"base": profile.base.model_copy(update={"occurrence": 3})})
    with pytest.raises(DataError, match=r"no SunSpec model 203 number 3; models found: 1, 203"):
        located(third, discovery)


def test_missing_model_is_told_with_what_there_is_and_what_stopped_the_search() -> None:
    found = Discovery(40000, (FoundModel(1, 40002, 66),), "stopped after 1 models: silence")
    with pytest.raises(DataError, match=r"no SunSpec model 103; models found: 1; stopped after 1"):
        located(shipped("sunspec-103"), found)
    with pytest.raises(DataError, match=r"describes no SunSpec model"):
        located(shipped("eastron-sdm120"), found)


def test_located_profile_is_one_like_any_other() -> None:
    profile = located(shipped("sunspec-103"), Discovery(40000, (FoundModel(103, 40070, 50),)))
    assert not profile.is_relative
    assert profile.point("W").address == 40084
    assert [(b.address, b.count) for b in plan(profile, profile.points)] == [(40070, 52)]
    assert shipped("sunspec-103").is_relative  # the shipped one is as it was


def test_models_have_names_and_a_makers_own_has_none() -> None:
    assert model_name(103) == "inverter_three_phase"
    assert model_name(60000) is None


def test_what_lives_on_the_sun_sleeps() -> None:
    asleep = {p.stem for p in FILES if p.stem.startswith("sunspec-") and sleeps(shipped(p.stem))}
    assert asleep == {f"sunspec-{n}" for n in (101, 102, 103, 111, 112, 113, 160)}
    assert sleeps(shipped("huawei-sun2000"))
    assert not sleeps(shipped("eastron-sdm120"))
