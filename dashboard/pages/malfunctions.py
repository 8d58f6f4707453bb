"""The page of malfunctions: what to look at today, the dearest first, and what all have cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.figures import malfunctions as figures
from dashboard.memory import Kept
from dashboard.pages.blocks import (
    Select,
    answer_box,
    badge,
    download,
    empty,
    filters,
    folded_table,
    html_table,
    made,
    pictured,
    rich,
    section,
    switch,
)
from dashboard.pages.case_forms import take_form
from dashboard.pages.markup import aria
from dashboard.pages.page import Content, Page, Sheet
from dashboard.pages.sparkline import sparkline
from dashboard.queries.cases import (
    LOSSES,
    PATH,
    SPARKS,
    CaseList,
    Order,
    Spark,
    Which,
    case_list,
    case_path,
)
from dashboard.sentences import malfunctions as sentences
from dashboard.tables import malfunctions as tables
from dashboard.tables.table import Table
from paes.faults.cases.case import Case
from paes.faults.money.losses import Losses
from paes.faults.telling.sentences import sentence

PER_PAGE = 20
"""So many cases are told at once."""


def malfunctions_page(asked: Asked) -> Content:
    """The answer, the cases that are asked for, and the ledger of losses."""
    sheet, t, city = Sheet(asked), asked.language.text, asked.city
    which = Which(asked.choice("state", [str(w) for w in Which], "") or Which.OPEN)
    order = Order(asked.choice("order", [str(o) for o in Order], "") or Order.WEEK)
    sources = asked.observatory.sources
    everything = case_list(sources, city.id, which, order)
    sites, rules = _sites(everything, asked), _rules(everything, asked)
    site = asked.choice("site", [value for value, _ in sites], "")
    rule = asked.choice("rule", [value for value, _ in rules], "")
    found = case_list(sources, city.id, which, order, site, rule) if site or rule else everything
    state, word = sentences.headline(found, asked.language)
    answer = sentences.answer(found, city.time_zone, asked.language)
    blocks: list[Any] = [
        html.H1(t("malfunctions.question")),
        answer_box(state, word, answer),
        _filters(asked, which, order, (site, sites), (rule, rules)),
        _list(sheet, found, which, order),
    ]
    losses = asked.observatory.kept(LOSSES, city.id) if found.known else None
    blocks.append(_losses(sheet, losses) if losses else None)
    return sheet.content(t("malfunctions.title"), blocks)


def _sites(found: CaseList, asked: Asked) -> list[tuple[str, str]]:
    """Of the sites that have cases."""
    known = asked.city.sites
    named = {c.site: known[c.site].name for c in found.known if c.site and c.site in known}
    return sorted(named.items(), key=lambda one: one[1])


def _rules(found: CaseList, asked: Asked) -> list[tuple[str, str]]:
    names = {
        c.rule: tables.rule_name(c.rule, asked.observatory.installation, asked.language)
        for c in found.known
    }
    return sorted(names.items(), key=lambda one: one[1])


def _filters(
    asked: Asked,
    which: Which,
    order: Order,
    site: tuple[str, list[tuple[str, str]]],
    rule: tuple[str, list[tuple[str, str]]],
) -> Any:
    t = asked.language.text
    states = [("" if w is Which.OPEN else str(w), t(f"case_which.{w}")) for w in Which]
    orders = [("" if o is Order.WEEK else str(o), t(f"case_order.{o}")) for o in Order]
    return filters(
        asked,
        Select("state", t("malfunctions.filter_state"), states, _default(which, Which.OPEN)),
        Select("site", t("malfunctions.filter_site"),
               [("", t("malfunctions.all_sites")), *site[1]], site[0]),
        Select("rule", t("malfunctions.filter_rule"),
               [("", t("malfunctions.all_rules")), *rule[1]], rule[0]),
        Select("order", t("malfunctions.filter_order"), orders, _default(order, Order.WEEK)),
    )  # fmt: skip


def _default(value: str, usual: str) -> str:
    return "" if value == usual else str(value)


def _list(sheet: Sheet, found: CaseList, which: Which, order: Order) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    heading = t("malfunctions.list")
    if not found.cases:
        if not found.known:
            return None
        n, still = (asked.language.number(x) for x in (len(found.known), found.stakes.cases))
        reason = t("malfunctions.nothing")
        return section("cases", heading, [empty(reason, t("malfunctions.nothing_next", n=n,
                                                          open=still))])  # fmt: skip
    shown, turn = _page_of(asked, found)
    sparks = asked.observatory.kept(SPARKS, asked.city.id).value
    items = [_item(case, sparks.get(case.id), found, asked) for case in shown]
    told = sentences.list_told(found, which, order, asked.language)
    installation, tz = asked.observatory.installation, asked.city.time_zone
    listed = tables.cases_table(shown, installation, tz, asked.link, asked.language)
    return section(
        "cases",
        heading,
        [
            html.P(rich(told), className="answer"),
            html.P(t("malfunctions.spark_key"), className="hint"),
            html.Ol(items, className="cases", start=str(found.cases.index(shown[0]) + 1)),
            turn,
            html.Details(
                [html.Summary(t("malfunctions.table")), html_table(asked, listed, wide=True)],
                className="data",
            ),
            _file(
                sheet,
                listed,
                lambda: tables.cases_table(
                    found.cases, installation, tz, asked.link, asked.language
                ),
                t("malfunctions.all_csv"),
            ),
        ],
    )


def _file(sheet: Sheet, named: Table, make: Callable[[], Table], label: str) -> Any:
    """The link to a CSV that is longer than the page, made when it is asked for.

    ``named`` has its id and caption.
    """
    link = download(sheet, named, label)
    sheet.tables[named.id] = make
    return link


def _page_of(asked: Asked, found: CaseList) -> tuple[tuple[Case, ...], Any]:
    """The cases of the page that is asked for, and the way to the others."""
    count = -(-len(found.cases) // PER_PAGE)
    pages = [str(number) for number in range(1, count + 1)]
    page = int(asked.choice("page", pages, "1"))
    shown = found.cases[(page - 1) * PER_PAGE : page * PER_PAGE]
    if count == 1:
        return shown, None
    label = asked.language.text("malfunctions.pages")
    options = [(n, asked.link(page="" if n == "1" else n), int(n) == page) for n in pages]
    return shown, switch(label, options)


def _item(case: Case, spark: Spark | None, found: CaseList, asked: Asked) -> Any:
    """One case: what it is, its picture, its money, and the way on."""
    installation, language = asked.observatory.installation, asked.language
    figure, what = sentences.week_of(case, language)
    address = asked.link(case_path(case.id))
    title = sentences.name_of(case, installation, language)
    site = sentences.site_of(case, installation)
    heading = html.H3(html.A([title, html.Span(f" – {site}", className="where")], href=address))
    about = [sentences.place_of(case), sentences.when_of(case, asked.city.time_zone, language)]
    said = sentence(case, language.code, installation.root)
    picture = sparkline(spark, sentences.spark_told(spark, language)) if spark else None
    past = [html.Span(rich(text)) for text in sentences.past_of(case, language)]
    gap = sentences.gap_of(case, language)
    money = html.Div(
        [
            html.P([html.Strong(figure, className="value"), html.Span(what)], className="week"),
            html.P(past, className="past") if past else None,
            html.P(rich(gap), className="hint") if gap else None,
        ],
        className="money",
    )
    words = html.Div(
        [
            html.P([badge(sentences.LOOK[case.state], sentences.state_word(case, language))],
                   className="state-line"),
            heading,
            html.P(" · ".join(about), className="hint"),
            html.P(rich(said)),
            _twin(case, found, asked),
        ],
        className="words",
    )  # fmt: skip
    see = language.text("malfunctions.see")
    way = html.A(see, href=address, **aria(label=f"{see}: {title}, {site}"))
    ways: list[Any] = [way, take_form(asked, case, f"{title}, {site}")]
    shown: list[Any] = [picture, money]
    parts = [words, html.Div(shown, className="side"), html.Div(ways, className="ways")]
    return html.Li(parts, className=f"case case-{sentences.LOOK[case.state]}")


def _twin(case: Case, found: CaseList, asked: Asked) -> Any:
    """The dearer case that probably tells of the same."""
    twin = found.twice.get(case.id)
    if twin is None:
        return None
    installation, language = asked.observatory.installation, asked.language
    key = "malfunctions.probably_same" if twin.is_all else "malfunctions.probably_part"
    name = sentences.name_of(twin.of, installation, language)
    link = html.A(name, href=asked.link(case_path(twin.of.id)))
    site = sentences.site_of(twin.of, installation)
    return html.P([language.text(key), " ", link, f" ({site})"], className="hint twin")


def _losses(sheet: Sheet, kept: Kept[Losses]) -> Any:
    """The ledger of avoidable losses; nothing where nothing was lost."""
    asked, found = sheet.asked, kept.value
    language, t = asked.language, asked.language.text
    if not found.rows:
        said = sentences.losses(found, language)
        return section("losses", t("malfunctions.losses_heading"), [empty(said)])
    installation = asked.observatory.installation
    notes = [html.Li(rich(text)) for text in sentences.losses_notes(found, language)]
    by_rule = tables.losses_by_rule_table(found, installation, language)
    return pictured(
        sheet,
        "losses",
        t("malfunctions.losses_heading"),
        sentences.losses(found, language),
        figure=lambda: figures.losses_figure(found, language),
        height=figures.LOSSES_HEIGHT,
        table=tables.losses_by_month_table(found, language),
        caption=t("malfunctions.losses_caption"),
        more=[
            html.H3(t("malfunctions.losses_by_rule")),
            folded_table(sheet, by_rule),
            _file(
                sheet,
                Table("losses", t("malfunctions.losses_table"), (), ()),
                lambda: tables.losses_table(found, installation, language),
                t("malfunctions.losses_ledger"),
            ),
            html.Ul(notes, className="notes") if notes else None,
            made(asked, kept.made_at),
        ],
    )


PAGE = Page("malfunctions", PATH, malfunctions_page, right=Right.LOOK)
