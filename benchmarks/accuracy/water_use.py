"""Water that a town's meters may count when nothing is broken: single uses, by hour, with habits.

No measured hourly series of water under a licence that lets it be copied here could be had whole
(the building data set with 146 water meters keeps its tables elsewhere, and the household one
publishes programs only), so uses are drawn. The numbers are ours and assumed. They are hard rather
than kind to a rule of nights: guests, softeners that rinse at two in the morning, pools
that are topped up, gardens watered before dawn, and habits that drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from paes.faults.load_curve import Bools, LoadCurve
from paes.series import Floats

TZ = "Europe/Rome"
START_S = int(datetime(2023, 12, 31, 23, tzinfo=UTC).timestamp())
DAYS = 731
RESTING = ("home", "school", "office")
"""Kinds that come to rest at night, as the meters on which the rule was measured elsewhere."""
RESTLESS = ("flats", "pool")
"""Kinds that seldom do: many flats on one meter, pools that are topped up day and night."""
USE_L = 9.0
"""Of one use: a flush, a shower and a tap together, on the mean."""
_BY_HOUR = np.array(
    [2, 1, 0.7, 0.6, 0.7, 1.5, 5, 9, 8, 6, 5, 5, 6, 6, 4, 4, 4, 5, 7, 8, 7, 5, 4, 3],
    dtype=np.float64,
)
"""Uses of people at home, by hour: a few at night, most in the morning and the evening."""


@dataclass(frozen=True)
class WaterMeter:
    """Litres in each hour, and on which local days its nights are closed."""

    kind: str
    litres: Floats
    closed: Bools

    def curve(self, pulse_l: float, leak: Floats | float = 0.0) -> LoadCurve:
        """What a register of such pulses shows of it in m3, with a leak (litres an hour) on top."""
        shown = np.floor(np.cumsum(self.litres + leak) / pulse_l) * pulse_l
        return LoadCurve(START_S, 3600, np.diff(shown, prepend=0.0) / 1000.0, TZ)

    def night_use(self) -> float:
        """The part of nights with use in every hour from 01 to 05."""
        of_day = _hour()
        night = self.litres[(of_day >= 1) & (of_day < 5)].reshape(-1, 4)
        return float((night > 0).all(axis=1).mean())


def meters(kinds: Sequence[str], each: int, seed: int) -> list[WaterMeter]:
    """``each`` of every kind; the same seed gives the same."""
    dice = np.random.default_rng(seed)
    return [_meter(kind, dice) for _ in range(each) for kind in kinds]


def _hour() -> Floats:
    return np.asarray(np.arange(DAYS * 24) % 24, dtype=np.float64)


def _meter(kind: str, dice: np.random.Generator) -> WaterMeter:
    day = np.arange(DAYS * 24) // 24
    of_day, weekday = _hour(), day % 7
    summer = (day % 365 > 150) & (day % 365 < 260)
    if kind in ("home", "flats"):
        people = dice.integers(1, 5) if kind == "home" else dice.integers(20, 60)
        a_day = 14.0 * people * _habit(dice) * np.where(_away(dice, kind), 0.0, 1.0)[day]
        rate = a_day * np.tile(_BY_HOUR / _BY_HOUR.sum(), DAYS)
    else:
        opens, closes = {"school": (7, 17), "office": (7, 19), "pool": (8, 23)}[kind]
        last = 6 if kind == "pool" else 5
        used = (of_day >= opens) & (of_day < closes) & (weekday < last)
        used &= ~(summer & (kind == "school"))
        rate = np.where(used, dice.uniform(10, 60), 0.02) * _habit(dice)
    litres = dice.poisson(rate) * dice.gamma(2.0, USE_L / 2.0, len(rate))
    litres += _machines(kind, dice, day, of_day, summer)
    return WaterMeter(kind, litres, np.ones(DAYS, dtype=np.bool_))


def _habit(dice: np.random.Generator) -> Floats:
    """How much of the usual: it drifts over months, and changes from day to day."""
    months = np.exp(np.cumsum(dice.normal(0.0, 0.08, DAYS // 30 + 2)))
    slow = np.interp(np.arange(DAYS), 30.0 * np.arange(len(months)), months)
    return np.repeat(slow * dice.lognormal(0.0, 0.2, DAYS), 24)


def _away(dice: np.random.Generator, kind: str) -> Bools:
    """Days on which a home is empty."""
    away = np.zeros(DAYS, dtype=np.bool_)
    for _ in range(3 if kind == "home" else 0):
        first = int(dice.integers(0, DAYS - 20))
        away[first : first + int(dice.integers(3, 20))] = True
    return away


def _machines(
    kind: str, dice: np.random.Generator, day: np.ndarray, of_day: Floats, summer: Bools
) -> Floats:  # type: ignore[type-arg]
    """What runs by itself at night: softeners, gardens, pools, cisterns that never stop."""
    litres = np.zeros(len(of_day))
    if dice.random() < 0.3:  # a softener: 80 l over two hours, every few nights
        every, at = int(dice.integers(3, 9)), int(dice.integers(1, 4))
        litres[(day % every == 0) & ((of_day == at) | (of_day == at + 1))] += 40.0
    if dice.random() < 0.25:  # a garden, before dawn in summer
        at = int(dice.integers(3, 6))
        litres[summer & (day % 2 == 0) & (of_day == at)] += dice.uniform(150, 500)
    if dice.random() < 0.25:  # a cistern that has always run
        litres += dice.uniform(1.0, 15.0)
    if kind == "pool":  # topped up day and night, more on hot days and after bathers
        level = np.convolve(dice.normal(0.0, 1.0, len(of_day) + 47), np.ones(48) / 7.0, "valid")
        litres += np.clip(12.0 + 4.0 * level + np.where(summer, 10.0, 0.0), 0.0, None)
    return litres
