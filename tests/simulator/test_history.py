"""A simulated past: what the dial showed, honest gaps, the same for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from small_town import METERS, SITES, make_town

from collectors.simulator.dial import Dial, dial_of
from collectors.simulator.history import fill_history
from collectors.simulator.losses import losses_between
from collectors.simulator.parameters import Parameters
from collectors.simulator.town import Town
from paes.errors import DataError
from paes.installation import Installation
from paes.metering import Quality, Register
from paes.store import Store, open_store

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
START, END = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 9, 1, tzinfo=UTC)
YEAR_S = 365 * 86400


@pytest.fixture
def town(installation: Installation) -> Town:
    return Town(installation, seed=2007, epoch=EPOCH)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "readings.db"))
    yield opened
    opened.close()


def test_history_is_what_the_dials_showed(town: Town, store: Store) -> None:
    fill_history(town, store, START, END)

    for meter in town.installation.meters.values():
        register = town.installation.register(meter)
        read = store.read(register.point)
        true = town.register_at(meter.id, read.seconds)

        assert len(read.seconds) > 15_000
        assert (read.seconds % 900 == 0).all()
        # a float32 below 524,288 kWh steps by 1/32, and it is rounded to the nearest step
        assert np.abs(read.values - true).max() <= max(register.resolution, 1 / 64) + 2e-3
        assert (np.diff(read.values) >= 0).all()


def test_store_is_labelled_as_simulated(town: Town, store: Store) -> None:
    fill_history(town, store, START, START + timedelta(hours=1))

    assert store.labels()["simulated"] == "true"


def test_some_readings_are_lost_and_counted(town: Town, store: Store) -> None:
    summary = fill_history(town, store, START, END)
    written = sum(len(store.read(p).seconds) for p in store.points())

    assert summary.meters == len(METERS)
    assert summary.readings == written
    assert summary.readings + summary.lost_readings == len(METERS) * 184 * 96
    assert 0 < summary.lost_readings / summary.readings < 0.05
    assert summary.losses


def test_filling_twice_or_in_parts_is_the_same(town: Town, store: Store, tmp_path: Path) -> None:
    middle = START + timedelta(days=40, minutes=7)
    fill_history(town, store, START, END)
    fill_history(town, store, START, END)
    parts = open_store(str(tmp_path / "parts.db"))
    fill_history(town, parts, START, middle)
    fill_history(town, parts, middle, END)

    assert store.points()
    for point in store.points():
        once, again = store.read(point), parts.read(point)
        assert (once.seconds == again.seconds).all()
        assert (once.values == again.values).all()
    parts.close()


def test_readings_are_good(town: Town, store: Store) -> None:
    fill_history(town, store, START, START + timedelta(hours=1))
    latest = store.latest(["ufficio.main/energy_import"])["ufficio.main/energy_import"]

    assert latest.quality is Quality.GOOD
    assert latest.at == START + timedelta(minutes=45)  # half-open


def test_nothing_is_written_outside_a_meters_life(store: Store) -> None:
    meter = {
        "id": "ufficio.main",
        "carrier": "electricity",
        "device": "eastron-sdm630",
        "valid_from": date(2024, 4, 1),
        "valid_to": date(2024, 5, 1),
    }
    fill_history(Town(make_town(SITES, [meter]), seed=1, epoch=EPOCH), store, START, END)
    read = store.read("ufficio.main/energy_import")

    assert datetime.fromtimestamp(read.seconds[0], tz=UTC) == datetime(2024, 3, 31, 22, tzinfo=UTC)
    assert datetime.fromtimestamp(read.seconds[-1], tz=UTC) == datetime(
        2024, 4, 30, 21, 45, tzinfo=UTC
    )


def test_progress_names_every_meter_and_ends_at_the_total(town: Town, store: Store) -> None:
    seen: list[tuple[int, int, str]] = []
    fill_history(
        town,
        store,
        START,
        START + timedelta(hours=1),
        progress=lambda done, total, meter: seen.append((done, total, meter)),
    )

    assert [s[0] for s in seen] == list(range(len(METERS) + 1))
    assert {s[2] for s in seen[:-1]} == {m["id"] for m in METERS}


def test_a_past_before_the_epoch_is_refused(town: Town, store: Store) -> None:
    with pytest.raises(DataError, match="epoch"):
        fill_history(town, store, EPOCH - timedelta(days=1), END)


def test_losses_do_not_depend_on_the_window(
    installation: Installation, parameters: Parameters
) -> None:
    start = int(START.timestamp())
    whole = losses_between(installation, parameters.losses, 2007, start, start + 3 * YEAR_S)
    part = losses_between(installation, parameters.losses, 2007, start + YEAR_S, start + 2 * YEAR_S)

    assert part
    assert set(part) == {
        loss for loss in whole if loss.start_s < start + 2 * YEAR_S and loss.end_s > start + YEAR_S
    }


@pytest.mark.parametrize(
    ("value", "shown"), [(99_999.94, 99_999.9), (100_000.04, 0.0), (1_234_567.89, 34_567.8)]
)
def test_dial_wraps_at_its_modulus_and_shows_whole_steps(value: float, shown: float) -> None:
    dial = Dial(Register("m/energy_import", "kWh", 100_000.0, 0.1))

    assert dial.shown(np.array([value]))[0] == shown


def test_dial_of_a_float_shows_what_a_float_can_hold(installation: Installation) -> None:
    dial = dial_of(installation, installation.field_meter("ufficio.main"))

    # IEEE 754 binary32 has 24 bits: between 2^17 and 2^18 its step is 1/64.
    assert dial.shown(np.array([200_000.010]))[0] == 200_000.015625


def test_dial_of_pulses_counts_from_the_initial_reading(installation: Installation) -> None:
    dial = dial_of(installation, installation.field_meter("scuola.gas"))

    # 1,200 m3 x C 1.02 on the dial at pulse 0; each pulse is 0.1 m3 x 1.02
    assert dial.shown(np.array([1224.0 + 0.102 * 3.7]))[0] == pytest.approx(1224.0 + 0.102 * 3)
