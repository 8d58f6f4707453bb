"""One line of the accuracy card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paes.report.accuracy_card import Sense, meets_bar


@dataclass(frozen=True)
class Row:
    """A measured figure.

    ``rule`` is the rule (or ``baseline``, ``savings``, ``forecast``) it is about, ``what`` is what
    was measured (``"alarms, clean series"``, ``"found, +30 %, within 21 days"``, ``"delay, +30 %,
    median"``);
    both together name it for ever. ``unit`` is ``a meter-year``, ``a plant-year``, ``fraction``,
    ``days`` … ``on`` says on which data, real or simulated, tuned or not, and how many.
    ``bar`` is what the published or our own benchmark asks; ``slack`` how far the figure may fall
    against what was stated before anybody must look: chance of another seed, never more than that.
    """

    rule: str
    what: str
    figure: float
    unit: str
    on: str
    bar: float | None = None
    sense: Sense = "as_told"
    slack: float = 0.0
    real: bool = False
    """True if the series were measured, False if they were simulated."""

    def __post_init__(self) -> None:
        if (self.bar is None) != (self.sense == "as_told"):
            raise ValueError(f"{self.key}: a bar needs its sense, and a sense its bar")

    @property
    def key(self) -> str:
        """Its name from release to release."""
        return f"{self.rule}: {self.what}"

    @property
    def meets_bar(self) -> bool | None:
        """None without a bar."""
        return meets_bar(self.figure, self.bar, self.sense)


def found_within(delays: Sequence[float | None], days: float) -> float:
    """The part (0..1) of injected faults that were found within ``days``; None: never found."""
    return sum(1 for delay in delays if delay is not None and delay <= days) / len(delays)


def median_delay(delays: Sequence[float | None]) -> float:
    """Median delay in days of those that were found; NaN if none was."""
    known = sorted(delay for delay in delays if delay is not None)
    if not known:
        return float("nan")
    half = len(known) // 2
    return known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2
