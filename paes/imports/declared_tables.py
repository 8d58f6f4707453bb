"""Tables of declared energy that an import brings, put into a city's ``activity/`` folder.

A row is told by its year, sector, carrier and use. Rows of a table that the new one has not stay:
a person may have added them. What another table says already in the same figures is left there.
The installation is checked with the new table *before* it takes its place, in a copy made of
links, so that no import leaves a configuration that does not load.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paes.activity.activity_data import DeclaredRow
from paes.config import load_installation
from paes.config_file import read_yaml
from paes.config_table import read_csv
from paes.errors import ConfigError, DataError
from paes.imports.batch import DeclaredTable
from paes.installation import City, CityFile, Installation
from paes.shipped_files import shipped_config

COLUMNS = (
    "year", "sector", "carrier", "use", "mwh", "amount", "unit", "basis", "volume_correction",
    "fuel", "covers", "sites", "notation", "included_in", "sustainable_fraction",
    "uncertainty_fraction", "known_from", "sessions", "source", "assumed", "note", "note_it",
)  # fmt: skip
_KEY = ("year", "sector", "carrier", "use", "sites")
_NUMBERS = ("mwh", "amount", "volume_correction")
_FIGURE = (
    "mwh",
    "amount",
    "unit",
    "basis",
    "volume_correction",
    "fuel",
    "covers",
    "sites",
    "notation",
    "included_in",
)
"""What makes two rows say the same, whoever says it."""
Row = Mapping[str, str]


@dataclass(frozen=True)
class TableComparison:
    """A table as it would be, and how many of its rows are new, changed or the same."""

    path: Path
    text: str
    new: int
    changed: tuple[str, ...]
    same: int
    kept: int
    """Rows that the file has not, and that stay."""

    @property
    def is_changed(self) -> bool:
        """True if there is something to write."""
        return bool(self.new or self.changed)


def compare_table(installation: Installation, city: City, table: DeclaredTable) -> TableComparison:
    """``table`` beside the file of its name; DataError if its rows are not acceptable."""
    if Path(table.name).name != table.name or not table.name.endswith(".csv"):
        raise DataError(
            f"{table.name!r}: no name of a table; expected a name such as seap-2011.csv"
        )
    path = _city_folder(installation, city) / "activity" / table.name
    old = _rows(path) if path.is_file() else {}
    given = {_key(row): _plain(row) for row in table.rows}
    if len(given) < len(table.rows):
        raise DataError(
            f"{table.name}: a year, sector, carrier and use is there twice; expected once"
        )
    elsewhere = _elsewhere(path)
    said = {key for key, row in given.items() if key not in old and _alike(row, elsewhere.get(key))}
    given = {key: row for key, row in given.items() if key not in said}
    changed = [
        f"{' '.join(filter(None, key))}: {_in_words(old[key])} -> {_in_words(row)}"
        for key, row in given.items()
        if key in old and old[key] != row
    ]
    merged = old | given
    return TableComparison(
        path=path,
        text=_text(table.comment, merged.values()),
        new=sum(key not in old for key in given),
        changed=tuple(changed),
        same=sum(key in old for key in given) - len(changed) + len(said),
        kept=len(merged) - len(given),
    )


def require_sound(installation: Installation, tables: Sequence[TableComparison]) -> None:
    """Refuse tables that may not be written, or with which the installation would not load."""
    changed = [t for t in tables if t.is_changed]
    if not changed:
        return
    _require_own(installation.root, changed[0].path.parent)
    with tempfile.TemporaryDirectory(prefix="paes-import-") as name:
        copy = Path(name).resolve() / "installation"
        _link(installation.root, copy, {t.path: t.text for t in changed})
        try:
            load_installation(copy)
        except ConfigError as err:
            told = [p.replace(str(copy), str(installation.root)) for p in err.problems]
            raise DataError(
                f"with this table the configuration would not load any more: {told[0]}"
                + (f" (and {len(told) - 1} more)" if len(told) > 1 else "")
            ) from err


def put_in_place(tables: Sequence[TableComparison]) -> None:
    """Write each changed table beside its place and rename it: there is no half of one."""
    for table in tables:
        if not table.is_changed:
            continue
        unfinished = table.path.with_name(f".{table.path.name}.{os.getpid()}.tmp")
        try:
            table.path.parent.mkdir(exist_ok=True)
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                file.write(table.text)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(table.path)
        except OSError as err:
            raise DataError(f"{table.path}: cannot be written: {err.strerror}") from err
        finally:
            unfinished.unlink(missing_ok=True)


def _city_folder(installation: Installation, city: City) -> Path:
    """The folder whose ``city.yaml`` is of this city; it may have another name."""
    cities = installation.root / "cities"
    for folder in (cities / city.id, *sorted(cities.glob("*"))):
        path = folder / "city.yaml"
        if path.is_file() and read_yaml(path, CityFile).id == city.id:
            return folder
    raise DataError(f"{cities}: no folder of city {city.id}")


def _require_own(root: Path, activity: Path) -> None:
    folder = activity if activity.is_dir() else activity.parent
    is_shipped = root.resolve() == shipped_config().resolve()
    if is_shipped or not os.access(folder, os.W_OK | os.X_OK):
        what = "is the shipped one" if is_shipped else "cannot be written to"
        raise DataError(
            f"{folder}: the installation {what}; copy it to a folder of your own and name that"
            " with --config"
        )


def _link(root: Path, copy: Path, texts: Mapping[Path, str]) -> None:
    """Of ``root`` a copy in links, with files of its own where ``texts`` says so."""
    own = {path.relative_to(root) for path in texts}
    folders = {parent for path in own for parent in path.parents}
    for folder in sorted(folders, key=lambda f: len(f.parts)):
        (copy / folder).mkdir()
        for item in (root / folder).iterdir() if (root / folder).is_dir() else ():
            inside = folder / item.name
            if inside not in folders and inside not in own:
                (copy / inside).symlink_to(item)
    for path, text in texts.items():
        (copy / path.relative_to(root)).write_text(text, encoding="utf-8")


def _rows(path: Path) -> dict[tuple[str, ...], dict[str, str]]:
    """The rows of a table that is there, as a file would have them."""
    plain = [
        _plain({name: _cell(value) for name, value in row.model_dump(mode="json").items()
                if value is not None})
        for _, row in read_csv(path, DeclaredRow)
    ]  # fmt: skip
    return {_key(row): row for row in plain}


def _elsewhere(path: Path) -> dict[tuple[str, ...], dict[str, str]]:
    """What the other tables of the folder of ``path`` say."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for other in sorted(path.parent.glob("*.csv")):
        if other != path:
            found |= _rows(other)
    return found


def _alike(row: Row, other: Row | None) -> bool:
    return other is not None and all(row.get(name) == other.get(name) for name in _FIGURE)


def _plain(row: Row) -> dict[str, str]:
    """A row without what is empty or usual, numbers written in one way."""
    plain = {name: str(row[name]).strip() for name in COLUMNS if str(row.get(name, "")).strip()}
    unknown = [name for name in row if name not in COLUMNS]
    if unknown:
        raise DataError(f"unknown column {unknown[0]!r}; expected some of {', '.join(COLUMNS)}")
    if not {"mwh", "amount", "notation"} & plain.keys():
        raise DataError("mwh None: expected a number of MWh, or an amount with its unit")
    for name in _NUMBERS:
        if name in plain:
            plain[name] = _number(name, plain[name])
    if plain.get("assumed", "").lower() in ("false", "no", "0"):
        del plain["assumed"]
    elif "assumed" in plain:
        plain["assumed"] = "true"
    if plain.get("covers") == "sector":
        del plain["covers"]
    return plain


def _cell(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _number(name: str, text: str) -> str:
    try:
        return repr(float(text))
    except ValueError as err:
        raise DataError(f"{name} {text!r}: expected a number{' of MWh' * (name == 'mwh')}") from err


def _key(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")).strip() for name in _KEY)


def _in_words(row: Row) -> str:
    figure = f"{row['mwh']} MWh" if row.get("mwh") else f"{row['amount']} {row.get('unit')}"
    return figure + (f" ({row['source']})" if row.get("source") else "")


def _text(comment: str, rows: Iterable[Row]) -> str:
    listed = list(rows)
    used = [name for name in COLUMNS if any(row.get(name) for row in listed)]
    text = io.StringIO()
    for line in comment.splitlines():
        text.write(f"# {line.removeprefix('#').strip()}\n")
    table = csv.DictWriter(text, used, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(listed)
    return text.getvalue()
