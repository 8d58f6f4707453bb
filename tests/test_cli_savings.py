"""``paes savings`` as the energy manager calls it: a school of the small town, with a known past.

The school used 100 kWh every day of 2024 and until the works in March 2025; after them 60. Its own
town has too few buildings for a band: the shipped one of 20 % holds.
"""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest
from field_commands import CommandLine, command_line

from paes.config import load_installation
from paes.periods import local_midnight, to_seconds
from paes.store.sqlite import SqliteStore

ACTIONS = "cities/porto/actions.yaml"
METER = "scuola.palestra"
FIRST, AFTER, END = date(2024, 1, 1), date(2025, 4, 1), date(2026, 6, 1)
REGISTER = """\
actions:
  - id: led
    name: {it: Lampade LED, en: LED lamps}
    sector: municipal_buildings
    status: completed
    end: 2025-03-31
    carrier: electricity
    declared_saving_mwh: 14.6
    sites: [scuola]
    source: a letter
    measurement:
      option: C
      works_start: 2025-03-17
      works_end: 2025-03-31
      meters: [scuola.palestra]
  - id: studio
    name: {it: Studio, en: Study}
    sector: municipal_buildings
    status: not_started
"""


@pytest.fixture
def porto(small, tmp_path, monkeypatch, capfd) -> CommandLine:
    small.write({ACTIONS: REGISTER})
    run = command_line(tmp_path, monkeypatch, capfd)
    return lambda *arguments, typed="": run("--config", str(small.root), *arguments, typed=typed)


@pytest.fixture
def metered(small, tmp_path, porto) -> CommandLine:
    """The same with readings, a mild climate, and the past above."""
    town = load_installation(small.root)
    tz = town.city().time_zone
    edges = [to_seconds(local_midnight(day, tz)) for day in (FIRST, AFTER, END)]
    hours = np.arange(edges[0], edges[-1], 3600, dtype=np.int64)
    quarters = np.arange(edges[0], edges[-1], 900, dtype=np.int64)
    kwh = np.where(quarters < edges[1], 100.0, 60.0) / 96
    total = 1000 + np.concatenate([[0.0], np.cumsum(kwh[:-1])])
    with_store = SqliteStore(tmp_path / "readings.sqlite")
    with_store.write_series(town.register(town.meter(METER)).point, quarters, total)
    (point, *_) = town.city().temperature_points
    with_store.write_series(point, hours, np.full(len(hours), 15.0))
    with_store.close()
    return porto


def test_no_action_is_measured_is_told(porto, small):
    small.write({ACTIONS: REGISTER.split("    measurement:")[0]})
    done = porto("savings")
    assert done.code == 0
    assert "no action says how it is measured" in done.err


def test_an_action_that_is_not_there_is_an_error(porto):
    done = porto("savings", "nulla")
    assert done.code == 1
    assert "no action 'nulla'; there is led, studio" in done.err


def test_an_action_without_measurement_is_an_error(porto):
    done = porto("savings", "studio")
    assert done.code == 1
    assert "does not say how it is measured; expected measurement:" in done.err


def test_all_measured_actions_are_told_beside_what_was_declared(metered):
    """365 days x 40 kWh = 14.6 MWh of 36.5; 20 % of 36.5 = 7.3 MWh on either side."""
    done = metered("savings")
    assert done.code == 0
    row = next(line for line in done.out.splitlines() if "led" in line)
    assert "confirmed" in row
    assert "14.6 (7.3 to 21.9)" in row
    assert "100 % (50 % to 150 %)" in row
    assert "led: a saving is there: 7.3 MWh a year at the least, of 14.6 MWh declared" in done.out


def test_one_action_is_told_with_all_that_it_rests_on(metered):
    done = metered("savings", "led")
    assert done.code == 0
    assert "led: confirmed" in done.out
    assert "baseline 2024-03-17 to 2025-03-16, works until 2025-03-31" in done.out
    for words in ("scuola.palestra", "+- 7 300", "365, 365", "20.0 % of a year, by savings.yaml"):
        assert words in done.out, words


def test_one_json_document_says_the_same(metered):
    done = metered("savings", "led", "--json")
    told = json.loads(done.out)
    assert told["verdict"] == "confirmed"
    assert told["reason"] == "as_declared"
    assert told["declared_kwh"] == 14_600
    assert told["year"]["avoided_kwh"]["likely"] == pytest.approx(14_600, rel=1e-6)
    assert told["year"]["empirical_half_kwh"] == pytest.approx(7_300, rel=1e-6)
    assert told["year"]["first"] == "2025-04-01"
    assert told["year"]["seen_days"] == 365
    assert told["bands"] == [
        {"use": "electricity", "half_fraction": 0.2, "came_from": "shipped", "pairs": 0,
         "buildings": 0},
    ]  # fmt: skip
    assert json.loads(metered("savings", "--json").out)["actions"] == [told]


def test_before_works_the_smallest_detectable_saving_is_told(metered):
    """A fifth of the 36.5 MWh of the baseline year."""
    done = metered("savings", "led", "--before")
    assert done.code == 0
    row = next(line for line in done.out.splitlines() if line.startswith("│led"))
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[1] == "36 500"
    assert cells[4:] == ["7 300", "20.0 %", "14 600", "detectable"]


def test_the_register_shows_measured_beside_declared(metered):
    done = metered("actions")
    row = next(line for line in done.out.splitlines() if line.startswith("│led"))
    assert "14.6 confirmed" in row
    assert "measured" in metered("actions", "led").out
    told = json.loads(metered("actions", "--json").out)["actions"]
    assert [one["measured"] and one["measured"]["verdict"] for one in told] == ["confirmed", None]
