"""Points that a device has several times: numbered where they are counted, and found by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from field_servers import good_server
from shipped_profiles import FOLDER, shipped

from collectors.devices.profile import DeviceProfile, load_profile
from collectors.devices.registers import decode_block
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.read_plan import plan, points_to_read
from collectors.modbus.sunspec import Discovery, FoundModel, located
from paes.accounted_register import accounted_register, device_counters
from paes.errors import ConfigError, DataError
from paes.meters import FieldMeter

HEAD = """\
schema: mbdev/1
id: lamps
vendor: Test
models: [T1]
kind: lighting_gateway
confidence: high
defaults: {fc: 3, order: ABCD, invalid_by_type: {u16: [65535]}}
sources: [a manual]
"""
GROUP = """\
repeating:
  - name: lamp
    registers: 10
    count: 3
    first: 0
    points:
      - {name: level, address: 4, type: u16, unit: "%", kind: gauge}
"""


def profile_of(folder: Path, text: str) -> DeviceProfile:
    path = folder / "lamps.yaml"
    path.write_text(HEAD + text)
    return load_profile(path)


def test_counted_groups_are_points_like_any_other(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, GROUP)
    assert [(p.name, p.address) for p in profile.points] == [
        ("lamp_0_level", 4),
        ("lamp_1_level", 14),
        ("lamp_2_level", 24),
    ]
    assert {p.invalid for p in profile.points} == {(65535,)}
    assert profile.repeating == ()
    with pytest.raises(DataError, match="no point 'lamp_3_level'"):
        profile.point("lamp_3_level")


def test_point_that_does_not_fit_its_group_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ends at register 11 of its group, which has 10"):
        profile_of(tmp_path, GROUP.replace("address: 4", "address: 10"))


def test_device_without_any_point_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least one point"):
        profile_of(tmp_path, "points: []\n")


def test_base_of_a_sunspec_model_says_which(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="model: 103"):
        profile_of(tmp_path, "base: {kind: sunspec_model, registers: 52}\n" + GROUP)


async def test_luminaires_of_a_dali_gateway_are_read_by_short_address() -> None:
    # The manual (r1.3, 2.4.1): address = 7000 x channel + 100 x short address + signal; signal 5
    # is the status, whose bit 2 says that the lamp is on, 6 the level in per cent.
    profile = shipped("intesis-dali-gateway")
    wanted = [profile.point(f"luminaire_{sa}_{n}") for sa in (0, 17, 63)
              for n in ("ballast_status", "actual_level")]  # fmt: skip
    units = {1: {5: [4, 80], 1705: [0, 0], 6305: [4, 35]}}
    async with good_server(units) as port:
        connection = ModbusConnection("127.0.0.1", port, timeout_s=10)
        await connection.connect()
        levels = {}
        for block in plan(profile, wanted):
            words = await connection.read(3, 1, block.address, block.count)
            for name, decoded in decode_block(block.points, block.address, words).items():
                levels[name] = decoded.value
        await connection.close()
    assert [levels[f"luminaire_{sa}_actual_level"] for sa in (0, 17, 63)] == [80, 0, 35]
    assert levels["luminaire_63_ballast_status"] == 4


def test_registers_that_are_there_to_be_written_are_never_read_through() -> None:
    profile = shipped("intesis-dali-gateway")
    assert len(profile.points) == 64 * 10
    for block in plan(profile, profile.points):
        offsets = {address % 100 for address in range(block.address, block.address + block.count)}
        assert offsets <= {*range(5, 15), *range(80, 90)}  # the manual: R/W from 15, and from 90
        assert block.address + block.count <= 6400


def test_counter_of_one_string_can_be_accounted() -> None:
    counters = device_counters(FOLDER / "sunspec-160.yaml")
    fields = {"carrier": "electricity", "measures": "generation", "device": "sunspec-160"}
    meter = FieldMeter.model_validate(
        {"id": "roof.s2", "gateway": "roof", "unit": 1, "register": "module_2_DCWH", **fields}
    )
    register = accounted_register(meter, counters)
    assert (register.point, register.unit) == ("roof.s2/module_2_DCWH", "kWh")
    assert register.modulus is None  # the device scales it by a power of ten of its own
    assert [p.name for p in points_to_read(meter, shipped("sunspec-160"))] == ["module_2_DCWH"]


def test_string_that_cannot_be_read_with_its_scale_factor_cannot_be_accounted() -> None:
    counters = device_counters(FOLDER / "sunspec-160.yaml")
    found = Discovery(0, (FoundModel(160, 0, 8 + 20 * 12),))
    readable = {p.name for p in located(shipped("sunspec-160"), found).points}
    assert {c.name for c in counters} == {n for n in readable if n.endswith("_DCWH")}
