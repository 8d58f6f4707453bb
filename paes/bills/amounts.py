"""What the bills and deliveries of a meter say that it used: the series of its accounted point.

::

    bills       Jan est. 900   Feb est. 850   Mar actual 700      adjustment Jan-Feb: 1,810
    settled   |------------- 1,810 ---------|------ 700 ------|       (paes.bills.settling)
    series      Jan 1: 1,810   (Feb 1: void)  Mar 1: 700         Apr 1: nothing follows

What an estimated bill says is no reading: its period is a gap, which ``estimated_energies`` fills
with an estimate until a better bill comes.

For meters that nobody reads (``ImportedMeter`` that brings amounts). A store forgets nothing, so
a time that was once written and means nothing any more is written again as void. The series is
made of all documents, old and new, hence the same whatever order they came in.

Sessions of a charging column and deliveries of fuel are nearer to what was used than bills: if
there are any, they are accounted, and bills are only compared.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from paes.accounting.edits import ManualEnergy
from paes.bills.bill import BILL, Bill, BillKind, accounted_quantity, bills_of
from paes.bills.deliveries import (
    DELIVERY,
    SESSIONS,
    Delivery,
    delivered_quantity,
    deliveries_of,
    session_days_of,
)
from paes.bills.settling import Clash, Key, Settled, settle, told
from paes.errors import DataError
from paes.events import Event
from paes.metering import Finding, Quality
from paes.meters import ImportedMeter
from paes.periods import to_seconds
from paes.series import CODE_OF, ReadingSeries
from paes.store import Store

DOCUMENTS = (BILL, DELIVERY, SESSIONS)
"""What the names of events begin with that account a meter."""
VOID = CODE_OF[Quality.STALE]
"""A time within a period: nothing begins there (any more)."""
ENDS = CODE_OF[Quality.NOT_AVAILABLE]
"""A time from which on nothing is known."""


@dataclass(frozen=True)
class Accounted:
    """What is to be written for a meter, and the events that must not be."""

    series: ReadingSeries
    refused: tuple[tuple[Event, str], ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Amount:
    """What passed in ``[start, end)``."""

    start: datetime
    end: datetime
    amount: float


def accounted_amounts(
    meter: ImportedMeter, tz: str, known: Iterable[Event], new: Iterable[Event]
) -> Accounted:
    """The series of a meter's accounted point after ``new`` events came to those ``known``.

    Events of other kinds are passed over; one that is told again counts once, as told last. A
    new bill that claims part of another's time is in ``refused``, with the reason.
    """
    fresh = {_key(event): event for event in new}
    old = {_key(event): event for event in known}
    events = old | fresh
    refused: list[tuple[Event, str]] = []
    while True:
        settled = settle(bills_of(events.values()), tz, later=fresh)
        clash = next((c for c in settled.clashes if c.bill.key in fresh), None)
        if clash is None:
            break
        key = clash.bill.key
        refused.append((fresh.pop(key), clash.message))
        if key in old:
            events[key] = old[key]
        else:
            del events[key]
    return _accounted(meter, tz, settled, list(events.values()), refused)


def _accounted(
    meter: ImportedMeter,
    tz: str,
    settled: Settled,
    events: Sequence[Event],
    refused: Sequence[tuple[Event, str]],
) -> Accounted:
    """The nearest of what the documents say, and what a person should know of it."""
    sessions, deliveries = session_days_of(events), deliveries_of(events)
    findings = [_clash_finding(meter.id, clash) for clash in settled.clashes]
    if sessions:
        amounts = [_Amount(s.start, s.end, s.energy_kwh) for s in sessions]
    elif deliveries:
        amounts, found = _delivered(meter, deliveries)
        findings += found
    else:
        amounts = _billed(settled.valid, meter)
        findings += [_unmatched_finding(meter.id, bill, tz) for bill in settled.unmatched]
    return Accounted(_series(amounts, _boundaries(events)), tuple(refused), tuple(findings))


def estimated_energies(
    meter: ImportedMeter, tz: str, told: Iterable[Event], stated: Sequence[ManualEnergy] = ()
) -> list[ManualEnergy]:
    """What estimated bills say of periods that nothing better tells of: estimates, no readings.

    ``told`` are all that is known of the meter; what persons ``stated`` of the same time counts
    instead. A bill of nothing (its charges are fixed ones) says nothing of energy.
    """
    events = list(told)
    if any(event.name.startswith((DELIVERY, SESSIONS)) for event in events):
        return []
    found = []
    for bill in settle(bills_of(events), tz).valid:
        is_told = any(s.span.clip(bill.start, bill.end) for s in stated)
        if bill.kind is BillKind.ESTIMATED and bill.quantity and not is_told:
            with suppress(DataError):  # the unit of the meter was changed since; paes bills says so
                amount = accounted_quantity(bill, meter, meter.register.unit)
                why = f"estimated bill {bill.document}"
                by = bill.supplier or "supplier"
                found.append(ManualEnergy(bill.span, amount, by, why, is_guess=True))
    return found


def estimating_documents(store: Store, meters: Sequence[str]) -> list[Event]:
    """The bills of ``meters``; of those with an estimated one all that accounts them."""
    bills = store.events(subjects=meters, name=BILL)
    estimated = {e.subject for e in bills if e.facts.get("kind") == BillKind.ESTIMATED}
    if not estimated:
        return bills
    return [*bills, *store.events(subjects=sorted(estimated), name=(DELIVERY, SESSIONS))]


def _billed(bills: Sequence[Bill], meter: ImportedMeter) -> list[_Amount]:
    """What bills measured; what is estimated is a gap here (``estimated_energies``)."""
    return [
        _Amount(bill.start, bill.end, accounted_quantity(bill, meter, meter.register.unit))
        for bill in bills
        if bill.kind is not BillKind.ESTIMATED
    ]


def _delivered(
    meter: ImportedMeter, deliveries: Sequence[Delivery]
) -> tuple[list[_Amount], list[Finding]]:
    """What came on a day was used since the delivery before; findings say that this is assumed."""
    by_day: dict[datetime, float] = {}
    for delivery in deliveries:
        quantity = delivered_quantity(delivery, meter.register.unit)
        by_day[delivery.at] = by_day.get(delivery.at, 0.0) + quantity
    days, unit = sorted(by_day), meter.register.unit
    amounts = [_Amount(a, b, by_day[b]) for a, b in pairwise(days)]
    first = by_day[days[0]]
    return amounts, [
        Finding(
            "delivery.first",
            meter.id,
            f"the first delivery ({first:,.0f} {unit}) is not accounted: nobody knows since when "
            "it was used; a delivery before it would say so",
            days[0],
            {"quantity": first},
        ),
        Finding(
            "delivery.assumed",
            meter.id,
            "what was delivered is taken as used since the delivery before, as if the tank were "
            "filled to the same level every time",
            days[0],
            {"deliveries": float(len(deliveries))},
        ),
    ]


def _series(amounts: Iterable[_Amount], times: Iterable[datetime]) -> ReadingSeries:
    """``amounts``, which do not overlap, as readings; of ``times`` the others say what they are."""
    ordered = sorted(amounts, key=lambda a: a.start)
    spans = [(to_seconds(one.start), to_seconds(one.end)) for one in ordered]
    readings = {to_seconds(at): (0.0, ENDS) for at in times}
    readings |= {end: (0.0, ENDS) for _, end in spans}
    known = sorted(readings)
    for (start, end), one in zip(spans, ordered, strict=True):
        inside = known[bisect_right(known, start) : bisect_left(known, end)]
        readings |= dict.fromkeys(inside, (0.0, VOID))
        readings[start] = one.amount, CODE_OF[Quality.GOOD]
    seconds = sorted(readings)
    return ReadingSeries(
        np.array(seconds, dtype=np.int64),
        np.array([readings[at][0] for at in seconds], dtype=np.float64),
        np.array([readings[at][1] for at in seconds], dtype=np.int8),
    )


def _boundaries(events: Iterable[Event]) -> set[datetime]:
    """Every time at which the series may once have had a reading."""
    of = [event for event in events if event.name.startswith(DOCUMENTS)]
    return {at for event in of for at in (event.start, event.end) if at}


def _key(event: Event) -> Key:
    return event.subject, event.name, event.start


def _clash_finding(meter: str, clash: Clash) -> Finding:
    return Finding("bill.overlap", meter, clash.message, clash.bill.start)


def _unmatched_finding(meter: str, credit: Bill, tz: str) -> Finding:
    takes = f"document {credit.cancels}" if credit.cancels else "a bill of its period"
    return Finding(
        "bill.credit_unmatched",
        meter,
        f"{told(credit, tz)} takes back {takes} ({credit.quantity:,.0f} {credit.unit}), which is "
        "not there with that quantity: it has no effect until it is imported",
        credit.start,
        {"quantity": credit.quantity},
    )
