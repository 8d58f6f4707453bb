"""A small town with bills: meters that are read, and meters of which only bills or deliveries come.

Two files of samples speak of it; every POD and PDR is well-formed and belongs to nobody.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from small_installation import SmallInstallation

from paes.config import load_installation
from paes.imports.batch import Context, SourceFile
from paes.installation import Installation

SAMPLES = Path(__file__).parent / "imports" / "samples"
ROME = "Europe/Rome"
IMPORTED = """\
imported_meters:
  - id: molo.luci
    carrier: electricity
    pod: IT001E87654321
    brings: amounts
    rated_power_kw: 20
  - id: scuola.gas
    carrier: natural_gas
    pdr: "00881234567891"
    brings: amounts
    volume_correction: 1.02
  - id: scuola.gasolio
    carrier: heating_oil
    brings: amounts
    serial: CIST-7
  - id: scuola.acqua
    measures: water
    brings: amounts
  - id: molo.ricarica
    name: Colonnina del molo
    carrier: electricity
    brings: amounts
"""


def billed_town(small: SmallInstallation) -> Installation:
    """The small installation with its imported meters."""
    path = small.root / "cities/porto/meters.yaml"
    path.write_text(path.read_text(encoding="utf-8") + IMPORTED, encoding="utf-8")
    return load_installation(small.root)


def context(installation: Installation, meter: str | None = None) -> Context:
    """What an importer knows beside the file."""
    return Context(installation, installation.city(), meter)


def source(name: str, data: bytes | str) -> SourceFile:
    """A file as it comes."""
    raw = data.encode() if isinstance(data, str) else data
    return SourceFile(Path(name), raw, hashlib.sha256(raw).hexdigest())


def sample(folder: str, name: str) -> SourceFile:
    """One of the files beside the tests."""
    return source(name, (SAMPLES / folder / name).read_bytes())
