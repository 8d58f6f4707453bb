"""A register that did not go on from where it was: what a person has to confirm.

::

    reset        it began again lower: near a power of ten the display may have wrapped (its digits
                 are told), else it may be another device
    replaced     another device answers, and nobody wrote down both registers
    jump         it stays higher by more than can have passed; or, where no rating tells, an hour
                 has far more than the hours of a year had
    jitter       it falls back by a few counts again and again

What passed in such a step is unknown, and every total says so, until somebody describes the
exchange or states the amount: only that ends the case. A declared wrap of the display is no fault.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np
from pydantic import Field

from paes.accounting.known_meters import SAME_EXCHANGE
from paes.faults.episode import Episode, Picture
from paes.faults.load_curve import LoadCurve
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.meter_picture import daily_amounts, step_at
from paes.faults.signs.odd_readings import odd_readings, seen_until, shown_around
from paes.faults.signs.register_steps import smallest_step
from paes.faults.view import View
from paes.metering import Evidence, Finding, Measures, Site
from paes.meters import ImportedMeter, Meter
from paes.periods import Span, from_seconds

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_YEAR_H = 8766
RESET, REPLACED, SPIKE, JITTER = (
    "counter.reset",
    "meter.replaced",
    "counter.spike",
    "counter.jitter",
)


class RegisterStepParameters(Parameters):
    """Of the rule."""

    near_full_fraction: float = Field(gt=0, lt=1)
    jump_times: float = Field(gt=1)
    jump_quantile: float = Field(gt=0.5, lt=1)
    jump_learning_days: int = Field(ge=28)
    jump_least_steps: float = Field(gt=0)
    jitters_a_week: int = Field(ge=2)
    quiet_days: int = Field(ge=1)


def find_jumps(
    curve: LoadCurve, step: float, unit: str, parameters: RegisterStepParameters
) -> list[Episode]:
    """Hours with more than ``jump_times`` what the highest hours of the year before had.

    The highest: all but the last ``1 - jump_quantile`` of them. Such an hour stays until somebody
    says what it is: it is part of every total.
    """
    p, found = parameters, []
    amounts, learning = np.nan_to_num(curve.amounts), p.jump_learning_days * 24
    highest = np.zeros(int(curve.day[-1]) + 1)
    np.maximum.at(highest, curve.day, amounts)
    # One day in ten has hours above this: it is below the quantile of hours, and quickly known.
    usual_days = float(np.quantile(highest, 0.9))
    least = max(p.jump_times * usual_days, p.jump_least_steps * step)
    for at in np.flatnonzero(amounts > least).tolist():
        before = curve.amounts[max(at - _YEAR_H, 0) : at]
        before = before[~np.isnan(before)]
        if len(before) >= learning:
            usual = float(np.quantile(before, p.jump_quantile))
            if amounts[at] > p.jump_times * usual:
                found.append(_jump(curve, at, usual, unit, p))
    return found


def _jump(curve: LoadCurve, at: int, usual: float, unit: str, p: RegisterStepParameters) -> Episode:
    start, amount = from_seconds(curve.seconds[at]), float(curve.amounts[at])
    return Episode(
        start=start,
        end=start + _HOUR,
        found=start + _HOUR,
        is_over=False,
        numbers={
            "step": amount,
            "highest_usual_per_h": usual,
            "limit_per_h": p.jump_times * usual,
        },
        picture=_picture(curve, start, unit),
        place="jump",
    )


def find_jitters(
    times: Sequence[datetime], seen: datetime, parameters: RegisterStepParameters
) -> list[tuple[datetime, datetime, datetime, int, bool]]:
    """Clusters of falls by a few counts: first, last, when it was sure, how many, whether over.

    ``jitters_a_week`` within seven days make one; ``quiet_days`` without any end it, as far as
    the register was ``seen``.
    """
    p, found = parameters, []
    clusters: list[list[datetime]] = []
    for at in times:
        if clusters and at - clusters[-1][-1] <= p.quiet_days * _DAY:
            clusters[-1].append(at)
        else:
            clusters.append([at])
    for cluster in clusters:
        week = zip(cluster, cluster[p.jitters_a_week - 1 :], strict=False)
        sure = next((last for first, last in week if last - first <= 7 * _DAY), None)
        if sure:
            over = seen - cluster[-1] > p.quiet_days * _DAY
            found.append((cluster[0], cluster[-1], sure, len(cluster), over))
    return found


def wrapped_digits(before: float, after: float, near_full_fraction: float) -> int | None:
    """How many whole digits a display has that wrapped from ``before`` to ``after``; None: it did
    not.

    It stood in the last part of a power of ten (from ``near_full_fraction`` of it on) and goes on
    in its first.
    """
    digits = max(math.ceil(math.log10(before)), 1) if before > 1 else 0
    full = 10.0**digits
    is_full = before >= near_full_fraction * full
    return digits if digits >= 3 and is_full and after <= (1 - near_full_fraction) * full else None


def look(view: View, parameters: RegisterStepParameters) -> list[Episode]:
    """The register's steps that touch the view's span, in order of time."""
    told = odd_readings(view)
    episodes = [e for f in told for e in _of_finding(view, f, parameters)]
    episodes += _jitters(view, [f for f in told if f.name == JITTER], parameters)
    episodes += find_jumps(view.hours, smallest_step(view), view.unit, parameters)
    touching = [e for e in episodes if e.end > view.span.start or not e.is_over]
    return sorted(touching, key=lambda e: (e.start, e.place or ""))


def _jitters(
    view: View, told: Sequence[Finding], parameters: RegisterStepParameters
) -> Iterator[Episode]:
    by_time = {f.at: f for f in told if f.at}
    for first, last, sure, count, over in find_jitters(list(by_time), seen_until(view), parameters):
        numbers = _numbers(view, *_shown(by_time[last])) | {"times": float(count)}
        picture = _picture(view.hours, first, view.unit)
        yield Episode(first, last + _SECOND, sure, over, numbers, picture=picture, place="jitter")


def _of_finding(
    view: View, finding: Finding, parameters: RegisterStepParameters
) -> Iterator[Episode]:
    """A reset, an exchange or a jump, if the finding is one; over once somebody told the amount."""
    if finding.at is None or finding.name not in (RESET, REPLACED, SPIKE):
        return
    before, after = shown_around(view, finding)
    if not before or not after or (finding.name == SPIKE and not _stays(after)):
        return
    numbers = _numbers(view, before[-1], after[0])
    digits = wrapped_digits(before[-1], after[0], parameters.near_full_fraction)
    if finding.name == RESET and digits:
        numbers["wrapped_digits"] = float(digits)
    start = finding.at - min(view.ledger.poll_period(view.meter), _DAY)
    yield Episode(
        start=start,
        end=finding.at + _SECOND,
        found=finding.at + _SECOND,
        is_over=_is_confirmed(view, finding.at),
        numbers=numbers,
        windows={"step": Span(start, finding.at + _SECOND)},
        picture=_picture(view.hours, finding.at, view.unit),
        place={RESET: "reset", REPLACED: "replacement", SPIKE: "jump"}[finding.name],
    )


def _stays(shown: Sequence[float]) -> bool:
    """True if the register goes on from its new level."""
    return len(shown) > 2 and min(shown[1:4]) >= shown[0]


def _numbers(view: View, before: float, after: float) -> dict[str, float]:
    """What the register showed on either side, in its own unit; ``digits`` are its whole ones."""
    numbers = {
        "register_before": before,
        "register_after": after,
        "step": after - before,
        "digits": float(len(str(int(abs(before))))),
    }
    modulus = view.installation.register(view.meter).modulus
    return numbers | ({"declared_full": modulus} if modulus else {})


def _shown(finding: Finding) -> tuple[float, float]:
    """What the register showed before and at a finding, as the accounting tells it."""
    numbers = {name.split("_")[0]: value for name, value in finding.numbers.items()}
    return numbers["value"] - numbers["step"], numbers["value"]


def _is_confirmed(view: View, at: datetime) -> bool:
    """True if a person told both registers of the exchange, or what passed in the step."""
    told = [r for r in view.meter.replacements if abs(r.at - at) <= SAME_EXCHANGE]
    if any(r.last_reading is not None and r.first_reading is not None for r in told):
        return True
    stated = view.ledger.counter(view.meter).stated
    return any(s.span.start <= at <= s.span.end for s in stated)


def _picture(curve: LoadCurve, at: datetime, unit: str) -> Picture:
    step = step_at(curve, at.timestamp())
    return daily_amounts(curve, unit, step, step)


def concerns(meter: Meter, site: Site) -> bool:
    """Meters with a register: not those of load curves and bills."""
    if meter.measures is Measures.WEATHER:
        return False
    return not isinstance(meter, ImportedMeter) or meter.brings is Evidence.COUNTER


RULE = Rule("register_step", 1, RegisterStepParameters, concerns, look, wastes=False)
