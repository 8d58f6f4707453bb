"""Faults that the simulator plays on purpose, so that their handling can be tried before a site.

A kind of fault is one function from what was asked, and what a healthy device would reply, to what
goes on the wire; ``KINDS`` names them. A new kind is one function and one line in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from collectors.simulator.server import BUSY, GATEWAY_TARGET_SILENT, ILLEGAL_ADDRESS, Reply
from paes.errors import DataError


@dataclass(frozen=True, slots=True)
class Fault:
    """A meter's device misbehaves in one way in ``[start, end)``; None is open."""

    meter: str
    kind: str
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DataError(
                f"unknown kind of fault {self.kind!r} for {self.meter}; "
                f"expected one of {', '.join(sorted(KINDS))}"
            )

    def is_on(self, now_s: float) -> bool:
        """Whether it plays at this virtual Unix time."""
        return (self.start is None or now_s >= self.start.timestamp()) and (
            self.end is None or now_s < self.end.timestamp()
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a faulty device. ``healthy`` answers it as the device would at a time."""

    unit: int
    now_s: float
    since_s: float
    """When the fault began; of an open fault, when the simulator started."""
    healthy: Callable[[float], Reply]


Kind = Callable[[Question], Reply | None]


def _silent(question: Question) -> Reply | None:
    return None


def _busy(question: Question) -> Reply | None:
    return Reply(exception=BUSY)


def _absent(question: Question) -> Reply | None:
    """The gateway answers in the unit's place: it does not respond."""
    return Reply(exception=GATEWAY_TARGET_SILENT)


def _refuse(question: Question) -> Reply | None:
    return Reply(exception=ILLEGAL_ADDRESS)


def _stuck(question: Question) -> Reply | None:
    """Everything the device says is what it said when the fault began."""
    return question.healthy(question.since_s)


def _short(question: Question) -> Reply | None:
    """One register is missing from an otherwise sound reply."""
    reply = question.healthy(question.now_s)
    return Reply(words=reply.words[:-1], exception=reply.exception)


def _wrong_unit(question: Question) -> Reply | None:
    """The reply carries a neighbour's unit."""
    reply = question.healthy(question.now_s)
    return Reply(reply.words, reply.exception, unit=(question.unit + 1) % 256)


KINDS: dict[str, Kind] = {
    "silent": _silent,
    "absent": _absent,
    "busy": _busy,
    "refuse": _refuse,
    "stuck": _stuck,
    "short": _short,
    "wrong_unit": _wrong_unit,
}


def parse_fault(text: str, meters: Iterable[str]) -> Fault:
    """``METER=KIND``, both known; DataError otherwise."""
    meter, separator, kind = text.partition("=")
    if not separator:
        raise DataError(f"cannot read fault {text!r}; expected METER=KIND, e.g. {_example(meters)}")
    if meter not in set(meters):
        raise DataError(f"fault {text!r}: no meter {meter!r}; expected e.g. {_example(meters)}")
    return Fault(meter, kind)


def _example(meters: Iterable[str]) -> str:
    return f"{min(meters, default='school.main')}=silent"
