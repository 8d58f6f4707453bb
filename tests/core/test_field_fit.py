"""A device must speak what its gateway speaks, and a meter must be found there."""

from __future__ import annotations

from typing import Any

import pytest
from small_installation import SmallInstallation

from paes.accounted_register import DeviceFile
from paes.config import load_installation
from paes.errors import ConfigError
from paes.field_fit import misfits
from paes.gateways import Gateway
from paes.meters import FieldMeter

POINT = {"name": "volume", "kind": "counter", "unit": "m3", "quantity": "volume"}
MODBUS = DeviceFile.model_validate({"schema": "mbdev/1", "points": [POINT]})
MBUS = DeviceFile.model_validate(
    {"schema": "mbusdev/1", "points": [POINT], "read": {"min_period_s": 900}}
)
BY_TOPIC = DeviceFile.model_validate(
    {"schema": "mqttdev/1", "points": [POINT], "topic": "a/{topic}"}
)
BY_SERIAL = BY_TOPIC.model_copy(update={"topic": "a/{serial}"})
BY_MESSAGE = BY_TOPIC.model_copy(update={"topic": "a/+", "device_id": "id"})


def gateway(transport: str, **fields: Any) -> Gateway:
    return Gateway.model_validate({"id": "gw", "host": "h", "transport": transport, **fields})


def said(device: DeviceFile, there: Gateway, **fields: Any) -> dict[str, str]:
    meter = FieldMeter.model_validate(
        {"id": "school.water", "measures": "water", "device": "a-meter", "gateway": "gw", **fields}
    )
    return dict(misfits(meter, there, device))


def test_a_device_behind_a_gateway_of_its_own_kind_fits() -> None:
    assert said(MODBUS, gateway("tcp")) == {}
    assert said(MODBUS, gateway("rtu_over_tcp")) == {}
    assert said(MBUS, gateway("mbus_tcp"), secondary_address="12345678") == {}
    assert said(BY_TOPIC, gateway("mqtt"), topic="cellar") == {}
    assert said(BY_SERIAL, gateway("mqtt"), serial="A1") == {}
    assert said(BY_MESSAGE, gateway("mqtt"), serial="A1") == {}


@pytest.mark.parametrize(
    ("device", "transport", "sentence"),
    [
        (MODBUS, "mbus_tcp", "a-meter speaks Modbus, and gateway gw (mbus_tcp) speaks M-Bus"),
        (MODBUS, "mqtt", "a-meter speaks Modbus, and gateway gw (mqtt) speaks MQTT"),
        (MBUS, "tcp", "a-meter speaks M-Bus, and gateway gw (tcp) speaks Modbus"),
        (BY_MESSAGE, "mbus_tcp", "a-meter speaks MQTT, and gateway gw (mbus_tcp) speaks M-Bus"),
    ],
)
def test_a_device_behind_another_kind_of_gateway_is_told(
    device: DeviceFile, transport: str, sentence: str
) -> None:
    assert said(device, gateway(transport)) == {"device": sentence}


def test_an_address_stands_only_where_it_means_something() -> None:
    assert said(MODBUS, gateway("tcp"), secondary_address="12345678") == {
        "secondary_address": "only an M-Bus has secondary addresses, and gateway gw is tcp"
    }
    assert said(MBUS, gateway("mbus_tcp"), topic="cellar") == {
        "topic": "only a broker has topics, and gateway gw is mbus_tcp"
    }
    assert said(MBUS, gateway("mbus_tcp"), unit=253) == {
        "unit": "253 is no primary address of an M-Bus; expected 0 to 250"
    }
    assert said(MBUS, gateway("mbus_tcp"), unit=253, secondary_address="12345678") == {}


def test_a_battery_is_not_asked_too_often() -> None:
    assert said(MBUS, gateway("mbus_tcp", poll_period_s=60)) == {
        "device": "a-meter may be asked every 900 s at most, to spare its battery; gateway gw asks "
        "every 60 s (poll_period_s)"
    }


def test_behind_a_broker_a_meter_has_what_its_device_is_known_by() -> None:
    assert said(BY_TOPIC, gateway("mqtt")) == {
        "topic": "missing; a-meter publishes under a/{topic}"
    }
    assert said(BY_SERIAL, gateway("mqtt"), topic="cellar") == {
        "serial": "missing; a-meter publishes under a/{serial}"
    }
    assert "what stands at id in the message" in said(BY_MESSAGE, gateway("mqtt"))["serial"]


def test_nothing_is_told_of_an_unknown_gateway() -> None:
    meter = FieldMeter.model_validate(
        {"id": "school.water", "measures": "water", "device": "a-meter", "gateway": "none"}
    )
    assert list(misfits(meter, None, MBUS)) == []


def test_a_misfit_is_told_with_file_and_line(small: SmallInstallation) -> None:
    meters = "cities/porto/meters.yaml"
    small.replace(meters, "    port: 502\n", "    port: 502\n    transport: mbus_tcp\n")
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)

    # scuola.main has its device on the file's line 12, scuola.palestra on line 23.
    there = "contatore speaks Modbus, and gateway gw-scuola (mbus_tcp) speaks M-Bus"
    assert caught.value.problems == [
        f"{small.root / meters}:12: meters[scuola.main].device: {there}",
        f"{small.root / meters}:23: meters[scuola.palestra].device: {there}",
    ]


def test_two_devices_on_a_broker_are_told_apart_by_their_serial_numbers(
    small: SmallInstallation,
) -> None:
    """Both have the unit that nobody wrote; the same number twice is a slip."""
    device = "schema: mqttdev/1\nid: contatore\ntopic: a/{serial}\npoints:\n"
    point = "  - {name: energy, kind: counter, unit: kWh, quantity: active_energy}\n"
    gateways = "gateways:\n  - {id: broker, host: 192.0.2.30, transport: mqtt}\nmeters:\n"
    meter = "  - {{id: molo.{0}, carrier: electricity, device: contatore, gateway: broker, {1}}}\n"
    small.write({"devices/contatore.yaml": device + point})

    apart = meter.format("a", "serial: A1") + meter.format("b", "serial: A2")
    small.write({"cities/porto/meters.yaml": gateways + apart})
    assert len(load_installation(small.root).meters) == 2

    same = meter.format("a", "serial: A1") + meter.format("b", "serial: A1")
    small.write({"cities/porto/meters.yaml": gateways + same})
    with pytest.raises(ConfigError, match=r"unit A1 behind broker is already meter molo\.a"):
        load_installation(small.root)
