"""Stretches of time as they stand in ids: ``2025``, ``2025-03``, ``2025-03-14``, ``A..B``.

A year, month or day is a local one of the meter's zone; ``A`` and ``B`` are days, or instants in
UTC (``2025-03-14T09:15:00Z``), and ``B`` is not included.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from paes.errors import DataError
from paes.periods import Span, day_span, local_midnight, parse_instant, year_span, zone

EXPECTED = "expected 2025, 2025-03, 2025-03-14, or A..B of days or times (2025-03-14T09:15:00Z)"
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def parse_span(text: str, tz: str) -> Span:
    """The stretch that ``text`` names; DataError if it names none."""
    try:
        if re.fullmatch(r"\d{4}", text):
            return year_span(int(text), tz)
        if re.fullmatch(r"\d{4}-\d{2}", text):
            return month_span(date.fromisoformat(f"{text}-01"), tz)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return day_span(date.fromisoformat(text), tz)
        first, dots, second = text.partition("..")
        if dots:
            return Span(parse_instant(first, tz), parse_instant(second, tz))
    except ValueError as err:
        raise DataError(f"{text!r} is no stretch of time; {EXPECTED}") from err
    raise DataError(f"{text!r} is no stretch of time; {EXPECTED}")


def month_span(first: date, tz: str) -> Span:
    """The local month that begins on ``first``."""
    after = (first + timedelta(days=32)).replace(day=1)
    return Span(local_midnight(first, tz), local_midnight(after, tz))


def span_text(span: Span, tz: str) -> str:
    """The shortest text that ``parse_span`` takes for ``span``."""
    start, end = (at.astimezone(zone(tz)) for at in (span.start, span.end))
    if _is_midnight(start) and _is_midnight(end):
        first, after = start.date(), end.date()
        if span == year_span(first.year, tz):
            return f"{first.year}"
        if first.day == 1 and span == month_span(first, tz):
            return f"{first:%Y-%m}"
        if span == day_span(first, tz):
            return f"{first}"
        return f"{first}..{after}"
    return f"{instant_text(span.start)}..{instant_text(span.end)}"


def instant_text(at: datetime) -> str:
    """A time as it stands in an id."""
    return at.strftime(_INSTANT)


def _is_midnight(local: datetime) -> bool:
    return (local.hour, local.minute, local.second) == (0, 0, 0)
