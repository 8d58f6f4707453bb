"""What the simulated town is made of: the types of ``config/simulator.yaml``.

Every intensity, range and threshold of the simulator is data with a source or the mark
``assumed``; the modules beside this one hold only formulas.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from paes.config_file import read_yaml
from paes.metering import Carrier, SiteKind
from paes.opening import MonthDay, Opening
from paes.schema import ConfigModel, Sourced

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Range = tuple[NotNegative, NotNegative]
"""Low and high; each meter draws its own value between them."""
Monthly = Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]


class Climate(Sourced):
    """Temperature and cloud of the place, January first."""

    monthly_mean_degc: Monthly
    daily_swing_degc: NotNegative
    weather_noise_degc: NotNegative
    monthly_mean_cloud_fraction: Monthly
    cloud_noise_fraction: NotNegative
    albedo: Fraction


class Photovoltaics(Sourced):
    """How a plant turns sun into electricity."""

    tilt_deg: Annotated[float, Field(ge=0, le=90)]
    azimuth_deg: Annotated[float, Field(ge=0, lt=360)]
    performance_fraction: Range
    temperature_coefficient_per_degc: float
    nominal_cell_temperature_degc: float
    default_peak_kw: Positive


class Heating(Sourced):
    """When buildings are heated, and how hard."""

    season_from: Annotated[str, Field(pattern=r"^\d\d-\d\d$")]
    season_to: Annotated[str, Field(pattern=r"^\d\d-\d\d$")]
    balance_degc: float
    preheat_h: NotNegative
    preheat_boost: Positive
    setback_fraction: Fraction
    boiler_efficiency: Annotated[float, Field(gt=0, le=1)]
    kwh_per_m3: dict[Carrier, Positive]
    """Energy in a cubic metre (at standard conditions) of a fuel that is metered by volume."""


class Comfort(Sourced):
    """When people switch on lamps, cooling and electric heaters."""

    dull_below_w_m2: Positive
    usual_dullness: Fraction
    cooled_above_degc: float
    heated_below_degc: float


class Lighting(Sourced):
    """Street lamps: an astronomical switch, and dimming where the lamps are LED."""

    on_below_elevation_deg: float
    led_w_per_point: Range
    led_dimmed_from_hour: NotNegative
    led_dimmed_to_hour: NotNegative
    led_dimmed_fraction: Fraction
    sodium_w_per_point: Range
    sodium_from_rated_w_per_point: Positive
    standby_w_per_point: NotNegative
    default_light_points: Annotated[int, Field(gt=0)]


class Submeters(Sourced):
    """How much of a meter its submeters count."""

    fraction_of_parent: tuple[Fraction, Fraction]
    heat_of_fuel_fraction: tuple[Fraction, Fraction]


class Electrical(Sourced):
    """The nominal values of the low-voltage network."""

    voltage_v: Positive
    frequency_hz: Positive
    power_factor: tuple[Fraction, Fraction]
    phase_shares: tuple[Fraction, Fraction, Fraction]


class HeatNetwork(Sourced):
    """Flow and return temperature of a heat meter."""

    supply_degc: float
    return_degc: float


class Water(Sourced):
    """Water that runs when nobody is there."""

    night_fraction: Fraction


class Kind(Sourced):
    """One kind of site; ``config/simulator.yaml`` explains each figure."""

    electricity_kwh_per_m2: Range
    heat_kwh_per_m2: Range
    water_m3_per_m2: Range
    default_area_m2: Positive
    load_factor: Fraction
    base_fraction: Fraction
    dark_fraction: Fraction
    light_fraction: Fraction
    cooling_per_degc: NotNegative
    heating_per_degc: NotNegative
    opening: Opening

    @model_validator(mode="after")
    def _shares(self) -> Kind:
        if self.base_fraction + self.dark_fraction > 1:
            raise ValueError("base_fraction and dark_fraction are more than the whole")
        return self


Hours = tuple[Annotated[float, Field(ge=0, le=24)], Annotated[float, Field(ge=0, le=24)]]
"""A stretch of the local day, from and to."""


class Trolleybus(Sourced):
    """The timetable of the vehicles that a substation feeds."""

    service_from_hour: Annotated[float, Field(ge=0, le=24)]
    service_to_hour: Annotated[float, Field(ge=0, le=24)]
    rush_hours: tuple[Hours, ...]
    between_fraction: Fraction
    saturday_fraction: Fraction
    sunday_fraction: Fraction
    auxiliary_fraction: Fraction


class Charging(Sourced):
    """How often vehicles come to be charged, when, and what each takes."""

    default_points: Annotated[int, Field(gt=0)]
    point_kw: Positive
    sessions_a_day: Range
    session_kwh: Range
    arrivals: Annotated[tuple[Hours, ...], Field(min_length=1)]
    standby_w_per_point: NotNegative


class Losses(Sourced):
    """How often a simulated history has gaps, and how long they are."""

    gateway_outages_per_year: NotNegative
    gateway_outage_h: Range
    site_outage_h: Range
    meter_outage_h: Range


class MalfunctionEffects(Sourced):
    """What malfunctions of the load do, where their own number does not say it."""

    peak_hours: Hours
    """Local hours of the busiest time of an open day."""
    left_on_k: Positive
    """A circuit that is warm out of season loses at least what so many degrees would take."""
    soiled_at_most_fraction: Fraction


class Planted(ConfigModel):
    """A malfunction in the past of the demonstration.

    From ``days_ago`` to ``until_days_ago`` before its first start (without the latter it still
    lasts); between two days of a year, whenever these were last over; or from ``first`` up to
    ``until``, for a measure that the register of actions has with its dates. Whole local days.
    """

    meter: str
    kind: str
    number: float | None = None
    days_ago: Annotated[int, Field(ge=1)] | None = None
    until_days_ago: Annotated[int, Field(ge=1)] | None = None
    last_from: MonthDay | None = None
    last_to: MonthDay | None = None
    """The day after the last one."""
    first: date | None = None
    until: date | None = None
    """The day after the last one; None while it lasts."""

    @model_validator(mode="after")
    def _one_time(self) -> Planted:
        by_season = self.last_from is not None and self.last_to is not None
        if by_season + (self.days_ago is not None) + (self.first is not None) != 1:
            raise ValueError(
                "expected days_ago (and until_days_ago), last_from and last_to, or first"
            )
        if self.days_ago and self.until_days_ago and self.until_days_ago >= self.days_ago:
            raise ValueError(
                f"until_days_ago {self.until_days_ago}; expected fewer than days_ago "
                f"{self.days_ago}"
            )
        return self


class Parameters(ConfigModel):
    """The whole file."""

    seed: int
    epoch: AwareDatetime
    initial_register: Range
    climate: Climate
    photovoltaics: Photovoltaics
    heating: Heating
    comfort: Comfort
    lighting: Lighting
    submeters: Submeters
    electrical: Electrical
    steady: dict[str, float]
    """What a device shows of quantities that do not follow the load."""
    heat_network: HeatNetwork
    water: Water
    trolleybus: Trolleybus
    charging: dict[SiteKind, Charging]
    kinds: dict[SiteKind, Kind]
    losses: Losses
    malfunction_effects: MalfunctionEffects
    malfunctions: tuple[Planted, ...] = ()
    """Those of the demonstration; nothing else plays them by itself."""

    @model_validator(mode="after")
    def _charged_kinds(self) -> Parameters:
        wanted = {SiteKind.CHARGING_STATION, SiteKind.BIKE_SHARING}
        if set(self.charging) != wanted:
            raise ValueError(
                f"charging has {', '.join(self.charging)}; expected both, "
                f"and only, {', '.join(sorted(wanted))}"
            )
        return self

    @model_validator(mode="after")
    def _every_kind(self) -> Parameters:
        missing = [kind.value for kind in SiteKind if kind not in self.kinds]
        if missing:
            raise ValueError(f"these kinds of site are missing: {', '.join(missing)}")
        return self


def load_parameters(path: Path) -> Parameters:
    """Read ``simulator.yaml``; ConfigError with file, line and key for what is wrong in it."""
    return read_yaml(path, Parameters)
