"""Gateways: the connections that the collector owns, and what a line needs to be opened.

A gateway is a place (host and port, or a serial device) with one or more units behind it. One
task owns the connection; nobody else may use it. Which words travel over it is told by the
transport: five of them speak Modbus, one M-Bus, one MQTT.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, field_validator, model_validator

from paes.schema import ConfigModel, Identifier, Sourced

EnvironmentName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=80)]
"""The name of an environment variable: secrets never stand in a file."""


class Transport(StrEnum):
    """How the words get to the devices behind a gateway."""

    TCP = "tcp"  # Modbus TCP (MBAP frames)
    RTU_OVER_TCP = "rtu_over_tcp"  # Modbus RTU frames through a transparent converter
    SERIAL = "serial"  # Modbus RTU on a serial line of this machine
    TLS = "tls"  # Modbus/TCP Security: MBAP frames over TLS
    MBUS_TCP = "mbus_tcp"  # M-Bus frames through a transparent level converter
    MQTT = "mqtt"  # messages of a broker; the devices speak when they like

    @property
    def is_modbus(self) -> bool:
        """True if the units behind it are asked by Modbus."""
        return self not in (Transport.MBUS_TCP, Transport.MQTT)

    @property
    def has_numbered_frames(self) -> bool:
        """True if an answer says which request it belongs to."""
        return self in (Transport.TCP, Transport.TLS)

    @property
    def default_port(self) -> int:
        """The port that is registered or usual."""
        return _PORTS.get(self, 502)


_PORTS = {Transport.TLS: 802, Transport.MBUS_TCP: 10001, Transport.MQTT: 1883}


class SerialLine(ConfigModel):
    """A serial line; the factory settings of most meters are 9600 8N1."""

    device: Annotated[str, Field(min_length=1, max_length=255)]
    """``/dev/serial/by-id/…``: a name that stays when adapters are plugged in another order."""
    baud: Annotated[int, Field(ge=300, le=1_000_000)] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1

    @property
    def character_s(self) -> float:
        """How long one byte takes: start, 8 data, parity and stop bits."""
        return (9 + (self.parity != "N") + self.stop_bits) / self.baud


class TlsFiles(ConfigModel):
    """Certificates; relative paths count from the file in which they are written."""

    ca: Path
    """Who may have signed the other side's certificate."""
    certificate: Path | None = None
    """Our own, which Modbus/TCP Security demands."""
    key: Path | None = None
    key_password_env: EnvironmentName | None = None
    server_name: str | None = None
    """The name in the other side's certificate, if it is not the host's."""

    @property
    def paths(self) -> dict[str, Path]:
        """Every file that is named, by its key."""
        named = {"ca": self.ca, "certificate": self.certificate, "key": self.key}
        return {name: path for name, path in named.items() if path is not None}

    @model_validator(mode="after")
    def _pair(self) -> TlsFiles:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key come together")
        return self


class Outage(ConfigModel):
    """A stretch in which nobody expects readings, and why (works on the line, holidays)."""

    start: AwareDatetime
    end: AwareDatetime
    reason: str = Field(min_length=1)

    @field_validator("start", "end")
    @classmethod
    def _utc(cls, at: datetime) -> datetime:
        return at.astimezone(UTC)

    @model_validator(mode="after")
    def _in_order(self) -> Outage:
        if self.end <= self.start:
            raise ValueError(f"ends at {self.end}, not after its start {self.start}")
        return self


class Gateway(Sourced):
    """One connection that the collector owns, with the units behind it.

    Registers that are accounted are read every ``poll_period_s``; power and other gauges every
    ``fast_period_s`` where it is given; temperatures and the like every ``slow_period_s``.
    """

    id: Identifier
    host: Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9._:\-]*$")] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    """By default the transport's own: 502, 802 for TLS, 1883 for MQTT, 10001 for M-Bus."""
    transport: Transport = Transport.TCP
    serial: SerialLine | None = None
    """The line of this machine (``serial``), or the one behind a converter, as far as known: it
    tells what a register costs in bus time."""
    tls: TlsFiles | None = None
    username_env: EnvironmentName | None = None
    password_env: EnvironmentName | None = None
    poll_period_s: Annotated[int, Field(ge=1, le=86400)] = 900
    fast_period_s: Annotated[int, Field(ge=1, le=86400)] | None = None
    slow_period_s: Annotated[int, Field(ge=1, le=86400)] = 3600
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    pause_ms: Annotated[int, Field(ge=0, le=10_000)] = 0
    """How long the line rests after each answer, if longer than the device's profile says."""
    planned_outages: tuple[Outage, ...] = ()
    simulated: bool = False
    """True for a simulator: all that is read here is labelled as simulated."""

    @property
    def place(self) -> str:
        """Where it is, as messages name it: ``host:port`` or the serial device."""
        if self.transport is Transport.SERIAL and self.serial:
            return self.serial.device
        return f"{self.host}:{self.port}"

    def outage_at(self, at: datetime) -> Outage | None:
        """The planned outage that ``at`` falls into."""
        return next((o for o in self.planned_outages if o.start <= at < o.end), None)

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, data: Any) -> Any:
        if isinstance(data, dict) and "port" not in data:
            try:
                return {**data, "port": Transport(data.get("transport", "tcp")).default_port}
            except ValueError:
                return data  # told at its own key
        return data

    @model_validator(mode="after")
    def _line_is_there(self) -> Gateway:
        if self.transport is Transport.SERIAL:
            if self.serial is None or self.host:
                raise ValueError("transport serial needs serial: (device, baud, …) and no host")
        elif not self.host:
            raise ValueError(f"transport {self.transport} needs a host")
        if self.transport is Transport.TLS and self.tls is None:
            raise ValueError("transport tls needs tls: with the certificates")
        if self.tls and self.transport not in (Transport.TLS, Transport.MQTT):
            raise ValueError(f"tls: is there, but the transport is {self.transport}")
        if self.fast_period_s and self.fast_period_s > self.poll_period_s:
            raise ValueError(
                f"fast_period_s {self.fast_period_s} is longer than poll_period_s "
                f"{self.poll_period_s}"
            )
        return self
