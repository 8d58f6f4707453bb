"""Which readings can change the account of a period: between which times they lie.

Nothing else may be read to account it, and a row that is kept of it holds until one of them
changes. That they have ends follows from how ``paes.accounting.counter`` walks::

    readings   |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |
    sound         [ one of the first is accepted ]
    period                              [--------)
    accepted                                        a     b
    needs         ^from                                            ^to

* *Before*: a walk depends on what came before only by the last reading that it accepted. In a long
  run of sound steps every walk soon accepts the same reading, wherever it began; so a period
  that begins later than that needs nothing before the run.
* *After*: the period rests on the first reading accepted after it (``a``), and every decision on
  a few readings ahead. Without a rating a later fall can still take ``a`` for a spike; not once
  enough readings stand between it and another accepted one (``b``).

Readings that stand alone (``paes.accounting.intervals``) rest on the few beside them; a hole on
those at its ends.

Pure functions on arrays. Read next: ``paes.accounting.kept_energy``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from paes.accounting.account import Account
from paes.accounting.corrections import uncorrected
from paes.accounting.counter_rules import (
    CONFIRMING_READINGS,
    LOOKAHEAD_READINGS,
    RETURN_READINGS,
    SOUND_STEPS,
    SWAP_NOTICED_AFTER_S,
    CounterRules,
    odd_steps,
)
from paes.accounting.intervals import REACH_READINGS, standing
from paes.metering import Evidence
from paes.periods import Seconds, to_seconds
from paes.rollups import ALWAYS_S, NEVER_S
from paes.series import Floats, ReadingSeries

_SHARED = RETURN_READINGS + CONFIRMING_READINGS - 1
"""From this reading of a run on every walk agrees, even if a first step is sound only thanks to
those before it (a rating that is too small)."""


def needs(
    book: Account,
    readings: ReadingSeries,
    starts_s: Seconds,
    ends_s: Seconds,
    rules: CounterRules,
) -> tuple[Seconds, Seconds]:
    """Between which readings lies all that can change ``book`` in each of these periods.

    ``ALWAYS_S`` where that is not among ``readings``: it rests on all that came before them;
    ``NEVER_S`` likewise on readings to come.
    """
    if rules.register.kind is not Evidence.COUNTER:
        return _needs_alone(book, readings, starts_s, ends_s, rules)
    usable = rules.usable(readings)
    t, shown = readings.seconds[usable], readings.values[usable]
    accepted = book.accepted_s
    runs = _runs(t, shown, rules)
    from_s = _from(t, runs, starts_s)
    a = np.searchsorted(t, _at(accepted, np.searchsorted(accepted, ends_s)))
    if rules.limit_per_h is None:
        passed = _at(t, a + CONFIRMING_READINGS + 1)
        b = np.searchsorted(t, _at(accepted, np.searchsorted(accepted, passed)))
    else:
        b = a
    to_s = _at(t, b + LOOKAHEAD_READINGS)
    for swap in sorted(rules.noticed, key=lambda s: s.at, reverse=True):
        noticed_s = to_seconds(swap.at)
        made_s = np.array([noticed_s - SWAP_NOTICED_AFTER_S], dtype=np.int64)
        told = (from_s <= noticed_s) & (made_s <= to_s)
        from_s = np.where(told, np.minimum(from_s, _from(t, runs, made_s)), from_s)
    return from_s, to_s


def _needs_alone(
    book: Account,
    readings: ReadingSeries,
    starts_s: Seconds,
    ends_s: Seconds,
    rules: CounterRules,
) -> tuple[Seconds, Seconds]:
    """The same where each reading stands alone: from the last accepted one that begins by the
    start to the first after the end, with those that decide on them.
    """
    is_amounts = rules.register.kind is Evidence.AMOUNTS
    t = standing(readings).seconds if is_amounts else readings.seconds[rules.usable(readings)]
    accepted = book.accepted_s
    before = _at(accepted, np.searchsorted(accepted, starts_s, side="right") - 1)
    after = _at(accepted, np.searchsorted(accepted, ends_s))
    first, last = np.searchsorted(t, before), np.searchsorted(t, after)
    return _at(t, first - REACH_READINGS), _at(t, last + REACH_READINGS)


def _runs(t: Seconds, shown: Floats, rules: CounterRules) -> npt.NDArray[np.int64]:
    """The readings that begin a run of sound steps over which nobody set the register right."""
    odd = odd_steps(t, uncorrected(t, shown, rules)[0], rules)
    for correction in rules.corrections:
        k = int(np.searchsorted(t, to_seconds(correction.at)))
        if 0 < k < len(t):
            odd[k - 1] = True
    count = np.concatenate([np.zeros(1, np.int64), np.cumsum(odd)])
    return np.flatnonzero(count[SOUND_STEPS:] == count[:-SOUND_STEPS])


def _from(t: Seconds, runs: npt.NDArray[np.int64], starts_s: Seconds) -> Seconds:
    """The reading that begins the last run on which all walks agree by each of ``starts_s``."""
    return _at(t[runs], np.searchsorted(t[runs + _SHARED], starts_s, side="right") - 1)


def _at(t: Seconds, index: npt.NDArray[np.int64]) -> Seconds:
    """``t[index]``; beyond its ends always and never."""
    padded = np.concatenate([[ALWAYS_S], t, [NEVER_S]])
    return np.asarray(padded[np.clip(index + 1, 0, len(t) + 1)], dtype=np.int64)
