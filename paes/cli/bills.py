"""Bills beside the meter; deliveries and charging sessions: the command bills."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from paes.bills.bill import BILL, BillKind, first_day, last_day
from paes.bills.check import BillCheck, Verdict, check_bills
from paes.bills.deliveries import (
    DELIVERY,
    SESSIONS,
    Delivery,
    SessionDay,
    deliveries_of,
    session_days_of,
    sessions_by_month,
)
from paes.cli import Session
from paes.cli.output import number, percent, print_json, print_table, say
from paes.errors import DataError
from paes.installation import some
from paes.metering import Measures
from paes.meters import Meter
from paes.periods import FIRST_YEAR, LAST_YEAR, Span, parse_instant, year_span, zone

WORDS = {
    Verdict.AGREES: "agrees",
    Verdict.NOT_COVERED: "cannot be judged",
    Verdict.ESTIMATED: "estimated, differs",
    Verdict.BOUNDARY: "reading day",
    Verdict.FACTOR: "wrong factor?",
    Verdict.GROSS: "PCS for PCI?",
    Verdict.COEFFICIENT: "m3 for Smc?",
    Verdict.DIFFERS: "DIFFERS",
    Verdict.ACCOUNTED: "is the figure",
    Verdict.NOT_COUNTED: "does not count",
    Verdict.CREDIT: "credit note",
    Verdict.OTHER_UNIT: "other unit",
}
"""What a clerk reads in the table; the reason is told below it."""
_COLUMNS = (
    "document",
    "from",
    "to",
    "kind",
    "verdict",
    "billed",
    "metered",
    "difference",
    "%",
    "EUR",
    "to claim",
)
_GAS = ("PCS MJ/Smc", "net kWh")
_BOUGHT = (Measures.WITHDRAWAL, Measures.WATER)
"""What suppliers bill; for what is fed in, the town bills."""
QUIET = (Verdict.AGREES, Verdict.ACCOUNTED, Verdict.CREDIT)


@dataclass(frozen=True)
class _Answer:
    checks: Sequence[BillCheck]
    deliveries: Sequence[Delivery]
    sessions: Sequence[SessionDay]
    unbilled: Sequence[Meter]
    strangers: Sequence[str]

    @property
    def total_eur(self) -> float:
        """What is to be paid: all documents, less credit notes."""
        return sum(_signed_eur(check) for check in self.checks)

    @property
    def claim_eur(self) -> float:
        """What may be claimed back."""
        return sum(check.claim_eur for check in self.checks)


@click.command()
@click.option("--meter", metavar="ID", help="One meter.")
@click.option("--site", metavar="ID", help="All meters of a site.")
@click.option("--from", "start", metavar="DAY", help="Bills that touch the time from this day on.")
@click.option("--to", "end", metavar="DAY", help="... until this day, which is not included.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def bills(
    session: Session,
    meter: str | None,
    site: str | None,
    start: str | None,
    end: str | None,
    as_json: bool,
) -> None:
    """Bills beside the meter: period, quantity, difference, and what explains it.

    A difference is told where no missing reading can explain it. Estimated bills are marked;
    documents that were credited, settled by an adjustment or that come twice do not count. Bills
    come with: paes import.
    """
    answer = _answer(session, _asked(session, meter, site), _span(session, start, end))
    if as_json:
        print_json(_document(session, answer))
        return
    if not answer.checks and not answer.deliveries and not answer.sessions:
        raise DataError("no bills and no deliveries of these meters in this time; see: paes import")
    _print_bills(session, answer)
    _print_deliveries(session, answer.deliveries)
    _print_sessions(answer.sessions)
    _say_what_is_not_there(answer)


def _asked(session: Session, meter: str | None, site: str | None) -> list[Meter]:
    if meter:
        return [session.installation.meter(meter)]
    if site:
        session.installation.site(site)
        return [m for m in session.installation.meters.values() if m.site == site]
    return list(session.city.meters.values())


def _span(session: Session, start: str | None, end: str | None) -> Span | None:
    if start is None and end is None:
        return None
    tz = session.city.time_zone
    first = parse_instant(start, tz) if start else year_span(FIRST_YEAR, tz).start
    return Span(first, parse_instant(end, tz) if end else year_span(LAST_YEAR, tz).end)


def _answer(session: Session, meters: Sequence[Meter], span: Span | None) -> _Answer:
    checks = check_bills(session.ledger, meters, span)
    start, end = (span.start, span.end) if span else (None, None)
    names = [m.id for m in meters]
    others = session.store.events(start, end, subjects=names, name=(DELIVERY, SESSIONS))
    billed = {check.bill.meter for check in checks}
    known = session.installation.meters
    strangers = {e.subject for e in session.store.events(start, end, name=BILL)} - set(known)
    return _Answer(
        checks=checks,
        deliveries=deliveries_of(others),
        sessions=session_days_of(others),
        unbilled=[
            m for m in meters if (m.pod or m.pdr) and m.measures in _BOUGHT and m.id not in billed
        ],
        strangers=sorted(strangers),
    )


def _print_bills(session: Session, answer: _Answer) -> None:
    of: dict[str, list[BillCheck]] = {}
    for check in answer.checks:
        of.setdefault(check.bill.meter, []).append(check)
    for meter_id, checks in of.items():
        meter = session.installation.meter(meter_id)
        has_pcs = any(check.bill.pcs_mj_per_sm3 for check in checks)
        point = f", POD {meter.pod}" if meter.pod else f", PDR {meter.pdr}" if meter.pdr else ""
        tz = session.installation.time_zone(meter_id)
        print_table(
            f"{meter_id}{point}",
            [*_COLUMNS, *(_GAS if has_pcs else ())],
            [[*_row(check, tz), *(_gas(check) if has_pcs else ())] for check in checks],
            left=5,
        )
        for check in checks:
            _say_why(check)
    if answer.checks:
        claim = f"; to claim {number(answer.claim_eur, 2)} EUR" if answer.claim_eur else ""
        documents = "1 document" if len(answer.checks) == 1 else f"{len(answer.checks)} documents"
        say(f"{documents}, {number(answer.total_eur, 2)} EUR{claim}")


def _row(check: BillCheck, tz: str) -> list[str]:
    bill, seen = check.bill, check.metered
    metered = "-"
    if seen is not None:
        metered = f"{number(seen.amount, 1)}"
        if check.verdict is Verdict.NOT_COVERED:
            high = number(seen.high) if seen.is_whole else "?"
            metered = f"{number(seen.low)} to {high}"
    judged = check.verdict is not Verdict.NOT_COVERED
    difference = check.difference if judged else None
    fraction = check.difference_fraction if judged else None
    euros = _signed_eur(check) if bill.total_eur is not None else None
    return [
        bill.document,
        f"{first_day(bill, tz)}",
        f"{last_day(bill, tz)}",
        str(bill.kind),
        WORDS[check.verdict],
        f"{number(bill.quantity, 1)} {bill.unit}",
        metered,
        "-" if difference is None else f"{difference:+,.1f}".replace(",", " "),
        percent(fraction),
        number(euros, 2),
        number(check.claim_eur, 2) if check.claim_eur else "-",
    ]


def _gas(check: BillCheck) -> list[str]:
    """What the bill prints of the gross calorific value, and its energy on the net one."""
    net_kwh = None
    if check.billed is not None and check.kwh_per_unit is not None:
        net_kwh = check.billed * check.kwh_per_unit
    return [number(check.bill.pcs_mj_per_sm3, 2), number(net_kwh)]


def _say_why(check: BillCheck) -> None:
    for finding in check.findings:
        if finding.name not in QUIET:
            say(f"{finding.name}: {finding.message}")


def _print_deliveries(session: Session, deliveries: Sequence[Delivery]) -> None:
    if deliveries:
        print_table(
            "Deliveries",
            ["meter", "day", "document", "quantity", "EUR"],
            [
                [
                    d.meter,
                    f"{d.at.astimezone(zone(session.installation.time_zone(d.meter))):%Y-%m-%d}",
                    d.document,
                    f"{number(d.quantity, 1)} {d.unit}",
                    number(d.total_eur, 2),
                ]
                for d in deliveries
            ],
            left=3,
        )


def _print_sessions(days: Sequence[SessionDay]) -> None:
    if days:
        print_table(
            "Charging sessions by month",
            ["meter", "month", "sessions", "kWh"],
            [
                [meter, month, number(sessions), number(energy_kwh, 1)]
                for (meter, month), (sessions, energy_kwh) in sessions_by_month(days).items()
            ],
            left=2,
        )


def _say_what_is_not_there(answer: _Answer) -> None:
    if answer.unbilled:
        names = some(f"{m.pod or m.pdr} ({m.id})" for m in answer.unbilled)
        say(f"no bill in this time ({len(answer.unbilled)}): {names}")
    if answer.strangers:
        names = some(answer.strangers)
        say(f"bills of meters that are not in the configuration (any more): {names}")


def _signed_eur(check: BillCheck) -> float:
    euros = 0.0 if check.bill.kind is BillKind.VOID else check.bill.total_eur or 0.0
    return -euros if check.verdict is Verdict.CREDIT else euros


def _document(session: Session, answer: _Answer) -> dict[str, Any]:
    months = sessions_by_month(answer.sessions)
    return {
        "bills": [_bill_record(session, check) for check in answer.checks],
        "deliveries": [
            {"meter": d.meter, "at": d.at.isoformat(), "document": d.document,
             "quantity": d.quantity, "unit": str(d.unit), "total_eur": d.total_eur}
            for d in answer.deliveries
        ],
        "sessions": [
            {"meter": meter, "month": month, "sessions": sessions, "energy_kwh": energy_kwh}
            for (meter, month), (sessions, energy_kwh) in months.items()
        ],
        "total_eur": round(answer.total_eur, 2),
        "claim_eur": round(answer.claim_eur, 2),
        "without_bill": [{"meter": m.id, "pod": m.pod, "pdr": m.pdr} for m in answer.unbilled],
        "not_configured": list(answer.strangers),
    }  # fmt: skip


def _bill_record(session: Session, check: BillCheck) -> dict[str, Any]:
    bill, seen, factor = check.bill, check.metered, check.kwh_per_unit
    tz = session.installation.time_zone(bill.meter)
    difference = check.difference
    return {
        "meter": bill.meter,
        "document": bill.document,
        "issued": bill.issued.isoformat() if bill.issued else None,
        "supplier": bill.supplier,
        "kind": str(bill.kind),
        "first_day": first_day(bill, tz).isoformat(),
        "last_day": last_day(bill, tz).isoformat(),
        "quantity": bill.quantity,
        "quantity_unit": str(bill.unit),
        "pcs_mj_per_sm3": bill.pcs_mj_per_sm3,
        "total_eur": bill.total_eur,
        "claim_eur": check.claim_eur,
        "verdict": str(check.verdict),
        "message": check.message,
        "unit": check.unit,
        "billed": check.billed,
        "metered": seen.amount if seen else None,
        "metered_low": seen.low if seen else None,
        "metered_high": _finite(seen.high) if seen else None,
        "coverage": seen.coverage if seen else None,
        "difference": difference,
        "difference_kwh": difference * factor if difference is not None and factor else None,
        "difference_fraction": check.difference_fraction,
        "findings": [{"name": f.name, "message": f.message} for f in check.findings],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


COMMANDS: tuple[click.Command, ...] = (bills,)
