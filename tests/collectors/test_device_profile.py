"""Profiles: the shipped ones all load, and a wrong one says where and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from shipped_profiles import FILES, shipped

from collectors.devices.point import ProfileKind
from collectors.devices.profile import DeviceProfile, RegisterType, WordOrder, load_profile
from paes.errors import ConfigError, DataError

NAMED_BY_US = [path for path in FILES if not path.stem.startswith("sunspec-")]

HEAD = """\
schema: mbdev/1
id: {id}
vendor: Test
models: [T1]
kind: electricity_meter
confidence: high
read: {{max_registers: 20}}
defaults: {{fc: 4, order: CDAB, invalid_by_type: {{u16: [65535]}}}}
sources: [a manual]
points:
"""


def profile_of(
    tmp_path: Path, *points: str, name: str = "a-meter", head: str = HEAD
) -> DeviceProfile:
    path = tmp_path / f"{name}.yaml"
    path.write_text(head.format(id="a-meter") + "".join(f"  - {{{p}}}\n" for p in points))
    return load_profile(path)


def problem(tmp_path: Path, *points: str) -> str:
    with pytest.raises(ConfigError) as caught:
        profile_of(tmp_path, *points)
    return str(caught.value)


def test_there_are_profiles_to_test() -> None:
    assert len(FILES) >= 40
    assert len(NAMED_BY_US) >= 25


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_shipped_profile_loads_and_says_where_it_is_known_from(path: Path) -> None:
    profile = load_profile(path)
    assert profile.sources
    assert all(source.strip() for source in profile.sources)


@pytest.mark.parametrize("path", NAMED_BY_US, ids=lambda p: p.stem)
def test_same_quantity_has_same_name_in_every_profile(path: Path) -> None:
    profile = load_profile(path)
    for point in profile.points:
        if point.phase or point.resets or point.poll == "never" or "meter" in point.name:
            continue  # other devices' values and second copies have names of their own
        if point.quantity == "active_energy":
            names = {"import": "energy_import", "export": "energy_export", "sum": "energy_total"}
            assert point.name == names[point.direction or ""]
        if point.quantity in ("heat_energy", "heat_power", "cooling_energy", "frequency"):
            assert point.name == point.quantity


def test_point_takes_the_profiles_defaults(tmp_path: Path) -> None:
    point = profile_of(
        tmp_path, "name: state, address: 3, type: u16, unit: '', kind: state"
    ).points[0]
    assert (point.fc, point.order, point.invalid) == (4, WordOrder.CDAB, (65535,))


def test_point_may_differ_from_the_defaults(tmp_path: Path) -> None:
    point = profile_of(
        tmp_path,
        "name: s, address: 3, type: u16, unit: '', kind: state, fc: 3, order: DCBA, invalid: [0]",
    ).points[0]
    assert (point.fc, point.order, point.invalid) == (3, WordOrder.DCBA, (0,))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("u16", 1),
        ("i16", 1),
        ("u32", 2),
        ("i32", 2),
        ("f32", 2),
        ("u64", 4),
        ("i64", 4),
        ("f64", 4),
    ],
)
def test_width_in_registers(kind: str, words: int) -> None:
    assert RegisterType(kind).words == words


def test_file_is_named_after_its_id(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected 'another' \\(the file\\), 'a-meter'"):
        profile_of(tmp_path, "name: p, address: 0, type: u16, unit: W, kind: gauge", name="another")


def test_unknown_key_is_named_with_its_line(tmp_path: Path) -> None:
    text = problem(tmp_path, "name: p, adress: 0, address: 0, type: u16, unit: W, kind: gauge")
    assert "a-meter.yaml:11: points[0].adress: unknown key" in text


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ("name: p, address: 65535, type: u32, unit: W, kind: gauge", "go beyond 65535"),
        ("name: p, address: 70000, type: u16, unit: W, kind: gauge", "less than or equal to 65535"),
        ("name: p, address: 0, type: u24, unit: W, kind: gauge", "expected 'u16', 'i16'"),
        ("name: p, address: 0, type: u16, unit: W, kind: meter", "'counter', 'gauge'"),
        ("name: p, address: 0, type: u16, unit: W, kind: gauge, order: BACD", "'ABCD'"),
        ("name: p, address: 0, type: u16, unit: Furlong, kind: gauge", "unknown unit 'Furlong'"),
        ("name: p, address: 0, type: u16, unit: W, kind: gauge, fc: 6", "expected 3 or 4"),
        ("name: p, address: 0, type: str, unit: '', kind: text", "how many registers"),
        ("name: p, address: 0, type: u16, count: 2, unit: W, kind: gauge", "how many registers"),
        ("name: p, address: 0, type: u16, unit: W, kind: gauge, rollover: 9", "only a counter"),
        (
            "name: p, address: 0, type: u16, unit: W, kind: gauge, quantity: active_energy",
            "expected a unit of kWh",
        ),
        (
            "name: p, address: 0, type: u16, unit: W, kind: gauge, quantity: force",
            "unknown quantity",
        ),
        ("name: p, address: 0, type: u16, unit: W, kind: gauge, scale_from: sf", "scale_from 'sf'"),
        ("name: p, address: 0, type: str, count: 30, unit: '', kind: text", "takes 30 registers"),
    ],
)
def test_wrong_point_is_refused_with_its_reason(tmp_path: Path, point: str, message: str) -> None:
    assert message in problem(tmp_path, point)


def test_two_points_with_one_name_are_refused(tmp_path: Path) -> None:
    same = "name: p, address: {}, type: u16, unit: W, kind: gauge"
    assert "point p is there twice" in problem(tmp_path, same.format(0), same.format(1))


def test_partly_shared_registers_are_refused(tmp_path: Path) -> None:
    text = problem(
        tmp_path,
        "name: a, address: 0, type: u32, unit: W, kind: gauge",
        "name: b, address: 1, type: u32, unit: W, kind: gauge",
    )
    assert "point b (registers 1 to 2) overlaps a (0 to 1)" in text


def test_same_registers_may_be_read_in_two_ways(tmp_path: Path) -> None:
    profile = profile_of(
        tmp_path,
        "name: status, address: 0, type: u16, unit: '', kind: state",
        "name: alarms, address: 0, type: u16, unit: '', kind: bits",
    )
    assert len(profile.points) == 2


def test_scale_factor_out_of_reach_of_one_request_is_refused(tmp_path: Path) -> None:
    text = problem(
        tmp_path,
        "name: p, address: 0, type: u16, unit: W, kind: gauge, scale_from: sf",
        "name: sf, address: 30, type: i16, unit: '', kind: scale_factor",
    )
    assert "do not fit in one request (31 registers, 20 allowed)" in text


def test_unknown_point_is_answered_with_what_there_is() -> None:
    with pytest.raises(DataError, match=r"no point 'energy'; it has voltage_l1"):
        shipped("eastron-sdm120").point("energy")


def test_sunspec_model_counts_from_a_place_that_must_be_found() -> None:
    assert shipped("sunspec-203").is_relative
    assert not shipped("solaredge").is_relative
    counters = [p.name for p in shipped("sunspec-213").points if p.kind is ProfileKind.COUNTER]
    assert {"TotWhImp", "TotWhExp"} <= set(counters)
