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
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from paes.errors import DataError
from paes.meter_trees.shared import Share
from paes.periods import require_utc
from paes.pulse import Pulse
from paes.schema import ConfigModel, Identifier, Sourced

Topic = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^+#\x00]+$")]
"""An MQTT topic without wildcards."""
Pod = Annotated[str, Field(pattern=r"^IT\d{3}E[A-Z0-9]{8}[A-Z0-9]?$")]
"""A point of delivery of electricity: 14 characters, and perhaps one that controls them."""
Pdr = Annotated[str, Field(pattern=r"^\d{14}$")]
"""A point of redelivery of gas."""


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


class Opening(ConfigModel):
    """When a site is in use: local hours by weekday (0 Monday … 6 Sunday), and closed spans."""

    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = (0, 1, 2, 3, 4)
    from_hour: Annotated[float, Field(ge=0, le=24)] = 8.0
    to_hour: Annotated[float, Field(ge=0, le=24)] = 18.0
    closed: tuple[tuple[date, date], ...] = ()
    """Closed spans, both days included, e.g. the summer holidays."""
    holidays: Literal["IT", "none"] = "IT"

    @model_validator(mode="after")
    def _hours_in_order(self) -> Opening:
        if self.to_hour <= self.from_hour:
            raise ValueError(f"closes at {self.to_hour}, not after it opens at {self.from_hour}")
        for first, last in self.closed:
            if last < first:
                raise ValueError(f"closed until {last}, before it closes on {first}")
        return self


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
    name: str = Field(min_length=1)
    kind: SiteKind
    sector: Sector
    address: str | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    floor_area_m2: Annotated[float, Field(gt=0)] | None = None
    light_points: Annotated[int, Field(gt=0)] | None = None
    lighting_power_kw: Annotated[float, Field(gt=0)] | None = None
    """What all its lamps take together at full light."""
    pv_peak_kw: Annotated[float, Field(gt=0)] | None = None
    charging_points: Annotated[int, Field(gt=0)] | None = None
    """Columns for cars, or docks of electric bicycles."""
    opening: Opening | None = None
    """A name from the installation's ``calendars/``; loaded as the calendar itself."""


class Replacement(ConfigModel):
    """The device of a meter was exchanged at ``at``; the meter's history goes on.

    ``last_reading`` is the old device's register when it was taken out, ``first_reading`` the
    new one's when it was put in, both in the canonical unit of the meter's register. Without
    them the energy between the last reading before and the first after is missing, with bounds.
    """

    at: AwareDatetime
    old_serial: str | None = None
    new_serial: str
    last_reading: float | None = Field(default=None, ge=0)
    first_reading: float | None = Field(default=None, ge=0)

    @field_validator("at")
    @classmethod
    def _utc(cls, at: datetime) -> datetime:
        return at.astimezone(UTC)


class Meter(Sourced):
    """A measuring position at a site, however its figures come here.

    Two kinds: one that the collector reads (``FieldMeter``), and one whose figures come in files
    (``ImportedMeter``): the distributor's load curves, bills, registers written down by hand.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*$", max_length=121)]
    """``<site>.<name>``, e.g. ``scuola-2-giugno.main``."""
    name: str | None = None
    measures: Measures = Measures.WITHDRAWAL
    carrier: Carrier | None = None
    """None only for water."""
    parent: str | None = None
    """Of a submeter: what it is part of, here or at another site, whose energy it then takes."""
    shares: tuple[Share, ...] = ()
    """How its energy is split between sites, from a local day on each; before, it is its own's."""
    plant: Plant | None = None
    """What generates, of a meter of generation; photovoltaic if not said."""
    pod: Pod | None = None
    pdr: Pdr | None = None
    serial: str | None = None
    volume_correction: float = Field(default=1.0, gt=0)
    """Coefficient C of a gas meter: Sm3 = m3 x C."""
    rated_power_kw: float | None = Field(default=None, gt=0)
    """What can pass at most; bounds a gap, and a step above 1.2 times it is a spike."""
    rated_flow_m3_h: float | None = Field(default=None, gt=0)
    """The same for water and gas."""
    valid_from: date | None = None
    valid_to: date | None = None
    """First day after the meter's life (half-open), local."""
    replacements: tuple[Replacement, ...] = ()
    """Exchanges with what is known of both registers; those the collector notices are added."""

    @property
    def site(self) -> str:
        """The id of the site it stands at."""
        return self.id.split(".", 1)[0]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.measures is Measures.WEATHER) != isinstance(self, Sensor):
            raise ValueError("what measures the weather is no meter; list it under sensors:")
        if (self.carrier is None) != (self.measures in (Measures.WATER, Measures.WEATHER)):
            raise ValueError("a water meter has no carrier, and every other meter has one")
        if (self.parent is None) == (self.measures is Measures.SUBMETER):
            raise ValueError("a submeter names its parent, and no other meter has one")
        if self.shares and self.parent:
            raise ValueError("shares are those of the meter that it is part of; leave them out")
        days = [share.since for share in self.shares]
        if days != sorted(set(days)):
            raise ValueError("shares must be in order of time, each from its own day on")
        if self.plant and self.measures is not Measures.GENERATION:
            raise ValueError(f"plant {self.plant} of a meter that measures {self.measures}")
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} is not after valid_from {self.valid_from}")
        times = [r.at for r in self.replacements]
        if times != sorted(set(times)):
            raise ValueError("replacements must be in order of time, each at its own time")
        return self


class FieldMeter(Meter):
    """A meter that the collector reads, and where it finds its device."""

    topic: Topic | None = None
    """Behind a broker: what the device's own messages are published under."""
    secondary_address: Annotated[str, Field(pattern=r"^[0-9]{8}$")] | None = None
    """On an M-Bus: the number on the device's face, where it has no primary address."""
    device: Identifier
    gateway: Identifier
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    register_name: str | None = Field(default=None, alias="register")
    """The profile's counter that is accounted; by default the only one that fits."""
    ct_ratio: float = Field(default=1.0, gt=0)
    vt_ratio: float = Field(default=1.0, gt=0)
    pulse: Pulse | None = None

    @property
    def transformer_ratio(self) -> float:
        """What registers of current, power and energy are multiplied by."""
        return self.ct_ratio * self.vt_ratio


class Sensor(FieldMeter):
    """A device that the collector reads as it does a meter, and that counts nothing.

    It stands under ``sensors:`` and in no list of meters, so that it is in no total of energy.
    """

    measures: Literal[Measures.WEATHER] = Measures.WEATHER
    register_name: str = Field(default="outdoor_temperature", alias="register")
    """The profile's point that is read."""

    @property
    def point(self) -> str:
        """Where its readings are stored."""
        return point_id(self.id, self.register_name)


class Evidence(StrEnum):
    """What a reading of the accounted point says."""

    COUNTER = "counter"  # what the register shows
    INTERVALS = "intervals"  # what passed in the ``interval_s`` from its time on: a load curve
    AMOUNTS = "amounts"
    """What passed from its time until that of the next reading: bills, deliveries. A reading of
    quality ``not_available`` ends a period that nothing follows."""


class ImportedMeter(Meter):
    """A meter that no collector reads: its figures come in files (``paes import``)."""

    brings: Evidence = Evidence.INTERVALS
    interval_s: Literal[300, 600, 900, 1800, 3600] = 900
    """The length of the intervals of a load curve."""
    digits: Annotated[int, Field(ge=3, le=12)] | None = None
    """How many whole digits a counter has: it wraps to zero behind them."""
    unit: Literal["kWh", "m3", "l", "kg"] | None = None
    """In what it is accounted; without it kWh, for gas and water m3 (gas: Sm3), for fuels l."""
    fuel: Identifier | None = None
    """Which of a carrier's fuels it is (wood, pellet), where their calorific values differ."""

    @property
    def register(self) -> Register:
        """What is accounted: canonical, since importers convert."""
        unit = self.unit or _usual_unit(self.carrier)
        name = _ACCOUNTED[unit]
        if self.measures is Measures.FEED_IN:
            name = "energy_export"
        if self.brings is not Evidence.COUNTER:
            name = f"{name}_{self.brings}"
        return Register(
            point=point_id(self.id, name),
            unit=unit,
            modulus=10.0**self.digits if self.digits else None,
            resolution=1e-3,
            kind=self.brings,
            interval_s=self.interval_s if self.brings is Evidence.INTERVALS else None,
        )

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.digits and self.brings is not Evidence.COUNTER:
            raise ValueError(f"digits are those of a counter, and the files bring {self.brings}")
        if self.unit not in (None, "m3") and self.carrier is None:
            raise ValueError(f"unit {self.unit!r} is none of water; expected m3")
        return self


_ACCOUNTED = {"kWh": "energy_import", "m3": "volume", "l": "fuel_volume", "kg": "fuel_mass"}


def _usual_unit(carrier: Carrier | None) -> str:
    if carrier in (None, Carrier.NATURAL_GAS):
        return "m3"
    return "kWh" if carrier in (Carrier.ELECTRICITY, Carrier.HEAT_COLD) else "l"


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
