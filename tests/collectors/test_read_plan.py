"""Plans: as few requests as the device allows, and nothing torn apart."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from shipped_profiles import FILES, shipped

from collectors.devices.profile import DeviceProfile, load_profile
from collectors.modbus.blocks import Block, Limits, smallest, split
from collectors.modbus.read_plan import (
    EVERY_CLASS,
    USUAL_POINTS,
    PollClass,
    UnitPlan,
    period_of,
    plan,
    plan_gateway,
    points_to_read,
)
from paes.errors import DataError
from paes.gateways import Gateway
from paes.meters import FieldMeter

MODBUS = [path for path in FILES if not path.name.startswith(("mbus-", "mqtt-"))]
FIXED = [path for path in MODBUS if not load_profile(path).is_relative]


def meter(**fields: Any) -> FieldMeter:
    return FieldMeter.model_validate(
        {"id": "school.main", "carrier": "electricity", "device": "d", "gateway": "g", **fields}
    )


def profile(*points: tuple[str, int, str], **read: Any) -> DeviceProfile:
    """A device of points (name, address, type) with the given read limits."""
    return DeviceProfile.model_validate(
        {
            "schema": "mbdev/1",
            "id": "d",
            "vendor": "Test",
            "models": ["T1"],
            "kind": "electricity_meter",
            "confidence": "high",
            "sources": ["a manual"],
            "read": read,
            "defaults": {"fc": 3, "order": "ABCD"},
            "points": [
                {"name": n, "address": a, "type": t, "unit": "", "kind": "gauge"}
                for n, a, t in points
            ],
        }
    )


def spans(blocks: list[Block]) -> list[tuple[int, int]]:
    return [(b.address, b.count) for b in blocks]


def test_near_points_share_a_request_and_far_ones_do_not() -> None:
    device = profile(("a", 0, "f32"), ("b", 33, "u16"), ("c", 66, "u16"))
    assert spans(plan(device, device.points)) == [(0, 34), (66, 1)]  # holes of 31 and of 32


def test_profile_decides_the_gap() -> None:
    device = profile(("a", 0, "u16"), ("b", 5, "u16"), max_gap=3)
    assert spans(plan(device, device.points)) == [(0, 1), (5, 1)]
    assert spans(plan(device, device.points, max_gap=4)) == [(0, 6)]


def test_request_is_never_longer_than_the_device_allows() -> None:
    device = profile(*((f"p{i}", 2 * i, "u32") for i in range(12)), max_registers=10)
    assert spans(plan(device, device.points)) == [(0, 10), (10, 10), (20, 4)]


def test_device_that_answers_one_value_a_request_gets_one_value_a_request() -> None:
    device = shipped("kamstrup-multical-602-legacy")
    blocks = plan(device, device.points)
    assert len(blocks) == len(device.points)


def test_functions_are_not_mixed() -> None:
    device = profile(("a", 0, "u16"), ("b", 1, "u16"))
    b = device.points[1].model_copy(update={"fc": 4})
    assert [(x.function_code, x.address) for x in plan(device, [device.points[0], b])] == [
        (3, 0),
        (4, 1),
    ]


@pytest.mark.parametrize("path", FIXED, ids=lambda p: p.stem)
def test_every_point_of_a_shipped_device_is_in_the_plan_with_its_scale_factor(path: Path) -> None:
    device = load_profile(path)
    blocks = plan(device, device.points)
    assert blocks
    for block in blocks:
        assert 1 <= block.count <= device.read.max_registers
        names = {p.name for p in block.points}
        for point in block.points:
            assert block.address <= point.address
            assert point.end <= block.address + block.count
            assert point.scale_from is None or point.scale_from in names
    assert {p.name for b in blocks for p in b.points} == {p.name for p in device.points}


def test_there_are_devices_with_fixed_addresses() -> None:
    assert len(FIXED) >= 25


def test_sunspec_model_cannot_be_planned_before_it_is_found() -> None:
    with pytest.raises(DataError, match="sunspec-103: its addresses count from a place"):
        plan(shipped("sunspec-103"), shipped("sunspec-103").points)


def test_totals_and_power_are_read_and_phases_are_not() -> None:
    names = [p.name for p in points_to_read(meter(), shipped("eastron-sdm630"))]
    assert names == ["active_power", "energy_import", "energy_export"]


def test_heat_meter_brings_its_gauges() -> None:
    names = {p.name for p in points_to_read(meter(), shipped("sontex-supercal-531"))}
    assert {"heat_energy", "volume", "heat_power", "flow_temperature"} <= names
    assert "heat_energy_int" not in names  # a copy that the profile says never to poll


def test_register_that_is_named_is_read_whatever_it_is() -> None:
    device = shipped("solaredge")
    names = [p.name for p in points_to_read(meter(register="meter1_energy_import"), device)]
    assert "meter1_energy_import" in names


def test_pulse_meter_reads_its_channel_only() -> None:
    pulse = {"weight": 1, "unit": "l"}
    device = shipped("wirenboard-wb-mcm8")
    points = points_to_read(meter(register="pulses_3", pulse=pulse), device)
    assert [p.name for p in points] == ["pulses_3"]


def test_pulse_meter_without_its_channel_is_refused() -> None:
    with pytest.raises(DataError, match="8 pulse counters that fit; say which with register:"):
        points_to_read(meter(pulse={"weight": 1, "unit": "l"}), shipped("wirenboard-wb-mcm8"))


def test_device_without_usual_points_asks_for_a_register() -> None:
    with pytest.raises(DataError, match="none of the usual points"):
        points_to_read(meter(), shipped("intesis-dali-gateway"))


def test_unknown_register_is_refused_with_what_there_is() -> None:
    with pytest.raises(DataError, match="no point 'total'; it has voltage_l1"):
        points_to_read(meter(register="total"), shipped("eastron-sdm120"))


def test_meters_in_one_unit_share_its_requests() -> None:
    pulse = {"weight": 10, "unit": "l"}
    common = {"device": "wirenboard-wb-mcm8", "unit": 10, "pulse": pulse}
    gas = meter(id="s.gas", carrier="natural_gas", register="pulses_1", **common)
    water = meter(id="s.water", carrier=None, measures="water", register="pulses_2", **common)
    main = meter(id="s.main", device="eastron-sdm630", unit=1)
    gateway = Gateway(id="g", host="127.0.0.1", timeout_s=0.1)
    profiles = {d: shipped(d) for d in ("eastron-sdm630", "wirenboard-wb-mcm8")}
    made = plan_gateway(gateway, [gas, water, main], profiles)
    assert [(u.unit, [m.id for m in u.meters]) for u in made.units] == [
        (1, ["s.main"]),
        (10, ["s.gas", "s.water"]),
    ]
    assert made.requests == 2
    assert made.units[0].timeout_s == 0.3  # the SDM630 needs longer than the gateway's 0.1 s


def counted(name: str, address: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "address": address, "type": "u16", "unit": "", "kind": "gauge", **more}


def device(*points: dict[str, Any], **fields: Any) -> DeviceProfile:
    base = profile(("unused", 900, "u16")).model_dump(by_alias=True, exclude={"points"})
    return DeviceProfile.model_validate({**base, "points": points, **fields})


def unit_plan(made: DeviceProfile, *meters: FieldMeter, **gateway: Any) -> UnitPlan:
    line = Gateway.model_validate({"id": "g", "host": "127.0.0.1", **gateway})
    (unit,) = plan_gateway(line, meters or (meter(),), {"d": made}).units
    return unit


MIXED = device(
    counted("energy_import", 0, kind="counter"),
    counted("energy_export", 1, kind="counter", poll="slow"),
    counted("active_power", 2),
    counted("flow_temperature", 3, poll="slow"),
)


def test_totals_gauges_and_slow_points_are_classes_of_their_own() -> None:
    unit = unit_plan(MIXED)
    by_class = {c: [p.name for p in unit.points_of([c])] for c in PollClass}
    assert by_class == {
        PollClass.COUNTERS: ["energy_import"],
        PollClass.GAUGES: ["active_power"],
        PollClass.SLOW: ["energy_export", "flow_temperature"],
    }


def test_what_is_accounted_is_never_slow() -> None:
    unit = unit_plan(MIXED, meter(register="energy_export"))
    names = [p.name for p in unit.points_of([PollClass.COUNTERS])]
    assert names == ["energy_import", "energy_export"]


def test_fast_round_asks_for_its_own_registers_only() -> None:
    assert spans(list(unit_plan(MIXED).blocks_of([PollClass.GAUGES]))) == [(2, 1)]


@pytest.mark.parametrize(
    ("gateway", "round_period_s", "gauges_s"),
    [({}, 900, 900), ({"fast_period_s": 10}, 10, 10), ({"poll_period_s": 60}, 60, 60)],
)
def test_rounds_are_asked_for_by_the_shortest_period(
    gateway: dict[str, Any], round_period_s: int, gauges_s: int
) -> None:
    line = Gateway.model_validate({"id": "g", "host": "127.0.0.1", **gateway})
    assert plan_gateway(line, [meter()], {"d": MIXED}).round_period_s == round_period_s
    assert period_of(line, PollClass.GAUGES) == timedelta(seconds=gauges_s)
    assert period_of(line, PollClass.SLOW) == timedelta(hours=1)


def test_slow_line_makes_wide_holes_dear_and_long_rests_make_them_cheap() -> None:
    far = device(
        counted("energy_import", 0),
        counted("active_power", 26),
        link={"transports": ["rtu"]},
    )
    # 9600 8N1: a request costs 20.8 ms and 20 ms of turn-round, a register 2.08 ms: 19 registers.
    assert len(unit_plan(far).blocks) == 2
    assert len(unit_plan(far, pause_ms=50).blocks) == 1
    assert len(unit_plan(far, serial={"device": "x", "baud": 38400}).blocks) == 1


def test_plan_says_how_long_the_line_is_busy() -> None:
    unit = unit_plan(
        device(counted("energy_import", 0), counted("active_power", 9)),
        transport="rtu_over_tcp",
        serial={"device": "x", "baud": 9600},
    )
    # One request of 10 registers: 20 characters, 10 x 2 characters, 20 ms of turn-round.
    assert unit.bus_time_s == pytest.approx(40 * 10 / 9600 + 0.020, rel=1e-3)


def test_block_never_spans_what_the_device_refuses() -> None:
    unit = unit_plan(device(*(counted(n, i) for i, n in enumerate(USUAL_POINTS[:5]))))
    refused = Limits(without=frozenset({USUAL_POINTS[2]}))
    assert spans(list(unit.blocks_of(EVERY_CLASS, refused))) == [(0, 2), (3, 2)]


def test_block_is_halved_between_values_and_never_from_a_scale_factor() -> None:
    made = device(
        *(counted(n, i, scale_from="sf") for i, n in enumerate(USUAL_POINTS[:3])),
        {"name": "sf", "address": 5, "type": "i16", "unit": "", "kind": "scale_factor"},
    )
    (block,) = unit_plan(made).blocks
    halves = split(made, block)
    assert halves is not None
    assert [(h.address, h.count, [p.name for p in h.points]) for h in halves] == [
        (0, 6, ["energy_import", "sf"]),
        (1, 5, ["energy_export", "sf", "active_power"]),
    ]
    assert split(made, halves[0]) is None


def test_smallest_request_is_for_one_value() -> None:
    made = device(
        {**counted("energy_import", 0), "type": "f64"},
        counted("active_power", 4),
    )
    block = smallest(unit_plan(made).blocks, made)
    assert (block.address, block.count) == (4, 1)


def test_sunspec_model_is_planned_by_offsets_until_it_is_found() -> None:
    model = shipped("sunspec-103")
    gateway = Gateway(id="g", host="127.0.0.1")
    (unit,) = plan_gateway(gateway, [meter(measures="generation")], {"d": model}).units
    assert unit.profile.is_relative
    assert len(unit.blocks) == 1
