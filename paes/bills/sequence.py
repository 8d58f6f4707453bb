"""What the bills of one meter say of each other: gaps, overlaps, duplicates, double billing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from paes.bills.bill import Bill, BillKind, first_day, last_day
from paes.bills.settling import SAME_FRACTION, Key, Settled, is_duplicate, told
from paes.metering import Finding

DEDUCTED_FRACTION = 0.01
"""Advances are deducted in rounded quantities."""


def sequence_findings(meter: str, settled: Settled, tz: str) -> list[tuple[Bill, Finding]]:
    """Each finding with the bill it is about, in order of time."""
    found = [
        *_gaps(meter, settled.valid, tz),
        *_overlaps(meter, settled, tz),
        *_duplicates(meter, settled, tz),
        *_billed_twice(meter, settled, tz),
        *_unmatched(meter, settled, tz),
    ]
    return sorted(found, key=lambda f: (f[0].start, f[1].name))


def _gaps(meter: str, valid: Sequence[Bill], tz: str) -> Iterator[tuple[Bill, Finding]]:
    for before, bill in pairwise(valid):
        if bill.start > before.end:
            first = last_day(before, tz) + timedelta(days=1)
            last = first_day(bill, tz) - timedelta(days=1)
            days = (last - first).days + 1
            text = f"no bill from {first} to {last} ({days} days), between {before.document} and "
            text += f"{bill.document}"
            yield bill, Finding("bill.gap", meter, text, before.end, {"days": float(days)})


def _overlaps(meter: str, settled: Settled, tz: str) -> Iterator[tuple[Bill, Finding]]:
    for clash in settled.clashes:
        common = min(clash.bill.end, clash.other.end) - max(clash.bill.start, clash.other.start)
        days = round(common / timedelta(days=1))
        hint = (
            "; perhaps the last day of these periods is not included: the column to (al) is the "
            "last day that is billed"
            if days == 1
            else ""
        )
        text = f"{told(clash.bill, tz)} and {told(clash.other, tz)} bill the same {days} days{hint}"
        text = text.replace("same 1 days", "same day")
        numbers = {"days": float(days)}
        yield clash.bill, Finding("bill.overlap", meter, text, clash.bill.start, numbers)


def _duplicates(meter: str, settled: Settled, tz: str) -> Iterator[tuple[Bill, Finding]]:
    for bill, over in settled.replaced:
        if is_duplicate(bill, over) and bill.kind is over.kind:
            text = f"{told(bill, tz)} bills what {over.document} bills: the same days and quantity"
            numbers = {"quantity": bill.quantity}
            if bill.total_eur is not None:
                numbers["total_eur"] = bill.total_eur
            yield bill, Finding("bill.duplicate", meter, text, bill.start, numbers)


def _billed_twice(meter: str, settled: Settled, tz: str) -> Iterator[tuple[Bill, Finding]]:
    """Bills that another one settles, and that were neither credited nor deducted."""
    settling: dict[Key, list[Bill]] = {}
    for bill, over in settled.replaced:
        if over.kind is not BillKind.CREDIT and not (
            is_duplicate(bill, over) and bill.kind is over.kind
        ):
            settling.setdefault(over.key, []).append(bill)
    by_key = {b.key: b for b in settled.valid}
    for key, advances in settling.items():
        over = by_key[key]
        same = [b for b in advances if b.unit is over.unit]
        billed = sum(b.quantity for b in same)
        kept = billed - over.deducted
        if kept <= max(DEDUCTED_FRACTION, SAME_FRACTION) * billed:
            continue
        names = ", ".join(told(b, tz) for b in same)
        text = (
            f"{told(over, tz)} settles {names}, {billed:,.10g} {over.unit}, and deducts "
            f"{over.deducted:,.10g}: {kept:,.10g} {over.unit} were billed twice, unless they were "
            "credited elsewhere"
        )
        eur = [b.total_eur for b in same if b.total_eur is not None]
        numbers = {"quantity": kept}
        if eur and billed:
            numbers["total_eur"] = round(sum(eur) * kept / billed, 2)
        yield over, Finding("bill.billed_twice", meter, text, over.start, numbers)


def _unmatched(meter: str, settled: Settled, tz: str) -> Iterator[tuple[Bill, Finding]]:
    for credit in settled.unmatched:
        of = f"document {credit.cancels}" if credit.cancels else "a bill of its period"
        text = f"{told(credit, tz)} takes back {of}, which is not there with that quantity"
        numbers = {"quantity": credit.quantity}
        yield credit, Finding("bill.credit_unmatched", meter, text, credit.start, numbers)
