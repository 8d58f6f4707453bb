"""How an inventory comes about: activity, factors, and what is odd about either."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.activity.activity_data import ActivityData, Cell, Covers, activity_data
from paes.activity.site_meters import RowKey, SiteMeters
from paes.errors import DataError
from paes.installation import City
from paes.inventory.factor_choice import FactorChoice, frozen_on, known_on
from paes.inventory.factor_findings import factor_findings
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.local_factors import local_factors
from paes.inventory.metered_plants import MeteredPlants
from paes.inventory.method import Method
from paes.inventory.notation import notation_findings, noted_cells
from paes.inventory.other_emissions import OtherEmissions, green_row, other_rows
from paes.inventory.seen_year import SeenYear, seen_year
from paes.inventory.supply_year import findings_of, supply_of
from paes.metering import Carrier, Finding, Measures, Sector
from paes.periods import local_year, year_span
from paes.plausibility.checks import plausibility_findings
from paes.plausibility.limits import limits

METERS_ALIKE = 0.02
"""So many meters more or less in use (a week of one) are the same meters."""


def make_inventory(
    city: City,
    year: int,
    ledger: EnergyLedger,
    method: Method | None = None,
    seen: SeenYear | None = None,
) -> Inventory:
    """The inventory of ``city`` in ``year``.

    ``method`` is the plan's unless another is given; ``seen`` may bring what the meters saw, where
    the same year is made by several. Raises DataError for a year that is not over or has no data,
    FactorMissing if a carrier has no factor in the plan's set.
    """
    this_year = local_year(ledger.clock(), city.time_zone)
    if year >= this_year:
        raise DataError(
            f"{year} is not over: an inventory needs the whole year; the last one is "
            f"{this_year - 1} (for the months so far ask: paes energy)"
        )
    seen = seen or seen_year(city, year, ledger)
    bought = seen.bought
    made = inventory_of(
        city, year, ledger, bought.metered, bought.billed, method, bought.of_sites, seen.made
    )
    return replace(made, metered_terms=bought.terms)


def inventory_of(
    city: City,
    year: int,
    ledger: EnergyLedger,
    metered: dict[Cell, EnergyTotal],
    billed: dict[Cell, EnergyTotal],
    method: Method | None = None,
    of_sites: Mapping[RowKey, SiteMeters] | None = None,
    plants: MeteredPlants | None = None,
) -> Inventory:
    """The inventory of ``year`` with this metered energy, by one path for all: a running year's
    is what meters saw so far and what is expected of them (``paes.forecast.forecast``).

    Sites that a declared row names are in ``of_sites``, by row, and not in ``metered``. ``plants``
    are asked of the meters of generation unless they are there.
    Nobody asks here whether the year is over. Raises as ``make_inventory``.
    """
    plan = city.plan
    method = method or Method.of(plan)
    rows, findings = activity_data(year, city.declared, metered, billed, of_sites)
    factors = ledger.installation.factors
    as_of = known_on(plan, year, method)
    frozen_as_of = frozen_on(plan, method)
    choice = FactorChoice(factors, city.local_factors, method, as_of, frozen_as_of)
    supply = supply_of(city, year, ledger, choice, rows, plants)
    choice = replace(choice, local=local_factors(supply, choice))
    lines = [InventoryLine(row, choice.of_row(row)) for row in rows]
    others, other_findings = _other_rows(city, year, choice)
    noted = noted_cells(city.declared, year, choice)
    return Inventory(
        city=city.id,
        year=year,
        kind="BEI" if year == plan.base_year else "MEI",
        factor_set=factors.sets[method.factor_set],
        method=method,
        lines=tuple(lines),
        findings=tuple(
            findings
            + _meter_findings(city, year, ledger, rows)
            + SiteEnergy(ledger).findings(city, year_span(year, city.time_zone))
            + factor_findings(lines, choice)
            + notation_findings(noted, method.base_year)
            + other_findings
            + findings_of(supply, choice)
            + plausibility_findings(
                city, year, lines, supply.green_mwh, factors, limits(ledger.installation.root)
            )
        ),
        supply=supply,
        other_rows=tuple(others),
        noted=tuple(noted),
        factors_as_of=as_of,
        frozen_as_of=frozen_as_of,
    )


def inventory_years(city: City, ledger: EnergyLedger) -> list[int]:
    """Years for which an inventory can be made from declared data, oldest first."""
    this_year = local_year(ledger.clock(), city.time_zone)
    return sorted({row.year for row in city.declared if row.year < this_year})


def _meter_findings(
    city: City, year: int, ledger: EnergyLedger, rows: list[ActivityData]
) -> list[Finding]:
    """Carried rests beside other meters than those they were declared beside.

    What has come under a meter since is counted twice, and what has lost its meter not at all:
    the second must not pass for a saving.
    """
    carried = {part.cell for r in rows for part in r.parts if part.year != year}
    findings = []
    for row in city.declared:
        cell = (row.sector, row.carrier)
        if row.covers is not Covers.REST or row.cell not in carried:
            continue
        then, now = (_meters_in_use(city, cell, y, ledger) for y in (row.year, year))
        if abs(now - then) > METERS_ALIKE:
            findings.append(
                Finding(
                    "activity.meters_changed",
                    f"{year}/{row.sector}/{row.carrier}",
                    f"the rest declared for {row.year} stands beside other meters than then: "
                    "declare it anew, or energy is lost or counted twice",
                    numbers={"meters_then": then, "meters_now": now},
                )
            )
    return findings


def _meters_in_use(city: City, cell: Cell, year: int, ledger: EnergyLedger) -> float:
    """Meters of ``cell``, each counted by the part of the year that it was in use.

    Of a shared one its part; what is taken off for another sector takes no meter away. Sites that
    declared rows name are left out: no rest stands beside them.
    """
    span = year_span(year, city.time_zone)
    named = {site for row in city.declared if row.cell[1:3] == cell for site in row.sites}
    sites = [s.id for s in city.sites.values() if s.sector is cell[0] and s.id not in named]
    in_use = SiteEnergy(ledger).in_use(sites, cell[1], Measures.WITHDRAWAL, span)
    return math.fsum(part.seconds * weight for weight, part in in_use) / span.seconds


def _other_rows(
    city: City, year: int, choice: FactorChoice
) -> tuple[list[OtherEmissions], list[Finding]]:
    """Rows without energy, and the credit for green electricity where it is one of them."""
    rows, findings = other_rows(city.other_emissions, year)
    if choice.method.green_electricity == "own_row":
        # the municipality buys it for what it uses itself
        factor = choice.of_cell(Carrier.ELECTRICITY, Sector.MUNICIPAL_BUILDINGS, year)
        life_cycle = choice.factors.sets[choice.method.factor_set].approach == "LCA"
        green = green_row(city.supply.green, year, factor, life_cycle)
        rows += [green] if green else []
    return rows, findings
