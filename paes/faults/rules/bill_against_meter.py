"""Bill against meter: a document bills more than the meter, or the other documents, account for.

::

    verdict    that of paes.bills.check: certain, beyond all that missing readings may hide
    claim      the part of the bill beyond the most that can have passed, at the bill's own price;
               and what a second document bills again
    episode    the period of the bill; one for each document (``Episode.place``)

A bill of less than was metered is no claim: an adjustment will follow. An episode is not over as
long as the claim stands; once it is credited the readings do not show it any more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
from pydantic import Field

from paes.bills.check import OVERBILLED, BillCheck, check_bills
from paes.costs.prices import price_at
from paes.faults.episode import Episode, Picture
from paes.faults.load_curve import LoadCurve
from paes.faults.money.price import Interval
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.windows import DAY_S, PICTURE_DAYS
from paes.faults.view import View
from paes.metering import Measures, Site
from paes.meters import Meter
from paes.periods import Span, local_midnight, to_seconds
from paes.series import Floats

WEEK_DAYS = 7
BILLED_AGAIN = ("bill.duplicate", "bill.billed_twice")


class BillAgainstMeterParameters(Parameters):
    """See ``config/fault_rules/bill_against_meter.yaml``."""

    least_claim_eur: float = Field(ge=0)
    least_beyond_fraction: float = Field(ge=0, lt=1)
    least_known_fraction: float = Field(gt=0, le=1)
    """Of a day's hours, for the picture alone."""


def find(
    checks: list[BillCheck], unit_eur: dict[str, float], p: BillAgainstMeterParameters, tz: str
) -> list[Episode]:
    """An episode for each of ``checks`` that bills too much, in order of time.

    ``unit_eur`` may price a document without amounts of money (EUR for a unit of the meter); of
    one that has neither only the amounts are told.
    """
    found = []
    for check in checks:
        beyond = _beyond(check)
        billed = check.billed or 0.0
        eur = check.claim_eur or unit_eur.get(check.bill.document, 0.0) * beyond
        if beyond <= p.least_beyond_fraction * billed or 0 < eur < p.least_claim_eur:
            continue
        found.append(_episode(check, beyond, eur, tz))
    return sorted(found, key=lambda e: (e.start, e.place or ""))


def _beyond(check: BillCheck) -> float:
    """What is billed too much, in the unit of the meter; 0 if it is none, or less than metered."""
    over = check.beyond if check.verdict in OVERBILLED else 0.0
    if not check.billed or not check.bill.quantity:
        return max(over, 0.0)
    per_unit = check.billed / check.bill.quantity
    again = [f.numbers.get("quantity", 0.0) for f in check.findings if f.name in BILLED_AGAIN]
    return min(max(over, 0.0) + sum(again) * per_unit, check.billed)


def _episode(check: BillCheck, beyond: float, eur: float, tz: str) -> Episode:
    bill, billed = check.bill, check.billed or 0.0
    numbers = {
        "days": float(bill.days),
        "billed_amount": billed,
        "owed_amount": billed - beyond,
        "beyond_amount": beyond,
        "claim_eur": eur,
    }
    if check.metered:
        numbers |= {"metered_amount": check.metered.amount, "metered_high": check.metered.high}
    issued = local_midnight(bill.issued, tz) if bill.issued else bill.end
    return Episode(
        start=bill.start,
        end=bill.end,
        found=max(issued, bill.end),
        is_over=False,
        numbers={name: value for name, value in numbers.items() if np.isfinite(value)},
        windows={"billed": Span(bill.start, bill.end)},
        place=bill.document,
        eur=Interval(eur, eur, eur) if eur > 0 else None,
    )


def concerns(meter: Meter, site: Site) -> bool:
    """Whatever bills can be of."""
    return meter.measures in (Measures.WITHDRAWAL, Measures.WATER)


def look(view: View, p: BillAgainstMeterParameters) -> list[Episode]:
    """Episodes of one meter's bills that touch the judged span."""
    checks = [c for c in check_bills(view.ledger, [view.meter], view.span) if _beyond(c) > 0]
    prices = {}
    for check in checks:
        price = price_at(view.installation, view.meter, check.bill.start)
        if price:
            prices[check.bill.document] = price.eur
    found = find(checks, prices, p, view.tz)
    of = {check.bill.document: check for check in checks}
    return [_with_picture(view, e, of[e.place], p) for e in found if e.place]


def _with_picture(
    view: View, episode: Episode, check: BillCheck, p: BillAgainstMeterParameters
) -> Episode:
    return replace(episode, picture=_picture(view.hours, episode, check, view.unit, p))


def _picture(
    hours: LoadCurve,
    episode: Episode,
    check: BillCheck,
    unit: str,
    p: BillAgainstMeterParameters,
) -> Picture | None:
    """Days of the bill and around it as metered, beside the bill's even part of a day."""
    before = max(PICTURE_DAYS - check.bill.days, WEEK_DAYS)
    first, last = episode.start - timedelta(days=before), episode.end + timedelta(days=WEEK_DAYS)
    part = hours.between(to_seconds(first), to_seconds(last))
    if not len(part):
        return None
    seen: Floats = part.by_day(least_known=p.least_known_fraction)
    billed_a_day = (check.billed or 0.0) * (check.kwh_per_unit or 1.0) / check.bill.days
    noon = [local_midnight(day, hours.tz) + timedelta(hours=12) for day in part.days]
    is_billed = np.array([episode.start <= at < episode.end for at in noon])
    usual = np.where(is_billed, billed_a_day, np.nan)
    first_s = to_seconds(local_midnight(part.first_day, "UTC"))
    return Picture(first_s, DAY_S, unit, seen, usual)


RULE = Rule("bill_against_meter", 1, BillAgainstMeterParameters, concerns, look)
