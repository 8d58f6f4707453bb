"""What a file says, parsed and not written yet: the words between importers and the importing.

Read next: ``paes.imports.importing``, which compares a batch with the store and writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from paes.events import Event
from paes.installation import City, Installation
from paes.metering import Finding
from paes.series import ReadingSeries

_LONGEST = 500
"""Signs of a message: it may show a cell, and a cell may be a book."""


def one_line(message: str) -> str:
    """``message`` on one line, its middle left out if it is too long to be read."""
    flat = " ".join(message.split())
    if len(flat) <= _LONGEST:
        return flat
    return f"{flat[: _LONGEST // 2]} ... {flat[-_LONGEST // 2 :]}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something in the file that was not taken: where it stands, and what to do about it.

    ``place`` is ``line 12``, ``sheet 'Consumi', cell C7`` or the like; it is empty for the file.
    """

    place: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(self.message))


@dataclass(frozen=True)
class DeclaredTable:
    """A table to be kept in a city's ``activity/`` folder, as an official would have written it.

    ``name`` is the file's (``seap-2011.csv``), ``comment`` its first lines, ``rows`` have the
    columns of ``paes.activity.activity_data.DeclaredRow``.
    """

    name: str
    comment: str
    rows: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Batch:
    """All that one file says, in canonical units, UTC, and the ids of this installation.

    ``series`` is by point; a time that is there twice has been settled by the importer.
    """

    series: Mapping[str, ReadingSeries] = field(default_factory=dict)
    events: Sequence[Event] = ()
    tables: Sequence[DeclaredTable] = ()
    refused: Sequence[Refusal] = ()
    findings: Sequence[Finding] = ()
    """What is odd, but was taken."""


@dataclass(frozen=True)
class SourceFile:
    """A file as it came: bytes are read once, and the digest tells it from all others."""

    path: Path
    data: bytes
    sha256: str

    @property
    def name(self) -> str:
        """Its name without folders."""
        return self.path.name


@dataclass(frozen=True)
class Context:
    """What an importer may know beside the file.

    ``meter`` is the meter that the person named, for files that do not say whose they are;
    ``mapping`` the content of the mapping file, if one was given.
    """

    installation: Installation
    city: City
    meter: str | None = None
    mapping: Mapping[str, Any] | None = None


class Importer(Protocol):
    """One format; a module of ``paes.imports`` holds one and is listed in ``formats``."""

    name: str
    """As it is chosen on the command line: ``e-distribuzione``."""
    summary: str
    """What it is, in one line of English."""

    def recognises(self, file: SourceFile) -> bool:
        """True if this can only be a file of this format; never raises."""
        ...

    def read(self, file: SourceFile, context: Context) -> Batch:
        """What the file says; DataError if nothing of it can be understood."""
        ...
