"""A gap in a site's meter brings back the figure that was declared before: it must not be certain.

The school's row of 2022 has 5 MWh; its meter took 1 kW all of 2024, 8.784 MWh.
"""

from __future__ import annotations

import math

import pytest
from evidence_town import (
    HOMES,
    JULY,
    MWH_OF_YEAR,
    OFFICES,
    YEAR,
    declared,
    ledger,
    meter,
    runs,
    town,
)
from uncertain_town import assumed

from paes.inventory.making import make_inventory
from paes.periods import Span
from paes.progress.progress import make_progress
from paes.store.sqlite import SqliteStore
from paes.uncertainty.simulation import simulate

SCHOOL = ("school",)


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def line(store, *rows):
    made = make_inventory(
        (installation := town(rows, meter("school.main"))).city(), 2024, ledger(installation, store)
    )
    (found,) = made.lines
    return made, found


def test_without_a_gap_the_meter_stands(store):
    runs(store, "school.main")
    _, found = line(store, declared(2022, 5.0, sites=SCHOOL))
    assert found.energy_mwh == pytest.approx(MWH_OF_YEAR)
    assert found.activity.doubted == ()


def test_an_old_figure_that_a_gap_brings_back_is_bounded_by_the_meter(store):
    """Half a year seen, half a year after the last read unseen: all that 10 kW can take of it."""
    runs(store, "school.main", Span(YEAR.start, JULY))
    made, found = line(store, declared(2022, 5.0, sites=SCHOOL))
    assert found.energy_mwh == 5.0
    low, high = found.activity.bounds_mwh
    assert low <= MWH_OF_YEAR <= high
    assert low <= 5.0
    assert made.bounds_t == pytest.approx((low * 0.5, high * 0.5))
    drawn = simulate([made], assumed(), draws=10).totals[2024]
    assert drawn.interval().high >= MWH_OF_YEAR * 0.5
    assert math.isfinite(high)


def test_a_figure_of_the_year_itself_settles_a_gap(store):
    runs(store, "school.main", Span(YEAR.start, JULY))
    _, found = line(store, declared(2024, 5.0, sites=SCHOOL))
    assert found.activity.bounds_mwh == (5.0, 5.0)


def test_a_meter_that_came_later_leaves_the_figure_of_before(store):
    """Half a year of a meter is no gap: there is no more reason to doubt than without it."""
    late = meter("school.main", valid_from=JULY.date().replace(month=7, day=1))
    runs(store, "school.main", Span(JULY, YEAR.end))
    installation = town((declared(2022, 5.0, sites=SCHOOL),), late)
    made = make_inventory(installation.city(), 2024, ledger(installation, store))
    assert made.lines[0].activity.bounds_mwh == (5.0, 5.0)


def test_a_gap_that_leaves_a_cell_below_zero_is_no_boundary(store):
    """The flats behind the school's meter took 1 kW all year, of the school's 1.2 kW half is seen.

    20 MWh in 2007; 2024: 1.2 x 4,367 h - 8,784 h is below zero, and nobody closed anything.
    """
    main = meter("school.main")
    flats = meter("flats.main", measures="submeter", parent="school.main")
    runs(store, "flats.main")
    runs(store, "school.main", Span(YEAR.start, JULY), power_kw=1.2)
    rows = [
        declared(year, mwh, sector=sector, covers="rest")
        for year, mwh in ((2007, 20.0), (2024, 0.0))
        for sector in (OFFICES, HOMES)
    ]
    installation = town(tuple(rows), main, flats)
    progress = make_progress(installation.city(), ledger(installation, store))
    offices = next(x for x in progress.inventories[-1].lines if x.activity.sector is OFFICES)
    assert offices.energy_mwh == pytest.approx(1.2 * 4.367 - 8.784)
    assert offices.activity.bounds_mwh[0] == pytest.approx(0.0)
    effects = progress.effects_in(2024)
    assert effects.boundary_t == 0.0
    assert effects.unexplained_t == pytest.approx(effects.total_t)
