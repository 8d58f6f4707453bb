"""The causes of a change as a list that tables, documents and pages print alike.

Each says whom it is owed to, and how it is known: computed from figures of both years, declared
by the register, or what remains. Local supply is owed to several: the town, its citizens and its
firms all own plants.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from paes.causes.effects import Effects


class Owed(StrEnum):
    """Whom a part of a change is owed to."""

    CIRCUMSTANCES = "circumstances"
    SUPRA_ORDINATE = "supra_ordinate"
    SEVERAL = "several"
    OWN = "own"
    NOBODY_KNOWS = "nobody_knows"


class Basis(StrEnum):
    """How a part of a change is known."""

    COMPUTED = "computed"
    DECLARED = "declared"
    REMAINS = "remains"


@dataclass(frozen=True, slots=True)
class Cause:
    """One part of the reduction, in t (positive: less emissions), and its bounds if it has any."""

    name: str
    owed: Owed
    basis: Basis
    t: float
    low_t: float
    high_t: float
    assumed: bool = False
    """True if it was computed from an assumed driver or share."""

    @property
    def is_told(self) -> bool:
        """False if it is 0 and nothing bounds it away from 0; own actions are told all the same."""
        return bool(self.t or self.low_t or self.high_t) or self.owed is Owed.OWN


_TOLD = (
    ("weather", Owed.CIRCUMSTANCES, Basis.COMPUTED),
    ("activity", Owed.CIRCUMSTANCES, Basis.COMPUTED),
    ("boundary", Owed.CIRCUMSTANCES, Basis.COMPUTED),
    ("other_factors", Owed.CIRCUMSTANCES, Basis.COMPUTED),
    ("other_rows", Owed.CIRCUMSTANCES, Basis.COMPUTED),
    ("grid", Owed.SUPRA_ORDINATE, Basis.COMPUTED),
    ("supra_actions", Owed.SUPRA_ORDINATE, Basis.DECLARED),
    ("local_supply", Owed.SEVERAL, Basis.COMPUTED),
    ("mixed_actions", Owed.SEVERAL, Basis.DECLARED),
    ("own_actions", Owed.OWN, Basis.DECLARED),
)


def causes_of(effects: Effects) -> tuple[Cause, ...]:
    """All causes of ``effects`` and what is unexplained; they add up to its total."""
    causes = []
    for name, owed, basis in _TOLD:
        t = getattr(effects, f"{name}_t")
        low, high = (effects.own_low_t, effects.own_high_t) if owed is Owed.OWN else (t, t)
        causes.append(Cause(name, owed, basis, t, low, high, f"{name}_t" in effects.assumed))
    low, high = effects.unexplained_bounds_t
    rest = Cause("unexplained", Owed.NOBODY_KNOWS, Basis.REMAINS, effects.unexplained_t, low, high)
    return (*causes, rest)


def subtotal_t(causes: Iterable[Cause], owed: Owed) -> float:
    """All that is owed to one of them."""
    return math.fsum(cause.t for cause in causes if cause.owed is owed)
