"""A CSV table that officials edit in a spreadsheet, as validated rows that know their line.

UTF-8, with or without a byte order mark; separator ``,`` or ``;`` (seen in the header). Lines
that begin with ``#`` are comments, rows without any content are left out, an empty cell counts
as absent. Numbers use a decimal point.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from paes.config_file import dotted, explain, location_of, read_text
from paes.errors import ConfigError, problem_text

M = TypeVar("M", bound=BaseModel)


def read_csv(path: Path, model: type[M]) -> list[tuple[int, M]]:
    """Each row of a CSV file as ``(line, model)``; ConfigError with every problem of the file."""
    lines = _lines(path)
    if not lines:
        raise ConfigError.at(path, 1, "", "the file is empty; expected a header line")
    head_line, head = lines[0]
    separator = ";" if head.count(";") > head.count(",") else ","
    header = _cells(head, separator)
    _check_header(path, head_line, header, model)
    rows: list[tuple[int, M]] = []
    problems: list[str] = []
    for number, line in lines[1:]:
        cells = _cells(line, separator)
        if len(cells) != len(header):
            message = f"expected {len(header)} cells, seen {len(cells)}"
            problems.append(problem_text(path, number, "", message))
            continue
        values = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
        try:
            rows.append((number, model.model_validate(values)))
        except ValidationError as err:
            problems += _row_problems(path, number, values, err)
    if problems:
        raise ConfigError(problems)
    return rows


def repeated_rows(
    tables: list[tuple[Path, list[tuple[int, M]]]],
    key: Callable[[M], Hashable],
    title: Callable[[M], str],
) -> list[str]:
    """A problem for each row whose ``key`` an earlier row of any of the ``tables`` has."""
    first: dict[Hashable, str] = {}
    problems = []
    for path, rows in tables:
        for line, row in rows:
            if key(row) in first:
                message = f"{title(row)} is there already ({first[key(row)]})"
                problems.append(problem_text(path, line, "", message))
            first.setdefault(key(row), f"{path.name}:{line}")
    return problems


def _lines(path: Path) -> list[tuple[int, str]]:
    """Numbered lines with content; a spreadsheet may have quoted a comment, or padded a row."""
    return [
        (number, line)
        for number, line in enumerate(read_text(path).split("\n"), start=1)
        if line.strip(" \t,;") and not line.lstrip('"').startswith("#")
    ]


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]


def _row_problems(
    path: Path, line: int, values: dict[str, str], err: ValidationError
) -> Iterator[str]:
    for e in err.errors():
        key = dotted(location_of(e, values), values)
        yield problem_text(path, line, key, explain(e, absent="this cell is empty"))


def _check_header(path: Path, line: int, header: list[str], model: type[BaseModel]) -> None:
    fields = model.model_fields
    wrong: list[tuple[str, str]] = []
    for name in dict.fromkeys(header):
        if not name:
            wrong.append(("", f"column {header.index(name) + 1} has no name"))
        elif name not in fields:
            wrong.append((name, f"unknown column; expected some of {', '.join(fields)}"))
        elif header.count(name) > 1:
            wrong.append((name, "this column is there twice"))
    for name, field in fields.items():
        if field.is_required() and name not in header:
            wrong.append((name, "this column is missing"))
    if wrong:
        raise ConfigError([problem_text(path, line, name, message) for name, message in wrong])
