"""M-Bus profiles: the shipped ones load and fit their meters' telegrams; a wrong one says why."""

from __future__ import annotations

from pathlib import Path

import mbus_telegrams
import pytest
from shipped_profiles import FOLDER

from collectors.device_files import load_device
from collectors.devices.profile import DeviceProfile
from collectors.mbus.profile import MbusProfile, load_mbus_profile
from collectors.mqtt.profile import MqttProfile
from paes.accounted_register import accounted_register, device_counters
from paes.errors import ConfigError, DataError
from paes.meters import FieldMeter

FILES = sorted(FOLDER.glob("mbus-*.yaml"))
HEAD = """\
schema: mbusdev/1
id: a-meter
vendor: Test
models: [T1]
kind: heat_meter
confidence: high
sources: [a manual]
points:
"""
ENERGY = "name: heat_energy, unit: kWh, quantity: heat_energy, kind: counter, resolution: 1"


def profile_of(tmp_path: Path, *points: str) -> MbusProfile:
    path = tmp_path / "a-meter.yaml"
    path.write_text(HEAD + "".join(f"  - {{{p}}}\n" for p in points))
    return load_mbus_profile(path)


def problem(tmp_path: Path, *points: str) -> str:
    with pytest.raises(ConfigError) as caught:
        profile_of(tmp_path, *points)
    return str(caught.value)


def test_the_five_meters_and_the_two_generic_ones_are_shipped() -> None:
    assert {path.stem for path in FILES} == {
        "mbus-elster-sensostar-2",
        "mbus-generic-heat",
        "mbus-generic-water",
        "mbus-itron-cf-51",
        "mbus-landis-uh50",
        "mbus-qundis-q-heat-55",
        "mbus-sharky-775",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_shipped_profile_has_a_register_that_can_be_accounted(path: Path) -> None:
    profile = load_mbus_profile(path)
    is_water = profile.kind == "water_meter"
    meter = FieldMeter.model_validate(
        {"id": "school.main", "device": path.stem, "gateway": "bus"}
        | ({"measures": "water"} if is_water else {"carrier": "heat_cold"})
    )

    register = accounted_register(meter, device_counters(path))

    assert profile.sources
    assert profile.read.min_period_s == 900
    assert register.point == f"school.main/{'volume' if is_water else 'heat_energy'}"
    assert register.unit == ("m3" if is_water else "kWh")
    assert register.resolution == (0.001 if is_water else 1.0)
    assert register.modulus is None


# "Places of power, flow, energy, flow and return temperature", OpenEMS HeatMeterModel.
PLACES = {
    "mbus-itron-cf-51": (3, 4, 1, 5, 6),
    "mbus-qundis-q-heat-55": (14, 10, 0, 11, 12),
    "mbus-landis-uh50": (4, 5, 2, 6, 7),
    "mbus-sharky-775": (4, 5, 0, 6, 7),
    "mbus-elster-sensostar-2": (3, 5, 1, 7, 8),
}


@pytest.mark.parametrize("name", PLACES)
def test_records_stand_where_openems_reads_them(name: str) -> None:
    profile = load_mbus_profile(FOLDER / f"{name}.yaml")
    names = ("heat_power", "flow_rate", "heat_energy", "flow_temperature", "return_temperature")

    assert tuple(profile.point(n).record.index for n in names) == PLACES[name]


@pytest.mark.parametrize(
    ("name", "telegram"),
    [
        ("mbus-itron-cf-51", "itron_cf_51"),
        ("mbus-landis-uh50", "metrona_ultraheat_xs"),
        ("mbus-landis-uh50", "landis_gyr_ultraheat_t230"),
    ],
)
def test_places_agree_with_a_real_meter_of_the_family(name: str, telegram: str) -> None:
    """Two sources that know nothing of each other: OpenEMS's table and libmbus's reading."""
    _, meant = mbus_telegrams.MEANT[telegram]
    for point in load_mbus_profile(FOLDER / f"{name}.yaml").points:
        if point.record.index is not None:
            assert meant.records[point.record.index].quantity == point.record.quantity


def test_any_device_file_is_loaded_by_its_schema(tmp_path: Path) -> None:
    kinds = {type(load_device(path)) for path in sorted(FOLDER.glob("*.yaml"))}
    assert {DeviceProfile, MbusProfile} <= kinds <= {DeviceProfile, MbusProfile, MqttProfile}

    strange = tmp_path / "strange.yaml"
    strange.write_text("id: strange\nschema: bacdev/1\n")
    with pytest.raises(ConfigError, match=r"strange.yaml:2: schema: expected mbdev/1 or mbusdev/1"):
        load_device(strange)
    strange.write_text("id: strange\n")
    with pytest.raises(ConfigError, match="seen None"):
        load_device(strange)


def test_the_file_is_named_after_the_device(tmp_path: Path) -> None:
    path = tmp_path / "another.yaml"
    path.write_text(HEAD + f"  - {{{ENERGY}, record: {{quantity: energy}}}}\n")
    with pytest.raises(ConfigError, match=r"id: expected 'another'"):
        load_device(path)


def test_a_point_must_be_what_its_record_can_measure(tmp_path: Path) -> None:
    assert "'heat_energy' cannot be read from a record of volume; expected volume" in problem(
        tmp_path, f"{ENERGY}, record: {{quantity: volume}}"
    )
    wrong_unit = ENERGY.replace("unit: kWh", "unit: m3")
    assert "heat_energy in 'm3'; expected a unit of kWh" in problem(
        tmp_path, f"{wrong_unit}, record: {{quantity: energy}}"
    )
    no_unit = ENERGY.replace("unit: kWh", "unit: cal")
    assert "unknown unit 'cal'" in problem(tmp_path, f"{no_unit}, record: {{quantity: energy}}")


def test_two_points_read_two_records(tmp_path: Path) -> None:
    first = f"{ENERGY}, record: {{quantity: energy, index: 1}}"
    second = first.replace("heat_energy, unit", "cooling_energy, unit")
    assert "points heat_energy and cooling_energy name the same record" in problem(
        tmp_path, first, second
    )
    assert "point heat_energy is there twice" in problem(tmp_path, first, first)
    both = profile_of(tmp_path, first, second.replace("index: 1", "vife: [0x3C]"))
    assert [p.name for p in both.points] == ["heat_energy", "cooling_energy"]
    with pytest.raises(DataError, match="it has heat_energy, cooling_energy"):
        both.point("volume")


def test_only_a_counter_has_what_counters_have(tmp_path: Path) -> None:
    gauge = "name: heat_power, unit: kW, quantity: heat_power, kind: gauge"
    record = "record: {quantity: power}"
    assert "only a counter has rollover" in problem(tmp_path, f"{gauge}, rollover: 10, {record}")
    assert "a counter says its smallest step" in problem(
        tmp_path, f"{gauge}, resolution: 1, {record}"
    )
    counter = ENERGY.replace(", resolution: 1", "")
    assert "a counter says its smallest step" in problem(
        tmp_path, f"{counter}, record: {{quantity: energy}}"
    )


def test_a_declared_rollover_bounds_the_register(tmp_path: Path) -> None:
    """Eight digits of kWh in a meter set to MJ: 10^8 MJ = 27,777,777.8 kWh."""
    point = ENERGY.replace("unit: kWh", "unit: MJ") + ", rollover: 100000000"
    profile_of(tmp_path, f"{point}, record: {{quantity: energy}}")
    meter = FieldMeter.model_validate(
        {"id": "school.main", "carrier": "heat_cold", "device": "a-meter", "gateway": "bus"}
    )

    register = accounted_register(meter, device_counters(tmp_path / "a-meter.yaml"))

    assert register.modulus == pytest.approx(1e8 / 3.6)
    assert register.resolution == pytest.approx(1 / 3.6)
