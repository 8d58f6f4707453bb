"""``paes demo``: a simulated town, its collectors and the dashboard, with nothing to set up.

The same parts as in a real town, joined on loopback: meters simulated as Modbus TCP servers,
collectors that poll them, an embedded store, the dashboard. The past comes from the same
arithmetic that answers the polls, so live readings continue it without a seam.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from collectors.schedule import Collector
from collectors.simulator import Simulator, Town, fill_history, planted
from collectors.spool.spool import Spool
from paes.accounting.ledger import EnergyLedger
from paes.cli import Session
from paes.cli.output import bar, say
from paes.errors import PaesError
from paes.faults.telling.nightly import Nightly
from paes.gateways import Gateway
from paes.installation import City, Installation
from paes.periods import Span, local_year, now_utc, year_span
from paes.store import Store
from paes.store.sqlite import SqliteStore

HOST = "127.0.0.1"
SPOOL = "demo.sqlite.spool"
POLL_PERIOD_S = 10
FIRST_LOOK_S = 30.0
"""Pages come first, which are slow the first time."""
STEP = timedelta(minutes=15)
_STARTED = "malfunctions-seen-from"


@click.command()
@click.option("--port", default=8050, show_default=True, type=click.IntRange(1, 65535))
@click.option("--years", default=3, show_default=True, type=click.IntRange(1, 10))
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the simulated readings in this folder [a temporary one].",
)
@click.option("--malfunctions/--no-malfunctions", default=True, show_default=True,
              help="Leaks, lamps, boilers and plants that fail in the town's past.")  # fmt: skip
@click.pass_obj
def demo(session: Session, port: int, years: int, data: Path | None, malfunctions: bool) -> None:
    """A simulated town with its past, polled live, on the dashboard (Ctrl-C stops it)."""
    from dashboard.app import create_app, require_assets, require_port, serve, stop_signals
    from dashboard.memory import Memory
    from dashboard.serving.threads import WAIT_S
    from paes.cli.field_report import field_of

    require_assets()
    require_port(HOST, port)
    installation = session.installation
    with stop_signals(), _folder(data) as folder:
        store = SqliteStore(folder / "demo.sqlite")
        past = _history(installation, datetime.now(UTC), years)
        town = Town(installation, epoch=past.start)
        if malfunctions:
            begun = first_start(store, past.end)
            town = town.with_malfunctions(planted(installation, town.parameters, begun))
        _fill(town, store, past)
        with _polled(installation, store, town, folder), _watched(installation, store):
            field = field_of(folder / SPOOL)
            memory = Memory(now_utc, wait_s=WAIT_S)
            own = folder / "dashboard"
            app = create_app(installation, store, memory=memory, folder=own, field=field)
            say("\nno login is asked for: everybody at this machine may do everything")
            say(f"PAES Monitor at http://{HOST}:{port}/  (Ctrl-C stops it)")
            serve(app, host=HOST, port=port)
        store.close()
    say("stopped")


def simulated(installation: Installation, gateways: dict[str, Gateway]) -> Installation:
    """``installation`` with its gateways replaced by those of a simulator."""

    def moved(city: City) -> City:
        return replace(city, gateways={g: gateways[g] for g in city.gateways if g in gateways})

    return replace(installation, cities={c.id: moved(c) for c in installation.cities.values()})


def _often(gateways: dict[str, Gateway]) -> dict[str, Gateway]:
    """``gateways`` polled so often that a visitor sees the values move."""
    often = {"poll_period_s": POLL_PERIOD_S, "fast_period_s": None, "slow_period_s": POLL_PERIOD_S}
    return {id_: gateway.model_copy(update=often) for id_, gateway in gateways.items()}


def _history(installation: Installation, now: datetime, years: int) -> Span:
    """Whole past years and this one until the last quarter of an hour."""
    tz = installation.city().time_zone
    first = year_span(local_year(now, tz) - years, tz).start
    return Span(first, now - (now - datetime(2000, 1, 1, tzinfo=UTC)) % STEP)


def first_start(store: Store, now: datetime) -> datetime:
    """When a demonstration with malfunctions first filled the store; from now on this is known.

    Their times count from it: were they moved in a kept store, its registers would jump.
    """
    known = store.labels().get(_STARTED)
    if known is None:
        store.set_label(_STARTED, now.isoformat())
    return now if known is None else datetime.fromisoformat(known)


def _fill(town: Town, store: Store, span: Span) -> None:
    """Write the past and derive its days, with a progress bar each."""
    with bar() as shown:
        task = shown.add_task("readings of the past", total=None)

        def reading(done: int, total: int, meter: str) -> None:
            shown.update(task, completed=done, total=total)

        fill_history(town, store, span.start, span.end + STEP, progress=reading)
        task = shown.add_task("energy of the past", total=None)
        ledger = EnergyLedger(town.installation, store)
        ledger.refresh(span, lambda done, total: shown.update(task, completed=done, total=total))


@contextmanager
def _polled(installation: Installation, store: Store, town: Town, folder: Path) -> Iterator[None]:
    """Simulator and collector at work in a thread of their own until the block ends."""
    ready, stop = threading.Event(), asyncio.Event()
    failed: list[PaesError] = []
    loop = asyncio.new_event_loop()

    async def work() -> None:
        simulator = Simulator(installation, port=0, town=town)
        await simulator.start()
        try:
            polled = simulated(installation, _often(simulator.gateways()))
            with closing(Spool(folder / SPOOL)) as spool:
                collector = Collector(polled, store, spool)
                ready.set()
                await collector.run(stop)
        finally:
            await simulator.stop()

    def run() -> None:
        try:
            loop.run_until_complete(work())
        except PaesError as err:
            failed.append(err)
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=run, name="field", daemon=True)
    thread.start()
    ready.wait()
    try:
        if failed:
            raise PaesError(f"the simulated town did not start: {failed[0]}") from failed[0]
        yield
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
            thread.join(timeout=15)


@contextmanager
def _watched(installation: Installation, store: Store) -> Iterator[None]:
    """The nightly run beside the page: it makes up for the past, whose malfunctions then appear."""
    nightly = Nightly(lambda: installation, lambda: store)
    nightly.start(FIRST_LOOK_S)
    try:
        yield
    finally:
        nightly.stop()


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data:
        data.mkdir(parents=True, exist_ok=True)
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="paes-demo-") as made:
        yield Path(made)


COMMANDS = (demo,)
