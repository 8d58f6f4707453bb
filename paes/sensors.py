"""Sensors of a city and the sources of its weather: what the files must say of each other.

A sensor is read as a meter is, and counts nothing: what it tells is a gauge of its device. What
it is named in ``city.yaml`` as a source of the outdoor temperature must exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from paes.accounted_register import DeviceFile, MeasuredPoint
from paes.city_files import CityFiles, MetersFile
from paes.climate.weather import imported_weather
from paes.config_checks import registers_of, repeated_ids
from paes.config_file import Parsed
from paes.errors import DataError
from paes.installation import some
from paes.metering import Register, meter_of
from paes.meters import Sensor
from paes.units import canonical_unit, factor_to_canonical


def sensor_gauges(
    meters: Parsed[MetersFile],
    device_folders: tuple[Path, ...],
    devices: dict[str, DeviceFile],
    problems: list[str],
) -> dict[str, Register]:
    """What each sensor tells, by its id; adds to ``problems`` where that cannot be known.

    ``devices`` are those that were read already; the others are added.
    """
    return registers_of("sensors", meters, _gauge, device_folders, devices, problems)


def sensor_problems(files: CityFiles) -> list[str]:
    """Sensors at no site, behind no gateway, or with a meter's id."""
    problems: list[str] = []
    if files.meters:
        sites = {s.id for s in files.sites.value.sites} if files.sites else None
        problems += repeated_ids(
            files.meters.tree, "sensors", [s.id for s in files.meters.value.sensors]
        )
        problems += _misplaced(files.meters, sites)
    return problems


def unknown_weather(cities: Sequence[CityFiles]) -> list[str]:
    """Sources of weather that are of no sensor or meter of any city, and not what files bring.

    A town may rest on its neighbour's sensor.
    """
    known = [c for c in cities if c.facts and c.meters]
    if len(known) < len(cities):
        return []
    read = {m.id for c in known if c.meters for m in c.meters.value.meters}
    sensors = {s.id for c in known if c.meters for s in c.meters.value.sensors}
    imported = {imported_weather(c.facts.value.id) for c in known if c.facts}
    problems = []
    for city in known:
        assert city.facts
        for index, source in enumerate(city.facts.value.weather):
            if (of := meter_of(source.point)) not in read | sensors | imported:
                message = (
                    f"no sensor or meter {of!r} in any meters.yaml; expected one of the sensors "
                    f"({some(sensors)}), a meter, or one of {some(imported)} for what files bring"
                )
                problems.append(city.facts.tree.problem(("weather", index, "point"), message))
    return problems


def _gauge(sensor: Sensor, device: DeviceFile) -> Register:
    point = _point(sensor, device)
    step = (point.resolution or abs(point.scale)) * factor_to_canonical(point.unit)
    return Register(sensor.point, canonical_unit(point.unit), modulus=None, resolution=step)


def _point(sensor: Sensor, device: DeviceFile) -> MeasuredPoint:
    gauges = {p.name: p for p in device.points if p.kind == "gauge"}
    if sensor.register_name in gauges:
        return gauges[sensor.register_name]
    raise DataError(
        f"sensor {sensor.id}: device {sensor.device} has no gauge {sensor.register_name!r}; "
        f"it has {some(gauges)}; say which with register:"
    )


def _misplaced(meters: Parsed[MetersFile], sites: Collection[str] | None) -> Iterator[str]:
    gateways = {g.id for g in meters.value.gateways}
    known = {m.id for m in meters.value.all_meters}
    for index, sensor in enumerate(meters.value.sensors):
        place = ("sensors", index)
        if sites is not None and sensor.site not in sites:
            message = f"no site {sensor.site!r} in sites.yaml; there is {some(sites)}"
            yield meters.tree.problem((*place, "id"), message)
        if sensor.id in known:
            yield meters.tree.problem((*place, "id"), "this id is a meter's already")
        if sensor.gateway not in gateways:
            message = f"no gateway {sensor.gateway!r}; there is {some(gateways)}"
            yield meters.tree.problem((*place, "gateway"), message)
