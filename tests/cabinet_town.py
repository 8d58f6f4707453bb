"""A town of one lighting cabinet: three units behind one gateway, and a pulse meter of water.

Composed as cabinets are: the supply (Lovato DMG610, unit 1), one of its circuits (Carlo Gavazzi
EM340, unit 2) and a pulse counter (Wiren Board WB-MCM8, unit 10).
"""

from __future__ import annotations

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

SITE: dict[str, Any] = {
    "id": "viale",
    "name": "Viale",
    "kind": "lighting_cabinet",
    "sector": "public_lighting",
    "light_points": 100,
    "lighting_power_kw": 10.0,
    "latitude": 44.11,
    "longitude": 9.83,
}
SUPPLY: dict[str, Any] = {
    "id": "viale.main",
    "carrier": "electricity",
    "device": "lovato-dmg610",
    "unit": 1,
    "rated_power_kw": 12,
}
CIRCUIT: dict[str, Any] = {
    "id": "viale.north",
    "carrier": "electricity",
    "measures": "submeter",
    "parent": "viale.main",
    "device": "carlo-gavazzi-em340",
    "unit": 2,
    "rated_power_kw": 4,
}
FOUNTAIN: dict[str, Any] = {
    "id": "viale.fountain",
    "measures": "water",
    "device": "wirenboard-wb-mcm8",
    "unit": 10,
    "register": "pulses_1",
    "pulse": {"weight": 10, "unit": "l"},
    "rated_flow_m3_h": 3,
}
CABINET = (SUPPLY, CIRCUIT, FOUNTAIN)


def cabinet_town(
    *meters: dict[str, Any], site: dict[str, Any] | None = None, **gateway: Any
) -> Installation:
    """An installation of ``meters`` (the whole cabinet if none) behind the gateway ``viale``."""
    made = [FieldMeter.model_validate({"gateway": "viale", **m}) for m in meters or CABINET]
    whole = Site.model_validate(site or SITE)
    folder = shipped_config() / "devices"
    city = City(
        facts=CityFile(id="town", name="Town", latitude=44.11, longitude=9.83),
        plan=cast(Plan, None),
        sites={whole.id: whole},
        gateways={"viale": Gateway.model_validate({"id": "viale", "host": "127.0.0.1", **gateway})},
        meters={m.id: m for m in made},
        actions=(),
        declared=(),
    )
    return Installation(
        root=Path("unused"),
        name="Test",
        default_city="town",
        cities={"town": city},
        factors=FactorLibrary((), {}),
        device_folders=(folder,),
        registers={
            m.id: accounted_register(m, device_counters(folder / f"{m.device}.yaml")) for m in made
        },
    )
