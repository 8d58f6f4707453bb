"""Where the sun stands, when it rises and sets, and whether a photovoltaic plant may sleep.

An inverter lives on the light of its modules: before sunrise it is off, and while the sun is too
low to feed it, behind hills or haze, it comes and goes. In that time its silence is no fault.
"""

from __future__ import annotations

from datetime import date, datetime

from astral import Observer
from astral.sun import elevation, sunrise, sunset

from paes.periods import require_utc, zone

HORIZON_DEG = -0.833
"""Elevation of the sun's centre at sunrise and sunset: 34' of refraction and 16' of radius
(U.S. Naval Observatory, "Rise, Set, and Twilight Definitions")."""

SLEEP_MARGIN_DEG = 5.0
"""So far above the horizon the light may not be enough: half an hour in Italy, and the height of a
hill of 90 m at 1 km."""


def elevation_deg(latitude: float, longitude: float, at: datetime) -> float:
    """Elevation of the sun's centre above the horizon at ``at`` (aware), as it is seen.

    ``latitude`` north and ``longitude`` east, in degrees; refraction is allowed for.
    """
    return float(elevation(Observer(latitude, longitude), require_utc(at)))


def sunrise_and_sunset(
    latitude: float, longitude: float, day: date, tz: str
) -> tuple[datetime, datetime] | None:
    """When the sun rises and sets on a local day (UTC); None where it does not do both."""
    observer = Observer(latitude, longitude)
    try:
        rises = sunrise(observer, day, tzinfo=zone(tz))
        sets = sunset(observer, day, tzinfo=zone(tz))
    except ValueError:  # "Sun never reaches … on this day, at this location"
        return None
    return require_utc(rises), require_utc(sets)


def is_night(
    latitude: float, longitude: float, at: datetime, margin_deg: float = SLEEP_MARGIN_DEG
) -> bool:
    """True while the sun is down, or less than ``margin_deg`` up.

    With ``margin_deg`` 0 that is from sunset to sunrise as almanacs print them.
    """
    geometric = elevation(Observer(latitude, longitude), require_utc(at), with_refraction=False)
    return float(geometric) < HORIZON_DEG + margin_deg
