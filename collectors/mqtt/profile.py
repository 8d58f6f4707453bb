"""What a device says over MQTT: one file of ``config/devices`` (schema ``mqttdev/1``).

The device speaks when it likes; a profile says under which topic its messages come, where in the
JSON a value stands, and whether the message says when it was measured.

Invariants once loaded: every path can be followed; a meter can be told from its neighbours, by
its topic or by an id within the message; a message that carries its own time is never given
another one.

Read next: ``collectors.mqtt.payload`` (a message to readings) and ``collectors.mqtt.broker`` (the
broker).
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from collectors.devices.device_file import DeviceFile, Unit, load_as, point_named
from collectors.devices.point import QUANTITIES, ProfileKind
from paes.schema import ConfigModel
from paes.units import canonical_unit

__all__ = [
    "JsonPath",
    "MqttPoint",
    "MqttProfile",
    "NotThere",
    "TimeFormat",
    "follow",
    "load_mqtt_profile",
]

_SEGMENT = re.compile(r"([^.\[\]]+)((?:\[[^\[\]]+\])*)")
_BRACKET = re.compile(r"\[([^\[\]]+)\]")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_MOST_KEYS_TOLD = 12

JsonPath = Annotated[str, Field(min_length=1, max_length=200)]
"""``a.b`` (keys), ``a[0]`` (the first of a list), ``a[type=volume].value`` (the one of a list
whose ``type`` is ``volume``)."""


class NotThere(Exception):
    """A path leads nowhere in this message; says how far it led, and what is there instead."""


class TimeFormat(StrEnum):
    """How a message writes when it was measured."""

    ISO8601 = "iso8601"  # with Z or an offset; a local time is refused, for nobody knows whose
    UNIX_S = "unix_s"
    UNIX_MS = "unix_ms"


class MessageTime(ConfigModel):
    """Where the message says when its values were measured."""

    path: JsonPath
    format: TimeFormat = TimeFormat.ISO8601

    @field_validator("path")
    @classmethod
    def _path(cls, path: str) -> str:
        return _checked_path(path)


class MqttPoint(ConfigModel):
    """One quantity of a device: where in the message it stands, and what it means."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=60)]
    path: JsonPath
    unit: Unit
    kind: Literal[ProfileKind.COUNTER, ProfileKind.GAUGE]
    quantity: str | None = None
    phase: Literal["l1", "l2", "l3", "n", "l1l2", "l2l3", "l3l1"] | None = None
    direction: Literal["import", "export", "sum"] | None = None
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Value = number in the message x scale, in ``unit``."""
    resolution: float | None = Field(default=None, gt=0)
    """The device's smallest step, in ``unit``, where it is known."""
    rollover: Annotated[float, Field(gt=0)] | None = None
    """The number in the message goes back to zero when it would reach this."""
    resets: Literal["daily", "yearly"] | None = None
    invalid: tuple[int | float | str, ...] = ()
    """What the device sends when it has no value, besides null."""
    verify: bool = False
    """Only one weak source, or a setting of the decoder: compare with the display."""
    note: str | None = None

    @field_validator("path")
    @classmethod
    def _path(cls, path: str) -> str:
        return _checked_path(path)

    @model_validator(mode="after")
    def _coherent(self) -> MqttPoint:
        if self.quantity is not None and self.quantity not in QUANTITIES:
            raise ValueError(
                f"unknown quantity {self.quantity!r}; expected {', '.join(QUANTITIES)}"
            )
        expected = QUANTITIES.get(self.quantity or "")
        if expected is not None and canonical_unit(self.unit) != expected:
            raise ValueError(f"{self.quantity} in {self.unit!r}; expected a unit of {expected}")
        if (self.rollover or self.resets) and self.kind is not ProfileKind.COUNTER:
            raise ValueError(f"only a counter has rollover or resets, this is a {self.kind}")
        return self


class MqttProfile(DeviceFile):
    """Everything known about the messages of one family of devices."""

    schema_version: Literal["mqttdev/1"] = Field(alias="schema")
    topic: Annotated[str, Field(min_length=1, max_length=200)]
    """Where it publishes: ``{topic}`` and ``{serial}`` stand for those of the meter, ``+`` for
    any one level."""
    device_id: JsonPath | None = None
    """Where the message names its device (the meter's ``serial`` or ``topic``), if the topic
    does not; upper and lower case are the same."""
    only_with: JsonPath | None = None
    """A message without this is none of ours (a join, a change of another component)."""
    time: MessageTime | None = None
    """None: the device does not say; its readings are stamped on arrival, and what a broker
    kept for us is not taken."""
    max_age_s: Annotated[int, Field(gt=0)] = 86400
    """A message that comes later than this after it was measured is told as late."""
    points: tuple[MqttPoint, ...] = Field(min_length=1)

    def point(self, name: str) -> MqttPoint:
        """The point called ``name``; DataError with what there is."""
        return point_named(self.id, self.points, name)

    @field_validator("device_id", "only_with")
    @classmethod
    def _path(cls, path: str | None) -> str | None:
        return path and _checked_path(path)

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> MqttProfile:
        unknown = set(_PLACEHOLDER.findall(self.topic)) - {"topic", "serial"}
        if unknown:
            raise ValueError(f"topic: unknown {{{min(unknown)}}}; expected {{topic}} or {{serial}}")
        if "#" in self.topic or any("+" in p and p != "+" for p in self.topic.split("/")):
            raise ValueError("topic: a + stands for a whole level, and # is not allowed")
        if not self.device_id and not _PLACEHOLDER.search(self.topic):
            raise ValueError(
                "topic: every meter would hear the same messages; put {topic} or {serial} in it, "
                "or say with device_id where the message names its device"
            )
        names = [p.name for p in self.points]
        twice = {n for n in names if names.count(n) > 1}
        if twice:
            raise ValueError(f"point {min(twice)} is there twice")
        return self


def load_mqtt_profile(path: Path) -> MqttProfile:
    """The device file at ``path``; ConfigError with every problem, each with its line."""
    return load_as(path, MqttProfile)


def follow(path: str, message: Any) -> Any:
    """What stands at ``path`` in ``message`` (parsed JSON); NotThere if nothing does."""
    here, led = message, ""
    for key, brackets in _SEGMENT.findall(path):
        here, led = _member(here, key, led), f"{led}.{key}" if led else key
        for inside in _BRACKET.findall(brackets):
            here, led = _item(here, inside, led), f"{led}[{inside}]"
    return here


def _member(here: Any, key: str, led: str) -> Any:
    if not isinstance(here, dict):
        raise NotThere(f"{led or 'the message'} is {_kind(here)}, and has no {key!r}")
    if key not in here:
        raise NotThere(f"no {key!r} in {led or 'the message'}; there is {_keys(here)}")
    return here[key]


def _item(here: Any, inside: str, led: str) -> Any:
    if not isinstance(here, list):
        raise NotThere(f"{led} is {_kind(here)}, expected a list")
    name, is_search, wanted = inside.partition("=")
    if not is_search:
        if int(inside) >= len(here):
            raise NotThere(f"{led} has {len(here)} items, no [{inside}]")
        return here[int(inside)]
    for item in here:
        if isinstance(item, dict) and str(item.get(name)) == wanted:
            return item
    seen = [str(i[name])[:40] for i in here if isinstance(i, dict) and name in i]
    raise NotThere(f"no item with {name}={wanted} in {led}; there is {_listed(seen)}")


def _checked_path(path: str) -> str:
    """``path`` if every step of it can be followed; ValueError if not."""
    for part in _parts(path):
        matched = _SEGMENT.fullmatch(part)
        if matched is None:
            raise ValueError(f"cannot read path {path!r}; expected e.g. object.list[0].value")
        for inside in _BRACKET.findall(matched[2]):
            name, is_search, wanted = inside.partition("=")
            if not (name and wanted if is_search else inside.isdecimal()):
                raise ValueError(f"path {path!r}: [{inside}] is neither a number nor key=value")
    return path


def _parts(path: str) -> list[str]:
    """The path cut at its dots, except at those within brackets."""
    return re.split(r"\.(?![^\[]*\])", path)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else f"{str(value)[:40]!r}"


def _keys(here: dict[str, Any]) -> str:
    return _listed([str(k)[:40] for k in here])


def _listed(names: list[str]) -> str:
    if not names:
        return "nothing"
    more = f" and {len(names) - _MOST_KEYS_TOLD} more" if len(names) > _MOST_KEYS_TOLD else ""
    return ", ".join(names[:_MOST_KEYS_TOLD]) + more
