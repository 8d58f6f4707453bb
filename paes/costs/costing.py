"""What meters, sites and cities cost by period, asked of an installation and its ledger.

Periods are whole local ones around the span, as in the ledger; nothing after now is counted. A
submeter costs its energy at the price of the meter above it, without fixed and power parts. Where
no contract is in force, energy has no price: it is told (``unpriced``), and never costs 0.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from typing import TypeVar

import pandas as pd

from paes.accounting.energy_table import local_starts
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.costs.bill import Asked, Bill, unit_of
from paes.costs.cost_table import CostTable
from paes.costs.prices import UnitPrice, meter_supplies, payer, price_at, price_kinds, regimes
from paes.costs.runs import counted, runs_of
from paes.meter_trees.tree import Term
from paes.metering import Carrier, Finding, Measures
from paes.meters import Meter
from paes.periods import ALWAYS, By, Seconds, Span, edges, from_seconds, zone

NO_CONTRACT = "costs.no_contract"
PAID = (Measures.WITHDRAWAL, Measures.FEED_IN, Measures.WATER)
"""What has contracts: what is bought, and what is sold."""
K = TypeVar("K", bound=Hashable)
Commodity = tuple[Carrier | None, Measures]
"""What is paid for; None is water."""


@dataclass(frozen=True)
class Costs:
    """Costs by period, and of all periods together, whose bounds are closer than their sum."""

    starts: pd.DatetimeIndex
    periods: CostTable
    whole: CostTable
    findings: tuple[Finding, ...] = ()

    def __add__(self, other: Costs) -> Costs:
        return Costs(
            self.starts,
            self.periods + other.periods,
            self.whole + other.whole,
            self.findings + other.findings,
        )

    def times(self, weight: float) -> Costs:
        """A part of the money and amounts; of the time, all."""
        if weight == 1.0:
            return self
        return Costs(
            self.starts, self.periods.times(weight), self.whole.times(weight), self.findings
        )


class Costing:
    """Costs over one ledger, at the prices of its installation."""

    def __init__(self, ledger: EnergyLedger) -> None:
        self.ledger = ledger
        self.installation = ledger.installation

    def meter(self, meter: Meter, span: Span, by: By) -> Costs:
        """What ``meter`` cost by period; of a meter that feeds in, what it earned."""
        return self.meters([meter], span, by)[0]

    def meters(
        self, meters: Sequence[Meter], span: Span, by: By, at_price_of: Meter | None = None
    ) -> list[Costs]:
        """The costs of each of ``meters``, or what they would cost on another's contract."""
        paying = [at_price_of or payer(self.installation, meter) for meter in meters]
        asked = [Asked(m, p, ALWAYS) for m, p in zip(meters, paying, strict=True)]
        return self._each(asked, span, by)

    def sites(
        self, sites: Iterable[str], span: Span, by: By, carrier: Carrier | None = None
    ) -> dict[Commodity, Costs]:
        """What ``sites`` cost together, by carrier and direction.

        A meter that is shared is paid for in the parts of its key, fixed parts too; a submeter
        whose energy belongs to another site is paid for there, at the price of the meter above.
        """
        energy, wanted = SiteEnergy(self.ledger), list(sites)
        terms = {kind: energy.terms(wanted, carrier, kind) for kind in PAID}
        asked = {
            (of[0].meter.carrier, kind): of
            for kind, found in terms.items()
            for of in _by_carrier(found)
        }
        found = self._sums(asked, span, by)
        return {key: found[key] for key in sorted(found, key=_order)}

    def by_site(
        self, sites: Iterable[str], span: Span, by: By
    ) -> dict[tuple[str, Commodity], Costs]:
        """The same of each site apart, asked of the store together: much faster than one by one."""
        energy = SiteEnergy(self.ledger)
        asked = {
            (site, (of[0].meter.carrier, kind)): of
            for site in sorted(set(sites))
            for kind in PAID
            for of in _by_carrier(energy.terms([site], None, kind))
        }
        return self._sums(asked, span, by)

    def _sums(self, asked: Mapping[K, Sequence[Term]], span: Span, by: By) -> dict[K, Costs]:
        """What the terms of each key cost together, each at the price of its own meter."""
        found = [
            Asked(t.meter, payer(self.installation, t.meter), t.span)
            for of in asked.values()
            for t in of
        ]
        costs = iter(self._each(found, span, by))
        return {
            key: reduce(add, [next(costs).times(term.weight) for term in of])
            for key, of in asked.items()
        }

    def price_at(self, meter: Meter, at: datetime) -> UnitPrice | None:
        """What one more unit of ``meter`` costs at ``at``; None if no contract is in force."""
        return price_at(self.installation, meter, at)

    def _each(self, asked: Sequence[Asked], span: Span, by: By) -> list[Costs]:
        """Costs in the order of ``asked``; those on one price are counted together."""
        found: dict[int, Costs] = {}
        groups: dict[tuple[str, object], list[tuple[int, Asked]]] = {}
        for place, one in enumerate(asked):
            tz = self.installation.time_zone(one.meter.id)
            prices = tuple(
                (s.tariff.id, s.start, s.end) for s in meter_supplies(self.installation, one.payer)
            )
            groups.setdefault((tz, prices), []).append((place, one))
        for (tz, _), of in groups.items():
            costs = self._costs([one for _, one in of], edges(span, by, tz), tz)
            found |= zip((place for place, _ in of), costs, strict=True)
        return [found[place] for place in range(len(asked))]

    def _costs(self, asked: Sequence[Asked], period_edges_s: Seconds, tz: str) -> Iterator[Costs]:
        """The costs of meters of one time zone, whose energy has one price at all times."""
        months_s, all_s = _months_around(period_edges_s, tz), period_edges_s[[0, -1]]
        within = int(months_s[0]), int(months_s[-1])
        kinds = price_kinds(regimes(meter_supplies(self.installation, asked[0].payer), *within))
        runs, stretches = runs_of(kinds.kinds, period_edges_s), [a.stretch for a in asked]
        by_run = counted(self.ledger, stretches, runs.edges_s, tz)
        by_period = counted(self.ledger, stretches, period_edges_s, tz)
        whole = counted(self.ledger, stretches, all_s, tz)
        starts = local_starts(period_edges_s, tz)
        for i, one in enumerate(asked):
            own = tuple(regimes(meter_supplies(self.installation, one.payer), *within))
            bill = Bill(self.ledger, one, own, kinds, runs, by_run[i], tz)
            total = bill.table(all_s, whole[i])
            periods = total
            if len(starts) > 1:
                periods = bill.table(period_edges_s, by_period[i])
                total = total.within(periods)
            told = tuple(self._findings(one.meter, total, all_s, tz))
            yield Costs(starts, periods, total, told)

    def _findings(
        self, meter: Meter, whole: CostTable, ends_s: Seconds, tz: str
    ) -> Iterator[Finding]:
        seconds, amount = float(whole.unpriced_s[0]), float(whole.unpriced[0])
        if seconds <= 0:
            return
        start, end = (from_seconds(s).astimezone(zone(tz)) for s in ends_s)
        yield Finding(
            NO_CONTRACT,
            meter.id,
            f"no contract for {seconds / 86400:.1f} days between {start:%Y-%m-%d} and "
            f"{end:%Y-%m-%d}: {amount:,.1f} {unit_of(self.ledger, meter)} have no price; "
            "add it to contracts.yaml",
            from_seconds(ends_s[0]),
            {"unpriced_s": seconds, "unpriced_amount": amount},
        )


def _months_around(period_edges_s: Seconds, tz: str) -> Seconds:
    """Whole months: the highest quarter hour of one counts, whatever part of it is asked for."""
    outer = Span(from_seconds(period_edges_s[0]), from_seconds(period_edges_s[-1]))
    return edges(outer, By.MONTH, tz)


def _by_carrier(terms: Iterable[Term]) -> list[list[Term]]:
    """Terms of one carrier together, in the order in which the first of each comes."""
    found: dict[Carrier | None, list[Term]] = {}
    for term in terms:
        found.setdefault(term.meter.carrier, []).append(term)
    return list(found.values())


def _order(of: Commodity) -> tuple[int, int]:
    """What is bought first, carriers as in the Covenant's tables, water last."""
    carriers = [*Carrier, None]
    return PAID.index(of[1]), carriers.index(of[0])
