"""The Covenant's SEAP template (2010), XLS or XLSX, Italian or English: its inventories as rows.

Sheets are told by what they hold, columns by their headers, rows by their labels. Table A becomes
declared rows of the inventory's year. Table B is a check: energy times the factor that the file
prints, against the tonnes it declares. Local production (C, D) and the action plan have no place
in activity tables: what they say is told. An empty cell is nothing declared; the notation keys NO
and IE are declared as 0, so that no earlier figure stands in; C and NE are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from paes.config import shipped_config
from paes.emission_factors import Year
from paes.errors import DataError, PaesError
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.declared_batch import Gathering, mapping_of
from paes.imports.seap_facts import SeapFacts, actions_of, facts_of, number_beside
from paes.imports.seap_tables import Kind, SeapTable, tables_of, texts_left_of
from paes.imports.sectors_and_carriers import Vocabulary, vocabulary
from paes.imports.sheets import Sheet, parse_number, place, read_sheets
from paes.metering import Carrier, Sector
from paes.schema import ConfigModel

DECIMAL: Final = "."
"""The template's own rule: the point is the decimal sign, and nothing parts thousands."""
ZERO_KEYS = {"NO": "not occurring", "IE": "included elsewhere"}
LEFT_OUT_KEYS = {"C": "confidential", "NE": "not estimated"}
TOLERANCE_T, TOLERANCE_FRACTION = 1.0, 0.005
"""Tonnes are printed whole and factors with three digits: so much a product may differ."""
_NO_ENERGY = (Sector.WASTE, Sector.WASTE_WATER, Sector.OTHER)
TOLERANCE_MWH = 1.0
"""So much a printed total may differ from the sum of its cells, for each may be rounded."""


class SeapMapping(ConfigModel):
    """What a mapping file may say of a template."""

    sheet: str | None = None
    """The one inventory to take, if not all."""
    year: Year | None = None
    """Its year, if the sheet does not say it."""


@dataclass(frozen=True)
class _Figure:
    """A cell of a table with a number."""

    row: int
    column: int
    sector: Sector
    use: str | None
    carrier: Carrier
    value: float
    key: str | None = None
    """The notation key that stands there instead of a number."""


class SeapTemplate:
    """See ``paes.imports.batch.Importer``."""

    name = "seap-template"
    summary = "The Covenant's SEAP template with its inventories (XLS, XLSX)."

    def recognises(self, file: SourceFile) -> bool:
        """True if a sheet holds the template's table of final energy consumption."""
        try:
            words = vocabulary(shipped_config())
            return any(_energy_table(s, words) for s in read_sheets(file))
        except PaesError:
            return False

    def read(self, file: SourceFile, context: Context) -> Batch:
        """A table of declared rows for each inventory; DataError if there is none."""
        given = mapping_of(context, SeapMapping)
        words = vocabulary(context.installation.root)
        sheets = read_sheets(file)
        inventories = [
            s for s in sheets if given.sheet in (None, s.name) and _energy_table(s, words)
        ]
        if not inventories:
            there = ", ".join(repr(s.name) for s in sheets)
            raise DataError(
                f"{file.name}: no sheet with a table of final energy consumption by sector and "
                f"carrier; there is {there}"
            )
        gathering = Gathering(context)
        for sheet in inventories:
            _Inventory(gathering, file, sheet, words, given).read()
        for sheet in sheets:
            _tell_actions(gathering, sheet, words)
        return gathering.batch({"seap-{year}.csv": f"Imported from {file.name}"})


class _Inventory:
    """One sheet with an inventory, read into a gathering."""

    def __init__(
        self,
        gathering: Gathering,
        file: SourceFile,
        sheet: Sheet,
        words: Vocabulary,
        given: SeapMapping,
    ) -> None:
        self.gathering, self.file, self.sheet, self.words = gathering, file, sheet, words
        self.facts: SeapFacts = facts_of(sheet, words)
        self.year = self.facts.year or given.year
        self.tables = tables_of(sheet, words)

    def read(self) -> None:
        """Its rows, its checks, and what is told."""
        tables = {kind: [t for t in self.tables if t.kind is kind] for kind in Kind}
        energy = self._figures(tables[Kind.ENERGY][0])
        if not energy:
            return
        if self.year is None:
            self.gathering.refuse(
                f"sheet {self.sheet.name!r}",
                "no inventory year; say it in the mapping: sheet and year",
            )
            return
        for figure in energy:
            self._declare(figure)
        self._check_totals(tables[Kind.ENERGY][0], energy)
        if tables[Kind.EMISSIONS]:
            self._check_emissions(tables[Kind.EMISSIONS][0], energy)
            self._tell_other(tables[Kind.EMISSIONS][0])
        self._tell_factors()
        self._tell_green_electricity()
        for table in (*tables[Kind.ELECTRICITY], *tables[Kind.HEAT]):
            self._tell_production(table)

    def _figures(self, table: SeapTable) -> list[_Figure]:
        """The cells of the sectors' rows; refuses those that are no numbers."""
        return [
            figure
            for row, sector, use in self._sector_rows(table)
            for figure in self._row_figures(table, row, sector, use)
        ]

    def _sector_rows(self, table: SeapTable) -> Iterator[tuple[int, Sector, str | None]]:
        """The rows of sectors up to the grand total; refuses figures of what is no sector."""
        for row in range(table.header + 1, table.end):
            labels = texts_left_of(self.sheet, row, table.first_column)
            named = [s for s in map(self.words.sector, labels) if s]
            if any(self.words.is_grand_total(label) for label in labels):
                return
            if named:
                yield row, *named[-1]
            elif labels and table.kind is Kind.ENERGY and self._has_numbers(table, row):
                self._refuse_row(row, labels)

    def _refuse_row(self, row: int, labels: list[str]) -> None:
        if any(self.words.is_total(label) for label in labels):
            return
        outside = any(self.words.is_outside(label) for label in labels)
        message = "is in no plan's inventory, left out" if outside else "is no sector that is known"
        self.gathering.refuse(place(self.sheet, row), f"{labels[-1]!r} {message}")

    def _has_numbers(self, table: SeapTable, row: int) -> bool:
        cells = [self.sheet.rows[row][c] for c in table.columns.values()]
        return any(isinstance(c, int | float) and not isinstance(c, bool) and c for c in cells)

    def _row_figures(
        self, table: SeapTable, row: int, sector: Sector, use: str | None
    ) -> Iterator[_Figure]:
        for carrier, column in table.columns.items():
            cell = self.sheet.rows[row][column]
            if cell is None:
                continue
            where = place(self.sheet, row, column)
            key = cell.strip().upper() if isinstance(cell, str) else None
            if key in LEFT_OUT_KEYS:
                what = LEFT_OUT_KEYS[key]
                self.gathering.tell("seap.left_out", where, f"{key} ({what}): nothing is declared")
                continue
            if key in ZERO_KEYS:
                yield _Figure(row, column, sector, use, carrier, 0.0, key)
                continue
            try:
                value = parse_number(cell, where, DECIMAL)
            except DataError as err:
                self.gathering.refuse_at(err)
                continue
            yield _Figure(row, column, sector, use, carrier, value)

    def _declare(self, figure: _Figure) -> None:
        where = place(self.sheet, figure.row, figure.column)
        note = f"{figure.key}: {ZERO_KEYS[figure.key]}" if figure.key else None
        values = {
            "year": self.year,
            "sector": figure.sector,
            "carrier": figure.carrier,
            "use": figure.use,
            "mwh": figure.value,
            "source": f"{self.file.name}, sheet {self.sheet.name}",
            "note": note,
        }
        self.gathering.add(where, values, self.facts.inhabitants)
        if figure.key:
            message = f"{note}: declared as 0, so that no earlier figure stands in"
            self.gathering.tell("seap.notation_key", where, message)

    def _check_totals(self, table: SeapTable, energy: list[_Figure]) -> None:
        """Printed totals of rows beside the sums of their cells."""
        if table.total is None:
            return
        rows = sorted({figure.row for figure in energy})
        for row in rows:
            total = math.fsum(f.value for f in energy if f.row == row)
            self._compare_total(row, table.total, total)
        for row in range(table.header + 1, table.end):
            labels = texts_left_of(self.sheet, row, table.first_column)
            if any(self.words.is_grand_total(label) for label in labels):
                self._compare_total(row, table.total, math.fsum(f.value for f in energy))
                return

    def _compare_total(self, row: int, column: int, total: float) -> None:
        printed = self.sheet.rows[row][column]
        if not isinstance(printed, int | float) or isinstance(printed, bool):
            return
        if abs(printed - total) > TOLERANCE_MWH + TOLERANCE_FRACTION * abs(total):
            self.gathering.tell(
                "seap.total_differs",
                place(self.sheet, row, column),
                f"a total of {printed:,.1f} MWh is printed, and its cells make {total:,.1f}",
                {"printed_mwh": float(printed), "sum_mwh": total},
            )

    def _check_emissions(self, table: SeapTable, energy: list[_Figure]) -> None:
        """Declared tonnes beside energy times the file's own factors."""
        factors = self._factors(table)
        if not factors:
            where = f"sheet {self.sheet.name!r}"
            self.gathering.tell("seap.no_factors", where, "no row of emission factors: tonnes were "
                                "not checked")  # fmt: skip
            return
        energies = {(f.sector, f.use, f.carrier): f.value for f in energy}
        for figure in self._figures(table):
            mwh = energies.get((figure.sector, figure.use, figure.carrier))
            factor = factors.get(figure.carrier)
            if mwh is None or factor is None:
                if figure.value:
                    self._tell_tonnes(figure)
                continue
            if not math.isclose(
                figure.value, mwh * factor, rel_tol=TOLERANCE_FRACTION, abs_tol=TOLERANCE_T
            ):
                self.gathering.tell(
                    "seap.emissions_differ",
                    place(self.sheet, figure.row, figure.column),
                    f"{figure.value:,.1f} t are declared, and {mwh:,.1f} MWh x {factor:g} t/MWh "
                    f"make {mwh * factor:,.1f}",
                    {"declared_t": figure.value, "computed_t": mwh * factor},
                )

    def _tell_other(self, table: SeapTable) -> None:
        """Emissions that are of no energy (waste, waste water), which stand in the total alone."""
        for row, sector, _ in self._sector_rows(table):
            cell = self.sheet.rows[row][table.total] if table.total is not None else None
            if sector not in _NO_ENERGY or not isinstance(cell, int | float) or not cell:
                continue
            self.gathering.tell(
                "seap.other_emissions",
                place(self.sheet, row),
                f"{cell:,.1f} t of {sector} are told and not imported: they are of no energy",
                {"declared_t": float(cell)},
            )

    def _tell_tonnes(self, figure: _Figure) -> None:
        self.gathering.tell(
            "seap.emissions_alone",
            place(self.sheet, figure.row, figure.column),
            f"{figure.value:,.1f} t of {figure.carrier} in {figure.sector} without energy in "
            "table A, or without a factor: not checked",
            {"declared_t": figure.value},
        )

    def _factors(self, table: SeapTable) -> dict[Carrier, float]:
        """t/MWh by carrier from the row below table B, if there is one."""
        for row in range(table.header + 1, table.end):
            labels = texts_left_of(self.sheet, row, table.first_column)
            if any(self.words.says("factors", label) for label in labels):
                found = {}
                for carrier, column in table.columns.items():
                    try:
                        cell = self.sheet.rows[row][column]
                        found[carrier] = parse_number(cell, "", DECIMAL)
                    except DataError:
                        continue
                return found
        return {}

    def _tell_factors(self) -> None:
        """The approach of the file, where the plan's factor set has another."""
        context = self.gathering.context
        own = context.installation.factors.sets[context.city.plan.factor_set]
        where = f"sheet {self.sheet.name!r}"
        for name, theirs, ours in (
            ("approach", self.facts.approach, own.approach),
            ("gas", self.facts.gas, own.gas),
        ):
            if theirs is not None and theirs != ours:
                message = f"{name} {theirs}; the plan's factor set {own.id} has {ours}"
                self.gathering.tell("seap.other_factors", where, message)

    def _tell_green_electricity(self) -> None:
        mwh = number_beside(self.sheet, self.words, "green_electricity")
        if mwh:
            message = f"{mwh:,.1f} MWh of certified green electricity are told and not imported"
            where = f"sheet {self.sheet.name!r}"
            self.gathering.tell("seap.green_electricity", where, message, {"mwh": mwh})

    def _tell_production(self, table: SeapTable) -> None:
        """What tables C and D say; it has no place in activity tables."""
        for row in range(table.header + 1, table.end):
            labels = texts_left_of(self.sheet, row, table.first_column)
            cell = self.sheet.rows[row][table.produced or 0]
            is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
            if not labels or not is_number or not cell or self.words.is_total(labels[-1]):
                continue
            assert isinstance(cell, int | float)
            name = "electricity" if table.kind is Kind.ELECTRICITY else "heat"
            self.gathering.tell(
                f"seap.local_{name}",
                place(self.sheet, row),
                f"{labels[-1]}: {cell:,.1f} MWh of local {name} in {self.year} are told and not "
                "imported; local plants are meters of the installation",
                {"mwh": float(cell)},
            )


def _energy_table(sheet: Sheet, words: Vocabulary) -> SeapTable | None:
    return next((t for t in tables_of(sheet, words) if t.kind is Kind.ENERGY), None)


def _tell_actions(gathering: Gathering, sheet: Sheet, words: Vocabulary) -> None:
    for action in actions_of(sheet, words):
        gathering.tell(
            "seap.action",
            place(sheet, action.row),
            f"action {action.title!r} is told and not imported; enter it into actions.yaml",
            action.numbers,
        )


IMPORTER = SeapTemplate()
