"""Photovoltaic plants: how often the rules cry wolf, and which losses they find.

On three measured plants (``tests/data/pv``: Turin 2019-20, Forli 2014, Utrecht 2014-17), each
beside what PVGIS-SARAH2 expected for the same hours; a cloudless day is the highest of each hour of
the day within 15 days. Utrecht was tuned on; Turin and Forli were not. A loss is injected by taking
its part from every hour after a random midnight; the weeks around alarms of the untouched series,
and the 60 sunny days that the rule learns from, are left out. Delays are counted in the sunny days
that the rule looks at: in a plant's first winter there are none.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.rows import Row, Sense, found_within, median_delay
from paes.faults.episode import Episode
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.rules import pv_outage, pv_string
from paes.faults.rules.pv_outage import PvOutageParameters
from paes.faults.rules.pv_string import PvStringParameters
from paes.faults.signs.sunlight import Sunlit
from paes.periods import to_seconds
from paes.series import Floats
from paes.shipped_files import shipped_config
from paes.solar.expected import Calibration, Expected, How, plant_days
from paes.solar.physics import sun_course

DATA = Path(__file__).parents[2] / "tests" / "data" / "pv" / "measured_and_sarah2_hourly.csv.gz"
PLANTS = {
    "Utrecht": (2014, 2015, 2016, 2017),
    "Turin": (2019, 2020),
    "Forli": (2014,),
}
PLACES = {"Utrecht": (52.09, 5.12), "Turin": (45.07, 7.69), "Forli": (44.22, 12.04)}
"""Latitude and longitude of the towns."""
TUNED, REPORTED = ("Utrecht",), ("Turin", "Forli")
SIZES = (0.10, 0.15, 0.20, 0.33, 0.50)
BARS = {0.10: 0.83, 0.15: 1.0, 0.20: 0.98, 0.33: 0.98, 0.50: 0.99}
"""What ten sunny days against sixty found sooner or later, on 2.7 years of one in Colorado."""
STARTS = 40
SEED = 7
_DAY_H = 24
_BEFORE_D, _AFTER_D = 500, 60
_ENVELOPE_D = 15


@dataclass(frozen=True)
class MeasuredPlant:
    """A plant's hours in a row, kWh per kWp, NaN where a leap year's last day is not there."""

    name: str
    start_s: int
    made_kwh: Floats
    expected_kwh: Floats
    clear_kwh: Floats
    noon_deg: Floats

    @property
    def years(self) -> float:
        """How many it was measured."""
        return float(np.sum(~np.isnan(self.made_kwh))) / 8760

    def sunlit(self, first_day: int = 0, end_day: int | None = None) -> Sunlit:
        """Some of its days, with the hours of UTC as the local ones."""
        part = slice(first_day * _DAY_H, None if end_day is None else end_day * _DAY_H)
        start_s = self.start_s + first_day * 86_400
        made = LoadCurve(start_s, 3600, self.made_kwh[part], "UTC")
        kwh = self.expected_kwh[part]
        own = Calibration(1.0, 0.15, 0, is_own=False)
        expected = Expected(
            start_s, kwh, 0.85 * kwh, 1.15 * kwh, self.clear_kwh[part], How.SATELLITE, own
        )
        noon_deg = self.noon_deg[first_day:end_day]
        unknown = np.full(len(noon_deg), np.nan)
        return Sunlit(made, expected, plant_days(made, expected, unknown, noon_deg))

    def with_loss(self, day: int, loss_fraction: float) -> MeasuredPlant:
        """The same, making less from midnight of a day on."""
        made = self.made_kwh.copy()
        made[day * _DAY_H :] *= 1.0 - loss_fraction
        return replace(self, made_kwh=made)


@cache
def measured_plants() -> dict[str, MeasuredPlant]:
    """The plants by name."""
    with gzip.open(DATA, "rt") as file:
        table = pd.read_csv(file)
    return {name: _plant(table, name, years) for name, years in PLANTS.items()}


def _plant(table: pd.DataFrame, name: str, years: Sequence[int]) -> MeasuredPlant:
    made, expected = (
        np.concatenate([_of_year(table, f"{name}{year}_{kind}", year) for year in years])
        for kind in ("measured", "sarah2")
    )
    start_s = to_seconds(datetime(years[0], 1, 1, tzinfo=UTC))
    starts_s = start_s + 3600 * np.arange(len(made), dtype=np.int64)
    sun = sun_course(*PLACES[name], starts_s, 3600)
    noon_deg = 90.0 - sun.zenith_deg.reshape(-1, _DAY_H).min(axis=1)
    return MeasuredPlant(name, start_s, made, expected, _envelope(expected), noon_deg)


def _of_year(table: pd.DataFrame, column: str, year: int) -> Floats:
    hours = 8784 if year % 4 == 0 else 8760
    found = np.full(hours, np.nan)
    found[:8760] = table[column].to_numpy(np.float64)
    return found


def _envelope(hourly_kwh: Floats) -> Floats:
    """The highest of each hour of the day within some days on either side."""
    days = np.nan_to_num(hourly_kwh).reshape(-1, _DAY_H)
    highest = days.copy()
    for shift in range(1, _ENVELOPE_D + 1):
        highest[shift:] = np.maximum(highest[shift:], days[:-shift])
        highest[:-shift] = np.maximum(highest[:-shift], days[shift:])
    return np.asarray(highest.ravel())


def parameters() -> tuple[PvOutageParameters, PvStringParameters]:
    """Those that are shipped."""
    outage = pv_outage.RULE.file(shipped_config()).parameters
    string = pv_string.RULE.file(shipped_config()).parameters
    return outage, string


def alarms(names: Sequence[str]) -> tuple[int, int, float]:
    """Outages and partial losses of the untouched series, and the years these have."""
    outage, string = parameters()
    plants = [measured_plants()[name] for name in names]
    seen = [plant.sunlit() for plant in plants]
    return (
        sum(len(pv_outage.find(of, outage)) for of in seen),
        sum(len(pv_string.find(of, string)) for of in seen),
        sum(_judged_years(one) for one in seen),
    )


def _judged_years(of: Sunlit) -> float:
    """Years of measured days after those that the rule learns from: before these it is silent."""
    _, p = parameters()
    learnt = np.cumsum(_sunny(of, p)) >= p.usual_days + p.seen_days
    return float(np.sum(learnt & of.days.known)) / 365.25


def delays(
    names: Sequence[str], loss_fraction: float, starts: int, low_sun: bool = False
) -> list[float | None]:
    """Sunny days from an injected loss until it was found, of ``starts`` in all.

    The losses begin on days of a high sun, or of a low one.
    """
    rng = np.random.default_rng(SEED)
    free = [(name, day) for name in names for day in _free_days(name, low_sun)]
    chosen = rng.choice(len(free), size=min(starts, len(free)), replace=False)
    return [_delay(*free[index], loss_fraction) for index in sorted(chosen.tolist())]


@cache
def _free_days(name: str, low_sun: bool) -> tuple[int, ...]:
    """Days on which a loss may begin: a reference is known, and nothing is wrong for a while."""
    _, p = parameters()
    of = measured_plants()[name].sunlit()
    sunny, count = _sunny(of, p), len(of.days.made_kwh)
    ill = np.zeros(count, dtype=np.bool_)
    for loss in pv_string.losses(of.days, p):
        ill[max(loss.first - _AFTER_D, 0) : loss.last + _AFTER_D] = True
    learnt = np.cumsum(sunny) >= p.usual_days + p.seen_days
    follow = np.append(np.cumsum(sunny), np.full(_AFTER_D, sunny.sum()))[_AFTER_D:]
    rest = follow - np.cumsum(sunny) >= p.seen_days
    is_low = measured_plants()[name].noon_deg < p.low_sun_deg
    return tuple(np.flatnonzero(learnt & rest & ~ill & (is_low == low_sun)).tolist())


def _sunny(of: Sunlit, p: PvStringParameters) -> Bools:
    """The days that the rule looks at."""
    sunny = np.zeros(len(of.days.made_kwh), dtype=np.bool_)
    sunny[pv_string.watched(of.days, p).useful] = True
    return sunny


def _delay(name: str, day: int, loss_fraction: float) -> float | None:
    _, p = parameters()
    plant, first = measured_plants()[name].with_loss(day, loss_fraction), max(day - _BEFORE_D, 0)
    watch = pv_string.watched(plant.sunlit(first, day + _AFTER_D).days, p)
    begun = day - first
    found = [one.sure for one in watch.told() if one.sure >= begun]
    return float(sum(begun <= one <= found[0] for one in watch.useful)) if found else None


def monthly_spread(names: Sequence[str]) -> float:
    """Standard deviation of made / expected of the months from March to October, by plant-year.

    Over each plant's own median; the root of the mean of squares over plants.
    """
    squares = []
    for name in names:
        plant = measured_plants()[name]
        stamps = pd.to_datetime(plant.start_s + 3600 * np.arange(len(plant.made_kwh)), unit="s")
        frame = pd.DataFrame({"made": plant.made_kwh, "expected": plant.expected_kwh}, index=stamps)
        months = frame.dropna().resample("MS").sum()
        months = months[(months.index.month >= 3) & (months.index.month <= 10)]
        ratio = months["made"] / months["expected"]
        squares.append(float((ratio / ratio.median()).std()) ** 2)
    return float(np.sqrt(np.mean(squares)))


def measure() -> list[Row]:
    """The rows of the accuracy card."""
    return [row for names in (TUNED, REPORTED) for row in _rows(names)]


def _rows(names: Sequence[str]) -> Iterator[Row]:
    kind = "tuned on" if names == TUNED else "not tuned on"
    on = f"{', '.join(names)} beside PVGIS-SARAH2, measured; {kind}"
    label = f"{names[0]} …" if len(names) > 1 else names[0]
    outages, losses, years = alarms(names)
    yield Row("pv_outage", f"alarms, {label}", outages / years, "a plant-year", on, real=True)
    yield Row(
        "pv_string", f"alarms, {label}", losses / years, "a plant-year", on, 1.0, "at_most",
        real=True,
    )  # fmt: skip
    yield Row(
        "pv_string", f"months March to October, spread, {label}", monthly_spread(names),
        "fraction", on, real=True,
    )  # fmt: skip
    for size in SIZES:
        yield from _ladder(names, size, label, on)
    found = delays(names, 0.33, STARTS, low_sun=True)
    yield Row(
        "pv_string", f"found, -33%, within 10 sunny days, low sun, {label}",
        found_within(found, 10), "fraction", f"{on}; {len(found)} injected losses", slack=0.1,
        real=True,
    )  # fmt: skip


def _ladder(names: Sequence[str], size: float, label: str, on: str) -> Iterator[Row]:
    found = delays(names, size, STARTS)
    within = 5 if size >= 0.33 else 10
    on = f"{on}; {len(found)} injected losses"
    what = f"found, -{size:.0%}, within {within} sunny days, {label}"
    bar = 0.98 if size in (0.20, 0.33) else None
    sense: Sense = "at_least" if bar else "as_told"
    yield Row(
        "pv_string", what, found_within(found, within), "fraction", on, bar, sense, 0.05,
        real=True,
    )  # fmt: skip
    what = f"found sooner or later, -{size:.0%}, {label}"
    ever, last = found_within(found, np.inf), f"{on}, within {_AFTER_D} days"
    yield Row(
        "pv_string", what, ever, "fraction", last, BARS[size], "at_least", 0.05, real=True,
    )  # fmt: skip
    yield Row(
        "pv_string", f"delay, -{size:.0%}, median, {label}", median_delay(found), "sunny days", on,
        real=True,
    )  # fmt: skip


def episodes(name: str) -> list[Episode]:
    """What both rules find on the untouched series of one plant."""
    outage, string = parameters()
    of = measured_plants()[name].sunlit()
    return [*pv_outage.find(of, outage), *pv_string.find(of, string)]
