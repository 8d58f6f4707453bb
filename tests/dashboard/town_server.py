"""A simulated town with fourteen months and its malfunctions, served by a process of its own.

``python town_server.py FOLDER`` makes what is missing in FOLDER, prints the address that answers,
and serves until its standard input ends; with ``--fill`` it only makes the store. The clock stands
still, so that every run sees the same.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collectors.simulator import Town, fill_history, planted
from dashboard.app import create_app
from dashboard.serving import serve
from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.faults.cases.register import update_cases
from paes.installation import Installation
from paes.periods import Span
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BEGIN = datetime(2025, 9, 30, 22, tzinfo=UTC)
JUDGED = timedelta(days=120)
REFRESH_S = 2.0


def fill(installation: Installation, store: SqliteStore) -> None:
    """The readings of the past, their derived days and months, and the malfunctions in them."""
    town = Town(installation, epoch=BEGIN)
    town = town.with_malfunctions(planted(installation, town.parameters, NOW))
    fill_history(town, store, BEGIN, NOW + timedelta(seconds=1))
    ledger = EnergyLedger(installation, store, lambda: NOW)
    ledger.refresh(Span(BEGIN, NOW))
    update_cases(ledger, Span(NOW - JUDGED, NOW))
    store.set_label("simulated", "true")


def main(folder: Path) -> None:
    installation = load_installation(shipped_config())
    path = folder / "town.sqlite"
    is_new = not path.exists()
    store = SqliteStore(path)
    if is_new:
        fill(installation, store)
    if "--fill" in sys.argv:
        store.close()
        return
    app = create_app(
        installation, store, clock=lambda: NOW, refresh_s=REFRESH_S, folder=folder / "made"
    )

    def ready(address: str) -> None:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        threading.Thread(target=end_with_input, daemon=True).start()

    def end_with_input() -> None:
        sys.stdin.read()
        # Not SIGINT: a test run in the background ignores it, and so would this process.
        os.kill(os.getpid(), signal.SIGTERM)

    serve(app, port=0, ready=ready)
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
