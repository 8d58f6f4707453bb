"""A SQLite file of ours: made, recognised, led to today's schema, and used without surprises.

The embedded store and the collector's spool are two such files. Each has an application id, so
that no program's file is taken for another's, and a schema version. WAL mode, so that readers
never stop a writer; ``synchronous=FULL``, so that what was committed survives a power cut. The
only module that imports sqlite3: its errors leave here as StoreError, in words.

The log of WAL mode (``FILE-wal``) is copied into the file whenever it has a thousand pages, and
then begun again, if just then nobody reads from it. Readers that overlap without end would let it
grow without end, as two busy pages do; so a log beyond ``LOG_LIMIT_BYTES`` is emptied by a writer
who waits for them, but briefly and seldom: a slow reader costs it a quarter of a second in ten.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from paes.errors import StoreError

Database = sqlite3.Connection

LOG_LIMIT_BYTES = 16 << 20
"""Four times what the log has where nobody reads for long; it is cut back to this, too."""
LOG_PAUSE_S = 10.0
LOG_WAIT_S = 0.25
"""How long all writers wait for readers, at most once in ``LOG_PAUSE_S``."""

_SIGNATURE = (
    "SELECT (SELECT application_id FROM pragma_application_id),"
    " (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_master)"
)
"""Whose file it is, asked in one statement: another process may be making it just now."""


@dataclass(frozen=True)
class FileForm:
    """What makes a file one of ours; statements of a schema are separated by semicolons."""

    what: str
    """``store`` or ``spool``, as messages name it."""
    application_id: int
    version: int
    schema: str
    if_of_other_version: str
    """What a person does with a file of a version that is not known."""
    if_damaged: str
    migrations: Mapping[int, str] = field(default_factory=dict)
    """What leads from a schema to the next one."""


def make_folder(path: Path) -> None:
    """The folder of the file ``path``; StoreError if it cannot be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise StoreError(f"{path}: cannot make its folder: {err.strerror}") from err


def connect(path: Path, busy_timeout_s: float) -> Database:
    """A connection that may be handed from thread to thread; transactions are begun by hand."""
    db = sqlite3.connect(
        path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
    )
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"PRAGMA journal_size_limit = {LOG_LIMIT_BYTES}")
    return db


def prepare(db: Database, path: Path, form: FileForm, busy_timeout_s: float) -> None:
    """Make an empty file one of ``form``, or lead an older one to it; several may do so at once.

    Raises StoreError, and leaves the file as it is, for one of another program or version.
    """
    application, version, tables = signature(db)
    if application == form.application_id and version == form.version:
        return
    if application == form.application_id:
        _migrate(db, path, form)
        return
    if application or tables:
        raise StoreError(f"{path}: a database of another program; choose another file")
    _use_wal(db, busy_timeout_s)
    with transaction(db):
        if db.execute("PRAGMA application_id").fetchone()[0] == form.application_id:
            return  # another process was faster
        _execute_all(db, form.schema)
        db.execute(f"PRAGMA application_id = {form.application_id}")
        db.execute(f"PRAGMA user_version = {form.version}")


def signature(db: Database) -> tuple[int, int, int]:
    """Application id, schema version, and how many tables and indices there are."""
    application, version, tables = db.execute(_SIGNATURE).fetchone()
    return application, version, tables


def log_of(path: Path) -> Path:
    """The log beside the file ``path``."""
    return path.with_name(f"{path.name}-wal")


def size_of(path: Path) -> int:
    """Bytes of a file; 0 if it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


class LogKeeper:
    """Keeps the log of one file short, for all threads of a process."""

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._log = log_of(path)
        self._busy_timeout_s = busy_timeout_s
        self._next_at = -math.inf
        self._lock = threading.Lock()

    def after_commit(self, db: Database) -> None:
        """Empty a log that has grown too long, if readers let us; never raises."""
        if size_of(self._log) <= LOG_LIMIT_BYTES:
            return
        with self._lock:
            if time.monotonic() < self._next_at:
                return
            self._next_at = time.monotonic() + LOG_PAUSE_S
        with suppress(sqlite3.Error):  # what was committed is safe: it is the next one's turn
            empty_log(db)
        with suppress(sqlite3.Error):
            db.execute(f"PRAGMA busy_timeout = {round(self._busy_timeout_s * 1000)}")


def empty_log(db: Database, within_s: float = 0.0) -> bool:
    """Copy the log into the file and cut it to nothing; False if readers do not let us.

    Each attempt lets writers wait ``LOG_WAIT_S`` at most; leaves that as the time-out of ``db``.
    """
    give_up_at = time.monotonic() + within_s
    db.execute(f"PRAGMA busy_timeout = {round(LOG_WAIT_S * 1000)}")
    while db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() >= give_up_at:
            return False
        time.sleep(LOG_WAIT_S)  # as SQLite gives up at once while somebody else does the same
    return True


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """All that is written, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def in_words(path: Path | str, form: FileForm) -> Iterator[None]:
    """SQLite's errors become a StoreError that names the file and says what to do."""
    try:
        yield
    except sqlite3.Error as err:
        raise StoreError(f"{path}: {_explain(err, form)}") from err


def take_lock(path: Path) -> Database | None:
    """A lock that ends with the connection, or with the process; None if somebody has it."""
    lock = sqlite3.connect(path, timeout=0.1, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as err:
        lock.close()
        if "locked" not in str(err):
            raise
        return None
    return lock


def _migrate(db: Database, path: Path, form: FileForm) -> None:
    """Lead an older file to today's schema, in one transaction; refuse one of another version."""
    _require_known(signature(db)[1], path, form)  # before anything is locked
    with transaction(db):
        version = signature(db)[1]  # another process may have been faster, and newer than we are
        _require_known(version, path, form)
        for step in range(version, form.version):
            _execute_all(db, form.migrations[step])
        db.execute(f"PRAGMA user_version = {form.version}")


def _require_known(version: int, path: Path, form: FileForm) -> None:
    if version != form.version and version not in form.migrations:
        raise StoreError(
            f"{path}: a {form.what} of another version of this program (schema {version},"
            f" expected {form.version}); {form.if_of_other_version}"
        )


def _execute_all(db: Database, statements: str) -> None:
    for statement in statements.split(";"):
        db.execute(statement)


def _use_wal(db: Database, busy_timeout_s: float) -> None:
    """Switch the journal; SQLite itself does not wait here for others who do the same."""
    give_up_at = time.monotonic() + busy_timeout_s
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as err:
            if "locked" not in str(err) or time.monotonic() > give_up_at:
                raise
            time.sleep(0.01)


def _explain(err: sqlite3.Error, form: FileForm) -> str:
    reasons = {
        "disk is full": "the disk is full; nothing was written",
        "locked": f"another process holds the {form.what} for too long; nothing was written",
        "readonly": "the file cannot be written to; check its owner and rights",
        "unable to open": "the file cannot be opened; check the path and its rights",
        "not a database": "not a SQLite file; choose another file",
        "malformed": f"the file is damaged; {form.if_damaged}",
        "disk I/O error": "the disk does not read or write (full, over a quota, broken or absent);"
        " nothing was written; see the system's log",
    }
    text = str(err)
    return next((reason for sign, reason in reasons.items() if sign in text), text)
