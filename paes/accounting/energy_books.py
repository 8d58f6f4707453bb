"""Books of energy: from kept rows, from their courses, and straight from readings.

Pure functions; read next ``paes.accounting.kept_energy``, which asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from paes.accounting.energy_rows import unique
from paes.accounting.judging import Counter, Judged
from paes.periods import By, Seconds, Span, edges, from_seconds, to_seconds
from paes.rollups import Rollups, shape_of
from paes.series import EnergyBook


@dataclass(frozen=True)
class Booked:
    """One of the stretches that a meter's total is made of: its book, and kWh in a unit of it."""

    counter: Counter
    span: Span
    kwh_per_unit: float
    book: EnergyBook


def row_book(rows: Rollups) -> EnergyBook:
    """Kept days or months."""
    told = (gap for gaps in rows.gaps for gap in gaps)
    return EnergyBook(rows.start_s, rows.measured, rows.catch_up, rows.covered_s, unique(told))


def quarter_book(rows: Rollups, quarters: Sequence[Seconds]) -> EnergyBook:
    """The days' courses one after the other."""
    days = [shape_of(data, len(q)) for data, q in zip(rows.shapes, quarters, strict=True)]
    told = (gap for gaps in rows.gaps for gap in gaps)
    return EnergyBook(
        np.concatenate(list(quarters)),
        np.concatenate([d.measured for d in days]),
        np.concatenate([d.catch_up for d in days]),
        np.concatenate([d.covered_s for d in days]),
        (*unique(told), *(gap for day in days for gap in day.gaps)),
    )


def read_book(judged: Judged, span: Span) -> EnergyBook:
    """One period, straight from the readings."""
    ends = np.array([to_seconds(span.start), to_seconds(span.end)], dtype=np.int64)
    book = judged.book
    if len(book.knots_s) == 0:
        return EnergyBook(ends[:1], np.zeros(1), np.zeros(1), np.zeros(1), tuple(judged.gaps))
    return EnergyBook(
        ends[:1],
        np.diff(np.interp(ends, book.knots_s, book.total)),
        np.zeros(1),
        np.diff(np.interp(ends, book.knots_s, book.covered)),
        tuple(judged.gaps),
    )


def one_book(books: Sequence[EnergyBook]) -> EnergyBook:
    """Books of consecutive stretches as one."""
    return EnergyBook(
        np.concatenate([b.start_s for b in books]),
        np.concatenate([b.measured for b in books]),
        np.concatenate([b.catch_up for b in books]),
        np.concatenate([b.covered_s for b in books]),
        unique(gap for b in books for gap in b.gaps),
    )


def stretches(span: Span, tz: str) -> Iterator[tuple[Span, By | None]]:
    """``span`` cut into whole months, whole days around them, and parts of days at its ends."""
    cuts: list[tuple[int, By | None]] = [(to_seconds(span.start), None)]
    days = _inside(span, By.DAY, tz)
    if days:
        months = _inside(days, By.MONTH, tz)
        cuts.append((to_seconds(days.start), By.DAY))
        if months:
            cuts += [(to_seconds(months.start), By.MONTH), (to_seconds(months.end), By.DAY)]
        cuts.append((to_seconds(days.end), None))
    cuts.append((to_seconds(span.end), None))
    for (start_s, by), (end_s, _) in pairwise(cuts):
        if start_s < end_s:
            yield Span(from_seconds(start_s), from_seconds(end_s)), by


def _inside(span: Span, by: By, tz: str) -> Span | None:
    """The whole periods that lie in ``span``; None if there are none."""
    of = edges(span, by, tz)
    within = of[(of >= to_seconds(span.start)) & (of <= to_seconds(span.end))]
    return Span(from_seconds(within[0]), from_seconds(within[-1])) if len(within) > 1 else None
