"""What the files of an installation say of each other: every name that is used must exist.

Each function returns the problems it found as texts with file, line and key. A file that could
not be read is left out: its own problems are told already, and nothing is reported because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from paes.accounted_register import DeviceFile, accounted_register
from paes.activity.tables import unknown_sites
from paes.city_files import CityFiles, MetersFile
from paes.config_file import Location, Parsed, Tree, read_yaml
from paes.errors import ConfigError, DataError
from paes.factors.checks import plan_factor_problems
from paes.factors.emission_factors import FactorLibrary
from paes.field_fit import misfits
from paes.gateways import Transport
from paes.installation import find_device_file, some
from paes.meter_trees.checks import tree_problems
from paes.metering import Register, point_id
from paes.meters import FieldMeter
from paes.retention import Retention


def city_problems(files: CityFiles, factors: FactorLibrary | None) -> list[str]:
    """What is wrong between the files of one city, and between its plan and the factors."""
    problems: list[str] = []
    for key, tree, ids in _listed_ids(files):
        problems += repeated_ids(tree, key, ids)
    if files.meters:
        sites = {s.id for s in files.sites.value.sites} if files.sites else None
        problems += _meter_problems(files.meters, sites)
        problems += _shared_units(files.meters)
        problems += tree_problems(files.meters, sites, files.city())
    if files.plan and factors:
        problems += plan_factor_problems(files.plan, factors)
    if files.sites and files.declared:
        sectors = {site.id: site.sector for site in files.sites.value.sites}
        problems += unknown_sites(files.folder / "activity", files.declared, sectors)
    return problems


def shared_ids(cities: Iterable[CityFiles]) -> list[str]:
    """Ids are addresses for the whole installation: two cities may not use one twice."""
    first: dict[tuple[str, str], tuple[Tree, Location]] = {}
    problems = []
    for what, name, tree, location in (a for files in cities for a in _addresses(files)):
        there, where = first.setdefault((what, name), (tree, location))
        if there is not tree:
            message = f"this id is there already ({there.path}:{there.line(where)})"
            problems.append(tree.problem(location, message))
    return problems


def repeated_ids(tree: Tree, key: str, ids: Iterable[str]) -> list[str]:
    """A problem for each of the ``ids`` in the list ``key`` that stands there already."""
    first: dict[str, int] = {}
    problems = []
    for index, name in enumerate(ids):
        if name in first:
            line = tree.line((key, first[name], "id"))
            message = f"this id is there twice (line {line})"
            problems.append(tree.problem((key, index, "id"), message))
        first.setdefault(name, index)
    return problems


def accounted_registers(
    meters: Parsed[MetersFile],
    device_folders: tuple[Path, ...],
    devices: dict[str, DeviceFile],
    problems: list[str],
) -> dict[str, Register]:
    """The accounted register of each meter; adds to ``problems`` where there is none.

    A device that does not speak what its gateway speaks is a problem, too. ``devices`` are those
    that were read already; the others are added.
    """

    def register(meter: FieldMeter, device: DeviceFile) -> Register:
        return accounted_register(meter, device.counters)

    return registers_of("meters", meters, register, device_folders, devices, problems)


def registers_of(
    key: Literal["meters", "sensors"],
    meters: Parsed[MetersFile],
    register: Callable[[Any, DeviceFile], Register],
    device_folders: tuple[Path, ...],
    devices: dict[str, DeviceFile],
    problems: list[str],
) -> dict[str, Register]:
    """What ``register`` says of each of a list of the file, and of its device."""
    registers: dict[str, Register] = {}
    gateways = {g.id: g for g in meters.value.gateways}
    for index, meter in enumerate(getattr(meters.value, key)):
        at_fault = "device"
        try:
            if meter.device not in devices:
                path = find_device_file(device_folders, meter.device)
                devices[meter.device] = read_yaml(path, DeviceFile)
            device = devices[meter.device]
            for misfit, message in misfits(meter, gateways.get(meter.gateway), device):
                problems.append(meters.tree.problem((key, index, misfit), message))
            at_fault = "register" if meter.register_name else "device"
            registers[meter.id] = register(meter, device)
        except DataError as err:
            problems.append(meters.tree.problem((key, index, at_fault), str(err)))
        except ConfigError as err:
            problems += err.problems
    return registers


def caught_counters(
    retention: Parsed[Retention], devices: Mapping[str, DeviceFile]
) -> Iterator[str]:
    """Patterns by which something that counts would be given up, with what each catches."""
    told = set()
    for device_id, device in sorted(devices.items()):
        for name in device.counting:
            found = retention.value.class_of(point_id(device_id, name))
            if found is None or found.keep_days is None:
                continue
            place = ("classes", retention.value.classes.index(found))
            where = (*place, "quantities", found.pattern_for(name) or 0)
            if where not in told:
                told.add(where)
                message = (
                    f"catches {name!r} of {device_id}, which counts; expected a pattern that "
                    "leaves it out, for what counts is kept for ever"
                )
                yield retention.tree.problem(where, message)


def _listed_ids(files: CityFiles) -> Iterator[tuple[str, Tree, list[str]]]:
    """Every list of ids in a city's files, by its key."""
    if files.sites:
        yield "sites", files.sites.tree, [s.id for s in files.sites.value.sites]
    if files.meters:
        yield "gateways", files.meters.tree, [g.id for g in files.meters.value.gateways]
        yield "meters", files.meters.tree, [m.id for m in files.meters.value.meters]


def _addresses(files: CityFiles) -> Iterator[tuple[str, str, Tree, Location]]:
    """Every id that stands for one thing in the whole installation, and where it is written."""
    if files.facts:
        yield "city", files.facts.value.id, files.facts.tree, ("id",)
    for key, tree, ids in _listed_ids(files):
        for index, name in enumerate(ids):
            yield key, name, tree, (key, index, "id")


def _meter_problems(meters: Parsed[MetersFile], sites: Collection[str] | None) -> list[str]:
    """Meters at no site or behind no gateway."""
    gateways = {g.id for g in meters.value.gateways}
    problems = []
    for index, meter in enumerate(meters.value.meters):
        place = ("meters", index)
        if sites is not None and meter.site not in sites:
            message = (
                f"no site {meter.site!r} in sites.yaml; there is {some(sites, near=meter.site)}"
            )
            problems.append(meters.tree.problem((*place, "id"), message))
        if meter.gateway not in gateways:
            message = f"no gateway {meter.gateway!r}; there is {some(gateways)}"
            problems.append(meters.tree.problem((*place, "gateway"), message))
    return problems


def _shared_units(meters: Parsed[MetersFile]) -> list[str]:
    """Two meters on one unit must read two different registers of it."""
    first: dict[tuple[object, ...], str] = {}
    brokers = {g.id for g in meters.value.gateways if g.transport is Transport.MQTT}
    problems = []
    for index, meter in enumerate(meters.value.meters):
        address: object = meter.topic or meter.secondary_address or meter.unit
        if meter.gateway in brokers:
            address = meter.topic or meter.serial
        place = (meter.gateway, address, meter.register_name)
        if place in first:
            message = f"unit {address} behind {meter.gateway} is already meter {first[place]}"
            problems.append(meters.tree.problem(("meters", index, "unit"), message))
        first.setdefault(place, meter.id)
    return problems
