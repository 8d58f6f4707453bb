"""Commands that run until stopped: collect."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from collectors.monitoring import Monitor
from collectors.reload import Reloader
from collectors.round import Round
from collectors.schedule import Collector
from collectors.spool.sender import LateStore
from collectors.spool.spool import Spool
from paes.cli import Session
from paes.cli.log_format import log_as
from paes.cli.output import say
from paes.cli.running import run_until_stopped
from paes.cli.spool_file import spool_file, spool_option
from paes.config import load_installation
from paes.errors import FieldError, PaesError, StoreError
from paes.installation import Installation
from paes.periods import now_utc
from paes.shipped_files import shipped_config

if TYPE_CHECKING:
    from paes.upkeep import Upkeep

MONITOR = "127.0.0.1:9464"
UPKEEP_S = 900.0

log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="One round of every gateway, then end.")
@spool_option
@click.option(
    "--monitor",
    metavar="HOST:PORT",
    help=f"Where /health and /metrics are served, or off [{MONITOR}].",
)
@click.option(
    "--log", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.pass_obj
def collect(
    session: Session, once: bool, spool: Path | None, monitor: str | None, form: str
) -> None:
    """Read every meter on schedule into the store until stopped (Ctrl-C).

    What was read lies in the spool until the store has it. A changed configuration is taken over
    while it runs, at once by SIGHUP. With --once the exit code is 1 if no gateway could be reached.
    """
    log_as(form, logging.WARNING if once else logging.INFO)
    with closing(Spool(spool_file(session, spool))) as opened:
        opened.claim()
        if once:
            _report(session, asyncio.run(_collect_once(session, opened)))
            return
        told = log.info if form == "json" else say  # a log of documents holds nothing else
        run_until_stopped(lambda stop: _collect(session, opened, monitor, stop, told))
        left = opened.depth()
    if left.readings:
        told(f"stopped; {left.readings} readings wait for the store in {opened.path}")
    else:
        told("stopped; every reading is stored")


async def _collect_once(session: Session, spool: Spool) -> list[Round]:
    return await Collector(session.installation, _store(session), spool).collect_once()


async def _collect(
    session: Session,
    spool: Spool,
    monitor: str | None,
    stop: asyncio.Event,
    told: Callable[[str], None],
) -> None:
    # With pandas, which nobody should wait for who asks for help.
    from paes.faults.telling.nightly import Nightly
    from paes.upkeep import Upkeep

    collector = Collector(session.installation, _store(session), spool)
    reloader = Reloader(
        collector, lambda: load_installation(session.root), _folders(session), now_utc
    )
    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloader.ask)
    serving = _monitor(collector, monitor)

    def installation() -> Installation:
        return cast(Installation, collector.installation)

    upkeep = Upkeep(installation, lambda: session.store)
    nightly = Nightly(installation, lambda: session.store)
    beside = [
        asyncio.create_task(reloader.run(), name="reloader"),
        asyncio.create_task(_keep_up(upkeep), name="upkeep"),
    ]
    nightly.start()
    told(f"collecting from {len(collector.tasks)} gateways into {session.store_url}")
    try:
        await collector.run(stop)
    finally:
        upkeep.stop()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, asyncio.to_thread(nightly.stop), return_exceptions=True)
        if serving:
            await asyncio.to_thread(serving.close)


async def _keep_up(upkeep: Upkeep) -> None:
    """Look after the store beside collecting, in a thread of its own; no round waits for it."""
    while True:
        try:
            await asyncio.to_thread(upkeep.run)
        except Exception:
            log.exception("the upkeep of the store failed and is tried again")
        await asyncio.sleep(UPKEEP_S)


def _store(session: Session) -> LateStore:
    """The store, opened now if that can be done, else when it is there again."""
    store = LateStore(lambda: session.store)
    try:
        session.store  # noqa: B018 - a wrong address is told before the first round
    except StoreError as err:
        log.warning("the store cannot be opened yet, readings wait in the spool: %s", err)
    return store


def _folders(session: Session) -> list[Path]:
    """Whose files make up the configuration; device profiles may be the shipped ones."""
    return list(dict.fromkeys((session.root, shipped_config() / "devices")))


def _monitor(collector: Collector, option: str | None) -> Monitor | None:
    """The monitor at the address asked for; at the usual one only if it is free."""
    if option == "off":
        return None
    host, _, port = (option or MONITOR).rpartition(":")
    if not host or not port.isdigit():
        raise click.UsageError(f"--monitor {option}: expected HOST:PORT or off")
    try:
        serving = Monitor(collector, now_utc, host.strip("[]"), int(port))
    except PaesError as err:
        if option:
            raise
        log.warning("%s", err)
        return None
    log.info("serving http://%s/health and /metrics", serving.address)
    return serving


def _report(session: Session, rounds: list[Round]) -> None:
    readings = sum(len(r.readings) for r in rounds)
    for made in rounds:
        for finding in made.findings:
            text = finding.message.removeprefix(f"{finding.subject}: ")
            say(f"{finding.subject}: {text} ({finding.name})")
    reached = sum(r.reached for r in rounds)
    say(f"{readings} readings from {reached} of {len(rounds)} gateways into {session.store_url}")
    if rounds and not reached:
        raise FieldError(f"none of the {len(rounds)} gateways could be reached")


COMMANDS: tuple[click.Command, ...] = (collect,)
