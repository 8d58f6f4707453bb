"""An installation, and what an importer of declared energy made of a file, for these tests."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from small_installation import SmallInstallation

from paes.config import load_installation
from paes.imports.batch import Batch, Context, SourceFile

SAMPLES = Path(__file__).parent / "samples"


def source(path: Path) -> SourceFile:
    data = path.read_bytes()
    return SourceFile(path, data, hashlib.sha256(data).hexdigest())


def context(root: Path, mapping: dict[str, Any] | None = None) -> Context:
    """The small installation (1,000 inhabitants in 2007 and later)."""
    if not (root / "installation.yaml").exists():
        SmallInstallation(root)
    installation = load_installation(root)
    return Context(installation, installation.city(), mapping=mapping)


def refusals(batch: Batch) -> list[tuple[str, str]]:
    return [(r.place, r.message) for r in batch.refused]


def cells(batch: Batch) -> dict[tuple[str, ...], str]:
    """``mwh``, or amount and unit, of every row of every table."""
    found = {}
    for table in batch.tables:
        for row in table.rows:
            key = tuple(row[k] for k in ("year", "sector", "carrier", "use") if k in row)
            assert key not in found
            found[key] = row.get("mwh") or f"{row['amount']} {row['unit']}"
    return found
