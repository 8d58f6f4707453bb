"""Modbus frames as bytes: which of what came is the answer to what was sent. Pure functions.

::

    Modbus TCP   transaction 2 | protocol 2 = 0 | length 2 | unit 1 | function 1 | data
    Modbus RTU                                               unit 1 | function 1 | data | CRC 2

A TCP frame carries the number of its request. An RTU frame carries only unit and function, so it
is the answer if both are those that were asked, its length is the one that was asked for, and its
checksum is right. Sources: "MODBUS Messaging on TCP/IP Implementation Guide V1.0b" (2006) 3.1,
"MODBUS over Serial Line Specification and Implementation Guide V1.02" (2006) 2.5 and 6.2.2.
"""

from __future__ import annotations

# "MODBUS Application Protocol Specification V1.1b3" (2012), section 7.
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "accepted, still working",
    6: "device busy",
    7: "not acknowledged",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target did not respond",
}


_LONGEST = 254
"""Bytes after the length of a Modbus TCP frame: the unit and 253 of function and data."""


def foreign(sent: bytes, received: bytes) -> str | None:
    """Why what came over Modbus TCP is no answer to ours; None if it is, or is unfinished.

    Answers to earlier requests, which may precede it, are no fault: pymodbus skips them.
    """
    while len(received) >= 8:
        length = int.from_bytes(received[4:6], "big")
        if received[2:4] != b"\0\0" or not 2 <= length <= _LONGEST:
            return f"{received[:8].hex(' ')} is not the head of a Modbus TCP frame"
        if received[0:2] == sent[0:2]:
            return _fault(sent, received, length)
        if received[0:2] == b"\0\0":  # pymodbus would believe it
            return f"answer number 0, expected number {int.from_bytes(sent[0:2], 'big')}"
        received = received[6 + length :]
    return None


def _fault(sent: bytes, frame: bytes, length: int) -> str | None:
    """Why a Modbus TCP frame with our number is no answer; ``length`` is what its head says."""
    if frame[6] != sent[6]:
        return f"answer of unit {frame[6]}, expected unit {sent[6]}"
    if frame[7] & 0x7F != sent[7]:
        return f"answer to function {frame[7] & 0x7F}, expected function {sent[7]}"
    if frame[7] & 0x80:  # there are devices that do not count the code of an exception
        is_whole = length > 2 or len(frame) == 9
    else:
        is_whole = length > 2 and (len(frame) < 9 or length >= 3 + frame[8])
    return None if is_whole else f"{frame[:9].hex(' ')} is cut off: {length} bytes in its head"


def rtu_frames(sent: bytes, received: bytes) -> list[bytes]:
    """Every sound frame in ``received`` of the unit and function that were asked."""
    frames, start = list[bytes](), 0
    while start + 5 <= len(received):
        size = 5 if received[start + 1] & 0x80 else 5 + received[start + 2]
        frame = received[start : start + size]
        is_asked = frame[0] == sent[0] and frame[1] & 0x7F == sent[1]
        if is_asked and len(frame) == size and is_sound(frame):
            frames.append(frame)
            start += size
        else:
            start += 1
    return frames


def is_sound(frame: bytes) -> bool:
    """True if the checksum of an RTU frame fits what it holds."""
    return crc16(frame[:-2]) == int.from_bytes(frame[-2:], "little")


def crc16(data: bytes) -> int:
    """The checksum of an RTU frame, whose low byte is sent first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def expected_size(sent: bytes) -> int:
    """Bytes of the good answer to an RTU request for registers or bits."""
    count = int.from_bytes(sent[4:6], "big")
    return 5 + (2 * count if sent[1] in (3, 4) else (count + 7) // 8)


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CRC_TABLE = tuple(_crc_of_byte(byte) for byte in range(256))
