"""Files of a store as earlier versions of the program left them, by their own SQL.

The statements are those of the versions that wrote such files, and are never changed.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from paes.store.sqlite.schema import APPLICATION_ID

FIRST = """
CREATE TABLE label (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE point (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE reading (
    point INTEGER NOT NULL REFERENCES point, at INTEGER NOT NULL,
    value INTEGER NOT NULL, quality INTEGER NOT NULL,
    PRIMARY KEY (point, at)
) WITHOUT ROWID;
CREATE TABLE energy_day (
    point INTEGER NOT NULL REFERENCES point, day INTEGER NOT NULL, rules TEXT NOT NULL,
    measured REAL NOT NULL, catch_up REAL NOT NULL, covered_s REAL NOT NULL,
    PRIMARY KEY (point, day)
) WITHOUT ROWID;
CREATE TABLE energy_gap (
    point INTEGER NOT NULL REFERENCES point, start INTEGER NOT NULL, end INTEGER NOT NULL,
    rules TEXT NOT NULL, low REAL NOT NULL, high REAL, cause TEXT NOT NULL,
    PRIMARY KEY (point, start)
) WITHOUT ROWID;
"""
SECOND = f"""{FIRST}
CREATE TABLE event (
    subject TEXT NOT NULL, name TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER,
    message TEXT NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (subject, name, start)
) WITHOUT ROWID;
CREATE INDEX event_by_time ON event (start);
"""
SCHEMAS = {1: FIRST, 2: SECOND}
POINTS = {7: "scuola.main/energy_import", 3: "molo.gas/volume"}
"""By key; not in order, and with holes, as deleted points would leave them."""
READINGS = [(7, 1_743_249_600 + 900 * n, 1_000 * n, n % 7) for n in range(200)] + [
    (3, 1_743_249_600, -5, 0)
]
EVENT = ("scuola.main", "meter.swapped", 1_743_249_600, None, "new device", '{"serial": "B2"}')


def make_old_file(path: Path, version: int) -> None:
    """A file of ``version`` with readings, a label, derived days, and an event if it can have."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMAS[version])
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {version}")
        db.execute("BEGIN")
        points = [(key, name, 4) for key, name in POINTS.items()]
        db.executemany("INSERT INTO point VALUES (?, ?, ?)", points)
        db.executemany("INSERT INTO reading VALUES (?, ?, ?, ?)", READINGS)
        db.execute("INSERT INTO label VALUES ('simulated', 'true')")
        db.execute("INSERT INTO energy_day VALUES (7, 1743206400, 'rules', 1.5, 0, 86400)")
        db.execute("INSERT INTO energy_gap VALUES (7, 1743206400, 1743206401, 'r', 0, NULL, 'x')")
        if version > 1:
            db.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", EVENT)
        db.execute("COMMIT")


def kept(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What must be the same in the migrated file as in the old one, row by row."""
    with closing(sqlite3.connect(path)) as db:
        return {
            "points": db.execute("SELECT id, name FROM point ORDER BY id").fetchall(),
            "readings": db.execute("SELECT * FROM reading ORDER BY point, at").fetchall(),
            "labels": db.execute("SELECT * FROM label").fetchall(),
        }
