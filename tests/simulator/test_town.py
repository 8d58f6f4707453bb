"""Truth is exact: parts sum to the whole, registers differ by energy, jumps are declared ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from small_town import METERS, SITES, make_town

from collectors.simulator.town import Town
from paes.errors import DataError
from paes.installation import Installation
from paes.periods import day_span

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
SWAP = datetime(2024, 6, 10, 8, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def town(installation: Installation) -> Town:
    return Town(installation, seed=2007, epoch=EPOCH)


def seconds(*times: datetime) -> np.ndarray:
    return np.array([t.timestamp() for t in times])


def swapped(**readings: float) -> Town:
    meter = {
        "id": "ufficio.main",
        "carrier": "electricity",
        "device": "eastron-sdm630",
        "replacements": [{"at": SWAP, "new_serial": "2", **readings}],
    }
    return Town(make_town(SITES, [meter]), seed=2007, epoch=EPOCH)


@pytest.mark.parametrize("meter", [str(m["id"]) for m in METERS])
def test_energy_of_the_parts_is_the_energy_of_the_whole(town: Town, meter: str) -> None:
    cuts = [EPOCH + timedelta(days=61, seconds=s) for s in (0, 100, 900, 86_461, 86_400 * 330)]
    parts = [town.energy(meter, a, b) for a, b in pairwise(cuts)]

    assert sum(parts) == pytest.approx(town.energy(meter, cuts[0], cuts[-1]), rel=1e-12)
    assert all(part >= 0 for part in parts)
    assert sum(parts) > 0


@pytest.mark.parametrize("meter", [str(m["id"]) for m in METERS])
def test_register_differs_by_the_energy(town: Town, meter: str) -> None:
    start, end = datetime(2024, 2, 1, tzinfo=UTC), datetime(2025, 3, 30, 12, 5, tzinfo=UTC)
    before, after = town.register_at(meter, seconds(start, end))

    assert after - before == pytest.approx(town.energy(meter, start, end), abs=1e-6)


def test_register_is_the_sum_of_power_over_time(town: Town) -> None:
    at = np.arange(EPOCH.timestamp(), EPOCH.timestamp() + 86_400, 300.0)
    power_kw = town.power_at("ufficio.main", at)

    assert town.energy("ufficio.main", EPOCH, EPOCH + timedelta(days=1)) == pytest.approx(
        power_kw.sum() * 300 / 3600
    )


def test_any_order_of_questions_gives_the_same_register(installation: Installation) -> None:
    late = seconds(datetime(2026, 5, 1, 10, 20, tzinfo=UTC))
    one, other = (Town(installation, seed=2007, epoch=EPOCH) for _ in range(2))
    one.register_at("scuola.main", seconds(EPOCH, datetime(2025, 1, 1, tzinfo=UTC)))

    assert one.register_at("scuola.main", late)[0] == other.register_at("scuola.main", late)[0]


def test_days_of_the_clock_change_are_23_and_25_hours_of_energy(town: Town) -> None:
    for day, hours in ((date(2025, 3, 30), 23), (date(2025, 10, 26), 25)):
        span = day_span(day, "Europe/Rome")
        by_slot = town.power_at(
            "strada.main", np.arange(span.start.timestamp(), span.end.timestamp(), 900.0)
        )

        assert len(by_slot) == hours * 4
        assert town.energy("strada.main", span.start, span.end) == pytest.approx(by_slot.sum() / 4)


def test_a_balance_closes_at_the_school(town: Town) -> None:
    start, end = datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
    sold_before, sold_after = town.exported_at("scuola.main", seconds(start, end))

    assert sold_after - sold_before > 0
    assert town.energy("scuola.pv", start, end) > sold_after - sold_before


def test_replacement_jumps_between_the_declared_readings() -> None:
    town = swapped(last_reading=900_000.0, first_reading=12.5)
    before, at = town.register_at("ufficio.main", seconds(SWAP - timedelta(milliseconds=1), SWAP))

    assert before == pytest.approx(900_000.0, abs=0.001)
    assert at == 12.5


def test_energy_counts_on_over_a_replacement() -> None:
    town = swapped(last_reading=900_000.0, first_reading=12.5)
    a, b = SWAP - timedelta(hours=1), SWAP + timedelta(hours=1)
    before, after = town.register_at("ufficio.main", seconds(a, b))

    assert town.energy("ufficio.main", a, b) == pytest.approx(
        (900_000.0 - before) + (after - 12.5), abs=1e-6
    )


def test_a_small_declared_reading_scales_the_load_that_led_to_it() -> None:
    town = swapped(last_reading=1_000.0)
    first, last = town.register_at("ufficio.main", seconds(EPOCH, SWAP - timedelta(milliseconds=1)))

    assert first == 0
    assert last == pytest.approx(1_000.0, abs=0.001)
    assert town.energy("ufficio.main", EPOCH, SWAP) == pytest.approx(1_000.0)


def test_before_the_epoch_nobody_knows(town: Town) -> None:
    with pytest.raises(DataError, match="epoch"):
        town.register_at("ufficio.main", seconds(EPOCH - timedelta(seconds=1)))


def test_unknown_meter_is_refused(town: Town) -> None:
    with pytest.raises(DataError, match=r"no meter 'ufficio\.mian'"):
        town.register_at("ufficio.mian", seconds(EPOCH))
