"""Frames of Modbus as a server sees them: requests out of a stream, answers into bytes.

::

    tcp | transaction 2 | protocol 2 = 0 | length 2 | unit 1 | function 1 | data … |   big-endian
    rtu                                             | unit 1 | function 1 | data … | CRC 2 |

It shares no code with the client that the collectors use, so each checks the other. Sources:
"MODBUS Messaging on TCP/IP Implementation Guide V1.0b" (2006) 3.1 and "MODBUS over Serial Line
Specification and Implementation Guide V1.02" (2006) 2.5.1 and 6.2.2 (the CRC).
"""

from __future__ import annotations

import asyncio
import logging
import struct
from dataclasses import dataclass
from enum import StrEnum

log = logging.getLogger(__name__)

LONGEST = 254  # unit and PDU: 1 + 253 bytes
SILENCE_S = 0.5
"""Bytes of an RTU frame that are followed by nothing for so long are forgotten. On a wire it is
3.5 characters; TCP and a pseudo-terminal bring pieces of one frame further apart."""

_HEADER = struct.Struct(">HHHB")
_RTU_LENGTH = {1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 4, 8: 8, 11: 4, 12: 4, 17: 4, 22: 10, 43: 7}
"""Bytes of an RTU request by function; those that write several say it in their seventh byte."""
_RTU_COUNTED = (15, 16)


class Framing(StrEnum):
    """How requests and answers are packed."""

    TCP = "tcp"
    RTU = "rtu"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked; ``pdu`` begins with the function code."""

    unit: int
    pdu: bytes
    transaction: int = 0


async def read_request(framing: Framing, reader: asyncio.StreamReader) -> Request | None:
    """The next request; None if what came can be no frame, and nobody knows where one begins.

    Raises asyncio.IncompleteReadError when the client left.
    """
    if framing is Framing.TCP:
        return await _read_tcp(reader)
    return await _read_rtu(reader)


def answer_frame(framing: Framing, transaction: int, unit: int, pdu: bytes) -> bytes:
    """An answer as it goes on the wire."""
    if framing is Framing.TCP:
        return _HEADER.pack(transaction % 0x10000, 0, len(pdu) + 1, unit) + pdu
    body = bytes((unit,)) + pdu
    return body + crc(body)


def crc(body: bytes) -> bytes:
    """The check sum of an RTU frame, low byte first."""
    value = 0xFFFF
    for byte in body:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


async def _read_tcp(reader: asyncio.StreamReader) -> Request | None:
    header = await reader.readexactly(_HEADER.size)
    transaction, protocol, length, unit = _HEADER.unpack(header)
    if protocol != 0 or not 2 <= length <= LONGEST:
        log.debug("closed a connection: %s is no Modbus TCP header", header.hex())
        return None
    return Request(unit, await reader.readexactly(length - 1), transaction)


async def _read_rtu(reader: asyncio.StreamReader) -> Request:
    """Noise before a frame is passed over: a device waits for a frame whose check sum is right."""
    seen = b""
    while True:
        missing = _rtu_length(seen) - len(seen)
        if missing > 0:
            try:
                async with asyncio.timeout(SILENCE_S if seen else None):
                    more = await reader.read(missing)
            except TimeoutError:
                seen = b""
                continue
            if not more:
                raise asyncio.IncompleteReadError(seen, None)
            seen += more
            continue
        length = _rtu_length(seen)
        if length > 2 and crc(seen[: length - 2]) == seen[length - 2 : length]:
            return Request(seen[0], seen[1 : length - 2])
        seen = seen[1:]


def _rtu_length(seen: bytes) -> int:
    """Bytes that are needed to judge the frame that begins with ``seen``; 2 if it is none."""
    if len(seen) < 2:
        return 2
    if seen[1] in _RTU_COUNTED:
        return 9 + seen[6] if len(seen) > 6 else 7
    return _RTU_LENGTH.get(seen[1], 2)
