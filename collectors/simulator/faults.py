"""Faults that are played on purpose, so that their handling can be tried before a site.

``KINDS`` names them. Four sorts: on the *wire* (``wire_faults``: what becomes of an answer), of
the *connection*, of the *counters* (``counter_faults``: what the device's registers show), and of
the *load* (``malfunctions``: what flows through a meter that counts rightly).
When a fault plays is decided by the virtual time, how often by its share, drawn by the seed.
A new kind on the wire is one function and one line in the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np

from collectors.simulator import wire_faults
from collectors.simulator.framing import Framing
from collectors.simulator.randomness import key, uniform
from collectors.simulator.wire import Delivery
from collectors.simulator.wire_faults import WireFault
from paes.errors import DataError
from paes.periods import now_utc

ANY = "*"
"""In a fault's place of the meter: whatever stands there."""
EXCEPTION_CODES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 11)


class Sort(StrEnum):
    """Where a fault sits."""

    WIRE = "wire"
    CONNECTION = "connection"
    COUNTER = "counter"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Parameter:
    """The number behind the colon in ``slow:1.5``."""

    name: str
    default: float | None = None
    """None: it must be given."""
    most: float = 86400.0
    least: float = 0.0
    codes: tuple[int, ...] = ()

    def check(self, value: float) -> str | None:
        """What is wrong with ``value``; None if nothing is."""
        if self.codes:
            names = ", ".join(map(str, self.codes))
            return None if value in self.codes else f"expected one of {names}"
        if self.least <= value <= self.most:
            return None
        return f"expected {self.least:g} to {self.most:g} {self.name}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to misbehave."""

    says: str
    on_wire: WireFault | None = None
    sort: Sort = Sort.WIRE
    parameter: Parameter | None = None
    share: float = 1.0
    """How much of the time, or of the answers, it plays when nothing else is said."""
    framing: Framing | None = None
    """The only framing in which it can be; None: any."""
    ends: bool = True
    """False for what is not undone: a counter that was reset."""


_SECONDS = "seconds"


def _load(says: str, number: str | None = None, most: float = 0.0, least: float = 0.0) -> Kind:
    parameter = Parameter(number, most=most, least=least) if number else None
    return Kind(says, sort=Sort.LOAD, parameter=parameter)


KINDS: dict[str, Kind] = {
    "silent": Kind("no answer", wire_faults.silent),
    "absent": Kind("the gateway says that the unit does not respond (exception 11)",
                   wire_faults.absent),
    "busy": Kind("exception 6", wire_faults.busy),
    "refuse": Kind("exception 2, whatever is asked", wire_faults.refuse),
    "exception": Kind("that Modbus exception", wire_faults.refuse_with,
                      parameter=Parameter("code", codes=EXCEPTION_CODES)),
    "slow": Kind("the answer takes longer, and the line waits", wire_faults.slow,
                 parameter=Parameter(_SECONDS, 1.0)),
    "late": Kind("the answer comes later, among those to the next requests", wire_faults.late,
                 parameter=Parameter(_SECONDS, 3.0)),
    "wrong_transaction": Kind("the answer has another request's number",
                              wire_faults.wrong_transaction, framing=Framing.TCP),
    "wrong_unit": Kind("the answer has another unit", wire_faults.wrong_unit),
    "short": Kind("a register is missing from the answer", wire_faults.short),
    "short_frame": Kind("half an answer, then nothing", wire_faults.short_frame),
    "garbage": Kind("bytes that mean nothing", wire_faults.garbage),
    "bad_crc": Kind("a wrong check sum", wire_faults.bad_crc, framing=Framing.RTU),
    "cut": Kind("the connection is cut after so many bytes of the answer", wire_faults.cut,
                parameter=Parameter("bytes", 0, 260)),
    "one_client": Kind("the gateway takes one client at a time", sort=Sort.CONNECTION),
    "stuck": Kind("everything stands still", sort=Sort.COUNTER),
    "freeze": Kind("the counters stand still, power goes on", sort=Sort.COUNTER),
    "reset": Kind("the counters begin again at zero", sort=Sort.COUNTER, ends=False),
    "rollover": Kind("the counter passes its last digit after so many seconds", sort=Sort.COUNTER,
                     parameter=Parameter(_SECONDS, 60.0, 1e9), ends=False),
    "swap": Kind("another device: new serial number, counters at zero", sort=Sort.COUNTER,
                 ends=False),
    "zero": Kind("now and then the counters show zero", sort=Sort.COUNTER, share=0.1),
    "all_ones": Kind("now and then the counters show all ones", sort=Sort.COUNTER, share=0.1),
    "leak": _load("water runs day and night", "l/h", 1e5),
    "base": _load("more flows day and night, of what flows at night", "percent", 1000),
    "heating_night": _load("the heating is not set back at night"),
    "heating_weekend": _load("the heating runs on closed days"),
    "heating_summer": _load("the boiler stays on out of season"),
    "heating_up": _load("the heating takes more than it should", "percent", 500),
    "pv_off": _load("the plant makes nothing"),
    "string": _load("a part of the plant makes nothing", "percent", 100),
    "soiling": _load("dirt takes more of the production each month", "percent a month", 50),
    "lamps": _load("dead lamps", "lamps", 10_000),
    "day_burner": _load("lamps burn by day, around noon", "hours a day", 24),
    "switch": _load("lamps are on so early and off so late (negative: late and early)",
                    "minutes", 240, -240),
    "peak": _load("more power at the busiest hour of open days", "kW", 10_000),
    "saving": _load("a measure that worked: less flows", "percent", 100),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """A meter's device misbehaves in one way in ``[start, end)``; None is open.

    ``parameter`` and ``share`` (0..1) are the kind's own where None. Raises DataError for what
    cannot be.
    """

    meter: str
    kind: str
    start: datetime | None = None
    end: datetime | None = None
    parameter: float | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DataError(
                f"unknown kind of fault {self.kind!r} for {self.meter}; "
                f"expected one of {', '.join(sorted(KINDS))}"
            )
        problem = self._problem()
        if problem:
            raise DataError(f"fault {self.kind} of {self.meter}: {problem}")

    @property
    def value(self) -> float:
        """The parameter that counts."""
        parameter = KINDS[self.kind].parameter
        usual = parameter.default if parameter else None
        return self.parameter if self.parameter is not None else usual or 0.0

    @property
    def sort(self) -> Sort:
        """Where it sits."""
        return KINDS[self.kind].sort

    def is_on(self, now_s: float) -> bool:
        """Whether it plays at this virtual Unix time."""
        return (self.start is None or now_s >= self.start.timestamp()) and (
            self.end is None or now_s < self.end.timestamp()
        )

    def plays(self, seed: int, position: int) -> bool:
        """Whether it plays on one answer, or in one second: its share of all positions."""
        share = KINDS[self.kind].share if self.share is None else self.share
        return share >= 1.0 or self.draw(seed, position) < share

    def draw(self, seed: int, position: int) -> float:
        """A number from 0 up to 1 for a position."""
        of = key(seed, self.meter, self.kind)
        return float(uniform(of, np.array([position], dtype=np.int64))[0])

    def _problem(self) -> str | None:
        kind = KINDS[self.kind]
        if self.parameter is not None and kind.parameter is None:
            return f"it takes no number, seen {self.parameter:g}"
        if kind.parameter and kind.parameter.default is None and self.parameter is None:
            expected = ", ".join(map(str, kind.parameter.codes)) or "NUMBER"
            return f"which {kind.parameter.name}? expected {self.kind}:{expected}"
        if self.share is not None and self.sort is Sort.LOAD:
            return f"it takes no share, seen {self.share:g}"
        if kind.parameter and self.parameter is not None:
            wrong = kind.parameter.check(self.parameter)
            if wrong:
                return f"{kind.parameter.name} {self.parameter:g}; {wrong}"
        if self.share is not None and not 0 < self.share <= 1:
            return f"share {self.share:g}; expected more than 0, up to 1"
        if self.end is not None and not kind.ends:
            return "it is not undone, so it takes no end"
        if self.start and self.end and self.end <= self.start:
            return f"it ends at {self.end}, not after its start {self.start}"
        return None


def check_framing(fault: Fault, framing: Framing) -> None:
    """DataError if the fault cannot be in this framing."""
    only = KINDS[fault.kind].framing
    if only is not None and only is not framing:
        raise DataError(
            f"fault {fault.kind} of {fault.meter}: answers have that only with {only} framing, "
            f"and this is {framing}"
        )


class WirePlayer:
    """Plays faults of the wire on answers, each by its own count of answers."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._answers: dict[Fault, int] = {}

    def play(self, faults: Iterable[Fault], delivery: Delivery, now_s: float) -> Delivery:
        """``delivery`` after every one of ``faults`` that plays now."""
        for fault in faults:
            on_wire = KINDS[fault.kind].on_wire
            if on_wire is None or not fault.is_on(now_s):
                continue
            position = self._answers.get(fault, 0)
            self._answers[fault] = position + 1
            if fault.plays(self._seed, 2 * position):
                draw = fault.draw(self._seed, 2 * position + 1)
                delivery = on_wire(delivery, fault.value, draw)
        return delivery


def parse_fault(text: str, meters: Iterable[str], now: datetime | None = None) -> Fault:
    """``METER=KIND[:NUMBER][,share=F][,from=TIME][,to=TIME]``; DataError says what is expected.

    A time is ISO 8601 with its zone, or ``+SECONDS`` after ``now``.
    """
    meter, separator, rest = text.partition("=")
    known = set(meters)
    if not separator or ":" in meter or "," in meter:
        raise DataError(f"cannot read fault {text!r}; expected METER=KIND, e.g. {_example(known)}")
    if meter not in known:
        raise DataError(f"fault {text!r}: no meter {meter!r}; expected e.g. {_example(known)}")
    return parse_kind(rest, meter, now)


def parse_kind(
    text: str, meter: str = ANY, now: datetime | None = None, share: float | None = None
) -> Fault:
    """``KIND[:NUMBER][,share=F][,from=TIME][,to=TIME]`` as a fault of ``meter``."""
    named, *options = text.split(",")
    kind, colon, number = named.partition(":")
    parameter = _number(text, number) if colon else None
    start = end = None
    for option in options:
        name, _, value = option.partition("=")
        match name:
            case "share":
                share = _number(text, value)
            case "from":
                start = _time(text, value, now)
            case "to":
                end = _time(text, value, now)
            case _:
                raise DataError(f"fault {text!r}: {option!r}; expected share=, from= or to=")
    return Fault(meter, kind, start, end, parameter, share)


def _number(text: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as err:
        raise DataError(f"fault {text!r}: {value!r} is no number") from err


def _time(text: str, value: str, now: datetime | None) -> datetime:
    if value.startswith("+"):
        return (now or now_utc()) + timedelta(seconds=_number(text, value[1:]))
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise DataError(
            f"fault {text!r}: time {value!r}; expected e.g. 2026-03-01T10:00:00Z, or +60 for "
            "60 s after the start"
        )
    return at.astimezone(UTC)


def _example(meters: Iterable[str]) -> str:
    return f"{min(meters, default='school.main')}=silent"
