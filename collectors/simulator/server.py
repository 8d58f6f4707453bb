"""A Modbus server written from the specification: one gateway with many units behind it.

It knows requests and nothing of meters: what a read is answered with is decided by ``Answer``.
Requests are answered in order of arrival, also when several come in one TCP segment. A TCP frame
that cannot be Modbus closes the connection, for nobody knows where the next one begins. Source:
"MODBUS Application Protocol Specification V1.1b3" (2012) 6.3, 6.4 and 7. Frames are in
``framing``, connections in ``wire``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collectors.simulator.framing import Framing, Request
from collectors.simulator.wire import Delivery, WireServer

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
BUSY = 6
GATEWAY_TARGET_SILENT = 11
READ_HOLDING = 3
READ_INPUT = 4
MOST_REGISTERS = 125

_READ = struct.Struct(">BHH")


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: words, or a Modbus exception, after ``delay_s`` real seconds.

    ``unit`` differs only in a faulty reply.
    """

    words: Sequence[int] = ()
    exception: int | None = None
    unit: int | None = None
    delay_s: float = 0.0
    closes: bool = False
    """True if the connection is closed in place of an answer."""


Answer = Callable[[int, int, int, int, float], Reply | None]
"""``(unit, function, address, count, now_s) -> Reply``; None is silence."""
Distort = Callable[[Delivery, int, float], Delivery]
"""``(delivery, asked unit, now_s) -> Delivery``: what the wire makes of an answer."""


class GatewayServer(WireServer):
    """One listening gateway; ``clock`` gives the virtual Unix time at which a request is read."""

    def __init__(
        self,
        answer: Answer,
        clock: Callable[[], float],
        framing: Framing = Framing.TCP,
        distort: Distort | None = None,
        most_clients: Callable[[], int | None] = lambda: None,
    ) -> None:
        behind = _Behind(answer, clock, distort)
        super().__init__(lambda: behind, framing, most_clients)


@dataclass(frozen=True, slots=True)
class _Behind:
    """The units, the same for every client."""

    reads: Answer
    clock: Callable[[], float]
    distort: Distort | None

    async def answer(self, request: Request) -> Delivery:
        now_s = self.clock()
        reply = self._reply(request.unit, request.pdu, now_s)
        delivery = _delivery(request, reply)
        return self.distort(delivery, request.unit, now_s) if self.distort else delivery

    async def close(self) -> None:
        """Nothing is kept for a client."""

    def _reply(self, unit: int, pdu: bytes, now_s: float) -> Reply | None:
        if pdu[0] not in (READ_HOLDING, READ_INPUT):
            return Reply(exception=ILLEGAL_FUNCTION)
        if len(pdu) != _READ.size:
            return Reply(exception=ILLEGAL_VALUE)
        function, address, count = _READ.unpack(pdu)
        if not 1 <= count <= MOST_REGISTERS:
            return Reply(exception=ILLEGAL_VALUE)
        if address + count > 0x10000:
            return Reply(exception=ILLEGAL_ADDRESS)
        return self.reads(unit, function, address, count, now_s)


def _delivery(request: Request, reply: Reply | None) -> Delivery:
    if reply is None:
        return Delivery(request.unit, None, request.transaction)
    if reply.closes:
        return Delivery(request.unit, None, request.transaction, reply.delay_s, closes=True)
    function = request.pdu[0]
    if reply.exception is not None:
        pdu = bytes((function | 0x80, reply.exception))
    else:
        words = struct.pack(f">{len(reply.words)}H", *reply.words)
        pdu = bytes((function, len(words))) + words
    unit = request.unit if reply.unit is None else reply.unit
    return Delivery(unit, pdu, request.transaction, reply.delay_s)
