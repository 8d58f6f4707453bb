"""The meters of a site as a tree, with their states and last readings: the part that stays live."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard import formats
from dashboard.asked import Asked
from dashboard.memory import Pending
from dashboard.pages.blocks import badge, header, rich, scrolling, section
from dashboard.pages.page import Live, Sheet
from dashboard.queries.meters import ACTIVITY, Activity
from dashboard.queries.site_meters import MeterNow, SiteNow, site_now
from dashboard.sentences.site_words import amount, begun, meter_name, percent
from dashboard.tables.table import Column
from paes.meter_status import MeterState
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Measures, Site
from paes.meters import Meter


def meters_section(sheet: Sheet, site: Site, meter: Meter | VirtualMeter | None) -> Any:
    """The block with its heading, and the way to the page of the data."""
    t, link = sheet.asked.language.text, sheet.asked.link
    to = link("/dati", meter=meter.id) if isinstance(meter, Meter) else link("/dati")
    more = t("site_page.meter_health" if isinstance(meter, Meter) else "site_page.health")
    block = html.Div(live_meters(sheet, site, meter).block, id="live")
    return section("meters", t("site_page.meters_heading"), [block, html.P(html.A(more, href=to))])


def live_meters(sheet: Sheet, site: Site, meter: Meter | VirtualMeter | None) -> Live:
    """What may change while the page is open."""
    asked = sheet.asked
    now = site_now(asked.observatory.sources, asked.city, site.id, _activity(asked))
    language, time = asked.language, asked.language.clock_time(now.at, asked.city.time_zone)
    live, read = (language.number(n) for n in (now.count(MeterState.LIVE), now.read))
    words = language.text("site_page.meters_status", time=time, live=live, read=read)
    seconds = language.clock_time(now.at, asked.city.time_zone, seconds=True)
    key = "site_page.meters_sentence" if now.read else "site_page.meters_files"
    values = {"live": live, "read": read} if now.read else {}
    sentence = html.P(rich(language.text(key, time=seconds, **values)), className="answer")
    return Live([sentence, _tree(asked, site, now, meter)], words, now.states)


def _activity(asked: Asked) -> dict[str, Activity]:
    """What is kept of the meters' last days; nothing while that is being made."""
    try:
        return asked.observatory.kept(ACTIVITY, asked.city.id).value
    except Pending:
        return {}


def _tree(asked: Asked, site: Site, now: SiteNow, shown: Meter | VirtualMeter | None) -> Any:
    t = asked.language.text
    columns = [
        Column(t("table.meter")),
        Column(t("site_page.column_measures")),
        Column(t("table.state")),
        Column(t("site_page.column_last")),
        Column(t("site_page.column_register"), "number"),
        Column(t("site_page.column_power"), "number"),
        Column(t("site_page.column_week"), "number"),
        Column(t("table.week_coverage"), "percent"),
    ]
    rows = [_row(asked, site, one, now, is_shown=one.meter is shown) for one in now.meters]
    caption = t("site_page.meters_caption")
    table = html.Table(
        [html.Caption(caption), header(columns), html.Tbody(rows)],
        className="table numbers wide tree",
    )
    return scrolling(table, t("table.scrollable", caption=caption))


def _row(asked: Asked, site: Site, one: MeterNow, now: SiteNow, *, is_shown: bool) -> Any:
    language, t = asked.language, asked.language.text
    name = [
        _name(asked, one, is_shown=is_shown),
        *(html.Span(note, className="note") for note in _notes(asked, site, one)),
    ]
    week, unit = one.activity, "m³" if one.meter.measures is Measures.WATER else "kWh"
    counted = week.week_amount if week else None
    coverage = week.week_coverage if week else None
    numbers = [
        None
        if one.register is None
        else amount(one.register, one.unit.replace("m3", "m³"), language),
        None if one.power_w is None else language.number(one.power_w / 1000, 1),
        None if counted is None else amount(counted, unit, language),
        None if coverage is None else percent(coverage, language),
    ]
    cells = [html.Td(text or formats.NOTHING, className="number") for text in numbers]
    head = html.Th(name, scope="row", className=f"depth-{min(one.depth, 3)}")
    return html.Tr([head, html.Td(_kind(one, t)), html.Td(_state(one, t)), _last(asked, one, now),
                    *cells])  # fmt: skip


def _name(asked: Asked, one: MeterNow, *, is_shown: bool) -> Any:
    """The way to the meter by itself, unless it is the one that is shown, or elsewhere."""
    name = meter_name(one.meter)
    if is_shown:
        return html.Strong(name)
    there = asked.address.path.rpartition("/")[0] + f"/{one.meter.site}"
    values = {"meter": one.meter.id, "what": None, "period": asked.address.values.get("period")}
    return html.A(name, href=asked.link(there, **values))


def _notes(asked: Asked, site: Site, one: MeterNow) -> list[str]:
    t, sites = asked.language.text, asked.city.sites
    if isinstance(one.meter, VirtualMeter):
        return [t("site_page.virtual_formula", formula=one.meter.formula)]
    if one.from_site and one.depth:
        return [t("site_page.to_site", site=sites[one.from_site].name)]
    if one.from_site:
        part = percent(one.weight, asked.language)
        return [t("site_page.from_site", site=sites[one.from_site].name, part=part)]
    return [t("site_page.part_of")] if one.depth else []


def _kind(one: MeterNow, t: Any) -> str:
    measures = str(t(f"measures.{one.meter.measures.value}"))
    if one.meter.carrier is None:
        return begun(measures)
    return f"{t(f'carrier.{one.meter.carrier.value}')}, {measures}"


def _state(one: MeterNow, t: Any) -> Any:
    if one.state is None:
        return badge("outside", t("site_page.virtual"))
    return badge(one.state.value, t(f"state.{one.state.value}"))


def _last(asked: Asked, one: MeterNow, now: SiteNow) -> Any:
    if one.last_at is None or one.age_s is None:
        text = formats.NOTHING if one.state is None else asked.language.text("site_page.never")
        return html.Td(text)
    tz, language = asked.city.time_zone, asked.language
    when = formats.short_moment(one.last_at, now.at, tz, language.code)
    return html.Td(
        html.Time(
            [html.Span(language.age(one.age_s)), " ", html.Span(when, className="hint")],
            dateTime=one.last_at.isoformat(timespec="seconds"),
        )
    )
