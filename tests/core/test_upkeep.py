"""Upkeep of a store beside collecting: rows made ahead, old power deleted, and never in the way.

Meters as in ``test_ledger``: 2 kW all day from 1 January 2025 in Rome.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from test_kept_energy import Watched
from test_ledger import BORN, GAS, MAIN, installation, meters, write

from paes.accounting.ledger import EnergyLedger
from paes.errors import StoreError
from paes.installation import Installation
from paes.metering import Reading
from paes.periods import By, Span, now_utc, to_seconds
from paes.retention import Retention, RetentionClass
from paes.store import Store
from paes.store.sqlite import SqliteStore
from paes.upkeep import Upkeep

NOW = now_utc().replace(microsecond=0)
"""Touches are told by the clock of the machine."""
READ_TO = NOW - timedelta(minutes=20)
OLD = datetime(2025, 3, 12, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


class Times:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def town(**limits: int) -> Installation:
    """With a class of ``keep_days`` for each keyword."""
    classes = [
        RetentionClass(name=n.replace("_", "-"), quantities=(f"{n}*",), keep_days=days)
        for n, days in limits.items()
    ]
    return replace(installation(meters()), retention=Retention(classes=tuple(classes)))


def upkeep(of: Watched, clock: Callable[[], datetime] = lambda: NOW, **limits: int) -> Upkeep:
    known = town(**limits)
    return Upkeep(lambda: known, lambda: cast(Store, of), clock)


def read_for_long(store: SqliteStore) -> None:
    write(store, BORN, READ_TO)
    write(store, BORN, READ_TO, GAS, 1.0)


def saved_months(of: Watched) -> set[tuple[str, str]]:
    """The local months that were saved, by point."""
    middle = timedelta(days=10)
    return {(point, f"{at + middle:%Y-%m}") for point, by, at in of.saved if by is By.MONTH}


def test_recent_months_and_days_are_there_before_anybody_asks(store: SqliteStore):
    read_for_long(store)
    of = Watched(store)
    upkeep(of).run()
    yesterday = NOW - timedelta(days=2)
    kept = {(point, by) for point, by, at in of.saved if at >= yesterday - timedelta(days=1)}
    assert {(MAIN, By.DAY), (GAS, By.DAY)} <= kept
    assert len(saved_months(of)) >= 2  # at least the one before this one, of both meters
    of.calls.clear()
    book = EnergyLedger(town(), cast(Store, of), lambda: NOW)
    start = NOW - timedelta(days=20)
    days = book.meter(book.installation.meter("hall.main"), Span(start, yesterday), By.DAY)
    assert days["measured"].sum() > 17 * 48.0
    assert "around" not in of.calls


def test_months_that_late_readings_touched_are_made_for_their_meters_alone(store: SqliteStore):
    read_for_long(store)
    of = Watched(store)
    book = EnergyLedger(town(), store, lambda: NOW)
    book.refresh(Span(BORN, NOW))
    keeper = upkeep(of)
    keeper.run()
    of.saved.clear()
    store.write([Reading(MAIN, OLD + timedelta(minutes=5), (OLD - BORN).total_seconds() / 1800)])
    keeper.run()
    assert saved_months(of) == {(MAIN, "2025-03")}
    assert {point for point, _, _ in of.saved} == {MAIN}
    of.calls.clear()
    again = EnergyLedger(town(), cast(Store, of), lambda: NOW)
    march = Span(datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 3, 31, tzinfo=UTC))
    again.meter(again.installation.meter("hall.main"), march, By.MONTH)
    assert "around" not in of.calls


def test_nothing_is_made_again_while_nothing_changes(store: SqliteStore):
    read_for_long(store)
    of = Watched(store)
    keeper = upkeep(of)
    keeper.run()
    of.saved.clear()
    keeper.run()
    assert of.saved == []


def test_what_has_expired_is_deleted_once_a_day_and_registers_never(store: SqliteStore):
    power, clock = "hall.main/power", Times()
    read_for_long(store)
    ends = to_seconds(NOW)
    t = np.arange(ends - 40 * 86400, ends, 3600, dtype=np.int64)
    store.write_series(power, t, np.full(len(t), 2000.0))
    of = Watched(store)
    keeper = upkeep(of, clock, power=30, energy_import=30)
    keeper.run()
    assert of.calls.count("expire") == 1
    left = store.read(power).seconds
    assert left[0] >= ends - 30 * 86400
    assert len(left) == 30 * 24
    assert store.read(MAIN).seconds[0] == to_seconds(BORN)
    keeper.run()
    assert of.calls.count("expire") == 1
    clock.now = NOW + timedelta(days=1)
    keeper.run()
    assert of.calls.count("expire") == 2
    assert len(store.read(power)) == 29 * 24


def test_a_store_that_is_away_is_told_once(store: SqliteStore, caplog: pytest.LogCaptureFixture):
    read_for_long(store)
    of = Watched(store)
    keeper = upkeep(of)

    def away(call: int) -> None:
        raise StoreError("readings.sqlite is not there")

    def warnings() -> list[str]:
        return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]

    of.meanwhile = away
    for _ in range(3):
        keeper.run()
    assert warnings() == ["the upkeep of the store waits: readings.sqlite is not there"]
    of.meanwhile = None
    keeper.run()
    assert of.saved
    of.meanwhile = away
    keeper.run()
    assert len(warnings()) == 2


def test_touches_that_were_told_while_the_store_was_away_are_not_forgotten(store: SqliteStore):
    read_for_long(store)
    of, clock = Watched(store), Times()
    EnergyLedger(town(), store, clock).refresh(Span(BORN, NOW))
    keeper = upkeep(of, clock)
    keeper.run()
    store.write([Reading(MAIN, OLD + timedelta(minutes=5), (OLD - BORN).total_seconds() / 1800)])

    def away(call: int) -> None:
        raise StoreError("away")

    of.meanwhile = away
    for hours in (5, 10):
        clock.now = NOW + timedelta(hours=hours)
        keeper.run()
    of.meanwhile = None
    of.saved.clear()
    keeper.run()
    assert (MAIN, "2025-03") in saved_months(of)


def test_stop_ends_a_run_that_is_under_way(store: SqliteStore):
    read_for_long(store)
    of = Watched(store)
    keeper = upkeep(of)
    asked, going_on = threading.Event(), threading.Event()

    def held_up(call: int) -> None:
        if of.calls[-1] == "around":
            asked.set()
            assert going_on.wait(60)

    of.meanwhile = held_up
    run = threading.Thread(target=keeper.run)
    run.start()
    assert asked.wait(60)
    keeper.stop()
    going_on.set()
    run.join(60)
    assert not run.is_alive()
    assert "points" not in of.calls  # nothing was looked for to delete
    of.calls.clear()
    keeper.run()
    assert of.calls == []


def test_readings_of_points_that_are_no_meters_are_no_trouble(store: SqliteStore):
    read_for_long(store)
    for point in ("hall.main/voltage", "gone.meter/energy_import"):
        store.write([Reading(point, OLD, 1.0), Reading(point, OLD + timedelta(hours=1), 2.0)])
        store.write([Reading(point, OLD, 1.5)])
    of = Watched(store)
    upkeep(of).run()
    assert {point for point, _, _ in of.saved} == {MAIN, GAS}
