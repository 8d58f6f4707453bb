"""Taking over a changed configuration while the collector runs.

What changed is found by comparing plans, gateway by gateway: one whose plan is the same keeps its
task, its connection and what is known of its units. A configuration that is not sound changes
nothing; the old one stays in force, and log, metrics and status say why.

Files are watched by their modification times (a poll works on every file system, network drives
and bind mounts of containers included); SIGHUP asks at once. Meters come into use and go out of it
by date, so the plans are made again on every new day.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from collectors.field_task import FieldPlan
from paes.errors import PaesError
from paes.periods import Clock

T = TypeVar("T")
C = TypeVar("C", contravariant=True)

log = logging.getLogger(__name__)

WATCH_S = 5.0
_SUFFIXES = (".yaml", ".csv")

Stamps = Mapping[Path, tuple[int, int]]


@dataclass(frozen=True)
class PlanChange:
    """What differs between two sets of plans, by gateway id."""

    begun: tuple[str, ...]
    changed: tuple[str, ...]
    ended: tuple[str, ...]
    kept: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.begun or self.changed or self.ended)

    def __str__(self) -> str:
        parts = [("new", self.begun), ("changed", self.changed), ("ended", self.ended)]
        told = [f"{len(ids)} {word} ({', '.join(ids)})" for word, ids in parts if ids]
        return f"gateways: {', '.join([*told, f'{len(self.kept)} as before'])}"


def plan_change(old: Mapping[str, FieldPlan], new: Mapping[str, FieldPlan]) -> PlanChange:
    """Which gateways begin, change, end, and which stay as they are."""
    both = [id_ for id_ in new if id_ in old]
    return PlanChange(
        begun=tuple(id_ for id_ in new if id_ not in old),
        changed=tuple(id_ for id_ in both if new[id_] != old[id_]),
        ended=tuple(id_ for id_ in old if id_ not in new),
        kept=tuple(id_ for id_ in both if new[id_] == old[id_]),
    )


@dataclass(frozen=True, slots=True)
class ConfigState:
    """Whether the configuration in force is the one on disk."""

    since: datetime
    """When the one in force was taken over, or the one on disk was refused."""
    problem: str = ""
    """Why the one on disk was not taken over; empty if it is in force."""


class Reloadable(Protocol[C]):
    """What is asked of the collector here."""

    async def reload(self, installation: C | None = None) -> PlanChange:
        """Plan anew, with ``installation`` if there is a new one, and take it over."""
        ...

    async def note_config(self, state: ConfigState) -> None:
        """Let everybody know whether the configuration on disk is in force."""
        ...


class Reloader(Generic[T]):
    """Keeps ``collector`` up to date with the files in ``folders``; ``run`` as a task.

    ``load`` reads and checks them and raises a PaesError if they are not sound.
    """

    def __init__(
        self,
        collector: Reloadable[T],
        load: Callable[[], T],
        folders: Iterable[Path],
        clock: Clock,
        watch_s: float = WATCH_S,
    ) -> None:
        self._collector = collector
        self._load = load
        self._folders = tuple(folders)
        self._clock = clock
        self._watch_s = watch_s
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Take the files over now (SIGHUP)."""
        self._asked.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        taken = seen = await self._stamps()
        day = self._clock().date()
        while True:
            asked = await self._wait()
            now = await self._stamps()
            if asked or (now != taken and now == seen):  # an editor may still be writing
                taken = now
                await self._take_over()
                day = self._clock().date()
            elif self._clock().date() != day:
                day = self._clock().date()
                await self._new_day(day)
            seen = now

    async def _wait(self) -> bool:
        """True if somebody asked, False when it is time to look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._watch_s):
                await self._asked.wait()
        asked = self._asked.is_set()
        self._asked.clear()
        return asked

    async def _stamps(self) -> Stamps:
        return await asyncio.to_thread(stamps, self._folders)

    async def _take_over(self) -> None:
        try:
            change = await self._collector.reload(await asyncio.to_thread(self._load))
        except PaesError as err:
            await self._refuse(str(err))
            return
        except Exception as err:  # a defect must not end the watch
            log.exception("the configuration could not be taken over")
            await self._refuse(f"defect: {err!r}")
            return
        await self._collector.note_config(ConfigState(self._clock()))
        log.info("the configuration was taken over; %s", change)

    async def _new_day(self, day: date) -> None:
        """Meters come and go by date; only what that changes is said."""
        try:
            change = await self._collector.reload()
        except PaesError as err:
            await self._refuse(str(err))
            return
        if change:
            log.info("on %s meters came into use or went out of it; %s", day, change)

    async def _refuse(self, why: str) -> None:
        await self._collector.note_config(ConfigState(self._clock(), why))
        log.error("the configuration is not sound, the old one stays in force: %s", why)


def stamps(folders: Iterable[Path]) -> Stamps:
    """Modification time and size of every file of a configuration; what is gone is left out."""
    found: dict[Path, tuple[int, int]] = {}
    for folder in folders:
        paths: list[Path] = []
        with suppress(OSError):  # a folder is being exchanged just now: another look tells
            paths = sorted(folder.rglob("*"))
        for path in paths:
            if path.suffix in _SUFFIXES:
                with suppress(OSError):
                    stat = path.stat()
                    found[path] = (stat.st_mtime_ns, stat.st_size)
    return found
