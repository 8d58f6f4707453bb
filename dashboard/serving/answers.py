"""Answers as files of a private folder: one process makes them, others read them.

Of each key there may be an answer (``.answer``, with the time at which it was made), a wish for
one (``.wish``, as old as the wish) and the last failure to make it (``.failed``). Files appear
whole, by renaming, and are replaced, never changed: a reader has the old one or the new one.
Content is pickled, so the folder must be the user's own and closed to others; it is, and refused
if it is not. ``alive`` is touched by the maker: without it nobody waits for an answer. A file that
cannot be understood is as if it were not there; ``NotKept`` tells of a folder that takes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.memory import Kept
from paes.errors import PaesError

Key = tuple[str, ...]
"""Name of the recipe and its words."""
ALIVE_S = 30.0
"""A maker that has been silent for longer is not waited for."""
log = logging.getLogger(__name__)


class NotKept(PaesError):
    """The folder takes nothing: its disk is full, or it is gone."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a file, and of which of its versions."""

    version: tuple[int, int]
    content: Any


class Answers:
    """The files of one folder, for all threads of one process; what was read stays in memory."""

    def __init__(self, folder: Path, wall: Callable[[], float] = time.time) -> None:
        """PaesError if the folder is open to others."""
        state = folder.stat()
        if state.st_uid != os.geteuid() or state.st_mode & 0o077:
            raise PaesError(f"{folder}: answers need a folder of mode 0700 and of the own user")
        self._folder = folder
        self._wall = wall
        self._seen: dict[Path, _Read] = {}
        self._guards: dict[Path, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: Key) -> Kept[Any] | None:
        """The newest answer; None if there is none yet."""
        found = self._read(self._file(key, "answer"))
        return found.content if found else None

    def failure(self, key: Key) -> tuple[datetime, Exception] | None:
        """When and how the last attempt failed; None if it did not."""
        found = self._read(self._file(key, "failed"))
        return found.content if found else None

    def put(self, key: Key, kept: Kept[Any]) -> None:
        """Publish an answer; its failure is forgotten. Raises NotKept, as all that write do."""
        self._write(self._file(key, "answer"), kept)
        self._file(key, "failed").unlink(missing_ok=True)

    def put_failure(self, key: Key, at: datetime, error: Exception) -> None:
        """Publish that there is none, and why."""
        self._write(self._file(key, "failed"), (at, portable(error)))

    def wish(self, key: Key) -> datetime:
        """Ask for an answer; since when it is asked for (aware UTC)."""
        file = self._file(key, "wish")
        with suppress(FileNotFoundError):
            return datetime.fromtimestamp(file.stat().st_mtime, UTC)
        self._write(file, key)
        return datetime.fromtimestamp(self._wall(), UTC)

    def wishes(self) -> list[Key]:
        """What is asked for, the longest waiting first."""
        found = sorted(self._wished())
        keys = (self._read(path) for _, path in found)
        return [each.content for each in keys if each]

    def fulfil(self, key: Key) -> None:
        """The wish is answered, be it by a failure."""
        file = self._file(key, "wish")
        file.unlink(missing_ok=True)
        with self._guard:
            self._seen.pop(file, None)

    def touch(self) -> None:
        """Say that somebody makes answers."""
        (self._folder / "alive").touch()

    def leave(self) -> None:
        """Say that nobody does."""
        (self._folder / "alive").unlink(missing_ok=True)

    @property
    def is_tended(self) -> bool:
        """Whether somebody makes answers."""
        try:
            touched_s = (self._folder / "alive").stat().st_mtime
        except FileNotFoundError:
            return False
        return self._wall() - touched_s < ALIVE_S

    def _wished(self) -> Iterator[tuple[float, Path]]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(".wish"):
                    with suppress(FileNotFoundError):
                        yield entry.stat().st_mtime, Path(entry.path)

    def _file(self, key: Key, kind: str) -> Path:
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:32]
        return self._folder / f"{name}.{kind}"

    def _read(self, file: Path) -> _Read | None:
        """The file's content, unpickled once for each version of it."""
        try:
            version = _version(file)
        except FileNotFoundError:
            return None
        seen = self._seen.get(file)
        if seen and seen.version == version:
            return seen
        with self._guard:
            guard = self._guards.setdefault(file, threading.Lock())
        with guard:
            return self._read_anew(file)

    def _read_anew(self, file: Path) -> _Read | None:
        try:
            version = _version(file)
            seen = self._seen.get(file)
            if seen and seen.version == version:
                return seen
            found = _Read(version, pickle.loads(file.read_bytes()))  # its folder is private
        except FileNotFoundError:
            return None
        except Exception as err:  # noqa: BLE001 -- torn content raises anything
            log.warning("%s cannot be read and is dropped: %s", file.name, err)
            file.unlink(missing_ok=True)
            return None
        with self._guard:
            self._seen[file] = found
        return found

    def _write(self, file: Path, content: Any) -> None:
        part = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}.part")
        pickled = pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)
        try:
            part.write_bytes(pickled)
            part.replace(file)
        except OSError as err:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise NotKept(f"{self._folder}: no answer can be kept: {err.strerror}") from err


def portable(error: Exception) -> Exception:
    """The error as it can be raised in another process: itself if it survives the way."""
    try:
        copy = pickle.loads(pickle.dumps(error))
        if isinstance(copy, type(error)) and str(copy) == str(error):
            return error
    except Exception:  # noqa: BLE001 -- anything may be in an error
        pass
    if isinstance(error, PaesError):
        return PaesError(str(error))
    return RuntimeError(f"{type(error).__name__}: {error}")


def _version(file: Path) -> tuple[int, int]:
    """Differs whenever the file was replaced."""
    state = file.stat()
    return state.st_mtime_ns, state.st_ino
