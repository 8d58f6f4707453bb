"""The page's data against figures reckoned by hand from two carriers.

Factors (config/factors/ipcc-co2.csv): Italian electricity 0.4754 t/MWh in 2007 and 0.2671 in 2020
(JRC NEEFE), natural gas 0.202. Emissions: 2007 1000 x E07 + 1000 x 0.202; 2020 1000 x E20 +
900 x 0.202; 2025, whose electricity factor is carried from 2020, 1000 x E20 + 1100 x 0.202.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from shown_town import LIVE, NEVER, NOW, POWER_KW, SILENT, STALE, MovingClock, plain_town

from dashboard.formats import MINUS
from dashboard.queries.changes import line_changes, sector_changes
from dashboard.queries.meters import LiveCity, LiveMeter, activity_of, live, power_points
from dashboard.queries.progress import CityView, view
from dashboard.sentences import progress as sentences
from dashboard.sentences.chances import chance
from dashboard.tables import progress as tables
from dashboard.tables import table as table_parts
from dashboard.texts import Language
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.activity.declared_row import Notation
from paes.causes.effects import Effects
from paes.errors import DataError
from paes.installation import Installation
from paes.inventory.evidence import CellEvidence
from paes.inventory.method import Method
from paes.inventory.notation import NotedCell
from paes.inventory.other_emissions import OtherEmissions, OtherRow
from paes.meter_status import MeterState
from paes.metering import Carrier, Finding, Sector
from paes.progress.path import OpenBy, Verdict
from paes.progress.progress import make_inventories
from paes.store.sqlite import SqliteStore
from paes.uncertainty.simulation import Draws
from paes.uncertainty.spread import Spread

GAS = 0.202


def town_view(
    installation: Installation, store: SqliteStore, target: str, factor: str = "current"
) -> CityView:
    town = plain_town(installation)
    ledger = EnergyLedger(town, store, MovingClock())
    city = town.city("la-spezia")
    method = Method.of(city.plan, electricity_factor=factor)
    return view(city, ledger, target, make_inventories(city, ledger, method))


@pytest.fixture
def factors(installation: Installation) -> tuple[float, float]:
    """Electricity in 2007 and in 2020, t/MWh."""

    def find(year: int) -> float:
        sector = Sector.RESIDENTIAL_BUILDINGS
        found = installation.factors.find("ipcc-co2", Carrier.ELECTRICITY, sector, year)
        return found.factor_t_per_mwh

    return find(2007), find(2020)


def test_target_is_judged_by_its_own_year(
    installation: Installation, empty_store: SqliteStore, factors: tuple[float, float]
) -> None:
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    before, after = factors
    assert shown.judged.year == 2020
    assert shown.judged.emissions_t == pytest.approx(1000 * after + 900 * GAS)
    assert shown.effects.grid_t == pytest.approx(1000 * (before - after))
    told = shown.effects
    assert told.unexplained_t + told.weather_t + told.activity_t == pytest.approx(100 * GAS)


def test_next_step_needs_its_gap_spread_over_the_years_left(
    installation: Installation, empty_store: SqliteStore, factors: tuple[float, float]
) -> None:
    step = town_view(installation, empty_store, "piano-energetico-2020").next_step
    before, after = factors
    assert step is not None
    assert step.target.id == "2030-40"
    gap = 1000 * after + 1100 * GAS - 0.6 * (1000 * before + 1000 * GAS)
    assert step.gap_t == pytest.approx(gap)
    assert step.per_year_t == pytest.approx(max(0.0, gap) / 5)


def test_sectors_add_up_to_the_inventory(
    installation: Installation, empty_store: SqliteStore
) -> None:
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    assert sum(s.latest_t for s in shown.sectors) == pytest.approx(shown.newest.emissions_t)
    industry = next(s for s in shown.sectors if s.sector is Sector.INDUSTRY)
    assert industry.change_fraction == pytest.approx(0.1)


def test_missing_base_year_is_an_error_with_a_reason(
    installation: Installation, empty_store: SqliteStore
) -> None:
    town = plain_town(installation)
    ledger = EnergyLedger(town, empty_store, MovingClock())
    without = make_inventories(town.city(), ledger)
    del without[2007]
    with pytest.raises(DataError, match="2007"):
        view(town.city(), ledger, "piano-energetico-2020", without)


def test_sentence_says_when_the_reduction_is_the_grids(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    assert "non è opera del Comune" in sentences.effects(shown, languages["it"])
    frozen = town_view(installation, empty_store, "piano-energetico-2020", "frozen")
    assert "fermo al 2007" in sentences.effects(frozen, languages["it"])


def test_sentence_tells_circumstances_what_is_not_known_and_how_far_gaps_decide(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    finding = Finding("cause.not_told", "2020/industry", "no figures")
    told = replace(
        shown.effects, weather_t=-3.4, activity_t=2.0, less_by_gaps_t=1e4, total_t=1e5,
        own_actions_t=5000.0, own_low_t=2000.0, own_high_t=6000.0, findings=(finding,),
    )  # fmt: skip
    text = sentences.effects(_telling(shown, told), languages["en"])
    assert "weather \N{MINUS SIGN}3\N{NO-BREAK SPACE}t, activity +2\N{NO-BREAK SPACE}t" in text
    assert "activity of industry (non-ETS)" in text
    assert "between 2,000 t and 6,000 t" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "between 90,000 t and 100,000 t" in text.replace("\N{NO-BREAK SPACE}", " ")
    endless = replace(told, less_by_gaps_t=math.inf)
    italian = sentences.effects(_telling(shown, endless), languages["it"])
    assert "niente ne limita" in italian


def _telling(shown: CityView, told: Effects) -> CityView:
    return replace(shown, progress=replace(shown.progress, effects=(told,)))


def test_assumed_part_is_told_as_a_share(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    share = shown.newest.assumed_fraction
    assert 0 < share < 1
    assert f"{share * 100:.0f}%" in sentences.basis(shown, languages["en"])


def test_sentence_says_when_nothing_bounds_what_is_missing(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    assert sentences.bounds(shown, languages["it"]) is None
    latest = shown.progress.latest
    for high_t, told in ((math.inf, "niente ne limita"), (latest.high_t + 500.0, "sta tra")):
        progress = replace(shown.progress, latest=replace(latest, high_t=high_t))
        sentence = sentences.bounds(replace(shown, progress=progress), languages["it"])
        assert sentence is not None
        assert told in sentence


def test_what_is_left_out_is_not_blamed_on_meters(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    """Industry's gas of 2020 and 2025 is not estimated, where 2007 has 1,000 MWh."""
    town = plain_town(installation)
    city = town.city("la-spezia")
    left_out = {"mwh": None, "notation": Notation.NOT_ESTIMATED, "note": "by hand"}
    rows = tuple(
        row.model_copy(update=left_out)
        if row.sector is Sector.INDUSTRY and row.year > 2007
        else row
        for row in city.declared
    )
    ledger = EnergyLedger(town, empty_store, MovingClock())
    noted = replace(city, declared=rows)
    shown = view(noted, ledger, "piano-energetico-2020", make_inventories(noted, ledger))
    told = [
        sentences.answer(shown, languages["it"]),
        sentences.bounds(shown, languages["it"]) or "",
        sentences.effects(shown, languages["it"]),
    ]
    assert all("cifra (NE, C)" in text for text in told)
    assert not any("contatori" in text or "letture" in text for text in told)


def test_verdict_that_missing_energy_decides_is_left_open(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    shown = town_view(installation, empty_store, "2030-40")
    assert "Non si può dire" not in sentences.answer(shown, languages["it"])
    latest = replace(shown.progress.latest, verdict=Verdict.UNCERTAIN)
    open_view = replace(shown, progress=replace(shown.progress, latest=latest))
    assert "Non si può dire" in sentences.answer(open_view, languages["it"])


def test_open_verdict_says_what_leaves_it_open(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    shown = town_view(installation, empty_store, "2030-40")
    for by, words in ((OpenBy.METERS, "contatori"), (OpenBy.KEYS, "voci senza cifra (NE, C)")):
        latest = replace(shown.progress.latest, verdict=Verdict.UNCERTAIN, open_by=by)
        open_view = replace(shown, progress=replace(shown.progress, latest=latest))
        told = sentences.answer(open_view, languages["it"])
        assert words in told
        assert ("contatori" in told) is (by is OpenBy.METERS)


def test_chances_are_those_of_the_drawn_years(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    """2007 at 100 t without error; 2020 spread evenly from 50 to 90 t.

    90 % of the draws are between 52 and 88 t: 12 to 48 % less. 14 % less is 86 t: 36 of 40.
    """
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    even = np.linspace(50.0, 90.0, 10_001)
    totals = {year: Spread(even, even, {}) for year in (2020, 2025)}
    exact = np.full(10_001, 100.0)
    draws = Draws(7, 10_001, {2007: Spread(exact, exact, {}), **totals}, {})
    drawn = replace(shown, chances=shown.progress.chances_by(draws))
    told = chance(drawn, languages["en"])
    assert told is not None
    assert "between **12.0%** and **48.0%** (90% interval)" in told
    assert told.endswith(f"at least {MINUS}14% by 2020: **90%**.")
    assert chance(shown, languages["en"]) is None


def test_what_meters_missed_opens_chances_on_one_side(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    """60 t or anything above, against 100 t: at most 40 % less, and 14 % is nearly sure or not."""
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    exact, least, most = (np.full(100, t) for t in (100.0, 60.0, math.inf))
    years = {year: Spread(least, most, {}) for year in (2020, 2025)}
    draws = Draws(7, 100, {2007: Spread(exact, exact, {}), **years}, {})
    drawn = replace(shown, chances=shown.progress.chances_by(draws))
    told = chance(drawn, languages["it"])
    assert told is not None
    assert "al massimo **40,0 %**" in told.replace("\N{NO-BREAK SPACE}", " ")
    assert "da meno dell’1 % a oltre il 99 %" in told.replace("\N{NO-BREAK SPACE}", " ")


def test_rows_without_energy_belong_to_their_sector_and_keys_are_told(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    """Waste 50 t in 2007 and 30 t in 2025, green electricity takes off 20 t, coal is not told."""
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    waste, green = OtherRow.WASTE_MANAGEMENT, OtherRow.GREEN_ELECTRICITY
    base = replace(shown.base_inventory, other_rows=(OtherEmissions(2007, waste, 50.0, 2007, "x"),))
    newest = replace(
        shown.newest,
        other_rows=(
            OtherEmissions(2025, waste, 30.0, 2025, "x"),
            OtherEmissions(2025, green, -20.0, 2025, "x"),
        ),
        noted=(
            NotedCell(
                2025, Sector.INDUSTRY, Carrier.COAL, Notation.NOT_ESTIMATED, "none told", 2025
            ),
        ),
    )
    sectors = sector_changes(base, newest)
    # What meters saw is a part of tonnes, as the town's: energy with another factor weighs less.
    first, last = newest.lines[0], newest.lines[-1]
    seen = EnergyTotal(measured_kwh=500.0 * first.energy_mwh)
    half = replace(first, activity=replace(first.activity, metered=seen, adds_metered=False))
    unseen = replace(last, activity=replace(last.activity, sector=first.activity.sector))
    (row,) = sector_changes(base, replace(newest, lines=(half, unseen), other_rows=()))[:1]
    both_t = first.emissions_t + last.emissions_t
    assert row.metered_fraction == pytest.approx(0.5 * first.emissions_t / both_t)
    assert sum(s.latest_t for s in sectors) == pytest.approx(newest.emissions_t)
    assert {s.sector: (s.base_t, s.latest_t) for s in sectors if not s.latest_mwh} == {
        Sector.WASTE: (50.0, 30.0),
        green: (0.0, -20.0),
    }
    lines = line_changes(base, newest, sectors)
    table = tables.lines_table(replace(shown, lines=lines), languages["it"])
    rows = {row[:2]: row for row in table.rows}
    assert len(rows) == len(newest.lines) + 3
    mixed = CellEvidence(measured_mwh=3.0, estimated_mwh=0.001, declared_mwh=1.0)
    metered = replace(shown, lines=(replace(lines[0], evidence=mixed),))
    (row,) = tables.lines_table(metered, languages["it"]).rows
    assert str(row[5]).replace("\N{NO-BREAK SPACE}", " ") == "misurato 75 %, dichiarato 25 %"
    assert rows["Rifiuti", None][2:5] == (None, 30.0, pytest.approx(-0.4))
    assert rows["Elettricità verde certificata", None][3] == -20.0
    assert rows["Industria (non ETS)", "Carbone"][2:6] == (None, None, None, "NE: non stimato")


def test_findings_of_the_comparison_and_of_causes_reach_the_page(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    """Industry's coal of 2007 (50 MWh) has gone without a word in the years after."""
    town = plain_town(installation)
    city = town.city("la-spezia")
    coal = city.declared[1].model_copy(update={"carrier": Carrier.COAL, "mwh": 50.0})
    ledger = EnergyLedger(town, empty_store, MovingClock())
    with_coal = replace(city, declared=(*city.declared, coal))
    made = make_inventories(with_coal, ledger)
    for year in (2020, 2025):
        lines = [x for x in made[year].lines if x.activity.carrier is not Carrier.COAL]
        made[year] = replace(made[year], lines=tuple(lines))
    shown = view(with_coal, ledger, "piano-energetico-2020", made)
    told = tables.findings_table(shown, languages["it"]).rows
    names = {f.name for f in shown.findings}
    assert {"comparability.cell_gone", "cause.cell_in_one_year", "factor.earlier"} <= names
    of_coal = [str(text) for where, text in told if where == "Industria (non ETS) · Carbone"]
    assert any("50 MWh" in text and "lacuna" in text for text in of_coal)


def test_csv_of_an_italian_table_opens_in_an_italian_spreadsheet(
    installation: Installation, empty_store: SqliteStore, languages: dict[str, Language]
) -> None:
    shown = town_view(installation, empty_store, "piano-energetico-2020")
    lines = table_parts.csv_text(tables.lines_table(shown, languages["it"]), languages["it"])
    assert lines.startswith("\ufeffSettore;Vettore;")
    gas = lines.split("\r\nIndustria (non ETS);Gas naturale;")
    assert gas[1].startswith("1100;222,2;0,1;dichiarato;2025;assunto;0,202;")


def test_text_that_a_spreadsheet_would_run_is_disarmed(languages: dict[str, Language]) -> None:
    table = table_parts.Table("t", "", (table_parts.Column("a"),), (("=1+1",), ("-3 and more",)))
    assert table_parts.csv_text(table, languages["en"]) == "a\r\n'=1+1\r\n'-3 and more\r\n"


@pytest.fixture
def now_in_town(installation: Installation, store: SqliteStore, clock: MovingClock) -> LiveCity:
    city = installation.city("la-spezia")
    ledger = EnergyLedger(installation, store, clock)
    power = power_points(installation, city)
    return live(city, ledger, power, activity_of(city, ledger, power))


def meter_in(now: LiveCity, meter: str) -> LiveMeter:
    return next(m for s in now.sites for m in s.meters if m.meter.id == meter)


def test_meters_are_told_apart_by_the_age_of_their_last_word(now_in_town: LiveCity) -> None:
    states = {m: meter_in(now_in_town, m).state for m in (LIVE, STALE, SILENT, NEVER)}
    assert states == {
        LIVE: MeterState.LIVE,
        STALE: MeterState.STALE,
        SILENT: MeterState.SILENT,
        NEVER: MeterState.NEVER,
    }
    assert sum(now_in_town.counts.values()) == len(now_in_town.states)


def test_power_of_a_late_meter_is_not_shown_as_now(now_in_town: LiveCity) -> None:
    assert meter_in(now_in_town, LIVE).power_w == POWER_KW * 1000
    assert meter_in(now_in_town, STALE).power_w is None


def test_week_at_constant_power_is_power_times_hours(now_in_town: LiveCity) -> None:
    activity = meter_in(now_in_town, LIVE).activity
    assert activity is not None
    assert activity.week_amount == pytest.approx(POWER_KW * 24 * 7, abs=0.01)
    assert activity.day_coverage == pytest.approx(1.0)


def test_meter_that_never_spoke_has_no_amount_rather_than_zero(now_in_town: LiveCity) -> None:
    activity = meter_in(now_in_town, NEVER).activity
    assert activity is not None
    assert activity.week_amount is None


def test_silent_meter_covers_part_of_its_week(now_in_town: LiveCity) -> None:
    activity = meter_in(now_in_town, SILENT).activity
    assert activity is not None
    assert activity.day_coverage == 0
    assert activity.week_coverage == pytest.approx(3 / 7, abs=0.01)
    assert now_in_town.at == NOW
