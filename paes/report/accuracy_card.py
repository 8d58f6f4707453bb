"""What this version states of itself: how right its rules and bands are, as it was measured.

The file (``accuracy.json``) is written by the measuring itself and shipped with the program.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from paes.errors import DataError
from paes.shipped_files import shipped_config

FILE = "accuracy.json"


Sense = Literal["at_least", "at_most", "as_told"]
"""On which side of its bar a figure is good; ``as_told`` has none, and only has to stay."""


def meets_bar(figure: float | None, bar: float | None, sense: Sense) -> bool | None:
    """Whether a figure is on the good side of its bar; None without one, or without a figure."""
    if bar is None or figure is None:
        return None
    return figure >= bar if sense == "at_least" else figure <= bar


class StatedRow(BaseModel):
    """One measured figure; None if nothing was found to measure it by."""

    model_config = ConfigDict(frozen=True)

    rule: str
    what: str
    figure: float | None
    unit: str
    bar: float | None
    sense: Sense
    real: bool
    on: str

    @property
    def meets_bar(self) -> bool | None:
        """None without a bar, or without a figure."""
        return meets_bar(self.figure, self.bar, self.sense)


class AccuracyCard(BaseModel):
    """All of them, of one version."""

    model_config = ConfigDict(frozen=True)

    version: str
    rows: tuple[StatedRow, ...]


@lru_cache(maxsize=1)
def accuracy_card() -> AccuracyCard:
    """The card of this version; DataError if it is not where it was shipped, or unreadable."""
    path = shipped_config() / FILE
    try:
        return AccuracyCard.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as err:
        raise DataError(f"{path}: the accuracy card cannot be read: {err}") from err
