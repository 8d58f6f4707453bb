"""A small town built in memory: a school with PV and parts, an office, lamps, gas, heat, water."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from paes.accounted_register import accounted_register, device_counters
from paes.factors.emission_factors import FactorLibrary
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.metering import Site
from paes.meters import FieldMeter
from paes.plan.plan import Plan
from paes.shipped_files import shipped_config

SITES: tuple[dict[str, Any], ...] = (
    {
        "id": "scuola",
        "kind": "school",
        "floor_area_m2": 3000,
        "pv_peak_kw": 20,
        "latitude": 44.11,
        "longitude": 9.83,
    },
    {"id": "ufficio", "kind": "office", "floor_area_m2": 4000},
    {"id": "strada", "kind": "lighting_cabinet", "light_points": 100},
    {"id": "viale", "kind": "lighting_cabinet", "light_points": 100},
)
METERS: tuple[dict[str, Any], ...] = (
    {"id": "scuola.main", "carrier": "electricity", "device": "eastron-sdm630", "unit": 1},
    {
        "id": "scuola.pv",
        "carrier": "electricity",
        "measures": "generation",
        "device": "eastron-sdm630",
        "unit": 2,
    },
    {
        "id": "scuola.palestra",
        "carrier": "electricity",
        "measures": "submeter",
        "parent": "scuola.main",
        "device": "carlo-gavazzi-em340",
        "unit": 3,
    },
    {
        "id": "scuola.cucina",
        "carrier": "electricity",
        "measures": "submeter",
        "parent": "scuola.main",
        "device": "eastron-sdm120",
        "unit": 4,
    },
    {
        "id": "scuola.gas",
        "carrier": "natural_gas",
        "device": "wirenboard-wb-mcm8",
        "unit": 5,
        "register": "pulses_1",
        "pulse": {"weight": 0.1, "unit": "m3", "initial_reading": 1200.0},
        "volume_correction": 1.02,
    },
    {
        "id": "scuola.acqua",
        "measures": "water",
        "device": "wirenboard-wb-mcm8",
        "unit": 5,
        "register": "pulses_2",
        "pulse": {"weight": 10, "unit": "l"},
    },
    {"id": "ufficio.main", "carrier": "electricity", "device": "eastron-sdm630", "unit": 6},
    {
        "id": "ufficio.calore",
        "carrier": "heat_cold",
        "device": "diehl-sharky-775",
        "unit": 7,
    },
    {"id": "strada.main", "carrier": "electricity", "device": "eastron-sdm630", "unit": 1},
    {
        "id": "viale.main",
        "carrier": "electricity",
        "device": "eastron-sdm630",
        "unit": 2,
        "rated_power_kw": 20,
    },
)


def make_town(
    sites: Sequence[dict[str, Any]] = SITES, meters: Sequence[dict[str, Any]] = METERS
) -> Installation:
    """An installation of one town; electricity of sites named strada or viale is on 'lampioni'."""
    made_sites = [
        Site.model_validate({"name": s["id"], "sector": "municipal_buildings", **s}) for s in sites
    ]
    made_meters = [
        FieldMeter.model_validate({"gateway": _gateway(str(m["id"])), **m}) for m in meters
    ]
    city = City(
        facts=CityFile(id="town", name="Town", latitude=44.11, longitude=9.83),
        plan=cast(Plan, None),
        sites={s.id: s for s in made_sites},
        gateways={i: Gateway(id=i, host="192.0.2.1") for i in ("lampioni", "palazzi")},
        meters={m.id: m for m in made_meters},
        actions=(),
        declared=(),
    )
    folder = shipped_config() / "devices"
    return Installation(
        root=Path("unused"),
        name="Test",
        default_city="town",
        cities={"town": city},
        factors=FactorLibrary((), {}),
        device_folders=(folder,),
        registers={
            m.id: accounted_register(m, device_counters(folder / f"{m.device}.yaml"))
            for m in made_meters
        },
    )


def _gateway(meter_id: str) -> str:
    return "lampioni" if meter_id.startswith(("strada", "viale")) else "palazzi"
