"""Load curves of e-distribuzione: a row a local day, a column a quarter hour, kWh per quarter.

The header begins with ``Giorno``; its other labels are read
(``paes.imports.energy.quarter_columns``).
Whose curve it is, and of which energy, is seldom in the table: it is looked for in the lines
above the header, in columns beside the quarters, in the name of the file, and in those of its
folders. An empty cell is absent, never zero. Read next: ``paes.imports.energy.curve_days``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from paes.errors import DataError
from paes.imports.batch import Batch, Context, Refusal, SourceFile
from paes.imports.energy.curve_days import QUARTER_S, CurveRow, Instants, curve_day
from paes.imports.energy.curve_energy import CurveEnergy, energy_of, unit_of
from paes.imports.energy.evidence_points import evidence_point
from paes.imports.energy.quarter_columns import QUARTERS, QuarterColumns, quarter_columns
from paes.imports.supply_points import meter_of_pod
from paes.imports.tables.cells import Cell, parse_date, parse_number
from paes.imports.tables.sheets import Sheet, place, read_sheets, require_as_wide
from paes.imports.tables.table_columns import stray_rows
from paes.metering import Evidence, Finding, Measures, meter_of, point_id
from paes.meters import Meter
from paes.periods import Seconds, day_span, wall_instants
from paes.series import Floats, ReadingSeries
from paes.units import factor_to_canonical

FIRST_COLUMN = "giorno"
HEADER_WITHIN = 40
LARGEST_KWH = 1e6
"""In a quarter hour, 4 GW: no supply point has it; a point was lost, or a date is in the cell."""
FOLDERS = 4
"""How many of the folders around the file may say whose it is."""
_PLAIN = re.compile(r"[0-9]{1,5}(,[0-9]{1,9})?")
_POD = re.compile(r"(?<![A-Z0-9])IT[ .-]?\d{3}[ .-]?[A-Z0-9]{6,12}(?![A-Z0-9])")


@dataclass
class _Curve:
    """What the file has of one point: the rows of each day."""

    point: str
    is_beside: bool
    days: dict[date, list[CurveRow]] = field(default_factory=dict)


class LoadCurves:
    """See ``paes.imports.batch.Importer``."""

    name = "e-distribuzione"
    summary = "Quarter-hour load curves: a row a day (Giorno), 96 columns."

    def recognises(self, file: SourceFile) -> bool:
        """A table of which a row begins with ``Giorno`` and has many columns."""
        try:
            return any(_header_row(sheet) is not None for sheet in read_sheets(file))
        except DataError:
            return False

    def read(self, file: SourceFile, context: Context) -> Batch:
        """Intervals of the meters' energy, and of what else the file has."""
        reading = _Reading(file, context)
        for sheet in read_sheets(file):
            head = _header_row(sheet)
            if head is not None:
                reading.take(sheet, head)
        return reading.batch()


class _Reading:
    """One file being read."""

    def __init__(self, file: SourceFile, context: Context) -> None:
        self._file, self._context = file, context
        self._curves: dict[tuple[str, CurveEnergy | None], _Curve] = {}
        self._refused: list[Refusal] = []
        self._findings: list[Finding] = []

    def take(self, sheet: Sheet, head: int) -> None:
        """Take every row below the header."""
        header = sheet.rows[head]
        columns = quarter_columns(header, f"{self._file.name}: {place(sheet, head)}")
        above = " ".join(_texts(cell for row in sheet.rows[:head] for cell in row))
        beside = [header[c] for c in columns.others]
        factor = factor_to_canonical(unit_of([above, *_texts(header)], self._file.name))
        self._refused += stray_rows(sheet, head, columns.clock)
        for number in range(head + 1, len(sheet.rows)):
            row = sheet.rows[number]
            if all(cell is None for cell in row) or _is_sum(row[0]):
                continue
            where = place(sheet, number)
            try:
                require_as_wide(sheet, number, head)
                day = parse_date(row[0], where)
            except DataError as err:
                self._refused.append(Refusal(where, _without_place(err, where)))
                continue
            if sheet.widths and sheet.widths[number] <= max(columns.clock):
                self._tell(
                    "load_curve.row_short",
                    self._file.name,
                    f"{where}: {sheet.widths[number]} cells under {sheet.widths[head]} titles: what"
                    " is not there was taken as absent; if a separator is lacking, so that others"
                    " have moved, mend the file and import it again",
                )
            said = " ".join(_texts(row[c] for c in columns.others))
            curve = self._curve(" ".join((said, *_texts(beside), above)))
            values = self._values(sheet, number, columns, factor)
            curve.days.setdefault(day, []).append(values)

    def batch(self) -> Batch:
        """All that was taken, by point."""
        if not self._curves:
            raise DataError(f"{self._file.name}: no day of a load curve in it")
        series: dict[str, ReadingSeries] = {}
        for curve in self._curves.values():
            if curve.point in series:
                raise DataError(f"{self._file.name}: two curves of {curve.point}; split the file")
            series[curve.point] = self._series(curve)
            if curve.is_beside:
                self._tell(
                    "load_curve.beside",
                    curve.point,
                    "kept beside the register of the meter, for comparison: the meter is not"
                    " accounted by it",
                )
        return Batch(series=series, refused=self._refused, findings=self._findings)

    def _curve(self, said: str) -> _Curve:
        """The curve that a row belongs to, by what stands in and above it."""
        energy = energy_of([said]) or energy_of(self._names())
        pods = _pods(said) or next((p for p in map(_pods, self._names()) if p), [])
        if len(set(pods)) > 1:
            raise DataError(f"{self._file.name}: several PODs ({', '.join(pods)}); split the file")
        key = (pods[0] if pods else "", energy)
        if key not in self._curves:
            self._curves[key] = self._new_curve(*key)
        return self._curves[key]

    def _names(self) -> list[str]:
        """The file's name, and those of the folders around it, the nearest first."""
        path = self._file.path.absolute()
        return [path.stem, *(folder.name for folder in list(path.parents)[:FOLDERS])]

    def _new_curve(self, pod: str, energy: CurveEnergy | None) -> _Curve:
        meter = self._meter(pod, energy)
        if energy is not None and energy.reactive:
            return _Curve(point_id(meter.id, energy.point_name), is_beside=False)
        if energy is None and meter.measures is Measures.WITHDRAWAL:
            self._tell(
                "load_curve.direction_assumed",
                meter.id,
                "nothing in the file says which energy it is: taken as active energy withdrawn;"
                " if it is not, write 'immessa' or 'reattiva' into its name",
            )
        target = evidence_point(
            self._context.installation, meter, Evidence.INTERVALS, interval_s=QUARTER_S
        )
        return _Curve(target.point, target.is_beside)

    def _meter(self, pod: str, energy: CurveEnergy | None) -> Meter:
        fed_in = energy is not None and energy.is_fed_in and not energy.reactive
        measures = Measures.FEED_IN if fed_in else Measures.WITHDRAWAL
        if pod:
            meter = self._by_pod(pod, measures, energy)
        elif self._context.meter:
            meter = self._context.installation.meter(self._context.meter)
        else:
            raise DataError(
                f"{self._file.name}: nothing says whose curve it is; put the POD into the name of"
                " the file or of its folder, or name the meter with --meter"
            )
        opposite = Measures.WITHDRAWAL if fed_in else Measures.FEED_IN
        if energy is not None and not energy.reactive and meter.measures is opposite:
            raise DataError(
                f"{self._file.name}: energy {energy.direction}, but meter {meter.id} measures"
                f" {meter.measures}"
            )
        return meter

    def _by_pod(self, pod: str, measures: Measures, energy: CurveEnergy | None) -> Meter:
        try:
            return meter_of_pod(self._context, pod, measures, Evidence.INTERVALS)
        except DataError as err:
            raise DataError(f"{self._file.name}: {err}") from err

    def _values(
        self, sheet: Sheet, number: int, columns: QuarterColumns, factor: float
    ) -> CurveRow:
        row = sheet.rows[number]

        def values(of: Sequence[int]) -> Floats:
            found = [self._value(sheet, number, column, row[column]) for column in of]
            return np.array(found, np.float64) * factor

        repeated = values([columns.repeated[q] for q in sorted(columns.repeated)])
        return CurveRow(
            place(sheet, number),
            values(columns.clock),
            repeated if len(repeated) else np.full(4, np.nan),
            values(columns.extra),
        )

    def _value(self, sheet: Sheet, number: int, column: int, cell: Cell) -> float:
        """A cell's number, NaN if it is empty or refused."""
        if cell is None:
            return np.nan
        if isinstance(cell, str) and _PLAIN.fullmatch(cell):
            return float(cell.replace(",", "."))  # a year has 35 000: most are like this
        where = place(sheet, number, column)
        try:
            value = parse_number(cell, where, ",")
        except DataError as err:
            self._refused.append(Refusal(where, _without_place(err, where)))
            return np.nan
        if not 0 <= value <= LARGEST_KWH:
            message = f"{value:g} kWh in a quarter hour; expected 0 or more"
            if value > 0:
                message = f"{value:g} kWh in a quarter hour; expected at most {LARGEST_KWH:g}"
            self._refused.append(Refusal(where, message))
            return np.nan
        return value

    def _series(self, curve: _Curve) -> ReadingSeries:
        days = sorted(curve.days)
        tz = self._context.installation.time_zone(meter_of(curve.point))
        midnights = np.array(days, "datetime64[s]").astype(np.int64)
        wall = (midnights[:, None] + QUARTER_S * np.arange(QUARTERS)).ravel()
        first, last = (s.reshape(-1, QUARTERS) for s in wall_instants(wall, tz))
        parts: list[tuple[Seconds, Floats]] = []
        for index, day in enumerate(days):
            rows = curve.days[day]
            try:
                parts.append(curve_day(rows, Instants(first[index], last[index])))
            except DataError as err:
                self._refused.append(Refusal(rows[0].place, f"{day:%d/%m/%Y}: {err}"))
                continue
            self._tell_missing_hour(curve.point, day, len(parts[-1][0]), tz)
        seconds = np.concatenate([p[0] for p in parts] or [np.empty(0, np.int64)])
        values = np.concatenate([p[1] for p in parts] or [np.empty(0)])
        return ReadingSeries(seconds, values, np.zeros(len(seconds), np.int8))

    def _tell_missing_hour(self, point: str, day: date, count: int, tz: str) -> None:
        hours = day_span(day, tz).seconds / 3600
        if hours > 24 and count == QUARTERS:
            self._tell(
                "load_curve.hour_missing",
                point,
                f"{day:%d/%m/%Y} had 25 hours and the file has 24: the hour from 2 to 3 was taken"
                " as that of summer time, the other one is missing",
            )

    def _tell(self, name: str, subject: str, message: str) -> None:
        self._findings.append(Finding(name, subject, message))


def _header_row(sheet: Sheet) -> int | None:
    """The row that begins with ``Giorno`` and has columns enough."""
    for number, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        named = row and isinstance(row[0], str) and row[0].strip().casefold() == FIRST_COLUMN
        if named and sum(cell is not None for cell in row) > QUARTERS // 2:
            return number
    return None


def _is_sum(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.casefold().startswith("total")


def _pods(text: str) -> list[str]:
    return _POD.findall(text.upper())


def _texts(cells: Iterator[Cell] | Sequence[Cell]) -> list[str]:
    return [cell for cell in cells if isinstance(cell, str)]


def _without_place(err: DataError, where: str) -> str:
    return str(err).removeprefix(f"{where}: ")


IMPORTER = LoadCurves()
