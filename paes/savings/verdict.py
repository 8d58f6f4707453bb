"""What meters say of a declared saving: confirmed, not detectable, contradicted, not measurable.

::

              0              declared
    --[===]---|-----------------d-------   contradicted: use went up
    ------[===|===]-------------d-------   contradicted: even the most is too little
    --------[=|=================d===]---   not detectable: no more than normal change
    ----------|------[==========d===]---   confirmed

The interval is what was measured, with the wider of both bands and with what gaps leave open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from paes.faults.money.price import Interval
from paes.savings.assumptions import VerdictRules


class Verdict(StrEnum):
    """Declared beside measured, in a word."""

    CONFIRMED = "confirmed"
    NOT_DETECTABLE = "not_detectable"
    CONTRADICTED = "contradicted"
    NOT_MEASURABLE = "not_measurable"


class Reason(StrEnum):
    """Why a verdict is what it is."""

    AS_DECLARED = "as_declared"  # a saving is there, and a good part of what was declared
    SAVING_SEEN = "saving_seen"  # a saving is there; nothing was declared to hold it against
    WITHIN_NORMAL_CHANGE = "within_normal_change"
    SIZE_OPEN = "size_open"  # a saving is there; whether it is the declared one stays open
    LESS_THAN_DECLARED = "less_than_declared"  # even the most is too little
    USE_WENT_UP = "use_went_up"
    NO_METERS = "no_meters"
    TOO_FEW_DAYS = "too_few_days"
    BEFORE_WORKS = "before_works"
    WORKS_GO_ON = "works_go_on"
    YEAR_NOT_OVER = "year_not_over"
    GAPS = "gaps"
    NET_METERED = "net_metered"
    METER_CHANGED = "meter_changed"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with its reason."""

    verdict: Verdict
    reason: Reason


def judge(measured: Interval, declared: float | None, rules: VerdictRules) -> Judged:
    """The verdict on a year's saving; ``measured`` and ``declared`` in one unit, gaps included.

    Nothing whose interval holds zero is called a saving. A declared saving of nothing (0) is no
    declaration.
    """
    if not (math.isfinite(measured.low) and math.isfinite(measured.high)):
        return Judged(Verdict.NOT_MEASURABLE, Reason.GAPS)
    if measured.high < 0:
        return Judged(Verdict.CONTRADICTED, Reason.USE_WENT_UP)
    if declared and measured.high < rules.contradicted_below_fraction * declared:
        return Judged(Verdict.CONTRADICTED, Reason.LESS_THAN_DECLARED)
    if measured.low <= 0:
        return Judged(Verdict.NOT_DETECTABLE, Reason.WITHIN_NORMAL_CHANGE)
    if not declared:
        return Judged(Verdict.CONFIRMED, Reason.SAVING_SEEN)
    if measured.low < rules.confirmed_from_fraction * declared:
        return Judged(Verdict.NOT_DETECTABLE, Reason.SIZE_OPEN)
    return Judged(Verdict.CONFIRMED, Reason.AS_DECLARED)
