"""The bill of one meter: what it counted in runs of one price, times the prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paes.accounting.energy_table import EnergyTable
from paes.accounting.ledger import EnergyLedger
from paes.costs.cost_table import Amounts, CostTable, Money
from paes.costs.prices import PriceKinds, Regime
from paes.costs.runs import QUARTER_S, Runs, counted
from paes.costs.split import Split, split
from paes.costs.standing import Peak, Standing, standing
from paes.metering import Carrier
from paes.meters import Meter
from paes.periods import ALWAYS, Seconds, Span, from_seconds, to_seconds
from paes.series import Floats


@dataclass(frozen=True)
class Asked:
    """A meter, whose contracts pay for it, and the stretch of time that counts."""

    meter: Meter
    payer: Meter
    span: Span = ALWAYS

    @property
    def stretch(self) -> tuple[Meter, Span]:
        """As the ledger is asked."""
        return self.meter, self.span


@dataclass(frozen=True)
class Bill:
    """A meter, the prices it is on, and what it counted run by run."""

    ledger: EnergyLedger
    asked: Asked
    regimes: tuple[Regime, ...]
    kinds: PriceKinds
    runs: Runs
    by_run: EnergyTable
    tz: str

    def table(self, period_edges_s: Seconds, whole: EnergyTable) -> CostTable:
        """Its costs by period; ``whole`` is what the ledger says of each period."""
        shared = split(self.by_run, self.runs, whole, period_edges_s, self.kinds.count)
        rest, prices = self._standing(period_edges_s), self._prices()
        missing_low, missing_high = shared.missing(prices.full)
        energy = _by_label(shared, self.kinds.labels, prices.net)
        return CostTable(
            unit=unit_of(self.ledger, self.asked.meter),
            amounts={label: amounts for label, (amounts, _) in energy.items()},
            energy={label: money for label, (_, money) in energy.items()},
            fixed=rest.fixed,
            power=rest.power,
            taxes=_money(shared, prices.taxes),
            vat=_money(shared, prices.vat) + rest.vat,
            total=_money(shared, prices.full) + rest.fixed + rest.power + rest.vat,
            missing_low_eur=missing_low,
            missing_high_eur=missing_high,
            unpriced=shared.measured[:, -1] + shared.estimated[:, -1],
            unpriced_s=shared.span_s[:, -1],
            covered_s=shared.covered_s[:, :-1].sum(axis=1),
            span_s=shared.span_s.sum(axis=1),
            assumed=frozenset(r.prices.tariff.id for r in self.regimes if r.assumed),
        )

    def _prices(self) -> _KindPrices:
        """EUR for a unit of each kind; 0 for the kind without a contract."""
        of = [self.regimes[place].prices for place in self.kinds.regime]
        net = [p.energy_price(label) for p, label in zip(of, self.kinds.labels, strict=True)]
        taxes = [p.period.taxes_eur_per_unit for p in of]
        vat = [p.period.vat_fraction for p in of]
        net_eur, taxes_eur = np.array([*net, 0.0]), np.array([*taxes, 0.0])
        return _KindPrices(net_eur, taxes_eur, (net_eur + taxes_eur) * np.array([*vat, 0.0]))

    def _standing(self, period_edges_s: Seconds) -> Standing:
        """Fixed and power parts; what another meter's contract pays for has none of its own."""
        outer = Span(from_seconds(period_edges_s[0]), from_seconds(period_edges_s[-1]))
        part = outer.clip(self.asked.span.start, self.asked.span.end)
        life = self.ledger.life(self.asked.meter, part) if part else None
        if life is None or self.asked.payer is not self.asked.meter:
            return Standing.nothing(len(period_edges_s) - 1)
        life_s = to_seconds(life.start), to_seconds(life.end)
        return standing(self.regimes, period_edges_s, life_s, self.tz, self._peak)

    def _peak(self, start_s: int, end_s: int) -> Peak:
        """The highest quarter hour of a stretch; what is not measured bounds it."""
        first_s, low, likely, high = self._quarter_hours
        part = slice((start_s - first_s) // QUARTER_S, -(-(end_s - first_s) // QUARTER_S))
        per_h = 3600 / QUARTER_S
        least = float(low[part].max()) * per_h
        most = float(high[part].max()) * per_h
        return Peak(least, max(float(likely[part].max()) * per_h, least), most)

    @cached_property
    def _quarter_hours(self) -> tuple[int, Floats, Floats, Floats]:
        """The start of the first quarter hour under contract, and the bounds of all of them."""
        first = self.regimes[0].start_s // QUARTER_S
        quarters = np.arange(first, -(-self.regimes[-1].end_s // QUARTER_S) + 1) * QUARTER_S
        (table,) = counted(self.ledger, [(self.asked.meter, ALWAYS)], quarters, self.tz)
        low = table.measured + table.estimated_low + table.missing_low
        high = table.measured + table.estimated_high + table.missing_high
        return first * QUARTER_S, low, table.measured + table.estimated, high


@dataclass(frozen=True)
class _KindPrices:
    net: Floats
    taxes: Floats
    vat: Floats

    @property
    def full(self) -> Floats:
        return self.net + self.taxes + self.vat


def unit_of(ledger: EnergyLedger, meter: Meter) -> str:
    """What the meter's prices are for."""
    unit = ledger.installation.register(meter).unit
    return "Sm3" if meter.carrier is Carrier.NATURAL_GAS and unit == "m3" else unit


def _by_label(
    shared: Split, labels: Sequence[str], net: Floats
) -> dict[str, tuple[Amounts, Money]]:
    """Amounts and what they cost without taxes, by band."""
    found = {}
    low, high = shared.low, shared.high
    for label in sorted(set(labels)):
        here = np.array([*(one == label for one in labels), False])
        amounts = Amounts(
            shared.measured[:, here].sum(axis=1),
            shared.estimated[:, here].sum(axis=1),
            low[:, here].sum(axis=1),
            high[:, here].sum(axis=1),
        )
        found[label] = amounts, _money(shared, np.where(here, net, 0.0))
    return found


def _money(shared: Split, price: Floats) -> Money:
    """What a split costs at a price for each kind."""
    measured: Floats = shared.measured @ price
    estimated: Floats = shared.estimated @ price
    return Money(measured, estimated, shared.least(price), shared.most(price))
