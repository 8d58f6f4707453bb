"""The live block of the meters: how many report, what to do for which, every site's last days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import html

from dashboard import formats
from dashboard.asked import Asked
from dashboard.pages.blocks import badge, download, header, icon, rich, scrolling
from dashboard.pages.page import Sheet
from dashboard.queries.field_work import FieldTask
from dashboard.queries.meters import LiveCity, LiveSite
from dashboard.sentences import meters as sentences
from dashboard.sentences.data_health import cause_word, meter_name, next_step
from dashboard.tables.meters import meters_table, site_columns, site_row, work_table
from dashboard.tables.table import cell_text
from dashboard.texts import Language

MOST_TASKS = 12


def meters_block(
    sheet: Sheet, now: LiveCity, activity_at: datetime, tasks: Sequence[FieldTask], is_told: bool
) -> list[Any]:
    """Everything that stays live; ``is_told`` says whether the collector could be asked."""
    asked = sheet.asked
    language, tz = asked.language, asked.city.time_zone
    answer = html.P(rich(sentences.meters(now, language)), className="answer", id="meters-answer")
    if not now.heard:
        return [answer, html.P(rich(language.text("meters.none_next")))]
    return [
        answer,
        _counts(now, language),
        html.P(
            language.text(
                "meters.refreshed",
                time=language.clock_time(now.at, tz, seconds=True),
                computed=language.clock_time(activity_at, tz),
            ),
            className="made",
        ),
        _work(tasks, sheet, is_told),
        html.Details(
            [html.Summary(language.text("data_page.sites_folded")), _sites(now, asked)],
            className="data",
        ),
        download(
            sheet,
            meters_table(now, asked.city.name, tz, language),
            language.text("meters.meter_csv"),
        ),
    ]


def _counts(now: LiveCity, language: Language) -> Any:
    tiles = [
        html.Li(
            [
                html.Span([icon(state.value), language.number(n)], className="count"),
                html.Span(language.text(f"states.{state.value}"), className="what"),
                html.Span(language.text(f"state_hint.{state.value}"), className="hint"),
            ],
            className=f"tile tile-{state.value}",
        )
        for state, n in now.counts.items()
    ]
    return html.Ul(tiles, className="tiles")


def _work(tasks: Sequence[FieldTask], sheet: Sheet, is_told: bool) -> Any:
    """What a technician should do, meter by meter, the longest silent first."""
    asked, t = sheet.asked, sheet.asked.language.text
    parts: list[Any] = [html.H3(t("data_work.heading"), id="work")]
    if not tasks:
        return html.Div([*parts, html.P(t("data_work.none"))])
    number = asked.language.number
    known = sum(task.cause is not None for task in tasks)
    told = t("data_work.sentence", n=number(len(tasks)), known=number(known))
    items = [html.Li(_task(task, asked)) for task in tasks[:MOST_TASKS]]
    parts += [html.P(rich(told)), html.Ul(items, className="watch")]
    if len(tasks) > MOST_TASKS:
        more = t("data_work.more", shown=number(MOST_TASKS), n=number(len(tasks)))
        parts.append(html.P(more, className="hint"))
    if not is_told:
        parts.append(html.P(t("data_work.nobody"), className="hint"))
    table = work_table(tasks, asked.city, asked.language)
    return html.Div([*parts, download(sheet, table)])


def _task(task: FieldTask, asked: Asked) -> list[Any]:
    language, one = asked.language, task.meter
    t = language.text
    heard = (
        t("meters.never_heard")
        if one.age_s is None
        else t("meters.last_heard", age=language.age(one.age_s))
    )
    cause = cause_word(task.cause.value, language) if task.cause else t("data_work.not_known")
    name = meter_name(one.meter, asked.city)
    return [
        badge(one.state.value, t(f"state.{one.state.value}")),
        html.A(name, href=asked.link("/dati", meter=one.meter.id), className="task-meter"),
        html.Span(f"{heard}; {cause}.", className="hint"),
        html.Span(rich(next_step(task, language)), className="task-next"),
    ]


def _sites(now: LiveCity, asked: Asked) -> Any:
    language = asked.language
    caption = language.text("table.caption_sites", city=asked.city.name)
    columns = site_columns(language)
    kinds = list(dict.fromkeys(site.site.kind for site in now.sites))
    bodies = []
    for kind in kinds:
        of_kind = [site for site in now.sites if site.site.kind is kind]
        label = language.text(
            "meters.group", kind=language.text(f"site_kind.{kind.value}"), n=len(of_kind)
        )
        title = html.Th(label, colSpan=len(columns), scope="rowgroup")
        rows = [_site(site, asked, now.at) for site in of_kind]
        bodies.append(html.Tbody([html.Tr(title, className="group"), *rows]))
    table = html.Table(
        [html.Caption(caption), header(columns), *bodies],
        className="table numbers wide",
    )
    return scrolling(table, language.text("table.scrollable", caption=caption))


def _site(site: LiveSite, asked: Asked, now: datetime) -> Any:
    language, tz = asked.language, asked.city.time_zone
    columns, cells = site_columns(language), site_row(site, language)
    shown = [cell_text(cell, column, language) for cell, column in zip(cells, columns, strict=True)]
    state = [badge(site.state.value, shown[1]), *_part(site, language)]
    numbers = [html.Td(text, className="number") for text in shown[3:]]
    last = html.Td(_last(site, shown[2], language, tz, now), className="text")
    name = html.A(shown[0], href=asked.link(f"/edifici/{site.site.id}"))
    return html.Tr([html.Th(name, scope="row"), html.Td(state), last, *numbers])


def _part(site: LiveSite, language: Language) -> list[Any]:
    """How many of the site's meters the state is about, unless it is all of them."""
    n, total = sum(m.state is site.state for m in site.meters), len(site.meters)
    if n == total:
        return []
    told = language.text("meters.part", n=language.number(n), total=language.number(total))
    return [" ", html.Span(told, className="hint part")]


def _last(site: LiveSite, relative: str, language: Language, tz: str, now: datetime) -> Any:
    newest = site.newest
    if newest is None or newest.last_at is None:
        return relative
    when = formats.short_moment(newest.last_at, now, tz, language.code)
    return html.Time(
        [html.Span(relative), " ", html.Span(when, className="hint")],
        dateTime=newest.last_at.isoformat(timespec="seconds"),
    )
