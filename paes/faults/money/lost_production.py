"""What electricity that a plant did not produce would have been worth, step by step.

    EUR(step) = min(lost, bought) * price of buying + max(lost - bought, 0) * price of feeding in

``bought`` is what the first supply of the plant's site took from the grid in that very step: so
much of the lost production would have been used on the spot, and the rest fed in
(``paes.costs.pv_value`` values on the same supply what was produced). Where the meter does not
say what was bought, the bounds are all of it on the spot and none, and the likely value is parted
as in the steps that are known. What nobody pays for is worth nothing; a step without any price has
none (NaN).
"""

from __future__ import annotations

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.faults.episode import Excess
from paes.faults.money.course import PriceCourse, PriceCourses
from paes.faults.view import WHOLE
from paes.metering import Carrier, Measures
from paes.meters import Meter
from paes.periods import ALWAYS, By, Seconds, Span, from_seconds
from paes.series import Floats

HOUR_S = 3600
UNKNOWN_PART = 0.5
"""Used on the spot, where no step of the episode tells."""


def plant_courses(
    ledger: EnergyLedger, courses: PriceCourses, plant: Meter, times_s: Seconds
) -> tuple[PriceCourse | None, PriceCourse | None]:
    """The prices of buying at the plant's site, and of selling what it feeds in."""
    buying = (courses.of(m, times_s) for m in _of_site(ledger, plant, Measures.WITHDRAWAL)[:1])
    sold = (*_of_site(ledger, plant, Measures.FEED_IN), plant)
    selling = (courses.of(meter, times_s) for meter in sold)
    return next(buying, None), next((course for course in selling if course), None)


def lost_value(
    ledger: EnergyLedger,
    plant: Meter,
    excess: Excess,
    buying: PriceCourse | None,
    selling: PriceCourse | None,
) -> Floats:
    """EUR of each step (rows): low, likely, high (columns); NaN without a price."""
    times = excess.starts_s
    none = np.full(len(times), np.nan)
    buy = none if buying is None else buying.eur(times)
    sell = none if selling is None else selling.eur(times)
    is_priced = ~(np.isnan(buy) & np.isnan(sell))
    sell = np.where(np.isnan(sell), 0.0, sell)
    buy = np.where(np.isnan(buy), sell, buy)
    lost = np.stack([excess.low, excess.likely, excess.high], axis=1)
    bought = _bought(ledger, plant, excess)
    value = _parted(lost, bought, buy, sell)
    return np.where(is_priced[:, None], value, np.nan)


def _parted(lost: Floats, bought: Floats, buy: Floats, sell: Floats) -> Floats:
    """The value of ``lost``; ``bought`` is NaN where it is not known."""
    is_known = ~np.isnan(bought)
    spot = np.minimum(lost, np.where(is_known, bought, 0.0)[:, None])
    value = spot * buy[:, None] + (lost - spot) * sell[:, None]
    all_lost = float(lost[is_known, 1].sum())
    part = float(spot[is_known, 1].sum()) / all_lost if all_lost > 0 else UNKNOWN_PART
    likely = part * buy + (1 - part) * sell
    open_price = np.stack([np.minimum(buy, sell), likely, np.maximum(buy, sell)], axis=1)
    return np.where(is_known[:, None], value, lost * open_price)


def _bought(ledger: EnergyLedger, plant: Meter, excess: Excess) -> Floats:
    """kWh that the site bought in each step, an hour's shared evenly; NaN where not measured."""
    bought = _of_site(ledger, plant, Measures.WITHDRAWAL)[:1]
    times = excess.starts_s
    if not bought or not len(times):
        return np.zeros(len(times))
    first = int(times.min()) // HOUR_S * HOUR_S
    last = -(-(int(times.max()) + excess.step_s) // HOUR_S) * HOUR_S
    span = Span(from_seconds(first), from_seconds(last))
    ((table, _),) = ledger.tables([(bought[0], ALWAYS)], span, By.HOUR)
    whole = (table.covered_s >= WHOLE * HOUR_S) & (table.catch_up == 0) & (table.estimated == 0)
    by_hour = np.where(whole, table.measured, np.nan)
    return np.asarray(by_hour[(times - first) // HOUR_S] * (excess.step_s / HOUR_S))


def _of_site(ledger: EnergyLedger, plant: Meter, measures: Measures) -> list[Meter]:
    return [
        meter
        for meter in ledger.installation.meters.values()
        if (meter.site, meter.carrier, meter.measures)
        == (plant.site, Carrier.ELECTRICITY, measures)
    ]
