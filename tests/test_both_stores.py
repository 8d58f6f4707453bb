"""From the simulator to the report, once on the embedded store and once on a real InfluxDB.

Four sites of the shipped town: a year of history with its losses, the last day of it polled over
real Modbus TCP on a virtual clock, and a month of one meter that arrives late. Every figure of the
report, and of the energy by any step, is the same on both stores to the last digit printed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from influx_server import TOKEN_VARIABLE, InfluxServer

from collectors.modbus.gateway import GatewayTask
from collectors.schedule import Collector
from collectors.simulator import Simulator, Town, fill_history
from collectors.spool.spool import Spool
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.cli import main
from paes.cli.demo import simulated
from paes.config import load_installation
from paes.installation import Installation
from paes.metering import Measures
from paes.periods import By, Span, local_midnight, year_span
from paes.shipped_files import shipped_config
from paes.store import Store, open_store

pytestmark = [pytest.mark.untraced, pytest.mark.timeout(600)]
ROME = "Europe/Rome"
YEAR = year_span(2025, ROME)
MARCH = Span(local_midnight(date(2025, 3, 1), ROME), local_midnight(date(2025, 4, 1), ROME))
POLLED = Span(datetime(2025, 12, 31, tzinfo=UTC), datetime(2026, 1, 1, 6, tzinfo=UTC))
NOW = datetime(2026, 2, 1, tzinfo=UTC)
STEP = timedelta(minutes=15)
GATEWAYS = ("gw-scuola-2-giugno", "gw-carducci", "gw-palazzo-civico", "gw-quadro-centro")
LATE = "palazzo-civico.main"


@dataclass
class Run:
    """One store with the year in it."""

    url: str
    store: Store
    ledger: EnergyLedger
    changed: set[str]
    """The months, by meter, that the late readings changed."""


def four_sites() -> Installation:
    """The shipped installation with the meters of four gateways."""
    whole = load_installation(shipped_config())
    city = whole.city()
    meters = {id_: m for id_, m in city.meters.items() if m.gateway in GATEWAYS}
    assert len(meters) >= 8
    gateways = {id_: city.gateways[id_] for id_ in GATEWAYS}
    city = replace(city, meters=meters, gateways=gateways, virtual_meters={})
    registers = {m: whole.registers[m] for m in meters}
    return replace(whole, cities={city.id: city}, registers=registers)


async def poll(installation: Installation, town: Town, store: Store, spool: Spool) -> None:
    """Collect ``POLLED`` from the simulator into ``store``."""
    now = POLLED.start
    simulator = Simulator(installation, port=0, town=town, clock=lambda: now.timestamp())
    await simulator.start()
    try:
        collector = Collector(
            simulated(installation, simulator.gateways()),
            store,
            spool,
            lambda: now,
            make_task=lambda plan, sink, clock, serials: GatewayTask(
                plan, sink, clock, known_serials=serials, now_s=lambda: now.timestamp()
            ),
        )
        while now <= POLLED.end:
            for gateway in collector.tasks:
                made = await collector.make_round(gateway, now)
                assert made.reached
            now += STEP
        assert await collector.sender.drain()
        await collector.sender.close()
        for task in collector.tasks.values():
            await task.close()
    finally:
        await simulator.stop()


def fill(installation: Installation, past: Store, url: str, folder: Path) -> Run:
    """A store with what ``past`` holds, the polled day, and the late month at last."""
    store = open_store(url, installation.retention)
    late = installation.register(installation.meter(LATE)).point
    for point in past.points():
        for part in past.chunks(point):
            known = part.seconds >= YEAR.start.timestamp()
            if point == late:
                known = (part.seconds < MARCH.start.timestamp()) | (
                    part.seconds >= MARCH.end.timestamp()
                )
            store.write_series(point, part.seconds[known], part.values[known], part.codes[known])
    with closing(Spool(folder / "spool")) as spool:
        asyncio.run(poll(installation, Town(installation, epoch=YEAR.start), store, spool))
    ledger = EnergyLedger(installation, store, lambda: NOW)
    before = months_of(ledger)
    march = past.read(late, MARCH.start, MARCH.end)
    store.write_series(late, march.seconds, march.values, march.codes)
    after = months_of(ledger)
    changed = {key for key in after if before[key] != after[key]}
    return Run(url, store, ledger, changed)


def months_of(ledger: EnergyLedger) -> dict[str, list[float]]:
    """Every month of every meter in 2025, by ``METER MONTH``."""
    return {
        f"{meter.id} {start:%m}": row.tolist()
        for meter in ledger.installation.meters.values()
        for start, row in ledger.meter(meter, YEAR, By.MONTH).iterrows()
        if isinstance(start, datetime)
    }


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, influx_server: InfluxServer
) -> Iterator[dict[str, Run]]:
    """The same year in both stores."""
    installation, folder = four_sites(), tmp_path_factory.mktemp("both")
    past = open_store(str(folder / "past.sqlite"))
    fill_history(Town(installation, epoch=YEAR.start), past, YEAR.start, POLLED.start)
    bucket = influx_server.new_bucket()
    for each in installation.retention.limited:
        influx_server.create_bucket(f"{bucket}-{each.name}")
    urls = {"sqlite": str(folder / "town.sqlite"), "influx": influx_server.url(bucket)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN_VARIABLE, influx_server.token)
        made = {}
        for name, url in urls.items():
            (folder / name).mkdir()
            made[name] = fill(installation, past, url, folder / name)
        yield made
        for run in made.values():
            run.store.close()
    past.close()


def test_a_late_month_changes_what_rests_on_it_and_nothing_else(runs: dict[str, Run]) -> None:
    for run in runs.values():
        assert run.changed == {f"{LATE} 02", f"{LATE} 03"}  # February lost its last quarter hour


@pytest.mark.parametrize("by", list(By))
def test_energy_is_the_same_to_the_last_digit(runs: dict[str, Run], by: By) -> None:
    one, other = runs.values()
    span = Span(POLLED.start - timedelta(days=200), POLLED.end) if by is By.QUARTER_HOUR else YEAR
    for meter in one.ledger.installation.meters.values():
        a, b = (run.ledger.meter(meter, span, by) for run in (one, other))
        assert a.equals(b), meter.id
        assert a["measured"].sum() > 0


def test_every_kept_row_is_the_same(runs: dict[str, Run]) -> None:
    one, other = runs.values()
    sites = list(one.ledger.installation.city().sites)
    for measures in Measures:
        a, b = (
            SiteEnergy(run.ledger).by_site(sites, measures, YEAR, By.MONTH) for run in (one, other)
        )
        assert a.keys() == b.keys()
        assert all(a[key].equals(b[key]) for key in a)


def test_findings_and_events_are_the_same(runs: dict[str, Run]) -> None:
    one, other = runs.values()
    for meter in one.ledger.installation.meters.values():
        assert one.ledger.findings(meter, YEAR) == other.ledger.findings(meter, YEAR)
    assert one.store.events() == other.store.events()
    assert one.store.labels() == other.store.labels() == {"simulated": "true"}


def test_the_report_is_the_same_byte_by_byte(
    runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the plan's author makes it: ``paes report``, over each store."""
    for name, run in runs.items():
        out = str(tmp_path / name)
        monkeypatch.setattr(
            sys, "argv", ["paes", "--store", run.url, "report", "2025", "--out", out]
        )
        main()
    one, other = ({f.name: f.read_bytes() for f in (tmp_path / n).iterdir()} for n in runs)
    assert one == other
    assert len(one) >= 4
    (name,) = (n for n in one if n.endswith("inventory.json"))
    lines = json.loads(one[name])["lines"]
    assert any(line["metered_mwh"] > 0 for line in lines)
