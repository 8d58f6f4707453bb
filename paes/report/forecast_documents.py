"""The running year as plain data: what was seen, what is expected, and by which models."""

from __future__ import annotations

from paes import __version__
from paes.baselines.baseline import Baseline
from paes.forecast.cells import CellForecast
from paes.forecast.expected_rest import SiteRest
from paes.forecast.forecast import Forecast
from paes.installation import City
from paes.progress.path import Emissions
from paes.report.documents import Document, finding_document, finite
from paes.report.inventory_documents import factor_document
from paes.report.progress_documents import target_document


def forecast_document(city: City, forecast: Forecast, labels: dict[str, str]) -> Document:
    """The running year beside path and target; bands hold 9 of 10 years."""
    weather = forecast.weather
    return {
        "city": city.id,
        "city_name": city.name,
        "year": forecast.year,
        "seen_until": forecast.until.isoformat(),
        "weather": {
            "came_from": str(weather.came_from),
            "years": list(weather.years),
            "means": "what past years had on the days to come: normal weather",
        },
        "target": target_document(forecast.target),
        "unit": forecast.unit,
        "electricity_factor": forecast.inventory.method.electricity_factor,
        "band_level": 0.9,
        "base": emissions_document(forecast.base),
        "expected": emissions_document(forecast.expected),
        "path": emissions_document(forecast.path),
        "target_emissions": forecast.target_emissions,
        "verdict": str(forecast.verdict),
        "energy_mwh": forecast.inventory.energy_mwh,
        "emissions_t": forecast.inventory.emissions_t,
        "seen_fraction": forecast.seen_fraction,
        "expected_fraction": forecast.expected_fraction,
        "declared_fraction": forecast.declared_fraction,
        "cells": [cell_document(cell) for cell in forecast.cells],
        "sites": [site_document(rest) for rest in forecast.sites],
        "findings": [finding_document(f) for f in forecast.findings],
        "simulated": labels.get("simulated") == "true",
        "software_version": __version__,
    }


def emissions_document(emissions: Emissions) -> Document:
    """Emissions of a year between their bounds, in the target's measure."""
    return {"value": emissions.t, "low": finite(emissions.low_t), "high": finite(emissions.high_t)}


def cell_document(cell: CellForecast) -> Document:
    """A sector and carrier of the running year."""
    low_t, high_t = cell.bounds_t
    return {
        "sector": str(cell.sector),
        "carrier": str(cell.carrier),
        "so_far_mwh": cell.so_far_mwh,
        "rest_mwh": cell.rest_mwh,
        "declared_mwh": cell.declared_mwh,
        "expected_mwh": cell.expected_mwh,
        "low_mwh": cell.low_mwh,
        "high_mwh": finite(cell.high_mwh),
        "emissions_t": cell.expected_t,
        "low_t": low_t,
        "high_t": finite(high_t),
        "how": [str(how) for how in cell.how],
        **factor_document(cell.line.factor),
    }


def site_document(rest: SiteRest) -> Document:
    """What a site is expected to use, and the model that says so."""
    return {
        "site": rest.site.id,
        "carrier": str(rest.carrier),
        "how": str(rest.how),
        "seen_kwh": rest.seen_kwh,
        "rest_kwh": rest.kwh,
        "filled_kwh": rest.filled_kwh,
        "model": baseline_document(rest.baseline) if rest.baseline else None,
    }


def baseline_document(model: Baseline) -> Document:
    """A model and how well it tells the days it was made from."""
    fit = model.fit_quality
    return {
        "base_kwh_a_day": {k.name.lower(): v for k, v in model.base_kwh.items()},
        "heating_kwh_per_degc": {k.name.lower(): v for k, v in model.heating_kwh_per_degc.items()},
        "balance_heating_degc": model.balance_heating_degc,
        "heats_in_season": model.heats_in_season,
        "cooling_kwh_per_degc": {k.name.lower(): v for k, v in model.cooling_kwh_per_degc.items()},
        "balance_cooling_degc": model.balance_cooling_degc,
        "kwh_per_night_h": model.kwh_per_night_h,
        "days": fit.days,
        "cv_rmse_fraction": finite(fit.cv_rmse_fraction),
        "nmbe_fraction": finite(fit.nmbe_fraction),
    }
