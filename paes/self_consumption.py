"""What sites make of their own plants: production, feed-in, self-consumption, autarky.

::

    production ──┬── fed into the grid             (its own register, OBIS 2.8.0)
                 └── used on the spot ──┐
    withdrawal (OBIS 1.8.0) ────────────┴── consumption

    self-consumption = production - feed-in          share of it = self-consumption / production
    consumption      = withdrawal + self-consumption autarky     = self-consumption / consumption

Each is measured, estimated or missing between bounds, as everything is. Where nobody meters what
is fed in, only bounds can be told: between nothing and all that was produced. A plant that gives
all to the grid has a virtual meter that says so (``measures: feed_in``, ``formula: pv``). Plants of
all kinds behind one connection are taken together, for its register cannot tell them apart.

No storage is known: a battery's losses count as self-consumption.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import add

import numpy as np
import pandas as pd

from paes.accounting.energy_table import EnergyTable
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.site_energy import SiteEnergy
from paes.accounting.term_sums import difference, seen_together
from paes.metering import Carrier, Finding, Measures, Site
from paes.periods import By, Span
from paes.series import Floats

TOLERANCE = 0.01
"""So much more may be fed in than was produced: two meters, each within its class of accuracy."""
CLOSE = 0.02
"""Bounds of a share that are so close leave a figure between them; others are told alone."""
TOLERANCE_KWH = 0.1
"""And so much in any period: registers have steps."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part (0..1) with its bounds; ``value`` is None where these are not close together."""

    value: float | None
    low: float | None
    high: float | None


UNKNOWN = Share(None, None, None)


@dataclass(frozen=True)
class Balance:
    """Energy of a site or of several by periods of one time zone, in kWh.

    Where ``feed_in`` or ``withdrawal`` has no meter, it is missing between bounds.
    """

    starts: pd.DatetimeIndex
    production: EnergyTable
    feed_in: EnergyTable
    withdrawal: EnergyTable
    self_consumption: EnergyTable
    consumption: EnergyTable
    has_feed_in: bool
    """False if what some site feeds in has no meter."""
    has_withdrawal: bool
    """False if what some site withdraws has no meter."""

    def __add__(self, other: Balance) -> Balance:
        """Two sites together; what one of them does not know, both do not."""
        return Balance(
            self.starts,
            self.production + other.production,
            self.feed_in + other.feed_in,
            self.withdrawal + other.withdrawal,
            self.self_consumption + other.self_consumption,
            self.consumption + other.consumption,
            self.has_feed_in and other.has_feed_in,
            self.has_withdrawal and other.has_withdrawal,
        )

    @property
    def periods(self) -> list[BalancePeriod]:
        """One by one, oldest first."""
        amounts = zip(
            self.production.rows(),
            self.feed_in.rows(),
            self.withdrawal.rows(),
            self.self_consumption.rows(),
            self.consumption.rows(),
            strict=True,
        )
        known = self.has_feed_in, self.has_withdrawal
        return [
            BalancePeriod(start.to_pydatetime(), *row, *known)
            for start, row in zip(self.starts, amounts, strict=True)
        ]


@dataclass(frozen=True)
class BalancePeriod:
    """A balance in one period that begins at the local ``start``."""

    start: datetime
    production: EnergyTotal
    feed_in: EnergyTotal
    withdrawal: EnergyTotal
    self_consumption: EnergyTotal
    consumption: EnergyTotal
    has_feed_in: bool
    has_withdrawal: bool

    @property
    def self_consumption_share(self) -> Share:
        """The part of the production that was used on the spot; unknown if nothing was made."""
        made, fed_in = self.production, self.feed_in
        if made.high_kwh <= 0:
            return UNKNOWN
        # Of the least production with the most feed-in, and the other way round.
        low = 1 - fed_in.high_kwh / made.low_kwh if made.low_kwh > 0 else 0.0
        high = 1 - fed_in.low_kwh / made.high_kwh
        known = self.has_feed_in and made.kwh > 0
        return _share(self.self_consumption.kwh / made.kwh if known else None, low, high)

    @property
    def autarky(self) -> Share:
        """The part of the consumption that came from own plants; unknown if nothing was used."""
        used, bought, in_all = self.self_consumption, self.withdrawal, self.consumption
        if in_all.high_kwh <= 0:
            return UNKNOWN
        low = used.low_kwh / (used.low_kwh + bought.high_kwh) if used.low_kwh > 0 else 0.0
        most_kwh = used.high_kwh + bought.low_kwh
        bounded = math.isfinite(most_kwh) and most_kwh > 0
        high = used.high_kwh / most_kwh if bounded else 1.0
        known = self.has_feed_in and self.has_withdrawal and in_all.kwh > 0
        return _share(used.kwh / in_all.kwh if known else None, low, high)


def balances(energy: SiteEnergy, sites: Iterable[Site], span: Span, by: By) -> dict[str, Balance]:
    """The balance of each of ``sites`` with own generation of electricity, by id.

    Periods are whole ones around ``span``. Sites without a plant are left out.
    """
    wanted = list(sites)
    made, fed_in, bought = (
        _of_sites(energy, wanted, measures, span, by)
        for measures in (Measures.GENERATION, Measures.FEED_IN, Measures.WITHDRAWAL)
    )
    return {
        site.id: balance_of(made[site.id], fed_in.get(site.id), bought.get(site.id))
        for site in wanted
        if site.id in made
    }


def together(
    energy: SiteEnergy, found: Mapping[str, Balance], sites: Iterable[Site], span: Span, by: By
) -> Balance:
    """All ``sites`` of one city as one, those without a plant with what they withdraw.

    ``found`` are the balances of those with one, of the same periods; there is one at least.
    """
    total = reduce(add, found.values())
    without = [site for site in sites if site.id not in found]
    bought = _of_sites(energy, without, Measures.WITHDRAWAL, span, by)
    if not bought:
        return total
    more = reduce(add, (table for table, _ in bought.values()))
    return replace(total, withdrawal=total.withdrawal + more, consumption=total.consumption + more)


def balance_findings(found: Mapping[str, Balance]) -> Iterator[Finding]:
    """Sites that feed in more than their plants produce, which cannot be."""
    for site, balance in found.items():
        odd = [p for p in balance.periods if _exceeds(p)]
        if not odd:
            continue
        worst = max(
            odd, key=lambda p: p.feed_in.low_kwh - p.production.high_kwh if p.feed_in else 0
        )
        assert worst.feed_in  # those without are not odd
        yield Finding(
            "pv.feed_in_exceeds_production",
            site,
            f"more is fed in than produced in {len(odd)} of {len(balance.starts)} periods, first "
            f"from {odd[0].start:%Y-%m-%d %H:%M}, most from {worst.start:%Y-%m-%d %H:%M}: a clock "
            "that is wrong, another register than that of what is given, or a current transformer "
            "that is turned round",
            at=worst.start,
            numbers={
                "feed_in_kwh": worst.feed_in.kwh,
                "production_kwh": worst.production.kwh,
                "periods": float(len(odd)),
            },
        )


def _exceeds(period: BalancePeriod) -> bool:
    most = period.production.high_kwh * (1 + TOLERANCE) + TOLERANCE_KWH
    return period.feed_in.low_kwh > most


def _of_sites(
    energy: SiteEnergy, sites: Iterable[Site], measures: Measures, span: Span, by: By
) -> dict[str, tuple[EnergyTable, pd.DatetimeIndex]]:
    terms = {s.id: energy.terms([s.id], Carrier.ELECTRICITY, measures) for s in sites}
    return energy.tables(terms, span, by)


def balance_of(
    made: tuple[EnergyTable, pd.DatetimeIndex],
    fed_in: tuple[EnergyTable, pd.DatetimeIndex] | None,
    bought: tuple[EnergyTable, pd.DatetimeIndex] | None,
) -> Balance:
    """The balance of a plant's production, and of what its site feeds in and withdraws.

    Each with the starts of the same periods; None is what nobody meters.
    """
    production, starts = made
    most = production.measured + production.estimated_high + production.missing_high
    feed_in = fed_in[0] if fed_in else _unmetered(production, most)
    used = difference(production, feed_in) if fed_in else feed_in
    withdrawal = bought[0] if bought else _unmetered(production, np.full_like(most, np.inf))
    consumption = seen_together(used + withdrawal, [used, withdrawal])
    known = fed_in is not None, bought is not None
    return Balance(starts, production, feed_in, withdrawal, used, consumption, *known)


def _unmetered(production: EnergyTable, most: Floats) -> EnergyTable:
    """Between nothing and ``most`` in the time in which the plant was in use."""
    lived = production.span_s > 0
    nothing = EnergyTable.empty(len(most))
    missing_high = np.where(lived, most, 0.0)
    return replace(nothing, missing_high=missing_high, span_s=production.span_s)


def _share(value: float | None, low: float, high: float) -> Share:
    """Within 0 and 1; without a value where its bounds are wide, or where a meter is wrong."""
    low, high = (float(np.clip(bound, 0.0, 1.0)) for bound in (low, high))
    if value is None or high - low > CLOSE or not -TOLERANCE <= value <= 1 + TOLERANCE:
        return Share(None, low, high)
    return Share(float(np.clip(value, low, high)), low, high)
