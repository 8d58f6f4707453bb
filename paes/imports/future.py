"""What a file says of days to come: nobody has measured it, so a date or a year is wrong.

A point whose last reading lies in 2052 looks alive for decades. Estimated weather of a typical
year is asked for by the person who imports it, and has a quality of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from paes.events import Event
from paes.imports.batch import Batch, Refusal
from paes.metering import Quality
from paes.periods import from_seconds, to_seconds
from paes.series import CODE_OF, ReadingSeries

AHEAD = timedelta(days=1)
"""Clocks of others may be ahead, and a day may be told by its end."""
BILLED_AHEAD = timedelta(days=366)
"""Some bill a fixed amount for a time that is not over."""


def without_future(batch: Batch, now: datetime) -> Batch:
    """The batch without readings and documents that begin after ``now``; each is refused."""
    latest = now + AHEAD
    refused = list(batch.refused)
    series = {}
    for point, given in batch.series.items():
        late = (given.seconds > to_seconds(latest)) & (given.codes == CODE_OF[Quality.GOOD])
        if late.any():
            first = from_seconds(given.seconds[late].min())
            refused.append(Refusal("", _told(f"{int(late.sum())} readings of {point}", first, now)))
        series[point] = ReadingSeries(given.seconds[~late], given.values[~late], given.codes[~late])
    events = []
    for event in batch.events:
        if event.start > latest:
            refused.append(Refusal("", _told(_called(event), event.start, now)))
        elif event.end is not None and event.end > now + BILLED_AHEAD:
            refused.append(Refusal("", _told(f"the end of {_called(event)}", event.end, now)))
        else:
            events.append(event)
    return replace(batch, series=series, events=events, refused=refused)


def _called(event: Event) -> str:
    document = event.facts.get("document")
    called = f"document {document}" if document else event.name
    return f"{called} of {event.subject}"


def _told(what: str, first: datetime, now: datetime) -> str:
    return (
        f"{what} from {first:%Y-%m-%d} on: that is to come (it is {now:%Y-%m-%d}); is a date wrong,"
        " or the year?"
    )
