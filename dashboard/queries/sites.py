"""The sites of a town beside each other: where energy goes, and which site needs looking at.

A site is ranked by a figure that can be told of it; a site of which it cannot stands apart with
the reason (``Apart``): it is never at the end of the ranking, as if it were thrifty. What is usual
is told twice: the median of sites of the same kind here, and the published range of
``benchmarks.yaml``.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from dashboard.queries.heating import TownHeating
from dashboard.queries.recipe import Sources
from dashboard.queries.site_choice import ALL, ELECTRICITY, Months, Order, SiteChoice
from dashboard.queries.site_figures import Book, FactorOf, SiteFigures, at_usual_weather, figures_of
from dashboard.queries.town_energy import TownCosts, TownEnergy
from paes.climate.heating import HEATING_CARRIERS
from paes.comparison.benchmarks import Benchmark, Benchmarks, Per, Use, usual_ranges
from paes.comparison.key_figures import Standing
from paes.errors import FactorMissing
from paes.faults.cases.register import all_cases
from paes.installation import City
from paes.inventory.factor_choice import FactorChoice, known_on
from paes.inventory.method import Method
from paes.lineage.site_figures import USED, USED_ELECTRICITY, site_id
from paes.metering import Carrier, Measures, Sector, Site, SiteKind

BUILDINGS = (
    SiteKind.SCHOOL, SiteKind.OFFICE, SiteKind.LIBRARY, SiteKind.SPORTS_HALL, SiteKind.CULTURE,
    SiteKind.PORT, SiteKind.DEPOT,
)  # fmt: skip
"""What energy is used for by m2; of a pumping station or a substation the floor says nothing."""
LEAST_ALIKE = 3
"""Sites of a kind that make a median worth telling."""
MOSTLY_KNOWN = 0.9
"""With less of its time covered a site is not ranked: what was seen is not what was used."""


class Apart(StrEnum):
    """Why a site has no place in the ranking."""

    NO_METER = "no_meter"
    """No meter of such energy."""
    ONLY_MAKES = "only_makes"
    """It makes electricity and uses none."""
    NOT_READ = "not_read"
    """Its meters said nothing in the period."""
    NO_HEAT = "no_heat"
    """Only its electricity is metered: beside those with heat it would look thrifty."""
    NO_AREA = "no_area"
    """A building of which nobody told the floor area."""
    NO_POINTS = "no_points"
    """A lighting cabinet of which nobody told the lamps."""
    NOT_WHOLE = "not_whole"
    """Its meters were not in use all the year, or the period is no year."""
    NO_PRICE = "no_price"
    NO_FACTOR = "no_factor"
    NO_PAST = "no_past"
    """No month is known both now and a year before."""
    FEW_ALIKE = "few_alike"
    """Too few sites of its kind to say what is usual."""
    OTHER_KIND = "other_kind"
    """The figure says nothing of such a site: a pumping station by m2, a school by lamp."""


@dataclass(frozen=True)
class SiteRow:
    """One site with everything that the ranking, its sentence and the map say of it."""

    site: Site
    figures: SiteFigures
    units: Mapping[Per, float]
    median_kwh: float | None = None
    """Of sites of its kind, by ``unit``."""
    alike: int = 0
    """How many sites the median is of."""
    usual: Benchmark | None = None
    open_cases: int = 0
    carriers: tuple[Carrier, ...] = ()
    """Whose energy it is."""
    lacks_heat: bool = False
    """A building with a meter of electricity and none of heat, where all energy is asked for."""
    apart: Apart | None = None
    figure: str | None = None
    """The id of its energy, where one formula makes it."""

    @property
    def unit(self) -> Per | None:
        """What its energy is divided by when it is compared with its like."""
        return next(
            (per for per in (Per.FLOOR_AREA_M2, Per.LIGHT_POINT) if per in self.units), None
        )

    def per(self, unit: Per | None) -> float | None:
        """kWh a year by one of ``unit``; None if it is not known, or no whole year."""
        energy = self.figures.energy
        if unit is None or energy is None or not self.figures.whole:
            return None
        if unit is not unit_of(self.site.kind) or self.lacks_heat:
            return None
        units = self.units.get(unit)
        return energy.kwh / units if units else None

    @property
    def passport(self) -> str | None:
        """The id of its energy's figure; at a usual winter's weather it has none."""
        return None if self.figures.corrected else self.figure

    @property
    def against_alike(self) -> float | None:
        """How far it is above (or below) the median of its kind, as a fraction."""
        mine = self.per(self.unit)
        return mine / self.median_kwh - 1 if mine is not None and self.median_kwh else None

    @property
    def standing(self) -> Standing | None:
        """Beside the published range, if both ends of what may be true agree."""
        energy, units = self.figures.energy, self.units.get(self.unit) if self.unit else None
        if self.usual is None or energy is None or not units or not self.figures.whole:
            return None
        if self.lacks_heat:
            return None
        low, high = (
            _standing(kwh / units, self.usual) for kwh in (energy.low_kwh, energy.high_kwh)
        )
        return low if low is high else Standing.UNCERTAIN

    def value(self, order: Order) -> float | None:
        """The figure by which it is ranked."""
        energy, cost = self.figures.energy, self.figures.cost
        if order is Order.PER_M2:
            return self.per(Per.FLOOR_AREA_M2)
        if order is Order.PER_POINT:
            return self.per(Per.LIGHT_POINT)
        if order is Order.ENERGY:
            return energy.kwh if energy else None
        if order is Order.MONEY:
            return cost.eur if cost and not cost.unpriced_fraction else None
        if order is Order.EMISSIONS:
            return self.figures.emissions_t
        if order is Order.CHANGE:
            return self.figures.change.fraction if self.figures.change else None
        return self.against_alike


@dataclass(frozen=True)
class Ranking:
    """The sites that were asked for: those with the figure, the worst first, and those without."""

    choice: SiteChoice
    months: Months
    ranked: tuple[SiteRow, ...]
    apart: tuple[SiteRow, ...]
    assumed_factors: bool
    uncorrected: tuple[str, ...] = ()
    """Sites whose heat could not be told at a usual year's weather."""

    @property
    def rows(self) -> tuple[SiteRow, ...]:
        """All of them."""
        return self.ranked + self.apart

    @property
    def median(self) -> float | None:
        """Of the ranked figures."""
        found = [v for row in self.ranked if (v := row.value(self.choice.order)) is not None]
        return statistics.median(found) if found else None


Heatings = Callable[[int], TownHeating]
"""The heating of the town in a calendar year."""


@dataclass(frozen=True)
class SiteRows:
    """Every site of the town in a period, before anybody chose among them."""

    rows: tuple[SiteRow, ...]
    assumed_factors: bool
    uncorrected: tuple[str, ...] = ()


def site_rows(
    sources: Sources,
    city: City,
    town: TownEnergy,
    costs: TownCosts,
    choice: SiteChoice,
    months: Months,
    heating: Heatings | None = None,
) -> SiteRows:
    """All sites of ``city``; of ``choice`` only energy and weather count here.

    ``heating`` is needed where usual weather is asked for.
    """
    book, factors = Book.of(town, costs, months), _Factors(sources, city)
    usual = usual_ranges(sources.installation.root)
    cases = _open_cases(sources, city)
    found = [
        SiteRow(
            site=site,
            figures=figures_of(book, site.id, choice, factors.of(site.sector)),
            units=_units(site),
            open_cases=cases.get(site.id, 0),
            carriers=tuple(choice.carriers(town.carriers(site.id))),
            lacks_heat=choice.energy == ALL and _lacks_heat(site, town),
            figure=_figure(city, site, choice, book),
        )
        for site in city.sites.values()
    ]
    uncorrected: tuple[str, ...] = ()
    if choice.corrected and heating and months.year:
        found, uncorrected = _corrected(found, heating, months.year)
    beside = _beside_alike(found, usual, choice)
    return SiteRows(tuple(beside), factors.assumed, uncorrected)


def _figure(city: City, site: Site, choice: SiteChoice, book: Book) -> str | None:
    """Not of what is used on the spot where nobody meters what is fed in: it has bounds alone."""
    streams = {ALL: USED, ELECTRICITY: USED_ELECTRICITY}
    carriers = choice.carriers(book.town.carriers(site.id))
    stream = streams.get(choice.energy) or (carriers[0].value if len(carriers) == 1 else None)
    made, fed_in = (
        book.town.months(site.id, Carrier.ELECTRICITY, measures)
        for measures in (Measures.GENERATION, Measures.FEED_IN)
    )
    is_open = made is not None and fed_in is None
    if stream is None or (is_open and stream in streams.values()):
        return None
    return site_id(city.id, site.id, stream, book.months.stretch)


def ranking(found: SiteRows, town: TownEnergy, choice: SiteChoice, months: Months) -> Ranking:
    """The sites that ``choice`` wants, in its order."""
    wanted = [row for row in found.rows if _is_wanted(row.site, choice)]
    told = [replace(row, apart=_why_apart(row, town, choice)) for row in wanted]
    ranked = sorted(
        (row for row in told if row.apart is None),
        key=lambda row: (-(row.value(choice.order) or 0.0), row.site.id),
    )
    apart = sorted((row for row in told if row.apart), key=_place_apart)
    return Ranking(
        choice, months, tuple(ranked), tuple(apart), found.assumed_factors, found.uncorrected
    )


def _place_apart(row: SiteRow) -> tuple[int, str]:
    return (list(Apart).index(row.apart) if row.apart else -1), row.site.name


class _Factors:
    """Emission factors by sector, carrier and year, as the city's inventories find them."""

    def __init__(self, sources: Sources, city: City) -> None:
        self.assumed = False
        self._city = city
        self._library = sources.installation.factors
        self._found: dict[tuple[Sector, Carrier, int], float | None] = {}

    def of(self, sector: Sector) -> FactorOf:
        """Those of a sector."""
        return lambda carrier, year: self._one(sector, carrier, year)

    def _one(self, sector: Sector, carrier: Carrier, year: int) -> float | None:
        key = sector, carrier, year
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        return self._found[key]

    def _look_up(self, sector: Sector, carrier: Carrier, year: int) -> float | None:
        method = Method.of(self._city.plan)
        as_of = known_on(self._city.plan, year, method)
        choice = FactorChoice(self._library, self._city.local_factors, method, as_of, as_of)
        try:
            match = choice.of_cell(carrier, sector, year)
        except FactorMissing:
            return None
        self.assumed |= match.assumed
        return match.factor_t_per_mwh


def _open_cases(sources: Sources, city: City) -> dict[str, int]:
    found: dict[str, int] = {}
    for case in all_cases(sources.store):
        if case.city == city.id and case.is_open and case.site:
            found[case.site] = found.get(case.site, 0) + 1
    return found


def _units(site: Site) -> dict[Per, float]:
    known = {
        Per.FLOOR_AREA_M2: site.floor_area_m2,
        Per.PUPIL: site.pupils,
        Per.LIGHT_POINT: site.light_points,
    }
    return {per: float(units) for per, units in known.items() if units}


def _corrected(
    rows: list[SiteRow], heating: Heatings, year: int
) -> tuple[list[SiteRow], tuple[str, ...]]:
    """Rows with heat at usual weather where it can be told, and the sites where it cannot."""
    now, before = heating(year).uses, heating(year - 1).uses
    found, left = [], []
    for row in rows:
        use, last = now.get(row.site.id), before.get(row.site.id)
        if use is None or row.figures.energy is None:
            found.append(row)
        elif use.normalised is None:
            found.append(row)
            left.append(row.site.id)
        else:
            earlier = last.normalised if last else None
            figures = at_usual_weather(row.figures, use.raw, use.normalised, earlier)
            found.append(replace(row, figures=figures))
    return found, tuple(left)


def _lacks_heat(site: Site, town: TownEnergy) -> bool:
    present = set(town.carriers(site.id))
    return site.kind in BUILDINGS and bool(present) and not present & set(HEATING_CARRIERS)


def _beside_alike(rows: list[SiteRow], usual: Benchmarks, choice: SiteChoice) -> Iterator[SiteRow]:
    """Each with the median of its kind, itself included, and with the published range."""
    alike: dict[tuple[SiteKind, Per], list[float]] = {}
    for row in rows:
        if row.unit and (kwh := row.per(row.unit)) is not None:
            alike.setdefault((row.site.kind, row.unit), []).append(kwh)
    for row in rows:
        kind, unit = row.site.kind, row.unit
        if unit is None:
            yield row
            continue
        of = alike.get((kind, unit), [])
        use = _use(choice, kind)
        yield replace(
            row,
            median_kwh=statistics.median(of) if len(of) >= LEAST_ALIKE else None,
            alike=len(of),
            usual=usual.of_site(kind, use, unit) if use else None,
        )


def _use(choice: SiteChoice, kind: SiteKind) -> Use | None:
    """What published ranges are of: not of all energy together, but lamps use electricity alone."""
    if choice.energy == ELECTRICITY or kind is SiteKind.LIGHTING_CABINET:
        return Use.ELECTRICITY
    return None if choice.energy == ALL else Use.HEAT


def _is_wanted(site: Site, choice: SiteChoice) -> bool:
    return choice.sector in (None, site.sector) and choice.kind in (None, site.kind)


def _why_apart(row: SiteRow, town: TownEnergy, choice: SiteChoice) -> Apart | None:
    """Why the row cannot be ranked; None if it can."""
    figures, order = row.figures, choice.order
    if order in _ASKED_UNIT and _ASKED_UNIT[order] is not unit_of(row.site.kind):
        return Apart.OTHER_KIND
    carriers = choice.carriers(town.carriers(row.site.id))
    if not carriers:
        made = (row.site.id, Carrier.ELECTRICITY, Measures.GENERATION) in town.tables
        uses = bool(town.carriers(row.site.id))
        return Apart.ONLY_MAKES if made and not uses else Apart.NO_METER
    coverage = figures.energy.coverage if figures.energy else None
    if coverage is None or coverage < MOSTLY_KNOWN or not math.isfinite(_most_kwh(row)):
        return Apart.NOT_READ
    if row.value(order) is not None:
        return None
    unit = unit_of(row.site.kind)
    if order is Order.SIMILAR and unit is None:
        return Apart.OTHER_KIND
    if row.lacks_heat and (order in _ASKED_UNIT or order is Order.SIMILAR):
        return Apart.NO_HEAT
    if row.unit is None and (order in _ASKED_UNIT or order is Order.SIMILAR):
        return Apart.NO_AREA if unit is Per.FLOOR_AREA_M2 else Apart.NO_POINTS
    return _LACKING.get(order) or (Apart.FEW_ALIKE if figures.whole else Apart.NOT_WHOLE)


_ASKED_UNIT = {Order.PER_M2: Per.FLOOR_AREA_M2, Order.PER_POINT: Per.LIGHT_POINT}
_LACKING = {
    Order.PER_M2: Apart.NOT_WHOLE,
    Order.PER_POINT: Apart.NOT_WHOLE,
    Order.MONEY: Apart.NO_PRICE,
    Order.EMISSIONS: Apart.NO_FACTOR,
    Order.CHANGE: Apart.NO_PAST,
}


def unit_of(kind: SiteKind) -> Per | None:
    """What the energy of such sites is divided by; None where nothing makes them alike."""
    if kind is SiteKind.LIGHTING_CABINET:
        return Per.LIGHT_POINT
    return Per.FLOOR_AREA_M2 if kind in BUILDINGS else None


def _most_kwh(row: SiteRow) -> float:
    """The most it can have used; infinite if nothing bounds it."""
    return row.figures.energy.high_kwh if row.figures.energy else math.inf


def _standing(kwh: float, usual: Benchmark) -> Standing:
    if kwh < usual.low_kwh:
        return Standing.BELOW
    return Standing.ABOVE if kwh > usual.high_kwh else Standing.WITHIN
