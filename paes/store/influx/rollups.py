"""Derived rows of energy in InfluxDB: kept and given, never judged (``paes.rollups``)."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from paes.periods import By
from paes.rollups import Rollups
from paes.store.columns import rollups_of
from paes.store.influx.lines import ROLLUP_OF, plain_text
from paes.store.influx.link import InfluxLink
from paes.store.influx.questions import BY_POINT, Question, Row, ask_rows, groups, of_points

_FIELDS = ("measured", "catch_up", "covered_s", "needs_from", "needs_to", "seal", "gaps")


def load_rollups(
    link: InfluxLink, points: Iterable[str], by: By, start_s: int, end_s: int, shapes: bool
) -> dict[str, Rollups]:
    """See ``Store.load_rollups``."""
    with_shapes = shapes and by is By.DAY
    fields = ", ".join(f'"{f}"' for f in (*_FIELDS, *(["shape"] if with_shapes else [])))
    question = Question(ROLLUP_OF[by], fields, BY_POINT)
    wanted = list(dict.fromkeys(points))
    found: dict[str, list[Row]] = {}
    for group, _ in groups(wanted, 1):
        for *row, meter, quantity in ask_rows(
            link, question.where(of_points(group)), start_s, end_s
        ):
            found.setdefault(f"{meter}/{quantity}", []).append(row)
    rows_of = {plain_text(tags): rows for tags, rows in found.items()}
    return {p: _rollups(rows_of[p], by, shapes) for p in wanted if p in rows_of}


def _rollups(rows: list[Row], by: By, shapes: bool) -> Rollups:
    gaps = [plain_text(str(row[7])) for row in rows]
    if by is By.MONTH:  # has none
        return rollups_of(rows, gaps, [b""] * len(rows) if shapes else ())
    return rollups_of(rows, gaps, [base64.b64decode(str(r[8])) for r in rows] if shapes else ())
