"""A configuration that changes while the collector runs: only what changed is touched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from few_meters import (
    DEVICE,
    FewMeters,
    MemoryStore,
    Served,
    at_work,
    counting_server,
    installation,
    until,
)
from small_installation import SmallInstallation

from collectors.reload import Reloader, plan_change, stamps
from collectors.schedule import Collector, plan_installation
from collectors.spool.spool import Spool
from paes.config import load_installation
from paes.errors import ConfigError, DataError
from paes.installation import Installation
from paes.periods import now_utc

METERS = "cities/porto/meters.yaml"
NOW = datetime(2025, 3, 30, 23, 59, tzinfo=UTC)


@asynccontextmanager
async def servers(count: int) -> AsyncIterator[list[Served]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(counting_server(1000 * number))
            for number in range(count)
        ]


def gateways_at_work() -> list[str]:
    """The names of the tasks that own a connection; one that was left behind is there twice."""
    return sorted(t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith("g"))


def town(*ports: int) -> FewMeters:
    return installation(*ports, gateway={"poll_period_s": 1})


def changed(old: FewMeters, gateway: str, **values: object) -> FewMeters:
    new = old.gateways[gateway].model_copy(update=values)
    return replace(old, gateways={**old.gateways, gateway: new})


async def test_only_gateways_whose_plan_has_changed_are_touched(tmp_path: Path) -> None:
    store = MemoryStore()
    async with servers(4) as (same, moved, gone, new):
        before = town(same.port, moved.port, gone.port)
        collector = Collector(before, store, Spool(tmp_path / "a.spool"))
        async with at_work(collector):
            await until(lambda: all(s.values for s in (same, moved, gone)))
            task = collector.tasks["g0"]
            assert gateways_at_work() == ["g0", "g1", "g2"]

            after = changed(before, "g1", timeout_s=3.5)
            fourth = town(1, 1, 1, new.port).gateways["g3"]
            after = replace(after, gateways={**after.gateways, "g3": fourth})
            del after.gateways["g2"]
            change = await collector.reload(after)
            assert (change.begun, change.changed, change.ended, change.kept) == (
                ("g3",), ("g1",), ("g2",), ("g0",),
            )  # fmt: skip
            seen = {id(s): len(s.values) for s in (same, moved, new)}
            await until(lambda: all(len(s.values) > seen[id(s)] for s in (same, moved, new)))
            assert collector.tasks["g0"] is task
            assert gateways_at_work() == ["g0", "g1", "g3"]
            asked, more = len(gone.values), len(same.values) + 2
            await until(lambda: len(same.values) >= more)
            assert len(gone.values) == asked  # two rounds of a neighbour later, nobody has asked
            await until(lambda: collector.spool.states("gateway:").keys() == {"g0", "g1", "g3"})
    assert same.server.connections == 1
    assert moved.server.connections == 2
    assert gone.server.connections == 1
    assert new.server.connections == 1
    for number, served in enumerate((same, moved, gone, new)):
        assert store.has_all(served, f"g{number}", cuts=2)


async def test_many_changes_leave_no_task_behind(tmp_path: Path) -> None:
    async with servers(2) as (one, two):
        base = town(one.port, two.port)
        collector = Collector(base, MemoryStore(), Spool(tmp_path / "a.spool"))
        async with at_work(collector):
            await until(lambda: bool(one.values and two.values))
            for n in range(10):
                await collector.reload(changed(base, "g1", timeout_s=2.0 + n / 10))
            await collector.reload(base)
            asked = len(two.values)
            await until(lambda: len(two.values) > asked)
            assert gateways_at_work() == ["g0", "g1"]
    assert one.server.connections == 1


async def test_what_cannot_be_planned_changes_nothing(tmp_path: Path) -> None:
    async with servers(1) as (one,):
        good = town(one.port)
        collector = Collector(good, MemoryStore(), Spool(tmp_path / "a.spool"))
        async with at_work(collector):
            await until(lambda: bool(one.values))
            task = collector.tasks["g0"]
            with pytest.raises(DataError):
                await collector.reload(replace(good, changes={"register": "no_such_register"}))
            assert collector.tasks["g0"] is task
            asked = len(one.values)
            await until(lambda: len(one.values) > asked)
    assert one.server.connections == 1


def test_a_change_says_what_it_is() -> None:
    two = plan_installation(town(1001, 1002), NOW)
    other = plan_installation(town(1001, 1003, 1004), NOW)
    assert not plan_change(two, plan_installation(town(1001, 1002), NOW))
    change = plan_change(two, other)
    assert change
    assert str(change) == "gateways: 1 new (g2), 1 changed (g1), 1 as before"


def meters_yaml(*ports: int, period_s: int = 1, more: str = "") -> str:
    """``meters.yaml`` with a gateway and a meter a port."""
    lines = ["gateways:"]
    lines += [
        f"  - {{id: gw{n}, host: 127.0.0.1, port: {port}, poll_period_s: {period_s}}}"
        for n, port in enumerate(ports)
    ]
    lines += ["meters:"]
    lines += [
        f"  - {{id: scuola.m{n}, carrier: electricity, device: {DEVICE}, gateway: gw{n}{more}}}"
        for n in range(len(ports))
    ]
    return "\n".join(lines) + "\n"


@asynccontextmanager
async def reloading(
    small: SmallInstallation, spool: Path
) -> AsyncIterator[tuple[Collector, Reloader[Installation]]]:
    """A collector of the files in ``small``, and what watches them."""
    collector = Collector(load_installation(small.root), MemoryStore(), Spool(spool))
    reloader = Reloader(
        collector, lambda: load_installation(small.root), [small.root], now_utc, watch_s=0.02
    )
    watching = asyncio.create_task(reloader.run(), name="reloader")
    try:
        async with at_work(collector):
            yield collector, reloader
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_a_changed_file_is_taken_over_and_a_broken_one_is_not(
    small: SmallInstallation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with servers(2) as (one, two):
        small.write({METERS: meters_yaml(one.port)})
        async with reloading(small, tmp_path / "a.spool") as (collector, _):
            await until(lambda: bool(one.values))
            small.write({METERS: meters_yaml(one.port, two.port)})
            await until(lambda: bool(two.values))
            small.write({METERS: meters_yaml(one.port, two.port, more=", unit: many")})
            await until(lambda: bool(collector.config.problem))
            assert f"{METERS}:" in collector.config.problem
            assert "unit" in collector.config.problem
            asked = len(two.values)
            await until(lambda: len(two.values) > asked)
            await until(lambda: any(r.levelno == logging.ERROR for r in caplog.records))
            assert sum(r.levelno == logging.ERROR for r in caplog.records) == 1
            assert "the old one stays in force" in caplog.text
            small.write({METERS: meters_yaml(one.port, two.port)})
            await until(lambda: not collector.config.problem)
    assert one.server.connections == 1
    assert two.server.connections == 1
    assert "gateways: 1 new (gw1), 1 as before" in caplog.text


async def test_asking_takes_the_files_over_at_once(
    small: SmallInstallation, tmp_path: Path
) -> None:
    """What SIGHUP does; the watch itself would look only in an hour."""
    async with servers(2) as (one, two):
        small.write({METERS: meters_yaml(one.port)})
        async with reloading(small, tmp_path / "a.spool") as (collector, _):
            slow = Reloader(
                collector, lambda: load_installation(small.root), [small.root], now_utc, 3600
            )
            watching = asyncio.create_task(slow.run())
            await until(lambda: bool(one.values))
            since = collector.config.since
            slow.ask()
            await until(lambda: collector.config.since > since)  # taken over, nothing changed
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    assert one.server.connections == 1
    assert two.server.connections == 0


async def test_a_defect_in_a_file_s_reader_does_not_end_the_watch(
    small: SmallInstallation, tmp_path: Path
) -> None:
    def load() -> Installation:
        if outcomes:
            raise outcomes.pop()
        return load_installation(small.root)

    outcomes: list[Exception] = [RuntimeError("a defect")]
    async with servers(1) as (one,):
        small.write({METERS: meters_yaml(one.port)})
        async with reloading(small, tmp_path / "a.spool") as (collector, _):
            reloader = Reloader(collector, load, [small.root], now_utc, 3600)
            watching = asyncio.create_task(reloader.run())
            reloader.ask()
            await until(lambda: bool(collector.config.problem))
            assert collector.config.problem == "defect: RuntimeError('a defect')"
            reloader.ask()
            await until(lambda: not collector.config.problem)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


class Days:
    """A collector whose plans are asked for; stands for the real one, which is tested above."""

    def __init__(self) -> None:
        self.config = None
        self.asked: list[object] = []

    async def reload(self, installation: object = None) -> object:
        self.asked.append(installation)
        return ()


async def test_plans_are_made_again_on_every_new_day(tmp_path: Path) -> None:
    day = date(2025, 3, 30)
    collector = Days()
    reloader: Reloader[object] = Reloader(
        collector,  # type: ignore[arg-type]
        lambda: 1 / 0,
        [tmp_path],
        lambda: datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        watch_s=0.01,
    )
    watching = asyncio.create_task(reloader.run())
    await asyncio.sleep(0.1)
    assert collector.asked == []
    day = date(2025, 3, 31)
    await until(lambda: collector.asked == [None])
    day = date(2025, 4, 1)
    await until(lambda: collector.asked == [None, None])
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_meter_comes_into_use_on_its_day(tmp_path: Path) -> None:
    clock = [NOW]
    async with servers(1) as (one,):
        later = replace(town(one.port), changes={"valid_from": date(2025, 3, 31)})
        collector = Collector(later, MemoryStore(), Spool(tmp_path / "a.spool"), lambda: clock[0])
        assert collector.tasks == {}
        assert not await collector.reload()
        clock[0] = datetime(2025, 3, 31, tzinfo=UTC)
        assert (await collector.reload()).begun == ("g0",)
        assert list(collector.tasks) == ["g0"]
        collector.spool.close()
        await collector.sender.close()


def test_files_of_a_configuration_are_known_by_time_and_size(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    file, other = tmp_path / "a" / "x.yaml", tmp_path / "notes.txt"
    file.write_text("a: 1\n")
    other.write_text("not read by us")
    first = stamps([tmp_path])
    assert list(first) == [file]
    file.write_text("a: 12\n")
    assert stamps([tmp_path]) != first
    file.unlink()
    assert stamps([tmp_path, tmp_path / "gone"]) == {}


def test_a_folder_that_vanishes_while_it_is_read_does_not_end_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``rglob`` of Python 3.11 does when somebody exchanges the files just then."""

    def gone(_self: Path, _pattern: str) -> list[Path]:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Path, "rglob", gone)
    assert stamps([tmp_path]) == {}


def test_a_broken_installation_names_file_and_line(small: SmallInstallation) -> None:
    small.write({METERS: meters_yaml(502, more=", unit: many")})
    with pytest.raises(ConfigError, match=r"meters\.yaml:4: "):
        load_installation(small.root)
