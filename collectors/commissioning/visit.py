"""Reads a site's meters for a commissioning visit, each as the collector will read it.

A Modbus device is probed, so that its words, its other counters and its serial number are known
too; behind any other gateway one round of the collector's own task is made. What cannot be read is
a ``Seen`` that says why, never an exception: the visit goes on with the next meter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from collectors.commissioning.judgement import Seen
from collectors.device_files import load_device
from collectors.devices.point import DevicePoint
from collectors.devices.profile import DeviceProfile
from collectors.devices.registers import is_pulse_channel, to_reading_value
from collectors.modbus.bus_time import pause_s
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.identity import read_identity
from collectors.round import Round
from collectors.technician.probe import probe
from collectors.technician.probed import Probe
from collectors.transports import plan_for, task_for
from paes.errors import PaesError
from paes.events import SWAPPED
from paes.gateways import Gateway, Transport
from paes.installation import Installation
from paes.metering import Reading, Register, name_of
from paes.meters import FieldMeter
from paes.periods import Clock

_POWERS = ("active_power", "heat_power", "W")
"""Names of the total power in profiles; the last is SunSpec's."""
_UNKNOWN = "unknown"
"""Taken for the last known serial number, so that the task tells the device's own."""
_PHASES = ("l1", "l2", "l3")


class Visit:
    """Reads meters of ``installation``, one after the other.

    ``stored`` gives the last stored reading of a point: a device that sends over MQTT when it likes
    has mostly spoken before the visit.
    """

    def __init__(
        self,
        installation: Installation,
        clock: Clock,
        stored: Callable[[str], Reading | None] = lambda point: None,
    ) -> None:
        self.installation = installation
        self._clock = clock
        self._stored = stored

    async def see(self, meter: FieldMeter) -> Seen:
        """All that tells whether ``meter`` is right."""
        gateway, register = self._place(meter)
        try:
            profile = load_device(self.installation.device_file(meter.device))
            if not isinstance(profile, DeviceProfile):
                heard = await self._by_round(gateway, meter, register)
                return heard if heard.value is not None else self._before(register, heard)
            made = await probe(
                ModbusConnection.for_gateway(gateway),
                meter.unit,
                profile,
                self._clock,
                meter=meter,
                pause_s=pause_s(gateway, profile),
            )
            seen = _seen(meter, register, profile, made)
            if seen.value is None:
                return seen
            return replace(seen, serial=await self._serial(gateway, meter, profile))
        except PaesError as err:
            return Seen(self._clock(), None, error=str(err))

    async def again(self, meter: FieldMeter) -> Seen:
        """The register of ``meter`` alone, once more; nothing of one that cannot be asked."""
        gateway, register = self._place(meter)
        if gateway.transport is Transport.MQTT:
            return Seen(self._clock(), None, error="it sends when it likes")
        try:
            return await self._by_round(gateway, meter, register)
        except PaesError as err:
            return Seen(self._clock(), None, error=str(err))

    def _place(self, meter: FieldMeter) -> tuple[Gateway, Register]:
        return self.installation.gateways[meter.gateway], self.installation.register(meter)

    def _before(self, register: Register, heard: Seen) -> Seen:
        """What is stored of a meter that says nothing now, if anything is."""
        last = self._stored(register.point)
        return Seen(last.at, last.value) if last else heard

    async def _serial(
        self, gateway: Gateway, meter: FieldMeter, profile: DeviceProfile
    ) -> str | None:
        connection = ModbusConnection.for_gateway(gateway)
        timeout_s = max(gateway.timeout_s, profile.read.min_timeout_ms / 1000)
        try:
            await connection.connect()
            await asyncio.sleep(profile.link.connect_delay_ms / 1000 if profile.link else 0)
            return (await read_identity(connection, meter.unit, profile, timeout_s)).serial
        finally:
            await connection.close()

    async def _by_round(self, gateway: Gateway, meter: FieldMeter, register: Register) -> Seen:
        """What the collector's own task makes of the meter."""
        profiles = {meter.device: load_device(self.installation.device_file(meter.device))}
        known = {meter.id: meter.serial or _UNKNOWN}
        task = task_for(plan_for(gateway, [meter], profiles), lambda _: None, self._clock, known)
        try:
            made = await task.read_round(self._clock())
        finally:
            await task.close()
        return _of_round(meter, register, made, self._clock())


def _seen(meter: FieldMeter, register: Register, profile: DeviceProfile, made: Probe) -> Seen:
    point = _accounted(meter, register, profile)
    read = made.point(point.name)
    if read is None or read.stored_value is None:
        return Seen(made.at, None, error=_why_not(made, point.name))
    values = {p.name: p.stored_value for p in made.points if p.stored_value is not None}
    return Seen(
        made.at,
        read.stored_value,
        read.words,
        f"{read.value} {read.unit}",
        power_w=next((values[name] for name in _POWERS if name in values), None),
        phase_powers_w={
            str(p.phase): values[p.name]
            for p in profile.points
            if p.quantity == "active_power" and p.phase in _PHASES and p.name in values
        },
        other_counters={
            p.name: values[p.name]
            for p in made.points
            if p.kind == "counter" and p.stored_unit == register.unit and values.get(p.name)
            if p.name != point.name
        },
        other_orders={
            order: to_reading_value(meter, point, float(value))
            for order, value in read.other_orders.items()
            if isinstance(value, int | float)
        },
        pulses=float(read.value or 0) if meter.pulse else None,
    )


def _accounted(meter: FieldMeter, register: Register, profile: DeviceProfile) -> DevicePoint:
    """The device's point that is accounted."""
    if meter.pulse:
        return next(p for p in profile.points if is_pulse_channel(meter, p))
    return profile.point(name_of(register.point))


def _why_not(made: Probe, name: str) -> str:
    """Why the accounted register is missing: its own quality, else the request that failed."""
    point = made.point(name)
    if point is not None:
        return f"{name}: the device sends {' '.join(f'{w:04X}' for w in point.words)}: " + (
            "it has no value" if point.quality == "not_available" else "that cannot be"
        )
    failed = [r for r in made.requests if r.error]
    own = [r for r in failed if name in r.points]
    return (own or failed)[0].error or "" if failed else f"{name}: could not be read"


def _of_round(meter: FieldMeter, register: Register, made: Round, now: datetime) -> Seen:
    for reading in made.readings:
        if reading.point == register.point:
            values = {name_of(r.point): r.value for r in made.readings}
            power_w = next((values[p] for p in _POWERS if p in values), None)
            return Seen(reading.at, reading.value, serial=_serial_of(made), power_w=power_w)
    texts = [f.message for f in made.findings]
    return Seen(now, None, error=texts[0] if texts else "nothing came of it")


def _serial_of(made: Round) -> str | None:
    """The serial number that the task noticed, if it differs from the configured one."""
    told = [e.facts.get("new_serial") for e in made.events if e.name == SWAPPED]
    return str(told[0]) if told and told[0] else None
