"""The audit log: who did what, to what, when, and from where. Lines are added, never changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.access.access_file import AccessFile
from paes.sqlite_file import Database

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line; ``what`` is a word (``login``, ``malfunction.take``), ``subject`` an id."""

    at: datetime
    person: str
    what: str
    subject: str
    told: str
    source: str
    """The network address it came from; ``terminal`` of a command."""


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Which lines are asked for; empty means any, times are half-open ``[start, end)``."""

    person: str = ""
    what: str = ""
    start: datetime | None = None
    end: datetime | None = None


class AuditLog:
    """The log in an ``AccessFile``."""

    def __init__(self, file: AccessFile, clock: Callable[[], datetime]) -> None:
        self._file = file
        self._clock = clock

    def add(
        self,
        person: str,
        what: str,
        subject: str = "",
        told: str = "",
        source: str = "",
        *,
        within: Database | None = None,
    ) -> None:
        """Add a line; with ``within`` as a part of that transaction."""
        texts = (person, what, subject, told, source)
        row = (self._clock().timestamp(), *(_in_one_line(text) for text in texts))
        if within is not None:
            within.execute(_ADD, row)
            return
        with self._file.writing() as db:
            db.execute(_ADD, row)

    def entries(self, asked: AuditQuestion, most: int, skip: int = 0) -> list[AuditEntry]:
        """The newest ``most`` of the lines asked for, after ``skip`` newer ones."""
        where, values = _condition(asked)
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT at_s, person, what, subject, told, source FROM audit"
                f" {where} ORDER BY id DESC LIMIT ? OFFSET ?",
                (*values, most, skip),
            ).fetchall()
        return [AuditEntry(datetime.fromtimestamp(at_s, UTC), *rest) for at_s, *rest in rows]

    def count(self, asked: AuditQuestion) -> int:
        """How many lines there are of those asked for."""
        where, values = _condition(asked)
        with self._file.reading() as db:
            found = db.execute(f"SELECT count(*) FROM audit {where}", values).fetchone()
        return int(found[0])

    def newest(self, what: str) -> dict[str, datetime]:
        """When each person last did ``what``."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT person, max(at_s) FROM audit WHERE what = ? GROUP BY person", (what,)
            ).fetchall()
        return {str(person): datetime.fromtimestamp(at_s, UTC) for person, at_s in rows}

    def people(self) -> list[str]:
        """Everybody of whom there is a line."""
        return self._known("person")

    def deeds(self) -> list[str]:
        """Every word for what was done."""
        return self._known("what")

    def _known(self, column: str) -> list[str]:
        with self._file.reading() as db:
            rows = db.execute(f"SELECT DISTINCT {column} FROM audit ORDER BY 1").fetchall()
        return [str(row[0]) for row in rows]


_ADD = "INSERT INTO audit (at_s, person, what, subject, told, source) VALUES (?, ?, ?, ?, ?, ?)"


def _condition(asked: AuditQuestion) -> tuple[str, list[object]]:
    tests: list[tuple[str, object]] = [
        ("person = ?", asked.person or None),
        ("what = ?", asked.what or None),
        ("at_s >= ?", asked.start.timestamp() if asked.start else None),
        ("at_s < ?", asked.end.timestamp() if asked.end else None),
    ]
    chosen = [(test, value) for test, value in tests if value is not None]
    where = " AND ".join(test for test, _ in chosen)
    return f"WHERE {where}" if where else "", [value for _, value in chosen]


def _in_one_line(text: str) -> str:
    """Without what would steer a terminal or break a line."""
    return "".join(c if c.isprintable() else " " for c in text)[:_LONGEST]
