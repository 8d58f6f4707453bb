"""The files of one city's folder, each with the lines it stands on.

A file that cannot be read is None here and its problems are noted; the others are read all the
same, so that one run reports every file. What the files say of each other is checked in
``paes.config_checks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import Field

from paes.activity.activity_data import DeclaredRow
from paes.activity.tables import read_declared
from paes.causes.driver_data import DriverRow, read_drivers
from paes.config_file import Parsed, attempt, parse, read_tree, validate
from paes.errors import ConfigError
from paes.factors.declared_factors import FILE as FACTORS_FILE
from paes.factors.declared_factors import DeclaredFactor, read_declared_factors
from paes.factors.emission_factors import FactorLibrary
from paes.gateways import Gateway
from paes.installation import City, CityFile, some
from paes.inventory.other_emissions import FILE as OTHER_FILE
from paes.inventory.other_emissions import DeclaredOther, read_other_emissions
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Site
from paes.meters import FieldMeter, ImportedMeter, Meter, Sensor
from paes.opening import Opening
from paes.plan.action import Action
from paes.plan.masterplan import Masterplan
from paes.plan.outlook import Outlook, read_outlook
from paes.plan.plan import Plan
from paes.schema import ConfigModel
from paes.supply.declared_supply import DeclaredSupply
from paes.supply.reading import read_supply
from paes.tariffs.contracts import ContractsFile


class SitesFile(ConfigModel):
    """``sites.yaml``."""

    sites: tuple[Site, ...] = Field(min_length=1)


class MetersFile(ConfigModel):
    """``meters.yaml``."""

    gateways: tuple[Gateway, ...]
    meters: tuple[FieldMeter, ...]
    imported_meters: tuple[ImportedMeter, ...] = ()
    virtual_meters: tuple[VirtualMeter, ...] = ()
    sensors: tuple[Sensor, ...] = ()

    @property
    def all_meters(self) -> tuple[Meter, ...]:
        """Those that are read and those whose figures come in files."""
        return (*self.meters, *self.imported_meters)


class ActionsFile(ConfigModel):
    """``actions.yaml``."""

    actions: tuple[Action, ...]


@dataclass(frozen=True)
class CityFiles:
    """What each file of a city says; None where it could not be read."""

    folder: Path
    facts: Parsed[CityFile] | None
    plan: Parsed[Plan] | None
    sites: Parsed[SitesFile] | None
    meters: Parsed[MetersFile] | None
    actions: Parsed[ActionsFile] | None
    declared: tuple[DeclaredRow, ...] | None
    contracts: Parsed[ContractsFile] | None = None
    drivers: tuple[DriverRow, ...] | None = None
    supply: DeclaredSupply | None = None
    masterplan: Parsed[Masterplan] | None = None
    local_factors: tuple[DeclaredFactor, ...] | None = None
    other_emissions: tuple[DeclaredOther, ...] | None = None
    outlook: Outlook | None = None

    def city(self) -> City | None:
        """The city, if all that it needs could be read."""
        if not (self.facts and self.plan and self.sites and self.meters):
            return None
        return City(
            facts=self.facts.value,
            plan=self.plan.value,
            sites={s.id: s for s in self.sites.value.sites},
            gateways={g.id: g for g in self.meters.value.gateways},
            meters={m.id: m for m in self.meters.value.all_meters},
            sensors={s.id: s for s in self.meters.value.sensors},
            virtual_meters={m.id: m for m in self.meters.value.virtual_meters},
            actions=self.actions.value.actions if self.actions else (),
            declared=self.declared or (),
            contracts=self.contracts.value.contracts if self.contracts else (),
            drivers=self.drivers or (),
            supply=self.supply or DeclaredSupply(),
            masterplan=self.masterplan.value if self.masterplan else None,
            local_factors=self.local_factors or (),
            other_emissions=self.other_emissions or (),
            outlook=self.outlook or Outlook(),
        )


def read_city_files(
    folder: Path,
    calendars: Mapping[str, Opening | None],
    factors: FactorLibrary | None,
    problems: list[str],
) -> CityFiles:
    """Read every file of ``folder``; adds what is wrong to ``problems``."""
    actions_file = folder / "actions.yaml"
    has_actions = actions_file.exists()
    contracts_file = folder / "contracts.yaml"
    has_contracts = contracts_file.exists()
    masterplan_file = folder / "masterplan.yaml"
    return CityFiles(
        folder=folder,
        facts=attempt(problems, parse, folder / "city.yaml", CityFile),
        plan=attempt(problems, parse, folder / "plan.yaml", Plan),
        sites=attempt(problems, _sites, folder / "sites.yaml", calendars),
        meters=attempt(problems, _meters, folder / "meters.yaml"),
        actions=attempt(problems, parse, actions_file, ActionsFile) if has_actions else None,
        declared=attempt(problems, read_declared, folder / "activity", factors),
        drivers=attempt(problems, read_drivers, folder / "drivers.csv"),
        outlook=attempt(problems, read_outlook, folder / "outlook.yaml"),
        contracts=attempt(problems, parse, contracts_file, ContractsFile)
        if has_contracts
        else None,
        supply=attempt(problems, read_supply, folder / "inventory"),
        local_factors=attempt(problems, read_declared_factors, folder / "inventory" / FACTORS_FILE),
        other_emissions=attempt(problems, read_other_emissions, folder / "inventory" / OTHER_FILE),
        masterplan=attempt(problems, parse, masterplan_file, Masterplan)
        if masterplan_file.exists()
        else None,
    )


def _sites(path: Path, calendars: Mapping[str, Opening | None]) -> Parsed[SitesFile]:
    """The sites, with the calendar itself in place of its name."""
    tree = read_tree(path)
    problems = []
    listed = tree.data.get("sites") if isinstance(tree.data, dict) else None
    for index, item in enumerate(listed if isinstance(listed, list) else []):
        name = item.get("opening") if isinstance(item, dict) else None
        if not isinstance(name, str):
            continue
        item["opening"] = calendars.get(name)
        if name not in calendars:
            message = f"no calendar {name!r}; there is {some(calendars)}"
            problems.append(tree.problem(("sites", index, "opening"), message))
    parsed = attempt(problems, validate, tree, SitesFile)
    if problems or parsed is None:
        raise ConfigError(problems)
    return parsed


def _meters(path: Path) -> Parsed[MetersFile]:
    """Gateways and meters, with certificates at their full paths."""
    parsed = parse(path, MetersFile)
    problems, gateways = [], []
    for index, gateway in enumerate(parsed.value.gateways):
        if gateway.tls:
            found = {key: path.parent / name for key, name in gateway.tls.paths.items()}
            problems += [
                parsed.tree.problem(("gateways", index, "tls", key), f"no file {full}")
                for key, full in found.items()
                if not full.is_file()
            ]
            tls = gateway.tls.model_copy(update=found)
            gateway = gateway.model_copy(update={"tls": tls})
        gateways.append(gateway)
    if problems:
        raise ConfigError(problems)
    return replace(parsed, value=parsed.value.model_copy(update={"gateways": tuple(gateways)}))
