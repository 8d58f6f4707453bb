"""The foot of the page: factors, rules, sources, and what to know about the inventory."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from dashboard.pages.answer import source_line
from dashboard.pages.blocks import made, rich, section, shown_table
from dashboard.pages.page import Sheet
from dashboard.queries.progress import CityView
from dashboard.tables import progress as tables
from dashboard.texts import Language
from paes.plan.target import PublishedInventory, Target
from paes.schema import Sourced


def method_block(view: CityView, computed_at: datetime, sheet: Sheet) -> Any:
    """By which factors and rules the page's figures were made, and from which sources."""
    language = sheet.asked.language
    t = language.text
    parts = [
        *_factors(view, language),
        html.P(rich(t("method.bounds"))),
        html.P(rich(t("method.path"))),
        *_chances(view, language),
        html.H3(rich(t("method.targets"))),
        html.Ul([html.Li(_target(target, language)) for target in view.city.plan.targets]),
    ]
    if view.published:
        parts += [
            html.H3(t("method.published")),
            html.Ul([html.Li(_published(p, language)) for p in view.published]),
        ]
    parts += _findings(view, sheet)
    if view.city.facts.sources:
        parts += [
            html.H3(t("method.city_sources")),
            html.Ul([html.Li(source) for source in view.city.facts.sources], lang="en"),
        ]
    parts.append(made(sheet.asked, computed_at))
    return section("method", t("method.heading"), parts)


def _factors(view: CityView, language: Language) -> list[Any]:
    t, factors = language.text, view.newest.factor_set
    told = t(
        "method.set",
        name=factors.name.in_language(language.code),
        id=factors.id,
        version=factors.version,
        approach=factors.approach,
        gas=factors.gas,
    )
    method = view.newest.method
    basis = f"method.basis_{method.electricity_factor}"
    return [
        html.P(rich(told)),
        html.P(rich(t("method.set_source", source=factors.source or "–"))),
        html.P(rich(t("method.formula"))),
        html.P(rich(t(basis, base=view.city.plan.base_year))),
        html.P(rich(t(f"method.basis_{method.electricity_scope}"))),
    ]


def _chances(view: CityView, language: Language) -> list[Any]:
    """How intervals and probabilities were drawn."""
    if view.chances is None:
        return []
    draws = language.number(view.chances.draws)
    return [html.P(rich(language.text("method.chances", draws=draws, seed=view.chances.seed)))]


def _target(target: Target, language: Language) -> list[Any]:
    """A target with its act, its source and the note of who entered it."""
    parts: list[Any] = [html.Strong(rich(target.name.in_language(language.code)))]
    if target.adopted_by:
        parts += [". ", language.text("card.act", act=target.adopted_by)]
    source = source_line(target.source, language)
    if source is not None:
        parts += [" ", source]
    return parts + _note(target, language)


def _published(inventory: PublishedInventory, language: Language) -> list[Any]:
    told = f"{inventory.year}: {language.tonnes(inventory.total_t)}."
    return [told, " ", source_line(inventory.source, language), *_note(inventory, language)]


def _note(entry: Sourced, language: Language) -> list[Any]:
    """The note of whoever entered it; in English where the configuration has no other."""
    note = entry.note_in(language.code)
    spoken = "it" if language.code == "it" and entry.note_it else "en"
    return [html.Span(note, className="note", lang=spoken)] if note else []


def _findings(view: CityView, sheet: Sheet) -> list[Any]:
    t, year = sheet.asked.language.text, view.newest.year
    table = tables.findings_table(view, sheet.asked.language)
    if not table.rows:
        return [html.P(t("method.findings_none", year=year))]
    return [html.H3(t("method.findings", year=year)), *shown_table(sheet, table)]
