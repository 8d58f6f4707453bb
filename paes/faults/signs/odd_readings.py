"""What the accounting found odd in a meter's readings, asked only where hours are not whole.

A reset, a jump, an exchange or a reading that was left out leaves an hour without its course, so
days that are known from end to end have nothing to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np

from paes.faults.view import View
from paes.metering import Finding
from paes.periods import Span, from_seconds, to_seconds

_KEPT = "odd_readings"
_AROUND = 8
_LONG_H = 24 * 14
_TOGETHER = timedelta(days=4)


def odd_readings(view: View) -> list[Finding]:
    """The findings of counters, load curves and exchanges, gaps left out, in order of time.

    Of the view's history and span; kept for the rules that ask next about the same meter.
    """
    if _KEPT not in view.kept:
        view.kept[_KEPT] = _asked(view)
    return list(view.kept[_KEPT])


def _asked(view: View) -> list[Finding]:
    found = {}
    for some in _near(_unknown(view)):
        for finding in view.ledger.odd_readings(view.meter, Span(some[0].start, some[-1].end)):
            is_odd = finding.name.startswith(("counter.", "interval.", "meter.replaced"))
            if is_odd and _is_in(some, finding.at):
                found[finding.name, finding.at] = finding
    return sorted(found.values(), key=lambda f: (f.at or view.span.start, f.name))


def _unknown(view: View) -> Iterator[Span]:
    """Runs of hours that are not whole, with an hour beside them; of long ones both their ends."""
    curve = view.hours
    edges = np.diff(np.concatenate([[False], ~curve.known, [False]]).astype(np.int8))
    for first, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        start_s = curve.start_s + (int(first) - 1) * curve.step_s
        end_s = curve.start_s + (int(end) + 1) * curve.step_s
        if end - first > _LONG_H:
            yield Span(from_seconds(start_s), from_seconds(start_s + 7200))
            start_s = end_s - 7200
        yield Span(from_seconds(start_s), from_seconds(end_s))


def _is_in(spans: Sequence[Span], at: datetime | None) -> bool:
    return at is None or any(span.start <= at < span.end for span in spans)


def _near(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Those that lie near each other are asked for together."""
    some: list[Span] = []
    for span in spans:
        if some and span.start - some[-1].end > _TOGETHER:
            yield some
            some = []
        some.append(span)
    if some:
        yield some


def seen_until(view: View) -> datetime:
    """The end of the last hour that was measured whole: what came after it nobody saw."""
    known = np.flatnonzero(view.hours.known)
    end_s = int(view.hours.seconds[known[-1]]) + view.hours.step_s if len(known) else 0
    return min(from_seconds(end_s), view.now)


def shown_around(view: View, finding: Finding) -> tuple[list[float], list[float]]:
    """What the register showed before an odd reading, and from it on; in its own unit."""
    if finding.at is None:
        return [], []
    at_s, point = to_seconds(finding.at), finding.subject
    series = view.ledger.store.around([point], at_s, at_s, _AROUND)[point]
    before = series.seconds < at_s
    return series.values[before].tolist(), series.values[~before].tolist()
