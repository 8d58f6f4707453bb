"""The page of actions: do they go on, do they work, and what is still to be chosen?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.figures import actions as figures
from dashboard.pages.blocks import (
    Select,
    answer_box,
    empty,
    filters,
    made,
    pictured,
    rich,
    section,
    shown_table,
)
from dashboard.pages.page import Content, Page, Sheet
from dashboard.pages.site_year import kept_or_since, preparing
from dashboard.queries.actions import (
    NEXT,
    PATH,
    REGISTER,
    SAVINGS,
    Measured,
    Next,
    Register,
    chosen_by,
)
from dashboard.sentences import actions as sentences
from dashboard.tables import actions as tables
from paes.metering import Sector
from paes.plan.action import Origin, Status
from paes.plan.register import Entry


def actions_page(asked: Asked) -> Content:
    """The answer, the register, declared beside measured, dates, the choice of what is next."""
    sheet, t, city = Sheet(asked), asked.language.text, asked.city
    register = asked.observatory.kept(REGISTER, city.id).value
    kept, since = kept_or_since(asked, SAVINGS, city.id)
    measured, language = kept.value if kept else {}, asked.language
    blocks: list[Any] = [html.H1(t("actions.question"))]
    if since:  # minutes, in a large town
        blocks.append(preparing(asked, since))
    else:
        state, word = sentences.headline(register, measured, language)
        blocks.append(answer_box(state, word, sentences.answer(register, measured, language)))
    if register.status.entries:
        form, entries = _chosen(asked, register)
        choice = asked.observatory.kept(NEXT, city.id)
        blocks += [
            form,
            _compare(sheet, entries, measured),
            _timeline(sheet, entries, register),
            _register(sheet, register, entries, measured) if kept else None,
            _curve(sheet, choice.value),
            made(asked, min(kept.made_at, choice.made_at) if kept else choice.made_at),
        ]
    return sheet.content(t("actions.title"), blocks)


def _chosen(asked: Asked, register: Register) -> tuple[Any, tuple[Entry, ...]]:
    """The filters, and the entries that they leave; only words that some action has."""
    t, listed = asked.language.text, [entry.action for entry in register.status.entries]
    plan = asked.city.masterplan
    tables_by_id = {one.id: one.name for one in plan.work_tables} if plan else {}
    told = {
        "status": [(str(s), t(f"action_status.{s}")) for s in Status
                   if any(a.status is s for a in listed)],
        "sector": [(str(s), t(f"sector.{s}")) for s in Sector
                   if any(a.sector is s for a in listed)],
        "origin": [(str(o), t(f"action_origin.{o}")) for o in Origin
                   if any(a.origin is o for a in listed)],
        "table": [(i, name.in_language(asked.language.code)) for i, name in tables_by_id.items()
                  if any(a.work_table == i for a in listed)],
    }  # fmt: skip
    words = {key: asked.choice(key, [v for v, _ in told[key]], "") for key in told}
    fields = [
        Select(key, t(f"actions.filter_{key}"), [("", t("actions.any")), *options], words[key])
        for key, options in told.items()
        if options
    ]
    return filters(asked, *fields), register.chosen(chosen_by(*words.values()))


def _register(
    sheet: Sheet, register: Register, entries: Sequence[Entry], measured: Mapping[str, Measured]
) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    heading = t("actions.list")
    if not entries:
        nothing = empty(t("actions.list_nothing"), t("actions.list_nothing_next"))
        return section("register", heading, [nothing])
    n, whole = (asked.language.number(len(x)) for x in (entries, register.status.entries))
    year = register.status.year
    table = tables.register_table(entries, measured, year, asked.link, asked.language)
    told = html.P(rich(t("actions.list_told", n=n, all=whole)), className="answer")
    return section("register", heading, [told, *shown_table(sheet, table, wide=True)])


def _compare(sheet: Sheet, entries: Sequence[Entry], measured: Mapping[str, Measured]) -> Any:
    asked, language = sheet.asked, sheet.asked.language
    savings = [measured[e.action.id].saving for e in entries if e.action.id in measured]
    if not savings:
        return None
    told = [saving for saving in savings if sentences.told_kwh(saving)]
    table = tables.compare_table(savings, asked.link, language)
    heading, said = language.text("actions.compare_heading"), sentences.compare(told, language)
    if not told:
        return section("compare", heading, [html.P(said), *shown_table(sheet, table)])
    reasons = [
        html.Li([html.Strong(sentences.name_of(s.action, language)), ": ",
                 *rich(sentences.why(s, language))])
        for s in savings
    ]  # fmt: skip
    return pictured(
        sheet,
        "compare",
        heading,
        said,
        figure=lambda: figures.compare_figure(told, language),
        height=figures.rows_height(len(told)) + 30,
        table=table,
        more=[html.Ul(reasons, className="reasons")],
    )


def _timeline(sheet: Sheet, entries: Sequence[Entry], register: Register) -> Any:
    asked, language = sheet.asked, sheet.asked.language
    known = sentences.dated(entries)
    if not known:
        return None
    return pictured(
        sheet,
        "timeline",
        language.text("actions.timeline_heading"),
        sentences.timeline(entries, register, language),
        figure=lambda: figures.timeline_figure(entries, register.today, language),
        height=figures.timeline_height(len(known)),
        table=tables.timeline_table(known, asked.link, language),
    )


def _curve(sheet: Sheet, found: Next | None) -> Any:
    """The distance to the next target, the cheapest choice for it, and what a tonne costs."""
    asked, language, t = sheet.asked, sheet.asked.language, sheet.asked.language.text
    heading = t("actions.curve_heading")
    if found is None:
        return section("curve", heading, [empty(t("actions.curve_nothing"))])
    told = " ".join(sentences.gap(found, language))
    if not found.steps:
        return section("curve", heading, [html.P(rich(told), className="answer")])
    names = {a.id: sentences.name_of(a, language) for a in asked.city.actions}
    left = [
        names[action_id] + " (" + t(f"not_offered.{why}") + ")"
        for action_id, why in found.left_out
        if action_id in names
    ]
    left_out = html.P(t("actions.left_out", names=", ".join(left)), className="hint")
    return pictured(
        sheet,
        "curve",
        heading,
        f"{told} {sentences.curve(found, language)}",
        figure=lambda: figures.curve_figure(found, language),
        height=figures.CURVE_HEIGHT,
        table=tables.curve_table(found, asked.link, language),
        caption=t("actions.curve_caption"),
        more=[left_out] if left else [],
    )


PAGE = Page("actions", PATH, actions_page, right=Right.LOOK)
