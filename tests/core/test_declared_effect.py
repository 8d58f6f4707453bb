"""What the register declares for a year: by days, derived, and nothing twice; all by hand.

Factors of the tests: saved electricity 0.3, produced electricity 0.4, gas 0.2 t/MWh in 2019; in
2020, a leap year, half of these.
"""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from paes.errors import FactorMissing
from paes.metering import Carrier, Sector
from paes.plan.action import Action, Origin, Overlap, Status
from paes.plan.declared_effect import (
    Counted,
    as_if_done,
    by_origin,
    declared_effect,
    end_of_life,
    together,
)
from paes.schema import Text

NAME = Text(it="prova", en="test")
FACTORS = {
    (Carrier.ELECTRICITY, "saved"): 0.3,
    (Carrier.ELECTRICITY, "produced"): 0.4,
    (Carrier.NATURAL_GAS, "saved"): 0.2,
}


def factor_of(carrier, sector, year, use):
    if (carrier, use) not in FACTORS:
        raise FactorMissing(f"no factor for {carrier}")
    return FACTORS[carrier, use] / (2 if year == 2020 else 1)


def action(name: str = "a", end: date | None = date(2015, 12, 31), **more) -> Action:
    given = {"sector": Sector.PUBLIC_LIGHTING, "status": Status.COMPLETED, **more}
    return Action(id=name, name=NAME, end=end, **given)


def over(*others: tuple[str, float]) -> tuple[Overlap, ...]:
    return tuple(Overlap(action=name, fraction=part) for name, part in others)


def net_t(*actions: Action, year: int = 2019, **more) -> dict[str, float]:
    return {c.action.id: c.net_reduction_t for c in together(actions, year, factor_of, **more)}


def test_an_action_counts_from_the_day_after_its_end():
    """Ended 30 June 2019: 184 of 365 days are left, 1 July to 31 December."""
    led = action(end=date(2019, 6, 30), declared_reduction_t=365)
    assert declared_effect(led, 2018, factor_of).reduction_t == 0
    found = declared_effect(led, 2019, factor_of)
    assert found.part_of_year == pytest.approx(184 / 365)
    assert found.reduction_t == pytest.approx(184)
    assert not found.derived
    assert declared_effect(led, 2020, factor_of).reduction_t == 365


def test_a_leap_year_has_a_day_more():
    """Ended 31 January 2020: 335 of 366 days are left."""
    led = action(end=date(2020, 1, 31), declared_reduction_t=366)
    assert declared_effect(led, 2020, factor_of).reduction_t == pytest.approx(335)


def test_an_action_ends_with_its_lifetime():
    """Ten years from 31 March 2009 are over on 31 March 2019, the 90th day of that year."""
    led = action(end=date(2009, 3, 31), lifetime_years=10, declared_reduction_t=365)
    assert end_of_life(led) == date(2019, 3, 31)
    assert declared_effect(led, 2018, factor_of).reduction_t == 365
    assert declared_effect(led, 2019, factor_of).reduction_t == pytest.approx(90)
    assert declared_effect(led, 2020, factor_of).reduction_t == 0
    assert end_of_life(action(end=date(2016, 2, 29), lifetime_years=3)) == date(2019, 2, 28)
    assert end_of_life(action(end=date(2016, 2, 29), lifetime_years=4)) == date(2020, 2, 29)


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.COMPLETED])
def test_only_what_is_completed_counts_unless_plans_are_asked_for(status):
    planned = action(status=status, end=date(2018, 12, 31), declared_reduction_t=5)
    assert declared_effect(planned, 2019, factor_of).reduction_t == 0
    expected = 5 if status in (Status.ONGOING, Status.NOT_STARTED) else 0
    assert declared_effect(planned, 2019, factor_of, planned=True).reduction_t == expected


def test_without_an_end_nothing_counts():
    assert (
        declared_effect(action(end=None, declared_reduction_t=5), 2019, factor_of).reduction_t == 0
    )


def test_tonnes_are_derived_from_energy_by_the_years_factors():
    """100 MWh saved x 0.3 + 50 MWh produced x 0.4 = 50 t; at 2020's factors 25 t."""
    both = action(carrier=Carrier.ELECTRICITY, declared_saving_mwh=100, declared_production_mwh=50)
    found = declared_effect(both, 2019, factor_of)
    assert (found.reduction_t, found.derived) == (pytest.approx(50), True)
    assert (found.saving_mwh, found.production_mwh) == (100, 50)
    assert declared_effect(both, 2020, factor_of).reduction_t == pytest.approx(25)


def test_declared_tonnes_beat_derived_ones():
    led = action(carrier=Carrier.ELECTRICITY, declared_saving_mwh=100, declared_reduction_t=7)
    found = declared_effect(led, 2019, factor_of)
    assert (found.reduction_t, found.derived) == (7, False)


@pytest.mark.parametrize(
    "declared",
    [
        {"declared_saving_mwh": 100},  # of which carrier?
        {"carrier": Carrier.SOLAR_THERMAL, "declared_production_mwh": 100},  # replaces what?
        {"carrier": Carrier.HEAT_COLD, "declared_saving_mwh": 100},  # no factor
    ],
)
def test_what_cannot_be_derived_is_not_declared_rather_than_zero(declared):
    found = declared_effect(action(**declared), 2019, factor_of)
    assert found.reduction_t is None
    assert not found.derived
    assert found.declares


def test_what_declares_nothing_says_so():
    assert not declared_effect(action(), 2019, factor_of).declares
    assert declared_effect(action(declared_reduction_t=0), 2019, factor_of).declares


def test_a_change_since_the_base_year_has_only_what_was_added_since():
    """Ended 30 June 2015: 184 of 365 days worked in 2015, so 181 are added in 2019."""
    led = action(end=date(2015, 6, 30), declared_reduction_t=365)
    assert net_t(led, since=2015) == {"a": pytest.approx(181)}
    assert net_t(led, since=2014) == {"a": 365}
    assert net_t(led, since=2016) == {"a": 0}
    worn_out = action(end=date(2005, 12, 31), lifetime_years=12, declared_reduction_t=365)
    assert net_t(worn_out, since=2016) == {"a": 0}  # no part of the change, and no rise either


def test_a_change_since_the_base_year_counts_what_others_have_taken_over():
    """Controls of 2005 had 100 t in 2010; works of 2015 declare 200 t, 30 of them the controls'.

    2010: 100. 2019: 70 + 200. So 170 t were added, 200 by the works and 30 less by the controls.
    """
    old = date(2005, 12, 31)
    controls = action("controls", old, declared_reduction_t=100, overlaps=over(("works", 0.3)))
    works = action("works", declared_reduction_t=200)
    assert net_t(controls, works, since=2010) == {"controls": pytest.approx(-30), "works": 200}
    younger = action("controls", date(2016, 12, 31), declared_reduction_t=100,
                     overlaps=over(("works", 0.3)))  # fmt: skip
    assert net_t(younger, works, since=2016)["controls"] == pytest.approx(70)


def test_what_two_declare_counts_once():
    """Of 100 t of the controls 30 % are in the refurbishment too: 70 + 200, not 300."""
    controls = action("controls", declared_reduction_t=100, overlaps=over(("works", 0.3)))
    works = action("works", declared_reduction_t=200)
    assert net_t(controls, works) == {"controls": pytest.approx(70), "works": 200}


def test_nothing_is_taken_off_where_the_other_does_not_count():
    controls = action("controls", declared_reduction_t=100, overlaps=over(("works", 0.3)))
    later = action("works", end=date(2021, 1, 1), declared_reduction_t=200)
    unfinished = action("works", status=Status.ONGOING, declared_reduction_t=200)
    silent = action("works")
    for works in (later, unfinished, silent):
        assert net_t(controls, works)["controls"] == 100
    assert net_t(controls)["controls"] == 100
    assert net_t(controls, unfinished, planned=True)["controls"] == pytest.approx(70)


def test_a_part_is_taken_off_on_the_days_on_which_both_work():
    """The works end on 30 June 2019, so 184 of the controls' 365 days are common.

    365 t x (1 - 0.5 x 184 / 365) = 365 - 92 = 273 t.
    """
    controls = action("controls", declared_reduction_t=365, overlaps=over(("works", 0.5)))
    works = action("works", end=date(2019, 6, 30), declared_reduction_t=1)
    assert net_t(controls, works)["controls"] == pytest.approx(273)


def test_several_overlaps_take_off_no_more_than_the_whole():
    many = action("a", declared_reduction_t=50, overlaps=over(("b", 0.7), ("c", 0.6)))
    others = [action(name, declared_reduction_t=1) for name in ("b", "c")]
    assert net_t(many, *others) == {"a": 0, "b": 1, "c": 1}


def test_the_order_of_actions_changes_nothing():
    """c declares 10, b half of 20 beside c, a 40 less 25 % of b and 50 % of c: 10 + 10 + 10."""
    chain = (
        action("a", declared_reduction_t=40, overlaps=over(("b", 0.25), ("c", 0.5))),
        action("b", declared_reduction_t=20, overlaps=over(("c", 0.5))),
        action("c", declared_reduction_t=10),
    )
    orders = list(permutations(chain))
    assert len(orders) == 6
    for order in orders:
        assert net_t(*order) == {"a": pytest.approx(10), "b": 10, "c": 10}


def test_energy_is_net_of_overlaps_as_well():
    controls = action(
        "controls", carrier=Carrier.NATURAL_GAS, declared_saving_mwh=100, overlaps=over(("b", 0.2))
    )
    first, _ = together([controls, action("b", declared_reduction_t=1)], 2019, factor_of)
    assert first.effect.saving_mwh == 100
    assert first.effect.net(first.effect.saving_mwh) == pytest.approx(80)
    assert first.net_reduction_t == pytest.approx(16)
    assert first.effect.net(None) == 0


def test_sums_by_origin_split_mixed_actions_where_they_say_how():
    """Own 10 + 30 % of 20 = 16; outside 5 + 2 + 70 % of 20 = 21; 8 nobody can split."""
    actions = (
        action("own", declared_reduction_t=10),
        action("state", origin=Origin.NATIONAL, declared_reduction_t=5),
        action("region", origin=Origin.REGIONAL, declared_reduction_t=2),
        action("split", origin=Origin.MIXED, own_fraction=0.3, declared_reduction_t=20),
        action("unsplit", origin=Origin.MIXED, declared_reduction_t=8),
    )
    found = by_origin(together(actions, 2019, factor_of))
    assert found.own_t == pytest.approx(16)
    assert found.supra_ordinate_t == pytest.approx(21)
    assert found.unsplit_t == 8
    assert found.total_t == pytest.approx(45)


def test_a_whole_year_is_told_whatever_the_dates_are():
    late = action(end=date(2028, 6, 30), status=Status.NOT_STARTED, lifetime_years=1,
                  declared_reduction_t=12)  # fmt: skip
    (counted,) = together([as_if_done(late, 2019)], 2019, factor_of, planned=True)
    assert isinstance(counted, Counted)
    assert counted.net_reduction_t == 12
