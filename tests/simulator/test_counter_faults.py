"""Counters that go wrong: the registers tell what the town's truth and the fault make of it."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hand_client import ACTIVE_POWER, ENERGY_IMPORT, NOON, HandClock, ask, ask_float, running
from small_town import SITES, make_town

from collectors.simulator import Fault, Simulator
from paes.errors import DataError
from paes.installation import Installation

METER = "ufficio.main"
HOUR_S = 3600
PULSES_1 = 60  # WB-MCM8: "counter 1", input registers, u32
FLOAT_STEP = 1 / 64  # of a float32 between 131,072 and 262,144


def at(offset_s: float) -> datetime:
    return datetime.fromtimestamp(NOON + offset_s, tz=UTC)


def energy(simulator: Simulator, meter: str, start_s: float, end_s: float) -> float:
    return simulator.town.energy(meter, at(start_s), at(end_s))


async def pulses(simulator: Simulator) -> tuple[int, int]:
    """The counters of gas and water, of one device."""
    reply = await ask(simulator, 5, PULSES_1, 4)
    assert reply is not None
    gas, water = struct.unpack(">II", reply[3:])
    return gas, water


async def test_stuck_stands_still_with_everything(installation: Installation) -> None:
    clock = HandClock(NOON)
    async with running(installation, [Fault(METER, "stuck")], clock) as simulator:
        before = await ask(simulator, 6, 0, 80)
        neighbour = await ask(simulator, 1, ENERGY_IMPORT, 2)
        clock.now_s += 24 * HOUR_S
        assert await ask(simulator, 6, 0, 80) == before
        assert await ask(simulator, 1, ENERGY_IMPORT, 2) != neighbour


async def test_frozen_counters_stand_still_while_power_goes_on(installation: Installation) -> None:
    clock = HandClock(NOON)
    async with running(installation, [Fault(METER, "freeze")], clock) as simulator:
        energy_kwh = await ask_float(simulator, 6, ENERGY_IMPORT)
        power_w = await ask_float(simulator, 6, ACTIVE_POWER)
        clock.now_s += 11 * HOUR_S  # night
        assert await ask_float(simulator, 6, ENERGY_IMPORT) == energy_kwh
        assert await ask_float(simulator, 6, ACTIVE_POWER) != power_w


async def test_a_reset_counts_on_from_zero(installation: Installation) -> None:
    clock = HandClock(NOON)
    fault = Fault(METER, "reset", start=at(HOUR_S))
    async with running(installation, [fault], clock) as simulator:
        before = await ask_float(simulator, 6, ENERGY_IMPORT)
        true = simulator.town.register_at(METER, np.array([NOON]))[0]
        clock.now_s += HOUR_S
        at_reset = await ask_float(simulator, 6, ENERGY_IMPORT)
        clock.now_s += HOUR_S
        after = await ask_float(simulator, 6, ENERGY_IMPORT)
        power_w = await ask_float(simulator, 6, ACTIVE_POWER)
        since = energy(simulator, METER, HOUR_S, 2 * HOUR_S)

    assert before == pytest.approx(true, abs=FLOAT_STEP)
    assert at_reset == 0
    assert after == pytest.approx(since, abs=0.002)
    assert power_w > 0


async def test_a_reset_strikes_one_channel_of_two(installation: Installation) -> None:
    clock = HandClock(NOON)
    async with running(installation, [Fault("scuola.gas", "reset")], clock) as simulator:
        _, water_before = await pulses(simulator)
        clock.now_s += 24 * HOUR_S
        gas, water = await pulses(simulator)
        water_m3 = energy(simulator, "scuola.acqua", 0, 24 * HOUR_S)
        gas_m3 = energy(simulator, "scuola.gas", 0, 24 * HOUR_S) / 1.02

    assert gas == pytest.approx(gas_m3 / 0.1, abs=1)
    assert water - water_before == pytest.approx(water_m3 / 0.01, abs=1)
    assert water_before > 1000


async def test_a_rollover_passes_the_last_digit_and_loses_nothing(
    installation: Installation,
) -> None:
    clock = HandClock(NOON)
    fault = Fault("scuola.acqua", "rollover", parameter=2 * HOUR_S)
    async with running(installation, [fault], clock) as simulator:
        _, before = await pulses(simulator)
        clock.now_s += 4 * HOUR_S
        _, after = await pulses(simulator)
        first_m3 = energy(simulator, "scuola.acqua", 0, 2 * HOUR_S)
        second_m3 = energy(simulator, "scuola.acqua", 2 * HOUR_S, 4 * HOUR_S)

    assert 2**32 - before == pytest.approx(first_m3 / 0.01, abs=2)
    assert after == pytest.approx(second_m3 / 0.01, abs=2)
    assert before > after > 0


async def test_a_counter_without_a_last_digit_cannot_roll_over(installation: Installation) -> None:
    with pytest.raises(DataError, match=r"rollover of ufficio\.main: .*declares a rollover"):
        async with running(installation, [Fault(METER, "rollover")]):
            pass


@pytest.mark.parametrize(("kind", "shown"), [("zero", b"\0" * 4), ("all_ones", b"\xff" * 4)])
async def test_a_passing_pattern_comes_and_goes(
    installation: Installation, kind: str, shown: bytes
) -> None:
    clock = HandClock(NOON)
    async with running(installation, [Fault(METER, kind, share=0.3)], clock) as simulator:
        struck = []
        for _ in range(60):
            reply = await ask(simulator, 6, ENERGY_IMPORT, 2)
            power_w = await ask_float(simulator, 6, ACTIVE_POWER)
            assert reply is not None
            assert power_w > 0
            struck.append(reply[3:] == shown)
            if not struck[-1]:
                true = simulator.town.register_at(METER, np.array([clock.now_s]))[0]
                assert struct.unpack(">f", reply[3:])[0] == pytest.approx(true, abs=FLOAT_STEP)
            clock.now_s += 1

    assert 6 < sum(struck) < 34  # 18 expected; more than 3 standard deviations of 3.5


async def test_a_pulse_counter_can_pass_through_zero(installation: Installation) -> None:
    async with running(installation, [Fault("scuola.gas", "zero", share=1.0)]) as simulator:
        gas, water = await pulses(simulator)

    assert gas == 0
    assert water > 0


async def test_a_swapped_device_has_another_serial_and_begins_at_zero() -> None:
    meter = {
        "id": METER, "carrier": "electricity", "device": "solaredge", "unit": 6,
        "measures": "generation", "serial": "SE-17", "register": "energy_export",
    }  # fmt: skip
    plant = make_town(SITES, [meter])
    clock = HandClock(NOON)
    async with running(plant, [Fault(METER, "swap", start=at(60))], clock) as simulator:
        old = await ask(simulator, 6, 40052, 16, function=3)
        clock.now_s += 60
        new = await ask(simulator, 6, 40052, 16, function=3)
        counted = await ask(simulator, 6, 40093, 2, function=3)
        clock.now_s += HOUR_S
        again = await ask(simulator, 6, 40052, 16, function=3)
        later = await ask(simulator, 6, 40093, 2, function=3)

    assert old is not None
    assert new is not None
    assert later is not None
    assert old[3:8] == b"SE-17"
    assert new[3:11].isdigit()
    assert new == again
    assert counted == bytes((6, 3, 4, 0, 0, 0, 0))
    assert 0 < struct.unpack(">I", later[3:])[0] < 20_000  # Wh of a plant of 20 kWp in an hour


async def test_before_its_time_nothing_is_wrong(installation: Installation) -> None:
    later = datetime.fromtimestamp(NOON, tz=UTC) + timedelta(hours=1)
    faults = [
        Fault(METER, kind, start=later) for kind in ("stuck", "freeze", "reset", "zero", "swap")
    ]
    async with running(installation, faults) as simulator:
        true = simulator.town.register_at(METER, np.array([NOON]))[0]
        assert await ask_float(simulator, 6, ENERGY_IMPORT) == pytest.approx(true, abs=FLOAT_STEP)
