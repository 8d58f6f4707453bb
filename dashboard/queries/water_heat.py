"""What the page of water and heat shows: months of water, nights, and buildings' winters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.queries.heating import TownHeating
from dashboard.queries.site_choice import Months
from dashboard.queries.site_figures import Change, change, known, taken
from dashboard.queries.town_energy import TownEnergy
from paes.accounting.energy_table import EnergyTable
from paes.accounting.energy_total import EnergyTotal
from paes.climate.heating import HeatingUse
from paes.comparison.benchmarks import Benchmark, Benchmarks, Per, Use
from paes.installation import City
from paes.metering import Measures, Site
from paes.series import Floats


@dataclass(frozen=True)
class WaterMonths:
    """m3 of some sites by month, beside the same months a year before."""

    starts: pd.DatetimeIndex
    table: EnergyTable
    before_m3: Floats
    """NaN where the month a year before is not known."""
    is_known: npt.NDArray[np.bool_]
    """Of which nearly all was measured."""
    change: Change | None

    @property
    def total(self) -> EnergyTotal:
        """All months; m3."""
        return self.table.total()

    @property
    def m3(self) -> Floats:
        """Measured and estimated; NaN of a month of which nothing is known."""
        amount = self.table.measured + self.table.estimated
        return np.where(self.table.covered_s + amount > 0, amount, np.nan)


def water_months(town: TownEnergy, sites: list[str], months: Months) -> WaterMonths | None:
    """Of ``sites`` together; None if none of them has a meter of water."""
    found = [t for s in sites if (t := town.months(s, None, Measures.WATER)) is not None]
    if not found:
        return None
    table = reduce(add, found)
    before = np.full(len(months.places), np.nan)
    there = months.before >= 0
    earlier = taken(table, months.before[there])
    before[there] = np.where(known(earlier), earlier.measured + earlier.estimated, np.nan)
    here = taken(table, months.places)
    return WaterMonths(months.starts, here, before, known(here), change(table, months))


def water_sites(city: City, town: TownEnergy) -> list[Site]:
    """Those with a meter of water."""
    return [s for s in city.sites.values() if (s.id, None, Measures.WATER) in town.tables]


@dataclass(frozen=True)
class HeatedBuilding:
    """The heat of one building in a winter, beside the winter before."""

    site: Site
    use: HeatingUse
    before: HeatingUse | None
    usual: Benchmark | None

    @property
    def kwh(self) -> float | None:
        """At usual weather where it can be told, else as it was; None if nothing was seen."""
        if self.use.normalised:
            return self.use.normalised.kwh
        return self.use.raw.kwh if self.use.raw.span_s else None

    @property
    def is_normalised(self) -> bool:
        """Whether ``kwh`` is that of usual weather."""
        return self.use.normalised is not None

    @property
    def kwh_m2(self) -> float | None:
        """By floor area, if it is known."""
        area = self.site.floor_area_m2
        return self.kwh / area if self.kwh is not None and area else None

    @property
    def before_kwh_m2(self) -> float | None:
        """The winter before, at usual weather."""
        area, last = self.site.floor_area_m2, self.before.normalised if self.before else None
        return last.kwh / area if last and area else None

    @property
    def change_fraction(self) -> float | None:
        """Against the winter before, both at usual weather."""
        now, last = self.use.normalised, self.before.normalised if self.before else None
        return now.kwh / last.kwh - 1 if now and last and last.kwh > 0 else None


@dataclass(frozen=True)
class Winter:
    """All heated buildings of a winter, the worst by m2 first."""

    heating: TownHeating
    before: TownHeating | None
    buildings: tuple[HeatedBuilding, ...]

    @property
    def raw(self) -> EnergyTotal:
        """What they used, as it was."""
        return sum((b.use.raw for b in self.buildings), EnergyTotal())

    @property
    def both(self) -> tuple[float, float] | None:
        """kWh now and the winter before, at usual weather, of buildings known in both."""
        pairs = [
            (b.use.normalised.kwh, b.before.normalised.kwh)
            for b in self.buildings
            if b.use.normalised and b.before and b.before.normalised
        ]
        if not pairs:
            return None
        return sum(now for now, _ in pairs), sum(last for _, last in pairs)

    @property
    def outside(self) -> list[HeatedBuilding]:
        """Those heated on days outside the season, the most days first."""
        found = [b for b in self.buildings if b.use.outside]
        return sorted(found, key=lambda b: -len(b.use.outside))


def winter(
    city: City, heating: TownHeating, before: TownHeating | None, usual: Benchmarks
) -> Winter:
    """The buildings of ``heating`` beside those of the winter before."""
    last = before.uses if before else {}
    found = [
        HeatedBuilding(
            site=city.sites[site],
            use=use,
            before=last.get(site),
            usual=usual.of_site(city.sites[site].kind, Use.HEAT, Per.FLOOR_AREA_M2),
        )
        for site, use in heating.uses.items()
        if site in city.sites
    ]
    found.sort(key=lambda b: (-(b.kwh_m2 or 0.0), b.site.id))
    return Winter(heating, before, tuple(found))
