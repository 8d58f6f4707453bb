"""Which meters are silent at night: inverters, which live on the light of their modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from collectors.field_task import FieldPlan
from collectors.modbus.read_plan import GatewayPlan
from collectors.modbus.sunspec import sleeps
from paes.installation import Installation
from paes.meters import FieldMeter
from paes.sun import is_night

Asleep = Callable[[str, datetime], bool]
"""Whether a meter (by id) may be silent at a time, for the sun is down at its site."""


def night_rule(installation: object, plans: Iterable[FieldPlan]) -> Asleep:
    """The rule for the inverters in ``plans``; in what has no places, nothing sleeps.

    A production meter beside the inverter is fed by the grid and never sleeps.
    """
    if not isinstance(installation, Installation):
        return lambda _meter, _at: False
    places = {
        meter.id: _place(installation, meter)
        for plan in plans
        if isinstance(plan, GatewayPlan)
        for unit in plan.units
        if sleeps(unit.profile)
        for meter in unit.meters
    }

    def is_asleep(meter: str, at: datetime) -> bool:
        return meter in places and is_night(*places[meter], at)

    return is_asleep


def _place(installation: Installation, meter: FieldMeter) -> tuple[float, float]:
    """Latitude and longitude of the meter's site, else of its city."""
    site, city = installation.site(meter.site), installation.city_of(meter).facts
    if site.latitude is not None and site.longitude is not None:
        return site.latitude, site.longitude
    return city.latitude, city.longitude
