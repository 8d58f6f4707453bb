"""How the accuracy of the rules about buildings is measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.accuracy.buildings import cases
from benchmarks.accuracy.estates import FIRST, GAS_UNTIL, REPORTED_ON, TUNED_ON, buildings
from paes.faults.episode import Episode

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def episode(first: int, days: int) -> Episode:
    start = NOON + timedelta(days=first)
    end = start + timedelta(days=days)
    return Episode(start=start, end=end, found=end, is_over=True, numbers={})


def test_what_comes_again_within_three_weeks_is_the_same_case():
    """Ends on day 10 and begins on day 31: the same; on day 32: another."""
    assert cases([episode(0, 10), episode(31, 5)], 21) == 1
    assert cases([episode(0, 10), episode(32, 5)], 21) == 2
    assert cases([], 21) == 0


def test_half_of_the_buildings_are_tuned_on():
    names = [b.name for b in buildings("gas")]

    assert len(names) == 8
    assert set(names) == {*TUNED_ON, *REPORTED_ON}
    assert len(TUNED_ON) == len(REPORTED_ON) == 4


def test_gas_is_unknown_once_its_unit_changed():
    """What the publisher's table holds afterwards is some thirtieth of the same days before."""
    cut = [b for b in buildings("gas") if b.name in GAS_UNTIL]

    assert len(cut) == 5
    for building in cut:
        day = (GAS_UNTIL[building.name] - FIRST).days
        assert np.isnan(building.table[day:]).all()
        assert not np.isnan(building.table[day - 10 : day]).all()


def test_a_turned_down_building_keeps_its_opening_hours():
    building = buildings("gas")[0]
    occupied = building.used.occupied(building.curve) & building.curve.known
    closed = ~building.used.is_open[building.curve.day] & building.curve.known
    turned_down = building.disciplined.curve.amounts

    assert occupied.any()
    assert (turned_down[occupied] == building.curve.amounts[occupied]).all()
    assert np.allclose(turned_down[closed], 0.2 * building.curve.amounts[closed])
