"""The spool alone: what is put comes out once, in order, and survives what disks and people do."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.spool.spool import DROPPED, SPOOL, Batch, Bound, Parcel, Spool
from paes.errors import StoreError
from paes.events import Cause, Event, absence
from paes.metering import Quality, Reading

NOW = datetime(2025, 3, 30, 1, 7, 30, tzinfo=UTC)
ENERGY, POWER = "s.m/energy_import", "s.m/active_power"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "a.spool")
    yield made
    made.close()


def reading(number: int, point: str = ENERGY) -> Reading:
    return Reading(point, NOW + timedelta(seconds=number), float(number))


def readings(*numbers: int, point: str = ENERGY) -> list[Reading]:
    return [reading(n, point) for n in numbers]


def empty(spool: Spool, limit: int = 100) -> list[Reading]:
    """Everything in the spool, taken out batch by batch."""
    out: list[Reading] = []
    while len(batch := spool.oldest(limit)):
        out += batch.readings
        spool.done(batch)
    return out


def test_what_is_put_comes_out_oldest_first_and_is_gone_when_done(spool: Spool) -> None:
    spool.put(Parcel(readings(1, 2, 3)))
    spool.put(Parcel(readings(4)), Parcel(readings(5)))
    first = spool.oldest(2)
    assert list(first.readings) == readings(1, 2)
    assert spool.oldest(2) == first  # nobody said that it is done
    spool.done(first)
    assert empty(spool, 2) == readings(3, 4, 5)
    assert spool.depth().readings == 0


def test_value_time_and_quality_are_kept_exactly(spool: Spool) -> None:
    odd = Reading(ENERGY, NOW, 0.1 + 0.2, Quality.SUSPECT)
    spool.put(Parcel([odd]))
    assert empty(spool) == [odd]


def test_depth_says_how_much_waits_and_since_when(spool: Spool) -> None:
    assert spool.depth().oldest is None
    spool.put(Parcel(readings(1, 2), [Event("s.m", "meter.swapped", NOW)]))
    depth = spool.depth()
    assert (depth.readings, depth.events, depth.refused) == (2, 1, 0)
    assert depth.oldest == NOW + timedelta(seconds=1)


def test_a_parcel_is_whole_or_not_at_all(spool: Spool) -> None:
    with pytest.raises(TypeError):
        spool.put(Parcel(readings(1)), Parcel(readings(2), state={"x": object()}))
    assert spool.depth().readings == 0
    spool.put(Parcel(readings(1)))
    assert empty(spool) == readings(1)


def test_it_outlives_whoever_wrote_it(tmp_path: Path) -> None:
    first = Spool(tmp_path / "a.spool")
    first.put(Parcel(readings(1), state={"heartbeat": "now"}))
    second = Spool(tmp_path / "a.spool")  # the first one was not even closed
    assert second.depth().readings == 1
    assert second.state("heartbeat") == "now"
    assert empty(second) == readings(1)
    first.close()
    second.close()


def test_an_event_told_again_while_it_was_sent_is_sent_again(spool: Spool) -> None:
    def gone(minutes: int) -> Event:
        return absence("s.m", Cause.NO_REPLY, NOW, NOW + timedelta(minutes=minutes))

    spool.put(Parcel(events=[gone(5)]))
    on_its_way = spool.oldest(10)
    spool.put(Parcel(events=[gone(10)]))
    spool.done(on_its_way)
    assert list(spool.oldest(10).events) == [gone(10)]
    assert spool.depth().events == 1


def test_what_came_while_a_batch_was_on_its_way_is_not_deleted_with_it(spool: Spool) -> None:
    spool.put(Parcel(readings(1, 2)))
    on_its_way = spool.oldest(10)
    spool.put(Parcel(readings(3)))
    spool.done(on_its_way)
    spool.put(Parcel(readings(4)))
    assert empty(spool) == readings(3, 4)


def test_simulated_readings_are_known_as_such(spool: Spool) -> None:
    spool.put(Parcel(readings(1)))
    spool.put(Parcel(readings(2), simulated=True))
    assert not spool.oldest(1).simulated
    assert spool.oldest(2).simulated


def test_state_is_replaced_removed_and_found_by_prefix(spool: Spool) -> None:
    spool.put(Parcel(state={"gateway:a": {"reached": True}, "gateway:b": 1, "gatewax": 2}))
    spool.put(Parcel(state={"gateway:b": None, "gateway:c": [3]}))
    assert spool.states("gateway:") == {"a": {"reached": True}, "c": [3]}
    assert spool.state("gateway:b") is None


@pytest.mark.parametrize(("rows", "told"), [(1, 0), (2, 0), (5, 0), (5, 3), (1, 1), (0, 2)])
def test_halves_hold_the_same_rows_and_end_at_one(rows: int, told: int) -> None:
    events = tuple(Event("s", f"e.{n}", NOW) for n in range(told))
    whole = Batch(
        tuple(range(rows)), tuple(readings(*range(rows))), tuple(range(told)), events, True
    )
    parts, single = [whole], []
    while parts:
        part = parts.pop()
        if len(part) == 1:
            single.append(part)
        else:
            halves = part.halves()
            assert all(len(half) for half in halves)
            parts += halves
    assert sorted(n for part in single for n in part.reading_ids) == list(range(rows))
    assert sorted(n for part in single for n in part.event_ids) == list(range(told))


def test_refused_readings_and_events_are_kept_with_the_reason_and_can_be_sent_again(
    spool: Spool,
) -> None:
    spool.put(Parcel(readings(1), [Event("s.m", "meter.swapped", NOW, facts={"n": 1.0})]))
    for half in spool.oldest(10).halves():
        spool.set_aside(half, "too large", NOW)
    assert (spool.depth().readings, spool.depth().events, spool.depth().refused) == (0, 0, 2)
    told = spool.refused()
    assert [(r.subject, r.reason, r.since) for r in told] == [
        (ENERGY, "too large", NOW.replace(microsecond=0)),
        ("s.m", "too large", NOW.replace(microsecond=0)),
    ]
    assert spool.retry_refused() == 2
    assert spool.depth().refused == 0
    batch = spool.oldest(10)
    assert list(batch.readings) == readings(1)
    assert batch.events[0].facts == {"n": 1.0}
    spool.set_aside(batch, "still", NOW)
    assert spool.drop_refused() == 2
    assert spool.depth().refused == 0


def test_another_process_may_put_refused_readings_back_and_is_counted(
    spool: Spool, tmp_path: Path
) -> None:
    spool.put(Parcel(readings(1, 2)))
    spool.set_aside(spool.oldest(1), "no", NOW)
    assert spool.depth().readings == 1
    other = Spool(tmp_path / "a.spool", create=False)
    assert other.retry_refused() == 1
    other.close()
    assert spool.depth().readings == 2
    assert empty(spool) == readings(2, 1)


def test_a_full_spool_gives_up_the_oldest_gauges_first_and_says_how_many(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "a.spool", Bound(readings=100))
    for number in range(60):
        both = [reading(number), reading(number, POWER)]
        spool.put(Parcel(both, gauges={POWER}))
    assert spool.trim(NOW) == 21  # 20 too many, and a hundredth of the bound
    assert (spool.dropped_gauges, spool.dropped_counters) == (21, 0)
    assert spool.depth().readings == 99
    batch = spool.oldest(1000)
    assert [r for r in batch.readings if r.point == ENERGY] == readings(*range(60))
    assert [r for r in batch.readings if r.point == POWER] == readings(*range(21, 60), point=POWER)
    (event,) = batch.events
    assert (event.subject, event.name) == (SPOOL, DROPPED)
    assert event.facts == {"gauges": 21.0, "counters": 0.0}
    assert (event.start, event.end) == (NOW, NOW + timedelta(seconds=20))
    spool.close()


def test_counters_go_only_when_no_gauge_is_left_and_their_meters_are_told_absent(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path / "a.spool", Bound(readings=100))
    spool.put(Parcel(readings(*range(10), point=POWER), gauges={POWER}))
    for number in range(110):
        spool.put(Parcel([reading(number)]))
    spool.trim(NOW)
    assert (spool.dropped_gauges, spool.dropped_counters) == (10, 11)
    spool.put(Parcel(readings(*range(110, 120))))
    spool.trim(NOW)  # 109 readings: 9 too many and one more
    assert spool.dropped_counters == 21
    batch = spool.oldest(1000)
    assert list(batch.readings) == readings(*range(21, 120))
    told = {(e.subject, e.name): e for e in batch.events}
    assert told[SPOOL, DROPPED].facts == {"gauges": 10.0, "counters": 21.0}
    gone = told["s.m", "absence.spool_full"]
    assert (gone.start, gone.end) == (NOW, NOW + timedelta(seconds=21))  # half-open
    assert len(told) == 2  # told again, not once more
    assert spool.trim(NOW) == 0
    spool.close()


def test_gauges_that_nobody_asks_for_any_more_go_by_age_and_registers_never_do(
    spool: Spool,
) -> None:
    spool.put(Parcel([reading(0), reading(0, POWER)], gauges={POWER}))
    assert spool.trim(NOW + timedelta(days=90)) == 0
    assert spool.trim(NOW + timedelta(days=93)) == 1
    assert list(spool.oldest(10).readings) == readings(0)


def test_a_new_wait_is_told_anew(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "a.spool", Bound(readings=10))
    spool.put(Parcel(readings(*range(11))))
    assert spool.trim(NOW) == 1
    assert len(empty(spool)) == 10
    spool.put(Parcel(readings(*range(100, 112))))
    assert spool.trim(NOW) == 2
    told = {e.start: e.facts["counters"] for e in spool.oldest(1).events if e.subject == SPOOL}
    assert told == {NOW + timedelta(seconds=100): 2.0}
    spool.close()


def test_a_full_disk_takes_nothing_by_halves_and_the_spool_goes_on_when_there_is_room(
    spool: Spool,
) -> None:
    """SQLite's own limit of pages stands for the disk: it fails at the same places."""
    spool.put(Parcel(readings(1)))
    with spool._using() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="the disk is full; nothing was written"):
        spool.put(Parcel(readings(*range(2, 5000))))
    assert spool.depth().readings == 1
    with spool._using() as db:
        db.execute("PRAGMA max_page_count = 1000000")
    spool.put(Parcel(readings(*range(2, 5000))))
    assert empty(spool, 5000) == readings(*range(1, 5000))


def test_a_spool_has_one_collector(tmp_path: Path) -> None:
    path = tmp_path / "a.spool"
    first, second = Spool(path), Spool(path)
    first.claim()
    first.put(Parcel(state={"collector": {"pid": 4711}}))
    with pytest.raises(StoreError, match=r"another collector .*process 4711.*--spool"):
        second.claim()
    second.put(Parcel(readings(1)))  # looking and retrying need no claim
    first.close()
    second.claim()
    second.close()


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE mine (x)")
    db.commit()
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="a database of another program"):
        Spool(path)
    assert path.read_bytes() == before
    (tmp_path / "text").write_text("not a database, but long enough to look like a file" * 50)
    with pytest.raises(StoreError, match="not a SQLite file"):
        Spool(tmp_path / "text")


def test_a_store_is_no_spool(tmp_path: Path) -> None:
    from paes.store.sqlite import SqliteStore

    SqliteStore(tmp_path / "a.sqlite").close()
    with pytest.raises(StoreError, match="a database of another program"):
        Spool(tmp_path / "a.sqlite")
    Spool(tmp_path / "b.spool").close()
    with pytest.raises(StoreError, match="a database of another program"):
        SqliteStore(tmp_path / "b.spool")


def test_a_spool_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.spool"
    Spool(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="schema 99, expected 1"):
        Spool(path)


def test_looking_at_a_spool_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no spool"):
        Spool(tmp_path / "a.spool", create=False)
    assert not (tmp_path / "a.spool").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot make its folder"):
        Spool(tmp_path / "file" / "a.spool")


def test_an_emptied_spool_gives_its_disk_back(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.spool.spool._SHRINK_FROM_BYTES", 100_000)
    spool.put(Parcel(readings(*range(20_000))))
    empty(spool, 20_000)
    spool.shrink()
    with spool._using() as db:
        assert db.execute("PRAGMA page_count").fetchone()[0] < 20
    spool.put(Parcel(readings(1)))
    assert empty(spool) == readings(1)


def test_threads_share_a_spool(spool: Spool) -> None:
    def work(first: int) -> None:
        for number in range(first, first + 20):
            spool.put(Parcel([reading(number)]))

    threads = [threading.Thread(target=work, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    out: list[Reading] = []
    while any(t.is_alive() for t in threads):
        out += empty(spool, 7)
    for thread in threads:
        thread.join()
    out += empty(spool)
    assert sorted(r.value for r in out) == sorted(100 * n + k for n in range(4) for k in range(20))


def test_what_the_store_took_lies_in_no_span_that_was_dropped(tmp_path: Path) -> None:
    """Full, a batch is taken, full again: two spans, with what was delivered between them."""
    spool = Spool(tmp_path / "a.spool", Bound(readings=4))
    spool.put(Parcel(readings(0, 1, 2, 3, 4, 5)))
    assert spool.trim(NOW) == 2
    batch = spool.oldest(2)
    spool.put(Parcel(readings(6, 7, 8)))
    assert spool.trim(NOW) == 3  # not the two that are on their way
    spool.done(batch)
    spool.put(Parcel(readings(9, 10, 11, 12)))
    assert spool.trim(NOW) == 2
    events = (*batch.events, *spool.oldest(100).events)
    told = [e for e in events if e.cause is Cause.SPOOL_FULL]
    spans = [(e.start - NOW, e.end - NOW) for e in told if e.end]
    s = timedelta(seconds=1)
    assert spans == [(0 * s, 2 * s), (4 * s, 7 * s), (7 * s, 9 * s)]
    spool.close()
