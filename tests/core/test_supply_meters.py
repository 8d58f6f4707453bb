"""Local plants as their meters saw them: over readings in a real store, each figure by hand.

A plant makes 5 kW and gives 2 kW of it to the grid, in June 2025 of 720 hours: 3.6 MWh made and
1.44 MWh delivered. Meters are rated 10 kW.
"""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from paes.accounting.ledger import EnergyLedger
from paes.inventory.metered_plants import metered_plants
from paes.metering import Measures, Plant
from paes.store.sqlite import SqliteStore
from paes.supply.declared_supply import DeclaredSupply
from paes.supply.metered import Metered
from paes.supply.plant_years import plant_years
from paes.supply.plants import DeclaredGeneration, DeclaredPlant, PlantKind
from tests.core.tree_town import meter, town

START = datetime(2025, 5, 31, 22, tzinfo=UTC)
END = datetime(2025, 6, 30, 22, tzinfo=UTC)
JUNE = {"valid_from": "2025-06-01", "valid_to": "2025-07-01"}
PV = meter("school.pv", measures=Measures.GENERATION, **JUNE)
FEED_IN = meter("school.feed-in", measures=Measures.FEED_IN, **JUNE)
CHP = meter("nursery.chp", measures=Measures.GENERATION, plant=Plant.CHP, **JUNE)


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def write(store, of, power_kw, until=END):
    t = np.arange(int(START.timestamp()), int(until.timestamp()) + 1, 900, dtype=np.int64)
    store.write_series(f"{of}/energy_import", t, (t - START.timestamp()) / 3600 * power_kw)


def plant(name="roof", **more):
    of = {"id": name, "name": name, "kind": PlantKind.PHOTOVOLTAIC, "source": "test", **more}
    return DeclaredPlant.model_validate(of)


def metered(store, *meters, plants=()):
    installation = town(*meters)
    city = replace(installation.city(), supply=DeclaredSupply(plants=tuple(plants)))
    installation = replace(installation, cities={"town": city})
    ledger = EnergyLedger(installation, store, lambda: datetime(2026, 1, 10, tzinfo=UTC))
    return metered_plants(city, 2025, ledger)


def made_in(seen, year=2025, plants=(), rows=()):
    declared = DeclaredSupply(plants=tuple(plants), generation=tuple(rows))

    def no_fuel(row):
        raise AssertionError(row)

    return plant_years(declared, seen.declared, seen.unclaimed, year, None, no_fuel)


def row(mwh, covers="sector", **more):
    return DeclaredGeneration(
        year=2025, plant="roof", electricity_mwh=mwh, covers=covers, source="test", **more
    )


def test_what_no_plant_claims_is_told_by_its_kind(store):
    write(store, "school.pv", 5.0)
    write(store, "school.feed-in", 2.0)
    seen = metered(store, PV, FEED_IN)
    assert seen.declared == {}
    pv = seen.unclaimed[Plant.PHOTOVOLTAIC]
    assert (pv.meters, pv.electricity.mwh, pv.delivered.mwh) == (
        1,
        pytest.approx(3.6),
        pytest.approx(1.44),
    )
    (year,), findings = made_in(seen)
    assert year.used_on_the_spot.mwh == pytest.approx(2.16)
    assert findings == []


def test_a_plant_takes_the_meters_of_its_site(store):
    write(store, "school.pv", 5.0)
    write(store, "school.feed-in", 2.0)
    seen = metered(store, PV, FEED_IN, plants=[plant(sites=["school"])])
    assert seen.unclaimed == {}
    assert seen.declared["roof"].delivered.mwh == pytest.approx(1.44)


def test_two_plants_behind_one_connection_share_what_is_fed_in(store):
    """8 kW and 2 kW behind 5 kW of feed-in: 4 kW and 1 kW of it, in 720 hours 2.88 and 0.72 MWh."""
    other = meter("school.pv2", measures=Measures.GENERATION, **JUNE)
    write(store, "school.pv", 8.0)
    write(store, "school.pv2", 2.0)
    write(store, "school.feed-in", 5.0)
    seen = metered(store, PV, other, FEED_IN, plants=[plant(meters=["school.pv2"])])
    assert seen.declared["roof"].delivered.mwh == pytest.approx(0.72)
    assert seen.unclaimed[Plant.PHOTOVOLTAIC].delivered.mwh == pytest.approx(2.88)


def test_a_plant_in_the_ets_takes_its_meters_out_of_the_tables(store):
    write(store, "school.pv", 5.0)
    roofs = [plant(sites=["school"], ets=True)]
    found, findings = made_in(metered(store, PV, plants=roofs), plants=roofs)
    assert found == []
    assert [f.name for f in findings] == ["supply.left_out"]


def test_without_a_meter_of_feed_in_nothing_is_offset_and_all_may_be(store):
    write(store, "school.pv", 5.0)
    (year,), findings = made_in(metered(store, PV))
    assert (year.delivered.mwh, year.delivered.low_mwh) == (0, 0)
    assert year.delivered.high_mwh == pytest.approx(3.6)
    assert [f.name for f in findings] == ["supply.feed_in_unknown"]


def test_without_a_meter_of_feed_in_the_plants_own_fraction_counts(store):
    write(store, "school.pv", 5.0)
    roofs = [plant(sites=["school"], used_on_the_spot_fraction=0.75, since=2025)]
    (year,), findings = made_in(metered(store, PV, plants=roofs), plants=roofs)
    # A quarter of 3.6 MWh
    assert year.delivered.mwh == pytest.approx(0.9)
    assert findings == []


def test_a_gap_of_the_meter_offsets_nothing_and_stays_between_bounds(store):
    """Half of June is missing: 1.8 MWh seen; a meter rated 10 kW may miss 1.2 x 10 x 360 h."""
    write(store, "school.pv", 5.0, until=datetime(2025, 6, 15, 22, tzinfo=UTC))
    write(store, "school.feed-in", 2.0)
    (year,), findings = made_in(metered(store, PV, FEED_IN))
    assert year.electricity.mwh == pytest.approx(1.8)
    assert year.electricity.high_mwh == pytest.approx(1.8 + 4.32)
    # What was fed in was metered, all of June, and is no more than was made.
    assert year.delivered.mwh == pytest.approx(1.44)
    assert [f.name for f in findings] == ["supply.gaps"]


def test_a_declared_row_stands_for_the_whole_plant_or_beside_its_meters(store):
    write(store, "school.pv", 5.0)
    write(store, "school.feed-in", 2.0)
    roofs = [plant(sites=["school"], used_on_the_spot_fraction=0.5)]
    seen = metered(store, PV, FEED_IN, plants=roofs)
    (whole,), _ = made_in(seen, plants=roofs, rows=[row(10)])
    assert (whole.electricity.mwh, whole.metered_mwh) == (10, pytest.approx(3.6))
    assert whole.delivered.mwh == pytest.approx(5)
    (rest,), _ = made_in(seen, plants=roofs, rows=[row(10, "rest")])
    assert rest.electricity.mwh == pytest.approx(13.6)
    # A half of 10, and what was fed in of the rest
    assert rest.delivered.mwh == pytest.approx(6.44)


def test_more_metered_than_declared_is_told(store):
    write(store, "school.pv", 5.0)
    roofs = [plant(sites=["school"], used_on_the_spot_fraction=0.5)]
    seen = metered(store, PV, plants=roofs)
    _, findings = made_in(seen, plants=roofs, rows=[row(3)])
    assert [f.name for f in findings] == ["supply.metered_exceeds_declared"]


def test_meters_of_a_part_of_the_year_leave_the_rest_open(store):
    """June is 30 of 365 days; the other 335 may hold 0.01 MW x 8784 h x 335/365 = 80.62 MWh."""
    write(store, "school.pv", 5.0)
    write(store, "school.feed-in", 2.0)
    roofs = [plant(sites=["school"], capacity_mw=0.01)]
    (year,), findings = made_in(metered(store, PV, FEED_IN, plants=roofs), plants=roofs)
    assert year.electricity.mwh == pytest.approx(3.6)
    assert year.electricity.high_mwh == pytest.approx(3.6 + 80.62, abs=0.01)
    assert year.delivered.high_mwh == pytest.approx(1.44 + 80.62, abs=0.01)
    assert [f.name for f in findings] == ["supply.metered_in_part"]
    new = [plant(sites=["school"], capacity_mw=0.01, since=2025)]
    (year,), findings = made_in(metered(store, PV, FEED_IN, plants=new), plants=new)
    assert year.electricity.high_mwh == pytest.approx(3.6)
    assert findings == []


def test_meters_of_a_cogenerator_whose_fuel_nobody_declares_offset_nothing(store):
    write(store, "nursery.chp", 5.0)
    (year,), findings = made_in(metered(store, CHP))
    assert year.kind is PlantKind.CHP
    assert (year.delivered.mwh, year.electricity.mwh) == (0, pytest.approx(3.6))
    assert [f.name for f in findings] == ["supply.fuel_unknown"]


def test_a_town_without_meters_of_generation_asks_the_store_nothing(store):
    seen = metered(store, meter("school.main"))
    assert (seen.declared, seen.unclaimed) == ({}, {})
    assert made_in(seen) == ([], [])


def test_amounts_of_two_sites_add_up():
    one, two = Metered(1), Metered(2)
    assert (one + two).meters == 3
