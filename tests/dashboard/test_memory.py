"""What is kept is handed out at once, and made anew behind the reader's back."""

from __future__ import annotations

import threading

import pytest
from shown_town import NOW, MovingClock

from dashboard.memory import Memory, Pending


class Timer:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_value_is_made_once_while_it_is_young() -> None:
    made: list[int] = []
    memory = Memory(MovingClock(), Timer())
    for _ in range(3):
        kept = memory.get("k", lambda: made.append(1) or len(made), 60)
    assert (kept.value, kept.made_at) == (1, NOW)


def test_old_value_is_handed_out_while_a_new_one_is_made() -> None:
    clock, timer = MovingClock(), Timer()
    memory = Memory(clock, timer)
    memory.get("k", lambda: "old", 60)
    timer.seconds = 61
    begun = threading.Event()

    def make() -> str:
        begun.set()
        return "new"

    assert memory.get("k", make, 60).value == "old"
    assert begun.wait(60)
    memory.close()  # waits for what is being made
    assert memory.get("k", lambda: "newest", 60).value == "new"


def test_failure_is_not_kept() -> None:
    memory = Memory(MovingClock(), Timer())
    with pytest.raises(ZeroDivisionError):
        memory.get("k", lambda: 1 // 0, 60)
    assert memory.get("k", lambda: 2, 60).value == 2


def test_answers_of_one_page_are_together_waited_for_as_long_as_one() -> None:
    timer, is_over = Timer(), threading.Event()
    memory = Memory(MovingClock(), timer, wait_s=60)
    with memory.one_wait():
        assert memory.get("quick", lambda: 1, 60).value == 1
        timer.seconds = 60
        with pytest.raises(Pending):
            memory.get("slow", lambda: is_over.wait(60), 60)
    is_over.set()
    assert memory.get("slow", lambda: False, 60).value is True
    memory.close()


def test_what_is_made_ahead_may_take_longer_than_a_reader_waits() -> None:
    memory = Memory(MovingClock(), Timer(), wait_s=0)
    memory.make_first("k", lambda: "slow")
    assert memory.get("k", lambda: "again", 60).value == "slow"
    memory.close()
    memory.make_first("other", lambda: 1 // 0)  # nothing more is made
