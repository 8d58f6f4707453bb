"""Which plan and which task a gateway needs, by the words that travel over its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from collectors.device_files import AnyProfile
from collectors.devices.profile import DeviceProfile
from collectors.field_task import FieldPlan, FieldTask, Sink
from collectors.mbus.profile import MbusProfile
from collectors.mbus.task import MbusPlan, MbusTask, plan_mbus
from collectors.modbus.gateway import GatewayTask
from collectors.modbus.read_plan import GatewayPlan, plan_gateway
from collectors.mqtt.broker import MqttPlan, MqttTask, plan_mqtt
from collectors.mqtt.profile import MqttProfile
from paes.errors import DataError
from paes.gateways import Gateway, Transport
from paes.meters import FieldMeter
from paes.periods import Clock

P = TypeVar("P")

MakeTask = Callable[[FieldPlan, Sink, Clock, Mapping[str, str]], FieldTask]
"""Makes the task of a plan; the mapping holds the last known serial number by meter."""


def plan_for(
    gateway: Gateway, meters: Iterable[FieldMeter], profiles: Mapping[str, AnyProfile]
) -> FieldPlan:
    """The plan of ``meters`` behind ``gateway``; ``profiles`` by device id.

    Raises DataError for a device that does not speak what the gateway speaks, or that has nothing
    to read.
    """
    behind = list(meters)
    known = {m.device: profiles[m.device] for m in behind}
    if gateway.transport is Transport.MBUS_TCP:
        return plan_mbus(gateway, behind, _all_of(MbusProfile, gateway, known))
    if gateway.transport is Transport.MQTT:
        return plan_mqtt(gateway, behind, _all_of(MqttProfile, gateway, known))
    return plan_gateway(gateway, behind, _all_of(DeviceProfile, gateway, known))


def task_for(
    plan: FieldPlan, sink: Sink, clock: Clock, known_serials: Mapping[str, str]
) -> FieldTask:
    """The task that does what ``plan`` says, its line not yet open."""
    if isinstance(plan, MqttPlan):
        return MqttTask(plan, sink, clock)
    if isinstance(plan, MbusPlan):
        return MbusTask(plan, sink, clock, known_serials)
    assert isinstance(plan, GatewayPlan)
    return GatewayTask(plan, sink, clock, known_serials=known_serials)


def round_period_s(plan: FieldPlan) -> int:
    """How often a round is asked for; a Modbus task knows which points are due in which round."""
    if isinstance(plan, GatewayPlan):
        return plan.round_period_s
    return plan.gateway.poll_period_s


def _all_of(kind: type[P], gateway: Gateway, profiles: Mapping[str, AnyProfile]) -> dict[str, P]:
    """``profiles``, which must all be of ``kind``."""
    fitting: dict[str, P] = {}
    for id_, profile in profiles.items():
        if not isinstance(profile, kind):
            raise DataError(
                f"gateway {gateway.id}: {id_} is a device of another kind than its transport "
                f"{gateway.transport}; see schema: in its file"
            )
        fitting[id_] = profile
    return fitting
