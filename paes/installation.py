"""Cities and the installation that holds them: what the whole configuration says.

Immutable once loaded (``paes.config``). Ids of sites, gateways and meters are unique in the
installation; a point's identity never changes when a meter is described differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from paes.activity.activity_data import DeclaredRow
from paes.causes.driver_data import Dependence, DriverRow
from paes.climate.heating_season import ClimateZone, HeatingException, HeatingSeasons
from paes.climate.weather import ReferenceDegreeDays, WeatherSource, temperature_points
from paes.errors import DataError
from paes.factors.declared_factors import DeclaredFactor
from paes.factors.emission_factors import FactorLibrary, Year
from paes.faults.settings import FaultSettings
from paes.faults.telling.notices import Notices
from paes.forecast.expectations import Expectations
from paes.gateways import Gateway
from paes.inventory.other_emissions import DeclaredOther
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Register, Site, SiteKind
from paes.meters import FieldMeter, Meter, Sensor
from paes.opening import MonthDay, Opening
from paes.outline import MapTiles
from paes.plan.action import Action
from paes.plan.covenant_lists import CovenantLists
from paes.plan.masterplan import Masterplan
from paes.plan.outlook import Outlook
from paes.plan.plan import Plan
from paes.retention import Retention
from paes.schema import ConfigModel, Identifier, Name, Sourced, TimeZoneName
from paes.supply.declared_supply import DeclaredSupply
from paes.supply.plants import SupplyAssumptions
from paes.tariffs.bands import Bands
from paes.tariffs.contracts import Contract
from paes.tariffs.tariff import Tariff
from paes.uncertainty.assumptions import Assumptions

T = TypeVar("T")


class Population(Sourced):
    """Inhabitants in a year."""

    year: Year
    inhabitants: Annotated[int, Field(gt=0)]


class CityFile(ConfigModel):
    """``city.yaml``."""

    id: Identifier
    name: Name
    province: str | None = None
    istat_code: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None
    cadastral_code: Annotated[str, Field(pattern=r"^[A-Z]\d{3}$")] | None = None
    unlocode: str | None = None
    time_zone: TimeZoneName = "Europe/Rome"
    patron_day: MonthDay | None = None
    """The patron's day, on which schools and offices rest, e.g. ``03-19``."""
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    area_km2: Annotated[float, Field(gt=0)] | None = None
    population: tuple[Population, ...] = ()
    climate_zone: ClimateZone | None = None
    reference_degree_days: ReferenceDegreeDays | None = None
    heating_exceptions: tuple[HeatingException, ...] = ()
    weather: tuple[WeatherSource, ...] = ()
    """Where the outdoor temperature is known from; what files brought comes last by itself."""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class City:
    """A municipality with its sites, meters, plan and declared energy."""

    facts: CityFile
    plan: Plan
    sites: dict[str, Site]
    gateways: dict[str, Gateway]
    meters: dict[str, Meter]
    actions: tuple[Action, ...]
    declared: tuple[DeclaredRow, ...]
    virtual_meters: dict[str, VirtualMeter] = field(default_factory=dict)
    sensors: dict[str, Sensor] = field(default_factory=dict)
    contracts: tuple[Contract, ...] = ()
    drivers: tuple[DriverRow, ...] = ()
    """By what a change of its emissions is measured: degree days, floor area …"""
    heating_seasons: HeatingSeasons | None = None
    supply: DeclaredSupply = field(default_factory=DeclaredSupply)
    local_factors: tuple[DeclaredFactor, ...] = ()
    """Factors that it declares as its own."""
    other_emissions: tuple[DeclaredOther, ...] = ()
    """Emissions that no energy causes: waste, waste water, other."""
    """Its own electricity and heat."""
    masterplan: Masterplan | None = None
    outlook: Outlook = field(default_factory=Outlook)
    """What is expected of it beside its actions."""

    @property
    def id(self) -> str:
        """Its identifier, unique in the installation."""
        return self.facts.id

    @property
    def name(self) -> str:
        """Its name as its citizens write it."""
        return self.facts.name

    @property
    def time_zone(self) -> str:
        """The zone in which its days, months and years are counted."""
        return self.facts.time_zone

    @property
    def temperature_points(self) -> list[str]:
        """The points that tell its outdoor temperature, the most trusted first."""
        return temperature_points(self.id, self.facts.weather)

    def population(self, year: int) -> Population | None:
        """Inhabitants in ``year``, else the latest earlier figure, else None."""
        known = [p for p in self.facts.population if p.year <= year]
        return max(known, key=lambda p: p.year, default=None)


@dataclass(frozen=True)
class Installation:
    """Everything that the configuration says; immutable, and complete once loaded."""

    root: Path
    name: str
    default_city: str
    cities: dict[str, City]
    factors: FactorLibrary
    device_folders: tuple[Path, ...]
    registers: dict[str, Register] = field(repr=False)
    retention: Retention = field(default_factory=Retention)
    gauges: dict[str, Register] = field(default_factory=dict, repr=False)
    """What each sensor tells; these are no counters."""
    bands: dict[str, Bands] = field(default_factory=dict, repr=False)
    tariffs: dict[str, Tariff] = field(default_factory=dict, repr=False)
    assumed_uncertainty: Assumptions | None = field(default=None, repr=False)
    """How wrong figures may be; ask ``uncertainty``, which is never None."""
    covenant: CovenantLists | None = field(default=None, repr=False)
    """The Covenant's lists by which actions are classified."""
    supply_assumptions: SupplyAssumptions | None = field(default=None, repr=False)
    """What holds for local plants that say nothing themselves."""
    default_openings: dict[SiteKind, Opening] = field(default_factory=dict, repr=False)
    """The calendar of a kind of site, for those that name none."""
    dependence: Dependence = field(default_factory=Dependence, repr=False)
    """What of its energy follows the weather, and what measures activity."""
    expected: Expectations | None = field(default=None, repr=False)
    """How wrong forecasts are, and the grid to come; ask ``expectations``, which is never None."""

    notices: Notices = field(default_factory=Notices, repr=False)
    """When malfunctions are looked for, and who is told of them."""
    faults: FaultSettings = field(default_factory=FaultSettings, repr=False)
    """Rules that are off, parameters of its own, and exemptions."""
    map_tiles: MapTiles | None = None
    """A server of map tiles; without one maps ask nobody."""

    @property
    def expectations(self) -> Expectations:
        """What is expected of years to come; DataError if it was not loaded with the rest."""
        if self.expected is None:
            raise DataError("forecasts have no known errors: forecast.yaml is missing")
        return self.expected

    @property
    def uncertainty(self) -> Assumptions:
        """How wrong figures may be; DataError if it was not loaded with the rest."""
        if self.assumed_uncertainty is None:
            raise DataError("how uncertain figures are is not known: uncertainty.yaml is missing")
        return self.assumed_uncertainty

    @cached_property
    def sites(self) -> dict[str, Site]:
        """Every site by id."""
        return {s.id: s for city in self.cities.values() for s in city.sites.values()}

    @cached_property
    def gateways(self) -> dict[str, Gateway]:
        """Every gateway by id."""
        return {g.id: g for city in self.cities.values() for g in city.gateways.values()}

    @cached_property
    def _openings(self) -> dict[str, Opening]:
        return {
            site.id: _opening(site, city, self.default_openings)
            for city in self.cities.values()
            for site in city.sites.values()
        }

    def opening(self, site_id: str) -> Opening:
        """When a site is in use: its own calendar, else that of its kind; DataError if unknown."""
        return _get(self._openings, site_id, "site")

    @cached_property
    def meters(self) -> dict[str, Meter]:
        """Every meter by id."""
        return {m.id: m for city in self.cities.values() for m in city.meters.values()}

    @cached_property
    def sensors(self) -> dict[str, Sensor]:
        """What is read and counts nothing, by id; none of ``meters``."""
        return {s.id: s for city in self.cities.values() for s in city.sensors.values()}

    @cached_property
    def virtual_meters(self) -> dict[str, VirtualMeter]:
        """Every meter that is a formula of others, by id; none of ``meters``."""
        return {m.id: m for city in self.cities.values() for m in city.virtual_meters.values()}

    @cached_property
    def field_meters(self) -> dict[str, FieldMeter]:
        """Those of them that the collector reads."""
        return {m.id: m for m in self.meters.values() if isinstance(m, FieldMeter)}

    @cached_property
    def _city_by_site(self) -> dict[str, City]:
        return {site: city for city in self.cities.values() for site in city.sites}

    def city(self, city_id: str | None = None) -> City:
        """The city, by default the installation's first; DataError if unknown."""
        wanted = city_id or self.default_city
        return _get(self.cities, wanted, "city")

    def meter(self, meter_id: str) -> Meter:
        """The meter; DataError if unknown."""
        return _get(self.meters, meter_id, "meter")

    def field_meter(self, meter_id: str) -> FieldMeter:
        """The meter or sensor, which the collector reads; DataError if unknown, or not read."""
        if meter_id in self.sensors:
            return self.sensors[meter_id]
        meter = self.meter(meter_id)
        if isinstance(meter, FieldMeter):
            return meter
        raise DataError(f"meter {meter_id} is not read: its figures come in files (paes import)")

    def site(self, site_id: str) -> Site:
        """The site; DataError if unknown."""
        return _get(self.sites, site_id, "site")

    def city_of(self, meter: Meter) -> City:
        """The city in which a meter stands."""
        return self._city_by_site[meter.site]

    def city_of_site(self, site_id: str) -> City:
        """The city of a site; DataError if unknown."""
        return _get(self._city_by_site, site_id, "site")

    def time_zone(self, meter_id: str) -> str:
        """The zone of the meter's local days."""
        return self.city_of(self.sensors.get(meter_id) or self.meter(meter_id)).time_zone

    def register(self, meter: Meter) -> Register:
        """The counter of ``meter`` that is accounted; of a sensor what it tells."""
        return self.gauges[meter.id] if isinstance(meter, Sensor) else self.registers[meter.id]

    def meters_behind(self, gateway_id: str) -> list[FieldMeter]:
        """The meters and sensors behind a gateway, by unit."""
        read: list[FieldMeter] = [*self.field_meters.values(), *self.sensors.values()]
        behind = [m for m in read if m.gateway == gateway_id]
        return sorted(behind, key=lambda m: (m.unit, m.id))

    def device_file(self, device_id: str) -> Path:
        """The profile of a device: the installation's own first, then the shipped one."""
        return find_device_file(self.device_folders, device_id)


def _opening(site: Site, city: City, defaults: dict[SiteKind, Opening]) -> Opening:
    own = site.opening or defaults.get(site.kind) or Opening()
    if own.patron_day or not city.facts.patron_day:
        return own
    return own.model_copy(update={"patron_day": city.facts.patron_day})


def find_device_file(folders: tuple[Path, ...], device_id: str) -> Path:
    """The file of a device profile in the first folder that has it; DataError if none."""
    for folder in folders:
        path = folder / f"{device_id}.yaml"
        if path.is_file():
            return path
    known = sorted({p.stem for folder in folders for p in folder.glob("*.yaml")})
    near = [k for k in known if k.split("-")[0] == device_id.split("-")[0]]
    raise DataError(f"no device profile {device_id!r}; there is {some(near or known)}")


def some(names: Iterable[str], most: int = 6, near: str = "") -> str:
    """The first few of ``names``, for a message that says what there is.

    Where not all are told, those that look like ``near`` come first.
    """
    listed = sorted(names)
    if near and len(listed) > most:
        alike = get_close_matches(near, listed, n=most)
        listed = [*alike, *(name for name in listed if name not in alike)]
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return (", ".join(listed[:most]) or "none") + more


def _get(things: dict[str, T], name: str, what: str) -> T:
    try:
        return things[name]
    except KeyError as err:
        raise DataError(f"no {what} {name!r}; there is {some(things, near=name)}") from err
