"""Whether a meter's device can be asked through its gateway: by what it speaks, and where it is.

Modbus devices have a unit, M-Bus meters a primary or a secondary address, and devices behind an
MQTT broker a topic or a serial number. What does not fit would never bring a reading, so it is
told when the configuration is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paes.accounted_register import DeviceFile
from paes.gateways import Gateway, Transport
from paes.meters import FieldMeter

Misfit = tuple[str, str]
"""The meter's key that is wrong, and the sentence."""

LAST_MBUS_ADDRESS = 250
"""EN 13757-2, 5.7.5: 251 to 255 are no addresses of meters."""

_SPEAKS: Mapping[str, str] = {"mbdev/1": "Modbus", "mbusdev/1": "M-Bus", "mqttdev/1": "MQTT"}


def misfits(meter: FieldMeter, gateway: Gateway | None, device: DeviceFile) -> Iterator[Misfit]:
    """What keeps ``meter`` from being read; nothing if its gateway is unknown (told already)."""
    if gateway is None:
        return
    yield from _out_of_place(meter, gateway)
    speaks, spoken = _SPEAKS.get(device.schema_version, "Modbus"), _spoken(gateway.transport)
    if speaks != spoken:
        there = f"gateway {gateway.id} ({gateway.transport})"
        yield "device", f"{meter.device} speaks {speaks}, and {there} speaks {spoken}"
    elif gateway.transport is Transport.MBUS_TCP:
        yield from _on_mbus(meter, gateway, device)
    elif gateway.transport is Transport.MQTT:
        yield from _on_broker(meter, device)


def _spoken(transport: Transport) -> str:
    if transport.is_modbus:
        return "Modbus"
    return "M-Bus" if transport is Transport.MBUS_TCP else "MQTT"


def _out_of_place(meter: FieldMeter, gateway: Gateway) -> Iterator[Misfit]:
    seen = f"gateway {gateway.id} is {gateway.transport}"
    if meter.secondary_address and gateway.transport is not Transport.MBUS_TCP:
        yield "secondary_address", f"only an M-Bus has secondary addresses, and {seen}"
    if meter.topic and gateway.transport is not Transport.MQTT:
        yield "topic", f"only a broker has topics, and {seen}"


def _on_mbus(meter: FieldMeter, gateway: Gateway, device: DeviceFile) -> Iterator[Misfit]:
    if not meter.secondary_address and meter.unit > LAST_MBUS_ADDRESS:
        yield "unit", f"{meter.unit} is no primary address of an M-Bus; expected 0 to 250"
    shortest, period = device.read.min_period_s, gateway.poll_period_s
    if period < shortest:
        asks = f"gateway {gateway.id} asks every {period} s (poll_period_s)"
        rule = f"{meter.device} may be asked every {shortest} s at most, to spare its battery"
        yield "device", f"{rule}; {asks}"


def _on_broker(meter: FieldMeter, device: DeviceFile) -> Iterator[Misfit]:
    for key, value in (("topic", meter.topic), ("serial", meter.serial)):
        if f"{{{key}}}" in device.topic and not value:
            yield key, f"missing; {meter.device} publishes under {device.topic}"
    if device.device_id and not (meter.topic or meter.serial):
        place = f"what stands at {device.device_id} in the message"
        yield "serial", f"missing, and topic: as well; {meter.device} is known by {place}"
