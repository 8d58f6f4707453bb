"""Pulse meters: what a pulse is worth, and what the dial shows for the pulses counted so far.

::

    dial = initial_reading + pulses x weight                    until the first correction
    dial = reading + (pulses - pulses then) x weight            from a correction on

What a correction means for energy is decided in ``paes.accounting.corrections``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, Field, field_validator, model_validator

from paes.schema import ConfigModel


class PulseCorrection(ConfigModel):
    """The dial was read by hand at ``at``: what it showed while ``pulses`` were counted.

    Also the way to tell that the counter was exchanged or began again: ``pulses`` is then what
    the new one showed.
    """

    at: AwareDatetime
    pulses: float = Field(ge=0)
    reading: float = Field(ge=0)
    """The dial, in the unit of the pulses' weight."""
    by: str = Field(min_length=1)
    """Who read it."""
    reason: str = Field(min_length=1)

    @field_validator("at")
    @classmethod
    def _utc(cls, at: datetime) -> datetime:
        return at.astimezone(UTC).replace(microsecond=0)


class Pulse(ConfigModel):
    """What one pulse of a pulse meter is worth, and what the dial showed at zero pulses.

    From a correction on, the register goes on from what the dial showed then.
    """

    weight: float = Field(gt=0)
    unit: Literal["Wh", "kWh", "m3", "l"]
    initial_reading: float = Field(default=0.0, ge=0)
    """In ``unit``: the dial minus the pulses counted so far."""
    corrections: tuple[PulseCorrection, ...] = ()

    def dial(self, pulses: float, at: datetime | None = None) -> float:
        """What the dial shows at ``at`` (None: after every correction), in ``unit``."""
        counted, reading = self._anchor(at)
        return reading + (pulses - counted) * self.weight

    def pulses(self, dial: float, at: datetime | None = None) -> float:
        """The inverse of ``dial``."""
        counted, reading = self._anchor(at)
        return (dial - reading) / self.weight + counted

    def _anchor(self, at: datetime | None) -> tuple[float, float]:
        """The pulses and the dial from which the register is counted at ``at``."""
        done = [c for c in self.corrections if at is None or c.at <= at]
        return (done[-1].pulses, done[-1].reading) if done else (0.0, self.initial_reading)

    @model_validator(mode="after")
    def _in_order(self) -> Pulse:
        times = [c.at for c in self.corrections]
        if times != sorted(set(times)):
            raise ValueError("corrections must be in order of time, each at its own time")
        return self
