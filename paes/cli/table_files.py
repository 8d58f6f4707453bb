"""A table of any length as CSV, JSON or Parquet: written in parts, never whole in memory.

A part holds some ten thousand rows. Times are whole seconds of UTC. Parquet is in
``paes.cli.parquet_file``.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from paes.errors import DataError
from paes.periods import Seconds

FORMS = ("csv", "json", "parquet")


@dataclass(frozen=True)
class Instants:
    """A column of times: Unix seconds."""

    seconds: Seconds


@dataclass(frozen=True)
class Coded:
    """A column of texts of which there are few: their numbers, and the texts by number."""

    codes: npt.NDArray[np.integer[Any]]
    texts: Sequence[str]


Column: TypeAlias = Instants | Coded | npt.NDArray[np.float64] | npt.NDArray[np.int64]


@dataclass(frozen=True)
class Table:
    """``parts`` are columns of one length by name, all parts with the names and kinds of the first.

    ``empty`` is such a part without rows: what is written if there are none.
    """

    empty: Mapping[str, Column]
    parts: Iterator[Mapping[str, Column]]
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a program that reads the Parquet file should know beside the columns."""


def write_table(table: Table, form: str, out: Path | None) -> None:
    """Write ``table`` in one of ``FORMS`` into the file ``out``, or to standard output.

    The file is there once it is whole. DataError if it cannot be written, if Parquet is for a
    terminal, or if the package for it is missing.
    """
    if form == "parquet":
        if out is None and sys.stdout.isatty():
            raise DataError("Parquet is not for a terminal: choose a file with --out, or a pipe")
        from paes.cli.parquet_file import write_parquet as write
    else:
        write = {"csv": _write_csv, "json": _write_json}[form]
    with _opened(out) as target:
        write(table, target)
        target.flush()  # so that what fails, fails here


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    try:
        if out is None:
            sys.stdout.flush()
            yield sys.stdout.buffer
        elif out.exists() and not out.is_file():  # a device or a named pipe
            with out.open("wb") as target:
                yield target
        else:
            with _replaced(out) as target:
                yield target
    except BrokenPipeError:
        raise
    except OSError as err:
        raise DataError(f"{out or 'output'}: cannot be written: {err.strerror}") from err


@contextmanager
def _replaced(out: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of ``out`` once it is whole."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as target:
            yield target
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_csv(table: Table, target: IO[bytes]) -> None:
    target.write(_lines([list(table.empty)]))
    for part in table.parts:
        target.write(_lines(_rows(part)))


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _write_json(table: Table, target: IO[bytes]) -> None:
    """One document, a list of objects; each is a line."""
    names, separator = list(table.empty), b"["
    for part in table.parts:
        for row in _rows(part):
            told = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
            target.write(separator + b"\n  " + told.encode())
            separator = b","
    target.write(b"[]\n" if separator == b"[" else b"\n]\n")


def _rows(part: Mapping[str, Column]) -> Iterator[tuple[Any, ...]]:
    return zip(*(_texts_or_numbers(column) for column in part.values()), strict=True)


def _texts_or_numbers(column: Column) -> list[Any]:
    if isinstance(column, Instants):
        at = np.datetime_as_string(column.seconds.astype("datetime64[s]"), timezone="UTC")
        return list(at.tolist())
    if isinstance(column, Coded):
        return [column.texts[code] for code in column.codes.tolist()]
    return list(column.tolist())
