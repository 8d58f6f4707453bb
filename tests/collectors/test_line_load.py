"""How busy a line is, against sums made by hand."""

from __future__ import annotations

import pytest
from shipped_profiles import shipped

from collectors.modbus.line_load import LineLoad, line_load
from collectors.modbus.read_plan import plan_gateway
from paes.gateways import Gateway
from paes.meters import FieldMeter

SDM630_S = 0.090833
"""24 registers at 9600 8N1: 16.5 + 48 + 3.5 characters of 10 bits, and 20 ms to turn round."""


def loaded(units: int = 1, **periods: int) -> LineLoad:
    gateway = Gateway.model_validate({"id": "g", "host": "192.0.2.1", **periods})
    meters = [
        FieldMeter.model_validate(
            {"id": f"s.m{n}", "carrier": "electricity", "device": "eastron-sdm630", "gateway": "g",
             "unit": n}
        )
        for n in range(1, units + 1)
    ]  # fmt: skip
    return line_load(plan_gateway(gateway, meters, {"eastron-sdm630": shipped("eastron-sdm630")}))


def test_the_load_of_one_period_is_the_sum_of_its_units() -> None:
    made = loaded(units=30, poll_period_s=60)
    assert made.longest_round_s == pytest.approx(30 * SDM630_S, rel=1e-3)
    assert made.round_period_s == 60
    assert made.busy_fraction == pytest.approx(30 * SDM630_S / 60, rel=1e-3)
    assert not made.is_too_much


def test_fast_rounds_ask_for_less_than_full_ones() -> None:
    """Every 10 s the power (2 registers, 45 ms), every 60 s everything (91 ms)."""
    made = loaded(poll_period_s=60, fast_period_s=10)
    power_s = 0.090833 - 22 * 2 * 10 / 9600
    assert made.round_period_s == 10
    assert made.longest_fraction == pytest.approx(SDM630_S / 10, rel=1e-3)
    assert made.busy_fraction == pytest.approx((SDM630_S + 5 * power_s) / 60, rel=1e-2)


def test_a_round_that_does_not_fit_its_period_is_too_much() -> None:
    assert loaded(units=30, poll_period_s=2).is_too_much
    assert loaded(units=30, poll_period_s=3).is_too_much  # 91 % busy: no time for what fails
    assert not loaded(units=30, poll_period_s=4).is_too_much
