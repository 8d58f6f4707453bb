"""The tables A to D on a sheet of the Covenant's SEAP template, found by what their cells say.

A table has a header with the carriers' names in one or two rows (merged groups stand above) and
rows with a label left of them. Nothing is taken by its position: in one sheet of the published
template two columns of table B are swapped against the other's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from paes.imports.declared.sectors_and_carriers import Vocabulary
from paes.imports.tables.sheets import Sheet
from paes.metering import Carrier

FEWEST_CARRIERS = 4
"""Names of carriers in one row that make it a header."""
_HEADER_ROWS = 3
"""A header's merged groups, and what is merged over all of its rows, stand so far above."""
_TITLE_ROWS = 8
"""So far above a header its title is looked for."""


class Kind(StrEnum):
    """What a table of the template holds."""

    ENERGY = "A"  # final energy consumption, MWh
    EMISSIONS = "B"  # t
    ELECTRICITY = "C"  # local production of electricity
    HEAT = "D"  # local production of heat and cold


@dataclass(frozen=True)
class SeapTable:
    """A table: where its header is, what its columns are, and its rows (half-open)."""

    kind: Kind
    header: int
    end: int
    columns: Mapping[Carrier, int]
    produced: int | None
    """The column of what is produced, in tables C and D."""
    total: int | None

    @property
    def first_column(self) -> int:
        """The leftmost column with figures; labels are left of it."""
        own = [*self.columns.values(), *([self.produced] if self.produced is not None else [])]
        return min(own)


def tables_of(sheet: Sheet, words: Vocabulary) -> list[SeapTable]:
    """Every table of ``sheet`` in its order; headers that say nothing known are left out."""
    headers = [r for r in range(len(sheet.rows)) if _is_header(sheet, r, words)]
    ends = [*headers, len(sheet.rows)][1:]
    found = []
    for index, (header, end) in enumerate(zip(headers, ends, strict=True)):
        above = headers[index - 1] + 1 if index else 0
        table = _table(sheet, header, end, above, words)
        if table:
            found.append(table)
    return found


def texts_left_of(sheet: Sheet, row: int, column: int) -> list[str]:
    """The texts of a row before ``column``: its code and its label."""
    return [cell for cell in sheet.rows[row][:column] if isinstance(cell, str)]


def texts(sheet: Sheet) -> Iterator[tuple[int, int, str]]:
    """Every text of the sheet with its row and column."""
    for r, row in enumerate(sheet.rows):
        for c, cell in enumerate(row):
            if isinstance(cell, str):
                yield r, c, cell


def _is_header(sheet: Sheet, row: int, words: Vocabulary) -> bool:
    carriers = {words.carrier(c) for c in sheet.rows[row] if isinstance(c, str)} - {None}
    return len(carriers) >= FEWEST_CARRIERS


def _table(sheet: Sheet, header: int, end: int, above: int, words: Vocabulary) -> SeapTable | None:
    columns: dict[Carrier, int] = {}
    produced = total = None
    kind: Kind | None = None
    for row in range(header, max(above, header - _HEADER_ROWS) - 1, -1):
        for column, cell in enumerate(sheet.rows[row]):
            if not isinstance(cell, str):
                continue
            carrier = words.carrier(cell)
            if carrier and carrier[1] is None:
                columns.setdefault(carrier[0], column)
            elif words.is_total(cell) and column > 0 and total is None:
                total = column
            for local, what in ((Kind.ELECTRICITY, "local_electricity"), (Kind.HEAT, "local_heat")):
                if words.says(what, cell) and kind is None:
                    kind, produced = local, column
    kind = kind or _titled(sheet, header, above, words)
    in_order = dict(sorted(columns.items(), key=lambda item: item[1]))
    return SeapTable(kind, header, end, in_order, produced, total) if kind else None


def _titled(sheet: Sheet, header: int, above: int, words: Vocabulary) -> Kind | None:
    """Energy or emissions, by the nearest text above that says so."""
    for row in range(header, max(above, header - _TITLE_ROWS) - 1, -1):
        for cell in sheet.rows[row]:
            if isinstance(cell, str) and words.says("final_energy", cell):
                return Kind.ENERGY
            if isinstance(cell, str) and words.says("emissions", cell):
                return Kind.EMISSIONS
    return None
