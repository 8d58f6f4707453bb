"""Passports of figures as lines for a terminal: a tree of at most ``WIDTH`` columns."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterator

from paes.cli.output import number, percent
from paes.lineage.figure import Figure, Source
from paes.lineage.walking import Node

WIDTH = 100
DIGITS = {"t/MWh": 7, "1": 4, "": 6, "kWh": 3, "MWh": 3, "t": 3}
"""Decimals by unit; amounts of registers have three, as stores keep them."""
FEW = 4
"""Findings of different kinds that are told one by one."""


def passport_lines(node: Node) -> Iterator[str]:
    """The figure and what was opened below it."""
    yield from _lines(node, "", "")


def _lines(node: Node, first: str, rest: str) -> Iterator[str]:
    yield from _wrapped(_head(node), first, rest + "  ")
    inner = rest + ("│ " if node.children else "  ")
    if node.figure:
        for text in _details(node.figure):
            yield from _wrapped(text, inner + "  ", inner + "    ")
    for place, child in enumerate(node.children, start=1):
        is_last = place == len(node.children)
        yield from _lines(
            child, rest + ("└─" if is_last else "├─"), rest + ("  " if is_last else "│ ")
        )


def _head(node: Node) -> str:
    """The part that it plays above, its value and its id; of a part of it the part first."""
    one, figure = node.role, node.figure
    told = [_amount(one.value, one.unit)] if one else []
    if figure and told != [_amount(figure.value, figure.unit)]:
        told.append(_amount(figure.value, figure.unit))
    role = f"{one.role}: " if one else ""
    weight = f"{one.weight:g} times " if one and one.weight != 1 else ""
    return f"{role}{weight}{' of '.join(told)}  {node.id}"


def _amount(value: float, unit: str) -> str:
    return f"{_number(value, unit)} {unit if unit != '1' else ''}".rstrip()


def _details(figure: Figure) -> Iterator[str]:
    yield figure.title
    if figure.formula:
        yield figure.formula.told
    if figure.bounds:
        low, high = (_number(bound, figure.unit) for bound in figure.bounds)
        if low != high:
            yield f"between {low} and {high}"
    if figure.amounts and figure.amounts.span_s:
        yield _amounts(figure)
    if figure.factor:
        match = figure.factor
        year = match.year_used or "any year"
        yield f"factor of {year} ({match.how}) in {match.factor_set}: {match.source or match.note}"
    for source in figure.sources:
        yield _source(source)
    if figure.note:
        yield ("assumed: " if figure.assumed else "") + figure.note
    elif figure.assumed:
        yield "rests on an assumption"
    yield from _findings(figure)


def _amounts(figure: Figure) -> str:
    amounts = figure.amounts
    assert amounts is not None
    told = f"meters: measured {number(amounts.measured_kwh, 3)} kWh"
    if amounts.estimated_kwh:
        told += f", estimated {number(amounts.estimated_kwh, 3)}"
    if amounts.missing_high_kwh:
        low, high = number(amounts.missing_low_kwh, 1), number(amounts.missing_high_kwh, 1)
        told += f", missing {low} to {high}"
    return f"{told}; {percent(amounts.coverage)} of the time seen"


def _source(source: Source) -> str:
    return f"{source.kind}: {source.text}" + (f" ({source.place})" if source.place else "")


def _findings(figure: Figure) -> Iterator[str]:
    """Each kind of finding once, with its number."""
    times = Counter(found.name for found in figure.findings)
    latest = {found.name: found for found in figure.findings}
    for name, count in list(times.items())[:FEW]:
        yield f"found {count}x {name}: {latest[name].message}"
    if len(times) > FEW:
        yield f"and findings of {len(times) - FEW} other kinds (--json has all)"


def _number(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "unbounded"
    return number(value, DIGITS.get(unit, 3))


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
