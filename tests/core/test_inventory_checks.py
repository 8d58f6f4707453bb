"""What is hardly right, by the JRC's limits: energy a head, factors, actions, and two years.

Towns are small enough to reckon by hand; limits are those of the JRC's validation script.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_installation import SmallInstallation

from paes.accounting.energy_total import EnergyTotal
from paes.activity.activity_data import DeclaredRow, activity_data
from paes.cli.check import check_factors, implausible
from paes.config import load_installation
from paes.factors.emission_factors import FactorLibrary, FactorMatch, FactorRow, FactorSet, How
from paes.installation import City, CityFile
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.method import Method
from paes.inventory.other_emissions import OtherEmissions, OtherRow
from paes.metering import Carrier, Finding, Sector
from paes.plan.action import Action
from paes.plausibility.action_checks import implicit_factor_findings, plan_findings
from paes.plausibility.checks import (
    declared_findings,
    energy_findings,
    factor_outliers,
    green_findings,
    seems_kwh,
)
from paes.plausibility.comparability import comparability_findings
from paes.plausibility.limits import limits
from paes.schema import Sourced
from paes.shipped_files import shipped_config
from tests.core import evidence_town
from tests.core.evidence_town import FACTORS, GAS, HOMES, NAME, OFFICES, POWER, declared

TABLE = "cities/porto/activity/town.csv"
LIMITS = limits(Path("nowhere"))
HEAD = "year,sector,carrier,mwh,source\n"


@pytest.fixture
def small(tmp_path) -> SmallInstallation:
    return SmallInstallation(tmp_path)


@pytest.mark.parametrize(
    ("mwh", "inhabitants", "expected"),
    [(1_000_000.0, 1000.0, False), (1_000_001.0, 1000.0, True), (999.0, 1.0, False)],
)
def test_more_than_a_thousand_mwh_an_inhabitant_are_kwh(mwh, inhabitants, expected):
    assert seems_kwh(mwh, inhabitants, LIMITS.energy_per_head) is expected


def test_kwh_and_years_of_nearly_nothing_are_found(small):
    small.write({TABLE: HEAD + "2019,residential_buildings,electricity,5000000,x\n"
                 "2020,residential_buildings,electricity,9.9,x\n"
                 "2021,residential_buildings,electricity,10,x\n"})  # fmt: skip
    city = load_installation(small.root).city()
    rows = [row for row in city.declared if row.source == "x"]
    found = declared_findings(city, rows, LIMITS)
    assert [(f.name, f.subject) for f in found] == [
        ("declared.kwh_for_mwh", "electricity in residential_buildings, 2019"),
        ("declared.suspiciously_low", "porto/2020"),
    ]


def test_years_before_any_known_population_are_left_out(small):
    small.write({TABLE: HEAD + "2006,residential_buildings,electricity,5000000,x\n"})
    city = load_installation(small.root).city()
    assert declared_findings(city, city.declared, LIMITS) == []


def test_check_warns_of_what_is_hardly_a_towns(small):
    small.write({TABLE: HEAD + "2019,residential_buildings,electricity,5000000,x\n"})
    assert implausible(load_installation(small.root)) == [
        (
            "electricity in residential_buildings, 2019: probably kWh, not MWh (5,000,000 MWh, "
            "1,000 inhabitants)"
        )
    ]


def test_check_tells_a_meter_of_a_fuel_without_calorific_value(small):
    small.replace(
        "cities/porto/meters.yaml",
        "meters:\n  - id: scuola.main",
        "imported_meters:\n  - {id: scuola.legna, carrier: other_biomass, unit: kg,"
        " brings: amounts}\n"
        "meters:\n  - id: scuola.main",
    )
    told = [p for p in check_factors(load_installation(small.root)) if "calorific" in p]
    assert told == [
        (
            "porto: meter scuola.legna: no net calorific value for other_biomass per kg in 2005; "
            "there is pellet per kg, wood per kg, wood-chips per kg"
        )
    ]


SET = FactorSet(id="own", name=NAME, approach="IPCC", gas="CO2", version="1")


def town(rows: list[DeclaredRow], year: int = 2024) -> tuple[City, list[InventoryLine]]:
    """A town of ten people, and its lines of that year."""
    city = evidence_town.town(tuple(rows)).city()
    activities, _ = activity_data(year, rows, {})
    found = [InventoryLine(a, FACTORS.find("test", a.carrier, a.sector, year)) for a in activities]
    return city, found


def inventory(rows: list[DeclaredRow], year: int = 2024) -> Inventory:
    _, lines = town(rows, year)
    return Inventory("town", year, "MEI", SET, Method("test", 2007), tuple(lines), ())


@pytest.mark.parametrize(
    ("mwh", "sector", "expected"),
    [
        (149.0, HOMES, []),  # 14.9 MWh a head; Italy's 3.0 five times is 15
        (151.0, HOMES, ["energy.per_head_high"]),
        (1000.0, Sector.INDUSTRY, []),  # industry is not counted
        (0.09, HOMES, ["energy.per_head_low"]),  # 0.009 a head
        (0.11, HOMES, []),
    ],
)
def test_electricity_a_head_is_set_beside_what_the_country_uses(mwh, sector, expected):
    city, lines = town([declared(2024, mwh, sector=sector)])
    assert [f.name for f in energy_findings(city, 2024, lines, LIMITS)] == expected


def test_other_energy_a_head_has_a_limit_of_its_own():
    """Fourteen MWh six times are 84 a head."""
    city, lines = town([declared(2024, 841.0, sector=HOMES, carrier=GAS)])
    (found,) = energy_findings(city, 2024, lines, LIMITS)
    assert (found.name, found.subject) == ("energy.per_head_high", "town/2024/other")
    assert found.numbers["limit_mwh_per_head"] == 84.0
    assert found.numbers["mwh_per_head"] == pytest.approx(84.1)


def test_nobody_is_told_of_heads_that_nobody_counted():
    _, lines = town([declared(2024, 9999.0)])
    unknown = evidence_town.town((), facts=CityFile(id="t", name="T", latitude=44, longitude=9))
    assert energy_findings(unknown.city(), 2024, lines, LIMITS) == []


def match(value: float, how: How = How.EXACT, source: str = "s", **changes) -> FactorMatch:
    of = {"factor_set": "own", "carrier": POWER, "year_asked": 2020, "year_used": 2020,
          "factor_t_per_mwh": value, "how": how, "source": source, "assumed": False, "note": None,
          **changes}  # fmt: skip
    return FactorMatch(**of)


def library() -> FactorLibrary:
    """The reference has 0.4 in 1990 and 0.2 in 2020; ``own`` is somebody's set of the same kind."""
    reference = SET.model_copy(update={"id": "ipcc-co2"})
    rows = [
        FactorRow(carrier=POWER, year=1990, factor_t_per_mwh=0.4, source="s"),
        FactorRow(carrier=POWER, year=2020, factor_t_per_mwh=0.2, source="s"),
    ]
    return FactorLibrary([SET, reference], {"ipcc-co2": rows, "own": []})


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (match(0.39), None),
        (match(0.41), "is more than the highest of all years, 0.4"),
        (match(0.79, How.LOCAL), None),
        (match(0.81, How.LOCAL), "is more than 2 times 0.4"),
        (match(0.81, How.DECLARED), "is more than 2 times 0.4"),
        (match(0.47, source=""), None),
        (match(0.49, source=""), "has no source and is more than 1.2 times 0.4"),
        (match(-0.1, How.LOCAL), "is negative"),
        (match(0.56, carrier=Carrier.HEAT_COLD), None),
        (match(0.57, carrier=Carrier.HEAT_COLD), "is more than the highest of all years, 0.569"),
        (match(0.26, carrier=Carrier.BIOFUEL), "is more than the highest of all years, 0.255"),
        (match(0.01, carrier=Carrier.SOLAR_THERMAL), "is more than the highest of all years, 0"),
        (match(9.0, carrier=Carrier.COAL), None),  # the reference knows no coal
    ],
)
def test_a_factor_is_set_beside_the_reference_of_its_kind(asked, words):
    found = factor_outliers([asked, asked], library(), LIMITS)
    assert [words in f.message for f in found] == ([True] if words else [])
    assert all(f.name == "factor.outlier" for f in found)


def test_a_factor_that_differs_from_its_year_is_told_below_the_highest_too():
    """0.2 less 1.5 times 0.2 is below zero, so it can only be above: 0.5, beside 0.6 in 1990."""
    rows = [
        FactorRow(carrier=POWER, year=1990, factor_t_per_mwh=0.6, source="s"),
        FactorRow(carrier=POWER, year=2020, factor_t_per_mwh=0.2, source="s"),
    ]
    reference = SET.model_copy(update={"id": "ipcc-co2"})
    factors = FactorLibrary([SET, reference], {"ipcc-co2": rows, "own": []})
    (found,) = factor_outliers([match(0.51)], factors, LIMITS)
    assert "differs from 0.2 by more than 150 %" in found.message
    assert factor_outliers([match(0.49)], factors, LIMITS) == []


def test_the_reference_is_no_outlier_of_itself():
    library_ = library()
    asked = library_.find("ipcc-co2", POWER, HOMES, 1990)
    assert factor_outliers([asked], library_, LIMITS) == []


def test_green_electricity_beyond_what_is_used_is_told():
    city, lines = town([declared(2024, 100.0), declared(2024, 500.0, carrier=GAS)])
    assert green_findings(city, 2024, 105.0, lines, LIMITS) == []
    (found,) = green_findings(city, 2024, 105.1, lines, LIMITS)
    assert found.numbers == {"green_mwh": 105.1, "used_mwh": 100.0}


def action(name: str = "led", **changes) -> Action:
    of = {"id": name, "name": NAME, "sector": Sector.PUBLIC_LIGHTING, "status": "ongoing"}
    return Action.model_validate({**of, **changes})


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"declared_reduction_t": 20.0, "declared_saving_mwh": 10.0}, None),  # 2 exactly
        ({"declared_reduction_t": 21.0, "declared_saving_mwh": 10.0}, 2.1),
        ({"declared_reduction_t": 21.0, "declared_saving_mwh": 5.0,
          "declared_production_mwh": 5.0}, 2.1),
        ({"declared_reduction_t": 11.0, "declared_saving_mwh": 1200.0}, 11 / 1200),
        ({"declared_reduction_t": 9.0, "declared_saving_mwh": 1.0}, None),  # too small to ask
        ({"declared_reduction_t": 900.0}, None),  # no energy
        ({"declared_saving_mwh": 900.0}, None),  # no tonnes
        ({"declared_reduction_t": 900.0, "declared_saving_mwh": 1.0, "sector": "other"}, None),
    ],
)  # fmt: skip
def test_tonnes_of_an_action_fit_its_energy(changes, factor):
    found = implicit_factor_findings([action(**changes)], LIMITS.actions)
    expected = [] if factor is None else [pytest.approx(factor)]
    assert [f.numbers["implicit_t_per_mwh"] for f in found] == expected


def test_the_register_is_set_beside_target_and_base_year():
    """100 MWh at 0.5: 50 t, of which the target asks for 20 %, 10 t; 2.2 times that are 22 t."""
    base = inventory([declared(2007, 100.0)], 2007)
    city, _ = town([declared(2007, 100.0)])
    targets = city.plan.targets

    def told(reduction_t: float, *actions: Action) -> list[str]:
        found = plan_findings(actions, targets, base, reduction_t, LIMITS.actions)
        return [f.name for f in found]

    assert told(22.0) == []
    assert told(22.1) == ["plan.reductions_exceed_target"]
    assert told(50.1) == ["plan.reductions_exceed_target", "plan.reductions_exceed_base"]
    saves = action("a", declared_saving_mwh=60.0), action("b", declared_saving_mwh=61.0)
    assert told(1.0, *saves) == ["plan.savings_exceed_base"]
    assert told(1.0, *saves[:1], action("c", declared_saving_mwh=60.0)) == []
    dropped = action("d", declared_saving_mwh=999.0, status="cancelled")
    assert told(1.0, dropped) == []


def test_a_cell_that_went_is_a_gap_and_no_saving():
    base = inventory([declared(2007, 100.0), declared(2007, 40.0, carrier=GAS)], 2007)
    later = inventory([declared(2024, 90.0)])
    (found,) = comparability_findings(base, later, LIMITS.comparability)
    assert (found.name, found.subject) == (
        "comparability.cell_gone", "2024/municipal_buildings/natural_gas"
    )  # fmt: skip
    assert found.numbers == {"base_mwh": 40.0, "base_t": pytest.approx(8.0)}
    (found,) = comparability_findings(later, base, LIMITS.comparability)
    assert found.name == "comparability.cell_new"


@pytest.mark.parametrize(
    ("then", "now", "names"),
    [
        (100.0, 500.0, []),
        (100.0, 501.0, ["comparability.jump"]),
        (501.0, 100.0, ["comparability.jump"]),
        (1.0, 99.0, []),  # less than 100 MWh are nobody's concern
    ],
)
def test_a_cell_that_jumps_is_told(then, now, names):
    base, later = inventory([declared(2007, then)], 2007), inventory([declared(2024, now)])
    found = comparability_findings(base, later, LIMITS.comparability)
    assert [f.name for f in found] == names


def test_what_meters_tell_now_and_tables_told_then_is_no_plain_change():
    """10 MWh declared in 2007; in 2024 a rest of 5 and 5 measured: half. Of a rest of 6 not."""
    base = inventory([declared(2007, 10.0)], 2007)
    seen = {(OFFICES, POWER): EnergyTotal(measured_kwh=5_000.0)}

    def told(rest_mwh: float) -> list[Finding]:
        rows, _ = activity_data(2024, [declared(2024, rest_mwh, covers="rest")], seen)
        lines = [InventoryLine(r, FACTORS.find("test", POWER, OFFICES, 2024)) for r in rows]
        later = replace(inventory([declared(2024, 1.0)]), lines=tuple(lines))
        return comparability_findings(base, later, LIMITS.comparability)

    (found,) = told(5.0)
    assert found.name == "comparability.other_evidence"
    assert found.numbers == {"base_metered_fraction": 0.0, "later_metered_fraction": 0.5}
    assert told(6.0) == []


def test_other_rows_that_came_or_went_are_told_but_green_electricity():
    base, later = inventory([declared(2007, 9.0)], 2007), inventory([declared(2024, 9.0)])
    waste = OtherEmissions(2024, OtherRow.WASTE_MANAGEMENT, 7.0, 2024, "s")
    green = OtherEmissions(2024, OtherRow.GREEN_ELECTRICITY, -3.0, 2024, "s")
    later = replace(later, other_rows=(waste, green))
    (found,) = comparability_findings(base, later, LIMITS.comparability)
    assert (found.name, found.subject) == ("comparability.row_new", "2024/waste_management")
    (found,) = comparability_findings(later, base, LIMITS.comparability)
    assert found.name == "comparability.row_gone"


def test_inventories_of_two_methods_are_not_compared_in_silence():
    base, later = inventory([declared(2007, 9.0)], 2007), inventory([declared(2024, 9.0)])
    assert comparability_findings(base, later, LIMITS.comparability) == []
    frozen = replace(later, method=replace(later.method, electricity_factor="frozen"))
    (found,) = comparability_findings(base, frozen, LIMITS.comparability)
    assert found.name == "comparability.method"


def test_every_limit_names_its_source_or_says_that_it_is_assumed():
    parts = [getattr(LIMITS, name) for name in type(LIMITS).model_fields]
    sourced = [part for part in parts if isinstance(part, Sourced)]
    assert len(sourced) == 7
    assert all(part.source or part.assumed for part in sourced)


def test_an_installations_own_limits_take_the_place_of_the_shipped_ones(small):
    shipped = (shipped_config() / "inventory_checks.yaml").read_text("utf-8")
    text = shipped.replace("kwh_typed_as_mwh: 1000", "kwh_typed_as_mwh: 5")
    assert text != shipped
    small.write({"inventory_checks.yaml": text})
    assert limits(small.root).energy_per_head.kwh_typed_as_mwh == 5.0


def test_check_tells_of_actions_without_a_store(small):
    small.replace("cities/porto/actions.yaml", "    status: completed\n",
                  "    status: completed\n    declared_reduction_t: 500\n"
                  "    declared_saving_mwh: 100\n")  # fmt: skip
    assert implausible(load_installation(small.root)) == [
        (
            "porto: led: 5 t for every MWh saved or produced, more than 2: tonnes or MWh may be in "
            "another unit"
        )
    ]
