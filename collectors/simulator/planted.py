"""The malfunctions and measures in the past of the demonstration (``config/simulator.yaml``)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from collectors.simulator.faults import KINDS, Fault, Sort
from collectors.simulator.parameters import Parameters, Planted
from paes.errors import DataError
from paes.installation import Installation
from paes.periods import local_midnight, zone


def planted(installation: Installation, parameters: Parameters, now: datetime) -> list[Fault]:
    """Those of ``parameters`` whose meters there are, at their times as seen from ``now``.

    A file that is used with another installation names meters that are not there: they are left
    out. Raises DataError for what is no malfunction of the load.
    """
    here = [one for one in parameters.malfunctions if one.meter in installation.field_meters]
    return [_fault(one, installation.time_zone(one.meter), now) for one in here]


def _fault(one: Planted, tz: str, now: datetime) -> Fault:
    if one.kind not in KINDS or KINDS[one.kind].sort is not Sort.LOAD:
        loads = ", ".join(kind for kind, known in KINDS.items() if known.sort is Sort.LOAD)
        raise DataError(f"malfunction {one.kind!r} of {one.meter}; expected one of {loads}")
    first, last = _days(one, now.astimezone(zone(tz)).date())
    end = None if last is None else local_midnight(last, tz)
    return Fault(one.meter, one.kind, local_midnight(first, tz), end, one.number)


def _days(one: Planted, today: date) -> tuple[date, date | None]:
    """The first day, and the one after the last; None while it lasts."""
    if one.first is not None:
        return one.first, one.until
    if one.days_ago is not None:
        until = one.until_days_ago
        last = None if until is None else today - timedelta(days=until)
        return today - timedelta(days=one.days_ago), last
    last_to = max(_day(year, one.last_to) for year in _years_up_to(today, one.last_to))
    return max(_day(year, one.last_from) for year in _years_up_to(last_to, one.last_from)), last_to


def _years_up_to(today: date, month_day: str | None) -> list[int]:
    """The years around ``today`` in which that day is not after it."""
    years = (today.year - 1, today.year)
    return [year for year in years if _day(year, month_day) <= today]


def _day(year: int, month_day: str | None) -> date:
    return date.fromisoformat(f"{year}-{month_day}")
