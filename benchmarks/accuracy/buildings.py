"""Rules about buildings on eight measured ones: what they find, and how often they cry wolf.

Clean: cases on untouched series (episodes nearer than the rule's re-arming are one), a meter-year
that could be judged. Some are true: these are real buildings, of which nobody kept a diary.

Injected, at random, with a fixed seed:

* base load: a part of the usual night is added to every hour, with the shape of that building's
  own nights of another month;
* heating at night, and on closed days: these buildings heat then anyway (a habit, and no alarm), so
  that their vacant hours are first turned down to a fifth; then nights get the opening hours of
  another real day within a fortnight, and closed days all of such a day, times a part;
* heating off season: three weeks of summer get what real days of winter took, times a part.

Great Britain has no season by law. That of ``estates`` stands in; heating off season is told of
June to August, when nobody heats on purpose, and apart of May and September, when many do.

A delay counts from the first changed day until the rule was sure. Injections are placed where the
clean series has no episode. Half the buildings were used to choose parameters (``estates``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.accuracy.estates import Building, buildings
from benchmarks.accuracy.rows import Row, Sense, found_within, median_delay
from paes.faults.episode import Episode
from paes.faults.load_curve import LoadCurve
from paes.faults.rule import Rule
from paes.faults.rules import (
    above_expected,
    base_load,
    heating_closed_hours,
    heating_habitual,
    heating_off_season,
)
from paes.faults.signs.day_numbers import months
from paes.faults.signs.windows import day_start
from paes.series import Floats
from paes.shipped_files import shipped_config

EACH = 12
"""Injections of each size into each building: 48 on each half."""
NIGHT_HOURS = (0, 1, 2, 3, 4, 5)
OPEN_HOURS = slice(9, 17)
LASTS_DAYS = 35
BASE_LOAD_BARS = {0.1: 0.20, 0.2: 0.46, 0.3: 0.73, 0.5: 0.85}
"""What the plain rule found sooner or later, on 82 electricity meters of the estates."""
Find = Callable[[Building, LoadCurve], list[Episode]]


@dataclass(frozen=True)
class _Watched:
    """A rule on one carrier, and how many days of history it wants before it can tell."""

    rule: Rule[Any]
    carrier: str
    find: Find
    learning_days: int


def _parameters(rule: Rule[Any]) -> Any:
    return rule.file(shipped_config()).parameters


def _base_load(building: Building, curve: LoadCurve) -> list[Episode]:
    return base_load.find(curve, building.used, _parameters(base_load.RULE))


def _closed_hours(building: Building, curve: LoadCurve) -> list[Episode]:
    of = _parameters(heating_closed_hours.RULE)
    degc = building.days.degc
    return heating_closed_hours.find(curve, building.used, degc, building.season, of)


def _off_season(building: Building, curve: LoadCurve) -> list[Episode]:
    days = replace(building.days, in_season=building.season)
    return heating_off_season.find(curve, days, _parameters(heating_off_season.RULE))


def _in_summer(building: Building, curve: LoadCurve) -> list[Episode]:
    return [e for e in _off_season(building, curve) if 6 <= e.start.month <= 8]


def _above_expected(building: Building, curve: LoadCurve) -> list[Episode]:
    return above_expected.find(curve, building.days, _parameters(above_expected.RULE))


BASE_LOAD = _Watched(base_load.RULE, "electricity", _base_load, 70)
CLOSED_HOURS = _Watched(heating_closed_hours.RULE, "gas", _closed_hours, 183)
OFF_SEASON = _Watched(heating_off_season.RULE, "gas", _off_season, 275)
IN_SUMMER = _Watched(heating_off_season.RULE, "gas", _in_summer, 275)
ABOVE_POWER = _Watched(above_expected.RULE, "electricity", _above_expected, 275)
ABOVE_GAS = _Watched(above_expected.RULE, "gas", _above_expected, 275)


def measure() -> list[Row]:
    """Every row about buildings."""
    rows: list[Row] = []
    for half in (True, False):
        rows += [
            _clean(BASE_LOAD, half, "", 0.5),
            _clean(CLOSED_HOURS, half, "", 0.5),
            _clean(IN_SUMMER, half, " in summer", 0.5),
            _clean(OFF_SEASON, half, " from May to September", None),
            _clean(ABOVE_POWER, half, "", 0.5),
            _clean(ABOVE_GAS, half, "", 0.5),
            _habits(half),
            *_base_load_rows(half),
            *_heating_rows(half),
            *_off_season_rows(half),
        ]
    return rows


def _half(carrier: str, is_tuned: bool) -> list[Building]:
    return [b for b in buildings(carrier) if b.is_tuned == is_tuned]


def _which(is_tuned: bool) -> str:
    return "tuned buildings" if is_tuned else "other buildings"


def _on(of: Sequence[Building], carrier: str, more: str = "") -> str:
    names = ", ".join(b.name for b in of)
    return f"Cambridge estates 2016-2018, {carrier} of {names}{more}"


def cases(episodes: Iterable[Episode], rearm_days: int) -> int:
    """How many cases these episodes make: what comes again soon belongs to the one before."""
    count, quiet_since = 0, None
    for episode in episodes:
        if quiet_since is None or episode.start > quiet_since + timedelta(days=rearm_days):
            count += 1
        quiet_since = max(quiet_since, episode.end) if quiet_since else episode.end
    return count


def _clean(watched: _Watched, is_tuned: bool, when: str, bar: float | None) -> Row:
    of = _half(watched.carrier, is_tuned)
    rearm = _parameters(watched.rule).rearm_days
    alarms = sum(cases(watched.find(b, b.curve), rearm) for b in of)
    years = sum(max(_known_days(b) - watched.learning_days, 0) / 365.25 for b in of)
    what = f"alarms, clean {watched.carrier}{when}, {_which(is_tuned)}"
    on = _on(of, watched.carrier, f"; {alarms} in {years:.1f} meter-years")
    sense: Sense = "as_told" if bar is None else "at_most"
    return Row(watched.rule.id, what, alarms / years, "a meter-year", on, bar, sense, 0.06, True)


def _known_days(building: Building) -> int:
    return int((~np.isnan(building.curve.by_day(least_known=0.9))).sum())


def _habits(is_tuned: bool) -> Row:
    """In how many seasons heating in closed hours was a habit that the savings list tells."""
    of = _half("gas", is_tuned)
    told = 0
    for b in of:
        none = np.zeros(len(b.used), dtype=np.bool_)
        args = (b.curve, b.used, b.days.degc, b.season, none, _parameters(heating_habitual.RULE))
        told += len(heating_habitual.find(*args))
    what = f"seasons with the habit, {_which(is_tuned)}"
    return Row(heating_habitual.RULE.id, what, float(told), "seasons", _on(of, "gas"), real=True)


def _delays(
    watched: _Watched,
    of: Sequence[Building],
    size: float,
    places: Callable[[Building, np.random.Generator], list[int]],
    change: Callable[[Building, int, float, np.random.Generator], Floats],
) -> list[float | None]:
    """The delay in days of each injection; None if it was not found while it lasted."""
    delays: list[float | None] = []
    for number, building in enumerate(of):
        random = np.random.default_rng([number, round(100 * size)])
        clean = watched.find(building, building.curve)
        for day in _quiet(building, clean, places(building, random)):
            curve = building.with_amounts(change(building, day, size, random))
            delays.append(_delay(building, watched.find(building, curve), day))
    return delays


def _quiet(building: Building, clean: list[Episode], wanted: list[int]) -> list[int]:
    """The first places near which the clean series shows nothing."""
    free = []
    for day in wanted:
        begin = day_start(building.curve, day) - timedelta(days=30)
        end = day_start(building.curve, day) + timedelta(days=LASTS_DAYS)
        if not any(e.start < end and e.end > begin for e in clean):
            free.append(day)
    return free[:EACH]


def _delay(building: Building, found: list[Episode], day: int) -> float | None:
    begin = day_start(building.curve, day)
    end = begin + timedelta(days=LASTS_DAYS + 7)
    after = [e.found for e in found if e.found >= begin and begin <= _last(e) and e.start < end]
    return (min(after) - begin).total_seconds() / 86_400 if after else None


def _last(episode: Episode) -> datetime:
    return episode.end


def _days(building: Building, random: np.random.Generator, first: int) -> list[int]:
    """Days in a random order, with room for what is injected."""
    return random.permutation(np.arange(first, len(building.used) - LASTS_DAYS)).tolist()


def _any_day(building: Building, random: np.random.Generator) -> list[int]:
    return _days(building, random, 430)


def _day_of_season(building: Building, random: np.random.Generator) -> list[int]:
    """Known, with a season before, and three weeks of its own to come."""
    fit = building.season & ~np.isnan(building.table).all(axis=1)
    return [d for d in _days(building, random, 280) if fit[d : d + 21].all()]


def _more_base(building: Building, day: int, size: float, random: np.random.Generator) -> Floats:
    """From ``day`` on for good: a part of the usual night, as it was in other weeks."""
    table = building.table
    nights = table[:, :5].mean(axis=1)
    usual = np.nanmedian(nights[day - 56 : day])
    begin = int(random.integers(60, day - 60))
    shape = np.resize(nights[begin : begin + 56], len(table) - day)
    shape = np.nan_to_num(shape / np.nanmean(shape), nan=1.0)
    table[day:] += size * usual * shape[:, None]
    return table


def _donor(building: Building, day: int, random: np.random.Generator) -> Floats:
    """The 24 hours of a real open day within a fortnight; unknown ones have the day's mean."""
    table = building.table
    near = np.arange(max(day - 14, 0), min(day + 14, len(building.used)))
    near = near[building.used.is_open[near] & (~np.isnan(table[near])).all(axis=1)]
    return table[int(random.choice(near))] if len(near) else np.zeros(24)


def _heated_nights(
    building: Building, day: int, size: float, random: np.random.Generator
) -> Floats:
    table = building.table
    for at in range(day, day + LASTS_DAYS):
        hours = size * _donor(building, at, random)[OPEN_HOURS][: len(NIGHT_HOURS)]
        table[at, : len(NIGHT_HOURS)] = np.fmax(table[at, : len(NIGHT_HOURS)], hours)
    return table


def _heated_closed_days(
    building: Building, day: int, size: float, random: np.random.Generator
) -> Floats:
    table = building.table
    for at in range(day, day + LASTS_DAYS):
        if not building.used.is_open[at]:
            table[at] = np.fmax(table[at], size * _donor(building, at, random))
    return table


def _heated_summer(
    building: Building, day: int, size: float, random: np.random.Generator
) -> Floats:
    """Three weeks of warm days take, besides, a part of what winter days took."""
    table = building.table
    month = months(building.curve.first_day, len(table))
    winter = np.flatnonzero(np.isin(month, (12, 1, 2)))
    winter = winter[~np.isnan(table[winter]).any(axis=1)]
    for at in range(day, min(day + 21, len(table))):
        table[at] += size * table[int(random.choice(winter))]
    return table


def _summer_day(building: Building, random: np.random.Generator) -> list[int]:
    """A day of June to August 2017 or 2018."""
    month = months(building.curve.first_day, len(building.used))
    fit = (month >= 6) & (month <= 8) & ~np.isnan(building.table).all(axis=1)
    return [d for d in _days(building, random, 430) if fit[d : d + 21].all()]


def _ladder(
    watched: _Watched,
    is_tuned: bool,
    of: Sequence[Building],
    named: str,
    size: float,
    within: float,
    injected: tuple[
        Callable[[Building, np.random.Generator], list[int]],
        Callable[[Building, int, float, np.random.Generator], Floats],
    ],
    bar: float | None,
) -> list[Row]:
    """How many were found within so many days, and the median delay of those that were."""
    delays = _delays(watched, of, size, *injected)
    on = _on(of, watched.carrier, f"; {len(delays)} injections")
    which = _which(is_tuned)
    found = found_within(delays, within) if delays else float("nan")
    sense: Sense = "at_least" if bar is not None else "as_told"
    return [
        Row(watched.rule.id, f"found, {named}, within {within:g} days, {which}", found, "fraction",
            on, bar, sense, 0.05, True),
        Row(watched.rule.id, f"delay, {named}, median, {which}", median_delay(delays), "days",
            on, real=True),
    ]  # fmt: skip


def _base_load_rows(is_tuned: bool) -> list[Row]:
    of = _half("electricity", is_tuned)
    rows: list[Row] = []
    for size, asked in BASE_LOAD_BARS.items():
        injected, bar = (_any_day, _more_base), 0.7 if size == 0.3 else None
        rows += _ladder(BASE_LOAD, is_tuned, of, f"+{size:.0%}", size, 21, injected, bar)
        found = found_within(_delays(BASE_LOAD, of, size, *injected), np.inf)
        what = f"found sooner or later, +{size:.0%}, {_which(is_tuned)}"
        on = _on(of, "electricity", f"; within {LASTS_DAYS + 7} days")
        rows.append(Row(BASE_LOAD.rule.id, what, found, "fraction", on, asked, "at_least", 0.05,
                        True))  # fmt: skip
    return rows


def _heating_rows(is_tuned: bool) -> list[Row]:
    of = [b.disciplined for b in _half("gas", is_tuned)]
    rows: list[Row] = []
    for named, change, asked in (
        ("nights", _heated_nights, 0.6),
        ("closed days", _heated_closed_days, 0.5),
    ):
        for size in (0.5, 0.75, 1.0):
            bar = asked if size == 1.0 else None
            label = f"{named} at {size:.0%} of a day's heat"
            injected = (_day_of_season, change)
            rows += _ladder(CLOSED_HOURS, is_tuned, of, label, size, 14, injected, bar)
    return rows


def _off_season_rows(is_tuned: bool) -> list[Row]:
    of = _half("gas", is_tuned)
    rows: list[Row] = []
    for size in (0.1, 0.25, 0.5):
        label = f"summer at {size:.0%} of winter days"
        injected = (_summer_day, _heated_summer)
        rows += _ladder(IN_SUMMER, is_tuned, of, label, size, 7, injected, None)
    return rows
