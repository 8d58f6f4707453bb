"""The page of all sites: which needs looking at, where they are, and each beside its like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.figures import sites as figures
from dashboard.memory import Kept
from dashboard.pages.blocks import (
    Select,
    answer_box,
    chart,
    download,
    empty,
    filters,
    made,
    rich,
    section,
    shown_table,
    switch,
)
from dashboard.pages.page import Content, Page, Sheet
from dashboard.pages.site_map import SHAPES, Mark, key_of_shapes, notable_key, site_map
from dashboard.queries.heating import HEATING, TownHeating
from dashboard.queries.map import paper_of
from dashboard.queries.site_choice import (
    ALL,
    ELECTRICITY,
    HEAT,
    Months,
    Order,
    SiteChoice,
    periods,
)
from dashboard.queries.sites import Apart, Ranking, SiteRow, SiteRows, ranking, site_rows
from dashboard.queries.town_energy import TOWN_COSTS, TOWN_ENERGY, TownEnergy
from dashboard.sentences import sites as sentences
from dashboard.tables import sites as tables
from paes.climate.heating import HEATING_CARRIERS
from paes.metering import Carrier, Sector, SiteKind
from paes.outline import read_outline

USUAL = "usual"
"""The value of ``weather`` that asks for heat at the weather of a usual year."""
_WORST, _NAMED = 3, 12
PATH = "/edifici"


def sites_page(asked: Asked) -> Content:
    """The answer, the filters, the worst, the map, the ranking, and who is not in it."""
    sheet, t = Sheet(asked), asked.language.text
    title = t("nav.sites")
    energy = asked.observatory.kept(TOWN_ENERGY, asked.city.id)
    known = periods(energy.value.starts, energy.made_at)
    if not asked.city.sites or not known:
        return sheet.content(title, _nothing(asked))
    choice, months = _choice(asked, energy.value, known)
    found = ranking(_rows(asked, energy, choice, months), energy.value, choice, months)
    blocks = [
        html.H1(t("sites.question")),
        _answer(asked, found),
        _filters(asked, energy.value, known, choice),
        _weather(asked, choice, months),
        _orders(asked, choice),
        *(_ranked(sheet, found) if found.ranked else [_nobody(asked, found)]),
        _map(sheet, found),
        *_apart(sheet, found),
        _basis(asked, found),
        made(asked, energy.made_at),
    ]
    return sheet.content(title, blocks)


def _nothing(asked: Asked) -> list[Any]:
    t = asked.language.text
    reason = "sites.nothing" if asked.city.sites else "sites.no_sites"
    return [
        html.H1(t("sites.question")),
        empty(t(reason, city=asked.city.name), t(f"{reason}_next")),
    ]


def _choice(asked: Asked, town: TownEnergy, known: Sequence[Months]) -> tuple[SiteChoice, Months]:
    """What the address asks for; what it does not say is usual."""
    keys = [months.key for months in known]
    period = asked.choice("period", keys, keys[0])
    energy = asked.choice("energy", _energies(town), ALL)
    sector = asked.choice("sector", [s.value for s in _sectors(asked)], "")
    kind = asked.choice("kind", [k.value for k in _kinds(asked)], "")
    order = asked.choice("order", [o.value for o in Order], Order.PER_M2.value)
    weather = asked.choice("weather", [USUAL], "")
    chosen = SiteChoice(
        period=period,
        energy=energy,
        sector=Sector(sector) if sector else None,
        kind=SiteKind(kind) if kind else None,
        order=Order(order),
    )
    months = known[keys.index(period)]
    corrected = weather == USUAL and chosen.is_heat
    if corrected and (months.year is None or not months.is_whole_year):
        whole = next((m for m in known if m.year and m.is_whole_year), None)
        corrected = whole is not None
        months = whole or months
    return replace(chosen, period=months.key, corrected=corrected), months


def _rows(asked: Asked, energy: Kept[TownEnergy], choice: SiteChoice, months: Months) -> SiteRows:
    """Of all sites; made once for all orders and filters of one energy and period."""
    costs = asked.observatory.kept(TOWN_COSTS, asked.city.id).value

    def heating(year: int) -> TownHeating:
        return asked.observatory.kept(HEATING, asked.city.id, str(year)).value

    key = ("sites", asked.city.id, choice.period, choice.energy, choice.corrected, energy.made_at)
    return asked.observatory.recent(
        key,
        lambda sources: site_rows(
            sources, asked.city, energy.value, costs, choice, months, heating
        ),
    )


def _answer(asked: Asked, found: Ranking) -> Any:
    language = asked.language
    if not found.ranked:
        return None
    state = sentences.state(found)
    told = [sentences.answer(found, language), sentences.notable(found, language)]
    return answer_box(state, language.text(f"sites.state.{state}"), told)


def _filters(asked: Asked, town: TownEnergy, known: Sequence[Months], choice: SiteChoice) -> Any:
    t, language = asked.language.text, asked.language
    usual = known[0].key
    of_periods = [("" if m.key == usual else m.key, _period_option(asked, m)) for m in known]
    energies = [("" if e == ALL else e, _energy_option(asked, e)) for e in _energies(town)]
    kinds = [("", t("sites.all_kinds"))]
    kinds += [(k.value, sentences.kind_word(k, language)) for k in _kinds(asked)]
    sectors = [("", t("sites.all_sectors"))]
    sectors += [(s.value, t(f"sector.{s.value}")) for s in _sectors(asked)]
    period = "" if choice.period == usual else choice.period
    energy = "" if choice.energy == ALL else choice.energy
    return filters(
        asked,
        Select("period", t("sites.filter.period"), of_periods, period),
        Select("energy", t("sites.filter.energy"), energies, energy),
        Select("kind", t("sites.filter.kind"), kinds, choice.kind.value if choice.kind else ""),
        Select(
            "sector",
            t("sites.filter.sector"),
            sectors,
            choice.sector.value if choice.sector else "",
        ),
        keep=("order", "weather"),
    )


def _period_option(asked: Asked, months: Months) -> str:
    language = asked.language
    if months.year is None:
        return language.text("sites.twelve")
    if months.is_whole_year:
        return months.key
    last = months.starts[-1]
    return language.text("sites.until", month=language.month(last.year, last.month))


def _energy_option(asked: Asked, energy: str) -> str:
    known = (ALL, ELECTRICITY, HEAT)
    return asked.language.text(f"sites.choose.{energy}" if energy in known else f"carrier.{energy}")


def _energies(town: TownEnergy) -> list[str]:
    """What can be chosen: each carrier by itself only where heat has several."""
    present = {carrier for _, carrier, _ in town.tables if carrier}
    heats = [c for c in HEATING_CARRIERS if c in present]
    others = [c for c in Carrier if c in present and c not in heats and c.value != ELECTRICITY]
    alone = [*(heats if len(heats) > 1 else []), *others]
    return [ALL, ELECTRICITY, *([HEAT] if heats else []), *(c.value for c in alone)]


def _sectors(asked: Asked) -> list[Sector]:
    present = {site.sector for site in asked.city.sites.values()}
    return [sector for sector in Sector if sector in present]


def _kinds(asked: Asked) -> list[SiteKind]:
    present = {site.kind for site in asked.city.sites.values()}
    return [kind for kind in SiteKind if kind in present]


def _orders(asked: Asked, choice: SiteChoice) -> Any:
    t = asked.language.text
    options = [
        (
            t(f"sites.order.{order.value}"),
            asked.link(order=None if order is Order.PER_M2 else order.value),
            order is choice.order,
        )
        for order in Order
    ]
    return switch(t("sites.order_by"), options)


def _weather(asked: Asked, choice: SiteChoice, months: Months) -> Any:
    """The switch, where heat is shown; it needs a whole calendar year."""
    t = asked.language.text
    if not choice.is_heat or asked.city.facts.reference_degree_days is None:
        return None
    options = [
        (t("sites.weather.real"), asked.link(weather=None), not choice.corrected),
        (t("sites.weather.usual"), asked.link(weather=USUAL), choice.corrected),
    ]
    told: list[Any] = [switch(t("sites.weather.label"), options)]
    if choice.corrected and asked.address.values.get("period", "") != months.key:
        told.append(html.P(rich(t("sites.weather.year", year=months.key)), className="caption"))
    return html.Div(told)


def _nobody(asked: Asked, found: Ranking) -> Any:
    t = asked.language.text
    if found.rows:
        return empty(t("sites.nobody_ranked"), t("sites.nobody_ranked_next"))
    return empty(t("sites.nobody"), t("sites.nobody_next"))


def _ranked(sheet: Sheet, found: Ranking) -> list[Any]:
    asked, language = sheet.asked, sheet.asked.language
    t = language.text
    told = sentences.told_figure(found, language)
    table = tables.ranking_table(found, language, lambda site: _to(asked, site))
    return [
        section("worst", t("sites.worst"), [_worst(asked, found)]),
        section(
            "ranking",
            t("sites.ranking"),
            [
                html.P(rich(told), id="ranking-answer", className="answer"),
                _caption(asked, found),
                chart(
                    sheet,
                    "ranking",
                    lambda: figures.ranking_figure(found, language),
                    figures.ranking_height(found),
                    named_by="ranking",
                    told_by="ranking-answer",
                ),
                *shown_table(sheet, table, wide=True),
            ],
        ),
    ]


def _caption(asked: Asked, found: Ranking) -> Any:
    if len(found.ranked) <= figures.MOST:
        return None
    told = asked.language.text("sites.first_of", n=figures.MOST, all=len(found.ranked))
    return html.P(told, className="caption")


def _worst(asked: Asked, found: Ranking) -> Any:
    """The first few, with why they stand there."""
    language, order = asked.language, found.choice.order
    items = [
        html.Li(
            [
                html.Div(
                    [
                        html.A(row.site.name, href=_to(asked, row.site.id)),
                        html.Span(sentences.value_text(row, order, language), className="value"),
                    ],
                    className="worst-head",
                ),
                html.P(rich(sentences.why(row, order, language))),
            ]
        )
        for row in found.ranked[:_WORST]
    ]
    return html.Ol(items, className="worst")


def _map(sheet: Sheet, found: Ranking) -> Any:
    asked, language = sheet.asked, sheet.asked.language
    t, city = language.text, sheet.asked.city
    placed = [
        row for row in found.rows
        if row.site.latitude is not None and row.site.longitude is not None
    ]  # fmt: skip
    outline = read_outline(asked.observatory.installation.root)
    places = [(r.site.latitude or 0.0, r.site.longitude or 0.0) for r in placed]
    paper = paper_of(places)
    if paper is None or not placed:
        told: list[Any] = [empty(t("sites.map.nowhere"), t("sites.map.nowhere_next"))]
        return section("map", t("sites.map.heading"), told)
    drawn = site_map(
        paper,
        outline,
        city.facts.istat_code,
        _marks(asked, placed),
        _NAMED,
        label=t("sites.map.label", city=city.name),
        north=t("sites.map.north"),
        tiles=asked.observatory.installation.map_tiles,
        distance=language.quantity(paper.bar_km, "km", 0 if paper.bar_km >= 1 else 1),
    )
    shapes = dict.fromkeys(SHAPES[row.site.kind] for row in placed)
    skip = html.A(t("sites.map.skip"), href="#apart", className="skip-map")
    keys = [key_of_shapes((s, t(f"sites.shape.{s}")) for s in shapes)]
    if any(sentences.is_notable(row) for row in placed):
        limit = language.percent(sentences.NOTABLE, 0)
        keys.append(notable_key(t("sites.map.notable", limit=limit)))
    table = tables.map_table(found, language, lambda site: _to(asked, site))
    without = len(found.rows) - len(placed)
    said = t("sites.map.told", n=len(placed), city=city.name)
    if without:
        said = f"{said} {t('sites.map.without', n=without)}"
    return section(
        "map",
        t("sites.map.heading"),
        [
            html.P(rich(said), className="answer"),
            skip,
            drawn,
            *keys,
            html.P(rich(_map_note(asked, placed, outline is not None)), className="caption"),
            download(sheet, table, t("sites.map.csv")),
        ],
    )


def _map_note(asked: Asked, placed: Sequence[SiteRow], has_borders: bool) -> str:
    t = asked.language.text
    told = [t("sites.map.size")]
    if any(row.site.assumed for row in placed):
        told.append(t("sites.map.assumed"))
    outline = read_outline(asked.observatory.installation.root)
    tiles = asked.observatory.installation.map_tiles
    if tiles:
        told.append(t("sites.map.tiles", credit=tiles.credit))
    elif has_borders and outline:
        told.append(t("sites.map.credit", credit=outline.credit, licence=outline.licence))
    return " ".join(told)


def _marks(asked: Asked, rows: Sequence[SiteRow]) -> list[Mark]:
    most = max((r.figures.energy.kwh for r in rows if r.figures.energy), default=0.0)
    return [
        Mark(
            latitude=row.site.latitude or 0.0,
            longitude=row.site.longitude or 0.0,
            shape=SHAPES[row.site.kind],
            label=row.site.name,
            words=_words(row, asked),
            href=_to(asked, row.site.id),
            share=max(0.0, row.figures.energy.kwh / most) if row.figures.energy and most else 0.0,
            is_notable=sentences.is_notable(row),
        )
        for row in rows
    ]


def _words(row: SiteRow, asked: Asked) -> str:
    language, energy = asked.language, row.figures.energy
    kind = sentences.kind_word(row.site.kind, language)
    if energy is None or row.apart is Apart.NOT_READ:
        return language.text("sites.map.unread", site=row.site.name, kind=kind)
    amount = language.quantity(energy.kwh, "kWh")
    return language.text("sites.map.words", site=row.site.name, kind=kind, amount=amount)


def _apart(sheet: Sheet, found: Ranking) -> list[Any]:
    """Who is not in the ranking, by reason, with the next step."""
    asked, language = sheet.asked, sheet.asked.language
    t = language.text
    if not found.apart:
        return [html.Div(id="apart")]
    parts: list[Any] = []
    for reason, of in groupby(found.apart, key=lambda row: row.apart):
        rows = list(of)
        assert reason is not None
        links = [html.Li(html.A(row.site.name, href=_to(asked, row.site.id))) for row in rows]
        parts += [
            html.H3(
                rich(t("sites.apart_count", reason=t(f"sites.apart.{reason.value}"), n=len(rows)))
            ),
            html.P(rich(t(f"sites.next.{reason.value}", id=rows[0].site.id))),
            html.Ul(links, className="site-links"),
        ]
    table = tables.apart_table(found, language, lambda site: _to(asked, site))
    return [section("apart", t("sites.apart_heading"), [*parts, download(sheet, table)])]


def _basis(asked: Asked, found: Ranking) -> Any:
    told = sentences.basis(found, asked.language)
    items = [html.Li(rich(text)) for text in told]
    return section("basis", asked.language.text("sites.basis.heading"), [html.Ul(items)])


def _to(asked: Asked, site: str) -> str:
    return asked.link(f"{PATH}/{site}")


PAGE = Page("sites", PATH, sites_page)
