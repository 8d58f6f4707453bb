"""A site's figure is what its meters make of it, down to their reads.

The town of ``lineage_town``: in 2025 (8,760 hours) the school draws 2 kW, of which the columns in
its yard take 0.5 kW that belong to another site, and 1 m3 of gas an hour at 9.6 kWh.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lineage_town import LineageTown

from paes.errors import DataError
from paes.lineage.remaking import agrees
from paes.lineage.site_figures import site_id
from paes.lineage.tracing import Tracer
from paes.lineage.walking import verify
from paes.store.sqlite import SqliteStore


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineageTown]:
    store = SqliteStore(tmp_path_factory.mktemp("sites") / "readings.sqlite")
    made = LineageTown(store)
    made.fill()
    yield made
    store.close()


@pytest.fixture
def tracer(town: LineageTown) -> Tracer:
    return town.tracer()


def test_what_goes_to_another_site_is_taken_off(tracer: Tracer) -> None:
    figure = tracer.figure(site_id(tracer.city.id, "school", "electricity", "2025"))
    assert figure.value == pytest.approx(1.5 * 8760)
    assert figure.unit == "kWh"
    assert sorted(one.weight for one in figure.inputs) == [-1.0, 1.0]
    assert agrees(figure)


def test_all_that_a_site_uses_is_the_sum_of_its_carriers(tracer: Tracer) -> None:
    wanted = site_id(tracer.city.id, "school", "used", "2025")
    figure = tracer.figure(wanted)
    assert figure.value == pytest.approx(1.5 * 8760 + 9.6 * 8760)
    assert {one.role for one in figure.inputs} == {"withdrawal"}
    assert verify(tracer, wanted).wrong == []


@pytest.mark.parametrize(
    ("site", "stream", "says"),
    [
        ("nowhere", "used", "no site"),
        ("school", "steam", "none of"),
        ("school", "water", "no such"),
    ],
)
def test_what_is_not_there_is_told(tracer: Tracer, site: str, stream: str, says: str) -> None:
    quantity = "m3" if stream == "water" else "kwh"
    with pytest.raises(DataError, match=says):
        tracer.figure(site_id(tracer.city.id, site, stream, "2025", quantity))
