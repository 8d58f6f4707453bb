"""The tables of public lighting: cabinets in a year, burning beside the sun, works."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from dashboard.queries.lighting import Around, CabinetYear
from dashboard.queries.lighting_view import CabinetHabit, LightingView
from dashboard.queries.lit_nights import Follows, Months, Nights
from dashboard.sentences.lighting import judged
from dashboard.tables.table import Cell, Column, Figured, Linked, Marked, Table
from dashboard.texts import Language
from paes.plan.action import Action

LinkTo = Callable[[str], str]
_SHOWN_NIGHTS = 31


def cabinets_table(view: LightingView, link: LinkTo, figure: LinkTo, language: Language) -> Table:
    """A row for each cabinet with readings, most by light point first."""
    t = language.text
    columns = (
        Column(t("light.col.cabinet")),
        Column(t("light.col.lamps")),
        Column(t("light.col.points"), "count"),
        Column(t("light.col.kw"), "number", 1),
        Column(t("light.col.kwh"), "number"),
        Column(t("light.col.estimated"), "number"),
        Column(t("light.col.missing"), "number"),
        Column(t("light.col.coverage"), "percent", 1),
        Column(t("light.col.per_point"), "number"),
        Column(t("light.col.whole")),
        Column(t("light.col.config")),
    )
    rows = tuple(_cabinet(one, link, figure, language) for one in view.years)
    return Table("cabinets", t("light.points.table", year=view.year), columns, rows)


def _cabinet(
    one: CabinetYear, link: LinkTo, figure: LinkTo, language: Language
) -> tuple[Cell, ...]:
    cabinet, total, t = one.cabinet, one.total, language.text
    most = total.missing_high_kwh
    points = cabinet.points
    return (
        Linked(cabinet.site.name, link(cabinet.site.id)),
        t(f"light.lamp_{cabinet.lamp.value}"),
        float(points) if points else None,
        cabinet.installed_kw,
        Figured(total.kwh, figure(cabinet.site.id)),
        total.estimated_kwh,
        t("light.col.unlimited") if math.isinf(most) else most,
        total.coverage,
        one.per_point[0] if one.per_point else None,
        t("light.is_whole" if one.is_whole else "light.is_partial"),
        t("light.is_assumed" if cabinet.site.assumed else "light.is_sourced"),
    )


def habits_table(view: LightingView, link: LinkTo, language: Language) -> Table:
    """A row for each cabinet whose nights are known, those that are wrong first."""
    t = language.text
    columns = (
        Column(t("light.col.cabinet")),
        Column(t("light.col.state")),
        Column(t("light.col.burning"), "number", 1),
        Column(t("light.col.dark"), "number", 1),
        Column(t("light.col.extra"), "number", 0, sign=True),
        Column(t("light.col.day"), "number", 1),
        Column(t("light.col.on_at"), "number", 0, sign=True),
        Column(t("light.col.off_at"), "number", 0, sign=True),
        Column(t("light.col.nights"), "year"),
        Column(t("light.col.unknown"), "year"),
        Column(t("light.col.last")),
    )
    rows = tuple(_habit(one, link, language) for one in view.habits)
    return Table("hours", t("light.hours.table"), columns, rows)


def _habit(one: CabinetHabit, link: LinkTo, language: Language) -> tuple[Cell, ...]:
    of = one.habit
    state = "within" if one.follows is Follows.SUN else "above"
    return (
        Linked(one.cabinet.site.name, link(one.cabinet.site.id)),
        Marked(judged(one.follows, language), state),
        of.burning_h,
        of.dark_h,
        of.extra_min,
        of.by_day_h,
        of.on_min,
        of.off_min,
        float(of.nights),
        float(of.unknown),
        language.day(of.last),
    )


def months_table(of: Months, name: str, language: Language) -> Table:
    """A row for each month of one cabinet."""
    t = language.text
    columns = (
        Column(t("light.col.month")),
        Column(t("light.col.burning"), "number", 1),
        Column(t("light.col.dark"), "number", 1),
        Column(t("light.col.nights"), "year"),
        Column(t("light.col.unknown"), "year"),
    )
    rows = tuple(
        (
            language.month(start.year, start.month),
            _known(of.burning_h[i]),
            _known(of.dark_h[i]),
            float(of.nights[i]),
            float(of.of[i] - of.nights[i]),
        )
        for i, start in enumerate(of.starts)
    )
    return Table("months", t("light.months.table", name=name), columns, rows)


def _known(value: float | np.floating) -> float | None:
    return None if np.isnan(value) else float(value)


def nights_table(of: Nights, name: str, language: Language) -> Table:
    """A row for each of the last nights of one cabinet, the newest first."""
    t = language.text
    columns = (
        Column(t("light.col.evening")),
        Column(t("light.col.burning"), "number", 1),
        Column(t("light.col.dark"), "number", 1),
        Column(t("light.col.on_at"), "number", 0, sign=True),
        Column(t("light.col.off_at"), "number", 0, sign=True),
    )
    last = range(len(of.burning_h) - 1, max(len(of.burning_h) - 1 - _SHOWN_NIGHTS, -1), -1)
    rows = tuple(
        (
            language.day(of.evening(night)),
            _known(of.burning_h[night]),
            _known(of.dark_h[night]),
            _known(of.on_min[night]),
            _known(of.off_min[night]),
        )
        for night in last
    )
    return Table("nights", t("light.carpet.table", name=name), columns, rows)


def works_table(view: LightingView, link: LinkTo, language: Language) -> Table:
    """A row for each action on public lighting; ``link`` leads to its page."""
    t = language.text
    columns = (
        Column(t("light.works.action")),
        Column(t("light.works.status")),
        Column(t("light.works.end")),
        Column(t("light.works.sites"), "year"),
        Column(t("light.works.declared"), "number", 1),
        Column(t("light.works.assumed")),
    )
    metered = {cabinet.site.id for cabinet in view.town.metered}
    rows = tuple(_action(action, metered, link, language) for action in view.town.actions)
    return Table("works", t("light.works.table"), columns, rows)


def _action(
    action: Action, metered: set[str], link: LinkTo, language: Language
) -> tuple[Cell, ...]:
    return (
        Linked(action.name.in_language(language.code), link(action.id)),
        language.text(f"light.status_{action.status.value}"),
        language.day(action.end) if action.end else None,
        float(len(metered & set(action.sites))),
        action.declared_saving_mwh,
        language.text("light.is_assumed" if action.assumed else "light.is_sourced"),
    )


def around_table(view: LightingView, language: Language) -> Table:
    """A row for each cabinet and complete action: whole years before and after."""
    t = language.text
    columns = (
        Column(t("light.col.cabinet")),
        Column(t("light.works.action")),
        Column(t("light.works.before_year"), "year"),
        Column(t("light.works.before"), "number"),
        Column(t("light.works.after_year"), "year"),
        Column(t("light.works.after"), "number"),
        Column(t("light.works.change"), "percent", 1, sign=True),
    )
    rows = tuple(_around(one, language) for one in view.around)
    return Table("around", t("light.works.around_table"), columns, rows)


def _around(one: Around, language: Language) -> tuple[Cell, ...]:
    both = one.before and one.after is not None
    return (
        one.cabinet.site.name,
        one.action.name.in_language(language.code),
        one.before_year,
        one.before,
        one.after_year,
        one.after,
        (one.after or 0.0) / one.before - 1 if both and one.before else None,
    )


def without_table(view: LightingView, link: LinkTo, language: Language) -> Table:
    """A row for each cabinet without energy: why, and what to do."""
    t = language.text
    columns = (
        Column(t("light.col.cabinet")),
        Column(t("light.without.reason")),
        Column(t("light.col.points"), "count"),
        Column(t("light.without.next")),
    )
    rows = tuple(
        (
            Linked(cabinet.site.name, link(cabinet.site.id)),
            t(f"light.without_{why.value}"),
            float(cabinet.points) if cabinet.points else None,
            t(f"light.without_{why.value}_next"),
        )
        for cabinet, why in view.untold
    )
    return Table("without", t("light.without.table"), columns, rows)
