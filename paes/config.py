"""An installation: one folder of YAML and CSV that describes towns, meters, plans and factors.

::

    installation.yaml            name, default city
    calendars/*.yaml             opening calendars, by name
    devices/*.yaml               device profiles        (missing ones come from the shipped set)
    factors/sets.yaml, *.csv     emission factors       (added to the shipped sets)
    factors/calorific_values.csv
    cities/<city>/city.yaml      name, codes, time zone, population
                  plan.yaml      targets, base year, factor set
                  sites.yaml     sites
                  meters.yaml    gateways and meters
                  actions.yaml   the register of actions            (optional)
                  activity/*.csv declared energy by year, sector and carrier

One installation may hold several cities, each with its own plan. ``load_installation`` reads
everything, checks every reference, and raises one ``ConfigError`` with all problems found.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from paes.accounted_register import CounterPoint, accounted_register, device_counters
from paes.activity import DeclaredRow
from paes.config_file import Tree, read_csv, read_tree, read_yaml, validate
from paes.emission_factors import CalorificRow, FactorLibrary, FactorRow, FactorSet
from paes.errors import ConfigError, DataError, problem_text
from paes.installation import City, CityFile, Installation, find_device_file, some
from paes.metering import Gateway, Meter, Opening, Register, Site
from paes.plan import Action, Plan
from paes.schema import ConfigModel, Identifier

T = TypeVar("T")


class _InstallationFile(ConfigModel):
    name: str
    default_city: Identifier


class _SitesFile(ConfigModel):
    sites: tuple[Site, ...] = Field(min_length=1)


class _MetersFile(ConfigModel):
    gateways: tuple[Gateway, ...]
    meters: tuple[Meter, ...]


class _ActionsFile(ConfigModel):
    actions: tuple[Action, ...]


class _SetsFile(ConfigModel):
    sets: tuple[FactorSet, ...]


def shipped_config() -> Path:
    """The folder of the shipped installation: inside a wheel, else beside the packages."""
    here = Path(__file__).resolve().parent
    inside = here / "shipped"
    return inside if inside.is_dir() else here.parent / "config"


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
    installation_file = root / "installation.yaml"
    facts = read_yaml(installation_file, _InstallationFile)
    calendars = _calendars(root, problems)
    factors = _try(problems, lambda: _factors(root)) or FactorLibrary((), {})
    cities: dict[str, City] = {}
    registers: dict[str, Register] = {}
    folders = tuple(
        f for f in dict.fromkeys((root / "devices", shipped_config() / "devices")) if f.is_dir()
    )
    for folder in sorted(p for p in (root / "cities").glob("*") if p.is_dir()):
        city = _load_city(folder, calendars, factors, folders, registers, problems)
        if city:
            cities[city.id] = city
    problems += _shared_ids(root, cities.values())
    if not problems and facts.default_city not in cities:
        known = ", ".join(cities) or "none: the folder cities/ is empty"
        problems.append(
            problem_text(
                installation_file,
                read_tree(installation_file).line(("default_city",)),
                "default_city",
                f"no city {facts.default_city!r}; there is {known}",
            )
        )
    if problems:
        raise ConfigError(problems)
    return Installation(root, facts.name, facts.default_city, cities, factors, folders, registers)


def _load_city(
    folder: Path,
    calendars: dict[str, Opening],
    factors: FactorLibrary,
    device_folders: tuple[Path, ...],
    registers: dict[str, Register],
    problems: list[str],
) -> City | None:
    facts = _try(problems, lambda: read_yaml(folder / "city.yaml", CityFile))
    plan = _try(problems, lambda: read_yaml(folder / "plan.yaml", Plan))
    sites = _try(problems, lambda: _sites(folder / "sites.yaml", calendars))
    actions = _try(problems, lambda: _actions(folder / "actions.yaml"))
    declared = _try(problems, lambda: _declared(folder / "activity"))
    tree = _try(problems, lambda: _meters_tree(folder / "meters.yaml"))
    meters = _try(problems, lambda: validate(tree.path, tree, _MetersFile)) if tree else None
    if tree and meters and sites is not None:
        problems += _meter_problems(tree, meters, sites, device_folders, registers)
    if plan and plan.factor_set not in factors.sets:
        problems.append(
            _at(folder / "plan.yaml", "factor_set", plan.factor_set, "factor set", factors.sets)
        )
    if actions and sites is not None:
        problems += _action_problems(folder / "actions.yaml", actions, sites)
    if not (facts and plan and meters and sites is not None):
        return None
    return City(
        facts=facts,
        plan=plan,
        sites=sites,
        gateways={g.id: g for g in meters.gateways},
        meters={m.id: m for m in meters.meters},
        actions=actions or (),
        declared=declared or (),
    )


def _calendars(root: Path, problems: list[str]) -> dict[str, Opening]:
    found: dict[str, Opening] = {}
    for path in sorted((root / "calendars").glob("*.yaml")):
        opening = _try(problems, lambda path=path: read_yaml(path, Opening))  # type: ignore[misc]
        if opening:
            found[path.stem] = opening
    return found


def _factors(root: Path) -> FactorLibrary:
    sets: dict[str, FactorSet] = {}
    rows: dict[str, list[FactorRow]] = {}
    calorific: list[CalorificRow] = []
    for folder in dict.fromkeys((shipped_config() / "factors", root / "factors")):
        if not (folder / "sets.yaml").is_file():
            continue
        for factor_set in read_yaml(folder / "sets.yaml", _SetsFile).sets:
            sets[factor_set.id] = factor_set
            path = folder / f"{factor_set.id}.csv"
            rows[factor_set.id] = [row for _, row in read_csv(path, FactorRow)]
        values = folder / "calorific_values.csv"
        if values.is_file():
            calorific = [row for _, row in read_csv(values, CalorificRow)] + calorific
    return FactorLibrary(sets.values(), rows, calorific)


def _sites(path: Path, calendars: dict[str, Opening]) -> dict[str, Site]:
    tree = read_tree(path)
    problems = []
    listed = tree.data.get("sites") if isinstance(tree.data, dict) else None
    for index, item in enumerate(listed if isinstance(listed, list) else []):
        name = item.get("opening") if isinstance(item, dict) else None
        if not isinstance(name, str):
            continue
        if name in calendars:
            item["opening"] = calendars[name]
        else:
            line = tree.line(("sites", index, "opening"))
            key = f"sites[{item.get('id', index)}].opening"
            known = ", ".join(calendars) or "none"
            problems.append(
                problem_text(path, line, key, f"no calendar {name!r}; there is {known}")
            )
    if problems:
        raise ConfigError(problems)
    sites = validate(path, tree, _SitesFile).sites
    _refuse_repeated_ids(tree, "sites", [s.id for s in sites])
    return {s.id: s for s in sites}


def _meters_tree(path: Path) -> Tree:
    return read_tree(path)


def _meter_problems(
    tree: Tree,
    file: _MetersFile,
    sites: dict[str, Site],
    device_folders: tuple[Path, ...],
    registers: dict[str, Register],
) -> list[str]:
    """Problems in what the meters refer to; fills ``registers`` with what is sound."""
    problems: list[str] = []
    gateways = {g.id for g in file.gateways}
    by_id = {m.id: m for m in file.meters}
    counters: dict[str, tuple[CounterPoint, ...]] = {}
    for key, ids in (("gateways", [g.id for g in file.gateways]), ("meters", list(by_id))):
        _try(problems, lambda key=key, ids=ids: _refuse_repeated_ids(tree, key, ids))  # type: ignore[misc]
    for index, meter in enumerate(file.meters):

        def wrong(key: str, message: str, index: int = index, meter: Meter = meter) -> None:
            line = tree.line(("meters", index, key))
            problems.append(problem_text(tree.path, line, f"meters[{meter.id}].{key}", message))

        if meter.site not in sites:
            wrong("id", f"no site {meter.site!r} in sites.yaml")
        if meter.gateway not in gateways:
            wrong("gateway", f"no gateway {meter.gateway!r}; there is {some(gateways)}")
        if meter.parent is not None and (
            meter.parent not in by_id or by_id[meter.parent].site != meter.site
        ):
            wrong("parent", f"no meter {meter.parent!r} at this site")
        try:
            if meter.device not in counters:
                counters[meter.device] = device_counters(
                    find_device_file(device_folders, meter.device)
                )
            registers[meter.id] = accounted_register(meter, counters[meter.device])
        except DataError as err:
            wrong("register" if meter.register_name else "device", str(err))
        except ConfigError as err:
            problems += [p for p in err.problems if p not in problems]
    problems += _shared_units(tree, file.meters)
    return problems


def _shared_units(tree: Tree, meters: Iterable[Meter]) -> list[str]:
    """Two meters on one unit must read two different registers of it."""
    seen: dict[tuple[str, int, str | None], str] = {}
    problems = []
    for index, meter in enumerate(meters):
        place = (meter.gateway, meter.unit, meter.register_name)
        if place in seen:
            problems.append(
                problem_text(
                    tree.path,
                    tree.line(("meters", index, "unit")),
                    f"meters[{meter.id}].unit",
                    f"unit {meter.unit} behind {meter.gateway} is already meter {seen[place]}",
                )
            )
        seen.setdefault(place, meter.id)
    return problems


def _actions(path: Path) -> tuple[Action, ...]:
    if not path.is_file():
        return ()
    tree = read_tree(path)
    actions = validate(path, tree, _ActionsFile).actions
    _refuse_repeated_ids(tree, "actions", [a.id for a in actions])
    return actions


def _action_problems(path: Path, actions: tuple[Action, ...], sites: dict[str, Site]) -> list[str]:
    tree = read_tree(path)
    return [
        problem_text(
            path,
            tree.line(("actions", i, "sites", j)),
            f"actions[{action.id}].sites",
            f"no site {site!r} in sites.yaml",
        )
        for i, action in enumerate(actions)
        for j, site in enumerate(action.sites)
        if site not in sites
    ]


def _declared(folder: Path) -> tuple[DeclaredRow, ...]:
    rows: list[DeclaredRow] = []
    problems: list[str] = []
    first_seen: dict[Any, str] = {}
    for path in sorted(folder.glob("*.csv")):
        for line, row in _try(problems, lambda path=path: read_csv(path, DeclaredRow)) or []:  # type: ignore[misc]
            if row.cell in first_seen:
                problems.append(
                    problem_text(
                        path, line, "", f"{row.title} is declared already at {first_seen[row.cell]}"
                    )
                )
            first_seen.setdefault(row.cell, f"{path.name}:{line}")
            rows.append(row)
    if problems:
        raise ConfigError(problems)
    return tuple(rows)


def _shared_ids(root: Path, cities: Iterable[City]) -> list[str]:
    """Ids are addresses for the whole installation: two cities may not use one twice."""
    cities = list(cities)
    problems = []
    for what in ("sites", "gateways", "meters"):
        counts = Counter(i for city in cities for i in getattr(city, what))
        for name, count in counts.items():
            if count > 1:
                where = ", ".join(c.id for c in cities if name in getattr(c, what))
                problems.append(
                    problem_text(root / "cities", None, what, f"{name!r} is in {where}")
                )
    return problems


def _refuse_repeated_ids(tree: Tree, key: str, ids: list[str]) -> None:
    problems = [
        problem_text(
            tree.path, tree.line((key, i, "id")), f"{key}[{name}].id", "this id is there twice"
        )
        for i, name in enumerate(ids)
        if name in ids[:i]
    ]
    if problems:
        raise ConfigError(problems)


def _at(path: Path, key: str, seen: str, what: str, known: Iterable[str]) -> str:
    line = read_tree(path).line((key,))
    return problem_text(path, line, key, f"no {what} {seen!r}; there is {some(known)}")


def _try(problems: list[str], read: Callable[[], T]) -> T | None:
    """``read()``, or None with its problems noted: one run reports every file."""
    try:
        return read()
    except ConfigError as err:
        problems += err.problems
        return None
