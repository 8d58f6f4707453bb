"""Water that never stops, in hours made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from paes.faults.rule_table import rule
from paes.faults.rules import water_leak, water_standing
from tests.core.faults.meter_curves import at, curve, hours, shipped

P = shipped("water_standing")
LEAKS = shipped("water_leak")


def find(litres, pulse_l=1.0):
    of = curve(litres / 1000)
    closed = np.ones(len(of.days), dtype=bool)
    return water_standing.find(of, pulse_l, closed, P, water_leak.find(of, pulse_l, closed, LEAKS))


def test_a_flow_older_than_the_readings_is_listed_after_30_nights():
    (one,) = find(hours(60) + 10)
    assert (one.start, one.found, one.is_over) == (at(0, 1), at(29, 5), False)
    assert one.numbers["nights"] == 60
    assert one.numbers["flow_m3_a_year"] == pytest.approx(10 * 24 * 365 / 1000)
    assert find(hours(29) + 10) == []


def test_nobody_knows_whether_it_is_lost():
    (one,) = find(hours(60) + 10)
    assert one.excess.low.sum() == 0
    assert one.excess.likely.sum() == pytest.approx((59 * 24 + 4) * 0.010)


def test_a_flow_that_crept_up_is_listed():
    """Half a litre an hour more each week: no night stands out, and after weeks none is at rest."""
    litres = hours(150) + np.floor(np.arange(150 * 24) / 168) / 2
    (one,) = find(litres)
    assert one.start > at(20)


def test_what_the_rule_of_leaks_tells_is_not_told_again():
    litres = hours(120)
    litres[24 * 40 :] = 10
    assert find(litres) == []
    litres[: 24 * 40] = 10  # without the nights at rest before it no rule of leaks can tell
    assert len(find(litres)) == 1


def test_a_leak_on_top_adds_nothing_to_what_stands():
    litres = hours(60) + 10
    litres[24 * 40 : 24 * 50] += 50
    (one,) = find(litres)
    assert one.excess.likely.sum() == pytest.approx((59 * 24 + 4) * 0.010)


def test_it_is_over_when_the_meter_stands_still():
    litres = hours(60)
    litres[: 24 * 50] = 10
    (one,) = find(litres)
    assert (one.is_over, one.end) == (True, at(49, 5))


def test_it_is_listed_and_sent_to_nobody():
    assert rule("water_standing").is_alarm is False
    assert rule("water_leak").is_alarm is True
