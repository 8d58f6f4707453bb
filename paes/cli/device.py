"""``paes probe``: one device read once, raw and decoded."""

from __future__ import annotations

import asyncio

import click

from collectors.devices.registers import Value
from collectors.devices.word_order import OrderVote
from collectors.mbus.plan import plan_mbus
from collectors.mbus.profile import MbusProfile
from collectors.modbus.bus_time import pause_s
from collectors.modbus.connection import ModbusConnection
from collectors.technician.probe import probe
from collectors.technician.probe_mbus import probe_mbus
from collectors.technician.probed import Probe, ProbedPoint
from paes.cli.output import print_json, print_table, say
from paes.cli.target import Target, modbus_profile, with_target
from paes.errors import DataError, FieldError
from paes.gateways import Gateway, Transport
from paes.meters import FieldMeter
from paes.periods import now_utc

WORD_ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")


@click.command(name="probe")
@with_target
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def probe_command(target: Target, as_json: bool) -> None:
    """Read one device once: every point raw and decoded, with unit, quality and latency.

    Either a configured METER, or --host (or --serial) with --unit and --profile. Numbers that
    take several registers are also shown in the other word orders.
    """
    if isinstance(target.profile, MbusProfile) and target.meter:
        _probe_mbus(target.gateway, target.profile, target.meter, as_json)
        return
    if target.gateway.transport is Transport.MQTT:
        raise DataError(
            f"{target.gateway.id} is a broker: its devices cannot be asked, they send when they "
            "like; paes plan METER shows the topic to listen to, paes status what came"
        )
    profile = modbus_profile(target)
    connection = ModbusConnection.for_gateway(target.gateway)
    rest_s = pause_s(target.gateway, profile)
    made = asyncio.run(
        probe(connection, target.unit, profile, now_utc, meter=target.meter, pause_s=rest_s)
    )
    if as_json:
        print_json(made.to_dict())
    else:
        _print_probe(made)
    if made.failed:
        first = next((r.error for r in made.requests if r.error), "no point could be read")
        raise FieldError(first)


def _probe_mbus(gateway: Gateway, profile: MbusProfile, meter: FieldMeter, as_json: bool) -> None:
    plan = plan_mbus(gateway, [meter], {profile.id: profile})
    made = asyncio.run(probe_mbus(plan, meter, now_utc))
    if as_json:
        print_json(made.to_dict())
        return
    head = made.telegrams[0]
    print_table(
        f"{made.place} {made.address}: {head.manufacturer} no. {head.identification}",
        ["record", "is", "value", "unit", "fault"],
        [[str(r.index), str(r), _shown(r.value), r.unit, r.fault] for r in made.records],
        left=2,
    )
    print_table(
        f"will be stored ({profile.id})",
        ["point", "quality", "value"],
        [[r.point, r.quality.value, _shown(r.value)] for r in made.readings],
        left=2,
    )
    latencies = ", ".join(f"{ms:.0f}" for ms in made.latencies_ms)
    say(f"{len(made.telegrams)} telegrams, answers after {latencies} ms")
    for finding in made.findings:
        say(f"{finding.message} ({finding.name})")


def _print_probe(made: Probe) -> None:
    if made.points:
        _print_points(made)
        _print_orders(made)
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
    if made.sunspec:
        say(made.sunspec)
    for identity in made.identity:
        if identity.matches is not None:
            word = "is what the profile expects" if identity.matches else "IS NOT WHAT IS EXPECTED"
            say(f"identity register {identity.address}: {identity.value!r} {word}")


def _print_points(made: Probe) -> None:
    print_table(
        f"{made.place} unit {made.unit}, {made.profile} ({made.confidence} confidence)",
        ["point", "address", "words", "quality", "value", "unit", "stored as"],
        [
            [
                p.name,
                f"{p.function_code}:{p.address}",
                " ".join(f"{w:04X}" for w in p.words),
                p.quality + (" (verify)" if p.verify else ""),
                _shown(p.value),
                p.unit,
                ""
                if p.stored_value is None
                else f"{_shown(p.stored_value)} {p.stored_unit}".removesuffix(" 1"),
            ]
            for p in made.points
        ],
        left=4,
    )


def _print_orders(made: Probe) -> None:
    """Numbers of several registers in all four orders, and which of them to believe."""
    points = [p for p in made.points if p.other_orders and any(p.words)]
    if not points:
        return
    print_table(
        "the same words in every order: [ ] is the profile's, * can be what the point measures",
        ["point", "unit", *WORD_ORDERS],
        [[p.name, p.unit, *(_in_order(p, order) for order in WORD_ORDERS)] for p in points],
        left=2,
    )
    if made.orders is not None:
        say(_verdict(made.orders))


def _verdict(seen: OrderVote) -> str:
    best = f"{seen.best_credible} of {seen.judged} values"
    if not seen.is_telling:
        return (
            f"WORD ORDER: none makes sense (at best {seen.best}: {best} credible); "
            "is this the device that the profile describes?"
        )
    if seen.agrees:
        return f"word order: the profile's {seen.declared} makes {best} credible"
    return (
        f"WORD ORDER: {seen.best} makes {best} credible, the profile's {seen.declared} "
        f"{seen.declared_credible}; copy the profile to devices/ and write order: {seen.best}"
    )


def _in_order(point: ProbedPoint, order: str) -> str:
    is_own = order == point.order
    text = _shown(point.value if is_own else point.other_orders[order], digits=6)
    mark = "*" if order == point.plausible_order else ""
    return f"{mark}[{text}]" if is_own else f"{mark}{text}"


def _shown(value: Value | None, digits: int = 10) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return "-" if value is None else str(value)


COMMANDS: tuple[click.Command, ...] = (probe_command,)
