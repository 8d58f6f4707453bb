"""The top of the page: the question, its answer, what it rests on, and four cards."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from dash import html

from dashboard.address import FACTORS, Address
from dashboard.asked import Asked
from dashboard.pages.blocks import badge, card, cards, passport, rich, switch
from dashboard.queries.distance import distance
from dashboard.queries.measure import unit_of
from dashboard.queries.progress import CityView, NextStep, scopes_of
from dashboard.sentences import progress as sentences
from dashboard.sentences.chances import chance
from dashboard.texts import Language
from paes.lineage.figure_id import progress_id
from paes.plan.target import Target
from paes.progress.path import YearResult


def answer_block(view: CityView, asked: Asked) -> list[Any]:
    """Heading, verdict and sentence, the basis of the figures, the cards, other targets."""
    language, address = asked.language, asked.address
    t, verdict = language.text, view.judged.verdict.value
    said = [
        badge(verdict, sentences.verdict_word(view.judged, view, language)),
        html.P(rich(sentences.answer(view, language)), className="lead"),
    ]
    told = chance(view, language)
    if told:
        said.append(html.P(rich(told), className="lead honest"))
    for honest in (sentences.on_assumed(view, language), sentences.grid_share(view, language)):
        if honest:
            said.append(html.P(rich(honest), className="lead honest"))
    return [
        html.H1(rich(sentences.question(view, language))),
        html.Section(
            [html.H2(t("answer.heading"), className="sr-text"), *said],
            className=f"answer-box answer-{verdict}",
        ),
        _basis(view, language),
        cards(
            _promised(view, language),
            _reached(view, asked),
            _now(view, asked),
            _distance_card(view, asked),
            _next(view, language),
        ),
        _targets(view, language, address),
        _factors(view, language, address),
        _scopes(view, asked),
        *_units(view, asked),
    ]


def _basis(view: CityView, language: Language) -> Any:
    """Calm and in plain sight: which part is assumed, seen by meters, or missing."""
    assumed = view.newest.assumed_fraction > 0
    told: list[Any] = [html.P(rich(sentences.basis(view, language)))]
    if assumed:
        told.insert(0, badge("assumed", language.text("basis.badge_all")))
    missing = sentences.bounds(view, language)
    if missing:
        told.append(html.P(rich(missing)))
    return html.Div(told, className="basis")


def _promised(view: CityView, language: Language) -> Any:
    t, target = language.text, view.progress.target
    unit = t("card.promised_value", target=target.target_year, base=target.base_year)
    if target.kind == "per_capita":
        unit = f"{t('card.per_head')}, {unit}"
    return card(
        t("card.promised"),
        language.percent(-target.reduction_fraction, 0, sign=True),
        unit,
        [
            html.Strong(rich(target.name.in_language(language.code))),
            _split(target, language),
            t("card.act", act=target.adopted_by) if target.adopted_by else None,
            source_line(target.source, language),
            _assumed(target, language),
        ],
    )


def _split(target: Target, language: Language) -> str:
    if target.supra_ordinate_fraction is None or target.own_fraction is None:
        return language.text("card.no_split")
    return language.text(
        "card.split",
        supra=language.percent(target.supra_ordinate_fraction, 0),
        own=language.percent(target.own_fraction, 0),
    )


def _assumed(target: Target, language: Language) -> Any:
    if not target.assumed:
        return None
    return html.Span(language.text("card.assumed_target"), className="hint")


def source_line(source: str | None, language: Language) -> Any:
    """Where a figure is known from, as a link if it is an address."""
    if not source:
        return None
    if not source.startswith(("http://", "https://")):
        return html.Span(language.text("card.source_text", source=source), className="hint")
    host = urlsplit(source).hostname or source
    label = f"{language.text('card.source')} ({host.removeprefix('www.')})"
    return html.A(label, href=source, rel="noreferrer")


def _figure(view: CityView, asked: Asked, text: str, year: int, quantity: str) -> Any:
    """A figure of progress that opens its passport."""
    target = view.progress.target.id
    return passport(asked, text, progress_id(view.city.id, target, year, quantity, view.choices))


def _reached(view: CityView, asked: Asked) -> Any:
    language, result = asked.language, view.judged
    t = language.text
    word = badge(result.verdict.value, sentences.verdict_word(result, view, language))
    return card(
        t("card.reached", year=result.year),
        _figure(
            view,
            asked,
            language.percent(-result.reduction_fraction, 1, sign=True),
            result.year,
            "reduction",
        ),
        t("card.reached_value", base=view.progress.base.year),
        [word, _distance("card.reached_distance", result, view, language)],
    )


def _distance(key: str, result: YearResult, view: CityView, language: Language) -> str:
    side = "below" if result.distance_t <= 0 else "above"
    return language.text(
        f"{key}_{side}",
        distance=sentences.amount(abs(result.distance_t), view, language),
        threshold=sentences.amount(result.path_t, view, language),
        percent=language.percent(abs(result.distance_t) / result.path_t if result.path_t else 0.0),
    )


def _now(view: CityView, asked: Asked) -> Any:
    language, latest = asked.language, view.progress.latest
    t = language.text
    fall = language.percent(-latest.reduction_fraction, 1, sign=True)
    word = badge(latest.verdict.value, sentences.verdict_word(latest, view, language))
    return card(
        t("card.now", year=latest.year),
        _amount(view, asked, latest.emissions_t, latest.year, "emissions"),
        t("card.now_value"),
        [
            word,
            t("card.change", percent=fall, base=view.progress.base.year),
            _distance("card.now", latest, view, language),
            t("card.now_hint", path=sentences.amount(latest.path_t, view, language)),
        ],
    )


def _amount(view: CityView, asked: Asked, value: float, year: int, quantity: str) -> Any:
    """Emissions that open their passport, where they are shown in the target's own measure."""
    text = sentences.amount(value, view, asked.language)
    if view.progress is not view.native:
        return text
    return _figure(view, asked, text, year, quantity)


def _distance_card(view: CityView, asked: Asked) -> Any:
    """From the target itself, not from the path; in t and per cent."""
    language, found = asked.language, distance(view)
    t, side = language.text, "below" if found.t <= 0 else "above"
    told = t(
        "distance.card_percent",
        percent=language.percent(found.of_target, 1, sign=True),
        target=view.progress.target.target_year,
        allowed=sentences.amount(found.target_t, view, language),
        year=found.year,
    )
    shown: Any = sentences.amount(abs(found.t), view, language)
    if view.progress.over:  # from then on the path is the target
        shown = _amount(view, asked, abs(found.t), found.year, "distance")
    return card(t("distance.card"), shown, t(f"distance.card_unit_{side}"), [told])


def _next(view: CityView, language: Language) -> Any:
    step, t = view.next_step, language.text
    if step is None:
        return card(t("card.none"), "–", "", [t("card.none_text")])
    return card(
        t("card.next", year=step.target.target_year),
        language.percent(-step.target.reduction_fraction, 0, sign=True),
        t("card.next_value", base=step.target.base_year),
        [
            html.Strong(rich(step.target.name.in_language(language.code))),
            html.Span(rich(_still(step, view, language))),
            _actions_done(view, language),
            _assumed(step.target, language),
        ],
    )


def _still(step: NextStep, view: CityView, language: Language) -> str:
    gap = sentences.amount(abs(step.gap_t), view, language)
    if step.gap_t <= 0:
        return language.text("card.next_done", year=step.latest.year, gap=gap)
    return language.text(
        "card.next_gap",
        gap=gap,
        year=step.latest.year,
        per_year=sentences.amount(step.per_year_t, view, language),
        target=step.target.target_year,
    )


def _actions_done(view: CityView, language: Language) -> str | None:
    """How far the register has come; nothing where there is none."""
    count = view.own_actions
    if not count.all:
        return None
    figures = {"completed": count.completed, "all": count.all}
    words = {name: language.number(n) for name, n in figures.items()}
    return language.text("card.actions_done", **words)


def _factors(view: CityView, language: Language, address: Address) -> Any:
    """By which factor of electricity all of the page is reckoned, and the other one."""
    method, base = view.newest.method, view.city.plan.base_year
    options = [
        (
            language.text(f"method.{factor}", base=base),
            address.link(factor=factor),
            factor == method.electricity_factor,
        )
        for factor in FACTORS
    ]
    return switch(language.text(f"method.switch_{method.electricity_scope}"), options)


def _scopes(view: CityView, asked: Asked) -> Any:
    """By the national factor of electricity or by the town's own; nothing if it has no plants."""
    scopes, t = scopes_of(view.city), asked.language.text
    if len(scopes) < 2:
        return None
    here, usual = view.newest.method.electricity_scope, view.city.plan.electricity_scope
    options = [
        (t(f"scope.{scope}"), asked.link(scope="" if scope == usual else scope), scope == here)
        for scope in scopes
    ]
    return switch(t("scope.switch"), options)


def _units(view: CityView, asked: Asked) -> list[Any]:
    """Tonnes of the whole town, or of an inhabitant; nothing if the inhabitants are not known."""
    t, usual = asked.language.text, unit_of(view.progress.target)
    if len(view.units) < 2:
        return []
    options = [
        (t(f"unit.{unit}"), asked.link(unit="" if unit == usual else unit), unit == view.unit)
        for unit in view.units
    ]
    parts: list[Any] = [switch(t("unit.switch"), options)]
    if view.unit != usual:
        note = t("unit.note" if view.per_head else "unit.note_town")
        parts.append(html.P(rich(note), className="hint"))
    return parts


def _targets(view: CityView, language: Language, address: Address) -> Any:
    """Links to the other targets; nothing if there is but one."""
    targets, here = view.city.plan.targets, view.progress.target.id
    if len(targets) < 2:
        return None
    options = [
        (one.name.in_language(language.code), address.link(target=one.id), one.id == here)
        for one in targets
    ]
    return switch(language.text("answer.targets"), options)
