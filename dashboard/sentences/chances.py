"""The interval of a reduction and the probability of a target, in one sentence.

The same figures as ``paes progress`` prints, from the same draws. What is nearly sure is told as
over 99 %: no draw knows more than was assumed.
"""

from __future__ import annotations

import math

from dashboard.queries.progress import CityView
from dashboard.sentences.progress import promised
from dashboard.texts import Language
from paes.uncertainty.chances import Chance

_NEARLY = 0.99
_FROM = 0.995
"""What rounds to all is told as over ``_NEARLY``."""


def chance(view: CityView, language: Language) -> str | None:
    """Of the judged year; None if nothing was drawn."""
    found = view.judged_chances
    if found is None:
        return None
    low, high = found.reduction.low, found.reduction.high
    by_target = view.judged.year >= view.progress.target.target_year
    values = {
        "year": view.judged.year,
        "high": language.percent(high),
        "level": language.percent(found.reduction.level, 0),
        "wanted": _wanted(view, language, by_target),
        "chance": likely(found.meets_target if by_target else found.on_path, language),
    }
    if math.isinf(low):
        return language.text("answer.chance_open", **values)
    return language.text("answer.chance", low=language.percent(low), **values)


def _wanted(view: CityView, language: Language, by_target: bool) -> str:
    target = view.progress.target
    asked = target.reduction_fraction if by_target else view.judged.required_fraction
    required = promised(asked, language)
    if by_target:
        return language.text("answer.wanted_target", required=required, target=target.target_year)
    return language.text("answer.wanted_path", required=required)


def likely(found: Chance, language: Language) -> str:
    """A probability, or between which it lies."""
    low, high = _end(found.low, language), _end(found.high, language)
    return low if low == high else language.text("answer.chance_range", low=low, high=high)


def _end(value: float, language: Language) -> str:
    if value > _FROM:
        return language.text("answer.chance_over", limit=language.percent(_NEARLY, 0))
    if value < 1 - _FROM:
        return language.text("answer.chance_under", limit=language.percent(1 - _NEARLY, 0))
    return language.percent(value, 0)
