"""What goes wrong between a device and its reader: each kind makes one ``Delivery`` of another.

The same kinds are played by the simulator, on the answers of its own devices, and by the proxy,
on the answers of any Modbus server. ``value`` is the fault's parameter, ``draw`` a fresh number
from 0 up to 1, the same in every run with the same seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from collectors.simulator.randomness import key
from collectors.simulator.server import BUSY, GATEWAY_TARGET_SILENT, ILLEGAL_ADDRESS
from collectors.simulator.wire import Delivery

WireFault = Callable[[Delivery, float, float], Delivery]


def silent(delivery: Delivery, value: float, draw: float) -> Delivery:
    """No answer."""
    return replace(delivery, pdu=None)


def refuse_with(delivery: Delivery, value: float, draw: float) -> Delivery:
    """A Modbus exception in place of the answer."""
    if delivery.pdu is None:
        return delivery
    return replace(delivery, pdu=bytes((delivery.pdu[0] | 0x80, int(value))))


def busy(delivery: Delivery, value: float, draw: float) -> Delivery:
    """Exception 6."""
    return refuse_with(delivery, BUSY, draw)


def absent(delivery: Delivery, value: float, draw: float) -> Delivery:
    """Exception 11: the gateway answers in the unit's place."""
    return refuse_with(delivery, GATEWAY_TARGET_SILENT, draw)


def refuse(delivery: Delivery, value: float, draw: float) -> Delivery:
    """Exception 2."""
    return refuse_with(delivery, ILLEGAL_ADDRESS, draw)


def short(delivery: Delivery, value: float, draw: float) -> Delivery:
    """One register is missing from an otherwise sound answer."""
    pdu = delivery.pdu
    if pdu is None or pdu[0] & 0x80 or len(pdu) < 4:
        return delivery
    return replace(delivery, pdu=bytes((pdu[0], pdu[1] - 2)) + pdu[2:-2])


def wrong_unit(delivery: Delivery, value: float, draw: float) -> Delivery:
    """The answer carries a neighbour's unit."""
    return replace(delivery, unit=(delivery.unit + 1) % 256)


def slow(delivery: Delivery, value: float, draw: float) -> Delivery:
    """The line waits for the answer."""
    return replace(delivery, delay_s=delivery.delay_s + value)


def late(delivery: Delivery, value: float, draw: float) -> Delivery:
    """The answer comes while the next requests are served, and may be taken for theirs."""
    return replace(delivery, delay_s=delivery.delay_s + value, is_overtaken=True)


def wrong_transaction(delivery: Delivery, value: float, draw: float) -> Delivery:
    """The answer has the number of the request before."""
    return replace(delivery, transaction=delivery.transaction - 1)


def bad_crc(delivery: Delivery, value: float, draw: float) -> Delivery:
    """The check sum is wrong."""
    return replace(delivery, damage=lambda frame: frame[:-1] + bytes((frame[-1] ^ 0xFF,)))


def garbage(delivery: Delivery, value: float, draw: float) -> Delivery:
    """As many bytes as the answer has, that mean nothing."""

    def noise(frame: bytes) -> bytes:
        words = (key(0, draw.hex(), n) for n in range(-(-len(frame) // 8)))
        return b"".join(word.to_bytes(8, "little") for word in words)[: len(frame)]

    return replace(delivery, damage=noise)


def short_frame(delivery: Delivery, value: float, draw: float) -> Delivery:
    """The first half of the answer's bytes, and then nothing."""
    return replace(delivery, damage=lambda frame: frame[: len(frame) // 2])


def cut(delivery: Delivery, value: float, draw: float) -> Delivery:
    """The connection is closed after so many bytes of the answer."""
    return replace(delivery, damage=lambda frame: frame[: int(value)], closes=True)
