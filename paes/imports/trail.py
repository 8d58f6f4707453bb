"""The trail that an import leaves in the store: how a figure is followed to its file.

::

    subject   name                        start            what
    digest    import.<format>             when it was      the file: name, author, what it brought
    point     import.<format>.<digest>    first reading    what the file said of this point
    point     import.changed.<digest>     first of a day   values that it replaced, by their times

A digest stands whole as a subject, and with its first twelve signs in a name. The file's own
event is the last of a batch: while it has the fact ``unfinished`` (``paes.store.UNFINISHED``) the
import was interrupted, and the same file, imported again, completes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from paes.events import Event
from paes.imports.batch import SourceFile
from paes.imports.comparing import EventComparison, PointComparison, value_text
from paes.periods import from_seconds
from paes.rollups import DAY_S
from paes.series import ReadingSeries
from paes.store import UNFINISHED, Store

IMPORT = "import."
"""What the names of all these events begin with."""
CHANGED = "import.changed."
SHORT = 12
MOST_CHANGES = 300
"""Replaced values in one event: a server keeps texts of at most 64 kB."""
FEW = 5


@dataclass(frozen=True)
class Provenance:
    """Where figures come from: file, format, who imported it, and when."""

    file: SourceFile
    format: str
    author: str
    at: datetime

    @property
    def facts(self) -> dict[str, str | float]:
        """What every event of this import says."""
        return {
            "file": self.file.name,
            "sha256": self.file.sha256,
            "author": self.author,
            "at": self.at.isoformat(),
        }

    @property
    def short(self) -> str:
        """The beginning of the digest."""
        return self.file.sha256[:SHORT]


def earlier_imports(store: Store, file: SourceFile) -> list[Event]:
    """The events of this very file, the oldest first."""
    return store.events(subjects=[file.sha256], name=IMPORT)


def is_unfinished(event: Event) -> bool:
    """True if the import was interrupted."""
    return bool(event.facts.get(UNFINISHED))


def all_imports(store: Store) -> list[Event]:
    """The event of every file that was ever imported, the oldest first."""
    files = [e for e in store.events(name=IMPORT) if e.facts.get("sha256") == e.subject]
    return sorted(files, key=lambda e: (e.start, str(e.facts.get("file", ""))))


def point_events(origin: Provenance, points: Sequence[PointComparison]) -> Iterator[Event]:
    """What the file said of each point that it brings something new for."""
    for point in points:
        if not point.new + point.changed:
            continue
        first, last = (from_seconds(s) for s in point.given.seconds[[0, -1]])
        counts = {"new": point.new, "changed": point.changed, "same": point.same}
        yield Event(
            point.point,
            f"{IMPORT}{origin.format}.{origin.short}",
            first,
            max(first, last),
            f"{origin.file.name}: {point.new} new, {point.changed} changed, {point.same} same",
            origin.facts | {name: float(count) for name, count in counts.items()},
        )


def change_events(
    store: Store, origin: Provenance, points: Sequence[PointComparison]
) -> Iterator[Event]:
    """The values that are replaced, some of one day in an event; none is forgotten.

    What an interrupted import told already stays told: its new values look the same now.
    """
    changed = [p for p in points if p.changed]
    name = f"{CHANGED}{origin.short}"
    told = store.events(subjects=[p.point for p in changed], name=name) if changed else []
    known = {(e.subject, e.start): e.facts for e in told}
    for point in changed:
        for old in _by_day(point.replaced):
            times = [from_seconds(s).strftime("%Y-%m-%dT%H:%M:%SZ") for s in old.seconds]
            texts = map(value_text, old.values.tolist(), old.codes.tolist())
            first, last = from_seconds(old.seconds[0]), from_seconds(old.seconds[-1])
            values = _merged(
                known.get((point.point, first), {}), dict(zip(times, texts, strict=True))
            )
            message = f"{origin.file.name} replaced {len(old)} values; they were: see facts"
            yield Event(point.point, name, first, last, message, values | origin.facts)


def file_event(
    origin: Provenance,
    points: Sequence[PointComparison],
    events: EventComparison,
    refused: int,
    more: Mapping[str, str | float],
) -> Event:
    """The import itself."""
    new = sum(p.new for p in points) + len(events.new)
    changed = sum(p.changed for p in points) + len(events.changed)
    same = sum(p.same for p in points) + events.same
    facts: dict[str, str | float] = {
        **origin.facts,
        "new": float(new),
        "changed": float(changed),
        "same": float(same),
        "refused": float(refused),
        "points": ", ".join(p.point for p in points[:FEW])
        + (f" and {len(points) - FEW} more" if len(points) > FEW else ""),
        **_first_changes(points),
        **_replaced_events(events),
        **more,
    }
    message = f"{origin.file.name}: {new} new, {changed} changed, {same} same, {refused} refused"
    return Event(origin.file.sha256, f"{IMPORT}{origin.format}", origin.at, None, message, facts)


def completed(interrupted: Event, now: Provenance) -> Event:
    """The event of an interrupted import, with what that one counted, once all is there."""
    facts = {name: fact for name, fact in interrupted.facts.items() if name != UNFINISHED}
    return replace(interrupted, facts={**facts, "completed_at": now.at.isoformat()})


def unfinished(event: Event) -> Event:
    """The event of an import while more of it than the store holds is not there yet."""
    return replace(event, facts={**event.facts, UNFINISHED: 1.0})


def _by_day(series: ReadingSeries) -> Iterator[ReadingSeries]:
    days = series.seconds // DAY_S
    for day in np.unique(days):
        where = np.flatnonzero(days == day)
        for begin in range(0, len(where), MOST_CHANGES):
            part = where[begin : begin + MOST_CHANGES]
            yield ReadingSeries(series.seconds[part], series.values[part], series.codes[part])


def _merged(known: Mapping[str, str | float], values: Mapping[str, str]) -> dict[str, str | float]:
    """Values that were told before, and new ones behind them."""
    merged: dict[str, str | float] = dict(values)
    for time, value in known.items():
        if time[:1].isdigit():  # a time, not a fact of the import
            was = values.get(time)
            merged[time] = value if was in (None, value) else f"{value}; {was}"
    return merged


def _first_changes(points: Sequence[PointComparison]) -> dict[str, str | float]:
    changed = [p for p in points if p.changed]
    return {
        f"changed_{number}": text
        for number, text in enumerate((t for p in changed for t in changes_in_words(p)), start=1)
        if number <= FEW
    }


def changes_in_words(point: PointComparison, most: int = FEW) -> list[str]:
    """The first few changed values of a point: time, old and new value."""
    new, old = point.changes, point.replaced
    rows = zip(new.seconds, old.values, old.codes, new.values, new.codes, strict=True)
    return [
        f"{point.point} {from_seconds(s):%Y-%m-%dT%H:%MZ}: {value_text(a, c)} -> {value_text(b, d)}"
        for (s, a, c, b, d), _ in zip(rows, range(most), strict=False)
    ]


def _replaced_events(events: EventComparison) -> dict[str, str | float]:
    return {
        f"replaced_event_{number}": f"{e.subject} {e.name} {e.start:%Y-%m-%d}: {e.message}"
        f" {dict(e.facts)}"
        for number, e in enumerate(events.replaced[:FEW], start=1)
    }
