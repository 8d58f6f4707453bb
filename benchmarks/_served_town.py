"""Serves a large town as ``paes dashboard`` would, without a login; prints its address.

python benchmarks/_served_town.py INSTALLATION STORE WORKERS
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from dashboard.app import Dashboard, create_app
from dashboard.memory import Memory
from dashboard.recipes import RECIPES
from dashboard.serving.workers import Service, serve_workers
from paes.config import load_installation
from paes.retention import Retention
from paes.store import open_store


def main(root: str, store: str, workers: int) -> None:
    """Until SIGTERM."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    for name in ("dashboard.serving.preparer", "dashboard.visits"):
        logging.getLogger(name).setLevel(logging.INFO)
    installation = load_installation(Path(root))

    def make(memory: Memory | None = None) -> Dashboard:
        return create_app(installation, open_store(store, Retention()), memory=memory)

    def ready(address: str) -> None:
        print(address, flush=True)

    service = Service(make, lambda: make().observatory.sources, RECIPES)
    serve_workers(service, port=0, workers=workers, ready=ready)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
