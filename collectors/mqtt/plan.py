"""What is heard at a broker: which meters, under which topics, which of their values.

Two kinds of devices share a broker. Those that say when they measured are heard over a session
that the broker keeps: what they say while the collector is away comes later, and loses nothing.
Those that do not are heard live only: what a broker held back for them would be stamped with the
wrong time.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from collectors.devices.registers import is_pulse_channel
from collectors.mqtt.profile import MqttPoint, MqttProfile
from paes.errors import DataError
from paes.gateways import Gateway
from paes.meters import FieldMeter

SESSION_S = 14 * 86400
"""A collector may be away for two weeks; how many messages a broker keeps is its own setting."""


@dataclass(frozen=True)
class MqttUnit:
    """One meter behind a broker, and what is read of its messages."""

    meter: FieldMeter
    profile: MqttProfile
    topic_filter: str
    points: tuple[MqttPoint, ...]

    @property
    def address(self) -> str:
        """What it is known by at the broker."""
        return self.meter.topic or self.meter.serial or self.topic_filter

    @property
    def is_kept(self) -> bool:
        """True if the broker may keep its messages for later: they say when they were measured."""
        return self.profile.time is not None

    def hears(self, topic: str) -> bool:
        """True if a message under ``topic`` may be of this meter."""
        wanted, given = self.topic_filter.split("/"), topic.split("/")
        return len(wanted) == len(given) and all(
            w in ("+", g) for w, g in zip(wanted, given, strict=True)
        )


@dataclass(frozen=True)
class MqttPlan:
    """Everything that is heard at one broker."""

    gateway: Gateway
    units: tuple[MqttUnit, ...]

    @property
    def meters(self) -> tuple[FieldMeter, ...]:
        """The meters behind the broker."""
        return tuple(unit.meter for unit in self.units)

    def topic_filters(self, is_kept: bool) -> tuple[str, ...]:
        """What to subscribe to, each once: with a session that the broker keeps, or live."""
        return tuple(sorted({u.topic_filter for u in self.units if u.is_kept is is_kept}))


def plan_mqtt(
    gateway: Gateway, meters: Iterable[FieldMeter], profiles: Mapping[str, MqttProfile]
) -> MqttPlan:
    """The plan for ``meters`` behind the broker ``gateway``; ``profiles`` by device id.

    Raises DataError for a meter that cannot be told from the others, or has nothing to read.
    """
    units = [_unit(meter, profiles[meter.device]) for meter in meters]
    return MqttPlan(gateway, tuple(sorted(units, key=lambda u: u.meter.id)))


def _unit(meter: FieldMeter, profile: MqttProfile) -> MqttUnit:
    if profile.device_id and not (meter.serial or meter.topic):
        raise DataError(
            f"meter {meter.id}: {profile.id} names its device within the message "
            f"({profile.device_id}); say which one with serial: or topic:"
        )
    return MqttUnit(meter, profile, _topic_filter(meter, profile), _points(meter, profile))


def _topic_filter(meter: FieldMeter, profile: MqttProfile) -> str:
    topic = profile.topic
    for key, value in (("topic", meter.topic), ("serial", meter.serial)):
        if f"{{{key}}}" not in topic:
            continue
        if not value:
            raise DataError(f"meter {meter.id}: {profile.id} publishes under {topic}; say {key}:")
        if any(sign in value for sign in "+#\0"):
            raise DataError(f"meter {meter.id}: {key} {value!r} cannot stand in a topic")
        topic = topic.replace(f"{{{key}}}", value)
    return topic


def _points(meter: FieldMeter, profile: MqttProfile) -> tuple[MqttPoint, ...]:
    """All that the profile names, for hearing costs nothing; of a pulse meter its channel."""
    if meter.register_name:
        profile.point(meter.register_name)
    if not meter.pulse:
        return profile.points
    channels = tuple(p for p in profile.points if is_pulse_channel(meter, p))
    if len(channels) != 1:
        raise DataError(
            f"meter {meter.id}: {profile.id} has {len(channels)} pulse counters that fit; "
            "say which with register:"
        )
    return channels


@dataclass(frozen=True, slots=True)
class Door:
    """One connection of ours to the broker: under which name, and what it lets in."""

    client_id: str
    topic_filters: tuple[str, ...]
    is_kept: bool
    """True: acknowledged when stored, so that the broker sends again what was cut off."""
    session_s: int
    """How long the broker keeps the session, and what comes meanwhile, while we are away."""


def standing_doors(plan: MqttPlan) -> tuple[Door, ...]:
    """The connections of a collector; their names are the same in every run."""
    kept = Door(f"paes-{plan.gateway.id}", plan.topic_filters(is_kept=True), True, SESSION_S)
    live = Door(f"paes-{plan.gateway.id}-live", plan.topic_filters(is_kept=False), False, 0)
    return tuple(door for door in (kept, live) if door.topic_filters)


def passing_doors(plan: MqttPlan) -> tuple[Door, ...]:
    """Connections for one look, beside a collector that may run: they take nothing from it."""
    mark = secrets.token_hex(4)
    return tuple(
        replace(door, client_id=f"{door.client_id}-{mark}", session_s=0)
        for door in standing_doors(plan)
    )
