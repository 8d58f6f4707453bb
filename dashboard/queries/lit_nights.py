"""When lamps burn, night by night, beside the sun: by cabinet, of the last year and a little.

By readings of active power where there are enough, else by the register's quarter hours
(``paes.faults.signs.lit_nights``). A quarter hour burns above 5 % of the installed power, as
``paes lighting`` says; in one beside darkness the lamps burned for the part that its energy is of
full light. What was not read is neither lit nor dark: a night that is not known counts nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from dashboard.queries.lighting import Cabinet, LitTown, lit_town
from dashboard.queries.recipe import Recipe, Sources
from paes.errors import DataError
from paes.faults.load_curve import Bools
from paes.faults.rules import day_burner, switching_time
from paes.faults.signs.lit_nights import QUARTER_S, Lights, lights_of
from paes.faults.signs.switching import switched
from paes.faults.view import TownView
from paes.installation import Installation
from paes.lighting import BURNING_ABOVE, Lamps, lamps_of
from paes.metering import Measures
from paes.periods import Span
from paes.series import Floats

KEPT_DAYS = 400
LAST_NIGHTS = 7
"""Over so many known nights the present habit of a cabinet is told."""
_H = QUARTER_S / 3600.0
_KNOWN = 0.95
_VIEW_HISTORY = timedelta(days=100)
"""So far before its span a view tells quarter hours."""


@dataclass(frozen=True)
class Nights:
    """The nights of one cabinet by their evening, from ``first`` on; NaN where it is not known.

    A night goes from noon to noon. ``dark_h`` are the hours from sunset to sunrise, ``day_h`` those
    of burning between sunrise and sunset. Minutes are after sunset and after sunrise.
    """

    first: date
    burning_h: Floats
    dark_h: Floats
    day_h: Floats
    on_min: Floats
    off_min: Floats

    @property
    def known(self) -> Bools:
        """The nights of which the hours are known."""
        return ~np.isnan(self.burning_h)

    def evening(self, night: int) -> date:
        """The local day of its evening."""
        return self.first + timedelta(days=night)


@dataclass(frozen=True)
class Habit:
    """What a cabinet did over its last known nights (means); ``unknown`` nights lay among them."""

    nights: int
    unknown: int
    last: date
    burning_h: float
    dark_h: float
    day_h: float
    on_min: float | None
    """Median minutes after sunset; None where no switch was seen."""
    off_min: float | None

    @property
    def extra_min(self) -> float:
        """Minutes a night that the lamps burned longer than it was dark."""
        return (self.burning_h - self.dark_h) * 60.0

    @property
    def by_day_h(self) -> float:
        """Hours of burning by day, but for those of an early or late switch."""
        early, late = max(-(self.on_min or 0.0), 0.0), max(self.off_min or 0.0, 0.0)
        return max(self.day_h - (early + late) / 60.0, 0.0)


@dataclass(frozen=True)
class Months:
    """Mean hours a night of burning and of darkness by month, of ``nights`` known ones."""

    starts: tuple[date, ...]
    burning_h: Floats
    dark_h: Floats
    nights: tuple[int, ...]
    of: tuple[int, ...]
    """Nights that the month had (until now)."""


class Follows(StrEnum):
    """Whether a cabinet burned with the sun in its last known nights."""

    SUN = "follows"
    BY_DAY = "by_day"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"


@dataclass(frozen=True)
class TownNights:
    """Of a town by site, with what the installation's rules call wrong."""

    by_site: Mapping[str, Nights]
    lamps: tuple[Lamps, ...]
    """Where each cabinet with a power reading tells what its lamps do now."""
    off_by_min: float
    """A switch is wrong if it is farther from what is usual (rule ``switching_time``)."""
    day_least_h: float
    """Lamps burn by day from so many hours on (rule ``day_burner``)."""

    def judged(self, of: Habit) -> Follows:
        """What a habit is called."""
        if of.by_day_h >= self.day_least_h:
            return Follows.BY_DAY
        if abs(of.extra_min) <= self.off_by_min:
            return Follows.SUN
        return Follows.TOO_LONG if of.extra_min > 0 else Follows.TOO_SHORT


def make_nights(sources: Sources, city_id: str) -> TownNights:
    """Of cabinets with one meter whose installed power is known."""
    city = sources.city(city_id)
    town, now = lit_town(sources.installation, city), sources.clock()
    span = Span(now - timedelta(days=KEPT_DAYS) + _VIEW_HISTORY, now)
    wanted = [c for c in town.metered if told_by_night(c)]
    view = TownView(sources.ledger, span, [c.meters[0] for c in wanted])
    root = sources.installation.root
    of_rule, by_day = (one.RULE.file(root).parameters for one in (switching_time, day_burner))
    made = {}
    for cabinet in wanted:
        lights = lights_of(view.meter(cabinet.meters[0]))
        if lights.curve.known.any():
            made[cabinet.site.id] = nights_of(lights, cabinet.installed_kw or 0.0, of_rule)
    lamps = tuple(_lamps(sources.installation, town))
    return TownNights(made, lamps, of_rule.off_by_min, by_day.least_h)


def _lamps(installation: Installation, town: LitTown) -> Iterator[Lamps]:
    for cabinet in town.metered:
        try:
            found = lamps_of(installation, cabinet.site)
        except DataError:  # its device tells no power: nobody knows
            continue
        yield from [one for one in found if one.meter.measures is Measures.WITHDRAWAL][:1]


def told_by_night(cabinet: Cabinet) -> bool:
    """Whether its hours can be told: one meter, and an installed power."""
    return len(cabinet.meters) == 1 and cabinet.installed_kw is not None


def nights_of(
    lights: Lights, installed_kw: float, of_rule: switching_time.SwitchingTimeParameters
) -> Nights:
    """The nights of a curve by quarter hours; ``of_rule`` says what full light is."""
    lit = _lit_fraction(lights, BURNING_ABOVE * installed_kw)
    count = lights.nights
    night, known = lights.night, lights.curve.known
    inside = (night >= 0) & (night < count)
    steps = np.bincount(night[inside], minlength=count)
    seen = np.bincount(night[inside & known], minlength=count)
    day = lights.curve.day
    start = lights.curve.seconds
    is_day = (start >= lights.sunrise_s[day]) & (start + QUARTER_S <= lights.sunset_s[day])

    def hours(among: Bools) -> Floats:
        sums = np.bincount(night[among], lit[among] * _H, minlength=count)
        with np.errstate(invalid="ignore", divide="ignore"):
            whole = sums * np.where(seen > 0, steps / seen, np.nan)
        return np.where(seen >= _KNOWN * np.maximum(steps, 1), whole, np.nan)

    plateaus = lights.plateaus_kw(of_rule.plateau_from_fraction, of_rule.least_plateau_quarters)
    of = switched(lights, plateaus, of_rule.burning_from_fraction)
    return Nights(
        lights.curve.first_day,
        hours(inside & known),
        (lights.sunrise_s[1:] - lights.sunset_s[:-1]) / 3600.0,
        hours(inside & known & is_day),
        of.on_min,
        of.off_min,
    )


def _lit_fraction(lights: Lights, above_kw: float) -> Floats:
    """Of each quarter hour the part in which the lamps burned; NaN where it is not known."""
    kw = lights.curve.per_hour
    lit = kw > above_kw
    before, after = np.roll(lit, 1), np.roll(lit, -1)
    full = np.fmax(np.where(before, np.roll(kw, 1), 0.0), np.where(after, np.roll(kw, -1), 0.0))
    at_edge = lit & (before != after)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(at_edge & (full > 0), np.minimum(kw / full, 1.0), lit.astype(np.float64))
    return np.where(np.isnan(kw), np.nan, part)


def habit(nights: Nights) -> Habit | None:
    """The last known nights; None if none is known."""
    known = np.flatnonzero(nights.known)[-LAST_NIGHTS:]
    if len(known) == 0:
        return None
    return Habit(
        nights=len(known),
        unknown=int(known[-1] - known[0] + 1 - len(known)),
        last=nights.evening(int(known[-1])),
        burning_h=float(nights.burning_h[known].mean()),
        dark_h=float(nights.dark_h[known].mean()),
        day_h=float(nights.day_h[known].mean()),
        on_min=_median(nights.on_min[known]),
        off_min=_median(nights.off_min[known]),
    )


def _median(minutes: Floats) -> float | None:
    seen = minutes[~np.isnan(minutes)]
    return float(np.median(seen)) if len(seen) else None


def by_month(nights: Nights) -> Months:
    """Means of the known nights of each month; NaN of a month without any."""
    days = [nights.evening(night) for night in range(len(nights.burning_h))]
    starts = sorted({day.replace(day=1) for day in days})
    place = np.array([starts.index(day.replace(day=1)) for day in days], dtype=np.int64)
    count = np.bincount(place[nights.known], minlength=len(starts))

    def mean(hours: Floats) -> Floats:
        sums = np.bincount(place[nights.known], hours[nights.known], minlength=len(starts))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(count > 0, sums / count, np.nan)

    return Months(
        tuple(starts),
        mean(nights.burning_h),
        mean(nights.dark_h),
        tuple(int(n) for n in count),
        tuple(int(n) for n in np.bincount(place, minlength=len(starts))),
    )


@dataclass(frozen=True)
class Carpet:
    """Power by quarter hour from noon to noon (rows) and night (columns); NaN: not known.

    ``level`` is the part (0..1) of the installed power. Sunset and sunrise are hours after noon
    by the local clock, one for each night.
    """

    evenings: tuple[date, ...]
    level: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    sunset_h: Floats
    sunrise_h: Floats


def night_carpet(sources: Sources, cabinet: Cabinet) -> Carpet | None:
    """The last nights of a cabinet whose hours can be told; None if nothing was read."""
    now = sources.clock()
    span = Span(now - timedelta(days=1), now)  # and the view's history before it
    if not told_by_night(cabinet):
        return None
    view = TownView(sources.ledger, span, cabinet.meters[:1])
    lights = lights_of(view.meter(cabinet.meters[0]))
    if not lights.curve.known.any():
        return None
    return carpet_of(lights, cabinet.installed_kw or 0.0)


def carpet_of(lights: Lights, installed_kw: float) -> Carpet:
    """Quarter hours of each night; where the clock goes back two share a row: the later stands."""
    inside = (lights.night >= 0) & (lights.night < lights.nights)
    row = ((lights.curve.hour - 12.0) % 24.0 * 4.0).astype(np.int64)
    level = np.full((96, lights.nights), np.nan)
    part = np.clip(lights.curve.per_hour / installed_kw, 0.0, 1.0)
    level[row[inside], lights.night[inside]] = part[inside]
    first = lights.curve.first_day
    return Carpet(
        tuple(first + timedelta(days=n) for n in range(lights.nights)),
        level,
        _after_noon(lights, lights.sunset_s[:-1]),
        _after_noon(lights, lights.sunrise_s[1:]),
    )


def _after_noon(lights: Lights, seconds: Floats) -> Floats:
    """Hours on the local clock after noon."""
    start = lights.curve.seconds
    at = np.searchsorted(start, seconds, side="right") - 1
    held = np.clip(at, 0, len(start) - 1)
    return (lights.curve.hour[held] + (seconds - start[held]) / 3600.0 - 12.0) % 24.0


LIT_NIGHTS = Recipe("lit_nights", make_nights, max_age_s=1800.0)
"""By city: the nights of each cabinet by site."""
