"""Commands about meters and their energy: energy, status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta

import click
import pandas as pd

from collectors.spool.spool import Spool
from paes.accounting.estimate_parts import Estimate
from paes.accounting.estimation import Method
from paes.accounting.site_energy import SiteEnergy
from paes.cli import Session
from paes.cli.asked import asked_span, by_option, from_option, json_option, period_text, to_option
from paes.cli.output import number, percent, print_json, print_table, say
from paes.cli.spool_file import spool_file
from paes.errors import DataError
from paes.meter_status import meter_states
from paes.metering import Carrier, Finding, Measures
from paes.periods import By, Span, duration_text, zone
from paes.report.documents import estimate_document, frame_records
from paes.sensor_status import sensor_states

_UNKNOWN: dict[str, str | None] = {"state": None, "detail": None, "next_try": None}
KINDS = (Measures.WITHDRAWAL, Measures.GENERATION, Measures.FEED_IN, Measures.WATER)
SHOWN_ESTIMATES = 12
"""Stretches of estimates that are printed one by one; --json has all of them."""
METHOD_TEXTS = {
    Method.LINEAR: "on a line between the neighbours",
    Method.TYPICAL_DAY: "typical days times the level of the neighbours",
    Method.REGISTER_LINEAR: "its amount is known, its course on a line",
    Method.REGISTER_TYPICAL_DAY: "its amount is known, its course that of typical days",
    Method.REGISTER_EVEN: "its amount is known, its course taken as even",
    Method.MANUAL: "as a person states it (paes edit)",
    Method.BILL: "as an estimated bill states it",
    Method.SEVERAL: "several together",
}


@click.command()
@click.option("--site", metavar="ID", help="All of a site.")
@click.option("--meter", metavar="ID", help="One meter.")
@click.option("--carrier", type=click.Choice([str(c) for c in Carrier]), help="One carrier.")
@from_option
@to_option
@by_option
@json_option
@click.pass_obj
def energy(
    session: Session,
    site: str | None,
    meter: str | None,
    carrier: str | None,
    start: str | None,
    end: str | None,
    by: str,
    as_json: bool,
) -> None:
    """Energy by period: measured, estimated and missing, with bounds and coverage.

    For one meter also the stretches that are estimated, by which method, and what was wrong with
    its readings.
    """
    span = asked_span(session, start, end, By(by))
    series = list(_series(session, site, meter, carrier, span, By(by)))
    if not series:
        raise DataError("no meter measures that; see: paes status")
    asked = session.installation.meters.get(meter or "")  # none of a virtual one
    estimates = session.ledger.estimates(asked, span, By(by)) if asked else []
    if as_json:
        found = [{**key, "periods": frame_records(frame)} for key, frame in series]
        if asked:
            unit = session.installation.register(asked).unit.lower()
            found[0]["estimates"] = [estimate_document(e, unit) for e in estimates]
        print_json(found)
        return
    for key, frame in series:
        _print_energy(key, frame, By(by))
    if asked:
        _print_estimates(estimates, session.installation.register(asked).unit, session)
        _say_findings(session.ledger.findings(asked, span))


@click.command()
@json_option
@click.pass_obj
def status(session: Session, as_json: bool) -> None:
    """Per meter: last reading, its age, the coverage of the last day, and its unit on the line.

    Sensors, which count nothing, stand below the meters. The unit is as the collector on this
    machine last saw it; how much waits for the store is told beside the table.
    """
    units = _units_and_spool(session)  # told even if the store does not answer
    states = meter_states(session.ledger, session.city.meters.values())
    sensors = sensor_states(session.ledger, session.city.sensors.values())
    counted = f"{len(states)} meters" + (f", sensors: {len(sensors)}" if sensors else "")
    states = [*states, *sensors]
    if as_json:
        print_json(
            [
                {
                    "meter": s.meter,
                    "state": str(s.state),
                    "last_reading_at": s.last_at.isoformat() if s.last_at else None,
                    "age_s": s.age_s,
                    "coverage_last_day": s.coverage_last_day,
                    "unit_state": units.get(s.meter, _UNKNOWN)["state"],
                    "unit_detail": units.get(s.meter, _UNKNOWN)["detail"],
                    "next_try": units.get(s.meter, _UNKNOWN)["next_try"],
                }
                for s in states
            ]
        )
        return
    print_table(
        f"{session.city.name}: {counted}",
        ["meter", "state", "unit", "last reading (UTC)", "age", "last day"],
        [
            [
                s.meter,
                str(s.state),
                units.get(s.meter, _UNKNOWN)["state"] or "-",
                s.last_at.strftime("%Y-%m-%d %H:%M:%S") if s.last_at else "-",
                str(timedelta(seconds=int(s.age_s))) if s.age_s is not None else "-",
                percent(s.coverage_last_day),
            ]
            for s in states
        ],
        left=3,
    )


def _units_and_spool(session: Session) -> dict[str, dict[str, str | None]]:
    """How the collector last saw the unit of each meter.

    Says how much waits in its spool, and whether it works by the configuration on disk.
    """
    path = spool_file(session)
    if not path.is_file():
        return {}
    with closing(Spool(path, create=False)) as spool:
        depth, lines = spool.depth(), spool.states("gateway:")
        problem = (spool.state("config") or {}).get("problem")
    if depth.readings or depth.refused:
        say(f"{depth.readings} readings wait for the store, {depth.refused} were refused: {path}")
    if problem:
        say(f"the collector keeps the old configuration: {problem}")
    return {
        meter: {
            "state": unit["state"] if line["reached"] else "unreachable",
            "detail": unit["detail"],
            "next_try": unit["next_try"],
        }
        for line in lines.values()
        for unit in line["units"]
        for meter in unit["meters"]
    }


def _series(
    session: Session,
    site: str | None,
    meter: str | None,
    carrier: str | None,
    span: Span,
    by: By,
) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """What was asked for: one frame a meter, or one a carrier and kind of measurement."""
    installation, ledger = session.installation, session.ledger
    together = SiteEnergy(ledger)
    if meter in installation.virtual_meters:
        computed = installation.virtual_meters[meter]
        key = {"meter": meter, "measures": str(computed.measures), "formula": computed.formula}
        yield key, together.virtual(computed, span, by)
        return
    if meter:
        asked = installation.meter(meter)
        key = {"meter": meter, "measures": str(asked.measures)}
        yield key, ledger.energy(asked, span, by)
        return
    sites = [installation.site(site).id] if site else list(session.city.sites)
    place = {"site": site} if site else {"city": session.city.id}
    carriers = [Carrier(carrier)] if carrier else [*Carrier, None]
    for measures in KINDS:
        for one in carriers:
            if (one is None) != (measures is Measures.WATER):
                continue
            frame = together.sites(sites, one, measures, span, by)
            if len(frame):
                key = {**place, "measures": str(measures), "carrier": str(one or "water")}
                yield key, frame


def _print_energy(key: dict[str, str], frame: pd.DataFrame, by: By) -> None:
    unit = "m3" if any(str(c).endswith("_m3") for c in frame.columns) else "kWh"
    suffix = f"_{unit.lower()}"
    print_table(
        " ".join(key.values()),
        ["from", f"measured {unit}", "of it catch-up", "estimated", "missing", "coverage"],
        [
            [
                period_text(start, by),
                number(row[f"measured{suffix}"], 1),
                number(row[f"catch_up{suffix}"], 1),
                _estimated(row, suffix),
                _range(row[f"missing_low{suffix}"], row[f"missing_high{suffix}"]),
                percent(row["covered_s"] / row["span_s"] if row["span_s"] else None),
            ]
            for start, row in frame.iterrows()
            if isinstance(start, datetime)
        ],
    )
    if unit == "m3":
        say("water is a volume: it is not part of any energy total")


def _estimated(row: pd.Series[float], suffix: str) -> str:
    low, high = row[f"estimated_low{suffix}"], row[f"estimated_high{suffix}"]
    if not high:
        return "-"
    return f"{number(row[f'estimated{suffix}'], 1)} ({_range(low, high)})"


def _range(low: float, high: float) -> str:
    return f"{number(low, 1)} to {number(high, 1)}" if high else "-"


def _print_estimates(estimates: Sequence[Estimate], unit: str, session: Session) -> None:
    """The longest stretches in order of time, and how many of each method there are."""
    if not estimates:
        return
    shown = sorted(estimates, key=lambda e: e.start - e.end)[:SHOWN_ESTIMATES]
    local = zone(session.city.time_zone)
    all_shown = len(shown) == len(estimates)
    print_table(
        "estimated" if all_shown else f"estimated, the longest of {len(estimates)}",
        ["from", "to", "method", unit, "band"],
        [
            [
                *(f"{at.astimezone(local):%Y-%m-%d %H:%M}" for at in (e.start, e.end)),
                str(e.method),
                number(e.amount, 1),
                _range(e.low, e.high) if e.low < e.high else "known",
            ]
            for e in sorted(shown, key=lambda e: e.start)
        ],
        left=3,
    )
    for method, times in Counter(e.method for e in estimates).items():
        of = [e for e in estimates if e.method is method]
        hours = sum((e.end - e.start).total_seconds() for e in of) / 3600
        amount = number(sum(e.amount for e in of), 1)
        say(f"{method}: {times}x, {duration_text(hours)}, {amount} {unit}; {METHOD_TEXTS[method]}")


def _say_findings(findings: list[Finding]) -> None:
    """What was wrong with a meter's readings: each kind once, with its number and the latest."""
    latest = {f.name: f for f in findings}
    for name, times in Counter(f.name for f in findings).items():
        at = latest[name].at
        when = f", last {at:%Y-%m-%d %H:%M} UTC" if at else ""
        say(f"{name}: {times}x{when}: {latest[name].message}")


COMMANDS = (energy, status)
