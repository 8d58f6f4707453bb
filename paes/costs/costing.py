"""What meters, sites and cities cost by period, asked of an installation and its ledger.

Periods are whole local ones around the span, as in the ledger; nothing after now is counted. A
submeter costs its energy at the price of the meter above it, without fixed and power parts. Where
no contract is in force, energy has no price: it is told (``unpriced``), and never costs 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

import pandas as pd

from paes.accounting.energy_table import local_starts
from paes.accounting.ledger import EnergyLedger
from paes.costs.bill import Bill, unit_of
from paes.costs.cost_table import CostTable
from paes.costs.prices import Regime, UnitPrice, meter_supplies, price_at, price_kinds, regimes
from paes.costs.runs import counted, runs_of
from paes.metering import Carrier, Finding, Measures, Meter
from paes.periods import By, Seconds, Span, edges, from_seconds, zone

NO_CONTRACT = "costs.no_contract"
PAID = (Measures.WITHDRAWAL, Measures.WATER, Measures.FEED_IN)
"""What has contracts: what is bought, and what is sold."""
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


class Costing:
    """Costs over one ledger, at the prices of its installation."""

    def __init__(self, ledger: EnergyLedger) -> None:
        self.ledger = ledger
        self.installation = ledger.installation

    def meter(self, meter: Meter, span: Span, by: By) -> Costs:
        """What ``meter`` cost by period; of a meter that feeds in, what it earned."""
        return self.each([meter], span, by)[meter.id]

    def sites(
        self, sites: Iterable[str], span: Span, by: By, carrier: Carrier | None = None
    ) -> dict[Commodity, Costs]:
        """What the meters of ``sites`` cost together, by carrier and direction.

        Submeters and generation are no part of it: they are paid for with what contains them.
        """
        wanted = set(sites)
        meters = [
            m
            for m in self.installation.meters.values()
            if m.site in wanted and m.measures in PAID and carrier in (None, m.carrier)
        ]
        found = self.each(meters, span, by)
        sums: dict[Commodity, list[Costs]] = {}
        for meter in meters:
            sums.setdefault((meter.carrier, meter.measures), []).append(found[meter.id])
        ordered = sorted(sums.items(), key=lambda item: str(item[0]))
        return {key: reduce(add, of) for key, of in ordered}

    def each(self, meters: Iterable[Meter], span: Span, by: By) -> dict[str, Costs]:
        """The costs of every one of ``meters``; those on one price are asked together."""
        found: dict[str, Costs] = {}
        zones: dict[str, list[Meter]] = {}
        for meter in meters:
            zones.setdefault(self.installation.time_zone(meter.id), []).append(meter)
        for tz, of in zones.items():
            period_edges_s = edges(span, by, tz)
            for group in self._on_one_price(of, _months_around(period_edges_s, tz)):
                found |= self._costs(group, period_edges_s, tz)
        return found

    def price_at(self, meter: Meter, at: datetime) -> UnitPrice | None:
        """What one more unit of ``meter`` costs at ``at``; None if no contract is in force."""
        return price_at(self.installation, meter, at)

    def _on_one_price(
        self, meters: Sequence[Meter], months_s: Seconds
    ) -> Iterator[list[tuple[Meter, list[Regime]]]]:
        """Meters with their regimes, those together whose energy has one price at all times."""
        groups: dict[object, list[tuple[Meter, list[Regime]]]] = {}
        for meter in meters:
            supplied = meter_supplies(self.installation, meter)
            found = regimes(supplied, int(months_s[0]), int(months_s[-1]))
            key = tuple((r.prices.tariff.id, r.start_s, r.end_s) for r in found)
            groups.setdefault(key, []).append((meter, found))
        yield from groups.values()

    def _costs(
        self, group: Sequence[tuple[Meter, list[Regime]]], period_edges_s: Seconds, tz: str
    ) -> dict[str, Costs]:
        meters, all_s = [meter for meter, _ in group], period_edges_s[[0, -1]]
        kinds = price_kinds(group[0][1])
        runs = runs_of(kinds.kinds, period_edges_s)
        by_run = counted(self.ledger, meters, runs.edges_s, tz)
        by_period = counted(self.ledger, meters, period_edges_s, tz)
        whole = counted(self.ledger, meters, all_s, tz)
        starts = local_starts(period_edges_s, tz)
        found = {}
        for i, (meter, own) in enumerate(group):
            bill = Bill(self.ledger, meter, tuple(own), kinds, runs, by_run[i], tz)
            total = bill.table(all_s, whole[i])
            periods = bill.table(period_edges_s, by_period[i]) if len(starts) > 1 else total
            told = tuple(self._findings(meter, total, all_s, tz))
            found[meter.id] = Costs(starts, periods, total, told)
        return found

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
