"""Commands that stand in for the field: simulate."""

from __future__ import annotations

import asyncio

import click

from collectors.simulator import KINDS, Simulator, parse_fault
from paes.cli import Session
from paes.cli.output import print_table
from paes.cli.running import run_until_stopped
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

    run_until_stopped(work)


def _units(meters: list[Meter]) -> str:
    return ", ".join(f"{m.unit} {m.id.split('.', 1)[1]}" for m in meters)


COMMANDS: tuple[click.Command, ...] = (simulate,)
