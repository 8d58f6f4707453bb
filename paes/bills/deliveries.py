"""Fuel that was delivered, and charging sessions, kept beside the readings as events.

A *delivery* (heating oil, LPG, wood, a fuel card) has a day, a quantity and perhaps a price;
its event is ``delivery.<document>``. *Sessions* of a charging column are counted by local day:
``sessions.<day>`` with their number and energy. Both are told again under the same name, so that
a file may come twice.

Invariant: a day is local, from midnight to midnight; a session belongs to the day it began on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from paes.bills.bill import LARGEST, BilledUnit, event_name
from paes.errors import DataError
from paes.events import Event
from paes.periods import day_span, require_utc

DELIVERY = "delivery."
SESSIONS = "sessions."


@dataclass(frozen=True)
class Delivery:
    """A quantity of fuel that came on the local day that begins at ``at`` (aware UTC)."""

    meter: str
    at: datetime
    quantity: float
    unit: BilledUnit
    document: str
    supplier: str = ""
    total_eur: float | None = None
    vehicle: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", require_utc(self.at))
        if not 0 < self.quantity <= LARGEST:
            raise DataError(
                f"delivery {self.document}: {self.quantity:g} {self.unit}; expected more than 0, "
                "at most 1e12"
            )

    @property
    def key(self) -> tuple[str, str, datetime]:
        """What makes it this delivery and no other: that of its event."""
        return self.meter, event_name(DELIVERY, self.document), self.at


@dataclass(frozen=True)
class SessionDay:
    """What a charging column gave in the sessions that began on one local day."""

    meter: str
    day: date
    start: datetime
    end: datetime
    sessions: int
    energy_kwh: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", require_utc(self.start))
        object.__setattr__(self, "end", require_utc(self.end))


def session_day(meter: str, day: date, tz: str, sessions: int, energy_kwh: float) -> SessionDay:
    """The sessions that began on a local day."""
    span = day_span(day, tz)
    return SessionDay(meter, day, span.start, span.end, sessions, energy_kwh)


def delivered_quantity(delivery: Delivery, unit: str) -> float:
    """The quantity in ``unit``, that of the meter's register; DataError if it is in another."""
    if delivery.unit != unit:
        raise DataError(
            f"delivery {delivery.document} of {delivery.meter} is in {delivery.unit}, and the "
            f"meter is accounted in {unit}; enter it in {unit}, or set the meter's unit"
        )
    return delivery.quantity


def delivery_event(delivery: Delivery) -> Event:
    """The delivery as the store keeps it."""
    facts: dict[str, str | float] = {
        "document": delivery.document,
        "quantity": delivery.quantity,
        "unit": str(delivery.unit),
    }
    if delivery.supplier:
        facts["supplier"] = delivery.supplier
    if delivery.vehicle:
        facts["vehicle"] = delivery.vehicle
    if delivery.total_eur is not None:
        facts["total_eur"] = delivery.total_eur
    message = f"delivery {delivery.document}: {delivery.quantity:.10g} {delivery.unit}"
    name = event_name(DELIVERY, delivery.document)
    return Event(delivery.meter, name, delivery.at, None, message, facts)


def sessions_event(day: SessionDay) -> Event:
    """The day's sessions as the store keeps them."""
    facts: dict[str, str | float] = {"sessions": day.sessions, "energy_kwh": day.energy_kwh}
    message = f"{day.sessions} charging sessions: {day.energy_kwh:.10g} kWh"
    return Event(day.meter, f"{SESSIONS}{day.day}", day.start, day.end, message, facts)


def deliveries_of(events: Iterable[Event]) -> list[Delivery]:
    """The deliveries among ``events``, by meter and day."""
    found = [_delivery(event) for event in events if event.name.startswith(DELIVERY)]
    return sorted(found, key=lambda d: (d.meter, d.at, d.document))


def session_days_of(events: Iterable[Event]) -> list[SessionDay]:
    """The days of sessions among ``events``, by meter and day."""
    found = [_session_day(event) for event in events if event.name.startswith(SESSIONS)]
    return sorted(found, key=lambda d: (d.meter, d.start))


def _delivery(event: Event) -> Delivery:
    facts = event.facts
    try:
        euros = facts.get("total_eur")
        return Delivery(
            meter=event.subject,
            at=event.start,
            quantity=float(facts["quantity"]),
            unit=BilledUnit(str(facts["unit"])),
            document=str(facts["document"]),
            supplier=str(facts.get("supplier", "")),
            total_eur=None if euros is None else float(euros),
            vehicle=str(facts.get("vehicle", "")),
        )
    except (KeyError, ValueError) as err:
        raise DataError(
            f"event {event.name} of {event.subject} is no delivery that can be read: {err}"
        ) from err


def _session_day(event: Event) -> SessionDay:
    try:
        return SessionDay(
            meter=event.subject,
            day=date.fromisoformat(event.name.removeprefix(SESSIONS)),
            start=event.start,
            end=event.end or event.start,
            sessions=int(event.facts["sessions"]),
            energy_kwh=float(event.facts["energy_kwh"]),
        )
    except (KeyError, ValueError) as err:
        raise DataError(
            f"event {event.name} of {event.subject} is no day of sessions that can be read: {err}"
        ) from err


def sessions_by_month(days: Iterable[SessionDay]) -> dict[tuple[str, str], tuple[int, float]]:
    """Sessions and kWh of each column by local month (``2024-03``), of months with any day."""
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for day in days:
        key = day.meter, f"{day.day:%Y-%m}"
        sessions, energy_kwh = found.get(key, (0, 0.0))
        found[key] = sessions + day.sessions, energy_kwh + day.energy_kwh
    return found
