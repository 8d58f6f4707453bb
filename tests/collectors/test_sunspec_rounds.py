"""A solar plant through a day and a night, as the collector reads it: three bases, two servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shipped_profiles import shipped
from sunspec_devices import SERVERS, Serve, chain, common, model, simulator_server

from collectors.modbus.gateway import GatewayTask
from collectors.modbus.read_plan import plan_gateway
from collectors.round import Round
from paes.gateways import Gateway
from paes.meters import FieldMeter

NOON = datetime(2025, 6, 21, 11, 0, tzinfo=UTC)
PATIENT_S = 10.0

DAY = model(103, W=4321, W_SF=0, WH=12345678, WH_SF=1, Hz=5001, Hz_SF=-2, St=4)
NIGHT = model(103, W_SF=0, WH=0, WH_SF=1, St=2)
STRINGS = model(160, DCWH_SF=2, N=2, module=[{"DCWH": 111}, {"DCWH": 222}])
METER = model(203, W=-900, W_SF=0, TotWhImp=5000, TotWhExp=7000, TotWh_SF=1)


def meter(unit: int, device: str, **fields: Any) -> FieldMeter:
    return FieldMeter.model_validate(
        {
            "id": f"roof.{device}-{unit}",
            "carrier": "electricity",
            "measures": "generation",
            "device": device,
            "gateway": "roof",
            "unit": unit,
            **fields,
        }
    )


def task(port: int, *meters: FieldMeter, timeout_s: float = PATIENT_S) -> GatewayTask:
    gateway = Gateway(id="roof", host="127.0.0.1", port=port, timeout_s=timeout_s)
    plan = plan_gateway(gateway, meters, {m.device: shipped(m.device) for m in meters})
    return GatewayTask(plan, lambda _: None, lambda: NOON)


def values(made: Round) -> dict[str, float]:
    return {r.point.partition("/")[2]: r.value for r in made.readings}


@pytest.mark.parametrize("serve", SERVERS)
@pytest.mark.parametrize("base", [40000, 50000, 0])
async def test_day_and_night_of_an_inverter(serve: Serve, base: int) -> None:
    units = {1: {base: chain(common(), DAY)}, 2: {base: chain(common(), NIGHT)}}
    async with serve(units) as port:
        plant = task(port, meter(1, "sunspec-103"), meter(2, "sunspec-103"))
        made = await plant.read_round(NOON)
        await plant.close()
    # 12345678 x 10 Wh; the one that sleeps says that it has no total and no power
    assert {r.point: r.value for r in made.readings} == {
        "roof.sunspec-103-1/W": 4321,
        "roof.sunspec-103-1/WH": pytest.approx(123456.78),
    }
    assert {(f.name, f.subject) for f in made.findings} == {
        ("collect.not_available", "roof.sunspec-103-2/W"),
        ("collect.not_available", "roof.sunspec-103-2/WH"),
    }


async def test_inverter_that_falls_asleep_and_wakes_up_elsewhere() -> None:
    units = {1: {40000: chain(common(), DAY)}}
    async with simulator_server(units) as port:
        plant = task(port, meter(1, "sunspec-103"))
        day = await plant.read_round(NOON)
        units[1] = {40000: chain(common(), NIGHT)}
        night = await plant.read_round(NOON + timedelta(hours=10))
        units[1] = {40000: chain(common(), DAY)}
        morning = await plant.read_round(NOON + timedelta(hours=20))
        await plant.close()
    assert values(day)["WH"] == values(morning)["WH"] == pytest.approx(123456.78)
    assert values(night) == {}


async def test_inverter_strings_and_meter_of_one_device_are_three_meters() -> None:
    image = chain(common("INV"), DAY, STRINGS, common("MTR"), METER)
    async with simulator_server({1: {40000: image}}) as port:
        plant = task(
            port,
            meter(1, "sunspec-103"),
            meter(1, "sunspec-160", register="module_2_DCWH"),
            meter(1, "sunspec-203", measures="withdrawal"),
        )
        made = await plant.read_round(NOON)
        await plant.close()
    assert made.findings == ()
    assert {r.point: r.value for r in made.readings} == {
        "roof.sunspec-103-1/W": 4321,
        "roof.sunspec-103-1/WH": pytest.approx(123456.78),
        "roof.sunspec-160-1/module_2_DCWH": pytest.approx(22.2),  # 222 x 10^2 Wh
        "roof.sunspec-203-1/W": -900,
        "roof.sunspec-203-1/TotWhImp": 50,
        "roof.sunspec-203-1/TotWhExp": 70,
    }


async def test_silent_inverter_brings_nothing_and_is_told_once() -> None:
    async with simulator_server({}) as port:
        plant = task(port, meter(1, "sunspec-113"), timeout_s=0.2)
        made = await plant.read_round(NOON)
        await plant.close()
    assert made.readings == ()
    assert [f.name for f in made.findings] == ["collect.no_reply"]
    assert made.reached
