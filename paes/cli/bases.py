"""What commands print of totals and of progress by every basis of the electricity factor."""

from __future__ import annotations

from paes.cli import Session
from paes.cli.output import number, percent, print_json, print_table, say, say_marks
from paes.cli.supply_tables import say_formula
from paes.cli.verdicts import verdict_words
from paes.inventory.method import Method
from paes.inventory.side_by_side import Basis, side_by_side
from paes.progress.path import YearResult
from paes.progress.progress import Progress
from paes.progress.side_by_side import ProgressBasis, progress_side_by_side
from paes.report.supply_documents import bases_document, progress_bases_document

_APART = "Each basis is an inventory of its own: no figure of one is compared with another's."


def tell_bases(session: Session, year: int, method: Method, *, as_json: bool) -> None:
    """``paes inventory YEAR --side-by-side``."""
    city = session.city
    found = side_by_side(city, year, session.ledger, method)
    labels = session.store.labels()
    if as_json:
        print_json(
            {
                "city": city.id,
                "year": year,
                "factor_set": method.factor_set,
                "simulated": labels.get("simulated") == "true",
                "bases": bases_document(found),
            }
        )
        return
    print_bases(city.name, year, found)
    say_marks(next((b.inventory.assumed_fraction for b in found if b.inventory), 0.0), labels)


def tell_progress_bases(
    session: Session, target: str | None, method: Method, *, as_json: bool
) -> None:
    """``paes progress --side-by-side``."""
    city = session.city
    found = progress_side_by_side(city, session.ledger, target, method)
    labels = session.store.labels()
    if as_json:
        print_json(
            {
                "city": city.id,
                "factor_set": method.factor_set,
                "simulated": labels.get("simulated") == "true",
                "bases": progress_bases_document(found),
            }
        )
        return
    print_progress_bases(city.name, found)
    made = next((b.progress for b in found if b.progress), None)
    if made:
        say_marks(made.inventories[-1].assumed_fraction, labels)


def print_bases(city: str, year: int, bases: list[Basis]) -> None:
    """A year's total by every basis, and what each local factor was made of."""
    print_table(
        f"{city} {year}: the same energy by every factor of electricity",
        ["basis", "", "electricity t/MWh", "electricity t", "total t"],
        [_basis_row(basis) for basis in bases],
        left=2,
    )
    for basis in bases:
        if basis.problem:
            say(f"{basis.name}: {basis.problem}")
        if basis.electricity:
            say_formula(basis.electricity, f"{basis.name}: ")
    say(_APART)


def _basis_row(basis: Basis) -> list[str]:
    made, match = basis.inventory, basis.electricity
    mark = "asked for" if basis.is_asked else ""
    if made is None:
        return [basis.name, mark, "-", "-", "-"]
    return [
        basis.name,
        mark,
        f"{match.factor_t_per_mwh:.4f} ({match.how})" if match else "several",
        number(basis.electricity_t, 1),
        number(made.emissions_t, 1),
    ]


def print_progress_bases(city: str, bases: list[ProgressBasis]) -> None:
    """Base year, target year and the newest year of a target by every basis."""
    first = next((basis.progress for basis in bases if basis.progress), None)
    title = f"{city}: {first.target.name.en}" if first else city
    print_table(
        f"{title}, by every factor of electricity",
        [
            "basis",
            "",
            "year",
            f"emissions {first.unit if first else 't'}",
            "path",
            "reduction",
            "asked",
            "verdict",
        ],
        [row for basis in bases for row in _progress_rows(basis)],
        left=2,
    )
    for basis in bases:
        if basis.problem:
            say(f"{basis.name}: {basis.problem}")
    say(_APART)


def _progress_rows(basis: ProgressBasis) -> list[list[str]]:
    mark = "asked for" if basis.is_asked else ""
    made = basis.progress
    if made is None:
        return [[basis.name, mark, *["-"] * 6]]
    years = {y.year: y for y in (made.base, made.at_target, made.latest) if y}
    return [
        [name, asked, *_year_cells(year, made)]
        for (name, asked), year in zip(
            [(basis.name, mark), *[("", "")] * len(years)], years.values(), strict=False
        )
    ]


def _year_cells(year: YearResult, made: Progress) -> list[str]:
    digits = 0 if made.target.kind == "absolute" else 3
    return [
        str(year.year),
        number(year.emissions_t, digits),
        number(year.path_t, digits),
        percent(year.reduction_fraction),
        percent(year.required_fraction),
        "base year" if year.year == made.base.year else verdict_words(year),
    ]
