"""The dashboard over a temporary store: the shipped towns, a few meters, one clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from shown_town import LIVE, NOW, PERIOD_S, POWER_KW, REFRESH_S, SILENT, STALE, MovingClock

from dashboard import browser_assets
from dashboard.app import Dashboard, create_app
from dashboard.texts import Language, load_languages
from paes.config import load_installation
from paes.installation import Installation
from paes.metering import Reading
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
    """Four weeks at 12 kW, a register every quarter of an hour, and one meter in each state."""
    now_s = int(NOW.timestamp())
    times = np.arange(now_s - 28 * 86400, now_s + 1, PERIOD_S, dtype=np.int64)
    registers = 1000.0 + POWER_KW * (times - times[0]) / 3600.0
    for meter, late_s in ((LIVE, 0), (STALE, 5 * 3600), (SILENT, 4 * 86400)):
        kept = times <= now_s - late_s
        point = installation.register(installation.meter(meter)).point
        empty_store.write_series(point, times[kept], registers[kept])
    power = Reading(f"{LIVE}/active_power", NOW, POWER_KW * 1000)
    late_power = Reading(f"{STALE}/active_power", NOW - timedelta(hours=5), POWER_KW * 1000)
    empty_store.write([power, late_power])
    empty_store.set_label("simulated", "true")
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
