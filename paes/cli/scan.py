"""``paes scan``: which units answer on a line, and what they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import click

from collectors.device_files import load_device
from collectors.devices.profile import DeviceProfile
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.read_plan import GatewayPlan, plan, plan_gateway
from collectors.modbus.sunspec import COMMON
from collectors.technician.scan import (
    KNOCK,
    KNOCKS,
    SHORT_S,
    Knock,
    Scan,
    ScannedUnit,
    longest_s,
    parse_units,
    scan,
)
from paes.cli import Session
from paes.cli.output import bar, print_json, print_table, say
from paes.errors import DataError, NoReply
from paes.gateways import Gateway, SerialLine, Transport


@click.command(name="scan")
@click.argument("target")
@click.option("--units", default="1-247", show_default=True, help="Which: 1-247, or 1,2,10-20.")
@click.option(
    "--timeout",
    "timeout_s",
    default=SHORT_S,
    show_default=True,
    type=click.FloatRange(0.05, 60),
    help="Seconds to wait for each unit.",
)
@click.option("--thorough", is_flag=True, help="Three questions a unit instead of one.")
@click.option("--rtu-over-tcp", is_flag=True, help="RTU frames through HOST:PORT.")
@click.option("--baud", default=9600, show_default=True, help="Speed of a serial line.",
              type=click.IntRange(300, 1_000_000))  # fmt: skip
@click.option(
    "--parity",
    default="N",
    show_default=True,
    type=click.Choice(["N", "E", "O"]),
    help="Parity of a serial line.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def scan_command(
    session: Session,
    target: str,
    units: str,
    timeout_s: float,
    thorough: bool,
    rtu_over_tcp: bool,
    baud: int,
    parity: Any,
    as_json: bool,
) -> None:
    """Find the units that answer at TARGET, and say what they are. Never writes.

    TARGET is HOST:PORT, a serial device (/dev/...), or a configured gateway. Stop the collector
    first where the gateway takes one client at a time. A unit that is silent at addresses it does
    not have is only found with --thorough.
    """
    gateway, configured = _gateway(session, target, rtu_over_tcp, baud, parity)
    asked = parse_units(units)
    profiles = _profiles(session)
    knocks = KNOCKS if thorough else (KNOCK,)
    planned = _plan(session, gateway, profiles) if configured else None
    connection = ModbusConnection.for_gateway(gateway)
    most_s = longest_s(connection, len(asked), timeout_s, len(knocks))
    say(
        f"{gateway.place}: {len(asked)} units, {timeout_s:g} s each if silent; "
        f"at most {_duration(most_s)}, longer only if the line proves slow"
    )
    with bar() as progress:
        task = progress.add_task("units", total=len(asked))
        made = asyncio.run(
            scan(
                connection,
                asked,
                profiles.values(),
                timeout_s,
                knocks,
                _hints(planned),
                lambda done, of: progress.update(task, completed=done, total=of),
            )
        )
    if as_json:
        print_json(made.to_dict())
    else:
        _print_scan(made)
    _say_what_is_odd(made, planned)
    if not made.found:
        raise NoReply(_nobody(made))


def _gateway(
    session: Session, target: str, rtu_over_tcp: bool, baud: int, parity: Any
) -> tuple[Gateway, bool]:
    """The line to scan, and whether it is a configured one."""
    if target.startswith("/"):
        line = SerialLine(device=target, baud=baud, parity=parity)
        return Gateway(id="line", transport=Transport.SERIAL, serial=line), False
    host, colon, port = target.rpartition(":")
    if not colon:
        configured = session.installation.gateways
        if target not in configured:
            raise DataError(
                f"no gateway {target!r} is configured; give one that is, HOST:PORT, or a serial "
                "device (/dev/...)"
            )
        return configured[target], True
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise DataError(f"{target!r}: {port!r} is no port; expected HOST:PORT, e.g. 10.0.0.7:502")
    transport = Transport.RTU_OVER_TCP if rtu_over_tcp else Transport.TCP
    return Gateway(id="line", host=host.strip("[]"), port=int(port), transport=transport), False


def _profiles(session: Session) -> dict[str, DeviceProfile]:
    """Every Modbus profile there is; the installation's own go before the shipped ones."""
    loaded: dict[str, DeviceProfile] = {}
    for folder in session.installation.device_folders:
        for path in sorted(folder.glob("*.yaml")):
            if path.stem not in loaded:
                profile = load_device(path)
                if isinstance(profile, DeviceProfile):
                    loaded[path.stem] = profile
    return loaded


def _plan(
    session: Session, gateway: Gateway, profiles: Mapping[str, DeviceProfile]
) -> GatewayPlan | None:
    meters = session.installation.meters_behind(gateway.id)
    return plan_gateway(gateway, meters, profiles) if meters else None


def _hints(planned: GatewayPlan | None) -> dict[int, Knock]:
    """A register that each configured unit is read for; not where it must be found first."""
    hints = {}
    for unit in planned.units if planned else ():
        if not unit.profile.is_relative:
            block = plan(unit.profile, [unit.wanted[0][1]])[0]
            hints[unit.unit] = (block.function_code, block.address, block.count)
    return hints


def _print_scan(made: Scan) -> None:
    print_table(
        f"{made.place}: {len(made.found)} units answer, {len(made.silent)} are silent, "
        f"{len(made.absent)} are not there (the gateway says so); {made.duration_s:.1f} s",
        ["unit", "what it is", "profile", "SunSpec", "answer", "ms"],
        [
            [
                str(one.unit),
                one.what.identity.label or "-",
                (", " if one.what.sunspec else " or ").join(one.what.profiles) or "-",
                _sunspec(one),
                one.answer.rpartition("refused: ")[2],
                f"{one.latency_ms:.1f}",
            ]
            for one in made.found
        ],
        left=5,
    )


def _sunspec(one: ScannedUnit) -> str:
    found = one.what.sunspec
    if found is None:
        return "-"
    models = ", ".join(str(m.id) for m in found.models if m.id != COMMON)
    return f"at {found.base}: {models or 'model 1 only'}" + (" …" if found.error else "")


def _say_what_is_odd(made: Scan, planned: GatewayPlan | None) -> None:
    there = {one.unit for one in made.found}
    for one in made.found:
        if one.what.sunspec and one.what.sunspec.error:
            say(f"unit {one.unit}: SunSpec {one.what.sunspec.error}")
    if made.repeated:
        units = ", ".join(map(str, made.repeated))
        say(f"units {units} give one serial number: one device that answers to several numbers")
    for unit in planned.units if planned else ():
        if unit.unit in {*made.silent, *made.absent} - there:
            names = ", ".join(m.id for m in unit.meters)
            say(f"unit {unit.unit} is configured ({names}), and does not answer")
    if made.error:
        say(made.error)


def _nobody(made: Scan) -> str:
    text = f"{made.place}: connected, and no unit answers"
    if made.error:
        return f"{made.place}: {made.error}"
    if made.absent:
        return f"{text}; the gateway says that it hears nobody: wiring, baud rate, parity?"
    return f"{text} within {made.timeout_s:g} s; try --timeout 2 --thorough, and look at the wiring"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


COMMANDS: tuple[click.Command, ...] = (scan_command,)
