"""The page of the target: answer, path, causes, sectors, sources. Layout only."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.figures import progress as figures
from dashboard.pages.answer import answer_block
from dashboard.pages.blocks import empty, folded_table, pictured, rich
from dashboard.pages.method import method_block
from dashboard.pages.page import Content, Page, Sheet
from dashboard.queries.progress import INVENTORIES, CityView, view
from dashboard.sentences import progress as sentences
from dashboard.tables import progress as tables
from paes.errors import PaesError, StoreError


def progress_page(asked: Asked) -> Content:
    """Everything from the question to its sources; what is missing where there is no inventory."""
    sheet, address, t = Sheet(asked), asked.address, asked.language.text
    title = t("site.topic", year=address.target.target_year)
    kept = asked.observatory.kept(INVENTORIES, asked.city.id, address.factor)
    try:
        shown = asked.observatory.recent(
            ("progress", asked.city.id, address.target.id, address.factor),
            lambda sources: view(
                asked.city, sources.ledger, address.target.id, kept.value.by_year, kept.value.draws
            ),
        )
    except StoreError:
        raise
    except PaesError as err:
        return sheet.content(title, _empty(asked, str(err)))
    blocks = [
        *answer_block(shown, asked),
        *_pictures(shown, sheet),
        method_block(shown, kept.made_at, sheet),
    ]
    return sheet.content(title, blocks)


def _empty(asked: Asked, problem: str) -> list[Any]:
    """What is missing, in words, and the next step."""
    city, target, t = asked.city, asked.address.target, asked.language.text
    name = target.name.in_language(asked.language.code)
    return [
        html.H1(t("empty.title", city=city.name)),
        html.P(t("empty.sentence", target=name, year=target.base_year), className="lead"),
        empty(
            t("empty.reason", message=problem),
            t("empty.next", year=target.base_year, city_id=city.id),
        ),
    ]


def _pictures(view: CityView, sheet: Sheet) -> list[Any]:
    language = sheet.asked.language
    t = language.text
    path = " ".join([sentences.path(view, language), figures.describe_targets(view, language)])
    return [
        pictured(
            sheet,
            "effects",
            t("effects.heading"),
            sentences.effects(view, language),
            figure=lambda: figures.effects_figure(view, language),
            height=figures.effects_height(view),
            table=tables.effects_table(view, language),
            caption=t("effects.figure", year=view.judged.year, base=view.progress.base.year),
        ),
        pictured(
            sheet,
            "path",
            t("path.heading"),
            path.strip(),
            figure=lambda: figures.path_figure(view, language),
            height=figures.PATH_HEIGHT,
            table=tables.path_table(view, language),
        ),
        pictured(
            sheet,
            "sectors",
            t("sectors.heading"),
            sentences.sectors(view, language),
            figure=lambda: figures.sectors_figure(view, language),
            height=figures.sectors_height(view),
            table=tables.sectors_table(view, language),
            more=_lines(view, sheet),
        ),
    ]


def _lines(view: CityView, sheet: Sheet) -> list[Any]:
    language = sheet.asked.language
    folded = folded_table(sheet, tables.lines_table(view, language), wide=True)
    return [html.H3(rich(language.text("sectors.lines_heading"))), folded]


PAGE = Page("progress", "/", progress_page)
