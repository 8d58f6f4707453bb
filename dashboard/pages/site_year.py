"""The blocks of a site that tell of a whole year: key figures, carpet, habits, model, money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from dash import html

from dashboard.asked import Asked
from dashboard.figures import site_money as money_figures
from dashboard.figures import site_year as figures
from dashboard.memory import Kept, Pending
from dashboard.pages.blocks import (
    Content,
    card,
    cards,
    empty,
    made,
    passport,
    pictured,
    rich,
    section,
    shown_table,
)
from dashboard.pages.markup import data
from dashboard.pages.page import Sheet
from dashboard.queries.recipe import Recipe
from dashboard.queries.site_load import Load
from dashboard.queries.site_money import SITE_MONEY, Bought, SiteMoney
from dashboard.queries.site_streams import Stream
from dashboard.queries.site_year import STREAM_YEAR, StreamYear
from dashboard.sentences import site as sentences
from dashboard.sentences.site_words import begun, dated, in_period, percent, power_unit
from dashboard.tables import site as tables
from paes.metering import Carrier, Measures, Site, SiteKind

T = TypeVar("T")
AGAIN_S = 2
_ENERGY = (Measures.WITHDRAWAL, Measures.SUBMETER)


@dataclass(frozen=True)
class SiteYears:
    """What is kept of a year; None while it is being made, since ``since``."""

    year: Kept[StreamYear] | None
    money: Kept[SiteMoney] | None
    since: datetime | None = None


def site_years(asked: Asked, stream: Stream, year: str) -> SiteYears:
    """The year of a stream and the money of its site."""
    of_stream, waits = kept_or_since(asked, STREAM_YEAR, *stream.words, year)
    if stream.meter is not None:
        return SiteYears(of_stream, None, waits)
    money, also = kept_or_since(asked, SITE_MONEY, stream.site, year)
    return SiteYears(of_stream, money, waits or also)


def kept_or_since(
    asked: Asked, recipe: Recipe[T], *words: str
) -> tuple[Kept[T] | None, datetime | None]:
    """What is kept, or since when it is being made."""
    try:
        return asked.observatory.kept(recipe, *words), None
    except Pending as waits:
        return None, waits.since


def preparing(asked: Asked, since: datetime) -> Any:
    """Where a block will be: it comes by itself."""
    time = asked.language.clock_time(since, asked.city.time_zone, seconds=True)
    told = asked.language.text("site_page.preparing", time=time)
    return html.Div(
        [html.P(told, className="hint"), html.Div(className="bone bone-half")],
        className="bones",
        **data(again_s=str(AGAIN_S)),
    )


def key_cards(asked: Asked, site: Site, seen: Load, years: SiteYears, *, whole_site: bool) -> Any:
    """How much, what it costs, how much a square metre, how much when nobody is there."""
    t, language = asked.language.text, asked.language
    made_here = seen.stream.measures in (Measures.GENERATION, Measures.FEED_IN)
    total, digits = seen.total.kwh, 0 if seen.total.kwh >= 10 else 1
    coverage = percent(seen.total.coverage or 0.0, language)
    told, last = language.number(total, digits), _last_day(seen)
    figure = seen.passport(seen.starts[0].date(), last) if last else None
    first = card(
        t("site_page.card_made" if made_here else "site_page.card_used"),
        passport(asked, told, figure) if figure else told,
        seen.stream.unit,
        [
            begun(in_period(seen.period, language)),
            f"{t('site_page.column_coverage')}: {coverage}",
        ],
    )
    found = [first if seen.total.span_s else None]
    if whole_site and years.money and years.money.value.paid_eur is not None:
        found.append(_cost_card(asked, years.money.value))
    habits = years.year.value.habits if years.year else None
    if seen.stream.measures in _ENERGY and habits and site.floor_area_m2 and whole_site:
        found.append(_area_card(asked, site, seen, years))
    if habits and habits.base_kw and habits.base_fraction and has_base_load(site):
        part = percent(habits.base_fraction, language)
        found.append(
            card(
                t("site_page.card_base"),
                language.number(habits.base_kw, 1),
                power_unit(seen.stream),
                [t("site_page.card_base_line", part=part)],
            )
        )
    return cards(*found)


def _last_day(seen: Load) -> date | None:
    """The day after all steps that are over; None while nothing is."""
    if not seen.is_running.any():
        return seen.period.end
    first_running = seen.starts[seen.is_running][0].date()
    return first_running if first_running > seen.starts[0].date() else None


def has_base_load(site: Site) -> bool:
    """False where nights are what it is there for."""
    return site.kind is not SiteKind.LIGHTING_CABINET


def _cost_card(asked: Asked, money: SiteMoney) -> Any:
    t, language = asked.language.text, asked.language
    ends = (money.first, money.end - timedelta(days=1))
    first, last = (dated(day, "MMM y", language) for day in ends)
    told = [t("site_page.card_cost_line", first=first, last=last)]
    if money.is_assumed:
        told.append(t("site_page.card_assumed"))
    paid = money.paid_eur or 0.0
    return card(t("site_page.card_cost"), language.number(paid), "€", told)


def _area_card(asked: Asked, site: Site, seen: Load, years: SiteYears) -> Any:
    """Of a whole year alone: less than a year is no figure a square metre."""
    t, language = asked.language.text, asked.language
    assert years.year
    assert years.year.value.habits
    assert site.floor_area_m2
    found = years.year.value
    if (found.end - found.first).days < 365:
        return None
    habits = years.year.value.habits
    lacking = habits.measured_hours < 0.95 * habits.all_hours
    if lacking or habits.all_hours < 8700:
        return None
    how = t("site_page.area_assumed" if site.assumed else "site_page.area_known")
    return card(
        t("site_page.card_per_area"),
        language.number(habits.measured / site.floor_area_m2, 1),
        f"{seen.stream.unit}/m²",
        [t("site_page.card_per_area_line", area=language.number(site.floor_area_m2), how=how)],
    )


def carpet_block(sheet: Sheet, site: Site, years: SiteYears, where: str) -> Any:
    """Every hour of the year."""
    asked = sheet.asked
    t, language = asked.language.text, asked.language
    if years.year is None:
        waits = preparing(asked, years.since or asked.now)
        return section("carpet", t("site_page.carpet_heading"), [waits])
    year = years.year.value
    if year.habits is None:
        nothing = empty(t("site_page.carpet_few"))
        return section("carpet", t("site_page.carpet_heading"), [nothing])
    all_hours = lambda: tables.hours_table(year, language)  # noqa: E731 -- made when asked for
    sheet.tables["hours"] = all_hours
    return pictured(
        sheet,
        "carpet",
        t("site_page.carpet_heading"),
        sentences.carpet(year, has_base_load(site), language),
        figure=lambda: figures.carpet_figure(year, language),
        height=figures.CARPET_HEIGHT,
        table=tables.carpet_table(year, language),
        caption=where,
        more=[_hours_csv(asked), made(asked, years.year.made_at)],
    )


def _hours_csv(asked: Asked) -> Any:
    address = asked.address
    to = address.link(f"{address.path}/csv/hours", **dict(address.values))
    link = html.A(asked.language.text("site_page.hours_csv"), href=to, className="download")
    return html.P(link, className="downloads")


def habits_block(sheet: Sheet, years: SiteYears) -> Any:
    """When energy is used; only where a calendar tells when nobody is there."""
    asked = sheet.asked
    t, language = asked.language.text, asked.language
    year = years.year.value if years.year else None
    if year is None or year.habits is None or not year.has_hours:
        return None
    if year.stream.measures not in _ENERGY and year.stream.measures is not Measures.WATER:
        return None
    habits, unit = year.habits, year.stream.unit
    return pictured(
        sheet,
        "habits",
        t("site_page.habits_heading"),
        sentences.when_used(habits, unit, language),
        figure=lambda: figures.habits_figure(habits, language),
        height=figures.HABITS_HEIGHT,
        table=tables.habits_table(habits, unit, language),
        more=[html.P(rich(t("site_page.habits_calendar")), className="hint")],
    )


def signature_block(sheet: Sheet, years: SiteYears) -> Any:
    """Days by temperature beside the model of the year before; or why there is none."""
    asked = sheet.asked
    t, language = asked.language.text, asked.language
    year = years.year.value if years.year else None
    if year is None or (year.signature is None and year.no_signature is None):
        return None
    heading = t("site_page.signature_heading")
    signature, unit = year.signature, year.stream.unit
    if signature is None:
        assert year.no_signature
        few = year.no_signature.name == "baseline.too_few_days"
        days = language.number(year.no_signature.numbers["days"])
        told = t("site_page.signature_none", days=days)
        reason = told if few else t("site_page.signature_none_season")
        return section("signature", heading, [empty(reason)])
    return pictured(
        sheet,
        "signature",
        heading,
        sentences.signature_sentence(signature, unit, language),
        figure=lambda: figures.signature_figure(signature, unit, language),
        height=figures.SIGNATURE_HEIGHT,
        table=tables.signature_table(signature, unit, language),
        caption=t("site_page.signature_axes", unit=unit),
    )


def costs_block(sheet: Sheet, years: SiteYears, where: str) -> Any:
    """What is paid, part by part; electricity by month and band as a picture."""
    asked = sheet.asked
    t, language = asked.language.text, asked.language
    heading = t("site_page.costs_heading")
    if years.money is None:
        waits = preparing(asked, years.since or asked.now)
        return section("costs", heading, [waits])
    money = years.money.value
    if not money.bought:
        return None
    if money.paid_eur is None:
        nothing = empty(t("site_page.costs_no_contract"), t("site_page.costs_no_contract_next"))
        return section("costs", heading, [nothing])
    electricity = _electricity(money)
    told = sentences.costs(money, language)
    if electricity is None:
        table = shown_table(sheet, tables.costs_table(money, language))
        return section("costs", heading, [html.P(rich(told), className="answer"), *table])
    return pictured(
        sheet,
        "costs",
        heading,
        f"{told} {sentences.bands(electricity, language)}",
        figure=lambda: money_figures.costs_figure(money, electricity, language),
        height=money_figures.COSTS_HEIGHT,
        table=tables.costs_table(money, language),
        caption=f"{t('site_page.bands_heading')}. {where}",
        more=[made(asked, years.money.made_at)],
    )


def _electricity(money: SiteMoney) -> Bought | None:
    wanted = (Carrier.ELECTRICITY, Measures.WITHDRAWAL)
    return next((b for b in money.bought if (b.carrier, b.measures) == wanted), None)


def flows_block(sheet: Sheet, years: SiteYears, where: str) -> Any:
    """Where the electricity of own plants goes; nothing of a site without any."""
    asked = sheet.asked
    t, language = asked.language.text, asked.language
    money = years.money.value if years.money else None
    if money is None or money.balance is None or money.whole is None:
        return None
    balance, whole = money.balance, money.whole
    more: Content = [html.A(t("site_page.flows_more"), href=asked.link("/fotovoltaico"))]
    return pictured(
        sheet,
        "flows",
        t("site_page.flows_heading"),
        sentences.flows(whole, language),
        figure=lambda: money_figures.flows_figure(balance, language),
        height=money_figures.FLOWS_HEIGHT,
        table=tables.flows_table(balance, language),
        caption=where,
        more=[html.P(more)],
    )
