"""Meters: what is read by the collector, and what files bring the figures of.

A *meter* is a measuring position that lives for decades; the device in it may be replaced
(``Replacement``) and its history goes on. Read ``paes.metering`` for the words around it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from paes.meter_trees.shared import Share
from paes.metering import Carrier, Evidence, Measures, Plant, Register, point_id
from paes.pulse import Pulse
from paes.schema import ConfigModel, Identifier, Name, Sourced

Topic = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^+#\x00]+$")]
"""An MQTT topic without wildcards."""


Pod = Annotated[str, Field(pattern=r"^IT\d{3}E[A-Z0-9]{8}[A-Z0-9]?$")]
"""A point of delivery of electricity: 14 characters, and perhaps one that controls them."""


Pdr = Annotated[str, Field(pattern=r"^\d{14}$")]
"""A point of redelivery of gas."""


class Replacement(ConfigModel):
    """The device of a meter was exchanged at ``at``; the meter's history goes on.

    ``last_reading`` is the old device's register when it was taken out, ``first_reading`` the
    new one's when it was put in, both in the canonical unit of the meter's register. Without
    them the energy between the last reading before and the first after is missing, with bounds.
    """

    at: AwareDatetime
    old_serial: str | None = None
    new_serial: str
    last_reading: float | None = Field(default=None, ge=0)
    first_reading: float | None = Field(default=None, ge=0)

    @field_validator("at")
    @classmethod
    def _utc(cls, at: datetime) -> datetime:
        return at.astimezone(UTC)


class Meter(Sourced):
    """A measuring position at a site, however its figures come here.

    Two kinds: one that the collector reads (``FieldMeter``), and one whose figures come in files
    (``ImportedMeter``): the distributor's load curves, bills, registers written down by hand.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*$", max_length=121)]
    """``<site>.<name>``, e.g. ``scuola-2-giugno.main``."""
    name: Name | None = None
    measures: Measures = Measures.WITHDRAWAL
    carrier: Carrier | None = None
    """None only for water."""
    parent: str | None = None
    """Of a submeter: what it is part of, here or at another site, whose energy it then takes."""
    shares: tuple[Share, ...] = ()
    """How its energy is split between sites, from a local day on each; before, it is its own's."""
    plant: Plant | None = None
    """What generates, of a meter of generation; photovoltaic if not said."""
    pod: Pod | None = None
    pdr: Pdr | None = None
    serial: str | None = None
    volume_correction: float = Field(default=1.0, gt=0)
    """Coefficient C of a gas meter: Sm3 = m3 x C."""
    rated_power_kw: float | None = Field(default=None, gt=0)
    """What can pass at most; bounds a gap, and a step above 1.2 times it is a spike."""
    rated_flow_m3_h: float | None = Field(default=None, gt=0)
    """The same for water and gas."""
    accuracy_fraction: float | None = Field(default=None, gt=0, le=0.2)
    """Its largest relative error in use, where that is known; else its carrier's usual one."""
    valid_from: date | None = None
    valid_to: date | None = None
    """First day after the meter's life (half-open), local."""
    replacements: tuple[Replacement, ...] = ()
    """Exchanges with what is known of both registers; those the collector notices are added."""

    @property
    def site(self) -> str:
        """The id of the site it stands at."""
        return self.id.split(".", 1)[0]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.measures is Measures.WEATHER) != isinstance(self, Sensor):
            raise ValueError("what measures the weather is no meter; list it under sensors:")
        if (self.carrier is None) != (self.measures in (Measures.WATER, Measures.WEATHER)):
            raise ValueError("a water meter has no carrier, and every other meter has one")
        if (self.parent is None) == (self.measures is Measures.SUBMETER):
            raise ValueError("a submeter names its parent, and no other meter has one")
        if self.shares and self.parent:
            raise ValueError("shares are those of the meter that it is part of; leave them out")
        days = [share.since for share in self.shares]
        if days != sorted(set(days)):
            raise ValueError("shares must be in order of time, each from its own day on")
        if self.plant and self.measures is not Measures.GENERATION:
            raise ValueError(f"plant {self.plant} of a meter that measures {self.measures}")
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} is not after valid_from {self.valid_from}")
        times = [r.at for r in self.replacements]
        if times != sorted(set(times)):
            raise ValueError("replacements must be in order of time, each at its own time")
        return self


class FieldMeter(Meter):
    """A meter that the collector reads, and where it finds its device."""

    topic: Topic | None = None
    """Behind a broker: what the device's own messages are published under."""
    secondary_address: Annotated[str, Field(pattern=r"^[0-9]{8}$")] | None = None
    """On an M-Bus: the number on the device's face, where it has no primary address."""
    device: Identifier
    gateway: Identifier
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    register_name: str | None = Field(default=None, alias="register")
    """The profile's counter that is accounted; by default the only one that fits."""
    ct_ratio: float = Field(default=1.0, gt=0)
    vt_ratio: float = Field(default=1.0, gt=0)
    pulse: Pulse | None = None

    @property
    def transformer_ratio(self) -> float:
        """What registers of current, power and energy are multiplied by."""
        return self.ct_ratio * self.vt_ratio


class Sensor(FieldMeter):
    """A device that the collector reads as it does a meter, and that counts nothing.

    It stands under ``sensors:`` and in no list of meters, so that it is in no total of energy.
    """

    measures: Literal[Measures.WEATHER] = Measures.WEATHER
    register_name: str = Field(default="outdoor_temperature", alias="register")
    """The profile's point that is read."""

    @property
    def point(self) -> str:
        """Where its readings are stored."""
        return point_id(self.id, self.register_name)


class ImportedMeter(Meter):
    """A meter that no collector reads: its figures come in files (``paes import``)."""

    brings: Evidence = Evidence.INTERVALS
    interval_s: Literal[300, 600, 900, 1800, 3600] = 900
    """The length of the intervals of a load curve."""
    digits: Annotated[int, Field(ge=3, le=12)] | None = None
    """How many whole digits a counter has: it wraps to zero behind them."""
    unit: Literal["kWh", "m3", "l", "kg"] | None = None
    """In what it is accounted; without it kWh, for gas and water m3 (gas: Sm3), for fuels l."""
    fuel: Identifier | None = None
    """Which of a carrier's fuels it is (wood, pellet), where their calorific values differ."""

    @property
    def register(self) -> Register:
        """What is accounted: canonical, since importers convert."""
        unit = self.unit or _usual_unit(self.carrier)
        name = _ACCOUNTED[unit]
        if self.measures is Measures.FEED_IN:
            name = "energy_export"
        if self.brings is not Evidence.COUNTER:
            name = f"{name}_{self.brings}"
        return Register(
            point=point_id(self.id, name),
            unit=unit,
            modulus=10.0**self.digits if self.digits else None,
            resolution=1e-3,
            kind=self.brings,
            interval_s=self.interval_s if self.brings is Evidence.INTERVALS else None,
        )

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.digits and self.brings is not Evidence.COUNTER:
            raise ValueError(f"digits are those of a counter, and the files bring {self.brings}")
        if self.unit not in (None, "m3") and self.carrier is None:
            raise ValueError(f"unit {self.unit!r} is none of water; expected m3")
        return self


_ACCOUNTED = {"kWh": "energy_import", "m3": "volume", "l": "fuel_volume", "kg": "fuel_mass"}


def _usual_unit(carrier: Carrier | None) -> str:
    if carrier in (None, Carrier.NATURAL_GAS):
        return "m3"
    return "kWh" if carrier in (Carrier.ELECTRICITY, Carrier.HEAT_COLD) else "l"
