"""Measured savings as plain data: what was avoided, both bands, declared beside measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paes import __version__
from paes.faults.money.price import Interval
from paes.installation import City
from paes.report.documents import Document, finding_document, finite
from paes.report.forecast_documents import baseline_document
from paes.savings.action_saving import ActionSaving
from paes.savings.bands import EmpiricalBand
from paes.savings.detectable import Detectable
from paes.savings.figure import SavingFigure
from paes.savings.null_savings import NormalChanges
from paes.savings.periods import DaySpan, Periods
from paes.savings.persistence import Persistence
from paes.savings.whole_building import Before


def savings_document(
    city: City, savings: Sequence[ActionSaving], changes: NormalChanges | None, labels: Any
) -> Document:
    """Every action that says how it is measured; energy in kWh, of a year unless it says else."""
    return {
        "city": city.id,
        "actions": [saving_document(saving) for saving in savings],
        "null_savings": [
            {
                "building": null.building,
                "use": str(null.use),
                "baseline_from": null.first.isoformat(),
                "fraction": null.fraction,
                "cv_rmse_fraction": finite(null.cv_rmse_fraction),
            }
            for null in (changes.found if changes else ())
        ],
        "simulated": labels.get("simulated") == "true",
        "software_version": __version__,
    }


def saving_document(saving: ActionSaving) -> Document:
    """One action with its verdict and all that it rests on."""
    return {
        "action": saving.action.id,
        "option": str(saving.option),
        "as_of": saving.as_of.isoformat(),
        "verdict": str(saving.verdict),
        "reason": str(saving.judged.reason),
        "declared_kwh": saving.declared_kwh,
        "realisation": interval_document(saving.realisation),
        "open_again": saving.is_open_again,
        "periods": periods_document(saving.periods),
        "year": _figure(saving.year),
        "to_date": _figure(saving.to_date),
        "bands": [band_document(band) for band in saving.bands],
        "parts": list(saving.parts),
        "models": [model_document(before) for before in saving.models],
        "persistence": _persistence(saving.persistence),
        "smallest_detectable": _detectable(saving.detectable),
        "measured_with": list(saving.measured_with),
        "findings": [finding_document(f) for f in saving.findings],
    }


def verdict_document(saving: ActionSaving) -> Document:
    """What a register of actions shows of it."""
    year = saving.year
    return {
        "verdict": str(saving.verdict),
        "reason": str(saving.judged.reason),
        "measured_kwh": interval_document(year.kwh if year else None),
        "realisation": interval_document(saving.realisation),
        "open_again": saving.is_open_again,
    }


def periods_document(periods: Periods) -> Document:
    """Days; ``end`` is the day after the last one."""
    return {
        "baseline": _days(periods.baseline),
        "works": _days(periods.works),
        "first_year": _days(periods.first_year),
        "reporting": _days(periods.reporting),
    }


def figure_document(figure: SavingFigure) -> Document:
    """What was avoided in some days, with what it is made from."""
    of = figure.avoided
    return {
        **_days(of.span),
        "expected_kwh": of.expected_kwh,
        "non_routine_kwh": of.non_routine_kwh,
        "used_kwh": of.used_kwh,
        "avoided_kwh": interval_document(figure.kwh),
        "avoided_fraction": finite(of.fraction),
        "statistical_half_kwh": finite(figure.statistical_half_kwh),
        "empirical_half_kwh": finite(figure.empirical_half_kwh),
        "gaps_kwh": {"low": finite(of.low_kwh - of.kwh), "high": finite(of.high_kwh - of.kwh)},
        "eur": interval_document(figure.eur),
        "co2_t": interval_document(figure.co2_t),
        "price_assumed": figure.is_price_assumed,
        "days": of.days,
        "seen_days": of.seen_days,
        "no_weather_days": of.no_weather_days,
    }


def interval_document(of: Interval | None) -> Document | None:
    """A figure between its bounds; None is unbounded, or not known."""
    if of is None:
        return None
    return {"low": finite(of.low), "likely": finite(of.likely), "high": finite(of.high)}


def band_document(band: EmpiricalBand) -> Document:
    """What one building changes by itself, and how that is known."""
    return {
        "use": str(band.use),
        "half_fraction": band.fraction,
        "came_from": band.came_from,
        "pairs": band.pairs,
        "buildings": band.buildings,
    }


def model_document(before: Before) -> Document:
    """The baseline of a part, or why there is none."""
    return {
        "part": before.metered.name,
        "learnt_days": before.learnt_days,
        "model": baseline_document(before.model) if before.model else None,
        "obstacle": finding_document(before.obstacle) if before.obstacle else None,
    }


def _figure(figure: SavingFigure | None) -> Document | None:
    return figure_document(figure) if figure else None


def _days(days: DaySpan) -> Document:
    return {"first": days.first.isoformat(), "end": days.end.isoformat()}


def _persistence(lasting: Persistence | None) -> Document | None:
    if lasting is None:
        return None
    return {
        "has_decayed": lasting.has_decayed,
        "first_fraction": lasting.first_fraction,
        "last_fraction": lasting.last_fraction,
        "band_fraction": lasting.band_fraction,
        "months": [
            {
                "month": f"{month.first:%Y-%m}",
                "expected_kwh": month.adjusted_kwh,
                "avoided_kwh": month.avoided_kwh,
                "avoided_low_kwh": finite(month.low_kwh),
                "avoided_high_kwh": finite(month.high_kwh),
                "sum_kwh": month.sum_kwh,
                "seen_days": month.seen_days,
            }
            for month in lasting.months
        ],
    }


def _detectable(of: Detectable | None) -> Document | None:
    if of is None:
        return None
    return {
        "year_kwh": of.year_kwh,
        "statistical_kwh": finite(of.statistical_kwh),
        "empirical_kwh": finite(of.empirical_kwh),
        "kwh": finite(of.kwh),
        "fraction": finite(of.fraction),
        "declared_kwh": of.declared_kwh,
        "declared_is_detectable": of.is_declared_detectable,
    }
