"""An installation: one folder of YAML and CSV that describes towns, meters, plans and factors.

::

    installation.yaml            name, default city
    calendars/*.yaml             opening calendars, by name
    default_calendars.yaml       the calendar of a kind of site      (optional: the shipped one)
    devices/*.yaml               device profiles        (missing ones come from the shipped set)
    factors/sets.yaml, *.csv     emission factors       (added to the shipped sets)
    factors/gwp.yaml             warming potentials     (added to the shipped ones)
    factors/calorific_values.csv
    bands/*.yaml                 time bands of tariffs  (missing ones come from the shipped set)
    tariffs/*.yaml               prices with their validity, by name
    retention.yaml               how long readings are kept          (optional: all for ever)
    notices.yaml                 who is told of malfunctions         (optional: nobody)
    faults.yaml                  rules off, parameters, exemptions   (optional)
    heating_seasons.yaml         when heating is allowed             (optional: the shipped one)
    supply.yaml                  what holds for local plants         (optional: the shipped one)
    covenant_lists.yaml          areas, instruments … of actions     (optional: the shipped one)
    uncertainty.yaml             how wrong figures may be            (optional: the shipped one)
    weather_dependence.yaml      what follows the degree days        (optional: the shipped one)
    photovoltaics.yaml           what is assumed of plants           (optional: the shipped one)
    forecast.yaml                how wrong forecasts were seen to be (optional: the shipped one)
    grid_projections.yaml        the grid to come, as others see it  (optional: the shipped one)
    activity_drivers.yaml        what measures a sector's activity   (optional: the shipped one)
    cities/<city>/city.yaml      name, codes, time zone, population
                  plan.yaml      targets, base year, factor set
                  sites.yaml     sites
                  meters.yaml    gateways and meters
                  actions.yaml   the register of actions            (optional)
                  outlook.yaml   inhabitants and trends to come     (optional)
                  masterplan.yaml work tables and themes of actions (optional)
                  contracts.yaml which meter is on which tariff     (optional)
                  activity/*.csv declared energy by year, sector and carrier
                  drivers.csv    degree days, floor area, vehicle km (optional)
                  inventory/     plants, their fuel, green electricity      (paes.supply.reading)
                  inventory/local_factors.csv    factors of its own       (optional)
                  inventory/other_emissions.csv  waste, waste water, other (optional)

One installation may hold several cities, each with its own plan. ``load_installation`` reads
everything, checks every reference, and raises one ``ConfigError`` with all problems found.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, RootModel

from paes.accounted_register import DeviceFile
from paes.causes.driver_data import ActivityFile, Dependence, WeatherFile, idle_drivers
from paes.city_files import CityFiles, read_city_files
from paes.climate.heating_season import HeatingSeasons
from paes.config_checks import (
    accounted_registers,
    caught_counters,
    city_problems,
    repeated_ids,
    shared_ids,
)
from paes.config_file import Parsed, attempt, parse, read_yaml
from paes.config_table import read_csv, repeated_rows
from paes.errors import ConfigError
from paes.factors.emission_factors import (
    CalorificRow,
    FactorLibrary,
    FactorRow,
    FactorSet,
    GwpSet,
)
from paes.faults.settings import FILE as FAULTS_FILE
from paes.faults.settings import FaultSettings
from paes.faults.telling.notices import Notices
from paes.forecast.expectations import read_expectations
from paes.installation import Installation, some
from paes.metering import Register, SiteKind
from paes.opening import Opening
from paes.outline import MapTiles, read_outline
from paes.plan.checks import plan_problems
from paes.plan.covenant_lists import CovenantLists
from paes.retention import Retention
from paes.schema import ConfigModel, Identifier, Name
from paes.sensors import sensor_gauges, sensor_problems, unknown_weather
from paes.shipped_files import own_or_shipped, read_own_or_shipped, shipped_config
from paes.solar.assumptions import FILE as PV_FILE
from paes.solar.assumptions import PvAssumptions
from paes.supply.checks import supply_problems
from paes.supply.plants import SupplyAssumptions
from paes.tariffs.checks import contract_problems, read_bands, read_tariffs
from paes.uncertainty.assumptions import Assumptions

M = TypeVar("M", bound=BaseModel)


class _InstallationFile(ConfigModel):
    name: Name
    default_city: Identifier
    map_tiles: MapTiles | None = None


class _DefaultCalendars(RootModel[dict[SiteKind, str]]):
    """The name of the calendar of each kind of site."""


class _SetsFile(ConfigModel):
    sets: tuple[FactorSet, ...]


class _GwpFile(ConfigModel):
    sets: tuple[GwpSet, ...]


def config_root(option: str | Path | None) -> Path:
    """``--config``, else ``$PAES_CONFIG``, else the shipped installation."""
    chosen = option or os.environ.get("PAES_CONFIG")
    root = Path(chosen).expanduser() if chosen else shipped_config()
    if not (root / "installation.yaml").is_file():
        raise ConfigError.at(
            root, None, "", "not an installation: the file installation.yaml is missing"
        )
    return root


def load_installation(root: Path) -> Installation:
    """Read and check the installation at ``root``; ConfigError with every problem found."""
    problems: list[str] = []
    head = attempt(problems, parse, root / "installation.yaml", _InstallationFile)
    calendars = _calendars(root, problems)
    openings = _default_openings(root, calendars, problems)
    factors = _factors(root, problems)
    towns = [
        read_city_files(folder, calendars, factors, problems)
        for folder in sorted((root / "cities").glob("*"))
        if folder.is_dir()
    ]
    device_folders = tuple(
        f for f in dict.fromkeys((root / "devices", shipped_config() / "devices")) if f.is_dir()
    )
    bands = read_bands(tuple(dict.fromkeys((root, shipped_config()))), problems)
    tariffs = read_tariffs(root, bands, problems)
    lists = attempt(problems, read_own_or_shipped, root, "covenant_lists.yaml", CovenantLists)
    registers: dict[str, Register] = {}
    gauges: dict[str, Register] = {}
    devices: dict[str, DeviceFile] = {}
    for town in towns:
        problems += city_problems(town, factors) + plan_problems(town, lists)
        problems += supply_problems(town)
        if town.meters:
            registers |= accounted_registers(town.meters, device_folders, devices, problems)
            registers |= {m.id: m.register for m in town.meters.value.imported_meters}
            gauges |= sensor_gauges(town.meters, device_folders, devices, problems)
        problems += sensor_problems(town)
        problems += contract_problems(town, tariffs, registers)
    problems += shared_ids(towns) + unknown_weather(towns)
    retention = _retention(root, devices, problems)
    notices = _notices(root, problems)
    faults = _faults(root, towns, problems)
    problems += _own_files(root)
    attempt(problems, read_outline, root)
    if head:
        problems += _default_city_problems(head, towns)
    seasons = attempt(problems, read_own_or_shipped, root, "heating_seasons.yaml", HeatingSeasons)
    supply = attempt(problems, read_own_or_shipped, root, "supply.yaml", SupplyAssumptions)
    uncertainty = attempt(problems, read_own_or_shipped, root, "uncertainty.yaml", Assumptions)
    attempt(problems, read_own_or_shipped, root, PV_FILE, PvAssumptions)
    dependence = _dependence(root, problems)
    for town in towns:
        path = town.folder / "drivers.csv"
        problems += idle_drivers(path, town.drivers or (), dependence)
    expected = read_expectations(root, problems)
    cities = {c.id: replace(c, heating_seasons=seasons) for town in towns if (c := town.city())}
    if problems or not head or not factors:
        raise ConfigError(list(dict.fromkeys(problems)))
    facts = head.value
    return Installation(
        root,
        facts.name,
        facts.default_city,
        cities,
        factors,
        device_folders,
        registers,
        retention,
        gauges,
        bands,
        {name: tariff for name, tariff in tariffs.items() if tariff},
        uncertainty,
        covenant=lists,
        dependence=dependence,
        expected=expected,
        supply_assumptions=supply,
        default_openings=openings,
        notices=notices,
        faults=faults,
        map_tiles=facts.map_tiles,
    )


def _default_city_problems(head: Parsed[_InstallationFile], towns: list[CityFiles]) -> list[str]:
    known = [town.facts.value.id for town in towns if town.facts]
    wanted = head.value.default_city
    if wanted in known or len(known) < len(towns):
        return []
    there = ", ".join(known) or "none: the folder cities/ is empty"
    return [head.tree.problem(("default_city",), f"no city {wanted!r}; there is {there}")]


def _retention(root: Path, devices: Mapping[str, DeviceFile], problems: list[str]) -> Retention:
    """The installation's own classes; without the file everything is kept for ever."""
    path = root / "retention.yaml"
    parsed = attempt(problems, parse, path, Retention) if path.is_file() else None
    if parsed is None:
        return Retention()
    problems += caught_counters(parsed, devices)
    return parsed.value


def _notices(root: Path, problems: list[str]) -> Notices:
    """Whom the installation tells of malfunctions; without the file nobody."""
    path = root / "notices.yaml"
    return (attempt(problems, read_yaml, path, Notices) if path.is_file() else None) or Notices()


def _faults(root: Path, towns: list[CityFiles], problems: list[str]) -> FaultSettings:
    """What the installation wants otherwise of rules; they are imported only for who has a file."""
    cities = [city for town in towns if (city := town.city())]
    if not (root / FAULTS_FILE).is_file() or len(cities) < len(towns):
        return FaultSettings()
    from paes.faults.settings_checks import read_settings

    sites = [name for city in cities for name in city.sites]
    meters = [name for city in cities for name in city.meters]
    return read_settings(root, sites, meters, problems)


def _own_files(root: Path) -> list[str]:
    """Problems of files that few installations have of their own; shipped ones are not read."""
    if root.resolve() == shipped_config():
        return []
    if not any((root / f).exists() for f in ("fault_rules", "savings.yaml", "digest_words.yaml")):
        return []
    from paes.faults.own_files import own_file_problems

    return own_file_problems(root)


def _dependence(root: Path, problems: list[str]) -> Dependence:
    """The installation's own files, else the shipped ones."""
    weather = attempt(problems, read_own_or_shipped, root, "weather_dependence.yaml", WeatherFile)
    activity = attempt(problems, read_own_or_shipped, root, "activity_drivers.yaml", ActivityFile)
    return Dependence(weather.shares if weather else (), activity.sectors if activity else ())


def _calendars(root: Path, problems: list[str]) -> dict[str, Opening | None]:
    """Each calendar by name; None for one that could not be read."""
    paths = sorted((root / "calendars").glob("*.yaml"))
    return {p.stem: attempt(problems, read_yaml, p, Opening) for p in paths}


def _default_openings(
    root: Path, calendars: Mapping[str, Opening | None], problems: list[str]
) -> dict[SiteKind, Opening]:
    """The calendar of each kind of site; those of the installation stand before shipped ones."""
    path = own_or_shipped(root, "default_calendars.yaml")
    parsed = attempt(problems, parse, path, _DefaultCalendars)
    if parsed is None:
        return {}
    known = _calendars(shipped_config(), problems) | dict(calendars)
    found = {}
    for kind, name in parsed.value.root.items():
        if name not in known:
            problems.append(
                parsed.tree.problem((kind,), f"no calendar {name!r}; there is {some(known)}")
            )
        elif opening := known[name]:
            found[kind] = opening
    return found


def _factors(root: Path, problems: list[str]) -> FactorLibrary | None:
    """The shipped sets and values with the installation's own over them; None if one is wrong."""
    sets: dict[str, FactorSet] = {}
    rows: dict[str, list[FactorRow]] = {}
    calorific: dict[tuple[object, ...], CalorificRow] = {}
    gwp: dict[str, GwpSet] = {}
    told = len(problems)
    for folder in dict.fromkeys((shipped_config() / "factors", root / "factors")):
        for factor_set in attempt(problems, _factor_sets, folder) or ():
            sets[factor_set.id] = factor_set
            path = folder / f"{factor_set.id}.csv"
            rows[factor_set.id] = attempt(problems, _factor_rows, path) or []
        gwp |= {one.id: one for one in attempt(problems, _gwp_sets, folder) or ()}
        own = attempt(problems, _calorific_rows, folder)
        calorific |= {_calorific_key(row): row for row in own or ()}
    if len(problems) > told:
        return None
    return FactorLibrary(sets.values(), rows, calorific.values(), gwp.values())


def _factor_sets(folder: Path) -> tuple[FactorSet, ...]:
    path = folder / "sets.yaml"
    if not path.is_file():
        return ()
    parsed = parse(path, _SetsFile)
    problems = repeated_ids(parsed.tree, "sets", [s.id for s in parsed.value.sets])
    if problems:
        raise ConfigError(problems)
    return parsed.value.sets


def _gwp_sets(folder: Path) -> tuple[GwpSet, ...]:
    path = folder / "gwp.yaml"
    if not path.is_file():
        return ()
    parsed = parse(path, _GwpFile)
    problems = repeated_ids(parsed.tree, "sets", [g.id for g in parsed.value.sets])
    if problems:
        raise ConfigError(problems)
    return parsed.value.sets


def _factor_rows(path: Path) -> list[FactorRow]:
    return _unrepeated(path, FactorRow, lambda r: r.key, lambda r: r.title)


def _calorific_rows(folder: Path) -> list[CalorificRow]:
    path = folder / "calorific_values.csv"
    if not path.is_file():
        return []
    return _unrepeated(
        path, CalorificRow, _calorific_key, lambda r: f"{r.carrier} per {r.unit}, {r.basis}"
    )


def _calorific_key(row: CalorificRow) -> tuple[object, ...]:
    return row.carrier, row.fuel, row.unit, row.basis, row.year


def _unrepeated(
    path: Path, model: type[M], key: Callable[[M], Hashable], title: Callable[[M], str]
) -> list[M]:
    table = read_csv(path, model)
    problems = repeated_rows([(path, table)], key, title)
    if problems:
        raise ConfigError(problems)
    return [row for _, row in table]
