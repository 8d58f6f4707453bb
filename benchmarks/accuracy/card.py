"""The accuracy card: measured, held against what was stated, told, and written."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.accuracy.rows import Row
from paes import __version__
from paes.faults.rule_table import RULES

FAMILIES = (
    "town", "lighting", "water", "buildings", "pv", "data", "baselines", "school",
    "null_savings",
)  # fmt: skip
"""What takes longest comes first, so that it is not waited for in the end."""
ROOT = Path(__file__).parents[2]
STATED = ROOT / "config" / "accuracy.json"
OTHERS = ("town", "savings", "baseline")
"""What is told before the rules."""
GUIDE = ROOT / "docs" / "accuracy.md"
_HEAD = """\
What version {version} finds, and how often it cries wolf. Made by `python -m benchmarks.accuracy
--write`; CI measures it anew and fails if a figure fell. A bar is what the figure has to reach;
where it does not, the card says so."""


def measure(families: Iterable[str] = FAMILIES, say: Callable[[str], None] = print) -> list[Row]:
    """Every row of these families, by rule; two of one name are an error."""
    rows: list[Row] = []
    with ProcessPoolExecutor() as pool:
        asked = {pool.submit(_measure, family): family for family in families}
        for done in as_completed(asked):
            rows += done.result()
            say(f"{asked[done]} measured")
    keys = [row.key for row in rows]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ValueError(f"told twice: {', '.join(sorted(twice))}")
    order = [*OTHERS, *(rule.id for rule in RULES)]
    names = [*(dict.fromkeys(row.rule for row in sorted(rows, key=lambda row: row.rule)))]
    return sorted(rows, key=lambda row: (order + names).index(row.rule))


def _measure(family: str) -> list[Row]:
    rows: list[Row] = import_module(f"benchmarks.accuracy.{family}").measure()
    return rows


def stated(path: Path = STATED) -> dict[str, Any]:
    """What the last release said of itself; nothing before the first."""
    return json.loads(path.read_text()) if path.is_file() else {"version": None, "rows": []}


def fallen(rows: Iterable[Row], before: Mapping[str, Any]) -> list[str]:
    """What got worse than was stated, or below its bar where it met it, or is not told any more."""
    now = {row.key: row for row in rows}
    found = []
    for old in before["rows"]:
        row = now.get(f"{old['rule']}: {old['what']}")
        if row is None:
            found.append(f"{old['rule']}: {old['what']}: stated before, and not measured any more")
        elif _is_worse(row, old["figure"]):
            found.append(
                f"{row.key}: {_figure(row.figure)} {row.unit}, stated {_figure(old['figure'])}"
            )
    return found


def document(rows: Iterable[Row]) -> dict[str, Any]:
    """What is stated, as the file holds it."""
    return {
        "version": __version__,
        "rows": [
            {
                "rule": row.rule,
                "what": row.what,
                "figure": None if math.isnan(row.figure) else round(row.figure, 4),
                "unit": row.unit,
                "bar": row.bar,
                "sense": row.sense,
                "real": row.real,
                "on": row.on,
            }
            for row in rows
        ],
    }


def markdown(rows: Iterable[Row]) -> str:
    """The card as a page of the guides."""
    parts = ["# Accuracy card", "", _HEAD.format(version=__version__)]
    for rule, of in groupby(rows, key=lambda row: row.rule):
        parts += ["", f"## `{rule}`", "", "| what | figure | bar | on |", "|---|---|---|---|"]
        parts += [_markdown_row(row) for row in of]
    return "\n".join(parts) + "\n"


def told(rows: Iterable[Row]) -> str:
    """The card as lines for a terminal."""
    lines = []
    for rule, of in groupby(rows, key=lambda row: row.rule):
        lines.append(f"\n{rule}")
        for row in of:
            mark = {None: " ", True: "ok", False: "BELOW ITS BAR"}[row.meets_bar]
            figure = f"{_figure(row.figure):>7} {row.unit:<14} {_bar(row):<8} {mark}"
            lines.append(f"  {row.what:<70} {figure}".rstrip())
    return "\n".join(lines)


def _markdown_row(row: Row) -> str:
    below = " **(not reached)**" if row.meets_bar is False else ""
    on = f"{'real' if row.real else 'simulated'}: {row.on}"
    return f"| {row.what} | {_figure(row.figure)} {row.unit} | {_bar(row)}{below} | {on} |"


def _bar(row: Row) -> str:
    if row.bar is None:
        return ""
    return f"{'>=' if row.sense == 'at_least' else '<='} {row.bar:g}"


def _figure(value: float | None) -> str:
    return "none" if value is None or math.isnan(value) else f"{value:.2f}"


def _is_worse(row: Row, before: float | None) -> bool:
    if before is None:
        return False
    if math.isnan(row.figure):
        return True
    change = row.figure - before
    if row.sense == "as_told":
        return abs(change) > row.slack + 5e-4
    return (-change if row.sense == "at_least" else change) > row.slack + 5e-4
