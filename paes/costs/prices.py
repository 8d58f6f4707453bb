"""Which prices a meter is on, and since when: its contracts crossed with the tariffs' periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from paes.costs.runs import Kinds, band_kinds
from paes.errors import DataError
from paes.installation import Installation
from paes.metering import Measures
from paes.meters import Meter
from paes.periods import FIRST_YEAR, LAST_YEAR, require_utc, to_seconds, year_span
from paes.tariffs.bands import Bands
from paes.tariffs.contracts import Supply, supplies
from paes.tariffs.tariff import InForce

FIRST_S = to_seconds(year_span(FIRST_YEAR, "UTC").start)
LAST_S = to_seconds(year_span(LAST_YEAR, "UTC").end)


@dataclass(frozen=True)
class Regime:
    """One period of one tariff under one contract, in force in ``[start_s, end_s)``."""

    supply: Supply
    prices: InForce
    start_s: int
    end_s: int

    @property
    def assumed(self) -> bool:
        """True if its prices or the contract are assumed."""
        return self.prices.period.assumed or self.supply.contract.assumed


@dataclass(frozen=True)
class UnitPrice:
    """What one more unit costs at a time, without VAT and in all."""

    energy_eur: float
    taxes_eur: float
    vat_fraction: float
    label: str
    unit: str
    tariff: str
    valid_from: datetime
    assumed: bool

    @property
    def eur(self) -> float:
        """With taxes and VAT."""
        return (self.energy_eur + self.taxes_eur) * (1 + self.vat_fraction)


@dataclass(frozen=True)
class PriceKinds:
    """The kinds of price in a stretch with regimes.

    Kind ``i`` is the label ``labels[i]`` in regime ``regime[i]``; the last kind, without either,
    is the time that no contract is in force at.
    """

    regime: tuple[int, ...]
    labels: tuple[str, ...]
    kinds: Kinds

    @property
    def count(self) -> int:
        """How many kinds there are, with that of no price."""
        return len(self.labels) + 1


def payer(installation: Installation, meter: Meter) -> Meter:
    """The meter whose contract pays: of a submeter the one above all that contain it."""
    while meter.measures is Measures.SUBMETER and meter.parent:
        meter = installation.meter(meter.parent)
    return meter


def meter_supplies(installation: Installation, meter: Meter) -> list[Supply]:
    """The contracts that pay for the meter, in order of time."""
    paying = payer(installation, meter)
    city = installation.city_of(paying)
    return supplies(city.contracts, installation.tariffs, paying, city.time_zone)


def regimes(found: Sequence[Supply], start_s: int, end_s: int) -> list[Regime]:
    """What is in force between two times, in order; times without a contract are left out."""
    made = []
    for supply in found:
        for prices in supply.tariff.periods:
            begins = max(start_s, to_seconds(supply.start), to_seconds(prices.start))
            ends = [end_s, *(to_seconds(e) for e in (supply.end, prices.end) if e)]
            if begins < min(ends):
                made.append(Regime(supply, prices, begins, min(ends)))
    return sorted(made, key=lambda r: r.start_s)


def price_kinds(found: Sequence[Regime]) -> PriceKinds:
    """The kinds of price of regimes that do not overlap."""
    labels: list[str] = []
    of: list[int] = []
    starts: list[np.ndarray] = [np.array([FIRST_S], np.int64)]
    kinds: list[np.ndarray] = [np.array([-1], np.int64)]
    for place, regime in enumerate(found):
        names = regime.prices.labels
        first = len(labels)
        labels += names
        of += [place] * len(names)
        steps = _steps(regime, first)
        starts += [steps.start_s, np.array([regime.end_s], np.int64)]
        kinds += [steps.kind, np.array([-1], np.int64)]
    kind = np.concatenate(kinds)
    kind[kind < 0] = len(labels)
    return PriceKinds(tuple(of), tuple(labels), Kinds(np.concatenate(starts), kind))


def _steps(regime: Regime, first: int) -> Kinds:
    """The kinds of a regime, counted from ``first``."""
    tariff, prices = regime.prices.tariff, regime.prices
    if tariff.bands is None or not prices.period.is_banded:
        return Kinds(np.array([regime.start_s], np.int64), np.array([first], np.int64))
    bands: Bands = tariff.bands
    steps = band_kinds(bands, regime.start_s, regime.end_s)
    label_of = tariff.label_of_band(prices)
    place = np.array([first + prices.labels.index(label_of[b]) for b in bands.names], np.int64)
    return Kinds(steps.start_s, place[steps.kind])


def price_at(installation: Installation, meter: Meter, at: datetime) -> UnitPrice | None:
    """What one more unit of ``meter`` costs at ``at``; None if no contract is in force then.

    Of a submeter at the price of the meter above it. For PV that feeds in, what is paid for it.
    """
    at_s = to_seconds(require_utc(at))
    if not FIRST_S <= at_s < LAST_S:
        raise DataError(f"time {at.isoformat()} is out of range")
    for regime in regimes(meter_supplies(installation, meter), at_s, at_s + 1):
        kinds = price_kinds([regime])
        label = kinds.labels[int(kinds.kinds.at(np.array([at_s], np.int64))[0])]
        period, tariff = regime.prices.period, regime.prices.tariff
        return UnitPrice(
            energy_eur=regime.prices.energy_price(label),
            taxes_eur=period.taxes_eur_per_unit,
            vat_fraction=period.vat_fraction,
            label=label,
            unit=tariff.file.unit,
            tariff=tariff.id,
            valid_from=regime.prices.start,
            assumed=regime.assumed,
        )
    return None
