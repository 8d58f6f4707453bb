"""What plants made beside what was expected, at the terminal: ``paes pv --expected``."""

from __future__ import annotations

from collections.abc import Iterable

from paes.cli import Session
from paes.cli.asked import period_text
from paes.cli.output import number, percent, print_json, print_table, say
from paes.errors import DataError
from paes.metering import Site
from paes.periods import By, Span
from paes.report.documents import finding_document
from paes.report.generation import beside_document
from paes.solar.expected import How
from paes.solar.made_beside import Beside, PlantBeside, made_beside
from paes.solar.town import SolarTown

_HOW = {
    How.MEASURED: "irradiance measured by a pyranometer",
    How.SATELLITE: "irradiance seen by a satellite",
    How.NEIGHBOURS: "other plants of the town and near it",
    How.CLEAR_SKY: "a cloudless sky: what is expected is the most that can be",
}


def show_expected(
    session: Session, sites: Iterable[Site], span: Span, by: By, as_json: bool
) -> None:
    """Print each plant of ``sites``; DataError if there is none whose power is known."""
    town = SolarTown(session.ledger, session.city, span)
    wanted = {site.id for site in sites}
    plants = [plant for plant in town.plants.values() if plant.meter.site in wanted]
    if not plants:
        raise DataError(
            "no photovoltaic plant here whose power is known; expected a meter of generation with "
            "rated_power_kw, or pv_peak_kw of its site"
        )
    found = [made_beside(town, plant, span, by) for plant in plants]
    if as_json:
        print_json(
            {
                "plants": [beside_document(one) for one in found],
                "findings": [finding_document(f) for f in town.findings],
            }
        )
        return
    for one in found:
        _print(one, by)
    for finding in town.findings:
        say(f"{finding.name}: {finding.subject}: {finding.message}")


def _print(one: PlantBeside, by: By) -> None:
    print_table(
        f"{one.plant.id}: {number(one.plant.model.peak_kw, 1)} kW, expected by {_HOW[one.how]}",
        ["from", "made kWh", "expected", "between", "made/expected", "light known"],
        [[period_text(period.start, by), *_row(period)] for period in one.periods],
    )
    if not one.calibration.is_own:
        say(f"{one.plant.id}: not calibrated yet, too few sunny days are known")


def _row(period: Beside) -> list[str]:
    if not period.known_fraction:
        return ["-", "-", "-", "-", percent(0.0, 0)]
    return [
        number(period.made_kwh, 1),
        number(period.expected_kwh, 1),
        f"{number(period.low_kwh, 1)} to {number(period.high_kwh, 1)}",
        percent(period.ratio),
        percent(period.known_fraction, 0),
    ]
