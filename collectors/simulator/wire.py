"""The wire on which a simulated gateway listens: TCP connections, or one pseudo-terminal.

::

    request ──> Answering.answer ──> Delivery ──> frame ──> the client
                                      │ late, damaged, cut, or not at all

It knows frames and nothing of registers. What a request is answered with is decided by
``Answering``; what happens to the answer on its way is written in its ``Delivery``. As on a real
bus one request is served at a time, whoever asked; only a late answer is overtaken by others.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from collectors.simulator.framing import Framing, Request, answer_frame, read_request
from paes.errors import ConnectionFailed


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer on its way, and what happens to it there."""

    unit: int
    pdu: bytes | None
    """Function code and data; None is silence."""
    transaction: int = 0
    delay_s: float = 0.0
    """Real seconds until it is sent."""
    is_overtaken: bool = False
    """True if other requests are served during the delay."""
    damage: Callable[[bytes], bytes] | None = None
    """What becomes of the frame's bytes."""
    closes: bool = False
    """True if the connection is closed afterwards."""


class Answering(Protocol):
    """What stands behind the wire; ``close`` is called when the client has left."""

    async def answer(self, request: Request) -> Delivery: ...

    async def close(self) -> None: ...


class WireServer:
    """Listens until stopped; ``most_clients`` says how many may be connected at a time."""

    def __init__(
        self,
        answering: Callable[[], Answering],
        framing: Framing = Framing.TCP,
        most_clients: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._answering = answering
        self._framing = framing
        self._most_clients = most_clients
        self._server: asyncio.Server | None = None
        self._lines: list[_PseudoTerminal] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._clients = 0
        self._bus = asyncio.Lock()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address (port 0 takes a free one). Raises ConnectionFailed."""
        try:
            self._server = await asyncio.start_server(self._accept, host, port)
        except OSError as err:
            reason = err.strerror or str(err)
            raise ConnectionFailed(
                f"cannot listen on {host} port {port}: {reason}; choose another with --port"
            ) from err
        name = self._server.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    async def start_line(self) -> str:
        """Serve a new pseudo-terminal; returns the device that a client opens."""
        line = _PseudoTerminal()
        self._lines.append(line)
        task = asyncio.create_task(self._serve(line.reader, line))
        self._tasks.add(task)
        return line.device

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._server is not None:
            self._server.close()
        tasks = [*self._tasks, *self._late]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
        for line in self._lines:
            line.release()
        self._lines.clear()
        self._tasks.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._clients += 1
        try:
            most = self._most_clients()
            if most is None or self._clients <= most:
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the server stops
        finally:
            self._clients -= 1
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, out: _Out) -> None:
        answering = self._answering()
        try:
            while request := await read_request(self._framing, reader):
                async with self._bus:
                    delivery = await answering.answer(request)
                    if not delivery.is_overtaken:
                        await self._deliver(delivery, out)
                await out.drain()  # a client that does not read must not keep the bus
                if delivery.is_overtaken:
                    self._deliver_late(delivery, out)
                elif delivery.closes and not self._lines:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client left
        finally:
            await answering.close()

    async def _deliver(self, delivery: Delivery, out: _Out) -> None:
        if delivery.delay_s:
            await asyncio.sleep(delivery.delay_s)
        if delivery.pdu is None or out.is_closing():
            return
        frame = answer_frame(self._framing, delivery.transaction, delivery.unit, delivery.pdu)
        out.write(delivery.damage(frame) if delivery.damage else frame)

    def _deliver_late(self, delivery: Delivery, out: _Out) -> None:
        async def later() -> None:
            with contextlib.suppress(ConnectionError):
                await self._deliver(delivery, out)

        task = asyncio.create_task(later())
        self._late.add(task)
        task.add_done_callback(self._late.discard)


class _Out(Protocol):
    """The sending half of a connection; a StreamWriter is one."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...

    def is_closing(self) -> bool: ...


class _PseudoTerminal:
    """A serial line without a wire: a client opens ``device`` as it would an adapter."""

    def __init__(self) -> None:
        try:
            self._ours, self._theirs = os.openpty()
        except OSError as err:
            raise ConnectionFailed(f"no pseudo-terminal can be had: {err.strerror}") from err
        # Their end stays open here too: a client that closes it must not hang up the line.
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.device = os.ttyname(self._theirs)
        self.reader = asyncio.StreamReader()
        asyncio.get_running_loop().add_reader(self._ours, self._take)

    def write(self, data: bytes) -> None:
        """Send; what nobody reads is lost once the line's buffer is full, as on a wire."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._ours, data)

    async def drain(self) -> None:
        """Nothing waits here."""

    def is_closing(self) -> bool:
        """False until released."""
        return self._ours < 0

    def release(self) -> None:
        """Close both ends."""
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        os.close(self._theirs)
        self._ours = -1

    def _take(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.reader.feed_data(os.read(self._ours, 4096))
