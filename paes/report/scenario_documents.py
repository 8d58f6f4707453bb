"""Scenarios as plain data: lines of years, gaps, and how likely each is enough."""

from __future__ import annotations

from paes import __version__
from paes.installation import City
from paes.plan.outlook import GridProjection
from paes.report.documents import Document, finding_document, finite
from paes.report.forecast_documents import emissions_document
from paes.report.progress_documents import target_document
from paes.scenarios.scenarios import Scenario, Scenarios
from paes.scenarios.years import ScenarioYear


def scenarios_document(city: City, made: Scenarios, labels: dict[str, str]) -> Document:
    """All scenarios of a city beside one target."""
    low, likely, high = made.realisation
    return {
        "city": city.id,
        "city_name": city.name,
        "target": target_document(made.target),
        "unit": made.unit,
        "base": emissions_document(made.base),
        "last_year": made.last.year,
        "last_emissions_t": made.last.emissions_t,
        "electricity_factor": made.last.method.electricity_factor,
        "to_year": made.to_year,
        "allowed_t": made.allowed_t,
        "realisation": {
            "low_fraction": low,
            "likely_fraction": likely,
            "high_fraction": high,
            "level": 0.9,
        },
        "usual_spread_fraction_per_year": made.spread_per_year,
        "seed": made.seed,
        "draws": made.draws,
        "scenarios": [scenario_document(scenario) for scenario in made.scenarios],
        "findings": [finding_document(f) for f in made.findings],
        "simulated": labels.get("simulated") == "true",
        "software_version": __version__,
    }


def scenario_document(scenario: Scenario) -> Document:
    """One line of years; ``gap_t`` are the tonnes too many in its last one."""
    chances, interval = scenario.chances, scenario.interval_t
    return {
        "id": str(scenario.id),
        "grid": grid_document(scenario.grid) if scenario.grid else None,
        "actions": list(scenario.actions),
        "years": [year_document(year) for year in scenario.years],
        "gap_t": scenario.gap_t,
        "low_t": finite(interval.low),
        "high_t": finite(interval.high),
        "reduction_low_fraction": finite(chances.reduction.low),
        "reduction_high_fraction": finite(chances.reduction.high),
        "enough_chance_low": chances.on_path.low,
        "enough_chance_high": chances.on_path.high,
    }


def year_document(year: ScenarioYear) -> Document:
    """A year: as usual, what is taken off by whom, and what is left, in t."""
    return {
        "year": year.year,
        "inhabitants": year.inhabitants,
        "as_usual_t": year.as_usual_t,
        "own_actions_t": year.own_t,
        "supra_actions_t": year.supra_actions_t,
        "unsplit_actions_t": year.unsplit_t,
        "grid_t": year.grid_t,
        "supra_ordinate_t": year.supra_ordinate_t,
        "declared_t": year.declared_t,
        "emissions_t": year.emissions_t,
    }


def grid_document(grid: GridProjection) -> Document:
    """A projection of the grid's factor, with its source."""
    return grid.model_dump(mode="json")
