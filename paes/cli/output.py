"""What a command prints: one JSON document, or a table that a person can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1
) -> None:
    """A table; the first ``left`` columns are text, the others numbers."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = 160
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for i, name in enumerate(columns):
        table.add_column(name, justify="left" if i < left else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def say(text: str) -> None:
    """A message for the person, beside the output."""
    click.echo(text, err=True)


def bar() -> Progress:
    """A progress bar on standard error."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands separated by a thin space; ``unbounded`` for infinity."""
    if value is None:
        return "-"
    if value == float("inf"):
        return "unbounded"
    return f"{value:,.{digits}f}".replace(",", " ")


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as per cent."""
    return "-" if fraction is None else f"{100 * fraction:.{digits}f} %"
