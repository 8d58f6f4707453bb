"""The files of a city's folder ``inventory/`` that tell of its own electricity and heat.

::

    inventory/plants.yaml            the plants
              generation.csv         what each made, by year
              plant_fuels.csv        what went into it
              heat_trade.csv         heat across the town's border
              green_electricity.csv  certified electricity that the municipality bought

Each may be missing. Every problem is told with file, line and key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from paes.config_file import Parsed, attempt, parse
from paes.config_table import read_csv, repeated_rows
from paes.errors import ConfigError, problem_text
from paes.supply.declared_supply import DeclaredSupply
from paes.supply.green_electricity import FILE as GREEN_FILE
from paes.supply.green_electricity import read_green_electricity
from paes.supply.plants import (
    DeclaredGeneration,
    DeclaredPlant,
    HeatTrade,
    PlantFuelRow,
    PlantsFile,
)

M = TypeVar("M", bound=BaseModel)
Rows = list[tuple[int, M]]


def read_supply(folder: Path) -> DeclaredSupply:
    """What ``folder`` (a city's ``inventory/``) declares; ConfigError with every problem."""
    problems: list[str] = []
    plants_file = folder / "plants.yaml"
    parsed = attempt(problems, parse, plants_file, PlantsFile) if plants_file.is_file() else None
    generation = _table(
        folder / "generation.csv",
        DeclaredGeneration,
        problems,
        lambda r: (r.year, r.plant),
        lambda r: f"{r.plant}, {r.year}",
    )
    fuels = _table(
        folder / "plant_fuels.csv",
        PlantFuelRow,
        problems,
        lambda r: (r.year, r.plant, r.fuel),
        lambda r: f"{r.fuel} of {r.plant}, {r.year}",
    )
    trade = _table(folder / "heat_trade.csv", HeatTrade, problems)
    green = attempt(problems, read_green_electricity, folder / GREEN_FILE)
    if parsed or not plants_file.is_file():
        plants = {p.id: p for p in parsed.value.plants} if parsed else {}
        problems += _repeated(parsed) if parsed else []
        problems += _generation_problems(folder / "generation.csv", generation, plants)
        problems += _fuel_problems(folder / "plant_fuels.csv", fuels, plants)
        problems += _unfuelled(folder / "generation.csv", generation, fuels, plants)
    if problems:
        raise ConfigError(problems)
    return DeclaredSupply(
        plants=parsed.value.plants if parsed else (),
        plants_tree=parsed.tree if parsed else None,
        generation=tuple(row for _, row in generation),
        fuels=tuple(row for _, row in fuels),
        heat_trade=tuple(row for _, row in trade),
        green=green or (),
    )


def _table(
    path: Path,
    model: type[M],
    problems: list[str],
    key: Callable[[M], Hashable] | None = None,
    title: Callable[[M], str] = str,
) -> Rows[M]:
    """The rows with their lines, () without a file; adds rows that are there twice."""
    rows = (attempt(problems, read_csv, path, model) if path.is_file() else None) or []
    if key:
        problems += repeated_rows([(path, rows)], key, title)
    return rows


def _repeated(parsed: Parsed[PlantsFile]) -> list[str]:
    first: dict[str, int] = {}
    problems = []
    for index, plant in enumerate(parsed.value.plants):
        if plant.id in first:
            line = parsed.tree.line(("plants", first[plant.id], "id"))
            message = f"this id is there twice (line {line})"
            problems.append(parsed.tree.problem(("plants", index, "id"), message))
        first.setdefault(plant.id, index)
    return problems


def _unknown(path: Path, line: int, plant: str, plants: Mapping[str, DeclaredPlant]) -> str:
    there = ", ".join(sorted(plants)) or "none"
    message = f"no plant {plant!r} in plants.yaml; there is {there}"
    return problem_text(path, line, "plant", message)


def _generation_problems(
    path: Path, rows: Rows[DeclaredGeneration], plants: Mapping[str, DeclaredPlant]
) -> list[str]:
    problems = []
    for line, row in rows:
        plant = plants.get(row.plant)
        if plant is None:
            problems.append(_unknown(path, line, row.plant, plants))
            continue
        if row.heat_mwh and not plant.burns_fuel:
            message = f"a {plant.kind} plant makes no heat, seen {row.heat_mwh}"
            problems.append(problem_text(path, line, "heat_mwh", message))
        if row.electricity_mwh and not plant.makes_electricity:
            message = f"a {plant.kind} plant makes no electricity, seen {row.electricity_mwh}"
            problems.append(problem_text(path, line, "electricity_mwh", message))
        if not plant.works_in(row.year):
            years = f"since {plant.since or '...'} until {plant.until or '...'}"
            message = f"{plant.id} is in use {years}, and here is {row.year}"
            problems.append(problem_text(path, line, "year", message))
        if row.electricity_mwh and _own_use_unknown(plant, row):
            message = (
                f"nothing says how much {plant.id} used on the spot; give it here, or "
                "used_on_the_spot_fraction (0 if all goes to the grid) or "
                "consumption_includes_own_use: true in plants.yaml"
            )
            problems.append(problem_text(path, line, "used_on_the_spot_mwh", message))
    return problems


def _own_use_unknown(plant: DeclaredPlant, row: DeclaredGeneration) -> bool:
    """True if neither the row nor its plant nor a meter tells what was used where it was made."""
    told = row.used_on_the_spot_mwh is not None or plant.used_on_the_spot_fraction is not None
    return not (told or plant.consumption_includes_own_use or plant.sites or plant.meters)


def _fuel_problems(
    path: Path, rows: Rows[PlantFuelRow], plants: Mapping[str, DeclaredPlant]
) -> list[str]:
    problems = []
    for line, row in rows:
        plant = plants.get(row.plant)
        if plant is None:
            problems.append(_unknown(path, line, row.plant, plants))
        elif not plant.burns_fuel:
            message = f"a {plant.kind} plant burns nothing, seen {row.fuel}"
            problems.append(problem_text(path, line, "fuel", message))
    return problems


def _unfuelled(
    path: Path,
    rows: Rows[DeclaredGeneration],
    fuels: Rows[PlantFuelRow],
    plants: Mapping[str, DeclaredPlant],
) -> list[str]:
    """Plants that made something of a fuel that nobody declared: their emissions are not zero."""
    problems = []
    for line, row in rows:
        plant = plants.get(row.plant)
        if plant is None or not plant.burns_fuel or plant.fuel_in_consumption:
            continue
        if not any(f.plant == plant.id and f.year <= row.year for _, f in fuels):
            message = (
                f"{plant.id} burns something and plant_fuels.csv says nothing of it in {row.year} "
                "or before; declare its fuel, or fuel_in_consumption: true if the activity tables "
                "hold it"
            )
            problems.append(problem_text(path, line, "plant", message))
    return problems
