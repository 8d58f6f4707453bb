"""What a city's plants say of its sites and meters: each must exist, and be no other plant's."""

from __future__ import annotations

from collections.abc import Iterator

from paes.city_files import CityFiles
from paes.installation import some
from paes.metering import Measures, Plant
from paes.supply.plants import DeclaredPlant, PlantKind


def supply_problems(files: CityFiles) -> list[str]:
    """Plants at sites, or with meters, that do not exist, measure something else or are taken."""
    if not files.supply or not files.supply.plants_tree:
        return []
    tree, problems = files.supply.plants_tree, []
    first: dict[tuple[str, PlantKind | None], str] = {}
    for index, plant in enumerate(files.supply.plants):
        for key, position, message in _misplaced(plant, files):
            problems.append(tree.problem(("plants", index, key, position), message))
        for key, position, claim in _claims(plant):
            owner = first.setdefault(claim, plant.id)
            if owner != plant.id:
                message = f"{claim[0]} belongs to {owner} already; a meter is part of one plant"
                problems.append(tree.problem(("plants", index, key, position), message))
    return problems


def _claims(plant: DeclaredPlant) -> Iterator[tuple[str, int, tuple[str, PlantKind | None]]]:
    """Every meter, and every site with the kind of plant that is meant at it."""
    for position, site in enumerate(plant.sites):
        yield "sites", position, (site, plant.kind)
    for position, meter in enumerate(plant.meters):
        yield "meters", position, (meter, None)


def _misplaced(plant: DeclaredPlant, files: CityFiles) -> Iterator[tuple[str, int, str]]:
    sites = {s.id for s in files.sites.value.sites} if files.sites else None
    for position, site in enumerate(plant.sites):
        if sites is not None and site not in sites:
            message = f"no site {site!r} in sites.yaml; there is {some(sites, near=site)}"
            yield "sites", position, message
    if not files.meters:
        return
    meters = {m.id: m for m in files.meters.value.all_meters}
    for position, name in enumerate(plant.meters):
        meter = meters.get(name)
        if meter is None:
            message = f"no meter {name!r} in meters.yaml; there is {some(meters, near=name)}"
        elif meter.measures is not Measures.GENERATION:
            message = f"{name} measures {meter.measures}; expected a meter of generation"
        elif (meter.plant or Plant.PHOTOVOLTAIC).value != plant.kind.value and meter.plant:
            message = f"{name} is one of a {meter.plant} plant, and {plant.id} is {plant.kind}"
        else:
            continue
        yield "meters", position, message
