"""Every table spoilt at random: an error of ours on one line, never a crash, never other values.

What changes nothing a person would see (encoding, line ends, quotes, blanks) changes nothing that
is taken. Seeds are fixed: a failure comes back.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from billed_town import billed_town
from import_town import CURVE_POD, SAMPLES, import_town, source
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import PaesError
from paes.imports.batch import Batch, Context, Importer
from paes.imports.formats import format_named
from paes.installation import Installation
from paes.shipped_files import shipped_config

CELLS = (
    "", "1e308", "1e400", "E5", "nan", "-inf", "1.234", "-5", "9" * 400, "31/12/1899", "45292",
    "#N/D", "1,2,3", "1_000", "\u0663", "\u00b2", "00/00/0000", "a" * 5000, "x\ny", "0x10", '"',
)  # fmt: skip
MUTATIONS = 60
TABLES = (
    ("bills-table", "bills_table/bollette.csv", "bills"),
    ("deliveries", "deliveries/ricariche.csv", "bills"),
    ("activity-table", "activity-table/consumi.csv", "bills"),
    ("jrc-mycovenant", "jrc-rows/inventories.csv", "jrc"),
    ("e-distribuzione", "load_curves/ExportData_ottobre.csv", "curves"),
    ("open-meteo", "weather/open-meteo.csv", "weather"),
    ("pvgis", "weather/pvgis-hourly.csv", "weather"),
)
each_table = pytest.mark.parametrize(("name", "path", "place"), TABLES, ids=[t[0] for t in TABLES])


def context_of(place: str, folder: Path) -> Context:
    """What the importer may know, in an installation that the sample fits."""
    installation: Installation
    if place == "weather":
        installation = load_installation(shipped_config())
        return Context(installation, installation.city("la-spezia"))
    if place == "curves":
        installation = load_installation(import_town(folder).root)
    else:
        installation = billed_town(SmallInstallation(folder / "installation"))
    mapping = {"organisation": "La Prova"} if place == "jrc" else None
    return Context(installation, installation.city(), mapping=mapping)


def said(batch: Batch) -> dict[Any, Any]:
    """Every value that was taken, by what it is of."""
    found: dict[Any, Any] = {}
    for point, of in batch.series.items():
        values = zip(of.seconds.tolist(), of.values.tolist(), of.codes.tolist(), strict=True)
        found |= {(point, second): (value, code) for second, value, code in values}
    found |= {(e.subject, e.name, e.start): (e.end, dict(e.facts)) for e in batch.events}
    for table in batch.tables:
        found |= {(table.name, *map(str, row.values())): dict(row) for row in table.rows}
    return found


def harmless(text: str) -> Iterator[bytes]:
    """The same table as another program would have written it."""
    yield b"\xef\xbb\xbf" + text.encode()
    yield text.encode("utf-16")
    yield text.replace("\n", "\r\n").encode()
    yield (text + "\n\n").encode()


def mutations(text: str, rows: list[list[str]], separator: str) -> Iterator[bytes]:
    """Cut, with other bytes, doubled, exchanged and slipped rows and columns, other cells."""
    chance, data = random.Random(text), text.encode()
    for number in range(MUTATIONS):
        table = [list(row) for row in rows]
        row = chance.randrange(len(table))
        kind = number % 6
        if kind == 0:
            yield data[: chance.randrange(len(data))]
            continue
        if kind == 1:
            spoilt = bytearray(data)
            for _ in range(chance.choice((1, 5, 50))):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            yield bytes(spoilt)
            continue
        if kind == 2:
            table.insert(chance.randrange(len(table)), table[row])
        elif kind == 3:
            other = chance.randrange(max(map(len, table)))
            table = [[*r[other:], *r[:other]] for r in table]
        elif table[row]:
            column = chance.randrange(len(table[row]))
            table[row][column] = chance.choice(CELLS)
        out = io.StringIO()
        csv.writer(out, delimiter=separator, lineterminator="\n").writerows(table)
        yield out.getvalue().encode()


def table_of(path: str) -> tuple[str, list[list[str]], str]:
    text = (SAMPLES / path).read_text(encoding="utf-8")
    separator = ";" if text.count(";") > text.count(",") else ","
    return text, list(csv.reader(io.StringIO(text), delimiter=separator)), separator


def read(importer: Importer, path: str, data: bytes, context: Context) -> Batch:
    name = f"{CURVE_POD} prelievo.csv" if importer.name == "e-distribuzione" else Path(path).name
    return importer.read(source(f"/nowhere/{name}", data), context)


@each_table
def test_what_nobody_sees_changes_nothing(tmp_path: Path, name: str, path: str, place: str) -> None:
    importer, context = format_named(name), context_of(place, tmp_path)
    text, _, _ = table_of(path)
    whole = said(read(importer, path, text.encode(), context))
    assert whole
    for data in harmless(text):
        assert said(read(importer, path, data, context)) == whole


@each_table
def test_a_spoilt_table_is_read_or_refused_on_one_line(
    tmp_path: Path, name: str, path: str, place: str
) -> None:
    importer, context = format_named(name), context_of(place, tmp_path)
    outcomes = {"read": 0, "refused": 0}
    for data in mutations(*table_of(path)):
        importer.recognises(source("spoilt.csv", data))
        try:
            batch = read(importer, path, data, context)
        except PaesError:
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        assert all("\n" not in r.message and r.place for r in batch.refused)
        assert all(abs(of.values).max(initial=0) <= 1e9 for of in batch.series.values())
    assert sum(outcomes.values()) == MUTATIONS
    assert min(outcomes.values()) > 0
