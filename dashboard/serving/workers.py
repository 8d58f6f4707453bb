"""Several processes on one port: gunicorn's arbiter and workers, and the preparer beside them.

Forked from one parent that has imported everything and opened nothing: pages of memory are
shared, stores, threads and applications are each process's own. The arbiter looks after the
workers and, here, after the preparer too; whichever dies is started again. gunicorn does not exist
on Windows: nothing else imports this module.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from dashboard.memory import Memory
from dashboard.queries.recipe import AnyRecipe, Sources
from dashboard.serving.answers import Answers
from dashboard.serving.preparer import prepare
from dashboard.serving.shared_memory import SharedMemory
from dashboard.serving.threads import CANNOT_LISTEN, WAIT_S, Servable, shown_address
from paes.errors import PaesError
from paes.listening import listen
from paes.periods import Clock, now_utc

THREADS = 6
GRACE_S = 10
"""Requests under way may take so long to end."""
KEEP_ALIVE_S = 20
"""Longer than the pace at which an open page asks for its meters."""
RESTART_S = 10.0
"""A preparer that dies at once is not started again and again."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """What the processes do; each opens its own store."""

    make_app: Callable[[Memory], Servable]
    """Called in each worker."""
    open_sources: Callable[[], Sources]
    """Called in the preparer."""
    recipes: tuple[AnyRecipe, ...]
    clock: Clock = now_utc


def serve_workers(
    service: Service,
    host: str = "127.0.0.1",
    port: int = 8050,
    *,
    workers: int = 2,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; returns normally in both cases.

    The caller has no threads and nothing open that must not be forked. ``ready`` is called once
    with the address. Raises PaesError if the port is taken, or if no worker can start.
    """
    listening = listen(host, port, CANNOT_LISTEN)
    address = shown_address(host, listening)
    with tempfile.TemporaryDirectory(prefix="paes-dashboard-") as folder:
        answers = Path(folder)
        Answers(answers).touch()  # workers wait for the preparer, which is about to start
        beside = _Beside(lambda: prepare(answers, service.open_sources, service.recipes, parent))
        parent = os.getpid()
        application = _Application(service, answers, listening.detach(), workers)
        arbiter = _Arbiter(application, beside)
        if ready:
            ready(address)
        try:
            _run(arbiter, parent)
        finally:
            beside.end()


def _run(arbiter: Arbiter, parent: int) -> None:
    """Until it is told to stop. Its workers, which are forked in here, never leave it."""
    code: Any = 1
    try:
        arbiter.run()
    except SystemExit as end:
        code = end.code
    finally:
        if os.getpid() != parent:
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 0 if code is None else 1)
    if code:
        raise PaesError("the dashboard's workers cannot start; the log says why")


class _Beside:
    """The preparing process: started, started again if it dies, ended."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._process: ForkProcess | None = None
        self._started_s = float("-inf")

    def keep(self) -> None:
        """Start it if it does not run."""
        if self._process is not None and not wait([self._process.sentinel], 0):
            return
        if time.monotonic() - self._started_s < RESTART_S:
            return
        if self._process is not None:
            log.warning("the process that prepares answers ended; it is started again")
        self._started_s = time.monotonic()
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=self._work, name="preparer", daemon=True)
        self._process.start()

    def end(self) -> None:
        """End it and wait for its end; the arbiter may have collected it already."""
        if self._process is None:
            return
        if not wait([self._process.sentinel], 0):
            os.kill(self._process.pid or 0, signal.SIGTERM)
            wait([self._process.sentinel], GRACE_S)


class _Arbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's, with one more process to look after."""

    def __init__(self, application: _Application, beside: _Beside) -> None:
        self._beside = beside
        super().__init__(application)

    def init_signals(self) -> None:
        """As gunicorn does, but what our caller ignores (``nohup``) stays ignored."""
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        super().init_signals()
        if ignored:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def handle_hup(self) -> None:
        """A closed terminal ends it, as everywhere in this program."""
        raise StopIteration

    def manage_workers(self) -> None:
        """Called at the start, once a second, and whenever a process ended."""
        self._beside.keep()
        super().manage_workers()


class _Application(BaseApplication):  # type: ignore[misc]
    """What gunicorn asks of an application: its settings, and the WSGI callable of a worker."""

    def __init__(self, service: Service, answers: Path, listening: int, workers: int) -> None:
        self._service = service
        self._answers = answers
        self._listening = listening
        self._workers = workers
        self._made: Servable | None = None
        super().__init__()

    def load_config(self) -> None:
        """Settings; none from files or the environment, so that what runs stands here."""
        for name, value in {
            "bind": f"fd://{self._listening}",
            "workers": self._workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "keepalive": KEEP_ALIVE_S,
            "graceful_timeout": GRACE_S,
            "timeout": 120,
            "control_socket_disable": True,
            "logger_class": _Log,
            "proc_name": "paes",
            # Who came, and how, is told by as many proxies as we are told of, not by a header.
            "forwarded_allow_ips": "",
            "post_worker_init": lambda _worker: self._warm_up(),
            "worker_exit": lambda _arbiter, _worker: self._close(),
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application of one worker."""
        service = self._service
        names = [recipe.name for recipe in service.recipes]
        memory = SharedMemory(Answers(self._answers), names, service.clock, WAIT_S)
        self._made = service.make_app(memory)
        return self._made.server

    def _warm_up(self) -> None:
        if self._made:
            threading.Thread(target=self._made.warm_up, args=(False,), daemon=True).start()

    def _close(self) -> None:
        if self._made:
            self._made.close()


class _Log(Logger):  # type: ignore[misc]
    """gunicorn's messages through our own log; what each reader asked for is nobody's business."""

    def setup(self, cfg: Any) -> None:
        """Nothing of its own."""
        self.error_log.propagate = True
        self.error_log.setLevel(logging.NOTSET)
        self.access_log.disabled = True

    def access(self, *_: Any) -> None:
        """Not kept."""
