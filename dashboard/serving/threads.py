"""One process: waitress with threads, and a clean end.

Waitress, because it is one process with threads on every platform: the embedded store and the
application's own memory are shared, and there is nothing to configure.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

import waitress
from flask import Flask

from paes.listening import listen

THREADS = 8
WAIT_S = 1.2
"""A page that is not there by then tells its reader that it is being prepared."""
CANNOT_LISTEN = "the dashboard cannot listen on {place}: {reason}; choose another --port"


class Servable(Protocol):
    """What can be served: a Flask server, and work that must be ended after it."""

    server: Flask

    def warm_up(self, ahead: bool) -> None:
        """Have ready what readers ask for first; with ``ahead`` the long answers too."""
        ...

    def close(self) -> None:
        """End the background work."""
        ...


def serve(
    app: Servable,
    host: str = "127.0.0.1",
    port: int = 8050,
    *,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve ``app`` until Ctrl-C or SIGTERM, then close it; returns normally in both cases.

    ``ready`` is called once with the address that answers (port 0 takes a free one). Raises
    PaesError if the port is taken or the host is not ours.
    """
    listening = listen(host, port, CANNOT_LISTEN)
    server = waitress.create_server(
        app.server,
        sockets=[listening],
        threads=THREADS,
        ident=None,
        # The application itself knows how many proxies it may believe.
        clear_untrusted_proxy_headers=False,
    )
    first_visit = threading.Thread(target=app.warm_up, args=(True,), daemon=True)
    try:
        with stop_signals():
            if ready:
                ready(shown_address(host, listening))
            first_visit.start()
            server.run()
    except KeyboardInterrupt:
        pass  # waitress returns by itself on Ctrl-C; here it came before or after
    finally:
        for connection in list(server.active_channels.values()):
            connection.close()
        server.close()
        app.close()


def require_port(host: str, port: int) -> None:
    """PaesError if nobody can listen there: to be known before long work, not after it."""
    listen(host, port, CANNOT_LISTEN).close()


def shown_address(host: str, listening: socket.socket) -> str:
    """Where a browser on this machine finds what listens there."""
    if host in ("0.0.0.0", "::", ""):
        host = "127.0.0.1"
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listening.getsockname()[1]}/"


@contextmanager
def stop_signals() -> Iterator[None]:
    """SIGTERM and a closed terminal end the block as Ctrl-C does; only in the main thread.

    A signal that whoever started us asked to ignore (``nohup``) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, n) for n in ("SIGTERM", "SIGHUP") if hasattr(signal, n)]
    heard = [n for n in numbers if signal.getsignal(n) is not signal.SIG_IGN]
    before = {n: signal.signal(n, interrupt) for n in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
