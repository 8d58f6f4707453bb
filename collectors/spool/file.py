"""The spool's file: one SQLite database in WAL mode, opened, locked and kept in one piece.

The only module besides the embedded store that imports sqlite3. What lies in the tables is known
to ``collectors.spool.spool``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paes.errors import StoreError

Database = sqlite3.Connection

SCHEMA_VERSION = 1
APPLICATION_ID = 0x50414551  # "PAEQ"

# AUTOINCREMENT: no number is given twice, so that deleting what was sent cannot hit a row that
# came while it was on its way.
_SCHEMA = """
CREATE TABLE point (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE reading (
    id INTEGER PRIMARY KEY AUTOINCREMENT, point INTEGER NOT NULL REFERENCES point,
    at INTEGER NOT NULL, value REAL NOT NULL, quality INTEGER NOT NULL, flags INTEGER NOT NULL
);
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, name TEXT NOT NULL,
    start INTEGER NOT NULL, end INTEGER, message TEXT NOT NULL, facts TEXT NOT NULL,
    UNIQUE (subject, name, start)
);
CREATE TABLE refused (
    id INTEGER PRIMARY KEY, since INTEGER NOT NULL, reason TEXT NOT NULL, what TEXT NOT NULL
);
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
"""
_SIGNATURE = (
    "SELECT (SELECT application_id FROM pragma_application_id),"
    " (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_master)"
)
"""Whose file it is, asked in one statement: another process may be making it just now."""


class SpoolFile:
    """The database in the file ``path``, made if need be; safe to share between threads.

    Every method raises StoreError when the file cannot be read or written.
    """

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._lock = threading.RLock()
        self._db: Database | None = None
        self._claim: Database | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise StoreError(f"{path}: cannot make its folder: {err.strerror}") from err
        with self.using() as db:
            self._prepare(db)

    def claim(self) -> bool:
        """Make the file ours until ``close``; False if another process has it."""
        with self.using():
            lock = sqlite3.connect(
                f"{self.path}.lock", timeout=0.1, isolation_level=None, check_same_thread=False
            )
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as err:
                lock.close()
                if "locked" not in str(err):
                    raise
                return False
            self._claim = lock
        return True

    def close(self) -> None:
        """Release the file and the claim; it is opened again when something is asked."""
        with self._lock:
            for connection in (self._db, self._claim):
                if connection is not None:
                    connection.close()
            self._db = self._claim = None

    @contextmanager
    def using(self) -> Iterator[Database]:
        """The connection, for this thread alone; SQLite's errors become StoreError."""
        with self._lock:
            try:
                if self._db is None:
                    self._db = self._open()
                yield self._db
            except sqlite3.Error as err:
                raise StoreError(f"{self.path}: {_explain(err)}") from err

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """As ``using``; all that is written, or nothing."""
        with self.using() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _prepare(self, db: Database) -> None:
        application, version, tables = db.execute(_SIGNATURE).fetchone()
        if application == APPLICATION_ID and version == SCHEMA_VERSION:
            return
        if application == APPLICATION_ID:
            raise StoreError(
                f"{self.path}: a spool of another version of this program (schema {version},"
                f" expected {SCHEMA_VERSION}); let that version empty it first"
            )
        if application or tables:
            raise StoreError(f"{self.path}: a database of another program; choose another file")
        self._use_wal(db)
        with self.transaction() as db:
            if db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
                return  # another process was faster
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _use_wal(self, db: Database) -> None:
        """Switch the journal; SQLite itself does not wait here for others who do the same."""
        give_up_at = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as err:
                if "locked" not in str(err) or time.monotonic() > give_up_at:
                    raise
                time.sleep(0.01)

    def _open(self) -> Database:
        db = sqlite3.connect(
            self.path, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        db.execute("PRAGMA synchronous = FULL")
        return db


_REASONS: tuple[tuple[str, str], ...] = (
    ("disk is full", "the disk is full; nothing was written"),
    ("locked", "another process holds the spool for too long; nothing was written"),
    ("readonly", "the file cannot be written to; check its owner and rights"),
    ("unable to open", "the file cannot be opened; check the path and its rights"),
    ("not a database", "not a SQLite file; choose another file"),
    ("malformed", "the file is damaged; move it away, and a new spool is begun"),
)


def _explain(err: sqlite3.Error) -> str:
    text = str(err)
    return next((reason for sign, reason in _REASONS if sign in text), text)
