"""Which stretch of time a site's page shows, as its address says it, and what stands beside it.

::

    (nothing)     the last twelve whole months and the running one      by month
    all           every month since the first reading                   by month
    2025          a year                                                by month
    2025-03       a month                                               by day
    2025-W12      a week, Monday to Sunday (ISO 8601)                   by hour
    2025-03-14    a day                                                 by quarter hour

Months stand beside the same months a year before; days, weeks and hours beside those 364 days
before, so that a Monday is compared with a Monday. Days are local ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from paes.periods import By, Span, local_midnight

FIRST_YEAR, LAST_YEAR = 1990, 2100
YEAR_OF_WEEKS = timedelta(days=364)


class Zoom(StrEnum):
    """How far a reader went in."""

    RECENT = "recent"
    ALL = "all"
    YEAR = "year"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


_BY = {Zoom.MONTH: By.DAY, Zoom.WEEK: By.HOUR, Zoom.DAY: By.QUARTER_HOUR}


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from ``first`` up to ``end``, which is not included."""

    zoom: Zoom
    first: date
    end: date

    @property
    def by(self) -> By:
        """The step of its picture."""
        return _BY.get(self.zoom, By.MONTH)

    @property
    def key(self) -> str:
        """As it stands in an address; empty for the default."""
        if self.zoom is Zoom.WEEK:
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02d}"
        forms = {Zoom.RECENT: "", Zoom.ALL: "all", Zoom.YEAR: "%Y", Zoom.MONTH: "%Y-%m"}
        return self.first.strftime(forms.get(self.zoom, "%Y-%m-%d"))

    def span(self, tz: str) -> Span:
        """The same as instants."""
        return Span(local_midnight(self.first, tz), local_midnight(self.end, tz))

    @property
    def shown_beside(self) -> Period | None:
        """The stretch before that it is compared with; None of all years."""
        if self.zoom is Zoom.ALL:
            return None
        if self.by is By.MONTH:
            return Period(self.zoom, _year_before(self.first), _year_before(self.end))
        return Period(self.zoom, self.first - YEAR_OF_WEEKS, self.end - YEAR_OF_WEEKS)

    def moved(self, steps: int) -> Period | None:
        """As many years, months, weeks or days later; None where there is no such neighbour."""
        if self.zoom is Zoom.YEAR:
            return year_of(self.first.year + steps)
        if self.zoom is Zoom.MONTH:
            return month_of(_months_on(self.first, steps))
        if self.zoom is Zoom.WEEK:
            return week_of(self.first + timedelta(days=7 * steps))
        return day_of(self.first + timedelta(days=steps)) if self.zoom is Zoom.DAY else None

    @property
    def above(self) -> list[Period]:
        """What contains it, the widest first: the way back."""
        if self.zoom in (Zoom.RECENT, Zoom.ALL, Zoom.YEAR):
            return []
        year = year_of(self.first.year)
        if self.zoom is Zoom.MONTH:
            return [year]
        month = month_of(self.first)
        return [year, month] if self.zoom is Zoom.WEEK else [year, month, week_of(self.first)]


def read_period(text: str, today: date) -> Period | None:
    """The period that an address asks for; None if it is none, or lies in the future."""
    if not text:
        return recent(today)
    if text == "all":
        return Period(Zoom.ALL, date(FIRST_YEAR, 1, 1), today + timedelta(days=1))
    found = _read(text)
    return found if found and found.first <= today else None


def _read(text: str) -> Period | None:
    parts = re.fullmatch(r"(\d{4})(?:-(?:W(\d{2})|(\d{2})(?:-(\d{2}))?))?", text)
    if not parts or not FIRST_YEAR <= int(parts[1]) <= LAST_YEAR:
        return None
    year, week, month, day = (int(part) if part else 0 for part in parts.groups())
    try:
        if week:
            return week_of(date.fromisocalendar(year, week, 1))
        if day:
            return day_of(date(year, month, day))
        return month_of(date(year, month, 1)) if month else year_of(year)
    except ValueError:
        return None


def recent(today: date) -> Period:
    """The last twelve whole months, and the days of the running one."""
    return Period(Zoom.RECENT, _months_on(today, -12), today + timedelta(days=1))


def whole_year_before(today: date) -> tuple[date, date]:
    """The last twelve whole months."""
    return _months_on(today, -12), today.replace(day=1)


def year_of(year: int) -> Period:
    """A calendar year."""
    return Period(Zoom.YEAR, date(year, 1, 1), date(year + 1, 1, 1))


def month_of(day: date) -> Period:
    """The month of a day."""
    return Period(Zoom.MONTH, day.replace(day=1), _months_on(day, 1))


def week_of(day: date) -> Period:
    """The week of a day."""
    monday = day - timedelta(days=day.weekday())
    return Period(Zoom.WEEK, monday, monday + timedelta(days=7))


def day_of(day: date) -> Period:
    """One day."""
    return Period(Zoom.DAY, day, day + timedelta(days=1))


def _months_on(day: date, months: int) -> date:
    """The first of the month so many months later."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _year_before(day: date) -> date:
    """The same day a year before; of 29 February the 28th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
