"""The inventory: energy by sector and carrier times emission factors, baseline or monitoring.

``BEI`` is the baseline emission inventory of the plan's base year, ``MEI`` that of any later
year. Each line keeps its activity and its factor match, so that a reader can follow every
tonne. Which electricity factor was used (the year's own, or the base year's frozen) is part of
the result and never mixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.activity.activity_data import ActivityData, Cell, Covers, activity_data
from paes.errors import DataError
from paes.factors.emission_factors import FactorLibrary, FactorMatch, FactorSet, How
from paes.installation import City
from paes.metering import Carrier, Finding, Measures
from paes.periods import local_year, year_span

ElectricityFactor = Literal["current", "frozen"]
METERS_ALIKE = 0.02
"""So many meters more or less in use (a week of one) are the same meters."""
FORMULA = "emissions_t = energy_mwh * factor_t_per_mwh"


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """Energy and emissions of one sector and carrier."""

    activity: ActivityData
    factor: FactorMatch

    @property
    def energy_mwh(self) -> float:
        """Final energy."""
        return self.activity.energy_mwh

    @property
    def emissions_t(self) -> float:
        """Emissions, in tonnes of the factor set's gas."""
        return self.energy_mwh * self.factor.factor_t_per_mwh

    @property
    def bounds_t(self) -> tuple[float, float]:
        """Between which the emissions lie, as far as meters decide it."""
        low, high = self.activity.bounds_mwh
        factor = self.factor.factor_t_per_mwh
        return low * factor, (high * factor if factor else 0.0)

    @property
    def missing_t(self) -> tuple[float, float]:
        """Bounds of the emissions of energy that meters missed."""
        low, high = self.activity.missing_mwh
        factor = self.factor.factor_t_per_mwh
        return low * factor, (high * factor if factor else 0.0)

    @property
    def assumed(self) -> bool:
        """True if the energy or the factor is an assumption."""
        return self.activity.assumed or self.factor.assumed


@dataclass(frozen=True)
class Inventory:
    """All lines of a year, and the choices they were made with."""

    city: str
    year: int
    kind: Literal["BEI", "MEI"]
    factor_set: FactorSet
    electricity_factor: ElectricityFactor
    lines: tuple[InventoryLine, ...]
    findings: tuple[Finding, ...]

    @property
    def energy_mwh(self) -> float:
        """Final energy of all lines."""
        return math.fsum(line.energy_mwh for line in self.lines)

    @property
    def emissions_t(self) -> float:
        """Emissions of all lines, without what meters missed."""
        return math.fsum(line.emissions_t for line in self.lines)

    @property
    def bounds_t(self) -> tuple[float, float]:
        """Between which the emissions of all lines lie, as far as meters decide it."""
        bounds = [line.bounds_t for line in self.lines]
        return math.fsum(b[0] for b in bounds), math.fsum(b[1] for b in bounds)

    @property
    def missing_t(self) -> tuple[float, float]:
        """Bounds of the emissions that meters missed and that nobody could estimate."""
        bounds = [line.missing_t for line in self.lines]
        return math.fsum(b[0] for b in bounds), math.fsum(b[1] for b in bounds)

    @property
    def assumed_fraction(self) -> float:
        """The part of the emissions (0..1) that rests on an assumption."""
        return self._fraction(lambda line: line.emissions_t if line.assumed else 0.0)

    @property
    def metered_fraction(self) -> float:
        """The part of the emissions (0..1) whose energy was seen by meters."""
        return self._fraction(lambda line: line.emissions_t * line.activity.metered_fraction)

    def _fraction(self, part: Callable[[InventoryLine], float]) -> float:
        total = self.emissions_t
        return math.fsum(part(line) for line in self.lines) / total if total else 0.0


def make_inventory(
    city: City,
    year: int,
    ledger: EnergyLedger,
    electricity_factor: ElectricityFactor | None = None,
) -> Inventory:
    """The inventory of ``city`` in ``year``.

    ``electricity_factor`` overrides the plan's choice. Raises DataError for a year that is not
    over or has no data, FactorMissing if a carrier has no factor in the plan's set.
    """
    this_year = local_year(ledger.clock(), city.time_zone)
    if year >= this_year:
        raise DataError(
            f"{year} is not over: an inventory needs the whole year; the last one is "
            f"{this_year - 1} (for the months so far ask: paes energy)"
        )
    plan = city.plan
    basis = electricity_factor or plan.electricity_factor
    rows, findings = activity_data(year, city.declared, metered_cells(city, year, ledger))
    factors = ledger.installation.factors
    lines = [
        InventoryLine(row, _factor(factors, plan.factor_set, row, plan.base_year, basis))
        for row in rows
    ]
    return Inventory(
        city=city.id,
        year=year,
        kind="BEI" if year == plan.base_year else "MEI",
        factor_set=factors.sets[plan.factor_set],
        electricity_factor=basis,
        lines=tuple(lines),
        findings=tuple(
            findings
            + _meter_findings(city, year, ledger, rows)
            + SiteEnergy(ledger).findings(city, year_span(year, city.time_zone))
            + _factor_findings(lines)
        ),
    )


def inventory_years(city: City, ledger: EnergyLedger) -> list[int]:
    """Years for which an inventory can be made from declared data, oldest first."""
    this_year = local_year(ledger.clock(), city.time_zone)
    return sorted({row.year for row in city.declared if row.year < this_year})


def metered_cells(city: City, year: int, ledger: EnergyLedger) -> dict[Cell, EnergyTotal]:
    """What the city's meters saw in ``year``, by carrier and sector.

    The sector is that of the site to which the energy belongs, wherever its meter stands.
    """
    return SiteEnergy(ledger).cells(city, year_span(year, city.time_zone))


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

    Of a shared one its part; what is taken off for another sector takes no meter away.
    """
    span = year_span(year, city.time_zone)
    sites = [site.id for site in city.sites.values() if site.sector is cell[0]]
    in_use = SiteEnergy(ledger).in_use(sites, cell[1], Measures.WITHDRAWAL, span)
    return math.fsum(part.seconds * weight for weight, part in in_use) / span.seconds


def _factor(
    factors: FactorLibrary,
    set_id: str,
    row: ActivityData,
    base_year: int,
    basis: ElectricityFactor,
) -> FactorMatch:
    if row.carrier is not Carrier.ELECTRICITY or basis == "current":
        return factors.find(set_id, row.carrier, row.sector, row.year)
    frozen = factors.find(set_id, row.carrier, row.sector, base_year)
    return replace(frozen, year_asked=row.year, how=How.FROZEN)


def _factor_findings(lines: list[InventoryLine]) -> list[Finding]:
    seen = {}
    for line in lines:
        match = line.factor
        if match.how is How.EARLIER:
            seen[match.carrier] = Finding(
                "factor.earlier",
                f"{match.factor_set}/{match.carrier}",
                f"no factor for {match.year_asked}: the one of {match.year_used} was used",
                numbers={"factor_t_per_mwh": match.factor_t_per_mwh},
            )
    return list(seen.values())
