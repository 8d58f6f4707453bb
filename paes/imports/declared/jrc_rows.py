"""Rows of the JRC's MyCovenant data set (Global Covenant of Mayors): one signatory's inventories.

A row is one sector and carrier of one inventory. Columns are those of the JRC's own validation
script: ``organisation_id``, ``organisation_name``, ``emission_inventory_id``, ``inventory_year``,
``population_in_the_inventory_year``, ``item_text`` (the sector), ``energy_consumption_carrier``
(and its id), ``energy_measure`` in MWh, ``emission_measure``, ``emission_factor_value`` …; others
are ignored. The mapping names the signatory (default: the city's own name).

The JRC's plausibility checks are applied: negative energy is refused, more than 1,000 MWh an
inhabitant is taken for kWh (refused, unless the mapping says ``kwh_for_mwh: true``), very low
totals and outlying factors are told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from paes.errors import DataError, FactorMissing, PaesError
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.declared.declared_batch import Gathering, mapping_of
from paes.imports.declared.sectors_and_carriers import Vocabulary, plain, vocabulary
from paes.imports.tables.cells import Cell
from paes.imports.tables.sheets import Sheet, parse_number, place, read_sheets, require_as_wide
from paes.metering import Carrier, Sector
from paes.plausibility.checks import is_factor_far, seems_kwh
from paes.plausibility.limits import limits
from paes.schema import ConfigModel
from paes.units import KWH_PER_MWH

NEEDED = (
    "organisation_name", "inventory_year", "item_text", "energy_consumption_carrier",
    "energy_measure",
)  # fmt: skip
_LOOKED_AT = 20


class JrcMapping(ConfigModel):
    """What a mapping file may say: whose rows, and which inventory."""

    organisation: str | int | None = None
    """The signatory's name or ``organisation_id``; without it the city's own name."""
    inventory: str | int | None = None
    """The ``emission_inventory_id``, where a year has several."""
    kwh_for_mwh: bool = False
    """True to take figures above 1,000 MWh an inhabitant for kWh."""
    decimal: Literal[",", "."] = "."


@dataclass(frozen=True)
class _Row:
    """A row with its place and its cells by the column's name."""

    sheet: Sheet
    title: int
    index: int
    columns: Mapping[str, int]

    @property
    def where(self) -> str:
        return place(self.sheet, self.index)

    def cell(self, name: str) -> Cell:
        column = self.columns.get(name)
        return None if column is None else self.sheet.rows[self.index][column]

    def text(self, name: str) -> str:
        """Its text; a whole number without a decimal point, as ids are in a workbook."""
        cell = self.cell(name)
        if isinstance(cell, float) and cell.is_integer():
            return str(int(cell))
        return "" if cell is None else str(cell)

    def number(self, name: str, decimal: Literal[",", "."]) -> float | None:
        """Its number, None if the cell is empty; DataError with the place."""
        column = self.columns.get(name)
        if column is None or self.cell(name) is None:
            return None
        return parse_number(self.cell(name), place(self.sheet, self.index, column), decimal)


class JrcRows:
    """See ``paes.imports.batch.Importer``."""

    name = "jrc-mycovenant"
    summary = "Inventories of one signatory from the JRC's MyCovenant data set (CSV, XLSX)."

    def recognises(self, file: SourceFile) -> bool:
        """True if a sheet has the data set's columns."""
        try:
            return any(_header(sheet) for sheet in read_sheets(file))
        except PaesError:
            return False

    def read(self, file: SourceFile, context: Context) -> Batch:
        """A table for each inventory year; DataError if the signatory is not in the file."""
        given = mapping_of(context, JrcMapping)
        words = vocabulary(context.installation.root)
        rows = _rows_of(file, context, given)
        _require_one_inventory_a_year(file, rows)
        reading = _Reading(Gathering(context), words, given, file)
        for row in rows:
            reading.take(row)
        reading.tell_low_years()
        return reading.gathering.batch({"mycovenant-{year}.csv": f"Imported from {file.name}"})


@dataclass
class _Reading:
    """One signatory's rows on their way into a gathering."""

    gathering: Gathering
    words: Vocabulary
    given: JrcMapping
    file: SourceFile

    def __post_init__(self) -> None:
        self._inhabitants: dict[int, float] = {}
        self._told: set[str] = set()
        self._limits = limits(self.gathering.context.installation.root)

    def take(self, row: _Row) -> None:
        """Keep, refuse or tell ``row``."""
        try:
            self._take(row)
        except DataError as err:
            self.gathering.refuse_at(err)

    def _take(self, row: _Row) -> None:
        require_as_wide(row.sheet, row.index, row.title)
        sector_text, carrier_text = row.text("item_text"), row.text("energy_consumption_carrier")
        mwh = row.number("energy_measure", self.given.decimal)
        if mwh is None:
            self._tell_tonnes(row, sector_text)
            return
        if self.words.is_outside(sector_text):
            message = f"{sector_text!r} is in no plan's inventory, left out"
            raise DataError(f"{row.where}: {message}")
        sector, carrier = self.words.sector(sector_text), self.words.carrier(carrier_text)
        if sector is None or carrier is None:
            what = f"sector {sector_text!r}" if sector is None else f"carrier {carrier_text!r}"
            raise DataError(f"{row.where}: {what} is not known here; add it to covenant_words.yaml")
        year = _year(row, self.given)
        heads = row.number("population_in_the_inventory_year", self.given.decimal)
        if heads:
            self._inhabitants[year] = heads
        self._tell_conventions(row, year)
        self._check_factor(row, sector[0], carrier[0], year)
        values: dict[str, Any] = {
            "year": year,
            "sector": sector[0],
            "carrier": carrier[0],
            "use": sector[1] or carrier[1],
            "mwh": self._as_mwh(row, mwh, heads),
            "source": _source(self.file, row),
        }
        self.gathering.add(row.where, values, heads)

    def _as_mwh(self, row: _Row, mwh: float, heads: float | None) -> float:
        if (
            not self.given.kwh_for_mwh
            or not heads
            or not seems_kwh(mwh, heads, self._limits.energy_per_head)
        ):
            return mwh
        message = f"{mwh:,.0f} were taken for kWh, as the mapping says"
        self.gathering.tell("declared.kwh_for_mwh", row.where, message, {"mwh": mwh / KWH_PER_MWH})
        return mwh / KWH_PER_MWH

    def _tell_tonnes(self, row: _Row, sector: str) -> None:
        tonnes = row.number("emission_measure", self.given.decimal)
        if tonnes:
            message = f"{tonnes:,.1f} t of {sector!r} are of no energy: told and not imported"
            self.gathering.tell("jrc.emissions_alone", row.where, message, {"declared_t": tonnes})

    def _tell_conventions(self, row: _Row, year: int) -> None:
        """Once a year: approach and gas, where the plan's factor set has others."""
        context = self.gathering.context
        own = context.installation.factors.sets[context.city.plan.factor_set]
        unit = row.text("emission_reporting_unit")
        gas = "" if not unit else "CO2eq" if "equivalent" in unit.lower() else "CO2"
        approach = row.text("emission_factor_type_").upper()
        for theirs, ours in ((approach, own.approach), (gas, own.gas)):
            key = f"{year}/{theirs}"
            if theirs and theirs != ours and key not in self._told:
                self._told.add(key)
                message = f"the inventory of {year} is {theirs}; the plan's set {own.id} is {ours}"
                self.gathering.tell("jrc.other_factors", row.where, message)

    def _check_factor(self, row: _Row, sector: Sector, carrier: Carrier, year: int) -> None:
        """An emission factor that is negative, or far from the plan's own."""
        factor = row.number("emission_factor_value", self.given.decimal)
        if factor is None:
            return
        context = self.gathering.context
        numbers = {"factor_t_per_mwh": factor}
        if factor < 0:
            message = f"a factor of {factor:g} t/MWh is negative"
            self.gathering.tell("jrc.factor_outlier", row.where, message, numbers)
            return
        try:
            plan = context.city.plan
            found = context.installation.factors.find(
                plan.factor_set, carrier, sector, year, gwp=plan.gwp
            )
        except FactorMissing:
            return
        own = found.factor_t_per_mwh
        if is_factor_far(factor, own, self._limits.factors):
            message = f"a factor of {factor:g} t/MWh is far from the plan's {own:g}"
            numbers["reference_t_per_mwh"] = own
            self.gathering.tell("jrc.factor_outlier", row.where, message, numbers)

    def tell_low_years(self) -> None:
        """Years whose energy together is nearly nothing."""
        for year, heads in sorted(self._inhabitants.items()):
            total = math.fsum(r.energy_mwh for _, r in self.gathering.rows if r.year == year)
            if 0 < total / heads < self._limits.energy_per_head.least:
                message = f"all energy of {year} is {total:,.3f} MWh for {heads:,.0f} inhabitants"
                self.gathering.tell("declared.suspiciously_low", str(year), message, {"mwh": total})


def _header(sheet: Sheet) -> tuple[int, dict[str, int]] | None:
    """The row of the column names, and the column of each."""
    for index, row in enumerate(sheet.rows[:_LOOKED_AT]):
        columns = {c.strip(): i for i, c in enumerate(row) if isinstance(c, str)}
        if set(NEEDED) <= columns.keys():
            return index, columns
    return None


def _rows_of(file: SourceFile, context: Context, given: JrcMapping) -> list[_Row]:
    """The rows of the wanted signatory and inventory; DataError if there are none."""
    rows = []
    for sheet in read_sheets(file):
        found = _header(sheet)
        if found:
            title, columns = found
            rows += [_Row(sheet, title, i, columns) for i in range(title + 1, len(sheet.rows))]
    if not rows:
        raise DataError(f"{file.name}: no sheet with the columns {', '.join(NEEDED)}")
    wanted = str(given.organisation or context.city.name)
    own = [
        row
        for row in rows
        if plain(row.text("organisation_name")) == plain(wanted)
        or row.text("organisation_id") == wanted
    ]
    if not own:
        names = sorted({n for row in rows if (n := row.text("organisation_name"))})
        near = get_close_matches(wanted, names, n=3, cutoff=0.5) or names[:3]
        raise DataError(
            f"{file.name}: no signatory {wanted!r}; say whose rows in the mapping: organisation "
            f"(there is {', '.join(near)}{' …' if len(names) > len(near) else ''})"
        )
    if given.inventory is None:
        return own
    chosen = [row for row in own if row.text("emission_inventory_id") == str(given.inventory)]
    if not chosen:
        there = sorted({row.text("emission_inventory_id") for row in own})
        raise DataError(f"{file.name}: no inventory {given.inventory}; there is {', '.join(there)}")
    return chosen


def _require_one_inventory_a_year(file: SourceFile, rows: list[_Row]) -> None:
    """DataError if a year has two inventories: a signatory may have handed it in anew."""
    by_year: dict[str, set[str]] = {}
    for row in rows:
        by_year.setdefault(row.text("inventory_year"), set()).add(row.text("emission_inventory_id"))
    for year, ids in sorted(by_year.items()):
        if len(ids) > 1:
            raise DataError(
                f"{file.name}: {year} has several inventories ({', '.join(sorted(ids))}); say "
                "which in the mapping: inventory"
            )


def _year(row: _Row, given: JrcMapping) -> int:
    number = row.number("inventory_year", given.decimal)
    if number is None or number != int(number):
        seen = row.text("inventory_year")
        raise DataError(f"{row.where}: inventory_year: expected a year, seen {seen!r}")
    return int(number)


def _source(file: SourceFile, row: _Row) -> str:
    inventory = row.text("emission_inventory_id")
    return f"{file.name}" + (f", emission inventory {inventory}" if inventory else "")


IMPORTER = JrcRows()
