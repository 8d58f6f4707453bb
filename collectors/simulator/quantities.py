"""The physical state of a meter at an instant, and what it means for each point of its device.

All points of a device tell one story: power is the slope of the register, the phases sum to the
total, currents follow from power, voltage and power factor. Values are on the meter's side, in
canonical units; ``collectors.devices.registers`` turns them into what the device shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from collectors.devices.device_file import DeviceKind
from collectors.devices.point import DevicePoint, ProfileKind
from collectors.devices.profile import DeviceProfile
from collectors.simulator.need import Character
from collectors.simulator.parameters import Parameters
from collectors.simulator.randomness import key, smooth
from collectors.simulator.town import Town
from paes.metering import Measures
from paes.meters import FieldMeter, Sensor
from paes.periods import By, Span, edges, from_seconds
from paes.units import factor_to_canonical

_WATER_KWH_PER_M3_K = 1.163  # volumetric heat of water
_ATTACHED = ("meter", "pulse_input")  # names of points of something else, plugged into the device
_GOOD_STATES = ("ok", "on", "mppt", "on-grid", "normal", "running")


@dataclass(frozen=True, slots=True)
class State:
    """A meter at one instant. ``flow`` is kW, or m3/h where the register counts m3."""

    meter: FieldMeter
    now_s: int
    register: float
    exported_kwh: float
    flow: float
    export_kw: float
    day_sum: float
    """What the register counted since local midnight."""
    year_sum: float
    outdoor_degc: float
    age_s: float
    """Time since the town's epoch."""


def state_of(town: Town, meter: FieldMeter, now_s: int) -> State:
    """The true state; DataError before the town's epoch."""
    if isinstance(meter, Sensor):
        return _state_of_sensor(town, meter, now_s)
    tz = town.installation.time_zone(meter.id)
    day_s, year_s = (max(t, town.epoch_s) for t in _local_starts(now_s // 900 * 900, tz))
    at = np.array([now_s, day_s, year_s], dtype=np.int64)
    counted = town.counted_at(meter.id, at)
    return State(
        meter=meter,
        now_s=now_s,
        register=float(town.register_at(meter.id, at[:1])[0]),
        exported_kwh=float(town.exported_at(meter.id, at[:1])[0]),
        flow=float(town.power_at(meter.id, at[:1])[0]),
        export_kw=float(town.export_power_at(meter.id, at[:1])[0]),
        day_sum=float(counted[0] - counted[1]),
        year_sum=float(counted[0] - counted[2]),
        outdoor_degc=float(town.temperature_at(meter.site, at[:1])[0]),
        age_s=float(now_s - town.epoch_s),
    )


def _state_of_sensor(town: Town, sensor: Sensor, now_s: int) -> State:
    """What counts nothing: the weather at its site, and no energy."""
    outdoor_degc = float(town.temperature_at(sensor.site, np.array([now_s]))[0])
    return State(
        meter=sensor,
        now_s=now_s,
        register=0.0,
        exported_kwh=0.0,
        flow=0.0,
        export_kw=0.0,
        day_sum=0.0,
        year_sum=0.0,
        outdoor_degc=outdoor_degc,
        age_s=float(now_s - town.epoch_s),
    )


class Quantities:
    """What each point of one meter's device shows in a state."""

    def __init__(
        self, meter: FieldMeter, profile: DeviceProfile, parameters: Parameters, seed: int
    ) -> None:
        self.meter = meter
        self.profile = profile
        self.parameters = parameters
        self.by = Character(seed, meter.id)
        self.power_factor = self.by.pick("power factor", parameters.electrical.power_factor)
        self.is_three_phase = any(p.phase == "l2" for p in profile.points)

    def value(self, point: DevicePoint, state: State, serial: str | None = None) -> float | str:
        """The point's value on the meter's side; 0 for what the simulator does not know.

        ``serial`` replaces the configured serial number.
        """
        if point.kind is ProfileKind.TEXT:
            return self._text(point, serial or self.meter.serial or self.meter.id)
        if point.name.startswith(_ATTACHED):
            return 0.0
        if point.kind is ProfileKind.COUNTER:
            return self._counter(point, state)
        if point.kind is ProfileKind.GAUGE:
            return self._gauge(point, state)
        return self._code(point)

    def _counter(self, point: DevicePoint, state: State) -> float:
        if point.resets:
            return state.day_sum if point.resets == "daily" else state.year_sum
        share = self._share(point.phase)
        tangent = math.tan(math.acos(self.power_factor))
        match point.quantity:
            case "active_energy":
                return self._energy_kwh(point.direction, state) * share
            case "reactive_energy":
                return self._energy_kwh(point.direction, state) * share * tangent
            case "apparent_energy":
                return self._energy_kwh(point.direction, state) * share / self.power_factor
            case "heat_energy":
                return state.register
            case "volume":
                if point.direction == "export":
                    return 0.0
                if self.profile.kind is not DeviceKind.HEAT_METER:
                    return state.register
                return state.register / (_WATER_KWH_PER_M3_K * self._drop_degc)
            case "operating_time" | "uptime":
                return self._lasting(point, state.age_s)
        return 0.0

    def _gauge(self, point: DevicePoint, state: State) -> float:
        power_w = self._power_w(state) * self._share(point.phase)
        apparent_va = abs(power_w) / self.power_factor
        match point.quantity:
            case "active_power" | "heat_power":
                return power_w
            case "apparent_power":
                return apparent_va
            case "reactive_power":
                return apparent_va * math.sin(math.acos(self.power_factor))
            case "current":
                return apparent_va / self._voltage_v(point.phase, state)
            case "voltage":
                return self._voltage_v(point.phase, state)
            case "power_factor":
                return self.power_factor
            case "phase_angle":
                return math.degrees(math.acos(self.power_factor))
            case "frequency":
                wander = self._wander("frequency", state, hours=0.02)
                return self.parameters.electrical.frequency_hz + 0.015 * wander
            case "dc_power":
                return abs(power_w) / self.parameters.steady["efficiency"]
            case "dc_current":
                steady = self.parameters.steady
                return abs(power_w) / steady["efficiency"] / steady["dc_voltage"]
            case "flow_rate":
                return self._flow_m3_per_h(state)
            case "temperature" | "temperature_difference":
                return self._temperature_degc(point, state)
            case "rated_power":
                return 1000.0 * (self.meter.rated_power_kw or 0.0)
            case "pulse_weight" if self.meter.pulse:
                per_pulse = self.meter.pulse.weight * factor_to_canonical(self.meter.pulse.unit)
                return per_pulse * self.meter.volume_correction
        return self.parameters.steady.get(point.quantity or "", 0.0)

    def _code(self, point: DevicePoint) -> float:
        """A state that says all is well; model and length of a SunSpec block."""
        if point.quantity == "model_id":
            number = self.profile.id.rpartition("-")[2]
            return float(number) if number.isdigit() else float(max(point.values, default=0))
        if point.quantity == "model_length" and self.profile.base and self.profile.base.registers:
            return float(self.profile.base.registers - 2)
        if point.kind is ProfileKind.BITS:
            return 0.0
        good = [code for code, name in point.values.items() if name.lower() in _GOOD_STATES]
        return float((good or [min(point.values, default=0)])[0])

    def _text(self, point: DevicePoint, serial: str) -> float | str:
        text = {
            "serial": serial,
            "manufacturer": self.profile.vendor,
            "model": self.profile.models[0],
            "firmware": "1.0",
        }.get(point.quantity or "", "")
        if point.count is None:
            return float("".join(c for c in text if c.isdigit())[-4:] or 0)
        return text[: 2 * point.count]

    def _energy_kwh(self, direction: str | None, state: State) -> float:
        """By direction; a generation meter is wired so that what the plant gives is export."""
        inward, outward = state.register, state.exported_kwh
        if self.meter.measures in (Measures.GENERATION, Measures.FEED_IN):
            inward, outward = 0.0, state.register
        return {"import": inward, "export": outward}.get(direction or "", inward + outward)

    def _power_w(self, state: State) -> float:
        """Inward is positive, as OBIS has it; an inverter shows what it gives as positive."""
        if self.profile.kind in (DeviceKind.WATER_METER, DeviceKind.PULSE_COUNTER):
            return 0.0
        outward = self.meter.measures in (Measures.GENERATION, Measures.FEED_IN)
        if outward and self.profile.kind is DeviceKind.ELECTRICITY_METER:
            return -1000.0 * state.flow
        return 1000.0 * (state.flow - state.export_kw)

    def _share(self, phase: str | None) -> float:
        if phase is None or not self.is_three_phase:
            return 1.0
        return dict(zip(("l1", "l2", "l3"), self._phase_shares, strict=True)).get(phase, 0.0)

    @property
    def _phase_shares(self) -> tuple[float, ...]:
        """Every meter has its heaviest load on another phase."""
        shares = self.parameters.electrical.phase_shares
        turn = int(self.by.pick("phase", (0.0, 2.999)))
        return shares[turn:] + shares[:turn]

    def _voltage_v(self, phase: str | None, state: State) -> float:
        nominal_v = self.parameters.electrical.voltage_v
        volts = nominal_v * (1.0 + 0.008 * self._wander(phase or "l1", state, hours=0.5))
        return volts * math.sqrt(3.0) if phase and len(phase) == 4 else volts

    def _wander(self, what: str, state: State, hours: float) -> float:
        position = np.array([state.now_s / 3600.0 / hours])
        return float(smooth(key(self.by.seed, self.meter.site, what), position)[0])

    @property
    def _drop_degc(self) -> float:
        network = self.parameters.heat_network
        return network.supply_degc - network.return_degc

    def _flow_m3_per_h(self, state: State) -> float:
        if self.profile.kind is DeviceKind.HEAT_METER:
            return state.flow / (_WATER_KWH_PER_M3_K * self._drop_degc)
        return state.flow

    def _temperature_degc(self, point: DevicePoint, state: State) -> float:
        network = self.parameters.heat_network
        if point.quantity == "temperature_difference":
            return self._drop_degc
        if point.name.startswith("flow"):
            return network.supply_degc
        if point.name.startswith("return"):
            return network.return_degc
        return state.outdoor_degc

    def _lasting(self, point: DevicePoint, age_s: float) -> float:
        """A time that stops just below where the device's counter saturates."""
        if point.saturates is None:
            return age_s
        step_s = point.scale * factor_to_canonical(point.unit)
        return min(age_s, (point.saturates - 1) * step_s)


@lru_cache(maxsize=256)
def _local_starts(now_s: int, tz: str) -> tuple[int, int]:
    """The start of the local day and of the local year that hold a time."""
    span = Span(from_seconds(now_s), from_seconds(now_s + 1))
    return int(edges(span, By.DAY, tz)[0]), int(edges(span, By.YEAR, tz)[0])
