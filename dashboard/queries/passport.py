"""The passport of a figure: the figure itself, of inventories that pages show.

A page and the passports of its figures rest on the same kept inventories, so that a number does
not change while it is followed. What belongs to a meter is asked of the store each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from dashboard.memory import Kept
from dashboard.observatory import Observatory
from dashboard.queries.progress import INVENTORIES, Inventories, inventory_words
from paes.errors import DataError, StoreError
from paes.installation import City
from paes.inventory.method import Method
from paes.lineage.figure import Figure
from paes.lineage.figure_id import FigureId, Kind, inventory_id, progress_id
from paes.lineage.tracing import Tracer

NEAR = 5
_OF_INVENTORIES = (Kind.INVENTORY, Kind.PROGRESS, Kind.SUPPLY)


@dataclass(frozen=True)
class Passport:
    """A figure, and when what it rests on was worked out."""

    id: FigureId
    city: City
    figure: Figure
    made_at: datetime


class NoFigure(DataError):
    """There is no such figure; ``near`` are ids that look like it."""

    def __init__(self, wanted: str, near: Sequence[str]) -> None:
        super().__init__(f"no figure {wanted!r}; near: {', '.join(near) or 'none'}")
        self.near = tuple(near)


def passport_of(observatory: Observatory, city: City, wanted: str) -> Passport:
    """The figure of the id ``wanted``; NoFigure, with near ids of ``city``, if there is none."""
    try:
        asked = FigureId.parse(wanted)
        of = observatory.installation.city(asked.city)
        tracer, made_at = _tracer(observatory, of, asked)
        return Passport(asked, of, tracer.figure(asked), made_at)
    except StoreError:
        raise
    except DataError as err:
        raise NoFigure(wanted, near_ids(observatory, city, wanted)) from err


def _tracer(observatory: Observatory, city: City, asked: FigureId) -> tuple[Tracer, datetime]:
    """Over the kept inventories where pages show any by its method."""
    if asked.kind not in _OF_INVENTORIES:
        return Tracer(city, observatory.ledger), observatory.clock()
    method = asked.method(city.plan)
    factor, scope = method.electricity_factor, method.electricity_scope
    if method != Method.of(city.plan, electricity_factor=factor, electricity_scope=scope):
        return Tracer(city, observatory.ledger), observatory.clock()
    kept = observatory.kept(INVENTORIES, *inventory_words(city, factor, scope))
    return _over(observatory, city, method, kept), kept.made_at


def _over(observatory: Observatory, city: City, method: Method, kept: Kept[Inventories]) -> Tracer:
    """One tracer for the passports that are opened one after the other."""
    return observatory.recent(
        ("tracer", city.id, method, kept.made_at),
        lambda sources: Tracer(city, sources.ledger, kept.value.by_year.values()),
    )


def near_ids(observatory: Observatory, city: City, wanted: str) -> list[str]:
    """Ids of inventories and progress that look like ``wanted``."""
    method = Method.of(city.plan)
    kept = observatory.kept(INVENTORIES, *inventory_words(city, method.electricity_factor))
    tracer = _over(observatory, city, method, kept)
    known = observatory.recent(("figure-ids", city.id, kept.made_at), lambda _: tuple(tracer.ids()))
    return get_close_matches(wanted, known, n=NEAR, cutoff=0.5)


def first_ids(observatory: Observatory, city: City) -> list[str]:
    """Where to begin: the newest year's total, its sectors, and its progress."""
    method = Method.of(city.plan)
    kept = observatory.kept(INVENTORIES, *inventory_words(city, method.electricity_factor))
    if not kept.value.by_year:
        return []
    newest = kept.value.by_year[max(kept.value.by_year)]
    sectors = dict.fromkeys(str(line.activity.sector) for line in newest.lines)
    ids = [inventory_id(city.id, newest.year)]
    ids += [inventory_id(city.id, newest.year, sector) for sector in sectors]
    if any(t.id == city.plan.default_target for t in city.plan.targets):
        ids.append(progress_id(city.id, city.plan.default_target, newest.year))
    return ids
