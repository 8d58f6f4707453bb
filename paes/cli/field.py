"""Commands that run until stopped: collect."""

from __future__ import annotations

import asyncio

import click

from collectors.round import Round
from collectors.schedule import Collector
from paes.cli import Session
from paes.cli.output import say
from paes.cli.running import run_until_stopped
from paes.errors import FieldError


@click.command()
@click.option("--once", is_flag=True, help="One round of every gateway, then end.")
@click.pass_obj
def collect(session: Session, once: bool) -> None:
    """Read every meter on schedule into the store until stopped (Ctrl-C).

    With --once the exit code is 1 if no gateway could be reached.
    """
    if once:
        rounds = asyncio.run(_collect_once(session))
        _report(session, rounds)
        return

    async def work(stop: asyncio.Event) -> None:
        collector = Collector(session.installation, session.store)
        say(f"collecting from {len(collector.tasks)} gateways into {session.store_url}")
        await collector.run(stop)

    run_until_stopped(work)
    say("stopped; every reading is stored")


async def _collect_once(session: Session) -> list[Round]:
    return await Collector(session.installation, session.store).collect_once()


def _report(session: Session, rounds: list[Round]) -> None:
    readings = sum(len(r.readings) for r in rounds)
    for made in rounds:
        for finding in made.findings:
            say(f"{finding.subject}: {finding.message} ({finding.name})")
    reached = sum(r.reached for r in rounds)
    say(f"{readings} readings from {reached} of {len(rounds)} gateways into {session.store_url}")
    if rounds and not reached:
        raise FieldError(f"none of the {len(rounds)} gateways could be reached")


COMMANDS: tuple[click.Command, ...] = (collect,)
