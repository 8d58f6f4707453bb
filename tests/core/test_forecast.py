"""The running year of a town whose weather and buildings are known, beside sums made by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from forecast_town import (
    HOMES,
    NAME,
    OFFICES,
    POWER,
    blow,
    count,
    declared,
    heat_kwh,
    heats,
    ledger,
    meter,
    shipped,
    town,
    year_weather,
)
from small_installation import SmallInstallation

from paes.climate.past_weather import WeatherFrom, past_weather
from paes.climate.weather import ReferenceDegreeDays
from paes.config import load_installation
from paes.errors import ConfigError
from paes.factors.emission_factors import How
from paes.forecast.cells import CellForecast
from paes.forecast.errors import ForecastHow
from paes.forecast.forecast import Forecast, make_forecast
from paes.installation import Population
from paes.metering import Quality
from paes.meters import FieldMeter
from paes.plan.outlook import CellTrend, Outlook
from paes.plan.target import PopulationEstimate, Target
from paes.progress.path import Verdict
from paes.store.sqlite import SqliteStore

BASE = declared(2007, 5000.0)
REST = declared(2007, 0.0, sector="municipal_buildings", carrier="natural_gas", covers="rest")
SCHOOL = meter("school.gas")
APRIL, NEW_YEAR = date(2026, 4, 1), date(2026, 1, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "forecast.sqlite")
    yield opened
    opened.close()


def made(store: SqliteStore, today: date, *meters: FieldMeter, **changes: object) -> Forecast:
    """The forecast of a town with these meters; all it declared is of 2007."""
    installation = town((BASE, REST), *meters, **changes)
    return make_forecast(installation.city(), ledger(installation, store, today))


def school(forecast: Forecast) -> CellForecast:
    """The metered cell; the town's declared rest of gas is zero."""
    cells = [c for c in forecast.cells if c.sector is OFFICES]
    return next((c for c in cells if c.line.activity.metered.span_s), cells[0])


def rest_by_hand(today: date, years: range) -> float:
    """What the school takes on average from ``today`` to New Year at the weather of ``years``."""
    sums = []
    for year in years:
        kwh = heat_kwh(date(year, 1, 1), year_weather(year))
        sums.append(kwh[(today.replace(year=year) - date(year, 1, 1)).days :].sum())
    return float(np.mean(sums))


@pytest.mark.parametrize("today", [NEW_YEAR, APRIL, date(2026, 10, 1), date(2026, 12, 31)])
def test_expected_is_seen_so_far_and_the_rest_at_past_years_weather(
    store: SqliteStore, today: date
) -> None:
    """The model has to find 20 kWh a day, 40 a degree below 15 by itself; sums are exact."""
    blow(store, 2023, today)
    kwh = heats(store, "school.gas", today)
    cell = school(made(store, today, SCHOOL))
    seen = kwh[: (today - NEW_YEAR).days].sum()
    assert cell.so_far_mwh == pytest.approx(seen / 1000, rel=1e-6, abs=1e-9)
    assert cell.rest_mwh == pytest.approx(rest_by_hand(today, range(2023, 2026)) / 1000, rel=0.01)
    assert cell.expected_mwh == pytest.approx(cell.so_far_mwh + cell.rest_mwh)
    assert cell.how == (ForecastHow.MODEL, ForecastHow.CARRIED)


def test_heating_is_never_drawn_on_in_proportion(store: SqliteStore) -> None:
    """By April three months of winter are over: in proportion the year would be far too large."""
    blow(store, 2023, APRIL)
    kwh = heats(store, "school.gas", APRIL)
    cell = school(made(store, APRIL, SCHOOL))
    truth = kwh.sum() / 1000
    in_proportion = cell.so_far_mwh * 365 / 90
    assert in_proportion > 1.5 * truth
    assert abs(cell.expected_mwh - truth) < 0.15 * truth


def test_the_band_is_at_least_what_such_forecasts_were_seen_to_miss(store: SqliteStore) -> None:
    """After 90 of 365 days, 2.959 months: 0.20 to 0.149 over three, so 0.1497 of 24 kWh a day."""
    blow(store, 2024, APRIL)
    count(store, "school.power", date(2024, 1, 1), np.full(821, 24.0))
    cell = school(made(store, APRIL, meter("school.power", POWER)))
    assert cell.carrier is POWER
    year_mwh = 365 * 0.024
    half = (0.20 - 0.051 * (12 * 90 / 365) / 3) * year_mwh
    assert cell.high_mwh == pytest.approx(year_mwh + half, rel=1e-4)
    assert cell.low_mwh == pytest.approx(year_mwh - half, rel=1e-4)


def test_the_band_closes_as_the_year_ends_and_never_below_what_was_used(store: SqliteStore) -> None:
    today = date(2026, 12, 31)
    blow(store, 2022, today)
    heats(store, "school.gas", today)
    cell = school(made(store, today, SCHOOL))
    assert cell.high_mwh - cell.low_mwh < 0.01 * cell.expected_mwh
    assert cell.low_mwh >= cell.so_far_mwh * (1 - 1e-9)


def test_it_says_how_many_past_years_normal_weather_is_made_of(store: SqliteStore) -> None:
    blow(store, 2012, APRIL)
    heats(store, "school.gas", APRIL)
    weather = made(store, APRIL, SCHOOL).weather
    assert weather.came_from is WeatherFrom.YEARS
    assert weather.years == tuple(range(2025, 2015, -1))


HALF_A_YEAR = date(2025, 7, 1)
TYPICAL = "town.weather/typical_outdoor_temperature"


def test_a_typical_year_stands_in_where_no_past_year_is_whole(store: SqliteStore) -> None:
    """April to December of 2025 was measured from July on: two thirds, and 95 % are needed."""
    blow(store, 2025, APRIL, since=HALF_A_YEAR)
    blow(store, 2023, NEW_YEAR, point=TYPICAL, quality=Quality.SUBSTITUTED)
    heats(store, "school.gas", APRIL)
    forecast = made(store, APRIL, SCHOOL)
    assert forecast.weather.came_from is WeatherFrom.TYPICAL
    assert forecast.weather.years == ()
    (course,) = forecast.weather.courses
    assert course[:10] == pytest.approx(year_weather(2025)[90:100], abs=0.001)
    assert school(forecast).rest_mwh == pytest.approx(
        rest_by_hand(APRIL, range(2025, 2026)) / 1000, rel=0.02
    )


def test_without_past_weather_the_reference_degree_days_make_a_smooth_year(
    store: SqliteStore,
) -> None:
    """By hand: the middle course's season has the 1,500 degree days that were asked for."""
    blow(store, 2025, NEW_YEAR, since=HALF_A_YEAR)
    first, end = date(2026, 1, 1), date(2027, 1, 1)
    facts = town((BASE, REST), SCHOOL).city().facts
    known = {"reference_degree_days": ReferenceDegreeDays(degree_days=1500, source="s")}
    city = town((BASE, REST), SCHOOL, facts=facts.model_copy(update=known)).city()
    course = shipped().expectations.errors.reference_course
    weather = past_weather(store, city, first, end, course)
    assert weather.came_from is WeatherFrom.REFERENCE
    middle = weather.courses[2]
    in_winter = np.r_[0:105, 304:365]  # 1 January to 15 April, 1 November to 31 December
    assert float((20 - middle[in_winter]).clip(0).sum()) == pytest.approx(1500, rel=0.01)
    assert float(np.mean([c[0] for c in weather.courses])) == pytest.approx(float(middle[0]))


def test_without_any_weather_to_come_last_year_stands_in_within_a_wider_band(
    store: SqliteStore,
) -> None:
    """No degree days either: the same days of 2025; its band after 2.959 months is 0.192."""
    blow(store, 2025, APRIL, since=HALF_A_YEAR)
    heats(store, "school.gas", APRIL)
    forecast = made(store, APRIL, SCHOOL)
    assert forecast.weather.came_from is WeatherFrom.NOTHING
    cell = school(forecast)
    last_year = heat_kwh(date(2025, 1, 1), year_weather(2025))[90:].sum() / 1000
    assert cell.rest_mwh == pytest.approx(last_year, rel=1e-6)
    half = 0.34 + (0.19 - 0.34) * (12 * 90 / 365) / 3
    assert cell.high_mwh - cell.expected_mwh == pytest.approx(half * cell.expected_mwh, rel=1e-6)
    assert [f.name for f in forecast.findings].count("forecast.last_year") == 1


def test_a_meter_too_new_for_a_model_or_last_year_leaves_the_year_open(store: SqliteStore) -> None:
    """Nothing below what it used already is promised, nothing above is ruled out."""
    blow(store, 2022, APRIL)
    new = meter("school.gas", valid_from=date(2026, 2, 1))
    heats(store, "school.gas", APRIL, date(2026, 2, 1))
    forecast = made(store, APRIL, new)
    cell = school(forecast)
    assert cell.how[0] is not ForecastHow.MODEL
    assert ForecastHow.UNKNOWN in cell.how
    assert cell.expected_mwh == pytest.approx(cell.so_far_mwh)
    most = cell.so_far_mwh + 275 * 2.4  # 100 kW on the 275 days to come
    assert cell.high_mwh == pytest.approx(most)
    told = next(f for f in forecast.findings if f.name == "forecast.unknown")
    assert "59 days" in told.message
    unrated = made(
        store, APRIL, meter("school.gas", valid_from=new.valid_from, rated_power_kw=None)
    )
    assert math.isinf(school(unrated).high_mwh)
    assert math.isinf(unrated.expected.high_t)


def test_what_meters_missed_so_far_is_filled_by_the_model_and_stays_between_its_bounds(
    store: SqliteStore,
) -> None:
    """March is missing, and no reading came after it: 31 days of 100 kW, 74.4 MWh, at most."""
    blow(store, 2023, APRIL)
    march = date(2026, 3, 1)
    kwh = heats(store, "school.gas", march)
    cell = school(made(store, APRIL, SCHOOL))
    truth = kwh[:90].sum() / 1000
    until_march = kwh[:59].sum() / 1000
    by_hand = rest_by_hand(APRIL, range(2023, 2026)) / 1000
    assert cell.expected_mwh - by_hand == pytest.approx(truth, rel=0.02)
    assert cell.low_mwh >= until_march * (1 - 1e-6)
    most = until_march + 74.4 * 1.2 + by_hand  # a rating may be exceeded by a fifth
    assert until_march + 74.0 + by_hand < cell.high_mwh < most + 0.3 * cell.expected_mwh


def test_a_meter_that_was_taken_out_uses_nothing_more(store: SqliteStore) -> None:
    blow(store, 2023, APRIL)
    heats(store, "school.gas", APRIL)
    cell = school(made(store, APRIL, meter("school.gas", valid_to=date(2026, 3, 1))))
    assert cell.rest_mwh == 0.0
    assert cell.so_far_mwh > 0


def test_declared_energy_is_carried_with_a_band_that_grows_with_the_root_of_years(
    store: SqliteStore,
) -> None:
    """19 years after 2007: 3 % a year of a 95 % interval, 1.645 / 1.960 of it, times the root."""
    blow(store, 2024, APRIL)
    carried = shipped().uncertainty.carried.half_width_per_year_fraction
    homes = next(c for c in made(store, APRIL).cells if c.sector is HOMES)
    half = 5000 * carried * 1.6449 / 1.9600 * math.sqrt(19)
    assert homes.expected_mwh == 5000.0
    assert homes.high_mwh == pytest.approx(5000 + half, rel=1e-4)
    assert homes.low_mwh == pytest.approx(5000 - half, rel=1e-4)
    assert homes.how == (ForecastHow.CARRIED,)


def test_a_stated_trend_moves_what_is_carried(store: SqliteStore) -> None:
    """By hand: 5,000 MWh, 2 % less a year over 19 years."""
    blow(store, 2024, APRIL)
    trend = CellTrend(sector=HOMES, yearly_change_fraction=-0.02, source="an act")
    forecast = made(store, APRIL, outlook=Outlook(declared_trends=(trend,)))
    homes = next(c for c in forecast.cells if c.sector is HOMES)
    assert homes.expected_mwh == pytest.approx(5000 * 0.98**19)
    assert homes.how == (ForecastHow.TREND,)
    assert homes.line.assumed


def test_cells_take_the_way_of_an_inventory_with_the_latest_known_factor(
    store: SqliteStore,
) -> None:
    """0.25 t/MWh of 2024 for electricity in 2026, which is told; gas has one for all years."""
    blow(store, 2022, APRIL)
    count(store, "school.power", date(2024, 1, 1), np.full(821, 24.0))
    rows = (BASE, declared(2007, 0.0, carrier="electricity", sector="municipal_buildings"))
    power = meter("school.power", POWER)
    rest = declared(2025, 10.0, carrier="electricity", sector="municipal_buildings", covers="rest")
    installation = town((*rows, rest), power)
    forecast = make_forecast(installation.city(), ledger(installation, store, APRIL))
    cell = school(forecast)
    assert cell.so_far_mwh == pytest.approx(90 * 0.024)
    assert cell.expected_mwh == pytest.approx(365 * 0.024 + 10, rel=1e-4)
    assert cell.line.factor.how is How.EARLIER
    assert cell.line.factor.year_used == 2024
    assert cell.expected_t == pytest.approx((365 * 0.024 + 10) * 0.25, rel=1e-4)
    total = (365 * 0.024 + 10) * 0.25 + 5000 * 0.2
    assert forecast.expected.t == pytest.approx(total, rel=1e-4)
    assert "factor.earlier" in [f.name for f in forecast.findings]
    parts = forecast.seen_fraction, forecast.expected_fraction, forecast.declared_fraction
    assert parts[0] == pytest.approx(90 * 0.024 * 0.25 / total, rel=1e-3)
    assert sum(parts) == pytest.approx(1.0)


def test_the_year_stands_beside_path_and_target(store: SqliteStore) -> None:
    """Base 5,000 MWh of gas at 0.2: 1,000 t. 19 of 23 years of 40 %: the path is 669.6 t."""
    blow(store, 2024, APRIL)
    forecast = made(store, APRIL)
    assert forecast.base.t == pytest.approx(1000.0)
    assert forecast.path.t == pytest.approx(1000 * (1 - 0.4 * 19 / 23))
    assert forecast.target_emissions == pytest.approx(600.0)
    assert forecast.verdict is Verdict.ABOVE  # 1,000 t less a band of 110 are above 669.6


def test_a_target_per_head_is_told_per_head(store: SqliteStore) -> None:
    """1,000 inhabitants of 2025 in all years: 1 t a head."""
    blow(store, 2024, APRIL)
    installation = town((BASE, REST))
    people = Population(year=2007, inhabitants=1000, source="s")
    estimate = PopulationEstimate(inhabitants=1000, source="s")
    target = Target(id="t", name=NAME, base_year=2007, target_year=2030, reduction_fraction=0.4,
                    kind="per_capita", population_estimate=estimate)  # fmt: skip
    city = installation.city()
    changed = replace(
        city,
        facts=city.facts.model_copy(update={"population": (people,)}),
        plan=city.plan.model_copy(update={"targets": (target,)}),
    )
    forecast = make_forecast(changed, ledger(installation, store, APRIL))
    assert forecast.unit == "t per head"
    assert forecast.expected.t == pytest.approx(1.0)
    assert forecast.expected.low_t < 1.0 < forecast.expected.high_t


def test_29_february_has_the_weather_of_the_day_before_in_other_years(store: SqliteStore) -> None:
    first, end = date(2028, 2, 28), date(2028, 3, 2)
    blow(store, 2027, date(2028, 2, 28))
    course = shipped().expectations.errors.reference_course
    weather = past_weather(store, town((BASE,)).city(), first, end, course)
    assert weather.years == (2027,)
    days = year_weather(2027)
    of_2027 = [days[58], days[58], days[59]]  # 28 February twice, 1 March
    assert weather.courses[0].tolist() == pytest.approx(of_2027, abs=0.001)


OUTLOOK = """\
population:
  - {year: 2030, inhabitants: 950, source: invented for tests}
usual_trend:
  yearly_change_fraction: -0.01
"""


def test_an_outlook_is_read_from_its_file_and_refused_by_line(small: SmallInstallation) -> None:
    path = small.root / "cities" / "porto" / "outlook.yaml"
    path.write_text(OUTLOOK + "  source: an act\n")
    outlook = load_installation(small.root).city("porto").outlook
    assert [p.inhabitants for p in outlook.population] == [950]
    assert outlook.usual_trend
    assert outlook.usual_trend.yearly_change_fraction == -0.01
    path.write_text(OUTLOOK)
    with pytest.raises(ConfigError, match=r"outlook\.yaml:[34]: usual_trend: .*needs a source"):
        load_installation(small.root)
