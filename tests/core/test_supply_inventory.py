"""Local supply in whole inventories of a small town, each figure by hand.

The town bought 520.5 MWh of electricity in 2005, nobody else declares any; the national factor of
its set is 0.483 in 2005 and 0.400 in 2015, gas has 0.202 and diesel 0.267. Roofs make 100 MWh, of
which 40 % are used under them: 60 MWh reach others.
"""

from datetime import UTC, datetime

import pytest

from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.errors import DataError, FactorMissing
from paes.factors.emission_factors import How
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.inventory.side_by_side import side_by_side
from paes.metering import Carrier, Sector
from paes.progress.progress import make_progress
from paes.progress.side_by_side import progress_side_by_side
from paes.report.supply_documents import (
    bases_document,
    progress_bases_document,
    supply_document,
)
from paes.store.sqlite import SqliteStore
from tests.core.test_supply_files import FOLDER, FUELS, GENERATION, GREEN, PLANTS, TRADE

NOW = datetime(2021, 6, 1, tzinfo=UTC)
ROOFS = PLANTS.split("  - id: centrale")[0]
ROOFS_MADE = "year,plant,electricity_mwh,source\n2005,tetti,100,register\n"
HEAT = "2005,residential_buildings,heat_cold,800,sector,operator,,\n"
LATER = (
    "2015,municipal_buildings,electricity,500,sector,bills,,\n"
    "2015,municipal_buildings,natural_gas,900,sector,bills,,\n"
)


@pytest.fixture
def town(small, tmp_path):
    """The town with these files, as ``make(year, **method)``."""
    store = SqliteStore(tmp_path / "readings.sqlite")
    small.replace(
        "factors/prova.csv",
        "natural_gas,,",
        "electricity,2015,0.400,x\ndiesel,,0.267,x\nnatural_gas,,",
    )
    activity = small.root / "cities/porto/activity/bollette.csv"

    def city(activity_rows="", **files):
        small.write({f"{FOLDER}/{name.replace('__', '.')}": text for name, text in files.items()})
        with activity.open("a", encoding="utf-8") as file:
            file.write(activity_rows)
        installation = load_installation(small.root)
        return installation.city(), EnergyLedger(installation, store, lambda: NOW)

    yield city
    store.close()


def power(inventory):
    (line,) = [n for n in inventory.lines if n.activity.carrier is Carrier.ELECTRICITY]
    return line


def made(city_and_ledger, year=2005, **changes):
    city, ledger = city_and_ledger
    return make_inventory(city, year, ledger, Method.of(city.plan, **changes))


def local(city_and_ledger, year=2005, **changes):
    return made(city_and_ledger, year, electricity_scope="local", **changes)


def test_the_national_scope_knows_nothing_of_local_plants(town):
    inventory = made(town(plants__yaml=ROOFS, generation__csv=ROOFS_MADE))
    assert power(inventory).factor.factor_t_per_mwh == 0.483
    assert power(inventory).emissions_t == pytest.approx(520.5 * 0.483)
    assert inventory.supply.production.mwh == 100


def test_the_local_factor_carries_every_term_of_its_formula(town):
    line = power(local(town(plants__yaml=ROOFS, generation__csv=ROOFS_MADE)))
    # (520.5 - 60) x 0.483 / 520.5 = 222.4215 / 520.5 = 0.4273228
    assert line.factor.factor_t_per_mwh == pytest.approx(222.4215 / 520.5)
    assert line.emissions_t == pytest.approx(222.4215)
    assert line.factor.how is How.LOCAL
    assert line.factor.formula == "EFE = ((TCE - LPE - GEP) x NEEFE + CO2LPE + CO2GEP) / TCE"
    assert line.factor.numbers == pytest.approx(
        {
            "tce_mwh": 520.5,
            "lpe_mwh": 60,
            "own_use_mwh": 40,
            "gep_mwh": 0,
            "neefe_t_per_mwh": 0.483,
            "co2lpe_t": 0,
            "co2gep_t": 0,
            "low_t_per_mwh": 222.4215 / 520.5,
            "high_t_per_mwh": 222.4215 / 520.5,
        }
    )


def test_activity_that_holds_own_use_is_met_by_all_that_was_made(town):
    plants = ROOFS.replace("used_on_the_spot_fraction: 0.4", "consumption_includes_own_use: true")
    line = power(local(town(plants__yaml=plants, generation__csv=ROOFS_MADE)))
    # (520.5 - 100) x 0.483 = 203.1015
    assert line.emissions_t == pytest.approx(203.1015)


def test_a_row_says_more_of_own_use_than_its_plant(town):
    rows = "year,plant,electricity_mwh,used_on_the_spot_mwh,source\n2005,tetti,100,90,register\n"
    line = power(local(town(plants__yaml=ROOFS, generation__csv=rows)))
    assert line.factor.numbers["lpe_mwh"] == pytest.approx(10)


def test_green_electricity_counts_in_the_factor_only_where_the_plan_wants_it(town):
    files = {"plants__yaml": ROOFS, "generation__csv": ROOFS_MADE, "green_electricity__csv": GREEN}
    there = town(**files)
    # (520.5 - 60 - 300) x 0.483 = 77.5215
    in_factor = local(there, green_electricity="in_factor")
    assert power(in_factor).emissions_t == pytest.approx(77.5215)
    assert power(local(there)).emissions_t == pytest.approx(222.4215)
    national = made(there, green_electricity="in_factor")
    assert "supply.green_not_counted" in [f.name for f in national.findings]
    assert power(national).emissions_t == pytest.approx(520.5 * 0.483)


def test_frozen_national_factor_with_the_production_of_the_year(town):
    rows = ROOFS_MADE + "2015,tetti,200,register\n"
    there = town(LATER, plants__yaml=ROOFS, generation__csv=rows)
    # The way of Bologna, Florence and Parma: (500 - 120) x 0.483 = 183.54; current 380 x 0.4 = 152.
    frozen = power(local(there, 2015, electricity_factor="frozen"))
    assert frozen.emissions_t == pytest.approx(183.54)
    assert frozen.factor.note == "NEEFE frozen at 2005, local production of 2015"
    assert power(local(there, 2015, electricity_factor="current")).emissions_t == pytest.approx(152)


def test_all_four_bases_stand_side_by_side(town):
    rows = ROOFS_MADE + "2015,tetti,200,register\n"
    city, ledger = town(LATER, plants__yaml=ROOFS, generation__csv=rows)
    bases = side_by_side(city, 2015, ledger, Method.of(city.plan))
    assert {b.name: round(b.electricity_t, 6) for b in bases} == {
        "national, current": 200.0,
        "national, frozen at 2005": 241.5,
        "local, current": 152.0,
        "local, frozen at 2005": 183.54,
    }
    assert [b.name for b in bases if b.is_asked] == ["national, frozen at 2005"]
    told = bases_document(bases)
    assert [t["factor_how"] for t in told] == ["exact", "frozen", "local", "local"]
    # The rest of each total is the same: 900 x 0.202 + 4000 x 0.267 = 181.8 + 1068
    assert [t["emissions_t"] - t["electricity_t"] for t in told] == [pytest.approx(1249.8)] * 4


def test_progress_by_every_basis(town):
    rows = ROOFS_MADE + "2015,tetti,200,register\n"
    city, ledger = town(LATER, plants__yaml=ROOFS, generation__csv=rows)
    told = progress_bases_document(progress_side_by_side(city, ledger, None, Method.of(city.plan)))
    by_name = {t["basis"]: t["years"] for t in told}
    # Beside 900 x 0.202 + 4000 x 0.267 = 1249.8 t of gas and diesel in both years.
    for name, base_t, year_t in (
        ("national, current", 520.5 * 0.483, 200.0),
        ("national, frozen at 2005", 520.5 * 0.483, 241.5),
        ("local, current", 222.4215, 152.0),
        ("local, frozen at 2005", 222.4215, 183.54),
    ):
        base, year = by_name[name]
        assert base["emissions_t"] == pytest.approx(base_t + 1249.8)
        assert year["emissions_t"] == pytest.approx(year_t + 1249.8)
        fell = (base_t - year_t) / (base_t + 1249.8)
        assert year["reduction_fraction"] == pytest.approx(fell)


def test_a_cogenerators_tonnes_go_to_heat_and_electricity(town):
    inventory = local(
        town(HEAT, plants__yaml=PLANTS, generation__csv=GENERATION, plant_fuels__csv=FUELS)
    )
    # 1000 MWh of gas: 202 t. 450 / 0.9 = 500 of heat, 200 / 0.4 = 500 of electricity: 101 t each.
    supply = inventory.supply
    assert [(r.code, r.energy.mwh, r.emissions_t) for r in supply.table_c] == [
        ("M113", 100, 0),
        ("M114", 200, pytest.approx(101)),
        ("M129", 300, pytest.approx(101)),
    ]
    assert [(r.code, r.energy.mwh, r.emissions_t) for r in supply.table_d] == [
        ("M131", 450, pytest.approx(101)),
        ("M149", 450, pytest.approx(101)),
    ]
    assert supply.table_d[0].fuels_mwh == {"natural_gas": pytest.approx(500)}
    assert supply.table_c[1].factor_t_per_mwh == pytest.approx(0.505)
    # (520.5 - 60 - 200) x 0.483 + 101 = 125.8215 + 101
    assert power(inventory).emissions_t == pytest.approx(226.8215)
    (heat,) = [n for n in inventory.lines if n.activity.carrier is Carrier.HEAT_COLD]
    # EFH = 101 / 800: all of the plant's tonnes are in the inventory, once.
    assert heat.factor.factor_t_per_mwh == pytest.approx(101 / 800)
    assert heat.emissions_t == pytest.approx(101)
    # 450 MWh are made and 800 used: 350 may have had the JRC's most, 0.569: (101 + 199.15) / 800
    assert "supply.heat_short" in [f.name for f in inventory.findings]
    assert heat.factor.bounds_t_per_mwh == (
        pytest.approx(101 / 800),
        pytest.approx((101 + 350 * 0.569) / 800),
    )


def test_heat_across_the_border(town):
    inventory = made(
        town(
            HEAT,
            plants__yaml=PLANTS,
            generation__csv=GENERATION,
            plant_fuels__csv=FUELS,
            heat_trade__csv=TRADE,
        )
    )
    (heat,) = [n for n in inventory.lines if n.activity.carrier is Carrier.HEAT_COLD]
    # (101 + 200 - 100) / 800 = 0.25125; 450 + 1000 - 500 = 950 MWh for 800: enough.
    assert heat.factor.factor_t_per_mwh == pytest.approx(201 / 800)
    assert heat.factor.formula == "EFH = (CO2LPH + CO2IH - CO2EH) / LHC"
    assert {k: heat.factor.numbers[k] for k in ("lhc_mwh", "co2lph_t", "co2ih_t", "co2eh_t")} == {
        "lhc_mwh": 800,
        "co2lph_t": pytest.approx(101),
        "co2ih_t": 200,
        "co2eh_t": pytest.approx(100),
    }
    assert "supply.heat_short" not in [f.name for f in inventory.findings]


def test_heat_across_the_border_is_carried_and_said_to_be(town):
    """A year without a row is no year without imports: they would be a saving by a missing file."""
    trade = "year,direction,mwh,emissions_t,source\n2005,import,800,160,operator\n"
    inventory = made(town(HEAT + LATER, heat_trade__csv=trade), 2015)
    (heat,) = [n for n in inventory.lines if n.activity.carrier is Carrier.HEAT_COLD]
    assert heat.emissions_t == pytest.approx(160)
    assert "supply.heat_carried" in [f.name for f in inventory.findings]


def test_more_heat_exported_than_made_is_refused(town):
    trade = "year,direction,mwh,emissions_t,source\n2005,export,900,300,operator\n"
    files = {"plants__yaml": PLANTS, "generation__csv": GENERATION, "plant_fuels__csv": FUELS}
    with pytest.raises(FactorMissing, match="exported heat takes 300 t with it"):
        made(town(HEAT, **files, heat_trade__csv=trade))


def test_heat_of_which_nobody_knows_how_it_was_made_says_what_to_declare(town):
    with pytest.raises(FactorMissing, match=r"800 MWh of heat_cold .* declare the plants"):
        made(town(HEAT))


def test_a_declared_factor_of_heat_beats_table_d(town):
    own = "carrier,year,factor_t_per_mwh,source\nheat_cold,2005,0.161,operator\n"
    files = {"plants__yaml": PLANTS, "generation__csv": GENERATION, "plant_fuels__csv": FUELS}
    inventory = made(town(HEAT, **files, local_factors__csv=own))
    (heat,) = [n for n in inventory.lines if n.activity.carrier is Carrier.HEAT_COLD]
    assert (heat.factor.factor_t_per_mwh, heat.factor.how) == (0.161, How.DECLARED)


def test_fuel_that_is_in_a_line_already_counts_there_alone(town):
    plants = PLANTS.replace("capacity_mw: 5\n", "capacity_mw: 5\n    fuel_in_consumption: true\n")
    inventory = local(town(plants__yaml=plants, generation__csv=GENERATION, plant_fuels__csv=FUELS))
    # The gas stands in the 900 MWh of the town's buildings: 260.5 x 0.483 and no more.
    assert power(inventory).emissions_t == pytest.approx(260.5 * 0.483)
    row = inventory.supply.table_c[1]
    assert (row.emissions_t, row.elsewhere_t) == (0, pytest.approx(101))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("capacity_mw: 5\n    ets: true\n", "in the emissions trading scheme"),
        ("capacity_mw: 25\n", "25 MW is more than 20 MW"),
    ],
)
def test_a_plant_too_large_or_in_the_ets_is_left_out_and_told(town, change, told):
    plants = PLANTS.replace("capacity_mw: 5\n", change)
    inventory = local(town(plants__yaml=plants, generation__csv=GENERATION, plant_fuels__csv=FUELS))
    assert power(inventory).emissions_t == pytest.approx(222.4215)
    assert inventory.supply.table_d == ()
    (finding,) = [f for f in inventory.findings if f.name == "supply.left_out"]
    assert finding.subject == "centrale"
    assert told in finding.message


def test_many_small_units_are_not_too_large(town):
    plants = PLANTS.replace("capacity_mw: 5\n", "capacity_mw: 25\n    largest_unit_mw: 1\n")
    inventory = local(town(plants__yaml=plants, generation__csv=GENERATION, plant_fuels__csv=FUELS))
    assert inventory.supply.production.mwh == 300


def test_a_year_without_a_figure_of_production_is_no_saving(town):
    """Nothing is known of 2005, 100 MWh of 2006: before, the roofs' 2 MW bound what they made."""
    rows = ROOFS_MADE.replace("2005", "2006")
    there = town(LATER, plants__yaml=ROOFS, generation__csv=rows)
    base = local(there)
    line = power(base)
    assert line.factor.factor_t_per_mwh == pytest.approx(0.483)
    # 2 MW x 8784 h = 17,568 MWh may have been delivered: more than was used, and without emissions.
    assert line.factor.bounds_t_per_mwh == (0.0, pytest.approx(0.483))
    assert line.bounds_t == (0.0, pytest.approx(520.5 * 0.483))
    (finding,) = [f for f in base.findings if f.name == "supply.missing"]
    assert finding.numbers == {"high_mwh": 17568.0}
    # 2015 carries what 2006 made, and says so: (500 - 60) x 0.483, the plan's frozen factor.
    later = local(there, 2015)
    assert power(later).emissions_t == pytest.approx(440 * 0.483)
    assert "supply.carried" in [f.name for f in later.findings]


def test_a_base_year_without_a_figure_of_production_bounds_the_reduction(town):
    rows = ROOFS_MADE.replace("2005", "2006")
    city, ledger = town(LATER, plants__yaml=ROOFS, generation__csv=rows)
    method = Method.of(city.plan, electricity_scope="local")
    base, year = make_progress(city, ledger, None, method).years
    # 1501.2015 t in 2005, if nothing was made; 1249.8 t if all was. 440 x 0.483 + 1249.8 = 1462.32.
    assert base.emissions_t == pytest.approx(520.5 * 0.483 + 1249.8)
    assert year.reduction_fraction == pytest.approx(1 - 1462.32 / 1501.2015)
    assert year.least_reduction_fraction == pytest.approx(1 - 1462.32 / 1249.8)
    assert year.least_reduction_fraction < 0 < year.reduction_fraction


def test_a_plant_that_was_not_there_yet_is_not_missing(town):
    plants = ROOFS.replace("capacity_mw: 2\n", "capacity_mw: 2\n    since: 2006\n")
    inventory = local(town(plants__yaml=plants, generation__csv=ROOFS_MADE.replace("2005", "2006")))
    assert power(inventory).factor.bounds_t_per_mwh == (0.483, 0.483)
    assert [f for f in inventory.findings if f.name.startswith("supply")] == []


def test_a_town_that_exports_and_one_that_uses_nothing(town):
    plenty = ROOFS_MADE.replace("100", "2000")
    inventory = local(town(plants__yaml=ROOFS, generation__csv=plenty))
    # 1200 MWh delivered for 520.5, all of the sun: 0 t.
    assert power(inventory).factor.formula == (
        "EFE = (CO2LPE + CO2GEP) / (LPE + own use + GEP) x (TCE + own use) / TCE"
    )
    assert power(inventory).emissions_t == 0


def test_life_cycle_purchases_need_their_factor(small, town):
    small.replace("factors/sets.yaml", "approach: IPCC", "approach: LCA")
    there = town(green_electricity__csv=GREEN)
    with pytest.raises(DataError, match="has no factor_t_per_mwh"):
        local(there, green_electricity="in_factor")
    # The national inventory needs none of it, and is made.
    assert made(there).supply.findings[0].name == "supply.no_factor"


def test_life_cycle_purchases_with_their_factor(small, town):
    small.replace("factors/sets.yaml", "approach: IPCC", "approach: LCA")
    green = "year,mwh,factor_t_per_mwh,source\n2005,300,0.02,contract\n"
    inventory = local(town(green_electricity__csv=green), green_electricity="in_factor")
    # (520.5 - 300) x 0.483 + 300 x 0.02 = 106.5015 + 6
    assert power(inventory).emissions_t == pytest.approx(112.5015)


def test_life_cycles_count_what_it_took_to_build_plants(small, town):
    small.replace("factors/sets.yaml", "approach: IPCC", "approach: LCA")
    own = ROOFS.replace("capacity_mw: 2\n", "capacity_mw: 2\n    life_cycle_t_per_mwh: 0.03\n")
    inventory = local(town(plants__yaml=own, generation__csv=ROOFS_MADE))
    # 460.5 x 0.483 as before, and 100 MWh x 0.03 = 3 t
    assert power(inventory).emissions_t == pytest.approx(222.4215 + 3)
    assert inventory.supply.table_c[0].factor_t_per_mwh == pytest.approx(0.03)
    # Without its own, the shipped factor of photovoltaics: 0.05
    inventory = local(town(plants__yaml=ROOFS))
    assert power(inventory).emissions_t == pytest.approx(222.4215 + 5)
    assert power(inventory).assumed


def test_one_factor_for_every_sector(town):
    lighting = "2005,public_lighting,electricity,79.5,sector,bills,,\n"
    inventory = local(town(lighting, plants__yaml=ROOFS, generation__csv=ROOFS_MADE))
    lines = [n for n in inventory.lines if n.activity.carrier is Carrier.ELECTRICITY]
    assert {n.activity.sector for n in lines} == {
        Sector.MUNICIPAL_BUILDINGS,
        Sector.PUBLIC_LIGHTING,
    }
    # 520.5 + 79.5 = 600; (600 - 60) x 0.483 / 600 = 0.4347
    assert {round(n.factor.factor_t_per_mwh, 9) for n in lines} == {0.4347}
    assert sum(n.emissions_t for n in lines) == pytest.approx(540 * 0.483)


def test_the_document_of_supply_is_plain_data(town):
    inventory = local(
        town(HEAT, plants__yaml=PLANTS, generation__csv=GENERATION, plant_fuels__csv=FUELS)
    )
    told = supply_document(inventory.supply)
    assert [r["label"] for r in told["table_c"]] == [
        "Photovoltaic",
        "Combined heat and power",
        "Total",
    ]
    assert told["lpe"]["energy_mwh"] == pytest.approx(260)
    assert told["co2lpe_t"] == pytest.approx(101)
    assert told["plants"][1]["heat_emissions_fraction"] == pytest.approx(0.5)
