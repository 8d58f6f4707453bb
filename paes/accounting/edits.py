"""Corrections that a person makes to a meter's figures: said, never deleted, withdrawn in words.

A measurement is never overwritten. An *edit* is an event beside the readings (subject: the meter)
that says what to make of those in ``[start, end)``, why, and who says so::

    edit.ignore   they are false: they are left out, and leave a gap
    edit.factor   the amounts that they measured are multiplied, e.g. for a wrong CT ratio
    edit.energy   this much passed: an estimate for what is missing there, never for a measurement

An edit that was wrong is *withdrawn*: the event stays, says by whom and why, and has no effect.
``Edits`` are those in force. Ignored spans and factors are part of ``CounterRules`` and of its key;
read next ``paes.accounting.counter`` and ``paes.accounting.scaling``, which heed them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from paes.errors import DataError, StoreError
from paes.events import Event
from paes.periods import Span, zone
from paes.store import Store

EDIT = "edit."
"""What the names of all edits begin with."""


class EditKind(StrEnum):
    """What an edit does."""

    IGNORE = "ignore"
    FACTOR = "factor"
    ENERGY = "energy"


_VALUE = {EditKind.FACTOR: "factor", EditKind.ENERGY: "amount"}
"""The fact that holds an edit's number."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """The readings in ``span`` are false."""

    span: Span
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Factor:
    """What was measured in ``span`` is to be multiplied by ``factor``.

    An interval that an end of ``span`` cuts is taken to have passed evenly.
    """

    span: Span
    factor: float
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class ManualEnergy:
    """``amount`` (in the register's unit) passed in ``span``, as a person states it."""

    span: Span
    amount: float
    author: str
    reason: str
    is_guess: bool = False
    """True of an estimated bill: nobody knows that it is so."""


@dataclass(frozen=True)
class Edits:
    """The edits of one meter that are in force, each kind in order of start."""

    ignored: tuple[Ignored, ...] = ()
    factors: tuple[Factor, ...] = ()
    energies: tuple[ManualEnergy, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit as it is kept: with when it was said, and its withdrawal.

    ``value`` is the factor or the amount; None of what is ignored.
    """

    meter: str
    kind: EditKind
    span: Span
    value: float | None
    author: str
    reason: str
    at: datetime
    withdrawn_by: str | None = None
    withdrawn_reason: str | None = None
    number: int = 1
    """Tells edits of one kind and start apart, of which all but the last are withdrawn."""

    def __post_init__(self) -> None:
        for what, text in (("author", self.author), ("reason", self.reason)):
            if not text.strip():
                raise DataError(f"{self.meter}: an edit needs its {what}, and none is given")
        _check_value(self)

    @property
    def in_force(self) -> bool:
        """False once it was withdrawn."""
        return self.withdrawn_by is None

    @property
    def event(self) -> Event:
        """What the store keeps."""
        number = "" if self.number == 1 else f".{self.number}"
        facts: dict[str, str | float] = {
            "reason": self.reason,
            "author": self.author,
            "at": self.at.isoformat(),
        }
        if self.value is not None:
            facts[_VALUE[self.kind]] = self.value
        if self.withdrawn_by is not None:
            facts["withdrawn_by"] = self.withdrawn_by
            facts["withdrawn_reason"] = self.withdrawn_reason or ""
        name = f"{EDIT}{self.kind}{number}"
        return Event(self.meter, name, self.span.start, self.span.end, self.reason, facts)

    def withdrawn(self, author: str, reason: str) -> Edit:
        """The same, taken back; DataError if it was already, or nobody says why."""
        if not self.in_force:
            raise DataError(
                f"{self.meter}: the edit {self.kind} from {self.span.start:%Y-%m-%dT%H:%MZ} was"
                f" withdrawn already by {self.withdrawn_by}"
            )
        if not author.strip() or not reason.strip():
            raise DataError(f"{self.meter}: withdrawing an edit needs an author and a reason")
        return replace(self, withdrawn_by=author, withdrawn_reason=reason)


def _check_value(edit: Edit) -> None:
    value, meter = edit.value, edit.meter
    if edit.kind is EditKind.IGNORE:
        if value is not None:
            raise DataError(f"{meter}: ignored readings have no number, and {value:g} is given")
    elif value is None:
        raise DataError(f"{meter}: an edit {edit.kind} needs its {_VALUE[edit.kind]}")
    elif edit.kind is EditKind.FACTOR and not 0 < value < math.inf:
        raise DataError(f"{meter}: factor {value:g}; expected one above 0 (to drop: ignore)")
    elif edit.kind is EditKind.ENERGY and not 0 <= value < math.inf:
        raise DataError(f"{meter}: amount {value:g}; expected 0 or more")


def edit_of(event: Event) -> Edit:
    """The edit that an event of the store tells; StoreError if it tells none."""
    kind, _, number = event.name.removeprefix(EDIT).partition(".")
    facts = event.facts
    try:
        known = EditKind(kind)
        value = facts[_VALUE[known]] if known in _VALUE else None
        if event.end is None:
            raise ValueError("it has no end")
        return Edit(
            event.subject,
            known,
            Span(event.start, event.end),
            None if value is None else float(value),
            str(facts["author"]),
            str(facts["reason"]),
            datetime.fromisoformat(str(facts["at"])),
            _text(event, "withdrawn_by"),
            _text(event, "withdrawn_reason"),
            int(number or 1),
        )
    except (KeyError, ValueError, DataError) as err:
        raise StoreError(
            f"{event.subject}: the event {event.name} of {event.start:%Y-%m-%dT%H:%M:%SZ} is no"
            f" edit that can be understood: {err}"
        ) from err


def _text(event: Event, name: str) -> str | None:
    return str(event.facts[name]) if name in event.facts else None


def in_force(events: Iterable[Event]) -> dict[str, Edits]:
    """The edits in force by meter, of events of which some may be others."""
    found: dict[str, list[Edit]] = {}
    for event in events:
        if event.name.startswith(EDIT) and (edit := edit_of(event)).in_force:
            found.setdefault(edit.meter, []).append(edit)
    return {meter: _edits(of) for meter, of in found.items()}


def _edits(of: Sequence[Edit]) -> Edits:
    ordered = sorted(of, key=lambda e: (e.span.start, e.number))
    return Edits(
        tuple(Ignored(e.span, e.author, e.reason) for e in ordered if e.kind is EditKind.IGNORE),
        tuple(
            Factor(e.span, e.value, e.author, e.reason)
            for e in ordered
            if e.kind is EditKind.FACTOR and e.value is not None
        ),
        tuple(
            ManualEnergy(e.span, e.value, e.author, e.reason)
            for e in ordered
            if e.kind is EditKind.ENERGY and e.value is not None
        ),
    )


def edits_of(store: Store, meters: Iterable[str] | None = None) -> dict[str, Edits]:
    """The edits in force of ``meters`` (None: all), by meter; one without any is left out."""
    return in_force(store.events(subjects=meters, name=EDIT))


def all_edits(store: Store, meter: str) -> list[Edit]:
    """Every edit of a meter, withdrawn ones too, in order of start."""
    found = [edit_of(event) for event in store.events(subjects=[meter], name=EDIT)]
    return sorted(found, key=lambda e: (e.span.start, e.kind, e.number))


def added(edit: Edit, among: Sequence[Edit], tz: str = "UTC") -> Edit:
    """``edit`` as it can stand beside the others of its meter (``all_edits``).

    Raises DataError, with times of ``tz``, if one in force says something else of the same time.
    """
    alike = [e for e in among if e.kind is edit.kind]
    for other in alike:
        if other.in_force and other.span.clip(edit.span.start, edit.span.end):
            start, end = (at.astimezone(zone(tz)) for at in (other.span.start, other.span.end))
            raise DataError(
                f"{edit.meter}: there is an edit {edit.kind} by {other.author} from"
                f" {start:%Y-%m-%d %H:%M %z} to {end:%Y-%m-%d %H:%M %z}"
                " already; withdraw it first"
            )
    numbers = [e.number for e in alike if e.span.start == edit.span.start]
    return replace(edit, number=max(numbers, default=0) + 1)
