"""The page of public lighting: does it burn with the sun, and what does each lamp use."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.figures import lighting as figures
from dashboard.pages.blocks import (
    Select,
    answer_box,
    card,
    cards,
    empty,
    filters,
    folded_table,
    made,
    pictured,
    rich,
    section,
    shown_table,
)
from dashboard.pages.cases_here import cases_here
from dashboard.pages.page import Content, Live, Page, Sheet
from dashboard.queries.lighting import LitTown, lit_town
from dashboard.queries.lighting_view import LightingView, Now, lighting_view, lit_now
from dashboard.queries.lit_nights import LIT_NIGHTS, by_month, night_carpet
from dashboard.queries.town_energy import TOWN_ENERGY, TownEnergy
from dashboard.sentences import lighting as sentences
from dashboard.sentences.energy import energy as energy_text
from dashboard.tables import lighting as tables
from paes.lineage.site_figures import site_id
from paes.periods import local_year


def lighting_page(asked: Asked) -> Content:
    """All cabinets of the town in a year; single nights of one of them."""
    sheet, t, city = Sheet(asked), asked.language.text, asked.city
    title = t("nav.lighting")
    town = _town(asked)
    if not town.cabinets:
        told = empty(t("light.none", city=city.name), t("light.none_next"))
        return sheet.content(title, [html.H1(t("light.question")), told])
    energy = asked.observatory.kept(TOWN_ENERGY, city.id)
    nights = asked.observatory.kept(LIT_NIGHTS, city.id)
    year, usual = _year(asked, energy.value)
    site = asked.choice("site", [c.site.id for c in town.cabinets], "")
    view = lighting_view(city, town, energy.value, nights.value, year, site, asked.now)
    state, word = sentences.headline(view, asked.language)
    blocks = [
        html.H1(t("light.question")),
        answer_box(state, word, sentences.answer(view, asked.language)),
        _filters(asked, energy.value, view, usual),
        _cards(view, asked),
        _hours(view, sheet),
        _points(view, sheet),
        cases_here(sheet, [m.id for c in town.cabinets for m in c.meters]),
        *_of_one(view, sheet),
        _works(view, sheet),
        _without(view, sheet),
        _method(view, asked),
        made(asked, min(energy.made_at, nights.made_at)),
    ]
    return sheet.content(title, blocks)


def _town(asked: Asked) -> LitTown:
    return asked.observatory.recent(
        ("lit-town", asked.city.id), lambda sources: lit_town(sources.installation, asked.city)
    )


def _year(asked: Asked, energy: TownEnergy) -> tuple[int, int]:
    """The year that is asked for, and the usual one: the last that is over, if one was read."""
    this = local_year(asked.now, asked.city.time_zone)
    known = energy.years or [this]
    usual = next((year for year in reversed(known) if year < this), known[-1])
    return int(asked.choice("year", [str(year) for year in known], str(usual))), usual


def _filters(asked: Asked, energy: TownEnergy, view: LightingView, usual: int) -> Any:
    t = asked.language.text
    known = energy.years or [view.year]
    years = [("" if year == usual else str(year), str(year)) for year in reversed(known)]
    sites = [(c.site.id, c.site.name) for c in view.town.cabinets]
    chosen = view.chosen.site.id if view.chosen else ""
    return filters(
        asked,
        Select("year", t("light.filter_year"), years, "" if view.year == usual else str(view.year)),
        Select("site", t("light.filter_site"), sites, chosen),
    )


def _cards(view: LightingView, asked: Asked) -> Any:
    now = lit_now(asked.observatory.sources, view.town, view.nights)
    return html.Div(
        [
            cards(_used_card(view, asked), _point_card(view, asked), _burning_card(view, asked)),
            html.Div(_now(asked, now), id="live"),
        ],
        className="with-now",
    )


def _used_card(view: LightingView, asked: Asked) -> Any:
    language, t = asked.language, asked.language.text
    heading = t("light.card.used", year=view.year)
    if not view.years:
        return card(heading, "–", "")
    value, unit = energy_text(view.total.kwh, language).split("\N{NO-BREAK SPACE}")
    coverage = language.percent(view.total.coverage or 0.0, 1)
    return card(heading, value, unit, [t("light.card.coverage", coverage=coverage)])


def _point_card(view: LightingView, asked: Asked) -> Any:
    language, t = asked.language, asked.language.text
    if view.per_point is None:
        return card(t("light.card.per_point"), "–", "")
    cabinets = sum(group.cabinets for group in view.groups)
    points = language.number(view.points)
    lines = [t("light.card.points", points=points, cabinets=language.number(cabinets))]
    if view.town.usual:
        low, high = view.town.usual.low_kwh, view.town.usual.high_kwh
        lines.append(t("light.card.usual", low=language.number(low), high=language.number(high)))
    value = language.number(view.per_point)
    return card(t("light.card.per_point"), value, t("light.card.per_point_unit"), lines)


def _burning_card(view: LightingView, asked: Asked) -> Any:
    language, t = asked.language, asked.language.text
    if not view.habits:
        return card(t("light.card.burning"), "–", "", [t("light.card.burning_none")])
    burning, dark = view.median_h
    newest = max((one.habit for one in view.habits), key=lambda habit: habit.last)
    lines = [
        t("light.card.burning_dark", dark=sentences.hours(dark, language)),
        sentences.habit_nights(newest, language),
    ]
    return card(t("light.card.burning"), language.number(burning, 1), "h", lines)


def _now(asked: Asked, now: Now) -> Any:
    """The card of the lamps' present state: nothing old counts as burning or dark."""
    language, t = asked.language, asked.language.text
    known = now.burning + now.dark
    lines = [t("light.card.now_dark", n=language.number(now.dark))] if known else []
    if now.unknown:
        lines.append(t("light.card.now_unknown", n=language.number(now.unknown)))
    if now.newest:
        tz = asked.city.time_zone
        time, day = language.clock_time(now.newest, tz), language.local_day(now.newest, tz)
        lines.append(t("light.card.now_at", time=time, day=day))
    value = language.number(now.burning) if known else "–"
    of = t("light.card.now_of", all=language.number(now.all))
    return card(t("light.card.now"), value, f"{t('light.card.now_on')} {of}", lines)


def live(asked: Asked) -> Live:
    """What stays live: how many cabinets burn now."""
    nights = asked.observatory.kept(LIT_NIGHTS, asked.city.id).value
    return Live(_now(asked, lit_now(asked.observatory.sources, _town(asked), nights)))


def _link_to(asked: Asked, path: str) -> tables.LinkTo:
    return lambda name: asked.link(f"{path}/{name}")


def _figure_of(asked: Asked, view: LightingView) -> tables.LinkTo:
    """The id of what a cabinet used in the year."""
    return lambda site: site_id(asked.city.id, site, "electricity", str(view.year))


def _hours(view: LightingView, sheet: Sheet) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    heading = t("light.hours.heading")
    if not view.habits:
        return section("hours", heading, [empty(t("light.hours.none"), t("light.hours.none_next"))])
    return pictured(
        sheet,
        "hours",
        heading,
        sentences.sun_hours(view, asked.language),
        figure=lambda: figures.hours_figure(view, asked.language),
        height=figures.hours_height(view),
        table=tables.habits_table(view, lambda site: asked.link(site=site), asked.language),
        caption=t("light.hours.caption"),
        wide=True,
    )


def _points(view: LightingView, sheet: Sheet) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    heading = t("light.points.heading")
    table = tables.cabinets_table(
        view, _link_to(asked, "/edifici"), _figure_of(asked, view), asked.language
    )
    if view.per_point is None:
        told = empty(t("light.points.nothing", year=view.year), t("light.points.nothing_next"))
        return section("points", heading, [told, *shown_table(sheet, table, wide=True)])
    key = "light.points.caption" if view.is_over else "light.points.caption_so_far"
    return pictured(
        sheet,
        "points",
        heading,
        sentences.points(view, asked.language),
        figure=lambda: figures.points_figure(view, asked.language),
        height=figures.points_height(view),
        table=table,
        caption=t(key, year=view.year),
        wide=True,
    )


def _of_one(view: LightingView, sheet: Sheet) -> list[Any]:
    """Months and nights of the chosen cabinet."""
    asked, t, language = sheet.asked, sheet.asked.language.text, sheet.asked.language
    chosen = view.chosen
    if chosen is None:
        return []
    name, nights = chosen.site.name, view.nights.by_site.get(chosen.site.id)
    picture = asked.observatory.recent(
        ("lit-carpet", chosen.site.id), lambda sources: night_carpet(sources, chosen)
    )
    if picture is None or nights is None or not nights.known.any():
        told = empty(t("light.carpet.none"), t("light.carpet.none_next"))
        return [section("carpet", t("light.carpet.heading", name=name), [told])]
    months = by_month(nights)
    return [
        pictured(
            sheet,
            "carpet",
            t("light.carpet.heading", name=name),
            sentences.carpet(picture, language),
            figure=lambda: figures.carpet_figure(picture, language),
            height=figures.CARPET_HEIGHT,
            table=tables.nights_table(nights, name, language),
            caption=t("light.carpet.caption"),
        ),
        pictured(
            sheet,
            "months",
            t("light.months.heading", name=name),
            sentences.months(months, language),
            figure=lambda: figures.months_figure(months, language),
            height=figures.MONTHS_HEIGHT,
            table=tables.months_table(months, name, language),
        ),
    ]


def _works(view: LightingView, sheet: Sheet) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    heading = t("light.works.heading")
    if not view.town.actions:
        return section("works", heading, [empty(t("light.works.none"))])
    told = html.P(rich(sentences.works(view, asked.language)), className="answer")
    table = tables.works_table(view, _link_to(asked, "/azioni"), asked.language)
    children = [told, *shown_table(sheet, table)]
    if view.around:
        children.append(folded_table(sheet, tables.around_table(view, asked.language)))
    return section("works", heading, children)


def _without(view: LightingView, sheet: Sheet) -> Any:
    """Cabinets without energy, told apart: they are missing, and not zero."""
    asked, t, n = sheet.asked, sheet.asked.language.text, len(view.untold)
    heading = t("light.without.heading")
    if not n:
        told = html.P(rich(t("light.without.all_seen", year=view.year)), className="answer")
        return section("without", heading, [told])
    key = "light.without.sentence_one" if n == 1 else "light.without.sentence"
    told = html.P(rich(t(key, n=asked.language.number(n), year=view.year)), className="answer")
    table = tables.without_table(view, _link_to(asked, "/edifici"), asked.language)
    return section("without", heading, [told, *shown_table(sheet, table)])


def _method(view: LightingView, asked: Asked) -> Any:
    language, t = asked.language, asked.language.text
    minutes = language.quantity(view.nights.off_by_min, "min")
    by_day = language.quantity(view.nights.day_least_h, "h")
    told = [
        t("light.method.burning"),
        t("light.method.judged", minutes=minutes, hours=by_day),
        t("light.method.unknown"),
        t("light.method.points"),
        t("light.method.command"),
    ]
    items = [html.Li(rich(one)) for one in told]
    return section("method", t("light.method.heading"), [html.Ul(items)])


PAGE = Page("lighting", "/illuminazione", lighting_page, right=Right.LOOK, live=live)
