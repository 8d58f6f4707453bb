"""How far a long copy is: a bar on a terminal, else a line now and then; on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from paes.cli.output import number, say
from paes.store.copying.copier import Follow

SAY_EVERY_S = 30.0


@contextmanager
def following(is_terminal: bool, clock: Callable[[], float] = time.monotonic) -> Iterator[Follow]:
    """A progress bar on standard error, or a line now and then."""
    if not is_terminal:
        yield _Lines(clock)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=1.0, rate="")
        rate = _Rate(clock)

        def follow(what: str, fraction: float, readings: int) -> None:
            if rate.begins(what):
                progress.reset(task, total=1.0, description=what)
            progress.update(task, completed=fraction, rate=f"{rate.of(readings)} readings/s")

        yield follow


class _Rate:
    """Readings a second since something began, which is when the thing before it ended."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._what = clock, ""
        self._began = self._last = clock()

    def begins(self, what: str) -> bool:
        """Is ``what`` told of for the first time?"""
        is_new = what != self._what
        if is_new:
            self._what, self._began = what, self._last
        return is_new

    def of(self, readings: int) -> str:
        """As a person reads it."""
        self._last = self._clock()
        return number(readings / max(self._last - self._began, 0.001))


class _Lines:
    """What a progress bar would show, as lines of text."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._rate, self._last = clock, _Rate(clock), clock()

    def __call__(self, what: str, fraction: float, readings: int) -> None:
        self._rate.begins(what)
        rate = self._rate.of(readings)
        if self._clock() - self._last >= SAY_EVERY_S:
            self._last = self._clock()
            say(f"{what}: {100 * fraction:.0f} %, {number(readings)} readings, {rate} readings/s")
