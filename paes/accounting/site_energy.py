"""What the meters of sites make together: energy of a carrier by period, site and sector.

A site's energy is a sum of terms (``paes.meter_trees.tree``): its own meters, less what goes to
other sites, plus what comes from them. Columns are those of ``EnergyLedger.energy``. Read
``paes.accounting.ledger`` for a single meter, ``paes.accounting.term_sums`` for differences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field

import numpy as np
import pandas as pd

from paes.accounting.energy_table import AMOUNTS, EnergyTable, suffix_of
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.term_sums import Tabled, summed
from paes.errors import DataError
from paes.installation import City
from paes.meter_trees.tree import MeterTree, Term
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Carrier, Evidence, Finding, Measures, Sector
from paes.periods import By, Span

Cell = tuple[Sector, Carrier]
Dated = tuple[EnergyTable, pd.DatetimeIndex]
"""A table, and the local starts of its periods."""
EXCEEDS_BY = 0.001
"""Parts that exceed their whole by less are two registers with their steps."""


@dataclass(frozen=True, slots=True)
class SeenTerm:
    """A meter that a sum was made of: how often it counts, when, and what it saw by itself.

    Terms of one ``group`` are parts of each other and were added up first.
    """

    term: Term
    span: Span
    total: EnergyTotal
    group: str
    is_billed: bool
    row: str = ""
    """Of a sum of several: the declared row's sites that it was added up for first."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What registers and load curves saw, apart from what bills and deliveries told."""

    live: EnergyTotal = field(default_factory=EnergyTotal)
    billed: EnergyTotal = field(default_factory=EnergyTotal)
    terms: tuple[SeenTerm, ...] = ()
    """What both are the sum of, in the order in which it was added up."""

    @property
    def total(self) -> EnergyTotal:
        """Both together."""
        return self.live + self.billed


class SiteEnergy:
    """Energy by site, sector and kind of measurement, from the meters of a ledger.

    Without ``estimated`` tables leave gaps missing, as those of the ledger; totals never do.
    """

    def __init__(self, ledger: EnergyLedger, estimated: bool = True) -> None:
        self.ledger = ledger
        self._estimated = estimated
        self.installation = ledger.installation
        self._trees: dict[str, MeterTree] = {}

    def terms(
        self, sites: Iterable[str], carrier: Carrier | None, measures: Measures
    ) -> list[Term]:
        """What the energy of ``sites`` together is the sum of, always in one order.

        Another order of adding may change the last digit of a figure.
        """
        of_city: dict[str, list[str]] = {}
        for site in sorted(set(sites)):
            city = self.installation.city_of_site(site)
            of_city.setdefault(city.id, []).append(site)
        return [
            term
            for city_id, here in of_city.items()
            for term in self._tree(self.installation.cities[city_id]).terms(here, carrier, measures)
        ]

    def sites(
        self,
        sites: Iterable[str],
        carrier: Carrier | None,
        measures: Measures,
        span: Span,
        by: By,
    ) -> pd.DataFrame:
        """Energy of ``sites`` together by period; empty if they have no such meter.

        Columns as in ``EnergyLedger.meter`` with ``_kwh`` (``_m3`` for water).
        """
        terms = self.terms(sites, carrier, measures)
        if terms:
            return self._frame(terms, self._tables(terms, span, by), measures)
        suffix = suffix_of(measures)
        columns = [f"{name}{suffix}" for name in AMOUNTS] + ["covered_s", "span_s"]
        return pd.DataFrame(columns=columns, dtype=np.float64)

    def by_site(
        self, sites: Iterable[str], measures: Measures, span: Span, by: By
    ) -> dict[tuple[str, Carrier | None], pd.DataFrame]:
        """``sites`` apart, by site and carrier; what has no meter is left out."""
        groups: dict[tuple[str, Carrier | None], list[Term]] = {}
        for site in sites:
            for term in self.terms([site], None, measures):
                groups.setdefault((site, term.meter.carrier), []).append(term)
        of_all = self._tables([term for of in groups.values() for term in of], span, by)
        tables = iter(of_all)
        frames = {
            key: self._frame(of, [next(tables) for _ in of], measures) for key, of in groups.items()
        }
        return dict(sorted(frames.items(), key=lambda item: str(item[0])))

    def tables(self, asked: Mapping[str, Sequence[Term]], span: Span, by: By) -> dict[str, Dated]:
        """The sum of the terms of each name, by period; what has no term is left out.

        The meters of one name are of one time zone.
        """
        of_all = self._tables([term for terms in asked.values() for term in terms], span, by)
        tables = iter(of_all)
        found = {}
        for name, terms in asked.items():
            dated = [
                (self._tabled(term, table), starts)
                for term, (table, starts) in zip(terms, tables, strict=False)
            ]
            if dated:
                found[name] = summed([one for one, _ in dated]), dated[0][1]
        return found

    def virtual(self, meter: VirtualMeter, span: Span, by: By) -> pd.DataFrame:
        """What the formula of ``meter`` makes, by period; DataError if it was never in use."""
        tree = self._tree(self._city_of(meter))
        terms = tree.formula(meter)
        if not terms:
            raise DataError(f"meter {meter.id}: its meters were never in use at the same time")
        proved = tree.is_difference(terms)
        return _frame(
            [
                (Tabled(term, table, meter.id, proved), starts)
                for term, (table, starts) in zip(terms, self._tables(terms, span, by), strict=True)
            ],
            meter.measures,
        )

    def total(
        self, sites: Collection[str], carrier: Carrier | None, measures: Measures, span: Span
    ) -> EnergyTotal | None:
        """Energy of ``sites`` together over ``span`` exactly; None if no such meter was in use."""
        return self._totals([self.terms(sites, carrier, measures)], span)[0]

    def cells(
        self, city: City, span: Span, measures: Measures = Measures.WITHDRAWAL
    ) -> dict[Cell, EnergyTotal]:
        """What the meters of ``city`` saw in ``span``, by the sector of the site it belongs to."""
        return {cell: seen.total for cell, seen in self.seen_cells(city, span, measures).items()}

    def seen_cells(
        self, city: City, span: Span, measures: Measures = Measures.WITHDRAWAL
    ) -> dict[Cell, Seen]:
        """The same, by how it was seen."""
        found: dict[Cell, list[Term]] = {}
        for sector, sites in _by_sector(city).items():
            for term in self.terms(sites, None, measures):
                if term.meter.carrier:
                    found.setdefault((sector, term.meter.carrier), []).append(term)
        seen = self.seen(list(found.values()), span)
        return {cell: one for cell, one in zip(found, seen, strict=True) if one is not None}

    def seen(self, asked: Sequence[Sequence[Term]], span: Span) -> list[Seen | None]:
        """Each sum of terms over ``span``, by how it was seen; None where none was in use.

        A difference was seen as well as the worst of its meters: what is left of a bill, once a
        register is taken off, is a bill's.
        """
        lived = self._lived(asked, span)
        totals = iter(self.ledger.totals([(t.meter, part) for of in lived for t, part in of]))
        found: list[Seen | None] = []
        for of in lived:
            saw = [next(totals) for _ in of]
            tabled = [
                self._tabled(term, _as_table(one)) for (term, _), one in zip(of, saw, strict=True)
            ]
            found.append(self._apart(tabled, of, saw) if tabled else None)
        return found

    def _apart(
        self,
        tabled: Sequence[Tabled],
        lived: Sequence[tuple[Term, Span]],
        saw: Sequence[EnergyTotal],
    ) -> Seen:
        billed = {one.group for one in tabled if self._is_billed(one.term)}
        live = [one for one in tabled if one.group not in billed]
        rest = [one for one in tabled if one.group in billed]
        terms = (
            SeenTerm(one.term, span, total, one.group, one.group in billed)
            for one, (_, span), total in zip(tabled, lived, saw, strict=True)
        )
        seen, told = (summed(of).total() if of else EnergyTotal() for of in (live, rest))
        return Seen(seen, told, tuple(terms))

    def _is_billed(self, term: Term) -> bool:
        return self.installation.register(term.meter).kind is Evidence.AMOUNTS

    def in_use(
        self, sites: Iterable[str], carrier: Carrier | None, measures: Measures, span: Span
    ) -> list[tuple[float, Span]]:
        """Meters that add to ``sites``: how much of each, and when in ``span`` it was in use."""
        terms = [t for t in self.terms(sites, carrier, measures) if t.weight > 0]
        lived = [(term.weight, self._life(term, span)) for term in terms]
        return [(weight, life) for weight, life in lived if life]

    def findings(self, city: City, span: Span) -> list[Finding]:
        """Sites whose parts, given to other sites, saw more in ``span`` than their whole."""
        asked: dict[tuple[str, Carrier | None, Measures], list[Term]] = {}
        for site, measures in self._tree(city).givers():
            for term in self.terms([site], None, measures):
                asked.setdefault((site, term.meter.carrier, measures), []).append(term)
        totals = self._totals(list(asked.values()), span)
        return [
            _exceeded(site, carrier, total)
            for (site, carrier, _), total in zip(asked, totals, strict=True)
            if total and total.high_kwh < -EXCEEDS_BY * (abs(total.measured_kwh) + 1)
        ]

    def _totals(self, asked: Sequence[list[Term]], span: Span) -> list[EnergyTotal | None]:
        """The sum of each list of terms over ``span``; None where none was in use."""
        return [seen.total if seen else None for seen in self.seen(asked, span)]

    def _lived(self, asked: Sequence[Sequence[Term]], span: Span) -> list[list[tuple[Term, Span]]]:
        """Of each sum the terms that were in use in ``span``, and when."""
        return [[(t, part) for t in of if (part := self._life(t, span))] for of in asked]

    def _life(self, term: Term, span: Span) -> Span | None:
        part = span.clip(term.span.start, term.span.end)
        return self.ledger.life(term.meter, part) if part else None

    def _tables(self, terms: Sequence[Term], span: Span, by: By) -> list[Dated]:
        asked = [(term.meter, term.span) for term in terms]
        return self.ledger.tables(asked, span, by, self._estimated)

    def _frame(
        self, terms: Sequence[Term], tables: Sequence[Dated], measures: Measures
    ) -> pd.DataFrame:
        tabled = [
            (self._tabled(term, table), starts)
            for term, (table, starts) in zip(terms, tables, strict=True)
        ]
        return _frame(tabled, measures)

    def _tabled(self, term: Term, table: EnergyTable) -> Tabled:
        city = self.installation.city_of(term.meter)
        return Tabled(term, table, self._tree(city).root(term.meter).id)

    def _tree(self, city: City) -> MeterTree:
        return self._trees.setdefault(city.id, MeterTree(city))

    def _city_of(self, meter: VirtualMeter) -> City:
        return next(c for c in self.installation.cities.values() if meter.id in c.virtual_meters)


def _by_sector(city: City) -> dict[Sector, set[str]]:
    sectors: dict[Sector, set[str]] = {}
    for site in city.sites.values():
        sectors.setdefault(site.sector, set()).add(site.id)
    return sectors


def _as_table(total: EnergyTotal) -> EnergyTable:
    """The total as a table of one period."""
    return EnergyTable(*(np.array([value]) for value in astuple(total)))


def _exceeded(site: str, carrier: Carrier | None, total: EnergyTotal) -> Finding:
    return Finding(
        "site_energy.parts_exceed_whole",
        site,
        f"meters whose {carrier or 'water'} goes from {site} to other sites saw more than its own: "
        "one of them is wrong, or is not part of what it is said to be part of",
        numbers={"low_kwh": total.low_kwh, "high_kwh": total.high_kwh},
    )


def _frame(tabled: Sequence[tuple[Tabled, pd.DatetimeIndex]], measures: Measures) -> pd.DataFrame:
    """Tables added up, time zone by time zone."""
    by_zone: dict[str, list[Tabled]] = {}
    starts_of = {}
    for one, starts in tabled:
        by_zone.setdefault(str(starts.tz), []).append(one)
        starts_of[str(starts.tz)] = starts
    suffix = suffix_of(measures)
    frames = [summed(of).frame(starts_of[tz], suffix) for tz, of in by_zone.items()]
    frame = frames[0]
    for other in frames[1:]:
        frame = frame.add(other, fill_value=0.0)
    return frame
