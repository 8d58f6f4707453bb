"""What a file may weigh, and whether a workbook unpacks to more than it says: before it is read.

A workbook is an archive. One of some kilobytes can unpack to more than a machine has, and one
cell in the last row of the last column makes a table of billions of empty ones.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from paes.errors import DataError
from paes.imports.batch import SourceFile

MAX_BYTES = 200_000_000
MAX_ROWS = 1_000_000
MAX_CELLS = 20_000_000
"""About a gigabyte in memory; a year of quarter hours of 500 meters side by side."""
MAX_UNPACKED_BYTES = 2_000_000_000

_CHUNK = 1 << 20
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_REPEATED = re.compile(
    rb'<table:(?:covered-)?table-cell\b[^>]*number-columns-repeated="(\d+)"[^>]*office:value'
    rb"|<table:(?:covered-)?table-cell\b[^>]*office:value[^>]*number-columns-repeated=\"(\d+)\""
)
_LONGEST_MATCH = 400


def require_readable_size(name: str, size: int) -> None:
    """DataError if a file of ``size`` bytes is not to be read into memory."""
    if size > MAX_BYTES:
        raise DataError(
            f"{name}: {size / 1e6:.0f} MB are too much; expected at most {MAX_BYTES / 1e6:.0f} MB:"
            " split the file, e.g. by year"
        )
    if size == 0:
        raise DataError(f"{name}: the file is empty")


def refuse_bomb(file: SourceFile) -> None:
    """DataError if the workbook unpacks to too much, or is an archive of something else."""
    if not file.data.startswith(b"PK"):
        return  # the older form of workbooks is no archive, and has 65 536 rows of 256 cells
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError) as err:
        raise DataError(
            f"{file.name}: damaged: the workbook is not whole; copy or download it again"
        ) from err
    left = MAX_UNPACKED_BYTES
    for entry in entries:
        left -= _unpacked(file, entry, left)


def _unpacked(file: SourceFile, entry: zipfile.ZipInfo, most: int) -> int:
    """How many bytes ``entry`` truly unpacks to: what its header says may be a lie."""
    data = file.data
    head = entry.header_offset
    begin = (
        head + 30 + sum(int.from_bytes(data[head + o : head + o + 2], "little") for o in (26, 28))
    )
    packed = memoryview(data)[begin : begin + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        _require_sane_cells(file, entry, b"", bytes(packed))
        return len(packed)
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise DataError(f"{file.name}: packed in an unusual way; save it anew in a spreadsheet")
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    total, tail, rest = 0, b"", bytes(packed)
    while rest and not unpack.eof:
        try:
            chunk = unpack.decompress(rest, _CHUNK)
        except zlib.error as err:
            raise DataError(
                f"{file.name}: damaged: {entry.filename} in it cannot be unpacked; copy or"
                " download it again"
            ) from err
        rest = unpack.unconsumed_tail
        total += len(chunk)
        if total > most:
            raise DataError(
                f"{file.name}: unpacks to more than {MAX_UNPACKED_BYTES / 1e9:.0f} GB; refused:"
                " no workbook of readings is like that"
            )
        tail = _require_sane_cells(file, entry, tail, chunk)
    return total


def _require_sane_cells(
    file: SourceFile, entry: zipfile.ZipInfo, tail: bytes, chunk: bytes
) -> bytes:
    """Look for cells so far out that the table would not fit; what is to be looked at again."""
    text = tail + chunk
    if entry.filename.startswith("xl/worksheets/"):
        for letters, row in _REFERENCE.findall(text):
            if int(row) > MAX_ROWS or int(row) * _column(letters) > MAX_CELLS:
                _too_far(file, f"cell {letters.decode()}{row.decode()}")
    elif entry.filename == "content.xml":
        for first, second in _REPEATED.findall(text):
            if int(first or second) > MAX_CELLS // 1000:
                _too_far(file, f"a cell that is repeated {int(first or second)} times")
    return text[-_LONGEST_MATCH:]


def _too_far(file: SourceFile, what: str) -> None:
    raise DataError(
        f"{file.name}: {what} makes the table too large; expected at most {MAX_ROWS} rows and"
        f" {MAX_CELLS} cells: delete what stands far out, or save as CSV"
    )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
