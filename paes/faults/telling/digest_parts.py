"""The parts of a digest as texts, before they are laid out; and its pictures as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from paes.faults.episode import Picture
from paes.periods import Seconds, wall_seconds
from paes.series import Floats

DAYS_SHOWN = 56
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, in fractions of the highest (0..1): as usual, beyond it, and short of it.

    A day that was not measured has none of them.
    """

    usual: float
    beyond: float
    short: float


@dataclass(frozen=True)
class Drawing:
    """Days of a picture until ``last``; ``highest`` is the amount (in ``unit``) of a full bar."""

    bars: Sequence[Bar]
    last: date
    highest: float
    unit: str


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
    drawing: Drawing | None = None
    caption: str = ""
    """Of the drawing."""


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


def drawing(picture: Picture | None, tz: str) -> Drawing | None:
    """The last eight weeks of ``picture`` by local days; None if nothing of it is known.

    Finer steps become the mean of what is known of their day.
    """
    if picture is None or not len(picture.seen):
        return None
    days = _days(picture, tz)
    seen = _by_day(picture.seen, days)[-DAYS_SHOWN:]
    usual = _by_day(picture.usual, days)[-DAYS_SHOWN:]
    highest = float(np.nanmax([*seen, *usual, 0.0]))
    if not highest > 0:
        return None
    bars = [_bar(s / highest, u / highest) for s, u in zip(seen, usual, strict=True)]
    last = date(1970, 1, 1) + timedelta(days=int(days[-1]))
    return Drawing(bars, last, highest, picture.unit)


def _bar(seen: float, usual: float) -> Bar:
    if np.isnan(seen):
        return Bar(0.0, 0.0, 0.0)
    level = max(seen, 0.0)
    known = level if np.isnan(usual) else max(usual, 0.0)
    return Bar(min(level, known), max(level - known, 0.0), max(known - level, 0.0))


def _days(picture: Picture, tz: str) -> Seconds:
    """The local day of each step, counted from 1970; daily pictures begin at midnight of UTC."""
    steps = np.arange(len(picture.seen), dtype=np.int64)
    seconds = picture.start_s + picture.step_s * steps
    return (seconds if picture.step_s >= _DAY_S else wall_seconds(seconds, tz)) // _DAY_S


def _by_day(column: Floats, days: Seconds) -> Floats:
    """The mean of what is known of each day that has a step."""
    _, of = np.unique(days, return_inverse=True)
    known = ~np.isnan(column)
    count = np.bincount(of[known], minlength=int(of[-1]) + 1)
    total = np.bincount(of[known], column[known], minlength=len(count))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
