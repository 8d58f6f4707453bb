"""What a SEAP template says of itself: printed totals beside cells, tonnes beside energy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from paes.errors import DataError
from paes.imports.declared.seap_figures import DECIMAL, Figure, SheetFigures
from paes.imports.declared.seap_tables import SeapTable, texts_left_of
from paes.imports.tables.sheets import parse_number, place
from paes.metering import Carrier, Sector

TOLERANCE_T, TOLERANCE_FRACTION = 1.0, 0.005
"""Tonnes are printed whole and factors with three digits: so much a product may differ."""
_NO_ENERGY = (Sector.WASTE, Sector.WASTE_WATER, Sector.OTHER)
TOLERANCE_MWH = 1.0
"""So much a printed total may differ from the sum of its cells, for each may be rounded."""


@dataclass(frozen=True)
class SeapChecks:
    """Checks of one inventory; what differs is told, and everything is taken all the same."""

    figures: SheetFigures

    def totals(self, table: SeapTable, energy: list[Figure]) -> None:
        """Printed totals of rows beside the sums of their cells."""
        if table.total is None:
            return
        rows = sorted({figure.row for figure in energy})
        for row in rows:
            total = math.fsum(f.value for f in energy if f.row == row)
            self._compare_total(row, table.total, total)
        for row in range(table.header + 1, table.end):
            labels = texts_left_of(self.figures.sheet, row, table.first_column)
            if any(self.figures.words.is_grand_total(label) for label in labels):
                self._compare_total(row, table.total, math.fsum(f.value for f in energy))
                return

    def _compare_total(self, row: int, column: int, total: float) -> None:
        printed = self.figures.sheet.rows[row][column]
        if not isinstance(printed, int | float) or isinstance(printed, bool):
            return
        if abs(printed - total) > TOLERANCE_MWH + TOLERANCE_FRACTION * abs(total):
            self.figures.gathering.tell(
                "seap.total_differs",
                place(self.figures.sheet, row, column),
                f"a total of {printed:,.1f} MWh is printed, and its cells make {total:,.1f}",
                {"printed_mwh": float(printed), "sum_mwh": total},
            )

    def emissions(self, table: SeapTable, energy: list[Figure]) -> None:
        """Declared tonnes beside energy times the file's own factors."""
        factors = self._factors(table)
        if not factors:
            where = f"sheet {self.figures.sheet.name!r}"
            message = "no row of emission factors: tonnes were not checked"
            self.figures.gathering.tell("seap.no_factors", where, message)
            return
        energies = {(f.sector, f.use, f.carrier): f.value for f in energy}
        for figure in self.figures.of(table):
            mwh = energies.get((figure.sector, figure.use, figure.carrier))
            factor = factors.get(figure.carrier)
            if mwh is None or factor is None:
                if figure.value:
                    self._tell_tonnes(figure)
                continue
            if not math.isclose(
                figure.value, mwh * factor, rel_tol=TOLERANCE_FRACTION, abs_tol=TOLERANCE_T
            ):
                self.figures.gathering.tell(
                    "seap.emissions_differ",
                    place(self.figures.sheet, figure.row, figure.column),
                    f"{figure.value:,.1f} t are declared, and {mwh:,.1f} MWh x {factor:g} t/MWh "
                    f"make {mwh * factor:,.1f}",
                    {"declared_t": figure.value, "computed_t": mwh * factor},
                )

    def other_emissions(self, table: SeapTable) -> None:
        """Emissions that are of no energy (waste, waste water), which stand in the total alone."""
        for row, sector, _ in self.figures.sector_rows(table):
            cell = self.figures.sheet.rows[row][table.total] if table.total is not None else None
            if sector not in _NO_ENERGY or not isinstance(cell, int | float) or not cell:
                continue
            self.figures.gathering.tell(
                "seap.other_emissions",
                place(self.figures.sheet, row),
                f"{cell:,.1f} t of {sector} are told and not imported: they are of no energy",
                {"declared_t": float(cell)},
            )

    def _tell_tonnes(self, figure: Figure) -> None:
        self.figures.gathering.tell(
            "seap.emissions_alone",
            place(self.figures.sheet, figure.row, figure.column),
            f"{figure.value:,.1f} t of {figure.carrier} in {figure.sector} without energy in "
            "table A, or without a factor: not checked",
            {"declared_t": figure.value},
        )

    def _factors(self, table: SeapTable) -> dict[Carrier, float]:
        """t/MWh by carrier from the row below table B, if there is one."""
        for row in range(table.header + 1, table.end):
            labels = texts_left_of(self.figures.sheet, row, table.first_column)
            if any(self.figures.words.says("factors", label) for label in labels):
                found = {}
                for carrier, column in table.columns.items():
                    try:
                        cell = self.figures.sheet.rows[row][column]
                        found[carrier] = parse_number(cell, "", DECIMAL)
                    except DataError:
                        continue
                return found
        return {}
