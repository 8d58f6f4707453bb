"""Bills that a file holds, gathered to a batch: whose they are, and that no two contradict.

A document that is there twice with the same content is taken once; with another content neither
is taken, for nobody can know which is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from paes.bills.bill import Bill, BilledUnit, accounted_quantity, event_of
from paes.errors import DataError, FactorMissing
from paes.factors.fuel_amounts import Basis, BillValue, FuelAmount
from paes.imports.batch import Batch, Context, Refusal
from paes.imports.supply_points import meter_of_pdr, meter_of_pod
from paes.metering import Carrier, Finding
from paes.meters import Meter

PDR_DIGITS = 14
GJ_BELOW = 1.0
"""A gross calorific value below this is in GJ/Smc, as many bills print it, and not in MJ."""


@dataclass
class BillGathering:
    """Bills by what makes each the one it is, with the place of each in the file."""

    context: Context
    found: dict[tuple[object, ...], tuple[str, Bill]] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _twice: set[tuple[object, ...]] = field(default_factory=set)

    def add(self, place: str, bill: Bill) -> None:
        """Take ``bill``; DataError if its quantity is not of its meter's kind."""
        installation = self.context.installation
        meter = installation.meter(bill.meter)
        accounted_quantity(bill, meter, installation.register(meter).unit)
        known = self.found.get(bill.key)
        if known is None:
            self.found[bill.key] = place, bill
        elif known[1] != bill:
            self._twice.add(bill.key)
            self.refuse(
                place,
                f"document {bill.document} of {bill.meter} is there twice with different content "
                f"({_gist(known[1])} at {known[0]}, {_gist(bill)} here); neither was taken: leave "
                "only the right one",
            )

    def refuse(self, place: str, message: str) -> None:
        """Tell what was not taken."""
        self.refused.append(Refusal(place, message))

    def batch(self) -> Batch:
        """All that was gathered."""
        events = [event_of(b) for key, (_, b) in self.found.items() if key not in self._twice]
        return Batch(events=events, refused=self.refused, findings=self.findings)


def meter_of(context: Context, pod: str | None, pdr: str | None) -> Meter:
    """The meter of a bill by its supply point, else the one that the person named.

    A POD that has the form of a PDR (a column for both) is taken for one. Zeros at the beginning
    of a PDR, which spreadsheets drop, are put back. DataError if there is none, with the nearest
    that is known.
    """
    if pod and pod.strip().isdigit():
        pod, pdr = None, pod
    if pod:
        return meter_of_pod(context, pod)
    if pdr:
        bare = pdr.strip()
        is_cut = bare.isdigit() and PDR_DIGITS - 4 <= len(bare) < PDR_DIGITS
        return meter_of_pdr(context, bare.zfill(PDR_DIGITS) if is_cut else pdr)
    if context.meter:
        return context.installation.meter(context.meter)
    raise DataError("no POD and no PDR; name the meter with --meter")


def units_with(quantities: Iterable[tuple[BilledUnit, float | None]]) -> tuple[BilledUnit, float]:
    """The one quantity that is given; DataError if there is none, or several."""
    given = [(unit, value) for unit, value in quantities if value is not None]
    if len(given) == 1:
        return given[0]
    if not given:
        raise DataError("no quantity; expected one of kWh, Smc, m3, l, kg")
    told = " and ".join(f"{value:.10g} {unit}" for unit, value in given)
    raise DataError(f"several quantities ({told}); expected one: leave the others empty")


def _gist(bill: Bill) -> str:
    euros = "" if bill.total_eur is None else f", {bill.total_eur:.2f} EUR"
    return f"{bill.quantity:.10g} {bill.unit}{euros}"


def gross_value(value: float | None, meter: Meter, context: Context, year: int) -> float | None:
    """The gross calorific value of a gas bill in MJ/Smc; None if the bill has none.

    Bills print it in MJ or in GJ per Smc. DataError if it cannot be one, or if the meter is not
    one of gas.
    """
    if value is None:
        return None
    if meter.carrier is not Carrier.NATURAL_GAS:
        raise DataError(f"a gross calorific value (PCS) for {meter.id}, which is no gas meter")
    mj_per_sm3 = round(value * 1000.0 if value < GJ_BELOW else value, 6)
    printed = BillValue(mj_per_sm3, "MJ/Sm3", Basis.GROSS)
    given = FuelAmount(Carrier.NATURAL_GAS, 1.0, "Sm3", bill_value=printed)
    with suppress(FactorMissing):  # then there is no value to hold it against
        context.installation.factors.energy(given, year)
    return mj_per_sm3
