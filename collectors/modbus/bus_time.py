"""What a request and a register cost on a line, in seconds: what a read plan is made by.

On a serial line the characters cost. A read of n registers is a request of 8 and an answer of
5 + 2 n characters, each followed by a silence of 3.5 ("MODBUS over Serial Line Specification and
Implementation Guide V1.02", 2006, 2.5.1.1), and the device takes its time to turn round::

    9600 8N1, 1.04 ms a character:  20 characters = 21 ms a request, 2.1 ms a register

So reading through some unneeded registers is cheaper than asking a second time; how many is the
``gap``. Over TCP alone a register costs nothing that could be measured, and the headers decide.
"""

from __future__ import annotations

from dataclasses import dataclass

from collectors.devices.point import MOST_REGISTERS
from collectors.devices.profile import DeviceProfile
from paes.gateways import Gateway, SerialLine, Transport

TURN_ROUND_S = 0.02
"""What a quick device takes to answer, and a converter to pass it on; 20 to 60 ms are usual."""
TCP_GAP = 31
"""Unneeded registers read through on TCP: 62 bytes, less than what the headers of a
second request and its answer weigh (twice 40 of TCP/IP, 21 of Modbus)."""
FRAME_CHARACTERS = 13
"""Of a request (8) and of an answer around its registers (5)."""
SILENT_CHARACTERS = 3.5
"""That part two frames on a serial line."""
USUAL_BAUD = 9600


@dataclass(frozen=True, slots=True)
class BusTime:
    """What reading costs on one line; ``gap`` is the widest hole that is cheaper than a request."""

    request_s: float
    """Of a request and its answer without registers, with all silences and rests."""
    register_s: float
    gap: int

    def block_s(self, registers: int) -> float:
        """How long a read of so many registers keeps the line busy."""
        return self.request_s + registers * self.register_s


def bus_time(gateway: Gateway, profile: DeviceProfile) -> BusTime:
    """The cost of reading such a device behind ``gateway``.

    Where the configuration says nothing of the line behind a converter, it is taken to be as the
    device leaves the factory. Turn-round is assumed (``TURN_ROUND_S``): ``paes bench-device``
    measures it.
    """
    rest_s = pause_s(gateway, profile)
    line = serial_line(gateway, profile)
    if line is None:
        return BusTime(TURN_ROUND_S + rest_s, 0.0, TCP_GAP)
    rest_s = max(rest_s, SILENT_CHARACTERS * line.character_s)
    characters = FRAME_CHARACTERS + SILENT_CHARACTERS
    request_s = characters * line.character_s + TURN_ROUND_S + rest_s
    register_s = 2 * line.character_s
    return BusTime(request_s, register_s, min(MOST_REGISTERS, int(request_s / register_s)))


def pause_s(gateway: Gateway, profile: DeviceProfile) -> float:
    """How long the collector lets the line rest after an answer: what is asked for, and on a
    serial line of its own never less than the silence between two frames."""
    asked_s = max(gateway.pause_ms, profile.read.pause_ms) / 1000
    if gateway.transport is Transport.SERIAL and gateway.serial:
        return max(asked_s, SILENT_CHARACTERS * gateway.serial.character_s)
    return asked_s


def serial_line(gateway: Gateway, profile: DeviceProfile) -> SerialLine | None:
    """The serial line between us and the device, known or as the device leaves the factory.

    None if the words travel over TCP all the way.
    """
    if gateway.serial:
        return gateway.serial
    link = profile.link
    behind_a_converter = gateway.transport is Transport.RTU_OVER_TCP
    if not behind_a_converter and (link is None or "tcp" in link.transports):
        return None
    factory = link.serial if link else None
    return SerialLine(
        device="behind the converter",
        baud=(factory and factory.baud) or USUAL_BAUD,
        parity=(factory and factory.parity) or "N",
        stop_bits=(factory and factory.stop) or 1,
    )
