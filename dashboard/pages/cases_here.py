"""A block that pages share: the malfunctions that are open at some meters, the dearest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dash import html

from dashboard.pages.blocks import empty, rich, section, shown_table
from dashboard.pages.page import Sheet
from dashboard.queries.cases import PATH, case_path, cases_of, per_week, ranked
from dashboard.sentences.amounts import euros
from dashboard.sentences.malfunctions import LOOK, name_of, site_of, state_word
from dashboard.tables.table import Cell, Column, Linked, Marked, Table
from paes.faults.cases.case import Case
from paes.faults.cases.run import last_run


def cases_here(sheet: Sheet, subjects: Iterable[str]) -> Any:
    """Of the open cases of the town those whose subject is one of ``subjects`` (meters)."""
    asked, among = sheet.asked, set(subjects)
    sources = asked.observatory.sources
    found = [c for c in cases_of(sources, asked.city.id) if c.is_open and c.subject in among]
    t = asked.language.text
    children: list[Any] = []
    if found:
        children += [html.P(rich(_told(found, sheet)), className="answer")]
        children += shown_table(sheet, _table(ranked(found), sheet))
    else:
        last = last_run(sources.store)
        when = asked.language.moment(last.at, asked.city.time_zone) if last else ""
        children.append(empty(t("cases_here.none", when=when) if last else t("cases_here.never")))
    children.append(html.P(html.A(t("cases_here.all"), href=asked.link(PATH))))
    return section("cases-here", t("cases_here.heading"), children)


def _told(found: list[Case], sheet: Sheet) -> str:
    t = sheet.asked.language.text
    weeks = [week.likely for week in map(per_week, found) if week]
    if sum(weeks) > 0:
        money = t("cases_here.money", eur=euros(sum(weeks), sheet.asked.language))
    else:
        money = t("cases_here.no_money")
    key = "cases_here.sentence_one" if len(found) == 1 else "cases_here.sentence_many"
    return t(key, n=len(found), money=money)


def _table(found: list[Case], sheet: Sheet) -> Table:
    asked = sheet.asked
    language, installation = asked.language, asked.observatory.installation
    t = language.text
    columns = (
        Column(t("cases_here.what")),
        Column(t("cases_here.where")),
        Column(t("cases_here.since")),
        Column(t("cases_here.week"), "number", 0),
        Column(t("cases_here.state")),
    )
    rows: list[tuple[Cell, ...]] = []
    for case in found:
        week = per_week(case)
        rows.append(
            (
                Linked(name_of(case, installation, language), asked.link(case_path(case.id))),
                site_of(case, installation),
                language.local_day(case.episode.start, asked.city.time_zone),
                week.likely if week else None,
                Marked(state_word(case, language), LOOK[case.state]),
            )
        )
    return Table("cases-here", t("cases_here.table"), columns, tuple(rows))
