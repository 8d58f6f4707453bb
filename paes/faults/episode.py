"""What a rule finds: an episode, with the numbers compared, what it wastes, and its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np

from paes.errors import DataError
from paes.faults.load_curve import Bools
from paes.faults.money.price import Interval
from paes.periods import Seconds, Span, require_utc
from paes.series import Floats


@dataclass(frozen=True)
class Excess:
    """What passed beyond what is usual (of a plant: what was not produced), step by step.

    ``starts_s`` are the starts of steps of ``step_s`` seconds (hours or finer, so that each has its
    price), not all in a row; amounts are kWh (m3 of water), with bounds that hold for every step.
    A step whose amount is not known has no row: a gap is no waste, and the case says its hours.
    """

    starts_s: Seconds
    step_s: int
    likely: Floats
    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        if self.step_s <= 0 or 3600 % self.step_s:
            raise DataError(f"an excess has steps of an hour or finer, not of {self.step_s} s")
        if len({len(c) for c in (self.starts_s, self.likely, self.low, self.high)}) > 1:
            raise DataError("an excess has columns of one length")
        if not bool(np.all((self.low <= self.likely) & (self.likely <= self.high))):
            raise DataError("an excess lies between its bounds")


@dataclass(frozen=True)
class Picture:
    """What is to be drawn so that a person sees it: seen beside usual, in equal steps.

    ``unit`` is that of both columns (kWh, m3, kW, l/h, W, min …); NaN is drawn as a gap. ``low``
    and ``high`` are the band of what is usual, where there is one. ``step_s`` may be a day
    (86,400): then ``start_s`` is the midnight of UTC of the first local date.
    """

    start_s: int
    step_s: int
    unit: str
    seen: Floats
    usual: Floats
    low: Floats | None = None
    high: Floats | None = None


@dataclass(frozen=True)
class Episode:
    """A malfunction from ``start`` until ``end`` (the last that was seen of it, half-open).

    ``found`` is the first time at which the rule could tell. ``is_over``: what was seen since is
    usual again, by the reference from before it began; an episode that nobody can see any more
    (no readings) is not over. ``numbers`` prove it, their names end with their units; ``windows``
    are what was compared.
    """

    start: datetime
    end: datetime
    found: datetime
    is_over: bool
    numbers: Mapping[str, float]
    windows: Mapping[str, Span] = field(default_factory=dict)
    excess: Excess | None = None
    picture: Picture | None = None
    place: str | None = None
    """What of the subject it is about, where that is not all of it (a bill, a register)."""
    eur: Interval | None = None
    """Money that is no energy and that the rule reckons itself (a claim, a power part); it is the
    price then, and an excess is not asked for."""
    eur_per_week: Interval | None = None
    """The same for each week more; None where time does not raise it."""

    def __post_init__(self) -> None:
        for name in ("start", "end", "found"):
            object.__setattr__(self, name, require_utc(getattr(self, name)))
        if self.end <= self.start:
            raise DataError(f"an episode ends at {self.end}, not after its start {self.start}")


class Stretch(NamedTuple):
    """Steps from ``first`` to ``last`` (both included); ``found`` is when it was sure."""

    first: int
    last: int
    found: int
    is_over: bool


def stretches(sign: Bools, known: Bools, needed: int, quiet: int) -> Sequence[Stretch]:
    """Runs of signs in a row of days (or nights, or any steps).

    One begins with ``needed`` known steps with the sign in a row, and is over after ``quiet``
    known steps without it in a row; steps that are not known neither begin, nor go on, nor end
    one. A sign that comes back before it is over belongs to it.
    """
    found: list[Stretch] = []
    run: list[int] = []
    begun = last = sure = -1
    calm = 0
    for step in np.flatnonzero(known).tolist():
        if sign[step]:
            run, calm = [*run[-needed:], step] if begun < 0 else run, 0
            if begun < 0 and len(run) >= needed:
                begun, sure = run[-needed], step
            last = step
        else:
            run, calm = [], calm + 1
            if begun >= 0 and calm >= quiet:
                found.append(Stretch(begun, last, sure, True))
                begun = -1
    if begun >= 0:
        found.append(Stretch(begun, last, sure, False))
    return found
