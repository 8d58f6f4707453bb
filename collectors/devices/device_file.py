"""What every device file says, whatever the device speaks: what it is, how sure that is, and why.

A file is named after the id in it, because meters name devices by id.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field

from paes.config_file import read_yaml
from paes.errors import ConfigError, DataError
from paes.schema import ConfigModel, Identifier
from paes.units import canonical_unit


class DeviceKind(StrEnum):
    """What a device is for."""

    ELECTRICITY_METER = "electricity_meter"
    HEAT_METER = "heat_meter"
    WATER_METER = "water_meter"
    PULSE_COUNTER = "pulse_counter"
    PV_INVERTER = "pv_inverter"
    PV_STRINGS = "pv_strings"
    LIGHTING_GATEWAY = "lighting_gateway"
    WEATHER_SENSOR = "weather_sensor"
    COMMON = "common"


def _known_unit(unit: str) -> str:
    try:
        canonical_unit(unit)
    except DataError as err:
        raise ValueError(str(err)) from err
    return unit


Unit = Annotated[str, AfterValidator(_known_unit)]
"""A unit that the product can convert."""


class DeviceFile(ConfigModel):
    """The part of a device file that does not depend on what the device speaks."""

    id: Identifier
    vendor: str = Field(min_length=1)
    models: tuple[str, ...] = Field(min_length=1)
    kind: DeviceKind
    confidence: Literal["high", "medium", "low"]
    """high: production code of a maintained project, the maker's documentation or a
    machine-readable standard; medium: one catalogue or example; low: a partial sheet or a guess,
    to be completed before use."""
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = Field(min_length=1)


class Named(Protocol):
    """A point of any device file."""

    @property
    def name(self) -> str: ...


P = TypeVar("P", bound=Named)
F = TypeVar("F", bound=DeviceFile)


def point_named(device: str, points: Iterable[P], name: str) -> P:
    """The point called ``name``; DataError with what there is."""
    known = {point.name: point for point in points}
    if name not in known:
        raise DataError(f"device {device} has no point {name!r}; it has {', '.join(known)}")
    return known[name]


def load_as(path: Path, model: type[F]) -> F:
    """The device file at ``path`` as a ``model``; ConfigError with every problem and its line."""
    device = read_yaml(path, model)
    if device.id != path.stem:
        raise ConfigError.at(path, None, "id", f"expected {path.stem!r} (the file), {device.id!r}")
    return device
