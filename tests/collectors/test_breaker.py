"""The breaker of a unit, in virtual time: pauses by the rule 2 s x 2^n up to 5 min, +-20 %."""

from __future__ import annotations

import pytest

from collectors.backoff import pause_after
from collectors.breaker import Breaker, Consequence, consequence
from collectors.round import UnitState
from paes.errors import BadReply, ConnectionFailed, DeviceRefused, NoReply


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def breaker(clock: Clock, jitter: float = 0.5) -> Breaker:
    return Breaker(clock, lambda: jitter)


def test_unit_is_asked_in_full_until_it_fails() -> None:
    made = breaker(Clock())
    assert (made.state, made.wait_s) == (UnitState.OK, 0.0)


def test_pause_doubles_from_two_seconds_to_five_minutes() -> None:
    clock = Clock()
    made = breaker(clock)
    waits = []
    for _ in range(10):
        made.failed()
        waits.append(made.wait_s)
        clock.now_s += made.wait_s
        assert made.wait_s == 0.0  # may be asked
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_second_failure_in_a_row_opens_it() -> None:
    made = breaker(Clock())
    made.failed()
    assert made.state is UnitState.FAILING
    made.failed()
    assert made.state is UnitState.OPEN


def test_a_million_failures_are_no_overflow() -> None:
    assert pause_after(1_000_000, 2.0, 0.5) == 300.0


@pytest.mark.parametrize(("jitter", "pause_s"), [(0.0, 1.6), (0.5, 2.0), (1.0, 2.4)])
def test_pause_is_a_fifth_more_or_less(jitter: float, pause_s: float) -> None:
    made = breaker(Clock(), jitter)
    made.failed()
    assert made.wait_s == pytest.approx(pause_s)


def test_one_good_answer_closes_it() -> None:
    made = breaker(Clock())
    for _ in range(5):
        made.failed()
    made.good()
    assert (made.state, made.failures, made.wait_s) == (UnitState.OK, 0, 0.0)
    made.failed()
    assert made.wait_s == 2.0


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1, Consequence.MAP_ERROR),
        (2, Consequence.MAP_ERROR),
        (3, Consequence.MAP_ERROR),
        (4, Consequence.BACK_OFF),
        (5, Consequence.ASK_ONCE_MORE),
        (6, Consequence.ASK_ONCE_MORE),
        (10, Consequence.BACK_OFF),
        (11, Consequence.BACK_OFF),
        (99, Consequence.BACK_OFF),
    ],
)
def test_every_exception_has_its_own_rule(code: int, expected: Consequence) -> None:
    assert consequence(DeviceRefused("", code)) is expected


def test_silence_garbage_and_a_cut_line_back_off() -> None:
    for failure in (NoReply(""), BadReply(""), ConnectionFailed("")):
        assert consequence(failure) is Consequence.BACK_OFF
