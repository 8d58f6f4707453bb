"""An M-Bus on loopback: a transparent level converter with meters that speak EN 13757-2 and -3.

Written by hand from the standard, and from nothing of ours: frames are put together byte by byte.
Whatever a line does to a master can be asked for: silence, noise, half a frame, a wrong checksum,
an echo, pieces, two meters at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import reduce

from field_servers import listening

MORE = bytes([0x1F])
"""At the end of a telegram: the next request brings further records."""


class Fault(Enum):
    """What a meter does to one answer instead of giving it."""

    SILENT = auto()
    CHECKSUM = auto()
    HALF = auto()
    NOISE = auto()
    CUT = auto()
    NO_ACK = auto()


def long_frame(address: int, after_address: bytes) -> bytes:
    """RSP_UD (C field 08) of ``address`` with everything from the CI field on."""
    body = bytes([0x08, address]) + after_address
    return bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) & 0xFF, 0x16])


def variable_data(
    identification: str,
    records: bytes,
    access: int = 1,
    status: int = 0,
    maker: str = "PAE",
    medium: int = 0x04,
) -> bytes:
    """CI field 72 with its head of twelve bytes, and the records."""
    a, b, c = (ord(letter) - 64 for letter in maker)
    flag = a * 32 * 32 + b * 32 + c
    head = bytes.fromhex(identification)[::-1] + bytes([flag & 0xFF, flag >> 8])
    return b"\x72" + head + bytes([0x01, medium, access & 0xFF, status, 0, 0]) + records


def bcd(digits: str) -> bytes:
    """Digits as a meter sends them: two in a byte, the last ones first."""
    return bytes.fromhex(digits)[::-1]


@dataclass
class Slave:
    """One meter: its addresses, and one body (CI field and all that follows) per telegram."""

    address: int
    identification: str
    telegrams: Sequence[bytes]
    faults: deque[Fault] = field(default_factory=deque)
    """Taken one by one, each for one answer with data (NO_ACK: for one acknowledgement)."""
    asks_until_fault: int | None = None
    """After so many good answers one with a wrong checksum."""
    dead: bool = False
    selected: bool = False
    asked: int = 0
    _last_bit: int | None = None
    _place: int = -1

    def hear(self, control: int, address: int, rest: bytes) -> bytes | Fault | None:
        """What it says to a frame of the master; None is silence."""
        if self.dead:
            return None
        if control & ~0x20 == 0x53 and address == 253 and rest[:1] == b"\x52":
            number = rest[1:5][::-1].hex()
            self.selected = number == self.identification
            return self._acknowledge() if self.selected else None
        if address != self.address and not (address == 253 and self.selected):
            return None
        if control == 0x40:
            self.selected, self._last_bit, self._place = False, None, -1
            return self._acknowledge()
        return self._data(control) if control & ~0x20 == 0x5B else None

    def _acknowledge(self) -> bytes | None:
        if self.faults and self.faults[0] is Fault.NO_ACK:
            self.faults.popleft()
            return None
        return b"\xe5"

    def _data(self, control: int) -> bytes | Fault:
        self.asked += 1
        bit = control >> 5 & 1
        if bit != self._last_bit:  # the last one arrived: go on
            self._last_bit, self._place = bit, (self._place + 1) % len(self.telegrams)
        frame = long_frame(self.address, self.telegrams[self._place])
        match self._fault():
            case Fault.CHECKSUM:
                return frame[:-2] + bytes([frame[-2] ^ 0x01]) + frame[-1:]
            case Fault.HALF:
                return frame[: len(frame) // 2]
            case Fault.NOISE:
                return b"\x00\xff\x3a" + frame[3:9]
            case Fault.SILENT:
                return Fault.SILENT
            case Fault.CUT:
                return Fault.CUT
        return frame

    def _fault(self) -> Fault | None:
        if self.asks_until_fault is not None:
            self.asks_until_fault -= 1
            if self.asks_until_fault < 0:
                self.asks_until_fault = None
                return Fault.CHECKSUM
        return self.faults.popleft() if self.faults else None


@dataclass
class Bus:
    """What a running converter has seen."""

    port: int = 0
    frames: list[bytes] = field(default_factory=list)
    """Every frame of the master."""
    connections: int = 0
    _writer: asyncio.StreamWriter | None = None

    async def say(self, data: bytes) -> None:
        """Send ``data`` to the master, which did not ask for it."""
        assert self._writer is not None
        self._writer.write(data)
        await self._writer.drain()


@asynccontextmanager
async def converter(
    *slaves: Slave, echo: bool = False, piece: int = 0, port: int = 0
) -> AsyncIterator[Bus]:
    """A level converter on loopback; it sends ``piece`` bytes at a time, or all at once."""
    bus = Bus()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bus.connections += 1
        bus._writer = writer
        while True:
            frame = await _master_frame(reader)
            bus.frames.append(frame)
            if echo:
                writer.write(frame)
            body = frame[4:-2] if frame[0] == 0x68 else frame[1:3]
            said = [s.hear(body[0], body[1], body[2:]) for s in slaves]
            if Fault.CUT in said:
                return
            answers = [a for a in said if isinstance(a, bytes)]
            await _send(writer, _together(answers), piece)

    async with listening(serve, port) as bus.port:
        yield bus


async def _master_frame(reader: asyncio.StreamReader) -> bytes:
    start = await reader.readexactly(1)
    if start == b"\x10":
        frame = start + await reader.readexactly(4)
        assert frame[3] == (frame[1] + frame[2]) & 0xFF
        assert frame[4] == 0x16
        return frame
    assert start == b"\x68"
    head = start + await reader.readexactly(3)
    assert head[1] == head[2]
    assert head[3] == 0x68
    frame = head + await reader.readexactly(head[1] + 2)
    assert frame[-2] == sum(frame[4:-2]) & 0xFF
    return frame


async def _send(writer: asyncio.StreamWriter, answer: bytes, piece: int) -> None:
    for start in range(0, len(answer), piece or len(answer) or 1):
        writer.write(answer[start : start + piece] if piece else answer)
        await writer.drain()
        await asyncio.sleep(0)


def _together(answers: Sequence[bytes]) -> bytes:
    """Meters that speak at once: a space (0) of any of them is a space on the line."""
    if len(answers) < 2 or len(set(answers)) == 1:
        return answers[0] if answers else b""
    longest = max(len(a) for a in answers)
    padded = [a.ljust(longest, b"\xff") for a in answers]
    return bytes(reduce(lambda x, y: x & y, at_once) for at_once in zip(*padded, strict=True))
