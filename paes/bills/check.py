"""Bills held against the meter: the same period and quantity, or why not.

::

    bill ─ counts, or was credited, replaced, doubled            (paes.bills.settling)
     └ its period by the meter: amount and bounds                (paes.bills.metered)
        └ verdict: agrees │ cannot be judged │ explained │ differs, with the numbers

A verdict is the name of a ``Finding`` (``bill.agrees``, ``bill.not_covered``, …). What is missing
on the meter is never held against a bill: while the billed amount lies within the bounds, nothing
can be said. A difference is what lies outside of them for certain.

What can be claimed is what was billed above the most that can have passed, at the bill's own price,
and documents that bill a second time. It is a reason to ask, not a calculation of tariffs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from paes.accounting.ledger import EnergyLedger
from paes.bills.bill import BILL, Bill, BillKind, accounted_quantity, bills_of
from paes.bills.metered import Metered, largest_edge_day, metered
from paes.bills.sequence import sequence_findings
from paes.bills.settling import Settled, settle
from paes.bills.tolerance import Tolerances, tolerances
from paes.errors import DataError, FactorMissing
from paes.factors.fuel_amounts import Basis, FuelAmount
from paes.metering import Carrier, Evidence, Finding
from paes.meters import Meter
from paes.periods import Span, local_year

ROUNDED = 1.0
"""Every band of a bill is rounded to whole kWh."""
SUM_FRACTION = 0.001
LEAST_DAYS = 7
"""In a shorter period a day at its edge is a good part of it, and explains anything."""
FIRM_FRACTION = 0.1
"""A ratio says something while the bounds of the meter are nearer than this part of its amount."""


class Verdict(StrEnum):
    """How a bill and the meter compare; each is the name of a finding."""

    AGREES = "bill.agrees"
    NOT_COVERED = "bill.not_covered"  # the meter's readings leave it open
    ESTIMATED = "bill.estimated"  # it differs, and says that it is an estimate
    BOUNDARY = "bill.boundary"  # a day at the edges explains it
    FACTOR = "bill.factor"  # a factor was forgotten, or taken twice
    GROSS = "bill.gross_calorific"  # gross and net calorific value
    COEFFICIENT = "bill.coefficient_c"  # m3 and Sm3
    DIFFERS = "bill.differs"
    ACCOUNTED = "bill.accounted"  # nobody reads the meter: the bill is its figure
    NOT_COUNTED = "bill.not_counted"  # credited, replaced or doubled by another document
    CREDIT = "bill.credit"
    OTHER_UNIT = "bill.other_unit"


OVERBILLED = (Verdict.FACTOR, Verdict.GROSS, Verdict.COEFFICIENT, Verdict.DIFFERS)


@dataclass(frozen=True)
class BillCheck:
    """One bill beside its meter; amounts are in ``unit``, that of the meter's register.

    ``difference`` is billed less metered, None where there is nothing to compare with;
    ``beyond`` is the part of it that no missing reading can explain.
    """

    bill: Bill
    verdict: Verdict
    message: str
    unit: str
    billed: float | None = None
    metered: Metered | None = None
    kwh_per_unit: float | None = None
    beyond: float = 0.0
    claim_eur: float = 0.0
    findings: tuple[Finding, ...] = field(default=())

    @property
    def difference(self) -> float | None:
        """Billed less metered."""
        if self.billed is None or self.metered is None:
            return None
        return self.billed - self.metered.amount

    @property
    def difference_fraction(self) -> float | None:
        """The same as a part of what was metered; None if that is nothing."""
        if self.difference is None or not self.metered or not self.metered.amount:
            return None
        return self.difference / self.metered.amount


def check_bills(
    ledger: EnergyLedger, meters: Iterable[Meter], span: Span | None = None
) -> list[BillCheck]:
    """Every bill of ``meters`` that touches ``span`` (None: all), by meter and time."""
    of = {meter.id: meter for meter in meters}
    if not of:
        return []
    rules = tolerances(ledger.installation.root)
    events = ledger.store.events(subjects=list(of), name=BILL)
    by_meter: dict[str, list[Bill]] = {}
    for bill in bills_of(events):
        by_meter.setdefault(bill.meter, []).append(bill)
    found = []
    for meter_id, bills in sorted(by_meter.items()):
        found += _Checking(ledger, of[meter_id], rules, bills).checks(span)
    return found


class _Checking:
    """The bills of one meter."""

    def __init__(
        self, ledger: EnergyLedger, meter: Meter, rules: Tolerances, bills: Sequence[Bill]
    ) -> None:
        self._ledger, self._meter, self._rules = ledger, meter, rules
        self._tz = ledger.installation.time_zone(meter.id)
        self._register = ledger.installation.register(meter)
        self._bills = bills
        self._settled: Settled = settle(bills, self._tz)
        self._valid = {bill.key: bill for bill in self._settled.valid}
        self._instead = {bill.key: over for bill, over in self._settled.replaced}
        self._instead |= {clash.bill.key: clash.other for clash in self._settled.clashes}
        self._told: dict[tuple[object, ...], list[Finding]] = {}
        for bill, finding in sequence_findings(meter.id, self._settled, self._tz):
            self._told.setdefault(bill.key, []).append(finding)

    def checks(self, span: Span | None) -> list[BillCheck]:
        """Those bills that touch ``span``; the meter is asked only where there is one to ask."""
        asked = [b for b in self._bills if span is None or span.clip(b.start, b.end)]
        is_read = self._register.kind is not Evidence.AMOUNTS
        compared = [b for b in asked if is_read and b.key in self._valid]
        amounts = metered(self._ledger, [(self._meter, b.span) for b in compared])
        seen = {b.key: amount for b, amount in zip(compared, amounts, strict=True)}
        return [self._check(bill, seen.get(bill.key)) for bill in asked]

    def _check(self, bill: Bill, seen: Metered | None) -> BillCheck:
        told = [*self._told.get(bill.key, ()), *_own_findings(bill, self._meter)]
        unit = self._register.unit
        if bill.kind is BillKind.VOID:
            return self._made(bill, Verdict.NOT_COUNTED, "withdrawn by a person", told)
        if bill.kind is BillKind.CREDIT:
            text = "takes back " + (f"document {bill.cancels}" if bill.cancels else "a bill")
            return self._made(bill, Verdict.CREDIT, text, told)
        try:
            counted = self._valid.get(bill.key, bill)  # less what a credit note took back of it
            billed = accounted_quantity(counted, self._meter, unit)
        except DataError as err:
            return self._made(bill, Verdict.OTHER_UNIT, str(err), told)
        if bill.key in self._instead:
            over = self._instead[bill.key]
            how = "taken back by" if over.kind is BillKind.CREDIT else "another document counts:"
            return self._made(bill, Verdict.NOT_COUNTED, f"{how} {over.document}", told, billed)
        if seen is None:
            text = "nobody reads this meter: the bill is its figure"
            text += ", and an estimate" if bill.kind is BillKind.ESTIMATED else ""
            return self._made(bill, Verdict.ACCOUNTED, text, told, billed)
        verdict, text, beyond = self._compared(bill, billed, seen)
        return self._made(bill, verdict, text, told, billed, seen, beyond)

    def _made(
        self,
        bill: Bill,
        verdict: Verdict,
        message: str,
        told: Sequence[Finding],
        billed: float | None = None,
        seen: Metered | None = None,
        beyond: float = 0.0,
    ) -> BillCheck:
        numbers = {} if billed is None else {"billed": billed}
        if seen:
            numbers |= {"metered": seen.amount, "low": seen.low, "high": seen.high}
        text = f"document {bill.document}: {message}"
        own = Finding(str(verdict), bill.meter, text, bill.start, numbers)
        twice_eur = sum(
            f.numbers.get("total_eur", 0.0)
            for f in told
            if f.name in ("bill.duplicate", "bill.billed_twice")
        )
        over_eur = 0.0
        if verdict in OVERBILLED and beyond > 0 and billed and bill.total_eur:
            over_eur = bill.total_eur * beyond / billed
        return BillCheck(
            bill=bill,
            verdict=verdict,
            message=message,
            unit=self._register.unit,
            billed=billed,
            metered=seen,
            kwh_per_unit=self._kwh_per_unit(bill),
            beyond=beyond,
            claim_eur=round(over_eur + twice_eur, 2),
            findings=(own, *told),
        )

    def _kwh_per_unit(self, bill: Bill) -> float | None:
        """Net kWh in one unit of the register in the bill's year; None for water."""
        if self._meter.carrier is None:
            return None
        try:
            return self._ledger.kwh_factor(self._meter, local_year(bill.start, self._tz))
        except FactorMissing:
            return None

    def _compared(self, bill: Bill, billed: float, seen: Metered) -> tuple[Verdict, str, float]:
        """The verdict, why, and how much of the billed amount lies beyond the meter's bounds."""
        fraction, because = self._rules.agreement(self._meter)
        slack = max(fraction * seen.amount, ROUNDED)
        beyond = billed - min(max(billed, seen.low), seen.high)
        if not seen.is_whole:
            text = "the meter was in use for a part of the period only; this cannot be judged"
            return Verdict.NOT_COVERED, text, 0.0
        if abs(beyond) <= slack:
            if seen.open > slack:
                text = f"readings are missing: {_range(seen)} passed, and the bill may be right; "
                return Verdict.NOT_COVERED, text + "this cannot be judged", 0.0
            return Verdict.AGREES, f"within {because}", 0.0
        if bill.kind is BillKind.ESTIMATED:
            text = "the bill is an estimate; the difference is to come back with the adjustment"
            return Verdict.ESTIMATED, text, beyond
        return *self._explained(bill, billed, seen, beyond), beyond

    def _explained(
        self, bill: Bill, billed: float, seen: Metered, beyond: float
    ) -> tuple[Verdict, str]:
        """What a difference that is certain may come from."""
        ratio = billed / seen.amount if seen.amount > 0 else 0.0
        if ratio > 0 and seen.open <= FIRM_FRACTION * seen.amount:
            for verdict, text in self._ratios(ratio):
                return verdict, text
        if bill.days >= LEAST_DAYS:
            day = largest_edge_day(self._ledger, self._meter, bill.span)
            if abs(beyond) <= day:
                text = f"no more than a day at its edge ({day:,.0f} {seen.unit}): registers were "
                return Verdict.BOUNDARY, text + "probably read on another day or hour"
        more = "more" if beyond > 0 else "less"
        text = f"{abs(beyond):,.0f} {seen.unit} {more} than can have passed, without an explanation"
        return Verdict.DIFFERS, text

    def _ratios(self, ratio: float) -> Iterable[tuple[Verdict, str]]:
        """What the ratio of billed to metered looks like."""
        factor = self._rules.factor_near(ratio)
        if factor is not None:
            what = f"{factor:g} times" if factor > 1 else f"one {1 / factor:g}th of"
            text = f"{what} what was metered: a transformer ratio or a unit (kWh, MWh) is wrong in "
            yield Verdict.FACTOR, text + "the bill or in meters.yaml"
        if self._meter.carrier is Carrier.NATURAL_GAS:
            c = self._meter.volume_correction
            if abs(c - 1.0) > 0.01 and min(abs(ratio * c - 1.0), abs(ratio / c - 1.0)) < 0.005:
                text = f"they differ by the coefficient C ({c:g}): m3 were taken for Smc"
                yield Verdict.COEFFICIENT, text
            gross = self._gross_over_net()
            if gross and abs(ratio / gross - 1.0) <= self._rules.gross_over_net.near_fraction:
                text = f"they differ by gross over net calorific value ({gross:.3f}): PCS was "
                yield Verdict.GROSS, text + "taken for PCI"

    def _gross_over_net(self) -> float | None:
        """How many kWh on the gross calorific value are one on the net one; None if not known."""
        year = local_year(self._bills[0].start, self._tz)
        given = FuelAmount(Carrier.NATURAL_GAS, 1.0, "kWh", basis=Basis.GROSS)
        try:
            return 1.0 / self._ledger.installation.factors.energy(given, year).kwh
        except FactorMissing:
            return None


def _range(seen: Metered) -> str:
    if seen.high == float("inf"):
        return f"{seen.low:,.0f} {seen.unit} or more"
    return f"between {seen.low:,.0f} and {seen.high:,.0f} {seen.unit}"


def _own_findings(bill: Bill, meter: Meter) -> Iterable[Finding]:
    """What does not fit within the bill itself: bands, registers."""
    in_bands = sum(bill.bands_kwh.values())
    off = in_bands - bill.quantity
    if bill.bands_kwh and abs(off) > ROUNDED * len(bill.bands_kwh) + SUM_FRACTION * bill.quantity:
        text = f"document {bill.document}: its bands are {in_bands:,.10g} kWh together, and its "
        text += f"total {bill.quantity:,.10g} {bill.unit}"
        numbers = {"bands_kwh": in_bands, "quantity": bill.quantity}
        yield Finding("bill.bands", bill.meter, text, bill.start, numbers)
    if bill.register_from is None or bill.register_to is None:
        return
    moved = bill.register_to - bill.register_from
    gas = meter.carrier is Carrier.NATURAL_GAS and bill.unit == "Smc"
    c = (bill.coefficient_c or meter.volume_correction) if gas else 1.0
    if abs(moved * c - bill.quantity) > ROUNDED + SUM_FRACTION * bill.quantity:
        times = f" times C {c:g}" if gas else ""
        text = f"document {bill.document}: its registers moved by {moved:,.10g}{times}, and it "
        text += f"bills {bill.quantity:,.10g} {bill.unit}"
        numbers = {"registers": moved * c, "quantity": bill.quantity}
        yield Finding("bill.register_differs", bill.meter, text, bill.start, numbers)
