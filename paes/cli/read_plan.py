"""``paes plan``: what the collector will ask of a meter or a gateway, and what that costs."""

from __future__ import annotations

from typing import Any

import click

from collectors.device_files import load_device
from collectors.field_task import FieldPlan
from collectors.mbus.plan import MbusPlan
from collectors.modbus.line_load import LineLoad, line_load
from collectors.modbus.read_plan import (
    Block,
    GatewayPlan,
    PollClass,
    UnitPlan,
    period_of,
    poll_class,
)
from collectors.mqtt.plan import MqttPlan
from collectors.transports import plan_for
from paes.cli import Session
from paes.cli.output import percent, print_json, print_table, say
from paes.errors import DataError
from paes.gateways import Gateway


@click.command(name="plan")
@click.argument("meter", required=False)
@click.option("--gateway", "gateway_id", metavar="ID", help="All units of a gateway instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def plan_command(
    session: Session, meter: str | None, gateway_id: str | None, as_json: bool
) -> None:
    """Show what is asked of METER (or of a --gateway): requests, registers, time on the line.

    Nothing is asked of the device. Its turn-round is assumed; paes bench-device measures it.
    """
    if (meter is None) == (gateway_id is None):
        raise click.UsageError("give either a METER or --gateway ID")
    plan = _plan_of(session, _gateway(session, meter, gateway_id))
    if isinstance(plan, MqttPlan):
        _show_mqtt(plan, as_json)
    elif isinstance(plan, MbusPlan):
        _show_mbus(plan, as_json)
    else:
        assert isinstance(plan, GatewayPlan)
        units = [u for u in plan.units if meter is None or meter in {m.id for m in u.meters}]
        if as_json:
            print_json(_document(plan, units))
        else:
            _show(plan, units, in_detail=meter is not None)


def _gateway(session: Session, meter: str | None, gateway_id: str | None) -> Gateway:
    gateways = session.installation.gateways
    wanted = session.installation.field_meter(meter).gateway if meter else str(gateway_id)
    if wanted not in gateways:
        raise DataError(f"no gateway {wanted!r}; there is {', '.join(sorted(gateways))}")
    return gateways[wanted]


def _plan_of(session: Session, gateway: Gateway) -> FieldPlan:
    meters = session.installation.meters_behind(gateway.id)
    if not meters:
        raise DataError(f"gateway {gateway.id} has no meters in meters.yaml")
    files = {m.device: session.installation.device_file(m.device) for m in meters}
    return plan_for(gateway, meters, {d: load_device(path) for d, path in files.items()})


def _show(plan: GatewayPlan, units: list[UnitPlan], in_detail: bool) -> None:
    if in_detail:
        for unit in units:
            _show_requests(plan.gateway, unit)
    _show_units(plan)
    _show_load(plan.gateway, line_load(plan))


def _show_requests(gateway: Gateway, unit: UnitPlan) -> None:
    print_table(
        f"unit {unit.unit}, {unit.profile.id}: a round in which everything is read",
        ["registers", "read as", "points", "ms on the line"],
        [
            [
                f"{b.function_code}:{b.address}+{b.count}",
                " ".join(_classes(unit, b)),
                ", ".join(p.name for p in b.points),
                f"{1000 * unit.bus.block_s(b.count):.0f}",
            ]
            for b in unit.blocks
        ],
        left=3,
    )
    if unit.profile.is_relative:
        say("addresses count from the SunSpec model, which is looked for at each connection")
    periods = ", ".join(f"{c} every {period_of(gateway, c).total_seconds():g} s" for c in PollClass)
    say(f"{periods}; serial number and identity once after each connection")


def _classes(unit: UnitPlan, block: Block) -> list[str]:
    """The classes of the meters' points in a block, in the order of their periods."""
    names = {p.name for p in block.points}
    found = {poll_class(m, p) for m, p in unit.wanted if p.name in names}
    return [c.value for c in PollClass if c in found]


def _show_units(plan: GatewayPlan) -> None:
    print_table(
        f"gateway {plan.gateway.id} ({plan.gateway.place}, {plan.gateway.transport})",
        ["unit", "device", "meters", "requests", "registers", "ms on the line", "time limit s"],
        [
            [
                str(u.unit),
                u.profile.id,
                ", ".join(m.id for m in u.meters),
                str(len(u.blocks)),
                str(sum(b.count for b in u.blocks)),
                f"{1000 * u.bus_time_s:.0f}",
                f"{u.timeout_s:g}",
            ]
            for u in plan.units
        ],
        left=3,
    )


def _show_load(gateway: Gateway, load: LineLoad) -> None:
    say(
        f"a full round keeps the line busy for {load.longest_round_s:.2f} s of the "
        f"{load.round_period_s} s until the next ({percent(load.longest_fraction)}); on average "
        f"{percent(load.busy_fraction)} of the time"
    )
    if load.is_too_much:
        say(
            "TOO MUCH for this line: lengthen poll_period_s or fast_period_s of gateway "
            f"{gateway.id}, raise the baud rate, or put some units on another line"
        )


def _document(plan: GatewayPlan, units: list[UnitPlan]) -> dict[str, Any]:
    load = line_load(plan)
    return {
        "gateway": plan.gateway.id,
        "place": plan.gateway.place,
        "transport": plan.gateway.transport.value,
        "period_s": {c.value: period_of(plan.gateway, c).total_seconds() for c in PollClass},
        "requests": plan.requests,
        "bus_time_s": plan.bus_time_s,
        "longest_fraction": load.longest_fraction,
        "busy_fraction": load.busy_fraction,
        "too_much": load.is_too_much,
        "units": [_unit_document(u) for u in units],
    }


def _unit_document(unit: UnitPlan) -> dict[str, Any]:
    return {
        "unit": unit.unit,
        "device": unit.profile.id,
        "meters": [m.id for m in unit.meters],
        "timeout_s": unit.timeout_s,
        "bus_time_s": unit.bus_time_s,
        "requests": [
            {
                "function_code": b.function_code,
                "address": b.address,
                "count": b.count,
                "classes": _classes(unit, b),
                "points": [p.name for p in b.points],
                "bus_time_s": unit.bus.block_s(b.count),
            }
            for b in unit.blocks
        ],
    }


def _show_mbus(plan: MbusPlan, as_json: bool) -> None:
    rows = [(u.name, [m.id for m in u.meters], [p.name for _, p in u.wanted]) for u in plan.units]
    if as_json:
        print_json(_asked(plan.gateway, "address", rows))
        return
    print_table(
        f"gateway {plan.gateway.id} ({plan.gateway.place}, M-Bus at {plan.baud} baud)",
        ["address", "meters", "points"],
        [[address, ", ".join(meters), ", ".join(points)] for address, meters, points in rows],
        left=3,
    )
    say(
        f"one request a meter every {plan.gateway.poll_period_s} s; it answers with all it has, "
        "of which these points are taken"
    )


def _show_mqtt(plan: MqttPlan, as_json: bool) -> None:
    rows = [(u.topic_filter, [u.meter.id], [p.name for p in u.points]) for u in plan.units]
    if as_json:
        print_json(_asked(plan.gateway, "topic", rows))
        return
    print_table(
        f"broker {plan.gateway.id} ({plan.gateway.place})",
        ["topic", "meter", "points"],
        [[topic, ", ".join(meters), ", ".join(points)] for topic, meters, points in rows],
        left=3,
    )
    say("nothing is asked: the devices send when they like")


def _asked(
    gateway: Gateway, key: str, rows: list[tuple[str, list[str], list[str]]]
) -> dict[str, Any]:
    return {
        "gateway": gateway.id,
        "place": gateway.place,
        "transport": gateway.transport.value,
        "units": [{key: a, "meters": m, "points": p} for a, m, p in rows],
    }


COMMANDS: tuple[click.Command, ...] = (plan_command,)
