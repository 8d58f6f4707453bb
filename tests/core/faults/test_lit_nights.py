"""Where a cabinet's power is taken from: readings of power, else measured energy; its lamps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cabinet_town import CIRCUIT, SITE, SUPPLY, cabinet_town

from paes.accounting.ledger import EnergyLedger
from paes.faults.rules import day_burner, lamp_failures, switching_time
from paes.faults.rules.lamp_failures import Lamp, lamp_of
from paes.faults.signs.lit_nights import feeds_a_cabinet, feeds_lamps, lights_of
from paes.faults.view import TownView, View
from paes.installation import Installation
from paes.lighting import lamps_of
from paes.metering import Quality
from paes.periods import Span, to_seconds
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

NOW = datetime(2025, 3, 11, tzinfo=UTC)
FIRST = datetime(2025, 3, 1, tzinfo=UTC)
QUARTERS = int((NOW - FIRST) / timedelta(minutes=15))
SECONDS = to_seconds(FIRST) + 900 * np.arange(QUARTERS + 1, dtype=np.int64)
KW = 8.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def view(store: SqliteStore, town: Installation, meter: str = "viale.main") -> View:
    ledger = EnergyLedger(town, store, lambda: NOW)
    return TownView(ledger, Span(NOW - timedelta(days=2), NOW)).meter(town.meters[meter])


def write_energy(store: SqliteStore, town: Installation, kw: float = KW) -> None:
    point = town.register(town.field_meter("viale.main")).point
    store.write_series(point, SECONDS, kw / 4 * np.arange(QUARTERS + 1, dtype=np.float64))


def write_power(
    store: SqliteStore, town: Installation, kw: float, quality: Quality = Quality.GOOD
) -> None:
    point = lamps_of(town, town.site("viale"))[0].point
    store.write_series(point, SECONDS, np.full(QUARTERS + 1, 1000.0 * kw), quality)


def test_readings_of_power_come_first(store: SqliteStore):
    town = cabinet_town(SUPPLY)
    write_energy(store, town)
    write_power(store, town, 7.5)
    curve = lights_of(view(store, town)).curve
    assert curve.known.sum() == QUARTERS
    assert curve.per_hour[curve.known] == pytest.approx(7.5)


@pytest.mark.parametrize("quality", [Quality.SUSPECT, None])
def test_energy_stands_in_where_power_is_not_known(store: SqliteStore, quality: Quality | None):
    town = cabinet_town(SUPPLY)
    write_energy(store, town)
    if quality is not None:
        write_power(store, town, 7.5, quality)
    curve = lights_of(view(store, town)).curve
    assert curve.per_hour[curve.known] == pytest.approx(KW)
    assert curve.known.sum() >= QUARTERS - 1


def test_what_nobody_read_is_unknown(store: SqliteStore):
    lights = lights_of(view(store, cabinet_town(SUPPLY)))
    assert len(lights.curve) > 0
    assert not lights.curve.known.any()


def test_a_declared_lamp_takes_what_is_installed_by_light_points(store: SqliteStore):
    town = cabinet_town(SUPPLY)  # 10 kW, 100 points
    parameters = lamp_failures.RULE.file(shipped_config()).parameters
    lamp = lamp_of(view(store, town), parameters)
    assert lamp == Lamp(0.1, 100)
    assert lamp.kw(8.0) == 0.1


def test_without_a_declaration_a_lamp_takes_what_burns_by_light_points(store: SqliteStore):
    site = {key: value for key, value in SITE.items() if key != "lighting_power_kw"}
    town = cabinet_town(SUPPLY, site=site)
    parameters = lamp_failures.RULE.file(shipped_config()).parameters
    lamp = lamp_of(view(store, town), parameters)
    assert lamp is not None
    assert lamp.kw(8.0) == pytest.approx(0.08)


def test_where_nobody_counted_lamps_their_failures_are_not_told(store: SqliteStore):
    site = {key: value for key, value in SITE.items() if key != "light_points"}
    town = cabinet_town(SUPPLY, site=site)
    parameters = lamp_failures.RULE.file(shipped_config()).parameters
    assert lamp_of(view(store, town), parameters) is None
    assert lamp_failures.look(view(store, town), parameters) == []


def test_what_a_circuit_wastes_is_told_of_its_cabinet_alone():
    town = cabinet_town(SUPPLY, CIRCUIT)
    main, circuit = town.meters["viale.main"], town.meters["viale.north"]
    site = town.site("viale")
    assert feeds_lamps(main, site)
    assert feeds_lamps(circuit, site)
    assert feeds_a_cabinet(main, site)
    assert not feeds_a_cabinet(circuit, site)
    for rule in (day_burner.RULE, switching_time.RULE):
        assert rule.concerns(main, site)
        assert not rule.concerns(circuit, site)
