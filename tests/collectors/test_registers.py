"""Words to values: vectors of manuals and by hand, and the inverse for every type and order."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped_profiles import FILES, shipped

from collectors.devices.point import DevicePoint, ProfileKind, RegisterType, WordOrder
from collectors.devices.profile import load_profile
from collectors.devices.registers import (
    decode,
    decode_block,
    encode,
    stored_name,
    to_device_value,
    to_reading_value,
    unavailable_words,
)
from paes.errors import DataError
from paes.metering import Quality
from paes.meters import FieldMeter


def point(**fields: Any) -> DevicePoint:
    return DevicePoint.model_validate(
        {"name": "p", "address": 0, "type": "u16", "unit": "W", "kind": "gauge", **fields}
    )


def meter(**fields: Any) -> FieldMeter:
    return FieldMeter.model_validate(
        {"id": "school.main", "carrier": "electricity", "device": "d", "gateway": "g", **fields}
    )


# 0x0012D687 = 1 234 567; 0x43663334 = 230.2 is the example of Eastron's protocol sheet; the f64 is
# 1.0 (sign 0, exponent 0x3FF); 0xFFFF0000FFFF0001 - 2^64 = -281 470 681 808 895.
VECTORS = [
    ("u16", "ABCD", [0x1234], 0x1234),
    ("u16", "BADC", [0x1234], 0x3412),
    ("i16", "ABCD", [0xFFFE], -2),
    ("u32", "ABCD", [0x0012, 0xD687], 1234567),
    ("i32", "CDAB", [0xD687, 0x0012], 1234567),
    ("u32", "BADC", [0x1200, 0x87D6], 1234567),
    ("u32", "DCBA", [0x87D6, 0x1200], 1234567),
    ("i32", "CDAB", [0xFFFF, 0xFFFF], -1),
    ("f32", "ABCD", [0x4366, 0x3334], 230.2),
    ("f32", "DCBA", [0x3433, 0x6643], 230.2),
    ("u64", "CDAB", [0xD687, 0x0012, 0, 0], 1234567),
    ("i64", "ABCD", [0xFFFF, 0x0000, 0xFFFF, 0x0001], -281470681808895),
    ("f64", "ABCD", [0x3FF0, 0, 0, 0], 1.0),
    ("i64", "ABCD", [0x0020, 0, 0, 1], 9007199254740993),  # 2^53 + 1: no float holds it
]


@pytest.mark.parametrize(("kind", "order", "words", "expected"), VECTORS)
def test_words_calculated_by_hand(kind: str, order: str, words: list[int], expected: float) -> None:
    p = point(type=kind, order=order)
    value = decode(p, words).value
    assert value == pytest.approx(expected, rel=1e-7)
    assert encode(p, value) == words


def test_scale_keeps_the_decimals_of_the_device() -> None:
    # 98 765.43 kWh is raw 9 876 543 in hundredths; a product of floats would end in ...001.
    p = point(type="u32", unit="kWh", kind="counter", scale=0.01)
    assert decode(p, [0x0096, 0xB43F]).value == 98765.43
    assert encode(p, 98765.43) == [0x0096, 0xB43F]


def test_em340_energy_has_its_low_word_first() -> None:
    energy = shipped("carlo-gavazzi-em340").point("energy_import")
    assert decode(energy, [0xD687, 0x0012]).value == 123456.7


def test_text_is_read_with_one_or_two_characters_in_a_register() -> None:
    p = point(type="str", count=3, unit="", kind="text", order="CDAB")
    assert decode(p, [0x454D, 0x3334, 0x3000]).value == "EM340"
    assert decode(p, [0x0045, 0x004D, 0x0020]).value == "EM"


INTEGERS = {
    RegisterType(f"{sign}{bits}"): (
        (0, 2**bits - 1) if sign == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    )
    for sign in "ui"
    for bits in (16, 32, 64)
}


@given(st.data(), st.sampled_from(sorted(INTEGERS)), st.sampled_from(WordOrder))
def test_integers_return_from_the_wire(data: st.DataObject, kind: str, order: WordOrder) -> None:
    lowest, highest = INTEGERS[RegisterType(kind)]
    value = data.draw(st.integers(lowest, highest))
    p = point(type=kind, order=order)
    assert decode(p, encode(p, value)).value == value


@given(
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["f32", "f64"]),
    st.sampled_from(WordOrder),
)
def test_floats_return_from_the_wire(value: float, kind: str, order: WordOrder) -> None:
    p = point(type=kind, order=order)
    assert decode(p, encode(p, value)).value == value


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=10),
    st.sampled_from(WordOrder),
)
def test_texts_return_from_the_wire(text: str, order: WordOrder) -> None:
    p = point(type="str", count=5, unit="", kind="text", order=order)
    assert decode(p, encode(p, text)).value == text


@given(st.lists(st.integers(0, 0xFFFF), min_size=2, max_size=2), st.sampled_from(WordOrder))
def test_no_words_ever_make_a_number_that_is_not_finite(words: list[int], order: WordOrder) -> None:
    decoded = decode(point(type="f32", order=order), words)
    assert decoded.value is None or math.isfinite(float(decoded.value))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_shipped_point_returns_from_the_wire(path: Path) -> None:
    profile = load_profile(path)
    assert profile.points
    for p in profile.points:
        if p.type is RegisterType.STR:
            assert decode(p, encode(p, "A1")).value == "A1"
            continue
        exponent = -2 if p.scale_from else None
        step = 10.0**-2 if p.scale_from else p.scale
        value = 0.5 if p.encoding else 100 * step
        decoded = decode(p, encode(p, value, exponent or 0), exponent)
        assert decoded.quality is Quality.GOOD, p.name
        assert decoded.value == pytest.approx(value, rel=1e-6), p.name


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_what_a_shipped_device_calls_missing_is_no_value(path: Path) -> None:
    for p in load_profile(path).points:
        if p.invalid or p.type.is_float:
            decoded = decode(p, unavailable_words(p), 0 if p.scale_from else None)
            assert (decoded.value, decoded.quality) == (None, Quality.NOT_AVAILABLE), p.name


def test_device_without_a_sign_for_missing_is_said_to_have_none() -> None:
    with pytest.raises(DataError, match="no value for 'not available'"):
        unavailable_words(point())


def test_infinity_is_out_of_range() -> None:
    assert decode(point(type="f32"), [0x7F80, 0]).quality is Quality.OUT_OF_RANGE


def test_negative_counter_is_out_of_range() -> None:
    p = point(type="i32", unit="kWh", kind="counter")
    assert decode(p, [0xFFFF, 0xFFFF]).quality is Quality.OUT_OF_RANGE


def test_saturated_counter_is_out_of_range() -> None:
    p = shipped("open-gascounter-miq1").point("uptime_minutes")
    assert decode(p, [65535]).quality is Quality.OUT_OF_RANGE
    assert decode(p, [65534]).value == 65534


def test_huawei_feed_in_register_has_no_sign() -> None:
    p = shipped("huawei-sun2000").point("meter_energy_export")
    assert decode(p, [0xFFFF, 0xFF38]).value == 2.0  # -200 hundredths


def test_four_quadrant_power_factor_is_folded_back() -> None:
    # Schneider: 1.1 means 0.9 leading, -1.1 means -0.9.
    p = shipped("schneider-iem3155").point("power_factor")
    for sent, meant in [(0.95, 0.95), (1.1, 0.9), (-1.1, -0.9), (-0.4, -0.4)]:
        assert decode(p, encode(p, sent)).value == pytest.approx(meant, abs=1e-6)


def test_scale_factor_of_the_same_reply_is_applied() -> None:
    profile = shipped("solaredge")
    points = [profile.point(n) for n in ("active_power", "active_power_sf", "energy_sf")]
    # 40083: W = 12 345, 40084: sf = -1; 40095: sf = 0
    words = [12345, 0xFFFF, *[0] * 10, 0]
    values = decode_block(points, 40083, words)
    assert values["active_power"].value == 1234.5


def test_value_without_its_scale_factor_is_no_value() -> None:
    p = shipped("solaredge").point("active_power")
    assert decode(p, [12345], None).quality is Quality.NOT_AVAILABLE
    assert decode(p, [12345], 11).quality is Quality.OUT_OF_RANGE


def test_too_few_words_are_refused() -> None:
    with pytest.raises(DataError, match="1 registers, expected 2"):
        decode(point(type="u32"), [1])


def test_counter_wraps_at_its_rollover_else_at_its_width() -> None:
    dial = point(type="u32", unit="kWh", kind="counter", scale=0.1, rollover=10_000_000)
    assert decode(dial, encode(dial, 1_000_000.3)).value == 0.3
    pulses = point(type="u16", unit="pulse", kind="counter")
    assert decode(pulses, encode(pulses, 65_537)).value == 1


def test_gauge_that_does_not_fit_is_refused() -> None:
    with pytest.raises(
        DataError, match="40000 W is 40000 in its register; expected -32768 to 32767"
    ):
        encode(point(type="i16"), 40000)


def test_transformers_multiply_what_they_transform() -> None:
    m = meter(ct_ratio=40, vt_ratio=2)
    assert to_reading_value(m, point(unit="Wh", kind="counter"), 5000) == 400.0  # 5 kWh x 80
    assert to_reading_value(m, point(unit="kW"), 1.5) == 120_000.0
    assert to_reading_value(m, point(unit="A"), 2) == 80.0
    assert to_reading_value(m, point(unit="V"), 100) == 200.0
    assert to_reading_value(m, point(unit="Hz"), 50) == 50.0


def test_gas_is_converted_to_standard_cubic_metres() -> None:
    gas = meter(carrier="natural_gas", volume_correction=1.02)
    assert to_reading_value(gas, point(unit="l", kind="counter"), 5000) == pytest.approx(5.1)


def test_pulses_are_stored_as_what_they_count() -> None:
    pulse = {"weight": 10, "unit": "l", "initial_reading": 1234000}
    m = meter(carrier="natural_gas", register="pulses_3", pulse=pulse)
    channel = shipped("wirenboard-wb-mcm8").point("pulses_3")
    assert stored_name(m, channel) == "volume"
    assert to_reading_value(m, channel, 50) == 1234.5  # m3
    assert stored_name(m, shipped("wirenboard-wb-mcm8").point("pulses_4")) == "pulses_4"


def test_pulses_of_energy_are_stored_as_energy() -> None:
    m = meter(register="pulses_1", pulse={"weight": 1, "unit": "Wh"})
    channel = shipped("wirenboard-wb-mcm8").point("pulses_1")
    assert stored_name(m, channel) == "energy_import"
    assert to_reading_value(m, channel, 2500) == 2.5


@given(st.floats(0, 1e9), st.sampled_from(["Wh", "kWh", "MWh", "kW", "A", "m3", "l", "degC"]))
def test_device_value_is_the_inverse_of_the_reading(value: float, unit: str) -> None:
    m = meter(ct_ratio=30, vt_ratio=1.5, volume_correction=1.013)
    p = point(type="f64", unit=unit)
    there = to_reading_value(m, p, to_device_value(m, p, value))
    assert there == pytest.approx(value, rel=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_every_pulse_returns(pulses: int) -> None:
    pulse = {"weight": 0.1, "unit": "m3", "initial_reading": 17.3}
    m = meter(carrier="natural_gas", pulse=pulse, volume_correction=1.02)
    p = point(type="u32", unit="pulse", kind="counter")
    reading = to_reading_value(m, p, pulses)
    assert decode(p, encode(p, to_device_value(m, p, reading))).value == pulses


def test_states_and_texts_are_told_from_numbers() -> None:
    profile = shipped("solaredge")
    assert profile.point("status").is_number
    assert not profile.point("serial_number").is_number
    assert profile.point("energy_sf").kind is ProfileKind.SCALE_FACTOR
