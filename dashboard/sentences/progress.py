"""The answers of the page in words: each says in numbers what its figure shows.

A sentence is made once from the same data as figure and table, and serves the page and the
description that a screen reader gets. Texts carry the marks of ``formats`` (``**bold**``, CO2).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from dashboard.queries.changes import SectorChange
from dashboard.queries.progress import CityView
from dashboard.texts import Language
from paes.causes.cause import Owed, causes_of
from paes.causes.effects import Effects
from paes.inventory.inventory import Inventory
from paes.progress.path import OpenBy, Verdict, YearResult

_HALF = 0.5


def question(view: CityView, language: Language) -> str:
    """The page's question: has the town kept its word, or is it on the way."""
    key = "question.past" if view.progress.over else "question.ahead"
    return language.text(key, city=view.city.name, year=view.progress.target.target_year)


def amount(value: float, view: CityView, language: Language) -> str:
    """Emissions as the page shows them: tonnes, or tonnes a head."""
    if view.per_head:
        return f"{language.quantity(value, 't', 2)} {language.text('card.per_head')}"
    return language.tonnes(value)


def answer(view: CityView, language: Language) -> str:
    """The verdict on the judged year, with what was reached and what was promised."""
    result = view.judged
    at_target = view.progress.at_target is not None
    key = {
        Verdict.WITHIN: "answer.reached" if at_target else "answer.on_path",
        Verdict.ABOVE: "answer.missed" if at_target else "answer.off_path",
        Verdict.UNCERTAIN: "answer.unsure" if at_target else "answer.unsure_path",
    }[result.verdict]
    text = language.text(
        key,
        year=result.year,
        change=change(result.reduction_fraction, view, language),
        required=promised(result.required_fraction, language),
        gap=amount(result.distance_t, view, language),
        open_by=language.text(f"open_by.{result.open_by or OpenBy.METERS}"),
    )
    if view.progress.over and not at_target:
        missing = language.text(
            "answer.no_target_year", year=view.progress.target.target_year, used=result.year
        )
        return f"{text} {missing}"
    return text


def on_assumed(view: CityView, language: Language) -> str | None:
    """Where the verdict itself rests mostly on assumptions: that it does."""
    judged = next(i for i in view.progress.inventories if i.year == view.judged.year)
    return language.text("answer.on_assumed") if judged.assumed_fraction > 0.5 else None


def promised(fraction: float, language: Language) -> str:
    """A promised reduction; its decimals only if it has any."""
    whole = abs(fraction * 100 - round(fraction * 100)) < 0.05
    return language.percent(-fraction, 0 if whole else 1, sign=True)


def change(reduction_fraction: float, view: CityView, language: Language) -> str:
    """``12,3 % sotto il 2007``."""
    key = "below" if reduction_fraction > 0 else "above" if reduction_fraction < 0 else "same"
    share = language.percent(abs(reduction_fraction))
    return language.text(f"answer.{key}", percent=share, base=view.progress.base.year)


def verdict_word(result: YearResult, view: CityView, language: Language) -> str:
    """The verdict in two words; of the path, unless it is the target's own year."""
    suffix = "" if result is view.progress.at_target else "_path"
    return language.text(f"verdict.{result.verdict.value}{suffix}")


def basis(view: CityView, language: Language) -> str:
    """What the newest inventory rests on: assumed data, and what meters saw."""
    newest, year = view.newest, view.newest.year
    assumed = newest.assumed_fraction
    if assumed > 0.9995:
        text = language.text("basis.assumed_all", year=year)
    elif assumed > 0:
        share = language.percent(assumed, 0 if assumed > 0.1 else 1)
        text = language.text("basis.assumed_part", year=year, assumed=share)
    else:
        text = language.text("basis.assumed_none", year=year)
    if newest.metered_fraction <= 0:
        return f"{text} {language.text('basis.metered_none')}"
    metered = language.percent(
        newest.metered_fraction, 1 if newest.metered_fraction >= 0.0005 else 2
    )
    return f"{text} {language.text('basis.metered', metered=metered)}"


def bounds(view: CityView, language: Language) -> str | None:
    """How far the newest year may be off for what meters missed; None if nothing is missing."""
    latest = view.progress.latest
    if latest.high_t <= latest.emissions_t and latest.low_t >= latest.emissions_t:
        return None
    if view.unbounded:
        least = 1 - view.native.latest.low_t / view.native.base.emissions_t
        hint = language.text(
            "basis.unbounded_hint", year=latest.year, change=change(least, view, language)
        )
        told = [language.text(key, year=latest.year) for key in _open_keys(view.newest)]
        return " ".join([*told, hint])
    low, high = (amount(value, view, language) for value in (latest.low_t, latest.high_t))
    if low == high:
        return None  # too little to be seen at this precision
    return language.text("basis.bounded", year=latest.year, low=low, high=high)


def _open_keys(newest: Inventory) -> Iterator[str]:
    """Why nothing bounds a year: cells that are left out, readings that are missing, or both."""
    if newest.lacks_cells:
        yield "basis.left_out"
    if not newest.lacks_cells or math.isinf(newest.known_bounds_t[1]):
        yield "basis.unbounded"


def grid_share(view: CityView, language: Language) -> str | None:
    """What part of the reduction the grid brought; None where it brought none."""
    told = view.effects
    if told.grid_t <= 0 or told.total_t <= 0:
        return None
    if told.grid_t > told.total_t:
        return language.text("answer.grid_all")
    share = language.percent(told.grid_t / told.total_t, 0)
    return language.text("answer.grid_share", share=share)


def effects(view: CityView, language: Language) -> str:
    """Whom the reduction is owed to; says plainly when it is mostly the grid's."""
    told = view.effects
    values = {
        "base": view.progress.base.year,
        "year": told.year,
        "total": language.tonnes(abs(told.total_t)),
        "grid": language.tonnes(abs(told.grid_t)),
        "share": language.percent(told.grid_t / told.total_t, 0) if told.total_t > 0 else "",
    }
    key = _effects_key(told, view.progress.method.electricity_factor == "frozen")
    sentences = [language.text(key, **values), _own_actions(view, language)]
    return " ".join([*sentences, *_circumstances(told, language), *_unknown(told, view, language)])


def _effects_key(told: Effects, frozen: bool) -> str:
    if told.total_t <= 0:
        return "effects.none"
    if frozen:
        return "effects.frozen"
    if told.grid_t < 0:
        return "effects.grid_worse"
    if told.grid_t > told.total_t:
        return "effects.all_grid"
    return "effects.mostly_grid" if told.grid_t > _HALF * told.total_t else "effects.partly_grid"


def _own_actions(view: CityView, language: Language) -> str:
    count = view.own_actions
    if view.effects.own_actions_t > 0:
        told = view.effects
        figures = {"own": told.own_actions_t, "low": told.own_low_t, "high": told.own_high_t}
        tonnes = {name: language.tonnes(t) for name, t in figures.items()}
        return language.text("effects.own_some", **tonnes)
    if count.completed == 0:
        return language.text("effects.own_no_actions")
    return language.text("effects.own_none", completed=language.number(count.completed))


def _circumstances(told: Effects, language: Language) -> Iterator[str]:
    """Weather, activity and what else is nobody's doing, as far as it is known."""
    causes = [c for c in causes_of(told) if c.owed is Owed.CIRCUMSTANCES and c.is_told]
    if not causes:
        return
    parts = (
        f"{_lowered(language.text(f'effects.{cause.name}'))} {_signed_t(cause.t, language)}"
        for cause in causes
    )
    yield language.text("effects.circumstances", list=", ".join(parts))
    if any(cause.assumed for cause in causes):
        yield language.text("effects.circumstances_assumed")


def _unknown(told: Effects, view: CityView, language: Language) -> Iterator[str]:
    """Drivers that nobody knows, and how far gaps decide."""
    missing = [f.subject.split("/")[1] for f in told.findings if f.name == "cause.not_told"]
    if missing:
        parts = (_driver_name(name, language) for name in missing)
        yield language.text("effects.not_told", list=", ".join(parts))
    low, high = told.total_t - told.less_by_gaps_t, told.total_t + told.more_by_gaps_t
    if math.isinf(low):
        year = next(i for i in view.progress.inventories if i.year == told.year)
        yield language.text("effects.left_out" if year.lacks_cells else "effects.gaps_open")
    elif language.tonnes(low) != language.tonnes(high):
        bounds = {"low": language.tonnes(low), "high": language.tonnes(high)}
        yield language.text("effects.gaps", **bounds)


def _driver_name(name: str, language: Language) -> str:
    if not language.knows(f"sector.{name}"):
        return _lowered(language.text("effects.weather"))
    sector = _lowered(language.text(f"sector.{name}"))
    return language.text("effects.activity_of", sector=sector)


def _lowered(label: str) -> str:
    """A label inside a sentence."""
    return label[:1].lower() + label[1:]


def _signed_t(t: float, language: Language) -> str:
    return f"{language.signed(t)}\N{NO-BREAK SPACE}t"


def path(view: CityView, language: Language) -> str:
    """Where the newest inventory lies beside the path."""
    latest, target = view.progress.latest, view.progress.target
    text = language.text(
        "path.below" if latest.distance_t <= 0 else "path.above",
        year=latest.year,
        emissions=amount(latest.emissions_t, view, language),
        distance=amount(abs(latest.distance_t), view, language),
        target=target.target_year,
        path=amount(latest.path_t, view, language),
    )
    return " ".join([text, *_published(view, language)])


def _published(view: CityView, language: Language) -> list[str]:
    if view.per_head:
        return []
    return [
        language.text("path.published", year=p.year, total=language.tonnes(p.total_t))
        for p in view.published
    ]


def later_targets(view: CityView, language: Language) -> str:
    """The later targets in words, for the chart's description."""
    later = [m for m in view.milestones if not m.tracked]
    if not later:
        return ""
    items = [
        language.text(
            "path.later_item",
            threshold=amount(m.emissions_t, view, language),
            year=m.target.target_year,
            reduction=language.percent(-m.target.reduction_fraction, 0, sign=True),
        )
        for m in later
    ]
    return language.text("path.later", list="; ".join(items))


def sectors(view: CityView, language: Language) -> str:
    """The heaviest sector, the one that fell most, and the one that rose most if any did."""
    rows = view.sectors
    fallen = min(rows, key=lambda row: row.latest_t - row.base_t)
    risen = max(rows, key=lambda row: row.latest_t - row.base_t)
    total = sum(row.latest_t for row in rows)
    text = language.text(
        "sectors.sentence",
        year=view.newest.year,
        base=view.base_inventory.year,
        largest=_name(rows[0], language),
        largest_t=language.tonnes(rows[0].latest_t),
        share=language.percent(rows[0].latest_t / total if total else 0.0, 0),
        fallen=_name(fallen, language),
        fallen_t=_change_t(fallen, language),
    )
    if risen.latest_t - risen.base_t < 1:
        return text
    more = language.text(
        "sectors.rise", risen=_name(risen, language), risen_t=_change_t(risen, language)
    )
    return f"{text} {more}"


def _name(row: SectorChange, language: Language) -> str:
    return language.text(f"sector.{row.sector}")


def _change_t(row: SectorChange, language: Language) -> str:
    return _signed_t(row.latest_t - row.base_t, language)
