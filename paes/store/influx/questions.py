"""InfluxQL for everything that the store asks, and the columns of what comes back.

Only what all generations understand: one SELECT over one measurement, explicit bounds of time,
tags compared by ``=`` or a regular expression. A question never expects more than ``PAGE`` rows
of a series or ``ROWS`` in all, so that neither side needs memory for ten years at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from paes.errors import StoreError
from paes.series import ReadingSeries
from paes.store import CHUNK
from paes.store.influx.answers import Cell, Series
from paes.store.influx.lines import FIRST_S, LAST_S, point_tags, tag_text
from paes.store.influx.link import InfluxLink, quoted_name, quoted_text
from paes.store.thousandths import SCALE

PAGE = CHUNK
"""Rows of one series in one answer."""
ROWS = 100_000
"""Rows of all series in one answer."""
NAMED = 30
"""Points up to this number are named one by one; more are quicker by a regular expression."""
MOST_POINTS = 500
"""Points in one statement, which servers read into memory."""
Row = list[Cell]
BY_POINT = ("meter", "quantity")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Question:
    """What is asked of one measurement in one bucket (None: the store's own)."""

    measurement: str
    fields: str
    """The part between SELECT and FROM."""
    tags: tuple[str, ...]
    """The answer has a series for each combination of them."""
    conditions: tuple[str, ...] = ()
    bucket: str | None = None
    steps: str = ""
    """``time(900s)`` for rows by steps of time."""

    def where(self, *conditions: str) -> Question:
        """The same with more ``conditions``; empty ones are none."""
        return replace(self, conditions=(*self.conditions, *(c for c in conditions if c)))

    def statement(self, from_s: int, to_s: int, limit: int, newest_first: bool = False) -> str:
        """InfluxQL for what lies in ``[from_s, to_s)``: at most ``limit`` rows a series."""
        group = ", ".join([*([self.steps] if self.steps else []), *map(quoted_name, self.tags)])
        return (
            f"{self._selection(self.fields, from_s, to_s)} GROUP BY {group}"
            + (" fill(none)" if self.steps else "")
            + (" ORDER BY time DESC" if newest_first else "")
            + f" LIMIT {limit}"
        )

    def flat_statement(self, from_s: int, to_s: int) -> str:
        """The same as one table with the tags as last columns: at most ``ROWS`` in all."""
        columns = ", ".join([self.fields, *map(quoted_name, self.tags)])
        return f"{self._selection(columns, from_s, to_s)} LIMIT {ROWS}"

    def _selection(self, columns: str, from_s: int, to_s: int) -> str:
        where = [*self.conditions, f"time >= {time_text(from_s)}", f"time < {time_text(to_s)}"]
        return f'SELECT {columns} FROM "{self.measurement}" WHERE {" AND ".join(where)}'


REGISTER = Question("point", '"known"', BY_POINT)
"""Every point that was ever written, at time 0."""


def ask(
    link: InfluxLink,
    question: Question,
    from_s: int,
    to_s: int,
    limit: int = PAGE,
    newest_first: bool = False,
) -> list[Series]:
    """The series that answer ``question``; nothing is asked about an empty span."""
    from_s, to_s = max(from_s, FIRST_S), min(to_s, LAST_S)
    if from_s >= to_s:
        return []
    statement = question.statement(from_s, to_s, limit, newest_first)
    return [s for s in link.query(statement, question.bucket) if s.rows]


def ask_rows(link: InfluxLink, question: Question, from_s: int, to_s: int) -> Iterator[Row]:
    """The rows that answer ``question`` in order of time, each with its tags as last columns.

    For what is sparse: a series that has a row a month costs a server as much as one that has
    thousands, so it is not asked to tell them apart.
    """
    from_s, to_s = max(from_s, FIRST_S), min(to_s, LAST_S)
    while from_s < to_s:
        answer = link.query(question.flat_statement(from_s, to_s), question.bucket)
        rows = answer[0].rows if answer else []
        if len(rows) < ROWS:
            yield from rows
            return
        next_s = whole(rows[-1][0])
        if next_s == from_s:
            raise StoreError(
                f"{link.place(question.bucket)}: more than {ROWS} rows of {question.measurement} "
                f"at {time_text(from_s)}"
            )
        yield from (row for row in rows if row[0] != next_s)
        from_s = next_s


def whole(cell: object) -> int:
    """A cell that we wrote as a whole number."""
    assert isinstance(cell, int)
    return cell


def time_text(second: int) -> str:
    """A time as InfluxQL has it on every generation."""
    return f"'{_EPOCH + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}'"


def of_points(points: Iterable[str]) -> str:
    """The condition that takes ``points``, and may take a few that were not asked for."""
    tags = [tags for tags in map(point_tags, points) if tags]
    if len(tags) <= NAMED:
        each = [f'("meter" = {quoted_text(m)} AND "quantity" = {quoted_text(q)})' for m, q in tags]
        return f"({' OR '.join(each)})"
    meters, quantities = zip(*tags, strict=True)
    return f"{one_of('meter', meters)} AND {one_of('quantity', quantities)}"


def of_names(tag: str, names: Iterable[str]) -> str:
    """The condition that ``tag`` is one of ``names``."""
    return one_of(tag, [tag_text(name) for name in names])


def one_of(tag: str, texts: Iterable[str]) -> str:
    """The condition that ``tag`` is one of ``texts``, which are as they stand in tags."""
    distinct = sorted(set(texts))
    if len(distinct) <= NAMED:
        return f"({' OR '.join(f'{quoted_name(tag)} = {quoted_text(t)}' for t in distinct)})"
    return f'"{tag}" =~ /^({"|".join(map(_literally, distinct))})$/'


def begins_with(tag: str, texts: str | tuple[str, ...]) -> str:
    """The condition that takes what in ``tag`` begins with one of ``texts``, and may take more.

    None if one is empty. Whether a ``%`` near its end is coded depends on what follows.
    """
    some = (texts,) if isinstance(texts, str) else texts
    certain = [re.sub(r"%[0-9A-F]?\Z", "", t) for t in some]  # \Z: "$" is before a line break too
    if not all(certain):
        return ""
    return f'"{tag}" =~ /^({"|".join(_literally(tag_text(t)) for t in certain)})/'


def groups(points: Sequence[str], rows_each: int) -> Iterator[tuple[list[str], int]]:
    """Points to be asked for together, and how many rows of each: never above ``ROWS`` in all.

    ``rows_each`` is what is expected; a point that has more comes in parts.
    """
    size = max(1, min(MOST_POINTS, ROWS // max(1, rows_each)))
    known = [p for p in points if point_tags(p)]
    for begin in range(0, len(known), size):
        group = known[begin : begin + size]
        yield group, min(PAGE, ROWS // len(group))


def readings_of(series: Series) -> ReadingSeries:
    """Readings from rows of time, value and quality in order of time, newest last."""
    table = np.array([r for r in series.rows if None not in r], np.int64).reshape(-1, 3)
    return ReadingSeries(table[:, 0].copy(), table[:, 1] / SCALE, table[:, 2].astype(np.int8))


def joined(parts: Sequence[ReadingSeries]) -> ReadingSeries:
    """Consecutive parts as one."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return ReadingSeries.empty()
    return ReadingSeries(
        np.concatenate([p.seconds for p in parts]),
        np.concatenate([p.values for p in parts]),
        np.concatenate([p.codes for p in parts]),
    )


def _literally(text: str) -> str:
    """``text`` in a regular expression, by escapes that every generation's engine has."""
    return "".join(
        c if c.isalnum() or not c.isascii() or c in "_-" else f"\\x{ord(c):02x}" for c in text
    )
