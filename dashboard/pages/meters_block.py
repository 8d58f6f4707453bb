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
from dashboard.queries.field_work import FieldTask, together
from dashboard.queries.meters import LiveCity, LiveSite
from dashboard.sentences import meters as sentences
from dashboard.sentences.data_health import cause_word, meter_name, next_step
from dashboard.tables.meters import meters_table, site_columns, site_row, work_table
from dashboard.tables.table import cell_text
from dashboard.texts import Language

MOST_ERRANDS = 12
EVERY = "all"


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
        *_sites_if_asked(now, asked),
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
    errands = together(tasks)
    known = sum(task.cause is not None for task in tasks)
    told = t("data_work.sentence", n=number(len(tasks)), known=number(known))
    items = [html.Li(_errand(of, asked)) for of in errands[:MOST_ERRANDS]]
    parts += [html.P(rich(told)), html.Ul(items, className="watch")]
    if len(errands) > MOST_ERRANDS:
        more = t("data_work.more", shown=number(MOST_ERRANDS), n=number(len(errands)))
        parts.append(html.P(more, className="hint"))
    if not is_told:
        parts.append(html.P(t("data_work.nobody"), className="hint"))
    table = work_table(tasks, asked.city, asked.language)
    return html.Div([*parts, download(sheet, table)])


def _errand(tasks: Sequence[FieldTask], asked: Asked) -> list[Any]:
    """One meter, or several that one errand settles, as a list that opens."""
    language, worst = asked.language, tasks[0]
    t, state = language.text, worst.meter.state.value
    cause = cause_word(worst.cause.value, language) if worst.cause else t("data_work.not_known")
    if len(tasks) == 1:
        shown: Any = _meter_link(worst, asked)
        said = f"{_heard(worst, language)}; {cause}."
    else:
        links = [html.Li([_meter_link(one, asked), ", ", _heard(one, language)]) for one in tasks]
        count = t("data_work.meters", n=language.number(len(tasks)))
        shown = html.Details([html.Summary(count), html.Ul(links)], className="errand")
        said = f"{cause}."
    return [
        badge(state, t(f"state.{state}")),
        shown,
        html.Span(said, className="hint"),
        html.Span(rich(next_step(worst, language)), className="task-next"),
    ]


def _meter_link(task: FieldTask, asked: Asked) -> Any:
    name = meter_name(task.meter.meter, asked.city)
    return html.A(name, href=asked.link("/dati", meter=task.meter.meter.id), className="task-meter")


def _heard(task: FieldTask, language: Language) -> str:
    if task.meter.age_s is None:
        return language.text("meters.never_heard")
    return language.text("meters.last_heard", age=language.age(task.meter.age_s))


def _sites_if_asked(now: LiveCity, asked: Asked) -> list[Any]:
    """Every site, once the reader asks: hundreds of rows are much to send every few seconds."""
    wanted = asked.choice("sites", [EVERY], "") == EVERY
    key = "data_page.sites_hide" if wanted else "data_page.sites_show"
    address = asked.link(sites=None if wanted else EVERY)
    link = html.P(html.A(asked.language.text(key), href=f"{address}#sites"), id="sites")
    return [link, _sites(now, asked)] if wanted else [link]


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
