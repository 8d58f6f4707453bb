"""A small installation with meters whose figures come in files, and the means to import into it."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from small_installation import SmallInstallation

from paes.config import load_installation
from paes.imports.batch import Batch, Context, Importer, SourceFile
from paes.imports.importing import Importing, Wishes
from paes.store import Store

SAMPLES = Path(__file__).with_name("samples")
CURVE_POD = "IT001E87654321"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

IMPORTED = f"""\
imported_meters:
  - id: molo.luce
    carrier: electricity
    pod: {CURVE_POD}
  - id: molo.cessione
    carrier: electricity
    measures: feed_in
    pod: {CURVE_POD}
  - id: scuola.contatore
    carrier: electricity
    pod: IT001E11112222
    brings: counter
    digits: 6
  - id: scuola.metano
    carrier: natural_gas
    pdr: "00881111222233"
    brings: amounts
  - id: scuola.ore
    carrier: electricity
    pod: IT001E33334444
    interval_s: 3600
"""


def import_town(folder: Path) -> SmallInstallation:
    """The small installation with five imported meters."""
    town = SmallInstallation(folder / "installation")
    meters = "cities/porto/meters.yaml"
    text = (town.root / meters).read_text(encoding="utf-8")
    town.write({meters: text + IMPORTED})
    return town


def source(path: str | Path, data: str | bytes) -> SourceFile:
    """A file with this content, as it would be read from ``path``."""
    content = data.encode() if isinstance(data, str) else data
    return SourceFile(Path(path), content, sha256(content).hexdigest())


def read(importer: Importer, town: SmallInstallation, file: SourceFile, **more: Any) -> Batch:
    """What ``importer`` makes of ``file`` in ``town``."""
    installation = load_installation(town.root)
    return importer.read(file, Context(installation, installation.city(), **more))


def importing(town: SmallInstallation, store: Store, **wishes: Any) -> Importing:
    """Imports into ``town`` at the time ``AT``, by Anna."""
    installation = load_installation(town.root)
    told = Wishes(**{"author": "Anna", **wishes})
    return Importing(installation, installation.city(), store, told, clock=lambda: AT)
