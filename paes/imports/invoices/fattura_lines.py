"""Which lines of an electronic invoice tell what was used, in which days, and what goes together.

The same kWh stand in an invoice several times: as what was used, and as the base of network
charges and taxes. Words tell them apart (``bill_words.yaml``, ``lines``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from paes.bills.bill import BilledUnit
from paes.errors import DataError
from paes.imports.invoices.bill_words import BillWords, has_word, plain_text
from paes.imports.invoices.fattura_xml import Line

_DAYS = re.compile(
    r"(\d{1,2}[/.\-]\d{1,2}[/.\-]\d{4})\s*(?:-|al|a|to|e)\s*(\d{1,2}[/.\-]\d{1,2}[/.\-]\d{4})"
)


@dataclass(frozen=True)
class Charge:
    """A line that tells an amount that was used, or (negative) one that is deducted."""

    line: Line
    first: date
    last: date
    quantity: float
    unit: BilledUnit
    band: str | None


@dataclass
class Group:
    """Charges whose periods touch: one bill."""

    charges: list[Charge]
    others: list[Line] = field(default_factory=list)

    @property
    def first(self) -> date:
        """Its first day."""
        return min(c.first for c in self.charges)

    @property
    def last(self) -> date:
        """Its last day, included."""
        return max(c.last for c in self.charges)

    @property
    def lines(self) -> list[Line]:
        """All lines whose money is its."""
        return [*dict.fromkeys(c.line for c in self.charges), *self.others]


def charges_of(lines: Sequence[Line], words: BillWords) -> list[Charge]:
    """The lines that tell what was used; of those without days, in the only period there is."""
    used = [line for line in lines if is_use(line, words)]
    periods = {line.number: _period(line) for line in lines}
    known = {p for line in used or lines if (p := periods[line.number])}
    known = known or {p for p in periods.values() if p}
    found = []
    for line in used:
        period = periods[line.number] or (next(iter(known)) if len(known) == 1 else None)
        if period is None:
            raise DataError(
                f"line {line.number} ({line.text}): no period (DataInizioPeriodo, "
                "DataFinePeriodo); enter the bill in a table"
            )
        unit = words.unit_called(line.unit)
        if unit is not None and line.quantity is not None:
            found.append(Charge(line, *period, line.quantity, unit, _band(line, words)))
    return found


def is_use(line: Line, words: BillWords) -> bool:
    """True if the quantity is what was used; the same kWh stand again under taxes and networks."""
    if not line.quantity or words.unit_called(line.unit) is None:
        return False
    if has_word(line.text, words.lines["other"]):
        return False
    return has_word(line.text, words.lines["energy"]) or _band(line, words) is not None


def may_be_use(line: Line, words: BillWords) -> bool:
    """True if nobody can tell: what was used, in an unknown unit, or so much of something unknown.

    Such a line is not counted, and must be told: a band that is worded otherwise than its sisters
    would be lacking in the sum.
    """
    if not line.quantity or is_use(line, words) or has_word(line.text, words.lines["other"]):
        return False
    told = has_word(line.text, words.lines["energy"]) or _band(line, words) is not None
    return told or words.unit_called(line.unit) is not None


def _band(line: Line, words: BillWords) -> str | None:
    return next((band for band, named in words.bands.items() if has_word(line.words, named)), None)


def _period(line: Line) -> tuple[date, date] | None:
    """The days of a line, both included: its own, else those in its text."""
    if line.first and line.last:
        return line.first, line.last
    told = _DAYS.search(plain_text(line.words))
    if told is None:
        return None
    parts = [re.split(r"[/.\-]", day) for day in told.groups()]
    try:
        first, last = (date(int(y), int(m), int(d)) for d, m, y in parts)
    except ValueError:
        return None
    return (first, last) if first <= last else None


def groups_of(charges: Iterable[Charge]) -> list[Group]:
    """Charges with days in common belong together."""
    groups: list[Group] = []
    for charge in sorted(charges, key=lambda c: (c.first, c.last)):
        if charge.last < charge.first:
            raise DataError(
                f"line {charge.line.number}: the period ends on {charge.last}, before its first "
                f"day, {charge.first}"
            )
        if groups and charge.first <= groups[-1].last:
            groups[-1].charges.append(charge)
        else:
            groups.append(Group([charge]))
    return groups


def share_money(groups: Sequence[Group], lines: Iterable[Line]) -> None:
    """Give every other line to the group it shares most days with, without days to the last."""
    told = {c.line.number for group in groups for c in group.charges}
    for line in lines:
        if line.number in told:
            continue
        period = _period(line)
        shared = [_common_days(group, period) for group in groups]
        best = shared.index(max(shared)) if any(shared) else len(groups) - 1
        groups[best].others.append(line)


def _common_days(group: Group, period: tuple[date, date] | None) -> int:
    if period is None:
        return 0
    common = min(group.last, period[1]) - max(group.first, period[0]) + timedelta(days=1)
    return max(common.days, 0)
