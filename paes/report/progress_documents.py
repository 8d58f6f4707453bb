"""Progress as plain data: years beside the path, and the causes of the change."""

from __future__ import annotations

from paes import __version__
from paes.installation import City
from paes.plan.target import Target
from paes.progress.effects import Effects
from paes.progress.path import YearResult
from paes.progress.progress import Progress
from paes.report.documents import Document, finite
from paes.report.uncertainty_documents import chances_document


def progress_document(city: City, progress: Progress, labels: dict[str, str]) -> Document:
    """Where a city stands against a target, year by year, and the causes of the change."""
    at_target = progress.at_target
    return {
        "city": city.id,
        "city_name": city.name,
        "target": target_document(progress.target),
        "unit": progress.unit,
        "electricity_factor": progress.method.electricity_factor,
        "base": year_document(progress.base),
        "target_emissions": progress.target_t,
        "at_target_year": year_document(at_target) if at_target else None,
        "latest": year_document(progress.latest),
        "years": [year_document(y) for y in progress.years],
        "effects": [effects_document(e) for e in progress.effects],
        "chances": chances_document(progress.chances) if progress.chances else None,
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
