"""What a building, a street, a roof or a tap needs or gives: pure formulas over one local year.

Each function returns one value per slot of the calendar. The yearly figures given to them hold
for a usual year; a cold winter, a dull spring or the noise of a meter move the real sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from collectors.simulator.local_year import SLOT_H, LocalYear, activity, heating_level
from collectors.simulator.parameters import (
    Comfort,
    Heating,
    Kind,
    Lighting,
    Photovoltaics,
    Range,
    Water,
)
from collectors.simulator.randomness import Floats, draw, key, smooth
from collectors.simulator.sky import Sky
from paes.opening import Opening

_STANDARD_W_M2 = 1000.0
_STANDARD_CELL_DEGC = 25.0
_NOMINAL_W_M2 = 800.0  # irradiance and air temperature at which the nominal
_NOMINAL_AIR_DEGC = 20.0  # cell temperature is given (IEC 61215)


@dataclass(frozen=True, slots=True)
class Character:
    """What is particular to one meter: everything about it that the seed decides."""

    seed: int
    meter: str

    def pick(self, what: str, between: Range) -> float:
        """The meter's own value in a range."""
        return draw(key(self.seed, self.meter, what), between)

    def wobble(self, what: str, calendar: LocalYear, spread: float) -> Floats:
        """A factor around 1 that changes within the hour and from day to day; never negative."""
        hours = calendar.slots / 3600.0
        noise = 0.7 * smooth(key(self.seed, self.meter, what, "hour"), hours) + 0.7 * smooth(
            key(self.seed, self.meter, what, "day"), hours / 36.0
        )
        return np.maximum(1.0 + spread * noise, 0.0)


def by_temperature(kind: Kind, comfort: Comfort, sky: Sky) -> tuple[Floats, Floats]:
    """How much more is used because it is warm, and because it is cold, of what is used else."""
    warm = np.maximum(sky.temperature_degc - comfort.cooled_above_degc, 0.0)
    cold = np.maximum(comfort.heated_below_degc - sky.temperature_degc, 0.0)
    return kind.cooling_per_degc * warm, kind.heating_per_degc * cold


def electricity_kw(
    yearly_kwh: float,
    kind: Kind,
    comfort: Comfort,
    opening: Opening,
    calendar: LocalYear,
    sky: Sky,
    by: Character,
) -> Floats:
    """Power of a building: a base, a part that follows darkness, a part that follows opening."""
    busy = activity(opening, calendar)
    cooling, heating = by_temperature(kind, comfort, sky)
    dull = np.clip(1.0 - sky.horizontal_w_m2 / comfort.dull_below_w_m2, 0.0, 1.0)
    response = (
        (1.0 + kind.light_fraction * (dull - comfort.usual_dullness))
        * (1.0 + cooling)
        * (1.0 + heating)
    )
    followed = 1.0 - kind.base_fraction - kind.dark_fraction
    shape = (
        kind.base_fraction * _spread(np.ones_like(busy)) * by.wobble("base", calendar, 0.05)
        + kind.dark_fraction * _spread(sky.dark_fraction)
        + followed * _spread(busy) * response * by.wobble("use", calendar, 0.10)
    )
    return np.asarray(yearly_kwh * shape)


def heat_kw(
    yearly_kwh: float,
    heating: Heating,
    opening: Opening,
    calendar: LocalYear,
    sky: Sky,
    by: Character,
) -> Floats:
    """Heat of a building by degree hours below the balance temperature, in the season."""
    wanted = np.maximum(heating.balance_degc - sky.temperature_degc, 0.0)
    level = heating_level(opening, heating, calendar)
    per_k = heat_kw_per_k(yearly_kwh, heating, opening, calendar, sky, by)
    return np.asarray(per_k * level * wanted)


def heat_kw_per_k(
    yearly_kwh: float,
    heating: Heating,
    opening: Opening,
    calendar: LocalYear,
    sky: Sky,
    by: Character,
) -> Floats:
    """Heat at full level for each degree below the balance temperature, whether it is on or not.

    Such that a usual year takes ``yearly_kwh``.
    """
    level = heating_level(opening, heating, calendar)
    usual = level * np.maximum(heating.balance_degc - sky.normal_temperature_degc, 0.0)
    degree_hours = usual.sum() * SLOT_H
    if degree_hours == 0.0:
        return np.zeros_like(usual)
    return np.asarray(yearly_kwh / degree_hours * by.wobble("heat", calendar, 0.06))


def lamps_kw(
    points: float, led: bool, lighting: Lighting, calendar: LocalYear, sky: Sky, by: Character
) -> Floats:
    """Power of street lamps: lit by the sun, and dimmed at night where they are LED."""
    w_per_point = by.pick("lamp", lighting.led_w_per_point if led else lighting.sodium_w_per_point)
    level = np.ones_like(sky.dark_fraction)
    if led:
        late = (calendar.hour >= lighting.led_dimmed_from_hour) & (
            calendar.hour < lighting.led_dimmed_to_hour
        )
        level[late] = lighting.led_dimmed_fraction
    lit_w = w_per_point * sky.dark_fraction * level * by.wobble("lamps", calendar, 0.004)
    return np.asarray(points * (lit_w + lighting.standby_w_per_point) / 1000.0)


def photovoltaic_kw(peak_kw: float, plants: Photovoltaics, sky: Sky, by: Character) -> Floats:
    """AC power of a plant: irradiance on its plane, less heat and losses; 0 at night.

    The performance-ratio model with a linear temperature coefficient, and the cell temperature
    from the nominal one (NOCT): J. A. Duffie, W. A. Beckman, "Solar Engineering of Thermal
    Processes", chapter 23.
    """
    warming = (plants.nominal_cell_temperature_degc - _NOMINAL_AIR_DEGC) / _NOMINAL_W_M2
    cell_degc = sky.temperature_degc + sky.plane_w_m2 * warming
    heat_factor = 1.0 + plants.temperature_coefficient_per_degc * (cell_degc - _STANDARD_CELL_DEGC)
    performance = by.pick("plant", plants.performance_fraction)
    return np.asarray(peak_kw * performance * sky.plane_w_m2 / _STANDARD_W_M2 * heat_factor)


def water_m3_per_h(
    yearly_m3: float, water: Water, opening: Opening, calendar: LocalYear, by: Character
) -> Floats:
    """Flow of water: people when the site is open, and a small flow that never stops."""
    busy = _spread(activity(opening, calendar)) * by.wobble("water", calendar, 0.25)
    always = _spread(np.ones_like(busy))
    return np.asarray(
        yearly_m3 * (water.night_fraction * always + (1.0 - water.night_fraction) * busy)
    )


def _spread(shape: Floats) -> Floats:
    """The shape per hour, so that its sum over the year's hours is 1; zero stays zero."""
    total = float(shape.sum()) * SLOT_H
    return shape / total if total > 0.0 else shape
