"""What an action really saved: figures, bands, verdict, and whether it lasts.

How it is made is told by ``measuring``; how its figures come about by ``whole_building`` (option C,
and lamps that were metered before), ``lighting`` (option A) and ``production`` (plants).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from paes.faults.money.price import Interval
from paes.metering import Finding
from paes.plan.action import Action
from paes.plan.measurement import Option
from paes.savings.bands import EmpiricalBand
from paes.savings.detectable import Detectable
from paes.savings.figure import SavingFigure
from paes.savings.periods import Periods
from paes.savings.persistence import Persistence
from paes.savings.verdict import Judged, Reason, Verdict
from paes.savings.whole_building import Before


@dataclass(frozen=True)
class ActionSaving:
    """The measured saving of one action as of a day.

    ``year`` is the first whole year after the works, of plants the last one; ``to_date`` all days
    since (None while there are none). ``declared_kwh`` is a year's, of this action and of those
    ``measured_with`` it; None if nothing was declared.
    """

    action: Action
    option: Option
    as_of: date
    periods: Periods
    judged: Judged
    declared_kwh: float | None
    parts: tuple[str, ...] = ()
    models: tuple[Before, ...] = ()
    bands: tuple[EmpiricalBand, ...] = ()
    year: SavingFigure | None = None
    to_date: SavingFigure | None = None
    persistence: Persistence | None = None
    detectable: Detectable | None = None
    measured_with: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """In a word."""
        return self.judged.verdict

    @property
    def realisation(self) -> Interval | None:
        """What part of the declared saving was measured; None without either, or a verdict."""
        if self.verdict is Verdict.NOT_MEASURABLE or not (self.year and self.declared_kwh):
            return None
        of = self.year.kwh
        return Interval(*(bound / self.declared_kwh for bound in (of.low, of.likely, of.high)))

    @property
    def is_open_again(self) -> bool:
        """True if the saving has decayed: somebody has to see to the action once more."""
        return bool(self.persistence and self.persistence.has_decayed)


def not_measurable(saving: ActionSaving, reason: Reason, *findings: Finding) -> ActionSaving:
    """The same without a verdict, for ``reason``."""
    judged = Judged(Verdict.NOT_MEASURABLE, reason)
    return replace(saving, judged=judged, findings=(*saving.findings, *findings))


def declared_kwh(action: Action, others: Sequence[Action] = ()) -> float | None:
    """A year's declared saving or production of what is measured; of all that are measured as one.

    None if one of them declares nothing.
    """
    total = 0.0
    for one in (action, *others):
        mwh = [m for m in (one.declared_saving_mwh, one.declared_production_mwh) if m is not None]
        if not mwh:
            return None
        part = one.measurement.declared_fraction if one.measurement else 1.0
        total += math.fsum(mwh) * 1000 * part
    return total
