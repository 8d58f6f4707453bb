"""Which counter of a meter's device is accounted, and in what unit, step and modulus.

A device file says much about wires and words, which only the collectors know. The core needs
four things of it: the counters' names, what they count, their unit, and where they wrap. This
module reads just those and ignores the rest.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from paes.config_file import read_yaml
from paes.errors import DataError
from paes.metering import Carrier, Measures, Register, point_id
from paes.meters import FieldMeter
from paes.units import canonical_unit, factor_to_canonical

FLOAT_RESOLUTION = 1e-3
"""Step taken for a counter that the device sends as a float: what every store keeps."""
FLOAT32_STEP = 2.0**-23
"""A 32-bit float has 24 binary digits: at 100,000 kWh it moves by 1/128 kWh."""
NAMED_GROUPS = 6
"""Groups that can be named where only the device knows how many there are. So many strings of an
inverter (SunSpec model 160) can be read in one request with their scale factors."""
_FLOATS = ("f32", "f64")


class MeasuredPoint(BaseModel):
    """A point of a device file, as far as the core is concerned."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    kind: str
    unit: str
    address: int | str | None = None
    """Where it stands on the wire, for those who follow a figure to its register."""
    type: str | None = None
    """What kind of number the device sends; None for a whole number of steps of ``scale``."""
    quantity: str | None = None
    direction: str | None = None
    phase: str | None = None
    scale: float = 1.0
    scale_from: str | None = None
    resolution: float | None = None
    """Its smallest step, in ``unit``, where the profile knows better than type and scale."""
    rollover: float | None = None
    resets: str | None = None
    poll: str | None = None


class _Limits(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    min_period_s: int = 0


class _Group(BaseModel):
    """Points that a device has several times (strings of an inverter), named by number."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    first: int = 1
    count: int = NAMED_GROUPS
    points: tuple[MeasuredPoint, ...]

    @property
    def numbered(self) -> tuple[MeasuredPoint, ...]:
        """The points of every group, as meters name them."""
        return tuple(
            p.model_copy(update={"name": f"{self.name}_{number}_{p.name}"})
            for number in range(self.first, self.first + self.count)
            for p in self.points
        )


class DeviceFile(BaseModel):
    """A device file, as far as the core is concerned."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    schema_version: str = Field(default="", alias="schema")
    """Tells what it speaks: Modbus, M-Bus or MQTT."""
    topic: str = ""
    """Where it publishes, with ``{topic}`` and ``{serial}`` of the meter (MQTT)."""
    device_id: str | None = None
    """Where its messages name it (MQTT)."""
    read: _Limits = _Limits()
    points: tuple[MeasuredPoint, ...] = ()
    repeating: tuple[_Group, ...] = ()

    @property
    def counters(self) -> tuple[MeasuredPoint, ...]:
        """The counters that never start again by themselves."""
        points = self._with_groups
        return tuple(
            p for p in points if p.kind == "counter" and not p.resets and p.poll != "never"
        )

    @property
    def counting(self) -> tuple[str, ...]:
        """The name of everything that counts, be it for a day only."""
        return tuple(p.name for p in self._with_groups if p.kind == "counter")

    @property
    def _with_groups(self) -> list[MeasuredPoint]:
        return [*self.points, *(p for group in self.repeating for p in group.numbered)]


def device_counters(path: Path) -> tuple[MeasuredPoint, ...]:
    """The counters of a device file that never start again by themselves."""
    return read_yaml(path, DeviceFile).counters


def power_point(path: Path) -> str | None:
    """The point of a device file that tells the total active power; None if there is not one."""
    fits = [
        p.name
        for p in read_yaml(path, DeviceFile).points
        if p.quantity == "active_power" and p.kind == "gauge" and p.phase is None and p.unit
    ]
    return fits[0] if len(fits) == 1 else None


def accounted_register(meter: FieldMeter, counters: tuple[MeasuredPoint, ...]) -> Register:
    """The register of ``meter`` among its device's ``counters``.

    Where the device itself says by which power of ten to scale, the modulus is not known here:
    a wrap is then found as a reset, never added on by guess.

    Raises DataError, naming the candidates, when none or several fit and the meter does not
    say which (``register:``), or when what it says does not measure its carrier.
    """
    counter = _named(meter, counters) if meter.register_name else _only_fit(meter, counters)
    if meter.pulse and counter.unit != "pulse":
        raise DataError(
            f"meter {meter.id}: register {counter.name!r} counts {counter.unit}, not pulses; "
            "leave out pulse:, or name another with register:"
        )
    worth, written = abs(counter.scale), counter.unit
    if meter.pulse:
        worth, written = meter.pulse.weight, meter.pulse.unit
    unit = _accounted_unit(meter, counter.name, written)
    ratio = meter.volume_correction if unit == "m3" else meter.transformer_ratio
    step = worth * factor_to_canonical(written) * ratio
    # Steps of a power of ten that only the device knows: nobody can say where it wraps.
    rollover = None if counter.scale_from else counter.rollover
    return Register(
        point=point_id(meter.id, _pulse_point(unit) if meter.pulse else counter.name),
        unit=unit,
        modulus=rollover * step if rollover else None,
        resolution=step if meter.pulse else _resolution(counter, step, ratio),
        relative_step=FLOAT32_STEP if counter.type == "f32" and not meter.pulse else 0.0,
    )


def _resolution(counter: MeasuredPoint, step: float, ratio: float) -> float:
    """The smallest step in the canonical unit; ``step`` is what one count of it is worth."""
    if counter.resolution is not None:
        return counter.resolution * factor_to_canonical(counter.unit) * ratio
    if counter.type in _FLOATS:
        return FLOAT_RESOLUTION * ratio
    return step


def _accounted_unit(meter: FieldMeter, name: str, written: str) -> str:
    """The canonical unit of ``written``, if it can be what the meter measures."""
    unit = canonical_unit(written)
    expected = "m3" if _is_volume(meter) else "kWh"
    if unit != expected:
        hint = "; say with pulse: what one is worth" if unit == "pulse" else ""
        raise DataError(
            f"meter {meter.id}: register {name!r} counts {written}; "
            f"expected {expected} for {meter.carrier or meter.measures}{hint}"
        )
    return unit


def _pulse_point(unit: str) -> str:
    return "volume" if unit == "m3" else "energy_import"


def _named(meter: FieldMeter, counters: tuple[MeasuredPoint, ...]) -> MeasuredPoint:
    for counter in counters:
        if counter.name == meter.register_name:
            return counter
    raise DataError(
        f"meter {meter.id}: device {meter.device} has no counter {meter.register_name!r}; "
        f"it has {_names(counters)}"
    )


def _only_fit(meter: FieldMeter, counters: tuple[MeasuredPoint, ...]) -> MeasuredPoint:
    quantity, directions = _wanted(meter)
    same = [c for c in counters if c.quantity == quantity and c.phase is None]
    for direction in directions:
        fits = [c for c in same if c.direction == direction]
        if len(fits) == 1:
            return fits[0]
        if len(fits) > 1:
            raise DataError(
                f"meter {meter.id}: several counters of {meter.device} fit "
                f"({_names(tuple(fits))}); say which with register:"
            )
    raise DataError(
        f"meter {meter.id}: no counter of {meter.device} measures "
        f"{meter.carrier or meter.measures}; it has {_names(counters)}"
    )


def _wanted(meter: FieldMeter) -> tuple[str, tuple[str | None, ...]]:
    if meter.pulse:
        return "pulse", (None,)
    if _is_volume(meter):
        return "volume", (None, "import", "sum")
    if meter.carrier is Carrier.HEAT_COLD:
        return "heat_energy", (None, "import", "sum")
    if meter.measures is Measures.FEED_IN:
        return "active_energy", ("export",)
    if meter.measures is Measures.GENERATION:
        return "active_energy", ("export", "sum", None)
    return "active_energy", ("import", "sum", None)


def _is_volume(meter: FieldMeter) -> bool:
    return meter.measures is Measures.WATER or meter.carrier is Carrier.NATURAL_GAS


def _names(counters: tuple[MeasuredPoint, ...]) -> str:
    return ", ".join(c.name for c in counters) or "no counter at all"
