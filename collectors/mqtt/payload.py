"""One message to a meter's readings: what it says, when that was measured, and what is amiss.

::

    bytes ──parsed──> JSON ──is_meant──> of this meter? ──told──> readings and findings

Pure functions. A value exists only where a finite number stands in the message; everything else
is a finding that names the path. Time rules:

- A message with a time of its own: that is the time of its readings, to the second. A message
  that comes late fills a gap; it is stored, and told (``collect.stale``).
- Without one, the time of arrival; but what the broker had kept (retained) is of unknown age and
  never taken (``collect.stale``).
- A time up to 5 minutes ahead is a clock that is a little fast: taken. Up to a day ahead: stored
  as *suspect*, which is kept and never accounted (``collect.suspect``). Further ahead, or older
  than a year: that clock was never set, and there is no reading (``collect.out_of_range``).
- A time that is missing or cannot be read: no reading. A time is never made up.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from collectors.devices.point import ProfileKind
from collectors.devices.registers import stored_name, to_reading_value
from collectors.mqtt.profile import (
    MessageTime,
    MqttPoint,
    MqttProfile,
    NotThere,
    TimeFormat,
    follow,
)
from collectors.round import LARGEST_VALUE
from paes.errors import BadReply
from paes.metering import Finding, Quality, Reading, point_id
from paes.meters import FieldMeter

MOST_BYTES = 64 * 1024
"""No meter says so much at once; a larger message is not even parsed."""
FAST_CLOCK_S = 300.0
WRONG_CLOCK_S = 86400.0
OLDEST_S = 366 * 86400.0
_BYTES_TOLD = 40


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it arrived, at ``at`` (aware UTC)."""

    topic: str
    payload: bytes
    at: datetime
    retained: bool = False
    """The broker had kept it: nobody knows for how long."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a message said of one meter."""

    readings: tuple[Reading, ...] = ()
    findings: tuple[Finding, ...] = ()


def parsed(message: Message) -> Any:
    """The JSON in ``message``; BadReply with its first bytes if it is none or far too long."""
    size = len(message.payload)
    if size > MOST_BYTES:
        raise BadReply(f"a message of {size} bytes; expected at most {MOST_BYTES}")
    try:
        return _writable(json.loads(message.payload))
    except (ValueError, RecursionError) as err:
        start = message.payload[:_BYTES_TOLD]
        more = "…" if size > _BYTES_TOLD else ""
        raise BadReply(f"not JSON, it begins with {start!r}{more}") from err


def _writable(content: Any) -> Any:
    """``content`` with a question mark for each half of a character: JSON lets them pass, but a
    text with one can be written to no file, and findings repeat what stands in a message."""
    text = json.dumps(content, ensure_ascii=False)
    whole = text.encode(errors="replace").decode()
    return content if whole == text else json.loads(whole)


def is_meant(meter: FieldMeter, profile: MqttProfile, content: Any) -> bool:
    """True if ``content`` is of ``meter``, and one of the messages that its profile reads."""
    try:
        if profile.only_with:
            follow(profile.only_with, content)
        named = follow(profile.device_id, content) if profile.device_id else None
    except NotThere:
        return False
    own = [name.casefold() for name in (meter.serial, meter.topic) if name]
    return named is None or str(named).casefold() in own


def told(
    meter: FieldMeter,
    profile: MqttProfile,
    points: Sequence[MqttPoint],
    content: Any,
    message: Message,
) -> Told:
    """What ``content`` (the JSON of ``message``) says of ``points`` of ``meter``."""
    at, quality, finding = _measured_at(meter, profile, content, message)
    if at is None:
        return Told(findings=(finding,) if finding else ())
    items = [_item(meter, point, content, at, quality) for point in points]
    readings = tuple(i for i in items if isinstance(i, Reading))
    findings = tuple(i for i in items if isinstance(i, Finding))
    return Told(readings, findings + ((finding,) if finding else ()))


def _measured_at(
    meter: FieldMeter, profile: MqttProfile, content: Any, message: Message
) -> tuple[datetime | None, Quality, Finding | None]:
    """The time of the readings, how far it can be trusted, and what is to be told of it."""

    def finding(name: str, text: str, **numbers: float) -> Finding:
        return Finding(f"collect.{name}", meter.id, f"{meter.id}: {text}", message.at, numbers)

    if profile.time is None:
        if not message.retained:
            return message.at.replace(microsecond=0), Quality.GOOD, None
        text = "the broker had kept this message, and it does not say when it was measured"
        return None, Quality.STALE, finding("stale", f"{text}; not taken")
    try:
        at = _own_time(profile.time, content)
    except NotThere as err:
        return None, Quality.NOT_AVAILABLE, finding("not_available", f"time of measurement: {err}")
    except ValueError as err:
        text = f"time of measurement at {profile.time.path}: {err}"
        return None, Quality.OUT_OF_RANGE, finding("out_of_range", text)
    age_s = (message.at - at).total_seconds()
    if not -WRONG_CLOCK_S <= age_s <= OLDEST_S:
        text = f"it says that it was measured at {at:%Y-%m-%d %H:%M:%S} UTC; its clock is not set"
        return None, Quality.OUT_OF_RANGE, finding("out_of_range", text, age_s=age_s)
    if age_s < -FAST_CLOCK_S:
        text = f"its clock is {-age_s:.0f} s ahead; kept as suspect, and not accounted"
        return at, Quality.SUSPECT, finding("suspect", text, ahead_s=-age_s)
    if age_s > profile.max_age_s:
        text = f"measured {age_s:.0f} s before it came (expected at most {profile.max_age_s} s)"
        return at, Quality.GOOD, finding("stale", f"{text}; stored under its own time", age_s=age_s)
    return at, Quality.GOOD, None


def _own_time(time: MessageTime, content: Any) -> datetime:
    """When ``content`` says that it was measured; NotThere, or ValueError with what is wrong."""
    written = follow(time.path, content)
    if written is None:
        raise NotThere(f"{time.path} is null")
    if time.format is TimeFormat.ISO8601:
        return _iso_time(written)
    if isinstance(written, bool) or not isinstance(written, int | float):
        raise ValueError(f"{_shown(written)} where a number of {time.format} is expected")
    try:
        seconds = written / 1000 if time.format is TimeFormat.UNIX_MS else written
        return datetime.fromtimestamp(math.floor(seconds), tz=UTC)
    except (ValueError, OverflowError, OSError) as err:
        raise ValueError(f"{_shown(written)} is no time") from err


def _iso_time(written: Any) -> datetime:
    if not isinstance(written, str):
        raise ValueError(f"{_shown(written)} where a text such as 2025-03-30T14:15:00Z is expected")
    try:
        at = datetime.fromisoformat(written)
    except ValueError as err:
        raise ValueError(f"cannot read {_shown(written)}") from err
    if at.tzinfo is None:
        raise ValueError(f"{_shown(written)} has no offset from UTC, so nobody knows when it was")
    try:
        return at.astimezone(UTC).replace(microsecond=0)
    except OverflowError as err:
        raise ValueError(f"{_shown(written)} is no time") from err


def _item(
    meter: FieldMeter, point: MqttPoint, content: Any, at: datetime, quality: Quality
) -> Reading | Finding:
    name = point_id(meter.id, stored_name(meter, point))
    try:
        number = _number(point, follow(point.path, content))
    except NotThere as err:
        return Finding("collect.not_available", name, f"{name}: {err}", at)
    except ValueError as err:
        return Finding("collect.out_of_range", name, f"{name} at {point.path}: {err}", at)
    value = to_reading_value(meter, point, number * point.scale, at)
    if abs(value) > LARGEST_VALUE:
        text = f"{name} at {point.path}: {number} cannot be a value of this point"
        return Finding("collect.out_of_range", name, text, at, {"raw": number})
    return Reading(name, at, value, quality)


def _number(point: MqttPoint, raw: Any) -> float:
    """The finite number ``raw``; NotThere if it says that there is none, ValueError otherwise."""
    if raw is None or any(raw == sign and type(raw) is not bool for sign in point.invalid):
        raise NotThere(f"the device says that it has no value ({point.path} is {_shown(raw)})")
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ValueError(f"{_shown(raw)} where a number is expected")
    if not abs(raw) <= LARGEST_VALUE / min(point.scale, 1):  # so NaN is refused, too
        raise ValueError(f"{_shown(raw)} cannot be a value of this point")
    if point.kind is ProfileKind.COUNTER and raw < 0:
        raise ValueError(f"{_shown(raw)}: a counter is never below zero")
    return float(raw)


def _shown(raw: Any) -> str:
    """A value of the message, as short as a finding can bear."""
    text = json.dumps(raw, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
