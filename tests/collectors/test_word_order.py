"""Which word order makes sense of a device, by values that makers and physics give."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from shipped_profiles import FILES, shipped

from collectors.devices.point import WordOrder
from collectors.devices.profile import DeviceProfile, load_profile
from collectors.devices.registers import Value, decode, encode
from collectors.devices.word_order import CREDIBLE, OrderVote, is_votable, plausible_order, vote
from paes.units import canonical_unit

# A three-phase meter of a school at noon; what is not named here is 0.
NOON = {
    "voltage": 231.4,
    "current": 17.3,
    "active_power": 11_540.0,
    "apparent_power": 12_020.0,
    "power_factor": 0.96,
    "frequency": 49.98,
    "active_energy": 123_456.7,
}


def read_as(
    profile: DeviceProfile, sent: WordOrder
) -> list[tuple[str, Mapping[str, Value | None]]]:
    """Every point by name with its value in each order, of a device that sends in ``sent``."""
    read = []
    for point in profile.points:
        value = NOON.get(point.quantity or "", 0.0)
        if point.width < 2 or not is_votable(point):
            continue
        words = encode(point.model_copy(update={"order": sent}), value)
        values = {
            o.value: decode(point.model_copy(update={"order": o}), words).value for o in WordOrder
        }
        read.append((point.name, values))
    return read


def votes(profile: DeviceProfile, sent: WordOrder) -> OrderVote | None:
    return vote((profile.point(name), values) for name, values in read_as(profile, sent))


@pytest.mark.parametrize("sent", WordOrder)
@pytest.mark.parametrize("device", ["eastron-sdm630", "carlo-gavazzi-em340", "abb-b23-b24"])
def test_the_order_that_a_device_sends_in_wins_the_vote(device: str, sent: WordOrder) -> None:
    profile = shipped(device)
    made = votes(profile, sent)
    assert made is not None
    assert made.best is sent
    assert made.is_telling
    assert made.agrees == (sent is made.declared)


def test_one_point_alone_is_marked_by_its_own_or_the_only_other_credible_order() -> None:
    profile = shipped("eastron-sdm630")
    for sent in WordOrder:
        values = dict(read_as(profile, sent))
        assert plausible_order(profile.point("frequency"), values["frequency"]) == sent.value
    both = {"ABCD": 50.0, "CDAB": 49.0, "BADC": 1e-9, "DCBA": None}
    assert plausible_order(profile.point("frequency"), both) == "ABCD"
    neither = {"ABCD": 1e9, "CDAB": 50.0, "BADC": 49.0, "DCBA": None}
    assert plausible_order(profile.point("frequency"), neither) is None


def test_zero_says_nothing_of_the_order() -> None:
    profile = shipped("eastron-sdm630")
    zero = {order.value: 0.0 for order in WordOrder}
    assert vote((p, zero) for p in profile.points) is None
    assert plausible_order(profile.point("voltage_l1"), zero) is None


def test_every_shipped_measurement_of_several_registers_can_be_judged() -> None:
    """Numbers without a range are angles of no meter, resistances, and SunSpec's bare units."""
    points = [p for path in FILES for p in load_profile(path).points if p.width > 1]
    assert points
    measured = [p for p in points if p.quantity in NOON]
    assert measured
    assert all(canonical_unit(p.unit) in CREDIBLE for p in measured if p.unit)
