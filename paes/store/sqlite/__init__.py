"""The embedded store: one SQLite file for several processes, and what keeps it sound.

``store`` is the store itself, ``schema`` its tables and their migrations, ``rows`` how values stand
in them, ``upkeep`` retention and checks, ``copies`` backup and compaction.
"""

from paes.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
