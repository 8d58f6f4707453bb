"""Malfunctions as pages ask for them: cases by city, site, rule and state, and what they cost.

What is quick is read from the store each time, so that a word that was just said of a case is
there at once. What takes long is kept with its time: the ledger of avoidable losses
(``LOSSES``), and the small pictures of the evidence (``SPARKS``).

An address names a case by ``case_part``: the parts of its id with ``~`` between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote

import numpy as np

from dashboard.queries.recipe import Recipe, Sources
from paes.faults.cases.case import OPEN, Case, State, Word
from paes.faults.cases.register import all_cases, case_of, decide
from paes.faults.cases.run import LastRun, last_run
from paes.faults.cases.same_event import Twice, eur_per_week, eur_so_far, told_twice
from paes.faults.episode import Episode, Picture
from paes.faults.money.losses import NO_LOSS, Losses, losses_by_month
from paes.faults.money.price import Interval, Price
from paes.faults.money.pricing import PricingContext
from paes.faults.unwatched import why_unwatched
from paes.periods import from_seconds
from paes.series import Floats

PATH = "/allarmi"
_APART = "~"
SPARK_POINTS = 60
"""Of a small picture; more would not be seen."""


class Which(StrEnum):
    """The states that a list is asked for."""

    OPEN = "open"
    UNTAKEN = "untaken"
    TAKEN = "taken"
    DISMISSED = "dismissed"
    CLOSED = "closed"
    ALL = "all"


_STATES: dict[Which, tuple[State, ...]] = {
    Which.OPEN: OPEN,
    Which.UNTAKEN: (State.NEW, State.REARMED),
    Which.TAKEN: (State.ACKNOWLEDGED, State.ASSIGNED, State.REPAIRED),
    Which.DISMISSED: (State.DISMISSED,),
    Which.CLOSED: (State.VERIFIED, State.RETRACTED),
    Which.ALL: tuple(State),
}


class Order(StrEnum):
    """What comes first in a list."""

    WEEK = "week"
    SO_FAR = "so_far"
    TONNES = "tonnes"
    NEWEST = "newest"


def case_part(case_id: str) -> str:
    """A case's id as an address names it."""
    return quote(case_id.replace("/", _APART), safe=_APART)


def case_path(case_id: str) -> str:
    """The path of the page of a case."""
    return f"{PATH}/{case_part(case_id)}"


def id_of_part(part: str) -> str:
    """The id that a part of an address names."""
    return part.replace(_APART, "/")


def cases_of(sources: Sources, city: str, site: str | None = None) -> list[Case]:
    """Every case of a city (of one of its sites), without series, in order of id."""
    found = all_cases(sources.store)
    return [c for c in found if c.city == city and site in (None, c.site)]


def price_of_case(case: Case) -> Price | None:
    """What it costs; nothing of what was called none, or is not shown any more."""
    return None if case.state in NO_LOSS else case.price


def per_week(case: Case) -> Interval | None:
    """EUR that each week more costs; None of what is closed, or has no price."""
    price = price_of_case(case)
    return price.per_week.eur if price and case.is_open else None


def so_far(case: Case) -> Interval | None:
    """EUR that it has cost; None of what has no price."""
    price = price_of_case(case)
    return price.so_far.eur if price else None


def ranked(cases: Iterable[Case], order: Order = Order.WEEK) -> list[Case]:
    """The dearest first; what costs nothing by the newest."""
    return sorted(cases, key=lambda case: (*_rank(case, order), case.id))


def _rank(case: Case, order: Order) -> tuple[float, ...]:
    week, past, price = per_week(case), so_far(case), price_of_case(case)
    tonnes = price.so_far.co2_t if price else None
    keys = {
        Order.WEEK: week.likely if week else 0.0,
        Order.SO_FAR: past.likely if past else 0.0,
        Order.TONNES: tonnes.likely if tonnes else 0.0,
        Order.NEWEST: case.opened_at.timestamp(),
    }
    return -keys[order], -keys[Order.SO_FAR], -keys[Order.NEWEST]


@dataclass(frozen=True, slots=True)
class Stakes:
    """What open cases cost together, each event counted once; of ``cases`` in all."""

    cases: int
    untaken: int
    eur_per_week: Interval | None
    """None if none of them has a price."""
    eur_so_far: Interval
    co2_so_far_t: float
    unpriced: int
    """Open cases that have no price (yet)."""


def stakes(sources: Sources, cases: Iterable[Case]) -> Stakes:
    """Of the open ones among ``cases``."""
    still = [case for case in cases if case.is_open]
    twice = told_twice(still, sources.installation.meters)
    tonnes = [
        c.price.so_far.co2_t.likely
        for c in still
        if c.price and c.price.so_far.co2_t and c.id not in twice
    ]
    return Stakes(
        cases=len(still),
        untaken=sum(case.state in _STATES[Which.UNTAKEN] for case in still),
        eur_per_week=eur_per_week(still, twice),
        eur_so_far=eur_so_far(still, twice),
        co2_so_far_t=sum(tonnes),
        unpriced=sum(per_week(case) is None for case in still),
    )


@dataclass(frozen=True)
class CaseList:
    """The cases that were asked for, ranked, and what a list must say beside them."""

    cases: tuple[Case, ...]
    known: tuple[Case, ...]
    """All cases of the city."""
    stakes: Stakes
    """Of all open cases of the city, whatever is asked for."""
    last: LastRun | None
    """When malfunctions were looked for last; None: never."""
    twice: dict[str, Twice]
    """Those that probably tell of the same as a dearer one, by id."""


def case_list(
    sources: Sources, city: str, which: Which, order: Order, site: str = "", rule: str = ""
) -> CaseList:
    """The list of a page; empty ``site`` and ``rule`` are all."""
    known = cases_of(sources, city)
    chosen = [
        case
        for case in known
        if case.state in _STATES[which]
        and (not site or case.site == site)
        and (not rule or case.rule == rule)
    ]
    return CaseList(
        cases=tuple(ranked(chosen, order)),
        known=tuple(known),
        stakes=stakes(sources, known),
        last=last_run(sources.store),
        twice=told_twice(known, sources.installation.meters),
    )


@dataclass(frozen=True)
class CaseView:
    """One case whole, with its evidence, and what else tells of the same."""

    case: Case
    unwatched: str | None
    """Why no run looks at it any more."""
    same: Twice | None
    parts: tuple[Twice, ...]
    """Cheaper ones that are probably the same or a part of it."""


def case_view(sources: Sources, case_id: str) -> CaseView:
    """The case, or the one that it became a part of; DataError if there is none."""
    case = case_of(sources.store, case_id)
    known = cases_of(sources, case.city)
    twice = told_twice(known, sources.installation.meters)
    return CaseView(
        case,
        why_unwatched(sources.installation, case) if case.is_open else None,
        twice.get(case.id),
        tuple(one for one in twice.values() if one.of.id == case.id),
    )


def case_said(sources: Sources, case_id: str) -> Case:
    """The case alone as it stands now; DataError if there is none."""
    return case_of(sources.store, case_id)


def say(
    sources: Sources, case_id: str, word: Word, author: str, reason: str, assignee: str | None
) -> None:
    """Keep what ``author`` says of a case; DataError if it cannot be said of it (any more)."""
    decide(sources.store, case_id, word, author, reason, assignee, sources.clock)


@dataclass(frozen=True, slots=True)
class Points:
    """A picture step by step for eyes: local days where steps are days or made to be."""

    starts: tuple[datetime, ...]
    """Aware UTC."""
    seen: tuple[float | None, ...]
    """None where nobody knows: a gap."""
    usual: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    unit: str = ""
    step: timedelta = timedelta(days=1)


def points_of(picture: Picture, most: int = 0) -> Points:
    """The steps of a picture; means of several in a row if there are more than ``most``."""
    count = len(picture.seen)
    together = -(-count // most) if most and count > most else 1
    step_s = picture.step_s * together
    seen = _means(picture.seen, together)
    return Points(
        starts=tuple(from_seconds(picture.start_s + i * step_s) for i in range(len(seen))),
        seen=seen,
        usual=_means(picture.usual, together),
        low=_means(picture.low, together),
        high=_means(picture.high, together),
        unit=picture.unit,
        step=timedelta(seconds=step_s),
    )


def _means(column: Floats | None, together: int) -> tuple[float | None, ...]:
    """Of so many in a row what is known; None where nothing is."""
    if column is None:
        return ()
    padded = np.full(-(-len(column) // together) * together, np.nan)
    padded[: len(column)] = column
    rows = padded.reshape(-1, together)
    known = np.isfinite(rows).sum(axis=1)
    sums = np.nansum(rows, axis=1)
    return tuple(float(total / n) if n else None for total, n in zip(sums, known, strict=True))


@dataclass(frozen=True, slots=True)
class Spark:
    """A small picture, and the part of it in which the malfunction was seen (steps, half-open)."""

    points: Points
    first: int
    last: int


def spark_of(episode: Episode, most: int = SPARK_POINTS) -> Spark | None:
    """The evidence in small; None without a picture."""
    if episode.picture is None or not len(episode.picture.seen):
        return None
    points = points_of(episode.picture, most)
    begin = points.starts[0].timestamp()
    step_s = points.step.total_seconds()
    count = len(points.starts)
    first = int((episode.start.timestamp() - begin) // step_s)
    last = int(-(-(episode.end.timestamp() - begin) // step_s))
    return Spark(points, min(max(first, 0), count), min(max(last, 0), count))


def _sparks(sources: Sources, city: str) -> dict[str, Spark]:
    found = all_cases(sources.store, series=True)
    made = {case.id: spark_of(case.episode) for case in found if case.city == city}
    return {name: spark for name, spark in made.items() if spark}


SPARKS = Recipe("case_sparks", _sparks, max_age_s=300.0)
"""The small pictures of a city's cases by id."""


def _losses(sources: Sources, city: str) -> Losses:
    cases = [c for c in all_cases(sources.store, series=True) if c.city == city]
    return losses_by_month(PricingContext(sources.ledger), cases)


LOSSES = Recipe("avoidable_losses", _losses, max_age_s=600.0)
"""The ledger of avoidable losses of a city."""
