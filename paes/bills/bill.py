"""Bills of energy, gas, heat and water, kept beside the readings as events.

::

    bill ── event in the store: subject the meter, name ``bill.<document>``, from day to day
      │       └ told again, it replaces itself; nothing of it is ever taken for a reading
      └── paes.bills.amounts: what the bills of a meter without readings say that it used

A bill keeps what stands on it: the quantity in the unit it was billed in, amounts of money,
registers, the calorific value. The last day on a bill is included; here a period is half-open,
``[start, end)``, from local midnight to local midnight.

Read next: ``paes.bills.check``, which holds bills against the meter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from paes.errors import DataError
from paes.events import Event
from paes.metering import Carrier
from paes.meters import Meter
from paes.periods import FIRST_YEAR, LAST_YEAR, Span, local_midnight, require_utc, zone

BILL = "bill."
BANDS = ("f1", "f2", "f3")
LONGEST_NAME = 80
LARGEST = 1e12
"""No document bills more of anything: it is a slip of the keyboard."""
LEAST_C, LARGEST_C = 0.5, 20.0
"""Gas at a meter has nearly the pressure of the air, or at most some bar more."""


class BillKind(StrEnum):
    """On what the quantity of a bill rests, or what it does to another bill."""

    INVOICE = "invoice"  # it does not say
    ACTUAL = "actual"  # on registers that were read
    ESTIMATED = "estimated"  # on an estimate: stimata, acconto
    ADJUSTMENT = "adjustment"  # settles what was estimated: conguaglio
    CREDIT = "credit"  # a credit note: takes another bill back
    VOID = "void"  # withdrawn by a person: entered by mistake


class BilledUnit(StrEnum):
    """Units of quantities on bills; ``Smc`` is what the product calls Sm3."""

    KWH = "kWh"
    SMC = "Smc"
    M3 = "m3"
    LITRE = "l"
    KG = "kg"


@dataclass(frozen=True)
class Bill:
    """One document's charge for one meter and period.

    ``quantity`` is never negative; on a credit note it is what is taken back. ``deducted`` is the
    part of it that this document itself takes off as billed before (advances), in ``unit``.
    ``bands_kwh`` has F1, F2, F3 as far as they are given. ``pcs_mj_per_sm3`` is the gross
    calorific value as printed: it is shown, and never turns a volume into net energy.
    """

    meter: str
    start: datetime
    end: datetime
    quantity: float
    unit: BilledUnit
    document: str
    kind: BillKind = BillKind.INVOICE
    issued: date | None = None
    supplier: str = ""
    net_eur: float | None = None
    vat_eur: float | None = None
    total_eur: float | None = None
    bands_kwh: Mapping[str, float] = field(default_factory=dict)
    deducted: float = 0.0
    register_from: float | None = None
    register_to: float | None = None
    pcs_mj_per_sm3: float | None = None
    coefficient_c: float | None = None
    cancels: str = ""
    """Of a credit note: the document it takes back, if it says which."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", require_utc(self.start))
        object.__setattr__(self, "end", require_utc(self.end))
        if self.end <= self.start:
            raise DataError(f"bill {self.document}: its period ends before it begins")
        if not 0 <= self.quantity <= LARGEST:
            raise DataError(
                f"bill {self.document}: quantity {self.quantity:g} {self.unit}; expected 0 to 1e12"
            )
        if self.coefficient_c is not None and not LEAST_C <= self.coefficient_c <= LARGEST_C:
            raise DataError(
                f"bill {self.document}: coefficient C {self.coefficient_c:g}; expected {LEAST_C:g}"
                f" to {LARGEST_C:g} (Smc = mc x C)"
            )
        if not re.search(r"\w", self.document):
            raise DataError("a bill without a document number cannot be told from others")

    @property
    def span(self) -> Span:
        """Its period."""
        return Span(self.start, self.end)

    @property
    def days(self) -> int:
        """How many local days it bills (a change of the clocks makes one an hour longer)."""
        return round((self.end - self.start) / timedelta(days=1))

    @property
    def key(self) -> tuple[str, str, datetime]:
        """What makes it this bill and no other: that of its event."""
        return self.meter, event_name(BILL, self.document), self.start


def last_day(bill: Bill, tz: str) -> date:
    """The last day that the bill includes, as it is printed."""
    return (bill.end - timedelta(hours=1)).astimezone(zone(tz)).date()


def first_day(bill: Bill, tz: str) -> date:
    """The first day that the bill includes."""
    return bill.start.astimezone(zone(tz)).date()


def billed_span(first: date, last: date, tz: str) -> Span:
    """The period from ``first`` to ``last``, both included, as a half-open one.

    DataError if the last day is before the first, or a year cannot be.
    """
    if last < first:
        raise DataError(f"the period ends on {last}, before its first day, {first}")
    if not FIRST_YEAR <= first.year <= last.year <= LAST_YEAR:
        raise DataError(
            f"the period from {first} to {last} is out of range; expected {FIRST_YEAR} to "
            f"{LAST_YEAR}"
        )
    return Span(local_midnight(first, tz), local_midnight(last + timedelta(days=1), tz))


def accounted_quantity(bill: Bill, meter: Meter, unit: str) -> float:
    """The bill's quantity in ``unit``, that of the meter's register (kWh, m3, l, kg).

    Gas is accounted in Sm3: Smc as they are, m3 times the coefficient C of the bill, else of the
    meter. DataError if the bill is of another kind of quantity.
    """
    gas = meter.carrier is Carrier.NATURAL_GAS
    if bill.unit is BilledUnit.SMC and gas and unit == "m3":
        return bill.quantity
    if bill.unit is BilledUnit.M3 and unit == "m3":
        return bill.quantity * ((bill.coefficient_c or meter.volume_correction) if gas else 1.0)
    if bill.unit == unit and bill.unit is not BilledUnit.M3:
        return bill.quantity
    wanted = "Smc or m3" if gas and unit == "m3" else unit
    why = (
        "; kWh of gas are of the gross calorific value, 11 % above the net one"
        if gas and bill.unit is BilledUnit.KWH
        else ""
    )
    raise DataError(
        f"bill {bill.document} of {bill.meter} is in {bill.unit}, and the meter is accounted in "
        f"{unit}; enter it in {wanted}{why}"
    )


def event_of(bill: Bill) -> Event:
    """The bill as the store keeps it."""
    facts: dict[str, str | float] = {
        "document": bill.document,
        "kind": str(bill.kind),
        "quantity": bill.quantity,
        "unit": str(bill.unit),
    }
    optional: dict[str, str | float | None] = {
        "issued": bill.issued.isoformat() if bill.issued else None,
        "supplier": bill.supplier or None,
        "cancels": bill.cancels or None,
        "deducted": bill.deducted or None,
        **{name: getattr(bill, name) for name in _NUMBERS},
        **{f"{band}_kwh": bill.bands_kwh.get(band) for band in BANDS},
    }
    facts |= {name: value for name, value in optional.items() if value is not None}
    name = event_name(BILL, bill.document)
    return Event(bill.meter, name, bill.start, bill.end, _sentence(bill), facts)


def bill_of(event: Event) -> Bill:
    """The bill that ``event_of`` made an event; DataError if it is none."""
    facts, kind = event.facts, str(event.facts.get("kind", ""))
    try:
        issued = facts.get("issued")
        return Bill(
            meter=event.subject,
            start=event.start,
            end=event.end or event.start,
            quantity=float(facts["quantity"]),
            unit=BilledUnit(str(facts["unit"])),
            document=str(facts["document"]),
            kind=BillKind(kind),
            issued=date.fromisoformat(str(issued)) if issued else None,
            supplier=str(facts.get("supplier", "")),
            cancels=str(facts.get("cancels", "")),
            deducted=float(facts.get("deducted", 0.0)),
            bands_kwh={b: float(facts[f"{b}_kwh"]) for b in BANDS if f"{b}_kwh" in facts},
            net_eur=_number(facts, "net_eur"),
            vat_eur=_number(facts, "vat_eur"),
            total_eur=_number(facts, "total_eur"),
            register_from=_number(facts, "register_from"),
            register_to=_number(facts, "register_to"),
            pcs_mj_per_sm3=_number(facts, "pcs_mj_per_sm3"),
            coefficient_c=_number(facts, "coefficient_c"),
        )
    except (KeyError, ValueError) as err:
        raise DataError(
            f"event {event.name} of {event.subject} is no bill that can be read: {err}"
        ) from err


def bills_of(events: Iterable[Event]) -> list[Bill]:
    """The bills among ``events``, by meter and time."""
    found = [bill_of(event) for event in events if event.name.startswith(BILL)]
    return sorted(found, key=lambda b: (b.meter, b.start, b.end, b.document))


def event_name(kind: str, document: str) -> str:
    """``bill.`` and the number of the document, safe in every store.

    ``2024/A 17`` becomes ``2024-a-17``. DataError if the number is too long to be one.
    """
    plain = unicodedata.normalize("NFKD", document).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not slug or len(slug) > LONGEST_NAME:
        raise DataError(f"document {document!r}; expected a number of 1 to {LONGEST_NAME} signs")
    return kind + slug


_NUMBERS = (
    "net_eur",
    "vat_eur",
    "total_eur",
    "register_from",
    "register_to",
    "pcs_mj_per_sm3",
    "coefficient_c",
)


def _number(facts: Mapping[str, str | float], name: str) -> float | None:
    return float(facts[name]) if name in facts else None


def _sentence(bill: Bill) -> str:
    by = f" of {bill.supplier}" if bill.supplier else ""
    return f"{bill.kind} {bill.document}{by}: {bill.quantity:.10g} {bill.unit}"
