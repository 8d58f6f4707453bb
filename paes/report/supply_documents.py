"""Local supply as plain data: tables C and D, the plants behind them, totals by every basis."""

from __future__ import annotations

from paes.inventory.side_by_side import Basis
from paes.progress.path import YearResult
from paes.progress.side_by_side import ProgressBasis
from paes.report.documents import Document, finding_document, finite
from paes.report.inventory_documents import factor_document
from paes.supply.local_supply import Amount, LocalSupply, PlantYear, TableRow
from paes.supply.plants import PlantKind

LABELS_C = {
    PlantKind.WIND: "Wind power",
    PlantKind.HYDRO: "Hydroelectric power",
    PlantKind.PHOTOVOLTAIC: "Photovoltaic",
    PlantKind.CHP: "Combined heat and power",
    PlantKind.OTHER: "Other",
    None: "Total",
}
LABELS_D = {
    PlantKind.CHP: "Combined heat and power",
    PlantKind.DISTRICT_HEATING: "District heating plant(s)",
    PlantKind.OTHER: "Other",
    None: "Total",
}
"""The rows of tables C and D as the Covenant's template has them."""


def supply_document(supply: LocalSupply) -> Document:
    """Tables C and D of the year, their plants, and the terms of the local factors."""
    return {
        "year": supply.year,
        "table_c": [_row(row, LABELS_C[row.kind]) for row in supply.table_c],
        "table_d": [_row(row, LABELS_D[row.kind]) for row in supply.table_d],
        "plants": [_plant(plant) for plant in supply.plants],
        "tce": _amount(supply.consumption),
        "lpe": _amount(supply.delivered),
        "used_on_the_spot": _amount(supply.used_on_the_spot),
        "lhc": _amount(supply.heat_consumption),
        "co2lpe_t": supply.electricity_t,
        "co2lph_t": supply.heat_t,
        "imported_heat_mwh": supply.imported_heat_mwh,
        "imported_heat_t": supply.imported_heat_t,
        "exported_heat_mwh": supply.exported_heat_mwh,
        "exported_heat_t": supply.exported_heat_t,
        "green_mwh": supply.green_mwh,
        "green_t": supply.green_t,
        "assumed": supply.rests_on_assumption,
        "findings": [finding_document(f) for f in supply.findings],
    }


def bases_document(bases: list[Basis]) -> list[Document]:
    """The total of a year by each basis, with its factor of electricity; None where none is."""
    return [_basis(basis) for basis in bases]


def _basis(basis: Basis) -> Document:
    made, factor = basis.inventory, basis.electricity
    return {
        "basis": basis.name,
        "asked": basis.is_asked,
        "electricity_factor": basis.method.electricity_factor,
        "electricity_scope": basis.method.electricity_scope,
        "problem": basis.problem,
        "emissions_t": made.emissions_t if made else None,
        "electricity_t": basis.electricity_t if made else None,
        "low_t": finite(made.bounds_t[0]) if made else None,
        "high_t": finite(made.bounds_t[1]) if made else None,
        **(factor_document(factor) if factor else {}),
    }


def progress_bases_document(bases: list[ProgressBasis]) -> list[Document]:
    """Progress by each basis: base year, every year and verdict; None where there is none."""
    return [
        {
            "basis": basis.name,
            "asked": basis.is_asked,
            "electricity_factor": basis.method.electricity_factor,
            "electricity_scope": basis.method.electricity_scope,
            "problem": basis.problem,
            "unit": basis.progress.unit if basis.progress else None,
            "target": basis.progress.target.id if basis.progress else None,
            "years": [_year(year) for year in basis.progress.years] if basis.progress else [],
        }
        for basis in bases
    ]


def _year(year: YearResult) -> Document:
    return {
        "year": year.year,
        "emissions_t": year.emissions_t,
        "low_t": finite(year.low_t),
        "high_t": finite(year.high_t),
        "path_t": year.path_t,
        "reduction_fraction": year.reduction_fraction,
        "least_reduction_fraction": finite(year.least_reduction_fraction),
        "required_fraction": year.required_fraction,
        "verdict": str(year.verdict),
    }


def _row(row: TableRow, label: str) -> Document:
    return {
        "code": row.code,
        "plant": str(row.kind) if row.kind else "",
        "label": label,
        "plants": row.plants,
        **_amount(row.energy),
        "fuels_mwh": {str(fuel): mwh for fuel, mwh in row.fuels_mwh.items()},
        "emissions_t": row.emissions_t,
        "emissions_elsewhere_t": row.elsewhere_t,
        "factor_t_per_mwh": row.factor_t_per_mwh,
    }


def _plant(plant: PlantYear) -> Document:
    return {
        "plant": plant.plant,
        "name": plant.name,
        "kind": str(plant.kind),
        "electricity": _amount(plant.electricity),
        "delivered": _amount(plant.delivered),
        "used_on_the_spot": _amount(plant.used_on_the_spot),
        "heat": _amount(plant.heat),
        "fuels_mwh": {str(fuel): mwh for fuel, mwh in plant.fuels_mwh.items()},
        "emissions_t": plant.emissions_t,
        "heat_emissions_fraction": plant.heat_emissions_fraction,
        "counts_emissions": plant.counts_emissions,
        "meters": plant.meters,
        "metered_mwh": plant.metered_mwh,
        "declared_mwh": plant.declared_mwh,
        "declared_year": plant.declared_year,
        "assumed": plant.assumed,
        "sources": list(plant.sources),
    }


def _amount(amount: Amount) -> Document:
    return {
        "energy_mwh": amount.mwh,
        "low_mwh": finite(amount.low_mwh),
        "high_mwh": finite(amount.high_mwh),
    }
