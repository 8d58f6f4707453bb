"""Sessions: a browser holds a random token, the access file what it stands for.

So a session can be ended here and not only forgotten there: logging out, a disabled account,
another password. The file keeps a digest of the token, which is of no use to whoever reads it.
A local account's role is read each time; a provider's is what it was told at the login.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask_login import UserMixin

from dashboard.access.access_file import AccessFile
from dashboard.access.rights import Role, User
from dashboard.access.settings import SessionEnds

_RENEWED_AFTER_S = 60.0
"""So often at most it is written down that a session is in use."""


@dataclass(frozen=True)
class Session(UserMixin):  # type: ignore[misc]
    """A person who has logged in, in one browser."""

    token: str
    user: User
    seen_s: float
    is_local: bool

    def get_id(self) -> str:
        """What the browser holds."""
        return self.token


class Sessions:
    """The sessions of an ``AccessFile``."""

    def __init__(self, file: AccessFile, ends: SessionEnds, clock: Callable[[], datetime]) -> None:
        self._file = file
        self._ends = ends
        self._clock = clock

    def begin(self, user: User, *, is_local: bool) -> Session:
        """A new session, with a token that nobody has seen; ``user`` has a role."""
        assert user.role is not None
        token, now_s = secrets.token_urlsafe(32), self._clock().timestamp()
        row = (_digest(token), user.name, user.full_name, user.role.value, int(is_local))
        with self._file.writing() as db:
            db.execute(
                "DELETE FROM sessions WHERE seen_s <= ? OR began_s <= ?", self._oldest(now_s)
            )
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, now_s, now_s))
        return Session(token, user, now_s, is_local)

    def find(self, token: str) -> Session | None:
        """The session of a token; None if there is none, or no longer."""
        idle_s, oldest_s = self._oldest(self._clock().timestamp())
        with self._file.reading() as db:
            row = db.execute(_FIND, (_digest(token), idle_s, oldest_s)).fetchone()
        if row is None:
            return None
        name, full_name, role, is_local, seen_s = row
        return Session(token, User(name, Role(role), full_name), seen_s, bool(is_local))

    def renew(self, session: Session) -> None:
        """Its reader has opened a page."""
        now_s = self._clock().timestamp()
        if now_s - session.seen_s < _RENEWED_AFTER_S:
            return
        with self._file.writing() as db:
            db.execute(
                "UPDATE sessions SET seen_s = ? WHERE token = ?", (now_s, _digest(session.token))
            )

    def end(self, token: str) -> None:
        """End one."""
        with self._file.writing() as db:
            db.execute("DELETE FROM sessions WHERE token = ?", (_digest(token),))

    def _oldest(self, now_s: float) -> tuple[float, float]:
        """Last seen, and begun, after these times."""
        return now_s - self._ends.idle_h * 3600, now_s - self._ends.longest_h * 3600


_FIND = """
    SELECT s.name,
        CASE WHEN s.is_local THEN a.full_name ELSE s.full_name END,
        CASE WHEN s.is_local THEN a.role ELSE s.role END,
        s.is_local, s.seen_s
    FROM sessions s LEFT JOIN accounts a ON s.is_local AND a.name = s.name
    WHERE s.token = ? AND s.seen_s > ? AND s.began_s > ? AND (NOT s.is_local OR a.enabled)
"""


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
