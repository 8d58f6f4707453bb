"""Running the dashboard until it is told to stop: in one process, or in several workers.

::

    one process (demo, Windows)          several (a town)
    ───────────────────────────          ────────────────
    waitress, threads                    arbiter ─┬─ worker: pages, threads
    Memory: answers made in threads               ├─ worker  ↑ answers read from files
                                                  └─ preparer: makes answers ahead, and on wish

Pages know nothing of it: they ask their ``Memory``. Answers travel as files of one private folder
(``answers``) that lives as long as the arbiter; each carries the time at which it was made.
``threads`` serves in one process, ``workers`` in several, ``preparer`` is the process beside them.
"""

from __future__ import annotations

from dashboard.serving.threads import Servable, require_port, serve, stop_signals

__all__ = ["Servable", "require_port", "serve", "stop_signals"]
