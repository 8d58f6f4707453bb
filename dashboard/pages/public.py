"""The page for everybody: is the town keeping its word, and how do we know.

No login, plain words, few figures, each with how it is known; printed on two sheets. It tells
years and months alone, and small groups of sites only together (``queries.public``).
"""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.figures import progress as progress_figures
from dashboard.figures import public as figures
from dashboard.memory import Kept
from dashboard.pages.blocks import (
    answer_box,
    chart,
    download,
    empty,
    folded_table,
    rich,
    section,
)
from dashboard.pages.page import Content, Drawn, Page, Sheet
from dashboard.pages.public_actions import does, still_open
from dashboard.queries.distance import parts_of
from dashboard.queries.progress import INVENTORIES, CityView, Inventories, inventory_words, view
from dashboard.queries.public import PublicEnergy, own_actions, public_energy
from dashboard.queries.town_energy import TOWN_ENERGY
from dashboard.sentences import progress as progress_sentences
from dashboard.sentences import public as sentences
from dashboard.tables import progress as progress_tables
from dashboard.tables import prospects as prospect_tables
from dashboard.tables import public as tables
from dashboard.tables.table import Table
from paes.errors import PaesError, StoreError
from paes.periods import local_year
from paes.plan.action import Status


def public_page(asked: Asked) -> Content:
    """The answer first, then its figures, what is done and open, and the data."""
    sheet, city, t = Sheet(asked), asked.city, asked.language.text
    words = inventory_words(city, city.plan.electricity_factor)
    kept = asked.observatory.kept(INVENTORIES, *words)
    energy = _energy(asked)
    blocks: list[Any] = [html.H1(t("public.question", city=city.name))]
    try:
        shown = _view(asked, kept)
    except StoreError:
        raise
    except PaesError:
        blocks.append(empty(t("public.none"), t("public.none_next")))
        pictures, told = [], None
    else:
        blocks += _answer(shown, asked)
        pictures, told = _of_inventory(shown, sheet), shown
    pictures += _of_meters(energy, sheet)
    pictures += [does(asked), still_open(told, asked), _data(told, energy, sheet)]
    blocks += [html.Div(pictures, className="columns pictures"), _as_of(asked, kept)]
    return sheet.content(t("public.title", city=city.name), blocks)


def _view(asked: Asked, kept: Kept[Inventories]) -> CityView:
    """Against the target that the plan tracks, by the plan's own method."""
    target = asked.address.target.id
    return asked.observatory.recent(
        ("public", asked.city.id, target, kept.made_at),
        lambda sources: view(
            asked.city, sources.ledger, target, kept.value.by_year, kept.value.draws, "town"
        ),
    )


def _energy(asked: Asked) -> PublicEnergy:
    city = asked.city
    town = asked.observatory.kept(TOWN_ENERGY, city.id)
    this_year = local_year(asked.now, city.time_zone)
    return asked.observatory.recent(
        ("public-energy", city.id, town.made_at),
        lambda sources: public_energy(sources, city, town.value, this_year),
    )


def _answer(shown: CityView, asked: Asked) -> list[Any]:
    language, target = asked.language, shown.progress.target
    act = language.text("public.act", act=target.adopted_by) if target.adopted_by else ""
    name = target.name.in_language(language.code)
    return [
        answer_box(
            shown.judged.verdict.value,
            progress_sentences.verdict_word(shown.judged, shown, language),
            sentences.answer(shown, language),
        ),
        html.P(rich(language.text("public.promise", name=name, act=act)), className="promise"),
        html.P(rich(language.text("public.what")), className="hint"),
    ]


def _of_inventory(shown: CityView, sheet: Sheet) -> list[Any]:
    language, parts = sheet.asked.language, parts_of(shown)
    t = language.text
    return [
        _picture(
            sheet,
            "emissions",
            sentences.emissions(shown, language),
            lambda: figures.emissions_figure(shown, language),
            tables.plain(progress_tables.path_table(shown, language)),
            t("public.know_emissions"),
        ),
        _picture(
            sheet,
            "parts",
            sentences.parts(parts, shown, language),
            lambda: progress_figures.distance_figure(
                parts, language, figures.HEIGHT, [t(f"public.part_{p.name}") for p in parts]
            ),
            prospect_tables.distance_table(parts, shown, language),
            t("public.know_parts"),
        ),
        _picture(
            sheet,
            "sectors",
            sentences.sectors(shown, language),
            lambda: figures.sectors_figure(shown, language),
            tables.sectors_table(shown, language),
            t("public.know_sectors"),
        ),
    ]


def _of_meters(energy: PublicEnergy, sheet: Sheet) -> list[Any]:
    language, city = sheet.asked.language, sheet.asked.city.name
    if not energy.groups:
        return [html.P(language.text("public.no_energy"), className="empty")]
    found = [
        _picture(
            sheet,
            "buildings",
            sentences.buildings(energy, language),
            lambda: figures.buildings_figure(energy, language),
            tables.buildings_table(energy, city, language),
            sentences.buildings_known(energy, language),
        )
    ]
    if energy.sun:
        picture = _picture(
            sheet,
            "sun",
            sentences.sun(energy, language),
            lambda: figures.sun_figure(energy, language),
            tables.sun_years_table(energy, city, language),
            sentences.sun_known(energy, language),
        )
        found.append(picture)
    return found


def _picture(
    sheet: Sheet, name: str, sentence: str, figure: Drawn, table: Table, known: str
) -> Any:
    """Question, sentence, picture, how it is known, table."""
    t = sheet.asked.language.text
    return section(
        name,
        t(f"public.heading_{name}"),
        [
            html.P(rich(sentence), id=f"{name}-answer", className="answer"),
            chart(sheet, name, figure, figures.HEIGHT, named_by=name, told_by=f"{name}-answer"),
            html.P([html.Strong(t("public.know")), " ", *rich(known)], className="know"),
            folded_table(sheet, table),
        ],
    )


def _data(shown: CityView | None, energy: PublicEnergy, sheet: Sheet) -> Any:
    """Links to every table of the page as a file, and under which licence they are."""
    language, city = sheet.asked.language, sheet.asked.city
    t, licence = language.text, energy.rules.licence
    listed: list[Table] = []
    if shown:
        listed += [
            tables.plain(progress_tables.path_table(shown, language)),
            tables.plain(progress_tables.sectors_table(shown, language)),
            tables.plain(progress_tables.lines_table(shown, language)),
        ]
    if energy.groups:
        listed.append(tables.buildings_table(energy, city.name, language))
    if energy.months:
        listed.append(tables.sun_table(energy, city.name, language))
    listed.append(tables.actions_table(own_actions(city, *Status), city.name, language))
    files = [html.Li(download(sheet, table, f"{table.caption} (CSV)")) for table in listed]
    under: list[Any] = [html.A(t("public.licence", name=licence.name), href=licence.address)]
    if licence.assumed:
        under += [" ", t("public.licence_assumed")]
    return section(
        "data",
        t("public.heading_data"),
        [html.P(rich(t("public.data"))), html.Ul(files, className="files"), html.P(under)],
    )


def _as_of(asked: Asked, kept: Kept[Inventories]) -> Any:
    day = asked.language.local_day(kept.made_at, asked.city.time_zone)
    return html.P(asked.language.text("public.as_of", day=day), className="made")


PAGE = Page("public", "/pubblica", public_page, right=Right.PUBLIC, in_menu=False, upper=None)
