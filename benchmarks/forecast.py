"""How fast models of consumption are made, and how far year-end forecasts miss.

Speed: models of meters with two years of days, invented, of three kinds: heated in the season,
heated and cooled, lamps. The reference, in the same run and on the first of these meters, is the
loop one would write first: ``numpy.linalg.lstsq`` for every balance point of the same grid and the
same choices of terms; of heating and cooling together it tries one point with the other's best.

Accuracy: eight measured buildings (``tests/data/estates``), each year forecast after 0, 3, 6 and 9
months at the weather of the other years; errors are parts of the year's energy, median (P90).
Beside it stand last year's remainder and the straight line, which nobody should use. *Inside* is
how often the year lies within the least band of ``forecast.yaml``, which means 90 %.

    python benchmarks/forecast.py [--meters N] [--seed N]
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import numpy as np
from _figures import head, line, seconds

from paes.baselines.baseline import Baseline, obstacle
from paes.baselines.days import Days, days_of
from paes.baselines.search import COOLING_DEGC, HEATING_DEGC
from paes.config import load_installation
from paes.forecast.errors import ForecastHow
from paes.metering import Carrier
from paes.opening import DayKind, Opening
from paes.series import Floats
from paes.shipped_files import shipped_config

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "core"))

from measured_buildings import measured_buildings

FIRST = date(2024, 1, 1)
DAYS = 731
REFERENCE_METERS = 6


def invented(count: int, seed: int) -> list[tuple[Floats, Days]]:
    """Two years of meters of three kinds."""
    dice = np.random.default_rng(seed)
    course = 16 - 8 * np.cos(2 * np.pi * (np.arange(DAYS) - 20) / 365.25)
    degc = course + dice.normal(0, 3, DAYS)
    school = Opening(closed=((date(2024, 6, 9), date(2024, 9, 11)),))
    days = days_of(FIRST, degc, school, 44.1, _in_season)
    meters = []
    for n in range(count):
        kwh = np.array([100.0, 40.0, 30.0])[days.kinds] + dice.normal(0, 10, DAYS)
        if n % 3 == 2 and days.night_h is not None:
            kwh = 10 * days.night_h + dice.normal(0, 1, DAYS)
        elif days.in_season is not None:
            kwh += 30 * np.maximum(dice.uniform(13, 17) - degc, 0) * days.in_season
            kwh += (n % 3) * 8 * np.maximum(degc - dice.uniform(20, 24), 0)
        meters.append((kwh, days))
    return meters


def _in_season(day: date) -> bool:
    return (day.month, day.day) >= (11, 1) or (day.month, day.day) <= (4, 15)


def one_by_one(kwh: Floats, days: Days) -> float:
    """The least BIC of all models, each solved by itself."""
    kinds = np.stack([(days.kinds == kind).astype(float) for kind in DayKind], axis=1)
    is_open = kinds[:, :1]
    lamps = [kinds, np.column_stack([kinds, days.night_h])]
    seasons = [np.ones(len(kwh)), np.asarray(days.in_season, dtype=float)]
    best = min(_bic(kwh, base, 0)[0] for base in lamps)
    for base, season, by_kind in product(lamps, seasons, (False, True)):

        def terms(degrees: Floats, of: Floats, split: bool = by_kind) -> Floats:
            column = (degrees * of)[:, None]
            return np.hstack([column, column * is_open]) if split else column

        cold = [terms(np.maximum(p - days.degc, 0), season) for p in HEATING_DEGC]
        warm = [terms(np.maximum(days.degc - p, 0), np.ones(len(kwh))) for p in COOLING_DEGC]
        of_cold = min((_bic(kwh, np.hstack([base, c]), 1)[0], n) for n, c in enumerate(cold))
        of_warm = min((_bic(kwh, np.hstack([base, w]), 1)[0], n) for n, w in enumerate(warm))
        both = [np.hstack([base, c, warm[of_warm[1]]]) for c in cold]
        both += [np.hstack([base, cold[of_cold[1]], w]) for w in warm]
        best = min(best, of_cold[0], of_warm[0], *(_bic(kwh, m, 2)[0] for m in both))
    return best


def _bic(kwh: Floats, matrix: Floats, points: int) -> tuple[float, Floats]:
    solved = np.linalg.lstsq(matrix, kwh, rcond=None)[0]
    left = float(np.square(kwh - matrix @ solved).sum())
    count = matrix.shape[1] + points
    return len(kwh) * np.log(left / len(kwh)) + count * np.log(len(kwh)), solved


def speed(count: int, seed: int) -> None:
    """Times of both, and that ours is no worse where both search the same."""
    meters = invented(count, seed)
    few = meters[:REFERENCE_METERS]
    Baseline.fit(*meters[0])
    ours_s, models = seconds(lambda: [Baseline.fit(*meter) for meter in meters])
    reference_s, least = seconds(lambda: [one_by_one(*meter) for meter in few])
    for (kwh, days), model, bic in zip(few, models, least, strict=False):
        left = float(np.square(kwh - model.predict(days)).sum())
        ours = len(kwh) * np.log(left / len(kwh)) + model.fit_quality.parameters * np.log(len(kwh))
        assert ours <= bic + 20, "the loop finds a clearly better model"
    head(f"models of {count} meters x 2 years", "lstsq")
    line("a meter", ours_s / count, reference_s / len(few), f"{count} in {ours_s:.1f} s")


def accuracy() -> None:
    """Year-end forecasts of measured buildings."""
    days, energy = measured_buildings()
    columns = f"{'model':>14}{'last year':>14}{'line':>14}{'inside':>9}"
    print(f"\n{'error of the year, % median (P90)':<34}{columns}")
    seen = load_installation(shipped_config()).expectations.errors
    for carrier, years in (("electricity", (2017, 2018)), ("gas", (2017,))):
        of = Carrier.ELECTRICITY if carrier == "electricity" else Carrier.NATURAL_GAS
        for month in (1, 4, 7, 10):
            found = [
                error
                for name, kwh in energy.items()
                for year in years
                if name.startswith(carrier) and (error := _errors(kwh, days, year, month))
            ]
            of_all = [np.array(column) for column in zip(*found, strict=True)]
            told = "".join(f"{_told(column):>14}" for column in of_all)
            inside = of_all[0] <= seen.error_fraction(ForecastHow.MODEL, of, month - 1)
            what = f"{carrier:<14}after {month - 1} months{len(found):>5} x"
            print(f"{what}{told}{inside.mean():>9.0%}", flush=True)


def _errors(kwh: Floats, days: Days, year: int, month: int) -> tuple[float, float, float] | None:
    """Of the model, of last year's remainder and of the line; None where days are missing."""
    first, now, end = date(year, 1, 1), date(year, month, 1), date(year + 1, 1, 1)
    start, at, stop = ((day - days.first).days for day in (first, now, end))
    learnt, whole = kwh[at - 365 : at], kwh[start:stop]
    before = kwh[start - 365 : start]
    gaps = np.isnan(whole).sum() + np.isnan(before).sum()
    of_memory = days.between(now - timedelta(days=365), now)
    if gaps > 36 or obstacle("building", learnt, of_memory):
        return None
    truth = float(np.nansum(whole))
    so_far = float(np.nansum(kwh[start:at]))
    known = ~np.isnan(kwh[at:stop])
    model = Baseline.fit(learnt, of_memory)
    to_come = days.between(now, end)
    other = [y for y in (2016, 2017, 2018) if y != year]
    rests = [model.predict(to_come.at(_weather(days, y, now, len(to_come))))[known] for y in other]
    rest = float(np.mean([r.sum() for r in rests]))
    last = float(np.nansum(kwh[at - 365 : stop - 365][known]))
    in_proportion = so_far * (stop - start) / (at - start) if at > start else float("nan")
    told = [abs(e - truth) / truth for e in (so_far + rest, so_far + last, in_proportion)]
    return told[0], told[1], told[2]


def _weather(days: Days, year: int, now: date, count: int) -> Floats:
    """The same days of another year; a leap year's last day stands in for one too many."""
    begin = (now.replace(year=year) - days.first).days
    return days.degc[np.minimum(np.arange(begin, begin + count), len(days) - 1)]


def _told(parts: Floats) -> str:
    if np.isnan(parts).any():
        return "-"
    return f"{100 * np.median(parts):.1f} ({100 * np.quantile(parts, 0.9):.0f})"


def main() -> None:
    """Parse what is asked and run both."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--meters", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    speed(args.meters, args.seed)
    accuracy()


if __name__ == "__main__":
    main()
