"""Commands that run until stopped: simulate, collect."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import click

from collectors.round import Round
from collectors.schedule import Collector
from collectors.simulator import KINDS, Simulator, parse_fault
from paes.cli import Session
from paes.cli.output import print_table, say
from paes.errors import FieldError
from paes.metering import Meter

SIMULATOR_PORT = 5020


@click.command()
@click.option("--port", default=SIMULATOR_PORT, show_default=True, type=click.IntRange(0, 65000),
              help="Port of the first gateway; 0 takes free ones.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--speed", default=1.0, show_default=True, help="Virtual seconds a second.")
@click.option("--seed", type=int, help="Another town of the same kind.")
@click.option("--fault", "faults", multiple=True, metavar="METER=KIND",
              help=f"A device that misbehaves: {', '.join(sorted(KINDS))}.")  # fmt: skip
@click.pass_obj
def simulate(
    session: Session, port: int, host: str, speed: float, seed: int | None, faults: tuple[str, ...]
) -> None:
    """Serve the configured meters as Modbus TCP servers until stopped (Ctrl-C)."""
    installation = session.installation
    played = [parse_fault(text, installation.meters) for text in faults]

    async def work(stop: asyncio.Event) -> None:
        simulator = Simulator(
            installation, host=host, port=port, speed=speed, seed=seed, faults=played
        )
        await simulator.start()
        try:
            print_table(
                "simulated gateways (Ctrl-C stops them)",
                ["gateway", "address", "units"],
                [
                    [gateway, f"{at[0]}:{at[1]}", _units(installation.meters_behind(gateway))]
                    for gateway, at in simulator.addresses.items()
                ],
                left=3,
            )
            await stop.wait()
        finally:
            await simulator.stop()

    _run_until_stopped(work)


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

    _run_until_stopped(work)
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


def _units(meters: list[Meter]) -> str:
    return ", ".join(f"{m.unit} {m.id.split('.', 1)[1]}" for m in meters)


def _run_until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run ``work(stop)`` until SIGINT or SIGTERM, which let it end in order."""

    async def guarded() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await work(stop)

    asyncio.run(guarded())


COMMANDS = (simulate, collect)
