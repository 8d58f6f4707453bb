"""The spool's file: one SQLite database in WAL mode, opened, locked and kept in one piece.

What lies in the tables is known to ``collectors.spool.spool``; how such a file is made and used, to
``paes.sqlite_file``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paes.sqlite_file import (
    Database,
    FileForm,
    connect,
    in_words,
    make_folder,
    prepare,
    take_lock,
    transaction,
)

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
FORM = FileForm(
    what="spool",
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    schema=_SCHEMA,
    if_of_other_version="let that version empty it first",
    if_damaged="move it away, and a new spool is begun",
)


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
        make_folder(path)
        with self.using() as db:
            prepare(db, path, FORM, busy_timeout_s)

    def claim(self) -> bool:
        """Make the file ours until ``close``; False if another process has it."""
        with self.using():
            self._claim = take_lock(Path(f"{self.path}.lock"))
        return self._claim is not None

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
        with self._lock, in_words(self.path, FORM):
            if self._db is None:
                self._db = connect(self.path, self._busy_timeout_s)
            yield self._db

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """As ``using``; all that is written, or nothing."""
        with self.using() as db, transaction(db):
            yield db
