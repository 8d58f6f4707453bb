"""Stuck meters, steps of registers and spikes on measured series: what is told, and what is found.

Nothing of these rules was tuned on these buildings, so all eight are reported. Faults are
injected at random into the untouched series: a register that stands still (hours of nothing), a
value that repeats itself, an hour far above all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.accuracy.estates import Building, buildings
from benchmarks.accuracy.rows import Row, found_within, median_delay
from paes.faults.episode import Episode
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.rule_table import rule
from paes.faults.rules import register_step, spike, stuck_meter
from paes.opening import DayKind
from paes.periods import to_seconds
from paes.series import Floats
from paes.shipped_files import shipped_config

INJECTED = 8
"""Faults of each kind in each building."""
SEED = 20_251
_DAY_H = 24
_ZEROS = "the one alarm is a month of April that the publisher filled with zeros"
Find = Callable[[Building, LoadCurve], list[Episode]]


def measure() -> list[Row]:
    """Alarms on untouched series, and injected faults that were found."""
    power, gas = buildings("electricity"), buildings("gas")
    on = "measured: 8 university buildings, 2016 to 2018; nothing tuned on them"
    rows = [
        _rate("stuck_meter", "electricity", power, _stuck_power, on, 0.1),
        _rate("stuck_meter", "gas", gas, _stuck_heat, f"{on}; {_ZEROS}", 0.1),
        _rate("register_step", "electricity, jumps", power, _jumps, on, None),
        _rate("register_step", "gas, jumps", gas, _jumps, on, None),
        _rate("spike", "electricity", power, _spikes, f"{on}; limit: the highest of 2016", 0.6),
    ]
    injected = f"{on}; {INJECTED} faults injected into each"
    standing = _delays(power, _stuck_power, _stand_still(24))
    repeating = _delays(power, _stuck_power, _repeat(48))
    cold = _delays(gas, _stuck_heat, _stand_still_in_winter)
    jumping = _delays(power, _jumps, _jump)
    rows += [
        _found("stuck_meter", "electricity stands still, within 1 day", standing, 1, injected, 0.9),
        _found("stuck_meter", "electricity repeats itself, within 2 days", repeating, 2, injected),
        _found("stuck_meter", "gas stands still in winter, within 10 days", cold, 10, injected),
        _found("register_step", "an hour 20 times the highest, within 1 day", jumping, 1, injected),
        Row("stuck_meter", "delay, electricity stands still, median", median_delay(standing),
            "days", injected),
    ]  # fmt: skip
    return rows


def _parameters(rule_id: str):  # type: ignore[no-untyped-def]
    found = rule(rule_id)
    if found is None:
        raise LookupError(rule_id)
    return found.file(shipped_config()).parameters


def _step(curve: LoadCurve) -> float:
    """The smallest difference between two amounts: the finest that the register can be."""
    return float(np.diff(np.unique(np.round(curve.amounts[curve.known], 3))).min())


def _stuck_power(building: Building, curve: LoadCurve) -> list[Episode]:
    every: Bools = np.ones(len(curve), dtype=np.bool_)
    step = _step(building.curve)
    return stuck_meter.find(curve, step, "electricity", every, _parameters("stuck_meter"))


def _certain_heat(building: Building) -> Bools:
    p = _parameters("stuck_meter")
    is_open = building.used.kinds == DayKind.OPEN
    return np.asarray(building.season & is_open & (building.days.degc < p.cold_below_degc))


def _stuck_heat(building: Building, curve: LoadCurve) -> list[Episode]:
    certain, step = _by_local_day(curve, _certain_heat(building)), _step(building.curve)
    return stuck_meter.find(curve, step, "heat", certain, _parameters("stuck_meter"))


def _by_local_day(curve: LoadCurve, by_day: Bools) -> Bools:
    """The data's days have 24 hours of UTC, the curve's those of the clock: as many or one more."""
    count = len(curve.days)
    return np.asarray(np.concatenate([by_day, by_day[-1:]])[:count])


def _jumps(building: Building, curve: LoadCurve) -> list[Episode]:
    step = _step(building.curve)
    return register_step.find_jumps(curve, step, "kWh", _parameters("register_step"))


def _spikes(building: Building, curve: LoadCurve) -> list[Episode]:
    limit = float(np.nanmax(building.curve.amounts[: 366 * _DAY_H]))
    kinds = np.concatenate([building.used.kinds, building.used.kinds[-1:]])
    found = spike.find(curve, kinds, limit, "kWh", _parameters("spike"))
    begin = building.curve.start_s + 366 * _DAY_H * 3600
    return [e for e in found if to_seconds(e.start) >= begin]


def _rate(
    rule_id: str, what: str, of: Sequence[Building], find: Find, on: str, bar: float | None
) -> Row:
    alarms = sum(len(find(b, b.curve)) for b in of)
    years = sum(float(b.curve.known.sum()) for b in of) / 8766
    told = f"alarms, {what}, clean series"
    if bar is None:
        return Row(rule_id, told, alarms / years, "a meter-year", on, slack=0.05, real=True)
    return Row(
        rule_id, told, alarms / years, "a meter-year", on, bar, "at_most", slack=0.05, real=True
    )


Inject = Callable[[Building, np.random.Generator], tuple[Floats, int]]
"""Amounts with a fault, and the step at which it begins."""


def _delays(of: Sequence[Building], find: Find, inject: Inject) -> list[float | None]:
    """Days from the start of each injected fault until it was told; None: never."""
    dice = np.random.default_rng(SEED)
    found: list[float | None] = []
    for building in of:
        for _ in range(INJECTED):
            amounts, at = inject(building, dice)
            curve = building.curve.with_amounts(amounts)
            start_s = curve.start_s + at * curve.step_s
            told = [
                e for e in find(building, curve) if abs(to_seconds(e.start) - start_s) < 5 * 86_400
            ]
            late = [(to_seconds(e.found) - start_s) / 86_400 for e in told]
            found.append(max(min(late), 0.0) if late else None)
    return found


def _somewhere(building: Building, dice: np.random.Generator, hours: int) -> int:
    """A random step, not before a year and a half, with ``hours`` known after it."""
    curve = building.curve
    known = np.convolve(curve.known, np.ones(hours), "valid") == hours
    after = np.flatnonzero(known)
    return int(dice.choice(after[(after > 550 * _DAY_H) & (after < len(curve) - 30 * _DAY_H)]))


def _stand_still(hours: int) -> Inject:
    def inject(building: Building, dice: np.random.Generator) -> tuple[Floats, int]:
        at, amounts = _somewhere(building, dice, hours), building.curve.amounts.copy()
        amounts[at : at + hours] = 0.0
        return amounts, at

    return inject


def _repeat(hours: int) -> Inject:
    def inject(building: Building, dice: np.random.Generator) -> tuple[Floats, int]:
        at, amounts = _somewhere(building, dice, hours), building.curve.amounts.copy()
        amounts[at : at + hours] = amounts[at]
        return amounts, at

    return inject


def _stand_still_in_winter(building: Building, dice: np.random.Generator) -> tuple[Floats, int]:
    """A fortnight without gas that begins on a day on which the building is heated."""
    heated = np.flatnonzero(_certain_heat(building)[:-20])
    known = building.curve.known.reshape(-1, _DAY_H).all(axis=1)
    fit = [d for d in heated if d > 300 and known[d : d + 14].all()]
    day = int(dice.choice(fit))
    amounts = building.curve.amounts.copy()
    amounts[day * _DAY_H : (day + 14) * _DAY_H] = 0.0
    return amounts, day * _DAY_H


def _jump(building: Building, dice: np.random.Generator) -> tuple[Floats, int]:
    at, amounts = _somewhere(building, dice, 2), building.curve.amounts.copy()
    amounts[at] = 20.0 * float(np.nanmax(amounts))
    return amounts, at


def _found(
    rule_id: str,
    what: str,
    delays: Sequence[float | None],
    days: float,
    on: str,
    bar: float | None = None,
) -> Row:
    part, told = found_within(delays, days), f"found, {what}"
    if bar is None:
        return Row(rule_id, told, part, "fraction", on, slack=0.05, real=True)
    return Row(rule_id, told, part, "fraction", on, bar, "at_least", slack=0.05, real=True)
