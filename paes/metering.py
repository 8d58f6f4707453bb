"""Sites, gateways, meters, points, readings and findings: the words everything else uses.

::

    City ─ Site ─ Meter ─ Point ─ Reading (at, value, quality)
                    └─ Gateway + unit: where the collector finds it (paes.gateways)

A *meter* is a measuring position that lives for decades; the device in it may be replaced
(``Replacement``) and its history goes on. A *point* is one quantity of a meter
(``scuola-2-giugno.main/energy_import``). A *reading* always has a value: what could not be
read does not exist as a reading, and is never 0. What is wrong with data is told by a
``Finding``, which has a stable dotted name, a sentence and the numbers that prove it.

Read next: ``paes.accounting`` (counters to energy) and ``paes.store`` (where readings live).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from paes.errors import DataError
from paes.opening import Opening
from paes.periods import require_utc
from paes.schema import Identifier, Name, Sourced


class Quality(StrEnum):
    """How far a value can be trusted; it travels with the value into every store."""

    GOOD = "good"
    NOT_AVAILABLE = "not_available"  # the device says that it has no value
    OUT_OF_RANGE = "out_of_range"  # outside what the point can physically be
    SUSPECT = "suspect"  # readable, but not credible beside its neighbours
    STALE = "stale"  # older than two poll periods
    COMM_ERROR = "comm_error"  # the line failed
    SUBSTITUTED = "substituted"  # put in by an estimate or by hand


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one point, stamped when the reply arrived (aware UTC).

    ``value`` is in the point's canonical unit and finite.
    """

    point: str
    at: datetime
    value: float
    quality: Quality = Quality.GOOD

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", require_utc(self.at))
        if not math.isfinite(self.value):
            raise DataError(f"{self.point}: value {self.value} is not a number; expected finite")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the data that a person should know.

    ``name`` is stable and dotted (``counter.reset``), ``subject`` is the point, meter, site or
    cell it is about, ``numbers`` are what proves it (their names end with their unit).
    """

    name: str
    subject: str
    message: str
    at: datetime | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)


class Sector(StrEnum):
    """Sectors of the Covenant's template (SEAP 2010, sheet 2)."""

    MUNICIPAL_BUILDINGS = "municipal_buildings"
    TERTIARY_BUILDINGS = "tertiary_buildings"
    RESIDENTIAL_BUILDINGS = "residential_buildings"
    PUBLIC_LIGHTING = "public_lighting"
    INDUSTRY = "industry"
    MUNICIPAL_FLEET = "municipal_fleet"
    PUBLIC_TRANSPORT = "public_transport"
    PRIVATE_TRANSPORT = "private_transport"
    WASTE = "waste"
    WASTE_WATER = "waste_water"
    OTHER = "other"


class Carrier(StrEnum):
    """Energy carriers: the columns of the Covenant's tables A and B."""

    ELECTRICITY = "electricity"
    HEAT_COLD = "heat_cold"
    NATURAL_GAS = "natural_gas"
    LIQUID_GAS = "liquid_gas"
    HEATING_OIL = "heating_oil"
    DIESEL = "diesel"
    GASOLINE = "gasoline"
    LIGNITE = "lignite"
    COAL = "coal"
    OTHER_FOSSIL = "other_fossil"
    PLANT_OIL = "plant_oil"
    BIOFUEL = "biofuel"
    OTHER_BIOMASS = "other_biomass"
    SOLAR_THERMAL = "solar_thermal"
    GEOTHERMAL = "geothermal"


class Measures(StrEnum):
    """What a meter measures; energy of a carrier, or a volume that is not energy."""

    WITHDRAWAL = "withdrawal"  # bought or delivered: counts as the site's consumption
    GENERATION = "generation"  # local production (PV, CHP): counts as production
    FEED_IN = "feed_in"  # given to the grid (OBIS 2.8.0): production that was not used here
    SUBMETER = "submeter"  # part of another meter: never added to the site's total
    WATER = "water"
    WEATHER = "weather"  # what a sensor tells: no energy and no volume, and in no total


class Plant(StrEnum):
    """What generates electricity locally: the rows of the Covenant's table C."""

    WIND = "wind"
    HYDRO = "hydro"
    PHOTOVOLTAIC = "photovoltaic"
    CHP = "chp"
    OTHER = "other"


class SiteKind(StrEnum):
    """What a site is; sets believable defaults for the simulator and for benchmarks."""

    SCHOOL = "school"
    OFFICE = "office"
    LIBRARY = "library"
    SPORTS_HALL = "sports_hall"
    CULTURE = "culture"
    LIGHTING_CABINET = "lighting_cabinet"
    PV_PLANT = "pv_plant"
    WATER = "water"
    PORT = "port"
    DEPOT = "depot"
    TROLLEYBUS_SUBSTATION = "trolleybus_substation"
    CHARGING_STATION = "charging_station"
    BIKE_SHARING = "bike_sharing"


class Site(Sourced):
    """A place with meters: a school, an office, a lighting cabinet, a PV plant."""

    id: Identifier
    name: Name
    kind: SiteKind
    sector: Sector
    address: str | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    floor_area_m2: Annotated[float, Field(gt=0)] | None = None
    pupils: Annotated[int, Field(gt=0)] | None = None
    light_points: Annotated[int, Field(gt=0)] | None = None
    lighting_power_kw: Annotated[float, Field(gt=0)] | None = None
    """What all its lamps take together at full light."""
    pv_peak_kw: Annotated[float, Field(gt=0)] | None = None
    pv_tilt_deg: Annotated[float, Field(ge=0, le=90)] | None = None
    """Of its modules from the horizontal; without it what ``photovoltaics.yaml`` assumes."""
    pv_azimuth_deg: Annotated[float, Field(ge=0, lt=360)] | None = None
    """Where its modules look to, clockwise from north: 180 is south."""
    pv_strings: Annotated[int, Field(gt=0)] | None = None
    """How many strings of modules it has: what one of them makes is told in the notices."""
    charging_points: Annotated[int, Field(gt=0)] | None = None
    """Columns for cars, or docks of electric bicycles."""
    opening: Opening | None = None
    """A name from the installation's ``calendars/``; loaded as the calendar itself."""
    opened: date | None = None
    """Its first day, if it is new: its energy since is new, not worse use. A site that was there
    before it got a meter has none."""
    closed: date | None = None
    """Its last day, if it was given up: its energy has gone, and was not saved."""

    @model_validator(mode="after")
    def _opened_before_closed(self) -> Self:
        if self.opened and self.closed and self.closed < self.opened:
            raise ValueError(f"closed {self.closed}, before it opened {self.opened}")
        return self


class Evidence(StrEnum):
    """What a reading of the accounted point says."""

    COUNTER = "counter"  # what the register shows
    INTERVALS = "intervals"  # what passed in the ``interval_s`` from its time on: a load curve
    AMOUNTS = "amounts"
    """What passed from its time until that of the next reading: bills, deliveries. A reading of
    quality ``not_available`` ends a period that nothing follows."""


@dataclass(frozen=True, slots=True)
class Register:
    """The counter of a meter that is accounted, in canonical units.

    ``unit`` is kWh, m3, or l or kg of a fuel; ``modulus`` is where the register wraps to zero
    (None: it does not, or nobody declared it); ``resolution`` is its smallest step. A register
    sent as a float gets coarser as it grows: ``relative_step`` is then its step as a part of its
    value.

    What is no counter has another ``kind``; ``interval_s`` is that of a load curve.
    """

    point: str
    unit: str
    modulus: float | None
    resolution: float
    relative_step: float = 0.0
    kind: Evidence = Evidence.COUNTER
    interval_s: int | None = None

    def step_at(self, value: float) -> float:
        """The smallest step of the register where it shows ``value``."""
        return max(self.resolution, self.relative_step * abs(value))


def point_id(meter: str, name: str) -> str:
    """``<meter>/<name>``: the identity under which readings are stored for ever."""
    return f"{meter}/{name}"


def meter_of(point: str) -> str:
    """The meter part of a point's identity."""
    return point.rsplit("/", 1)[0]


def name_of(point: str) -> str:
    """The quantity part of a point's identity."""
    return point.rsplit("/", 1)[1]
