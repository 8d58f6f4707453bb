"""Commands that keep a device as a file, and bring it back: record, replay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from collectors.devices.profile import DeviceProfile, load_profile
from collectors.modbus.connection import ModbusConnection
from collectors.simulator import Framing, virtual_clock
from collectors.simulator.replay import Replay
from collectors.simulator.server import GatewayServer
from collectors.technician.device_dump import Dump, load_dump, parse_range
from collectors.technician.recording import SMALL_BLOCK, Wanted, record
from paes.cli import Session
from paes.cli.output import bar, require_writable, say
from paes.cli.running import run_until_stopped
from paes.gateways import Transport
from paes.periods import now_utc

SERIAL = "serial"


@click.command(name="record")
@click.argument("meter", required=False)
@click.option("--host", help="Address of a gateway that is not configured yet.")
@click.option("--port", default=502, show_default=True, type=click.IntRange(1, 65535))
@click.option("--framing", default="tcp", show_default=True, help="Of --host: tcp or rtu.",
              type=click.Choice(["tcp", "rtu"]))  # fmt: skip
@click.option("--unit", type=click.IntRange(0, 255), help="Unit behind --host.")
@click.option("--profile", metavar="NAME", help="Device profile, e.g. eastron-sdm630.")
@click.option("--timeout", "timeout_s", default=2.0, show_default=True, help="Seconds to wait.",
              type=click.FloatRange(0.05, 60))  # fmt: skip
@click.option("--range", "ranges", multiple=True, metavar="FC:START-END",
              help="More registers, zero-based, both ends included, e.g. 4:0-99.")  # fmt: skip
@click.option("--block", default=SMALL_BLOCK, show_default=True, type=click.IntRange(1, 125),
              help="Registers in one request for a --range.")  # fmt: skip
@click.option("--samples", default=1, show_default=True, type=click.IntRange(1, 10_000),
              help="Read everything so often, so that counters move.")  # fmt: skip
@click.option("--every", "every_s", default=60.0, show_default=True,
              type=click.FloatRange(0, 86400),
              help="Seconds from one sample to the next.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="File to write, .yaml or .json [METER-TIME.yaml].")  # fmt: skip
@click.pass_obj
def record_command(
    session: Session,
    meter: str | None,
    host: str | None,
    port: int,
    framing: str,
    unit: int | None,
    profile: str | None,
    timeout_s: float,
    ranges: tuple[str, ...],
    block: int,
    samples: int,
    every_s: float,
    out: Path | None,
) -> None:
    """Record what a device answers into a file that `paes replay` serves (never writes to it).

    Either a configured METER, or --host with --unit and --profile or --range.
    """
    if (meter is None) == (host is None):
        raise click.UsageError("give either a METER or --host (with --unit)")
    wanted = Wanted(tuple(parse_range(text) for text in ranges), samples, every_s, block)
    device: DeviceProfile | None
    if meter is not None:
        asked = session.installation.field_meter(meter)
        gateway = session.installation.gateways[asked.gateway]
        connection = ModbusConnection.for_gateway(gateway)
        device, unit = _profile(session, asked.device), asked.unit
    else:
        if unit is None or (profile is None and not ranges):
            raise click.UsageError("--host needs --unit, and --profile or --range")
        transport = Transport.TCP if framing == "tcp" else Transport.RTU_OVER_TCP
        connection = ModbusConnection(str(host), port, transport, timeout_s)
        device = _profile(session, profile) if profile else None
    path = out or Path(f"{meter or f'{host}-unit-{unit}'}-{now_utc():%Y%m%dT%H%M%SZ}.yaml")
    require_writable(path.parent)
    dump = _record(connection, unit, device, wanted, meter)
    dump.write(path)
    say(f"{path}: {_told(dump)}")


@click.command(name="replay")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--port", default=5020, show_default=True, type=click.IntRange(0, 65535),
              help="Port to listen at; 0 takes a free one.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--framing", default="tcp", show_default=True,
              type=click.Choice(["tcp", "rtu", SERIAL]),
              help="tcp: Modbus TCP; rtu: RTU frames over TCP; serial: RTU frames on a "
                   "pseudo-terminal.")  # fmt: skip
@click.option("--unit", type=click.IntRange(0, 255), help="Answer as this unit [the recorded].")
@click.option("--speed", default=1.0, show_default=True, help="Recorded seconds a second.")
@click.option("--latency", "with_latency", is_flag=True, help="Answer as slowly as the device.")
def replay_command(
    file: Path,
    port: int,
    host: str,
    framing: str,
    unit: int | None,
    speed: float,
    with_latency: bool,
) -> None:
    """Serve a recorded device until stopped (Ctrl-C)."""
    dump = load_dump(file)
    device = Replay(dump, unit, with_latency)

    async def work(stop: asyncio.Event) -> None:
        served = Framing.TCP if framing == "tcp" else Framing.RTU
        server = GatewayServer(device.answer, virtual_clock(speed, start_s=0.0), served)
        try:
            if framing == SERIAL:
                place = await server.start_line()
            else:
                place = "{}:{}".format(*await server.start(host, port))
            click.echo(f"{place} unit {device.unit}: {_told(dump)}")
            await stop.wait()
        finally:
            await server.stop()

    run_until_stopped(work)


def _record(
    connection: ModbusConnection,
    unit: int,
    device: DeviceProfile | None,
    wanted: Wanted,
    meter: str | None,
) -> Dump:
    with bar() as shown:
        task = shown.add_task(f"registers of {connection.place} unit {unit}", total=None)

        def progress(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        return asyncio.run(
            record(connection, unit, device, wanted, now_utc, meter=meter, progress=progress)
        )


def _profile(session: Session, name: str) -> DeviceProfile:
    return load_profile(session.installation.device_file(name))


def _told(dump: Dump) -> str:
    """``36 registers, samples: 3, requests refused: 2, an answer in 21 ms``."""
    failures = dump.samples[0].failures
    silent = sum(f.outcome == "silent" for f in failures)
    parts = [f"{dump.registers} registers", f"samples: {len(dump.samples)}"]
    if len(failures) > silent:
        parts.append(f"requests refused: {len(failures) - silent}")
    if silent:
        parts.append(f"requests without an answer: {silent}")
    if dump.latencies_ms:
        parts.append(f"an answer in {dump.latencies_ms[len(dump.latencies_ms) // 2]:.0f} ms")
    return ", ".join(parts)


COMMANDS: tuple[click.Command, ...] = (record_command, replay_command)
