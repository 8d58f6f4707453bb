"""Months and years of sites, and what they cost, against hours reckoned by hand.

The hall of ``cost_town`` draws 4 kW from 1 December 2024 on: 744 h make 2,976 kWh in December and
in January, 672 h make 2,688 in February. On 1 March the line falls silent for ever.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.queries.recipe import Sources
from dashboard.queries.town_energy import make_costs, make_energy
from paes.metering import Carrier, Measures
from paes.store.sqlite import SqliteStore
from tests.core.cost_town import contract, local, tariff, town, write

NOW = local("2025-03-11T00:00")
POWER, BOUGHT = Carrier.ELECTRICITY, Measures.WITHDRAWAL


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    """The hall pays 0.20 EUR/kWh, but from 1 February on nobody knows its contract."""
    folder: Path = tmp_path_factory.mktemp("hall")
    store = SqliteStore(folder / "readings.sqlite")
    write(store, "2024-12-01T00:00", "2025-03-01T00:00")
    known = contract("flat", valid_to="2025-02-01")
    flat = tariff("flat", {"energy_eur_per_unit": 0.20})
    installation = town([flat], [known], more_sites=["crypt"])
    yield Sources.of(installation, store, lambda: NOW)
    store.close()


def test_months_begin_with_the_first_reading_and_gaps_are_no_zero(sources: Sources) -> None:
    found = pickle.loads(pickle.dumps(make_energy(sources, "town")))
    assert [f"{s:%Y-%m-%d %H:%M}" for s in found.starts] == [
        "2024-12-01 00:00", "2025-01-01 00:00", "2025-02-01 00:00", "2025-03-01 00:00",
    ]  # fmt: skip
    months = found.months("hall", POWER, BOUGHT)
    assert months.measured == pytest.approx([2976, 2976, 2688, 0])
    assert months.covered_s[3] == 0
    assert months.span_s[3] == 10 * 86400  # until now
    assert (months.estimated + months.missing_high)[3] > 0
    assert found.years == [2024, 2025]
    assert found.year("hall", POWER, BOUGHT, 2024).kwh == pytest.approx(2976)
    assert found.year("hall", POWER, BOUGHT, 2025).measured_kwh == pytest.approx(5664)
    assert found.year("hall", POWER, BOUGHT, 2023) is None
    assert found.months("crypt", POWER, BOUGHT) is None
    assert found.carriers("hall") == [POWER]


def test_what_has_no_contract_is_not_cheaper(sources: Sources) -> None:
    found = pickle.loads(pickle.dumps(make_costs(sources, "town")))
    assert found.year_eur("hall", 2024).eur == pytest.approx([595.20])
    assert found.months_eur("hall", POWER).eur[:2] == pytest.approx([595.20, 595.20])
    assert found.of("hall").unpriced_s[2] == 28 * 86400
    assert found.year_eur("hall", 2025) is None
    assert found.year_eur("hall", 2024, Carrier.NATURAL_GAS) is None
    assert found.year_eur("crypt", 2024) is None


def test_a_town_that_was_never_read_has_no_months(sources: Sources, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "empty.sqlite")
    empty = Sources.of(sources.installation, store, lambda: NOW)
    energy, costs = make_energy(empty, "town"), make_costs(empty, "town")
    store.close()
    assert energy.years == []
    assert energy.tables == {}
    assert costs.year_eur("hall", 2025) is None
