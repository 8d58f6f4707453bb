"""What was told, and which nights were judged, on both stores alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from paes.events import Event
from paes.faults.cases.case import Case, State
from paes.faults.episode import Episode
from paes.faults.telling.news import NOTICE, News, Telling, What, telling_event, tellings
from paes.faults.telling.nightly import NIGHT, last_night
from paes.store import Store

START = datetime(2025, 10, 1, 22, tzinfo=UTC)
DAY = timedelta(days=1)


def case(id_: str) -> Case:
    episode = Episode(START, START + DAY, START + DAY, False, {})
    return Case(
        id_, "water_leak", 1, "m", None, "town", {}, episode, State.NEW, None, (), START + DAY
    )


def test_a_telling_is_kept_once_and_by_each_way_of_its_own(store: Store):
    a, b = News(What.NEW, case("hall.water/water_leak/2025-10-02")), News(What.CLOSED, case("x"), 2)
    for state, n in ((Telling.SENDING, 1), (Telling.FAILED, 1), (Telling.TOLD, 2)):
        store.write_events([telling_event(one, "mail", state, "abc", START, n) for one in (a, b)])
    store.write_events([telling_event(a, "webhook", Telling.SENDING, "def", START, 1)])
    events = store.events(name=NOTICE)
    assert len(events) == 3
    mailed, hooked = tellings(events, "mail"), tellings(events, "webhook")
    assert set(mailed) == {a.key, b.key}
    told = mailed[a.key]
    assert (told.state, told.id, told.at, told.tries) == (Telling.TOLD, "abc", START, 2)
    assert [one.state for one in hooked.values()] == [Telling.SENDING]
    assert store.events(name=f"{NOTICE}webhook.")[0].subject == a.case.id


def test_the_last_night_is_known(store: Store):
    now = START + 30 * DAY
    assert last_night(store, now) is None
    for n in (3, 1, 2):
        facts: dict[str, str | float] = {"at": now.isoformat(), "new": n, "run_s": 1.5}
        store.write_events([Event("faults", NIGHT, START + n * DAY, None, "", facts)])
    assert last_night(store, now) == START + 3 * DAY
