"""The picture of a case as lines of text: a bar for each day, seen above usual."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paes.cli.output import number
from paes.faults.episode import Picture
from paes.periods import from_seconds
from paes.series import Floats

_BARS = " ▁▂▃▄▅▆▇█"
_GAP = "·"
_DAY_S = 86_400
NEARLY_ALIKE = 0.2
"""Of the highest: bars of eighths hardly show less."""
A_LINE = 56
"""Days of a line: eight weeks."""


def chart(picture: Picture) -> Iterator[str]:
    """Lines that a terminal of 72 columns holds; a dot is a day of which nothing is known.

    Bars of both rows are of one scale from 0; what is negative is drawn as nothing. Where all days
    are nearly alike the scale begins above 0, and says so: or four dark lamps of a hundred would
    not show.
    """
    seen, usual = (by_day(picture, column) for column in (picture.seen, picture.usual))
    known = np.concatenate([seen, usual])
    known = known[np.isfinite(known)]
    most = float(known.max()) if len(known) else 0.0
    least = _foot(known, most)
    scale = f"from {_figure(least)} to" if least else "the highest"
    yield f"a bar a day, {scale} {_figure(most)} {picture.unit}; {_GAP} is not known"
    seen, usual, most = seen - least, usual - least, most - least
    for first in range(0, len(seen), A_LINE):
        day = from_seconds(picture.start_s + first * _DAY_S)
        yield f"{day:%Y-%m-%d} seen  {bars(seen[first : first + A_LINE], most)}"
        yield f"{'':10} usual {bars(usual[first : first + A_LINE], most)}"


def _foot(known: Floats, most: float) -> float:
    """Where the bars begin: 0, or below days that are nearly alike by a third of their range."""
    if not len(known):
        return 0.0
    lowest = float(known.min())
    spread = most - lowest
    return lowest - spread / 3 if 0 < spread < NEARLY_ALIKE * most else 0.0


def _figure(value: float) -> str:
    return number(value, 0 if abs(value) >= 100 else 1)


def by_day(picture: Picture, column: Floats) -> Floats:
    """The mean of each day's known steps; NaN where none is known."""
    steps = max(_DAY_S // picture.step_s, 1)
    padded = np.full(-(-len(column) // steps) * steps, np.nan)
    padded[: len(column)] = column
    days = padded.reshape(-1, steps)
    known = np.isfinite(days).sum(axis=1)
    total = np.nansum(days, axis=1)
    return np.asarray(np.divide(total, known, out=np.full(len(days), np.nan), where=known > 0))


def bars(values: Floats, most: float) -> str:
    """A character a value, in eighths of ``most``."""
    return "".join(_bar(value, most) for value in values.tolist())


def _bar(value: float, most: float) -> str:
    if value != value:
        return _GAP
    if value <= 0 or most <= 0:
        return _BARS[0]
    return _BARS[min(max(round(8 * value / most), 1), 8)]
