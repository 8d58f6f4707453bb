"""The photovoltaic plants of a town, from its sites and meters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from paes.installation import City, Installation
from paes.metering import Carrier, Measures, Plant, Site
from paes.meters import Meter
from paes.solar.assumptions import PvAssumptions
from paes.solar.physics import Plane, PlantModel

KM_PER_DEG = 111.2
"""Of latitude, on a sphere of 6,371 km."""


@dataclass(frozen=True)
class SolarPlant:
    """One metered plant: a meter of generation, and what its modules are."""

    meter: Meter
    model: PlantModel
    strings: int | None
    """How many strings of modules it has; None if nobody said."""

    @property
    def id(self) -> str:
        """That of its meter."""
        return self.meter.id


def is_photovoltaic(meter: Meter) -> bool:
    """True of a meter of what sunlight makes; photovoltaic is what its plant is if not said."""
    makes = meter.measures is Measures.GENERATION and meter.carrier is Carrier.ELECTRICITY
    return makes and meter.plant in (None, Plant.PHOTOVOLTAIC)


def plants_of(city: City, assumed: PvAssumptions) -> list[SolarPlant]:
    """Every metered plant whose power is known, by id."""
    return sorted(_plants(city, assumed), key=lambda plant: plant.id)


def plants_around(
    installation: Installation, city: City, assumed: PvAssumptions
) -> list[SolarPlant]:
    """Those of ``city`` and of the towns near it, by id: each other's neighbours."""
    near = [
        one
        for one in installation.cities.values()
        if one.time_zone == city.time_zone
        and _distance_km(one, city) <= assumed.neighbours_within_km
    ]
    return sorted((p for one in near for p in plants_of(one, assumed)), key=lambda p: p.id)


def _distance_km(one: City, other: City) -> float:
    """Between the middles of two towns, on a plane: they are near, or it does not matter."""
    north = one.facts.latitude - other.facts.latitude
    east = one.facts.longitude - other.facts.longitude
    return KM_PER_DEG * math.hypot(north, east * math.cos(math.radians(other.facts.latitude)))


def _plants(city: City, assumed: PvAssumptions) -> Iterator[SolarPlant]:
    by_site: dict[str, list[Meter]] = {}
    for meter in city.meters.values():
        if is_photovoltaic(meter):
            by_site.setdefault(meter.site, []).append(meter)
    for site_id, meters in by_site.items():
        site = city.sites[site_id]
        for meter in meters:
            if peak_kw := _peak_kw(site, meter, meters):
                strings = site.pv_strings if len(meters) == 1 else None
                yield SolarPlant(meter, _model(site, meter, peak_kw, assumed), strings)


def _peak_kw(site: Site, meter: Meter, beside: list[Meter]) -> float | None:
    """The site's peak power; of several meters each has its part by what can pass it."""
    rated = [m.rated_power_kw for m in beside]
    if site.pv_peak_kw is None or meter.rated_power_kw is None:
        return meter.rated_power_kw or (site.pv_peak_kw if len(beside) == 1 else None)
    if None in rated:
        return meter.rated_power_kw
    return site.pv_peak_kw * meter.rated_power_kw / sum(kw for kw in rated if kw)


def _model(site: Site, meter: Meter, peak_kw: float, assumed: PvAssumptions) -> PlantModel:
    tilt = assumed.tilt_deg if site.pv_tilt_deg is None else site.pv_tilt_deg
    azimuth = assumed.azimuth_deg if site.pv_azimuth_deg is None else site.pv_azimuth_deg
    return PlantModel(
        peak_kw,
        Plane(tilt, azimuth),
        assumed.temperature_coefficient_per_degc,
        assumed.losses_fraction,
        assumed.inverter_efficiency,
        assumed.albedo,
        meter.rated_power_kw,
    )
