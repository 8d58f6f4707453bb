"""What judging readings makes of them, whatever kind they are: amounts in time, and gaps.

Read next: ``paes.accounting.counter`` (registers) and ``paes.accounting.intervals`` (load curves,
bills).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from paes.metering import Finding
from paes.periods import Seconds
from paes.series import Floats, Gap

NO_READING = "no_reading"
"""Cause of a gap in which nothing was read."""


@dataclass(frozen=True)
class Account:
    """A meter's readings turned into measured intervals, gaps and findings.

    ``knots_s`` and ``total`` are the measured energy as a piecewise linear, never falling
    function of time (flat in gaps); ``covered`` is the covered time likewise, in seconds.
    ``accepted_s`` are the times of the readings that it rests on.
    """

    knots_s: Seconds
    total: Floats
    covered: Floats
    gaps: tuple[Gap, ...]
    accepted_s: Seconds
    findings: tuple[Finding, ...] = field(default=())

    @classmethod
    def empty(cls, findings: tuple[Finding, ...] = ()) -> Account:
        """Of no credible reading."""
        nothing, never = np.empty(0, np.float64), np.empty(0, np.int64)
        return cls(never, nothing, nothing, (), never, findings)
