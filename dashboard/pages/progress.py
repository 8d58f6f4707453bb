"""The page of the target: answer, path, causes, sectors, meters, sources. Layout only."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard import figures, sentences, tables
from dashboard.address import Address, Notice
from dashboard.observatory import PageData
from dashboard.pages.answer import answer_block
from dashboard.pages.blocks import chart, folded_table, rich, section
from dashboard.pages.live import live_html
from dashboard.pages.method import method_block
from dashboard.queries import CityView
from dashboard.tables import Table
from dashboard.texts import Language

Config = dict[str, Any]


def progress_page(data: PageData, language: Language, config: Config, refresh_s: float) -> Any:
    """Everything inside the main landmark, from top to bottom."""
    blocks: list[Any] = [*_notices(data, language)]
    if data.view is None:
        blocks += _empty(data, language)
    else:
        blocks += answer_block(data.view, language, data.address)
        blocks += _pictures(data.view, language, config, data.address)
    blocks.append(_meters(data, language, refresh_s))
    if data.view is not None:
        blocks.append(method_block(data.view, data.inventories_at, language, data.address))
    return html.Div(blocks)


def _notices(data: PageData, language: Language) -> list[Any]:
    texts = [_fallback(notice, data, language) for notice in data.address.notices]
    if data.simulated:
        texts.append(language.text("notice.simulated"))
    return [html.P(rich(text), className="notice") for text in texts]


def _fallback(notice: Notice, data: PageData, language: Language) -> str:
    used = notice.used
    if notice.key == "city":
        used = data.address.city.name
    elif notice.key == "target":
        used = data.address.target.name.in_language(language.code)
    elif notice.key == "factor":
        base = data.address.city.plan.base_year
        used = language.text(f"method.{notice.used}", base=base).lower()
    return language.text(f"notice.{notice.key}", asked=notice.asked, used=used)


def _empty(data: PageData, language: Language) -> list[Any]:
    """What is missing, in words, and the next step."""
    city, target, t = data.address.city, data.address.target, language.text
    name = target.name.in_language(language.code)
    return [
        html.H1(t("empty.title", city=city.name)),
        html.P(t("empty.sentence", target=name, year=target.base_year), className="lead"),
        html.P(t("empty.reason", message=data.problem or "")),
        html.P(rich(t("empty.next", year=target.base_year, city_id=city.id))),
    ]


def _pictures(view: CityView, language: Language, config: Config, address: Address) -> list[Any]:
    t = language.text
    path = " ".join([sentences.path(view, language), figures.describe_targets(view, language)])
    return [
        _pictured(
            "effects",
            t("effects.heading"),
            sentences.effects(view, language),
            chart_of=figures.effects_figure(view, language),
            table=tables.effects_table(view, language),
            context=(language, config, address),
            caption=t("effects.figure", year=view.judged.year, base=view.progress.base.year),
        ),
        _pictured(
            "path",
            t("path.heading"),
            path.strip(),
            chart_of=figures.path_figure(view, language),
            table=tables.path_table(view, language),
            context=(language, config, address),
        ),
        _pictured(
            "sectors",
            t("sectors.heading"),
            sentences.sectors(view, language),
            chart_of=figures.sectors_figure(view, language),
            table=tables.sectors_table(view, language),
            context=(language, config, address),
            more=_lines(view, language, address),
        ),
    ]


def _pictured(
    name: str,
    heading: str,
    sentence: str,
    *,
    chart_of: Any,
    table: Table,
    context: tuple[Language, Config, Address],
    caption: str | None = None,
    more: list[Any] | None = None,
) -> Any:
    """Question, one sentence, picture, table: the shape of every block."""
    language, config, address = context
    return section(
        name,
        heading,
        [
            html.P(rich(sentence), id=f"{name}-answer", className="answer"),
            html.P(rich(caption), className="caption") if caption else None,
            chart(name, chart_of, config, named_by=name, told_by=f"{name}-answer"),
            folded_table(table, language, address),
            *(more or []),
        ],
    )


def _lines(view: CityView, language: Language, address: Address) -> list[Any]:
    table = tables.lines_table(view, language)
    folded = folded_table(table, language, address, wide=True)
    return [html.H3(rich(language.text("sectors.lines_heading"))), folded]


def _meters(data: PageData, language: Language, refresh_s: float) -> Any:
    """The one block that a tick replaces, in a section that stays."""
    live = live_html(data.live, data.activity_at, refresh_s, language, data.address)
    return section(
        "meters",
        language.text("meters.heading"),
        [
            html.Div(id="live"),
            dcc.Store(id="live-html", data=live),
            # Without an output Dash would not call the script for a block that has just come.
            dcc.Store(id="live-shown"),
            dcc.Store(id="live-states", data=data.live.states),
            html.P("", id="live-status", role="status", className="sr-text"),
        ],
    )
