"""Commands that stand in for the field: simulate, proxy."""

from __future__ import annotations

import asyncio

import click

from collectors.simulator import (
    KINDS,
    Fault,
    Framing,
    Proxy,
    Simulator,
    parse_fault,
    parse_kind,
)
from collectors.simulator.faults import Sort
from paes.cli import Session
from paes.cli.output import print_table, say
from paes.cli.running import run_until_stopped
from paes.errors import DataError
from paes.meters import FieldMeter
from paes.periods import now_utc

SIMULATOR_PORT = 5020
SERIAL = "serial"


@click.command()
@click.option("--port", default=SIMULATOR_PORT, show_default=True, type=click.IntRange(0, 65000),
              help="Port of the first gateway; 0 takes free ones.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--framing", default="tcp", show_default=True,
              type=click.Choice(["tcp", "rtu", SERIAL]),
              help="tcp: Modbus TCP; rtu: RTU frames over TCP; serial: RTU frames on a "
                   "pseudo-terminal for each gateway.")  # fmt: skip
@click.option("--speed", default=1.0, show_default=True, help="Virtual seconds a second.")
@click.option("--seed", type=int, help="Another town of the same kind.")
@click.option("--fault", "faults", multiple=True, metavar="METER=KIND[:N]",
              help="A device that misbehaves; see --faults.")  # fmt: skip
@click.option("--faults", "show_faults", is_flag=True, help="List the kinds of faults and end.")
@click.pass_obj
def simulate(
    session: Session,
    port: int,
    host: str,
    framing: str,
    speed: float,
    seed: int | None,
    faults: tuple[str, ...],
    show_faults: bool,
) -> None:
    """Serve the configured meters as Modbus servers until stopped (Ctrl-C).

    A fault is METER=KIND[:N][,share=F][,from=TIME][,to=TIME], for example school.main=late:3 or
    school.main=silent,share=0.2 or school.main=busy,from=+60,to=+120 (virtual seconds). Those of
    the load change what flows: school.water=leak:20,from=2026-03-01T00:00:00Z.
    """
    if show_faults:
        _print_kinds()
        return
    installation, now = session.installation, now_utc()
    known = [*installation.field_meters, *installation.sensors]
    played = [parse_fault(text, known, now) for text in faults]

    async def work(stop: asyncio.Event) -> None:
        simulator = Simulator(
            installation,
            host=host,
            port=port,
            speed=speed,
            seed=seed,
            faults=played,
            framing=Framing.TCP if framing == "tcp" else Framing.RTU,
            on_lines=framing == SERIAL,
        )
        await simulator.start()
        try:
            _print_gateways(simulator)
            await stop.wait()
        finally:
            await simulator.stop()

    run_until_stopped(work)


@click.command()
@click.option("--listen", default=SIMULATOR_PORT, show_default=True, type=click.IntRange(0, 65535),
              help="Port to listen at; 0 takes a free one.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--upstream", required=True, metavar="HOST:PORT", help="The server to ask.")
@click.option("--framing", default="tcp", show_default=True, type=click.Choice(["tcp", "rtu"]),
              help="Of the listening side; the server is asked by Modbus TCP.")  # fmt: skip
@click.option("--fault", "faults", multiple=True, metavar="KIND[:N]",
              help="What goes wrong on the wire; see paes simulate --faults.")  # fmt: skip
@click.option("--unit", type=click.IntRange(0, 255), help="Only in the answers of this unit.")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True),
              help="How many of the answers, from 0 to 1.")  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Other answers are struck.")
def proxy(
    listen: int,
    host: str,
    upstream: str,
    framing: str,
    faults: tuple[str, ...],
    unit: int | None,
    share: float | None,
    seed: int,
) -> None:
    """Stand before any Modbus TCP server and play faults of the wire (Ctrl-C stops it).

    Only requests that read are let through.
    """
    address = _address(upstream)
    now = now_utc()
    played = [parse_kind(text, now=now, share=share) for text in faults]

    async def work(stop: asyncio.Event) -> None:
        server = Proxy(address, played, unit=unit, framing=Framing(framing), seed=seed)
        at = await server.start(host, listen)
        try:
            click.echo(f"{at[0]}:{at[1]} -> {address[0]}:{address[1]} {_told(played)}")
            await stop.wait()
        finally:
            await server.stop()

    run_until_stopped(work)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) <= 65535:
        raise DataError(f"upstream {text!r}; expected HOST:PORT, e.g. 192.0.2.10:502")
    return host.strip("[]"), int(port)


def _told(faults: list[Fault]) -> str:
    return f"with {', '.join(f.kind for f in faults)}" if faults else "without a fault"


def _print_gateways(simulator: Simulator) -> None:
    places = {g: f"{at[0]}:{at[1]}" for g, at in simulator.addresses.items()} | simulator.lines
    installation = simulator.installation
    print_table(
        "simulated gateways (Ctrl-C stops them)",
        ["gateway", "address", "units"],
        [
            [gateway, place, _units(installation.meters_behind(gateway))]
            for gateway, place in places.items()
        ],
        left=3,
    )
    for gateway in simulator.left_out:
        transport = installation.gateways[gateway].transport
        say(f"gateway {gateway} is left out: it speaks {transport}, not Modbus")


def _print_kinds() -> None:
    rows = []
    for name, kind in KINDS.items():
        number = ""
        if kind.parameter:
            usual = kind.parameter.default
            number = kind.parameter.name + ("" if usual is None else f" [{usual:g}]")
        where = kind.sort if kind.sort in (Sort.COUNTER, Sort.LOAD) else "wire"
        rows.append([name, number, where, kind.says])
    print_table("faults (those of the wire can be played by paes proxy)",
                ["kind", "number", "where", "what is seen"], rows, left=4)  # fmt: skip


def _units(meters: list[FieldMeter]) -> str:
    return ", ".join(f"{m.unit} {m.id.split('.', 1)[1]}" for m in meters)


COMMANDS: tuple[click.Command, ...] = (simulate, proxy)
