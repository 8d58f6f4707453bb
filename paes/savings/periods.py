"""The three periods of a measured saving: baseline year, black-out of the works, reporting period.

::

    |------ baseline, 365 days ------|-- works --|---- first year ----|------ since ------>
                                     ^           ^                                        today
                                     works_start  the day after works_end

Days are local ones of the city; ends are the day after the last one. By the IPMVP a baseline covers
all ways in which a facility is used: here a year with all its seasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from paes.plan.measurement import BASELINE_DAYS, Measurement

YEAR = timedelta(days=BASELINE_DAYS)


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Local days from ``first`` up to ``end``, which is not one of them; never fewer than none."""

    first: date
    end: date

    @property
    def count(self) -> int:
        """How many."""
        return max(0, (self.end - self.first).days)

    def __str__(self) -> str:
        if not self.count:
            return "none"
        return f"{self.first} to {self.end - timedelta(days=1)}"

    def touches(self, first: date, last: date) -> bool:
        """True if a stretch of days, its ``last`` included, has a day in common with these."""
        return first < self.end and last >= self.first


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of a measurement as of ``today``, whose own day is not over."""

    baseline: DaySpan
    works: DaySpan
    first_year: DaySpan
    """As far as it is over; whole with 365 days."""
    reporting: DaySpan
    """All days since the works."""
    planned_end: date
    """The last day of works, be they over or not."""

    @property
    def is_before_works(self) -> bool:
        """True if works have not begun."""
        return self.works.count == 0

    @property
    def is_first_year_over(self) -> bool:
        """True once all seasons were seen after the works."""
        return self.first_year.count >= BASELINE_DAYS

    @property
    def all(self) -> DaySpan:
        """From the baseline's first day to today."""
        return DaySpan(self.baseline.first, max(self.reporting.end, self.baseline.end))


def periods_of(measurement: Measurement, today: date) -> Periods:
    """The periods as of ``today``; before the works the baseline is the year until today."""
    begun = min(measurement.works_start, today)
    after = min(measurement.works_end + timedelta(days=1), today)
    return Periods(
        baseline=DaySpan(begun - YEAR, begun),
        works=DaySpan(begun, after),
        first_year=DaySpan(after, min(after + YEAR, today)),
        reporting=DaySpan(after, today),
        planned_end=measurement.works_end,
    )
