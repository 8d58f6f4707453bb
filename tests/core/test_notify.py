"""Told once by each way, when it may be: a real store, mail server and receiver of webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mail_sink import HOST, MailSink, WebSink, mail_server, nobody_listens, web_server
from told_cases import back, dismissed, keep, leak, over, town

from paes.errors import StoreError
from paes.events import Event
from paes.faults.cases.case import Decision, Word
from paes.faults.telling.news import NOTICE
from paes.faults.telling.notify import IN_FLIGHT, Notifier
from paes.installation import Installation
from paes.store.sqlite import SqliteStore

MORNING = datetime(2025, 10, 8, 6, tzinfo=UTC)
"""A Wednesday, 08:00 in Rome."""
HOUR = timedelta(hours=1)


class Times:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


class Killed(BaseException):
    """As if the process had ended here."""


class FrailStore(SqliteStore):
    """Stops to take events after so many more batches."""

    batches_left = 10_000
    error: Callable[[], BaseException] = StoreError

    def write_events(self, events: Sequence[Event]) -> None:
        if self.batches_left == 0:
            raise self.error()
        self.batches_left -= 1
        super().write_events(events)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FrailStore]:
    opened = FrailStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Times:
    return Times()


def by_mail(port: int, **more: Any) -> Installation:
    mail = {
        "host": HOST, "port": port, "security": "none", "timeout_s": 30,
        "sender": "paes@comune.example", "recipients": ["anna@comune.example"],
    }  # fmt: skip
    return town(mail=mail, **more)


def by_both(port: int, web_port: int) -> Installation:
    return by_mail(port, webhook={"url": f"http://{HOST}:{web_port}/in", "timeout_s": 30})


def notifier(installation: Installation, store: SqliteStore, clock: Times) -> Notifier:
    return Notifier(lambda: installation, lambda: store, clock, {})


def subjects(sink: MailSink) -> list[str]:
    return [str(letter["Subject"]).removeprefix("PAES Monitor: ") for letter in sink.letters]


def ids(sink: MailSink) -> list[str]:
    return [str(letter["Message-ID"]) for letter in sink.letters]


def test_each_thing_is_told_once_in_the_life_of_a_case(store: FrailStore, clock: Times):
    with mail_server(MailSink()) as sink:
        teller = notifier(by_mail(sink.port), store, clock)

        def later() -> int:
            clock.now += 2 * HOUR
            return teller.tell()

        keep(store, leak())
        assert [later(), later()] == [1, 0]
        keep(store, over(leak()))
        assert [later(), later()] == [1, 0]
        keep(store, back(leak()))
        assert [later(), later()] == [1, 0]
        # Another process, another day.
        clock.now += timedelta(days=1)
        assert notifier(by_mail(sink.port), store, clock).tell() == 0
    assert subjects(sink) == [
        "1 nuova anomalia, 42 € a settimana",
        "1 risolta",
        "1 tornata, 42 € a settimana",
    ]
    assert len(set(ids(sink))) == 3


def test_all_that_is_new_comes_in_one_letter_the_dearest_first(store: FrailStore, clock: Times):
    keep(store, leak("hall.cold", 5), leak("hall.hot", 70), leak("hall.lamps", None))
    with mail_server(MailSink()) as sink:
        assert notifier(by_mail(sink.port), store, clock).tell() == 3
    assert subjects(sink) == ["3 nuove anomalie, 75 € a settimana"]
    plain = sink.letters[0].get_body(("plain",))
    assert plain
    text = plain.get_content()
    places = [text.index(f"Contatore: hall.{name}") for name in ("hot", "cold", "lamps")]
    assert places == sorted(places)


def test_what_nobody_needs_to_hear_is_not_told(store: FrailStore, clock: Times):
    keep(store, dismissed(leak("hall.a")), over(leak("hall.b")), leak("hall.c", 4.9))
    with mail_server(MailSink()) as sink:
        assert notifier(by_mail(sink.port, least_eur_per_week=5), store, clock).tell() == 0
        keep(store, leak("hall.c", 5.1))  # it became dearer
        assert notifier(by_mail(sink.port, least_eur_per_week=5), store, clock).tell() == 1
    assert len(sink.letters) == 1


def test_quiet_hours_hold_everything_back_for_one_digest(store: FrailStore, clock: Times):
    quiet = {"from_time": "20:00", "to_time": "07:00"}
    with mail_server(MailSink()) as sink:
        teller = notifier(by_mail(sink.port, quiet=quiet), store, clock)
        clock.now = datetime(2025, 10, 8, 18, tzinfo=UTC)  # 20:00 in Rome
        keep(store, leak("hall.a"))
        assert teller.tell() == 0
        keep(store, leak("hall.b"))
        clock.now = datetime(2025, 10, 9, 4, 59, tzinfo=UTC)
        assert teller.tell() == 0
        assert sink.letters == []
        clock.now += timedelta(minutes=1)
        assert teller.tell() == 2
    assert subjects(sink) == ["2 nuove anomalie, 84 € a settimana"]


def test_one_way_that_fails_does_not_stop_the_other(
    store: FrailStore, clock: Times, caplog: pytest.LogCaptureFixture
):
    keep(store, leak())
    with mail_server(MailSink()) as sink, web_server(WebSink([503, 503, 204])) as web:
        teller = notifier(by_both(sink.port, web.port), store, clock)
        assert teller.tell() == 1
        assert (len(sink.letters), len(web.got)) == (1, 1)
        clock.now += timedelta(minutes=4)
        assert teller.tell() == 0  # it pauses for 5 minutes, then for 10
        assert len(web.got) == 1
        clock.now += timedelta(minutes=1)
        assert teller.tell() == 0
        assert teller.failing == [f"webhook at {HOST}: refused by HTTP 503"]
        clock.now += timedelta(minutes=10)
        assert teller.tell() == 1
        assert teller.failing == []
    assert (len(sink.letters), len(web.got)) == (1, 3)
    assert len({headers["webhook-id"] for headers, _ in web.got}) == 1
    assert caplog.text.count("refused by HTTP 503") == 1


def test_a_mail_server_that_is_away_gets_all_of_it_when_it_is_back(store: FrailStore, clock: Times):
    keep(store, leak("hall.a"))
    with nobody_listens() as port, web_server(WebSink()) as web:
        assert notifier(by_both(port, web.port), store, clock).tell() == 1
    assert len(web.got) == 1
    keep(store, leak("hall.b"))
    with mail_server(MailSink()) as sink, web_server(WebSink()) as web:
        assert notifier(by_both(sink.port, web.port), store, clock).tell() == 3
    assert subjects(sink) == ["2 nuove anomalie, 84 € a settimana"]
    assert len(web.got) == 1


def test_a_refusal_for_good_is_logged_once_and_tried_when_the_file_has_changed(
    store: FrailStore, clock: Times, caplog: pytest.LogCaptureFixture
):
    keep(store, leak())
    with mail_server(MailSink()) as sink:
        sink.refuse = {"anna@comune.example": "550 5.1.1 no such user"}
        now = by_mail(sink.port)
        teller = Notifier(lambda: now, lambda: store, clock, {})
        for _ in range(50):
            assert teller.tell() == 0
            clock.now += HOUR
        assert caplog.text.count("no such user") == 1
        assert now.notices.mail
        mail = now.notices.mail.model_copy(update={"recipients": ("bruno@comune.example",)})
        now = replace(now, notices=now.notices.model_copy(update={"mail": mail}))
        assert teller.tell() == 1
    assert sink.recipients == [["bruno@comune.example"]]


@pytest.mark.parametrize("error", [StoreError, Killed])
def test_a_crash_after_the_letter_repeats_it_once_under_the_same_id(
    store: FrailStore, clock: Times, error: type[BaseException]
):
    keep(store, leak("hall.a"))
    with mail_server(MailSink()) as sink:
        store.batches_left, store.error = 2, lambda: error("the disk is gone")
        with pytest.raises(error):
            notifier(by_mail(sink.port), store, clock).tell()
        assert len(sink.letters) == 1
        store.batches_left = 10_000
        keep(store, leak("hall.b"))  # what is new does not change what is repeated
        teller = notifier(by_mail(sink.port), store, clock)
        assert teller.tell() == 0  # the other process may still be at it
        clock.now += IN_FLIGHT + HOUR
        assert teller.tell() == 1
        assert teller.tell() == 1
        clock.now += 24 * HOUR
        assert teller.tell() == 0
    first, again, other = ids(sink)
    assert first == again != other
    assert subjects(sink)[2] == "1 nuova anomalia, 42 € a settimana"


def test_what_was_cut_off_keeps_its_id_though_less_of_it_is_left(store: FrailStore, clock: Times):
    keep(store, leak("hall.a"), leak("hall.b"))
    with mail_server(MailSink()) as sink:
        store.batches_left = 2
        with pytest.raises(StoreError):
            notifier(by_mail(sink.port), store, clock).tell()
        store.batches_left = 10_000
        keep(store, dismissed(leak("hall.b")))
        clock.now += HOUR
        assert notifier(by_mail(sink.port), store, clock).tell() == 1
    assert len(set(ids(sink))) == 1


def test_what_was_told_when_it_came_back_is_not_new_once_somebody_knows(
    store: FrailStore, clock: Times
):
    case = back(leak())
    keep(store, case)
    with mail_server(MailSink()) as sink:
        assert notifier(by_mail(sink.port), store, clock).tell() == 1
        said = Decision(case.id, Word.ACKNOWLEDGE, "Anna", "", clock.now)
        keep(store, replace(case, decisions=(said,)))
        assert notifier(by_mail(sink.port), store, clock).tell() == 0
    assert subjects(sink) == ["1 tornata, 42 € a settimana"]


def test_nothing_is_sent_while_the_store_cannot_keep_that_it_was(store: FrailStore, clock: Times):
    keep(store, leak())
    store.batches_left, store.error = 0, lambda: StoreError("read only")
    with mail_server(MailSink()) as sink, pytest.raises(StoreError, match="read only"):
        notifier(by_mail(sink.port), store, clock).tell()
    assert sink.letters == []


def test_a_server_that_never_answers_is_not_sent_to_for_ever(store: FrailStore, clock: Times):
    keep(store, leak())
    with mail_server(MailSink()) as sink:
        sink.silent = True
        teller = notifier(by_mail(sink.port), store, clock)
        for _ in range(20):
            teller.tell()
            clock.now += 7 * HOUR
    assert len(sink.letters) == 3
    assert len(set(ids(sink))) == 1


def test_the_store_tells_what_was_told_when_and_how(store: FrailStore, clock: Times):
    keep(store, leak())
    with mail_server(MailSink()) as sink:
        notifier(by_mail(sink.port), store, clock).tell()
    (event,) = store.events(name=NOTICE)
    assert (event.subject, event.name) == (leak().id, "notice.mail.new.1")
    assert event.facts["state"] == "told"
    assert event.facts["at"] == "2025-10-08T06:00:00+00:00"
    assert f"<{event.facts['id']}@comune.example>" == sink.letters[0]["Message-ID"]


def test_simulated_data_say_so(store: FrailStore, clock: Times):
    store.set_label("simulated", "true")
    keep(store, leak())
    with mail_server(MailSink()) as sink:
        notifier(by_mail(sink.port), store, clock).tell()
    assert str(sink.letters[0]["Subject"]).startswith("[dati simulati] PAES Monitor: 1 nuova")
