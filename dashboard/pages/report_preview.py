"""The annual report as a page to be read and printed: words, pictures and tables of one year.

It is made of the same queries as the files of an edition, by the plan's own method; an edition is
frozen, this page is of now.
"""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.figures import data_health as data_figures
from dashboard.figures import progress as figures
from dashboard.figures.path import PATH_HEIGHT, path_figure
from dashboard.pages.blocks import (
    answer_box,
    chart,
    crumbs,
    download,
    made,
    rich,
    section,
    shown_table,
)
from dashboard.pages.page import Sheet
from dashboard.pages.report_year import ReportYear
from dashboard.queries.evidence import evidence_of
from dashboard.sentences import data_health as data_sentences
from dashboard.sentences import progress as sentences
from dashboard.sentences import report as report_sentences
from dashboard.sentences.chances import chance
from dashboard.tables import data_health as data_tables
from dashboard.tables import progress as tables
from dashboard.tables import report as report_tables
from dashboard.tables.table import Table

PATH = "/relazione"


def preview_blocks(sheet: Sheet, found: ReportYear) -> list[Any]:
    """Ten parts, in the order in which a council reads them."""
    asked, t = sheet.asked, sheet.asked.language.text
    back = asked.link(PATH, show=None)
    return [
        crumbs((t("report.back"), back), label=t("nav.report")),
        html.H1(t("preview.title", city=asked.city.name, year=found.year)),
        html.P(t("preview.not_an_edition"), className="hint"),
        _summary(sheet, found),
        *_inventory(sheet, found),
        *_course(sheet, found),
        _evidence(sheet, found),
        _meters(sheet, found),
        _actions(sheet, found),
        _lacking(sheet, found),
        _method(sheet, found),
    ]


def _summary(sheet: Sheet, found: ReportYear) -> Any:
    view, language = found.view, sheet.asked.language
    said = [
        sentences.answer(view, language),
        chance(view, language),
        sentences.grid_share(view, language),
        sentences.basis(view, language),
        sentences.bounds(view, language),
    ]
    verdict = view.judged.verdict.value
    word = sentences.verdict_word(view.judged, view, language)
    box = answer_box(verdict, word, [one for one in said if one])
    return section("summary", language.text("preview.summary"), [box])


def _inventory(sheet: Sheet, found: ReportYear) -> list[Any]:
    view, language = found.view, sheet.asked.language
    t = language.text
    return [
        _tabled(
            sheet,
            "sectors",
            t("preview.sectors", year=found.year),
            sentences.sectors(view, language),
            tables.sectors_table(view, language),
        ),
        _tabled(
            sheet,
            "lines",
            t("preview.lines", year=found.year),
            t("preview.lines_told"),
            tables.lines_table(view, language),
            wide=True,
        ),
    ]


def _course(sheet: Sheet, found: ReportYear) -> list[Any]:
    view, language = found.view, sheet.asked.language
    t = language.text
    path = chart(
        sheet,
        "path",
        lambda: path_figure(view, language),
        PATH_HEIGHT,
        named_by="path",
        told_by="path-answer",
    )
    effects = chart(
        sheet,
        "effects",
        lambda: figures.effects_figure(view, language),
        figures.effects_height(view),
        named_by="effects",
        told_by="effects-answer",
    )
    told = sentences.path(view, language)
    causes = sentences.effects(view, language)
    return [
        _tabled(sheet, "path", t("path.heading"), told, tables.path_table(view, language), path),
        _tabled(
            sheet,
            "effects",
            t("effects.heading"),
            causes,
            tables.effects_table(view, language),
            effects,
        ),
    ]


def _evidence(sheet: Sheet, found: ReportYear) -> Any:
    asked, language = sheet.asked, sheet.asked.language
    evidence = evidence_of(found.view.newest)
    told = data_sentences.evidence(evidence, language)
    table = data_tables.evidence_table(evidence, asked.city, language)
    picture = chart(
        sheet,
        "evidence",
        lambda: data_figures.evidence_figure(evidence, language),
        data_figures.evidence_height(evidence),
        named_by="evidence",
        told_by="evidence-answer",
    )
    heading = language.text("data_evidence.heading")
    return _tabled(sheet, "evidence", heading, told, table, picture)


def _meters(sheet: Sheet, found: ReportYear) -> Any:
    """How many meters saw the year, and those that did not see all of it."""
    asked, t = sheet.asked, sheet.asked.language.text
    points = found.checklist.groups["meters"]
    lacking = {point.subject: found.meters[point.subject] for point in points}
    told = t(
        "preview.meters_told",
        n=asked.language.number(len(found.meters)),
        whole=asked.language.number(len(found.meters) - len(lacking)),
    )
    heading = t("preview.meters", year=found.year)
    if not lacking:
        return section("meter-year", heading, [html.P(rich(told), className="answer")])
    table = report_tables.meters_table(lacking, asked.city, found.year, asked.language)
    return _tabled(sheet, "meter-year", heading, told, table)


def _actions(sheet: Sheet, found: ReportYear) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    table = report_tables.actions_table(asked.city.actions, asked.city, asked.language)
    told = t(
        "preview.actions_told",
        n=asked.language.number(found.view.own_actions.all),
        completed=asked.language.number(found.view.own_actions.completed),
    )
    return _tabled(sheet, "actions", t("preview.actions"), told, table)


def _lacking(sheet: Sheet, found: ReportYear) -> Any:
    """What is missing, part by part in a sentence; the points are on the page of the report."""
    asked, language = sheet.asked, sheet.asked.language
    told = report_sentences.answer(found.checklist, language)
    parts = [
        html.Li(
            [
                html.Strong(f"{language.text(f'report.group_{name}')}: "),
                *rich(report_sentences.group(name, points, language)),
            ]
        )
        for name, points in found.checklist.groups.items()
    ]
    table = report_tables.checklist_table(found.checklist, asked.city, language)
    label = language.text("report.checklist_csv")
    listed = [html.P(rich(told)), html.Ul(parts), download(sheet, table, label)]
    return section("checklist", language.text("report.checklist_heading"), listed)


def _method(sheet: Sheet, found: ReportYear) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    newest = found.view.newest
    used = newest.factor_set
    name = used.name.in_language(asked.language.code)
    parts = [
        html.P(rich(t("method.formula"))),
        html.P(rich(t("preview.factors", name=name, version=used.version))),
        html.P(rich(t("method.bounds"))),
        html.P(rich(t("preview.open"))),
        made(asked, found.made_at),
    ]
    return section("method", t("method.heading"), parts)


def _tabled(
    sheet: Sheet,
    name: str,
    heading: str,
    told: str,
    table: Table,
    picture: Any = None,
    wide: bool = False,
) -> Any:
    """A part of the report: its sentence, its picture, and its table in plain sight."""
    parts = [
        html.P(rich(told), id=f"{name}-answer", className="answer"),
        picture,
        *shown_table(sheet, table, wide),
    ]
    return section(name, heading, [part for part in parts if part is not None])
