"""What a site's own PV is worth: what need not be bought, and what is paid for the rest.

    avoided = sum over time of (production - feed-in) x price in force, with taxes and VAT
    earned  = sum over time of feed-in x price of feeding in

Fixed and power parts are paid all the same, and not avoided. Without a meter of what is fed in,
production was used on the spot or given away: then there are only bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import pandas as pd

from paes.accounting.site_energy import SiteEnergy
from paes.costs.cost_table import Money
from paes.costs.costing import Costing, Costs
from paes.errors import DataError
from paes.metering import Carrier, Measures
from paes.periods import By, Span
from paes.series import Floats


@dataclass(frozen=True)
class PvValue:
    """EUR by period: ``avoided`` by self-consumption, ``earned`` by feeding in.

    In the ``unpriced_s`` seconds of a period some contract was not in force: what was worth
    something then is in no amount.
    """

    starts: pd.DatetimeIndex
    avoided: Money
    earned: Money
    unpriced_s: Floats


def pv_value(costing: Costing, site: str, span: Span, by: By) -> PvValue:
    """What the electricity that ``site`` produced was worth, by period.

    Valued on the contract of the site's own supply; DataError without production or supply.
    """
    here = [
        m
        for m in costing.installation.meters.values()
        if m.site == site and m.carrier is Carrier.ELECTRICITY
    ]
    plants = [m for m in here if m.measures is Measures.GENERATION]
    bought = [m for m in here if m.measures is Measures.WITHDRAWAL]
    # Of a virtual meter too: the plant that gives all to the grid has no other.
    fed_in = SiteEnergy(costing.ledger).terms([site], Carrier.ELECTRICITY, Measures.FEED_IN)
    if not plants or not bought:
        what = "meter of generation" if not plants else "meter of withdrawal"
        raise DataError(f"site {site} has no {what}; the value of its PV cannot be told")
    produced = _together(costing.meters(plants, span, by, at_price_of=bought[0]))
    n = len(produced.starts)
    if not fed_in:
        most = _at_most(produced.periods.total)
        return PvValue(produced.starts, most, Money.nothing(n), produced.periods.unpriced_s)
    meters, weights = [term.meter for term in fed_in], [term.weight for term in fed_in]
    given = _together(costing.meters(meters, span, by, at_price_of=bought[0]), weights)
    earned = _together(costing.meters(meters, span, by), weights)
    avoided = _less(produced.periods.total, given.periods.total)
    unpriced_s = produced.periods.unpriced_s + earned.periods.unpriced_s
    return PvValue(produced.starts, avoided, earned.periods.total, unpriced_s)


def _together(costs: Sequence[Costs], weights: Sequence[float] = ()) -> Costs:
    weighted = zip(costs, weights or [1.0] * len(costs), strict=True)
    return reduce(add, (cost.times(weight) for cost, weight in weighted))


def _at_most(value: Money) -> Money:
    """Between nothing and ``value``."""
    none = np.zeros(len(value.low_eur))
    return Money(none, none, none, value.high_eur)


def _less(value: Money, part: Money) -> Money:
    """``value`` without ``part`` of it; what one meter missed bounds it from both sides."""
    eur = np.maximum(value.eur - part.eur, 0.0)
    low = np.maximum(value.low_eur - part.high_eur, 0.0)
    high = np.maximum(value.high_eur - part.low_eur, 0.0)
    measured = np.clip(value.measured_eur - part.eur, 0.0, eur)
    return Money(measured, eur - measured, low, high)
