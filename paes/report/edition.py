"""Editions of the annual report: each a folder of files with a manifest, never changed again.

::

    FOLDER/reports/CITY/YEAR/3/           the third edition: the files of ``write_report``
    FOLDER/reports/CITY/YEAR/3/manifest.json   when, by whom, which program, SHA-256 of each file
    FOLDER/reports/CITY/YEAR/4.making/    one that is being made, or was cut off

An edition appears under its number only when it is whole. Its number is taken before the work
begins, so that two people never make the same one; what failed keeps its number and the reason.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paes import __version__
from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError, PaesError
from paes.installation import City
from paes.report.files import write_report

MANIFEST = "manifest.json"
_STARTED, _FAILED, _MAKING = "started.json", "failed.json", ".making"
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class EditionFile:
    """A file of an edition, as it was written."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Edition:
    """A whole edition; ``folder`` is where its files are."""

    city: str
    year: int
    number: int
    made_at: datetime
    by: str
    version: str
    simulated: bool
    """Whether readings of a simulator are in it."""
    files: tuple[EditionFile, ...]
    folder: Path

    def file(self, name: str) -> bytes | None:
        """What ``name`` holds; None unless the manifest names it. DataError if it was changed."""
        if name == MANIFEST:
            return _read(self.folder / MANIFEST)
        listed = next((file for file in self.files if file.name == name), None)
        if listed is None:
            return None
        content = _read(self.folder / name)
        if hashlib.sha256(content).hexdigest() != listed.sha256:
            raise DataError(
                f"{self.folder / name}: its SHA-256 is not that of the manifest; it was changed"
                " after the edition was made: restore it from a backup, or make a new edition"
            )
        return content

    def zipped(self) -> bytes:
        """All its files and the manifest as one ZIP file, the same each time."""
        content = io.BytesIO()
        stamp = self.made_at.timetuple()[:6]
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in (*(file.name for file in self.files), MANIFEST):
                entry = zipfile.ZipInfo(f"{self.stem}/{name}", stamp)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, self.file(name) or b"")
        return content.getvalue()

    @property
    def stem(self) -> str:
        """Its name among files: ``la-spezia-2025-edition-3``."""
        return f"{self.city}-{self.year}-edition-{self.number}"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An edition that is being made, was cut off, or failed; ``reason`` says why it failed."""

    city: str
    year: int
    number: int
    since: datetime
    by: str
    folder: Path
    reason: str = ""


def reserve(folder: Path, city_id: str, year: int, by: str, at: datetime) -> Unfinished:
    """Take the next number of ``city_id`` and ``year``; DataError if the folder takes nothing."""
    place = _place(folder, city_id, year)
    try:
        place.mkdir(parents=True, exist_ok=True)
        number = max((n for n, _ in _numbers(place)), default=0)
        while True:
            number += 1
            making = place / f"{number}{_MAKING}"
            try:
                making.mkdir()
                break
            except FileExistsError:  # somebody else was faster
                continue
        _write(making / _STARTED, {"at": at.isoformat(), "by": by})
    except OSError as err:
        raise DataError(f"{place}: no edition can be kept here: {err.strerror}") from err
    return Unfinished(city_id, year, number, at, by, making)


def make_edition(begun: Unfinished, city: City, ledger: EnergyLedger) -> Edition:
    """Write the files and the manifest, then give the edition its place.

    What fails is noted beside it and raised again.
    """
    try:
        paths = write_report(city, begun.year, ledger, begun.folder)
        files = tuple(_file(path) for path in paths)
        manifest = {
            "city": city.id,
            "year": begun.year,
            "edition": begun.number,
            "made_at": ledger.clock().isoformat(timespec="seconds"),
            "by": begun.by,
            "software": f"PAES Monitor {__version__}",
            "simulated": bool(ledger.store.labels().get("simulated")),
            "files": [asdict(file) for file in files],
        }
        _write(begun.folder / MANIFEST, manifest)
        (begun.folder / _STARTED).unlink()
        begun.folder.rename(begun.folder.with_name(str(begun.number)))
    except (PaesError, OSError) as err:
        with suppress(OSError):  # on a full disk: it was cut off, then
            _write(begun.folder / _FAILED, {"reason": str(err)})
        raise
    return edition(begun.folder.parents[3], city.id, begun.year, begun.number)


def edition(folder: Path, city_id: str, year: int, number: int) -> Edition:
    """One edition; DataError if there is none, or its manifest cannot be understood."""
    place = _place(folder, city_id, year) / str(number)
    try:
        told = json.loads(_read(place / MANIFEST))
        return Edition(
            city=told["city"],
            year=told["year"],
            number=told["edition"],
            made_at=datetime.fromisoformat(told["made_at"]),
            by=told["by"],
            version=told["software"],
            simulated=told["simulated"],
            files=tuple(_listed(file) for file in told["files"]),
            folder=place,
        )
    except (KeyError, TypeError, ValueError) as err:
        raise DataError(f"{place / MANIFEST}: not a manifest of an edition: {err}") from err


def editions(folder: Path, city_id: str) -> list[Edition]:
    """Every whole edition of a city, the newest year and number first.

    One whose manifest cannot be understood hides no other: it is among the ``unfinished``.
    """
    return [one for one in _kept(folder, city_id) if isinstance(one, Edition)]


def unfinished(folder: Path, city_id: str) -> list[Unfinished]:
    """What is being made, was cut off or failed, or can be read no longer; the newest first."""
    found: list[Unfinished | None] = [
        _unfinished(city_id, year, number, path)
        for year, place in _years(folder, city_id)
        for number, path in _numbers(place)
        if path.name.endswith(_MAKING)
    ]
    found += [one for one in _kept(folder, city_id) if isinstance(one, Unfinished)]
    return sorted((one for one in found if one), key=lambda one: one.since, reverse=True)


def _kept(folder: Path, city_id: str) -> Iterator[Edition | Unfinished]:
    """Every edition that was finished, the newest first; without a manifest it is none any more."""
    for year, place in _years(folder, city_id):
        for number, path in sorted(_numbers(place), reverse=True):
            if path.name.endswith(_MAKING):
                continue
            try:
                yield edition(folder, city_id, year, number)
            except DataError as err:
                since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                yield Unfinished(city_id, year, number, since, "", path, str(err))


def _unfinished(city_id: str, year: int, number: int, path: Path) -> Unfinished | None:
    """None if it was finished, or not begun, at just this moment."""
    started, failed = _told(path / _STARTED), _told(path / _FAILED)
    try:
        since, by = datetime.fromisoformat(started["at"]).astimezone(UTC), str(started["by"])
    except (KeyError, TypeError, ValueError):
        return None
    return Unfinished(city_id, year, number, since, by, path, str(failed.get("reason", "")))


def _told(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _place(folder: Path, city_id: str, year: int) -> Path:
    return folder / "reports" / city_id / str(year)


def _years(folder: Path, city_id: str) -> list[tuple[int, Path]]:
    place = folder / "reports" / city_id
    try:
        found = [(int(p.name), p) for p in place.iterdir() if re.fullmatch(r"\d{4}", p.name)]
    except OSError:
        return []
    return sorted(found, reverse=True)


def _numbers(place: Path) -> Iterator[tuple[int, Path]]:
    for path in place.iterdir():
        name = path.name.removesuffix(_MAKING)
        if path.is_dir() and _NUMBER.fullmatch(name):
            yield int(name), path


def _file(path: Path) -> EditionFile:
    content = path.read_bytes()
    return EditionFile(path.name, len(content), hashlib.sha256(content).hexdigest())


def _listed(file: dict[str, Any]) -> EditionFile:
    """A file of the manifest; ValueError if its name leads out of the edition's folder."""
    found = EditionFile(**file)
    if found.name != Path(found.name).name:
        raise ValueError(f"{found.name!r} is no name of a file")
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise DataError(f"{path}: cannot be read: {err.strerror}") from err


def _write(path: Path, document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, "utf-8")
