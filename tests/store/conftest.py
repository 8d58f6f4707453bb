"""Where the stores under test live: a file each, or a bucket each on one real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from influx_server import TOKEN_VARIABLE, InfluxServer
from worker_program import Workers

from paes.store import Store, open_store
from paes.store.influx.store import InfluxStore

StoreFactory = Callable[[], Store]


def _sqlite_url(request: pytest.FixtureRequest) -> str:
    folder: Path = request.getfixturevalue("tmp_path")
    return f"sqlite:///{folder / 'readings.db'}"


def _influx_url(request: pytest.FixtureRequest) -> str:
    server: InfluxServer = request.getfixturevalue("influx_server")
    request.getfixturevalue("monkeypatch").setenv(TOKEN_VARIABLE, server.token)
    return server.url(server.new_bucket())


URLS = {"sqlite": _sqlite_url, "influxdb": _influx_url}


@pytest.fixture(params=list(URLS))
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of the test's own store, empty at first."""
    return URLS[request.param](request)


@pytest.fixture
def store_factory(store_url: str) -> Iterator[StoreFactory]:
    """Opens the test's own store; every call is one more handle on it."""
    opened: list[Store] = []

    def open_another() -> Store:
        opened.append(open_store(store_url))
        return opened[-1]

    yield open_another
    for store in opened:
        store.close()


@pytest.fixture
def store(store_factory: StoreFactory) -> Store:
    """One handle on an empty store."""
    return store_factory()


@pytest.fixture
def store_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., InfluxStore]]:
    """Opens stores on a server, each handle on the bucket that is named."""
    opened: list[InfluxStore] = []

    def open_one(server: InfluxServer, bucket: str, **more: Any) -> InfluxStore:
        monkeypatch.setenv(TOKEN_VARIABLE, server.token)
        opened.append(InfluxStore(server.url(bucket), **more))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def bucket(influx_server: InfluxServer) -> str:
    """An empty bucket of the shared server."""
    return influx_server.new_bucket()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """The program that starts processes on a SQLite store, to be killed at will."""
    program = Workers()
    yield program
    program.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's own embedded store is to be."""
    return tmp_path / "readings.db"
