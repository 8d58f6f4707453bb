"""What commands print of local supply: tables C and D."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paes.cli.output import number, print_table, say
from paes.report.supply_documents import LABELS_C, LABELS_D
from paes.supply.local_supply import LocalSupply, TableRow


def print_supply(city: str, supply: LocalSupply) -> None:
    """Tables C and D of the year; nothing where the town makes nothing."""
    _print(f"{city} {supply.year}: table C, local electricity", supply.table_c, LABELS_C)
    _print(f"{city} {supply.year}: table D, local heat and cold", supply.table_d, LABELS_D)


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
