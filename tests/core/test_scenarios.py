"""Scenarios of a town that is reckoned by hand: 1,000 MWh of gas and 1,000 of electricity.

Base year 2007: 1,000 * 0.2 + 1,000 * 0.5 = 700 t. Last inventory 2025: 1,000 * 0.2 + 1,000 * 0.25
= 450 t. Target: 40 % less by 2030, 420 t.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forecast_town import GAS, HOMES, NAME, declared, ledger, shipped, town

from paes.errors import DataError
from paes.installation import Installation, Population
from paes.plan.action import Action, Origin, Overlap, Status
from paes.plan.outlook import (
    ExpectedPopulation,
    GridPoint,
    GridProjection,
    Growth,
    Outlook,
    UsualTrend,
)
from paes.plan.target import PopulationEstimate, Target
from paes.progress.progress import make_inventories
from paes.scenarios.draws import FutureDraws, ToCome, realised_fractions
from paes.scenarios.scenarios import (
    Ready,
    Scenario,
    ScenarioId,
    Scenarios,
    Wanted,
    make_scenarios,
)
from paes.store.sqlite import SqliteStore
from paes.uncertainty.assumptions import Realisation
from paes.uncertainty.chances import Asked
from paes.uncertainty.simulation import Draws, Simulation
from paes.uncertainty.spread import Spread

TODAY = date(2026, 4, 1)
ROWS = tuple(
    declared(year, 1000.0, carrier=carrier)
    for year in (2007, 2025)
    for carrier in ("natural_gas", "electricity")
)
GRID = GridProjection(
    id="grid", name=NAME, points=(GridPoint(year=2030, factor_t_per_mwh=0.10),), source="s"
)
LIKELY = 0.8
"""As shipped: what part of a declared saving is expected to come true."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "scenarios.sqlite")
    yield opened
    opened.close()


def action(name: str, **changes: Any) -> Action:
    """A planned saving of 100 MWh of gas in homes: 20 t, from 2028 on."""
    of = {"id": name, "name": NAME, "sector": HOMES, "status": Status.NOT_STARTED, "carrier": GAS,
          "declared_saving_mwh": 100.0, "end": date(2027, 12, 31), "source": "s",
          **changes}  # fmt: skip
    return Action.model_validate(of)


def installed(
    *actions: Action, grids: tuple[GridProjection, ...] = (), **changes: Any
) -> Installation:
    made = town(ROWS, actions=actions, **changes)
    expected = replace(shipped().expectations, grids=grids)
    return replace(made, expected=expected)


def made(store: SqliteStore, installation: Installation, *chosen: str, **wanted: Any) -> Scenarios:
    return make_scenarios(
        installation.city(),
        ledger(installation, store, TODAY),
        Wanted(chosen=chosen, **wanted),
        simulation=Simulation(installation.uncertainty, 500, 1),
    )


def line(scenarios: Scenarios, of: ScenarioId, grid: bool = False) -> Scenario:
    return next(s for s in scenarios.scenarios if s.id is of and bool(s.grid) is grid)


def people(**by_year: int) -> Outlook:
    return Outlook(
        population=tuple(
            ExpectedPopulation(year=int(year[1:]), inhabitants=n, source="s")
            for year, n in by_year.items()
        )
    )


def test_as_usual_is_the_last_inventory_per_inhabitant(store: SqliteStore) -> None:
    """1,000 inhabitants in 2025, 900 in 2030, so 940 in 2028: 450 * 0.94 and 450 * 0.9."""
    found = made(store, installed(outlook=people(y2030=900)))
    usual = line(found, ScenarioId.AS_USUAL)
    assert [y.year for y in usual.years] == [2026, 2027, 2028, 2029, 2030]
    assert usual.years[2].emissions_t == pytest.approx(450 * 0.94)
    assert usual.last.emissions_t == pytest.approx(405.0)
    assert found.allowed_t == pytest.approx(420.0)
    assert usual.gap_t == pytest.approx(-15.0)


def test_ready_inventories_give_the_same_and_every_year_has_its_band(store: SqliteStore) -> None:
    """Errors are drawn by name and seed, whichever years are drawn together."""
    installation = installed(action("saved"))
    city, of = installation.city(), ledger(installation, store, TODAY)
    inventories = make_inventories(city, of)
    draws = Simulation(installation.uncertainty, 500, 1).of(inventories.values(), cells=False)
    found = make_scenarios(city, of, ready=Ready(inventories, draws))
    assert found == made(store, installation)
    planned = line(found, ScenarioId.PLANNED)
    assert len(planned.intervals_t) == len(planned.years) == 5
    assert planned.intervals_t[-1] == planned.interval_t
    widths = [band.high - band.low for band in planned.intervals_t]
    assert widths == sorted(widths)


def test_without_an_expectation_inhabitants_stay_and_it_is_told(store: SqliteStore) -> None:
    found = made(store, installed())
    assert line(found, ScenarioId.AS_USUAL).last.emissions_t == pytest.approx(450.0)
    assert [f.name for f in found.findings] == ["scenario.population_carried"]


def test_an_assumed_trend_is_a_line_of_its_own(store: SqliteStore) -> None:
    """1 % less a year and head: 450 * 0.99^5."""
    trend = UsualTrend(yearly_change_fraction=-0.01, assumed=True, note="n")
    found = made(store, installed(outlook=Outlook(usual_trend=trend)))
    assert line(found, ScenarioId.AS_USUAL).last.emissions_t == pytest.approx(450.0)
    assert line(found, ScenarioId.AS_USUAL_TREND).last.emissions_t == pytest.approx(450 * 0.99**5)


def test_planned_actions_count_from_their_end_on_at_the_likely_part(store: SqliteStore) -> None:
    """100 MWh * 0.2 = 20 t from 2028 on, 16 of them likely; nothing in 2027."""
    planned = line(made(store, installed(action("a"))), ScenarioId.PLANNED)
    assert [y.own_t for y in planned.years] == pytest.approx([0, 0, 16, 16, 16])
    assert planned.last.declared_t == pytest.approx(20.0)
    assert planned.last.emissions_t == pytest.approx(450 - 16)
    assert planned.gap_t == pytest.approx(14.0)
    assert planned.actions == ("a",)


def test_own_supra_ordinate_and_mixed_actions_stand_apart(store: SqliteStore) -> None:
    """A mixed action of which a quarter is the town's own, and one that does not say."""
    actions = (
        action("own"),
        action("state", origin=Origin.NATIONAL),
        action("both", origin=Origin.MIXED, own_fraction=0.25),
        action("who", origin=Origin.MIXED),
    )
    end = line(made(store, installed(*actions)), ScenarioId.PLANNED).last
    assert end.own_t == pytest.approx(LIKELY * (20 + 5))
    assert end.supra_ordinate_t == pytest.approx(LIKELY * (20 + 15))
    assert end.unsplit_t == pytest.approx(LIKELY * 20)
    assert end.emissions_t == pytest.approx(450 - LIKELY * 80)


def test_overlaps_count_once_and_what_worked_already_not_at_all(store: SqliteStore) -> None:
    """Half of b is in a: 20 + 10. Complete since 2024 is in the inventory of 2025."""
    actions = (
        action("a"),
        action("b", overlaps=(Overlap(action="a", fraction=0.5),)),
        action("done", status=Status.COMPLETED, end=date(2024, 12, 31)),
        action("stopped", status=Status.CANCELLED),
    )
    end = line(made(store, installed(*actions)), ScenarioId.PLANNED).last
    assert end.declared_t == pytest.approx(30.0)


def test_what_was_completed_in_the_last_year_counts_for_the_rest_of_it(store: SqliteStore) -> None:
    """Complete on 30 June 2025: 184 of 365 days are in the inventory, 181 are to come."""
    done = action("done", status=Status.COMPLETED, end=date(2025, 6, 30))
    end = line(made(store, installed(done)), ScenarioId.PLANNED).last
    assert end.declared_t == pytest.approx(20 * 181 / 365)


def test_what_should_be_done_and_is_not_is_in_no_inventory_yet(store: SqliteStore) -> None:
    """Planned to end in 2023 and still under way in 2026: its 20 t are to come, all of them."""
    late = action("late", status=Status.ONGOING, end=date(2023, 12, 31))
    end = line(made(store, installed(late)), ScenarioId.PLANNED).last
    assert end.declared_t == pytest.approx(20.0)


def test_chosen_actions_come_on_top_of_the_planned_ones(store: SqliteStore) -> None:
    """A postponed one without an end is taken to be complete by the end of 2029."""
    later = action("later", status=Status.POSTPONED, end=None, declared_saving_mwh=50.0)
    found = made(store, installed(action("a"), later), "later")
    assert line(found, ScenarioId.PLANNED).last.declared_t == pytest.approx(20.0)
    chosen = line(found, ScenarioId.CHOSEN)
    assert [y.declared_t for y in chosen.years] == pytest.approx([0, 0, 20, 20, 30])
    assert "scenario.end_assumed" in [f.name for f in found.findings]


def test_what_excludes_a_planned_action_takes_its_place(store: SqliteStore) -> None:
    other = action("b", status=Status.CANCELLED, excludes=("a",), requires=("c",),
                   declared_saving_mwh=300.0)  # fmt: skip
    found = made(store, installed(action("a"), other), "b")
    assert line(found, ScenarioId.CHOSEN).last.declared_t == pytest.approx(60.0)
    told = {f.name: f.message for f in found.findings}
    assert told["scenario.excludes"] == "a is left out: it cannot be done beside b"
    assert "without c" in told["scenario.requires"]


def test_actions_without_an_end_or_too_late_are_told(store: SqliteStore) -> None:
    late = action("late", end=date(2030, 6, 30))
    found = made(store, installed(action("open", end=None), late))
    told = {f.name: f.subject for f in found.findings}
    assert (told["scenario.no_end"], told["scenario.late"]) == ("open", "late")
    assert line(found, ScenarioId.PLANNED).last.declared_t == pytest.approx(20 * 184 / 365)


def test_a_cleaner_grid_is_supra_ordinate_and_saved_electricity_worth_less(
    store: SqliteStore,
) -> None:
    """0.25 to 0.10 by 2030: 1,000 MWh less 150 t; 100 MWh saved are 10 t then, not 25.

    In 2028, three fifths of the way, the factor is 0.16: 90 t less.
    """
    lamps = action("lamps", carrier="electricity")
    found = made(store, installed(lamps, grids=(GRID,)))
    usual = line(found, ScenarioId.AS_USUAL, grid=True)
    assert usual.years[2].grid_t == pytest.approx(90.0)
    assert usual.last.emissions_t == pytest.approx(300.0)
    assert line(found, ScenarioId.AS_USUAL).last.grid_t == 0.0
    clean, dirty = (line(found, ScenarioId.PLANNED, grid=g).last for g in (True, False))
    assert clean.own_t == pytest.approx(LIKELY * 10)
    assert dirty.own_t == pytest.approx(LIKELY * 25)
    assert clean.supra_ordinate_t == pytest.approx(150.0)


def test_a_frozen_factor_makes_no_use_of_the_grid_and_says_so(store: SqliteStore) -> None:
    plan = town(ROWS).city().plan.model_copy(update={"electricity_factor": "frozen"})
    found = made(store, installed(grids=(GRID,), plan=plan))
    assert [s.grid for s in found.scenarios] == [None, None]
    assert "scenario.grid_unused" in [f.name for f in found.findings]


def test_a_target_per_head_allows_more_to_more_people(store: SqliteStore) -> None:
    """700 t of 1,000 heads: 0.7 t each, 0.42 in 2030; of 1,100 heads 462 t; as usual 495."""
    estimate = PopulationEstimate(inhabitants=1100, source="s")
    target = Target(id="t", name=NAME, base_year=2007, target_year=2030, reduction_fraction=0.4,
                    kind="per_capita", population_estimate=estimate)  # fmt: skip
    city = town(ROWS).city()
    counted = tuple(Population(year=y, inhabitants=1000, source="s") for y in (2007, 2025))
    found = made(
        store,
        installed(
            plan=city.plan.model_copy(update={"targets": (target,)}),
            facts=city.facts.model_copy(update={"population": counted}),
        ),
    )
    assert found.allowed_t == pytest.approx(462.0)
    assert line(found, ScenarioId.AS_USUAL).gap_t == pytest.approx(33.0)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"to_year": 2025}, "--to 2025: scenarios are of years after the last inventory"),
        ({"target_id": "x"}, "no target 'x'"),
        ({"grid_id": "x"}, "no projection of the grid 'x'; there is grid"),
    ],
)
def test_what_is_not_there_is_told(
    store: SqliteStore, wanted: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        made(store, installed(grids=(GRID,)), **wanted)


def test_an_unknown_action_is_told(store: SqliteStore) -> None:
    with pytest.raises(DataError, match="no action 'b'; there is a"):
        made(store, installed(action("a")), "b")


def certain(t: float, count: int = 4) -> Spread:
    same = np.full(count, t)
    return Spread(same, same)


def test_draws_of_a_year_to_come_by_hand() -> None:
    """100 t, growth 0.9, a tenth off by the grid: 81; 10 declared, of which 4, 8, 11 come true."""
    draws = Draws(1, 3, {2007: certain(200.0, 3), 2025: certain(100.0, 3)}, {})
    future = FutureDraws(draws, np.array([0.4, 0.8, 1.1]), np.array([0.0, 0.0, 1.0]), 0.02)
    to_come = ToCome(2029, 2025, 0.9, 0.1, 10.0)
    # In the third world all is 2 % * root of 4 years = 4 % more: 84.24 - 11.
    assert future.spread(to_come).least_t.tolist() == pytest.approx([77.0, 73.0, 73.24])
    chances = future.chances(to_come, 2007, Asked(0.62, 0.63))
    assert chances.on_path.low == pytest.approx(2 / 3)  # 61.5, 63.5 and 63.38 % less
    assert chances.meets_target.low == pytest.approx(2 / 3)


def test_gaps_of_the_last_inventory_stay_open_in_years_to_come() -> None:
    last = Spread(np.full(2, 100.0), np.full(2, 130.0))
    future = FutureDraws(
        Draws(1, 2, {2025: last, 2007: certain(200, 2)}, {}), np.ones(2), np.zeros(2), 0.0
    )
    spread = future.spread(ToCome(2030, 2025, 1.0, 0.0, 10.0))
    assert (spread.least_t[0], spread.most_t[0]) == (90.0, 120.0)


def test_realised_parts_have_the_stated_quantiles() -> None:
    """Standard normal draws at their own 5, 50 and 95 % give the ends and the middle exactly."""
    stated = Realisation(low_fraction=0.4, likely_fraction=0.8, high_fraction=1.1, source="s")
    found = realised_fractions(stated, np.array([-1.6448536, 0.0, 1.6448536, -9.0]))
    assert found.tolist() == pytest.approx([0.4, 0.8, 1.1, 0.0], abs=1e-6)


def test_chances_are_repeatable_and_rise_with_what_is_planned(store: SqliteStore) -> None:
    """As usual 450 t beside 420 allowed; 300 MWh of gas are 60 t declared, 48 likely: 402."""
    growth = Growth(spread_fraction_per_year=0.02, source="s")
    installation = installed(action("a", declared_saving_mwh=300.0), outlook=Outlook(growth=growth))
    first, again = made(store, installation), made(store, installation)
    chance = [s.chances.on_path.low for s in first.scenarios]
    assert chance == [s.chances.on_path.low for s in again.scenarios]
    assert chance[0] < 0.5 < chance[1]
    planned = line(first, ScenarioId.PLANNED)
    assert planned.interval_t.low < 402 < planned.interval_t.high


def test_a_projection_is_straight_from_the_last_factor_and_flat_after_its_last_point() -> None:
    assert GRID.factor(2025, 0.25, 2025) == pytest.approx(0.25)
    assert GRID.factor(2025, 0.25, 2027) == pytest.approx(0.19)
    assert GRID.factor(2025, 0.25, 2035) == pytest.approx(0.10)
    assert GRID.factor(2031, 0.09, 2035) == pytest.approx(0.09)


def test_the_shipped_projection_is_data_with_its_source() -> None:
    grids = shipped().expectations.grids
    assert [g.id for g in grids] == ["pniec-2030"]
    assert grids[0].points[0].factor_t_per_mwh == 0.0767
    assert "Turin" in (grids[0].source or "")
