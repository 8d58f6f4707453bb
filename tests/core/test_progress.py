"""Activity, inventory and progress of a town small enough to check by hand.

Electricity 100 MWh at 0.5 t/MWh in 2007, 90 MWh at 0.3 in 2020; gas 200 MWh, then 180, at 0.2.
Base: 50 + 40 = 90 t. 2020: 27 + 36 = 63 t, a reduction of 30 %.
"""

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from uncertain_town import assumed

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.activity.activity_data import DeclaredRow, activity_data
from paes.errors import DataError, FactorMissing
from paes.factors.emission_factors import FactorLibrary, FactorRow, FactorSet, How
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.metering import Carrier, Measures, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter
from paes.plan.action import Action, Origin, Status
from paes.plan.plan import Plan
from paes.plan.target import PopulationEstimate, Target
from paes.progress.path import Verdict, required_fraction
from paes.progress.progress import make_inventories, make_progress, next_target
from paes.schema import Text
from paes.store.sqlite import SqliteStore
from paes.uncertainty.assumptions import Source
from paes.uncertainty.chances import Chance
from paes.uncertainty.simulation import Simulation

NAME = Text(it="prova", en="test")
HOMES, OFFICES = Sector.RESIDENTIAL_BUILDINGS, Sector.MUNICIPAL_BUILDINGS
POWER, GAS = Carrier.ELECTRICITY, Carrier.NATURAL_GAS


def declared(year, carrier, mwh, sector=HOMES, covers="sector", **more) -> DeclaredRow:
    return DeclaredRow(
        year=year, sector=sector, carrier=carrier, mwh=mwh, covers=covers, source="bills", **more
    )


ROWS = (
    declared(2007, POWER, 100.0),
    declared(2007, GAS, 200.0),
    declared(2020, POWER, 90.0),
    declared(2020, GAS, 180.0),
)
TARGET = Target(
    id="minus-14", name=NAME, base_year=2007, target_year=2020, reduction_fraction=0.14,
    supra_ordinate_fraction=0.07,
)  # fmt: skip
LATER = Target(id="minus-55", name=NAME, base_year=2007, target_year=2030, reduction_fraction=0.55)
PER_HEAD = Target(
    id="per-head", name=NAME, base_year=2007, target_year=2020, reduction_fraction=0.2,
    kind="per_capita", population_estimate=PopulationEstimate(inhabitants=50),
)  # fmt: skip
ACTIONS = (
    Action(id="led", name=NAME, sector=Sector.PUBLIC_LIGHTING, status=Status.COMPLETED,
           end=date(2015, 6, 30), declared_reduction_t=2.0),
    Action(id="cars", name=NAME, sector=Sector.PRIVATE_TRANSPORT, status=Status.COMPLETED,
           origin=Origin.NATIONAL, end=date(2012, 1, 1), declared_reduction_t=1.5),
    Action(id="late", name=NAME, sector=Sector.PUBLIC_LIGHTING, status=Status.COMPLETED,
           end=date(2020, 2, 1), declared_reduction_t=50.0),
    Action(id="plan", name=NAME, sector=Sector.PUBLIC_LIGHTING, status=Status.ONGOING,
           end=date(2015, 6, 30), declared_reduction_t=70.0),
)  # fmt: skip
FACTORS = FactorLibrary(
    [FactorSet(id="test", name=NAME, approach="IPCC", gas="CO2", version="1")],
    {
        "test": [
            FactorRow(carrier=POWER, year=2007, factor_t_per_mwh=0.5, source="s"),
            FactorRow(carrier=POWER, year=2020, factor_t_per_mwh=0.3, source="s"),
            FactorRow(carrier=GAS, factor_t_per_mwh=0.2, source="s"),
        ]
    },
)
CLOCK = datetime(2026, 11, 22, tzinfo=UTC)


def make_city(rows=ROWS, meters=(), population=()) -> City:
    return City(
        facts=CityFile(
            id="town", name="Town", latitude=44.1, longitude=9.8, population=population
        ),
        plan=Plan(
            base_year=2007, factor_set="test", electricity_factor="current",
            default_target="minus-14", targets=(TARGET, LATER, PER_HEAD),
        ),
        sites={"hall": Site(id="hall", name="Hall", kind=SiteKind.OFFICE, sector=OFFICES)},
        gateways={"gw": Gateway(id="gw", host="127.0.0.1")},
        meters={m.id: m for m in meters},
        actions=ACTIONS,
        declared=tuple(rows),
    )  # fmt: skip


@pytest.fixture
def ledger_of(tmp_path):
    def make(city: City) -> EnergyLedger:
        registers = {
            m.id: Register(f"{m.id}/energy_import", "kWh", None, 0.01) for m in city.meters.values()
        }
        installation = Installation(Path(), "test", "town", {"town": city}, FACTORS, (), registers)
        return EnergyLedger(installation, SqliteStore(tmp_path / "readings.sqlite"), lambda: CLOCK)

    return make


def test_progress_against_the_hand_calculation(ledger_of):
    city = make_city()
    progress = make_progress(city, ledger_of(city))
    assert progress.base.emissions_t == pytest.approx(90.0)
    assert progress.target_t == pytest.approx(77.4)  # 90 x 0.86
    assert progress.at_target is not None
    assert progress.at_target.emissions_t == pytest.approx(63.0)
    assert progress.at_target.reduction_fraction == pytest.approx(0.30)
    assert progress.at_target.distance_t == pytest.approx(63.0 - 77.4)
    assert progress.at_target.verdict is Verdict.WITHIN
    assert progress.over


def test_effects_add_up_and_the_grid_is_not_the_towns_doing(ledger_of):
    city = make_city()
    effects = make_progress(city, ledger_of(city)).effects_in(2020)
    assert effects.total_t == pytest.approx(27.0)
    # Electricity fell from 50 to 27 t: (50 - 27) / ln(50 / 27) * ln(0.5 / 0.3).
    grid = 23 / math.log(50 / 27) * math.log(0.5 / 0.3)
    own = 2 + 50 * 334 / 366  # not the ongoing one; of that of 2020 the days after 1 February
    assert effects.grid_t == pytest.approx(grid)
    assert effects.own_actions_t == pytest.approx(own)
    assert effects.supra_actions_t == 1.5
    assert effects.unexplained_t == pytest.approx(27 - grid - own - 1.5)
    parts = effects.supra_ordinate_t + effects.own_actions_t + effects.unexplained_t
    assert parts + effects.mixed_actions_t == pytest.approx(effects.total_t)


def test_with_a_frozen_factor_the_grid_saves_nothing(ledger_of):
    city = make_city()
    progress = make_progress(
        city, ledger_of(city), method=Method.of(city.plan, electricity_factor="frozen")
    )
    assert progress.latest.emissions_t == pytest.approx(90 * 0.5 + 36)  # 81
    assert progress.effects_in(2020).grid_t == 0
    assert progress.method.electricity_factor == "frozen"
    power = next(line for line in progress.inventories[-1].lines if line.activity.carrier is POWER)
    assert power.factor.how is How.FROZEN


def test_actions_finished_before_the_base_year_are_no_part_of_the_change(ledger_of):
    later = TARGET.model_copy(update={"id": "later", "base_year": 2013, "target_year": 2030})
    city = make_city([*ROWS, declared(2013, POWER, 95.0), declared(2013, GAS, 190.0)])
    city = replace(city, plan=city.plan.model_copy(update={"targets": (TARGET, later)}))
    progress = make_progress(city, ledger_of(city), "later")
    own = 2 + 50 * 334 / 366  # of 2015, and of February 2020
    assert progress.effects_in(2020).own_actions_t == pytest.approx(own)
    assert progress.effects_in(2020).supra_actions_t == 0.0  # of 2012: in the base as well
    first = make_progress(city, ledger_of(city)).effects_in(2007)
    assert (first.own_actions_t, first.supra_actions_t, first.unexplained_t) == (0, 0, 0)


def test_a_target_per_head_divides_by_inhabitants(ledger_of):
    population = (
        {"year": 2007, "inhabitants": 100, "source": "s"},
        {"year": 2020, "inhabitants": 90, "source": "s"},
    )
    city = make_city(population=population)
    progress = make_progress(city, ledger_of(city), "per-head")
    assert progress.base.emissions_t == pytest.approx(0.9)
    assert progress.latest.emissions_t == pytest.approx(0.7)  # 63 / 90
    assert progress.unit == "t per head"


def test_the_path_is_straight_and_flat_outside():
    assert required_fraction(TARGET, 2007) == 0
    assert required_fraction(TARGET, 2013) == pytest.approx(0.14 * 6 / 13)
    assert required_fraction(TARGET, 2020) == pytest.approx(0.14)
    assert required_fraction(TARGET, 2025) == pytest.approx(0.14)


def test_what_comes_next(ledger_of):
    city = make_city()
    assert next_target(city, 2020) == LATER
    assert next_target(city, 2030) is None


def test_unknown_target_names_the_known_ones(ledger_of):
    city = make_city()
    with pytest.raises(DataError, match="'nope'; there is minus-14, minus-55, per-head"):
        make_progress(city, ledger_of(city), "nope")


def test_a_year_that_is_not_over_has_no_inventory(ledger_of):
    city = make_city()
    with pytest.raises(DataError, match="2026 is not over"):
        make_inventory(city, 2026, ledger_of(city))


def test_no_factor_is_an_error_that_says_what_there_is(ledger_of):
    city = make_city([*ROWS, declared(2007, Carrier.COAL, 1.0)])
    with pytest.raises(FactorMissing, match=r"no factor for coal.*electricity, natural_gas"):
        make_inventory(city, 2007, ledger_of(city))


def test_a_factor_of_an_earlier_year_is_used_and_said():
    match = FACTORS.find("test", POWER, HOMES, 2025)
    assert (match.how, match.year_used, match.factor_t_per_mwh) == (How.EARLIER, 2020, 0.3)
    assert FACTORS.find("test", GAS, HOMES, 2025).how is How.CONSTANT
    with pytest.raises(FactorMissing):
        FACTORS.find("test", POWER, HOMES, 1999)


def test_a_year_without_declaration_carries_the_last_one_and_says_so():
    rows, findings = activity_data(2023, ROWS, {})
    assert {r.carrier: (r.energy_mwh, r.declared_year) for r in rows} == {
        POWER: (90.0, 2020),
        GAS: (180.0, 2020),
    }
    assert {f.name for f in findings} == {"activity.carried"}


def test_metered_energy_is_added_only_to_the_rest():
    metered = {(OFFICES, POWER): EnergyTotal(measured_kwh=7000.0, covered_s=1, span_s=1)}
    whole, _ = activity_data(2020, [declared(2020, POWER, 10.0, OFFICES)], metered)
    assert whole[0].energy_mwh == 10.0
    assert whole[0].metered_fraction == pytest.approx(0.7)
    rest, _ = activity_data(2020, [declared(2020, POWER, 10.0, OFFICES, "rest")], metered)
    assert rest[0].energy_mwh == 17.0
    assert rest[0].metered_fraction == pytest.approx(7 / 17)


def test_meters_that_saw_more_than_was_declared_are_a_finding():
    metered = {(OFFICES, POWER): EnergyTotal(measured_kwh=12_000.0)}
    _, findings = activity_data(2020, [declared(2020, POWER, 10.0, OFFICES)], metered)
    assert [f.name for f in findings] == ["activity.metered_exceeds_declared"]


def main_meter() -> FieldMeter:
    return FieldMeter(
        id="hall.main", measures=Measures.WITHDRAWAL, carrier=POWER, device="x", gateway="gw",
        rated_power_kw=10.0, valid_from=date(2020, 1, 1),
    )  # fmt: skip


def test_a_gap_is_never_a_saving(ledger_of):
    """The meter dies on 1 July: the year is uncertain, not half as high."""
    rows = [
        *ROWS,
        declared(2007, POWER, 20.0, OFFICES),
        declared(2020, POWER, 0.0, OFFICES, "rest"),
    ]
    city = make_city(rows, [main_meter()])
    ledger = ledger_of(city)
    start = int(datetime(2019, 12, 31, 23, tzinfo=UTC).timestamp())
    seconds = np.arange(start, int(datetime(2020, 7, 1, tzinfo=UTC).timestamp()), 900)
    ledger.store.write_series("hall.main/energy_import", seconds, (seconds - start) / 3600.0)
    inventory = make_inventory(city, 2020, ledger)
    line = next(line for line in inventory.lines if line.activity.sector is OFFICES)
    half = (seconds[-1] - start) / 3600.0 / 1000.0  # 1 kW all along, in MWh
    assert line.energy_mwh == pytest.approx(half)
    low, high = line.activity.missing_mwh
    assert low == 0
    hours = (datetime(2020, 12, 31, 23, tzinfo=UTC).timestamp() - seconds[-1]) / 3600
    assert high == pytest.approx(12.0 * hours / 1000.0)  # the rating with its margin
    assert "activity.missing" in {f.name for f in inventory.findings}
    tight = replace(city, plan=city.plan.model_copy(update={"targets": (
        TARGET.model_copy(update={"reduction_fraction": 1 - 65.0 / 100.0}),
    )}))  # fmt: skip
    progress = make_progress(tight, ledger, inventories=make_inventories(tight, ledger))
    assert progress.latest.verdict is Verdict.UNCERTAIN


def test_an_estimate_bounds_the_year_on_both_sides_and_saves_nothing(ledger_of):
    rows = [*ROWS, declared(2020, POWER, 0.0, OFFICES, "rest")]
    city = make_city(rows, [main_meter()])
    ledger = ledger_of(city)
    start = int(datetime(2019, 12, 31, 23, tzinfo=UTC).timestamp())
    seconds = np.arange(start, int(datetime(2021, 1, 1, tzinfo=UTC).timestamp()), 900)
    hours = (seconds - start) / 3600.0
    lost = (hours > 4800) & (hours < 4824)  # a day in which the register was set back to zero
    counted = np.where(hours < 4824, hours, hours - 4824)
    ledger.store.write_series("hall.main/energy_import", seconds[~lost], counted[~lost])
    inventory = make_inventory(city, 2020, ledger)
    line = next(line for line in inventory.lines if line.activity.sector is OFFICES)
    assert line.activity.estimated_mwh == pytest.approx(0.024, rel=0.02)  # 1 kW all day
    assert line.energy_mwh == pytest.approx(366 * 0.024, rel=1e-3)
    assert line.activity.missing_mwh == (0, 0)
    low, high = line.activity.bounds_mwh
    assert low < line.energy_mwh < high < line.energy_mwh + 0.3 - 0.024  # 12 kW all day
    low_t, high_t = inventory.bounds_t
    assert low_t < inventory.emissions_t < high_t


def test_an_estimate_in_the_base_year_makes_no_later_year_better(ledger_of):
    """A day of the base year was estimated: 2021 used just less than that makes of it."""
    meter = main_meter().model_copy(update={"valid_to": date(2021, 1, 1)})
    rows = [declared(2020, POWER, 0.0, OFFICES, "rest"), declared(2021, POWER, 8.7837, OFFICES)]
    city = make_city(rows, [meter])
    target = TARGET.model_copy(
        update={"base_year": 2020, "target_year": 2021, "reduction_fraction": 0.0}
    )
    city = replace(city, plan=city.plan.model_copy(update={"targets": (target,)}))
    ledger = ledger_of(city)
    start = int(datetime(2019, 12, 31, 23, tzinfo=UTC).timestamp())
    seconds = np.arange(start, int(datetime(2021, 1, 1, tzinfo=UTC).timestamp()), 900)
    hours = (seconds - start) / 3600.0
    lost = (hours > 4800) & (hours < 4824)  # a day in which the register was set back to zero
    counted = np.where(hours < 4824, hours, hours - 4824)
    ledger.store.write_series("hall.main/energy_import", seconds[~lost], counted[~lost])
    progress = make_progress(city, ledger)
    base, later = progress.base, progress.latest
    assert base.low_t < later.emissions_t == later.high_t < base.emissions_t  # 1 kW: 8.784 MWh
    assert later.verdict is Verdict.UNCERTAIN
    assert later.reduction_fraction > 0
    assert later.least_reduction_fraction == pytest.approx(1 - later.high_t / base.low_t)
    assert later.least_reduction_fraction < 0


def test_a_gap_in_the_base_year_does_not_condemn_a_later_one(ledger_of):
    """Half of the base year is missing: nobody knows that 2021 used more."""
    meter = main_meter().model_copy(update={"valid_to": date(2021, 1, 1)})
    rows = [declared(2020, POWER, 0.0, OFFICES, "rest"), declared(2021, POWER, 8.0, OFFICES)]
    city = make_city(rows, [meter])
    target = TARGET.model_copy(
        update={"base_year": 2020, "target_year": 2021, "reduction_fraction": 0.0}
    )
    city = replace(city, plan=city.plan.model_copy(update={"targets": (target,)}))
    ledger = ledger_of(city)
    start = int(datetime(2019, 12, 31, 23, tzinfo=UTC).timestamp())
    seconds = np.arange(start, int(datetime(2020, 7, 1, tzinfo=UTC).timestamp()), 900)
    ledger.store.write_series("hall.main/energy_import", seconds, (seconds - start) / 3600.0)
    assert make_progress(city, ledger).latest.verdict is Verdict.UNCERTAIN


@pytest.mark.parametrize(
    ("life", "found"),
    [
        ({}, set()),
        ({"valid_to": date(2021, 7, 1)}, {2021, 2022}),  # its energy is gone, but not saved
        ({"valid_from": date(2021, 7, 1)}, {2021, 2022}),  # the rest of 2020 has it already
    ],
)
def test_a_carried_rest_beside_other_meters_is_a_finding(ledger_of, life, found):
    rows = [*ROWS, declared(2020, POWER, 10.0, OFFICES, "rest")]
    city = make_city(rows, [main_meter().model_copy(update=life)])
    ledger = ledger_of(city)
    years = {
        year
        for year in (2020, 2021, 2022)
        for finding in make_inventory(city, year, ledger).findings
        if finding.name == "activity.meters_changed"
    }
    assert years == found


def test_infinite_bounds_stay_infinite_and_zero_factors_stay_zero(ledger_of):
    meter = main_meter().model_copy(update={"rated_power_kw": None})
    rows = [*ROWS, declared(2020, POWER, 0.0, OFFICES, "rest")]
    city = make_city(rows, [meter])
    inventory = make_inventory(city, 2020, ledger_of(city))
    assert inventory.missing_t == (0.0, math.inf)


def test_chances_per_head_count_the_inhabitants(ledger_of):
    """63 t of 90 heads after 90 t of 100: 1 - 0.7 / 0.9 = 2/9 less a head, a fifth was asked."""
    population = (
        {"year": 2007, "inhabitants": 100, "source": "s"},
        {"year": 2020, "inhabitants": 90, "source": "s"},
    )
    city = make_city(population=population)
    sure = Simulation(assumed(), draws=50)
    found = make_progress(city, ledger_of(city), "per-head", simulation=sure).chances.of(2020)
    assert (found.reduction.low, found.reduction.high) == pytest.approx((2 / 9, 2 / 9))
    assert found.meets_target == found.on_path == Chance(1.0, 1.0)


def test_without_assumptions_nobody_tells_chances(ledger_of):
    city = make_city()
    assert make_progress(city, ledger_of(city)).chances is None


def test_chances_count_meters_and_what_they_missed(ledger_of):
    """1 kW all of 2020 and for half of 2021; then unseen, and at most 12 kW went through."""
    rows = [declared(2020, POWER, 0.0, OFFICES, "rest"), declared(2021, GAS, 0.0)]
    city = make_city(rows, [main_meter()])
    target = TARGET.model_copy(
        update={"base_year": 2020, "target_year": 2021, "reduction_fraction": 0.1}
    )
    city = replace(city, plan=city.plan.model_copy(update={"targets": (target,)}))
    ledger = ledger_of(city)
    start = int(datetime(2019, 12, 31, 23, tzinfo=UTC).timestamp())
    seconds = np.arange(start, int(datetime(2021, 7, 1, tzinfo=UTC).timestamp()), 900)
    ledger.store.write_series("hall.main/energy_import", seconds, (seconds - start) / 3600.0)
    progress = make_progress(city, ledger, simulation=Simulation(assumed(meters=0.02), draws=500))
    found = progress.chances.of(2021)
    base = 366 * 24.0
    seen = (seconds[-1] - start) / 3600.0 - base
    unseen = 365 * 24.0 - seen
    assert found.reduction.high == pytest.approx(1 - seen / base, abs=1e-3)
    sd = 0.02 / math.sqrt(3)  # of the meter: none of what both years counted, all of the rest
    most = (seen + 12 * unseen / (1 - 1.645 * sd)) / base
    assert found.reduction.low == pytest.approx(1 - most, rel=0.01)
    assert found.meets_target == Chance(0.0, 1.0)
    assert found.shares[Source.MISSING] > 0.99
    drawn = progress.draws.totals[2020].least_t
    assert np.std(drawn) / np.mean(drawn) == pytest.approx(sd, rel=4 * math.sqrt(0.5 / 500))
