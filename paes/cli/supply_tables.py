"""What commands print of local supply: tables C and D."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paes.cli.output import number, print_table, say
from paes.factors.emission_factors import FactorMatch, How
from paes.inventory.inventory import Inventory
from paes.report.supply_documents import LABELS_C, LABELS_D
from paes.supply.local_supply import TableRow

_TERMS = {
    "tce_mwh": "TCE {} MWh",
    "lpe_mwh": "LPE {} MWh",
    "own_use_mwh": "used on the spot {} MWh",
    "gep_mwh": "GEP {} MWh",
    "neefe_t_per_mwh": "NEEFE {} t/MWh",
    "co2lpe_t": "CO2LPE {} t",
    "co2gep_t": "CO2GEP {} t",
    "lhc_mwh": "LHC {} MWh",
    "co2lph_t": "CO2LPH {} t",
    "co2ih_t": "CO2IH {} t",
    "co2eh_t": "CO2EH {} t",
}


def print_supply(city: str, made: Inventory) -> None:
    """Tables C and D of an inventory's year, and what its local factors are made of.

    Nothing where no factor of the inventory rests on them.
    """
    local = {
        line.factor.carrier: line.factor for line in made.lines if line.factor.how is How.LOCAL
    }
    if made.supply is None or not local:
        return
    where = f"{city} {made.year}"
    _print(f"{where}: table C, local electricity", made.supply.table_c, LABELS_C)
    _print(f"{where}: table D, local heat and cold", made.supply.table_d, LABELS_D)
    for match in local.values():
        say_formula(match)


def say_formula(match: FactorMatch, before: str = "") -> None:
    """What a local factor was made of; nothing for one of a table."""
    if match.formula and ("tce_mwh" in match.numbers or "lhc_mwh" in match.numbers):
        say(f"{before}{match.formula}; {_terms(match.numbers)}")


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
    say_elsewhere(rows)


def say_elsewhere(rows: tuple[TableRow, ...]) -> None:
    """Why a plant that burns something has no tonnes in its row; nothing where none has."""
    elsewhere_t = rows[-1].elsewhere_t if rows else 0.0
    if elsewhere_t:
        say(
            f"{number(elsewhere_t, 1)} t are elsewhere: of fuel that stands in a line of "
            "consumption, and counts there"
        )
