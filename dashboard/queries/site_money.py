"""What a site costs by month, carrier and time band, and where its own electricity goes.

Both over the last twelve whole months or a calendar year. What was used without a contract has no
price: it is told, and never costs 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from dashboard.queries.recipe import Recipe, Sources
from dashboard.queries.site_year import year_days
from paes.accounting.site_energy import SiteEnergy
from paes.costs.costing import Costing, Costs
from paes.metering import Carrier, Measures
from paes.periods import By, Span, local_midnight
from paes.self_consumption import Balance, BalancePeriod, balances
from paes.series import Floats


@dataclass(frozen=True)
class Bought:
    """What one carrier (None: water) cost; of what is fed in what it earned. EUR.

    ``bands`` are EUR of energy by band and month (``flat``: a price without bands); ``parts`` the
    whole bill by part; ``low_eur`` and ``high_eur`` bound the whole (infinite if nothing does).
    """

    carrier: Carrier | None
    measures: Measures
    bands: dict[str, Floats]
    rest: Floats
    """By month: power, fixed parts, taxes, VAT."""
    months: Floats
    parts: dict[str, float]
    energy: dict[str, tuple[float, float]]
    """By band: the amount in ``unit``, and its EUR."""
    unit: str
    eur: float
    low_eur: float
    high_eur: float
    unpriced_s: float
    span_s: float
    unpriced: float
    """Amount used without a contract, in ``unit``."""
    is_assumed: bool

    @property
    def unpriced_fraction(self) -> float:
        """The part of the time in which no contract was in force."""
        return self.unpriced_s / self.span_s if self.span_s else 0.0


@dataclass(frozen=True)
class SiteMoney:
    """All that a site pays for, and what its plants make; by local month."""

    first: date
    end: date
    starts: pd.DatetimeIndex
    bought: tuple[Bought, ...]
    balance: Balance | None
    """None without a plant."""

    @property
    def paid_eur(self) -> float | None:
        """What was paid; None if nothing there has a price in any of the time."""
        paid = [b for b in self.bought if b.measures is not Measures.FEED_IN]
        priced = [b.eur for b in paid if b.unpriced_fraction < 1]
        return sum(priced) if priced else None

    @property
    def is_assumed(self) -> bool:
        """Whether any price in it is assumed."""
        return any(b.is_assumed for b in self.bought)

    @property
    def whole(self) -> BalancePeriod | None:
        """All months of the balance as one."""
        if self.balance is None:
            return None
        of = self.balance
        return BalancePeriod(
            of.starts[0].to_pydatetime(),
            of.production.total(),
            of.feed_in.total(),
            of.withdrawal.total(),
            of.self_consumption.total(),
            of.consumption.total(),
            of.has_feed_in,
            of.has_withdrawal,
        )


def site_money(sources: Sources, site: str, year: str) -> SiteMoney:
    """Costs and flows of a site in the calendar ``year``, or without one of the last 12 months."""
    city = sources.installation.city_of_site(site)
    first, end = year_days(year, sources, city)
    tz = city.time_zone
    span = Span(local_midnight(first, tz), local_midnight(end, tz))
    costs = Costing(sources.ledger).sites([site], span, By.MONTH)
    energy = SiteEnergy(sources.ledger)
    found = balances(energy, [city.sites[site]], span, By.MONTH)
    balance = found.get(site)
    starts = next((c.starts for c in costs.values()), None)
    if starts is None:
        starts = balance.starts if balance else pd.DatetimeIndex([])
    bought = [_bought(carrier, measures, c) for (carrier, measures), c in costs.items()]
    return SiteMoney(first, end, starts, tuple(bought), balance)


def _bought(carrier: Carrier | None, measures: Measures, costs: Costs) -> Bought:
    months, whole = costs.periods, costs.whole
    bands = {label: np.asarray(of.eur) for label, of in months.energy.items()}
    parts = {name: float(of.eur.sum()) for name, of in whole.parts.items()}
    of_band = {
        label: (float((a.measured + a.estimated).sum()), float(whole.energy[label].eur.sum()))
        for label, a in whole.amounts.items()
        if label in whole.energy
    }
    total = np.asarray(months.total.eur)
    return Bought(
        carrier=carrier,
        measures=measures,
        bands=bands,
        rest=total - sum(bands.values(), np.zeros(len(total))),
        months=total,
        parts=parts,
        energy=of_band,
        unit=whole.unit,
        eur=float(whole.total.eur.sum()),
        low_eur=float(whole.total.low_eur.sum()),
        high_eur=float(whole.total.high_eur.sum()),
        unpriced_s=float(whole.unpriced_s.sum()),
        span_s=float(whole.span_s.sum()),
        unpriced=float(whole.unpriced.sum()),
        is_assumed=bool(whole.assumed),
    )


SITE_MONEY = Recipe("site_money", site_money, max_age_s=1800.0, ahead=lambda _: ())
"""By site and year (or nothing): asked for when it is read."""
