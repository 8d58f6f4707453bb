"""One site in a period: its energy, money and emissions, and its own past.

Pure, from a town's months. What meters did not see is between bounds, as everywhere; months are
compared with those of the year before only where both are known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt

from dashboard.queries.site_choice import Months, Places, SiteChoice
from dashboard.queries.town_energy import TownCosts, TownEnergy
from paes.accounting.energy_table import EnergyTable
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.term_sums import seen_together
from paes.climate.heating import Normalised
from paes.metering import Carrier, Measures
from paes.self_consumption import balance_of

KNOWN_FROM = 0.98
"""The least part of a month's energy that must be measured for a comparison with another year."""
_TINY_KWH = 1e-6
FactorOf = Callable[[Carrier, int], float | None]
"""t/MWh of a carrier in a year; None if nobody knows."""


@dataclass(frozen=True, slots=True)
class Change:
    """The same months now and a year before: kWh of those known on both sides."""

    now_kwh: float
    before_kwh: float
    months: int

    @property
    def fraction(self) -> float:
        """Of what it was; positive where more is used."""
        return self.now_kwh / self.before_kwh - 1


@dataclass(frozen=True, slots=True)
class Cost:
    """EUR of the period, less what was earned; ``unpriced_fraction`` of it had no contract."""

    eur: float
    low_eur: float
    high_eur: float
    unpriced_fraction: float
    is_assumed: bool


@dataclass(frozen=True)
class SiteFigures:
    """What can be told of one site; None is what cannot."""

    energy: EnergyTotal | None
    whole: bool
    """Whether all its meters were in use all the period."""
    change: Change | None
    cost: Cost | None
    emissions_t: float | None
    months: EnergyTable | None
    """Of the period, month by month."""
    corrected: bool = False


def consumption(town: TownEnergy, site: str, carrier: Carrier) -> EnergyTable | None:
    """What the site used of a carrier by month, with what its own plants gave on the spot."""
    bought = town.months(site, carrier, Measures.WITHDRAWAL)
    made = town.months(site, carrier, Measures.GENERATION)
    if bought is None or made is None or carrier is not Carrier.ELECTRICITY:
        return bought
    fed_in = town.months(site, carrier, Measures.FEED_IN)
    of = [(t, town.starts) if t is not None else None for t in (made, fed_in, bought)]
    assert of[0] is not None
    return balance_of(of[0], of[1], of[2]).consumption


def used(town: TownEnergy, site: str, carriers: Sequence[Carrier]) -> EnergyTable | None:
    """All of them together; None if the site has no such meter."""
    found = [t for c in carriers if (t := consumption(town, site, c)) is not None]
    return seen_together(reduce(add, found), found) if found else None


@dataclass(frozen=True)
class Book:
    """A town's energy and costs, and the months of which figures are asked."""

    town: TownEnergy
    costs: TownCosts
    months: Months
    priced: Places | None
    """Where the months are among those of ``costs``; None if they are not all there."""

    @classmethod
    def of(cls, town: TownEnergy, costs: TownCosts, months: Months) -> Book:
        """Opened at ``months``."""
        return cls(town, costs, months, months.within(costs.starts))


def figures_of(book: Book, site: str, choice: SiteChoice, factor: FactorOf) -> SiteFigures:
    """Everything of one site."""
    town, months = book.town, book.months
    carriers = choice.carriers(town.carriers(site))
    table = used(town, site, carriers)
    if table is None:
        return SiteFigures(None, False, None, None, None, None)
    of_period = taken(table, months.places)
    total = of_period.total()
    if total.span_s <= 0:
        return SiteFigures(None, False, None, None, None, None)
    return SiteFigures(
        energy=total,
        whole=months.is_whole_year and _is_whole(town, site, carriers, months),
        change=change(table, months),
        cost=_cost(book, site, carriers),
        emissions_t=_emissions(town, site, carriers, months, factor),
        months=of_period,
    )


def at_usual_weather(
    found: SiteFigures, raw: EnergyTotal, now: Normalised, before: Normalised | None
) -> SiteFigures:
    """The same with its heat, ``raw`` in the period, at the weather of a usual year."""
    assert found.energy is not None
    more = now.kwh - raw.kwh
    energy = replace(
        found.energy,
        measured_kwh=found.energy.measured_kwh + more,
        catch_up_kwh=0.0,
        missing_low_kwh=found.energy.missing_low_kwh + min(0.0, now.low_kwh - now.kwh),
        missing_high_kwh=found.energy.missing_high_kwh + max(0.0, now.high_kwh - now.kwh),
    )
    changed = Change(now.kwh, before.kwh, 12) if before and before.kwh > 0 else None
    return replace(found, energy=energy, change=changed, corrected=True)


def taken(table: EnergyTable, places: Places) -> EnergyTable:
    """Those of its periods."""
    columns = (getattr(table, name)[places] for name in table.__dataclass_fields__)
    return EnergyTable(*columns)


def _is_whole(town: TownEnergy, site: str, carriers: Sequence[Carrier], months: Months) -> bool:
    """Whether no month had fewer meters in use than another; months differ by a tenth."""
    found = (town.months(site, carrier, Measures.WITHDRAWAL) for carrier in carriers)
    spans = [table.span_s[months.places] for table in found if table is not None]
    return all(float(span.min()) > 0.85 * float(span.max()) for span in spans)


def known(table: EnergyTable) -> npt.NDArray[np.bool_]:
    """The periods of which nearly all was measured."""
    amount = table.measured + table.estimated
    sure = table.measured >= KNOWN_FROM * amount - _TINY_KWH
    open_kwh = table.missing_high - table.missing_low
    return (table.span_s > 0) & sure & (open_kwh <= (1 - KNOWN_FROM) * amount + _TINY_KWH)


def change(table: EnergyTable, months: Months) -> Change | None:
    """The months that are known on both sides, and in which the same meters were in use."""
    pairs = months.before >= 0
    now, before = months.places[pairs], months.before[pairs]
    here, there = taken(table, now), taken(table, before)
    alike = np.abs(here.span_s - there.span_s) <= 0.05 * np.maximum(here.span_s, 1.0)
    both = known(here) & known(there) & alike
    before_kwh = float((there.measured + there.estimated)[both].sum())
    if before_kwh <= _TINY_KWH:
        return None
    return Change(float((here.measured + here.estimated)[both].sum()), before_kwh, int(both.sum()))


def _cost(book: Book, site: str, carriers: Sequence[Carrier]) -> Cost | None:
    found, inside = book.costs.of(site, *carriers), book.priced
    span_s = float(found.span_s[inside].sum()) if found and inside is not None else 0.0
    if found is None or span_s <= 0:
        return None
    unpriced = float(found.unpriced_s[inside].sum()) / span_s
    if unpriced >= 1:
        return None
    money = found.money
    return Cost(
        float(money.eur[inside].sum()),
        float(money.low_eur[inside].sum()),
        float(money.high_eur[inside].sum()),
        unpriced,
        found.is_assumed,
    )


def _emissions(
    town: TownEnergy, site: str, carriers: Sequence[Carrier], months: Months, factor: FactorOf
) -> float | None:
    """Of what was bought; None if a factor of it is not known."""
    total = 0.0
    for carrier in carriers:
        table = town.months(site, carrier, Measures.WITHDRAWAL)
        if table is None:
            continue
        kwh = (table.measured + table.estimated)[months.places]
        for year in np.unique(months.years).tolist():
            t_per_mwh = factor(carrier, year)
            if t_per_mwh is None:
                return None
            total += float(kwh[months.years == year].sum()) * t_per_mwh / 1000
    return total
