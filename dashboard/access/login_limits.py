"""How often somebody may try to log in: by account and by network address.

Attempts stand in the access file, so the limit holds across processes and restarts. An attempt is
counted before the password is looked at, in the same transaction as the count: parallel attempts
gain nothing. It is forgotten when it succeeds.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dashboard.access.access_file import AccessFile
from dashboard.access.settings import LoginLimits
from paes.sqlite_file import Database

_NETWORK_BITS = 64
"""Of an IPv6 address: what a provider gives to one customer."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; ``wait_s`` is 0 if it may go on, else how long to wait before the next."""

    id: int
    wait_s: int
    is_last: bool = False
    """Whether no more are allowed after it for a while."""


class Attempts:
    """The attempts of the last while."""

    def __init__(
        self, file: AccessFile, limits: LoginLimits, clock: Callable[[], datetime]
    ) -> None:
        self._file = file
        self._limits = limits
        self._clock = clock

    def begin(self, account: str, address: str) -> Attempt:
        """Count an attempt for ``account`` (known or not) from ``address``, if it is allowed."""
        now_s = self._clock().timestamp()
        since_s = now_s - self._limits.window_min * 60
        who, source = _hidden(account.lower()), _network(address)
        limits = (
            ("who", who, self._limits.per_account),
            ("source", source, self._limits.per_address),
        )
        with self._file.writing() as db:
            db.execute("DELETE FROM attempts WHERE at_s <= ? OR at_s > ?", (since_s, now_s + 60))
            counts = [_count(db, column, value) for column, value, _ in limits]
            free_s = [
                first_s - since_s
                for (count, first_s), (_, _, most) in zip(counts, limits, strict=True)
                if count >= most
            ]
            if free_s:
                return Attempt(0, max(1, math.ceil(max(free_s))))
            made = db.execute(
                "INSERT INTO attempts (who, source, at_s) VALUES (?, ?, ?)", (who, source, now_s)
            )
        is_last = any(n + 1 == most for (n, _), (_, _, most) in zip(counts, limits, strict=True))
        return Attempt(int(made.lastrowid or 0), 0, is_last)

    def succeeded(self, attempt: Attempt) -> None:
        """Forget an attempt that was none."""
        with self._file.writing() as db:
            db.execute("DELETE FROM attempts WHERE id = ?", (attempt.id,))


def _count(db: Database, column: str, value: str) -> tuple[int, float]:
    """How many attempts there are, and when the first was."""
    count, first_s = db.execute(
        f"SELECT count(*), coalesce(min(at_s), 0) FROM attempts WHERE {column} = ?", (value,)
    ).fetchone()
    return count, first_s


def _hidden(name: str) -> str:
    """Some people type their password where the name belongs: it is not kept."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def _network(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if known.version == 4:
        return str(known)
    return str(ipaddress.ip_network((known, _NETWORK_BITS), strict=False))
