"""A year of one stream hour by hour and day by day: when energy is used, and by what weather.

The year is the last twelve whole months, or a calendar year. Only hours that were measured whole
count here: what was estimated says nothing of a habit. The *signature* is the model of the twelve
months before (``paes.baselines``), asked of this year's days: what it expected beside what was
used says how much of a change the weather and the calendar explain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.queries.recipe import Recipe, Sources
from dashboard.queries.site_period import whole_year_before, year_of
from dashboard.queries.site_streams import Stream, energy_of, find_stream
from paes.accounting.energy_table import EnergyTable
from paes.baselines.baseline import Baseline, obstacle
from paes.baselines.days import Days, days_of
from paes.climate.daily_temperature import daily_temperatures
from paes.climate.heating_season import season_days
from paes.errors import DataError
from paes.installation import City, Installation
from paes.metering import Finding, Measures, SiteKind
from paes.opening import Kinds, Opening, day_kinds
from paes.periods import By, Span, local_midnight, to_seconds, zone
from paes.savings.assumptions import read_savings_assumptions, use_of
from paes.series import Floats

NIGHT = (1, 5)
"""Local hours of which the base load is told: nobody is there, and no sun on the roof."""
LEAST_HOURS = 24 * 28
"""With fewer measured hours there is no habit to tell."""
LEAST_DAYS = 300
"""Days that must be known on both sides for a year to be told against its model."""
_TINY = 1e-6


class Use(StrEnum):
    """When of its week a site takes an hour's energy."""

    OPEN = "open"
    SHUT_HOURS = "shut_hours"  # nights and evenings of days on which it is open
    RESTING = "resting"  # week ends and holidays
    CLOSED = "closed"  # spans in which it is closed: a school's summer


@dataclass(frozen=True)
class Habits:
    """When energy is used: parts (0..1) of what was measured, and of the measured hours."""

    energy: dict[Use, float]
    hours: dict[Use, float]
    measured: float
    """kWh (m3) in all measured hours."""
    measured_hours: int
    all_hours: int
    """Of the year so far in which the meter was in use."""
    base_kw: float | None
    """kW (m3/h) that half of the measured night hours exceed; None if there are none."""
    base_fraction: float | None
    """What of the energy lies at or below the base load, whatever the hour."""

    @property
    def outside_hours(self) -> float:
        """The part of the energy that is used while nobody is there."""
        return sum(part for use, part in self.energy.items() if use is not Use.OPEN)


@dataclass(frozen=True)
class Signature:
    """Days of the year beside the model of the twelve months before."""

    model: Baseline
    days: Days
    used: Floats
    """kWh of each day; NaN where it was not measured whole."""
    expected: Floats
    """By the model, at this year's weather and calendar; NaN where that is not known."""
    band_fraction: float
    """What buildings of its kind change by themselves in a year, of 100 in ``level``."""
    level: float

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Days of which both are known."""
        return np.asarray(~np.isnan(self.used) & ~np.isnan(self.expected))

    @property
    def used_kwh(self) -> float:
        """Of all days that count."""
        return float(self.used[self.counted].sum())

    @property
    def expected_kwh(self) -> float:
        """Of the same days."""
        return float(self.expected[self.counted].sum())

    @property
    def is_usual(self) -> bool:
        """True if the difference is no more than such buildings change by themselves."""
        band = self.band_fraction * self.expected_kwh
        return abs(self.used_kwh - self.expected_kwh) <= band


@dataclass(frozen=True)
class StreamYear:
    """What a year tells of a stream; ``power`` is kW (m3/h) by local hour (24 rows) and day."""

    stream: Stream
    first: date
    end: date
    power: npt.NDArray[np.float32]
    kinds: Kinds
    """How the site is used on each day."""
    missing_hours: int
    """In use, and not measured whole."""
    habits: Habits | None
    has_hours: bool
    """True if the site's calendar tells hours in which nobody is there."""
    signature: Signature | None
    no_signature: Finding | None


def stream_year(sources: Sources, site: str, name: str, meter: str, year: str) -> StreamYear:
    """The year of a stream; DataError if there is no such stream. ``year``: a number or nothing."""
    city = sources.installation.city_of_site(site)
    stream = find_stream(city, site, name, meter)
    if stream is None:
        raise DataError(f"site {site} has no {name}; see paes status --site {site}")
    first, end = year_days(year, sources, city)
    tz = city.time_zone
    span = Span(local_midnight(first, tz), local_midnight(end, tz))
    hours, starts = energy_of(sources, stream, span, By.HOUR)
    opening = sources.installation.opening(site)
    is_open = open_hours(starts, opening)
    whole = measured_whole(hours, 3600)
    lived = hours.span_s > 0
    signature, why_not = _signature(sources, city, stream, first, end)
    return StreamYear(
        stream=stream,
        first=first,
        end=end,
        power=_by_hour_and_day(np.where(whole, hours.measured, np.nan), starts, first, end),
        kinds=day_kinds([first + timedelta(days=n) for n in range((end - first).days)], opening),
        missing_hours=int((lived & ~whole).sum()),
        habits=habits(np.where(whole, hours.measured, np.nan), is_open, starts, int(lived.sum())),
        has_hours=bool((is_open != _PLACE[Use.OPEN]).any()),
        signature=signature,
        no_signature=why_not,
    )


def year_days(year: str, sources: Sources, city: City) -> tuple[date, date]:
    """The days of the calendar ``year`` so far, or without one of the last twelve whole months."""
    today = sources.clock().astimezone(zone(city.time_zone)).date()
    if not year:
        return whole_year_before(today)
    of = year_of(int(year))
    return of.first, min(of.end, max(today, of.first + timedelta(days=1)))


_PLACE = {use: place for place, use in enumerate(Use)}


def open_hours(starts: pd.DatetimeIndex, opening: Opening) -> npt.NDArray[np.int8]:
    """The place in ``Use`` of each local hour, by what most of it is."""
    walls = starts.tz_localize(None)
    days, of_day = np.unique(walls.normalize().to_numpy(), return_inverse=True)
    middle = np.asarray(walls.hour, dtype=np.float64) + 0.5
    kinds = np.empty(len(days), dtype=np.int8)
    begin, stop = np.zeros(len(days)), np.zeros(len(days))
    for place, moment in enumerate(days):
        day = pd.Timestamp(moment).date()
        kinds[place] = opening.kind(day)
        begin[place], stop[place] = opening.open_hours(day) or (0.0, 0.0)
    is_open = (middle >= begin[of_day]) & (middle < stop[of_day])
    rest = np.array([_PLACE[Use.SHUT_HOURS], _PLACE[Use.RESTING], _PLACE[Use.CLOSED]], np.int8)
    return np.where(is_open, np.int8(_PLACE[Use.OPEN]), rest[kinds[of_day]])


def habits(
    amounts: Floats, use: npt.NDArray[np.int8], starts: pd.DatetimeIndex, lived_hours: int
) -> Habits | None:
    """When ``amounts`` (an hour each, NaN: not measured) are used; None of too few, or of none."""
    known = ~np.isnan(amounts)
    measured, count = float(amounts[known].sum()), int(known.sum())
    if count < LEAST_HOURS or measured <= 0:
        return None
    energy = np.bincount(use[known], weights=amounts[known], minlength=len(Use))
    hours = np.bincount(use[known], minlength=len(Use))
    night = known & (starts.hour >= NIGHT[0]) & (starts.hour < NIGHT[1])
    base = float(np.median(amounts[night])) if night.any() else None
    below = None if base is None else float(np.minimum(amounts[known], base).sum())
    return Habits(
        energy={each: float(energy[_PLACE[each]]) / measured for each in Use},
        hours={each: float(hours[_PLACE[each]]) / count for each in Use},
        measured=measured,
        measured_hours=count,
        all_hours=lived_hours,
        base_kw=base,
        base_fraction=None if below is None else below / measured,
    )


def measured_whole(table: EnergyTable, step_s: int) -> npt.NDArray[np.bool_]:
    """Steps with readings of their own all through: neither estimated nor caught up."""
    no_gap = (table.missing_high <= _TINY) & (table.catch_up <= _TINY)
    return np.asarray((table.covered_s >= 0.999 * step_s) & no_gap & (table.estimated <= _TINY))


def _by_hour_and_day(
    amounts: Floats, starts: pd.DatetimeIndex, first: date, end: date
) -> npt.NDArray[np.float32]:
    """24 rows, a column a local day; of the hour that comes twice in autumn the later one."""
    walls = starts.tz_localize(None)
    power = np.full((24, (end - first).days), np.nan, dtype=np.float32)
    day = np.asarray((walls.normalize() - pd.Timestamp(first)).days)
    inside = (day >= 0) & (day < power.shape[1])
    power[np.asarray(walls.hour)[inside], day[inside]] = amounts[inside]
    return power


def _signature(
    sources: Sources, city: City, stream: Stream, first: date, end: date
) -> tuple[Signature | None, Finding | None]:
    """The model of the twelve months before, and this year's days; or why there is none."""
    if not has_signature(sources.installation, stream):
        return None, None
    before = first - timedelta(days=(end - first).days if (end - first).days > 364 else 365)
    days = _days(sources, city, stream, before, end)
    used = _whole_days(sources, city, stream, before, end)
    cut = (first - before).days
    learnt, then = days.between(before, first), used[:cut]
    why_not = obstacle(stream.meter or stream.site, then, learnt, LEAST_DAYS)
    if why_not:
        return None, why_not
    model = Baseline.fit(then, learnt, LEAST_DAYS)
    assumptions = read_savings_assumptions(sources.installation.root)
    kind = sources.installation.site(stream.site).kind
    assert stream.carrier is not None  # has_signature
    now = days.between(first, end)
    return Signature(
        model=model,
        days=now,
        used=used[cut:],
        expected=model.predict(now),
        band_fraction=assumptions.shipped_band(use_of(kind, stream.carrier)),
        level=assumptions.level,
    ), None


def has_signature(installation: Installation, stream: Stream) -> bool:
    """True of what a site uses, if weather or calendar can explain any of it."""
    kind = installation.site(stream.site).kind
    bought = stream.measures in (Measures.WITHDRAWAL, Measures.SUBMETER)
    return bought and stream.carrier is not None and kind is not SiteKind.PV_PLANT


def _days(sources: Sources, city: City, stream: Stream, first: date, end: date) -> Days:
    known = daily_temperatures(sources.store, city.temperature_points, first, end, city.time_zone)
    degc = np.where(known.is_measured, known.mean, np.nan)
    opening, latitude = sources.installation.opening(stream.site), city.facts.latitude
    season = season_days(city, first, len(degc))
    allowed = {first + timedelta(days=n): bool(on) for n, on in enumerate(season)}
    return days_of(first, degc, opening, latitude, allowed.__getitem__)


def _whole_days(sources: Sources, city: City, stream: Stream, first: date, end: date) -> Floats:
    """kWh of each local day that is over and was measured whole; NaN of others.

    A day whose amount is known from both sides of a gap within it counts: its energy was measured.
    """
    tz = city.time_zone
    span = Span(local_midnight(first, tz), local_midnight(end, tz))
    table, starts = energy_of(sources, stream, span, By.DAY)
    seconds = starts.as_unit("s").asi8
    lengths = np.diff(np.append(seconds, to_seconds(span.end)))
    sure = (table.missing_high <= _TINY) & (table.estimated <= _TINY)
    whole = sure & (table.span_s >= lengths - 1)
    return np.where(whole, table.measured, np.nan)


STREAM_YEAR = Recipe("stream_year", stream_year, max_age_s=1800.0, ahead=lambda _: ())
"""By site, stream's name, meter (or nothing) and year (or nothing): asked for when it is read."""
