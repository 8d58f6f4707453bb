"""What each plant made in a year: declared figures and meters, by the rule of activity tables.

* A declared row that covers the plant stands, and what its meters saw lies inside it; one that
  covers the rest is added to them.
* A year without a row takes what the meters saw; without meters the latest earlier row, and says
  so (*carried*). Before its first row a plant's production is missing, between nothing and what it
  can make: it offsets nothing, and the factor has bounds.
* Of metered electricity what came to others is what was fed in. Where nobody meters that, and the
  plant does not say, it offsets nothing and may have offset all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from paes.activity.declared_row import Covers
from paes.errors import DataError
from paes.metering import Finding, Plant
from paes.supply.declared_supply import DeclaredSupply
from paes.supply.formulas import heat_fraction
from paes.supply.local_supply import Amount, PlantYear
from paes.supply.metered import Metered
from paes.supply.plant_findings import (
    EXCEEDS_BY,
    WHOLE_YEAR,
    carried,
    exceeded,
    feed_in_unknown,
    fuel_unknown,
    gaps,
    metered_in_part,
    missing,
    most_mwh,
)
from paes.supply.plants import (
    NO_FUEL,
    DeclaredGeneration,
    DeclaredPlant,
    PlantFuel,
    PlantFuelRow,
    PlantKind,
    SupplyAssumptions,
)


@dataclass(frozen=True)
class FuelEmissions:
    """Tonnes of a fuel's energy, and where the factor is from."""

    emissions_t: float
    source: str
    assumed: bool


FuelFactor = Callable[[PlantFuelRow], FuelEmissions]
"""Emissions of a row without its own, by the factors of the inventory's year and set."""


def plant_years(
    declared: DeclaredSupply,
    metered: Mapping[str, Metered],
    unclaimed: Mapping[Plant, Metered],
    year: int,
    assumptions: SupplyAssumptions | None,
    fuel_factor: FuelFactor,
) -> tuple[list[PlantYear], list[Finding]]:
    """Every plant in use in ``year``, those that belong in no table left out with a finding.

    ``metered`` is by the plants' ids, ``unclaimed`` what no plant claims, by its kind.
    """
    found: list[PlantYear] = []
    findings: list[Finding] = []
    for plant in declared.plants:
        if not plant.works_in(year):
            continue
        outside = _outside(plant, assumptions)
        if outside:
            findings.append(Finding("supply.left_out", plant.id, outside))
            continue
        made = _of_plant(plant, declared, metered.get(plant.id), year, findings)
        found.append(_with_fuel(made, plant, declared, year, assumptions, fuel_factor, findings))
    found += [_of_meters(kind, seen, findings) for kind, seen in unclaimed.items()]
    return [plant for plant in found if plant.electricity.high_mwh or plant.heat.high_mwh], findings


def _outside(plant: DeclaredPlant, assumptions: SupplyAssumptions | None) -> str | None:
    """Why a plant belongs in neither table; None if it does."""
    if plant.ets:
        return "in the emissions trading scheme: in neither table C nor D"
    largest_mw = plant.largest_unit_mw or plant.capacity_mw
    if assumptions and largest_mw and largest_mw > assumptions.largest_unit_mw.value:
        return (
            f"{largest_mw:g} MW is more than {assumptions.largest_unit_mw.value:g} MW: in neither "
            "table C nor D (if no single unit is so large, declare largest_unit_mw)"
        )
    return None


def _of_plant(
    plant: DeclaredPlant,
    declared: DeclaredSupply,
    seen: Metered | None,
    year: int,
    findings: list[Finding],
) -> PlantYear:
    """What ``plant`` made, without its fuel."""
    row = _row_for(plant, declared.generation, year, metered=seen is not None)
    if row is None and seen is None:
        findings.append(missing(plant, year))
        return _blank(plant, Amount(0.0, 0.0, most_mwh(plant)))
    electricity = delivered = heat = Amount()
    adds_meters = seen is not None and (row is None or row.covers is Covers.REST)
    if seen and adds_meters:
        findings += gaps(plant.id, seen)
        electricity, heat = seen.electricity, seen.heat
        delivered = _delivered(plant, seen, findings)
        if row is None and seen.year_fraction < WHOLE_YEAR and plant.since != year:
            unseen = Amount(0.0, 0.0, most_mwh(plant) * (1 - seen.year_fraction))
            findings.append(metered_in_part(plant, seen, year))
            electricity, delivered = electricity + unseen, delivered + unseen
    if row:
        if row.year != year:
            findings.append(carried(plant, row, year))
        made = row.electricity_mwh or 0.0
        if seen and not adds_meters and seen.electricity.low_mwh > made * (1 + EXCEEDS_BY):
            findings.append(exceeded(plant, row, seen))
        electricity = electricity + Amount.exactly(made)
        heat = heat + Amount.exactly(row.heat_mwh or 0.0)
        delivered = delivered + _declared_delivered(plant, row, seen)
    return replace(
        _blank(plant, electricity),
        delivered=delivered,
        heat=heat,
        meters=seen.meters if seen else 0,
        metered_mwh=seen.electricity.mwh if seen else 0.0,
        declared_mwh=(row.electricity_mwh or 0.0) if row else 0.0,
        declared_year=row.year if row else None,
        assumed=plant.assumed or bool(row and row.assumed),
        sources=tuple(
            dict.fromkeys(
                [
                    *([row.source or row.note or ""] if row else []),
                    *(["meters"] if seen and adds_meters else []),
                ]
            )
        ),
    )


def _blank(plant: DeclaredPlant, electricity: Amount) -> PlantYear:
    """``plant`` without anything it made but ``electricity``, of which nothing met a consumer."""
    return PlantYear(
        plant=plant.id,
        name=plant.name,
        kind=plant.kind,
        electricity=electricity if plant.makes_electricity else Amount(),
        delivered=Amount(0.0, 0.0, electricity.high_mwh) if plant.makes_electricity else Amount(),
        heat=Amount(),
        sells_heat=plant.sells_heat,
        counts_emissions=not plant.fuel_in_consumption,
        assumed=plant.assumed,
    )


def _row_for(
    plant: DeclaredPlant, rows: Iterable[DeclaredGeneration], year: int, *, metered: bool
) -> DeclaredGeneration | None:
    """The row of the year; without one, and without meters, the latest earlier one."""
    mine = {row.year: row for row in rows if row.plant == plant.id and row.year <= year}
    if year in mine or metered or not mine:
        return mine.get(year)
    return mine[max(mine)]


def _declared_delivered(
    plant: DeclaredPlant, row: DeclaredGeneration, seen: Metered | None
) -> Amount:
    """What of a declared production met consumption that the lines hold."""
    made = row.electricity_mwh or 0.0
    if plant.consumption_includes_own_use:
        return Amount.exactly(made)
    if row.used_on_the_spot_mwh is not None:
        return Amount.exactly(made - row.used_on_the_spot_mwh)
    if plant.used_on_the_spot_fraction is not None:
        return Amount.exactly(made * (1 - plant.used_on_the_spot_fraction))
    if row.covers is Covers.SECTOR and seen and not seen.without_feed_in.high_mwh:
        return seen.delivered
    return Amount(0.0, 0.0, made)


def _delivered(plant: DeclaredPlant | None, seen: Metered, findings: list[Finding]) -> Amount:
    """What of a metered production met consumption that the lines hold."""
    if plant and plant.consumption_includes_own_use:
        return seen.electricity
    open_mwh = seen.without_feed_in
    if plant and plant.used_on_the_spot_fraction is not None:
        return seen.delivered + open_mwh.times(1 - plant.used_on_the_spot_fraction)
    if open_mwh.high_mwh:
        findings.append(feed_in_unknown(plant.id if plant else None, open_mwh))
    return seen.delivered + Amount(0.0, 0.0, open_mwh.high_mwh)


def _of_meters(kind: Plant, seen: Metered, findings: list[Finding]) -> PlantYear:
    """Meters that no plant claims; what burns fuel that nobody declared offsets nothing."""
    burns = PlantKind(kind) not in NO_FUEL
    unknown = Amount(0.0, 0.0, seen.electricity.high_mwh)
    made = PlantYear(
        plant=None,
        name="",
        kind=PlantKind(kind),
        electricity=seen.electricity,
        delivered=unknown if burns else _delivered(None, seen, findings),
        heat=seen.heat,
        sells_heat=False,
        counts_emissions=True,
        meters=seen.meters,
        metered_mwh=seen.electricity.mwh,
        sources=("meters",),
    )
    findings += gaps(f"meters of {kind}", seen)
    if burns:
        findings.append(fuel_unknown(f"meters of {kind}", made))
    return made


def _with_fuel(
    made: PlantYear,
    plant: DeclaredPlant,
    declared: DeclaredSupply,
    year: int,
    assumptions: SupplyAssumptions | None,
    fuel_factor: FuelFactor,
    findings: list[Finding],
) -> PlantYear:
    """The plant with its fuel and emissions, and the part of them that belongs to heat."""
    rows = _fuel_rows(plant, declared.fuels, year, findings)
    if plant.burns_fuel and not rows and not plant.fuel_in_consumption:
        findings.append(fuel_unknown(plant.id, made))
        made = replace(made, delivered=Amount(0.0, 0.0, made.delivered.high_mwh))
    fuels: dict[PlantFuel, float] = {}
    emitted: list[FuelEmissions] = []
    for row in rows:
        fuels[row.fuel] = fuels.get(row.fuel, 0.0) + row.mwh
        own_t = row.emissions_t
        emitted.append(
            fuel_factor(row)
            if own_t is None
            else FuelEmissions(own_t, row.source or row.note or "", row.assumed)
        )
    return replace(
        made,
        fuels_mwh=fuels,
        emissions_t=math.fsum(one.emissions_t for one in emitted),
        heat_emissions_fraction=_heat_fraction(
            made.heat.mwh, made.electricity.mwh, plant, assumptions
        ),
        heat_fraction_bounds=(
            _heat_fraction(made.heat.low_mwh, made.electricity.high_mwh, plant, assumptions),
            _heat_fraction(made.heat.high_mwh, made.electricity.low_mwh, plant, assumptions),
        ),
        assumed=made.assumed
        or any(row.assumed for row in rows)
        or any(one.assumed for one in emitted),
        sources=tuple(dict.fromkeys([*made.sources, *(one.source for one in emitted)])),
    )


def _fuel_rows(
    plant: DeclaredPlant, rows: Sequence[PlantFuelRow], year: int, findings: list[Finding]
) -> list[PlantFuelRow]:
    """The rows of the year, else those of the latest earlier year with any."""
    mine = [row for row in rows if row.plant == plant.id and row.year <= year]
    latest = max((row.year for row in mine), default=year)
    if latest != year:
        findings.append(
            Finding(
                "supply.carried",
                f"{plant.id}/fuel",
                f"no fuel declared for {year}: that of {latest} stands in",
            )
        )
    return [row for row in mine if row.year == latest]


def _heat_fraction(
    heat_mwh: float,
    electricity_mwh: float,
    plant: DeclaredPlant,
    assumptions: SupplyAssumptions | None,
) -> float:
    """The part of the emissions that belongs to heat, by the plant's or the usual efficiencies."""
    if not electricity_mwh:
        return 1.0 if heat_mwh or not plant.makes_electricity else 0.0
    if not heat_mwh or math.isinf(electricity_mwh):
        return 0.0
    if math.isinf(heat_mwh):
        return 1.0
    heat, electric = plant.heat_efficiency, plant.electric_efficiency
    if assumptions:
        heat = heat or assumptions.heat_efficiency.value
        electric = electric or assumptions.electric_efficiency.value
    if heat is None or electric is None:
        raise DataError(
            f"{plant.id} has no efficiencies, and supply.yaml is not there to tell them"
        )
    return heat_fraction(heat_mwh, electricity_mwh, heat, electric)
