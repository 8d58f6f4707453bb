"""Writes a city's year to a folder, whole files only: never a half-written report."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.local_generation import local_generation
from paes.inventory.making import make_inventory
from paes.progress.progress import make_inventories, make_progress
from paes.report.documents import Document, flat
from paes.report.generation import generation_rows
from paes.report.inventory_report import inventory_report
from paes.report.progress_documents import progress_document
from paes.report.uncertainty_documents import chances_columns
from paes.uncertainty.simulation import Draws, Simulation


def write_report(city: City, year: int, ledger: EnergyLedger, folder: Path) -> list[Path]:
    """Write the inventory, local generation and progress of ``city`` into ``folder``.

    All as JSON and CSV, rows without energy or without a figure where there are any; progress is
    written up to ``year`` for every target of the plan. Returns the files. Raises DataError if the
    year has no inventory or the folder cannot be written to.
    """
    labels = ledger.store.labels()
    made = make_inventories(city, ledger)
    made[year] = make_inventory(city, year, ledger)
    until = {y: i for y, i in made.items() if y <= year}
    drawn, base = _drawn(ledger, made[year]), made.get(city.plan.base_year)
    inventory = inventory_report(city, made[year], ledger, labels, drawn, base)
    progress = [
        progress_document(city, make_progress(city, ledger, t.id, inventories=until), labels)
        for t in city.plan.targets
        if t.base_year in until
    ]
    local = local_generation(city, year, ledger)
    stem = f"{city.id}-{year}"
    texts = {
        f"{stem}-inventory.json": _json(inventory),
        f"{stem}-inventory.csv": flat(_line_rows(inventory)).to_csv(index=False),
        f"{stem}-declared.csv": flat(_declared_rows(inventory)).to_csv(index=False),
        f"{stem}-local-generation.csv": flat(generation_rows(local)).to_csv(index=False),
        f"{stem}-progress.json": _json({"targets": progress}),
        f"{stem}-progress.csv": flat(_progress_rows(progress)).to_csv(index=False),
        f"{stem}-causes.csv": flat(_cause_rows(progress)).to_csv(index=False),
    }
    for name, rows in (("other-rows", inventory["other_rows"]), ("notation", inventory["noted"])):
        if rows:
            texts[f"{stem}-{name}.csv"] = flat(rows).to_csv(index=False)
    return [_write(folder / name, text) for name, text in texts.items()]


def _drawn(ledger: EnergyLedger, inventory: Inventory) -> Draws | None:
    """Its errors, drawn as the commands do; None if nobody assumed any."""
    known = ledger.installation.assumed_uncertainty
    return Simulation(known).of([inventory]) if known else None


def _line_rows(inventory: Document) -> list[Document]:
    """Every line, what it rests on in columns of its own (``evidence_measured_mwh`` …)."""
    return [
        {
            **{name: value for name, value in line.items() if name != "evidence"},
            **{f"evidence_{name}": value for name, value in line["evidence"].items()},
        }
        for line in inventory["lines"]
    ]


def _declared_rows(inventory: Document) -> list[Document]:
    """The declared parts of every line, each with its sector and carrier."""
    return [
        {"sector": line["sector"], "carrier": line["carrier"], **part}
        for line in inventory["lines"]
        for part in line["declared"]
    ]


def _progress_rows(progress: list[Document]) -> list[Document]:
    return [
        {
            "target": p["target"]["id"],
            "unit": p["unit"],
            **year,
            **chances_columns(p["chances"], year["year"]),
            **_effects(p, year["year"]),
        }
        for p in progress
        for year in p["years"]
    ]


def _cause_rows(progress: list[Document]) -> list[Document]:
    """Every cause of every year's change, one a line."""
    return [
        {"target": p["target"]["id"], "year": e["year"], **cause}
        for p in progress
        for e in p["effects"]
        for cause in e["causes"]
    ]


def _effects(progress: Document, year: int) -> Document:
    return next(
        {k: v for k, v in e.items() if k not in ("year", "causes", "findings")}
        for e in progress["effects"]
        if e["year"] == year
    )


def _json(document: Document) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as err:
        raise DataError(f"{path}: cannot be written: {err.strerror}") from err
    return path
