"""The energy ledger: what each meter saw, asked by period.

It joins what is known of each meter (``known_meters``) with its readings and the rules of
``consumption``. Months and days are kept in the store as derived figures
(``kept_energy``); they can always be made again from the readings.

Answers are frames with one row a period, or an ``EnergyTotal``; amounts are kWh (m3 for
water), and each is measured + estimated + missing between bounds, with its coverage. Time
before a meter was commissioned or after *now* is not missing: it is outside.

What the meters of a site or a city make together is asked of ``paes.accounting.site_energy``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from paes.accounting.causes import explained, is_explained
from paes.accounting.counter_findings import absence_finding, edit_findings
from paes.accounting.edits import Edits, edits_of
from paes.accounting.energy_books import Booked
from paes.accounting.energy_table import EnergyTable, local_starts, suffix_of, tabled, within
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.estimate_parts import Estimate, estimates_within
from paes.accounting.judging import judged
from paes.accounting.kept_energy import KeptEnergy
from paes.accounting.known_meters import Fuel, KnownMeters
from paes.installation import Installation
from paes.metering import Finding
from paes.meters import Meter
from paes.periods import (
    ALWAYS,
    By,
    Clock,
    Seconds,
    Span,
    edges,
    from_seconds,
    local_year,
    now_utc,
    to_seconds,
    year_span,
)
from paes.rollups import Rollups
from paes.series import Floats, Gap
from paes.store import Store

TOGETHER = 16
"""Meters that are refreshed at once."""


_NOTHING = EnergyTable.empty(0), pd.DatetimeIndex([], tz="UTC")


@dataclass(frozen=True)
class _Part:
    """One stretch of what is asked of a meter, within its life, with one calorific value."""

    place: int
    meter: Meter
    span: Span
    factor: float


class EnergyLedger(KnownMeters):
    """Energy by meter of one installation from one store."""

    def __init__(self, installation: Installation, store: Store, clock: Clock = now_utc) -> None:
        super().__init__(installation, store, clock)
        self._kept = KeptEnergy(store, clock)

    def meter(self, meter: Meter, span: Span, by: By) -> pd.DataFrame:
        """The register's amounts by period, in the register's unit.

        Columns ``measured``, ``catch_up``, ``estimated``, ``missing_low``, ``missing_high``,
        ``covered_s``, ``span_s``; index ``start`` in the meter's local time. Periods are whole
        ones around ``span``.
        """
        tz = self.installation.time_zone(meter.id)
        wanted = edges(span, by, tz)
        (table,) = self._tables([(meter, ALWAYS)], wanted, by)
        return table.frame(local_starts(wanted, tz))

    def energy(self, meter: Meter, span: Span, by: By) -> pd.DataFrame:
        """As ``meter``, with gas and fuels in kWh and the unit in the columns' names."""
        ((table, starts),) = self.tables([(meter, ALWAYS)], span, by)
        return table.frame(starts, suffix_of(meter.measures))

    def total(self, meter: Meter, span: Span) -> EnergyTotal:
        """The meter's energy over ``span`` exactly; fuels are turned into kWh, water stays m3.

        A gap over New Year is cut only where the calorific value changes with the year.
        """
        return self.totals([(meter, span)])[0]

    def totals(self, asked: Sequence[tuple[Meter, Span]]) -> list[EnergyTotal]:
        """The total of each meter over its span."""
        found = [EnergyTotal()] * len(asked)
        groups: dict[tuple[Span, str], list[_Part]] = {}
        for place, (meter, span) in enumerate(asked):
            for part in self._parts(place, meter, span):
                tz = self.installation.time_zone(meter.id)
                groups.setdefault((part.span, tz), []).append(part)
        for (span, _), parts in groups.items():
            counters = self._counters([p.meter for p in parts])
            ends = np.array([to_seconds(span.start), to_seconds(span.end)], dtype=np.int64)
            books = self._kept.estimated(counters, self._kept.whole(counters, span), ends)
            for part, counter, book in zip(parts, counters, books, strict=True):
                table = tabled(book, ends, span, counter.rules)
                found[part.place] += table.times(np.array([part.factor])).total()
        return found

    def booked(self, meter: Meter, span: Span) -> list[Booked]:
        """What ``total`` adds up; one stretch as a rule, two where the calorific value changes."""
        (counter,) = self._counters([meter])
        found = []
        for part in self._parts(0, meter, span):
            ends = np.array([to_seconds(t) for t in (part.span.start, part.span.end)], np.int64)
            books = self._kept.estimated([counter], self._kept.whole([counter], part.span), ends)
            found.append(Booked(counter, part.span, part.factor, books[0]))
        return found

    def rows(self, meter: Meter, span: Span, by: By) -> Rollups:
        """The derived days or months of ``span``, with the readings that each of them needs."""
        life = self.life(meter, span)
        return self._kept.rows(self._counters([meter]), life, by)[0] if life else Rollups.none()

    def _parts(self, place: int, meter: Meter, span: Span) -> Iterator[_Part]:
        """What of ``span`` the meter lived, cut where its calorific value changes."""
        life, tz = self.life(meter, span), self.installation.time_zone(meter.id)
        if life is None:
            return
        if self._fuel(meter) is None:
            yield _Part(place, meter, life, 1.0)
            return
        years = range(local_year(life.start, tz), local_year(life.end, tz) + 1)
        for factor, alike in groupby(years, key=lambda year: self.kwh_factor(meter, year)):
            of = list(alike)
            part = life.clip(year_span(of[0], tz).start, year_span(of[-1], tz).end)
            if part:
                yield _Part(place, meter, part, factor)

    def tables(
        self, asked: Sequence[tuple[Meter, Span]], span: Span, by: By, estimated: bool = True
    ) -> list[tuple[EnergyTable, pd.DatetimeIndex]]:
        """Each meter's table within its own stretch, and the starts of its periods; in kWh.

        Periods are whole ones around ``span``; what lies outside of a meter's stretch, which
        begins and ends with local days, is outside of its life here. Water stays m3. Without
        ``estimated`` gaps stay missing: for who asks only what was measured, several times faster.
        """
        found: list[tuple[EnergyTable, pd.DatetimeIndex]] = [_NOTHING] * len(asked)
        zones: dict[str, list[int]] = {}
        for place, (meter, _) in enumerate(asked):
            zones.setdefault(self.installation.time_zone(meter.id), []).append(place)
        for tz, places in zones.items():
            wanted = edges(span, by, tz)
            starts = local_starts(wanted, tz)
            to_kwh: dict[Fuel, Floats] = {}
            tables = self._tables([asked[place] for place in places], wanted, by, estimated)
            for place, table in zip(places, tables, strict=True):
                meter = asked[place][0]
                fuel = self._fuel(meter)
                if fuel:
                    if fuel not in to_kwh:
                        to_kwh[fuel] = self._kwh_factors(meter, starts)
                    table = table.times(to_kwh[fuel])
                found[place] = table, starts
        return found

    def between(
        self, asked: Sequence[tuple[Meter, Span]], edges_s: Seconds, by: By
    ) -> list[EnergyTable]:
        """What each meter, of one time zone, counted in its own stretch between any edges.

        In the units of their registers. The edges lie on those of ``by``: on whole quarter hours,
        or on local midnights, or on the first of months, the coarser the faster.
        """
        return self._tables(asked, edges_s, by)

    def _kwh_factors(self, meter: Meter, starts: pd.DatetimeIndex) -> Floats:
        years = starts.year.tolist()
        factors = {year: self.kwh_factor(meter, year) for year in set(years)}
        return np.array([factors[year] for year in years])

    def _by_time_zone(self, meters: Iterable[Meter]) -> dict[str, list[Meter]]:
        found: dict[str, list[Meter]] = {}
        for meter in meters:
            found.setdefault(self.installation.time_zone(meter.id), []).append(meter)
        return found

    def _tables(
        self,
        asked: Sequence[tuple[Meter, Span]],
        wanted: Seconds,
        by: By,
        estimated: bool = True,
    ) -> list[EnergyTable]:
        """The periods between ``wanted`` of each meter of one time zone, in the register's unit."""
        fine = by in (By.QUARTER_HOUR, By.HOUR)
        usual = By.QUARTER_HOUR if fine else By.DAY if by is By.DAY else By.MONTH
        outer = Span(from_seconds(wanted[0]), from_seconds(wanted[-1]))
        groups: dict[tuple[Span, By], list[int]] = {}
        for place, (meter, stretch) in enumerate(asked):
            whole = self.life(meter, outer)
            life = whole.clip(stretch.start, stretch.end) if whole else None
            if life:
                # A month that is cut here is kept whole: its days are asked instead.
                kind = By.DAY if usual is By.MONTH and life != whole else usual
                groups.setdefault((life, kind), []).append(place)
        tables = [EnergyTable.empty(len(wanted) - 1)] * len(asked)
        for (life, kind), places in groups.items():
            of = [asked[place][0] for place in places]
            counters = self._counters(of)
            whole = self._whole_days(of[0], life) if fine else life
            books = self._kept.books(counters, whole, kind)
            if estimated:
                books = self._kept.estimated(counters, books, within(wanted, life))
            for place, counter, book in zip(places, counters, books, strict=True):
                tables[place] = tabled(book, wanted, life, counter.rules)
        return tables

    def estimates(self, meter: Meter, span: Span, by: By = By.MONTH) -> list[Estimate]:
        """The stretches of which tables ``by`` these periods show estimates, with their methods.

        In the register's unit and in order of time; they are what ``estimated`` adds up from,
        but for parts outside of ``span``.
        """
        life, tz = self.life(meter, span), self.installation.time_zone(meter.id)
        if life is None:
            return []
        counters = self._counters([meter])
        fine = By.QUARTER_HOUR if by in (By.QUARTER_HOUR, By.HOUR) else By.DAY
        wanted = within(edges(span, by, tz), life)
        books = self._kept.books(counters, self._whole_days(meter, life), fine)
        (book,) = self._kept.estimated(counters, books, wanted)
        return estimates_within(book.gaps, wanted, counters[0].rules)

    def _whole_days(self, meter: Meter, life: Span) -> Span:
        """The days that ``life`` touches, as far as the meter lived them."""
        days = edges(life, By.DAY, self.installation.time_zone(meter.id))
        return self.life(meter, Span(from_seconds(days[0]), from_seconds(days[-1]))) or life

    def findings(self, meter: Meter, span: Span) -> list[Finding]:
        """What was wrong with the meter's readings in ``span``, in order of time.

        Gaps name the causes that the collector stored; without any reading before or after
        them they are told only if there is such a cause. What a person edited is told with who
        did, and why.
        """
        life = self.life(meter, span)
        if life is None:
            return []
        counter = self._counters([meter])[0]
        (of_life,) = judged(self.store, [counter], life)
        book, gaps, rules = of_life.book, of_life.gaps, counter.rules
        inside = _inside(book.findings, life)
        told = set(book.gaps)  # a meter read once an hour has thousands of them
        outer = [absence_finding(g, rules) for g in gaps if g not in told]
        absences = self.absences(meter, _with_gaps(life, gaps))
        found = [explained(f, absences) for f in inside]
        found += [f for f in (explained(f, absences) for f in outer) if is_explained(f)]
        edits = edits_of(self.store, [meter.id]).get(meter.id, Edits())
        found += edit_findings(edits, of_life.readings, life, rules)
        return sorted(found, key=lambda f: f.at or life.start)

    def odd_readings(self, meter: Meter, span: Span) -> list[Finding]:
        """Those of ``findings`` that the readings alone tell: faster, without causes of gaps."""
        life = self.life(meter, span)
        if life is None:
            return []
        (of_life,) = judged(self.store, self._counters([meter]), life)
        return _inside(of_life.book.findings, life)

    def refresh(
        self,
        span: Span,
        progress: Callable[[int, int], None] | None = None,
        meters: Iterable[Meter] | None = None,
        afresh: bool = False,
    ) -> None:
        """Derive and keep the months that ``span`` touches, with their days.

        Of all ``meters`` if None; what is kept already is made anew only with ``afresh``.
        """
        wanted = list(self.installation.meters.values() if meters is None else meters)
        done = 0
        for tz, of in self._by_time_zone(wanted).items():
            months = edges(span, By.MONTH, tz)
            outer = Span(from_seconds(months[0]), from_seconds(months[-1]))
            lives: dict[Span | None, list[Meter]] = {}
            for meter in of:
                lives.setdefault(self.life(meter, outer), []).append(meter)
            for life, alike in lives.items():
                for begin in range(0, len(alike), TOGETHER):
                    some = alike[begin : begin + TOGETHER]
                    if life:
                        self._kept.books(self._counters(some), life, By.MONTH, afresh)
                    done += len(some)
                    if progress:
                        progress(done, len(wanted))


def _inside(findings: Iterable[Finding], life: Span) -> list[Finding]:
    return [f for f in findings if f.at is None or life.start <= f.at < life.end]


def _with_gaps(life: Span, gaps: list[Gap]) -> Span:
    """``life`` and all of the gaps that begin or end outside of it."""
    start_s = min([to_seconds(life.start), *(g.start_s for g in gaps)])
    end_s = max([to_seconds(life.end), *(g.end_s for g in gaps)])
    return Span(from_seconds(start_s), from_seconds(end_s))
