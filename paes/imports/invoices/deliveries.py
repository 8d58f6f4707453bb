"""Deliveries of fuel and sessions of charging columns from tables (CSV, XLSX, XLS, ODS).

::

    Contatore;Data consegna;Litri;EUR;Documento       Colonnina;Inizio ricarica;Fine ricarica;kWh
    scuola.gasolio;12/01/2024;3000;4200,00;DDT 17     porto.ricarica;05/03/2024 14:22;…;18,4

A delivery has a meter (its id, name or serial number), a day and a quantity in litres, kg, m3,
Smc or kWh; fuel cards are deliveries with a vehicle. A delivery without a document is told from
others by its day, its vehicle and its place among them.

Sessions are counted by local day, of the day they began on. Days without a session between the
first and the last of a column are days of zero: the table is taken as whole, and the import says
so. A day of which a row was refused is not taken at all, for its sum would be too low.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

from paes.bills.bill import BilledUnit
from paes.bills.deliveries import (
    Delivery,
    SessionDay,
    delivered_quantity,
    delivery_event,
    session_day,
    sessions_event,
)
from paes.errors import DataError, PaesError
from paes.events import Event
from paes.imports.batch import Batch, Context, Refusal, SourceFile
from paes.imports.declared.declared_batch import mapping_of
from paes.imports.invoices.bill_batch import units_with
from paes.imports.invoices.bill_columns import (
    Row,
    Table,
    TableMapping,
    findings_of,
    missing_columns,
    tables_in,
)
from paes.imports.invoices.bill_words import BillWords, bill_words
from paes.imports.invoices.bills_table import QUANTITIES
from paes.imports.tables.cells import parse_date
from paes.metering import Finding
from paes.meters import Meter
from paes.periods import local_midnight, parse_instant, zone
from paes.shipped_files import shipped_config

_WHERE = {"meter", "column"}
_DELIVERY = ({"issued"}, set(QUANTITIES))
_SESSION = ({"began"}, {"kwh"})
_NUMBERS = {*QUANTITIES, "total_eur"}
_HOUR = re.compile(r"[ T](\d{1,2})[:.](\d{2})(?:[:.]\d{2})?$")
"""The clock at the end of a local time; one with an offset is left to the order of days."""
_NEEDED = (
    ("a meter (contatore) or column (colonnina)", _WHERE),
    ("a day (data) or the begin of a session (inizio)", {"issued", "began"}),
    ("a quantity (litri, kg, m3, Smc, kWh)", set(QUANTITIES)),
)
MOST_DAYS = 3660
"""Between the first and the last session of a table: ten years; else a date is wrong."""


class Deliveries:
    """See ``paes.imports.batch.Importer``."""

    name = "deliveries"
    summary = "Deliveries of fuel, fuel cards, and charging sessions (CSV, XLSX, XLS, ODS)."

    def recognises(self, file: SourceFile) -> bool:
        """True if a sheet has a header of deliveries or of sessions, with their meter."""
        try:
            return bool(_tables(file, bill_words(shipped_config()), named=False)[0])
        except PaesError:
            return False

    def read(self, file: SourceFile, context: Context) -> Batch:
        """Deliveries and days of sessions; DataError if no sheet has such a header."""
        words = bill_words(context.installation.root)
        tables, without = _tables(file, words, named=context.meter is not None)
        if not tables:
            lacking = missing_columns(file, words, _NEEDED[1:] if context.meter else _NEEDED)
            raise DataError(
                f"{file.name}: no header of a table of deliveries or sessions; missing: {lacking}"
            )
        found = _Found(context, file.name, findings=findings_of(file, tables, without))
        decimal = mapping_of(context, TableMapping).decimal
        for table in (replace(table, decimal=decimal) for table in tables):
            if "began" in table.columns:
                found.take_sessions(table, words)
            else:
                found.take_deliveries(table, words)
        return Batch(
            events=[*found.events.values(), *found.session_events()],
            refused=found.refused,
            findings=found.findings,
        )


@dataclass
class _Day:
    """The sessions of one day, and whether one of them could not be taken."""

    sessions: int = 0
    energy_kwh: float = 0.0
    spoilt: bool = False


@dataclass
class _Found:
    context: Context
    file: str
    findings: list[Finding]
    events: dict[tuple[object, ...], Event] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    _days: dict[str, dict[date, _Day]] = field(default_factory=dict)
    _undated: set[str] = field(default_factory=set)
    _sessions: dict[tuple[str, str], tuple[date, float]] = field(default_factory=dict)
    _unnamed: Counter[str] = field(default_factory=Counter)

    def take_deliveries(self, table: Table, words: BillWords) -> None:
        """Each row as a delivery, or refused."""
        self.refused += table.refusals()
        for row in table.rows():
            if row.is_total(words, ("issued", "document", *_WHERE)):
                continue
            try:
                self._add_delivery(row)
            except DataError as err:
                self.refused.append(Refusal(row.place, str(err)))

    def _add_delivery(self, row: Row) -> None:
        meter = _meter(row, self.context)
        installation = self.context.installation
        day = row.required_day("issued", "day of the delivery")
        unit, quantity = units_with([(u, row.number(n)) for n, u in QUANTITIES.items()])
        if meter.carrier and unit is BilledUnit.SMC:
            unit = BilledUnit.M3  # gas is accounted in Sm3
        delivery = Delivery(
            meter=meter.id,
            at=local_midnight(day, installation.time_zone(meter.id)),
            quantity=quantity,
            unit=unit,
            document=row.text("document") or self._number(meter, day, row.text("vehicle")),
            supplier=row.text("supplier"),
            total_eur=row.number("total_eur"),
            vehicle=row.text("vehicle"),
        )
        delivered_quantity(delivery, installation.register(meter).unit)
        event = delivery_event(delivery)
        if self.events.setdefault(delivery.key, event) != event:
            raise DataError(
                f"document {delivery.document} of {meter.id} on {day} is there twice with "
                f"different content; the first was taken: remove one, or number them"
            )

    def _number(self, meter: Meter, day: date, vehicle: str) -> str:
        """What stands for the number of a document that a delivery does not have."""
        named = " ".join(filter(None, [f"{day}", vehicle]))
        self._unnamed[f"{meter.id} {named}"] += 1
        return f"{named} {self._unnamed[f'{meter.id} {named}']}"

    def take_sessions(self, table: Table, words: BillWords) -> None:
        """Each row as a session of its day; a row that is refused spoils its day."""
        self.refused += table.refusals()
        for row in table.rows():
            if row.is_total(words, ("began", *_WHERE)):
                continue
            meter: Meter | None = None
            day: date | None = None
            try:
                meter = _meter(row, self.context)
                day = self._began(row, meter)
                self._add_session(row, meter, day)
            except DataError as err:
                self._spoil(row, meter, day, err)

    def _add_session(self, row: Row, meter: Meter, day: date) -> None:
        energy_kwh = row.number("kwh")
        if energy_kwh is None or energy_kwh < 0:
            told = "an empty cell" if energy_kwh is None else f"{energy_kwh:.10g}"
            raise DataError(f"{row.called('kwh')}: expected the energy of a session, seen {told}")
        unit = self.context.installation.register(meter).unit
        if unit != "kWh":
            raise DataError(f"sessions of {meter.id}, which is accounted in {unit}; expected kWh")
        name = row.text("document")
        if name and (known := self._sessions.get((meter.id, name))):
            if known == (day, energy_kwh):
                return
            raise DataError(f"session {name} of {meter.id} is there twice with different content")
        self._sessions[meter.id, name] = day, energy_kwh
        of_day = self._days.setdefault(meter.id, {}).setdefault(day, _Day())
        of_day.sessions += 1
        of_day.energy_kwh += energy_kwh

    def _began(self, row: Row, meter: Meter) -> date:
        """The local day on which the session began; DataError if it ended before."""
        tz = self.context.installation.time_zone(meter.id)
        began, ended = (_local_day(row, name, tz) for name in ("began", "ended"))
        if began is None:
            raise DataError(f"{row.called('began')}: no begin of the session")
        if ended is not None and ended < began:
            raise DataError(f"the session ends on {ended}, before it began, on {began}")
        from_, to = _clock(row, "began", tz, fold=0), _clock(row, "ended", tz, fold=1)
        if ended == began and from_ and to and to < from_:
            seen = f"{row.text('began')} to {row.text('ended')}"
            raise DataError(f"the session ends before it began: {seen}")
        return began

    def _spoil(self, row: Row, meter: Meter | None, day: date | None, err: DataError) -> None:
        message = str(err)
        if meter and day:
            self._days.setdefault(meter.id, {}).setdefault(day, _Day()).spoilt = True
            message += f"; the sessions of {meter.id} on {day} were not taken"
        elif meter:
            self._undated.add(meter.id)
            message += f"; days of {meter.id} without sessions were not taken as zero"
        self.refused.append(Refusal(row.place, message))

    def session_events(self) -> Iterator[Event]:
        """The days of sessions of each column, in order."""
        for meter, days in sorted(self._days.items()):
            tz = self.context.installation.time_zone(meter)
            yield from (sessions_event(day) for day in self._filled(meter, days, tz))

    def _filled(self, meter: str, days: dict[date, _Day], tz: str) -> Iterator[SessionDay]:
        first, last = min(days), max(days)
        length = (last - first).days + 1
        if length > MOST_DAYS:
            raise DataError(
                f"{self.file}: sessions of {meter} from {first} to {last} are more than ten years; "
                "a date is wrong"
            )
        whole = [first + timedelta(days=n) for n in range(length)]
        empty = [day for day in whole if day not in days]
        if meter in self._undated:
            whole, empty = sorted(days), []
        if empty:
            message = f"{len(empty)} days without a session were taken as days of zero kWh"
            at = local_midnight(first, tz)
            self.findings.append(
                Finding("sessions.days_of_zero", meter, message, at, {"days": float(len(empty))})
            )
        for day in whole:
            of_day = days.get(day, _Day())
            if not of_day.spoilt:
                yield session_day(meter, day, tz, of_day.sessions, round(of_day.energy_kwh, 6))


def _tables(file: SourceFile, words: BillWords, named: bool) -> tuple[list[Table], list[str]]:
    """Tables of sessions, and of deliveries where there is no period, which is a bill's."""
    where = () if named else (_WHERE,)
    sessions, _ = tables_in(file, words, (*where, *_SESSION), _NUMBERS)
    deliveries, without = tables_in(file, words, (*where, *_DELIVERY), _NUMBERS)
    others = [t for t in deliveries if not {"start", "end", "began"} & set(t.columns)]
    names = {t.sheet.name for t in (*sessions, *others)}
    return [*sessions, *others], [name for name in without if name not in names]


def _meter(row: Row, context: Context) -> Meter:
    """The meter by its id, its name or its serial number; else the one that the person named."""
    told = row.text("meter") or row.text("column")
    if not told and context.meter:
        return context.installation.meter(context.meter)
    if not told:
        raise DataError("no meter; give its id, or name it with --meter")
    meters = context.installation.meters
    same = [m for m in meters.values() if told in (m.id, m.name, m.serial)]
    return same[0] if len(same) == 1 else context.installation.meter(told)


def _local_day(row: Row, name: str, tz: str) -> date | None:
    """The local day of a time: a cell that is one, ``05/03/2024 14:22``, or ISO with its offset."""
    cell = row.cells.get(name)
    if cell is None or isinstance(cell, datetime):
        return cell.date() if cell else None
    if not isinstance(cell, str):
        return parse_date(cell, row.called(name))
    text = cell.strip()
    if text.endswith("Z") or (len(text) > 19 and text[-6] in "+-"):
        return parse_instant(text, tz).astimezone(zone(tz)).date()
    return parse_date(text.replace("T", " ").split(" ")[0], row.called(name))


def _clock(row: Row, name: str, tz: str, fold: int) -> datetime | None:
    """The instant of a cell with a clock, of which ``fold`` settles the hour that recurs."""
    cell = row.cells.get(name)
    if not isinstance(cell, datetime):
        found = _HOUR.search(cell) if isinstance(cell, str) else None
        day = _local_day(row, name, tz)
        if found is None or day is None or max(int(found[1]) - 23, int(found[2]) - 59) > 0:
            return None
        cell = datetime.combine(day, clock(int(found[1]), int(found[2])))
    return cell.replace(tzinfo=zone(tz), fold=fold).astimezone(UTC)


IMPORTER = Deliveries()
