"""What the town does, and what is still open: two blocks of the public page."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.pages.blocks import rich, section
from dashboard.queries.deadlines import deadlines
from dashboard.queries.distance import parts_of
from dashboard.queries.progress import CityView
from dashboard.queries.public import own_actions
from dashboard.texts import Language
from paes.periods import zone
from paes.plan.action import Action, Origin, Status

MOST = 5
_NEARLY = 0.995


def does(asked: Asked) -> Any:
    """How many of its own actions are complete, under way, to come; and which."""
    language, city = asked.language, asked.city
    t = language.text
    done, now, coming = (
        own_actions(city, state) for state in (Status.COMPLETED, Status.ONGOING, Status.NOT_STARTED)
    )
    told = t(
        "public.does",
        completed=language.number(len(done)),
        ongoing=language.number(len(now)),
        coming=language.number(len(coming)),
    )
    parts: list[Any] = [html.P(rich(told), className="answer")]
    for key, actions in (("public.does_now", now), ("public.does_next", coming)):
        if actions:
            items = [html.Li(_named(action, language)) for action in actions[:MOST]]
            parts += [html.P(html.Strong(t(key))), html.Ul(items)]
    return section("does", t("public.heading_does"), parts)


def _named(action: Action, language: Language) -> str:
    name = action.name.in_language(language.code)
    if action.end is None:
        return language.text("public.no_day", name=name)
    return language.text("public.due", name=name, year=action.end.year)


def still_open(shown: CityView | None, asked: Asked) -> Any:
    """What is late, what nobody can count, what rests on assumptions."""
    t, language, city = asked.language.text, asked.language, asked.city
    today = asked.now.astimezone(zone(city.time_zone)).date()
    late = [
        one.action.name.in_language(language.code)
        for one in deadlines(city, today)
        if one.is_late and one.action.origin is Origin.LOCAL
    ]
    items = [t("public.open_late", list=", ".join(late)) if late else t("public.open_none_late")]
    if shown:
        items += _of_view(shown, language)
    coming = own_actions(city, Status.ONGOING, Status.NOT_STARTED)
    silent = [a for a in coming if not _declares(a)]
    if silent:
        key = "public.open_undeclared" if len(silent) > 1 else "public.open_undeclared_one"
        items.append(t(key, count=language.number(len(silent))))
    return section(
        "open", t("public.heading_open"), [html.Ul([html.Li(rich(item)) for item in items])]
    )


def _of_view(shown: CityView, language: Language) -> list[str]:
    told = []
    own = next(part for part in parts_of(shown) if part.name == "own")
    if own.promised is not None and own.reached < own.promised:
        told.append(
            language.text(
                "public.open_own",
                promised=language.number(own.promised * 100, 1),
                own=language.number(own.reached * 100, 1),
            )
        )
    assumed = shown.newest.assumed_fraction
    if assumed:
        key = "public.open_assumed_all" if assumed > _NEARLY else "public.open_assumed"
        told.append(language.text(key, assumed=language.percent(assumed, 0)))
    return told


def _declares(action: Action) -> bool:
    figures = (
        action.declared_reduction_t,
        action.declared_saving_mwh,
        action.declared_production_mwh,
    )
    return any(figure is not None for figure in figures)
