"""How much of each meter's time has data: by month for a town, by day for one meter.

Coverage is the part of the time in use with interval data, a fraction; time before a meter was in
use, after it was taken out, and after now is no gap and has no coverage. Months of a whole town
are made ahead (``COVERAGE``); a meter's days are read when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from dashboard.queries.recipe import Recipe, Sources
from dashboard.queries.town_energy import known_span
from paes.accounting.ledger import EnergyLedger
from paes.meters import Meter
from paes.periods import ALWAYS, By, year_span
from paes.series import Floats

LONGEST_YEARS = 12


@dataclass(frozen=True)
class TimeSeen:
    """Seconds by period that have data, of those in which the meter was in use."""

    covered_s: Floats
    span_s: Floats

    @property
    def fractions(self) -> Floats:
        """By period; NaN where the meter was not in use."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.span_s > 0, self.covered_s / self.span_s, np.nan)

    @property
    def fraction(self) -> float | None:
        """Of all periods together; None if it was in use in none of them."""
        span_s = float(self.span_s.sum())
        return float(self.covered_s.sum()) / span_s if span_s else None

    @property
    def missing_h(self) -> float:
        """Hours in use without data."""
        return float((self.span_s - self.covered_s).sum()) / 3600

    def within(self, inside: Floats | slice) -> TimeSeen:
        """Some of the periods."""
        return TimeSeen(self.covered_s[inside], self.span_s[inside])


@dataclass(frozen=True)
class Coverage:
    """Months of each meter of a town, from its first reading."""

    starts: pd.DatetimeIndex
    """Local starts of the months; empty if nothing was ever read."""
    meters: Mapping[str, TimeSeen]

    @property
    def years(self) -> list[int]:
        """The oldest first; the last one is as a rule not over."""
        return sorted({int(year) for year in self.starts.year})

    def last_months(self, months: int) -> Coverage:
        """The last ``months`` of them."""
        return self._some(slice(max(0, len(self.starts) - months), None))

    def of_year(self, year: int) -> Coverage:
        """The months of a local year."""
        inside = np.flatnonzero(self.starts.year == year)
        if not len(inside):
            return self._some(slice(0, 0))
        return self._some(slice(int(inside[0]), int(inside[-1]) + 1))

    def of(self, meters: Iterable[str]) -> TimeSeen:
        """Some meters together: each weighs by its time in use."""
        found = [self.meters[meter] for meter in meters if meter in self.meters]
        nothing = np.zeros(len(self.starts))
        covered_s = np.sum([nothing, *(one.covered_s for one in found)], axis=0)
        return TimeSeen(covered_s, np.sum([nothing, *(one.span_s for one in found)], axis=0))

    def _some(self, part: slice) -> Coverage:
        return Coverage(
            self.starts[part], {meter: seen.within(part) for meter, seen in self.meters.items()}
        )


def make_coverage(sources: Sources, city_id: str) -> Coverage:
    """Of every meter of the city, by local month."""
    city, ledger = sources.city(city_id), sources.ledger
    span = known_span(ledger, city, LONGEST_YEARS)
    if span is None:
        return Coverage(pd.DatetimeIndex([], tz=city.time_zone), {})
    meters = list(city.meters.values())
    tables = ledger.tables([(m, ALWAYS) for m in meters], span, By.MONTH, estimated=False)
    return Coverage(
        tables[0][1],
        {
            meter.id: TimeSeen(table.covered_s, table.span_s)
            for meter, (table, _) in zip(meters, tables, strict=True)
        },
    )


COVERAGE = Recipe("coverage", make_coverage, max_age_s=3 * 3600.0)
"""By city; half a minute for 490 meters and ten years, and months do not change by the hour."""


@dataclass(frozen=True)
class DaysSeen:
    """The days of a local year of one meter."""

    days: tuple[date, ...]
    seen: TimeSeen


def meter_days(ledger: EnergyLedger, meter: Meter, year: int) -> DaysSeen:
    """Every day of ``year``; those to come are as those in which it was not in use."""
    span = year_span(year, ledger.installation.time_zone(meter.id))
    ((table, starts),) = ledger.tables([(meter, ALWAYS)], span, By.DAY, estimated=False)
    days = tuple(start.date() for start in starts)
    return DaysSeen(days, TimeSeen(table.covered_s, table.span_s))
