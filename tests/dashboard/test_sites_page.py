"""The ranking of sites, the map and water, against figures reckoned by hand.

A town of four schools and a library over 14 months, all of them metered by month-long flat
loads; only what a test changes differs.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from dashboard.pages.markup import markup
from dashboard.pages.site_map import Mark, site_map
from dashboard.queries.map import mercator, paper_of, spread, tiles_of
from dashboard.queries.site_choice import HEAT, Months, Order, SiteChoice, periods
from dashboard.queries.site_figures import Book, figures_of
from dashboard.queries.sites import Apart, Ranking, SiteRow, SiteRows, ranking
from dashboard.queries.town_energy import SiteCost, TownCosts, TownEnergy
from dashboard.queries.water import WaterMeter
from dashboard.routes import content_security_policy
from dashboard.sentences import sites as sentences
from dashboard.sentences import water_heat as water_sentences
from dashboard.tables.sites import apart_table, ranking_table
from dashboard.texts import Language
from paes.accounting.energy_table import EnergyTable
from paes.comparison.benchmarks import Per
from paes.costs.cost_table import Money
from paes.errors import ConfigError
from paes.installation import Installation
from paes.metering import Carrier, Measures, Sector, Site, SiteKind
from paes.outline import MapTiles, read_outline
from paes.shipped_files import shipped_config

STARTS = pd.date_range("2024-01-01", periods=24, freq="MS", tz="Europe/Rome", name="start")
NOW = datetime(2026, 1, 10, tzinfo=UTC)
POWER, GAS, BOUGHT = Carrier.ELECTRICITY, Carrier.NATURAL_GAS, Measures.WITHDRAWAL
DAYS = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] * 2, dtype=np.float64)


def flat(kwh: float, **changed: Any) -> EnergyTable:
    """So much every month, all of it measured."""
    nothing, span = np.zeros(24), DAYS * 86400
    table = EnergyTable(*[nothing] * 7, covered_s=span, span_s=span)
    return replace(table, measured=np.full(24, kwh), **changed)


def school(name: str, area: float | None = 100.0, kind: SiteKind = SiteKind.SCHOOL) -> Site:
    return Site(
        id=name, name=name, kind=kind, sector=Sector.MUNICIPAL_BUILDINGS, floor_area_m2=area
    )


def rows(town: TownEnergy, sites: list[Site], choice: SiteChoice, months: Months) -> SiteRows:
    """Of all sites, without a store: 0.2 t/MWh of everything, no prices, no benchmarks."""
    book = Book.of(town, TownCosts(STARTS, {}), months)
    found = []
    for site in sites:
        figures = figures_of(book, site.id, choice, lambda _carrier, _year: 0.2)
        units = {Per.FLOOR_AREA_M2: site.floor_area_m2} if site.floor_area_m2 else {}
        found.append(SiteRow(site, figures, units))
    return SiteRows(tuple(found), False)


def town_of(**tables: EnergyTable) -> TownEnergy:
    return TownEnergy(STARTS, {(s, GAS, BOUGHT): t for s, t in tables.items()}, {})


def ranked(
    town: TownEnergy, sites: list[Site], order: Order = Order.PER_M2, period: str = "2025"
) -> Ranking:
    choice = SiteChoice(period, order=order)
    months = next(m for m in periods(town.starts, NOW) if m.key == period)
    return ranking(rows(town, sites, choice, months), town, choice, months)


def test_periods_are_whole_months_only() -> None:
    """On 10 December 2025 the month runs: the last twelve end with November."""
    found = periods(STARTS, datetime(2025, 12, 10, tzinfo=UTC))
    assert [m.key for m in found] == ["12m", "2025", "2024"]
    assert (found[0].starts[0].month, found[0].starts[-1].month) == (12, 11)
    assert [len(m.places) for m in found] == [12, 11, 12]
    assert [m.is_whole_year for m in found] == [True, False, True]


def test_the_worst_by_area_is_first_and_who_cannot_be_told_stands_apart() -> None:
    """12 months x 200 kWh on 100 m2 are 24 kWh/m2; x 100 kWh on 50 m2 as well, x 100 on 100 12."""
    sites = [school("a"), school("b", 50.0), school("c"), school("d", None), school("e")]
    unread = flat(0.0, covered_s=np.zeros(24))
    town = town_of(a=flat(200), b=flat(100), c=flat(100), d=flat(900), e=unread)
    found = ranked(town, sites)
    assert [(r.site.id, r.per(Per.FLOOR_AREA_M2)) for r in found.ranked] == [
        ("a", 24.0), ("b", 24.0), ("c", 12.0)
    ]  # fmt: skip
    assert {r.site.id: r.apart for r in found.apart} == {"d": Apart.NO_AREA, "e": Apart.NOT_READ}
    assert found.ranked[0].figures.emissions_t == pytest.approx(12 * 0.2 * 0.2)
    other = ranked(town_of(a=flat(1)), [school("a", kind=SiteKind.WATER)])
    assert [r.apart for r in other.apart] == [Apart.OTHER_KIND]


def test_a_building_without_a_meter_of_heat_is_not_called_thrifty() -> None:
    """Beside schools with gas it would stand last, though nobody knows its heat."""
    town = replace(
        town_of(a=flat(200)),
        tables={("a", GAS, BOUGHT): flat(200), ("b", POWER, BOUGHT): flat(10)},
    )
    months = next(m for m in periods(STARTS, NOW) if m.key == "2025")
    choice = SiteChoice("2025")
    found = rows(town, [school("a"), school("b")], choice, months)
    told = SiteRows(tuple(replace(r, lacks_heat=r.site.id == "b") for r in found.rows), False)
    assert [r.apart for r in ranking(told, town, choice, months).apart] == [Apart.NO_HEAT]
    by_kwh = replace(choice, order=Order.ENERGY)
    assert [r.site.id for r in ranking(told, town, by_kwh, months).ranked] == ["a", "b"]
    heat = replace(choice, energy=HEAT)
    of_heat = ranking(rows(town, [school("a"), school("b")], heat, months), town, heat, months)
    assert [r.apart for r in of_heat.apart] == [Apart.NO_METER]


def test_change_counts_only_months_that_are_known_on_both_sides() -> None:
    """2025 has 120 a month against 100; in March nothing was measured, which is no fall."""
    measured = np.array([100.0] * 12 + [120.0] * 12)
    measured[14] = 0.0
    missing = np.zeros(24)
    missing[14] = 500.0
    covered = DAYS * 86400
    covered[14] = 0.0
    table = flat(0.0, missing_high=missing, covered_s=covered)
    town = town_of(a=replace(table, measured=measured))
    (row,) = ranked(town, [school("a")], Order.CHANGE).ranked
    assert row.figures.change is not None
    assert row.figures.change.months == 11
    assert row.figures.change.fraction == pytest.approx(0.2)
    (past,) = ranked(town, [school("a")], Order.CHANGE, "2024").apart
    assert past.apart is Apart.NO_PAST


def test_cost_without_a_contract_for_a_part_is_told_and_not_ranked() -> None:
    """100 EUR a month; of 2025 January had no contract."""
    eur, span = np.full(24, 100.0), DAYS * 86400
    unpriced = np.zeros(24)
    unpriced[12] = span[12]
    money = Money.certain(eur)
    costs = TownCosts(STARTS, {("a", GAS): SiteCost(money, unpriced, span, True)})
    months = {m.key: m for m in periods(STARTS, NOW)}
    found = {}
    for key in ("2024", "2025"):
        book = Book.of(town_of(a=flat(1)), costs, months[key])
        found[key] = figures_of(book, "a", SiteChoice(key), lambda _c, _y: None)
    before, now = found["2024"].cost, found["2025"].cost
    assert before is not None
    assert now is not None
    assert (before.eur, before.unpriced_fraction) == (1200.0, 0.0)
    assert now.unpriced_fraction == pytest.approx(31 / 366)
    assert found["2025"].emissions_t is None
    row = SiteRow(school("a"), found["2025"], {})
    assert row.value(Order.MONEY) is None


@pytest.mark.parametrize("code", ["it", "en"])
def test_words_and_tables_of_every_order(languages: dict[str, Language], code: str) -> None:
    language = languages[code]
    names = ["a", "b", "c", "d"]
    sites = [school(n) for n in names]
    town = town_of(**{n: flat(100.0 * (i + 1)) for i, n in enumerate(names)})
    for order in Order:
        found = ranked(town, sites, order)
        for row in found.rows:
            assert sentences.why(row, order, language).endswith(".")
            if row.apart:
                assert language.knows(f"sites.next.{row.apart.value}")
        if found.ranked:
            assert found.ranked[0].site.name in sentences.answer(found, language)
            assert sentences.told_figure(found, language)
            table = ranking_table(found, language, lambda site: f"/edifici/{site}")
            assert all(len(r) == len(table.columns) for r in table.rows)
        assert len(apart_table(found, language, str).rows) == len(found.apart)
    alone = ranked(town, sites[:1])
    assert sentences.state(alone) == "uncertain"
    assert "a" in sentences.told_figure(alone, language)
    assert language.knows(f"sites.state.{sentences.state(alone)}")
    for reason in Apart:
        assert language.knows(f"sites.apart.{reason.value}")


def test_borders_are_those_of_the_towns(installation: Installation) -> None:
    """The area inside La Spezia's border is that of its city.yaml (51.39 km2), within 1 %."""
    outline = read_outline(shipped_config())
    assert outline is not None
    cities = [c.facts for c in installation.cities.values() if c.facts.istat_code]
    assert len(cities) == 3
    for facts in cities:
        town = outline.town(facts.istat_code)
        assert town is not None
        assert town.name == facts.name
    spezia = outline.town("011015")
    assert spezia is not None
    lat, lon = np.array(spezia.rings[0]).T
    x, y = lon * 111.195 * np.cos(np.radians(44.1)), lat * 111.195
    area_km2 = abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2
    assert area_km2 == pytest.approx(51.39, rel=0.01)


def test_broken_borders_name_the_file(tmp_path: Path) -> None:
    assert read_outline(tmp_path) is None
    path = tmp_path / "outline.geojson"
    path.write_text(json.dumps({"features": [{"properties": {}}]}), "utf-8")
    with pytest.raises(ConfigError, match=r"outline\.geojson.*expected credit"):
        read_outline(tmp_path)


def test_the_map_has_true_distances_and_hides_no_mark() -> None:
    """Tile 8/134/93 begins at 360 x 134 / 256 - 180 E and atan(sinh(pi (1 - 2 x 93 / 256))) N."""
    x, y = mercator(44.087585, 8.4375)
    assert x * 256 == pytest.approx(134, abs=1e-9)
    assert y * 256 == pytest.approx(93, abs=1e-4)
    paper = paper_of([(44.0, 9.8), (44.1, 9.8)])
    assert paper is not None
    (_, low), (_, high) = paper.place(44.0, 9.8), paper.place(44.1, 9.8)
    assert (low - high) / paper.km == pytest.approx(11.13, rel=0.005)  # a tenth of a degree
    apart = spread([(5.0, 5.0), (5.0, 5.0), (6.0, 5.0), (90.0, 5.0)], [10, 10, 10, 10])
    gaps = [np.hypot(*(apart[i] - apart[j])) for i in range(4) for j in range(i)]
    assert min(gaps) > 19.5
    assert apart[3] == pytest.approx([90.0, 5.0], abs=1e-6)


def test_tiles_are_asked_for_only_where_a_server_is_named() -> None:
    """La Spezia, 44.1 N 9.82 E, lies in tile 12/2159/1486 (2^12 (9.82 + 180) / 360 = 2159.7)."""
    paper = paper_of([(44.05, 9.75), (44.15, 9.9)])
    assert paper is not None
    tiles = MapTiles(url="https://tiles.example.org/{z}/{x}/{y}.png", credit="x", most_zoom=12)
    found = tiles_of(paper, tiles.most_zoom)
    assert {one.z for one in found} == {12}
    assert (2159, 1486) in {(one.x, one.y) for one in found}
    assert min(one.left for one in found) <= 0 < paper.width <= max(t.left + t.size for t in found)
    drawn = markup(site_map(paper, None, None, [], 0, label="", north="", distance="", tiles=tiles))
    assert "https://tiles.example.org/12/2159/1486.png" in drawn
    assert f"img-src 'self' data: blob: {tiles.origin};" in content_security_policy(
        [], tiles.origin
    )
    assert "example" not in content_security_policy([])
    for wrong in ("ftp://a/{z}/{x}/{y}", "https://a/{z}/{x}", "https://a/{z}/{x}/{y};script-src *"):
        with pytest.raises(ValidationError):
            MapTiles(url=wrong, credit="x")


def test_marks_are_links_with_their_words_and_nothing_is_markup() -> None:
    paper = paper_of([(44.1, 9.8), (44.2, 9.9)])
    assert paper is not None
    mark = Mark(44.1, 9.8, "school", "<b>", 'Scuola "<b>"', "/edifici/a?lang=en&x=1", 1.0, True)
    drawn = markup(
        site_map(paper, None, None, [mark], 1, label="Mappa", north="N", distance="1 km")
    )
    assert 'href="/edifici/a?lang=en&amp;x=1"' in drawn
    assert 'aria-label="Scuola &quot;&lt;b&gt;&quot;"' in drawn
    assert "<b>" not in drawn
    assert drawn.count("<a ") == 1


def water(flows: list[float], pulse_l_h: float = 2.5) -> WaterMeter:
    return WaterMeter(
        meter="pool.water", name="Acqua", site=school("pool"), first_day=date(2025, 1, 1),
        night_l_h=np.array(flows), day_m3=np.array(flows), pulse_l_h=pulse_l_h, from_hour=1,
        to_hour=5, closed_nights=len(flows),
    )  # fmt: skip


def test_a_night_that_is_not_known_is_no_dry_night(languages: dict[str, Language]) -> None:
    """Usual 10 l/h, then 70: 60 more, 1.68 m3 a day; unknown nights are left out."""
    unknown = float("nan")
    meter = water([10.0] * 20 + [unknown] * 3 + [70.0] * 7)
    assert (meter.recent_l_h, meter.usual_l_h, meter.rise_l_h) == (70.0, 10.0, 60.0)
    assert meter.m3_a_day == pytest.approx(1.68)
    few = water([unknown] * 20 + [0.0] * 6)
    assert few.recent_l_h is None
    said = water_sentences.night(meter, languages["it"])
    assert "70 l/h" in said.replace("\N{NO-BREAK SPACE}", " ")
    assert "perdita" in said
    assert "6 notti" in water_sentences.night(few, languages["it"])
