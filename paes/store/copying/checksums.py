"""What a store holds in a few numbers: checksums by point and month of UTC.

Two stores hold the same readings of a month if count, sum and sha256 are equal, whatever kind
of store each is. So that anybody can work it out again: a reading is 17 bytes, its second and
its value in thousandths as little-endian signed integers of 64 bits, then the code of its
quality (``paes.series.QUALITIES``). The sha256 of a point is that of its readings in order of
time; the sha256 of a month is that over all points in order of name, of each the name in
UTF-8, a zero byte, and the 32 bytes of its own sha256.

Values beyond 2**52 thousandths (4.5e12 kWh) are no longer exact in ``ReadingSeries``, nor here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from paes.periods import Seconds, to_seconds
from paes.series import Floats, ReadingSeries

_ROW = np.dtype([("second", "<i8"), ("value", "<i8"), ("code", "i1")])
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of readings: how many, the sum of their values in thousandths, and a sha256."""

    readings: int = 0
    total: int = 0
    sha256: bytes = sha256().digest()

    @property
    def short(self) -> str:
        """The sha256 as a person compares it: its first 12 digits; a dash for nothing."""
        return self.sha256.hex()[:_SHORT] if self.readings else "-"


NOTHING = Checksum()


class RunningChecksum:
    """A checksum that grows."""

    def __init__(self) -> None:
        self._readings = self._total = 0
        self._hash = sha256()

    def add_readings(self, series: ReadingSeries) -> None:
        """Readings of one point that are later than those before."""
        whole = thousandths(series.values)
        rows = np.empty(len(series), _ROW)
        rows["second"], rows["value"], rows["code"] = series.seconds, whole, series.codes
        self._hash.update(rows.tobytes())
        self._readings += len(series)
        # By halves, for a sum of values near the largest leaves the range of int64.
        self._total += (int((whole >> 32).sum()) << 32) + int((whole & 0xFFFFFFFF).sum())

    def add_point(self, point: str, of_point: Checksum) -> None:
        """A point whose name comes after those before; one without readings changes nothing."""
        if of_point.readings:
            self._hash.update(point.encode() + b"\0" + of_point.sha256)
            self._readings += of_point.readings
            self._total += of_point.total

    @property
    def value(self) -> Checksum:
        """What it came to so far."""
        return Checksum(self._readings, self._total, self._hash.digest())


def thousandths(values: Floats) -> npt.NDArray[np.int64]:
    """Values as stores keep them."""
    return np.rint(values * 1000.0).astype(np.int64)


def checksums_by_month(chunks: Iterable[ReadingSeries]) -> dict[int, Checksum]:
    """Of the readings of one point in order of time: months (``month_of``) and their checksums."""
    running: dict[int, RunningChecksum] = {}
    for chunk in chunks:
        for month, part in _split(chunk):
            running.setdefault(month, RunningChecksum()).add_readings(part)
    return {month: one.value for month, one in running.items()}


def month_of(seconds: Seconds) -> npt.NDArray[np.int64]:
    """The months of UTC that hold ``seconds``, counted from January 1970."""
    return seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)


def month_start_s(month: int) -> int:
    """The second at which a month of UTC begins."""
    year, of_year = divmod(month, 12)
    return to_seconds(datetime(1970 + year, of_year + 1, 1, tzinfo=UTC))


def month_name(month: int) -> str:
    """``2025-03``."""
    year, of_year = divmod(month, 12)
    return f"{1970 + year}-{of_year + 1:02}"


def months_that_differ(one: Mapping[int, Checksum], other: Mapping[int, Checksum]) -> Iterator[int]:
    """The months, first one first, in which ``one`` and ``other`` are not the same."""
    for month in sorted(one.keys() | other.keys()):
        if one.get(month) != other.get(month):
            yield month


def rows_of(series: ReadingSeries, wanted: slice | npt.NDArray[np.bool_]) -> ReadingSeries:
    """Some of the readings."""
    return ReadingSeries(series.seconds[wanted], series.values[wanted], series.codes[wanted])


def _split(chunk: ReadingSeries) -> Iterator[tuple[int, ReadingSeries]]:
    if len(chunk) == 0:
        return
    months = month_of(chunk.seconds)
    starts = [0, *(np.flatnonzero(np.diff(months)) + 1).tolist()]
    for start, end in zip(starts, [*starts[1:], len(chunk)], strict=True):
        yield int(months[start]), rows_of(chunk, slice(start, end))
