"""The records of an M-Bus answer as readings: only what is exactly what the profile expects.

A meter that was exchanged or set up in another way answers with the same number of bytes in other
places. So a record must say itself that it is the quantity, the unit and the kind of value that
the profile names; anything else is a finding and never a reading.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from collectors.devices.point import ProfileKind
from collectors.devices.registers import to_reading_value
from collectors.mbus.frames import Record, Telegram
from collectors.mbus.plan import MbusUnit
from collectors.mbus.profile import MbusPoint, RecordFunction, RecordMatch
from collectors.round import LARGEST_VALUE
from paes.errors import DataError
from paes.metering import Finding, Quality, Reading, point_id
from paes.meters import FieldMeter
from paes.units import canonical_unit, factor_to_canonical

MAP_ERROR = "collect.map_error"
NOT_AVAILABLE = "collect.not_available"
OUT_OF_RANGE = "collect.out_of_range"
SUSPECT = "collect.suspect"

# The status byte of the answer's head, EN 13757-3: application state, and one bit each.
_APPLICATION = {1: "is busy", 2: "reports an application error", 3: "reports an alarm"}
_POWER_LOW, _PERMANENT, _TEMPORARY = 0x04, 0x08, 0x10


@dataclass(frozen=True, slots=True)
class Heard:
    """One telegram, and when it had arrived."""

    telegram: Telegram
    at: datetime


class _NoValueError(Exception):
    """Why a point has no value; ``finding`` is the finding's name."""

    def __init__(self, finding: str, reason: str) -> None:
        super().__init__(reason)
        self.finding = finding


def values_of(unit: MbusUnit, heard: Sequence[Heard]) -> Iterator[Reading | Finding]:
    """What an answer says of every meter that is read from this unit."""
    for meter, point in unit.wanted:
        name = point_id(meter.id, point.name)
        try:
            record, part = _found(point.record, heard)
            value = _value(meter, point, record)
        except _NoValueError as err:
            yield Finding(err.finding, name, f"{name}: {err}", heard[-1].at)
            continue
        if math.isfinite(value) and abs(value) <= LARGEST_VALUE:
            yield Reading(name, part.at, value, _quality(point, part.telegram.status))
        else:
            reason = f"{record.value} {record.unit} cannot be a value of this point"
            yield Finding(OUT_OF_RANGE, name, f"{name}: {reason}", part.at)
    yield from _status(unit, heard[-1])


def _found(match: RecordMatch, heard: Sequence[Heard]) -> tuple[Record, Heard]:
    """The record that ``match`` means; _NoValueError if it is not there or another."""
    records = [(record, part) for part in heard for record in part.telegram.records]
    if match.index is not None:
        if match.index >= len(records):
            raise _NoValueError(
                MAP_ERROR, f"no record {match.index}; the answer has {len(records)} records"
            )
        record, part = records[match.index]
        if not _fits(match, record):
            raise _other(match, record)
        return record, part
    fitting = [(record, part) for record, part in records if _fits(match, record)]
    if not fitting:
        in_error = [r for r, _ in records if _fits(match, r, RecordFunction.ERROR)]
        if in_error:
            raise _other(match, in_error[0])
        raise _NoValueError(NOT_AVAILABLE, f"the answer has no record of {_wanted(match)}")
    if len({(r.value, r.unit) for r, _ in fitting}) > 1:
        places = ", ".join(str(r.index) for r, _ in fitting)
        raise _NoValueError(
            MAP_ERROR,
            f"records {places} are all {_wanted(match)} and differ; say in the profile which "
            "one is meant (record: index)",
        )
    return fitting[0]


def _fits(match: RecordMatch, record: Record, function: RecordFunction | None = None) -> bool:
    return (
        record.quantity is match.quantity
        and record.function is (function or match.function)
        and (record.storage, record.tariff, record.subunit)
        == (match.storage, match.tariff, match.subunit)
        and record.vife == match.vife
    )


def _other(match: RecordMatch, record: Record) -> _NoValueError:
    """A record that is not what it should be; in an error state it may well be the right one."""
    if _fits(match, record, RecordFunction.ERROR):
        return _NoValueError(
            NOT_AVAILABLE,
            f"the meter is in an error state and marks record {record.index} ({match.quantity}) "
            "as no measurement",
        )
    return _NoValueError(
        MAP_ERROR,
        f"record {record.index} is {record}, expected {_wanted(match)}; is this the device that "
        "the profile describes?",
    )


def _wanted(match: RecordMatch) -> str:
    """What is looked for, in the words in which a record describes itself."""
    place = (match.storage, match.tariff, match.subunit)
    return str(
        Record(match.index or 0, match.quantity, "", None, *place, match.function, match.vife)
    )


def _value(meter: FieldMeter, point: MbusPoint, record: Record) -> float:
    """The record's number in the canonical unit of the meter's reading."""
    if not isinstance(record.value, float):
        raise _NoValueError(
            NOT_AVAILABLE, f"record {record.index} ({record}) has no number: {record.fault}"
        )
    try:
        same = canonical_unit(record.unit) == canonical_unit(point.unit)
    except DataError:
        same = False
    if not same:
        raise _NoValueError(
            MAP_ERROR,
            f"record {record.index} ({record}) is in {record.unit}, expected {point.unit}",
        )
    if point.kind is ProfileKind.COUNTER and record.value < 0:
        raise _NoValueError(
            OUT_OF_RANGE, f"record {record.index} is {record.value}: a counter is never below zero"
        )
    worth = factor_to_canonical(record.unit) / factor_to_canonical(point.unit)
    return to_reading_value(meter, point, float(f"{record.value * worth * point.scale:.15g}"))


def _quality(point: MbusPoint, status: int) -> Quality:
    """How far a value can be trusted by the status byte.

    A meter in a temporary error (air in the pipe, no flow) still holds the counts it had; what it
    measures at that moment is in doubt. In a permanent one, all is.
    """
    if status & _PERMANENT or status & 3 == 2:
        return Quality.SUSPECT
    if status & _TEMPORARY and point.kind is ProfileKind.GAUGE:
        return Quality.SUSPECT
    return Quality.GOOD


def _status(unit: MbusUnit, part: Heard) -> Iterator[Finding]:
    status = part.telegram.status
    told = [_APPLICATION[status & 3]] if status & 3 else []
    for bit, text in (
        (_PERMANENT, "reports a permanent error: its values are marked as suspect"),
        (_TEMPORARY, "reports a temporary error: all but its counters is marked as suspect"),
        (_POWER_LOW, "has a low battery"),
    ):
        if status & bit:
            told.append(text)
    for meter in unit.meters if told else ():
        text = f"{meter.id}: the meter {' and '.join(told)} (status {status:02X})"
        yield Finding(SUSPECT, meter.id, text, part.at, {"status": float(status)})
