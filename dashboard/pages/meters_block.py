"""The block of the meters: how many report, which need looking at, and every site's last days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from dashboard import formats
from dashboard.address import Address
from dashboard.pages.blocks import badge, download, header, icon, rich, scrolling
from dashboard.pages.page import Sheet
from dashboard.queries.meters import LiveCity, LiveMeter, LiveSite
from dashboard.sentences import meters as sentences
from dashboard.tables.meters import meters_table, site_columns, site_row
from dashboard.tables.table import cell_text
from dashboard.texts import Language
from paes.meter_status import MeterState

WATCHED = (MeterState.STALE, MeterState.SILENT, MeterState.NEVER)
MOST_WATCHED = 8


def meters_block(sheet: Sheet, now: LiveCity, activity_at: datetime) -> list[Any]:
    """Everything that stays live."""
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
        _watch(now, language),
        html.H3(language.text("meters.table_heading")),
        _sites(now, language, asked.address),
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


def _watch(now: LiveCity, language: Language) -> Any:
    """The meters that do not report, the worst and oldest first."""
    found = [(s, m) for s in now.sites for m in s.meters if m.state in WATCHED]
    found.sort(key=lambda pair: (-WATCHED.index(pair[1].state), -(pair[1].age_s or 0.0)))
    if not found:
        return html.P(language.text("meters.watch_none"))
    items = [html.Li(_watched(site, meter, language)) for site, meter in found[:MOST_WATCHED]]
    if len(found) > MOST_WATCHED:
        more = language.number(len(found) - MOST_WATCHED)
        items.append(html.Li(language.text("meters.watch_more", n=more), className="more"))
    heading = language.text("meters.watch", n=language.number(len(found)))
    return html.Div([html.H3(heading), html.Ul(items, className="watch")])


def _watched(site: LiveSite, one: LiveMeter, language: Language) -> list[Any]:
    heard = (
        language.text("meters.never_heard")
        if one.age_s is None
        else language.text("meters.last_heard", age=language.age(one.age_s))
    )
    name = one.meter.name or one.meter.id.split(".", 1)[1]
    return [
        badge(one.state.value, language.text(f"state.{one.state.value}")),
        html.Strong(language.text("meters.watch_item", site=site.site.name, meter=name)),
        html.Span(heard, className="hint"),
    ]


def _sites(now: LiveCity, language: Language, address: Address) -> Any:
    tz = address.city.time_zone
    caption = language.text("table.caption_sites", city=address.city.name)
    columns = site_columns(language)
    kinds = list(dict.fromkeys(site.site.kind for site in now.sites))
    bodies = []
    for kind in kinds:
        of_kind = [site for site in now.sites if site.site.kind is kind]
        label = language.text(
            "meters.group", kind=language.text(f"site_kind.{kind.value}"), n=len(of_kind)
        )
        title = html.Th(label, colSpan=len(columns), scope="rowgroup")
        rows = [_site(site, language, tz, now.at) for site in of_kind]
        bodies.append(html.Tbody([html.Tr(title, className="group"), *rows]))
    table = html.Table(
        [html.Caption(caption), header(columns), *bodies],
        className="table numbers wide",
    )
    return scrolling(table, language.text("table.scrollable", caption=caption))


def _site(site: LiveSite, language: Language, tz: str, now: datetime) -> Any:
    columns, cells = site_columns(language), site_row(site, language)
    shown = [cell_text(cell, column, language) for cell, column in zip(cells, columns, strict=True)]
    state = [badge(site.state.value, shown[1]), *_part(site, language)]
    numbers = [html.Td(text, className="number") for text in shown[3:]]
    last = html.Td(_last(site, shown[2], language, tz, now), className="text")
    return html.Tr([html.Th(shown[0], scope="row"), html.Td(state), last, *numbers])


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
