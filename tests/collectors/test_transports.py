"""Every transport of the configuration gets a plan and a task of its own kind."""

from __future__ import annotations

import pytest
from shipped_profiles import FOLDER

from collectors.device_files import load_device
from collectors.field_task import FieldPlan
from collectors.mbus.task import MbusTask
from collectors.modbus.gateway import GatewayTask
from collectors.mqtt.broker import MqttTask
from collectors.transports import plan_for, round_period_s, task_for
from paes.errors import DataError
from paes.gateways import Gateway, Transport
from paes.meters import FieldMeter
from paes.periods import now_utc

DEVICE_OF = {
    Transport.TCP: "eastron-sdm120",
    Transport.RTU_OVER_TCP: "eastron-sdm120",
    Transport.MBUS_TCP: "mbus-generic-water",
    Transport.MQTT: "mqtt-tts-water",
}
TASK_OF = {Transport.MBUS_TCP: MbusTask, Transport.MQTT: MqttTask}


def plan(transport: Transport, device: str) -> FieldPlan:
    gateway = Gateway(id="gw", host="127.0.0.1", transport=transport, fast_period_s=10)
    meter = FieldMeter.model_validate(
        {"id": "s.m", "device": device, "gateway": "gw", "topic": "m-1",
         "register": "volume" if "water" in device else None,
         **({"measures": "water"} if "water" in device else {"carrier": "electricity"})}
    )  # fmt: skip
    return plan_for(gateway, [meter], {device: load_device(FOLDER / f"{device}.yaml")})


@pytest.mark.parametrize("transport", DEVICE_OF)
async def test_a_gateway_gets_the_task_of_its_transport(transport: Transport) -> None:
    made = plan(transport, DEVICE_OF[transport])
    assert [m.id for m in made.meters] == ["s.m"]
    assert made == plan(transport, DEVICE_OF[transport])
    task = task_for(made, lambda _: None, now_utc, {"s.m": "A"})
    assert type(task) is TASK_OF.get(transport, GatewayTask)
    assert task.plan is made
    await task.close()


@pytest.mark.parametrize("transport", DEVICE_OF)
def test_a_device_that_speaks_something_else_is_told(transport: Transport) -> None:
    wrong = "eastron-sdm120" if not transport.is_modbus else "mbus-generic-water"
    with pytest.raises(DataError, match=f"gateway gw: {wrong} is a device of another kind"):
        plan(transport, wrong)


def test_fast_rounds_are_for_those_who_are_asked_by_modbus() -> None:
    """A heat meter on a battery must not be asked every ten seconds for its energy."""
    periods = {t: round_period_s(plan(t, d)) for t, d in DEVICE_OF.items()}
    assert periods == {
        Transport.TCP: 10,
        Transport.RTU_OVER_TCP: 10,
        Transport.MBUS_TCP: 900,
        Transport.MQTT: 900,
    }
