"""The page of public lighting in words: lamps beside the sun, kWh by point, works."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from dashboard import formats
from dashboard.queries.lighting import Around, Cabinet
from dashboard.queries.lighting_view import CabinetHabit, LightingView
from dashboard.queries.lit_nights import Carpet, Follows, Habit, Months
from dashboard.sentences.energy import covered, energy, share
from dashboard.texts import Language
from paes.plan.action import Status

_LISTED = 3
_FULL_FROM = 0.9
"""Of a night's highest level: power that counts as full."""


def hours(value: float, language: Language) -> str:
    """``13 h 50 min``."""
    minutes = round(value * 60)
    if minutes < 60:
        return language.quantity(minutes, "min")
    whole, rest = divmod(minutes, 60)
    return formats.NO_BREAK.join([str(whole), "h", str(rest), "min"])


def headline(view: LightingView, language: Language) -> tuple[str, str]:
    """The state and its word."""
    t, n = language.text, len(view.wrong)
    if n:
        key = "light.states.above_one" if n == 1 else "light.states.above_many"
        return "above", t(key, n=language.number(n))
    if not view.habits:
        return "uncertain", t("light.states.uncertain")
    return "within", t("light.states.within")


def answer(view: LightingView, language: Language) -> list[str]:
    """Which cabinets do not follow the sun, what was used, and what nobody sees."""
    told = [_sun(view, language), _used(view, language)]
    if view.years:
        told.append(covered(view.total, language))
    told.append(beyond(view, language))
    return [one for one in told if one]


def _sun(view: LightingView, language: Language) -> str:
    t = language.text
    fine = [one for one in view.habits if one.follows is Follows.SUN]
    off_min = max((abs(one.habit.extra_min) for one in fine), default=0.0)
    minutes = hours(math.ceil(off_min) / 60, language)
    n = language.number(len(fine))
    if not view.wrong:
        key = "light.fine_one" if len(fine) == 1 else "light.fine_many"
        return t(key, n=n, minutes=minutes) if fine else ""
    wrong = t("light.wrong", list=_some([_off(one, language) for one in view.wrong], language))
    if not fine:
        return wrong
    key = "light.fine_rest_one" if len(fine) == 1 else "light.fine_rest"
    return f"{wrong} {t(key, n=n, minutes=minutes)}"


def _off(one: CabinetHabit, language: Language) -> str:
    t, name = language.text, one.cabinet.site.name
    if one.follows is Follows.BY_DAY:
        return t("light.by_day", name=name, hours=hours(one.habit.by_day_h, language))
    key = "light.too_long" if one.follows is Follows.TOO_LONG else "light.too_short"
    return t(key, name=name, minutes=hours(abs(one.habit.extra_min) / 60, language))


def _some(items: Sequence[str], language: Language) -> str:
    shown = list(items[:_LISTED])
    if len(items) > _LISTED:
        rest = len(items) - _LISTED
        key = "light.one_more" if rest == 1 else "light.more"
        shown.append(language.text(key, n=language.number(rest)))
    return "; ".join(shown)


def _used(view: LightingView, language: Language) -> str:
    if not view.years:
        return ""
    used = energy(view.total.kwh, language)
    if view.per_point is None:
        return language.text("light.used_uncounted", year=view.year, kwh=used)
    key = "light.used_year" if view.is_over else "light.used_so_far"
    point = kwh(view.per_point, language)
    return language.text(key, year=view.year, kwh=used, per_point=point)


def kwh(value: float, language: Language) -> str:
    """``279 kWh``."""
    return language.text("light.per_unit", kwh=language.number(value))


def beyond(view: LightingView, language: Language) -> str:
    """What the plan declares of lighting, and which part of it the meters see."""
    of = view.declared
    if of is None or not view.is_over or of.year != view.year or not of.mwh:
        return ""
    seen = view.total.kwh / 1000
    key = "light.declared_rest" if of.is_rest else "light.declared_whole"
    return language.text(
        key,
        year=of.year,
        mwh=language.quantity(of.mwh, "MWh"),
        assumed=f" {language.text('light.declared_assumed')}" if of.assumed else "",
        share=share(seen / (of.mwh + seen) if of.is_rest else seen / of.mwh, language),
    )


def points(view: LightingView, language: Language) -> str:
    """From the least to the most by light point, and by what was done to the lamps."""
    t = language.text
    known = [(one.per_point[0], one.cabinet.site.name) for one in view.years if one.per_point]
    (low, low_name), (high, high_name) = min(known), max(known)
    if len(known) == 1:
        return t(
            "light.points.sentence_one", year=view.year, low=kwh(low, language), low_name=low_name
        )
    told = t(
        "light.points.sentence",
        year=view.year,
        low=kwh(low, language),
        low_name=low_name,
        high=kwh(high, language),
        high_name=high_name,
    )
    if len(view.groups) < 2:
        return told
    items = [
        language.text(f"light.group_{g.lamp.value}", kwh=kwh(g.per_point, language))
        for g in view.groups
    ]
    return f"{told} {t('light.points.groups', list=', '.join(items))}"


def sun_hours(view: LightingView, language: Language) -> str:
    """The hours of burning and of darkness of the town's cabinets."""
    burning, dark = view.median_h
    n = max(one.habit.nights for one in view.habits)
    told = language.text(
        "light.hours.sentence", n=n, dark=hours(dark, language), burning=hours(burning, language)
    )
    without = [cabinet.site.name for cabinet in view.without_hours]
    if without:
        told += f" {language.text('light.hours.untold', list=_some(without, language))}"
    return told


def months(of: Months, language: Language) -> str:
    """The newest month with a known night, and how many are not known."""
    known = [i for i, n in enumerate(of.nights) if n]
    last = known[-1]
    told = language.text(
        "light.months.sentence",
        month=language.month(of.starts[last].year, of.starts[last].month),
        burning=hours(float(of.burning_h[last]), language),
        dark=hours(float(of.dark_h[last]), language),
    )
    missing, whole = sum(of.of) - sum(of.nights), sum(of.of)
    n = language.number(missing)
    return f"{told} {language.text('light.months.unknown', n=n, all=language.number(whole))}"


def carpet(of: Carpet, language: Language) -> str:
    """Whether the lamps are dimmed at night, and what was not read."""
    t = language.text
    known = ~np.isnan(of.level)
    full = float(np.nanquantile(of.level, 0.95))
    midnight = of.level[48:64]  # from midnight to four: rows begin at noon
    deep = float(np.nanmedian(midnight)) if (~np.isnan(midnight)).any() else full
    if full and deep < _FULL_FROM * full:
        shown = t("light.carpet.dimmed", level=share(deep / full, language))
    else:
        shown = t("light.carpet.not_dimmed")
    unread = 1 - float(known.mean())
    if unread > 0:
        shown += f" {t('light.carpet.unread', share=share(unread, language))}"
    return t("light.carpet.sentence", n=len(of.evenings), shown=shown)


def works(view: LightingView, language: Language) -> str:
    """What the register declares, what was measured around it, and what nobody measured."""
    t, actions = language.text, view.town.actions
    done = sum(action.status is Status.COMPLETED for action in actions)
    n, mwh = language.number(len(actions)), language.quantity(view.town.declared_mwh, "MWh")
    told = [t("light.works.sentence", n=n, done=language.number(done), mwh=mwh)]
    both = [one for one in view.around if one.before and one.after is not None]
    if both:
        items = _some([_change(one, language) for one in both], language)
        told.append(t("light.works.both", list=items))
    counts = {
        "no_before": _cabinets(one.cabinet for one in view.around if one.before is None),
        "no_after": _cabinets(
            one.cabinet for one in view.around if one.before is not None and one.after is None
        ),
    }
    told += [
        t(f"light.works_{key}_one" if n == 1 else f"light.works_{key}", n=language.number(n))
        for key, n in counts.items()
        if n
    ]
    return " ".join(told)


def _change(one: Around, language: Language) -> str:
    before, after = one.before or 0.0, one.after or 0.0
    return language.text(
        "light.works.both_item",
        name=one.cabinet.site.name,
        before=kwh(before, language),
        after=kwh(after, language),
        change=language.percent(after / before - 1, 0, sign=True),
    )


def _cabinets(of: Iterable[Cabinet]) -> int:
    return len({cabinet.site.id for cabinet in of})


def judged(of: Follows, language: Language) -> str:
    """In two words."""
    return language.text(f"light.judged_{'follows' if of is Follows.SUN else of.value}")


def habit_nights(of: Habit, language: Language) -> str:
    """How many nights it is told from."""
    return language.text("light.card.burning_nights", n=of.nights, last=language.day(of.last))
