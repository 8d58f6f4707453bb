"""What a case is about, where that belongs, and by which id it is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from paes.installation import City, Installation
from paes.periods import zone


@dataclass(frozen=True)
class Subject:
    """Where a subject belongs; several sites are none."""

    site: str | None
    city: City


def subject_of(installation: Installation, subject: str) -> Subject:
    """Of a meter, a site or a gateway; what is neither is of the first city, and of no site."""
    if subject in installation.meters:
        meter = installation.meters[subject]
        return Subject(meter.site, installation.city_of(meter))
    if subject in installation.sites:
        return Subject(subject, installation.city_of_site(subject))
    if subject in installation.gateways:
        sites = sorted({meter.site for meter in installation.meters_behind(subject)})
        if sites:
            only = sites[0] if len(sites) == 1 else None
            return Subject(only, installation.city_of_site(sites[0]))
    return Subject(None, installation.city())


def case_id(subject: str, rule: str, start: datetime, tz: str, place: str | None) -> str:
    """``<subject>/<rule>/<local date of start>``, and the place where there is one."""
    name = f"{subject}/{rule}/{start.astimezone(zone(tz)):%Y-%m-%d}"
    return f"{name}/{re.sub(r'[^A-Za-z0-9_.-]+', '-', place)}" if place else name
