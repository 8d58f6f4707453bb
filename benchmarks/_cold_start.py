"""One question in a process of its own; prints how long its imports and its answer took.

python benchmarks/_cold_start.py page STORE NOW        the data of the first page
python benchmarks/_cold_start.py sqlite FILE SQL       one question without our code
python benchmarks/_cold_start.py http URL TOKEN_VARIABLE
"""

from __future__ import annotations

import json
import sys
import time


def page(url: str, now: str) -> tuple[float, float]:
    """Seconds of imports, and from configuration to data."""
    start = time.perf_counter()
    from datetime import datetime

    from dashboard.observatory import Observatory
    from dashboard.queries.meters import ACTIVITY, live_now
    from dashboard.queries.progress import INVENTORIES, inventory_words, view
    from paes.config import load_installation
    from paes.shipped_files import shipped_config
    from paes.store import open_store

    imported = time.perf_counter()
    installation, store = load_installation(shipped_config()), open_store(url)
    observatory = Observatory(installation, store, lambda: datetime.fromisoformat(now))
    city, sources = installation.city(), observatory.sources
    made = observatory.kept(INVENTORIES, *inventory_words(city, city.plan.electricity_factor)).value
    shown = view(city, sources.ledger, city.plan.default_target, made.by_year, made.draws)
    now_there = live_now(sources, city, observatory.kept(ACTIVITY, city.id).value)
    answered = time.perf_counter()
    assert shown.sectors
    assert now_there.heard
    observatory.close()
    store.close()
    return imported - start, answered - imported


def sqlite(file: str, sql: str) -> tuple[float, float]:
    """The same of Dash, pandas and one SELECT."""
    start = time.perf_counter()
    import sqlite3

    import dash  # noqa: F401
    import pandas  # noqa: F401

    imported = time.perf_counter()
    rows = sqlite3.connect(file).execute(sql).fetchall()
    answered = time.perf_counter()
    assert rows
    return imported - start, answered - imported


def http(url: str, token_variable: str) -> tuple[float, float]:
    """The same of Dash, pandas and one GET."""
    start = time.perf_counter()
    import os
    import urllib.request

    import dash  # noqa: F401
    import pandas  # noqa: F401

    imported = time.perf_counter()
    headers = {"Authorization": f"Token {os.environ[token_variable]}"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        rows = json.load(answer)["results"][0]["series"]
    answered = time.perf_counter()
    assert rows
    return imported - start, answered - imported


if __name__ == "__main__":
    ways = {"page": page, "sqlite": sqlite, "http": http}
    import_s, answer_s = ways[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"import_s": import_s, "answer_s": answer_s}))
