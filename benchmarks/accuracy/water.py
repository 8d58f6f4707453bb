"""Leaks: how often the rule cries wolf on clean meters, and which leaks it finds, and when.

The rule's parameters are those measured elsewhere on household meters and were not tuned here. The
leaks are constant but for the pressure of the mains (10 % higher at night), start at random hours
and run to the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import numpy as np

from benchmarks.accuracy.rows import Row, Sense, found_within, median_delay
from benchmarks.accuracy.water_use import DAYS, RESTING, RESTLESS, START_S, WaterMeter, meters
from paes.faults.rule_table import rule
from paes.faults.rules import water_leak, water_standing
from paes.periods import to_seconds
from paes.series import Floats
from paes.shipped_files import shipped_config

EACH, SEED = 20, 20_252
INJECTED = 60
"""Leaks of each size: one in every meter that comes to rest."""
SIZES_L_H = (2, 5, 10, 20, 50)
COARSE = ((10.0, (5, 10, 20, 50)), (100.0, (50, 100, 200)))
"""Litres a pulse, and the leaks that are asked of such registers."""
WITHIN_DAYS = 7.0
BARS = {2: 0.88, 5: 0.88, 10: 0.93, 20: 0.98, 50: 0.98}
"""Of the household meters on which the rule was measured."""


def measure() -> list[Row]:
    """Alarms on clean meters, and the ladder of leaks."""
    resting, restless = _meters(RESTING), _meters(RESTLESS)
    on = _on(resting, "homes, schools, offices")
    hard = _on(restless, "blocks of flats, and pools topped up day and night")
    rows = [
        _clean(resting, 1.0, on, "alarms, clean meters", 0.25),
        _clean(resting, 10.0, on, "alarms, clean meters, 10 l a pulse", 0.25),
        _clean(restless, 1.0, hard, "alarms, clean meters never at rest", None),
        *_standing(resting, on),
    ]
    for size in SIZES_L_H:
        rows += _ladder(resting, size, 1.0, on)
    for pulse_l, sizes in COARSE:
        for size in sizes:
            rows += _ladder(resting, size, pulse_l, on)
    return rows + _ladder(restless, 50, 1.0, hard, "50 l/h, meters never at rest")


@lru_cache(maxsize=2)
def _meters(kinds: tuple[str, ...]) -> list[WaterMeter]:
    return meters(kinds, EACH, SEED)


def _on(of: Sequence[WaterMeter], what: str) -> str:
    """Which meters; and how many of their nights have use in every hour."""
    awake = float(np.mean([m.night_use() for m in of]))
    return (
        f"simulated, no public series could be had: {len(of)} meters of {DAYS / 365:.0f} years"
        f" ({what}), {awake:.0%} of nights with use in every hour; easier than measured ones"
    )


def _parameters(rule_id: str):  # type: ignore[no-untyped-def]
    found = rule(rule_id)
    if found is None:
        raise LookupError(rule_id)
    return found.file(shipped_config()).parameters


def _clean(of: Sequence[WaterMeter], pulse_l: float, on: str, what: str, bar: float | None) -> Row:
    p = _parameters("water_leak")
    alarms = sum(len(water_leak.find(m.curve(pulse_l), pulse_l, m.closed, p)) for m in of)
    figure = alarms / (len(of) * DAYS / 365.25)
    told = f"{on}; {pulse_l:g} l a pulse"
    sense: Sense = "at_most" if bar else "as_told"
    return Row("water_leak", what, figure, "a meter-year", told, bar, sense, slack=0.05)


def _standing(of: Sequence[WaterMeter], on: str) -> list[Row]:
    """Meters on which something always runs are to be listed, and no others."""
    p = _parameters("water_standing")
    listed = [bool(water_standing.find(m.curve(1.0), 1.0, m.closed, p)) for m in of]
    runs = [m.litres.min() >= p.least_flow_l_h for m in of]
    told = f"{on}; {sum(runs)} of them with something that always runs"
    right = sum(a and b for a, b in zip(listed, runs, strict=True)) / max(sum(runs), 1)
    wrong = sum(a and not b for a, b in zip(listed, runs, strict=True)) / max(len(of), 1)
    return [
        Row("water_standing", "listed of what always runs", right, "fraction", told, slack=0.05),
        Row("water_standing", "listed though it rests", wrong, "fraction", told, slack=0.05),
    ]


def _ladder(
    of: Sequence[WaterMeter], size_l_h: float, pulse_l: float, on: str, name: str | None = None
) -> list[Row]:
    delays = _delays(of, size_l_h, pulse_l)
    coarse = "" if pulse_l == 1.0 else f", {pulse_l:g} l a pulse"
    what = name or f"{size_l_h:g} l/h{coarse}"
    bar = None if name or coarse else BARS[int(size_l_h)]
    told = f"{on}; {len(delays)} leaks, {pulse_l:g} l a pulse"
    part, sense = found_within(delays, WITHIN_DAYS), "at_least" if bar else "as_told"
    found = f"found, {what}, within {WITHIN_DAYS:g} days"
    return [
        Row("water_leak", found, part, "fraction", told, bar, cast(Sense, sense), 0.05),
        Row("water_leak", f"delay, {what}, median", median_delay(delays), "days", told, slack=1.0),
    ]


def _delays(of: Sequence[WaterMeter], size_l_h: float, pulse_l: float) -> list[float | None]:
    """Days from the start of a leak until it was told, one in each meter; None: never."""
    p = _parameters("water_leak")
    dice = np.random.default_rng(SEED + int(size_l_h))
    delays: list[float | None] = []
    for meter in of[:INJECTED]:
        at = int(dice.integers(100 * 24, (DAYS - 60) * 24))
        start_s = START_S + at * 3600
        found = water_leak.find(meter.curve(pulse_l, _leak(size_l_h, at)), pulse_l, meter.closed, p)
        told = [
            (to_seconds(e.found) - start_s) / 86_400
            for e in found
            if to_seconds(e.found) > start_s and (e.end.timestamp() - start_s) > 30 * 86_400
        ]
        delays.append(min(told) if told else None)
    return delays


def _leak(size_l_h: float, at: int) -> Floats:
    """Litres in each hour from ``at`` on, more at night when the pressure is higher."""
    hours = np.arange(DAYS * 24)
    night = (hours % 24 < 6) | (hours % 24 >= 22)
    return np.where(hours >= at, size_l_h * np.where(night, 1.0, 0.9), 0.0)
