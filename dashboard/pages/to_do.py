"""Two cards of the page of progress: the next deadlines of actions, and what malfunctions cost."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.pages.blocks import card, cards, rich
from dashboard.queries.cases import Stakes, cases_of, stakes
from dashboard.queries.deadlines import Deadline, deadlines
from dashboard.texts import Language
from paes.faults.money.gap_share import WEEKS_IN_YEAR
from paes.periods import zone

MALFUNCTIONS, ACTIONS = "/allarmi", "/azioni"
_SHOWN = 4


def to_do(asked: Asked) -> Any:
    """Side by side, each with the way to its page."""
    today = asked.now.astimezone(zone(asked.city.time_zone)).date()
    at_stake = asked.observatory.recent(
        ("stakes", asked.city.id),
        lambda sources: stakes(sources, cases_of(sources, asked.city.id)),
    )
    return html.Div(
        cards(_due(asked, deadlines(asked.city, today)), _malfunctions(asked, at_stake)),
        className="to-do",
    )


def _due(asked: Asked, found: tuple[Deadline, ...]) -> Any:
    t, language = asked.language.text, asked.language
    way = html.A(t("today.to_actions"), href=asked.link(ACTIONS))
    if not found:
        return card(t("today.deadlines"), "0", "", [t("today.no_deadlines"), way])
    last = found[0].due.year + 1
    soon = sum(one.due.year <= last for one in found)
    items = [html.Li(_deadline(asked, one)) for one in found[:_SHOWN]]
    unit = t("today.deadlines_unit", year=last)
    return card(t("today.deadlines"), language.number(soon), unit, [html.Ul(items), way])


def _deadline(asked: Asked, one: Deadline) -> list[Any]:
    language = asked.language
    name = html.A(
        one.action.name.in_language(language.code), href=asked.link(f"{ACTIONS}/{one.action.id}")
    )
    key = "today.late" if one.is_late else "today.deadline"
    return [name, " ", *rich(language.text(key, day=language.day(one.due)))]


def _malfunctions(asked: Asked, found: Stakes) -> Any:
    t, language = asked.language.text, asked.language
    way = html.A(t("today.to_malfunctions"), href=asked.link(MALFUNCTIONS))
    if not found.cases:
        return card(t("today.malfunctions"), "0", "", [t("today.no_malfunctions"), way])
    told = t(
        "today.open",
        cases=language.number(found.cases),
        untaken=language.number(found.untaken),
        eur=_eur(found.eur_so_far.likely, language),
        co2=language.tonnes(found.co2_so_far_t),
    )
    week = found.eur_per_week
    if week is None:
        return card(t("today.malfunctions"), language.number(found.cases), t("today.no_price"),
                    [told, way])  # fmt: skip
    ends = {"low": _eur(week.low, language), "high": _eur(week.high, language)}
    weekly = t("today.per_week", eur=_eur(week.likely, language), **ends)
    unpriced = None
    if found.unpriced:
        unpriced = t("today.unpriced", unpriced=language.number(found.unpriced))
    return card(
        t("today.malfunctions"),
        _eur(week.likely * WEEKS_IN_YEAR, language),
        t("today.malfunctions_unit"),
        [weekly, told, unpriced, way],
    )


def _eur(value: float, language: Language) -> str:
    return language.quantity(value, "€")
