"""The dashboard over a temporary store: the shipped towns, a few meters, one clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shown_town import REFRESH_S, MovingClock, fill

from dashboard import browser_assets
from dashboard.app import Dashboard, create_app
from dashboard.texts import Language, load_languages
from paes.config import load_installation
from paes.installation import Installation
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore


@pytest.fixture(scope="session")
def installation() -> Installation:
    return load_installation(shipped_config())


@pytest.fixture(scope="session")
def languages() -> dict[str, Language]:
    return load_languages()


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "empty.sqlite")
    yield store
    store.close()


@pytest.fixture
def store(empty_store: SqliteStore, installation: Installation) -> SqliteStore:
    """Four weeks of a few meters; see ``shown_town.fill``."""
    fill(empty_store, installation)
    return empty_store


@pytest.fixture(scope="session")
def assets() -> None:
    """The page's own style sheets and scripts; without them there is no dashboard to test."""
    if not browser_assets.is_complete(browser_assets.VENDOR):
        pytest.skip("the browser assets are missing: run `make assets`")


@pytest.fixture
def app(
    assets: None, installation: Installation, store: SqliteStore, clock: MovingClock
) -> Iterator[Dashboard]:
    dashboard = create_app(installation, store, clock=clock, refresh_s=REFRESH_S)
    yield dashboard
    dashboard.close()


@pytest.fixture(scope="module")
def still_app(
    assets: None, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dashboard]:
    """As ``app``, for tests that only look: what was computed once serves them all."""
    kept = SqliteStore(tmp_path_factory.mktemp("still") / "town.sqlite")
    fill(kept, installation)
    dashboard = create_app(installation, kept, clock=MovingClock(), refresh_s=REFRESH_S)
    yield dashboard
    dashboard.close()
    kept.close()
