"""The page of the report: is the year ready to be told, and which editions were made?

One address has two pages: what is lacking and the editions, and with ``?show=preview`` the year
itself, to be read and printed.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked, NotAllowed
from dashboard.pages.blocks import (
    Select,
    action_form,
    answer_box,
    badge,
    button,
    download,
    empty,
    filters,
    folded_table,
    made,
    rich,
    section,
    shown_table,
)
from dashboard.pages.markup import data, tag
from dashboard.pages.page import Content, File, Page, Sheet
from dashboard.pages.report_preview import preview_blocks
from dashboard.pages.report_year import ReportYear, report_year
from dashboard.queries.editions import Shelf, begin, file_of, shelf
from dashboard.queries.report import Checklist, Point, Weight
from dashboard.sentences import report as sentences
from dashboard.tables import report as tables
from paes.errors import DataError
from paes.report.edition import Edition, Unfinished

PATH = "/relazione"
PREVIEW = "preview"
_AGAIN_S = 3


def report_page(asked: Asked) -> Content:
    """What a year's report lacks, its preview, and the editions."""
    sheet, t = Sheet(asked), asked.language.text
    found = report_year(asked)
    if found is None:
        reason, after = t("report.no_year"), t("report.no_year_next")
        blocks = [html.H1(t("report.question_none")), empty(reason, after), _editions(sheet)]
        return sheet.content(t("nav.report"), blocks)
    title = t("report.title", year=found.year)
    if asked.choice("show", [PREVIEW], "") == PREVIEW:
        return sheet.content(title, preview_blocks(sheet, found))
    blocks = [
        html.H1(t("report.question", year=found.year)),
        _answer(asked, found.checklist),
        _years(asked, found),
        _links(asked),
        _checklist(sheet, found),
        _make(asked, found.year),
        _editions(sheet),
    ]
    return sheet.content(title, blocks)


def _answer(asked: Asked, checklist: Checklist) -> Any:
    missing, look = checklist.count(Weight.MISSING), checklist.count(Weight.LOOK)
    state = "uncertain" if missing or look else "within"
    word = asked.language.text("report.word_look" if missing or look else "report.word_fine")
    honest = asked.language.text("report.honest")
    return answer_box(state, word, [sentences.answer(checklist, asked.language), honest])


def _years(asked: Asked, found: ReportYear) -> Any:
    first = found.years[0]
    options = [("" if year == first else str(year), str(year)) for year in found.years]
    chosen = "" if found.year == first else str(found.year)
    return filters(asked, Select("year", asked.language.text("table.year"), options, chosen))


def _links(asked: Asked) -> Any:
    text = asked.language.text("report.preview_link")
    return html.P(html.A(text, href=asked.link(show=PREVIEW), className="btn btn-outline-primary"))


def _checklist(sheet: Sheet, found: ReportYear) -> Any:
    """Each part with its sentence; its points open on demand."""
    asked, language = sheet.asked, sheet.asked.language
    parts: list[Any] = []
    for name, points in found.checklist.groups.items():
        heaviest = min(
            (point.weight for point in points), key=list(Weight).index, default=Weight.FINE
        )
        word = badge(tables.ICONS[heaviest], language.text(f"report_weight.{heaviest.value}"))
        told = sentences.group(name, points, language)
        parts += [
            html.H3(language.text(f"report.group_{name}")),
            html.P([word, " ", *rich(told)]),
        ]
        if points:
            table = tables.group_table(
                name, points, asked.city, language, lambda point: _where(asked, point)
            )
            parts.append(folded_table(sheet, table))
    everything = tables.checklist_table(found.checklist, asked.city, language)
    parts += [
        download(sheet, everything, language.text("report.checklist_csv")),
        made(asked, found.made_at),
    ]
    return section("checklist", language.text("report.checklist_heading"), parts)


def _where(asked: Asked, point: Point) -> str | None:
    """The page that tells more of a point."""
    if point.kind.startswith("meter_"):
        return asked.link("/dati", meter=point.subject)
    if point.kind.startswith("action_"):
        return asked.link(f"/azioni/{point.subject}")
    return None


def _make(asked: Asked, year: int) -> Any:
    """The form that makes an edition, for who may; why not, for who may not."""
    t, heading = asked.language.text, asked.language.text("report.make_heading")
    if asked.observatory.sources.folder is None:
        nothing = empty(t("report.no_folder"), t("report.no_folder_next", year=year))
        return section("make", heading, [nothing])
    if not asked.user.may(Right.REPORT):
        return section("make", heading, [html.P(t("access.needs_report"))])
    holds = [html.Li(rich(t(f"report_file.{name}"))) for name in _HOLDS]
    form = action_form(
        asked,
        asked.link(PATH),
        tag("input", type="hidden", name="year", value=str(year)),
        button(t("report.make_button", year=year)),
        label=heading,
    )
    told = [html.P(rich(t("report.make_told", year=year))), html.Ul(holds), form]
    return section("make", heading, told)


_HOLDS = ("inventory_csv", "declared_csv", "local_generation_csv", "progress_csv", "causes_csv",
          "manifest")  # fmt: skip


def _editions(sheet: Sheet) -> Any:
    """Every edition with its files; those being made come by themselves."""
    asked, t = sheet.asked, sheet.asked.language.text
    found = shelf(asked.observatory.sources, asked.city.id)
    parts: list[Any] = [_making(one, asked) for one in found.making]
    parts += [_failed(one, asked) for one in found.failed]
    parts += [_edition(sheet, one, place == 0) for place, one in enumerate(found.editions)]
    if not parts:
        parts = [html.P(t("report.no_editions"))]
    return section("editions", t("report.editions_heading"), [_count(found, asked), *parts])


def _count(found: Shelf, asked: Asked) -> Any:
    if not found.editions:
        return None
    newest, language = found.editions[0], asked.language
    one = len(found.editions) == 1
    told = language.text(
        "report.editions_sentence_one" if one else "report.editions_sentence",
        n=language.number(len(found.editions)),
        number=newest.number,
        year=newest.year,
        at=language.moment(newest.made_at, asked.city.time_zone),
    )
    return html.P(rich(told))


def _making(one: Unfinished, asked: Asked) -> Any:
    """It comes by itself: the page is asked for again."""
    since = asked.language.clock_time(one.since, asked.city.time_zone, seconds=True)
    told = asked.language.text(
        "report.making", number=one.number, year=one.year, since=since, by=one.by
    )
    return html.P([badge("clock", told)], className="making", **data(again_s=str(_AGAIN_S)))


def _failed(one: Unfinished, asked: Asked) -> Any:
    since = asked.language.moment(one.since, asked.city.time_zone)
    key = "report.failed" if one.reason else "report.cut_off"
    told = asked.language.text(
        key, number=one.number, year=one.year, since=since, reason=one.reason
    )
    return html.P([badge("silent", asked.language.text("report.word_failed")), " ", told])


def _edition(sheet: Sheet, one: Edition, newest: bool) -> Any:
    asked, t = sheet.asked, sheet.asked.language.text
    heading = t("report.edition", number=one.number, year=one.year)
    told = t(
        "report.edition_told",
        at=asked.language.moment(one.made_at, asked.city.time_zone),
        by=one.by,
        version=one.version,
    )

    def href(name: str) -> str:
        return asked.link(f"{PATH}/file/{one.year}/{one.number}/{name}", year=None, show=None)

    whole = html.A(t("report.zip"), href=href("all.zip"), download="", className="download")
    table = tables.edition_table(one, asked.language, href)
    parts = [html.H3(heading), html.P(told), html.P(whole)]
    if one.simulated:
        parts.append(html.P(t("report.edition_simulated"), className="hint"))
    files = shown_table(sheet, table) if newest else [folded_table(sheet, table)]
    return html.Div([*parts, *files], className="edition")


def make(asked: Asked, form: Mapping[str, str]) -> str:
    """Begin an edition of the year that the form names; NotAllowed, DataError if it cannot be."""
    asked.require(Right.REPORT)
    sources, year = asked.observatory.sources, form.get("year", "")
    if sources.folder is None:
        raise NotAllowed(asked.language.text("report.no_folder"))
    found = report_year(asked)
    if found is None or not year.isdecimal() or int(year) not in found.years:
        raise DataError(asked.language.text("report.not_a_year", year=year[:10]))
    by = asked.user.full_name or asked.user.name
    begun = begin(sources, sources.folder, asked.city.id, int(year), by)
    told = f"{asked.city.id} {begun.year} edition {begun.number}"
    asked.audit("report.make", f"{asked.city.id}/{begun.year}/{begun.number}", told)
    return f"{asked.link(PATH, year=year)}#editions"


def file(asked: Asked, name: str) -> File | None:
    """A file of an edition, or the whole of it."""
    found = file_of(asked.observatory.sources, asked.city.id, name)
    if found is None:
        return None
    kind = mimetypes.guess_type(found[0])[0] or "application/octet-stream"
    return File(found[0], kind, found[1])


PAGE = Page("report", PATH, report_page, right=Right.LOOK, post=make, file=file)
