"""Savings that are not there, and savings that are planted, on real pairs of building years.

Eight buildings, electricity and gas, 2016 to 2018, without a known measure. Pairs of a baseline
year and the year that follows begin every quarter: pairs of one building overlap. The band of a
building is read off the pairs of the seven others, as ``paes savings`` does it. No parameter was
fitted to these pairs. Gas is unknown from the day on which a meter changes its unit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks.accuracy.rows import Row
from paes.faults.money.price import Interval
from paes.plan.measurement import BASELINE_DAYS
from paes.savings.assumptions import SavingsAssumptions, Use, read_savings_assumptions
from paes.savings.null_savings import BuildingYears, NormalChanges, NullSaving, null_savings
from paes.savings.verdict import Verdict, judge
from paes.shipped_files import shipped_config

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "core"))

from measured_buildings import measured_buildings

PLANTED = ((0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (0.5, 0.5), (0.0, 0.5))
"""Saved and declared parts of what was expected."""
_USES = {"electricity": Use.ELECTRICITY, "gas": Use.HEATING}


def measure() -> list[Row]:
    """Coverage of the band, savings told where there are none, verdicts on planted ones."""
    found, tried, assumptions = real_pairs()
    rows: list[Row] = []
    for name, use in _USES.items():
        of = [n for n in found if n.use is use]
        on = (
            f"{len(of)} overlapping pairs of years of {len({n.building for n in of})} buildings, "
            f"{tried[use] - len(of)} left out (gaps, meter changed); real, not tuned"
        )
        rows += _null_rows(name, of, assumptions, on)
        rows += _planted_rows(name, of, assumptions, on)
    return rows


@lru_cache(maxsize=1)
def real_pairs() -> tuple[tuple[NullSaving, ...], dict[Use, int], SavingsAssumptions]:
    """All pairs that are whole, how many were tried by use, and what they were judged by."""
    assumptions = read_savings_assumptions(shipped_config())
    days, energy = measured_buildings()
    step = assumptions.own_years.step_days
    starts = len(range(0, len(days) - 2 * BASELINE_DAYS + 1, step))
    found: list[NullSaving] = []
    tried = dict.fromkeys(_USES.values(), 0)
    for meter, kwh in energy.items():
        use = _USES[meter.split("_")[0]]
        tried[use] += starts
        found += null_savings(BuildingYears(meter, use, days, kwh), assumptions)
    return tuple(found), tried, assumptions


def _null_rows(
    name: str, of: list[NullSaving], assumptions: SavingsAssumptions, on: str
) -> Iterator[Row]:
    bands, one = _bands(of, assumptions), 1 / len(of)  # one pair more or less is no fall
    within = [abs(n.fraction) <= band for n, band in zip(of, bands, strict=True)]
    what = f"{name}: years without works within the 90 % band"
    yield Row("savings", what, _part(within), "fraction", on, 0.85, "at_least", one, real=True)
    shipped = assumptions.shipped_band(of[0].use)
    inside = [abs(n.fraction) <= shipped for n in of]
    what = f"{name}: years without works within the shipped band"
    yield Row("savings", what, _part(inside), "fraction", on, 0.85, "at_least", one, real=True)
    told = [
        _verdict(n.fraction, band, None, assumptions) is Verdict.CONFIRMED
        for n, band in zip(of, bands, strict=True)
    ]
    false = [t for t, ok in zip(told, within, strict=True) if ok]
    what = f"{name}: called a saving although within the band"
    yield Row("savings", what, float(sum(false)), "pairs", on, 0.0, "at_most", real=True)
    what = f"{name}: called a saving in years without works"
    yield Row("savings", what, _part(told), "fraction", on, 0.15, "at_most", one, real=True)
    what = f"{name}: band of one building, median"
    yield Row("savings", what, float(np.median(bands)), "fraction", on, slack=0.03, real=True)


def _planted_rows(
    name: str, of: list[NullSaving], assumptions: SavingsAssumptions, on: str
) -> Iterator[Row]:
    """A saving of p of all days turns a null saving f into 1 - (1 - f)(1 - p)."""
    bands = _bands(of, assumptions)
    for saved, declared in PLANTED:
        verdicts = [
            _verdict(1 - (1 - n.fraction) * (1 - saved), band, declared, assumptions)
            for n, band in zip(of, bands, strict=True)
        ]
        for verdict in (Verdict.CONFIRMED, Verdict.NOT_DETECTABLE, Verdict.CONTRADICTED):
            what = f"{100 * saved:.0f} % saved, {100 * declared:.0f} % declared: {_word(verdict)}"
            part = verdicts.count(verdict) / len(verdicts)
            yield Row(
                "savings", f"{name}: {what}", part, "fraction", on, slack=1 / len(of), real=True
            )


def _word(verdict: Verdict) -> str:
    return verdict.replace("_", " ")


def _part(told: Sequence[bool]) -> float:
    return sum(told) / len(told)


def _bands(of: list[NullSaving], assumptions: SavingsAssumptions) -> list[float]:
    """Of each pair the band that the other buildings give."""
    changes = NormalChanges(of, assumptions)
    return [changes.band(n.use, {n.building}).fraction for n in of]


def _verdict(
    saved: float, band: float, declared: float | None, assumptions: SavingsAssumptions
) -> Verdict:
    """On a saving as a part of what was expected."""
    measured = Interval(saved - band, saved, saved + band)
    return judge(measured, declared, assumptions.verdict).verdict


if __name__ == "__main__":
    for row in measure():
        print(f"{row.key:70} {row.figure:8.3f} {row.unit:10} {row.bar} {row.on}")
