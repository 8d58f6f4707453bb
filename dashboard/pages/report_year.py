"""The year that the report's address asks for, with all that its pages are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.asked import Asked
from dashboard.queries.progress import INVENTORIES, CityView, view
from dashboard.queries.report import METER_YEAR, Checklist, MeterYear, checklist, report_years


@dataclass(frozen=True)
class ReportYear:
    """One year against the target asked for, by the plan's own method."""

    years: list[int]
    year: int
    view: CityView
    meters: MeterYear
    checklist: Checklist
    made_at: datetime


def report_year(asked: Asked) -> ReportYear | None:
    """None if no year after the base year has an inventory."""
    city, target = asked.city, asked.address.target
    kept = asked.observatory.kept(INVENTORIES, city.id, city.plan.electricity_factor)
    years = report_years(kept.value.by_year, target.base_year)
    if not years or target.base_year not in kept.value.by_year:
        return None
    year = int(asked.choice("year", [str(y) for y in years], str(years[0])))
    until = {y: made for y, made in kept.value.by_year.items() if y <= year}
    shown = asked.observatory.recent(
        ("report", city.id, target.id, year),
        lambda sources: view(city, sources.ledger, target.id, until, kept.value.draws),
    )
    meters = asked.observatory.kept(METER_YEAR, city.id, str(year))
    lacking = checklist(city, shown, meters.value)
    made_at = min(kept.made_at, meters.made_at)
    return ReportYear(years, year, shown, meters.value, lacking, made_at)
