"""Of several processes over one store, only one tells at a time: a nightly run and a command.

Each writes that it tells before it looks who else does. Of two that begin at once at least one so
sees the other; who sees another steps back and tries again later. It needs no lock of the store,
and who was killed is waited for as long as a telling may take.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from paes.errors import StoreError
from paes.events import Event
from paes.store import Store

TELLER = "teller."
"""What the names of these events begin with; one for each process that ever told."""
_SUBJECT, _AT = "faults", datetime(2000, 1, 1, tzinfo=UTC)


def new_token() -> str:
    """What a process is known by."""
    return secrets.token_hex(8)


@contextmanager
def only_teller(
    store: Store, way: str, token: str, now: datetime, for_at_most: timedelta
) -> Iterator[bool]:
    """True within, if nobody else tells by ``way``; else nothing may be told now."""
    prefix = f"{TELLER}{way}."
    store.write_events([_event(prefix + token, now + for_at_most)])
    try:
        others = [e for e in store.events(subjects=[_SUBJECT], name=prefix)
                  if e.name != prefix + token]  # fmt: skip
        yield not any(now < datetime.fromisoformat(str(e.facts["until"])) for e in others)
    finally:
        with suppress(StoreError):  # then it ends by itself
            store.write_events([_event(prefix + token, now)])


def _event(name: str, until: datetime) -> Event:
    return Event(_SUBJECT, name, _AT, None, "", {"until": until.isoformat()})
