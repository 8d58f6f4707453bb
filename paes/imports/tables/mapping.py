"""The mapping file: what the columns of somebody's table are, said by the person who knows.

It is the door for exports of which no layout is published. YAML, and an error in it names file,
line and key. Samples with every key explained are in ``config/import_mappings/``. Read next:
``paes.imports.energy.generic``, which reads tables by it.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from paes.config_file import parse, read_tree
from paes.errors import ConfigError, DataError
from paes.imports.tables.row_times import zone_offset_s
from paes.schema import ConfigModel
from paes.units import canonical_unit

GENERIC, WEATHER_TABLE = "generic", "weather-table"
"""Formats of tables that only a mapping file describes."""
Column = str
"""The title of a column, or ``#3`` for the third one of a table that has none."""


class What(StrEnum):
    """What the values of a table are."""

    INTERVALS = "intervals"  # what passed in each interval_s
    COUNTER = "counter"  # what a register showed
    AMOUNTS = "amounts"  # what passed from a start to an end
    GAUGE = "gauge"  # a state: a temperature, a power


class TimeColumns(ConfigModel):
    """Where the time of a row stands, and how it is written."""

    column: Column | None = None
    """Date and time in one cell; of amounts the start."""
    date: Column | None = None
    clock: Column | None = None
    """The time of day, beside ``date``."""
    end: Column | None = None
    """Of amounts: the end; a day is included unless ``last_day_included: false``."""
    format: str | None = None
    """As of Python's strptime, e.g. ``%d/%m/%Y %H:%M``; of ``date`` if that is given."""
    zone: str | None = None
    """``Europe/Rome``, ``UTC``, or ``UTC+1`` for solar time all the year; default: the town's."""
    offset: Column | None = None
    """A column such as ``+02:00``, ``CEST``, ``legale`` that settles the hour that comes twice."""
    marks: Literal["start", "end"] = "start"
    """Which end of an interval the time is."""
    last_day_included: bool = True

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        try:
            zone_offset_s(name or "UTC")
        except DataError as err:
            raise ValueError(str(err)) from err
        return name

    @model_validator(mode="after")
    def _one_way(self) -> TimeColumns:
        if (self.column is None) == (self.date is None):
            raise ValueError("expected column: (date and time in one), or date: with clock:")
        if self.clock is not None and self.date is None:
            raise ValueError("clock stands beside date:")
        return self


class ValueColumn(ConfigModel):
    """A column of values: in what unit, and of what."""

    column: Column
    unit: str
    meter: str | None = None
    point: str | None = None
    """Of gauges: where they are kept, e.g. ``la-spezia.weather/outdoor_temperature``."""

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        if unit not in ("Smc", "Sm3", "kg"):
            try:
                canonical_unit(unit)
            except DataError as err:
                raise ValueError(str(err)) from err
        return unit

    @field_validator("point")
    @classmethod
    def _point(cls, point: str | None) -> str | None:
        site, _, rest = (point or "a.b/c").partition(".")
        name, _, quantity = rest.partition("/")
        if not (site and name and quantity):
            raise ValueError(f"{point!r} is no point; expected e.g. la-spezia.weather/pressure")
        return point


class QualityColumn(ConfigModel):
    """A column that says how a value came about."""

    column: Column
    estimated: tuple[str, ...] = ()
    """Texts of values that the distributor estimated: marked so, and told apart everywhere."""
    absent: tuple[str, ...] = ()
    """Texts of values that are none: passed over."""


class Mapping(ConfigModel):
    """The whole mapping file."""

    what: What
    time: TimeColumns
    values: tuple[ValueColumn, ...] = Field(min_length=1)
    sheet: str | None = None
    header_row: int | None = Field(default=None, ge=0)
    """The row of the titles, from 1 (0: there are none); default: the first with all of them."""
    interval_s: Literal[300, 600, 900, 1800, 3600] | None = None
    meter_column: Column | None = None
    """A column with the POD, PDR or id of the meter of each row."""
    document: Column | None = None
    """Of amounts: the number of the document that says so."""
    decimal: Literal[",", "."] | None = None
    quality: QualityColumn | None = None
    source: str | None = None
    """Where the layout is known from."""

    @model_validator(mode="after")
    def _coherent(self) -> Mapping:
        if (self.what is What.INTERVALS) != (self.interval_s is not None):
            raise ValueError("interval_s belongs to what: intervals, and to nothing else")
        if (self.what is What.AMOUNTS) != (self.time.end is not None):
            raise ValueError("time of amounts has an end: column, and of nothing else")
        if self.what is not What.INTERVALS and self.time.marks == "end":
            raise ValueError("time that marks: end is for intervals")
        for value in self.values:
            self._check_owner(value)
        return self

    def _check_owner(self, value: ValueColumn) -> None:
        if self.what is What.GAUGE:
            if value.point is None:
                raise ValueError(f"values of a gauge ({value.column}) are kept under a point:")
        elif value.point is not None:
            raise ValueError(f"values under a point: are gauges; {value.column} is of a meter:")
        if value.meter and self.meter_column:
            raise ValueError("values have a meter:, or the table a meter_column:, not both")

    @property
    def columns(self) -> list[Column]:
        """Every column that is named."""
        time, quality = self.time, self.quality.column if self.quality else None
        named = [time.column, time.date, time.clock, time.end, time.offset, self.meter_column,
                 self.document, quality]  # fmt: skip
        return [name for name in (*named, *(v.column for v in self.values)) if name]


def described_format(mapping: dict[str, Any]) -> str | None:
    """The format whose files cannot be recognised, by the keys that only it has; None of others.

    Then the file itself tells its format, and the mapping what the file leaves open.
    """
    if mapping.keys() & {"what", "values", "interval_s", "meter_column"}:
        return GENERIC
    return WEATHER_TABLE if {"temperature", "place"} <= mapping.keys() else None


def read_mapping(path: Path, format_name: str | None = None) -> dict[str, Any]:
    """The content of a mapping file; ConfigError with file, line and key if it is wrong.

    Of another format than ``generic`` it is the format's own business what it must say.
    """
    tree = read_tree(path)
    if not isinstance(tree.data, dict):
        raise ConfigError.at(path, 1, "", "expected keys and values")
    if (format_name or described_format(tree.data)) == GENERIC:
        return parse(path, Mapping).value.model_dump(mode="json")
    return tree.data
