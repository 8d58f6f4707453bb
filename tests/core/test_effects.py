"""Each cause of a change by itself, against figures worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import changing_town as t
import numpy as np
import pytest

from paes.causes.cause import Basis, Owed, causes_of, subtotal_t
from paes.causes.driver_data import Driver, DriverRow, idle_drivers, read_drivers
from paes.causes.effects import CAUSES, make_effects
from paes.errors import ConfigError, DataError
from paes.factors.dated_values import How
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
from paes.metering import Carrier
from paes.plan.action import Action, Status
from paes.plan.target import PopulationEstimate
from paes.progress.progress import make_inventories, make_progress

START = int(datetime(2019, 12, 31, 23, tzinfo=UTC).timestamp())
END = int(datetime(2020, 12, 31, 23, tzinfo=UTC).timestamp())
HOURS = (END - START) / 3600  # of 2020: 8784


def effects_of(city, folder, factors=None, **method):
    ledger = t.ledger_of(city, folder, factors)
    made = make_progress(city, ledger, method=Method.of(city.plan, **method))
    return made.effects_in(t.YEAR)


def two_years(cell, before, after):
    return [t.row(t.BASE, *cell, before), t.row(t.YEAR, *cell, after)]


def own(**more):
    fields = {"id": "own", "name": t.NAME, "sector": t.OFFICES, "status": Status.COMPLETED,
              "end": date(2015, 1, 1), "carrier": t.POWER}  # fmt: skip
    return Action(**(fields | more))


def parts(effects):
    return {cause: getattr(effects, cause) for cause in CAUSES if getattr(effects, cause)}


def test_a_mild_winter_is_weather_and_nothing_else(tmp_path):
    """1000 MWh of gas in a winter of 1500 degree days; 0.2 + 0.8 x 1200 / 1500 = 0.84 of the use
    in one of 1200. Usual is what city.yaml says, 1500. 1000 x 0.2 x 0.16 = 32 t."""
    rows = two_years((t.HOMES, t.GAS), 1000.0, 840.0)
    days = [t.driver(t.BASE, Driver.DEGREE_DAYS, 1500), t.driver(t.YEAR, Driver.DEGREE_DAYS, 1200)]
    usual = {"degree_days": 1500, "assumed": True, "note": "n"}
    effects = effects_of(t.town(rows, days, reference_degree_days=usual), tmp_path)
    assert parts(effects) == {"weather_t": pytest.approx(32.0)}
    assert effects.unexplained_t == pytest.approx(0.0, abs=1e-9)
    assert [f.subject for f in effects.findings] == ["2020/residential_buildings"]


def test_more_people_at_the_same_use_are_activity(tmp_path):
    rows = two_years((t.HOMES, t.GAS), 1000.0, 1100.0)
    people = [t.driver(t.BASE, Driver.INHABITANTS, 500), t.driver(t.YEAR, Driver.INHABITANTS, 550)]
    assert parts(effects_of(t.town(rows, people), tmp_path)) == {"activity_t": pytest.approx(-20.0)}


def test_inhabitants_come_from_the_citys_own_file_too(tmp_path):
    rows = two_years((t.HOMES, t.GAS), 1000.0, 1100.0)
    known = [{"year": y, "inhabitants": n, "source": "register"}
             for y, n in ((t.BASE, 500), (t.YEAR, 550))]  # fmt: skip
    effects = effects_of(t.town(rows, population=known), tmp_path)
    assert parts(effects) == {"activity_t": pytest.approx(-20.0)}
    assert effects.assumed == frozenset()


def test_an_unknown_driver_is_not_told_and_a_finding_says_so(tmp_path):
    rows = two_years((t.HOMES, t.GAS), 1000.0, 840.0)
    one_year = [t.driver(t.BASE, Driver.DEGREE_DAYS, 1500)]
    effects = effects_of(t.town(rows, one_year), tmp_path)
    assert parts(effects) == {}
    assert effects.unexplained_t == pytest.approx(32.0)
    assert [f.name for f in effects.findings] == ["cause.not_told", "cause.not_told"]
    assert "degree days" in effects.findings[0].message


def test_a_figure_that_stands_in_did_not_follow_the_weather(tmp_path):
    """Nothing was declared for 2020: the gas of 2007 stands in, whatever the winter was."""
    rows = [*two_years((t.HOMES, t.POWER), 100.0, 100.0), t.row(t.BASE, t.HOMES, t.GAS, 1000.0)]
    days = [t.driver(t.BASE, Driver.DEGREE_DAYS, 1500), t.driver(t.YEAR, Driver.DEGREE_DAYS, 900)]
    effects = effects_of(t.town(rows, days), tmp_path)
    assert "cause.carried" in {f.name for f in effects.findings}
    # The electricity of homes follows it by a tenth: 2 t would be too many for that.
    assert 0 < effects.weather_t < 2.0


def test_the_fuels_factor_is_no_grid(tmp_path):
    rows = two_years((t.HOMES, t.GAS), 1000.0, 1000.0)
    effects = effects_of(t.town(rows), tmp_path, t.library(gas=(0.25, 0.2)))
    assert parts(effects) == {"other_factors_t": pytest.approx(50.0)}


def test_a_frozen_factor_leaves_the_grid_nothing(tmp_path):
    rows = two_years((t.HOMES, t.POWER), 100.0, 90.0)
    effects = effects_of(t.town(rows), tmp_path, electricity_factor="frozen")
    assert parts(effects) == {}
    assert effects.unexplained_t == pytest.approx(10 * 0.5)


def with_local_factor(inventory: Inventory, used: float, national: float) -> Inventory:
    """As if the town's electricity had been reckoned by its own factor."""
    lines = [
        replace(line, factor=replace(line.factor, factor_t_per_mwh=used, how=How.LOCAL,
                                     numbers={"neefe_t_per_mwh": national}))
        for line in inventory.lines
    ]  # fmt: skip
    return replace(inventory, lines=tuple(lines))


def test_local_plants_are_told_apart_from_the_grid(tmp_path):
    """National 0.5 and 0.4, local 0.5 and 0.3: the ratio fell from 1 to 0.75.

    100 MWh: from 50 to 30 t, L = 20 / ln(50 / 30).
    """
    city = t.town(two_years((t.LAMPS, t.POWER), 100.0, 100.0))
    ledger = t.ledger_of(city, tmp_path)
    made = make_inventories(city, ledger)
    made = {t.BASE: with_local_factor(made[t.BASE], 0.5, 0.5),
            t.YEAR: with_local_factor(made[t.YEAR], 0.3, 0.4)}  # fmt: skip
    effects = make_effects(city, ledger, made)[-1]
    mean = 20 / math.log(50 / 30)
    assert parts(effects) == {
        "grid_t": pytest.approx(mean * math.log(0.5 / 0.4)),
        "local_supply_t": pytest.approx(mean * math.log(1 / 0.75)),
    }


@pytest.mark.parametrize(("scope", "counted_t"), [("national", 10 * 0.3 + 20 * 0.3), ("local", 3)])
def test_production_in_the_local_factor_is_no_own_action_again(tmp_path, scope, counted_t):
    """10 MWh saved and 20 MWh produced a year, at 0.3 t/MWh."""
    action = own(declared_saving_mwh=10.0, declared_production_mwh=20.0)
    city = t.town(two_years((t.OFFICES, t.POWER), 100.0, 80.0), actions=[action])
    effects = effects_of(city, tmp_path, electricity_scope=scope)
    assert effects.own_actions_t == pytest.approx(counted_t)


def test_tonnes_declared_for_saving_and_production_are_split_by_their_energy(tmp_path):
    action = own(declared_saving_mwh=10.0, declared_production_mwh=30.0, declared_reduction_t=8.0)
    city = t.town(two_years((t.OFFICES, t.POWER), 100.0, 80.0), actions=[action])
    effects = effects_of(city, tmp_path, electricity_scope="local")
    assert effects.own_actions_t == pytest.approx(2.0)


def metered_town(folder, sites, meters, rows, **more):
    """Every meter counts 1 kW all of 2020; ``until_s`` is when it went silent."""
    city = t.town(rows, sites=sites, meters=meters, **more)
    ledger = t.ledger_of(city, folder)
    return city, ledger


def count(ledger, meter_id, until_s=END):
    seconds = np.arange(START, until_s + 1, 900)
    ledger.store.write_series(f"{meter_id}/energy_import", seconds, (seconds - START) / 3600.0)


def test_a_new_school_is_boundary_and_no_worse_use(tmp_path):
    """1 kW in 2020, 8.784 MWh at 0.3 t/MWh; the old buildings used what they always did."""
    rows = [t.row(t.BASE, t.OFFICES, t.POWER, 20.0),
            t.row(t.YEAR, t.OFFICES, t.POWER, 20.0, covers="rest")]  # fmt: skip
    area = [t.driver(t.BASE, Driver.FLOOR_AREA_M2, 1000, t.OFFICES),
            t.driver(t.YEAR, Driver.FLOOR_AREA_M2, 1400, t.OFFICES)]  # fmt: skip
    new = t.hall("school", opened=date(2019, 9, 1), floor_area_m2=400.0)
    city, ledger = metered_town(
        tmp_path, [new], [t.meter("school", date(2020, 1, 1))], rows, drivers=area
    )
    count(ledger, "school.main")
    effects = make_progress(city, ledger).effects_in(t.YEAR)
    assert effects.boundary_t == pytest.approx(-HOURS / 1000 * 0.3, rel=1e-4)
    assert effects.grid_t == pytest.approx(20 * 0.2)
    assert effects.activity_t == pytest.approx(0.0, abs=1e-9)  # its area is not the others'
    assert effects.unexplained_t == pytest.approx(0.0, abs=1e-3)
    assert "school" in next(f for f in effects.findings if f.name == "cause.sites_changed").message


def test_a_site_that_only_got_a_meter_was_there_before(tmp_path):
    rows = [t.row(t.BASE, t.OFFICES, t.POWER, 20.0),
            t.row(t.YEAR, t.OFFICES, t.POWER, 20.0 - HOURS / 1000, covers="rest")]  # fmt: skip
    city, ledger = metered_town(tmp_path, [t.hall()], [t.meter(since=date(2020, 1, 1))], rows)
    count(ledger, "hall.main")
    effects = make_progress(city, ledger).effects_in(t.YEAR)
    assert effects.boundary_t == 0.0
    assert effects.unexplained_t == pytest.approx(0.0, abs=1e-3)


def test_a_gap_is_neither_saved_nor_an_own_action(tmp_path):
    """The meter dies on 1 July: what is missing widens what is unexplained, and nothing else."""
    rows = [t.row(t.BASE, t.OFFICES, t.POWER, HOURS / 1000),
            t.row(t.YEAR, t.OFFICES, t.POWER, 0.0, covers="rest")]  # fmt: skip
    action = own(declared_saving_mwh=1.0)
    found = {}
    for name, until in (("whole", END), ("half", (START + END) // 2)):
        folder = tmp_path / name
        folder.mkdir()
        city, ledger = metered_town(
            folder, [t.hall()], [t.meter(since=date(2020, 1, 1))], rows, actions=[action]
        )
        count(ledger, "hall.main", until)
        found[name] = make_progress(city, ledger).effects_in(t.YEAR)
    whole, half = found["whole"], found["half"]
    assert half.own_actions_t == whole.own_actions_t == pytest.approx(0.3)
    assert half.boundary_t == 0.0
    low, high = half.unexplained_bounds_t
    assert low < whole.unexplained_t < half.unexplained_t <= high
    missing = HOURS / 2 * 12 * 0.3 / 1000  # 12 kW, the rating with its margin
    assert half.less_by_gaps_t == pytest.approx(missing, rel=0.01)
    assert whole.less_by_gaps_t == pytest.approx(0.0, abs=0.01)


def test_an_unbounded_gap_leaves_the_lower_end_open(tmp_path):
    rows = [t.row(t.BASE, t.OFFICES, t.POWER, 20.0),
            t.row(t.YEAR, t.OFFICES, t.POWER, 0.0, covers="rest")]  # fmt: skip
    unrated = t.meter(since=date(2020, 1, 1)).model_copy(update={"rated_power_kw": None})
    city, ledger = metered_town(tmp_path, [t.hall()], [unrated], rows)
    count(ledger, "hall.main", START + 900 * 100)
    effects = make_progress(city, ledger).effects_in(t.YEAR)
    assert effects.unexplained_bounds_t[0] == -math.inf
    assert math.isfinite(effects.own_low_t)
    assert math.isfinite(effects.unexplained_t)


def test_a_site_given_up_takes_its_energy_with_it(tmp_path):
    """1 kW all of 2007, and 20 MWh in the other halls, who use that still."""
    rows = [t.row(t.BASE, t.OFFICES, t.POWER, 20.0, covers="rest"),
            t.row(t.YEAR, t.OFFICES, t.POWER, 20.0)]  # fmt: skip
    city, ledger = metered_town(tmp_path, [t.hall(closed=date(2015, 6, 1))], [t.meter()], rows)
    first = int(datetime(2006, 12, 31, 23, tzinfo=UTC).timestamp())
    seconds = first + 900 * np.arange(4 * 24 * 366)
    ledger.store.write_series("hall.main/energy_import", seconds, (seconds - first) / 3600.0)
    effects = make_progress(city, ledger).effects_in(t.YEAR)
    assert effects.boundary_t == pytest.approx(8.76 * 0.5, rel=1e-4)
    assert effects.grid_t == pytest.approx(20 * 0.2)
    assert effects.unexplained_t == pytest.approx(0.0, abs=1e-3)


def test_of_a_site_that_nobody_saw_nothing_is_told(tmp_path):
    """Closed in the middle of 2020, metered in 2020 only: of 2007 nobody knows its part."""
    with pytest.raises(ValueError, match="before it opened"):
        t.hall(opened=date(2020, 1, 1), closed=date(2019, 1, 1))
    rows = [t.row(t.BASE, t.OFFICES, t.POWER, 20.0),
            t.row(t.YEAR, t.OFFICES, t.POWER, 11.216, covers="rest")]  # fmt: skip
    hall = t.hall(closed=date(2020, 12, 30))
    city, ledger = metered_town(tmp_path, [hall], [t.meter(since=date(2020, 1, 1))], rows)
    count(ledger, "hall.main")
    effects = make_progress(city, ledger).effects_in(t.YEAR)
    assert effects.boundary_t == 0.0
    assert "cause.site_unseen" in {f.name for f in effects.findings}
    assert effects.grid_t == pytest.approx(20 * 0.2, rel=1e-3)


def test_a_cell_of_one_year_only_is_boundary(tmp_path):
    rows = [*two_years((t.HOMES, t.GAS), 1000.0, 1000.0), t.row(t.YEAR, t.CARS, t.DIESEL, 100.0)]
    effects = effects_of(t.town(rows), tmp_path)
    assert parts(effects) == {"boundary_t": pytest.approx(-27.0)}
    assert "cause.cell_in_one_year" in {f.name for f in effects.findings}


def test_what_is_not_estimated_any_more_was_not_saved(tmp_path):
    rows = [*two_years((t.HOMES, t.GAS), 1000.0, 1000.0), t.row(t.BASE, t.CARS, t.DIESEL, 100.0),
            t.row(t.YEAR, t.CARS, t.DIESEL, None, notation="NE", note="no survey")]  # fmt: skip
    effects = effects_of(t.town(rows), tmp_path)
    assert effects.boundary_t == pytest.approx(27.0)
    assert effects.unexplained_t == pytest.approx(0.0, abs=1e-9)
    assert effects.own_actions_t == 0.0


def test_a_carrier_given_up_is_intensity_by_the_rule_for_zeros(tmp_path):
    rows = two_years((t.CARS, t.DIESEL), 100.0, 0.0)
    kilometres = [t.driver(t.BASE, Driver.VEHICLE_KM, 9e5, t.CARS),
                  t.driver(t.YEAR, Driver.VEHICLE_KM, 8e5, t.CARS)]  # fmt: skip
    effects = effects_of(t.town(rows, kilometres), tmp_path)
    assert parts(effects) == {}
    assert effects.unexplained_t == pytest.approx(27.0)


def test_causes_as_a_list_add_up_and_say_how_they_are_known(tmp_path):
    rows = [*two_years((t.HOMES, t.POWER), 100.0, 90.0), *two_years((t.HOMES, t.GAS), 200.0, 180.0)]
    people = [DriverRow(year=y, driver=Driver.INHABITANTS, value=n, assumed=True, note="n")
              for y, n in ((t.BASE, 100), (t.YEAR, 105))]  # fmt: skip
    city = t.town(rows, people, [own(declared_reduction_t=3.0)])
    effects = effects_of(city, tmp_path)
    causes = causes_of(effects)
    assert math.fsum(c.t for c in causes) == pytest.approx(effects.total_t, abs=1e-9)
    told = {c.name: c for c in causes if c.is_told}
    assert set(told) == {"activity", "grid", "own_actions", "unexplained"}
    assert told["activity"].assumed
    assert not told["grid"].assumed
    assert told["own_actions"].basis is Basis.DECLARED
    assert subtotal_t(causes, Owed.SUPRA_ORDINATE) == effects.supra_ordinate_t


def test_degree_days_of_the_store_go_before_declared_ones_but_never_beside_them(tmp_path):
    """Measured at 10 and at 8 degC all year long: 166 days of the season (15 April included) have
    10 and 12 degree days each, 167 in the leap year; what drivers.csv says is of another winter."""
    city, ledger = measured_winters(tmp_path, (t.BASE, 10.0), (t.YEAR, 8.0))
    effects = make_progress(city, ledger).effects_in(t.YEAR)
    days = (166 * 10.0, 167 * 12.0)
    usual = sum(days) / 2
    w = [0.2 + 0.8 * d / usual for d in days]
    assert effects.weather_t == pytest.approx(200.0 * math.log(w[0] / w[1]), rel=1e-6)
    (tmp_path / "one").mkdir()
    city, ledger = measured_winters(tmp_path / "one", (t.YEAR, 8.0))
    only_declared = make_progress(city, ledger).effects_in(t.YEAR)
    assert only_declared.weather_t == 0.0  # 1500 in both years, by drivers.csv


def measured_winters(folder, *years):
    days = [t.driver(y, Driver.DEGREE_DAYS, 1500) for y in (t.BASE, t.YEAR)]
    city = t.town(two_years((t.HOMES, t.GAS), 1000.0, 1000.0), days, climate_zone="D")
    city = replace(city, heating_seasons=t.shipped_seasons())
    ledger = t.ledger_of(city, folder)
    for year, degc in years:
        first = int(datetime(year - 1, 12, 1, tzinfo=UTC).timestamp())
        seconds = first + 3600 * np.arange(24 * 430)
        ledger.store.write_series(
            "town.weather/outdoor_temperature", seconds, np.full(len(seconds), degc)
        )
    return city, ledger


def test_a_wrong_drivers_file_says_where(tmp_path):
    path = tmp_path / "drivers.csv"
    path.write_text(
        "year,driver,sector,value,source\n"
        "2007,degree_days,,1500,s\n2007,degree_days,,1400,s\n"
        "2007,degree_days,industry,1400,s\n2007,light_points,public_lighting,0,s\n"
        "2020,inhabitants,,500,\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as raised:
        read_drivers(path)
    found = [problem.split("drivers.csv:")[1] for problem in raised.value.problems]
    assert [problem.split(":")[0] for problem in found] == ["4", "5", "6"]
    assert "whole city" in found[0]
    assert "value" in found[1]
    assert "needs a source" in found[2]
    path.write_text(
        "year,driver,value,source\n2007,degree_days,1500,s\n2007,degree_days,1,s\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"drivers\.csv:3: degree_days, 2007 is there already"):
        read_drivers(path)
    assert read_drivers(tmp_path / "none.csv") == ()


def test_a_driver_that_measures_nothing_is_a_mistake(tmp_path):
    rows = [t.driver(t.BASE, Driver.LIGHT_POINTS, 50, t.HOMES),
            t.driver(t.BASE, Driver.LIGHT_POINTS, 50, t.LAMPS),
            t.driver(t.BASE, Driver.VEHICLE_KM, 50, t.CARS),
            t.driver(t.BASE, Driver.DEGREE_DAYS, 1500)]  # fmt: skip
    found = list(idle_drivers(tmp_path / "drivers.csv", rows, t.DEPENDENCE))
    assert len(found) == 2
    assert "residential_buildings would be used for nothing" in found[0]
    assert "is measured by inhabitants" in found[0]
    assert "has no measure" in found[1]


def test_inventories_of_two_methods_are_not_compared(tmp_path):
    city = t.town(two_years((t.HOMES, t.POWER), 100.0, 90.0))
    ledger = t.ledger_of(city, tmp_path)
    frozen = make_inventories(city, ledger, Method.of(city.plan, electricity_factor="frozen"))
    mixed = {t.BASE: make_inventories(city, ledger)[t.BASE], t.YEAR: frozen[t.YEAR]}
    with pytest.raises(DataError, match="two methods"):
        make_effects(city, ledger, mixed)


def test_a_target_per_head_tells_the_same_tonnes(tmp_path):
    known = [{"year": y, "inhabitants": n, "source": "register"}
             for y, n in ((t.BASE, 500), (t.YEAR, 550))]  # fmt: skip
    city = t.town(two_years((t.HOMES, t.GAS), 1000.0, 1000.0), population=known)
    ledger = t.ledger_of(city, tmp_path)
    absolute = make_progress(city, ledger).effects_in(t.YEAR)
    changes = {"kind": "per_capita",
               "population_estimate": PopulationEstimate(inhabitants=550)}  # fmt: skip
    target = city.plan.targets[0].model_copy(update=changes)
    city = replace(city, plan=city.plan.model_copy(update={"targets": (target,)}))
    assert make_progress(city, ledger).effects_in(t.YEAR) == absolute
    assert absolute.activity_t == pytest.approx(-200 * math.log(1.1))


def test_weather_and_grid_of_heat_made_here_are_local(tmp_path):
    rows = two_years((t.HOMES, Carrier.HEAT_COLD), 100.0, 100.0)
    factors = t.library(more=[t.factor(Carrier.HEAT_COLD, 0.2)])
    city = t.town(rows)
    ledger = t.ledger_of(city, tmp_path, factors)
    made = make_inventories(city, ledger)
    made = {y: with_local_factor(i, 0.2 if y == t.BASE else 0.15, 0.0) for y, i in made.items()}
    assert parts(make_effects(city, ledger, made)[-1]) == {"local_supply_t": pytest.approx(5.0)}
