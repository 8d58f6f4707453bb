"""What tests of imports share: a town, and a store of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from import_town import import_town
from influx_server import TOKEN_VARIABLE, InfluxServer
from small_installation import SmallInstallation

from paes.store import Store, open_store


@pytest.fixture
def town(tmp_path: Path) -> SmallInstallation:
    """A valid installation with imported meters, in a folder of its own."""
    return import_town(tmp_path)


@pytest.fixture(params=["sqlite", "influxdb"])
def any_store_url(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The address of an empty store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'readings.db'}"
    server: InfluxServer = request.getfixturevalue("influx_server")
    monkeypatch.setenv(TOKEN_VARIABLE, server.token)
    return server.url(server.new_bucket())


@pytest.fixture
def any_store(any_store_url: str) -> Iterator[Store]:
    """An empty store of each kind."""
    store = open_store(any_store_url)
    yield store
    store.close()


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    """An empty embedded store, where the kind does not matter."""
    store = open_store(f"sqlite:///{tmp_path / 'readings.db'}")
    yield store
    store.close()
