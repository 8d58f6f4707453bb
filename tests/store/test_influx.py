"""What InfluxDB adds to the contract: refusals, pages, buckets of classes, strangers' rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from influx_readings import DAY_S, NOON, NOON_S, OTHER, POINT, StoreIn, reading
from influx_server import TOKEN_VARIABLE, InfluxServer

from collectors.spool.intake import Intake
from collectors.spool.sender import Sender
from collectors.spool.spool import Parcel, Spool
from paes.errors import StoreBusy, StoreError, StoreRefused
from paes.events import Event
from paes.metering import Reading
from paes.periods import By, now_utc
from paes.retention import Retention
from paes.rollups import Rollups
from paes.store import open_store
from paes.store.influx.store import InfluxStore


@pytest.fixture
def store(influx_server: InfluxServer, bucket: str, store_in: StoreIn) -> InfluxStore:
    return store_in(influx_server, bucket)


# Refusals


def test_readings_of_another_type_are_set_aside_with_the_reason_and_the_rest_is_there(
    influx_server: InfluxServer, bucket: str, store: InfluxStore, tmp_path: Path
) -> None:
    """Somebody wrote a float into one week: there the server takes no integers any more."""
    week = 7 * DAY_S
    foreign = NOON_S + 3 * week
    store._link.write([f"reading,meter=x,quantity=y value=1.5,quality=0i {foreign}"])
    batch = [reading(n * week / 7, float(n)) for n in range(60)]
    answer = sent(store, batch, tmp_path)
    kept = store.read(POINT).values.tolist()
    assert kept == [r.value for r in batch if r.value not in answer]
    assert 5 <= len(answer) <= 9
    assert all("field type conflict" in reason for reason in answer.values())
    assert all("reading" in reason for reason in answer.values())


def test_readings_that_cannot_be_named_or_dated_are_set_aside(
    store: InfluxStore, tmp_path: Path
) -> None:
    good = [reading(n, float(n)) for n in range(20)]
    bad = [
        Reading("no-quantity", NOON, 100.0),
        Reading("/x", NOON, 101.0),
        Reading("a.main/", NOON, 102.0),
        Reading(POINT, datetime(2300, 1, 1, tzinfo=UTC), 103.0),
        Reading(POINT, datetime(1600, 1, 1, tzinfo=UTC), 104.0),
        Reading("half \ud800/x", NOON, 105.0),
    ]
    for one in bad:
        with pytest.raises(StoreRefused):
            store.write([one])
    answer = sent(store, good + bad[:5], tmp_path)  # a spool takes no half characters
    assert sorted(answer) == [100.0, 101.0, 102.0, 103.0, 104.0]
    assert "expected METER/QUANTITY" in answer[100.0]
    assert "between the years 1678 and 2262" in answer[103.0]
    assert store.read(POINT).values.tolist() == [r.value for r in good]
    assert store.points() == [POINT]


@pytest.mark.parametrize(
    "event",
    [Event("", "x", NOON), Event("a", "", NOON), Event("a", "x", NOON.replace(year=2300))],
)
def test_an_event_that_cannot_be_named_or_dated_is_refused(
    store: InfluxStore, event: Event
) -> None:
    with pytest.raises(StoreRefused):
        store.write_events([Event("b", "x", NOON), event])
    assert store.events() == []


def test_a_label_without_a_key_is_refused(store: InfluxStore) -> None:
    with pytest.raises(StoreRefused, match="the key of a label is empty"):
        store.set_label("", "x")


def sent(store: InfluxStore, batch: Sequence[Reading], folder: Path) -> dict[float, str]:
    """Send ``batch`` by a collector's spool; the values set aside, with the reasons."""

    async def send() -> dict[float, str]:
        spool = Spool(folder / "a.spool")
        intake = Intake(spool, now_utc)
        sender = Sender(spool, intake, store, now_utc)
        await intake.put(Parcel(list(batch)))
        assert await sender.drain()
        assert spool.depth().readings == 0
        refused = {float(r.what["value"]): r.reason for r in spool.refused()}  # type: ignore[arg-type]
        await sender.close()
        spool.close()
        return refused

    return asyncio.run(send())


def test_a_small_limit_of_the_server_is_met_by_smaller_parts(
    private_influx: Callable[..., InfluxServer], store_in: StoreIn
) -> None:
    server = private_influx(max_body_size=20_000)
    store = store_in(server, server.new_bucket())
    seconds = NOON_S + np.arange(3_000, dtype=np.int64)
    store.write_series(POINT, seconds, seconds / 8)
    assert store.read(POINT).seconds.tolist() == seconds.tolist()


def test_a_wrong_token_is_no_fault_of_the_readings(
    influx_server: InfluxServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "wrong")
    store = InfluxStore(influx_server.url(bucket))
    with pytest.raises(StoreError, match=TOKEN_VARIABLE) as told:
        store.write([reading(0)])
    assert not isinstance(told.value, StoreRefused | StoreBusy)
    (said,) = store.check()
    assert TOKEN_VARIABLE in said
    store.close()


def test_a_missing_bucket_is_told_and_may_be_made_meanwhile(
    influx_server: InfluxServer, bucket: str, store_in: StoreIn
) -> None:
    store = store_in(influx_server, f"{bucket}-missing")
    with pytest.raises(StoreError, match="paes store init") as told:
        store.write([reading(0)])
    assert not isinstance(told.value, StoreRefused | StoreBusy)
    (said,) = store.check()
    assert "paes store init" in said
    influx_server.create_bucket(f"{bucket}-missing")
    store.write([reading(0)])
    assert store.latest([POINT]) == {POINT: reading(0)}
    assert store.check(thorough=True) == []


def test_a_server_that_is_away_is_busy(store_in: StoreIn, influx_server: InfluxServer) -> None:
    store = InfluxStore("influxdb+http://127.0.0.1:9/x")
    for ask in (store.points, lambda: store.write([reading(0)]), lambda: store.read(POINT)):
        with pytest.raises(StoreBusy):
            ask()
    (said,) = store.check()
    assert "cannot be reached" in said
    store.close()


# Pages


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is a long history otherwise is a short one."""
    for module in ("questions", "reading"):
        monkeypatch.setattr(f"paes.store.influx.{module}.PAGE", 50)
        monkeypatch.setattr(f"paes.store.influx.{module}.ROWS", 120)
    monkeypatch.setattr("paes.store.influx.reading._STRETCH_S", 3_000)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("step_s", [1, 60, 7_000])
def test_readings_of_many_pages_are_each_read_once(store: InfluxStore, step_s: int) -> None:
    points = [POINT, OTHER, "a.main/x"]
    second = np.arange(500) * step_s
    kept = {p: second[: 500 - 150 * n] for n, p in enumerate(points)}
    store.write([reading(float(s), s / 8, p) for p in points for s in kept[p]])
    for point in points:
        series = store.read(point)
        assert (series.seconds - NOON_S).tolist() == kept[point].tolist()
        assert (series.values == kept[point] / 8).all()
    start, end = 10 * step_s, 260 * step_s
    found = store.around(points, NOON_S + start, NOON_S + end, 4)
    for point in points:
        expected = kept[point][6 : 260 + 4]
        assert (found[point].seconds - NOON_S).tolist() == expected.tolist()


@pytest.mark.usefixtures("small_pages")
def test_sparse_rows_of_many_pages_are_each_read_once(store: InfluxStore) -> None:
    """Many of them at one time, where a page may end."""
    points = [f"{n}.main/x" for n in range(50)]
    times = [NOON_S + n * DAY_S for n in range(7)]
    starts = np.array(times, np.int64)
    amounts, whole = np.arange(7) / 3, np.arange(7, dtype=np.int64)
    rows = Rollups(starts, amounts, amounts, amounts, whole, whole, whole, [()] * 7, ())
    events = [Event(p, "x", reading(n * DAY_S).at) for n in range(7) for p in sorted(points)]
    for point in points:
        store.save_rollups({point: rows}, By.MONTH)
    store.write([reading(n * DAY_S, 1.0, p) for n in (6, 3, 4) for p in points])
    store.write([reading(n * DAY_S, 1.0, p) for n in (3, 4) for p in points])
    store.write_events(events)
    found = store.load_rollups(points, By.MONTH, NOON_S, NOON_S + 9 * DAY_S)
    assert {p: r.start_s.tolist() for p, r in found.items()} == dict.fromkeys(points, times)
    days = [s // DAY_S * DAY_S for s in times[3:5]]
    touched = store.touches(points, NOON_S - DAY_S, NOON_S + 9 * DAY_S)
    assert {p: t.day_s.tolist() for p, t in touched.items()} == dict.fromkeys(points, days)
    assert store.touched_since(NOON).keys() == set(points)
    assert store.events() == events
    assert store.events(events[-1].start, name="x") == events[-50:]
    store.write_events([Event(f"{n}", "x", NOON) for n in range(121)])
    with pytest.raises(StoreError, match="more than 120 rows of event"):
        store.events()


# Buckets of classes


POWER = "scuola.main/active_power"
CLASSES = Retention.model_validate(
    {
        "classes": [
            {"name": "fast", "quantities": ["active_power*"], "keep_days": 90, "source": "a test"}
        ]
    }
)


def test_a_class_with_a_limit_has_a_bucket_of_its_own_for_its_readings(
    influx_server: InfluxServer, bucket: str, store_in: StoreIn
) -> None:
    store = store_in(influx_server, bucket, retention=CLASSES)
    (said,) = store.check()
    assert f"{bucket}-fast" in said
    influx_server.create_bucket(f"{bucket}-fast")
    assert store.check(thorough=True) == []
    store.write([reading(s, s / 8, p) for p in (POINT, POWER) for s in (0, 60, 120)])
    store.write([reading(30, 9.0, POWER)])
    both = [POWER, POINT]
    assert store.points() == both
    assert list(store.touches(both, NOON_S - DAY_S, NOON_S)) == [POWER]
    assert set(store.latest(both)) == set(store.summary(both, NOON_S, NOON_S + 999, 900)) == {*both}
    assert store.read(POWER).values.tolist() == [0.0, 9.0, 7.5, 15.0]
    found = store.around(both, NOON_S + 60, NOON_S + 61, 1)
    assert [len(found[p]) for p in both] == [3, 3]
    for where, expected in ((bucket, "energy_import"), (f"{bucket}-fast", "active_power")):
        series = influx_server.query("SELECT COUNT(value) FROM reading GROUP BY quantity", where)
        assert [s["tags"] for s in series] == [{"quantity": expected}]
    assert influx_server.query("SELECT * FROM touch", f"{bucket}-fast") == []
    assert store.expire(both, NOON) == 0
    assert store.check(thorough=True) == []


# What others write


def test_a_thorough_check_names_fields_and_points_of_other_programs(
    store: InfluxStore,
) -> None:
    store.write([reading(0)])
    assert store.check(thorough=True) == []
    store._link.write(
        [
            f"reading,meter=x,quantity=y value=1i,quality=0i,note=2i {NOON_S}",
            f"reading,meter=x,quantity=y value=1.5,quality=0i {NOON_S + 99 * DAY_S}",
        ]
    )
    assert store.check() == []
    said = store.check(thorough=True)
    assert len(said) == 3
    assert any("field note of reading is integer, expected no such field" in s for s in said)
    assert any("field value of reading is float, expected integer" in s for s in said)
    assert any("x/y has readings and is not in the register of points" in s for s in said)


@pytest.mark.usefixtures("small_pages")
def test_rows_without_a_value_are_no_readings_and_hide_none(store: InfluxStore) -> None:
    meter, quantity = POINT.split("/")
    head = f"reading,meter={meter},quantity={quantity} quality=0i"
    seconds = [s for s in range(0, 20_000, 100) if s % 700 and s > 6_000]
    store.write([reading(s, s / 8) for s in seconds])
    store._link.write([f"{head} {NOON_S + s}" for s in range(0, 20_000, 100) if s not in seconds])
    assert (store.read(POINT).seconds - NOON_S).tolist() == seconds
    found = store.around([POINT], NOON_S, NOON_S + 19_000, 0)[POINT]
    assert (found.seconds - NOON_S).tolist() == [s for s in seconds if s < 19_000]
    store._link.write(
        [f"{head} {NOON_S + 30_000}", f"reading,meter=x,quantity=y quality=0i {NOON_S}"]
    )
    assert store.latest(["x/y"]) == {}


# Addresses


def test_a_store_is_opened_by_its_address_without_asking_the_server() -> None:
    store = open_store("influxdb+http://127.0.0.1:9/readings", CLASSES)
    assert isinstance(store, InfluxStore)
    assert str(store.address) == "http://127.0.0.1:9/readings"
    store.close()
