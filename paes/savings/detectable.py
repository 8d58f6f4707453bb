"""The smallest saving that the meters of an action can show, asked before the works."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detectable:
    """By both bands, of a year as the last one: kWh, and the wider as a part of the year's use.

    ``declared_kwh`` is None if nothing was declared.
    """

    year_kwh: float
    statistical_kwh: float
    empirical_kwh: float
    declared_kwh: float | None

    @property
    def kwh(self) -> float:
        """A smaller saving would not be told from what changes anyway."""
        return max(self.statistical_kwh, self.empirical_kwh)

    @property
    def fraction(self) -> float:
        """Of what is used now; NaN of nothing."""
        return self.kwh / self.year_kwh if self.year_kwh > 0 else math.nan

    @property
    def is_declared_detectable(self) -> bool | None:
        """True if the declared saving would show; None if nothing was declared."""
        return None if not self.declared_kwh else self.declared_kwh > self.kwh
