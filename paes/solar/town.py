"""The sun over one town and what its plants made of it: asked once, shared by all its plants.

Its hours go back three years before the judged span, so that each plant's own first year, and the
same months of years before, are among them. ``expected_production`` is the front door.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.climate.weather import HOUR_S, outdoor_temperatures
from paes.errors import DataError
from paes.faults.load_curve import Ints, LoadCurve
from paes.faults.view import HISTORY, TownView
from paes.installation import City
from paes.metering import Finding
from paes.meters import Meter
from paes.periods import Span, from_seconds, to_seconds
from paes.series import Floats
from paes.solar.assumptions import pv_assumptions
from paes.solar.expected import Calibration, Expected, How, PlantDays, calibrated, plant_days
from paes.solar.irradiance import Source, refused_irradiance, sky_history
from paes.solar.neighbours import clearness_of_others
from paes.solar.physics import (
    SunCourse,
    ac_kw,
    clear_kw,
    plane_w_m2,
    split,
    sun_course,
)
from paes.solar.plants import SolarPlant, plants_around, plants_of

EARLIER = timedelta(days=2 * 366)
"""Before the history that rules have: three years and some weeks in all."""
_YEAR_H = 365 * 24
_JUDGED_H = 30 * 24
_LEAST_KNOWN = 0.9
"""Of the daylight of the last judged days: a method that knows less is not taken."""


class SolarTown:
    """One city's sun, plants and their hours, for the ``span`` that is judged.

    ``made`` keeps the measured hours by meter: towns near each other, of one ledger and span, may
    share it.
    """

    def __init__(
        self,
        ledger: EnergyLedger,
        city: City,
        span: Span,
        made: dict[str, LoadCurve] | None = None,
    ) -> None:
        self.ledger, self.city, self.span = ledger, city, span
        self.assumed = pv_assumptions(ledger.installation.root)
        self.plants = {plant.id: plant for plant in plants_of(city, self.assumed)}
        around = plants_around(ledger.installation, city, self.assumed)
        self.around = {plant.id: plant for plant in around}
        """Its own plants and those of the towns near it: each other's neighbours."""
        earlier = Span(span.start - EARLIER, span.end)
        self._view = TownView(ledger, earlier, [plant.meter for plant in around])
        self._made = {} if made is None else made
        self._expected: dict[str, Expected] = {}
        self._days: dict[str, PlantDays] = {}
        self._light: dict[Source, Floats | None] = {}

    @cached_property
    def seconds(self) -> Ints:
        """The starts of all hours, from the history's first to the last that is over."""
        first = to_seconds(self.span.start - EARLIER - HISTORY) // HOUR_S * HOUR_S
        last = to_seconds(min(self.ledger.clock(), self.span.end)) // HOUR_S * HOUR_S
        return np.arange(first, max(last, first + HOUR_S), HOUR_S, dtype=np.int64)

    @cached_property
    def sun(self) -> SunCourse:
        """The sun over the town's middle: its plants are a few kilometres from it."""
        facts = self.city.facts
        return sun_course(facts.latitude, facts.longitude, self.seconds, HOUR_S)

    @cached_property
    def degc(self) -> Floats:
        """The air's temperature of each hour, as far as it was measured; NaN elsewhere."""
        span = Span(from_seconds(self.seconds[0]), from_seconds(self.seconds[-1] + HOUR_S))
        return outdoor_temperatures(self.ledger.store, self.city.temperature_points, span).degc

    @cached_property
    def _air_degc(self) -> Floats:
        return np.where(np.isnan(self.degc), self.assumed.air_degc, self.degc)

    def made(self, plant: SolarPlant) -> LoadCurve:
        """What the plant's meter measured, hour by hour."""
        if plant.id not in self._made:
            self._made[plant.id] = self._view.meter(plant.meter).hours
        return self._made[plant.id]

    def expected(self, plant: SolarPlant) -> Expected:
        """What it should have made, by the best light that is known of the judged span's end."""
        if plant.id not in self._expected:
            self._expected[plant.id] = self._best(plant)
        return self._expected[plant.id]

    def _best(self, plant: SolarPlant) -> Expected:
        clear = self._clear_kwh[plant.id]
        for how in (How.MEASURED, How.SATELLITE, How.NEIGHBOURS):
            model = self._model_kwh(plant, how)
            if model is not None and self._knows(model, clear):
                return self._calibrated(plant, model, clear, how)
        return self._under_clear_sky(plant, clear)

    def days(self, plant: SolarPlant) -> PlantDays:
        """Its local days, made beside expected."""
        if plant.id not in self._days:
            expected = self.expected(plant)
            self._days[plant.id] = plant_days(self.made(plant), expected, *self._warmest_and_noon)
        return self._days[plant.id]

    @cached_property
    def _warmest_and_noon(self) -> tuple[Floats, Floats]:
        """Of each local day the highest temperature, and how high the sun gets."""
        day = self.made(next(iter(self.around.values()))).day
        return _highest(day, self.degc), _highest(day, 90.0 - self.sun.zenith_deg)

    @property
    def findings(self) -> list[Finding]:
        """What nobody should overlook of how production is expected here."""
        refused = refused_irradiance(self.ledger.store, self.city.id, self.sun)
        return [refused] if refused else []

    @cached_property
    def _clear_kwh(self) -> Mapping[str, Floats]:
        air = self._air_degc
        return {p.id: clear_kw(p.model, self.sun, air) for p in self.around.values()}

    def _model_kwh(self, plant: SolarPlant, how: How) -> Floats | None:
        if how is How.NEIGHBOURS:
            told = self._clearness_of_others
            return None if told is None else told[plant.id] * self._clear_kwh[plant.id]
        light = self._horizontal(Source(how))
        if light is None:
            return None
        on_plane = plane_w_m2(
            self.sun, split(light, self.sun), plant.model.plane, plant.model.albedo
        )
        return ac_kw(plant.model, on_plane, self._air_degc)

    def _horizontal(self, source: Source) -> Floats | None:
        if source not in self._light:
            told = sky_history(self.ledger.store, self.city.id, self.sun, source)
            self._light[source] = told.global_w_m2 if told else None
        return self._light[source]

    @cached_property
    def _clearness_of_others(self) -> Mapping[str, Floats] | None:
        """By plant; None in a town with too few."""
        plants = list(self.around.values())
        if len(plants) <= self.assumed.least_neighbours:
            return None
        made = np.array([self.made(plant).amounts for plant in plants])
        clear = np.array([self._clear_kwh[plant.id] for plant in plants])
        until = np.array([self._first_hour(plant) + _YEAR_H for plant in plants])
        told = clearness_of_others(
            made,
            clear,
            self.made(plants[0]).day,
            until,
            self.assumed.least_healthy_fraction,
            self.assumed.least_neighbours,
        )
        return {plant.id: told[row] for row, plant in enumerate(plants)}

    def _first_hour(self, plant: SolarPlant) -> int:
        known = np.flatnonzero(self.made(plant).known)
        return int(known[0]) if len(known) else 0

    def _knows(self, model: Floats, clear: Floats) -> bool:
        """Whether the last 30 days of daylight are told, as far as they are over."""
        last = slice(max(len(model) - _JUDGED_H, 0), len(model))
        known = ~np.isnan(model[last])
        return bool(clear[last][known].sum() >= _LEAST_KNOWN * clear[last].sum())

    def _calibrated(self, plant: SolarPlant, model: Floats, clear: Floats, how: How) -> Expected:
        own = self._calibration(plant, model, clear)
        kwh = model * own.factor
        spread = max(own.spread_fraction, self.assumed.least_uncertain_fraction)
        others = tuple(p for p in self.around if p != plant.id) if how is How.NEIGHBOURS else ()
        low, high = kwh * max(1.0 - spread, 0.0), kwh * (1.0 + spread)
        start_s = int(self.seconds[0])
        return Expected(start_s, kwh, low, high, clear * own.factor, how, own, others)

    def _calibration(self, plant: SolarPlant, model: Floats, clear: Floats) -> Calibration:
        made = self.made(plant)
        begin = self._first_hour(plant)
        year = slice(begin, begin + _YEAR_H)
        month = (self.seconds[year] // HOUR_S - self.seconds[year][0] // HOUR_S) // (_YEAR_H // 12)
        assumed = self.assumed
        return calibrated(
            made.amounts[year],
            model[year],
            clear[year],
            np.asarray(month),
            made.day[year] - made.day[begin],
            assumed.sunny_fraction,
            assumed.learning_sunny_days,
            assumed.uncalibrated_fraction,
        )

    def _under_clear_sky(self, plant: SolarPlant, clear: Floats) -> Expected:
        """A cloudless sky's production: an upper bound by the best days of the first year."""
        made, begin = self.made(plant), self._first_hour(plant)
        year = slice(begin, begin + _YEAR_H)
        known = made.known[year] & (clear[year] > 0)
        day = made.day[year] - made.day[begin]
        light = np.bincount(day[known], clear[year][known])
        seen = np.bincount(day[known], made.amounts[year][known])
        full = light >= 0.9 * np.bincount(day, clear[year])[: len(light)]
        ratio = (seen[full & (light > 0)] / light[full & (light > 0)]) if len(light) else light
        enough = len(ratio) >= self.assumed.learning_sunny_days
        factor = float(np.quantile(ratio, 0.9)) if enough else 1.0
        own = Calibration(factor, 1.0, 0, is_own=enough and factor > 0)
        kwh = clear * (factor if own.is_own else 1.0)
        nothing, start_s = np.zeros_like(kwh), int(self.seconds[0])
        high = kwh * (1.0 + self.assumed.uncalibrated_fraction)
        return Expected(start_s, kwh, nothing, high, kwh, How.CLEAR_SKY, own)


def _highest(day: Ints, hourly: Floats) -> Floats:
    """The highest of each local day; NaN where no hour is known."""
    highest = np.full(int(day[-1]) + 1, -np.inf)
    known = ~np.isnan(hourly)
    np.maximum.at(highest, day[known], hourly[known])
    return np.where(np.isfinite(highest), highest, np.nan)


def expected_production(ledger: EnergyLedger, meter: Meter, span: Span) -> Expected:
    """What the plant behind ``meter`` should have made in the hours of ``span``.

    DataError if it is no photovoltaic plant, or if nobody said how large it is.
    """
    town = SolarTown(ledger, ledger.installation.city_of(meter), span)
    return town.expected(known_plant(town, meter)).between(
        to_seconds(span.start), to_seconds(span.end)
    )


def known_plant(town: SolarTown, meter: Meter) -> SolarPlant:
    """The plant behind ``meter``; DataError if there is none whose power is known."""
    if meter.id not in town.plants:
        raise DataError(
            f"meter {meter.id}: no photovoltaic plant whose power is known; expected a meter that "
            "measures generation of electricity, with rated_power_kw, or pv_peak_kw of its site"
        )
    return town.plants[meter.id]
