"""What is kept is handed out at once, and made anew behind the reader's back."""

from __future__ import annotations

import threading

import pytest
from shown_town import NOW, MovingClock

from dashboard.memory import Memory


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
