"""Declared energy imported whole: twice is once, and what another table says is not said again."""

from __future__ import annotations

from pathlib import Path

import pytest
from declared_rows import SAMPLES
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import DataError
from paes.imports.importing import Importing, Wishes
from paes.store import Store

FILES = {
    "seap-template/due_inventari.xls": ({}, ["seap-2005.csv", "seap-2010.csv"], 5),
    "activity-table/consumi.csv": ({"decimal": ","}, ["consumi.csv"], 5),
    "jrc-rows/inventories.csv": (
        {"organisation": 14485}, ["mycovenant-2007.csv", "mycovenant-2013.csv"], 6,
    ),
}  # fmt: skip
FORMATS = {
    "seap-template": "seap-template", "activity-table": "activity-table",
    "jrc-rows": "jrc-mycovenant",
}  # fmt: skip


def take(town: SmallInstallation, store: Store, path: Path, mapping=None, format_name=None):
    installation = load_installation(town.root)
    wishes = Wishes("Anna", format=format_name, mapping=mapping or None)
    return Importing(installation, installation.city(), store, wishes).take(path)


@pytest.mark.parametrize("name", FILES)
def test_importing_twice_changes_nothing(town, file_store, name):
    mapping, tables, rows = FILES[name]
    format_name = FORMATS[name.split("/")[0]]
    before = len(load_installation(town.root).city().declared)
    first = take(town, file_store, SAMPLES / name, mapping, format_name)
    assert [t.name for t in first.tables] == tables
    assert sum(t.new for t in first.tables) == rows
    texts = {n: (town.root / "cities/porto/activity" / n).read_bytes() for n in tables}
    declared = load_installation(town.root).city().declared
    assert len(declared) == before + rows

    second = take(town, file_store, SAMPLES / name, mapping, format_name)
    assert sum(t.new + len(t.changed) for t in second.tables) == 0
    assert sum(t.same for t in second.tables) == rows
    for table, text in texts.items():
        assert (town.root / "cities/porto/activity" / table).read_bytes() == text


def test_litres_that_were_imported_are_energy_with_their_use(town, file_store):
    take(town, file_store, SAMPLES / "activity-table/consumi.csv", {"decimal": ","},
         "activity-table")  # fmt: skip
    (vans,) = [r for r in load_installation(town.root).city().declared if r.use == "furgoni"]
    assert (vans.amount, vans.unit, vans.mwh) == (54_000.0, "litri", 540.0)  # 10 kWh/l


def test_what_another_table_says_alike_stays_there_and_what_differs_is_refused(
    town, file_store, tmp_path
):
    path = tmp_path / "again.csv"
    head = "year,sector,carrier,mwh,source\n"
    path.write_text(head + "2005,private_transport,diesel,4000,office\n"
                    "2005,private_transport,gasoline,3000,office\n")  # fmt: skip
    report = take(town, file_store, path)
    assert [(t.new, t.same) for t in report.tables] == [(1, 1)]
    written = (town.root / "cities/porto/activity/again.csv").read_text()
    assert "gasoline" in written
    assert "diesel" not in written

    path.write_text(head + "2005,private_transport,diesel,4100,office\n")
    with pytest.raises(DataError, match=r"diesel in private_transport, 2005 is there already"):
        take(town, file_store, path)
    assert (town.root / "cities/porto/activity/again.csv").read_text() == written


def test_sites_that_a_row_stands_for_are_imported_once(town, file_store, tmp_path):
    path = tmp_path / "siti.csv"
    path.write_text(
        "anno,settore,vettore,uso,mwh,copre,siti\n"
        "2012,Edifici comunali,Elettricità,scuole,31,siti,scuola\n",
        encoding="utf-8",
    )
    take(town, file_store, path, None, "activity-table")
    (row,) = [r for r in load_installation(town.root).city().declared if r.year == 2012]
    assert (row.covers, row.sites, row.mwh) == ("sites", ("scuola",), 31.0)
    again = take(town, file_store, path, None, "activity-table")
    assert sum(t.new + len(t.changed) for t in again.tables) == 0
