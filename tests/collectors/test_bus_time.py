"""What a request and a register cost, by hand calculation and by the measured facts of a line."""

from __future__ import annotations

from typing import Any

import pytest
from shipped_profiles import shipped

from collectors.modbus.bus_time import TURN_ROUND_S, bus_time, pause_s, serial_line
from paes.gateways import Gateway, SerialLine

SDM = shipped("eastron-sdm630")  # rtu only, 9600 8N1 from the factory
TCP_ONLY = shipped("arlight-dali-logic-lite")


def gateway(**fields: Any) -> Gateway:
    return Gateway.model_validate({"id": "g", **fields})


def test_9600_baud_costs_what_the_manual_says() -> None:
    # 20 characters of 10 bits with both silences: 20.8 ms; a register is 2 characters: 2.08 ms.
    bus = bus_time(gateway(transport="serial", serial={"device": "/dev/ttyS0"}), SDM)
    assert bus.request_s - TURN_ROUND_S == pytest.approx(0.0208, abs=1e-4)
    assert bus.register_s == pytest.approx(0.00208, abs=1e-5)
    assert 19 <= bus.gap <= 30


def test_thirty_meters_at_9600_baud_take_some_ten_seconds() -> None:
    # Published estimate for 3 blocks of about 80 registers, 30 meters: 11 s with 20 to 60 ms of
    # turn-round; here only the characters and the shortest turn-round.
    bus = bus_time(gateway(host="h", transport="rtu_over_tcp"), SDM)
    assert 30 * 36 * bus.block_s(2) == pytest.approx(30 * 36 * 0.045, rel=0.02)
    assert 30 * 3 * bus.block_s(36) < 11


def test_parity_and_two_stop_bits_make_a_character_longer() -> None:
    line = SerialLine(device="x", parity="E", stop_bits=2)
    assert line.character_s == pytest.approx(12 / 9600)


def test_device_that_speaks_tcp_has_no_serial_line() -> None:
    bus = bus_time(gateway(host="h"), TCP_ONLY)
    assert (bus.register_s, bus.gap) == (0.0, 31)


def test_line_behind_a_converter_is_the_configured_one_else_the_factory_setting() -> None:
    known = gateway(host="h", serial={"device": "behind", "baud": 19200})
    line = serial_line(known, SDM)
    assert line is not None
    assert line.baud == 19200
    line = serial_line(gateway(host="h"), SDM)
    assert line is not None
    assert line.baud == 9600
    line = serial_line(gateway(host="h", transport="rtu_over_tcp"), TCP_ONLY)
    assert line is not None
    assert line.baud == 9600
    assert serial_line(gateway(host="h"), TCP_ONLY) is None


def test_pause_is_the_longer_of_gateway_and_profile_and_never_below_the_silence() -> None:
    assert pause_s(gateway(host="h", pause_ms=2), TCP_ONLY) == 0.005  # the profile's 5 ms
    assert pause_s(gateway(host="h", pause_ms=30), TCP_ONLY) == 0.03
    serial = gateway(transport="serial", serial={"device": "/dev/ttyS0"})
    assert pause_s(serial, SDM) == pytest.approx(3.5 * 10 / 9600)


def test_a_rest_after_each_answer_makes_wider_holes_worth_reading() -> None:
    plain = bus_time(gateway(host="h"), SDM)
    rested = bus_time(gateway(host="h", pause_ms=50), SDM)
    assert rested.gap > plain.gap
