"""What is known of meters besides their readings: register, rating, life, exchanges, edits, fuel.

It joins the installation with the events of a store. Read next ``paes.accounting.ledger``, which
asks the readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from paes.accounting.counter_rules import GAP_AFTER_PERIODS, CounterRules, corrections_of
from paes.accounting.edits import EDIT, Edits, in_force
from paes.accounting.judging import Counter
from paes.bills.amounts import estimated_energies, estimating_documents
from paes.events import ABSENCE, SWAPPED, Cause, Event, absence
from paes.factors.calorific_values import FuelEnergy
from paes.factors.fuel_amounts import FuelAmount
from paes.installation import Installation
from paes.metering import Carrier, Evidence, Register
from paes.meters import FieldMeter, ImportedMeter, Meter, Replacement
from paes.periods import (
    Clock,
    Span,
    from_seconds,
    local_midnight,
    now_utc,
    to_seconds,
)
from paes.pulse import Pulse
from paes.store import Store

SAME_EXCHANGE = timedelta(days=1)
"""An exchange that was noticed within a day of a described one is the same."""
REGISTER_PERIOD_S = 900
"""A register that is written down by hand has a course where it is, as if it were polled."""


class Fuel(NamedTuple):
    """A fuel that is counted by its quantity."""

    carrier: Carrier
    unit: str
    name: str | None


class KnownMeters:
    """The meters of one installation, with what a store tells of them."""

    def __init__(self, installation: Installation, store: Store, clock: Clock = now_utc) -> None:
        self.installation = installation
        self.store = store
        self.clock = clock

    def rules(self, meter: Meter) -> CounterRules:
        """How the meter's register is accounted."""
        return self._counters([meter])[0].rules

    def counter(self, meter: Meter) -> Counter:
        """The meter's register with all that is known of it."""
        return self._counters([meter])[0]

    def _counters(self, meters: Sequence[Meter]) -> list[Counter]:
        """The registers of ``meters`` with all that is known of them."""
        told: dict[str, list[Event]] = {}
        asked = [meters[0].id] if len(meters) == 1 else None
        for event in self.store.events(subjects=asked, name=(SWAPPED, EDIT)):
            told.setdefault(event.subject, []).append(event)
        billed = [m.id for m in meters if self.installation.register(m).kind is Evidence.AMOUNTS]
        for event in estimating_documents(self.store, billed) if billed else ():
            told.setdefault(event.subject, []).append(event)
        return [self._counter(meter, told.get(meter.id, ())) for meter in meters]

    def _counter(self, meter: Meter, told: Sequence[Event]) -> Counter:
        """``told`` are the meter's edits, the exchanges noticed, and bills that account it."""
        register = self.installation.register(meter)
        edits = in_force(told).get(meter.id, Edits())
        rules = CounterRules(
            register,
            gap_after_s=GAP_AFTER_PERIODS * self.poll_period(meter).total_seconds(),
            limit_per_h=_limit_per_h(meter, register),
            replacements=meter.replacements,
            noticed=tuple(_noticed(meter, (e for e in told if e.name == SWAPPED))),
            corrections=corrections_of(_pulse(meter), register),
            ignored=edits.ignored,
            factors=edits.factors,
        )
        tz = self.installation.time_zone(meter.id)
        opening = self.installation.site(meter.site).opening
        stated = edits.energies
        if isinstance(meter, ImportedMeter) and register.kind is Evidence.AMOUNTS:
            stated = (*stated, *estimated_energies(meter, tz, told, stated))
        return Counter(rules, tz, *self._born_and_dead(meter), opening, stated)

    def poll_period(self, meter: Meter) -> timedelta:
        """How often the meter is read; of an imported one, what counts as without a gap."""
        if isinstance(meter, FieldMeter):
            return timedelta(seconds=self.installation.gateways[meter.gateway].poll_period_s)
        return timedelta(seconds=self.installation.register(meter).interval_s or REGISTER_PERIOD_S)

    def life(self, meter: Meter, span: Span) -> Span | None:
        """The part of ``span`` in which the meter was in use and that is not in the future."""
        born, dead = self._born_and_dead(meter)
        now = self._now()
        return span.clip(born, min(now, dead) if dead else now)

    def _now(self) -> datetime:
        return from_seconds(to_seconds(self.clock()))

    def _born_and_dead(self, meter: Meter) -> tuple[datetime | None, datetime | None]:
        tz = self.installation.time_zone(meter.id)
        born = local_midnight(meter.valid_from, tz) if meter.valid_from else None
        return born, local_midnight(meter.valid_to, tz) if meter.valid_to else None

    def kwh_factor(self, meter: Meter, year: int) -> float:
        """Net kWh in one unit of the meter's register; 1 for kWh, and for water.

        FactorMissing if the year's calorific value of its fuel is not known.
        """
        energy = self.unit_energy(meter, year)
        return energy.kwh if energy else 1.0

    def unit_energy(self, meter: Meter, year: int) -> FuelEnergy | None:
        """Net energy of one unit of the meter's register, with its origin; None of kWh and water.

        FactorMissing if the year's calorific value of its fuel is not known.
        """
        fuel = self._fuel(meter)
        if fuel is None:
            return None
        given = FuelAmount(fuel.carrier, 1.0, fuel.unit, fuel.name)
        return self.installation.factors.energy(given, year)

    def _fuel(self, meter: Meter) -> Fuel | None:
        """What the meter counts, if that is a fuel by its quantity; gas is in Sm3 already."""
        unit = self.installation.register(meter).unit
        if meter.carrier is None or unit == "kWh":
            return None
        name = meter.fuel if isinstance(meter, ImportedMeter) else None
        is_gas = meter.carrier is Carrier.NATURAL_GAS and unit == "m3"
        return Fuel(meter.carrier, "Sm3" if is_gas else unit, name)

    def absences(self, meter: Meter, span: Span) -> list[Event]:
        """Why the meter brought no readings: absences that touch ``span``, by time.

        While it was in use these are the stored ones; that it was not in use yet, or not any
        more, is told by the configuration, for nobody asks such a meter.
        """
        born, dead = self._born_and_dead(meter)
        told = [
            part
            for event in self.store.events(span.start, span.end, [meter.id], ABSENCE)
            if (part := _while_in_use(event, born, dead))
        ]
        if born and span.start < born:
            text, end = f"in use from {meter.valid_from} on", min(born, span.end)
            told.append(absence(meter.id, Cause.NOT_COMMISSIONED, span.start, end, text))
        if dead and dead < span.end:
            text, start = f"not in use any more since {meter.valid_to}", max(dead, span.start)
            told.append(absence(meter.id, Cause.NOT_COMMISSIONED, start, span.end, text))
        return sorted(told, key=lambda e: (e.start, e.name))


def _limit_per_h(meter: Meter, register: Register) -> float | None:
    """What can pass in an hour by the meter's rating, in the register's unit."""
    if register.unit == "kWh":
        return meter.rated_power_kw
    flow, per_m3 = meter.rated_flow_m3_h, {"m3": 1.0, "l": 1000.0}.get(register.unit)
    return flow * per_m3 if flow and per_m3 else None


def _pulse(meter: Meter) -> Pulse | None:
    return meter.pulse if isinstance(meter, FieldMeter) else None


def _noticed(meter: Meter, swaps: Iterable[Event]) -> Iterator[Replacement]:
    """Exchanges that the collector noticed, and that nobody has described in the meantime."""
    for event in swaps:
        if all(abs(event.start - r.at) > SAME_EXCHANGE for r in meter.replacements):
            old, new = event.facts.get("old_serial") or "", event.facts.get("new_serial")
            yield Replacement(
                at=event.start, old_serial=str(old) or None, new_serial=str(new or "unknown")
            )


def _while_in_use(event: Event, born: datetime | None, dead: datetime | None) -> Event | None:
    """The part of a stored absence in which the meter was in use; None if there is none."""
    start = max(event.start, born) if born else event.start
    end = min(event.end, dead) if event.end and dead else event.end
    return replace(event, start=start, end=end) if end and start < end else None
