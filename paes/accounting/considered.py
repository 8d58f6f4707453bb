"""A store as it would be with some events more: for what an edit would change, before it is made.

Everything is the real store's but these events, and derived rows are not kept: they would push out
those of what is so. Read next ``paes.cli.edit``, which shows both beside each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from paes.events import Event
from paes.periods import By
from paes.rollups import Rollups
from paes.store import Store


def considered(store: Store, events: Sequence[Event]) -> Store:
    """``store`` as if ``events`` (which have ends) were in it, in place of those of their names."""
    return cast(Store, _Considered(store, events))


class _Considered:
    """Passes every question on, and answers that about events itself."""

    def __init__(self, store: Store, events: Sequence[Event]) -> None:
        self._store = store
        self._more = {_key(e): e for e in events}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def events(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        subjects: Iterable[str] | None = None,
        name: str | tuple[str, ...] = "",
    ) -> list[Event]:
        """See ``Store.events``."""
        of = None if subjects is None else set(subjects)
        known = self._store.events(start, end, of, name)
        more = [
            e
            for e in self._more.values()
            if (of is None or e.subject in of)
            and e.name.startswith(name)
            and (start is None or (e.end or e.start) > start)
            and (end is None or e.start < end)
        ]
        found = [e for e in known if _key(e) not in self._more] + more
        return sorted(found, key=lambda e: (e.start, e.subject, e.name))

    def save_rollups(self, rows: Mapping[str, Rollups], by: By) -> None:
        """Not kept."""


def _key(event: Event) -> tuple[str, str, datetime]:
    return event.subject, event.name, event.start
