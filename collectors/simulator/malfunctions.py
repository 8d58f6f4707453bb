"""Malfunctions of the load: what is wasted, lost or left on behind a meter that counts rightly.

Where a fault of the counters falsifies what is shown, a malfunction changes what flows. Each kind
says, from the flow of the sound meter, by how much; ``collectors.simulator.load`` adds it where it
belongs, so that the relations of the meters stay: the waste of a part is in its whole too, and
electricity that a plant does not make is withdrawn, or not fed in.

Only the seed and the time decide, so a filled history and live polls show the same malfunction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from collectors.simulator.faults import Fault
from collectors.simulator.local_year import SLOT_S, LocalYear, heating_level, open_days
from collectors.simulator.parameters import Heating, MalfunctionEffects
from collectors.simulator.randomness import Floats
from collectors.simulator.sky import Sky
from paes.errors import DataError
from paes.metering import Carrier, Measures, Site, SiteKind
from paes.meters import FieldMeter
from paes.opening import Opening

_MONTH_S = 365.25 / 12 * 86_400
_LITRES_PER_M3 = 1000.0
_NIGHT_ENDS_HOUR = 5.0
_FULL_LIGHT_QUANTILE = 0.9  # lamps burn at full power in more than a tenth of a year's hours


@dataclass(frozen=True, eq=False)
class Sound:
    """A meter over one local year with nothing wrong; ``flow`` is kW (of water m3/h)."""

    calendar: LocalYear
    sky: Sky
    opening: Opening
    heating: Heating
    effects: MalfunctionEffects
    flow: Floats
    heat_kw_per_k: Floats
    """What heating takes for each degree below the balance temperature; 0 where none is known."""
    light_points: float
    """How many lamps the meter feeds; 0 where it feeds none."""


Effect = Callable[[Sound, Fault], Floats]
"""By how much the flow changes in each slot while the malfunction lasts."""
Fits = Callable[[FieldMeter, Site], bool]


@dataclass(frozen=True, slots=True)
class Malfunction:
    """One kind: what it does, and to which meters it can happen."""

    effect: Effect
    fits: Fits
    of: str
    """Those meters in words."""


def change(sound: Sound, malfunctions: Iterable[Fault]) -> Floats:
    """By how much all of them together change the flow of each slot."""
    total = np.zeros(len(sound.flow))
    for fault in malfunctions:
        part = _part_inside(fault, sound.calendar)
        if part.any():
            total += MALFUNCTIONS[fault.kind].effect(sound, fault) * part
    return total


def check_fit(fault: Fault, meter: FieldMeter, site: Site) -> None:
    """DataError if this cannot happen behind the meter."""
    kind = MALFUNCTIONS[fault.kind]
    if not kind.fits(meter, site):
        what = f"{meter.measures} of {meter.carrier}" if meter.carrier else f"{meter.measures}"
        raise DataError(
            f"fault {fault.kind} of {meter.id}: it measures {what} at a site of kind {site.kind}; "
            f"expected {kind.of}"
        )
    if fault.kind == "lamps" and site.light_points and fault.value > site.light_points:
        raise DataError(
            f"fault lamps of {meter.id}: {fault.value:g} dead lamps; site {site.id} has "
            f"{site.light_points}"
        )


def _part_inside(fault: Fault, calendar: LocalYear) -> Floats:
    """The part of each slot in which it lasts."""
    start_s = fault.start.timestamp() if fault.start else -np.inf
    end_s = fault.end.timestamp() if fault.end else np.inf
    begins = np.maximum(calendar.slots, start_s)
    ends = np.minimum(calendar.slots + SLOT_S, end_s)
    return np.asarray(np.clip((ends - begins) / SLOT_S, 0.0, 1.0))


def _leak(sound: Sound, fault: Fault) -> Floats:
    return np.full(len(sound.flow), fault.value / _LITRES_PER_M3)


def _base(sound: Sound, fault: Fault) -> Floats:
    """So many per cent of what flows at night, all day long."""
    night = sound.flow[sound.calendar.hour < _NIGHT_ENDS_HOUR].mean()
    return np.full(len(sound.flow), night * fault.value / 100.0)


def _heating_night(sound: Sound, _: Fault) -> Floats:
    """On open days the timer never sets back."""
    is_open = open_days(sound.opening, sound.calendar)[sound.calendar.day] == 1
    usual = _level(sound)
    return _more_heat(sound, np.where(is_open & (usual > 0.0), np.maximum(usual, 1.0), usual))


def _heating_weekend(sound: Sound, _: Fault) -> Floats:
    """On closed days the timer heats as on open ones."""
    usual, opening = _level(sound), sound.opening
    hour = sound.calendar.hour
    in_hours = (hour >= opening.from_hour - sound.heating.preheat_h) & (hour < opening.to_hour)
    is_open = open_days(opening, sound.calendar)[sound.calendar.day] == 1
    return _more_heat(sound, np.where(~is_open & in_hours & (usual > 0.0), 1.0, usual))


def _heating_summer(sound: Sound, _: Fault) -> Floats:
    """Out of season it stays on by day; a warm circuit loses heat however warm it is outside."""
    hour, opening = sound.calendar.hour, sound.opening
    in_hours = (hour >= opening.from_hour) & (hour < opening.to_hour)
    wanted_k = np.maximum(_degrees_below(sound), sound.effects.left_on_k)
    off_season = _level(sound) == 0.0
    return np.asarray(np.where(off_season & in_hours, sound.heat_kw_per_k * wanted_k, 0.0))


def _by_percent(sign: float) -> Effect:
    def effect(sound: Sound, fault: Fault) -> Floats:
        return np.asarray(sign * fault.value / 100.0 * sound.flow)

    return effect


def _pv_off(sound: Sound, _: Fault) -> Floats:
    return -sound.flow


def _soiling(sound: Sound, fault: Fault) -> Floats:
    """So many per cent of the production more are lost each month, until the plant is cleaned."""
    start_s = fault.start.timestamp() if fault.start else float(sound.calendar.start_s)
    months = np.maximum(sound.calendar.slots - start_s, 0.0) / _MONTH_S
    lost = np.minimum(fault.value / 100.0 * months, sound.effects.soiled_at_most_fraction)
    return np.asarray(-lost * sound.flow)


def _lamps(sound: Sound, fault: Fault) -> Floats:
    dead = min(fault.value / max(sound.light_points, 1.0), 1.0)
    return np.asarray(-dead * _light(sound))


def _day_burner(sound: Sound, fault: Fault) -> Floats:
    """At full power for so many hours around noon, beside the night."""
    by_day = np.abs(sound.calendar.hour - 12.0) < fault.value / 2.0
    return np.asarray(np.where(by_day, np.maximum(_full_light(sound) - _light(sound), 0.0), 0.0))


def _switch(sound: Sound, fault: Fault) -> Floats:
    """On so many minutes too early and off as late; if negative, on too late and off too early."""
    dark, light = sound.sky.dark_fraction, _light(sound)
    shifted = [_shifted(dark, sign * abs(fault.value) * 60.0) for sign in (-1.0, 1.0)]
    if fault.value >= 0:
        return np.asarray(_full_light(sound) * (np.maximum(dark, np.maximum(*shifted)) - dark))
    kept = np.minimum(dark, np.minimum(*shifted)) / np.maximum(dark, 1e-9)
    return np.asarray(light * (kept - 1.0))


def _peak(sound: Sound, fault: Fault) -> Floats:
    first, last = sound.effects.peak_hours
    hour, is_open = sound.calendar.hour, open_days(sound.opening, sound.calendar)
    at_peak = (hour >= first) & (hour < last) & (is_open[sound.calendar.day] == 1)
    return np.where(at_peak, fault.value, 0.0)


def _level(sound: Sound) -> Floats:
    return heating_level(sound.opening, sound.heating, sound.calendar)


def _degrees_below(sound: Sound) -> Floats:
    return np.maximum(sound.heating.balance_degc - sound.sky.temperature_degc, 0.0)


def _more_heat(sound: Sound, level: Floats) -> Floats:
    return np.asarray((level - _level(sound)) * sound.heat_kw_per_k * _degrees_below(sound))


def _light(sound: Sound) -> Floats:
    """Power of the lamps alone, without what the cabinet takes by day."""
    return np.asarray(sound.flow - sound.flow.min())


def _full_light(sound: Sound) -> float:
    return float(np.quantile(_light(sound), _FULL_LIGHT_QUANTILE))


def _shifted(dark_fraction: Floats, by_s: float) -> Floats:
    """The same course, later by so many seconds; a year begins and ends in the dark."""
    edges_s = SLOT_S * np.arange(len(dark_fraction) + 1, dtype=np.float64)
    lit_s = np.concatenate(([0.0], np.cumsum(dark_fraction))) * SLOT_S
    margin = np.array([1.0, 1.0]) * (abs(by_s) + SLOT_S)
    x = np.concatenate((edges_s[:1] - margin[:1], edges_s, edges_s[-1:] + margin[1:]))
    y = np.concatenate((lit_s[:1] - margin[:1], lit_s, lit_s[-1:] + margin[1:]))
    return np.asarray(np.diff(np.interp(edges_s - by_s, x, y)) / SLOT_S)


_USES = (Measures.WITHDRAWAL, Measures.SUBMETER)


def _is_water(meter: FieldMeter, _: Site) -> bool:
    return meter.measures is Measures.WATER


def _is_plant(meter: FieldMeter, _: Site) -> bool:
    return meter.measures is Measures.GENERATION


def _is_heat(meter: FieldMeter, _: Site) -> bool:
    return meter.measures is Measures.WITHDRAWAL and meter.carrier is not Carrier.ELECTRICITY


def _uses_electricity(meter: FieldMeter, _: Site) -> bool:
    return meter.measures in _USES and meter.carrier is Carrier.ELECTRICITY


def _is_cabinet(meter: FieldMeter, site: Site) -> bool:
    return _uses_electricity(meter, site) and site.kind is SiteKind.LIGHTING_CABINET


def _is_building(meter: FieldMeter, site: Site) -> bool:
    return _uses_electricity(meter, site) and site.kind is not SiteKind.LIGHTING_CABINET


def _is_use(meter: FieldMeter, site: Site) -> bool:
    return _is_water(meter, site) or _is_heat(meter, site) or _uses_electricity(meter, site)


_HEAT = "a site's own meter of fuel or heat"
_PLANT = "a meter of generation"
_CABINET = "a meter of electricity at a lighting cabinet"
_BUILDING = "a meter of electricity that is not a lighting cabinet's"

MALFUNCTIONS: dict[str, Malfunction] = {
    "leak": Malfunction(_leak, _is_water, "a meter of water"),
    "base": Malfunction(_base, _is_building, _BUILDING),
    "heating_night": Malfunction(_heating_night, _is_heat, _HEAT),
    "heating_weekend": Malfunction(_heating_weekend, _is_heat, _HEAT),
    "heating_summer": Malfunction(_heating_summer, _is_heat, _HEAT),
    "heating_up": Malfunction(_by_percent(1.0), _is_heat, _HEAT),
    "pv_off": Malfunction(_pv_off, _is_plant, _PLANT),
    "string": Malfunction(_by_percent(-1.0), _is_plant, _PLANT),
    "soiling": Malfunction(_soiling, _is_plant, _PLANT),
    "lamps": Malfunction(_lamps, _is_cabinet, _CABINET),
    "day_burner": Malfunction(_day_burner, _is_cabinet, _CABINET),
    "switch": Malfunction(_switch, _is_cabinet, _CABINET),
    "peak": Malfunction(_peak, _is_building, _BUILDING),
    "saving": Malfunction(_by_percent(-1.0), _is_use, "a meter of what a site uses"),
}
"""By the names that ``collectors.simulator.faults.KINDS`` gives them."""
