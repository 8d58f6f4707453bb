"""The time of a row: what the cells show, and which instant that is.

A cell shows a time on a clock. In October an hour is shown twice: an offset column tells which,
else the order of the rows. A time that the clocks skip is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np

from paes.errors import DataError
from paes.imports.tables.cells import Cell, parse_date, seen
from paes.periods import FIRST_YEAR, LAST_YEAR, SKIPPED, Seconds, wall_instants, zone

_FIXED = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?")
_NAMED_OFFSETS = {
    "utc": 0, "gmt": 0, "z": 0, "cet": 3600, "cest": 7200, "solare": 3600, "legale": 7200,
}  # fmt: skip
_USUAL = ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y %H:%M:%S")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?:[:.](\d{2}))?")
_MIDNIGHT = re.compile(r"\b24([:.]00(?:[:.]00)?)")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a time on the wall has no zone
_DAY = timedelta(days=1)


def zone_offset_s(name: str) -> int | None:
    """Seconds east of UTC of ``UTC+1`` and the like; None for a zone with its own rules.

    DataError if it is neither.
    """
    offset = offset_s(name)
    if offset is None:
        zone(name)
    return offset


def offset_s(text: str) -> int | None:
    """``+02:00``, ``UTC+1``, ``CEST``, ``legale`` (summer time) as seconds east of UTC."""
    plain = text.strip()
    matched = _FIXED.fullmatch(plain)
    if matched:
        sign, hours, minutes = matched.groups()
        seconds = int(hours) * 3600 + int(minutes or 0) * 60
        return -seconds if sign == "-" else seconds
    return _NAMED_OFFSETS.get(plain.casefold().removeprefix("ora ").strip())


def wall_time(cell: Cell, where: str, form: str | None) -> tuple[datetime, int | None]:
    """What a cell shows as a time on the clock, and its offset in seconds if it has one.

    24:00 is midnight of the next day; a day alone is its midnight. DataError with the place.
    """
    if isinstance(cell, datetime):
        return _checked(_rounded(cell), where), None
    if isinstance(cell, date):
        return _checked(datetime(cell.year, cell.month, cell.day), where), None  # noqa: DTZ001
    text = cell.strip() if isinstance(cell, str) else ""
    midnight = _MIDNIGHT.search(text)
    if midnight:
        text = _MIDNIGHT.sub(r"00\1", text)
    at = _parsed(text, form)
    if at is None:
        raise DataError(f"{where}: expected a time such as {_example(form)}, seen {seen(cell)}")
    offset = at.utcoffset()
    at = at.replace(tzinfo=None) + (_DAY if midnight else timedelta())
    return _checked(at, where), None if offset is None else round(offset.total_seconds())


def wall_of(day: Cell, clock: Cell, where: str, form: str | None) -> datetime:
    """The time on the clock of a row that has day and time of day apart."""
    if form is None or not isinstance(day, str):
        on = parse_date(day, where)
    else:
        on = wall_time(day, where, form)[0].date()
    return datetime(on.year, on.month, on.day) + _time_of_day(clock, where)  # noqa: DTZ001


def wall_seconds_of(at: datetime) -> int:
    """A time on the clock as seconds, as if the clock showed UTC."""
    return round((at - _EPOCH).total_seconds())


def settled(wall: Seconds, tz: str) -> Seconds:
    """Times on the clock, in the order of their rows, as instants; skipped ones are ``SKIPPED``.

    In the hour that comes twice the first row of a time is summer time, the second is not; in a
    table that runs backwards, the other way round.
    """
    first, last = wall_instants(wall, tz)
    twice = np.flatnonzero(first != last)
    if not len(twice):
        return first
    runs_backwards = float(np.sum(np.sign(np.diff(wall)))) < 0
    instants, count = first.copy(), Counter[int]()
    for row in twice[::-1] if runs_backwards else twice:
        if count[int(wall[row])]:
            instants[row] = last[row]
        count[int(wall[row])] += 1
    return instants


def starts_of(ends: Seconds, interval_s: int, tz: str) -> Seconds:
    """The starts of intervals of which the end is shown, as instants.

    Where the clocks change some write the end as the clock before showed it, some as the clock
    after: what leaves fewer skipped or repeated times is meant.
    """
    on_clock = settled(ends - interval_s, tz)
    instants = settled(ends, tz)
    in_time = np.where(instants == SKIPPED, SKIPPED, instants - interval_s)
    return min((on_clock, in_time), key=_flaws)


def lone_hours(wall: Seconds, tz: str) -> Sequence[int]:
    """Rows in an hour that comes twice of which the table has one only."""
    first, last = wall_instants(wall, tz)
    twice = np.flatnonzero(first != last)
    count = Counter(wall[twice].tolist())
    return [int(row) for row in twice if count[int(wall[row])] == 1]


def _flaws(instants: Seconds) -> int:
    there = instants[instants != SKIPPED]
    return 2 * len(instants) - len(there) - len(np.unique(there))


def _parsed(text: str, form: str | None) -> datetime | None:
    for one in (form,) if form else _USUAL:
        try:
            return datetime.strptime(text, one)  # noqa: DTZ007 - its zone comes from the mapping
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text) if not form else None
    except ValueError:
        return None


def _example(form: str | None) -> str:
    return f"{form!r} writes it" if form else "31/12/2024 13:45 or 2024-12-31T13:45"


def _time_of_day(cell: Cell, where: str) -> timedelta:
    if isinstance(cell, datetime):
        cell = _rounded(cell).time()
    if isinstance(cell, time):
        return timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second)
    if isinstance(cell, timedelta) and timedelta() <= cell <= _DAY:
        return cell
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    matched = _CLOCK.fullmatch(text.strip())
    if matched:
        hours, minutes, seconds = (int(part or 0) for part in matched.groups())
        told = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if told <= _DAY and minutes < 60 and seconds < 60:
            return told
    raise DataError(f"{where}: expected a time of day such as 13:45, seen {seen(cell)}")


def _rounded(at: datetime) -> datetime:
    """A spreadsheet keeps times as fractions of days, a millisecond off."""
    return (at + timedelta(microseconds=500_000)).replace(microsecond=0)


def _checked(at: datetime, where: str) -> datetime:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise DataError(f"{where}: year {at.year} is out of range; {FIRST_YEAR} to {LAST_YEAR}")
    return at
