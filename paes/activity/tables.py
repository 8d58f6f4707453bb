"""The activity tables of a city: every declared row, with the file and line where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from paes.activity.activity_data import Covers, DeclaredRow
from paes.config_file import attempt
from paes.config_table import read_csv, repeated_rows
from paes.errors import ConfigError, DataError, problem_text
from paes.factors.emission_factors import FactorLibrary
from paes.metering import Sector

Table = tuple[Path, list[tuple[int, DeclaredRow]]]
MOST_NAMED = 6
"""So many sites are named where none is near the one that was meant."""


def read_declared(folder: Path, factors: FactorLibrary | None) -> tuple[DeclaredRow, ...]:
    """The rows of every ``*.csv`` in ``folder``, amounts as energy; () if there is no folder.

    Amounts stay what they are if ``factors`` is None. ConfigError with every problem: rows that
    cannot be read or converted, rows that are there twice, rows of one cell and year of which
    only some leave room for the meters.
    """
    problems: list[str] = []
    tables = activity_tables(folder, problems)
    problems += repeated_rows(tables, lambda row: row.cell, lambda row: row.title)
    problems += _at_odds(tables) + _named_twice(tables)
    rows = []
    for path, of_file in tables:
        for line, row in of_file:
            try:
                made = row.converted(factors) if factors else row
                rows.append(made.standing_at(f"{path.name}:{line}"))
            except DataError as err:
                problems.append(problem_text(path, line, "amount", f"{row.title}: {err}"))
    if problems:
        raise ConfigError(problems)
    return tuple(rows)


def unknown_sites(
    folder: Path, declared: Iterable[DeclaredRow], sectors: Mapping[str, Sector]
) -> list[str]:
    """Rows that name sites which are not there, or which are of another sector than the row."""
    problems = []
    for row in declared:
        name, _, line = (row.place or "").rpartition(":")
        for site in row.sites:
            if site not in sectors:
                known = get_close_matches(site, sectors, n=1) or sorted(sectors)[:MOST_NAMED]
                message = f"no site {site!r} in sites.yaml; there is {', '.join(known)}"
            elif sectors[site] is not row.sector:
                message = f"{site} is in {sectors[site]}, and the row in {row.sector}"
            else:
                continue
            problems.append(problem_text(folder / name, int(line or 0), "sites", message))
    return problems


def activity_tables(folder: Path, problems: list[str]) -> list[Table]:
    """Every table of ``folder`` with the lines of its rows; adds what cannot be read."""
    return [
        (path, attempt(problems, read_csv, path, DeclaredRow) or [])
        for path in sorted(folder.glob("*.csv"))
    ]


def _at_odds(tables: list[Table]) -> list[str]:
    """Rows of one cell and year of which one is the whole sector and another a part of it."""
    first: dict[tuple[object, ...], tuple[DeclaredRow, str]] = {}
    problems = []
    for path, of_file in tables:
        for line, row in of_file:
            other, there = first.setdefault(row.cell[:3], (row, f"{path.name}:{line}"))
            if _is_whole(row) is not _is_whole(other) and row.what != other.what:
                message = (
                    f"{row.title} covers {row.covers}, and beside it something covers "
                    f"{other.covers} ({there}); write rest for all if what meters see is to be "
                    "added"
                )
                problems.append(problem_text(path, line, "covers", message))
    return problems


def _is_whole(row: DeclaredRow) -> bool:
    return row.covers is Covers.SECTOR


def _named_twice(tables: list[Table]) -> list[str]:
    """Sites that two rows of one cell and year stand for."""
    first: dict[tuple[object, ...], tuple[str | None, str]] = {}
    problems = []
    for path, of_file in tables:
        for line, row in of_file:
            for site in row.sites:
                key = (*row.cell[:3], site)
                what, there = first.setdefault(key, (row.what, f"{path.name}:{line}"))
                if what != row.what:
                    message = f"{row.title}: {site} is in another row of the year ({there}) already"
                    problems.append(problem_text(path, line, "sites", message))
    return problems
