"""The last step down: intervals, the reads that bound them, and where each read came from.

A read is the value that stands in the store, with its time, quality, and the place on the wire
where it was read (register, unit, gateway); or with the file that brought it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from paes.accounted_register import DeviceFile
from paes.accounting.edits import all_edits
from paes.accounting.judging import judged
from paes.accounting.ledger import EnergyLedger
from paes.bills.bill import BILL, bills_of
from paes.config_file import read_yaml
from paes.errors import DataError
from paes.events import ABSENCE
from paes.imports.trail import CHANGED, IMPORT
from paes.lineage import formulas as f
from paes.lineage.figure import Figure, Input, Source
from paes.lineage.figure_id import FigureId, Kind
from paes.lineage.spans import instant_text, span_text
from paes.metering import Evidence, name_of
from paes.meters import FieldMeter, Meter
from paes.periods import Span, from_seconds, parse_instant, to_seconds
from paes.series import QUALITIES, Floats, Gap

UNKNOWN = Source("unknown", "nothing in the store tells by which file or device it came")
NEXT_DAY = timedelta(days=1)


@dataclass(frozen=True)
class MeterReads:
    """Intervals and reads of the meters of one city; keeps the words of registers on the wire."""

    city: str
    ledger: EnergyLedger
    _addresses: dict[str, str] = field(default_factory=dict, repr=False)

    def intervals(self, meter: Meter, day: Span) -> Iterator[Input]:
        """What passed between consecutive reads, as far as it lies in ``day``."""
        (found,) = judged(self.ledger.store, [self.ledger.counter(meter)], day)
        book, unit = found.book, self._unit(meter)
        if len(book.knots_s) == 0:
            return
        start_s, end_s = to_seconds(day.start), to_seconds(day.end)
        inner = book.knots_s[(book.knots_s > start_s) & (book.knots_s < end_s)]
        cuts = np.concatenate([[start_s], inner, [end_s]])
        amounts = np.diff(np.interp(cuts, book.knots_s, book.total))
        covered = np.diff(np.interp(cuts, book.knots_s, book.covered))
        for a, b, amount, seen in zip(cuts[:-1], cuts[1:], amounts, covered, strict=True):
            if seen > 0:
                span = Span(from_seconds(a), from_seconds(b))
                yield Input("part", self._id(meter, span, "course"), float(amount), unit)

    def interval(self, meter: Meter, span: Span) -> Figure:
        """What passed in a stretch of less than a day, with the reads around it."""
        (found,) = judged(self.ledger.store, [self.ledger.counter(meter)], span)
        book, unit = found.book, self._unit(meter)
        a, b = to_seconds(span.start), to_seconds(span.end)
        if len(book.knots_s) == 0:
            raise DataError(f"{meter.id} has no reads around {instant_text(span.start)}")
        amount = float(np.diff(np.interp([a, b], book.knots_s, book.total))[0])
        inputs = tuple(self._bounding(meter, book.accepted_s, a, b))
        formula = self._formula(meter, inputs, amount)
        return Figure(
            self._id(meter, span, "course"),
            f"{meter.id}: counted between two reads",
            amount,
            unit,
            formula,
            inputs,
            findings=tuple(
                x for x in found.book.findings if x.at and span.start <= x.at <= span.end
            ),
            sources=tuple(self.statements(meter, span)),
            note=None if formula else "not the difference of the reads: see what was found",
        )

    def around(self, meter: Meter, gap: Gap) -> Iterator[Input]:
        """The reads at both ends of a gap of known amount; of a bill the amount that it tells."""
        times = np.array([gap.start_s, gap.end_s], dtype=np.int64)
        if self._kind(meter) is not Evidence.COUNTER:
            yield from self._amounts(meter, gap.start_s)
            return
        found = list(self._bounding(meter, times, gap.start_s, gap.end_s))
        values = {one.role: one.value for one in found}
        if abs(values.get("end", 0.0) - values.get("start", 0.0) - gap.low) > 1e-9:
            found = [Input("inside", one.id, one.value, one.unit) for one in found]
        yield from found

    def reading(self, meter: Meter, text: str) -> Figure:
        """One read by its time; DataError if there is none, naming the nearest."""
        at = parse_instant(text, "UTC")
        point = self.ledger.installation.register(meter).point
        near = self.ledger.store.around([point], to_seconds(at), to_seconds(at) + 1, 1)[point]
        place = np.flatnonzero(near.seconds == to_seconds(at))
        if len(place) == 0:
            known = ", ".join(instant_text(from_seconds(s)) for s in near.seconds.tolist())
            raise DataError(
                f"{point} was not read at {instant_text(at)}; nearest: {known or 'none'}"
            )
        i = int(place[0])
        return Figure(
            self._read_id(meter, at),
            f"{point}: read at {instant_text(at)}",
            float(near.values[i]),
            self._unit(meter),
            sources=tuple(self._origin(meter, at)) or (UNKNOWN,),
            note=f"quality {QUALITIES[int(near.codes[i])]}",
        )

    def statements(self, meter: Meter, span: Span) -> Iterator[Source]:
        """What persons and bills say of a stretch: edits with reason and author, documents."""
        for edit in all_edits(self.ledger.store, meter.id):
            if edit.in_force and edit.span.clip(span.start, span.end):
                value = "" if edit.value is None else f" {edit.value:g}"
                text = f"edit {edit.kind}{value}: {edit.reason}"
                yield Source("person", text, f"{edit.author}, {instant_text(edit.at)}")
        for bill in bills_of(self.ledger.store.events(span.start, span.end, [meter.id], BILL)):
            text = f"{bill.kind} {bill.document}: {bill.quantity:g} {bill.unit}"
            period = span_text(bill.span, self.ledger.installation.time_zone(meter.id))
            yield Source("bill", text, f"{bill.supplier or 'supplier unknown'}, {period}")
        for swap in meter.replacements:
            if span.start <= swap.at <= span.end:
                text = f"device exchanged: {swap.old_serial or '?'} -> {swap.new_serial}"
                yield Source("replacement", text, instant_text(swap.at))
        for absence in self.ledger.store.events(span.start, span.end, [meter.id], ABSENCE):
            yield Source("absence", f"{absence.cause}: {absence.message}".rstrip(": "))

    def _bounding(self, meter: Meter, accepted: np.ndarray, a: int, b: int) -> Iterator[Input]:
        """The accepted reads at or before ``a`` and at or after ``b``, and the part between."""
        if self._kind(meter) is not Evidence.COUNTER:
            yield from self._amounts(meter, a)
            return
        first = int(np.searchsorted(accepted, a, side="right")) - 1
        last = int(np.searchsorted(accepted, b))
        if first < 0 or last >= len(accepted):
            return
        start_s, end_s = int(accepted[first]), int(accepted[last])
        point = self.ledger.installation.register(meter).point
        reads = self.ledger.store.around([point], start_s, end_s + 1, 0)[point]
        for role, at_s in (("start", start_s), ("end", end_s)):
            value = _value_at(reads.seconds, reads.values, at_s)
            if value is None:
                return
            yield Input(role, self._read_id(meter, from_seconds(at_s)), value, self._unit(meter))
        if (start_s, end_s) != (a, b):
            where = self._id(meter, Span(from_seconds(a), from_seconds(b)), "course")
            yield Input("part", f"{where}#part-of-the-time", (b - a) / (end_s - start_s), "1")

    def _amounts(self, meter: Meter, at_s: int) -> Iterator[Input]:
        """The reading of a load curve, or of an amount, that covers ``at_s``."""
        point = self.ledger.installation.register(meter).point
        reads = self.ledger.store.around([point], at_s, at_s + 1, 1)[point]
        before = np.flatnonzero(reads.seconds <= at_s)
        if len(before):
            i = int(before[-1])
            where = self._read_id(meter, from_seconds(reads.seconds[i]))
            yield Input("amount", where, float(reads.values[i]), self._unit(meter))

    def _formula(self, meter: Meter, inputs: tuple[Input, ...], amount: float) -> f.Formula | None:
        """The difference of reads, unless something was found that makes it another amount."""
        values = {one.role: one.value for one in inputs}
        if "amount" in values:
            return f.AMOUNT if abs(values["amount"] - amount) <= 1e-6 else f.PART_OF_AMOUNT
        if "start" not in values or "end" not in values:
            return None
        told = (values["end"] - values["start"]) * values.get("part", 1.0)
        return f.INTERVAL if abs(told - amount) <= 1e-6 else None

    def _origin(self, meter: Meter, at: datetime) -> Iterator[Source]:
        """Where a read came from: the register on the wire, or the file that brought it."""
        register = self.ledger.installation.register(meter)
        if isinstance(meter, FieldMeter):
            gateway = self.ledger.installation.gateways[meter.gateway]
            words = self._address(meter, name_of(register.point))
            text = f"{words}, unit {meter.unit}, device {meter.device}"
            simulated = ", simulated" if gateway.simulated else ""
            yield Source("register", text, f"gateway {gateway.id} ({gateway.place}{simulated})")
        for event in self.ledger.store.events(at, at + NEXT_DAY, [register.point], IMPORT):
            if event.start <= at and not event.name.startswith(CHANGED):
                file, who = event.facts.get("file"), event.facts.get("author")
                yield Source("file", f"{file}, imported by {who}", f"{event.facts.get('sha256')}")
        if not isinstance(meter, FieldMeter):
            yield from self.statements(meter, Span(at, at + timedelta(seconds=1)))

    def _address(self, meter: FieldMeter, name: str) -> str:
        """The register in the words of the device's profile."""
        if meter.id not in self._addresses:
            self._addresses[meter.id] = self._look_up(meter, meter.register_name or name)
        return self._addresses[meter.id]

    def _look_up(self, meter: FieldMeter, wanted: str) -> str:
        points = read_yaml(self.ledger.installation.device_file(meter.device), DeviceFile).points
        for point in points:
            if point.name == wanted and point.address is not None:
                return f"{wanted} at address {point.address} ({point.type})"
        return wanted

    def _read_id(self, meter: Meter, at: datetime) -> str:
        return str(FigureId(self.city, Kind.METER, (meter.id, instant_text(at)), "reading"))

    def _id(self, meter: Meter, span: Span, quantity: str) -> str:
        tz = self.ledger.installation.time_zone(meter.id)
        return str(FigureId(self.city, Kind.METER, (meter.id, span_text(span, tz)), quantity))

    def _kind(self, meter: Meter) -> Evidence:
        return self.ledger.installation.register(meter).kind

    def _unit(self, meter: Meter) -> str:
        return self.ledger.installation.register(meter).unit


def _value_at(seconds: np.ndarray, values: Floats, at_s: int) -> float | None:
    place = np.flatnonzero(seconds == at_s)
    return float(values[place[0]]) if len(place) else None
