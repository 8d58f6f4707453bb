"""What a command prints: one JSON document, or a table that a person can read."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from paes.errors import DataError

PIPED_WIDTH = 160
LEAST = 10
"""The narrowest that a column of text becomes, and then its words are broken; a day is not."""
THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
WORD = re.compile(rf"(?:\S|{THOUSANDS.pattern})+")
"""What stays on one line: a number keeps its thousands."""


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    left: int = 1,
    piped_width: int = PIPED_WIDTH,
) -> None:
    """A table; the first ``left`` columns are text, the others numbers.

    Where a terminal is too narrow for all columns side by side, the later ones follow in tables
    below; each begins with the first column.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = piped_width
    if title:
        console.print(Text(title, style="bold", overflow="fold"))
    lines = list(rows)
    for part in parts(columns, lines, left, console.width):
        names, cells = [columns[i] for i in part], [[line[i] for i in part] for line in lines]
        console.print(table(names, cells, sum(i < left for i in part), console.width))


def parts(
    columns: Sequence[str], rows: Sequence[Sequence[str]], left: int, width: int
) -> list[list[int]]:
    """The numbers of the columns of each table that is needed in a terminal of ``width``.

    One, if all fit with the first column, days and numbers in whole.
    """
    texts = [[Text(name), *(Text(row[i]) for row in rows)] for i, name in enumerate(columns)]
    least = [min(LEAST, n) if 0 < i < left else n for i, n in enumerate(map(_longest, texts))]
    if sum(least) + len(columns) + 1 <= width:
        return [list(range(len(columns)))]
    natural = [max(text.cell_len for text in column) for column in texts]
    found = [[0]]
    for i in range(1, len(columns)):
        if len(found[-1]) > 1 and sum(natural[n] + 1 for n in [*found[-1], i]) + 1 > width:
            found.append([0])
        found[-1].append(i)
    return found


def _longest(column: Sequence[Text]) -> int:
    """The width of the longest word or number of a column."""
    return max(cell_len(word) for text in column for word in WORD.findall(text.plain) or [""])


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str | Text]], left: int, width: int
) -> Table:
    """A table that is at most ``width`` wide, if that can be: nothing in it is ever cut off.

    Where it is too narrow, the space beside the lines goes first; then texts are wrapped at their
    spaces, and in the end within the words of the first ``left`` columns.
    """
    cells = [[c if isinstance(c, Text) else Text(c) for c in row] for row in rows]
    words = [[Text(name), *(row[i] for row in cells)] for i, name in enumerate(columns)]
    natural = [max(t.cell_len for t in column) for column in words]
    is_wide = sum(natural) + 3 * len(columns) - 1 > width
    made = Table(pad_edge=False, padding=0 if is_wide else (0, 1))
    fitting = _fit(natural, words, left, width - len(columns) - 1) if is_wide else natural
    for i, name in enumerate(columns):
        made.add_column(
            Text(name),
            justify="left" if i < left else "right",
            width=fitting[i],
            overflow="fold",
        )
    for row in cells:
        made.add_row(*(_lines(text, width) for text, width in zip(row, fitting, strict=True)))
    return made


def _lines(text: Text, width: int) -> Text:
    """``text`` in lines of ``width`` that break no number at the space of its thousands."""
    if text.cell_len <= width or not THOUSANDS.search(text.plain):
        return text
    starts = [0]
    for word in WORD.finditer(text.plain):
        if word.end() - starts[-1] > width and word.start() > starts[-1]:
            starts.append(word.start())
    ends = [*starts[1:], len(text)]
    parts = [text[a:b] for a, b in zip(starts, ends, strict=True)]
    for part in parts:
        part.rstrip()
    return Text("\n").join(parts)


def _fit(
    natural: Sequence[int], words: Sequence[Sequence[Text]], left: int, available: int
) -> list[int]:
    """The widths of columns that hold ``words``, together ``available`` if that can be."""
    widths = list(natural)
    longest = [_longest(column) for column in words]
    for least in (longest, [min(LEAST, n) if i < left else n for i, n in enumerate(longest)]):
        while sum(widths) > available:
            i = max(range(len(widths)), key=lambda n: widths[n] - least[n])
            if widths[i] <= least[i]:
                break
            widths[i] -= 1
    return widths


def require_writable(folder: Path) -> None:
    """Refuse a folder that cannot be written into, before anybody works for what goes there."""
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder to write into")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"{folder}: this user may not write into this folder")


def say(text: str) -> None:
    """A message for the person, beside the output."""
    click.echo(_fitting(text, sys.stderr), err=True)


def tell(text: str) -> None:
    """A sentence of the output itself."""
    click.echo(_fitting(text, sys.stdout))


def _fitting(text: str, stream: TextIO) -> str:
    """Wrapped for a terminal; one line for a file or a pipe, where it can be searched."""
    if not stream.isatty():
        return text
    return "\n".join(wrapped(text, shutil.get_terminal_size().columns))


def wrapped(text: str, width: int) -> list[str]:
    """``text`` in lines of ``width``, the later ones indented; numbers keep their thousands."""
    starts = [0]
    for word in WORD.finditer(text):
        room = width - (2 if len(starts) > 1 else 0)
        so_far = text[starts[-1] : word.start()].strip()
        if so_far and cell_len(text[starts[-1] : word.end()]) > room:
            starts.append(word.start())
    ends = [*starts[1:], len(text)]
    parts = [text[a:b].rstrip() for a, b in zip(starts, ends, strict=True)]
    return [parts[0], *(f"  {part}" for part in parts[1:])]


def bar() -> Progress:
    """A progress bar on standard error."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


@contextmanager
def following(what: str) -> Iterator[Callable[[int, int], None]]:
    """What is told of work under way (done, of how many): a bar on a terminal, else nothing."""
    progress = bar()
    progress.live.transient = True
    if not progress.console.is_terminal:
        yield lambda done, of: None
        return
    with progress:
        task = progress.add_task(what)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands separated by a thin space; ``unbounded`` for infinity."""
    if value is None:
        return "-"
    if value == float("inf"):
        return "unbounded"
    return f"{_rounded(value, digits):,.{digits}f}".replace(",", " ")


def _rounded(value: float, digits: int) -> float:
    """As it is written, and never -0."""
    return round(value, digits) + 0.0


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as per cent."""
    return "-" if fraction is None else f"{_rounded(100 * fraction, digits):.{digits}f} %"


def say_marks(assumed_fraction: float | None, labels: dict[str, str]) -> None:
    """How much of a figure is assumed, and whether the store holds simulated readings."""
    if assumed_fraction:
        say(f"{percent(assumed_fraction)} of these emissions rest on assumed figures")
    if labels.get("simulated") == "true":
        say("this store holds simulated readings")
