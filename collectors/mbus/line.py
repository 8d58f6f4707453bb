"""The connection to an M-Bus: a TCP socket to a level converter that passes bytes through.

A converter knows nothing of frames: they come in pieces, an echo of what was sent may come first,
and what two meters say at once comes as noise. It promises here that a call ends within its time
limit, that only a whole frame is returned, that whatever came too late is thrown away before the
next request, and that every failure is one ``FieldError`` with a sentence a technician can use.
"""

from __future__ import annotations

import asyncio
import time

from collectors.mbus.link import LONGEST_FRAME, length_of, shown
from paes.errors import BadReply, ConnectionFailed, NoReply

LINE_BAUD = 2400
"""What most M-Bus meters are set to; a byte takes 11 bits (start, 8 data, even parity, stop)."""
BITS_PER_BYTE = 11
QUIET_S = 0.2
"""After a failure the line must be still for so long; a byte at 300 baud takes a fifth of it."""
_LONGEST_NOISE_S = 3.0


class _Received(asyncio.Protocol):
    """What came and was not taken yet."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.closed = False
        self.news = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.news.set()


class MbusLine:
    """One connection to a level converter; one request at a time, from one task."""

    def __init__(self, host: str, port: int, timeout_s: float = 2.0, baud: int = LINE_BAUD) -> None:
        self.place = f"{host}:{port}"
        """``host:port``, as messages name it."""
        self.timeout_s = timeout_s
        """How long a meter may take to begin its answer."""
        self._host, self._port = host, port
        self._frame_s = LONGEST_FRAME * BITS_PER_BYTE / baud
        self._transport: asyncio.Transport | None = None
        self._received = _Received()

    @property
    def connected(self) -> bool:
        """True until either side closes."""
        return self._transport is not None and not self._received.closed

    async def connect(self) -> None:
        """Open the connection, or ConnectionFailed within the time limit."""
        await self.close()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.timeout_s):
                self._transport, self._received = await loop.create_connection(
                    _Received, self._host, self._port
                )
        except TimeoutError as err:
            raise ConnectionFailed(
                f"{self.place}: no connection within {self.timeout_s:g} s; is the converter "
                "switched on, and is a firewall in between?"
            ) from err
        except OSError as err:
            raise ConnectionFailed(
                f"{self.place}: {err.strerror or err}; is the port right, and does the converter "
                "accept another client?"
            ) from err

    async def close(self) -> None:
        """Close the connection; it may be opened again."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    async def ask(self, request: bytes, what: str) -> bytes:
        """The frame that answers ``request``; ``what`` names it in messages.

        Raises ConnectionFailed (not or no longer connected), NoReply (not a byte), BadReply (no
        frame, half a frame, or more than one).
        """
        if self._transport is None or self._received.closed:
            raise ConnectionFailed(f"{what}: not connected to {self.place}")
        self._received.data.clear()
        self._transport.write(request)
        try:
            return await self._frame(request)
        except TimeoutError as err:
            raise self._too_late(request, what) from err
        except (BadReply, ConnectionFailed) as err:
            raise type(err)(f"{what}: {err}") from err

    async def wait_for_quiet(self) -> None:
        """Let whatever is still coming come, and throw it away."""
        end = time.monotonic() + _LONGEST_NOISE_S
        while self.connected and time.monotonic() < end:
            self._received.news.clear()
            try:
                async with asyncio.timeout(QUIET_S):
                    await self._received.news.wait()
            except TimeoutError:
                return

    async def _frame(self, request: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        begin, end = loop.time() + self.timeout_s, loop.time() + self.timeout_s + self._frame_s
        while True:
            self._received.news.clear()
            answer = _without_echo(bytes(self._received.data), request)
            length = length_of(answer)
            if length is not None and len(answer) >= length:
                return _alone(answer, length)
            if self._received.closed:
                raise ConnectionFailed("the converter closed the connection meanwhile")
            async with asyncio.timeout_at(end if answer else begin):
                await self._received.news.wait()

    def _too_late(self, request: bytes, what: str) -> NoReply | BadReply:
        answer = _without_echo(bytes(self._received.data), request)
        if not answer:
            return NoReply(f"{what}: no answer within {self.timeout_s:g} s")
        expected = length_of(answer)
        of = f" of {expected}" if expected else ""
        return BadReply(f"{what}: only {len(answer)}{of} bytes came: {shown(answer)}")


def _without_echo(received: bytes, request: bytes) -> bytes:
    """What came after the converter's echo of ``request``, if it echoes; as yet, nothing."""
    if received.startswith(request):
        return received[len(request) :]
    return b"" if request.startswith(received) else received


def _alone(received: bytes, length: int) -> bytes:
    if len(received) > length:
        raise BadReply(
            f"{len(received) - length} bytes too many after the answer "
            f"({shown(received[length:])}): do two meters have this address?"
        )
    return received[:length]
