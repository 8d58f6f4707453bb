"""Which of several bills for the same time counts: credit notes, estimates, adjustments.

Rules, in this order:

0. A bill that a person withdrew (``void``) says nothing.
1. A credit note takes back the bill it names, or the bills that fill its period.
2. Of two documents for the same time the better evidence stays: adjustment, then actual, then
   one that does not say, then estimated. It must cover the other's whole period.
3. A part of a period that two documents claim is refused, and both are named.

Nothing is deleted: a document that counts no more is told with the one that took its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import TypeAlias

from paes.bills.bill import BILL, Bill, BillKind, event_name, first_day, last_day

Key: TypeAlias = tuple[str, str, datetime]
"""Subject, name and start of an event."""
RANK = {
    BillKind.ESTIMATED: 0,
    BillKind.INVOICE: 1,
    BillKind.ACTUAL: 2,
    BillKind.ADJUSTMENT: 3,
}
"""Which document is believed; a credit note has no quantity of its own."""
SAME_FRACTION = 0.001
"""Quantities that differ by less are the same one, rounded."""


@dataclass(frozen=True)
class Clash:
    """Two documents that claim the same time; ``bill`` is the one that is not taken."""

    bill: Bill
    other: Bill
    message: str


@dataclass(frozen=True)
class Settled:
    """The bills of one meter after credit notes and adjustments.

    ``valid`` do not overlap and are in order of time; ``replaced`` has for each document that
    counts no more the one that took its place (or back).
    """

    valid: tuple[Bill, ...]
    replaced: tuple[tuple[Bill, Bill], ...] = ()
    clashes: tuple[Clash, ...] = ()
    unmatched: tuple[Bill, ...] = ()
    """Credit notes whose bill is not there."""


def settle(bills: Sequence[Bill], tz: str, later: Iterable[Key] = ()) -> Settled:
    """Which of the bills of one meter count, by the rules of this module.

    ``later`` are keys of bills that are left out if they clash with one that is not among them.
    """
    fresh = set(later)
    left, replaced, unmatched = _credited(bills)
    valid: list[Bill] = []
    clashes: list[Clash] = []
    for bill in sorted(left, key=_belief):
        touching = [v for v in valid if v.start < bill.end and bill.start < v.end]
        if not touching:
            valid.append(bill)
        elif _fills(touching, bill) and all(_gives_way(bill, over) for over in touching):
            replaced.append((bill, touching[0]))
        else:
            clashes.append(_clash(bill, touching[0], fresh, tz))
        valid.sort(key=lambda b: b.start)
    return Settled(tuple(valid), tuple(replaced), tuple(clashes), tuple(unmatched))


def _credited(
    bills: Sequence[Bill],
) -> tuple[list[Bill], list[tuple[Bill, Bill]], list[Bill]]:
    """Charges after credit notes, those taken back with their note, and notes without a charge."""
    ordered = sorted(bills, key=_place)
    left = [b for b in ordered if b.kind not in (BillKind.CREDIT, BillKind.VOID)]
    taken: list[tuple[Bill, Bill]] = []
    unmatched: list[Bill] = []
    for credit in (b for b in ordered if b.kind is BillKind.CREDIT):
        if not credit.quantity:
            continue  # it gives back money alone
        of = [b for b in left if _is_of(credit, b)]
        rest = sum(b.quantity for b in of) - credit.quantity
        slack = SAME_FRACTION * credit.quantity
        if not of or rest < -slack or (rest > slack and len(of) > 1):
            unmatched.append(credit)
        elif rest > slack:
            left[left.index(of[0])] = replace(of[0], quantity=rest, bands_kwh={})
        else:
            taken += [(bill, credit) for bill in of]
            left = [b for b in left if b not in of]
    return left, taken, unmatched


def _is_of(credit: Bill, bill: Bill) -> bool:
    """True if the note takes ``bill`` back: it names it, or names none and holds its period."""
    if bill.unit is not credit.unit or bill.end <= credit.start or credit.end <= bill.start:
        return False
    if credit.cancels:
        return event_name(BILL, credit.cancels) == event_name(BILL, bill.document)
    return credit.start <= bill.start and bill.end <= credit.end


def _place(bill: Bill) -> tuple[datetime, str]:
    return bill.start, bill.document


def _belief(bill: Bill) -> tuple[int, int, datetime, str]:
    """What is believed first sorts first; of equals the first issued, of adjustments the last."""
    issued = (bill.issued or date.max).toordinal()
    if bill.kind is BillKind.ADJUSTMENT:
        issued = -(bill.issued or date.min).toordinal()
    return -RANK[bill.kind], issued, bill.start, bill.document


def _fills(touching: Sequence[Bill], bill: Bill) -> bool:
    """True if ``touching``, in order of time, leave nothing of the bill's period open."""
    joined = all(a.end == b.start for a, b in pairwise(touching))
    return joined and touching[0].start <= bill.start and bill.end <= touching[-1].end


def _gives_way(bill: Bill, over: Bill) -> bool:
    if RANK[bill.kind] < RANK[over.kind]:
        return True
    if bill.kind is BillKind.ADJUSTMENT and over.kind is BillKind.ADJUSTMENT:
        return bool(bill.issued and over.issued and bill.issued < over.issued)
    return is_duplicate(bill, over)


def is_duplicate(bill: Bill, other: Bill) -> bool:
    """True if both say the same of the same time, whatever their documents are called."""
    slack = SAME_FRACTION * max(bill.quantity, other.quantity)
    return (
        (bill.start, bill.end, bill.unit) == (other.start, other.end, other.unit)
        and BillKind.CREDIT not in (bill.kind, other.kind)
        and abs(bill.quantity - other.quantity) <= slack
    )


def _clash(bill: Bill, over: Bill, fresh: set[Key], tz: str) -> Clash:
    """``bill`` is left out, unless it was there and what is believed more is new."""
    if bill.key not in fresh and over.key in fresh:
        bill, over = over, bill
    return Clash(
        bill,
        over,
        f"{told(bill, tz)} and {told(over, tz)} of {bill.meter} claim the same days; "
        "if one replaces the other, import its credit note first, or mark the one that settles "
        "as an adjustment (conguaglio) over the whole period of the other",
    )


def told(bill: Bill, tz: str) -> str:
    """``estimated bill 17 (2024-01-01 to 2024-01-31)``: as a message names it."""
    what = "credit note" if bill.kind is BillKind.CREDIT else f"{bill.kind} bill"
    what = "bill" if bill.kind is BillKind.INVOICE else what
    return f"{what} {bill.document} ({first_day(bill, tz)} to {last_day(bill, tz)})"
