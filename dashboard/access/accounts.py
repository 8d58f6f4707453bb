"""Local accounts: a name, a role, a password that is kept as a hash.

Every change is a line of the audit log in the same transaction. Whatever takes something away from
a person (another password, disabled, removed) ends that person's sessions at once; a changed role
holds from the next request on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.access.access_file import AccessFile
from dashboard.access.audit_log import AuditLog
from dashboard.access.passwords import kept_form, matches, require_good
from dashboard.access.rights import Role
from paes.errors import DataError
from paes.sqlite_file import Database

_NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
NAME_RULE = "2 to 40 of a-z, 0-9, dot, hyphen and underscore, a letter first"
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Account:
    """A person with a local account."""

    name: str
    full_name: str
    role: Role
    is_enabled: bool
    made_at: datetime


class Accounts:
    """The accounts of an ``AccessFile``; ``by`` says who changes them and from where."""

    def __init__(self, file: AccessFile, log: AuditLog, clock: Callable[[], datetime]) -> None:
        self._file = file
        self._log = log
        self._clock = clock

    def all(self) -> list[Account]:
        """By name."""
        with self._file.reading() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM accounts ORDER BY name").fetchall()
        return [_account(row) for row in rows]

    def find(self, name: str) -> Account | None:
        """The account of that name."""
        with self._file.reading() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM accounts WHERE name = ?", (name,)).fetchone()
        return _account(row) if row else None

    def add(
        self, name: str, role: Role, password: str, full_name: str = "", *, by: tuple[str, str]
    ) -> Account:
        """A new account; DataError if the name is taken or unfit, or the password too weak."""
        require_name(name)
        if len(full_name) > _LONGEST_NAME or not full_name.isprintable():
            raise DataError(
                f"the full name of {name}: expected at most {_LONGEST_NAME} characters, one line"
            )
        require_good(password, name)
        row = (name, full_name.strip(), role.value, kept_form(password), self._clock().timestamp())
        with self._file.writing() as db:
            added = db.execute(
                "INSERT OR IGNORE INTO accounts (name, full_name, role, password, made_s)"
                " VALUES (?, ?, ?, ?, ?)",
                row,
            )
            if not added.rowcount:
                raise DataError(f"there is an account {name} already; choose another name")
            self._log.add(by[0], "account_added", name, role.value, by[1], within=db)
        return Account(name, full_name.strip(), role, True, self._clock())

    def set_password(self, name: str, password: str, *, by: tuple[str, str]) -> None:
        """Another password; ends the person's sessions."""
        self.require(name)
        require_good(password, name)
        kept = kept_form(password)
        with self._file.writing() as db:
            db.execute("UPDATE accounts SET password = ? WHERE name = ?", (kept, name))
            _end_sessions(db, name)
            self._log.add(by[0], "account_password", name, "", by[1], within=db)

    def set_role(self, name: str, role: Role, *, by: tuple[str, str]) -> None:
        """Another role."""
        before = self.require(name)
        told = f"{before.role.value} > {role.value}"
        with self._file.writing() as db:
            db.execute("UPDATE accounts SET role = ? WHERE name = ?", (role.value, name))
            self._log.add(by[0], "account_role", name, told, by[1], within=db)

    def set_enabled(self, name: str, is_enabled: bool, *, by: tuple[str, str]) -> None:
        """Let the person in again, or no longer; the latter ends the person's sessions."""
        self.require(name)
        what = "account_enabled" if is_enabled else "account_disabled"
        with self._file.writing() as db:
            db.execute("UPDATE accounts SET enabled = ? WHERE name = ?", (int(is_enabled), name))
            if not is_enabled:
                _end_sessions(db, name)
            self._log.add(by[0], what, name, "", by[1], within=db)

    def remove(self, name: str, *, by: tuple[str, str]) -> None:
        """Forget an account; what its person did stays in the audit log."""
        self.require(name)
        with self._file.writing() as db:
            db.execute("DELETE FROM accounts WHERE name = ?", (name,))
            _end_sessions(db, name)
            self._log.add(by[0], "account_removed", name, "", by[1], within=db)

    def with_password(self, name: str, password: str) -> Account | None:
        """The enabled account of that name and password; None takes as long for any reason."""
        with self._file.reading() as db:
            row = db.execute(
                f"SELECT {_COLUMNS}, password FROM accounts WHERE name = ?", (name,)
            ).fetchone()
        is_right = matches(row[-1] if row else None, password)
        found = _account(row[:-1]) if row and is_right else None
        return found if found and found.is_enabled else None

    def require(self, name: str) -> Account:
        """The account of that name; DataError with those there are."""
        found = self.find(name)
        if found is None:
            there = ", ".join(a.name for a in self.all()) or "none yet"
            raise DataError(f"there is no account {name!r}; there is {there}")
        return found


def require_name(name: str) -> None:
    """DataError if ``name`` cannot be an account's."""
    if not _NAME.fullmatch(name):
        raise DataError(f"{name!r} cannot be the name of an account; expected {NAME_RULE}")


_COLUMNS = "name, full_name, role, enabled, made_s"


def _account(row: tuple[str, str, str, int, float]) -> Account:
    name, full_name, role, enabled, made_s = row
    made_at = datetime.fromtimestamp(made_s, UTC)
    return Account(name, full_name, Role(role), bool(enabled), made_at)


def _end_sessions(db: Database, name: str) -> None:
    db.execute("DELETE FROM sessions WHERE name = ? AND is_local", (name,))
