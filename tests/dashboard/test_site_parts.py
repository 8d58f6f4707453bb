"""The energy of a site on the live page: what goes to other sites is taken off.

The school draws 5 kW, and of it the charging columns in its yard 2 kW.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from dashboard.queries.meters import LiveCity, LiveSite, activity_of, live
from paes.accounting.ledger import EnergyLedger
from paes.meter_status import MeterState
from paes.metering import Carrier, Evidence, Measures, Reading
from paes.meters import ImportedMeter, Meter
from paes.store.sqlite import SqliteStore
from tests.core.test_site_energy import JUNE
from tests.core.tree_town import meter, town

NOW = JUNE.end
WEEK_H = 7 * 24
MAIN, COLUMNS = meter("school.main"), meter("columns.main", parent="school.main")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def write(store: SqliteStore, of: str, power_kw: float) -> None:
    """A register read every quarter of an hour for ten days, and the power at the end."""
    begin = NOW - timedelta(days=10)
    t = np.arange(int(begin.timestamp()), int(NOW.timestamp()) + 1, 900, dtype=np.int64)
    store.write_series(f"{of}/energy_import", t, (t - t[0]) / 3600 * power_kw)
    store.write([Reading(f"{of}/active_power", NOW, 1000 * power_kw)])


def sites(store: SqliteStore, *of: Meter) -> dict[str, LiveSite]:
    installation = town(*of)
    ledger, city = EnergyLedger(installation, store, lambda: NOW), installation.city()
    power = {m.id: f"{m.id}/active_power" for m in of}
    now = live(city, ledger, power, activity_of(city, ledger, power))
    return {site.site.id: site for site in now.sites}


def test_what_goes_to_another_site_is_told_there(store: SqliteStore) -> None:
    write(store, "school.main", 5.0)
    write(store, "columns.main", 2.0)
    found = sites(store, MAIN, COLUMNS)
    assert found["school"].week(Measures.WITHDRAWAL, electric=True) == pytest.approx(3 * WEEK_H)
    assert found["columns"].week(Measures.WITHDRAWAL) == pytest.approx(2 * WEEK_H)
    assert found["school"].week(Measures.WITHDRAWAL, electric=False) is None
    assert found["school"].power_w(Measures.WITHDRAWAL) == pytest.approx(3000)
    assert found["columns"].power_w(Measures.WITHDRAWAL) == pytest.approx(2000)
    assert [len(site.meters) for site in found.values()] == [1, 1]


def test_where_the_whole_said_nothing_the_rest_is_unknown_and_not_negative(
    store: SqliteStore,
) -> None:
    write(store, "columns.main", 2.0)
    found = sites(store, MAIN, COLUMNS)
    assert found["school"].week(Measures.WITHDRAWAL) is None
    assert found["school"].power_w(Measures.WITHDRAWAL) is None
    assert found["columns"].week(Measures.WITHDRAWAL) == pytest.approx(2 * WEEK_H)


def test_where_the_part_said_nothing_it_stays_with_the_whole(store: SqliteStore) -> None:
    write(store, "school.main", 5.0)
    found = sites(store, MAIN, COLUMNS)
    assert found["school"].week(Measures.WITHDRAWAL) == pytest.approx(5 * WEEK_H)
    assert found["columns"].week(Measures.WITHDRAWAL) is None


def test_a_meter_of_files_is_not_silent_and_takes_no_coverage_from_those_that_are_read(
    store: SqliteStore,
) -> None:
    write(store, "school.main", 5.0)
    oil = ImportedMeter(
        id="school.oil", carrier=Carrier.HEATING_OIL, brings=Evidence.AMOUNTS, unit="l"
    )
    school = sites(store, MAIN, oil)["school"]
    assert {m.meter.id: m.state for m in school.meters} == {
        "school.main": MeterState.LIVE,
        "school.oil": MeterState.FROM_FILES,
    }
    assert school.state is MeterState.LIVE
    assert school.day_coverage == pytest.approx(1)
    assert school.week_coverage == pytest.approx(1)
    assert LiveCity(NOW, (school,)).counts == {
        MeterState.LIVE: 1,
        MeterState.STALE: 0,
        MeterState.SILENT: 0,
        MeterState.NEVER: 0,
    }
