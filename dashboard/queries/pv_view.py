"""What the page of photovoltaics shows of one choice (a year, perhaps one site), as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

from dashboard.queries.photovoltaics import Expected, PvSite, PvTown, Worth
from dashboard.queries.pv_behind import Behind, Judged, behind, judged_months
from dashboard.queries.pv_years import PvYear, all_of, is_told, site_years
from paes.comparison.benchmarks import Benchmark
from paes.periods import local_year
from paes.self_consumption import BalancePeriod
from paes.solar.made_beside import Beside

LAST_MONTHS = 12
"""Of these the picture of what was expected tells."""


@dataclass(frozen=True)
class SiteMonths:
    """The last months of a site beside what was expected of them, the oldest first."""

    site: PvSite
    expected: Expected
    months: tuple[Beside, ...]
    judged: tuple[Judged, ...]

    @property
    def below(self) -> int:
        """How many months were below the least expected."""
        return sum(one.is_below for one in self.judged)

    @property
    def known(self) -> int:
        """How many can be judged."""
        return sum(one.ratio is not None for one in self.judged)

    @property
    def ratio(self) -> float | None:
        """Made over expected of those that can be judged; None of none."""
        pairs = zip(self.months, self.judged, strict=True)
        among = [month for month, one in pairs if one.ratio is not None]
        full = sum(month.expected_kwh for month in among)
        return sum(month.made_kwh for month in among) / full if full else None


@dataclass(frozen=True)
class PvView:
    """``site`` None: all plants of the town."""

    town: PvTown
    year: int
    is_over: bool
    site: PvSite | None
    rows: tuple[PvYear, ...]
    """Of the chosen site, or of all that were in use in the year."""
    total: BalancePeriod | None
    """Of the rows with readings together; None without any."""
    months: tuple[BalancePeriod, ...]
    """Of the rows' sites together, of the year until now."""
    before: tuple[BalancePeriod, ...]
    """The year before, of a chosen site."""
    below: tuple[Behind, ...]
    """Of all plants, whatever is chosen."""
    unjudged: tuple[PvSite, ...]
    beside: tuple[SiteMonths, ...]
    """Worst first."""

    @property
    def usual(self) -> Benchmark | None:
        """kWh/kWp of a year."""
        return self.town.usual

    @property
    def units_kw(self) -> float:
        """The power of the rows of which it is known and that have readings."""
        return sum(r.site.units_kw or 0.0 for r in self.rows if r.per_kw is not None)

    @property
    def per_kw(self) -> float | None:
        """kWh/kWp of those rows together."""
        made = sum(r.period.production.kwh for r in self.rows if r.per_kw is not None)
        return made / self.units_kw if self.units_kw else None


def pv_view(
    town: PvTown,
    expected: Mapping[str, Expected],
    worths: Mapping[str, Worth],
    year: int,
    site_id: str,
    now: datetime,
) -> PvView:
    """The choice, ready to be told; an empty ``site_id`` is all plants."""
    chosen = next((site for site in town.sites if site.id == site_id), None)
    rows = [
        row for row in site_years(town, worths, year, now) if chosen is None or row.site is chosen
    ]
    below, unjudged = behind(town, expected, now)
    return PvView(
        town=town,
        year=year,
        is_over=local_year(now, str(town.starts.tz)) > year,
        site=chosen,
        rows=tuple(rows),
        total=all_of(row.period for row in rows if is_told(row.period)),
        months=_months([row for row in rows if is_told(row.period)], year),
        before=_months(rows, year - 1) if chosen else (),
        below=tuple(below),
        unjudged=tuple(unjudged),
        beside=_beside(town, expected, chosen, now),
    )


def _months(rows: list[PvYear], year: int) -> tuple[BalancePeriod, ...]:
    if not rows:
        return ()
    together = reduce(add, (row.site.balance for row in rows))
    return tuple(
        period
        for period in together.periods
        if period.start.year == year and period.production.span_s > 0
    )


def _beside(
    town: PvTown, expected: Mapping[str, Expected], chosen: PvSite | None, now: datetime
) -> tuple[SiteMonths, ...]:
    found = []
    for site in town.sites:
        of = expected.get(site.id)
        if of and (chosen is None or chosen is site):
            last = slice(-LAST_MONTHS, None)
            judged = judged_months(of, now)[last]
            found.append(SiteMonths(site, of, of.months[last], tuple(judged)))
    worst = {one.site.id: one.ratio if one.ratio is not None else 2.0 for one in found}
    return tuple(sorted(found, key=lambda one: (-one.below, worst[one.site.id], one.site.name)))
