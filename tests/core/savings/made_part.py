"""A measured part with a known past, for tests that need no store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np

from paes.baselines.days import Days
from paes.metering import Carrier, Sector, Site, SiteKind
from paes.opening import DayKind
from paes.savings.assumptions import Use
from paes.savings.metered import Bounds, Metered
from paes.series import Floats

SCHOOL = Site(id="scuola", name="Scuola", kind=SiteKind.SCHOOL, sector=Sector.MUNICIPAL_BUILDINGS)
FIRST = date(2024, 1, 1)


def part(
    sure_kwh: Floats,
    first: date = FIRST,
    true_kwh: Floats | None = None,
    bounds: Bounds | None = None,
    degc: Floats | None = None,
) -> Metered:
    """Gas of a school; without ``bounds`` its register knows all stretches (``true_kwh``)."""
    count = len(sure_kwh)
    true = sure_kwh if true_kwh is None else true_kwh
    weather = np.full(count, 10.0) if degc is None else degc
    days = Days(first, weather, np.full(count, DayKind.OPEN, dtype=np.int8))
    return Metered(
        "scuola/natural_gas", SCHOOL, Carrier.NATURAL_GAS, Use.HEATING, days, weather, sure_kwh,
        bounds or register(true, first), None,
    )  # fmt: skip


def register(true_kwh: Floats, first: date) -> Bounds:
    """A counter that was read at the ends of any stretch."""

    def bounds(begin: date, end: date) -> tuple[float, float]:
        total = float(true_kwh[(begin - first).days : (end - first).days].sum())
        return total, total

    return bounds


def unknown(seen_kwh: Floats, first: date, most_a_day: float) -> Callable[..., tuple[float, float]]:
    """A meter that says nothing of what it missed, but that it lets pass ``most_a_day``."""

    def bounds(begin: date, end: date) -> tuple[float, float]:
        of = seen_kwh[(begin - first).days : (end - first).days]
        seen, missing = float(np.nansum(of)), int(np.isnan(of).sum())
        return seen, seen + missing * most_a_day

    return bounds
