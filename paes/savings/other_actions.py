"""What else was done where an action is measured: actions that one meter cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from paes.installation import City
from paes.metering import Carrier
from paes.plan.action import Action, Status
from paes.savings.periods import DaySpan, Periods

DONE = (Status.COMPLETED, Status.ONGOING)


def measured_sites(action: Action) -> tuple[str, ...]:
    """The sites whose energy is measured for an action; none if single meters are."""
    of = action.measurement
    if of is None or of.meters:
        return ()
    return of.sites or action.sites


def measured_carriers(action: Action) -> tuple[Carrier, ...]:
    """What is measured of them."""
    of = action.measurement
    own = (action.carrier,) if action.carrier else ()
    return (of.carriers if of else ()) or own


def works_of(action: Action) -> DaySpan | None:
    """When something was done; None if nothing was, or nobody says when."""
    if action.measurement:
        of = action.measurement
        return DaySpan(of.works_start, of.works_end + timedelta(days=1))
    if action.status not in DONE or not (action.start or action.end):
        return None
    end = action.end + timedelta(days=1) if action.end else date.max
    return DaySpan(action.start or action.end or date.min, end)


def works_at(city: City, site: str, carrier: Carrier) -> tuple[DaySpan, ...]:
    """When something was done at a site that changed what it uses of a carrier, or events did."""
    found = []
    for action in city.actions:
        places = {*action.sites, *(measured_sites(action))}
        if site not in places or carrier not in {*measured_carriers(action), action.carrier}:
            continue
        works = works_of(action)
        if works:
            found.append(works)
        for event in action.measurement.non_routine if action.measurement else ():
            last = event.last + timedelta(days=1) if event.last else date.max
            found.append(DaySpan(event.first, last))
    return tuple(found)


def done_together(action: Action, others: Iterable[Action], periods: Periods) -> list[Action]:
    """Actions whose works fall into the measured years at a common site and carrier."""
    sites, carriers = set(measured_sites(action)), set(measured_carriers(action))
    years = DaySpan(periods.baseline.first, max(periods.first_year.end, periods.works.end))
    found = []
    for other in others:
        works = works_of(other)
        if other.id == action.id or works is None or not works.touches(years.first, years.end):
            continue
        places = {*other.sites, *measured_sites(other)}
        if places & sites and carriers & {*measured_carriers(other), other.carrier}:
            found.append(other)
    return found
