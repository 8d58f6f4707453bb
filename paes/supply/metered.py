"""What meters saw of a plant in a year, in MWh with the bounds of their gaps."""

from __future__ import annotations

from dataclasses import dataclass, field

from paes.supply.local_supply import Amount


@dataclass(frozen=True)
class Metered:
    """What the meters of a plant, or of a kind that no plant claims, saw in the year."""

    meters: int
    electricity: Amount = field(default_factory=Amount)
    delivered: Amount = field(default_factory=Amount)
    """What was fed into the grid, as far as that is metered."""
    without_feed_in: Amount = field(default_factory=Amount)
    """The part of the electricity of which nobody meters what is fed in."""
    heat: Amount = field(default_factory=Amount)
    year_fraction: float = 1.0
    """The part of the year (0..1) in which its meters were in use."""

    def __add__(self, other: Metered) -> Metered:
        return Metered(
            self.meters + other.meters,
            self.electricity + other.electricity,
            self.delivered + other.delivered,
            self.without_feed_in + other.without_feed_in,
            self.heat + other.heat,
            min(self.year_fraction, other.year_fraction),
        )
