"""What an installation asks for: a plan a gateway, with the meters that are in use.

Plans are made without a connection, so that a configuration is known to be sound before anything
is changed, and so that two of them can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from collectors.device_files import AnyProfile, load_device
from collectors.field_task import FieldPlan
from collectors.transports import plan_for
from paes.gateways import Gateway
from paes.metering import Register, name_of
from paes.meters import FieldMeter


class MeteredInstallation(Protocol):
    """What is asked of an installation here; ``paes.installation.Installation`` is more."""

    @property
    def gateways(self) -> Mapping[str, Gateway]: ...

    def meters_behind(self, gateway_id: str) -> list[FieldMeter]: ...

    def device_file(self, device_id: str) -> Path: ...

    def register(self, meter: FieldMeter) -> Register: ...


def plan_installation(
    installation: MeteredInstallation, now: datetime | None = None
) -> dict[str, FieldPlan]:
    """The plan of every gateway with meters in use at ``now``, by gateway id.

    Raises ConfigError for a wrong profile, DataError for a meter that cannot be planned.
    """
    profiles: dict[str, AnyProfile] = {}
    plans: dict[str, FieldPlan] = {}
    for gateway in installation.gateways.values():
        meters = [
            _with_register(m, installation.register(m))
            for m in installation.meters_behind(gateway.id)
            if _in_use(m, now)
        ]
        for meter in meters:
            if meter.device not in profiles:
                profiles[meter.device] = load_device(installation.device_file(meter.device))
        if meters:
            plans[gateway.id] = plan_for(gateway, meters, profiles)
    return plans


def _with_register(meter: FieldMeter, accounted: Register) -> FieldMeter:
    """``meter`` naming its accounted register, so that what is accounted is always read."""
    if meter.pulse or meter.register_name:
        return meter
    return meter.model_copy(update={"register_name": name_of(accounted.point)})


def _in_use(meter: FieldMeter, now: datetime | None) -> bool:
    # Days are compared in UTC: on the day of its change a meter is asked some hours more or less.
    if now is None:
        return True
    day = now.date()
    return (meter.valid_from is None or meter.valid_from <= day) and (
        meter.valid_to is None or day < meter.valid_to
    )
