"""The Covenant's SEAP template (2010), XLS or XLSX, Italian or English: its inventories as rows.

Sheets are told by what they hold, columns by their headers, rows by their labels. Table A becomes
declared rows of the inventory's year. Table B is a check: energy times the factor that the file
prints, against the tonnes it declares. Local production (C, D) and the action plan have no place
in activity tables: what they say is told. An empty cell is nothing declared; the notation keys NO
and IE are declared as 0, so that no earlier figure stands in; C and NE are left out.
"""

from __future__ import annotations

from paes.errors import DataError, PaesError
from paes.factors.emission_factors import Year
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.declared.declared_batch import Gathering, mapping_of
from paes.imports.declared.seap_checks import SeapChecks
from paes.imports.declared.seap_facts import SeapFacts, actions_of, facts_of, number_beside
from paes.imports.declared.seap_figures import ZERO_KEYS, Figure, SheetFigures
from paes.imports.declared.seap_tables import Kind, SeapTable, tables_of, texts_left_of
from paes.imports.declared.sectors_and_carriers import Vocabulary, vocabulary
from paes.imports.tables.sheets import Sheet, place, read_sheets
from paes.schema import ConfigModel
from paes.shipped_files import shipped_config

_MOST_ROWS = 1000
"""Five times a template's: a long table is none, and is not searched for one."""


class SeapMapping(ConfigModel):
    """What a mapping file may say of a template."""

    sheet: str | None = None
    """The one inventory to take, if not all."""
    year: Year | None = None
    """Its year, if the sheet does not say it."""


class SeapTemplate:
    """See ``paes.imports.batch.Importer``."""

    name = "seap-template"
    summary = "The Covenant's SEAP template with its inventories (XLS, XLSX)."

    def recognises(self, file: SourceFile) -> bool:
        """True if a sheet holds the template's table of final energy consumption."""
        try:
            words = vocabulary(shipped_config())
            short = (s for s in read_sheets(file) if len(s.rows) <= _MOST_ROWS)
            return any(_energy_table(sheet, words) for sheet in short)
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
        self.figures = SheetFigures(gathering, sheet, words)
        self.checks = SeapChecks(self.figures)

    def read(self) -> None:
        """Its rows, its checks, and what is told."""
        tables = {kind: [t for t in self.tables if t.kind is kind] for kind in Kind}
        energy = self.figures.of(tables[Kind.ENERGY][0])
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
        self.checks.totals(tables[Kind.ENERGY][0], energy)
        if tables[Kind.EMISSIONS]:
            self.checks.emissions(tables[Kind.EMISSIONS][0], energy)
            self.checks.other_emissions(tables[Kind.EMISSIONS][0])
        self._tell_factors()
        self._tell_green_electricity()
        for table in (*tables[Kind.ELECTRICITY], *tables[Kind.HEAT]):
            self._tell_production(table)

    def _declare(self, figure: Figure) -> None:
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
