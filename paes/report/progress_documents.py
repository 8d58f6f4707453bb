"""Progress as plain data: years beside the path, and the causes of the change."""

from __future__ import annotations

from paes import __version__
from paes.causes.cause import Cause, causes_of
from paes.causes.effects import Effects
from paes.installation import City
from paes.lineage.figure_id import choices_of, progress_id
from paes.plan.target import Target
from paes.progress.path import Emissions, YearResult, target_total_t
from paes.progress.progress import Progress
from paes.report.documents import Document, finding_document, finite
from paes.report.uncertainty_documents import chances_document


def progress_document(city: City, progress: Progress, labels: dict[str, str]) -> Document:
    """Where a city stands against a target, year by year, and the causes of the change."""
    at_target = progress.at_target

    def told(year: int, quantity: str) -> str:
        chosen = choices_of(progress.method, city.plan)
        return progress_id(city.id, progress.target.id, year, quantity, chosen)

    return {
        "city": city.id,
        "city_name": city.name,
        "target": target_document(progress.target),
        "unit": progress.unit,
        "electricity_factor": progress.method.electricity_factor,
        "electricity_scope": progress.method.electricity_scope,
        "base": year_document(progress.base),
        "target_emissions": progress.target_t,
        "target_total_t": _target_total_t(city, progress),
        "at_target_year": year_document(at_target) if at_target else None,
        "latest": year_document(progress.latest),
        "years": [{"id": told(y.year, "reduction"), **year_document(y)} for y in progress.years],
        "effects": [
            {
                "id": told(e.year, "total_t"),
                **effects_document(e, progress.inventories[0].emissions_t),
            }
            for e in progress.effects
        ],
        "chances": chances_document(progress.chances) if progress.chances else None,
        "published_inventories": [
            p.model_dump(mode="json") for p in city.plan.published_inventories
        ],
        "assumed_fraction": {i.year: i.assumed_fraction for i in progress.inventories},
        "metered_fraction": {i.year: i.metered_fraction for i in progress.inventories},
        "simulated": labels.get("simulated") == "true",
        "software_version": __version__,
    }


def _target_total_t(city: City, progress: Progress) -> float:
    """What the target allows the whole town in its year; per head or not, in t."""
    base = progress.base
    emissions = Emissions(base.emissions_t, base.low_t, base.high_t)
    return target_total_t(city, progress.target, emissions, progress.target.target_year).t


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
        "required_supra_ordinate_fraction": year.required_supra_fraction,
        "required_own_fraction": year.required_own_fraction,
        "verdict": str(year.verdict),
        "verdict_open_by": str(year.open_by) if year.open_by else None,
    }


def effects_document(effects: Effects, base_t: float) -> Document:
    """The reduction since the base year (``base_t``) by cause; ``causes`` add up to the total."""
    causes = causes_of(effects)
    return {
        "year": effects.year,
        "total_t": effects.total_t,
        "weather_t": effects.weather_t,
        "activity_t": effects.activity_t,
        "boundary_t": effects.boundary_t,
        "other_factors_t": effects.other_factors_t,
        "other_rows_t": effects.other_rows_t,
        "grid_t": effects.grid_t,
        "supra_ordinate_actions_declared_t": effects.supra_actions_t,
        "supra_ordinate_t": effects.supra_ordinate_t,
        "local_supply_t": effects.local_supply_t,
        "mixed_actions_declared_t": effects.mixed_actions_t,
        "own_actions_declared_t": effects.own_actions_t,
        "own_actions_low_t": effects.own_low_t,
        "own_actions_high_t": effects.own_high_t,
        "unexplained_t": effects.unexplained_t,
        "unexplained_low_t": finite(effects.unexplained_bounds_t[0]),
        "unexplained_high_t": finite(effects.unexplained_bounds_t[1]),
        "causes": [cause_document(cause, base_t) for cause in causes],
        "findings": [finding_document(finding) for finding in effects.findings],
    }


def cause_document(cause: Cause, base_t: float) -> Document:
    """One cause: whom it is owed to, how it is known, tonnes, and as a part of the base year."""
    return {
        "cause": cause.name,
        "owed_to": str(cause.owed),
        "known_by": str(cause.basis),
        "assumed": cause.assumed,
        "t": cause.t,
        "low_t": finite(cause.low_t),
        "high_t": finite(cause.high_t),
        "fraction_of_base_year": cause.t / base_t if base_t else None,
    }
