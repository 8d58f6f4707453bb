"""What flows through every meter of a town in each quarter hour of a local year.

A value depends only on the seed, the meter and the slot; it is the mean over the slot. ::

    need        = yearly intensity x floor area, spread by opening, darkness, weather and noise
    withdrawal  = need - what the site's PV gives, never below 0
    export      = what the PV gives beyond the need, never while something is withdrawn
    feed-in     = that export, as a meter of its own
    submeter    = a fixed share of its parent's need; all parts stay below their whole

Several meters of one carrier at a site share its need. PV stands behind the site's first
electricity meter. Nothing flows outside ``valid_from`` and ``valid_to``, nor above
``rated_power_kw``. Malfunctions change the need of their meter and of its parents, or what a plant
gives; they are told from the flows of a town in which nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from collectors.simulator import mobility, need
from collectors.simulator.changes import Changes
from collectors.simulator.faults import Fault
from collectors.simulator.local_year import LocalYear, local_calendar
from collectors.simulator.malfunctions import Sound
from collectors.simulator.need import Character
from collectors.simulator.parameters import Kind, Parameters, Range
from collectors.simulator.randomness import Floats
from collectors.simulator.sky import Sky, coordinates_of, sky_over
from collectors.simulator.weather import Weather
from paes.errors import DataError
from paes.installation import Installation
from paes.metering import Carrier, Measures, Site, SiteKind
from paes.meters import FieldMeter
from paes.opening import Opening
from paes.periods import local_midnight, to_seconds

_HOURS_A_YEAR = 8766.0
_SHARE_OF_EQUALS = (0.6, 1.4)  # meters that share a site's need do not share it equally


class Loads:
    """The flows of an installation's meters, computed when asked for and kept for a while."""

    def __init__(
        self,
        installation: Installation,
        parameters: Parameters,
        seed: int,
        malfunctions: Iterable[Fault] = (),
    ) -> None:
        self.installation = installation
        self.parameters = parameters
        self.seed = seed
        faults = tuple(malfunctions)
        sound = Loads(installation, parameters, seed) if faults else self
        self._changes = Changes(installation, faults, sound.sound)
        self._gross_kw = lru_cache(maxsize=64)(self._compute_gross_kw)
        self._sky = lru_cache(maxsize=16)(self._compute_sky)

    def calendar(self, meter: FieldMeter, year: int) -> LocalYear:
        """The slots of the meter's local year."""
        return local_calendar(year, self.installation.time_zone(meter.id))

    def flow(self, meter: FieldMeter, year: int) -> Floats:
        """Mean flow of each slot in the register's unit an hour: kW, or m3/h."""
        if meter.measures is Measures.WATER:
            return self._changes.through(meter, year, self._water_m3_per_h(meter, year))
        power_kw = self.power_kw(meter, year)
        if self.installation.register(meter).unit == "m3":
            return power_kw / self.kwh_per_m3(meter)
        return power_kw

    def power_kw(self, meter: FieldMeter, year: int) -> Floats:
        """Mean power of each slot in kW; of a fuel, its energy content."""
        if meter.measures is Measures.FEED_IN:
            return self._fed_in_kw(meter, year)
        if meter.parent is not None:
            return self._part_kw(meter, self.installation.field_meter(meter.parent), year)
        return np.maximum(self._net_kw(meter, year), 0.0)

    def export_kw(self, meter: FieldMeter, year: int) -> Floats:
        """Mean power of each slot that flows through the meter into the network, in kW."""
        if self._plants_behind(meter):
            return np.maximum(-self._net_kw(meter, year), 0.0)
        return np.zeros(len(self.calendar(meter, year).slots))

    def _fed_in_kw(self, meter: FieldMeter, year: int) -> Floats:
        """The other register of the site's main meter: what that one shows as export."""
        mains = [
            m
            for m in self.installation.field_meters.values()
            if m.site == meter.site and self._plants_behind(m)
        ]
        exported = [self.export_kw(main, year) for main in mains]
        limited = np.minimum(sum(exported), meter.rated_power_kw or np.inf)
        return np.asarray(limited * self._alive(meter, year))

    def kwh_per_m3(self, meter: FieldMeter) -> float:
        """Energy in a cubic metre of what the meter counts."""
        values = self.parameters.heating.kwh_per_m3
        if meter.carrier not in values:
            raise DataError(
                f"meter {meter.id}: the simulator has no kwh_per_m3 for {meter.carrier}; "
                f"expected one of {', '.join(values)}"
            )
        return values[meter.carrier]

    def weather(self, site: Site) -> Weather:
        """The weather at a site; sites of one town share it."""
        latitude, longitude = coordinates_of(self.installation, site)
        return Weather(self.parameters.climate, self.seed, latitude, longitude)

    def _net_kw(self, meter: FieldMeter, year: int) -> Floats:
        net = self._gross_kw(meter.id, year)
        for plant in self._plants_behind(meter):
            net = net - self._gross_kw(plant.id, year)
        return net * self._alive(meter, year)

    def _compute_gross_kw(self, meter_id: str, year: int) -> Floats:
        """What the meter would show without the PV behind it; of a plant, what it gives."""
        meter = self.installation.field_meter(meter_id)
        site = self.installation.site(meter.site)
        calendar, by = self.calendar(meter, year), Character(self.seed, meter.id)
        sky = self._sky(self.weather(site), calendar)
        kind = self.parameters.kinds[site.kind]
        if meter.measures is Measures.GENERATION:
            plants = self.parameters.photovoltaics
            power_kw = need.photovoltaic_kw(self._peak_kw(meter, site), plants, sky, by)
        elif meter.carrier is not Carrier.ELECTRICITY:
            yearly_kwh = self._yearly(meter, site, kind, kind.heat_kwh_per_m2)
            heating = self.parameters.heating
            power_kw = need.heat_kw(
                yearly_kwh, heating, self._opening(site, kind), calendar, sky, by
            )
        elif site.kind is SiteKind.LIGHTING_CABINET:
            points, led = self._lamps(meter, site)
            power_kw = need.lamps_kw(points, led, self.parameters.lighting, calendar, sky, by)
        elif site.kind in self.parameters.charging:
            points = self._charging_points(meter, site)
            charging, opening = self.parameters.charging[site.kind], self._opening(site, kind)
            power_kw = mobility.charging_kw(points, charging, opening, calendar, by)
        elif site.kind is SiteKind.TROLLEYBUS_SUBSTATION:
            yearly_kwh = self._yearly(meter, site, kind, kind.electricity_kwh_per_m2)
            timetable, comfort = self.parameters.trolleybus, self.parameters.comfort
            power_kw = mobility.traction_kw(
                yearly_kwh, timetable, kind, comfort, self._opening(site, kind), calendar, sky, by
            )
        else:
            yearly_kwh = self._yearly(meter, site, kind, kind.electricity_kwh_per_m2)
            comfort, opening = self.parameters.comfort, self._opening(site, kind)
            power_kw = need.electricity_kw(yearly_kwh, kind, comfort, opening, calendar, sky, by)
        power_kw = self._changes.through(meter, year, power_kw)
        limited = np.minimum(power_kw, meter.rated_power_kw or np.inf)
        return np.asarray(limited * self._alive(meter, year))

    def sound(self, meter: FieldMeter, year: int) -> Sound:
        """The meter as it is: of a site's own meter its need, of a plant what it gives."""
        site, calendar = self.installation.site(meter.site), self.calendar(meter, year)
        kind, heating = self.parameters.kinds[site.kind], self.parameters.heating
        opening, sky = self._opening(site, kind), self._sky(self.weather(site), calendar)
        heat_kw_per_k = np.zeros(len(calendar.slots))
        if meter.measures is Measures.WITHDRAWAL and meter.carrier is not Carrier.ELECTRICITY:
            yearly_kwh = self._yearly(meter, site, kind, kind.heat_kwh_per_m2)
            by = Character(self.seed, meter.id)
            heat_kw_per_k = need.heat_kw_per_k(yearly_kwh, heating, opening, calendar, sky, by)
        is_whole = meter.measures is not Measures.WATER and not meter.parent
        flow = self._gross_kw(meter.id, year) if is_whole else self.flow(meter, year)
        points = self._lamps_behind(meter, year) if site.kind is SiteKind.LIGHTING_CABINET else 0.0
        effects = self.parameters.malfunction_effects
        return Sound(calendar, sky, opening, heating, effects, flow, heat_kw_per_k, points)

    def _lamps_behind(self, meter: FieldMeter, year: int) -> float:
        """Light points that the meter feeds: of a circuit by its part of the whole."""
        if meter.parent is None:
            return self._lamps(meter, self.installation.site(meter.site))[0]
        parent = self.installation.field_meter(meter.parent)
        part = self.flow(meter, year).sum() / max(float(self.flow(parent, year).sum()), 1e-9)
        return float(part * self._lamps_behind(parent, year))

    def _part_kw(self, meter: FieldMeter, parent: FieldMeter, year: int) -> Floats:
        """A submeter: its share of the parent's need, and never more of what the parent shows."""
        wasted_kw = self._changes.of_parts(parent, year)
        all_shown_kw = self.power_kw(parent, year)
        need_kw = all_shown_kw if parent.parent else self._gross_kw(parent.id, year)
        need_kw, shown_kw = need_kw - wasted_kw, np.maximum(all_shown_kw - wasted_kw, 0.0)
        equals = self._equals(meter)
        by, submeters = Character(self.seed, parent.id), self.parameters.submeters
        if self._is_fuel(parent) and not self._is_fuel(meter):
            together = by.pick("heat", submeters.heat_of_fuel_fraction)
            together *= self.parameters.heating.boiler_efficiency
        else:
            one = by.pick("parts", submeters.fraction_of_parent)
            together = 1.0 - (1.0 - one) ** len(equals)
        share = self._share(meter)
        part_kw = np.minimum(need_kw * share * together, shown_kw * share)
        if self._changes:
            own_kw = self._changes.own(meter, year) + self._changes.of_parts(meter, year)
            # Where plants give what is wasted, no part shows more of it than its whole does.
            seen = np.minimum(all_shown_kw / np.maximum(wasted_kw, 1e-9), 1.0)
            part_kw = np.maximum(part_kw + own_kw * seen, 0.0)
        limited = np.minimum(part_kw, meter.rated_power_kw or np.inf)
        return np.asarray(limited * self._alive(meter, year))

    def _water_m3_per_h(self, meter: FieldMeter, year: int) -> Floats:
        site = self.installation.site(meter.site)
        kind = self.parameters.kinds[site.kind]
        area_m2 = site.floor_area_m2 or kind.default_area_m2
        by = Character(self.seed, meter.id)
        yearly_m3 = area_m2 * by.pick("size", kind.water_m3_per_m2) * self._share(meter)
        calendar, opening = self.calendar(meter, year), self._opening(site, kind)
        flow = need.water_m3_per_h(yearly_m3, self.parameters.water, opening, calendar, by)
        return flow * self._alive(meter, year)

    def _yearly(self, meter: FieldMeter, site: Site, kind: Kind, per_m2: Range) -> float:
        """kWh of a usual year: by floor area, else by rated power, else by a default area."""
        by = Character(self.seed, meter.id)
        if site.floor_area_m2 is None and meter.rated_power_kw is not None:
            return meter.rated_power_kw * kind.load_factor * _HOURS_A_YEAR
        area_m2 = site.floor_area_m2 or kind.default_area_m2
        return area_m2 * by.pick("size", per_m2) * self._share(meter)

    def _peak_kw(self, meter: FieldMeter, site: Site) -> float:
        if site.pv_peak_kw is not None:
            return site.pv_peak_kw * self._share(meter)
        return meter.rated_power_kw or self.parameters.photovoltaics.default_peak_kw

    def _lamps(self, meter: FieldMeter, site: Site) -> tuple[float, bool]:
        """Light points on the meter, and whether they are LED (told by the rated power)."""
        lighting = self.parameters.lighting
        points = (site.light_points or lighting.default_light_points) * self._share(meter)
        rated_w_per_point = 1000.0 * (meter.rated_power_kw or 0.0) / points
        return points, rated_w_per_point < lighting.sodium_from_rated_w_per_point

    def _charging_points(self, meter: FieldMeter, site: Site) -> int:
        charging = self.parameters.charging[site.kind]
        points = site.charging_points or charging.default_points
        return max(1, round(points * self._share(meter)))

    def _opening(self, site: Site, kind: Kind) -> Opening:
        """The site's own hours with its town's patron's day, else those of its kind."""
        return self.installation.opening(site.id) if site.opening else kind.opening

    def _share(self, meter: FieldMeter) -> float:
        """The meter's part of what it and its equals at the site measure together."""
        weights = {
            m.id: Character(self.seed, m.id).pick("share", _SHARE_OF_EQUALS)
            for m in self._equals(meter)
        }
        return weights[meter.id] / sum(weights.values())

    def _equals(self, meter: FieldMeter) -> list[FieldMeter]:
        """The meter and those that measure the same thing at the same place."""
        return [
            m
            for m in self.installation.field_meters.values()
            if (m.site, m.measures, m.carrier, m.parent)
            == (meter.site, meter.measures, meter.carrier, meter.parent)
        ]

    def _plants_behind(self, meter: FieldMeter) -> list[FieldMeter]:
        """The PV meters whose plants feed into the site behind this meter."""
        here = [
            m
            for m in self.installation.field_meters.values()
            if m.site == meter.site and m.carrier is Carrier.ELECTRICITY
        ]
        mains = [m.id for m in here if m.measures is Measures.WITHDRAWAL]
        if not mains or mains[0] != meter.id:
            return []
        return [m for m in here if m.measures is Measures.GENERATION]

    def _is_fuel(self, meter: FieldMeter) -> bool:
        return meter.carrier in self.parameters.heating.kwh_per_m3

    def _alive(self, meter: FieldMeter, year: int) -> Floats:
        """1 where the meter exists, else 0."""
        calendar, tz = self.calendar(meter, year), self.installation.time_zone(meter.id)
        alive = np.ones(len(calendar.slots))
        if meter.valid_from:
            alive[calendar.slots < to_seconds(local_midnight(meter.valid_from, tz))] = 0.0
        if meter.valid_to:
            alive[calendar.slots >= to_seconds(local_midnight(meter.valid_to, tz))] = 0.0
        return alive

    def _compute_sky(self, weather: Weather, calendar: LocalYear) -> Sky:
        return sky_over(weather, self.parameters, calendar)
