"""A table as a Parquet file, a group of rows at a time; the only module that imports arro3.

arro3 (extra ``parquet``) is Rust's Arrow and Parquet behind a thin skin of Python. Times become
milliseconds, the coarsest unit that the format knows, and are written as differences; dictionaries
are for texts alone. That halves the file, and pyarrow, fastparquet, DuckDB and polars read it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

import numpy as np

from paes import __version__
from paes.cli.table_files import Coded, Column, Instants, Table
from paes.errors import DataError

try:
    from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
    from arro3.io import write_parquet as write_batches
except ImportError as err:
    raise DataError(
        "Parquet needs the package arro3-io (extra parquet of paes-monitor), which is not "
        "installed: install it, or choose another --format"
    ) from err

ROW_GROUP = 250_000
"""Rows that a reader takes or skips at once; the writer holds so many in memory."""
COMPRESSION = "zstd(3)"


def write_parquet(table: Table, target: IO[bytes]) -> None:
    """Write ``table`` into ``target``, which need not be seekable.

    What fails while parts are read, or ``target`` is written, is raised as it was.
    """
    schema = Schema(
        [Field(name, _type(column), nullable=False) for name, column in table.empty.items()]
    )
    sink = _Sink(target)
    batches = _Batches(table.parts, schema, sink)
    try:
        write_batches(
            RecordBatchReader.from_batches(schema, iter(batches)),
            cast(IO[bytes], sink),
            compression=COMPRESSION,
            column_dictionary_enabled={n: isinstance(c, Coded) for n, c in table.empty.items()},
            column_encoding={
                n: "delta_binary_packed" for n, c in table.empty.items() if isinstance(c, Instants)
            },
            created_by=f"PAES Monitor {__version__}",
            key_value_metadata=dict(table.facts),
            max_row_group_size=ROW_GROUP,
        )
    except Exception:
        # arro3 turns what its caller's code raised into an exception of its own, in other words.
        if batches.error or sink.error:
            raise (batches.error or sink.error) from None  # type: ignore[misc]
        raise
    if sink.error:
        raise sink.error


class _Sink(io.RawIOBase):
    """A file that never fails: arro3 panics if one does. ``error`` says what went wrong."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self.error is None:
            try:
                self._target.write(data)
            except OSError as err:
                self.error = err
        return len(data)


class _Batches:
    """The parts of a table for arro3, as long as the sink takes them."""

    def __init__(self, parts: Iterator[Mapping[str, Column]], schema: Schema, sink: _Sink) -> None:
        self._parts, self._schema, self._sink = parts, schema, sink
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[RecordBatch]:
        try:
            for part in self._parts:
                if self._sink.error:
                    return
                arrays = [_array(column) for column in part.values()]
                yield RecordBatch.from_arrays(arrays, schema=self._schema)
        except BaseException as err:
            self.error = err
            raise


def _type(column: Column) -> DataType:
    if isinstance(column, Instants):
        return DataType.timestamp("ms", tz="UTC")
    if isinstance(column, Coded):
        return DataType.dictionary(DataType.int32(), DataType.utf8())
    return DataType.float64() if column.dtype == np.float64 else DataType.int64()


def _array(column: Column) -> Array:
    if isinstance(column, Instants):
        return Array.from_numpy(column.seconds * 1000).cast(_type(column))
    if isinstance(column, Coded):
        texts = Array(list(column.texts), DataType.utf8())
        return texts.take(Array.from_numpy(column.codes.astype(np.int32))).cast(_type(column))
    return Array.from_numpy(column)
