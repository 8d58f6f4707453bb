"""The nightly run: once a night on the local clock, caught up after a stop, never in the way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from mail_sink import HOST, MailSink, mail_server
from test_notify import Times
from told_cases import keep, leak, town

from paes.accounting.ledger import EnergyLedger
from paes.errors import StoreError
from paes.faults.cases.case import CaseUpdate
from paes.faults.telling.nightly import JUDGED, MOST_JUDGED, NIGHT, Nightly, last_due
from paes.installation import Installation
from paes.periods import Span
from paes.store.sqlite import SqliteStore

DUE = datetime(2025, 10, 8, 3, 30, tzinfo=UTC)
"""05:30 in Rome, in summer time."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Follow = Callable[[int, int], None]


class Watched:
    """Stands for the rules: what it was asked for, and how it fails."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.error: Exception | None = None
        self.finds = True
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, ledger: EnergyLedger, span: Span, follow: Follow) -> CaseUpdate:
        self.spans.append(span)
        self.begun.set()
        self.go_on.wait()
        follow(1, 2)
        if self.error:
            raise self.error
        if not self.finds:
            return CaseUpdate()
        keep(ledger.store, leak())
        return CaseUpdate(new=(leak(),), all=(leak(),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Times:
    return Times()


@pytest.fixture
def rules() -> Watched:
    return Watched()


def night(
    store: SqliteStore, clock: Times, rules: Watched, of: Installation | None = None
) -> Nightly:
    installation = of or town()
    return Nightly(lambda: installation, lambda: store, clock, rules, {})


def server(port: int) -> dict[str, Any]:
    return {
        "host": HOST, "port": port, "security": "none", "timeout_s": 30,
        "sender": "paes@comune.example", "recipients": ["anna@comune.example"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("now", "at", "due"),
    [
        ("2025-10-08T03:30", time(5, 30), "2025-10-08T03:30"),
        ("2025-10-08T03:29", time(5, 30), "2025-10-07T03:30"),
        ("2025-10-07T22:30", time(5, 30), "2025-10-07T03:30"),  # 00:30 of the 8th in Rome
        # The clocks go back on 26 October 2025, forward on 29 March 2026 (02:30 is skipped).
        ("2025-10-26T12:00", time(5, 30), "2025-10-26T04:30"),
        ("2026-03-29T12:00", time(2, 30), "2026-03-29T01:30"),
    ],
)
def test_nights_are_due_on_the_local_clock(now: str, at: time, due: str):
    found = last_due(datetime.fromisoformat(now).replace(tzinfo=UTC), at, "Europe/Rome")
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_night_is_judged_once(
    store: SqliteStore, clock: Times, rules: Watched, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    clock.now = DUE
    nightly = night(store, clock, rules)
    for _ in range(3 * 24 * 6):
        nightly.look()
        clock.now += 10 * MINUTE
    assert [span.end for span in rules.spans] == [DUE, DUE + DAY, DUE + 2 * DAY]
    starts = [DUE - MOST_JUDGED, DUE - JUDGED, DUE + DAY - JUDGED]
    assert [span.start for span in rules.spans] == starts
    told = [r for r in caplog.records if r.name == "paes.faults.telling.nightly"]
    assert [(r.levelname, r.getMessage()) for r in told] == [
        ("INFO", "malfunctions: 1 new, 0 changed, 0 closed in 0 s")
    ] * 3
    assert [event.start for event in store.events(name=NIGHT)] == [DUE + n * DAY for n in range(3)]


def test_a_restart_does_not_repeat_a_night_and_makes_up_for_a_missed_one(
    store: SqliteStore, clock: Times, rules: Watched
):
    clock.now = DUE + MINUTE
    night(store, clock, rules).look()
    clock.now = DUE + timedelta(hours=5)
    night(store, clock, rules).look()
    assert len(rules.spans) == 1
    clock.now = DUE + 10 * DAY + timedelta(hours=9)  # off for ten nights
    late = night(store, clock, rules)
    late.look()
    late.look()
    assert len(rules.spans) == 2
    assert rules.spans[1] == Span(DUE - JUDGED, clock.now)
    assert [e.start for e in store.events(name=NIGHT)] == [DUE, DUE + 10 * DAY]


@pytest.mark.parametrize(
    ("error", "level"),
    [(StoreError("the store is away"), "WARNING"), (ZeroDivisionError("a defect"), "ERROR")],
)
def test_what_fails_is_told_once_and_tried_again_with_growing_pauses(
    store: SqliteStore,
    clock: Times,
    rules: Watched,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    level: str,
):
    clock.now, rules.error = DUE, error
    nightly = night(store, clock, rules)
    for _ in range(60):
        nightly.look()
        clock.now += MINUTE
    # At 0, 1, 3, 7, 15 and 31 minutes.
    assert [span.end - DUE for span in rules.spans] == [n * MINUTE for n in (0, 1, 3, 7, 15, 31)]
    assert [r.levelname for r in caplog.records] == [level]
    assert store.events(name=NIGHT) == []
    rules.error = None
    clock.now += timedelta(hours=1)
    nightly.look()
    assert [event.start for event in store.events(name=NIGHT)] == [DUE]


def test_a_store_that_cannot_even_be_opened_is_waited_for(clock: Times, rules: Watched, caplog):
    def away() -> SqliteStore:
        raise StoreError("nobody answers")

    clock.now = DUE
    nightly = Nightly(town, away, clock, rules, {})
    nightly.look()
    nightly.look()
    assert caplog.text.count("the nightly run waits for the store: nobody answers") == 1
    assert rules.spans == []


def test_who_is_to_be_told_is_told_in_the_same_night(
    store: SqliteStore, clock: Times, rules: Watched
):
    with mail_server(MailSink()) as sink:
        told = town(
            mail=server(sink.port),
            night_run="05:00",
            quiet={"from_time": "20:00", "to_time": "07:00"},
        )
        nightly = night(store, clock, rules, told)
        sent = []
        clock.now = DUE - timedelta(hours=1)
        for _ in range(200):
            nightly.look()
            sent.append(len(sink.letters))
            clock.now += MINUTE
    assert rules.spans[-1].end == DUE - 30 * MINUTE  # 05:00
    # 07:00 in Rome is 05:00Z, 150 looks after 02:30Z.
    assert (sent[149], sent[150], sent[-1]) == (0, 1, 1)


def test_what_a_night_finds_is_told_at_once(store: SqliteStore, clock: Times, rules: Watched):
    with mail_server(MailSink()) as sink:
        nightly = night(store, clock, rules, town(mail=server(sink.port)))
        clock.now, rules.finds = DUE - 3 * MINUTE, False
        nightly.look()
        rules.finds = True
        sent = []
        for _ in range(5):
            nightly.look()
            sent.append(len(sink.letters))
            clock.now += MINUTE
    assert sent == [0, 0, 0, 1, 1]


def test_the_thread_looks_by_itself_and_stops_in_the_midst_of_a_run(
    store: SqliteStore, clock: Times, rules: Watched
):
    clock.now = DUE
    rules.go_on.clear()
    nightly = night(store, clock, rules)
    nightly.start(look_s=0.001)
    assert rules.begun.wait(60)
    ending = threading.Thread(target=nightly.stop, args=(60,))
    ending.start()
    while not nightly._stopped.is_set():
        ending.join(0.001)
    rules.go_on.set()
    ending.join(60)
    assert not ending.is_alive()
    assert nightly._thread
    assert not nightly._thread.is_alive()
    assert store.events(name=NIGHT) == []
    nightly.look()
    assert len(rules.spans) == 1
