"""Profiles of devices that speak over MQTT: what is refused, and what is shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_mqtt_payload import PROFILE, meter, profile

from collectors.mqtt.plan import MqttPlan, passing_doors, plan_mqtt, standing_doors
from collectors.mqtt.profile import MqttProfile, load_mqtt_profile
from paes.accounted_register import accounted_register, device_counters
from paes.errors import ConfigError, DataError
from paes.gateways import Gateway
from paes.meters import FieldMeter
from paes.shipped_files import shipped_config

FILES = sorted((shipped_config() / "devices").glob("mqtt-*.yaml"))
BROKER = Gateway(id="broker", host="127.0.0.1", transport="mqtt")


def plan(device: MqttProfile, *meters: FieldMeter) -> MqttPlan:
    return plan_mqtt(BROKER, meters, {device.id: device})


def test_every_shipped_profile_is_sound_and_has_an_accounted_register() -> None:
    assert len(FILES) >= 4
    for path in FILES:
        device = load_mqtt_profile(path)
        water = device.kind == "water_meter"
        kind = (
            {"measures": "water"} if water else {"carrier": "electricity", "measures": "withdrawal"}
        )
        wanted = FieldMeter.model_validate(
            {"id": "s.m", "device": device.id, "gateway": "broker", "topic": "x", **kind}
        )
        register = accounted_register(wanted, device_counters(path))
        assert register.unit == ("m3" if water else "kWh")
        assert register.point == ("s.m/volume" if water else "s.m/energy_import")
        assert register.resolution <= 0.001


def test_file_is_named_after_its_id(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(FILES[0].read_text())
    with pytest.raises(ConfigError, match="expected 'other'"):
        load_mqtt_profile(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"topic": "water/all"}, "every meter would hear the same messages"),
        ({"topic": "water/{name}"}, "unknown {name}"),
        ({"topic": "{topic}/#"}, "# is not allowed"),
        ({"topic": "{topic}/a+"}, "stands for a whole level"),
        ({"time": {"path": "a..b"}}, "cannot read path"),
        ({"only_with": "a[b"}, "cannot read path"),
        ({"device_id": "a[-1]"}, "neither a number nor key=value"),
        ({"points": [PROFILE["points"][0]] * 2}, "point volume is there twice"),
        ({"points": [{**PROFILE["points"][0], "unit": "kWh"}]}, "expected a unit of m3"),
        ({"points": [{**PROFILE["points"][0], "unit": "gallon"}]}, "unknown unit 'gallon'"),
        ({"points": [{**PROFILE["points"][0], "quantity": "sound"}]}, "unknown quantity"),
        (
            {"points": [{**PROFILE["points"][0], "kind": "gauge", "rollover": 5}]},
            "only a counter has rollover",
        ),
    ],
)
def test_wrong_profile_is_refused_with_its_reason(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("+", r"\+").replace("{", r"\{")):
        profile(**changes)


def test_topic_filter_is_made_of_the_meters_own_words() -> None:
    device = profile(topic="v3/+/devices/{topic}/{serial}/up")
    (unit,) = plan(device, meter(serial="A7")).units
    assert unit.topic_filter == "v3/+/devices/w1/A7/up"
    assert unit.hears("v3/app@tenant/devices/w1/A7/up")
    assert not unit.hears("v3/app@tenant/devices/w1/A7/down")
    assert not unit.hears("v3/app/x/devices/w1/A7/up")


def test_meter_without_what_its_topic_needs_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"meter school.water: meter publishes under .*; say serial:"
    ):
        plan(profile(topic="water/{serial}"), meter())
    with pytest.raises(DataError, match="say which one with serial: or topic:"):
        plan(profile(topic="water/+", device_id="id"), meter(topic=None))
    with pytest.raises(DataError, match="cannot stand in a topic"):
        plan(profile(topic="water/{serial}"), meter(serial="A+"))
    with pytest.raises(DataError, match="no point 'energy'"):
        plan(profile(), meter(register="energy"))


def test_equal_plans_are_equal() -> None:
    assert plan(profile(), meter()) == plan(profile(), meter())
    assert plan(profile(), meter()) != plan(profile(), meter(topic="w2"))


def test_only_devices_with_a_time_of_their_own_are_kept_for_us() -> None:
    live = profile(id="live", time=None, topic="live/{topic}")
    both = plan_mqtt(
        BROKER,
        [meter(), meter(id="school.two", device="live")],
        {"meter": profile(), "live": live},
    )
    kept, passing = standing_doors(both)
    assert (kept.client_id, kept.topic_filters, kept.is_kept) == (
        "paes-broker",
        ("water/w1",),
        True,
    )
    assert kept.session_s == 14 * 86400
    assert (passing.client_id, passing.topic_filters) == ("paes-broker-live", ("live/w1",))
    assert (passing.is_kept, passing.session_s) == (False, 0)
    assert [d.session_s for d in passing_doors(both)] == [0, 0]
    assert {d.client_id for d in passing_doors(both)}.isdisjoint(
        {kept.client_id, passing.client_id}
    )
