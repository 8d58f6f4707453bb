"""Silence is the only sign that a device is gone: who is told as silent, and when."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from test_mqtt_payload import NOW, meter, profile
from test_mqtt_profile import BROKER

from collectors.absences import AbsenceBook
from collectors.mqtt.payload import Message
from collectors.mqtt.plan import plan_mqtt
from collectors.mqtt.profile import MqttProfile
from collectors.mqtt.watch import Marked, Watch, span_text
from collectors.round import Round, UnitState
from paes.events import Cause

HOURLY = BROKER.model_copy(update={"poll_period_s": 3600})


def watch(device: MqttProfile, *topics: str) -> Watch:
    meters = [meter(id=f"school.{t}", topic=t) for t in topics or ("w1",)]
    return Watch(plan_mqtt(HOURLY, meters, {device.id: device}), NOW)


def say(of: Watch, minutes: float, topic: str = "water/w1", **content: Any) -> None:
    at = NOW + timedelta(minutes=minutes)
    content = {"at": at.isoformat(), "total": 1, **content}
    of.hear(Message(topic, json.dumps(content).encode(), at), is_kept=True)


def mark(of: Watch, minutes: float, is_open: bool = True) -> Marked:
    return of.mark(NOW + timedelta(minutes=minutes), is_open)


def test_meter_is_silent_after_two_periods_and_told_in_words() -> None:
    heard = watch(profile())
    say(heard, 10)
    assert mark(heard, 130).findings == ()
    (finding,) = mark(heard, 200).findings
    assert (finding.name, finding.subject) == ("collect.no_reply", "school.w1")
    assert "no message for 3 h 10 min; expected every 1 h" in finding.message
    assert finding.numbers == {"silent_s": 11400.0}


def test_meter_that_never_spoke_has_two_periods_of_time() -> None:
    heard = watch(profile())
    early = mark(heard, 120)
    assert (early.findings, early.not_due) == ((), {"school.w1"})
    late = mark(heard, 121)
    assert late.not_due == set()
    assert "no message yet; heard for 2 h 1 min" in late.findings[0].message


def test_round_repeats_what_a_meter_said_last_under_its_own_time() -> None:
    heard = watch(profile())
    say(heard, 10, total=5342)
    for minutes in (15, 60, 130):
        (reading,) = mark(heard, minutes).readings
        assert (reading.at, reading.value) == (NOW + timedelta(minutes=10), 5.342)
    assert mark(heard, 130).not_due == {"school.w1"}


def test_bad_message_is_told_until_a_good_one_comes() -> None:
    heard = watch(profile())
    say(heard, 10, total=None)
    for minutes in (15, 30):
        marked = mark(heard, minutes)
        assert [f.name for f in marked.findings] == ["collect.not_available"]
        assert marked.units[0].state is UnitState.FAILING
        assert marked.not_due == set()
    say(heard, 40)
    assert mark(heard, 45).findings == ()
    assert mark(heard, 45).units[0].state is UnitState.OK


def test_nobody_is_called_silent_while_the_line_is_down() -> None:
    heard = watch(profile(), "w1", "w2")
    say(heard, 10)
    marked = mark(heard, 600, is_open=False)
    assert (marked.readings, marked.findings, marked.not_due) == ((), (), set())


def test_after_a_break_meters_have_two_periods_again() -> None:
    heard = watch(profile())
    say(heard, 10)
    heard.since = NOW + timedelta(hours=10)  # open again
    again = mark(heard, 601)
    assert (again.readings, again.findings, again.not_due) == ((), (), {"school.w1"})
    assert "no message for 11 h 51 min" in mark(heard, 721).findings[0].message


def test_messages_of_another_kind_explain_a_silence() -> None:
    heard = watch(profile(only_with="total"))
    for minutes in (1, 2, 3):
        at = NOW + timedelta(minutes=minutes)
        heard.hear(Message("water/w1", b'{"join": 1}', at), is_kept=True)
    (finding,) = mark(heard, 121).findings
    assert "3 messages without total" in finding.message


def test_refused_topic_is_told_at_once() -> None:
    heard = watch(profile())
    heard.refused = {"water/w1": "the broker does not let us hear water/w1"}
    (finding,) = mark(heard, 1).findings
    assert finding.name == "collect.refused"


def test_messages_of_no_meter_are_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    heard = watch(profile())
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            say(heard, 1, topic="water/stranger")
        heard.hear(Message("water/stranger", b"garbage", NOW), is_kept=True)
    assert heard.unknown == 4
    assert [r.message.count("water/stranger") for r in caplog.records] == [1]


def test_garbage_that_may_be_of_any_device_is_told_of_the_gateway() -> None:
    device = profile(topic="water/all", device_id="id")
    heard = watch(device, "w1", "w2")
    said = heard.hear(Message("water/all", b"garbage", NOW), is_kept=True)
    assert [(unit, f.subject) for unit, what in said for f in what.findings] == [(None, "broker")]


def test_absences_begin_with_silence_and_end_with_a_message() -> None:
    """An hourly meter is not absent between its messages, and is from its last one on."""
    heard = watch(profile())
    book = AbsenceBook()

    def note(minutes: float) -> list[Any]:
        at, marked = NOW + timedelta(minutes=minutes), mark(heard, minutes)
        made = Round(
                "broker", at, at, at, marked.readings, marked.findings, 0, True,
                not_due=marked.not_due,
            )  # fmt: skip
        return book.note(made, heard.plan)

    assert note(0) == []
    say(heard, 10)
    assert note(60) == note(120) == []
    (event,) = note(180)
    assert event.cause is Cause.NO_REPLY
    assert event.start == NOW + timedelta(minutes=10)
    say(heard, 200)
    (ended,) = note(240)
    assert (ended.start, ended.end) == (event.start, NOW + timedelta(minutes=200))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (3600, "1 h"), (11400, "3 h 10 min"), (90061, "1 d 1 h"),
     (86400, "1 d"), (86460, "1 d")],
)  # fmt: skip
def test_spans_are_told_in_two_steps(seconds: float, text: str) -> None:
    assert span_text(seconds) == text
