"""The bills of a meter as periods with their energy, for the model of ``paes.baselines.billed``.

Documents that count no more (credited, replaced, doubled) are left out, as everywhere; what an
estimated bill says is not known (NaN) until an adjustment tells it.
"""

from __future__ import annotations

from datetime import timedelta

from paes.accounting.ledger import EnergyLedger
from paes.baselines.billed import BilledPeriod
from paes.bills.bill import BILL, Bill, BillKind, accounted_quantity, bills_of, first_day, last_day
from paes.bills.settling import settle
from paes.errors import DataError
from paes.meters import Meter
from paes.periods import local_year

NAN = float("nan")


def billed_periods(ledger: EnergyLedger, meter: Meter) -> list[BilledPeriod]:
    """All bills of ``meter`` that count, in order of time; kWh, and m3 of water."""
    tz = ledger.installation.time_zone(meter.id)
    bills = bills_of(ledger.store.events(subjects=[meter.id], name=BILL))
    return [
        BilledPeriod(
            first_day(bill, tz),
            last_day(bill, tz) + timedelta(days=1),
            _kwh(ledger, meter, bill, tz),
        )
        for bill in settle(bills, tz).valid
    ]


def _kwh(ledger: EnergyLedger, meter: Meter, bill: Bill, tz: str) -> float:
    """What it bills in kWh; NaN of an estimate, and of a unit that cannot be turned into them."""
    if bill.kind is BillKind.ESTIMATED:
        return NAN
    unit = ledger.installation.register(meter).unit
    try:
        amount = accounted_quantity(bill, meter, unit)
        return amount * ledger.kwh_factor(meter, local_year(bill.start, tz))
    except DataError:
        return NAN
