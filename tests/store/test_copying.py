"""Copies between stores: what is there afterwards, whatever happened on the way."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from influx_server import TOKEN_VARIABLE, InfluxServer

from paes.errors import StoreBusy, StoreError, StoreRefused
from paes.events import Cause, Event, absence
from paes.metering import Quality, Reading
from paes.periods import from_seconds, now_utc, to_seconds
from paes.rollups import DAY_S, Touches
from paes.series import CODE_OF
from paes.store import CHUNK, Store, open_store
from paes.store.copying.copier import CopyResult, StoreCopy
from paes.store.copying.patience import MOST_PAUSES, Patience
from paes.store.influx.lines import reading_lines
from paes.store.influx.link import InfluxLink
from paes.store.influx.writing import rows_of

T0 = to_seconds(datetime(2025, 1, 30, tzinfo=UTC))
SCHOOL, OFFICE = "school.main/energy_import", "office.main/active_power"
WORKER = Path(__file__).with_name("copy_worker.py")

KINDS = [("sqlite", "sqlite"), ("sqlite", "influxdb"), ("influxdb", "sqlite")]


@pytest.fixture(params=KINDS, ids="-".join)
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The addresses of source and target, both empty."""
    return [
        _influx_url(request) if kind == "influxdb" else str(tmp_path / name)
        for kind, name in zip(request.param, ("source.sqlite", "target.sqlite"), strict=True)
    ]


def _influx_url(request: pytest.FixtureRequest) -> str:
    server: InfluxServer = request.getfixturevalue("influx_server")
    request.getfixturevalue("monkeypatch").setenv(TOKEN_VARIABLE, server.token)
    return server.url(server.new_bucket())


@pytest.fixture
def source(urls: list[str]) -> Iterator[Store]:
    with closing(open_store(urls[0])) as store:
        yield store


@pytest.fixture
def target(urls: list[str]) -> Iterator[Store]:
    with closing(open_store(urls[1])) as store:
        yield store


def fill(store: Store, point: str = SCHOOL, count: int = 500, every_s: int = 900) -> None:
    """``count`` readings from 30 January 2025 on; each hundredth of them is suspect."""
    seconds = T0 + np.arange(count, dtype=np.int64) * every_s
    codes = np.where(np.arange(count) % 100 == 99, CODE_OF[Quality.SUSPECT], 0).astype(np.int8)
    store.write_series(point, seconds, np.arange(count) * 1.125 - 3, codes)


def copied(source: Store, target: Store, **how: object) -> CopyResult:
    return StoreCopy(source, target, patience=Patience(wait=lambda pause_s: None), **how).run()


def content(store: Store) -> dict[str, list[tuple[float, ...]]]:
    series = {p: store.read(p) for p in store.points()}
    return {
        p: list(zip(s.seconds.tolist(), s.values.tolist(), s.codes.tolist(), strict=True))
        for p, s in series.items()
    }


def test_readings_events_and_labels_are_copied(source, target):
    fill(source)
    fill(source, OFFICE, count=70, every_s=10)
    event = absence("school.main", Cause.NO_REPLY, from_seconds(T0), from_seconds(T0 + 60), "è")
    source.write_events([event, Event("collector", "clock.set", from_seconds(T0), facts={"s": 2})])
    source.set_label("simulated", "true")
    result = copied(source, target)
    assert content(target) == content(source)
    assert target.events() == source.events()
    assert target.labels() == {"simulated": "true"}
    assert (result.is_complete, result.written, result.events) == (True, 570, 2)
    assert target.read(SCHOOL).codes[99] == CODE_OF[Quality.SUSPECT]


def test_copying_again_writes_nothing(source, target):
    fill(source)
    copied(source, target)
    again = copied(source, target)
    assert (again.written, again.is_complete) == (0, True)
    assert all(m.source == m.target for m in again.months.values())


def test_months_are_of_utc_and_count_all_points(source, target):
    fill(source)  # 192 readings in the two last days of January
    fill(source, OFFICE, count=10)
    months = copied(source, target).months
    assert list(months) == [(2025 - 1970) * 12, (2025 - 1970) * 12 + 1]
    assert [m.source.readings for m in months.values()] == [202, 308]
    january = sum(round(1000 * (1.125 * i - 3)) for i in [*range(192), *range(10)])
    assert months[660].source.total == january


def test_a_later_copy_brings_what_is_new(source, target):
    fill(source, count=100)
    copied(source, target)
    fill(source, count=130)
    again = copied(source, target)
    assert (again.written, again.replaced) == (30, 0)
    assert content(target) == content(source)


def test_late_and_corrected_readings_are_found_and_only_they_are_written(source, target):
    fill(source)
    copied(source, target)
    source.write([Reading(SCHOOL, from_seconds(T0 + 450), 7.0)])
    source.write([Reading(SCHOOL, from_seconds(T0 + 900), 8.0, Quality.SUBSTITUTED)])
    again = copied(source, target)
    assert (again.written, again.replaced, again.is_complete) == (2, 1, True)
    assert content(target) == content(source)


def test_a_reading_of_another_quality_alone_is_a_difference(source, target):
    fill(source, count=3)
    fill(target, count=3)
    target.write([Reading(SCHOOL, from_seconds(T0), -3.0, Quality.STALE)])
    compared = copied(source, target, write=False)
    assert (compared.is_complete, compared.months[660].lacking) == (False, 1)
    assert compared.months[660].first_point == SCHOOL


def test_comparing_alone_writes_nothing(source, target):
    fill(source)
    source.set_label("simulated", "true")
    source.write_events([Event("a", "b", from_seconds(T0))])
    result = copied(source, target, write=False)
    assert (target.points(), target.labels(), target.events()) == ([], {}, [])
    assert [m.lacking for m in result.months.values()] == [192, 308]
    assert (result.is_complete, len(result.events_lacking)) == (False, 1)


def test_what_only_the_target_has_stays_and_is_told(source, target):
    fill(source, count=50)
    fill(target, count=50)
    target.write(
        [Reading(SCHOOL, from_seconds(T0 + 7), 1.0), Reading("x/y", from_seconds(T0), 1.0)]
    )
    target.write_events([Event("a", "b", from_seconds(T0))])
    result = copied(source, target)
    assert (result.is_complete, result.written) == (True, 0)
    assert result.months[660].only_in_target == 1
    assert result.points_only_in_target == ["x/y"]
    assert result.events_only_in_target == 1
    assert len(target.read(SCHOOL)) == 51


def test_history_is_copied_behind_a_collector_that_already_writes(source, target):
    fill(source)
    newest = from_seconds(T0 + 10**7)
    target.write([Reading(SCHOOL, newest, 9999.0)])
    result = copied(source, target)
    assert (result.is_complete, result.written) == (True, 500)
    assert len(target.read(SCHOOL)) == 501


def test_a_source_that_is_written_meanwhile_is_copied_up_to_its_end_at_the_start(source, target):
    fill(source)
    later = from_seconds(T0 + 10**6)

    def write_more(what: str, fraction: float, readings: int) -> None:
        source.write([Reading(SCHOOL, later, 1.0), Reading(OFFICE, later, 1.0)])
        source.write([Reading(SCHOOL, from_seconds(T0 + 1), 5.0)])

    result = copied(source, target, follow=write_more)
    assert result.is_complete
    assert result.points_with_newer == [OFFICE, SCHOOL]
    assert len(target.read(SCHOOL)) == 501  # with the late one, without the new one
    assert copied(source, target).written == 2
    assert content(target) == content(source)


def test_an_event_that_got_longer_is_copied_again(source, target):
    start = from_seconds(T0)
    source.write_events([absence("m", Cause.NIGHT, start, start + timedelta(hours=1))])
    copied(source, target)
    source.write_events([absence("m", Cause.NIGHT, start, start + timedelta(hours=2))])
    assert copied(source, target).is_complete
    assert target.events() == source.events()


def test_nothing_is_copied_of_what_the_target_would_not_keep(source, target):
    fill(source)
    fill(source, OFFICE)
    first_s = T0 + 100 * 900
    result = copied(source, target, first_s=lambda p: first_s if p == OFFICE else None)
    assert result.is_complete
    assert len(target.read(SCHOOL)) == 500
    assert target.read(OFFICE).seconds.tolist() == source.read(OFFICE).seconds[100:].tolist()


def test_refused_readings_are_listed_and_all_others_copied(source, target, monkeypatch):
    fill(source, count=300)
    refuse(target, monkeypatch, lambda second: second in (T0 + 900, T0 + 90_000))
    result = copied(source, target)
    assert len(target.read(SCHOOL)) == 298
    assert [(r.first_s, r.readings, r.reason) for r in result.refusals] == [
        (T0 + 900, 1, "no room"),
        (T0 + 90_000, 1, "no room"),
    ]
    assert (result.is_complete, result.months[660].lacking) == (False, 2)


def test_a_target_that_refuses_years_is_not_asked_for_each_reading(source, target, monkeypatch):
    fill(source, count=20_000, every_s=60)
    asked = refuse(target, monkeypatch, lambda second: second < T0 + 15_300 * 60)
    result = copied(source, target)
    assert len(target.read(SCHOOL)) == 4_700
    assert (result.refused, sum(m.lacking for m in result.months.values())) == (15_300, 15_300)
    assert len(asked) < 2000


def refuse(target: Store, monkeypatch, is_bad: Callable[[int], bool]) -> list[int]:
    """Let ``target`` refuse every batch with a bad second; how long the batches were."""
    write_series, asked = target.write_series, []

    def choosy(point, seconds, values, codes):
        asked.append(len(seconds))
        if any(map(is_bad, seconds.tolist())):
            raise StoreRefused("no room")
        write_series(point, seconds, values, codes)

    monkeypatch.setattr(target, "write_series", choosy)
    return asked


def test_a_store_that_is_busy_for_a_while_is_asked_again(source, target, monkeypatch):
    fill(source, count=CHUNK + 100, every_s=10)
    pauses: list[float] = []
    make_busy(target, "write_series", monkeypatch, every=2)
    make_busy(target, "labels", monkeypatch, every=2)
    read, asked = source.chunks, []

    def interrupted(point, start, end):
        asked.append(start)
        for number, chunk in enumerate(read(point, start, end)):
            if len(asked) < 4 and number == 1:
                raise StoreBusy("away", retry_after_s=90.0)
            yield chunk

    monkeypatch.setattr(source, "chunks", interrupted)
    result = StoreCopy(source, target, patience=Patience(pauses.append)).run()
    assert result.is_complete
    assert content(target) == content(source)
    assert 1.0 in pauses
    assert 90.0 in pauses


def test_a_store_that_stays_away_ends_the_copy(source, target, monkeypatch):
    fill(source)
    pauses: list[float] = []
    make_busy(target, "write_series", monkeypatch, every=1)
    with pytest.raises(StoreBusy, match="away"):
        StoreCopy(source, target, patience=Patience(pauses.append)).run()
    assert len(pauses) == MOST_PAUSES
    assert pauses == sorted(pauses)


def make_busy(store: Store, method: str, monkeypatch, every: int) -> None:
    """Every so many calls, beginning with the first, find the store away."""
    works, calls = getattr(store, method), []

    def busy(*arguments):
        calls.append(arguments)
        if len(calls) % every == 1 or every == 1:
            raise StoreBusy("away")
        return works(*arguments)

    monkeypatch.setattr(store, method, busy)


def test_a_store_that_fails_otherwise_ends_the_copy_at_once(source, target, monkeypatch):
    fill(source)
    asked = []

    def broken(*arguments):
        asked.append(arguments)
        raise StoreError("the disk is full")

    monkeypatch.setattr(target, "write_series", broken)
    with pytest.raises(StoreError, match="disk is full"):
        copied(source, target)
    assert len(asked) == 1


@pytest.mark.parametrize(("parts", "moment"), [(1, "before"), (2, "within"), (3, "after")])
def test_a_killed_copy_goes_on_where_it_was(source, target, urls, parts, moment):
    for number in range(4):
        fill(source, f"m{number}/energy_import", count=400)
    command = [sys.executable, str(WORKER), *urls, str(parts), moment]
    killed = subprocess.run(command, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    there = sum(map(len, content(target).values()))
    assert there == {"before": 0, "within": 600, "after": 1200}[moment]
    result = copied(source, target)
    assert (result.is_complete, result.written) == (True, 1600 - there)
    assert content(target) == content(source)


def test_a_point_that_was_written_and_never_acknowledged_is_copied_anew(
    tmp_path, influx_server, bucket, store_in
):
    """Its last part was written when the copy was killed; what follows is the register's entry."""
    with closing(open_store(str(tmp_path / "source.sqlite"))) as source:
        yesterday_s = to_seconds(now_utc()) // 900 * 900 - DAY_S
        seconds = yesterday_s + np.arange(10, dtype=np.int64) * 900
        source.write_series(SCHOOL, seconds, np.arange(10.0))
        target = store_in(influx_server, bucket)
        rows = rows_of(seconds, np.arange(10) * 1000, np.zeros(10, np.int64))
        with closing(InfluxLink(target.address)) as link:
            link.write(list(reading_lines(SCHOOL, rows)))
        assert copied(source, target).is_complete
    assert target.points() == [SCHOOL]
    assert target.check(thorough=True) == []


def test_what_is_resumed_in_order_touches_no_day_of_the_target(source, target):
    fill(source, count=100)
    copied(source, target)
    fill(source, count=5000)
    copied(source, target)
    touched: dict[str, Touches] = target.touches([SCHOOL], 0, 2**40)
    assert touched == {}


@pytest.mark.parametrize("killed", ["copying", "comparing"])
@pytest.mark.parametrize("to_influx", [True, False])
def test_a_server_that_is_killed_and_comes_back_costs_a_pause(
    tmp_path, private_influx, monkeypatch, killed, to_influx
):
    server: InfluxServer = private_influx()
    monkeypatch.setenv(TOKEN_VARIABLE, server.token)
    urls = [str(tmp_path / "town.sqlite"), server.url(server.new_bucket())]
    source, target = map(open_store, urls if to_influx else urls[::-1])
    for number in range(3):
        fill(source, f"m{number}/energy_import", count=400)
    kills, pauses = [], []

    def kill_once(what: str, fraction: float, readings: int) -> None:
        if what == killed and not kills:
            kills.append(fraction)
            server.kill()

    def wait(pause_s: float) -> None:
        pauses.append(pause_s)
        server.start()

    result = StoreCopy(source, target, kill_once, Patience(wait)).run()
    assert (len(kills), result.is_complete, result.written) == (1, True, 1200)
    assert pauses
    assert content(target) == content(source)
    source.close()
    target.close()
