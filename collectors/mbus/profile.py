"""What an M-Bus meter puts in which data record: one file as a checked value (``mbusdev/1``).

An M-Bus meter answers with a list of records that say themselves what they are: quantity, unit,
storage number, tariff, subunit, function. A point therefore names the record it expects, by its
place in the answer (``index``, zero-based over all telegrams of one answer), by what it is, or by
both: then the place finds it and the rest must agree.

Invariants once loaded: a point's quantity can be measured by the record it names, its unit is one
of that quantity's, and no two points name the same record.

Read next: ``collectors.mbus.frames`` (bytes to records) and ``collectors.mbus.task`` (records to
readings).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from collectors.devices.device_file import DeviceFile, Unit, load_as, point_named
from collectors.devices.point import QUANTITIES, ProfileKind
from paes.schema import ConfigModel
from paes.units import canonical_unit

LAST_PRIMARY = 250
"""Primary addresses are 0 to 250 (EN 13757-2, 5.7.5); the rest have meanings of their own."""


class MbusQuantity(StrEnum):
    """What a record says it is (EN 13757-3, table of primary VIFs, and its extensions)."""

    ENERGY = "energy"
    VOLUME = "volume"
    POWER = "power"
    VOLUME_FLOW = "volume_flow"
    FLOW_TEMPERATURE = "flow_temperature"
    RETURN_TEMPERATURE = "return_temperature"
    EXTERNAL_TEMPERATURE = "external_temperature"
    TEMPERATURE_DIFFERENCE = "temperature_difference"
    OPERATING_TIME = "operating_time"
    ON_TIME = "on_time"
    VOLTAGE = "voltage"
    CURRENT = "current"


class RecordFunction(StrEnum):
    """Which of its values over time a record holds (the function field of the DIF)."""

    INSTANTANEOUS = "instantaneous"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    ERROR = "error"


# What a record's quantity may be a measurement of, in the words of all profiles.
MEASURES: Mapping[MbusQuantity, tuple[str, ...]] = {
    MbusQuantity.ENERGY: ("heat_energy", "cooling_energy", "active_energy"),
    MbusQuantity.VOLUME: ("volume",),
    MbusQuantity.POWER: ("heat_power", "active_power"),
    MbusQuantity.VOLUME_FLOW: ("flow_rate",),
    MbusQuantity.FLOW_TEMPERATURE: ("temperature",),
    MbusQuantity.RETURN_TEMPERATURE: ("temperature",),
    MbusQuantity.EXTERNAL_TEMPERATURE: ("temperature",),
    MbusQuantity.TEMPERATURE_DIFFERENCE: ("temperature_difference",),
    MbusQuantity.OPERATING_TIME: ("operating_time",),
    MbusQuantity.ON_TIME: ("operating_time",),
    MbusQuantity.VOLTAGE: ("voltage",),
    MbusQuantity.CURRENT: ("current",),
}


class RecordMatch(ConfigModel):
    """The record that a point is read from."""

    quantity: MbusQuantity
    index: Annotated[int, Field(ge=0, le=999)] | None = None
    """Its place in the answer, from zero; without it the record is found by what it is."""
    storage: Annotated[int, Field(ge=0)] = 0
    """0 is the current value; others were stored (at the due date, the end of a month …)."""
    tariff: Annotated[int, Field(ge=0)] = 0
    subunit: Annotated[int, Field(ge=0)] = 0
    function: RecordFunction = RecordFunction.INSTANTANEOUS
    vife: tuple[Annotated[int, Field(ge=0, le=0x7F)], ...] = ()
    """Qualifying VIFEs without their extension bit, e.g. 0x3C: only negative contributions."""


class MbusPoint(ConfigModel):
    """One quantity of a meter: which record holds it, and what it means."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    record: RecordMatch
    unit: Annotated[Unit, Field(min_length=1)]
    """The record's own unit is converted to it."""
    kind: Literal[ProfileKind.COUNTER, ProfileKind.GAUGE]
    quantity: str
    direction: Literal["import", "export", "sum"] | None = None
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Value = record x scale: for an adapter whose record does not say the truth."""
    resolution: float | None = Field(default=None, gt=0)
    """A counter's smallest step, in ``unit``; the usual one where meters of this family differ."""
    rollover: float | None = Field(default=None, gt=0)
    """Where the counter goes back to zero, in ``unit`` before ``scale``."""
    resets: Literal["daily", "yearly"] | None = None
    verify: bool = False
    """Known from one weak source: check on the device."""
    note: str | None = None

    @model_validator(mode="after")
    def _coherent(self) -> MbusPoint:
        possible = MEASURES[self.record.quantity]
        if self.quantity not in possible:
            raise ValueError(
                f"{self.quantity!r} cannot be read from a record of {self.record.quantity}; "
                f"expected {' or '.join(possible)}"
            )
        if canonical_unit(self.unit) != QUANTITIES[self.quantity]:
            raise ValueError(
                f"{self.quantity} in {self.unit!r}; expected a unit of {QUANTITIES[self.quantity]}"
            )
        if self.kind is not ProfileKind.COUNTER and (self.rollover or self.resets):
            raise ValueError(f"only a counter has rollover or resets, this is a {self.kind}")
        if (self.kind is ProfileKind.COUNTER) != (self.resolution is not None):
            raise ValueError("a counter says its smallest step (resolution), nothing else does")
        return self


class MbusLink(ConfigModel):
    """How the meter is reached, as it comes from the factory."""

    default_address: Annotated[int, Field(ge=0, le=LAST_PRIMARY)] | None = None
    baud: Annotated[int, Field(ge=300, le=38400)] = 2400
    """The line's speed; parity is even and there is one stop bit on every M-Bus."""
    note: str | None = None


class MbusLimits(ConfigModel):
    """How the meter wants to be asked."""

    min_period_s: Annotated[int, Field(ge=0, le=86400)] = 0
    """Not more often than this: each answer costs a battery a little of its life."""
    max_telegrams: Annotated[int, Field(ge=1, le=50)] = 1
    """How many telegrams of one answer are fetched at most, if it has so many."""
    note: str | None = None


class MbusProfile(DeviceFile):
    """Everything known about one family of M-Bus meters."""

    schema_version: Literal["mbusdev/1"] = Field(alias="schema")
    link: MbusLink = MbusLink()
    read: MbusLimits = MbusLimits()
    points: tuple[MbusPoint, ...] = Field(min_length=1)

    def point(self, name: str) -> MbusPoint:
        """The point called ``name``; DataError with what there is."""
        return point_named(self.id, self.points, name)

    @model_validator(mode="after")
    def _points_differ(self) -> MbusProfile:
        names: set[str] = set()
        records: dict[object, str] = {}
        for point in self.points:
            if point.name in names:
                raise ValueError(f"point {point.name} is there twice")
            names.add(point.name)
            place = point.record if point.record.index is None else point.record.index
            other = records.setdefault(place, point.name)
            if other != point.name:
                raise ValueError(f"points {other} and {point.name} name the same record")
        return self


def load_mbus_profile(path: Path) -> MbusProfile:
    """The device file at ``path``; ConfigError with every problem, each with its line."""
    return load_as(path, MbusProfile)
