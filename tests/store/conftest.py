"""Where the stores under test live. Another kind of store joins by one more parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from influx_double import TOKEN, InfluxDouble, OpenLink
from influx_server import TOKEN_VARIABLE

from paes.store import Store, open_store
from paes.store.influx_address import parse_influx_address
from paes.store.influx_link import InfluxLink

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


@pytest.fixture
def open_link(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenLink]:
    """Links to InfluxDB by address, with a token in the usual variable; None: it is not set."""
    links: list[InfluxLink] = []

    def open_one(url: str, token: str | None = TOKEN) -> InfluxLink:
        if token is None:
            monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(TOKEN_VARIABLE, token)
        links.append(InfluxLink(parse_influx_address(url)))
        return links[-1]

    yield open_one
    for link in links:
        link.close()


@pytest.fixture
def double() -> Iterator[InfluxDouble]:
    """A server that answers what it is told to."""
    with InfluxDouble() as double:
        yield double
