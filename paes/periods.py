"""Time: instants, half-open spans and local calendars. The only time-zone code.

Invariants: an instant is an aware UTC ``datetime``; a span is half-open ``[start, end)``;
interval data carries the start of its interval. Local days, months and years exist only
here, built from a zone name such as ``Europe/Rome``: a local day has 23, 24 or 25 hours. ::

      29 March 2025 (24 h)          30 March 2025 (23 h: 02:00 does not exist)
    |--------------------------|-------------------------|
    28T23:00Z                 29T23:00Z                 30T22:00Z

Vectorised code works on ``int64`` Unix seconds (``edges``), which are free of calendars.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from paes.errors import DataError

Seconds = npt.NDArray[np.int64]
Clock = Callable[[], datetime]
"""What tells the time: a parameter everywhere, so that no test waits."""
SKIPPED = -(2**62)
"""Stands for a local time that never was."""
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""No meter has seen a time outside these years; refusing it also keeps arithmetic in range."""


class By(StrEnum):
    """The step of a time axis, finest first; day and above are local calendars."""

    QUARTER_HOUR = "quarter_hour"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


_CALENDAR_UNIT: dict[By, Literal["D", "M", "Y"]] = {By.DAY: "D", By.MONTH: "M", By.YEAR: "Y"}


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of time ``[start, end)`` in aware UTC; never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            object.__setattr__(self, name, require_utc(getattr(self, name)))
        if self.end <= self.start:
            raise DataError(f"span ends at {self.end:%Y-%m-%dT%H:%M:%SZ}, not after its start")

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return (self.end - self.start).total_seconds()

    def clip(self, start: datetime | None, end: datetime | None) -> Span | None:
        """The part of the span inside ``[start, end)``; None bounds are open, None if empty."""
        begin = max(self.start, start) if start else self.start
        finish = min(self.end, end) if end else self.end
        return Span(begin, finish) if finish > begin else None


def require_utc(at: datetime) -> datetime:
    """``at`` in UTC; a naive time is refused, for nobody can know what it meant."""
    if at.tzinfo is None:
        raise DataError(f"time {at.isoformat()} has no zone; expected an aware time")
    return at.astimezone(UTC)


ALWAYS = Span(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC))
"""Every time that a meter can have seen."""


def now_utc() -> datetime:
    """The clock of the machine."""
    return datetime.now(UTC)


def last_tick(at: datetime, period: timedelta) -> datetime:
    """The latest whole multiple of ``period`` (since midnight UTC, 1970) not after ``at``."""
    period_s = int(period.total_seconds())
    return from_seconds(to_seconds(at) // period_s * period_s)


def to_seconds(at: datetime) -> int:
    """Whole Unix seconds of ``at``, rounded down."""
    return int(require_utc(at).timestamp() // 1)


def from_seconds(seconds: float | np.int64) -> datetime:
    """The aware UTC time of Unix ``seconds``."""
    return datetime.fromtimestamp(float(seconds), tz=UTC)


def zone(name: str) -> ZoneInfo:
    """The time zone called ``name``, or DataError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as err:
        raise DataError(
            f"unknown time zone {name!r}; expected a name such as 'Europe/Rome'"
        ) from err


def local_midnight(day: date, tz: str) -> datetime:
    """The instant at which the local ``day`` begins in ``tz``, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(tz)).astimezone(UTC)


def local_instant(day: date, at: time, tz: str) -> datetime:
    """When the clocks in ``tz`` first show ``at`` on the local ``day``, in UTC.

    A time that a change of the clocks skips is as much later as they go forward.
    """
    return datetime.combine(day, at, tzinfo=zone(tz)).astimezone(UTC)


def day_span(day: date, tz: str) -> Span:
    """The local day, 23, 24 or 25 hours long."""
    return Span(local_midnight(day, tz), local_midnight(day + timedelta(days=1), tz))


def year_span(year: int, tz: str) -> Span:
    """The local calendar year."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DataError(f"year {year} is out of range; expected {FIRST_YEAR} to {LAST_YEAR}")
    return Span(local_midnight(date(year, 1, 1), tz), local_midnight(date(year + 1, 1, 1), tz))


def local_year(at: datetime, tz: str) -> int:
    """The local calendar year in which ``at`` falls."""
    return require_utc(at).astimezone(zone(tz)).year


def edges(span: Span, by: By, tz: str) -> Seconds:
    """Bucket edges in Unix seconds that cover ``span``: n buckets have n + 1 edges.

    The first and last edges are moved outward to whole local buckets. Quarter hours and
    hours are cut in UTC, which equals local time for every zone with whole quarter-hour
    offsets; days, months and years are local.
    """
    local = zone(tz)
    if by in (By.QUARTER_HOUR, By.HOUR):
        step = 900 if by is By.QUARTER_HOUR else 3600
        first = to_seconds(span.start) // step * step
        last = -(-span.end.timestamp() // step) * step
        return np.arange(first, last + step, step, dtype=np.int64)
    return _local_edges(span, by, local)


def _local_edges(span: Span, by: By, tz: ZoneInfo) -> Seconds:
    import pandas as pd  # a second to import, which the technician's commands need not wait for

    unit = _CALENDAR_UNIT[by]
    first = np.datetime64(span.start.astimezone(tz).date(), unit)
    last = np.datetime64(span.end.astimezone(tz).date(), unit)
    starts = np.arange(first, last + 2).astype("datetime64[s]")
    local = pd.DatetimeIndex(starts).tz_localize(tz, ambiguous=True, nonexistent="shift_forward")
    seconds = local.as_unit("s").asi8.astype(np.int64)
    end = span.end.timestamp()
    return seconds[: int(np.searchsorted(seconds, end, side="left")) + 1]


def wall_seconds(seconds: Seconds, tz: str) -> Seconds:
    """What clocks on the wall in ``tz`` show at each instant, as seconds since 1970 on them.

    For weekdays, hours and dates; the hour that a change of the clocks repeats comes twice.
    """
    import pandas as pd  # as in _local_edges

    index = pd.DatetimeIndex(seconds.astype("datetime64[s]"), tz="UTC")
    local = index.tz_convert(zone(tz)).tz_localize(None)
    return local.as_unit("s").asi8.astype(np.int64)


def wall_instants(wall: Seconds, tz: str) -> tuple[Seconds, Seconds]:
    """When the local clock showed ``wall`` (seconds as if it were UTC): first, and last time.

    They differ in the hour that occurs twice. A time that the clocks skip is ``SKIPPED`` in both.
    """
    import pandas as pd  # as above

    local = pd.DatetimeIndex(wall.astype("datetime64[s]"))

    def seconds(is_summer: bool) -> Seconds:
        at = local.tz_localize(tz, ambiguous=np.full(len(wall), is_summer), nonexistent="NaT")
        return np.where(at.isna(), SKIPPED, at.as_unit("s").asi8).astype(np.int64)

    return seconds(True), seconds(False)


def duration_text(hours: float) -> str:
    """``1.2 h``; ``40 min`` or ``5 s`` of what would be told as 0.0 hours."""
    if hours >= 1:
        return f"{hours:.1f} h"
    return f"{hours * 60:.0f} min" if hours * 60 >= 1 else f"{hours * 3600:.0f} s"


def parse_instant(text: str, tz: str) -> datetime:
    """An instant from ISO text; a date, or a time without offset, is local in ``tz``.

    Raises DataError for anything else, and for the local times that a change of the clocks
    skips. An hour that occurs twice is taken as its first occurrence.
    """
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as err:
        raise DataError(
            f"cannot read time {text!r}; expected e.g. 2025-03-30 or 2025-03-30T14:15+02:00"
        ) from err
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise DataError(f"time {text!r} is out of range; expected {FIRST_YEAR} to {LAST_YEAR}")
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    local = at.replace(tzinfo=zone(tz))
    utc = local.astimezone(UTC)
    if utc.astimezone(zone(tz)).replace(tzinfo=None) != at:
        raise DataError(f"local time {text} does not exist in {tz}: the clocks skip it")
    return utc
