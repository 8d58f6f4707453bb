"""Option C: a whole building before and after, by a model of its baseline year.

::

    avoided = (model of the baseline year, at the reporting period's weather and calendar)
              - energy of the reporting period +- non-routine adjustments

(IPMVP Core Concepts, avoided energy; the model is that of ``paes.baselines``.) Lamps behind a meter
of their own are option B by the same equation: their model follows the hours of night.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paes.baselines.baseline import Baseline, obstacle
from paes.metering import Finding
from paes.plan.measurement import Measurement
from paes.savings.assumptions import SavingsAssumptions
from paes.savings.avoided import AvoidedEnergy, avoided_energy
from paes.savings.metered import Metered
from paes.savings.non_routine import adjustment, without_events
from paes.savings.null_savings import scale_break
from paes.savings.periods import DaySpan, Periods
from paes.series import Floats


@dataclass(frozen=True)
class Before:
    """What a part is expected to use: its model, asked of all days; or why there is none.

    ``expected_kwh`` and ``added_kwh`` (non-routine) have a value for each day of the part.
    ``learnt_days`` are those of the baseline year that the model was made from.
    """

    metered: Metered
    model: Baseline | None
    expected_kwh: Floats
    added_kwh: Floats
    learnt_days: int
    obstacle: Finding | None = None


def before_works(
    metered: Metered,
    baseline: DaySpan,
    measurement: Measurement | None,
    assumptions: SavingsAssumptions,
) -> Before:
    """The model of a part from its ``baseline`` year, without what events added to it."""
    events = measurement.non_routine if measurement else ()
    at = metered.at(baseline)
    learnt = without_events(metered, events)[at]
    days = metered.days.between(baseline.first, baseline.end)
    known = int((~np.isnan(learnt) & ~np.isnan(days.degc)).sum())
    nothing = np.full(len(metered.days), np.nan)
    hindrance = obstacle(metered.name, learnt, days)
    if hindrance is None and known < assumptions.days.baseline_least:
        hindrance = _too_few(metered.name, known, assumptions.days.baseline_least)
    if hindrance:
        return Before(metered, None, nothing, nothing, known, hindrance)
    model = Baseline.fit(learnt, days)
    expected = model.predict(metered.days.at(metered.likely_degc))
    return Before(metered, model, expected, adjustment(metered, events, expected), known)


def after_works(before: Before, span: DaySpan) -> AvoidedEnergy:
    """What was avoided in ``span``; the model must be there."""
    return avoided_energy(before.metered, span, before.expected_kwh, before.added_kwh)


def meter_changed(before: Before, periods: Periods, assumptions: SavingsAssumptions) -> bool:
    """True if a month after the works shows many times more than before."""
    at = before.metered.at(periods.reporting)
    used, adjusted = before.metered.sure_kwh[at], (before.expected_kwh + before.added_kwh)[at]
    more = np.maximum(used, adjusted)  # less may be the works: a boiler that is gone
    return scale_break(more, adjusted, periods.reporting.first, assumptions)


def _too_few(name: str, known: int, least: int) -> Finding:
    text = (
        f"{name}: {known} days of the baseline year with measured energy and known temperature; "
        f"expected {least} at the least"
    )
    return Finding("saving.too_few_days", name, text, None, {"days": known})
