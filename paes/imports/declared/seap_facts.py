"""What a sheet of the SEAP template says beside its tables: year, inhabitants, factors, actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paes.errors import DataError
from paes.imports.declared.seap_tables import texts
from paes.imports.declared.sectors_and_carriers import Vocabulary, plain
from paes.imports.tables.sheets import Sheet, parse_number

_MARKS = ("x", "v", "si", "yes", "true", "vero")
_FIRST, _LAST = 1900, 2200


@dataclass(frozen=True)
class SeapFacts:
    """What stands above the tables; None where the sheet does not say it."""

    year: int | None
    inhabitants: float | None
    approach: Literal["IPCC", "LCA"] | None
    gas: Literal["CO2", "CO2eq"] | None


@dataclass(frozen=True)
class SeapAction:
    """A line of the action plan: its title, its place, and its figures by what they are."""

    row: int
    title: str
    numbers: dict[str, float]


def facts_of(sheet: Sheet, words: Vocabulary) -> SeapFacts:
    """Year, inhabitants and factors of an inventory's sheet."""
    year = number_beside(sheet, words, "inventory_year")
    whole = year is not None and year == int(year) and _FIRST <= year <= _LAST
    ipcc, lca = _is_marked(sheet, words, "ipcc"), _is_marked(sheet, words, "lca")
    alone, equivalent = _is_chosen(sheet, "co2"), _is_chosen(sheet, "co2 equivalent")
    return SeapFacts(
        year=int(year) if whole and year is not None else None,
        inhabitants=number_beside(sheet, words, "inhabitants"),
        approach=None if ipcc == lca else "IPCC" if ipcc else "LCA",
        gas=None if alone == equivalent else "CO2" if alone else "CO2eq",
    )


def number_beside(sheet: Sheet, words: Vocabulary, what: str) -> float | None:
    """The first number right of the text that says ``what``, else in the two rows below it."""
    for r, c, text in texts(sheet):
        if not words.says(what, text):
            continue
        below = [sheet.rows[i][c] for i in range(r + 1, min(r + 3, len(sheet.rows)))]
        for cell in (*sheet.rows[r][c + 1 :], *below):
            try:
                return parse_number(cell, "", ".")
            except DataError:
                continue
    return None


def actions_of(sheet: Sheet, words: Vocabulary) -> list[SeapAction]:
    """The lines of a sheet with an action plan; none if it has no such header."""
    columns: dict[str, int] = {}
    header = 0
    names = ("action", "schedule", "cost_eur", "saving_mwh", "production_mwh", "reduction_t")
    for r, c, text in texts(sheet):
        for name in names:
            if words.says(name, text) and name not in columns:
                columns[name], header = c, max(header, r)
    if "action" not in columns or len(columns) < 3:
        return []
    found = []
    for r in range(header + 1, len(sheet.rows)):
        title = sheet.rows[r][columns["action"]]
        if isinstance(title, str):
            read = {name: _number(sheet, r, columns.get(name)) for name in names[2:]}
            numbers = {name: value for name, value in read.items() if value is not None}
            found.append(SeapAction(r, title, numbers))
    return found


def _number(sheet: Sheet, row: int, column: int | None) -> float | None:
    if column is None:
        return None
    try:
        return parse_number(sheet.rows[row][column], "", ".")
    except DataError:
        return None


def _is_marked(sheet: Sheet, words: Vocabulary, what: str) -> bool:
    """True if a mark stands beside the text that says ``what``."""
    return any(words.says(what, text) and _has_mark(sheet, r, c) for r, c, text in texts(sheet))


def _is_chosen(sheet: Sheet, wording: str) -> bool:
    """True if a mark stands beside the very wording (``CO2``, ``CO2 equivalenti``)."""
    for r, c, text in texts(sheet):
        own = plain(text)
        same = own == wording if wording == "co2" else own.startswith(wording)
        if same and _has_mark(sheet, r, c):
            return True
    return False


def _has_mark(sheet: Sheet, row: int, column: int) -> bool:
    beside = sheet.rows[row][max(column - 1, 0) : column + 2]
    return any(cell is True or plain(str(cell)) in _MARKS for cell in beside if cell is not None)
