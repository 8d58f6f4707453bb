"""An inventory as plain data: every line with its energy, evidence, factor and emissions."""

from __future__ import annotations

from paes import __version__
from paes.activity.activity_data import DeclaredRow
from paes.factors.emission_factors import FactorMatch
from paes.installation import City
from paes.inventory.evidence import CellEvidence
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.lineage.figure_id import choices_of, inventory_id
from paes.lineage.formulas import EMISSIONS
from paes.report.documents import Document, finding_document, finite
from paes.report.other_row_documents import other_rows_document
from paes.report.uncertainty_documents import line_uncertainty, total_uncertainty
from paes.uncertainty.simulation import Draws


def inventory_document(
    city: City, inventory: Inventory, labels: dict[str, str], draws: Draws | None = None
) -> Document:
    """An inventory with all its lines; ``labels`` are the store's marks.

    Intervals are told of what ``draws`` hold.
    """
    low, high = inventory.missing_t
    factor_set = inventory.factor_set
    chosen = choices_of(inventory.method, city.plan)
    return {
        "id": inventory_id(city.id, inventory.year, choices=chosen),
        "city": city.id,
        "city_name": city.name,
        "year": inventory.year,
        "kind": inventory.kind,
        "factor_set": factor_set.id,
        "approach": factor_set.approach,
        "gas": factor_set.gas,
        "factor_set_version": factor_set.version,
        "method": method_document(inventory),
        "electricity_factor": inventory.method.electricity_factor,
        "electricity_scope": inventory.method.electricity_scope,
        "green_electricity": inventory.method.green_electricity,
        "gwp": inventory.gwp,
        "factors_as_of": inventory.factors_as_of.isoformat() if inventory.factors_as_of else None,
        "formula": EMISSIONS.text,
        "formula_version": EMISSIONS.version,
        "energy_mwh": inventory.energy_mwh,
        "emissions_t": inventory.emissions_t,
        "missing_low_t": finite(low),
        "missing_high_t": finite(high),
        "low_t": finite(inventory.bounds_t[0]),
        "high_t": finite(inventory.bounds_t[1]),
        "metered_fraction": inventory.metered_fraction,
        "assumed_fraction": inventory.assumed_fraction,
        "simulated": labels.get("simulated") == "true",
        "software_version": __version__,
        "uncertainty": total_uncertainty(inventory, draws),
        "lines": [
            {
                "id": inventory_id(city.id, inventory.year, *_cell(line), choices=chosen),
                **line_document(line),
                **line_uncertainty(line, draws),
            }
            for line in inventory.lines
        ],
        **other_rows_document(inventory),
        "findings": [finding_document(f) for f in inventory.findings],
    }


def method_document(inventory: Inventory) -> Document:
    """Every choice that the figures are made with."""
    method, of = inventory.method, inventory.factor_set
    return {
        "factor_set": of.id,
        "approach": of.approach,
        "gas": of.gas,
        "version": of.version,
        "base_year": method.base_year,
        "electricity_factor": method.electricity_factor,
        "electricity_scope": method.electricity_scope,
        "green_electricity": method.green_electricity,
        "gwp": inventory.gwp,
        "factors_as_of": inventory.factors_as_of.isoformat() if inventory.factors_as_of else None,
    }


def evidence_document(parts: CellEvidence) -> Document:
    """What a figure rests on; a bound that is not there is None."""
    return {
        "measured_mwh": parts.measured_mwh,
        "billed_mwh": parts.billed_mwh,
        "estimated_mwh": parts.estimated_mwh,
        "declared_mwh": parts.declared_mwh,
        "carried_mwh": parts.carried_mwh,
        "missing_low_mwh": finite(parts.missing_low_mwh),
        "missing_high_mwh": finite(parts.missing_high_mwh),
    }


def _cell(line: InventoryLine) -> tuple[str, str]:
    return str(line.activity.sector), str(line.activity.carrier)


def line_document(line: InventoryLine) -> Document:
    """One sector and carrier: energy, where it is from, factor, emissions."""
    activity = line.activity
    low, high = activity.missing_mwh
    return {
        "sector": str(activity.sector),
        "carrier": str(activity.carrier),
        "energy_mwh": line.energy_mwh,
        "declared_mwh": activity.declared_mwh,
        "declared_year": activity.declared_year,
        "metered_mwh": activity.metered_mwh,
        "metered_is_added": activity.adds_metered,
        "metered_coverage": activity.metered.coverage,
        "estimated_mwh": activity.estimated_mwh,
        "missing_low_mwh": finite(low),
        "missing_high_mwh": finite(high),
        "low_mwh": finite(activity.bounds_mwh[0]),
        "high_mwh": finite(activity.bounds_mwh[1]),
        "evidence": evidence_document(line.evidence),
        "seen_within_declared_mwh": CellEvidence.within(activity).metered_mwh,
        **factor_document(line.factor),
        "emissions_t": line.emissions_t,
        "assumed": line.assumed,
        "sources": list(activity.sources),
        "declared": [declared_document(part) for part in activity.parts],
        "replaced": [declared_document(one.row) for one in activity.replaced],
    }


def declared_document(part: DeclaredRow) -> Document:
    """A declared row: what it is for, its energy, and how an amount became energy."""
    conversion = part.conversion
    value = conversion.net if conversion else None
    return {
        "use": part.use,
        "year": part.year,
        "mwh": part.energy_mwh,
        "amount": part.amount,
        "unit": part.unit,
        "fuel": part.fuel,
        "conversion": conversion.told if conversion else None,
        "calorific_value_how": str(value.how) if value else None,
        "calorific_value_source": (value.source or value.note) if value else None,
        "sessions": part.sessions,
        "covers": str(part.covers),
        "sites": list(part.sites),
        "assumed": part.rests_on_assumption,
        "source": part.source,
        "note": part.note,
    }


def factor_document(match: FactorMatch) -> Document:
    """A factor and how it was found."""
    return {
        "factor_t_per_mwh": match.factor_t_per_mwh,
        "factor_year": match.year_used,
        "factor_how": str(match.how),
        "factor_source": match.source,
        "factor_assumed": match.assumed,
        "factor_formula": match.formula,
        "factor_numbers": [
            {"name": name, "value": finite(value)} for name, value in match.numbers.items()
        ],
        "factor_gwp": match.gwp,
        "factor_added": match.added.isoformat() if match.added else None,
        "factor_declared_at": match.declared_at,
    }
