"""Faults of the counters: what the registers of a device show when its counting goes wrong.

They act on the state from which every point is made, so the whole device tells one story: after a
reset the totals, the phases and the counters of the day begin anew together, and power goes on.
A transient zero (or all ones) lasts for one virtual second and comes by the seed, so the same
second shows it in every run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from collectors.devices.point import DevicePoint, ProfileKind
from collectors.simulator.dial import dial_of
from collectors.simulator.faults import Fault, Sort
from collectors.simulator.quantities import State, state_of
from collectors.simulator.randomness import key
from collectors.simulator.town import Town
from paes.errors import DataError
from paes.meters import FieldMeter, Sensor

_OVERWRITTEN = {"zero": 0x0000, "all_ones": 0xFFFF}
_MOST_STEPS = 2**53
"""A counter with more steps than a float can tell apart never comes near its last digit."""


class CounterFaults:
    """The counter faults of the meters of one device; an open fault begins at ``started_s``."""

    def __init__(
        self, town: Town, meters: Iterable[FieldMeter], faults: Iterable[Fault], started_s: float
    ) -> None:
        self._town = town
        self._started_s = int(started_s)
        counting = [m for m in meters if not isinstance(m, Sensor)]
        self._dials = {m.id: dial_of(town.installation, m) for m in counting}
        self._faults = [f for f in faults if f.meter in self._dials and f.sort is Sort.COUNTER]
        for fault in self._faults:
            if fault.kind == "rollover":
                self._modulus(fault.meter)

    def time(self, now_s: float) -> int:
        """The second at which the device lives: an earlier one while it is stuck."""
        stuck = [f for f in self._faults if f.kind == "stuck" and f.is_on(now_s)]
        return min([int(now_s), *(self._since(f) for f in stuck)])

    def state(self, meter: FieldMeter, now_s: int) -> State:
        """The meter as its device counts it."""
        state = state_of(self._town, meter, now_s)
        for fault in self._of(meter):
            if fault.kind == "rollover":
                state = replace(state, register=state.register + self._forward(fault))
            elif fault.is_on(now_s) and now_s >= self._since(fault):
                state = self._changed(fault, meter, state)
        return state

    def words(
        self, meter: FieldMeter, point: DevicePoint, words: list[int], now_s: int
    ) -> list[int]:
        """``words`` of a counter, or what stands there instead for this second."""
        if point.kind is not ProfileKind.COUNTER:
            return words
        for fault in self._of(meter):
            pattern = _OVERWRITTEN.get(fault.kind)
            if pattern is not None and fault.is_on(now_s) and fault.plays(self._town.seed, now_s):
                return [pattern] * len(words)
        return words

    def serial(self, meter: FieldMeter, now_s: int) -> str | None:
        """The serial number of the device that took the meter's place, if one did."""
        for fault in self._of(meter):
            if fault.kind == "swap" and fault.is_on(now_s):
                return f"{key(self._town.seed, meter.id, 'swap') % 10**8:08d}"
        return None

    def _of(self, meter: FieldMeter) -> list[Fault]:
        return [f for f in self._faults if f.meter == meter.id]

    def _since(self, fault: Fault) -> int:
        return int(fault.start.timestamp()) if fault.start else self._started_s

    def _changed(self, fault: Fault, meter: FieldMeter, state: State) -> State:
        then = state_of(self._town, meter, self._since(fault))
        if fault.kind == "freeze":
            return replace(
                state,
                register=then.register,
                exported_kwh=then.exported_kwh,
                day_sum=then.day_sum,
                year_sum=then.year_sum,
            )
        if fault.kind not in ("reset", "swap"):
            return state
        counted = state.register - then.register
        return replace(
            state,
            register=self._dials[meter.id].zero + counted,
            exported_kwh=state.exported_kwh - then.exported_kwh,
            day_sum=min(state.day_sum, counted),
            year_sum=min(state.year_sum, counted),
            age_s=state.age_s - then.age_s,
        )

    def _forward(self, fault: Fault) -> float:
        """How far the dial is turned on, so that it passes its last digit when it should."""
        at_s = self._since(fault) + int(fault.value)
        meter = self._town.installation.field_meter(fault.meter)
        shown = state_of(self._town, meter, at_s).register - self._dials[meter.id].zero
        return -shown % self._modulus(meter.id)

    def _modulus(self, meter_id: str) -> float:
        register = self._dials[meter_id].register
        if register.modulus is None or register.modulus / register.resolution > _MOST_STEPS:
            raise DataError(
                f"fault rollover of {meter_id}: its counter ({register.point}) has no last digit "
                "that is ever reached; expected a meter whose profile declares a rollover"
            )
        return register.modulus
