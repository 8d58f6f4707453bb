"""The device that a command is about: a configured meter, or an address and a profile."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from pydantic import ValidationError

from collectors.device_files import AnyProfile, load_device
from collectors.devices.profile import DeviceProfile
from paes.cli import Session
from paes.errors import DataError
from paes.gateways import Gateway, Transport
from paes.meters import FieldMeter

_OPTIONS = (
    click.argument("meter", required=False),
    click.option("--host", help="Address of a gateway that is not configured yet."),
    click.option("--port", type=click.IntRange(1, 65535), help="Its port [502]."),
    click.option("--rtu-over-tcp", is_flag=True, help="RTU frames through --host."),
    click.option("--serial", "device", metavar="DEVICE", help="Or a serial line."),
    click.option("--baud", default=9600, show_default=True, help="Speed of --serial.",
                 type=click.IntRange(300, 1_000_000)),
    click.option("--parity", default="N", show_default=True, help="Parity of --serial.",
                 type=click.Choice(["N", "E", "O"])),
    click.option("--unit", type=click.IntRange(0, 255), help="Unit behind --host or on --serial."),
    click.option("--profile", metavar="NAME", help="Device profile, e.g. eastron-sdm630."),
    click.option("--timeout", "timeout_s", type=click.FloatRange(0.05, 60),
                 help="Seconds to wait for an answer [the gateway's, else 2]."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """One device: where it is, what it is, and the meter that it is for, if any."""

    gateway: Gateway
    unit: int
    profile: AnyProfile
    meter: FieldMeter | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    meter: str | None
    host: str | None
    port: int | None
    rtu_over_tcp: bool
    device: str | None
    baud: int
    parity: Any
    unit: int | None
    profile: str | None
    timeout_s: float | None


def with_target(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command(target, …)`` the options that name a device."""

    def wrapped(session: Session, /, **options: Any) -> None:
        asked = _Asked(**{name: options.pop(name) for name in _Asked.__slots__})
        command(_target(session, asked), **options)

    functools.update_wrapper(wrapped, command)
    made = click.pass_obj(wrapped)
    for option in reversed(_OPTIONS):
        made = option(made)
    return made


def modbus_profile(target: Target) -> DeviceProfile:
    """The profile of a device that is asked by Modbus; DataError for any other."""
    if isinstance(target.profile, DeviceProfile) and target.gateway.transport.is_modbus:
        return target.profile
    if target.meter is None:
        raise DataError(f"{target.profile.id} is no Modbus device: configure a meter, and name it")
    name = target.meter.id
    raise DataError(
        f"{name} is behind {target.gateway.id}, which speaks {target.gateway.transport}; only "
        "Modbus has registers to ask for"
    )


def _target(session: Session, asked: _Asked) -> Target:
    if [asked.meter, asked.host, asked.device].count(None) != 2:
        raise click.UsageError(
            "give either a METER, or --host or --serial with --unit and --profile"
        )
    if asked.meter is not None:
        meter = session.installation.field_meter(asked.meter)
        update = {"timeout_s": asked.timeout_s} if asked.timeout_s else {}
        gateway = session.installation.gateways[meter.gateway].model_copy(update=update)
        return Target(gateway, meter.unit, _profile(session, meter.device), meter)
    if asked.unit is None or asked.profile is None:
        raise click.UsageError("--host and --serial need --unit and --profile")
    return Target(_gateway(asked), asked.unit, _profile(session, asked.profile))


def _gateway(asked: _Asked) -> Gateway:
    """A gateway of its own for a device that is not configured yet."""
    described: dict[str, Any] = {"id": "line", "timeout_s": asked.timeout_s or 2.0}
    if asked.device is not None:
        line = {"device": asked.device, "baud": asked.baud, "parity": asked.parity}
        described |= {"transport": Transport.SERIAL, "serial": line}
    else:
        transport = Transport.RTU_OVER_TCP if asked.rtu_over_tcp else Transport.TCP
        described |= {"transport": transport, "host": asked.host}
    if asked.port:
        described["port"] = asked.port
    try:
        return Gateway.model_validate(described)
    except ValidationError as err:
        place, why = asked.host or asked.device, err.errors()[0]["msg"]
        raise click.UsageError(f"cannot be asked: {place!r} is no address ({why})") from err


def _profile(session: Session, name: str) -> AnyProfile:
    return load_device(session.installation.device_file(name))
