"""The page of the target: answer, path, causes, sectors, sources. Layout only."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.figures import progress as figures
from dashboard.figures.path import PATH_HEIGHT, path_figure
from dashboard.pages.answer import answer_block
from dashboard.pages.blocks import empty, folded_table, pictured, rich, shown_table
from dashboard.pages.method import method_block
from dashboard.pages.page import Content, Page, Sheet
from dashboard.pages.to_do import to_do
from dashboard.queries.distance import parts_of
from dashboard.queries.measure import UNITS, unit_of
from dashboard.queries.progress import INVENTORIES, CityView, inventory_words, scopes_of, view
from dashboard.sentences import progress as sentences
from dashboard.sentences import prospects
from dashboard.tables import progress as tables
from dashboard.tables import prospects as prospect_tables
from paes.errors import PaesError, StoreError


def progress_page(asked: Asked) -> Content:
    """Everything from the question to its sources; what is missing where there is no inventory."""
    sheet, address, t = Sheet(asked), asked.address, asked.language.text
    title = t("site.topic", year=address.target.target_year)
    scope = asked.choice("scope", scopes_of(asked.city), asked.city.plan.electricity_scope)
    unit = asked.choice("unit", UNITS, unit_of(address.target))
    words = inventory_words(asked.city, address.factor, scope)
    kept = asked.observatory.kept(INVENTORIES, *words)
    try:
        shown = asked.observatory.recent(
            ("progress", *words, address.target.id, unit, kept.made_at),
            lambda sources: view(
                asked.city,
                sources.ledger,
                address.target.id,
                kept.value.by_year,
                kept.value.draws,
                unit,
            ),
        )
    except StoreError:
        raise
    except PaesError as err:
        return sheet.content(title, _empty(asked, str(err)))
    blocks = [
        *answer_block(shown, asked),
        to_do(asked),
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
    told = sentences.path(view, language), prospects.outlook(view, language)
    return [
        pictured(
            sheet,
            "path",
            t("path.heading"),
            " ".join(text for text in told if text),
            figure=lambda: path_figure(view, language),
            height=PATH_HEIGHT,
            table=tables.path_table(view, language),
            wide=True,
            more=_bands(view, sheet),
        ),
        _distance(view, sheet),
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
            "sectors",
            t("sectors.heading"),
            sentences.sectors(view, language),
            figure=lambda: figures.sectors_figure(view, language),
            height=figures.sectors_height(view),
            table=tables.sectors_table(view, language),
            more=_lines(view, sheet),
        ),
        pictured(
            sheet,
            "evidence",
            t("evidence.heading"),
            prospects.evidence(view, language),
            figure=lambda: figures.evidence_figure(view, language),
            height=figures.evidence_height(view),
            table=prospect_tables.evidence_table(view, language),
            caption=t("evidence.note"),
            wide=True,
        ),
    ]


def _distance(view: CityView, sheet: Sheet) -> Any:
    """From the target itself, and whose part is kept."""
    language, parts = sheet.asked.language, parts_of(view)
    told = prospects.distance_told(view, language), prospects.parts_told(parts, view, language)
    return pictured(
        sheet,
        "distance",
        language.text("distance.heading"),
        " ".join(told),
        figure=lambda: figures.distance_figure(parts, language),
        height=figures.distance_height(parts),
        table=prospect_tables.distance_table(parts, view, language),
    )


def _bands(view: CityView, sheet: Sheet) -> list[Any]:
    """The bands of the picture as tables, and what years to come rest on."""
    language = sheet.asked.language
    found = (
        prospect_tables.bands_table(view, language),
        prospect_tables.outlook_table(view, language),
    )
    later = sentences.later_targets(view, language)
    parts: list[Any] = [
        html.Details(
            [html.Summary(rich(table.caption)), *shown_table(sheet, table)], className="data"
        )
        for table in found
        if table
    ]
    if later:
        parts.append(html.P(rich(later)))
    if view.outlook:
        likely = language.percent(view.outlook.likely_fraction, 0)
        parts.append(html.P(rich(language.text("outlook.how", likely=likely)), className="hint"))
    return parts


def _lines(view: CityView, sheet: Sheet) -> list[Any]:
    language = sheet.asked.language
    folded = folded_table(sheet, tables.lines_table(view, language), wide=True)
    return [html.H3(rich(language.text("sectors.lines_heading"))), folded]


PAGE = Page("progress", "/", progress_page)
