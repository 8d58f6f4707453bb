"""Line protocol: how readings, events, touches and derived rows are written to InfluxDB.

::

    reading,meter=scuola.main,quantity=energy_import value=98765430i,quality=0i 1743249600
    measurement ─ tags (identity only) ──────────── fields (all, always) ────── whole seconds

InfluxDB merges the fields of two lines of one identity and second, hence *all, always*; and the
first line decides the type of a field for ever, hence only this module writes numbers.

A tag cannot end with a backslash or hold a line break, and generations differ in what a backslash
before a comma means. Such characters are kept as ``%`` and two digits (``%5C``), and so is a
``%`` that could be taken for one of these; whatever has a sane name keeps it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator

from paes.errors import StoreRefused
from paes.events import Event
from paes.periods import By, to_seconds
from paes.rollups import Rollups, gaps_text

FIRST_S, LAST_S = -9_223_286_400, 9_223_286_400
"""Times that InfluxDB can keep (nanoseconds in 64 bits), in whole days: 1677 to 2262."""
NO_END = -(2**62)
"""``end`` of an event that has no length."""
ROLLUP_OF = {By.DAY: "energy_day", By.MONTH: "energy_month"}

_UNFIT_TAG = re.compile(r"[\x00-\x1f\x7f\\]|%(?=[0-9A-F]{2})")
_UNFIT_STRING = re.compile(r"[\x00-\x1f\x7f]|%(?=[0-9A-F]{2})")
_CODED = re.compile(r"%([0-9A-F]{2})")
_SEPARATORS = re.compile(r"[,= ]")

Rows = tuple[list[int], list[int], list[int]]
"""Seconds (ascending, each once), whole thousandths and codes of quality of one point."""


def tag_text(text: str) -> str:
    """``text`` as it stands in a tag: what queries ask for and answers bring."""
    return _UNFIT_TAG.sub(lambda c: f"%{ord(c[0]):02X}", text)


def plain_text(text: str) -> str:
    """The text that ``tag_text``, or the text of a field, was made of."""
    return _CODED.sub(lambda c: chr(int(c[1], 16)), text) if "%" in text else text


def point_tags(point: str) -> tuple[str, str] | None:
    """Meter and quantity of ``point`` as they stand in tags; None if it has not both."""
    meter, _, quantity = point.rpartition("/")
    return (tag_text(meter), tag_text(quantity)) if meter and quantity else None


def point_of(tags: dict[str, str]) -> str:
    """The point whose tags these are."""
    return f"{plain_text(tags['meter'])}/{plain_text(tags['quantity'])}"


def reading_lines(point: str, rows: Rows) -> Iterator[str]:
    """A line a reading; StoreRefused if ``point`` or a time cannot be kept."""
    seconds, values, codes = rows
    for second in (seconds[0], seconds[-1]):
        _check_time(point, second)
    head = f"reading,{_identity(point)} value="
    for second, value, code in zip(seconds, values, codes, strict=True):
        yield f"{head}{value}i,quality={code}i {second}"


def point_line(point: str) -> str:
    """The line that enters ``point`` into the register of points."""
    return f"point,{_identity(point)} known=1i 0"


def touch_lines(
    point: str, days: Iterable[tuple[int, int]], is_open: bool, now_s: int
) -> Iterator[str]:
    """A line for each (day, token) of ``point``."""
    head = f"touch,{_identity(point)} token="
    for day_s, token in days:
        yield f"{head}{token}i,open={int(is_open)}i,at={now_s}i {day_s}"


def event_line(event: Event, measurement: str = "event") -> str:
    """The line of ``event``; told again, its line replaces this one."""
    start_s = to_seconds(event.start)
    _check_time(f"{event.name} of {event.subject}", start_s)
    end_s = NO_END if event.end is None else to_seconds(event.end)
    facts = json.dumps(dict(event.facts), sort_keys=True, ensure_ascii=False)
    subject, name = (
        _tag(event.subject, "the subject of an event"),
        _tag(event.name, "the name of an event"),
    )
    return (
        f"{measurement},subject={subject},name={name} "
        f"end={end_s}i,message={_string(event.message)},facts={_string(facts)} {start_s}"
    )


def label_line(key: str, value: str) -> str:
    """The line of one label."""
    return f"label,key={_tag(key, 'the key of a label')} value={_string(value)} 0"


def rollup_lines(point: str, by: By, rows: Rollups) -> Iterator[str]:
    """A line a row; floats are written so that they come back to the last bit."""
    head = f"{ROLLUP_OF[by]},{_identity(point)} measured="
    columns = (
        rows.start_s, rows.measured, rows.catch_up, rows.covered_s,
        rows.needs_from_s, rows.needs_to_s, rows.seal,
    )  # fmt: skip
    shapes = (rows.shapes or [b""] * len(rows)) if by is By.DAY else None
    for i, row in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        start_s, measured, catch_up, covered_s, needs_from_s, needs_to_s, seal = row
        shape = f',shape="{base64.b64encode(shapes[i]).decode()}"' if shapes is not None else ""
        yield (
            f"{head}{measured!r},catch_up={catch_up!r},covered_s={covered_s!r},"
            f"needs_from={needs_from_s}i,needs_to={needs_to_s}i,seal={seal}i,"
            f"gaps={_string(gaps_text(rows.gaps[i]))}{shape} {start_s}"
        )


def _identity(point: str) -> str:
    """The tags of ``point``."""
    tags = point_tags(point)
    if tags is None:
        raise StoreRefused(f"{point!r}: no name of a point; expected METER/QUANTITY")
    _check_text(point)
    meter, quantity = (_escaped(tag) for tag in tags)
    return f"meter={meter},quantity={quantity}"


def _tag(text: str, what: str) -> str:
    if not text:
        raise StoreRefused(f"{what} is empty: InfluxDB keeps no empty names")
    _check_text(text)
    return _escaped(tag_text(text))


def _escaped(tag: str) -> str:
    return _SEPARATORS.sub(r"\\\g<0>", tag)


def _string(text: str) -> str:
    _check_text(text)
    whole = _UNFIT_STRING.sub(lambda c: f"%{ord(c[0]):02X}", text)
    return '"' + whole.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as err:
        raise StoreRefused(f"{text!r}: half a character cannot be stored") from err


def _check_time(what: str, second: int) -> None:
    if not FIRST_S <= second < LAST_S:
        raise StoreRefused(
            f"{what}: time {second} s since 1970 cannot be stored; expected a time between the"
            " years 1678 and 2262"
        )
