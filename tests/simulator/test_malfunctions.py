"""Malfunctions change what flows by what they say, keep the meters' relations, and fit their meter.

Expected amounts are worked out from the kind's own definition and the sound town beside it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from small_town import make_town

from collectors.simulator import Fault, Simulator, Town, fill_history, parse_fault, planted
from collectors.simulator.faults import KINDS, Sort
from collectors.simulator.malfunctions import MALFUNCTIONS
from collectors.simulator.parameters import Parameters, Planted
from paes.cli.demo import first_start
from paes.config import load_installation
from paes.errors import DataError
from paes.installation import Installation
from paes.periods import local_midnight
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

EPOCH = datetime(2022, 12, 31, 23, tzinfo=UTC)
ROME = "Europe/Rome"
WINTER = (datetime(2023, 1, 9, 23, tzinfo=UTC), datetime(2023, 1, 19, 23, tzinfo=UTC))
SUMMER = (datetime(2023, 6, 9, 22, tzinfo=UTC), datetime(2023, 6, 19, 22, tzinfo=UTC))
LOADS = [name for name, kind in KINDS.items() if kind.sort is Sort.LOAD]


@pytest.fixture(scope="module")
def sound(installation: Installation) -> Town:
    return Town(installation, seed=2007, epoch=EPOCH)


def change(sound: Town, *faults: Fault) -> Town:
    return sound.with_malfunctions(faults)


def more(sound: Town, changed: Town, meter: str, span: tuple[datetime, datetime]) -> float:
    return changed.energy(meter, *span) - sound.energy(meter, *span)


def hourly_more(sound: Town, changed: Town, meter: str, day: date) -> list[float]:
    """What each hour of a local day has more; kWh or m3."""
    start = local_midnight(day, ROME)
    hours = [start + timedelta(hours=h) for h in range(25)]
    return [more(sound, changed, meter, (a, b)) for a, b in pairwise(hours)]


def test_every_kind_of_the_load_has_an_effect():
    assert len(LOADS) == 14
    assert set(LOADS) == set(MALFUNCTIONS)


def test_a_leak_flows_day_and_night_while_it_lasts(sound: Town):
    start, end = WINTER
    town = change(sound, Fault("scuola.acqua", "leak", start + timedelta(minutes=20), end, 20.0))
    # 20 l/h over 10 days less 20 minutes
    assert more(sound, town, "scuola.acqua", WINTER) == pytest.approx(0.020 * (240 - 1 / 3))
    after = (end, end + timedelta(days=5))
    assert more(sound, town, "scuola.acqua", after) == pytest.approx(0.0, abs=1e-6)


def test_base_load_grows_by_a_part_of_what_flows_at_night(sound: Town):
    town = change(sound, Fault("ufficio.main", "base", *WINTER, 50.0))
    found = hourly_more(sound, town, "ufficio.main", date(2023, 1, 12))
    assert np.ptp(found) < 1e-6  # the same all day
    meter = sound.installation.field_meter("ufficio.main")
    calendar = sound.loads.calendar(meter, 2023)
    night_kw = sound.loads.flow(meter, 2023)[calendar.hour < 5].mean()
    assert found[0] == pytest.approx(0.5 * night_kw)


def test_waste_of_a_part_is_in_its_whole_as_well(sound: Town):
    town = change(sound, Fault("scuola.cucina", "base", *WINTER, 200.0))
    night = (local_midnight(date(2023, 1, 12), ROME), local_midnight(date(2023, 1, 12), ROME))
    night = (night[0], night[0] + timedelta(hours=5))
    part = more(sound, town, "scuola.cucina", night)
    assert part > 0
    assert more(sound, town, "scuola.main", night) == pytest.approx(part)
    assert more(sound, town, "scuola.palestra", night) == pytest.approx(0.0, abs=1e-6)


def test_parts_stay_below_their_whole_whatever_they_waste(sound: Town):
    town = change(
        sound,
        Fault("scuola.cucina", "base", *SUMMER, 900.0),
        Fault("scuola.palestra", "saving", *SUMMER, 40.0),
    )
    flows = {
        name: town.loads.flow(town.installation.field_meter(name), 2023)
        for name in ("scuola.main", "scuola.palestra", "scuola.cucina")
    }
    parts = flows["scuola.palestra"] + flows["scuola.cucina"]
    assert (parts <= flows["scuola.main"] + 1e-9).all()
    assert min(flow.min() for flow in flows.values()) >= 0.0


@pytest.mark.parametrize(
    ("kind", "number", "lost_fraction"), [("pv_off", None, 1.0), ("string", 33.0, 0.33)]
)
def test_what_a_plant_does_not_make_is_withdrawn_or_not_fed_in(
    sound: Town, kind: str, number: float | None, lost_fraction: float
):
    town = change(sound, Fault("scuola.pv", kind, *SUMMER, number))
    lost = -more(sound, town, "scuola.pv", SUMMER)
    assert lost == pytest.approx(lost_fraction * sound.energy("scuola.pv", *SUMMER))
    ends = np.array([at.timestamp() for at in SUMMER])
    fed_in = np.diff(sound.exported_at("scuola.main", ends) - town.exported_at("scuola.main", ends))
    assert more(sound, town, "scuola.main", SUMMER) + fed_in[0] == pytest.approx(lost)
    assert more(sound, town, "scuola.main", SUMMER) > 0
    assert fed_in[0] > 0


def test_soiling_grows_with_the_months_and_ends_with_the_cleaning(sound: Town):
    start, end = datetime(2023, 4, 1, tzinfo=UTC), datetime(2023, 7, 1, tzinfo=UTC)
    town = change(sound, Fault("scuola.pv", "soiling", start, end, 2.0))

    def lost(at: datetime) -> float:
        day = (at, at + timedelta(days=1))
        return -more(sound, town, "scuola.pv", day) / sound.energy("scuola.pv", *day)

    # 30.44 days a month: noon of day 60 is 1.99 months on, 4 % lost
    assert lost(start + timedelta(days=60)) == pytest.approx(0.02 * 60.5 / 30.4375, rel=0.01)
    assert lost(end) == pytest.approx(0.0, abs=1e-9)


def test_heating_at_night_takes_more_only_in_closed_hours_of_open_days(sound: Town):
    town = change(sound, Fault("scuola.gas", "heating_night", *WINTER))
    friday, saturday = (hourly_more(sound, town, "scuola.gas", date(2023, 1, d)) for d in (13, 14))
    assert min(friday[:4]) > 0.2
    assert max(friday[9:16]) == pytest.approx(0.0, abs=1e-6)
    assert max(saturday) == pytest.approx(0.0, abs=1e-6)


def test_heating_on_closed_days_runs_by_day_as_on_open_ones(sound: Town):
    town = change(sound, Fault("scuola.gas", "heating_weekend", *WINTER))
    friday, saturday = (hourly_more(sound, town, "scuola.gas", date(2023, 1, d)) for d in (13, 14))
    assert max(friday) == pytest.approx(0.0, abs=1e-6)
    assert min(saturday[8:16]) > 0.2
    assert max(saturday[20:]) == pytest.approx(0.0, abs=1e-6)


def test_a_boiler_left_on_takes_gas_in_summer(sound: Town):
    town = change(sound, Fault("scuola.gas", "heating_summer", *SUMMER))
    assert sound.energy("scuola.gas", *SUMMER) == 0.0
    found = hourly_more(sound, town, "scuola.gas", date(2023, 6, 14))
    assert min(found[9:16]) > 0
    assert max(found[:5]) == 0.0


@pytest.mark.parametrize(
    ("meter", "kind", "percent"),
    [
        ("scuola.gas", "heating_up", 40.0),
        ("scuola.gas", "saving", -22.0),
        ("viale.main", "saving", -55.0),
    ],
)
def test_percents_are_of_what_flows_else(sound: Town, meter: str, kind: str, percent: float):
    town = change(sound, Fault(meter, kind, *WINTER, abs(percent)))
    expected = sound.energy(meter, *WINTER) * percent / 100
    assert more(sound, town, meter, WINTER) == pytest.approx(expected)


def test_dead_lamps_take_their_part_of_the_light(sound: Town):
    town = change(sound, Fault("viale.main", "lamps", *WINTER, 5.0))
    midnight = local_midnight(date(2023, 1, 12), ROME)
    dark = (midnight, midnight + timedelta(hours=4))
    # 5 of 100, without the 0.4 W that each lamp's place takes day and night
    lamps_kwh = sound.energy("viale.main", *dark) - 100 * 0.4 / 1000 * 4
    assert -more(sound, town, "viale.main", dark) == pytest.approx(0.05 * lamps_kwh, rel=1e-3)
    noon = (midnight + timedelta(hours=11), midnight + timedelta(hours=13))
    assert more(sound, town, "viale.main", noon) == pytest.approx(0.0, abs=1e-6)


def test_lamps_burn_around_noon(sound: Town):
    town = change(sound, Fault("strada.main", "day_burner", *SUMMER, 6.0))
    found = np.array(hourly_more(sound, town, "strada.main", date(2023, 6, 14)))
    at_night = sound.energy("strada.main", local_midnight(date(2023, 6, 14), ROME) - timedelta(
        hours=1.5), local_midnight(date(2023, 6, 14), ROME) - timedelta(hours=0.5))  # fmt: skip
    assert found[9:15] == pytest.approx(at_night, rel=0.02)
    assert np.abs(found[[8, 15, 16, 20]]).max() < 1e-6


@pytest.mark.parametrize("minutes", [40.0, -40.0])
def test_lamps_switch_so_many_minutes_beside_the_sun(sound: Town, minutes: float):
    town = change(sound, Fault("viale.main", "switch", *WINTER, minutes))
    full_kw = sound.energy("viale.main", WINTER[0], WINTER[0] + timedelta(hours=1))
    # twice in each of the ten days
    expected = 20 * minutes / 60 * full_kw
    assert more(sound, town, "viale.main", WINTER) == pytest.approx(expected, rel=0.02)


def test_demand_is_higher_for_an_hour_of_open_days(sound: Town):
    town = change(sound, Fault("ufficio.main", "peak", *WINTER, 30.0))
    friday, saturday = (
        hourly_more(sound, town, "ufficio.main", date(2023, 1, d)) for d in (13, 14)
    )
    assert friday[11] == pytest.approx(30.0)
    assert max(friday[:11] + friday[12:]) == pytest.approx(0.0, abs=1e-6)
    assert max(saturday) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ufficio.main=leak:20", "measures withdrawal of electricity .* expected a meter of water"),
        ("scuola.acqua=base:20", "expected a meter of electricity that is not a lighting cabinet"),
        ("strada.main=base:20", "kind lighting_cabinet; expected a meter of electricity that is"),
        ("ufficio.main=lamps:2", "expected a meter of electricity at a lighting cabinet"),
        ("scuola.main=pv_off", "expected a meter of generation"),
        ("ufficio.main=heating_up:3", "expected a site's own meter of fuel or heat"),
        ("scuola.pv=saving:3", "expected a meter of what a site uses"),
        ("strada.main=lamps:101", "101 dead lamps; site strada has 100"),
        ("scuola.acqua=leak", "which l/h. expected leak:NUMBER"),
        ("scuola.acqua=leak:5,share=0.5", "takes no share, seen 0.5"),
        ("strada.main=switch:-400", "minutes -400; expected -240 to 240 minutes"),
    ],
)
def test_what_cannot_happen_is_explained(sound: Town, text: str, says: str):
    with pytest.raises(DataError, match=says):
        sound.with_malfunctions([parse_fault(text, sound.installation.field_meters)])


def test_history_and_live_polls_show_the_same_and_an_open_one_begins_now(
    installation: Installation, sound: Town, tmp_path: Path
):
    now_s = WINTER[0].timestamp()
    fault = parse_fault("scuola.acqua=leak:500", installation.field_meters)
    simulator = Simulator(installation, faults=[fault], clock=lambda: now_s, town=sound)
    before, after = now_s - 3600, now_s + 3600
    at = np.array([before, now_s, after])
    told = simulator.town.register_at("scuola.acqua", at)
    assert told[:2] == pytest.approx(sound.register_at("scuola.acqua", at[:2]))
    assert told[2] - sound.register_at("scuola.acqua", at[2:])[0] == pytest.approx(0.5)
    store = SqliteStore(tmp_path / "past.sqlite")
    end = WINTER[0] + timedelta(hours=1, minutes=1)
    fill_history(simulator.town, store, WINTER[0] - timedelta(hours=1), end)
    point = installation.register(installation.field_meter("scuola.acqua")).point
    latest = store.latest([point])[point]
    store.close()
    assert latest.at.timestamp() == after
    assert latest.value == pytest.approx(told[2], abs=0.01)  # pulses of 10 l


NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


def plant(parameters: Parameters, **one: object) -> Parameters:
    return parameters.model_copy(update={"malfunctions": (Planted.model_validate(one),)})


@pytest.mark.parametrize(
    ("when", "first", "last"),
    [
        ({"days_ago": 40, "until_days_ago": 12}, date(2026, 10, 14), date(2026, 11, 11)),
        ({"days_ago": 40}, date(2026, 10, 14), None),
        ({"first": "2025-02-15", "until": "2026-03-01"}, date(2025, 2, 15), date(2026, 3, 1)),
        ({"first": "2025-05-24"}, date(2025, 5, 24), None),
        ({"last_from": "02-01", "last_to": "03-15"}, date(2026, 2, 1), date(2026, 3, 15)),
        ({"last_from": "12-01", "last_to": "01-20"}, date(2025, 12, 1), date(2026, 1, 20)),
        ({"last_from": "11-01", "last_to": "11-30"}, date(2025, 11, 1), date(2025, 11, 30)),
    ],
)
def test_planted_ones_lie_before_the_demonstration(
    parameters: Parameters, when: dict[str, object], first: date, last: date | None
):
    told = plant(parameters, meter="ufficio.main", kind="base", number=20, **when)
    (fault,) = planted(make_town(), told, NOW)
    assert fault.start == local_midnight(first, ROME)
    assert fault.end == (local_midnight(last, ROME) if last else None)


def test_meters_of_another_installation_are_left_out(parameters: Parameters):
    told = plant(parameters, meter="nobody.main", kind="base", number=20, days_ago=3)
    assert planted(make_town(), told, NOW) == []


def test_a_fault_of_the_wire_is_not_planted(parameters: Parameters):
    told = plant(parameters, meter="ufficio.main", kind="silent", days_ago=3)
    with pytest.raises(DataError, match=r"'silent' of ufficio\.main; expected one of leak, base"):
        planted(make_town(), told, NOW)


def test_the_demonstration_has_every_kind_and_some_are_over(parameters: Parameters):
    town = Town(load_installation(shipped_config()), epoch=datetime(2025, 1, 1, tzinfo=UTC))
    faults = planted(town.installation, parameters, NOW)
    assert len(faults) == len(parameters.malfunctions) > 0  # every meter is there
    assert {fault.kind for fault in faults} == set(LOADS)
    assert 5 < sum(fault.end is None for fault in faults) < len(faults) - 5
    assert town.with_malfunctions(faults).malfunctions == tuple(faults)  # each fits its meter


def test_a_kept_store_remembers_when_its_malfunctions_were_seen_first(tmp_path: Path):
    store = SqliteStore(tmp_path / "kept.sqlite")
    assert first_start(store, NOW) == NOW
    assert first_start(store, NOW + timedelta(days=2)) == NOW
    store.close()
