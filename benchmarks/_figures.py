"""How the benchmarks of the stores take times and print them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def seconds(work: Callable[[], T]) -> tuple[float, T]:
    """How long ``work`` takes, and what it answers."""
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def best(work: Callable[[], T], runs: int = 3) -> tuple[float, T]:
    """As ``seconds``, the fastest of some runs."""
    return min((seconds(work) for _ in range(runs)), key=lambda timed: timed[0])


def progress(text: str) -> None:
    """What is done just now, to people who wait at a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def head(what: str, reference: str) -> None:
    """The line above the figures."""
    row(what, "ours", reference, "ratio", "")


def line(what: str, ours: float, reference: float, note: str = "") -> None:
    """Two times and their ratio."""
    row(what, duration(ours), duration(reference), f"{ours / reference:.2f} x", note)


def row(what: str, ours: str, reference: str, ratio: str, note: str) -> None:
    """One line of figures in words."""
    progress("")
    print(f"{what:<56} {ours:>10} {reference:>10} {ratio:>9}  {note}".rstrip(), flush=True)


def duration(time_s: float) -> str:
    """Milliseconds, or seconds from ten of them on."""
    return f"{time_s:.1f} s" if time_s >= 10 else f"{1e3 * time_s:,.1f} ms"


def rates(count: int, ours: float, reference: float) -> str:
    """Readings a second, of both."""
    return f"{count / ours:,.0f} readings/s (reference {count / reference:,.0f})"
