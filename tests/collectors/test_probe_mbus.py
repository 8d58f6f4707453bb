"""What a technician is shown of an M-Bus meter that answers on a real socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from mbus_slaves import Slave, bcd, converter, variable_data
from shipped_profiles import FOLDER

from collectors.mbus.plan import plan_mbus
from collectors.mbus.profile import load_mbus_profile
from collectors.technician.probe_mbus import MbusProbe, probe_mbus
from paes.errors import ConnectionFailed
from paes.gateways import Gateway
from paes.meters import FieldMeter

AT = datetime(2025, 3, 30, 1, 0, tzinfo=UTC)
ENERGY = b"\x0c\x06" + bcd("00037351")  # 37351 kWh
POWER = b"\x0b\x2d" + bcd("000347")  # 34.7 kW, in steps of 0.1


async def probed(port: int) -> MbusProbe:
    gateway = Gateway.model_validate(
        {"id": "bus", "host": "127.0.0.1", "port": port, "transport": "mbus_tcp", "timeout_s": 20}
    )
    meter = FieldMeter.model_validate(
        {"id": "s.heat", "carrier": "heat_cold", "device": "mbus-generic-heat", "gateway": "bus",
         "unit": 5}
    )  # fmt: skip
    profile = load_mbus_profile(FOLDER / "mbus-generic-heat.yaml")
    return await probe_mbus(plan_mbus(gateway, [meter], {meter.device: profile}), meter, lambda: AT)


async def test_every_record_is_shown_and_what_becomes_of_it() -> None:
    slave = Slave(5, "12345678", [variable_data("12345678", ENERGY + POWER)])
    async with converter(slave) as bus:
        made = await probed(bus.port)
    assert [(str(r), r.value, r.unit) for r in made.records] == [
        ("energy", 37_351_000.0, "Wh"),
        ("power", 34_700.0, "W"),
    ]
    assert {r.point: r.value for r in made.readings} == {
        "s.heat/heat_energy": 37351.0,
        "s.heat/heat_power": 34700.0,
    }
    assert "s.heat/volume" in {f.subject for f in made.findings}  # the profile expects it
    plain = json.loads(json.dumps(made.to_dict()))
    assert plain["identification"] == "12345678"
    assert plain["records"][0]["is"] == "energy"
    assert slave.asked == 1  # a battery is not asked twice


async def test_a_converter_that_is_not_there_ends_the_probe() -> None:
    async with converter() as bus:
        port = bus.port
    with pytest.raises(ConnectionFailed):
        await probed(port)
