"""The rules of data over a store: three meters behind a gateway, one behind another, one of files.

Every meter takes 4 to 6 kW, read every quarter of an hour for 60 days from 1 January 2026 (UTC).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from paes.accounting.edits import Edit, EditKind
from paes.accounting.ledger import EnergyLedger
from paes.events import Cause, absence
from paes.faults.rules import missing_data, register_step, spike
from paes.faults.watch import Sighting, watch
from paes.gateways import Gateway, Outage
from paes.installation import Installation
from paes.metering import Carrier, Evidence, Measures, Register
from paes.meters import FieldMeter, ImportedMeter, Replacement
from paes.periods import Span
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore
from tests.core.changing_town import hall, library, town

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=60)
AWAY = slice(30 * 96, 30 * 96 + 120)
"""Thirty hours of quarters from 31 January on: readings 30 h 15 min apart."""
IDS = ("hall.main", "hall.kitchen", "hall.gym", "barn.main")


def meter(name: str, gateway: str, **more) -> FieldMeter:
    return FieldMeter(
        id=name, measures=Measures.WITHDRAWAL, carrier=Carrier.ELECTRICITY, device="x",
        gateway=gateway, rated_power_kw=20.0, valid_from=START.date(), **more,
    )  # fmt: skip


class Place:
    """The town, with registers that a test may spoil before it looks."""

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore(folder / "readings.sqlite")
        self.seconds = int(START.timestamp()) + 900 * np.arange(60 * 96 + 1, dtype=np.int64)
        self.keep = {name: np.ones(len(self.seconds), dtype=bool) for name in IDS}
        self.values = {name: self._register(n) for n, name in enumerate(IDS)}
        self.replacements: tuple[Replacement, ...] = ()
        self.outages: tuple[Outage, ...] = ()
        self.with_file = False

    def _register(self, seed: int) -> np.ndarray:
        kwh = np.random.default_rng(seed).uniform(1.0, 1.5, len(self.seconds))
        return 1000.0 + np.round(np.cumsum(kwh), 2)

    def ledger(self) -> EnergyLedger:
        for name in IDS:
            kept = self.keep[name]
            point = f"{name}/energy_import"
            self.store.write_series(point, self.seconds[kept], self.values[name][kept])
        meters = [
            meter("hall.main", "gw-a"), meter("hall.gym", "gw-a"), meter("barn.main", "gw-b"),
            meter("hall.kitchen", "gw-a", replacements=self.replacements),
        ]  # fmt: skip
        if self.with_file:
            meters.append(
                ImportedMeter(
                    id="barn.file", carrier=Carrier.ELECTRICITY, measures=Measures.WITHDRAWAL
                )
            )
        city = town((), sites=[hall("hall"), hall("barn")], meters=meters)
        city.gateways.clear()
        city.gateways["gw-a"] = Gateway(id="gw-a", host="127.0.0.1", planned_outages=self.outages)
        city.gateways["gw-b"] = Gateway(id="gw-b", host="127.0.0.2")
        registers = {name: Register(f"{name}/energy_import", "kWh", 1e6, 0.01) for name in IDS}
        for one in meters:
            if isinstance(one, ImportedMeter):
                registers[one.id] = one.register
        installation = Installation(
            shipped_config(), "test", "town", {"town": city}, library(), (), registers
        )
        return EnergyLedger(installation, self.store, lambda: NOW)

    def told(self, rule) -> list[Sighting]:
        return watch(self.ledger(), Span(START, NOW), rules=[rule.RULE])


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("rule", [missing_data, register_step, spike])
def test_nothing_is_told_of_readings_without_a_fault(place, rule):
    assert place.told(rule) == []


def test_a_gateway_that_was_away_is_told_once_with_its_cause(place):
    for name in IDS[:3]:
        place.keep[name][AWAY] = False
    begin = START + timedelta(days=30) - timedelta(minutes=15)
    end = begin + timedelta(hours=30, minutes=15)
    told = [absence(name, Cause.GATEWAY_DOWN, begin, end) for name in IDS[:3]]
    place.store.write_events(told)
    (one,) = place.told(missing_data)
    assert one.subject == "gw-a"
    episode = one.episode
    assert (episode.start, episode.end, episode.is_over) == (begin, end, True)
    assert episode.found == begin + timedelta(days=1)
    assert episode.numbers["meters"] == 3
    assert episode.numbers["hours"] == 30.25
    assert episode.numbers["gateway_down_hours"] == 30.25


def test_a_meter_alone_is_told_beside_neighbours_that_were_read(place):
    place.keep["hall.gym"][AWAY] = False
    (one,) = place.told(missing_data)
    assert one.subject == "hall.gym"
    assert (one.episode.numbers["meters_behind"], one.episode.numbers["neighbours_silent"]) == (
        3,
        0,
    )


def test_announced_works_are_no_fault(place):
    for name in IDS[:3]:
        place.keep[name][AWAY] = False
    begin = START + timedelta(days=30)
    place.outages = (Outage(start=begin, end=begin + timedelta(days=1), reason="works"),)
    assert place.told(missing_data) == []


def test_what_is_still_away_is_not_over(place):
    place.keep["barn.main"][-110:] = False
    (one,) = place.told(missing_data)
    assert (one.subject, one.episode.is_over, one.episode.end) == ("barn.main", False, NOW)


def test_a_file_is_late_after_twice_its_usual_month(place):
    """Nobody knows its rhythm yet: 31 days are assumed, and 62 of them are twice as long."""
    place.with_file = True
    days = 60 - np.array([65, 61])
    for day, late in zip(days, (1, 0), strict=True):
        seconds = int(START.timestamp()) + int(day) * 86_400 + 900 * np.arange(96, dtype=np.int64)
        store = place.store
        point = f"barn.file/energy_import_{Evidence.INTERVALS}"
        store.write_series(point, seconds, np.full(96, 1.2))
        found = place.told(missing_data)
        assert [one.subject for one in found] == ["barn.file"] * late


def reset(place: Place) -> datetime:
    """On day 40 at noon the kitchen's register begins again at 0."""
    at = 40 * 96 + 48
    values = place.values["hall.kitchen"]
    place.values["hall.kitchen"] = np.concatenate([values[:at], values[at:] - values[at]])
    return START + timedelta(days=40, hours=12)


def test_a_reset_tells_both_registers_and_waits_for_a_person(place):
    at = reset(place)
    before = place.values["hall.kitchen"][40 * 96 + 47]
    (one,) = place.told(register_step)
    assert (one.subject, one.episode.place, one.episode.is_over) == ("hall.kitchen", "reset", False)
    assert one.episode.start < at <= one.episode.end
    numbers = one.episode.numbers
    assert (numbers["register_before"], numbers["register_after"]) == (before, 0)
    assert numbers["step"] == -before
    assert numbers["digits"] == 4  # of some 5,800 kWh


def test_a_described_exchange_is_no_fault(place):
    at = reset(place)
    last = float(place.values["hall.kitchen"][40 * 96 + 47])
    place.replacements = (
        Replacement(at=at, new_serial="N", last_reading=last + 0.5, first_reading=0.0),
    )
    assert place.told(register_step) == []


def test_a_stated_amount_ends_it(place):
    at = reset(place)
    quarter = timedelta(minutes=15)
    span = Span(at - quarter, at)
    edit = Edit("hall.kitchen", EditKind.ENERGY, span, 1.2, "clerk", "bill", NOW)
    place.store.write_events([edit.event])
    (one,) = place.told(register_step)
    assert one.episode.is_over


def test_readings_that_were_left_out_again_and_again_are_told(place):
    for day in (40, 42, 44):
        place.values["barn.main"][day * 96 + 30] += 90_000
    (one,) = place.told(spike)
    assert (one.subject, one.episode.place) == ("barn.main", "left out")
    assert one.episode.numbers["times"] == 3
    place.values["barn.main"][42 * 96 + 30] -= 90_000
    assert place.told(spike) == []
