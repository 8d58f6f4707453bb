"""The tables of the embedded store, and what leads an older file to them.

Versions: 1 had points with a revision, readings and days of energy; 2 added events; 3 replaced
the days by touches and sealed rollups (``paes.rollups``). A migration keeps all that cannot be
made again, and needs nothing newer than SQLite 3.24.
"""

from __future__ import annotations

from paes.sqlite_file import FileForm

SCHEMA_VERSION = 3
APPLICATION_ID = 0x50414553  # "PAES"

_EVENTS = """
CREATE TABLE event (
    subject TEXT NOT NULL, name TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER,
    message TEXT NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (subject, name, start)
) WITHOUT ROWID;
CREATE INDEX event_by_time ON event (start)
"""
_ROLLUPS = """
CREATE TABLE touch (
    point INTEGER NOT NULL REFERENCES point, day INTEGER NOT NULL,
    token INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (point, day)
) WITHOUT ROWID;
CREATE INDEX touch_by_time ON touch (at);
CREATE TABLE rollup (
    by INTEGER NOT NULL, point INTEGER NOT NULL REFERENCES point, start INTEGER NOT NULL,
    measured REAL NOT NULL, catch_up REAL NOT NULL, covered_s REAL NOT NULL,
    needs_from INTEGER NOT NULL, needs_to INTEGER NOT NULL, seal INTEGER NOT NULL,
    gaps TEXT NOT NULL, shape BLOB NOT NULL,
    PRIMARY KEY (by, point, start)
) WITHOUT ROWID
"""
_WITHOUT_DAYS = """
DROP TABLE energy_gap;
DROP TABLE energy_day;
CREATE TABLE point_of_3 (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO point_of_3 SELECT id, name FROM point;
DROP TABLE point;
ALTER TABLE point_of_3 RENAME TO point
"""
_SCHEMA = f"""
CREATE TABLE label (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE point (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE
);
CREATE TABLE reading (
    point INTEGER NOT NULL REFERENCES point, at INTEGER NOT NULL,
    value INTEGER NOT NULL, quality INTEGER NOT NULL,
    PRIMARY KEY (point, at)
) WITHOUT ROWID;
{_ROLLUPS};
{_EVENTS}
"""
FORM = FileForm(
    what="store",
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    schema=_SCHEMA,
    if_of_other_version="use that version, or another file",
    if_damaged="restore a backup",
    migrations={1: _EVENTS, 2: f"{_WITHOUT_DAYS};{_ROLLUPS}"},
)
