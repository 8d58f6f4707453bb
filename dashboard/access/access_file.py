"""The file of accounts, sessions, attempts to log in and the audit log: ``access.sqlite``.

Readable by its owner alone, shared by every process that serves pages and by ``paes user``. What is
written into the audit log stays: the file itself refuses to change or to delete a line of it.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from paes.errors import StoreError
from paes.sqlite_file import Database, FileForm, connect, in_words, prepare, transaction

NAME = "access.sqlite"
BUSY_S = 10.0
_KEY = "secret-key"
_OWNER_ONLY = 0o600
_FORM = FileForm(
    what="file of accounts",
    application_id=0x50414341,
    version=1,
    schema="""
        CREATE TABLE accounts (
            name TEXT PRIMARY KEY, full_name TEXT NOT NULL, role TEXT NOT NULL,
            password TEXT NOT NULL, enabled INTEGER NOT NULL DEFAULT 1, made_s REAL NOT NULL
        ) STRICT;
        CREATE TABLE sessions (
            token TEXT PRIMARY KEY, name TEXT NOT NULL, full_name TEXT NOT NULL, role TEXT NOT NULL,
            is_local INTEGER NOT NULL, began_s REAL NOT NULL, seen_s REAL NOT NULL
        ) STRICT;
        CREATE INDEX sessions_of ON sessions (name);
        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY, who TEXT NOT NULL, source TEXT NOT NULL, at_s REAL NOT NULL
        ) STRICT;
        CREATE INDEX attempts_at ON attempts (at_s);
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at_s REAL NOT NULL, person TEXT NOT NULL,
            what TEXT NOT NULL, subject TEXT NOT NULL, told TEXT NOT NULL, source TEXT NOT NULL
        ) STRICT;
        CREATE INDEX audit_at ON audit (at_s);
        CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT
    """,
    if_of_other_version="use the version that made it",
    if_damaged="put back a copy of it, or delete it and make the accounts again",
)
_LASTING = tuple(
    f"CREATE TRIGGER IF NOT EXISTS audit_refuses_{what} BEFORE {what} ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END"
    for what in ("update", "delete")
)


class AccessFile:
    """``access.sqlite`` in ``folder``; safe to share between threads, and across a fork."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._local = threading.local()
        self._opened: list[Database] = []
        self._guard = threading.Lock()
        self._process = os.getpid()
        self._make()

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """A connection of this thread; SQLite's errors leave as StoreError."""
        with in_words(self.path, _FORM):
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """The same within a transaction: all of it, or nothing."""
        with self.reading() as db, transaction(db):
            yield db

    def kept_secret(self) -> str:
        """The key that sessions are signed with; made the first time."""
        with self.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO kept (key, value) VALUES (?, ?)",
                (_KEY, secrets.token_urlsafe(48)),
            )
            row = db.execute("SELECT value FROM kept WHERE key = ?", (_KEY,)).fetchone()
        return str(row[0])

    def close(self) -> None:
        """Close every connection of this process."""
        with self._guard:
            opened, self._opened = self._opened, []
            self._local = threading.local()
        if self._process == os.getpid():
            for db in opened:
                db.close()

    def _make(self) -> None:
        """The file with its owner's rights alone, before anything is written into it."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, _OWNER_ONLY))
            if self.path.stat().st_mode & 0o077:
                self.path.chmod(_OWNER_ONLY)
        except OSError as err:
            raise StoreError(f"{self.path}: cannot be made or opened: {err.strerror}") from err
        with in_words(self.path, _FORM), closing(connect(self.path, BUSY_S)) as db:
            prepare(db, self.path, _FORM, BUSY_S)
            for statement in _LASTING:
                db.execute(statement)

    def _connection(self) -> Database:
        """This thread's; a connection must never cross a fork."""
        if self._process != os.getpid():
            with self._guard:
                self._process, self._opened = os.getpid(), []
                self._local = threading.local()
        found: Database | None = getattr(self._local, "db", None)
        if found is None:
            found = self._local.db = connect(self.path, BUSY_S)
            with self._guard:
                self._opened.append(found)
        return found
