"""The command line as a technician has it: a command is typed, and devices answer on loopback.

Commands run in this process through ``main`` as the console script does, and simulated devices in a
thread with a loop of its own, over real sockets.
"""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from collectors.simulator import Simulator
from paes.cli import main

NOON_S = datetime(2025, 11, 19, 11, 0, tzinfo=UTC).timestamp()
"""A Wednesday at noon, in Rome: there the simulated meters' time stands still, so that a display
shows the same however slow the machine is."""


@dataclass
class Done:
    """What came of a command."""

    code: int
    out: str
    err: str


class CommandLine(Protocol):
    """``run("check", "--no-reach")``; ``typed`` is what is typed while it runs."""

    def __call__(self, *arguments: str, typed: str = "") -> Done: ...


def command_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    """Runs commands in ``folder``, with a store of its own in it."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PAES_CONFIG", raising=False)
    monkeypatch.setenv("PAES_STORE", str(folder / "readings.sqlite"))

    def run(*arguments: str, typed: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["paes", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Done(code, out, err)

    return run


@contextmanager
def serving(simulator: Simulator) -> Iterator[Simulator]:
    """``simulator`` at work in a thread."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(simulator.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield simulator
    finally:
        asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
