"""Two processes tell at once: a nightly run and a command over the same store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mail_sink import MailSink, mail_server
from test_notify import Times, by_mail, notifier
from told_cases import keep, leak

from paes.events import Event
from paes.faults.telling.notify import IN_FLIGHT
from paes.faults.telling.one_teller import only_teller
from paes.store.sqlite import SqliteStore

NOW = datetime(2025, 10, 8, 12, tzinfo=UTC)


class Meeting(SqliteStore):
    """Between the look of one at what there is to tell and its first word, another tells."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.other = None
        self.before = ""

    def write_events(self, events: list[Event]) -> None:
        if self.other and any(self.before in e.name for e in events):
            other, self.other = self.other, None
            other()
        super().write_events(events)


@pytest.mark.parametrize("before", ["teller.", "notice."])
def test_no_letter_is_sent_twice_when_two_tell_at_once(tmp_path, before):
    store, clock = Meeting(tmp_path / "r.sqlite"), Times()
    keep(store, leak())
    with mail_server(MailSink()) as sink:
        nightly, command = (notifier(by_mail(sink.port), store, clock) for _ in range(2))
        told: list[int] = []
        store.before, store.other = before, lambda: told.append(command.tell())
        told.append(nightly.tell())
        assert sorted(told) == [0, 1]
        clock.now += timedelta(minutes=1)
        assert nightly.tell() + command.tell() == 0
        assert len(sink.letters) == 1
    store.close()


def test_who_stepped_back_looks_again_at_once(tmp_path):
    store, clock = SqliteStore(tmp_path / "r.sqlite"), Times()
    keep(store, leak())
    with mail_server(MailSink()) as sink:
        teller = notifier(by_mail(sink.port), store, clock)
        with only_teller(store, "mail", "another", clock.now, IN_FLIGHT) as is_only:
            assert is_only
            assert teller.tell() == 0
        clock.now += timedelta(minutes=1)
        assert teller.tell() == 1
    store.close()


def test_who_was_killed_is_waited_for_as_long_as_a_telling_may_take(tmp_path):
    store = SqliteStore(tmp_path / "r.sqlite")
    killed = only_teller(store, "mail", "killed", NOW, IN_FLIGHT)
    assert killed.__enter__()
    for minutes, free in ((9, False), (10, True)):
        at = NOW + timedelta(minutes=minutes)
        with only_teller(store, "mail", "next", at, IN_FLIGHT) as is_only:
            assert is_only is free
    with only_teller(store, "webhook", "next", NOW, IN_FLIGHT) as is_only:
        assert is_only  # another way is another telling
    store.close()
