"""The load of a site or meter over a period, beside the same stretch before and the weather.

A step is *measured*, *estimated* (nothing is missing, but not all of it has its own readings),
*missing* (a part of it, or all, is not known), or *outside* (before the meter's life or after now).
What is missing is never 0, and is not compared: a gap is no saving.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.queries.recipe import Recipe, Sources
from dashboard.queries.site_period import Period, Zoom
from dashboard.queries.site_streams import Stream, energy_of, sole_meter
from paes.accounting.energy_table import EnergyTable
from paes.accounting.energy_total import EnergyTotal
from paes.climate.daily_temperature import DailyTemperatures, daily_temperatures
from paes.climate.weather import outdoor_temperatures
from paes.installation import City
from paes.lineage.site_figures import OWN_STREAMS
from paes.metering import Carrier, Measures
from paes.periods import By, Span, from_seconds, local_midnight, to_seconds, zone
from paes.series import Floats

Bools = npt.NDArray[np.bool_]
LONGEST_YEARS = 12
ESTIMATED_IN_MEASURED = 0.001
"""An estimate of less than this part of what was measured is not worth telling."""
_TINY = 1e-6


class StepState(StrEnum):
    """What a step rests on."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    MISSING = "missing"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Load:
    """Amounts by step in kWh (m3 of water); arrays of one length.

    ``earlier`` is what the step beside it had, NaN where that is not known; ``degc`` the mean
    outdoor temperature, NaN where nobody measured it. ``is_running``: the step is not over yet.
    """

    stream: Stream
    period: Period
    starts: pd.DatetimeIndex
    table: EnergyTable
    states: tuple[StepState, ...]
    is_running: Bools
    earlier: Floats
    degc: Floats
    earlier_degc: Floats
    at: datetime
    passport_of: str | None = None
    """The beginning of the ids of its figures (``town/meter/ID``), where it is one meter's."""

    def passport(self, first: date, end: date) -> str | None:
        """The id of the amount of whole local days up to ``end``, not included; None of a sum."""
        if self.passport_of is None or first >= end:
            return None
        quantity = "m3" if self.stream.measures is Measures.WATER else "kwh"
        return f"{self.passport_of}/{_stretch(first, end)}/{quantity}"

    @property
    def amounts(self) -> Floats:
        """What is known of each step; NaN where nothing is, or the meter was not in use."""
        known = self.table.measured + self.table.estimated
        lost = np.array([s is StepState.MISSING for s in self.states], dtype=np.bool_)
        outside = np.array([s is StepState.OUTSIDE for s in self.states], dtype=np.bool_)
        nothing = lost & (self.table.covered_s <= 0) & (known <= _TINY)
        return np.where(outside | nothing, np.nan, known)

    @property
    def total(self) -> EnergyTotal:
        """All of the steps that are over; of a period that only began, all of it so far."""
        return self._sum(self.is_over)

    @property
    def running(self) -> EnergyTotal | None:
        """Of the step that is not over; None if there is none, or nothing else."""
        return None if self.is_over.all() else self._sum(self.is_running & ~self.is_over)

    @property
    def is_over(self) -> Bools:
        """Steps that a total counts: those that are over, or all if none of them is."""
        over = ~self.is_running
        return over if (over & (self.table.span_s > 0)).any() else np.ones_like(over)

    def _sum(self, of: Bools) -> EnergyTotal:
        rows = self.table.rows()
        return sum((row for row, chosen in zip(rows, of, strict=True) if chosen), EnergyTotal())

    @property
    def compared(self) -> Bools:
        """Steps that are over and known on both sides."""
        whole = np.array(
            [s in (StepState.MEASURED, StepState.ESTIMATED) for s in self.states], dtype=np.bool_
        )
        return np.asarray(whole & ~self.is_running & ~np.isnan(self.earlier))

    @property
    def change(self) -> tuple[float, float] | None:
        """What all compared steps had before, and have now; None if none can be compared."""
        both = self.compared
        before = float(self.earlier[both].sum())
        return (before, float(self.amounts[both].sum())) if both.any() and before > 0 else None

    def count(self, state: StepState) -> int:
        """How many of the steps that a total counts rest on that."""
        return sum(s is state and over for s, over in zip(self.states, self.is_over, strict=True))


def _stretch(first: date, end: date) -> str:
    """As it stands in the id of a figure: a day, a month, a year, or both ends."""
    if end - first == timedelta(days=1):
        return first.isoformat()
    if first.day == 1 and end == (first + timedelta(days=32)).replace(day=1):
        return first.strftime("%Y-%m")
    if (first.month, first.day, end) == (1, 1, date(first.year + 1, 1, 1)):
        return str(first.year)
    return f"{first}..{end}"


def load(
    sources: Sources,
    city: City,
    stream: Stream,
    period: Period,
    weather: DailyTemperatures,
) -> Load:
    """The stream over ``period`` with all that stands beside it."""
    tz, now = city.time_zone, sources.ledger.clock()
    span = _lived(sources, stream, period, tz)
    table, starts = energy_of(sources, stream, span, period.by)
    beside = period.shown_beside
    earlier = np.full(len(starts), np.nan)
    if beside and beside.first.year >= 1901:
        earlier = _beside(sources, stream, beside, starts, tz)
    ends, meter = _ends(starts, period.by), sole_meter(city, stream)
    return Load(
        stream=stream,
        period=period,
        starts=starts,
        table=table,
        states=states_of(table),
        is_running=np.asarray((ends > to_seconds(now)) & (table.span_s > 0)),
        earlier=earlier,
        degc=_degc(sources, city, starts, period.by, weather),
        earlier_degc=_mean_before(starts, period.by, weather),
        at=now,
        passport_of=_passport_of(city, stream, meter),
    )


def _passport_of(city: City, stream: Stream, meter: str | None) -> str | None:
    """Up to its stretch: of the one meter that it is, else of the site."""
    if meter:
        return f"{city.id}/meter/{meter}"
    known = stream.meter is None and stream.name in (*Carrier, *OWN_STREAMS)
    return f"{city.id}/site/{stream.site}/{stream.name}" if known else None


def _lived(sources: Sources, stream: Stream, period: Period, tz: str) -> Span:
    """The period; of all years only those that any meter of it lived."""
    span = period.span(tz)
    if period.zoom is not Zoom.ALL:
        return span
    of = [stream.meter] if stream.meter else _meters_at(sources, stream.site)
    meters = [m for name in of if (m := sources.installation.meters.get(name))]
    born = [m.valid_from for m in meters if m.valid_from]
    oldest = period.end.year - LONGEST_YEARS
    first = max(min(born).year, oldest) if born and len(born) == len(meters) else oldest
    first = min(first, (period.end - timedelta(days=1)).year)  # all may be still to come
    return Span(local_midnight(period.first.replace(year=first), tz), span.end)


def _meters_at(sources: Sources, site: str) -> list[str]:
    return [m.id for m in sources.installation.meters.values() if m.site == site]


def states_of(table: EnergyTable) -> tuple[StepState, ...]:
    """What each step of ``table`` rests on."""
    missing = (table.missing_high > _TINY) | (table.missing_low > _TINY)
    whole = table.estimated <= _TINY + ESTIMATED_IN_MEASURED * table.measured
    return tuple(
        StepState.OUTSIDE
        if not lived
        else StepState.MISSING
        if lost
        else StepState.MEASURED
        if full
        else StepState.ESTIMATED
        for lived, lost, full in zip(table.span_s > 0, missing, whole, strict=True)
    )


def _ends(starts: pd.DatetimeIndex, by: By) -> npt.NDArray[np.int64]:
    """The ends of the steps, Unix seconds; of the last one by its own length."""
    if by is By.MONTH:
        last = starts[-1] + pd.offsets.MonthBegin(1)
    else:
        last = starts[-1] + (pd.DateOffset(days=1) if by is By.DAY else _STEP[by])
    seconds = pd.DatetimeIndex([*starts, last]).as_unit("s").asi8
    return np.asarray(seconds[1:], dtype=np.int64)


_STEP = {By.HOUR: pd.Timedelta(hours=1), By.QUARTER_HOUR: pd.Timedelta(minutes=15)}


def _beside(
    sources: Sources, stream: Stream, beside: Period, starts: pd.DatetimeIndex, tz: str
) -> Floats:
    """What each step had in the period before, by the clock on the wall; NaN where not known."""
    table, then = energy_of(sources, stream, beside.span(tz), beside.by)
    known = [s in (StepState.MEASURED, StepState.ESTIMATED) for s in states_of(table)]
    values = np.where(known, table.measured + table.estimated, np.nan)
    walls = then.tz_localize(None)
    before = pd.Series(values, walls)[~walls.duplicated()]
    shift = pd.DateOffset(years=1) if beside.by is By.MONTH else pd.DateOffset(days=364)
    return _values(before.reindex(starts.tz_localize(None) - shift))


def _degc(
    sources: Sources, city: City, starts: pd.DatetimeIndex, by: By, weather: DailyTemperatures
) -> Floats:
    if by not in (By.HOUR, By.QUARTER_HOUR):
        return _means(starts, by, weather)
    seconds = starts.as_unit("s").asi8
    span = Span(from_seconds(seconds[0]), from_seconds(seconds[-1] + 1))
    hours = outdoor_temperatures(sources.store, city.temperature_points, span)
    place = (seconds - hours.start_s) // 3600
    measured = np.where(hours.is_measured, hours.degc, np.nan)
    return np.asarray(measured[np.clip(place, 0, len(measured) - 1)])


def _mean_before(starts: pd.DatetimeIndex, by: By, weather: DailyTemperatures) -> Floats:
    """Of the month a year before; NaN for finer steps, of which it says little."""
    if by is not By.MONTH:
        return np.full(len(starts), np.nan)
    return _means(starts - pd.DateOffset(years=1), by, weather)


def _means(starts: pd.DatetimeIndex, by: By, weather: DailyTemperatures) -> Floats:
    """Mean temperature of local days or months; NaN if a tenth of the days is not known."""
    if not len(weather):
        return np.full(len(starts), np.nan)
    days = pd.date_range(weather.first, periods=len(weather), freq="D")
    known = pd.Series(weather.mean, days)
    if by is By.DAY:
        return _values(known.reindex(starts.tz_localize(None)))
    of_month = known.groupby(days.to_period("M"))
    means = of_month.mean().where(of_month.count() >= 0.9 * of_month.size())
    months = starts.tz_localize(None).to_period("M")
    return _values(means.reindex(months))


def _values(series: pd.Series[float]) -> Floats:
    return np.asarray(series, dtype=np.float64)


def outdoor(sources: Sources, city_id: str) -> DailyTemperatures:
    """Daily mean temperatures of a city over the years that a page may show."""
    city = sources.city(city_id)
    today = sources.clock().astimezone(zone(city.time_zone)).date()
    first = today.replace(year=today.year - LONGEST_YEARS, month=1, day=1)
    born = [m.valid_from for m in city.meters.values() if m.valid_from]
    if born and len(born) == len(city.meters):
        first = max(first, min(*born, today).replace(month=1, day=1))  # or are still to come
    points = city.temperature_points
    return daily_temperatures(sources.store, points, first, today, city.time_zone)


OUTDOOR = Recipe("outdoor", outdoor, max_age_s=1800.0)
"""Daily mean outdoor temperatures, by city."""
