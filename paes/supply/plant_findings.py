"""What is odd about the production of plants, told so that it can be put right.

None of it is a saving: what nobody knows offsets nothing, and bounds the local factor.
"""

from __future__ import annotations

import math

from paes.metering import Finding
from paes.supply.local_supply import Amount, PlantYear
from paes.supply.metered import Metered
from paes.supply.plants import DeclaredGeneration, DeclaredPlant

WHOLE_YEAR = 0.98
"""Meters that were in use for less of the year saw a part of it."""
EXCEEDS_BY = 0.02
"""A meter may show so much more than was declared: each is within its class."""
SMALL_GAP = 0.001
"""So much of a metered production may be missing before that is told, and in any case:"""
SMALL_GAP_MWH = 0.01
HOURS_OF_A_YEAR = 8784.0
"""Of the longest one: a bound."""


def metered_in_part(plant: DeclaredPlant, seen: Metered, year: int) -> Finding:
    """Meters that saw a part of the year only."""
    return Finding(
        "supply.metered_in_part",
        plant.id,
        f"its meters were in use for a part of {year} and nobody declares what it made before or "
        "after: declare that (covers: rest), or since: the year in which it began",
        numbers={"year_fraction": seen.year_fraction, "metered_mwh": seen.electricity.mwh},
    )


def exceeded(plant: DeclaredPlant, row: DeclaredGeneration, seen: Metered) -> Finding:
    """More metered than declared for the whole plant."""
    return Finding(
        "supply.metered_exceeds_declared",
        plant.id,
        f"its meters saw more in {row.year} than was declared for the whole plant",
        numbers={
            "metered_mwh": seen.electricity.mwh,
            "declared_mwh": row.electricity_mwh or 0.0,
        },
    )


def gaps(subject: str, seen: Metered) -> list[Finding]:
    """What meters of generation missed: it offsets nothing, and bounds the factor."""
    missed = seen.electricity.high_mwh - seen.electricity.mwh
    if missed <= max(SMALL_GAP * seen.electricity.mwh, SMALL_GAP_MWH):
        return []
    message = "meters of generation have gaps: what they may have missed bounds the local factor"
    return [Finding("supply.gaps", subject, message, numbers={"missing_high_mwh": missed})]


def missing(plant: DeclaredPlant, year: int) -> Finding:
    """Neither a figure nor a meter in the year, nor a figure before."""
    return Finding(
        "supply.missing",
        plant.id,
        f"nothing says what it made in {year} or before: it offsets nothing, and what it may have "
        "made bounds the local factor; declare it, or since: the first year in which it worked",
        numbers={"high_mwh": most_mwh(plant)},
    )


def fuel_unknown(subject: str, made: PlantYear) -> Finding:
    """Something burns, and nothing says what."""
    return Finding(
        "supply.fuel_unknown",
        subject,
        "nobody declares what it burns: what it made offsets nothing; declare the plant in "
        "inventory/plants.yaml and its fuel in inventory/plant_fuels.csv",
        numbers={"electricity_mwh": made.electricity.mwh, "heat_mwh": made.heat.mwh},
    )


def carried(plant: DeclaredPlant, row: DeclaredGeneration, year: int) -> Finding:
    """An earlier year stands in."""
    return Finding(
        "supply.carried",
        plant.id,
        f"nothing declared for {year}: the production of {row.year} stands in",
        numbers={"electricity_mwh": row.electricity_mwh or 0.0, "heat_mwh": row.heat_mwh or 0.0},
    )


def most_mwh(plant: DeclaredPlant) -> float:
    """The most that it can have made in a year."""
    return plant.capacity_mw * HOURS_OF_A_YEAR if plant.capacity_mw else math.inf


def feed_in_unknown(plant: str | None, made: Amount) -> Finding:
    """Nobody meters what of a production is fed in, and nothing declared says it."""
    return Finding(
        "supply.feed_in_unknown",
        plant or "meters of generation",
        "nobody meters what of it is fed in, and no plant declares it: it may be nothing or all, "
        "and is taken to be nothing",
        numbers={"electricity_mwh": made.mwh},
    )
