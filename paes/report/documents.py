"""Results as plain data, ready for JSON: every figure with its unit, source and marks.

Infinite bounds become None, which means "nothing bounds it". Keys end with their unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from paes import __version__
from paes.accounting.estimate_parts import Estimate
from paes.activity.activity_data import DeclaredRow
from paes.factors.emission_factors import FactorMatch
from paes.installation import City
from paes.inventory import FORMULA, Inventory, InventoryLine
from paes.metering import Finding
from paes.plan import Target
from paes.progress import Effects, Progress, YearResult

Document = dict[str, Any]


def inventory_document(city: City, inventory: Inventory, labels: dict[str, str]) -> Document:
    """An inventory with all its lines; ``labels`` are the store's marks."""
    low, high = inventory.missing_t
    factor_set = inventory.factor_set
    return {
        "city": city.id,
        "city_name": city.name,
        "year": inventory.year,
        "kind": inventory.kind,
        "factor_set": factor_set.id,
        "approach": factor_set.approach,
        "gas": factor_set.gas,
        "factor_set_version": factor_set.version,
        "electricity_factor": inventory.electricity_factor,
        "formula": FORMULA,
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
        "lines": [line_document(line) for line in inventory.lines],
        "findings": [finding_document(f) for f in inventory.findings],
    }


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
        **factor_document(line.factor),
        "emissions_t": line.emissions_t,
        "assumed": line.assumed,
        "sources": list(activity.sources),
        "declared": [declared_document(part) for part in activity.parts],
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
    }


def progress_document(city: City, progress: Progress, labels: dict[str, str]) -> Document:
    """Where a city stands against a target, year by year, and the causes of the change."""
    at_target = progress.at_target
    return {
        "city": city.id,
        "city_name": city.name,
        "target": target_document(progress.target),
        "unit": progress.unit,
        "electricity_factor": progress.electricity_factor,
        "base": year_document(progress.base),
        "target_emissions": progress.target_t,
        "at_target_year": year_document(at_target) if at_target else None,
        "latest": year_document(progress.latest),
        "years": [year_document(y) for y in progress.years],
        "effects": [effects_document(e) for e in progress.effects],
        "published_inventories": [
            p.model_dump(mode="json") for p in city.plan.published_inventories
        ],
        "assumed_fraction": {i.year: i.assumed_fraction for i in progress.inventories},
        "metered_fraction": {i.year: i.metered_fraction for i in progress.inventories},
        "simulated": labels.get("simulated") == "true",
        "software_version": __version__,
    }


def target_document(target: Target) -> Document:
    """A target with its split and its source."""
    return {**target.model_dump(mode="json"), "own_fraction": target.own_fraction}


def year_document(year: YearResult) -> Document:
    """One inventory year beside the path (t, or t per head)."""
    return {
        "year": year.year,
        "emissions": year.emissions_t,
        "low": year.low_t,
        "high": finite(year.high_t),
        "path": year.path_t,
        "distance_to_path": year.distance_t,
        "reduction_fraction": year.reduction_fraction,
        "least_reduction_fraction": finite(year.least_reduction_fraction),
        "required_fraction": year.required_fraction,
        "verdict": str(year.verdict),
    }


def effects_document(effects: Effects) -> Document:
    """The reduction since the base year by cause; the parts add up to the total."""
    return {
        "year": effects.year,
        "total_t": effects.total_t,
        "grid_t": effects.grid_t,
        "supra_ordinate_actions_declared_t": effects.supra_actions_t,
        "mixed_actions_declared_t": effects.mixed_actions_t,
        "own_actions_declared_t": effects.own_actions_t,
        "unexplained_t": effects.unexplained_t,
    }


def finding_document(finding: Finding) -> Document:
    """A finding with the numbers that prove it."""
    return {
        "name": finding.name,
        "subject": finding.subject,
        "message": finding.message,
        "at": finding.at.isoformat() if finding.at else None,
        "numbers": {name: finite(value) for name, value in finding.numbers.items()},
    }


def estimate_document(estimate: Estimate, unit: str) -> Document:
    """One stretch that is estimated, its amounts in ``unit``."""
    return {
        "start": estimate.start.isoformat(),
        "end": estimate.end.isoformat(),
        "method": str(estimate.method),
        "cause": estimate.cause,
        f"amount_{unit}": estimate.amount,
        f"low_{unit}": estimate.low,
        f"high_{unit}": finite(estimate.high),
    }


def frame_records(frame: pd.DataFrame) -> list[Document]:
    """The rows of an energy frame: local start with its offset, amounts, coverage."""
    records = []
    for start, row in zip(frame.index, frame.to_dict("records"), strict=True):
        covered, span = row.pop("covered_s"), row.pop("span_s")
        amounts = {str(name): finite(float(value)) for name, value in row.items()}
        coverage = covered / span if span else None
        records.append({"start": start.isoformat(), **amounts, "coverage": coverage})
    return records


def finite(value: float) -> float | None:
    """``value``, or None if it is infinite: nothing bounds it."""
    return value if math.isfinite(value) else None


def flat(documents: Iterable[Document]) -> pd.DataFrame:
    """Documents as a table, values as they are; lists joined with `` | ``.

    Lists of documents are left out: they are tables of their own.
    """
    listed = list(documents)
    nested = {k for d in listed for k, v in d.items() if _nested(v)}
    rows = [
        {
            k: " | ".join(map(str, v)) if isinstance(v, list) else v
            for k, v in d.items()
            if k not in nested
        }
        for d in listed
    ]
    return pd.DataFrame(rows, dtype=object)


def _nested(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)
