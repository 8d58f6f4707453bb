"""The page of own plants: do they yield what they should, and is their sun used here."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.figures import photovoltaics as figures
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
from dashboard.pages.page import Content, Page, Sheet
from dashboard.queries.photovoltaics import PV_EXPECTED, PV_TOWN, PV_VALUES, PvTown
from dashboard.queries.pv_view import PvView, pv_view
from dashboard.queries.pv_years import added
from dashboard.sentences import photovoltaics as sentences
from dashboard.sentences.amounts import euros
from dashboard.sentences.energy import energy, share
from dashboard.tables import photovoltaics as tables
from paes.lineage.site_figures import site_id


def photovoltaics_page(asked: Asked) -> Content:
    """All plants of the town in a year, or one of them."""
    sheet, t, words = Sheet(asked), asked.language.text, (asked.city.id,)
    title = t("nav.photovoltaics")
    town = asked.observatory.kept(PV_TOWN, *words)
    if not town.value.sites:
        return sheet.content(title, _nothing(asked))
    expected = asked.observatory.kept(PV_EXPECTED, *words)
    values = asked.observatory.kept(PV_VALUES, *words)
    year, site = _choices(asked, town.value)
    view = pv_view(town.value, expected.value, values.value, year, site, asked.now)
    state, word = sentences.headline(view, asked.language)
    meters = [m for s in town.value.sites if view.site in (None, s) for m in s.meters]
    blocks = [
        html.H1(t("pv.question")),
        answer_box(state, word, sentences.answer(view, asked.language)),
        _filters(asked, town.value, view),
        _cards(view, asked),
        _yields(view, sheet),
        _expected(view, sheet),
        cases_here(sheet, meters),
        _flows(view, sheet),
        _worth(view, sheet),
        _method(asked),
        made(asked, min(kept.made_at for kept in (town, expected, values))),
    ]
    return sheet.content(title, blocks)


def _nothing(asked: Asked) -> list[Any]:
    """No plant has a meter, or none was ever read."""
    t = asked.language.text
    known = [m for m in asked.city.meters.values() if m.measures.value == "generation"]
    if known:
        told = empty(t("pv.not_read"), t("pv.not_read_next"))
    else:
        told = empty(t("pv.none", city=asked.city.name), t("pv.none_next"))
    return [html.H1(t("pv.question")), told]


def _choices(asked: Asked, town: PvTown) -> tuple[int, str]:
    years = [str(year) for year in reversed(town.years)]
    year = asked.choice("year", years, years[0])
    return int(year), asked.choice("site", [site.id for site in town.sites], "")


def _filters(asked: Asked, town: PvTown, view: PvView) -> Any:
    t, newest = asked.language.text, town.years[-1]
    years = [("" if year == newest else str(year), str(year)) for year in reversed(town.years)]
    sites = [("", t("pv.all_sites")), *((site.id, site.name) for site in town.sites)]
    return filters(
        asked,
        Select("year", t("pv.filter_year"), years, "" if view.year == newest else str(view.year)),
        Select("site", t("pv.filter_site"), sites, view.site.id if view.site else ""),
    )


def _cards(view: PvView, asked: Asked) -> Any:
    if view.total is None:
        return None
    language, t, total = asked.language, asked.language.text, view.total
    production, own = total.production, total.autarky
    value, unit = energy(production.kwh, language).split("\N{NO-BREAK SPACE}")
    lines = []
    if view.per_kw is not None:
        kw = language.quantity(view.units_kw, "kW", 0 if view.units_kw >= 100 else 1)
        lines.append(t("pv.card.per_kw", value=energy(view.per_kw, language), kw=kw))
    if production.coverage is not None:
        lines.append(t("pv.card.coverage", coverage=language.percent(production.coverage, 1)))
    if own.value is not None:
        covers = t("pv.card.autarky", share=share(own.value, language))
    elif own.low is not None and own.high is not None:
        low, high = (share(bound, language) for bound in (own.low, own.high))
        covers = t("pv.card.autarky_between", low=low, high=high)
    else:
        covers = ""
    here = sentences.share_text(total.self_consumption_share, language)
    return cards(
        card(t("pv.card.made", year=view.year), value, unit, lines),
        card(t("pv.card.used"), here, t("pv.card.used_unit"), [covers]),
        _worth_card(view, asked),
        _saved_card(view, asked),
    )


def _worth_card(view: PvView, asked: Asked) -> Any:
    language, t = asked.language, asked.language.text
    avoided, earned = (
        added(getattr(row, name) for row in view.rows) for name in ("avoided", "earned")
    )
    total = added((avoided, earned))
    heading = t("pv.card.worth", year=view.year)
    if total is None or avoided is None or earned is None:
        return card(heading, "–", "", [t("pv.card.no_worth")])
    parts = t(
        "pv.card.worth_parts",
        avoided=euros(avoided.eur, language),
        earned=euros(earned.eur, language),
    )
    lines = [parts, sentences.bounds(total, language)]
    if not total.is_whole:
        lines.append(t("pv.card.worth_part"))
    return card(heading, language.number(total.eur), "€", lines)


def _saved_card(view: PvView, asked: Asked) -> Any:
    language, t = asked.language, asked.language.text
    known = [row for row in view.rows if row.saved_t is not None]
    if not known:
        return card(t("pv.card.saved"), "–", "", [t("pv.card.saved_none")])
    saved_t = sum(row.saved_t or 0.0 for row in known)
    value, unit = language.tonnes(saved_t).split("\N{NO-BREAK SPACE}")
    factor = language.quantity(known[0].site.t_per_mwh[view.year], "t", 4)
    what = f"{unit} {t('pv.card.saved_unit')}"
    return card(t("pv.card.saved"), value, what, [t("pv.card.saved_factor", factor=factor)])


def _link_to(asked: Asked) -> tables.LinkTo:
    return lambda site: asked.link(f"/edifici/{site}")


def _figure_of(asked: Asked, view: PvView) -> tables.LinkTo:
    """The id of what a site's plants made in the year."""
    return lambda site: site_id(asked.city.id, site, "generation", str(view.year))


def _yields(view: PvView, sheet: Sheet) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    heading = t("pv.yields.heading")
    of_plants = tables.plants_table(view, _link_to(asked), _figure_of(asked, view), asked.language)
    if not any(row.per_kw is not None for row in view.rows):
        told = empty(t("pv.yields.nothing", year=view.year), t("pv.yields.nothing_next"))
        return section("yield", heading, [told, *shown_table(sheet, of_plants, wide=True)])
    own = tables.yield_months_table(view, asked.language) if view.site else of_plants
    return pictured(
        sheet,
        "yield",
        heading,
        sentences.yields(view, asked.language),
        figure=lambda: figures.yields_figure(view, asked.language),
        height=figures.yields_height(view),
        table=own,
        caption=_yield_caption(view, asked),
        wide=view.site is None,
        more=[folded_table(sheet, of_plants, wide=True)] if view.site else (),
    )


def _yield_caption(view: PvView, asked: Asked) -> str:
    t = asked.language.text
    if view.site:
        return t("pv.yields.caption_month")
    if 0 < sentences.compared(view.rows) < 12:
        return t("pv.yields.caption_same", before=view.year - 1, year=view.year)
    return t("pv.yields.caption_year", year=view.year)


def _flows(view: PvView, sheet: Sheet) -> Any:
    language = sheet.asked.language
    heading = language.text("pv.flows.heading")
    if not view.months or view.total is None:
        told = empty(language.text("pv.flows.nothing", year=view.year))
        return section("flows", heading, [told])
    return pictured(
        sheet,
        "flows",
        heading,
        sentences.flows(view, language),
        figure=lambda: figures.flows_figure(view, language),
        height=figures.MONTHS_HEIGHT,
        table=tables.flows_table(view, language),
        caption=sentences.flows_caption(view, language),
        wide=True,
    )


def _expected(view: PvView, sheet: Sheet) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    heading = t("pv.expected.heading")
    if not view.beside or not view.beside[0].months:
        told = empty(t("pv.expected.none"), t("pv.expected.none_next"))
        return section("expected", heading, [told])
    caption = t("pv.expected.caption_one") if view.site else t("pv.expected.caption")
    if len(view.beside) > figures.MOST_ROWS:
        shown = t("pv.expected.shown", n=figures.MOST_ROWS, all=len(view.beside))
        caption = f"{caption}. {shown}"
    return pictured(
        sheet,
        "expected",
        heading,
        sentences.expected(view, asked.language),
        figure=lambda: figures.expected_figure(view, asked.language),
        height=figures.expected_height(view),
        table=tables.expected_table(view, lambda site: asked.link(site=site), asked.language),
        caption=caption,
        wide=True,
    )


def _worth(view: PvView, sheet: Sheet) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    heading, told = t("pv.worth.heading"), sentences.worth(view, asked.language)
    table = tables.worth_table(view, _link_to(asked), asked.language)
    if not told:
        reason = empty(t("pv.worth.none", year=view.year), t("pv.worth.none_next"))
        return section("worth", heading, [reason, folded_table(sheet, table)])
    without = [row.site.name for row in view.rows if not (row.avoided or row.earned)]
    if without:
        told = f"{told} {t('pv.worth.without', list=', '.join(without))}"
    return pictured(
        sheet,
        "worth",
        heading,
        told,
        figure=lambda: figures.worth_figure(view, asked.language),
        height=figures.worth_height(view),
        table=table,
        caption=t("pv.worth.caption"),
    )


def _method(asked: Asked) -> Any:
    t = asked.language.text
    keys = ("used", "worth", "saved", "below", "command")
    told = [html.Li(rich(t(f"pv.method_{key}"))) for key in keys]
    return section("method", t("pv.method.heading"), [html.Ul(told)])


PAGE = Page("photovoltaics", "/fotovoltaico", photovoltaics_page, right=Right.LOOK)
