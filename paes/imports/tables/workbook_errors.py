"""Cells of an XLSX workbook that show an error (``#REF!``, ``#N/A``), which are not empty ones.

The library that reads workbooks gives both as nothing, so that a broken formula would become a
gap in silence. Other kinds of workbooks are not looked into.
"""

from __future__ import annotations

import html
import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence

ErrorCell = tuple[int, int, str]
"""Row and column from 0, and what the cell shows."""
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(rb"<Relationship\s[^>]*>")
_ERROR = re.compile(
    rb'<c\s(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>'
    rb"(?:(?!</c>).){0,2000}?<v>([^<]*)</v>",
    re.DOTALL,
)


def error_cells(data: bytes) -> Mapping[str, Sequence[ErrorCell]]:
    """The cells with errors by the name of their sheet; nothing of what is no XLSX.

    BadZipFile if the archive is damaged; it is known to unpack to a bearable size.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            return {}
        paths = dict(_paths(archive))
        sheets = _SHEET.findall(archive.read("xl/workbook.xml"))
        of = ((_attribute(s, "name"), paths.get(_attribute(s, "r:id"), "")) for s in sheets)
        return {name: list(_errors(archive.read(path))) for name, path in of if path in names}


def _paths(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The file of each relation's id."""
    for relation in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        target = _attribute(relation, "Target")
        whole = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        yield _attribute(relation, "Id"), whole


def _errors(sheet: bytes) -> Iterator[ErrorCell]:
    if b't="e"' not in sheet:
        return
    for letters, row, shown in _ERROR.findall(sheet):
        column = 0
        for letter in letters:
            column = column * 26 + letter - ord("A") + 1
        yield int(row) - 1, column - 1, html.unescape(shown.decode("utf-8", "replace"))


def _attribute(tag: bytes, name: str) -> str:
    found = re.search(rb'\s%b="([^"]*)"' % name.encode(), tag)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""
