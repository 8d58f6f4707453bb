"""Towns and stores as nobody wishes for: every page answers in words all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shown_town import NOW, MovingClock

from dashboard.app import create_app
from dashboard.pages.table import PAGES
from paes.installation import Installation
from paes.store.sqlite import SqliteStore

SITE, METERS = "scuola-2-giugno", ("scuola-2-giugno.main", "scuola-2-giugno.feed-in")
ACTION = "fotovoltaico-scuole"
PLACES = (*(page.path for page in PAGES if "<part>" not in page.path), f"/edifici/{SITE}",
          f"/edifici/{SITE}?period=all", f"/edifici/{SITE}?period=2026-10-25",
          f"/azioni/{ACTION}", f"/dati?meter={METERS[0]}", "/relazione?show=preview")  # fmt: skip


def one_school(installation: Installation, **changes: Any) -> Installation:
    """La Spezia with one site, its two meters and one action."""
    city = installation.city("la-spezia")
    meters = {
        name: meter.model_copy(update=changes)
        for name, meter in city.meters.items()
        if name in METERS
    }
    town = replace(
        city,
        sites={SITE: city.sites[SITE]},
        meters=meters,
        virtual_meters={},
        actions=tuple(a for a in city.actions if a.id == ACTION),
        declared=(),
        contracts=(),
    )
    return replace(installation, cities={town.id: town})


def hourly(path: Path, installation: Installation, start: datetime, end: datetime) -> SqliteStore:
    """A store in which the two meters count 12 kWh an hour."""
    store = SqliteStore(path)
    times = np.arange(int(start.timestamp()), int(end.timestamp()), 3600, dtype=np.int64)
    for name in METERS:
        point = installation.register(installation.meter(name)).point
        store.write_series(point, times, 1000.0 + 12.0 * np.arange(len(times)))
    return store


UNBORN = {"valid_from": date(2027, 1, 1)}
SPANS = {
    "of the future": (datetime(2026, 11, 20, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)),
}


@pytest.fixture(params=["still to come", *SPANS])
def unlucky(
    request: pytest.FixtureRequest, installation: Installation, tmp_path: Path
) -> Iterator[tuple[Installation, SqliteStore]]:
    """Meters that are still to come, or readings as they should not be."""
    town = one_school(installation, **(UNBORN if request.param == "still to come" else {}))
    start, end = SPANS.get(request.param, (NOW, NOW))
    with closing(hourly(tmp_path / "store.sqlite", town, start, end)) as store:
        yield town, store


def test_every_page_answers_whatever_the_readings_are(
    assets: None, unlucky: tuple[Installation, SqliteStore], caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(*unlucky, clock=MovingClock())
    client = app.server.test_client()
    for place in PLACES:
        answer = client.get(place)
        assert answer.status_code == 200, (place, answer.text)
        assert "<h1" in answer.text, place
    app.close()
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == []
