"""One message to readings: what is taken, what is a finding, and whose time a reading carries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.mqtt.payload import MOST_BYTES, Message, Told, is_meant, parsed, told
from collectors.mqtt.profile import MqttProfile
from paes.errors import BadReply
from paes.metering import Quality
from paes.meters import FieldMeter

NOW = datetime(2025, 3, 30, 12, 0, tzinfo=UTC)
PROFILE: dict[str, Any] = {
    "schema": "mqttdev/1",
    "id": "meter",
    "vendor": "Test",
    "models": ["one"],
    "kind": "water_meter",
    "confidence": "high",
    "topic": "water/{topic}",
    "time": {"path": "at"},
    "sources": ["invented for tests"],
    "points": [
        {"name": "volume", "path": "total", "unit": "l", "kind": "counter", "quantity": "volume"}
    ],
}


def profile(**changes: Any) -> MqttProfile:
    return MqttProfile.model_validate({**PROFILE, **changes})


def point(**changes: Any) -> MqttProfile:
    return profile(points=[{**PROFILE["points"][0], **changes}])


def meter(**fields: Any) -> FieldMeter:
    return FieldMeter.model_validate(
        {"id": "school.water", "measures": "water", "device": "meter", "gateway": "broker",
         "topic": "w1", **fields}
    )  # fmt: skip


def message(content: Any, retained: bool = False) -> Message:
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    payload = text if isinstance(text, bytes) else text.encode()
    return Message("water/w1", payload, NOW, retained)


def said(device: MqttProfile, content: Any, retained: bool = False, **fields: Any) -> Told:
    heard = message(content, retained)
    return told(meter(**fields), device, device.points, parsed(heard), heard)


def at(moment: datetime, total: Any = 5342) -> dict[str, Any]:
    return {"at": moment.isoformat(), "total": total}


def test_value_is_stored_in_the_canonical_unit_under_the_devices_own_time() -> None:
    (reading,) = said(
        profile(), {"at": "2025-03-30T13:59:59.999999999+02:00", "total": 5342}
    ).readings
    assert reading.point == "school.water/volume"
    assert reading.value == 5.342  # 5342 l
    assert reading.at == datetime(2025, 3, 30, 11, 59, 59, tzinfo=UTC)
    assert reading.quality is Quality.GOOD


@pytest.mark.parametrize(
    ("time", "written"),
    [
        ({"path": "at", "format": "unix_s"}, 1743335999.04),
        ({"path": "at", "format": "unix_ms"}, 1743335999040),
        ({"path": "at"}, "2025-03-30T11:59:59Z"),
    ],
)
def test_time_is_read_as_the_profile_says(time: dict[str, str], written: Any) -> None:
    """1743335999 is 2025-03-30 11:59:59 UTC (`date -u -d @1743335999`)."""
    (reading,) = said(profile(time=time), {"at": written, "total": 1}).readings
    assert reading.at == datetime(2025, 3, 30, 11, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "name", "words"),
    [
        ("2025-03-30T13:59:59", "collect.out_of_range", "has no offset from UTC"),
        ("yesterday", "collect.out_of_range", 'cannot read "yesterday"'),
        (1743335999, "collect.out_of_range", "where a text such as"),
        (True, "collect.out_of_range", "true where a text"),
        (None, "collect.not_available", "at is null"),
        ("0001-01-01T00:00:00+23:00", "collect.out_of_range", "is no time"),
    ],
)
def test_time_that_cannot_be_read_is_never_made_up(written: Any, name: str, words: str) -> None:
    what = said(profile(), {"at": written, "total": 1})
    assert what.readings == ()
    assert [f.name for f in what.findings] == [name]
    assert words in what.findings[0].message


@pytest.mark.parametrize("written", ["12", True, float("nan"), 1e300, 10**400])
def test_number_that_is_no_time_is_told(written: Any) -> None:
    what = said(profile(time={"path": "at", "format": "unix_s"}), {"at": written, "total": 1})
    assert what.readings == ()
    assert [f.name for f in what.findings] == ["collect.out_of_range"]


def test_missing_time_names_the_path_and_what_is_there() -> None:
    what = said(profile(), {"total": 1, "battery": 3.6})
    assert what.readings == ()
    assert "no 'at' in the message; there is total, battery" in what.findings[0].message


@pytest.mark.parametrize(
    ("age", "quality", "finding"),
    [
        (timedelta(0), Quality.GOOD, None),
        (timedelta(seconds=-300), Quality.GOOD, None),
        (timedelta(seconds=-301), Quality.SUSPECT, "collect.suspect"),
        (timedelta(hours=-24), Quality.SUSPECT, "collect.suspect"),
        (timedelta(hours=-24, seconds=-1), None, "collect.out_of_range"),
        (timedelta(days=1), Quality.GOOD, None),
        (timedelta(days=1, seconds=1), Quality.GOOD, "collect.stale"),
        (timedelta(days=366), Quality.GOOD, "collect.stale"),
        (timedelta(days=366, seconds=1), None, "collect.out_of_range"),
    ],
)
def test_how_far_a_time_is_believed(
    age: timedelta, quality: Quality | None, finding: str | None
) -> None:
    what = said(profile(), at(NOW - age))
    assert [f.name for f in what.findings] == ([finding] if finding else [])
    assert [r.quality for r in what.readings] == ([quality] if quality else [])
    assert all(r.at == NOW - age for r in what.readings)


def test_clock_that_was_never_set_is_told_so() -> None:
    what = said(profile(), {"at": "1970-01-01T00:33:28Z", "total": 1})
    assert what.readings == ()
    assert "1970-01-01 00:33:28 UTC; its clock is not set" in what.findings[0].message


def test_device_without_a_time_is_stamped_on_arrival() -> None:
    (reading,) = said(profile(time=None), {"total": 5342}).readings
    assert reading.at == NOW


def test_retained_message_is_taken_only_with_a_time_of_its_own() -> None:
    (reading,) = said(profile(), at(NOW - timedelta(hours=1)), retained=True).readings
    assert reading.at == NOW - timedelta(hours=1)
    what = said(profile(time=None), {"total": 5342}, retained=True)
    assert what.readings == ()
    assert [f.name for f in what.findings] == ["collect.stale"]
    assert "not taken" in what.findings[0].message


@pytest.mark.parametrize(
    ("total", "name", "words"),
    [
        ("5342", "collect.out_of_range", '"5342" where a number is expected'),
        (True, "collect.out_of_range", "true where a number is expected"),
        (float("nan"), "collect.out_of_range", "NaN cannot be a value"),
        (float("-inf"), "collect.out_of_range", "-Infinity cannot be a value"),
        (-1, "collect.out_of_range", "a counter is never below zero"),
        (1e16, "collect.out_of_range", "cannot be a value of this point"),
        (10**400, "collect.out_of_range", "cannot be a value of this point"),
        ([1], "collect.out_of_range", "[1] where a number is expected"),
        (None, "collect.not_available", "total is null"),
    ],
)
def test_what_is_no_number_is_a_finding_and_never_zero(total: Any, name: str, words: str) -> None:
    what = said(profile(), at(NOW, total))
    assert what.readings == ()
    assert [(f.name, f.subject) for f in what.findings] == [(name, "school.water/volume")]
    assert words in what.findings[0].message


def test_zero_is_a_measured_zero() -> None:
    (reading,) = said(profile(), at(NOW, 0)).readings
    assert reading.value == 0


def test_value_that_the_profile_calls_invalid_is_not_available() -> None:
    device = point(invalid=[4294967295, "n/a"])
    for sign in (4294967295, "n/a"):
        what = said(device, at(NOW, sign))
        assert [f.name for f in what.findings] == ["collect.not_available"]
    assert said(point(invalid=[1]), at(NOW, True)).findings[0].name == "collect.out_of_range"


def test_missing_value_costs_only_itself() -> None:
    two = [PROFILE["points"][0], {"name": "t", "path": "a.t", "unit": "degC", "kind": "gauge"}]
    what = said(profile(points=two), {"at": NOW.isoformat(), "total": 1, "a": {"x": 1, "y": 2}})
    assert [r.point for r in what.readings] == ["school.water/volume"]
    assert [f.name for f in what.findings] == ["collect.not_available"]
    assert "no 't' in a; there is x, y" in what.findings[0].message


@pytest.mark.parametrize(
    ("path", "content", "value"),
    [
        ("list[1]", {"list": [7, 8]}, 8),
        ("object.m[type=volume].value", {"object": {"m": [{"type": "flow", "value": 1},
                                                          {"type": "volume", "value": 2}]}}, 2),
        ("m[id=3].v", {"m": ["x", {"id": 3, "v": 4}]}, 4),
        ("params.emdata:0.total", {"params": {"emdata:0": {"total": 5}}}, 5),
        ("m[k=a.b][0]", {"m": [{"k": "a.b"}]}, None),
    ],
)  # fmt: skip
def test_paths_lead_through_objects_and_lists(path: str, content: Any, value: Any) -> None:
    what = said(point(path=path), {"at": NOW.isoformat(), **content})
    assert [round(r.value * 1000) for r in what.readings] == ([] if value is None else [value])


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("a[2]", {"a": [1]}, "a has 1 items, no [2]"),
        ("a[k=v]", {"a": [{"k": "x"}, {"k": "y"}]}, "no item with k=v in a; there is x, y"),
        ("a[0]", {"a": 3}, "a is '3', expected a list"),
        ("a.b", {"a": [1]}, "a is a list, and has no 'b'"),
    ],
)  # fmt: skip
def test_path_that_leads_nowhere_says_how_far_it_led(path: str, content: Any, words: str) -> None:
    what = said(point(path=path), {"at": NOW.isoformat(), **content})
    assert words in what.findings[0].message


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"\x00\x01hello", "not JSON, it begins with b'\\x00\\x01hello'"),
        (b"", "not JSON, it begins with b''"),
        (b'{"total": 1', "not JSON"),
        (b"x" * 100, "…"),
        (b"[" * 60000, "not JSON"),
        (b" " * (MOST_BYTES + 1), f"a message of {MOST_BYTES + 1} bytes; expected at most"),
    ],
)
def test_garbage_is_told_with_its_first_bytes(payload: bytes, words: str) -> None:
    with pytest.raises(BadReply) as caught:
        parsed(message(payload))
    assert words in str(caught.value)


@pytest.mark.parametrize("half", [b"\\ud800", b"\xed\xa0\x80"])
def test_half_a_character_spoils_no_finding_and_no_reading(half: bytes) -> None:
    """JSON lets it pass; a spool or a store can write no text with it."""
    start = f'{{"at": "{NOW.isoformat()}", '.encode()
    (reading,) = said(profile(), start + b'"name": "' + half + b'", "total": 5342}').readings
    assert reading.value == 5.342
    strange = said(profile(), start + b'"total": "' + half + b'"}')
    nameless = said(profile(), start + b'"' + half + b'": 1}')
    for finding in (*strange.findings, *nameless.findings):
        assert "?" in finding.message.encode().decode()


def test_json_that_is_no_object_is_told() -> None:
    what = said(profile(time=None), "12.5")
    assert "the message is '12.5', and has no 'total'" in what.findings[0].message


def test_device_is_known_by_what_the_message_says() -> None:
    device = profile(topic="water", device_id="dev.eui")
    for content, expected in [
        ({"dev": {"eui": "ABCD"}}, True),
        ({"dev": {"eui": "ffff"}}, False),
        ({"other": 1}, False),
    ]:
        assert is_meant(meter(serial="abcd", topic=None), device, content) is expected


def test_pulses_and_gas_are_converted_as_for_every_other_meter() -> None:
    pulses = point(unit="pulse", quantity="pulse", name="pulses")
    gas = {"measures": "withdrawal", "carrier": "natural_gas", "volume_correction": 1.02}
    weight = {"weight": 0.1, "unit": "m3", "initial_reading": 100}
    (reading,) = said(pulses, at(NOW, 50), pulse=weight, **gas).readings
    assert reading.point == "school.water/volume"
    assert reading.value == pytest.approx((100 + 50 * 0.1) * 1.02)
