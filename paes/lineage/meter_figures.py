"""Figures of one meter: a stretch of time, down to the intervals and reads it was counted by.

::

    …/meter/M/2025/kwh          (counted + amounts across gaps + estimates) * kWh per unit
      …/meter/M/2025-03/course      what was counted with its course: the sum of its days
      …/meter/M/2025-03/catch_up    amounts read across gaps that lie within the month
      …/meter/M/A..B/gap            a gap: known from the reads on both sides, or estimated
        …/meter/M/2025-03-14/course     a day: the sum of its intervals, to a millionth
          …/meter/M/A..B/course             an interval between two reads
            …/meter/M/A/reading                 the read: value, quality, register, unit, gateway

Which of them there are is what the accounting keeps (``EnergyLedger.booked``, ``rows``); nothing is
reckoned here but the shares of time that an end of a period cuts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from paes.accounting.energy_books import Booked, stretches
from paes.accounting.energy_rows import day_rows, month_gaps, unique, within_one
from paes.accounting.estimate_parts import bounds, is_certain, spread_estimates
from paes.accounting.judging import judged
from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.lineage import formulas as f
from paes.lineage.figure import Figure, Input, Source
from paes.lineage.figure_id import FigureId, Kind
from paes.lineage.meter_reads import MeterReads
from paes.lineage.remaking import INSIDE, MILLIONTH
from paes.lineage.spans import instant_text, parse_span, span_text
from paes.metering import Evidence, Measures
from paes.meters import Meter
from paes.periods import By, Seconds, Span, edges, from_seconds, local_year, to_seconds
from paes.series import EstimatedGap, Gap

QUANTITIES = ("kwh", "m3", "course", "catch_up", "gap", "reading", "kwh_per_unit")


@dataclass(frozen=True)
class MeterFigures:
    """Figures of the meters of one city; keeps the books of years that it was asked for."""

    city: str
    ledger: EnergyLedger
    _books: dict[tuple[str, Span], list[Booked]] = field(default_factory=dict, repr=False)

    @cached_property
    def _reads(self) -> MeterReads:
        return MeterReads(self.city, self.ledger)

    def figure(self, asked: FigureId) -> Figure:
        """The figure that is named; DataError if there is none."""
        meter = self.ledger.installation.meter(asked.parts[0])
        text, quantity = asked.parts[1], asked.quantity
        if quantity == "reading":
            return self._reads.reading(meter, text)
        span = parse_span(text, self._zone(meter))
        makers = {
            "kwh": self._energy, "m3": self._energy, "course": self._course,
            "catch_up": self._catch_up, "gap": self._gap, "kwh_per_unit": self._per_unit,
        }  # fmt: skip
        if quantity not in makers:
            raise DataError(f"{asked}: {quantity!r} is none of {', '.join(QUANTITIES)}")
        return makers[quantity](meter, span)

    def id(self, meter: Meter, span: Span, quantity: str) -> str:
        """The id of a meter's figure over a stretch."""
        parts = meter.id, span_text(span, self._zone(meter))
        return str(FigureId(self.city, Kind.METER, parts, quantity))

    def energy_id(self, meter: Meter, span: Span) -> str:
        """The id of its energy, or of its water."""
        return self.id(meter, span, "m3" if meter.measures is Measures.WATER else "kwh")

    def days_made_anew(self, asked: FigureId) -> tuple[int, list[str]]:
        """How many days a stretch has, and the ids of those that its reads make otherwise."""
        meter = self.ledger.installation.meter(asked.parts[0])
        life = self.ledger.life(meter, parse_span(asked.parts[1], self._zone(meter)))
        days = self._days(meter, life) if life else []
        if not life or not days:
            return 0, []
        kept, counter = self.ledger.rows(meter, life, By.DAY), self.ledger.counter(meter)
        (found,) = judged(self.ledger.store, [counter], life)
        of = edges(life, By.DAY, self._zone(meter))
        life_s = to_seconds(life.start), to_seconds(life.end)
        rows = day_rows(found.readings, found.book, found.gaps, of, life_s, counter.rules, False)
        same = np.isclose(rows.measured, kept.measured, rtol=0, atol=MILLIONTH)
        same &= np.isclose(rows.catch_up, kept.catch_up, rtol=0, atol=MILLIONTH)
        wrong = [day for day, is_same in zip(days, same.tolist(), strict=True) if not is_same]
        return len(days), [self.id(meter, day, "course") for day in wrong]

    def _energy(self, meter: Meter, span: Span) -> Figure:
        total = self.ledger.total(meter, span)
        booked = self._booked_in(meter, span)
        if len(booked) == 1:
            formula, inputs = f.METER_SPAN, tuple(self._booked(meter, booked[0]))
        else:
            formula, inputs = f.METERED, tuple(self._years(meter, booked))
        return Figure(
            self.energy_id(meter, span),
            f"{meter.name or meter.id}: what it saw",
            total.kwh,
            "m3" if meter.measures is Measures.WATER else "kWh",
            formula,
            inputs,
            amounts=total,
            bounds=(total.low_kwh, total.high_kwh),
            findings=tuple(self.ledger.findings(meter, span)),
        )

    def _booked_in(self, meter: Meter, span: Span) -> list[Booked]:
        if (meter.id, span) not in self._books:
            self._books[meter.id, span] = self.ledger.booked(meter, span)
        return self._books[meter.id, span]

    def _years(self, meter: Meter, booked: list[Booked]) -> Iterator[Input]:
        for part in booked:
            total = self.ledger.total(meter, part.span)
            where = self.energy_id(meter, part.span)
            yield Input("live", where, total.kwh, "kWh", group="0/years", amounts=total)

    def _booked(self, meter: Meter, booked: Booked) -> Iterator[Input]:
        """What one stretch adds up, in the order of the accounting."""
        book, unit = booked.book, self._unit(meter)
        for number, span in enumerate(self._periods(meter, booked)):
            course, catch_up = float(book.measured[number]), float(book.catch_up[number])
            yield Input("course", self.id(meter, span, "course"), course, unit)
            if catch_up:
                yield Input("catch_up", self.id(meter, span, "catch_up"), catch_up, unit)
        ends = _ends(booked.span)
        for gap in book.gaps:
            yield from self._gap_inputs(meter, gap, ends, booked)
        if booked.kwh_per_unit != 1:
            where = self.id(meter, booked.span, "kwh_per_unit")
            yield Input("kwh_per_unit", where, booked.kwh_per_unit, f"kWh/{unit}")

    def _gap_inputs(self, meter: Meter, gap: Gap, ends: Seconds, of: Booked) -> Iterator[Input]:
        where, unit = self.id(meter, _span(gap), "gap"), self._unit(meter)
        if not isinstance(gap, EstimatedGap):
            if gap.known and within_one(gap, ends):
                yield Input("gap_read", where, gap.low, unit)
            else:
                yield Input("inside", where, 0.0, unit)
            return
        known, estimated, _, _ = (
            float(c[0]) for c in spread_estimates([gap], ends, of.counter.rules)
        )
        if known:
            yield Input("gap_known", where, known, unit)
        if estimated or not known:
            group = f"{gap.whole.start_s}" if gap.whole else ""
            yield Input("estimate", where, estimated, unit, group=group)

    def _periods(self, meter: Meter, booked: Booked) -> Iterator[Span]:
        """The stretch of each row of the book."""
        tz = self._zone(meter)
        for part, by in stretches(booked.span, tz):
            if by is None:
                yield part
                continue
            of = edges(part, by, tz)
            for start_s, end_s in pairwise(of.tolist()):
                yield Span(from_seconds(start_s), from_seconds(end_s))

    def _course(self, meter: Meter, span: Span) -> Figure:
        """What was counted with its course: of a month by days, of a day by intervals."""
        days = self._days(meter, span)
        if len(days) > 1:
            row = self.ledger.rows(meter, span, By.MONTH)
            rows = self.ledger.rows(meter, span, By.DAY)
            value = float(row.measured[0]) if len(row) == 1 else float(rows.measured.sum())
            inputs = [
                Input("course", self.id(meter, day, "course"), float(amount), self._unit(meter))
                for day, amount in zip(days, rows.measured.tolist(), strict=True)
            ]
            return self._counted(meter, span, "course", value, f.COUNTED, inputs)
        reads = self._reads
        if days and days[0] == span:
            rows = self.ledger.rows(meter, span, By.DAY)
            value = float(rows.measured[0]) if len(rows) else 0.0
            inputs = list(reads.intervals(meter, span))
            return self._counted(meter, span, "course", value, f.INTERVALS, inputs)
        return reads.interval(meter, span)

    def _catch_up(self, meter: Meter, span: Span) -> Figure:
        """Amounts read across gaps within the period."""
        unit, days = self._unit(meter), self._days(meter, span)
        rows = self.ledger.rows(meter, span, By.DAY)
        if len(days) > 1:
            month = self.ledger.rows(meter, span, By.MONTH)
            inputs = [
                Input("catch_up", self.id(meter, day, "catch_up"), amount, unit)
                for day, amount in zip(days, rows.catch_up.tolist(), strict=True)
                if amount
            ]
            told = month_gaps(rows, edges(span, By.MONTH, self._zone(meter))).get(0, [])
            inputs += [
                Input("gap_read", self.id(meter, _span(gap), "gap"), gap.low, unit)
                for gap in told
                if gap.known and within_one(gap, _ends(span))
            ]
            value = float(month.catch_up[0]) if len(month) == 1 else float(rows.catch_up.sum())
            return self._counted(meter, span, "catch_up", value, f.COUNTED, inputs)
        (found,) = judged(self.ledger.store, [self.ledger.counter(meter)], span)
        inputs = [
            Input("gap_read", self.id(meter, _span(gap), "gap"), gap.low, unit)
            for gap in found.gaps
            if gap.known and within_one(gap, _ends(span))
        ]
        value = float(rows.catch_up[0]) if len(rows) else 0.0
        return self._counted(meter, span, "catch_up", value, f.INTERVALS, inputs)

    def _counted(
        self, meter: Meter, span: Span, quantity: str, value: float, formula: f.Formula,
        inputs: list[Input],
    ) -> Figure:  # fmt: skip
        title = {"course": "counted with its course", "catch_up": "read across gaps"}[quantity]
        where, unit = self.id(meter, span, quantity), self._unit(meter)
        return Figure(where, f"{meter.id}: {title}", value, unit, formula, tuple(inputs))

    def _gap(self, meter: Meter, span: Span) -> Figure:
        """A gap by its ends: read on both sides, estimated, or missing."""
        gap, unit = self._found_gap(meter, span), self._unit(meter)
        reads = self._reads
        around, told = tuple(reads.around(meter, gap)), tuple(reads.statements(meter, span))
        where, title = self.id(meter, span, "gap"), f"{meter.id}: gap ({gap.cause})"
        if gap.known:
            kind = self.ledger.installation.register(meter).kind
            formula = f.KNOWN_GAP if kind is Evidence.COUNTER and around else f.AMOUNT
            return Figure(where, title, gap.low, unit, formula, around, sources=told)
        beside = tuple(replace(one, role=INSIDE) for one in around)
        if isinstance(gap, EstimatedGap):
            band = bounds(gap)
            how = "as stated" if is_certain(gap) else f"estimated: {gap.method}"
            source = Source("estimate", f"{how}, between {band[0]:.6g} and {band[1]:.6g} {unit}")
            return Figure(
                where, title, gap.amount, unit, None, beside, bounds=band, sources=(source, *told)
            )
        source = Source("missing", "nothing was read, and it was too long to estimate")
        band = gap.low, gap.high
        return Figure(where, title, 0.0, unit, None, beside, bounds=band, sources=(source, *told))

    def _found_gap(self, meter: Meter, span: Span) -> Gap:
        """The gap with these ends, as an estimate if one was made; DataError if there is none."""
        ends = to_seconds(span.start), to_seconds(span.end)
        years = edges(span, By.YEAR, self._zone(meter))
        around = Span(from_seconds(years[0]), from_seconds(years[-1]))
        gaps = [gap for part in self._booked_in(meter, around) for gap in part.book.gaps]
        (found,) = judged(self.ledger.store, [self.ledger.counter(meter)], span)
        for gap in unique([*gaps, *found.gaps]):
            if (gap.start_s, gap.end_s) == ends:
                return gap
        raise DataError(f"{meter.id} has no gap from {instant_text(span.start)}")

    def _per_unit(self, meter: Meter, span: Span) -> Figure:
        """The calorific value of the meter's fuel."""
        energy = self.ledger.unit_energy(meter, local_year(span.start, self._zone(meter)))
        unit = self._unit(meter)
        if energy is None or energy.net is None:
            raise DataError(f"{meter.id} counts {unit}: it needs no calorific value")
        match = energy.net
        text = match.source or match.note or "calorific_values.csv"
        return Figure(
            self.id(meter, span, "kwh_per_unit"),
            f"net calorific value of {match.carrier}",
            energy.kwh,
            f"kWh/{unit}",
            sources=(Source("table", text, f"year {match.year_used or 'any'} ({match.how})"),),
            assumed=match.assumed,
            note=match.note,
        )

    def _days(self, meter: Meter, span: Span) -> list[Span]:
        """The local days that the meter lived in ``span``; none if ``span`` is less than a day."""
        life = self.ledger.life(meter, span)
        if life is None:
            return []
        of = edges(life, By.DAY, self._zone(meter))
        days = [Span(from_seconds(a), from_seconds(b)) for a, b in pairwise(of.tolist())]
        return [] if span.seconds < days[0].seconds else days

    def _zone(self, meter: Meter) -> str:
        return self.ledger.installation.time_zone(meter.id)

    def _unit(self, meter: Meter) -> str:
        return self.ledger.installation.register(meter).unit


def _ends(span: Span) -> Seconds:
    return np.array([to_seconds(span.start), to_seconds(span.end)], dtype=np.int64)


def _span(gap: Gap) -> Span:
    return Span(from_seconds(gap.start_s), from_seconds(gap.end_s))
