"""What a reader of a site's page can choose: which energy, and which stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.pages.blocks import DayField, Select, filters, switch
from dashboard.pages.markup import aria, tag
from dashboard.queries.site_load import LONGEST_YEARS
from dashboard.queries.site_period import Period, Zoom, month_of, week_of
from dashboard.queries.site_streams import Stream
from dashboard.sentences.site_words import begun, dated, period_name, stream_name
from paes.periods import local_year, zone


def chosen_bar(asked: Asked, streams: Sequence[Stream], stream: Stream, period: Period) -> Any:
    """Filters, and the ways to what is wider, finer, before and after."""
    t, language = asked.language.text, asked.language
    fields = [
        Select("period", t("site_page.filter_period"), _periods(asked, period), period.key),
    ]
    if len(streams) > 1:
        named = [(s.name if i else "", stream_name(s, language)) for i, s in enumerate(streams)]
        here = stream.name if stream is not streams[0] else ""
        fields.insert(0, Select("what", t("site_page.filter_what"), named, here))
    today = asked.now.astimezone(zone(asked.city.time_zone)).date().isoformat()
    day = period.first.isoformat() if period.zoom is Zoom.DAY else ""
    return tag(
        "div",
        filters(asked, *fields, keep=("meter",)),
        filters(
            asked,
            DayField("period", t("site_page.filter_day"), day, last=today),
            keep=("meter", "what"),
            label=t("site_page.filter_day"),
        ),
        _steps(asked, period),
        _parts(asked, period),
        class_="site-choice",
    )


def _periods(asked: Asked, period: Period) -> list[tuple[str, str]]:
    """The last twelve months, all years, each year, and what is shown if it is none of them."""
    t, tz = asked.language.text, asked.city.time_zone
    this_year = local_year(asked.now, tz)
    born = [m.valid_from.year for m in asked.city.meters.values()
            if m.valid_from and m.site == asked.part]  # fmt: skip
    first = max(min(born, default=this_year), this_year - LONGEST_YEARS)
    found = [("", begun(t("site_page.period_recent"))),
             ("all", begun(t("site_page.period_all")))]  # fmt: skip
    found += [(str(year), str(year)) for year in range(this_year, first - 1, -1)]
    if period.key not in dict(found):
        found.append((period.key, begun(period_name(period, asked.language))))
    return found


def _steps(asked: Asked, period: Period) -> Any:
    """To what is before and after."""
    before, after = period.moved(-1), period.moved(1)
    if before is None or after is None:
        return None
    t, language = asked.language.text, asked.language
    today = asked.now.astimezone(zone(asked.city.time_zone)).date()
    links = [(t("site_page.earlier", name=_short(before, asked)), before)]
    if after.first <= today:
        links.append((t("site_page.later", name=_short(after, asked)), after))
    items = [
        html.Li(html.A(text, href=asked.link(None, period=to.key), id=f"step-{n}"))
        for n, (text, to) in enumerate(links)
    ]
    if period.zoom is Zoom.DAY:
        week = week_of(period.first)
        items.append(
            html.Li(html.A(period_name(week, language), href=asked.link(None, period=week.key)))
        )
    label = t("site_page.periods")
    return html.Nav(html.Ul(items), className="steps", **aria(label=label))


def _short(period: Period, asked: Asked) -> str:
    if period.zoom is Zoom.DAY:
        return dated(period.first, "EEE d MMM", asked.language)
    return period_name(period, asked.language)


def _parts(asked: Asked, period: Period) -> Any:
    """Of a year its months; of a month its weeks; of a week its days are the table's links."""
    t, language = asked.language.text, asked.language
    today = asked.now.astimezone(zone(asked.city.time_zone)).date()
    if period.zoom is Zoom.YEAR:
        months = [month_of(period.first.replace(month=n)) for n in range(1, 13)]
        options = [
            (dated(m.first, "MMM", language), asked.link(None, period=m.key), False)
            for m in months
            if m.first <= today
        ]
        return switch(t("site_page.of_month"), options)
    if period.zoom in (Zoom.MONTH, Zoom.WEEK):
        month = month_of(period.first)
        weeks = [week_of(month.first)]
        while weeks[-1].end < month.end:
            weeks.append(week_of(weeks[-1].end))
        options = [
            (
                str(week.first.isocalendar()[1]),
                asked.link(None, period=week.key),
                week == period,
            )
            for week in weeks
            if week.first <= today
        ]
        return switch(t("site_page.of_week"), options)
    return None
