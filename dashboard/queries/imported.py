"""The newest imports of files: when, by whom, what they brought and what was refused of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dashboard.queries.recipe import Recipe, Sources
from paes.events import Event
from paes.imports.trail import IMPORT, all_imports, is_unfinished
from paes.installation import Installation

NEWEST = 30


@dataclass(frozen=True, slots=True)
class Imported:
    """One file; counts are of readings and events."""

    at: datetime
    file: str
    format: str
    author: str
    new: int
    changed: int
    same: int
    refused: int
    unfinished: bool
    """Interrupted: the same file, imported again, completes it."""


def make_imported(sources: Sources) -> tuple[Imported, ...]:
    """The last ``NEWEST`` of the installation, the newest first."""
    files = all_imports(sources.store)[-NEWEST:]
    return tuple(_imported(event) for event in reversed(files))


def _imported(event: Event) -> Imported:
    def count(name: str) -> int:
        return int(float(event.facts.get(name, 0.0)))

    return Imported(
        at=event.start,
        file=str(event.facts.get("file", "")),
        format=event.name.removeprefix(IMPORT),
        author=str(event.facts.get("author", "")),
        new=count("new"),
        changed=count("changed"),
        same=count("same"),
        refused=count("refused"),
        unfinished=is_unfinished(event),
    )


def _once(_: Installation) -> Iterable[tuple[str, ...]]:
    return [()]


IMPORTED = Recipe("imported", make_imported, max_age_s=120.0, ahead=_once)
"""Of the whole installation."""
