"""A large town as an installation of files: the shipped one's sites, several times over.

Every copy of a site has its meters, gateways and contracts under ids of its own, alive since
before the first year, so that each page finds what it shows. Readings come from the simulator:
every quarter of an hour lately, once an hour in earlier years; without malfunctions.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from _figures import progress

from collectors.simulator import Town, fill_history
from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.installation import City, Installation
from paes.metering import Reading
from paes.periods import Span, local_year, year_span
from paes.retention import Retention
from paes.shipped_files import shipped_config
from paes.store import Store, open_store

CITY = "la-spezia"
ROME = "Europe/Rome"
DETAILED = timedelta(days=400)
QUARTER_S, HOUR_S = 900, 3600
PORTS = 100
_COLUMNS = {
    "reading": "{}, at, value, quality",
    "touch": "{}, day, token, at",
    "rollup": (
        "by, {}, start, measured, catch_up, covered_s, needs_from, needs_to, seal, gaps, shape"
    ),
}
"""Of the tables that name a point, in their order, with its place left open."""
_COPIED = re.compile(r"-copy\d+$")


def large_town(
    folder: Path, meters: int, years: int, now: datetime, town: str = CITY
) -> Installation:
    """``town`` as an installation in ``folder``, made there if it is not: about ``meters``."""
    if not (folder / "installation.yaml").is_file():
        shutil.copytree(shipped_config(), folder, dirs_exist_ok=True)
        for other in (folder / "cities").iterdir():
            if other.name != town:
                shutil.rmtree(other)
        _write(folder / "installation.yaml", {"name": "Large town", "default_city": town})
        city = folder / "cities" / town
        first = date(local_year(now, ROME) - years, 1, 1)
        _multiply(city, max(1, round(meters / _count(city))), first)
    return load_installation(folder)


def fill(
    installation: Installation, path: Path, years: int, now: datetime, detailed: int = DETAILED.days
) -> Store:
    """Its store, with all readings and derived rows up to ``now``, made if it is not there."""
    if not path.is_file():
        first = _first_copy(installation)
        with closing(open_store(str(path), Retention())) as store:
            start = year_span(local_year(now, ROME) - years, ROME).start
            town = Town(first, epoch=start)
            lately = now - timedelta(days=detailed)
            for span, step_s in ((Span(start, lately), HOUR_S), (Span(lately, now), QUARTER_S)):
                fill_history(town, store, span.start, span.end, step_s, _told("readings"))
            _power(first, store, now)
            told = _told("energy")
            EnergyLedger(first, store).refresh(
                Span(start, now), lambda done, total: told(done, total, "")
            )
        _copy_points(path, list(first.sites), list(installation.sites))
    return open_store(str(path), Retention())


def _first_copy(installation: Installation) -> Installation:
    """The town without the copies of its sites."""

    def is_first(id_: str) -> bool:
        return not _COPIED.search(id_.partition(".")[0])

    def kept(city: City) -> City:
        return replace(
            city,
            sites={id_: site for id_, site in city.sites.items() if is_first(id_)},
            gateways={id_: gateway for id_, gateway in city.gateways.items() if is_first(id_)},
            meters={id_: meter for id_, meter in city.meters.items() if is_first(id_)},
            virtual_meters={i: v for i, v in city.virtual_meters.items() if is_first(i)},
        )

    return replace(installation, cities={c.id: kept(c) for c in installation.cities.values()})


def _copy_points(path: Path, first: Sequence[str], all_sites: Sequence[str]) -> None:
    """Give the copies of a site what it has: readings, touched days and derived rows.

    Their seals hold too, since no rule of a meter names it.
    """
    copies = [site for site in all_sites if site not in set(first)]
    with closing(sqlite3.connect(path)) as db, db:
        points = db.execute("SELECT id, name FROM point").fetchall()
        for done, copy in enumerate(copies):
            progress(f"copies: {done} of {len(copies)} sites")
            site = _COPIED.sub("", copy)
            for point, name in points:
                if name.startswith((f"{site}.", f"{site}/")):
                    _copy_point(db, point, copy + name.removeprefix(site))


def _copy_point(db: sqlite3.Connection, point: int, name: str) -> None:
    (made,) = db.execute("INSERT INTO point (name) VALUES (?) RETURNING id", (name,)).fetchone()
    for table, columns in _COLUMNS.items():
        db.execute(
            f"INSERT INTO {table} SELECT {columns.format(made)} FROM {table} WHERE point = ?",
            (point,),
        )


def _power(installation: Installation, store: Store, now: datetime) -> None:
    """The power at this moment, which open pages ask for again and again."""
    meters = installation.field_meters.values()
    powered = [m.id for m in meters if m.rated_power_kw]
    at = now.astimezone(UTC).replace(microsecond=0)
    store.write([Reading(f"{meter}/active_power", at, 12_000.0) for meter in powered])


def _told(what: str) -> Any:
    return lambda done, total, _meter: progress(f"{what}: {done} of {total} meters")


def _count(city: Path) -> int:
    return len(_read(city / "meters.yaml")["meters"])


def _multiply(city: Path, times: int, first: date) -> None:
    """Write sites, meters and contracts ``times`` over."""
    sites, fields = _read(city / "sites.yaml"), _read(city / "meters.yaml")
    contracts = _read(city / "contracts.yaml") or {"contracts": []}
    ids = [site["id"] for site in sites["sites"]]
    for rows in (fields["meters"], fields.get("sensors", [])):
        for row in rows:
            row["valid_from"] = first
    for row in fields["gateways"]:
        row["poll_period_s"] = HOUR_S  # else every hour of the earlier years were a gap
    copied = {"sites": sites["sites"], "gateways": fields["gateways"],
              "meters": fields["meters"], "virtual_meters": fields.get("virtual_meters", []),
              "contracts": contracts["contracts"]}  # fmt: skip
    originals = {name: list(rows) for name, rows in copied.items()}
    for number in range(2, times + 1):
        renamed = {old: f"{old}-copy{number}" for old in sorted(ids, key=len, reverse=True)}
        for name, rows in originals.items():
            copied[name].extend(_copy(row, renamed, number) for row in rows)
    _write(city / "sites.yaml", sites)
    _write(city / "meters.yaml", fields)
    if contracts["contracts"]:
        _write(city / "contracts.yaml", contracts)


def _copy(row: dict[str, Any], renamed: dict[str, str], number: int) -> dict[str, Any]:
    """A row under ids of its own, without what must be unique."""
    left_out = {"pod", "pdr", "serial", "replacements"}
    made = {key: value for key, value in row.items() if key not in left_out}
    for key in ("id", "parent", "gateway", "meter"):
        if key in made:
            made[key] = _renamed(made[key], renamed)
    if "port" in made:
        made["port"] += PORTS * number
    if "name" in made:
        made["name"] = f"{made['name']} {number}"
    return made


def _renamed(name: str, renamed: dict[str, str]) -> str:
    """``site``, ``site.meter`` or ``gw-site`` with the site's new id."""
    site, dot, rest = name.removeprefix("gw-").partition(".")
    prefix = "gw-" if name.startswith("gw-") else ""
    return f"{prefix}{renamed.get(site, site)}{dot}{rest}"


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8")) if path.is_file() else None


def _write(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
