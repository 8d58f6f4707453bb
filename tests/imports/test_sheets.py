"""Tables of every kind as rows of cells, and what is refused before it can do harm."""

# ruff: noqa: E501 - messages are asserted in full, one on a line

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from import_town import source

from paes.errors import DataError
from paes.imports.tables import workbook_guard
from paes.imports.tables.cells import parse_date, parse_number
from paes.imports.tables.sheets import Sheet, column_letters, place, read_sheets, require_as_wide

ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="Dati"><table:table-row>
<table:table-cell office:value-type="string"><text:p>kWh</text:p></table:table-cell>
<table:table-cell{repeated} office:value-type="float" office:value="1.5"><text:p>1,5</text:p></table:table-cell>
</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"""


def workbook(*rows: list[Any], name: str = "Dati") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = name
    for row in rows:
        sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def ods(repeated: str = "") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format(repeated=repeated).replace(">\n<", "><"))
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return data.getvalue()


def rows(data: str | bytes) -> list[list[Any]]:
    (sheet,) = read_sheets(source("x.csv", data))
    return sheet.rows


# CSV


@pytest.mark.parametrize(
    "text",
    [
        "a;b\n1,5;x\n",
        "a\tb\n1,5\tx\n",
        'a,b\n"1,5",x\n',
        "sep=;\na;b\n1,5;x\n",
        '"a";"b"\n"1,5"; x \n',
    ],
)
def test_separators_are_seen(text: str) -> None:
    assert rows(text) == [["a", "b"], ["1,5", "x"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_are_seen(encoding: str) -> None:
    assert rows("Città;€\nè;1\n".encode(encoding)) == [["Città", "€"], ["è", "1"]]


def test_rows_are_padded_empty_cells_are_none_and_lines_are_counted() -> None:
    (sheet,) = read_sheets(source("x.csv", 'a;b;c\n\n1;;"two\nlines"\n4\n'))
    assert sheet.rows == [["a", "b", "c"], [None] * 3, ["1", None, "two\nlines"], ["4", None, None]]
    assert [place(sheet, n) for n in range(4)] == ["line 1", "line 2", "line 3", "line 5"]
    assert place(sheet, 3, 1) == "line 5, column 2"


def test_a_file_that_ends_within_a_row_is_refused_whole() -> None:
    """The last value of a download that broke off may lack digits: ``8,5`` became ``8``."""
    rows = "a;b;c\n1;2;3\n4;5;6\n7;8,5"
    with pytest.raises(DataError) as caught:
        read_sheets(source("cut.csv", rows))
    assert str(caught.value) == (
        "cut.csv: the file ends within line 4, after 2 of 3 cells: copy or download it again (if it is whole, end that line)"
    )
    assert read_sheets(source("whole.csv", rows + "\n"))[0].rows[3] == ["7", "8,5", None]
    assert len(read_sheets(source("unended.csv", rows + ";9"))[0].rows) == 4


def test_a_row_with_a_cell_too_many_has_slipped() -> None:
    """A note beside a workbook's table is none; separators without anything behind neither."""
    (sheet,) = read_sheets(source("slip.csv", "a;b\n1;2\n;1;2\n1;2;;\n"))
    require_as_wide(sheet, 1, 0)
    require_as_wide(sheet, 3, 0)
    with pytest.raises(DataError) as caught:
        require_as_wide(sheet, 2, 0)
    assert str(caught.value) == (
        "line 3: 3 cells under 2 titles: a separator too many moves the others to wrong columns; expected one cell a title"
    )
    (noted,) = read_sheets(source("note.xlsx", workbook(["a", "b"], [1, 2, "sic"])))
    require_as_wide(noted, 1, 0)


# Workbooks


def test_a_workbook_brings_typed_cells_at_their_places() -> None:
    data = workbook(
        [None],
        ["a", 1.5, 2, True],
        [date(2024, 3, 1), datetime(2024, 3, 1, 2, 3), clock(4, 5)],  # noqa: DTZ001
    )
    (sheet,) = read_sheets(source("x.xlsx", data))
    assert sheet.rows[1] == ["a", 1.5, 2, True]
    assert sheet.rows[2][1:3] == [datetime(2024, 3, 1, 2, 3), clock(4, 5)]  # noqa: DTZ001
    assert place(sheet, 2, 1) == "sheet 'Dati', cell B3"
    assert place(sheet, 2) == "sheet 'Dati', row 3"


def test_a_formula_is_not_evaluated() -> None:
    """openpyxl writes no value beside a formula: there is nothing to take."""
    assert rows(workbook(["a", "=1+1"])) in ([["a", None]], [["a"]])


def test_an_ods_is_a_workbook_too() -> None:
    assert rows(ods()) == [["kWh", 1.5]]


@pytest.mark.parametrize(
    ("column", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_are_called_as_in_a_spreadsheet(column: int, letters: str) -> None:
    assert column_letters(column) == letters


def test_an_error_is_no_empty_cell() -> None:
    """A formula that broke must not become a gap in silence."""
    data = workbook(["kWh", None, 1.5], ["#REF!", "#N/A", 2.5])
    assert read_sheets(source("a.xlsx", data))[0].rows == [
        ["kWh", None, 1.5],
        ["#REF!", "#N/A", 2.5],
    ]


# What is refused


def bomb() -> bytes:
    """An archive of some kilobytes that says it holds 10 bytes, and unpacks to 3 MB."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 3_000_000)
    size = (3_000_000).to_bytes(4, "little")
    return data.getvalue().replace(size, (10).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x.xlsx: the file is empty"),
        (b"%PDF-1.7", "x.xlsx: not a table but a PDF; expected CSV, XLSX, XLS or ODS (open it in a spreadsheet and save it as one of these)"),
        (b" <html>", "x.xlsx: not a table but XML or HTML; expected CSV, XLSX, XLS or ODS (open it in a spreadsheet and save it as one of these)"),
        (b"\x00\x01\x02", "x.xlsx: neither text nor a workbook; expected CSV (UTF-8 or Windows-1252), XLSX, XLS or ODS"),
        (workbook(["a"])[:-100], "x.xlsx: damaged: the workbook is not whole; copy or download it again"),
        (b"PK\x03\x04", "x.xlsx: damaged: the workbook is not whole; copy or download it again"),
        (b"\xd0\xcf\x11\xe0 no", "x.xlsx: damaged, or no workbook that can be read (Cannot detect file format); expected XLSX, XLS or ODS: open it in a spreadsheet and save it anew"),
        (ods(' table:number-columns-repeated="1000000000"'), "x.xlsx: a cell that is repeated 1000000000 times makes the table too large; expected at most 1000000 rows and 20000000 cells: delete what stands far out, or save as CSV"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_named(data: bytes, message: str) -> None:
    with pytest.raises(DataError) as error:
        read_sheets(source("x.xlsx", data))
    assert str(error.value) == message


def test_a_cell_far_out_does_not_make_a_table_of_billions() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["XFD1048576"] = 1
    data = io.BytesIO()
    book.save(data)
    with pytest.raises(DataError, match="cell XFD1048576 makes the table too large"):
        read_sheets(source("x.xlsx", data.getvalue()))


def test_a_bomb_is_refused_whatever_it_says_of_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_guard, "MAX_UNPACKED_BYTES", 1_000_000)
    data = bomb()
    assert len(data) < 10_000
    with pytest.raises(DataError, match="unpacks to more than"):
        read_sheets(source("x.xlsx", data))


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_guard, "MAX_BYTES", 3_000_000)
    with pytest.raises(DataError) as error:
        read_sheets(source("x.csv", b"1;2\n" * 1_000_000))
    assert str(error.value) == (
        "x.csv: 4 MB are too much; expected at most 3 MB: split the file, e.g. by year"
    )


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(DataError) as error:
        read_sheets(source("x.csv", b"1\n" * 1_000_002))
    assert str(error.value) == (
        "x.csv: 1000001 rows of 1 cells are too many; expected at most 1000000 rows and 20000000"
        " cells: split the file, e.g. by year"
    )


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"]))
def test_no_bytes_do_anything_but_make_a_table_or_an_error(data: bytes, sign: bytes) -> None:
    assert read_or_refused("x", sign + data)


WHOLE = workbook(["Giorno", 1.5], ["a", 2])


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_workbook_with_a_damaged_byte_is_read_or_refused(at: int, change: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] ^= change
    assert read_or_refused("x.xlsx", bytes(damaged))


def read_or_refused(name: str, data: bytes) -> bool:
    """True if there is a table, or an error in one line that names the file."""
    try:
        return all(isinstance(sheet, Sheet) for sheet in read_sheets(source(name, data)))
    except DataError as err:
        return str(err).startswith(f"{name}: ") and "\n" not in str(err)


# Numbers and dates


@pytest.mark.parametrize(
    ("cell", "decimal", "value"),
    [
        ("1.234,56", None, 1234.56), ("1234,56", None, 1234.56), ("1234.56", None, 1234.56),
        ("1,234.56", None, 1234.56), ("1.234.567", None, 1234567.0), ("0.123", None, 0.123),
        ("1 234,5", None, 1234.5), ("-3", None, -3.0), ("+0,5", None, 0.5), (7, None, 7.0),
        (1.25, ",", 1.25), ("1.234", ",", 1234.0), ("1.234", ".", 1.234), ("12,", None, 12.0),
        (",5", None, 0.5), ("1.5e3", ".", 1500.0), ("1,5E+03", ",", 1500.0), ("1\u00a0234", ",", 1234.0),
    ],
)  # fmt: skip
def test_numbers_as_they_are_written(cell: Any, decimal: Any, value: float) -> None:
    assert parse_number(cell, "here", decimal) == value


@pytest.mark.parametrize(
    ("cell", "decimal", "message"),
    [
        ("1.234", None, "here: 1.234 may be 1234 or 1,234; say which sign is the decimal one"),
        ("n.d.", None, "here: expected a number, seen 'n.d.'"),
        ("", None, "here: expected a number, seen an empty cell"),
        (None, None, "here: expected a number, seen an empty cell"),
        (True, None, "here: expected a number, seen 'True'"),
        ("nan", None, "here: expected a number, seen 'nan'"),
        (float("inf"), None, "here: expected a number, seen inf"),
        ("1.23", ",", "here: expected a number with a decimal comma, seen '1.23'"),
        ("E5", None, "here: expected a number, seen 'E5'"),
        ("1_000", ",", "here: expected a number with a decimal comma, seen '1_000'"),
        ("\u0663", None, "here: expected a number, seen '\u0663'"),
        ("1e999", ".", "here: 1e999 is too large a number"),
        ("9" * 400, ".", f"here: {'9' * 400} is too large a number"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(cell: Any, decimal: Any, message: str) -> None:
    with pytest.raises(DataError) as error:
        parse_number(cell, "here", decimal)
    assert str(error.value) == message


@given(st.floats(-1e9, 1e9))
def test_a_number_that_was_written_in_italian_comes_back(value: float) -> None:
    text = f"{value:,.4f}".translate(str.maketrans(",.", ".,"))
    assert parse_number(text, "here", ",") == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    "cell",
    ["31/12/2024", "31-12-2024", "31.12.2024", "2024-12-31", "20241231", date(2024, 12, 31),
     datetime(2024, 12, 31, 5)],  # noqa: DTZ001
)  # fmt: skip
def test_days_as_they_are_written(cell: Any) -> None:
    assert parse_date(cell, "here") == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("12/31/2024", "here: expected a day such as 31/12/2024, seen '12/31/2024'"),
        ("30/02/2024", "here: expected a day such as 31/12/2024, seen '30/02/2024'"),
        ("1/2/24", "here: expected a day such as 31/12/2024, seen '1/2/24'"),
        (45000, "here: expected a day such as 31/12/2024, seen '45000'"),
        (timedelta(1), "here: expected a day such as 31/12/2024, seen '1 day, 0:00:00'"),
        ("01/01/1812", "here: 1812-01-01 is out of range; expected 1900 to 2200"),
    ],
)
def test_what_is_no_day_is_refused(cell: Any, message: str) -> None:
    with pytest.raises(DataError) as error:
        parse_date(cell, "here")
    assert str(error.value) == message
