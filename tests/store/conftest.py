"""Where the stores under test live. Another kind of store joins by one more parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paes.store import Store, open_store

StoreFactory = Callable[[], Store]


def _sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'readings.db'}"


URLS = {"sqlite": _sqlite_url}


@pytest.fixture(params=list(URLS))
def store_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreFactory]:
    """Opens the test's own store, empty at first; every call is one more handle on it."""
    url = URLS[request.param](tmp_path)
    opened: list[Store] = []

    def open_another() -> Store:
        opened.append(open_store(url))
        return opened[-1]

    yield open_another
    for store in opened:
        store.close()


@pytest.fixture
def store(store_factory: StoreFactory) -> Store:
    """One handle on an empty store."""
    return store_factory()
