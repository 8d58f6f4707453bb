"""The price of an episode: amounts beyond usual, times the prices and factors of their hours.

::

    Excess ─ steps ─┬─ kWh, m3   as the rule found them
                    ├─ EUR       at the tariff in force in the step, with taxes and VAT
                    └─ tCO2      by the factor of the year, by the plan's method
    steps ─ local months ─ so far                          (``losses`` shows the months)
          └ last 14 known days ─ per week ─ part of the gap to the target

Fixed and power parts are paid with or without the fault, and are in no price. Within a local
month hours below usual make up for hours beyond it; a month wastes nothing at the least. What a
rule reckons itself (``Episode.eur``: a claim, a power part) is no energy, and taken as it is.

A ``PricingContext`` is shared by all episodes of a run: tariffs, factors and the tonnes that
targets lack are worked out once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.costs.prices import Regime, payer
from paes.factors.emission_factors import FactorMatch
from paes.faults.episode import Episode, Excess
from paes.faults.load_curve import Bools, Ints
from paes.faults.money.avoided_factors import AvoidedFactors, factor_text
from paes.faults.money.course import PriceCourse, PriceCourses
from paes.faults.money.gap_share import WEEKS_IN_YEAR, Gap, gap_of, newest_inventory
from paes.faults.money.lost_production import lost_value, plant_courses
from paes.faults.money.price import NOTHING, Interval, Price, Waste
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.metering import Measures
from paes.meters import Meter
from paes.periods import ALWAYS, By, Seconds, Span, from_seconds, to_seconds, wall_seconds
from paes.series import Floats

DAY_S = 86_400
LAST_DAYS = 14
"""Known days that tell what a week costs if it is left alone."""
WHOLE_DAY_H = 18.0
"""So many known hours of an episode make one of its days a whole one."""
NO_WASTE = Waste(NOTHING, NOTHING, NOTHING)


@dataclass(frozen=True)
class PricedSteps:
    """The steps of an excess: low, likely and high in the columns of each.

    ``month`` and ``day`` are local ones, counted from 1970. EUR are NaN in steps without a
    contract, tonnes where there is no factor. ``rests_on`` tells tariffs and factors in words.
    """

    starts_s: Seconds
    step_s: int
    month: Ints
    day: Ints
    amount: Floats
    eur: Floats
    co2_t: Floats
    is_assumed: bool
    rests_on: tuple[str, ...]

    def waste(self, among: Bools | None = None) -> Waste:
        """What the steps ``among`` (all) waste, month by month and added up."""
        wastes = self.by_month(among).values()
        return reduce(added, wastes) if wastes else NO_WASTE

    def by_month(self, among: Bools | None = None) -> dict[int, Waste]:
        """The same by local month (counted from 1970); months without steps are left out."""
        used = np.ones(len(self.month), dtype=np.bool_) if among is None else among
        months = np.unique(self.month[used]).tolist()
        return {month: self._sum(used & (self.month == month)) for month in months}

    def _sum(self, here: Bools) -> Waste:
        amount = _interval(self.amount[here]) or NOTHING
        return Waste(amount, _interval(self.eur[here]), _interval(self.co2_t[here]))

    @property
    def unpriced(self) -> float:
        """The likely amount in steps without a price."""
        return max(float(self.amount[np.isnan(self.eur[:, 1]), 1].sum()), 0.0)


class PricingContext:
    """What the prices of one run share."""

    def __init__(self, ledger: EnergyLedger) -> None:
        self.ledger = ledger
        self.installation = ledger.installation
        self._courses = PriceCourses(ledger.installation)
        self._factors = AvoidedFactors(ledger.installation, self.newest)
        self._newest: dict[str, Inventory | None] = {}
        self._gaps: dict[str, Gap | None] = {}

    def newest(self, city: City) -> Inventory | None:
        """The newest inventory of a city; None if none can be made."""
        if city.id not in self._newest:
            self._newest[city.id] = newest_inventory(city, self.ledger)
        return self._newest[city.id]

    def gap(self, city: City) -> Gap | None:
        """What the city's tracked target still lacks; None if it is met, or nobody can tell."""
        if city.id not in self._gaps:
            self._gaps[city.id] = gap_of(city, self.ledger, self.newest(city))
        return self._gaps[city.id]

    def steps(self, meter: Meter, excess: Excess) -> PricedSteps:
        """Each step of ``excess`` with its money and its tonnes."""
        tz = self.installation.time_zone(meter.id)
        wall = wall_seconds(excess.starts_s, tz)
        days = (wall // DAY_S).astype("datetime64[D]")
        years = days.astype("datetime64[Y]").astype(np.int64) + 1970
        amount = np.stack([excess.low, excess.likely, excess.high], axis=1)
        eur, used = self._eur(meter, excess, amount, years)
        co2_t, matches = self._co2_t(meter, amount, years)
        return PricedSteps(
            starts_s=excess.starts_s,
            step_s=excess.step_s,
            month=days.astype("datetime64[M]").astype(np.int64),
            day=days.astype(np.int64),
            amount=amount,
            eur=eur,
            co2_t=co2_t,
            is_assumed=any(r.assumed for r in used) or any(m.assumed for m in matches),
            rests_on=(*map(_tariff_text, used), *map(factor_text, matches)),
        )

    def _eur(
        self, meter: Meter, excess: Excess, amount: Floats, years: Ints
    ) -> tuple[Floats, list[Regime]]:
        times = excess.starts_s
        if not len(times):
            return np.zeros((0, 3)), []
        if meter.measures is Measures.GENERATION:
            both = plant_courses(self.ledger, self._courses, meter, times)
            used = [regime for course in both if course for regime in course.used(times)]
            return lost_value(self.ledger, meter, excess, *both), used
        paying = payer(self.installation, meter)
        course = self._courses.of(paying, times)
        if course is None:
            return np.full(amount.shape, np.nan), []
        units = self._units(paying, course, times, years)
        return amount * (course.eur(times) * units)[:, None], course.used(times)

    def _units(self, paying: Meter, course: PriceCourse, times: Seconds, years: Ints) -> Floats:
        """Units of the tariff in one kWh (m3 of water), at each time."""
        is_fuel = course.is_fuel(times)
        found = np.ones(len(times))
        for year in np.unique(years[is_fuel]).tolist():
            here = is_fuel & (years == year)
            found[here] = 1.0 / self.ledger.kwh_factor(paying, year)
        return found

    def _co2_t(self, meter: Meter, amount: Floats, years: Ints) -> tuple[Floats, list[FactorMatch]]:
        found, matches = np.full(amount.shape, np.nan), []
        for year in np.unique(years).tolist():
            match = self._factors.of(meter, year)
            if match:
                matches.append(match)
                found[years == year] = amount[years == year] * match.factor_t_per_mwh / 1000.0
        return found, matches


def price_of(context: PricingContext, meter: Meter, episode: Episode, now: datetime) -> Price:
    """What ``episode`` of ``meter`` wasted until ``now``, and wastes in a week if left alone."""
    unit = "kWh" if meter.carrier else "m3"
    if episode.eur is not None:
        told = Waste(NOTHING, episode.eur, None)
        return Price(unit, told, Waste(NOTHING, episode.eur_per_week, None))
    if episode.excess is None:
        untold = Waste(NOTHING, None, None)
        return Price(unit, untold, untold)
    if not len(episode.excess.starts_s):
        return Price(unit, NO_WASTE, NO_WASTE)
    steps = context.steps(meter, _until(episode.excess, to_seconds(now)))
    days = _Days(context.ledger, meter, episode, steps, now)
    per_week = days.per_week()
    year_t = per_week.co2_t.likely * WEEKS_IN_YEAR if per_week.co2_t else 0.0
    gap = context.gap(context.installation.city_of(meter)) if year_t else None
    return Price(
        unit=unit,
        so_far=steps.waste(),
        per_week=per_week,
        is_assumed=steps.is_assumed,
        gap_fraction=year_t / gap.lacking_t if gap else None,
        unknown_h=days.unknown_h,
        unpriced=steps.unpriced,
        rests_on=(*steps.rests_on, *([gap.text] if gap else [])),
    )


class _Days:
    """The local days of an episode, and how many of its hours in each of them are known."""

    def __init__(
        self,
        ledger: EnergyLedger,
        meter: Meter,
        episode: Episode,
        steps: PricedSteps,
        now: datetime,
    ) -> None:
        self._steps = steps
        start_s = min(to_seconds(episode.start), int(steps.starts_s.min(initial=2**60)))
        end_s = max(
            min(to_seconds(episode.end), to_seconds(now)),
            int(steps.starts_s.max(initial=start_s)) + steps.step_s,
        )
        span = Span(from_seconds(start_s), from_seconds(end_s))
        ((table, starts),) = ledger.tables([(meter, ALWAYS)], span, By.DAY)
        begins = starts.as_unit("s").asi8
        ends = begins + np.asarray(table.span_s)
        self.first = int(wall_seconds(begins[:1], str(starts.tz))[0]) // DAY_S
        inside = np.clip(np.minimum(ends, end_s) - np.maximum(begins, start_s), 0, None)
        part = np.divide(inside, table.span_s, out=np.zeros(len(inside)), where=table.span_s > 0)
        self.known_h = part * table.covered_s / 3600.0
        self.unknown_h = float((part * (table.span_s - table.covered_s)).sum()) / 3600.0

    def per_week(self) -> Waste:
        """Seven times the mean of the last known days; whole ones, if there are any."""
        whole = np.flatnonzero(self.known_h >= WHOLE_DAY_H)
        touched = whole if len(whole) else np.flatnonzero(self.known_h > 0)
        last = touched[-LAST_DAYS:] + self.first
        if not len(last):
            last = np.unique(self._steps.day)[-LAST_DAYS:]
        here = np.isin(self._steps.day, last)
        return times(self._steps.waste(here), 7.0 / len(last)) if here.any() else NO_WASTE


def added(one: Waste, other: Waste) -> Waste:
    """Both together; money and tonnes of one alone are better told than none."""
    return Waste(one.amount + other.amount, _sum(one.eur, other.eur), _sum(one.co2_t, other.co2_t))


def times(waste: Waste, weight: float) -> Waste:
    """A part of it, or several of it."""
    eur = waste.eur.times(weight) if waste.eur else None
    co2_t = waste.co2_t.times(weight) if waste.co2_t else None
    return Waste(waste.amount.times(weight), eur, co2_t)


def _sum(one: Interval | None, other: Interval | None) -> Interval | None:
    return one + other if one and other else one or other


def _interval(rows: Floats) -> Interval | None:
    """The sum of known rows, never below nothing; None if there is none."""
    known = rows[~np.isnan(rows[:, 1])]
    if not len(known):
        return None
    low, likely, high = (max(float(total), 0.0) for total in known.sum(axis=0))
    return Interval(min(low, likely), likely, max(likely, high))


def _until(excess: Excess, now_s: int) -> Excess:
    """The steps that were over by then."""
    past = excess.starts_s + excess.step_s <= now_s
    if past.all():
        return excess
    columns = (excess.likely[past], excess.low[past], excess.high[past])
    return Excess(excess.starts_s[past], excess.step_s, *columns)


def _tariff_text(regime: Regime) -> str:
    """``tariff natural-gas since 2025-01-01 (assumed)``."""
    tariff = regime.prices.tariff
    since = regime.prices.period.valid_from
    return f"tariff {tariff.id} since {since}" + (" (assumed)" if regime.assumed else "")
