"""Any table, by a mapping file that says what its columns are (``paes.imports.tables.mapping``).

Values of a meter go where its figures of that kind are kept
(``paes.imports.energy.evidence_points``), gauges under the point that the mapping names, amounts
become documents like bills. A row that cannot be understood is refused with its place; the others
are taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from paes.bills.bill import LARGEST, Bill, BilledUnit, BillKind, event_of
from paes.errors import DataError
from paes.events import Event
from paes.imports.batch import Batch, Context, Refusal, SourceFile
from paes.imports.energy.evidence_points import evidence_point
from paes.imports.supply_points import PDR_LENGTH, meter_of_pdr, meter_of_pod
from paes.imports.tables.cells import Cell, parse_number
from paes.imports.tables.mapping import Mapping, ValueColumn, What
from paes.imports.tables.row_times import (
    lone_hours,
    offset_s,
    settled,
    starts_of,
    wall_of,
    wall_seconds_of,
    wall_time,
    zone_offset_s,
)
from paes.imports.tables.sheets import Sheet, place, read_sheets, require_as_wide
from paes.imports.tables.table_columns import columns_of, header_row_of, sheet_of, stray_rows
from paes.metering import Evidence, Finding, Quality
from paes.meters import Meter
from paes.periods import SKIPPED, Seconds, from_seconds
from paes.series import CODE_OF, ReadingSeries
from paes.units import factor_to_canonical

_DAY_S = 86400


@dataclass(frozen=True)
class _Target:
    """Where values go, and what they are multiplied by."""

    point: str
    tz: str
    factor: float
    unit: str
    meter: Meter | None
    is_beside: bool = False


@dataclass
class _Column:
    """Values for one target, in the order of their rows."""

    rows: list[int] = field(default_factory=list)
    wall: list[int] = field(default_factory=list)
    offsets: list[int | None] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)


class Generic:
    """See ``paes.imports.batch.Importer``."""

    name = "generic"
    summary = "Any table of intervals, registers, amounts or gauges, by a mapping file (--map)."

    def recognises(self, file: SourceFile) -> bool:
        """Never: nobody can see what the columns of a table mean."""
        return False

    def read(self, file: SourceFile, context: Context) -> Batch:
        """The readings and documents that the mapping finds in the table."""
        if context.mapping is None:
            raise DataError(f"{file.name}: the generic format needs a mapping file: --map FILE")
        mapping = Mapping.model_validate(dict(context.mapping))
        sheet = sheet_of(file.name, read_sheets(file), mapping.sheet)
        return _Reading(file, sheet, mapping, context).batch()


class _Reading:
    """One table being read."""

    def __init__(self, file: SourceFile, sheet: Sheet, mapping: Mapping, context: Context) -> None:
        self._file, self._sheet, self._mapping, self._context = file, sheet, mapping, context
        head = header_row_of(file.name, sheet, mapping.columns, mapping.header_row)
        self._first = head + 1
        where = f"{file.name}: {place(sheet, head)}" if head >= 0 else file.name
        self._at = columns_of(where, sheet.rows[head] if head >= 0 else None, mapping.columns,
                              len(sheet.rows[0]))  # fmt: skip
        self._refused: list[Refusal] = []
        self._refused += stray_rows(sheet, head, list(self._at.values()))
        self._findings: list[Finding] = []
        self._events: list[Event] = []
        self._targets: dict[tuple[str, str], _Target | DataError] = {}
        self._found: dict[str, tuple[_Target, _Column]] = {}

    def batch(self) -> Batch:
        """Everything in the table."""
        for number in range(self._first, len(self._sheet.rows)):
            row = self._sheet.rows[number]
            if all(cell is None for cell in row):
                continue
            try:
                if self._first > 0:
                    require_as_wide(self._sheet, number, self._first - 1)
                self._take(number, row)
            except DataError as err:
                where = place(self._sheet, number)
                self._refuse(number, str(err).removeprefix(f"{where}: "))
        series = {point: self._series(*of) for point, of in self._found.items()}
        if not series and not self._events and not self._refused:
            raise DataError(f"{self._file.name}: no row of values in the table")
        return Batch(
            series=series, events=self._events, refused=self._refused, findings=self._findings
        )

    def _take(self, number: int, row: list[Cell]) -> None:
        quality = self._quality(row)
        if quality is None:
            return
        for value in self._mapping.values:
            cell = row[self._at[value.column]]
            if cell is None:
                continue  # absent, never zero
            target = self._target(value, row)
            where = place(self._sheet, number, self._at[value.column])
            amount = parse_number(cell, where, self._mapping.decimal)
            if amount < 0 and self._mapping.what is not What.GAUGE:
                raise DataError(f"{where}: {amount:g} {value.unit}; expected 0 or more")
            if amount > LARGEST:
                raise DataError(f"{where}: {amount:g} {value.unit}; expected at most {LARGEST:g}")
            if self._mapping.what is What.AMOUNTS:
                self._events.append(self._document(number, row, target, amount, quality))
                continue
            wall, offset = self._time(number, row)
            _, column = self._found.setdefault(target.point, (target, _Column()))
            column.rows.append(number)
            column.wall.append(wall)
            column.offsets.append(offset)
            column.values.append(amount * target.factor)
            column.codes.append(CODE_OF[quality])

    def _quality(self, row: list[Cell]) -> Quality | None:
        """How far the row can be trusted; None if it has no value."""
        told = self._mapping.quality
        if told is None:
            return Quality.GOOD
        text = str(row[self._at[told.column]] or "").casefold()
        if text in {t.casefold() for t in told.absent}:
            return None
        estimated = text in {t.casefold() for t in told.estimated}
        return Quality.SUBSTITUTED if estimated else Quality.GOOD

    def _time(self, number: int, row: list[Cell]) -> tuple[int, int | None]:
        """Seconds on the clock, and the offset of that clock where it is known."""
        time = self._mapping.time
        column = self._at[time.column or time.date or ""]
        where = place(self._sheet, number, column)
        offset = None
        if time.date is not None:
            clock = row[self._at[time.clock]] if time.clock else "0:00"
            at = wall_of(row[column], clock, where, time.format)
        else:
            at, offset = wall_time(row[column], where, time.format)
        if time.offset is not None:
            text = str(row[self._at[time.offset]] or "")
            offset = offset_s(text)
            if offset is None:
                raise DataError(f"{where}: offset {text!r}; expected e.g. +02:00, CEST or legale")
        if offset is None and time.zone is not None:
            offset = zone_offset_s(time.zone)
        return wall_seconds_of(at), offset

    def _target(self, value: ValueColumn, row: list[Cell]) -> _Target:
        """Where a value goes; what is wrong with its owner is told again for every row."""
        text = ""
        if self._mapping.meter_column:
            text = _identity(row[self._at[self._mapping.meter_column]])
        key = value.column, text
        if key not in self._targets:
            try:
                self._targets[key] = self._new_target(value, text)
            except DataError as err:
                self._targets[key] = err
        found = self._targets[key]
        if isinstance(found, DataError):
            raise DataError(str(found))
        return found

    def _new_target(self, value: ValueColumn, text: str) -> _Target:
        tz = self._mapping.time.zone
        if value.point is not None:
            self._require_known(value.point)
            factor = factor_to_canonical(value.unit)
            return _Target(
                value.point, tz or self._context.city.time_zone, factor, value.unit, None
            )
        meter = self._meter(value, text)
        tz = tz or self._context.installation.time_zone(meter.id)
        if self._mapping.what is What.AMOUNTS:
            return _Target(meter.id, tz, 1.0, value.unit, meter)
        evidence = Evidence(self._mapping.what.value)
        target = evidence_point(
            self._context.installation, meter, evidence, self._mapping.interval_s
        )
        if target.is_beside:
            self._findings.append(
                Finding(
                    "import.beside",
                    target.point,
                    "kept beside what the meter is accounted by, for comparison",
                )
            )
        factor = target.factor(value.unit)
        return _Target(target.point, tz, factor, value.unit, meter, target.is_beside)

    def _meter(self, value: ValueColumn, text: str) -> Meter:
        installation = self._context.installation
        if value.meter:
            return installation.meter(value.meter)
        if not self._mapping.meter_column:
            if self._context.meter:
                return installation.meter(self._context.meter)
            raise DataError(
                f"nothing says of which meter {value.column!r} is: meter: or meter_column: in the"
                " mapping file, or --meter"
            )
        if text in installation.meters:
            return installation.meter(text)
        evidence = Evidence(self._mapping.what.value)
        if re.sub(r"[\s.-]", "", text).isdigit():
            return meter_of_pdr(self._context, text, evidence)
        return meter_of_pod(self._context, text, evidence=evidence)

    def _require_known(self, point: str) -> None:
        """A gauge belongs to a site or a city that there is: a slip would hide it for ever."""
        place_id = point.split(".", 1)[0]
        installation = self._context.installation
        if place_id not in installation.sites and place_id not in installation.cities:
            raise DataError(f"point {point}: there is no site and no city {place_id!r}")

    def _document(
        self, number: int, row: list[Cell], target: _Target, amount: float, quality: Quality
    ) -> Event:
        """An amount between two times, as a bill says it."""
        time, meter = self._mapping.time, target.meter
        start_s, offset = self._time(number, row)
        end_column = self._at[time.end or ""]
        end, _ = wall_time(row[end_column], place(self._sheet, number, end_column), time.format)
        end_s = wall_seconds_of(end)
        if time.last_day_included and end_s % _DAY_S == 0:
            end_s += _DAY_S
        both = np.array([start_s, end_s], np.int64)
        instants = both - offset if offset is not None else settled(both, target.tz)
        name = self._mapping.document
        text = str(row[self._at[name]] or "") if name else ""
        unit, factor = _billed_unit(target.unit)
        bill = Bill(
            meter=meter.id if meter else "",
            start=from_seconds(instants[0]),
            end=from_seconds(instants[1]),
            quantity=amount * factor,
            unit=unit,
            document=text or f"{self._file.path.stem} {number + 1}",
            kind=BillKind.ESTIMATED if quality is Quality.SUBSTITUTED else BillKind.INVOICE,
        )
        return event_of(bill)

    def _series(self, target: _Target, column: _Column) -> ReadingSeries:
        wall = np.array(column.wall, np.int64)
        known = np.array([offset is not None for offset in column.offsets], bool)
        shift = self._mapping.interval_s if self._mapping.time.marks == "end" else None
        instants = np.array([-(offset or 0) for offset in column.offsets], np.int64) + wall
        if shift:
            instants -= shift
        open_ = ~known
        if open_.any():
            local = wall[open_]
            instants[open_] = (
                starts_of(local, shift, target.tz) if shift else settled(local, target.tz)
            )
            self._tell_lone_hours(target, local)
        return self._unrepeated(target, column, instants)

    def _unrepeated(self, target: _Target, column: _Column, instants: Seconds) -> ReadingSeries:
        """What is left without times that never were, and those that are there twice."""
        kept: dict[int, int] = {}
        for index, at in enumerate(instants.tolist()):
            number = column.rows[index]
            if at == SKIPPED:
                self._refuse(number, f"this time never was in {target.tz}: the clocks skip it")
                continue
            other = kept.get(at)
            if other is None:
                kept[at] = index
            elif column.values[other] != column.values[index]:
                first = place(self._sheet, column.rows[other])
                self._refuse(
                    number,
                    f"the time of {first} again, with another value of {target.point}; expected"
                    " each time once (an offset: column may tell hours that come twice apart)",
                )
        order = [kept[at] for at in sorted(kept)]
        return ReadingSeries(
            np.array(sorted(kept), np.int64),
            np.array(column.values, np.float64)[order],
            np.array(column.codes, np.int8)[order],
        )

    def _tell_lone_hours(self, target: _Target, wall: Seconds) -> None:
        lone = lone_hours(wall, target.tz)
        if lone:
            self._findings.append(
                Finding(
                    "import.hour_missing",
                    target.point,
                    f"the hour that comes twice is there once ({len(lone)} rows): taken as summer"
                    " time, the other one is missing",
                    numbers={"times": float(len(lone))},
                )
            )

    def _refuse(self, number: int, message: str) -> None:
        self._refused.append(Refusal(place(self._sheet, number), message))


def _identity(cell: Cell) -> str:
    """A POD, PDR or id; a spreadsheet takes a PDR for a number and drops its zeros."""
    if isinstance(cell, (int, float)):
        return str(round(cell)).zfill(PDR_LENGTH)
    return str(cell or "")


def _billed_unit(unit: str) -> tuple[BilledUnit, float]:
    """The unit of a document, and the factor to it."""
    if unit in ("Smc", "Sm3"):
        return BilledUnit.SMC, 1.0
    if unit in ("l", "kg", "m3"):
        return BilledUnit(unit), 1.0
    return BilledUnit.KWH, factor_to_canonical(unit)


IMPORTER = Generic()
