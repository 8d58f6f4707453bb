"""The figures of a table of the SEAP template, cell by cell; what cannot be one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from paes.errors import DataError
from paes.imports.declared.declared_batch import Gathering
from paes.imports.declared.seap_tables import Kind, SeapTable, texts_left_of
from paes.imports.declared.sectors_and_carriers import Vocabulary
from paes.imports.tables.sheets import Sheet, parse_number, place
from paes.metering import Carrier, Sector

DECIMAL: Final = "."
"""The template's own rule: the point is the decimal sign, and nothing parts thousands."""
ZERO_KEYS = {"NO": "not occurring", "IE": "included elsewhere"}
LEFT_OUT_KEYS = {"C": "confidential", "NE": "not estimated"}


@dataclass(frozen=True)
class Figure:
    """A cell of a table with a number."""

    row: int
    column: int
    sector: Sector
    use: str | None
    carrier: Carrier
    value: float
    key: str | None = None
    """The notation key that stands there instead of a number."""


@dataclass(frozen=True)
class SheetFigures:
    """One sheet with an inventory; what cannot be taken is noted in the gathering."""

    gathering: Gathering
    sheet: Sheet
    words: Vocabulary

    def of(self, table: SeapTable) -> list[Figure]:
        """The cells of the sectors' rows; refuses those that are no numbers."""
        return [
            figure
            for row, sector, use in self.sector_rows(table)
            for figure in self._row_figures(table, row, sector, use)
        ]

    def sector_rows(self, table: SeapTable) -> Iterator[tuple[int, Sector, str | None]]:
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
    ) -> Iterator[Figure]:
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
                yield Figure(row, column, sector, use, carrier, 0.0, key)
                continue
            try:
                value = parse_number(cell, where, DECIMAL)
            except DataError as err:
                self.gathering.refuse_at(err)
                continue
            yield Figure(row, column, sector, use, carrier, value)
