"""The page of water and heat: does water run at night, and what does a winter cost in heat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.figures import water_heat as figures
from dashboard.pages.blocks import (
    Select,
    answer_box,
    chart,
    download,
    empty,
    filters,
    folded_table,
    made,
    pictured,
    rich,
    section,
    shown_table,
)
from dashboard.pages.page import Content, Page, Sheet
from dashboard.queries.heating import HEATING, last_over, seasons
from dashboard.queries.site_choice import Months, periods
from dashboard.queries.town_energy import TOWN_ENERGY, TownEnergy
from dashboard.queries.water import WATER, TownWater, open_cases
from dashboard.queries.water_heat import Winter, water_months, water_sites, winter
from dashboard.sentences import water_heat as sentences
from dashboard.tables import water_heat as tables
from paes.climate.heating_season import season_name
from paes.comparison.benchmarks import usual_ranges


def water_heat_page(asked: Asked) -> Content:
    """The answer, water by month and by night, then the buildings' winter."""
    sheet, t = Sheet(asked), asked.language.text
    energy = asked.observatory.kept(TOWN_ENERGY, asked.city.id)
    water = asked.observatory.kept(WATER, asked.city.id)
    cold = _winter(asked)
    blocks = [
        html.H1(t("water_heat.question")),
        _answer(asked, water.value, cold),
        _filters(asked, energy.value, energy.made_at),
        *_water(sheet, energy.value, energy.made_at, water.value),
        *_heat(sheet, cold),
        made(asked, min(energy.made_at, water.made_at)),
    ]
    return sheet.content(t("nav.water_heat"), blocks)


def _winter(asked: Asked) -> Winter | None:
    """The winter that the address names, else the last that is over; None without seasons."""
    known = seasons(asked.city, asked.observatory.clock)
    if not known:
        return None
    name = asked.choice("season", known, _usual(asked, known))
    heating = asked.observatory.kept(HEATING, asked.city.id, name).value
    earlier = season_name(int(name[:4]) - 1)
    before = asked.observatory.kept(HEATING, asked.city.id, earlier).value
    usual = usual_ranges(asked.observatory.installation.root)
    return winter(asked.city, heating, before, usual)


def _usual(asked: Asked, known: list[str]) -> str:
    """The newest winter that is over, else the one that runs."""
    return last_over(asked.city, asked.observatory.clock) or known[0]


def _answer(asked: Asked, water: TownWater, cold: Winter | None) -> Any:
    language, sources = asked.language, asked.observatory.sources
    found = {
        what: len(open_cases(sources, asked.city.id, rules))
        for what, rules in sentences.RULES.items()
    }
    state = "above" if any(found.values()) else "within"
    told = [
        sentences.water_answer(water, language),
        sentences.heat_answer(cold, language),
        language.text("water_heat.cases", water=found["water"], heat=found["heat"]),
    ]
    link = html.P(html.A(language.text("water_heat.to_cases"), href=asked.link("/allarmi")))
    return html.Div([answer_box(state, language.text(f"water_heat.state.{state}"), told), link])


def _filters(asked: Asked, town: TownEnergy, now: datetime) -> Any:
    t, language = asked.language.text, asked.language
    known = periods(town.starts, now)
    winters = seasons(asked.city, asked.observatory.clock)
    sites = water_sites(asked.city, town)
    shown: list[Select] = []
    if len(sites) > 1:
        options = [("", t("water_heat.all_water")), *((s.id, s.name) for s in sites)]
        shown.append(Select("site", t("water_heat.filter.site"), options, _site(asked, town)))
    if sites and known:
        months = [("" if m is known[0] else m.key, _period_word(asked, m)) for m in known]
        chosen = _months(asked, known)
        value = "" if chosen is known[0] else chosen.key
        shown.append(Select("period", t("water_heat.filter.period"), months, value))
    if winters:
        usual = _usual(asked, winters)
        options = [("" if w == usual else w, w) for w in winters]
        season = asked.choice("season", winters, usual)
        value = "" if season == usual else season
        shown.append(Select("season", language.text("water_heat.filter.season"), options, value))
    return filters(asked, *shown) if shown else None


def _period_word(asked: Asked, months: Months) -> str:
    return asked.language.text("sites.twelve") if months.year is None else months.key


def _months(asked: Asked, known: list[Months]) -> Months:
    key = asked.choice("period", [m.key for m in known], known[0].key)
    return next(m for m in known if m.key == key)


def _site(asked: Asked, town: TownEnergy) -> str:
    return asked.choice("site", [s.id for s in water_sites(asked.city, town)], "")


def _water(sheet: Sheet, town: TownEnergy, now: datetime, water: TownWater) -> list[Any]:
    asked, language = sheet.asked, sheet.asked.language
    t, known = language.text, periods(town.starts, now)
    sites = water_sites(asked.city, town)
    if not sites or not known:
        reason = empty(t("water_heat.no_water"), t("water_heat.no_water_next"))
        return [section("water", t("water_heat.months_heading"), [reason])]
    chosen = _site(asked, town)
    wanted = [chosen] if chosen else [s.id for s in sites]
    found = water_months(town, wanted, _months(asked, known))
    assert found is not None  # each of them has a meter
    return [
        pictured(
            sheet,
            "water-months",
            t("water_heat.months_heading"),
            sentences.months(found, language),
            figure=lambda: figures.months_figure(found, language),
            height=figures.MONTHS_HEIGHT,
            table=tables.months_table(found, language),
        ),
        *_nights(sheet, water, wanted),
    ]


def _nights(sheet: Sheet, water: TownWater, wanted: list[str]) -> list[Any]:
    asked, language = sheet.asked, sheet.asked.language
    t = language.text
    of = TownWater(tuple(m for m in water.meters if m.site.id in wanted))
    if not of.meters:
        return []
    heading = t("water_heat.nights_heading")
    meters = tables.meters_table(of, language, lambda site: _to(asked, site))
    if not any(len(m.known) for m in of.meters):
        reason = empty(sentences.nights(of, language), t("water_heat.no_nights_next"))
        return [section("water-nights", heading, [reason, *shown_table(sheet, meters)])]
    one, nights = of.meters[0], tables.nights_table(of, language)
    caption = t("water_heat.nights_caption", first=one.from_hour, last=one.to_hour)
    return [
        section(
            "water-nights",
            heading,
            [
                html.P(
                    rich(sentences.nights(of, language)),
                    id="water-nights-answer",
                    className="answer",
                ),
                html.P(rich(caption), className="caption"),
                chart(
                    sheet,
                    "water-nights",
                    lambda: figures.nights_figure(of, language),
                    figures.NIGHTS_HEIGHT,
                    named_by="water-nights",
                    told_by="water-nights-answer",
                ),
                *shown_table(sheet, meters),
                download(sheet, nights, t("water_heat.nights_csv")),
            ],
        )
    ]


def _heat(sheet: Sheet, cold: Winter | None) -> list[Any]:
    asked, language = sheet.asked, sheet.asked.language
    t = language.text
    if cold is None or not cold.buildings:
        key = "water_heat.no_zone" if cold is None else "water_heat.no_heat"
        reason = empty(t(key), t(f"{key}_next"))
        return [section("heat", t("water_heat.heat_heading"), [reason])]
    weather = sentences.degree_days(cold, language)
    outside = tables.outside_table(cold, language, lambda site: _to(asked, site))
    told: list[Any] = [html.P(rich(sentences.outside(cold, language)), className="answer")]
    name = cold.heating.period.name if cold.heating.period else ""
    return [
        pictured(
            sheet,
            "heat",
            t("water_heat.heat_of", season=name),
            sentences.buildings(cold, language),
            figure=lambda: figures.buildings_figure(cold, language),
            height=figures.buildings_height(cold),
            table=tables.buildings_table(cold, language, lambda site: _to(asked, site)),
            caption=weather,
            wide=True,
        ),
        section(
            "outside",
            t("water_heat.outside_heading"),
            [*told, *([folded_table(sheet, outside)] if outside.rows else [])],
        ),
    ]


def _to(asked: Asked, site: str) -> str:
    return asked.link(f"/edifici/{site}")


PAGE = Page("water_heat", "/acqua-calore", water_heat_page)
