"""What commands print of local supply: tables C and D, and totals by every basis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paes.cli.output import number, percent, print_table, say
from paes.inventory.side_by_side import Basis
from paes.report.supply_documents import LABELS_C, LABELS_D
from paes.supply.local_supply import LocalSupply, TableRow

_TERMS = {
    "tce_mwh": "TCE {} MWh",
    "lpe_mwh": "LPE {} MWh",
    "own_use_mwh": "used on the spot {} MWh",
    "gep_mwh": "GEP {} MWh",
    "neefe_t_per_mwh": "NEEFE {} t/MWh",
    "co2lpe_t": "CO2LPE {} t",
    "co2gep_t": "CO2GEP {} t",
}


def print_supply(city: str, supply: LocalSupply) -> None:
    """Tables C and D of the year; nothing where the town makes nothing."""
    _print(f"{city} {supply.year}: table C, local electricity", supply.table_c, LABELS_C)
    _print(f"{city} {supply.year}: table D, local heat and cold", supply.table_d, LABELS_D)


def print_bases(city: str, year: int, bases: list[Basis]) -> None:
    """A year's total by every basis, and what each local factor was made of."""
    print_table(
        f"{city} {year}: the same energy by every factor of electricity",
        ["basis", "", "electricity t/MWh", "electricity t", "total t", "of the first"],
        [_basis_row(basis, bases[0]) for basis in bases],
        left=2,
    )
    for basis in bases:
        if basis.problem:
            say(f"{basis.name}: {basis.problem}")
        match = basis.electricity
        if match and match.formula and "tce_mwh" in match.numbers:
            say(f"{basis.name}: {match.formula}; {_terms(match.numbers)}")
    say("Figures of two bases are never compared with each other.")


def _basis_row(basis: Basis, first: Basis) -> list[str]:
    made, match = basis.inventory, basis.electricity
    mark = "asked for" if basis.is_asked else ""
    if made is None:
        return [basis.name, mark, "-", "-", "-", "-"]
    of_first = (
        made.emissions_t / first.inventory.emissions_t
        if first.inventory and first.inventory.emissions_t
        else None
    )
    return [
        basis.name,
        mark,
        f"{match.factor_t_per_mwh:.4f} ({match.how})" if match else "several",
        number(basis.electricity_t, 1),
        number(made.emissions_t, 1),
        percent(of_first),
    ]


def _terms(numbers: Mapping[str, float]) -> str:
    return ", ".join(
        words.format(f"{numbers[name]:.4f}" if "per_mwh" in name else number(numbers[name], 1))
        for name, words in _TERMS.items()
        if name in numbers
    )


def _print(title: str, rows: tuple[TableRow, ...], labels: Mapping[Any, str]) -> None:
    if not rows:
        return
    print_table(
        title,
        ["code", "kind", "plants", "MWh", "fuel MWh", "t", "t elsewhere", "t/MWh"],
        [
            [
                row.code,
                labels[row.kind],
                str(row.plants),
                number(row.energy.mwh, 1),
                number(sum(row.fuels_mwh.values()), 1),
                number(row.emissions_t, 1),
                number(row.elsewhere_t, 1),
                "-" if row.factor_t_per_mwh is None else f"{row.factor_t_per_mwh:.4f}",
            ]
            for row in rows
        ],
        left=2,
    )
    if any(row.elsewhere_t for row in rows):
        say("t elsewhere: emissions of fuel that stands in a line of consumption, and count there")
