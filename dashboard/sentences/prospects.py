"""How far the target is, where the town is going, and what its figures rest on: in words."""

from __future__ import annotations

import math

from dashboard.queries.distance import Part, distance
from dashboard.queries.evidence_shares import PARTS, Shares
from dashboard.queries.outlook import Course
from dashboard.queries.progress import CityView
from dashboard.sentences.chances import likely
from dashboard.sentences.progress import amount, promised
from dashboard.texts import Language
from paes.scenarios.scenarios import ScenarioId

_POINTS = 100


def distance_told(view: CityView, language: Language) -> str:
    """How far the newest year is from the target, in t and per cent, and by whom it came there."""
    found = distance(view)
    return language.text(
        "distance.below" if found.t <= 0 else "distance.above",
        year=found.year,
        target=view.progress.target.target_year,
        allowed=amount(found.target_t, view, language),
        distance=amount(abs(found.t), view, language),
        percent=language.percent(abs(found.of_target)),
    )


def parts_told(parts: tuple[Part, ...], view: CityView, language: Language) -> str:
    """Own and supra-ordinate part beside what was promised of each."""
    by_name = {part.name: part for part in parts}
    supra, own = by_name["supra"], by_name["own"]
    values = {
        "year": view.judged.year,
        "supra": _points(supra.reached, language),
        "own": _points(own.reached, language),
        "low": _points(own.low, language),
        "high": _points(own.high, language),
    }
    if supra.promised is None or own.promised is None:
        return language.text("distance.parts", **values)
    return language.text(
        "distance.parts_promised",
        supra_promised=_points(supra.promised, language),
        own_promised=_points(own.promised, language),
        **values,
    )


def _points(fraction: float, language: Language) -> str:
    return language.number(fraction * _POINTS, 1)


def outlook(view: CityView, language: Language) -> str:
    """Where planned actions lead, and how likely that is enough; nothing where it is not known."""
    found = view.outlook
    planned = found.course(ScenarioId.PLANNED) if found else None
    if found is None or planned is None:
        return ""
    text = _course("outlook.planned", planned, view, language)
    cleaner = found.course(ScenarioId.PLANNED, grid=True)
    if cleaner and cleaner.grid:
        name = cleaner.grid.name.in_language(language.code)
        text += " " + _course("outlook.cleaner", cleaner, view, language, grid=name)
    return text


def _course(key: str, course: Course, view: CityView, language: Language, **more: str) -> str:
    end, found = course.years[-1], view.outlook
    assert found is not None
    if not math.isfinite(end.high_t):
        key += "_open"
    return language.text(
        key,
        year=end.year,
        low=amount(end.low_t, view, language),
        high=amount(end.high_t, view, language),
        wanted=promised(found.target.reduction_fraction, language),
        chance=likely(course.enough, language),
        **more,
    )


def evidence(view: CityView, language: Language) -> str:
    """The parts of all emissions by how they are known, the largest first."""
    whole = Shares.sum(row.shares for row in view.evidence)
    total = sum(abs(getattr(whole, part)) for part in PARTS)
    if not total:
        return language.text("evidence.nothing", year=view.newest.year)
    shares = {part: abs(getattr(whole, part)) / total for part in PARTS}
    told = [
        language.text(
            "evidence.part",
            what=language.text(f"evidence.{part.removesuffix('_t')}"),
            share=language.percent(share, 2 if share < 0.01 else 1),
        )
        for part, share in sorted(shares.items(), key=lambda pair: -pair[1])
        if share > 0
    ]
    return language.text("evidence.sentence", year=view.newest.year, list=", ".join(told))
