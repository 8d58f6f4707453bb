"""An amount of energy that says how much of it was seen."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class EnergyTotal:
    """Energy of a period: what is measured, what is estimated, and what is missing.

    ``catch_up_kwh`` is the part of ``measured_kwh`` that passed during gaps: its amount was
    measured, its course was not. What was estimated lies between its own bounds, what is missing
    has bounds alone; the true energy lies between ``low_kwh`` and ``high_kwh`` (infinite if
    nothing bounds it).
    """

    measured_kwh: float = 0.0
    catch_up_kwh: float = 0.0
    estimated_kwh: float = 0.0
    estimated_low_kwh: float = 0.0
    estimated_high_kwh: float = 0.0
    missing_low_kwh: float = 0.0
    missing_high_kwh: float = 0.0
    covered_s: float = 0.0
    span_s: float = 0.0

    def __add__(self, other: EnergyTotal) -> EnergyTotal:
        return EnergyTotal(
            *(getattr(self, f.name) + getattr(other, f.name) for f in fields(EnergyTotal))
        )

    @property
    def kwh(self) -> float:
        """Measured and estimated energy."""
        return self.measured_kwh + self.estimated_kwh

    @property
    def low_kwh(self) -> float:
        """The least that can have been used."""
        return self.measured_kwh + self.estimated_low_kwh + self.missing_low_kwh

    @property
    def high_kwh(self) -> float:
        """The most that can have been used."""
        return self.measured_kwh + self.estimated_high_kwh + self.missing_high_kwh

    @property
    def coverage(self) -> float | None:
        """The part of the time (0..1) with interval data; None if no time was to be covered."""
        return self.covered_s / self.span_s if self.span_s else None
