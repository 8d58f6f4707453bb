"""What a device puts in which register: one file of ``config/devices`` as a checked value.

A device is data, not a program. A profile (schema ``mbdev/1``) names points; each point says at
which wire address its words lie, how they make a number, in which unit, and what the number is.

Invariants once loaded: addresses are zero-based and on the wire; every point carries its own
function code, word order and invalid patterns (the profile's defaults are filled in); nothing
here can write, for function codes other than 3 and 4 do not exist; the same quantity has the
same name in every profile (``energy_import``, ``energy_export``, ``active_power``,
``heat_energy``, ``volume``, ``pulses_3`` …) except in SunSpec models, which keep SunSpec's.

Read next: ``collectors.devices.registers`` (words to values) and ``collectors.modbus.read_plan``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from collectors.devices.device_file import DeviceFile, load_as, point_named
from collectors.devices.point import (
    MOST_REGISTERS,
    Address,
    Count,
    DevicePoint,
    FunctionCode,
    ProfileKind,
    Registers,
    RegisterType,
    WordOrder,
)
from collectors.devices.repeating_group import RepeatingGroup
from paes.schema import ConfigModel

__all__ = [
    "Base",
    "DevicePoint",
    "DeviceProfile",
    "Identification",
    "Link",
    "ReadLimits",
    "RegisterType",
    "WordOrder",
    "load_profile",
]


class Serial(ConfigModel):
    """Factory settings of the serial line."""

    baud: Annotated[int, Field(ge=300, le=1_000_000)] | None = None
    parity: Literal["N", "E", "O"] | None = None
    stop: Literal[1, 2] | None = None


class Link(ConfigModel):
    """How the device is reached, as it comes from the factory."""

    transports: tuple[Literal["rtu", "tcp", "udp"], ...] = Field(min_length=1)
    default_unit: Annotated[int, Field(ge=0, le=255)] | None = None
    unit_candidates: tuple[int, ...] = ()
    meter_units: tuple[int, ...] = ()
    """Units on which a smart meter attached to the device answers."""
    tcp_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    alt_tcp_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    serial: Serial | None = None
    one_connection: bool = False
    """The device accepts one client at a time."""
    connect_delay_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    idle_close_s: Annotated[int, Field(gt=0)] | None = None
    note: str | None = None


class ReadLimits(ConfigModel):
    """What one request may ask for, and how patient the reader must be."""

    max_registers: Count = MOST_REGISTERS
    max_gap: Annotated[int, Field(ge=0, le=MOST_REGISTERS)] | None = None
    """Unneeded registers that may be read through; None leaves it to the read plan."""
    min_timeout_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    pause_ms: Annotated[int, Field(ge=0, le=10_000)] = 0
    one_point_per_request: bool = False
    note: str | None = None


class PointDefaults(ConfigModel):
    """What a point has when it does not say otherwise."""

    fc: FunctionCode
    order: WordOrder
    nan: bool = False
    invalid_by_type: dict[RegisterType, tuple[int, ...]] = Field(default_factory=dict)


class Identification(Registers):
    """A register that tells whether this is the device that the profile describes."""

    equals: tuple[int | str, ...] = ()
    """What it may hold; empty: it is only shown."""
    meaning: str | None = None


class Base(ConfigModel):
    """Where the addresses count from, when not from zero."""

    kind: Literal["sunspec_model", "sunspec_chain"]
    at: tuple[Address, ...] = ()
    model: Annotated[int, Field(gt=0, lt=0xFFFF)] | None = None
    """The SunSpec model whose points these are."""
    occurrence: Annotated[int, Field(ge=1)] = 1
    """Which of several models of that number in one unit, in the order of the chain."""
    registers: Annotated[int, Field(gt=0)] | None = None
    """Length of a SunSpec model without its repeating groups, id and length included."""
    note: str | None = None

    @property
    def is_relative(self) -> bool:
        """True if the points' addresses are offsets from a place that must be found first."""
        return self.kind == "sunspec_model"

    @model_validator(mode="after")
    def _names_its_model(self) -> Base:
        if self.kind == "sunspec_model" and self.model is None:
            raise ValueError("a base of kind sunspec_model says which: model: 103")
        return self


class DeviceProfile(DeviceFile):
    """Everything known about one family of devices."""

    schema_version: Literal["mbdev/1"] = Field(alias="schema")
    link: Link | None = None
    read: ReadLimits = ReadLimits()
    defaults: PointDefaults
    base: Base | None = None
    identify: tuple[Identification, ...] = ()
    points: tuple[DevicePoint, ...] = ()
    repeating: tuple[RepeatingGroup, ...] = ()
    """Groups whose number only the device knows; counted ones became points."""

    @property
    def is_relative(self) -> bool:
        """True if a place must be found before anything can be read."""
        return self.base is not None and self.base.is_relative

    @property
    def groups_start(self) -> int:
        """Where repeating groups begin: after the registers of the model's head."""
        return (self.base.registers or 0) if self.base else 0

    def point(self, name: str) -> DevicePoint:
        """The point called ``name``; DataError with what there is.

        A point of a group whose number only the device knows is there for every number.
        """
        for group in self.repeating:
            numbered = group.find(name, self.groups_start)
            if numbered is not None:
                return numbered
        groups = [
            g.numbered(p, g.first, self.groups_start) for g in self.repeating for p in g.points
        ]
        return point_named(self.id, (*self.points, *groups), name)

    @model_validator(mode="before")
    @classmethod
    def _fill_in_defaults(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("defaults"), dict):
            return data
        filled = dict(data)
        if "points" in data:
            filled["points"] = _with_defaults(data["points"], data["defaults"])
        if isinstance(data.get("repeating"), list):
            filled["repeating"] = [
                {**group, "points": _with_defaults(group.get("points"), data["defaults"])}
                if isinstance(group, dict)
                else group
                for group in data["repeating"]
            ]
        return filled

    @model_validator(mode="wrap")
    @classmethod
    def _number_the_counted(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Counted groups become points, after they were checked where they are written."""
        profile = handler(data)
        points = [*profile.points]
        for group in profile.repeating:
            for number in range(group.first, group.first + (group.count or 0)):
                points += [group.numbered(p, number, profile.groups_start) for p in group.points]
        still_open = tuple(g for g in profile.repeating if g.count is None)
        if len(still_open) == len(profile.repeating):
            return profile
        return profile.model_copy(update={"points": tuple(points), "repeating": still_open})

    @model_validator(mode="after")
    def _points_agree(self) -> DeviceProfile:
        if not self.points and not self.repeating:
            raise ValueError("a device has at least one point (points:)")
        _refuse_equal_names(self.points)
        _refuse_overlaps(self.points)
        shared = {p.name: p for p in self.points}
        for point in self.points:
            _check_scale_factor(point, shared, self.read.max_registers)
            _check_width(point, self.read.max_registers)
        for group in self.repeating:
            _refuse_equal_names(group.points)
            _refuse_overlaps(group.points)
            for point in group.points:
                # The group is read apart from the model's head, so no common request is asked.
                _check_scale_factor(point, shared, None)
        return self


def load_profile(path: Path) -> DeviceProfile:
    """The device file at ``path``; ConfigError with every problem, each with its line."""
    return load_as(path, DeviceProfile)


def _with_defaults(points: Any, defaults: dict[str, Any]) -> Any:
    if not isinstance(points, list):
        return points
    common = {k: defaults[k] for k in ("fc", "order", "nan") if k in defaults}
    by_type = defaults.get("invalid_by_type")
    patterns = by_type if isinstance(by_type, dict) else {}
    filled = []
    for point in points:
        if not isinstance(point, dict):
            filled.append(point)
            continue
        invalid = patterns.get(point.get("type"))
        filled.append({**common, **({"invalid": invalid} if invalid else {}), **point})
    return filled


def _refuse_equal_names(points: tuple[DevicePoint, ...]) -> None:
    seen: set[str] = set()
    for point in points:
        if point.name in seen:
            raise ValueError(f"point {point.name} is there twice")
        seen.add(point.name)


def _refuse_overlaps(points: tuple[DevicePoint, ...]) -> None:
    """Two points share registers only if they are two readings of exactly the same ones.

    A partly shared register is a slip of the address in nearly every case, and its number looks
    plausible; the same registers under two names (a state and its bits) are a choice.
    """
    ordered = sorted(points, key=lambda p: (p.fc, p.address, p.width))
    for before, after in pairwise(ordered):
        same = (before.address, before.width) == (after.address, after.width)
        if before.fc == after.fc and after.address < before.end and not same:
            raise ValueError(
                f"point {after.name} (registers {after.address} to {after.end - 1}) overlaps "
                f"{before.name} ({before.address} to {before.end - 1})"
            )


def _check_scale_factor(
    point: DevicePoint, shared: Mapping[str, DevicePoint], max_registers: int | None
) -> None:
    if point.scale_from is None:
        return
    factor = shared.get(point.scale_from)
    if factor is None or factor.kind is not ProfileKind.SCALE_FACTOR:
        raise ValueError(
            f"point {point.name}: scale_from {point.scale_from!r} is not a point of kind "
            "scale_factor in this file"
        )
    if max_registers is None:
        return
    span = max(point.end, factor.end) - min(point.address, factor.address)
    if factor.fc != point.fc or span > max_registers:
        raise ValueError(
            f"point {point.name} and its scale factor {factor.name} do not fit in one request "
            f"({span} registers, {max_registers} allowed), so they could disagree"
        )


def _check_width(point: DevicePoint, max_registers: int) -> None:
    if point.width > max_registers:
        raise ValueError(
            f"point {point.name} takes {point.width} registers; one request may ask for "
            f"{max_registers} (read.max_registers)"
        )
