"""One quantity of a device: which registers, what type and order, what unit and meaning.

Addresses are zero-based and on the wire. Function codes are 3 and 4: nothing that writes can be
said here. What a whole device is, is told by ``collectors.devices.profile``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from collectors.devices.device_file import Unit
from paes.schema import ConfigModel
from paes.units import canonical_unit

LAST_ADDRESS = 0xFFFF
MOST_REGISTERS = 125
"""Registers in one read, by the Modbus specification (V1.1b3, 6.3 and 6.4)."""


class RegisterType(StrEnum):
    """How the words of a point make a number or a text."""

    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    STR = "str"

    @property
    def is_float(self) -> bool:
        """True for the two IEEE 754 formats."""
        return self in (RegisterType.F32, RegisterType.F64)

    @property
    def is_signed(self) -> bool:
        """True for two's complement integers."""
        return self in (RegisterType.I16, RegisterType.I32, RegisterType.I64)

    @property
    def words(self) -> int:
        """Registers it takes; 0 for a text, whose point says how many."""
        return {"6": 1, "2": 2, "4": 4}.get(self.value[-1], 0)


class WordOrder(StrEnum):
    """Order of the bytes A (most significant) to D on the wire, as makers print it."""

    ABCD = "ABCD"
    CDAB = "CDAB"
    BADC = "BADC"
    DCBA = "DCBA"


class ProfileKind(StrEnum):
    """What a point's value is over time, or what it is there for."""

    COUNTER = "counter"
    GAUGE = "gauge"
    STATE = "state"
    BITS = "bits"
    TEXT = "text"
    SCALE_FACTOR = "scale_factor"


# quantity -> the canonical unit of its points; None where several are right or none is.
QUANTITIES: Mapping[str, str | None] = {
    **dict.fromkeys(("active_energy", "dc_energy", "heat_energy", "cooling_energy"), "kWh"),
    **dict.fromkeys(("active_power", "dc_power", "heat_power", "rated_power"), "W"),
    "reactive_energy": "kvarh",
    "apparent_energy": "kVAh",
    "reactive_power": "var",
    "apparent_power": "VA",
    **dict.fromkeys(("voltage", "dc_voltage", "supply_voltage"), "V"),
    **dict.fromkeys(("current", "dc_current"), "A"),
    **dict.fromkeys(("frequency", "pulse_frequency"), "Hz"),
    **dict.fromkeys(("power_factor", "thd", "efficiency", "dimming_level"), "1"),
    "phase_angle": "deg",
    **dict.fromkeys(("volume", "volume_offset", "pulse_weight"), "m3"),
    "flow_rate": "m3/h",
    "temperature": "degC",
    "temperature_difference": "K",
    "insulation_resistance": "Ohm",
    "pulse": "pulse",
    **dict.fromkeys(("operating_time", "uptime", "timestamp"), "s"),
    **dict.fromkeys(
        ("state", "alarm", "error", "config", "restarts", "scale", "marker", "model_id"), None
    ),
    **dict.fromkeys(("model_length", "serial", "firmware", "model", "manufacturer"), None),
}

Address = Annotated[int, Field(ge=0, le=LAST_ADDRESS)]
FunctionCode = Literal[3, 4]
Count = Annotated[int, Field(ge=1, le=MOST_REGISTERS)]


class Registers(ConfigModel):
    """Consecutive registers that make one value."""

    address: Address
    type: RegisterType
    count: Count | None = None
    """Registers of a text; every other type knows its own width."""

    @property
    def width(self) -> int:
        """How many registers it takes."""
        return self.count or self.type.words

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.address + self.width

    @model_validator(mode="after")
    def _fits(self) -> Registers:
        if (self.type is RegisterType.STR) != (self.count is not None):
            raise ValueError("a text says how many registers it takes (count), nothing else does")
        if self.end > LAST_ADDRESS + 1:
            raise ValueError(f"registers {self.address} to {self.end - 1} go beyond {LAST_ADDRESS}")
        return self


class DevicePoint(Registers):
    """One quantity of a device: where its words are, and what they mean."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=60)]
    unit: Unit
    kind: ProfileKind
    quantity: str | None = None
    phase: Literal["l1", "l2", "l3", "n", "l1l2", "l2l3", "l3l1"] | None = None
    direction: Literal["import", "export", "sum"] | None = None
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Value = raw x scale, in ``unit``."""
    scale_from: str | None = None
    """Name of the point that holds the exponent: value = raw x 10^exponent."""
    fc: FunctionCode = 3
    order: WordOrder = WordOrder.ABCD
    poll: Literal["always", "slow", "once", "never"] = "always"
    invalid: tuple[Annotated[int, Field(ge=0, lt=2**64)], ...] = ()
    """Unsigned patterns of all the words together that mean "not available"."""
    nan: bool = False
    """The device sends NaN for what it does not have."""
    rollover: Annotated[int, Field(gt=0)] | None = None
    """The raw counter goes back to zero when it would reach this."""
    resets: Literal["daily", "yearly"] | None = None
    saturates: int | None = None
    """The raw counter stops here; it then says nothing any more."""
    raw_range: tuple[int, int] | None = None
    """Raw values the device can send, both ends included."""
    encoding: Literal["four_quadrant"] | None = None
    absolute: bool = False
    """The device sends a negative number for a quantity that has no sign."""
    repeat: Annotated[int, Field(ge=2)] | None = None
    """The point is the first of so many equal ones that follow each other."""
    values: dict[int, str] = Field(default_factory=dict)
    bits: dict[int, str] = Field(default_factory=dict)
    unit_from_installation: bool = False
    """Unit (or its factor) is a setting of the device: compare with its display."""
    verify: bool = False
    """Sources disagree, or only one weak source: check on the device."""
    mandatory: bool = False
    sunspec_type: str | None = None
    note: str | None = None

    @property
    def is_number(self) -> bool:
        """True if its value can become a reading."""
        return self.kind in (ProfileKind.COUNTER, ProfileKind.GAUGE, ProfileKind.STATE)

    @field_validator("quantity")
    @classmethod
    def _known_quantity(cls, quantity: str | None) -> str | None:
        if quantity is not None and quantity not in QUANTITIES:
            raise ValueError(f"unknown quantity {quantity!r}; expected {', '.join(QUANTITIES)}")
        return quantity

    @model_validator(mode="after")
    def _coherent(self) -> DevicePoint:
        self._check_unit()
        if self.type is RegisterType.STR and self.kind is not ProfileKind.TEXT:
            raise ValueError(f"a str is of kind text, seen {self.kind}")
        if (self.rollover or self.resets) and self.kind is not ProfileKind.COUNTER:
            raise ValueError(f"only a counter has rollover or resets, this is a {self.kind}")
        if self.scale_from and self.scale != 1:
            raise ValueError("either scale or scale_from, not both")
        if self.address + self.width * (self.repeat or 1) > LAST_ADDRESS + 1:
            raise ValueError(f"{self.repeat} repetitions go beyond address {LAST_ADDRESS}")
        return self

    def _check_unit(self) -> None:
        expected = QUANTITIES.get(self.quantity or "")
        if expected is None or (self.unit == "" and self.unit_from_installation):
            return
        if canonical_unit(self.unit) != expected:
            raise ValueError(
                f"{self.quantity} in {self.unit!r}; expected a unit of {expected}, or "
                "unit_from_installation where the device's setting decides"
            )
