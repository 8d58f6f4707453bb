"""One site, or one meter of it: what has changed here, and why? Layout only.

Quick parts (the load, meters, what happened) are asked at once; what walks through a whole year
(habits, model, costs, findings) is kept, and where it is still being made its block says so and
comes by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from dashboard.asked import Asked, NoSuchPage
from dashboard.figures import site_load as figures
from dashboard.pages.blocks import answer_box, crumbs, empty, pictured, rich
from dashboard.pages.page import Content, Live, Page, Sheet
from dashboard.pages.site_choice import chosen_bar
from dashboard.pages.site_events import findings_block, happened_block, open_here
from dashboard.pages.site_meters import live_meters, meters_section
from dashboard.pages.site_year import (
    SiteYears,
    carpet_block,
    costs_block,
    flows_block,
    habits_block,
    key_cards,
    signature_block,
    site_years,
)
from dashboard.queries.site_events import Mark, SiteEvents, site_events
from dashboard.queries.site_load import OUTDOOR, Load, load
from dashboard.queries.site_period import Period, Zoom, read_period, year_of
from dashboard.queries.site_streams import Stream, meters_of, stream_of, streams_of
from dashboard.sentences import site as sentences
from dashboard.sentences.site_words import begun, dated, meter_name, period_name
from dashboard.tables.site import load_table, stream_caption
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Site
from paes.meters import Meter
from paes.periods import zone


@dataclass(frozen=True)
class Shown:
    """What the address asks for: a site, perhaps one meter, one stream of it, a period."""

    site: Site
    meter: Meter | VirtualMeter | None
    streams: Sequence[Stream]
    stream: Stream | None
    period: Period

    @property
    def is_year(self) -> bool:
        """True if a year or more is shown: what less than a year says of habits is chance."""
        return self.period.zoom in (Zoom.RECENT, Zoom.ALL, Zoom.YEAR)

    @property
    def year(self) -> str:
        """The calendar year of the period; nothing for the last twelve months."""
        usual = self.period.zoom in (Zoom.RECENT, Zoom.ALL)
        return "" if usual else str(self.period.first.year)


def read_shown(asked: Asked) -> Shown:
    """Of an address; NoSuchPage if the site or meter is not there."""
    t, city = asked.language.text, asked.city
    site = city.sites.get(asked.part)
    if site is None:
        raise NoSuchPage(t("site_page.nowhere", id=asked.part[:80], city=city.name))
    meter = None
    named = asked.address.values.get("meter", "")
    if named:
        meter = meters_of(city, site.id).get(named)
        if meter is None:
            raise NoSuchPage(t("site_page.no_meter", id=named[:120], site=site.name))
    streams = [stream_of(meter)] if meter else streams_of(city, site)
    names = [stream.name for stream in streams]
    wanted = asked.choice("what", names, names[0] if names else "") if not meter else names[0]
    stream = next((s for s in streams if s.name == wanted), None)
    return Shown(site, meter, streams, stream, _period(asked))


def _period(asked: Asked) -> Period:
    today = asked.now.astimezone(zone(asked.city.time_zone)).date()
    found = read_period(asked.address.values.get("period", ""), today)
    if found is None:
        asked.choice("period", (), "")
        found = read_period("", today)
    assert found  # the default is always there
    return found


def site_page(asked: Asked) -> Content:
    """The site from its answer down to its single readings."""
    sheet, shown = Sheet(asked), read_shown(asked)
    title = meter_name(shown.meter) if shown.meter else shown.site.name
    head = [_crumbs(asked, shown), html.H1(_question(asked, shown)), _facts(asked, shown.site)]
    if shown.stream is None:
        t = asked.language.text
        nothing = empty(t("site_page.no_meters"), t("site_page.no_meters_next"))
        return sheet.content(title, [*head, nothing])
    events = site_events(
        asked.observatory.sources,
        asked.city,
        shown.site.id,
        shown.meter.id if shown.meter else None,
    )
    seen = _load(asked, shown, shown.stream)
    years = SiteYears(None, None)
    if shown.is_year:
        years = site_years(asked, shown.stream, shown.year)
    blocks = [
        *head,
        chosen_bar(asked, shown.streams, shown.stream, shown.period),
        _answer(asked, seen, years),
        open_here(asked, events),
        _cards(asked, shown, seen, years),
        _load_block(sheet, shown, seen, events),
        *_year_blocks(sheet, shown, shown.stream, years),
        meters_section(sheet, shown.site, shown.meter),
        happened_block(sheet, shown.site, events, whole_site=shown.meter is None),
        findings_block(sheet, shown.site, shown.meter),
    ]
    return sheet.content(title, blocks)


def _year_blocks(sheet: Sheet, shown: Shown, stream: Stream, years: SiteYears) -> list[Any]:
    """What a whole year tells: carpet, habits, model, money; of less than a year the way there."""
    if not shown.is_year:
        return [_to_year(sheet.asked, shown)]
    where = in_period_of_year(sheet.asked, shown)
    of_stream = [
        carpet_block(sheet, shown.site, years, where),
        habits_block(sheet, years),
        signature_block(sheet, years),
    ]
    if shown.meter is not None:
        return of_stream
    return [*of_stream, costs_block(sheet, years, where), flows_block(sheet, years, where)]


def _cards(asked: Asked, shown: Shown, seen: Load, years: SiteYears) -> Any:
    if not shown.is_year:
        return None
    return key_cards(asked, shown.site, seen, years, whole_site=shown.meter is None)


def _to_year(asked: Asked, shown: Shown) -> Any:
    """Where the carpet, the habits and the money are."""
    year = year_of(shown.period.first.year)
    told = asked.language.text("site_page.to_year", year=year.key)
    return html.P(html.A(told, href=asked.link(None, period=year.key)), className="to-year")


def in_period_of_year(asked: Asked, shown: Shown) -> str:
    """Which year the blocks below the load are of."""
    name = shown.year or asked.language.text("site_page.period_recent")
    return asked.language.text("site_page.of_year", name=name)


def _load(asked: Asked, shown: Shown, stream: Stream) -> Load:
    city, period = asked.city, shown.period
    weather = asked.observatory.kept(OUTDOOR, city.id)
    key = ("site_load", *stream.words, period.key, period.first)
    return asked.observatory.recent(
        key, lambda sources: load(sources, city, stream, period, weather.value)
    )


def _question(asked: Asked, shown: Shown) -> str:
    t = asked.language.text
    if shown.meter:
        return t("site_page.question_meter", meter=meter_name(shown.meter))
    return t("site_page.question", site=shown.site.name)


def _crumbs(asked: Asked, shown: Shown) -> Any:
    t = asked.language.text
    steps = [(t("site_page.up"), asked.link("/edifici"))]
    if shown.meter:
        steps.append((shown.site.name, asked.link(None, meter=None, what=None)))
    if shown.period.above:
        steps.append((begun(t("site_page.period_recent")), asked.link(None, period=None)))
    for above in shown.period.above:
        steps.append((period_name(above, asked.language), asked.link(None, period=above.key)))
    return crumbs(*steps, label=t("site_page.crumbs"))


def _facts(asked: Asked, site: Site) -> Any:
    """What the site is, in a line."""
    t, number = asked.language.text, asked.language.number
    told = [
        t(
            "site_page.facts",
            kind=t(f"site_kind.{site.kind.value}"),
            sector=t(f"sector.{site.sector.value}").lower(),
        )
    ]
    if t(f"site_kind.{site.kind.value}") == t(f"sector.{site.sector.value}"):
        told = [t(f"sector.{site.sector.value}")]
    if site.floor_area_m2:
        told.append(t("site_page.fact_area", area=number(site.floor_area_m2)))
    if site.pupils:
        told.append(t("site_page.fact_pupils", pupils=number(site.pupils)))
    if site.light_points:
        told.append(t("site_page.fact_points", points=number(site.light_points)))
    if site.pv_peak_kw:
        told.append(
            t(
                "site_page.fact_peak",
                peak=number(site.pv_peak_kw, 0 if site.pv_peak_kw % 1 == 0 else 1),
            )
        )
    if site.assumed:
        told.append(t("site_page.fact_assumed"))
    return html.P(" · ".join(told), className="hint site-facts")


def _answer(asked: Asked, seen: Load, years: SiteYears) -> Any:
    language = asked.language
    signature = years.year.value.signature if years.year else None
    told = sentences.answer(seen, signature, language)
    if seen.period.zoom is Zoom.ALL:
        return html.Div(html.P(rich(told[0]), className="lead"), className="all-years")
    word = sentences.word_of_change(seen, signature, language)
    return answer_box(sentences.state_of_change(seen, signature), word, told)


def _load_block(sheet: Sheet, shown: Shown, seen: Load, events: SiteEvents) -> Any:
    asked = sheet.asked
    language, is_all = asked.language, seen.period.zoom is Zoom.ALL
    t = language.text
    first, last = seen.starts[0].date(), shown.period.end
    marks = [] if is_all else [mark for mark in events.marks if first <= mark.at < last]
    where = period_name(seen.period, language)
    return pictured(
        sheet,
        "load",
        t("site_page.load_heading_all" if is_all else "site_page.load_heading"),
        sentences.load_sentence(seen, language),
        figure=lambda: figures.load_figure(seen, marks, language),
        height=figures.YEARS_HEIGHT if is_all else figures.HEIGHT,
        table=load_table(seen, stream_caption(seen, where, language), language, asked.link),
        caption=stream_caption(seen, where, language),
        more=[_marks(asked, marks)],
    )


def _marks(asked: Asked, marks: Sequence[Mark]) -> Any:
    """What the letters in the picture mean."""
    if not marks:
        return None
    language = asked.language
    items = []
    for n, mark in enumerate(marks):
        what = language.text(f"site_page.mark_{mark.kind}", name=mark.told(language.code))
        day = dated(mark.at, "d MMMM y", language)
        letter = figures.letter_of(n)
        items.append(
            html.Li(rich(language.text("site_page.mark", letter=letter, day=day, what=what)))
        )
    return html.Div([html.H3(language.text("site_page.marks_heading")), html.Ul(items)])


def site_live(asked: Asked) -> Live:
    """The meters of the site as they are now."""
    shown = read_shown(asked)
    return live_meters(Sheet(asked), shown.site, shown.meter)


PAGE = Page("site", "/edifici/<part>", site_page, live=site_live, in_menu=False, upper="/edifici")
