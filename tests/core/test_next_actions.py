"""What next, in a town small enough to reckon by hand.

Electricity 1,000 MWh and gas 5,000 MWh in 2007 at 0.5 and 0.2 t/MWh: 500 + 1,000 = 1,500 t. 2025:
900 MWh at 0.3 and 4,650 MWh at 0.2: 270 + 930 = 1,200 t. The target of 2030 is -40 %: 900 t, a gap
of 300 t.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from paes.accounting.ledger import EnergyLedger
from paes.activity.activity_data import DeclaredRow
from paes.errors import ConfigError, DataError
from paes.factors.emission_factors import FactorLibrary, FactorRow, FactorSet
from paes.installation import City, CityFile, Installation
from paes.metering import Carrier, Sector
from paes.next_actions.action_mix import Least
from paes.next_actions.choosing import Wish, next_actions
from paes.next_actions.prices import AbatementPrices, abatement_prices, annuity
from paes.plan.action import Action, Overlap, Status
from paes.plan.declared_effect import together
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.progress.action_factors import action_factors
from paes.schema import Text
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

NAME = Text(it="prova", en="test")
HOMES = Sector.RESIDENTIAL_BUILDINGS
POWER, GAS = Carrier.ELECTRICITY, Carrier.NATURAL_GAS
FACTORS = FactorLibrary(
    [FactorSet(id="test", name=NAME, approach="IPCC", gas="CO2", version="1")],
    {
        "test": [
            FactorRow(carrier=POWER, year=2007, factor_t_per_mwh=0.5, source="s"),
            FactorRow(carrier=POWER, year=2025, factor_t_per_mwh=0.3, source="s"),
            FactorRow(carrier=GAS, factor_t_per_mwh=0.2, source="s"),
        ]
    },
)
TARGETS = (
    Target(id="past", name=NAME, base_year=2007, target_year=2020, reduction_fraction=0.1),
    Target(id="next", name=NAME, base_year=2007, target_year=2030, reduction_fraction=0.4),
)
PRICES = AbatementPrices.model_validate(
    {
        "schema": "abatement/1",
        "discount_rate": {"fraction": 0.0},
        "lifetimes": [{"years": 20}, {"sector": "public_lighting", "years": 10}],
        "prices": [
            {"carrier": "electricity", "saved_eur_per_mwh": 200, "produced_eur_per_mwh": 100,
             "source": "test"},
            {"carrier": "natural_gas", "saved_eur_per_mwh": 100, "source": "test"},
        ],
        "too_small": {"fraction": 0.1},
    }
)  # fmt: skip


def action(
    name: str, status: str = "not_started", end: str | None = "2028-12-31", **more
) -> Action:
    return Action.model_validate(
        {"id": name, "name": NAME, "sector": "residential_buildings", "status": status,
         "end": end, **more}
    )  # fmt: skip


INSULATION = action("insulation", carrier="natural_gas", declared_saving_mwh=1000, cost_eur=2e6)
BOILERS = action(
    "boilers", carrier="natural_gas", declared_saving_mwh=500, cost_eur=4e5,
    overlaps=[{"action": "insulation", "fraction": 0.2}],
)  # fmt: skip
SOLAR = action("solar", carrier="electricity", declared_production_mwh=400, cost_eur=6e5)
UNDER_WAY = action("under-way", "ongoing", "2026-12-31", declared_reduction_t=40.0)
FINISHED = action("finished", "completed", "2015-12-31", declared_reduction_t=70.0)
REGISTER = (INSULATION, BOILERS, SOLAR, UNDER_WAY, FINISHED)


def row(year: int, carrier: Carrier, mwh: float) -> DeclaredRow:
    return DeclaredRow(year=year, sector=HOMES, carrier=carrier, mwh=mwh, source="bills")


@pytest.fixture
def town(tmp_path):
    def make(*actions: Action) -> tuple[City, EnergyLedger]:
        city = City(
            facts=CityFile(id="town", name="Town", latitude=44.1, longitude=9.8),
            plan=Plan(base_year=2007, factor_set="test", electricity_factor="current",
                      default_target="past", targets=TARGETS),
            sites={}, gateways={}, meters={}, virtual_meters={},
            actions=actions or REGISTER,
            declared=(row(2007, POWER, 1000), row(2007, GAS, 5000),
                      row(2025, POWER, 900), row(2025, GAS, 4650)),
        )  # fmt: skip
        installation = Installation(Path(), "test", "town", {"town": city}, FACTORS, (), {})
        store = SqliteStore(tmp_path / "readings.sqlite")
        return city, EnergyLedger(installation, store, lambda: datetime(2026, 11, 22, tzinfo=UTC))

    return make


def test_the_next_target_and_its_gap(town):
    found = next_actions(*town(), PRICES, Wish())
    assert found.target.id == "next"
    assert found.gap_t == pytest.approx(300.0)
    assert found.under_way_t == pytest.approx(40.0)  # what was finished is in the inventory already
    assert found.to_close_t == pytest.approx(260.0)


def test_what_should_be_done_and_is_not_is_under_way_all_the_same(town):
    late = action("late", "ongoing", "2023-12-31", declared_reduction_t=40.0)
    found = next_actions(*town(INSULATION, late), PRICES, Wish())
    assert found.under_way_t == pytest.approx(40.0)


def test_the_mix_is_what_the_register_declares_for_the_same_actions(town):
    """Boilers and insulation of mid 2030, one old action worn out and one late, at 0.8 of all."""
    boilers = BOILERS.model_copy(update={"end": date(2030, 6, 30)})
    late = action("late", "ongoing", "2023-12-31", declared_reduction_t=40.0,
                  overlaps=[{"action": "insulation", "fraction": 0.5}])  # fmt: skip
    old = action("old", "completed", "2010-12-31", declared_reduction_t=70.0, lifetime_years=17)
    city, ledger = town(INSULATION, boilers, late, old)
    found = next_actions(city, ledger, PRICES, Wish(realisation=0.8))
    there = [a for a in city.actions if a.id in found.mix.net_t]
    factor_of = action_factors(
        ledger.installation.factors, found.progress.method,
        {made.year: made for made in found.progress.inventories},
    )  # fmt: skip
    counted = together(there, 2030, factor_of, planned=True)
    assert len(counted) == 4
    net = {one.action.id: pytest.approx(0.8 * one.net_reduction_t) for one in counted}
    assert found.mix.net_t == net
    since = together(there, 2030, factor_of, since=2025, planned=True)
    brought_t = 0.8 * sum(one.net_reduction_t for one in since)
    assert found.gap_t - brought_t == pytest.approx(found.mix.short_t)


def test_the_curve_by_hand(town):
    # A year without interest, over 20 years:
    #   solar       600,000 / 20 - 400 x 100 = -10,000 EUR; 400 x 0.3 = 120 t:  -83.33 EUR/t
    #   boilers     400,000 / 20 - 500 x 100 = -30,000 EUR; 500 x 0.2 = 100 t: -300 EUR/t
    #   insulation  2,000,000 / 20 - 1,000 x 100 = 0 EUR;  1,000 x 0.2 = 200 t: 0 EUR/t, and takes
    #               a fifth off the boilers before it, so that it adds 180 t
    curve = next_actions(*town(), PRICES, Wish()).curve
    assert [step.candidate.action.id for step in curve] == ["boilers", "solar", "insulation"]
    assert [step.net_t for step in curve] == pytest.approx([100.0, 120.0, 180.0])
    assert [step.to_t for step in curve] == pytest.approx([100.0, 220.0, 400.0])
    assert [step.eur_per_t for step in curve] == pytest.approx([-300.0, -10_000 / 120, 0.0])
    assert not any(step.too_small for step in curve)  # a tenth of 260 t


def test_the_cheapest_mix_by_hand(town):
    # 260 t: boilers and solar give 220 t, insulation and boilers 280 t for 2.4 MEUR, insulation and
    # solar 320 t for 2.6 MEUR.
    mix = next_actions(*town(), PRICES, Wish()).mix
    assert set(mix.chosen) == {"insulation", "boilers"}
    assert mix.net_t["boilers"] == pytest.approx(80.0)
    assert mix.cost_eur == 2_400_000
    assert mix.short_t == 0


def test_least_yearly_cost_takes_all_that_pays_for_itself(town):
    mix = next_actions(*town(), PRICES, Wish(least=Least.YEARLY_COST)).mix
    assert set(mix.chosen) == {"insulation", "boilers", "solar"}
    assert mix.yearly_cost_eur == pytest.approx(-40_000.0)


def test_a_budget_that_does_not_do_says_by_how_much_and_what_would(town):
    found = next_actions(*town(), PRICES, Wish(budget_eur=1_000_000))
    assert set(found.mix.chosen) == {"boilers", "solar"}
    assert found.mix.short_t == pytest.approx(40.0)
    assert found.most is not None
    assert found.most.short_t == 0
    assert found.most.cost_eur == 2_400_000


def test_declared_effects_that_come_true_in_part(town):
    found = next_actions(*town(), PRICES, Wish(realisation=0.5))
    assert found.under_way_t == pytest.approx(20.0)
    # half of 200 + 80 + 120 t of the three, 280 t wanted
    assert found.mix.short_t == pytest.approx(80.0)


def test_an_action_that_wears_out_is_no_new_gap(town):
    # As in progress and in scenarios: whatever stands in its place would have to declare it.
    worn = action("worn", "completed", "2015-12-31", declared_reduction_t=70.0, lifetime_years=12)
    found = next_actions(*town(worn, UNDER_WAY, SOLAR), PRICES, Wish())
    assert found.under_way_t == pytest.approx(40.0)
    assert found.mix.short_t == pytest.approx(300.0 - 40.0 - 120.0)  # solar: 400 MWh x 0.3


def test_what_others_take_over_counts_once(town):
    # From 2027 on a quarter of the 80 t counts with the action under way: 40 - 20 = 20 t more.
    old = action(
        "old", "completed", "2015-12-31", declared_reduction_t=80.0,
        overlaps=[{"action": "under-way", "fraction": 0.25}],
    )  # fmt: skip
    found = next_actions(*town(old, UNDER_WAY), PRICES, Wish())
    assert found.under_way_t == pytest.approx(20.0)


def test_a_part_of_the_target_year_counts_by_days(town):
    late = action("late", end="2030-06-30", declared_reduction_t=365.0, cost_eur=1.0)
    found = next_actions(*town(late), PRICES, Wish())
    assert found.mix.reduction_t == pytest.approx(184.0)  # 1 July to 31 December
    assert found.curve[0].net_t == pytest.approx(365.0)  # the curve tells whole years


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"cost_eur": None}, "the register does not say its cost"),
        ({"declared_reduction_t": None}, "the register does not say its reduction"),
        ({"end": None}, "the register does not say when it ends"),
        ({"end": date(2031, 5, 1)}, "ends on 2031-05-01: no effect in 2030"),
        ({"status": Status.POSTPONED}, "postponed"),
        ({"end": date(2029, 5, 1)}, "ends in 2029, after 2028"),
        ({"id": "unwanted"}, "not wanted"),
    ],
)
def test_what_is_left_out_says_why(town, changes, why):
    made = action("one", declared_reduction_t=10.0, cost_eur=5.0).model_copy(update=changes)
    city, ledger = town(made)
    wish = Wish(complete_by=None if "2031" in why else 2028)
    if made.id == "unwanted":
        wish = replace(wish, without=("unwanted",))
    found = next_actions(city, ledger, PRICES, wish)
    assert [(one.action.id, one.why) for one in found.left_out] == [(made.id, why)]
    assert found.mix.chosen == ()


def test_an_action_whose_effect_another_declares_whole_has_no_step(town):
    copy = action("copy", declared_reduction_t=50.0, cost_eur=1e6).model_copy(
        update={"overlaps": (Overlap(action="under-way", fraction=1.0),)}
    )
    found = next_actions(*town(UNDER_WAY, copy), PRICES, Wish())
    assert found.curve == ()
    assert [c.action.id for c in found.unplaced] == ["copy"]


def test_a_target_that_was_due_cannot_be_chosen_for(town):
    with pytest.raises(DataError, match=r"target past was due in 2020 .* name another"):
        next_actions(*town(), PRICES, Wish(), "past")


def test_an_unknown_action_names_near_ones(town):
    with pytest.raises(DataError, match=r"no action 'boiler'; there is boilers"):
        next_actions(*town(), PRICES, Wish(without=("boiler",)))


def test_annuity_is_the_capital_recovery_factor():
    # Published tables of compound interest: 3 %, 20 years: 0.0672; 8 %, 10 years: 0.1490
    assert annuity(0.03, 20) == pytest.approx(0.0672, abs=5e-5)
    assert annuity(0.08, 10) == pytest.approx(0.1490, abs=5e-5)
    assert annuity(0.0, 25) == pytest.approx(0.04)


def test_shipped_prices_know_every_carrier_that_actions_save():
    prices = abatement_prices(shipped_config())
    known = {price.carrier for price in prices.prices}
    assert {POWER, GAS, Carrier.DIESEL, Carrier.GASOLINE, Carrier.HEAT_COLD} <= known
    assert prices.lifetime_years(Sector.PUBLIC_LIGHTING) == 15
    assert prices.lifetime_years(Sector.WASTE) == 20


def test_wrong_prices_say_where(tmp_path):
    text = (shipped_config() / "abatement.yaml").read_text(encoding="utf-8")
    (tmp_path / "abatement.yaml").write_text(text.replace("fraction: 0.03", "fraction: 3"))
    with pytest.raises(ConfigError, match=r"abatement\.yaml:6: discount_rate\.fraction"):
        abatement_prices(tmp_path)


def test_what_a_mix_adds_is_less_where_it_takes_from_what_is_under_way(town):
    """A quarter of the tram counts with the solar plants: 120 t less 0.25 x 40 t are 110 t."""
    tram = action("tram", "ongoing", "2026-12-31", declared_reduction_t=40.0,
                  overlaps=[{"action": "solar", "fraction": 0.25}])  # fmt: skip
    found = next_actions(*town(SOLAR, tram), PRICES, Wish())
    assert found.under_way_t == pytest.approx(40.0)
    assert found.mix.net_t["solar"] == pytest.approx(120.0)
    assert found.added_t == pytest.approx(110.0)
    assert found.to_close_t - found.added_t == pytest.approx(found.mix.short_t)
