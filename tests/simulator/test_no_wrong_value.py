"""Whatever is played on the wire, the collector stores no number that the device did not show.

Time stands still in the simulated town, so that every reading has one right value: the one that a
round without a fault brings. A reading may be missing, above all on a slow machine; it must not be
another one.
"""

from __future__ import annotations

import numpy as np
import pytest
from hand_client import NOON, running

from collectors.devices.profile import load_profile
from collectors.modbus.gateway import GatewayTask
from collectors.modbus.read_plan import GatewayPlan, plan_gateway
from collectors.simulator import KINDS, Fault, Framing, Simulator
from collectors.simulator.dial import dial_of
from collectors.simulator.faults import Sort
from collectors.simulator.randomness import Floats
from paes.installation import Installation
from paes.metering import Reading
from paes.periods import now_utc

METER = "scuola.main"  # unit 1, asked first: what it does befalls the others
ROUNDS = 2
SHORT_S = 0.25
"""Of the faulty line: most of what is played ends in a time-out."""
PATIENT_S = 20.0
WIRE = [
    (name, framing)
    for name, kind in KINDS.items()
    for framing in Framing
    if kind.sort not in (Sort.COUNTER, Sort.LOAD) and kind.framing in (None, framing)
]


def plan_of(simulator: Simulator, installation: Installation, timeout_s: float) -> GatewayPlan:
    gateway = simulator.gateways()["palazzi"].model_copy(update={"timeout_s": timeout_s})
    meters = installation.meters_behind("palazzi")
    profiles = {m.device: load_profile(installation.device_file(m.device)) for m in meters}
    return plan_gateway(gateway, meters, profiles)


async def read(plan: GatewayPlan, rounds: int) -> list[Reading]:
    """What so many rounds bring, one after the other over one task."""
    task = GatewayTask(plan, lambda made: None, now_utc)
    readings: list[Reading] = []
    for _ in range(rounds):
        readings += (await task.read_round(now_utc())).readings
    await task.close()
    return readings


@pytest.fixture(scope="module")
def right() -> dict[str, float]:
    """The values without a fault, filled by the first test that needs them."""
    return {}


async def right_values(right: dict[str, float], installation: Installation) -> dict[str, float]:
    if not right:
        async with running(installation) as simulator:
            plan = plan_of(simulator, installation, PATIENT_S)
            right.update({r.point: r.value for r in await read(plan, 1)})
            for meter in installation.meters_behind("palazzi"):
                dial = dial_of(installation, meter)
                shown: Floats = dial.shown(simulator.town.register_at(meter.id, np.array([NOON])))
                assert right[dial.register.point] == pytest.approx(float(shown[0]), rel=1e-9)
    return right


@pytest.mark.parametrize(("kind", "framing"), WIRE)
async def test_no_fault_on_the_wire_makes_a_number(
    installation: Installation, right: dict[str, float], kind: str, framing: Framing
) -> None:
    parameter = {"late": SHORT_S * 1.2, "slow": 0.02, "exception": 4, "cut": 6}.get(kind)
    faults = [Fault(METER, kind, parameter=parameter, share=0.5)]
    wanted = await right_values(right, installation)
    async with running(installation, faults, framing=framing) as simulator:
        readings = await read(plan_of(simulator, installation, SHORT_S), ROUNDS)

    assert readings
    assert [r for r in readings if r.value != wanted[r.point]] == []
