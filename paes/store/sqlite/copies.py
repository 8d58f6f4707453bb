"""A backup of an embedded store while others write, and its compaction.

A backup is taken from one snapshot: a read transaction that is open from the first page to the
last. Without it every write of another process would begin the copy anew. Writers go on; only
the log beside the file grows meanwhile. The copy is written beside its target under another
name, checked, and renamed when it is sound: a target is whole or not there. It is a store.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from paes.errors import StoreError
from paes.sqlite_file import connect, empty_log, in_words, log_of, size_of
from paes.store.sqlite.schema import FORM
from paes.store.sqlite.upkeep import megabytes

PAGES_AT_ONCE = 1000
WAIT_S = 30.0
EMPTY_WITHIN_S = 10.0
"""If a reader is in the way for longer, the log is copied into the file later, by a writer."""
Progress = Callable[[int, int], None]


def back_up(
    path: Path, target: Path, overwrite: bool = False, progress: Progress | None = None
) -> int:
    """Copy the store at ``path`` to the file ``target``; the bytes that it has.

    ``progress`` is told the pages done and all pages. Raises StoreError if the target is there
    (unless ``overwrite``), is in use or is the store itself, if the disk is too small, or if the
    copy is not sound; then there is no new target, and an old one is as it was.
    """
    require_target(path, target, overwrite)
    with _beside(target) as part:
        _copy(path, part, target, progress)
        _require_sound(path, part)
        size = size_of(part)
        require_target(path, target, overwrite)
        _publish(part, target)
    return size


def compact(path: Path) -> tuple[int, int]:
    """Give back the room of what was deleted, and put rows in order; bytes before and after.

    Readers go on, writers wait until it is done (a minute for some gigabytes): a collector keeps
    its readings in the spool. Nothing is lost if it is interrupted. Raises StoreError if there is
    not enough room for it.
    """
    before = size_of(path) + size_of(log_of(path))
    with in_words(path, FORM), closing(connect(path, WAIT_S)) as db:
        pages, unused, size = (
            db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        _require_room(path, (pages - unused) * size)
        db.execute("VACUUM")
        db.execute("PRAGMA analysis_limit = 1000")
        db.execute("ANALYZE")
        empty_log(db, EMPTY_WITHIN_S)
    return before, size_of(path) + size_of(log_of(path))


def require_target(path: Path, target: Path, overwrite: bool) -> None:
    """Refuse a target that is no new file in a folder that is there; StoreError says why."""
    if not target.parent.is_dir():
        raise StoreError(f"{target}: there is no folder {target.parent}; is its disk mounted?")
    if target.is_dir():
        raise StoreError(f"{target}: is a folder; name a file in it")
    own = {p.resolve() for p in (path, log_of(path), path.with_name(f"{path.name}-shm"))}
    if target.resolve() in own or (target.exists() and target.samefile(path)):
        raise StoreError(f"{target}: is the store itself; name another file, on another disk")
    if log_of(target).exists():
        raise StoreError(
            f"{target}: is a store in use ({log_of(target).name} is beside it); name another file"
        )
    if target.exists() and not overwrite:
        raise StoreError(f"{target}: is there already; name another file, or say --overwrite")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A new file in the folder of ``target``, gone after the block if it was not renamed."""
    try:
        handle, name = tempfile.mkstemp(".part", f"{target.name}.", target.parent)
    except OSError as err:
        raise StoreError(f"{target}: cannot be written: {err.strerror}") from err
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for left in (name, f"{name}-wal", f"{name}-shm", f"{name}-journal"):
            with suppress(FileNotFoundError):
                os.unlink(left)


def _copy(path: Path, part: Path, target: Path, progress: Progress | None) -> None:
    def told(status: int, remaining: int, total: int) -> None:
        if progress:
            progress(total - remaining, total)

    with (
        in_words(f"{path}, copied to {target}", FORM),
        closing(connect(path, WAIT_S)) as source,
        closing(connect(part, WAIT_S)) as copy,
    ):
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")  # it is synchronised once, before it is renamed
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the snapshot begins
        source.backup(copy, pages=PAGES_AT_ONCE, progress=told)


def _require_sound(path: Path, part: Path) -> None:
    try:
        with in_words(part, FORM), closing(connect(part, WAIT_S)) as copy:
            (told,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except StoreError as err:
        told = str(err)
    if told != "ok":
        raise StoreError(
            f"{path}: the copy of it is not sound and was not kept ({' '.join(told.split())});"
            f" the file is damaged; {FORM.if_damaged}"
        )


def _publish(part: Path, target: Path) -> None:
    """Rename a finished copy, so that it is there after a power cut as well."""
    try:
        _synchronise(part)
        os.replace(part, target)
        _synchronise(target.parent)
    except OSError as err:
        raise StoreError(f"{target}: cannot be written: {err.strerror}") from err


def _synchronise(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _require_room(path: Path, content: int) -> None:
    """VACUUM writes all that is kept twice: into a temporary file, and into the log."""
    temporary = _temporary_folder()
    together = os.stat(temporary).st_dev == os.stat(path.parent).st_dev
    needed = content * (2 if together else 1)
    for folder in (path.parent, temporary):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise StoreError(
                f"{path}: compaction needs {megabytes(needed)} free in {folder}, and "
                f"{megabytes(free)} are; make room"
                + ("" if folder == path.parent else ", or set SQLITE_TMPDIR to a larger folder")
            )


def _temporary_folder() -> Path:
    """Where SQLite puts temporary files."""
    asked = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"), "/var/tmp", "/usr/tmp")
    fits = (p for p in asked if p and os.path.isdir(p) and os.access(p, os.W_OK | os.X_OK))
    return Path(next(fits, tempfile.gettempdir()))
