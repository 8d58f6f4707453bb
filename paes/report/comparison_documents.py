"""Towns and sites beside each other as plain data."""

from __future__ import annotations

from paes import __version__
from paes.comparison.key_figures import KeyFigure
from paes.comparison.towns import Comparison, Together, Town
from paes.report.documents import Document, finite


def comparison_document(found: Comparison, labels: dict[str, str]) -> Document:
    """Every town, all together, and those without an inventory."""
    return {
        "year": found.year,
        "towns": [town_document(town) for town in found.towns],
        "together": together_document(found.together),
        "without_inventory": [{"city": name, "why": why} for name, why in found.without],
        "simulated": labels.get("simulated") == "true",
        "software_version": __version__,
    }


def town_document(town: Town) -> Document:
    """One town with its plan's progress and its key figures."""
    progress, inventory = town.progress, town.inventory
    low, high = inventory.bounds_t
    return {
        "city": town.city.id,
        "city_name": town.city.name,
        "inhabitants": town.inhabitants,
        "energy_mwh": inventory.energy_mwh,
        "emissions_t": inventory.emissions_t,
        "low_t": finite(low),
        "high_t": finite(high),
        "t_per_inhabitant": town.t_per_inhabitant,
        "mwh_per_inhabitant": town.mwh_per_inhabitant,
        "assumed_fraction": inventory.assumed_fraction,
        "target": progress.target.id if progress else None,
        "target_reduction_fraction": progress.target.reduction_fraction if progress else None,
        "reduction_fraction": progress.latest.reduction_fraction if progress else None,
        "verdict": str(progress.latest.verdict) if progress else None,
        "key_figures": [figure_document(f) for f in town.figures],
        "site_figures": [figure_document(f) for f in town.site_figures],
    }


def together_document(together: Together) -> Document:
    """The towns as one; tonnes only where one method made them all."""
    bounds = together.bounds_t
    return {
        "energy_mwh": together.energy_mwh,
        "inhabitants": together.inhabitants,
        "emissions_t": together.emissions_t,
        "low_t": finite(bounds[0]) if bounds else None,
        "high_t": finite(bounds[1]) if bounds else None,
        "base_year": together.base_year,
        "base_emissions_t": together.base_emissions_t,
        "reduction_fraction": together.reduction_fraction,
        "not_added": together.not_added,
    }


def figure_document(figure: KeyFigure) -> Document:
    """kWh a year by one unit, its bounds, and where it lies beside what is usual."""
    usual = figure.usual
    return {
        "subject": figure.subject,
        "name": figure.name,
        "use": str(figure.use),
        "per": str(figure.per),
        "units": figure.units,
        "kwh": figure.kwh,
        "low_kwh": finite(figure.low_kwh),
        "high_kwh": finite(figure.high_kwh),
        "coverage": figure.coverage,
        "whole_year": figure.whole_year,
        "usual_low_kwh": usual.low_kwh if usual else None,
        "usual_high_kwh": usual.high_kwh if usual else None,
        "usual_source": (usual.source or usual.note) if usual else None,
        "usual_assumed": usual.assumed if usual else None,
        "standing": str(figure.standing) if figure.standing else None,
    }
