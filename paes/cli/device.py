"""Commands about one device on the line: probe, plan, scan, bench-device, record, replay."""

from __future__ import annotations

import asyncio

import click

from collectors.device_profile import DeviceProfile, load_profile
from collectors.modbus import ModbusConnection
from collectors.probe import Probe, probe
from collectors.registers import Value
from paes.cli import Session
from paes.cli.output import print_json, print_table, say
from paes.errors import FieldError
from paes.gateways import Transport
from paes.periods import now_utc


@click.command(name="probe")
@click.argument("meter", required=False)
@click.option("--host", help="Address of a gateway that is not configured yet.")
@click.option("--port", default=502, show_default=True, type=click.IntRange(1, 65535))
@click.option("--unit", type=click.IntRange(0, 255), help="Unit behind it.")
@click.option("--profile", metavar="NAME", help="Device profile, e.g. eastron-sdm630.")
@click.option("--timeout", "timeout_s", default=2.0, show_default=True, help="Seconds to wait.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def probe_command(
    session: Session,
    meter: str | None,
    host: str | None,
    port: int,
    unit: int | None,
    profile: str | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Read one device once: every point raw and decoded, with unit, quality and latency.

    Either a configured METER, or --host with --unit and --profile.
    """
    if (meter is None) == (host is None):
        raise click.UsageError("give either a METER or --host (with --unit and --profile)")
    if meter is not None:
        asked = session.installation.meter(meter)
        gateway = session.installation.gateways[asked.gateway]
        connection = ModbusConnection(
            gateway.host, gateway.port, gateway.transport, gateway.timeout_s
        )
        device, unit = _profile(session, asked.device), asked.unit
    else:
        if unit is None or profile is None:
            raise click.UsageError("--host needs --unit and --profile")
        asked, device = None, _profile(session, profile)
        connection = ModbusConnection(str(host), port, Transport.TCP, timeout_s)
    made = asyncio.run(probe(connection, unit, device, now_utc, meter=asked))
    if as_json:
        print_json(made.to_dict())
    else:
        _print_probe(made)
    if made.failed:
        first = next((r.error for r in made.requests if r.error), "no point could be read")
        raise FieldError(first)


def _profile(session: Session, name: str) -> DeviceProfile:
    return load_profile(session.installation.device_file(name))


def _print_probe(made: Probe) -> None:
    for identity in made.identity:
        if identity.matches is not None:
            word = "is what the profile expects" if identity.matches else "IS NOT WHAT IS EXPECTED"
            say(f"identity register {identity.address}: {identity.value!r} {word}")
    print_table(
        f"{made.place} unit {made.unit}, {made.profile} ({made.confidence} confidence)",
        ["point", "address", "words", "unit", "quality", "value"],
        [
            [
                p.name,
                f"{p.function_code}:{p.address}",
                " ".join(f"{w:04X}" for w in p.words),
                p.unit,
                p.quality + (" (verify)" if p.verify else ""),
                _shown(p.value),
            ]
            for p in made.points
        ],
        left=5,
    )
    print_table(
        "requests",
        ["registers", "result", "ms"],
        [
            [
                f"{r.function_code}:{r.address}+{r.count}",
                r.error or "ok",
                "-" if r.latency_ms is None else f"{r.latency_ms:.1f}",
            ]
            for r in made.requests
        ],
        left=2,
    )


def _shown(value: Value | None) -> str:
    return f"{value:.10g}" if isinstance(value, float) else "-" if value is None else str(value)


COMMANDS: tuple[click.Command, ...] = (probe_command,)
