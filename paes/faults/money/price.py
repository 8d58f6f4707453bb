"""What a malfunction has cost so far, and what each week more would cost."""

from __future__ import annotations

from dataclasses import dataclass

from paes.errors import DataError


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure between its bounds."""

    low: float
    likely: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.likely <= self.high:
            raise DataError(f"{self.likely:g} does not lie within {self.low:g} and {self.high:g}")

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def times(self, weight: float) -> Interval:
        """A part of it, or several of it; ``weight`` is not negative."""
        return Interval(self.low * weight, self.likely * weight, self.high * weight)


NOTHING = Interval(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Waste:
    """An amount (kWh, of water m3), its money and its emissions.

    ``eur`` is None where no contract gives a price, ``co2_t`` None of water and where no factor
    is known.
    """

    amount: Interval
    eur: Interval | None
    co2_t: Interval | None


@dataclass(frozen=True, slots=True)
class Price:
    """What an episode wasted so far, and what it wastes in a week if it is left alone.

    ``unit`` is that of the amounts; ``is_assumed`` if a tariff or factor is; ``gap_fraction`` is
    what a year of it is of the tonnes that the target still lacks (None: no gap, or not known).
    ``unknown_h`` are hours of the episode in which nobody saw what passed: they are in no figure.
    """

    unit: str
    so_far: Waste
    per_week: Waste
    is_assumed: bool = False
    gap_fraction: float | None = None
    unknown_h: float = 0.0
    unpriced: float = 0.0
    """The likely amount at times without a contract: it is in no EUR."""
    rests_on: tuple[str, ...] = ()
    """The tariffs and factors behind it, in words, with how each factor matched."""
