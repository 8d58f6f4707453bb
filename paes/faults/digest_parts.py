"""The parts of a digest as texts, before they are laid out; and its pictures as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paes.faults.episode import Picture
from paes.periods import wall_seconds
from paes.series import Floats

DAYS_SHOWN = 56
_DAY_S = 86_400


@dataclass(frozen=True)
class Entry:
    """One case: all that is told of it, in words."""

    title: str
    place: str
    says: str
    facts: Sequence[tuple[str, str]]
    """What, and its figure; in order of importance."""
    id: str
    is_closed: bool
    picture: Picture | None
    tz: str
    caption: str
    """Of the picture; ``{n}`` stands for how many days it shows."""


@dataclass(frozen=True)
class Part:
    """Cases of one kind, under a heading."""

    heading: str
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Outline:
    """A digest in words."""

    language: str
    subject: str
    intro: str
    warning: str | None
    total: str | None
    parts: Sequence[Part]
    others: str | None
    page: str | None
    open_page: str
    why: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, in fractions of the highest (0..1): as usual, beyond it, and short of it.

    A day that was not measured has none of them.
    """

    usual: float
    beyond: float
    short: float
    is_known: bool


def bars(picture: Picture, tz: str) -> list[Bar]:
    """The last eight weeks of ``picture`` by local days; nothing if no day of it is known.

    Finer steps become the mean of what is known of their day.
    """
    seen, usual = (_by_day(picture, column, tz)[-DAYS_SHOWN:] for column in _columns(picture))
    highest = np.nanmax([*seen, *usual, 0.0])
    if not highest > 0:
        return []
    return [_bar(s / highest, u / highest) for s, u in zip(seen, usual, strict=True)]


def _bar(seen: float, usual: float) -> Bar:
    if np.isnan(seen):
        return Bar(0.0, 0.0, 0.0, False)
    known = max(seen if np.isnan(usual) else usual, 0.0)
    level = max(seen, 0.0)
    return Bar(min(level, known), max(level - known, 0.0), max(known - level, 0.0), True)


def _columns(picture: Picture) -> tuple[Floats, Floats]:
    return picture.seen, picture.usual


def _by_day(picture: Picture, column: Floats, tz: str) -> Floats:
    if picture.step_s >= _DAY_S:
        return column
    seconds = picture.start_s + picture.step_s * np.arange(len(column), dtype=np.int64)
    day = wall_seconds(seconds, tz) // _DAY_S
    day = day - day[0] if len(day) else day
    count = int(day[-1]) + 1 if len(day) else 0
    known = ~np.isnan(column)
    total = np.bincount(day[known], column[known], minlength=count)
    of = np.bincount(day[known], minlength=count)
    with np.errstate(invalid="ignore"):
        return np.where(of > 0, total / np.maximum(of, 1), np.nan)
