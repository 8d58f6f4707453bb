"""M-Bus frames on the wire: what a master sends, and whether what comes back is whole (EN 13757-2).

::

    master  10 40 05 45 16          SND_NKE: meter 5, forget what was before
    meter   E5                      done
    master  10 7B 05 80 16          REQ_UD2: your data, please (frame count bit set)
    meter   68 L L 68 08 05 72 …    RSP_UD: the data
    master  68 0B 0B 68 53 FD 52 …  who has this number on its face shall listen at address 253
    meter   E5

Pure functions. Nothing here can write to a meter: selecting one is all that is sent as data.
"""

from __future__ import annotations

from dataclasses import dataclass

from paes.errors import BadReply, DataError

ACK = b"\xe5"
SELECTED = 253
"""The address under which the meter that was selected by its number answers."""
LONGEST_FRAME = 261

_SHORT, _LONG, _STOP = 0x10, 0x68, 0x16
_SND_NKE, _REQ_UD2, _SND_UD = 0x40, 0x5B, 0x53
_FCB = 0x20
_RSP_UD = 0x08
_STATUS_BITS = 0x30  # access demand and data flow control, of no interest here
_SELECT = 0x52
_ANY = b"\xff"
_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole long frame: who answers, what kind of data (CI field), and the data."""

    address: int
    ci: int
    data: bytes


def reset(address: int) -> bytes:
    """SND_NKE: the meter starts its frame count anew and acknowledges."""
    return _short(_SND_NKE, address)


def request(address: int, frame_count_bit: bool) -> bytes:
    """REQ_UD2: with the same bit as before the meter repeats itself, with another it goes on."""
    return _short(_REQ_UD2 | (_FCB if frame_count_bit else 0), address)


def select(identification: str) -> bytes:
    """Ask the meter with this number (8 digits) of any maker to listen at address 253."""
    if len(identification) != 8 or not identification.isdecimal():
        raise DataError(f"secondary address {identification!r}; expected 8 digits")
    number = bytes.fromhex(identification)[::-1]
    body = bytes([_SND_UD, SELECTED, _SELECT]) + number + 4 * _ANY
    head = bytes([_LONG, len(body), len(body), _LONG])
    return head + body + bytes([sum(body) % 256, _STOP])


def length_of(received: bytes) -> int | None:
    """How long the frame is that begins with ``received``; None as long as that is not known.

    Raises BadReply where no frame can begin like this: noise, or two meters at once.
    """
    if not received:
        return None
    if received[0] == ACK[0]:
        return 1
    if received[0] == _SHORT:
        return 5
    if received[0] != _LONG:
        raise BadReply(f"{shown(received)} is no M-Bus frame ({_COLLISION})")
    if len(received) < 4:
        return None
    if received[1] != received[2] or received[3] != _LONG or received[1] < 3:
        raise BadReply(f"{shown(received)} is no head of an M-Bus frame ({_COLLISION})")
    return received[1] + 6


def opened(frame: bytes) -> Answer:
    """The data in a whole answer; BadReply if it is not whole, or no answer with data."""
    if frame == ACK:
        raise BadReply("only an acknowledgement came, expected data")
    if frame[0] != _LONG:
        raise BadReply(f"{shown(frame)} is not an answer with data")
    body, checksum, stop = frame[4:-2], frame[-2], frame[-1]
    if stop != _STOP:
        raise BadReply(f"the frame ends with {stop:02X}, expected {_STOP:02X} ({_COLLISION})")
    if sum(body) % 256 != checksum:
        raise BadReply(
            f"checksum {checksum:02X}, expected {sum(body) % 256:02X}: a disturbed line, or "
            "two meters with one address"
        )
    if body[0] & ~_STATUS_BITS != _RSP_UD:
        raise BadReply(f"C field {body[0]:02X} is not that of an answer (expected 08)")
    return Answer(body[1], body[2], bytes(body[3:]))


def shown(data: bytes) -> str:
    """The first bytes as people write them, and how many there are."""
    text = data[:_SHOWN].hex(" ").upper()
    return text if len(data) <= _SHOWN else f"{text} … ({len(data)} bytes)"


_COLLISION = "noise on the line, or two meters answer at once"


def _short(control: int, address: int) -> bytes:
    return bytes([_SHORT, control, address, (control + address) % 256, _STOP])
