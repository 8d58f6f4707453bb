"""Where readings live: the contract that every store keeps, and how one is opened.

``Store`` is a protocol with two implementations in mind: SQLite (embedded, the default) and
InfluxDB. One test suite runs against both, and its cases are this contract:

* **Acknowledged is kept.** When ``write`` returns, the readings survive a killed process.
* **Idempotent.** A reading of the same point and second replaces the earlier one, whatever the
  order or number of writes; writing a batch twice changes nothing.
* **Half-open.** ``read(point, a, b)`` returns ``a <= at < b`` in order of time.
* **Thousandths.** Values are kept as whole thousandths of the point's canonical unit (whole
  Wh, litres, mW …) and times as whole seconds; what is read equals what was written, rounded
  so. ``+-9.2e15`` is the largest value; a larger one is refused, never clipped.
* **Value and quality together.** There is no reading without a value.
* **Events beside readings.** Why there are none, and what was done, is kept in the same place
  under the same promises; an event told again replaces itself.
* **Several processes at once.** A collector writes while pages and reports read.
* **Derived rows are never stale.** A reading that is not later than all others of its point
  renews the token of its UTC day before it is acknowledged, and with it the seals of all rows
  that rest on it (``paes.rollups``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from paes.errors import DataError
from paes.events import Event
from paes.metering import Quality, Reading
from paes.periods import By, Seconds
from paes.retention import Retention
from paes.rollups import Rollups, Touches
from paes.series import Codes, Floats, ReadingSeries, Summary

CHUNK = 50_000
"""Readings that are in memory at once where a point is read from end to end."""
UNFINISHED = "unfinished"
"""The fact of a batch's last event while the rest of the batch may not be there."""


class Store(Protocol):
    """A place for readings and events. Its methods raise StoreError, and nothing else.

    Of these ``StoreRefused`` means that the data are to blame, any other that the store is.
    """

    def write(self, readings: Sequence[Reading]) -> None:
        """Insert or replace ``readings``: all of them, or StoreError.

        After an error an embedded store has none of them, a server may have some: writing them
        again is right for both.
        """
        ...

    def write_series(
        self,
        point: str,
        seconds: Seconds,
        values: Floats,
        quality: Quality | Codes = Quality.GOOD,
    ) -> None:
        """Insert or replace many readings of one point at once (history, imports, copies)."""
        ...

    def read(
        self, point: str, start: datetime | None = None, end: datetime | None = None
    ) -> ReadingSeries:
        """Readings with ``start <= at < end``; an unknown point has none."""
        ...

    def chunks(
        self, point: str, start: datetime | None = None, end: datetime | None = None
    ) -> Iterator[ReadingSeries]:
        """As ``read``, in parts of at most ``CHUNK`` readings: for those who have no end."""
        ...

    def around(
        self, points: Iterable[str], start_s: int, end_s: int, margin: int
    ) -> dict[str, ReadingSeries]:
        """Of each point what is in ``[start_s, end_s)``, and ``margin`` more on either side."""
        ...

    def summary(
        self, points: Iterable[str], start_s: int, end_s: int, step_s: int
    ) -> dict[str, Summary]:
        """Count, mean and extremes of the good readings by whole steps of UTC.

        Steps without readings have no row; a point without any is left out. The first and the
        last step hold what of them lies in ``[start_s, end_s)``.
        """
        ...

    def latest(self, points: Iterable[str]) -> dict[str, Reading]:
        """The last reading of each point that has one."""
        ...

    def points(self) -> list[str]:
        """Every point that was ever written, in order of name."""
        ...

    def touches(self, points: Iterable[str], start_s: int, end_s: int) -> dict[str, Touches]:
        """The UTC days that begin in ``[start_s, end_s)`` and were touched, of points with any."""
        ...

    def touched_since(self, at: datetime) -> dict[str, Touches]:
        """The UTC days that were touched at ``at`` or later, of every point with any."""
        ...

    def save_rollups(self, rows: Mapping[str, Rollups], by: By) -> None:
        """Keep derived days or months of each point with their shapes.

        They replace those of the same start.
        """
        ...

    def load_rollups(
        self, points: Iterable[str], by: By, start_s: int, end_s: int, shapes: bool = False
    ) -> dict[str, Rollups]:
        """The kept rows with ``start_s <= start < end_s`` of each point that has any.

        Whether they still hold is for their seals to tell; ``shapes`` of days only if asked.
        """
        ...

    def write_events(self, events: Sequence[Event]) -> None:
        """Insert or replace ``events`` (by subject, name and start); all of them, or none."""
        ...

    def events(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        subjects: Iterable[str] | None = None,
        name: str | tuple[str, ...] = "",
    ) -> list[Event]:
        """Events that touch ``[start, end)``, in order of start, subject and name.

        Of ``subjects`` (None: all), with names that begin with ``name`` (or one of them).
        """
        ...

    def write_batch(self, series: Mapping[str, ReadingSeries], events: Sequence[Event]) -> None:
        """Insert or replace readings by point, and events: all of it, or nothing.

        What cannot be kept (``StoreRefused``) is found before anything is written. A server
        without transactions tells what it could not promise: the last event, which says that the
        batch is there, has the fact ``UNFINISHED`` until all else is. A writer that was killed
        leaves it so, and the same batch, written again, finishes it.
        """
        ...

    def labels(self) -> dict[str, str]:
        """Marks on the whole store, such as ``simulated: true``."""
        ...

    def set_label(self, key: str, value: str) -> None:
        """Set one mark; it stays until it is set again."""
        ...

    def expire(self, points: Iterable[str], before: datetime) -> int:
        """Delete readings of ``points`` before ``before``; how many, as far as that is known."""
        ...

    def check(self, thorough: bool = False) -> list[str]:
        """What is wrong with the store, in sentences; ``thorough`` may take minutes."""
        ...

    def close(self) -> None:
        """Release everything; the store may be opened again."""
        ...


def open_store(url: str, retention: Retention | None = None) -> Store:
    """Open the store at ``url``: ``sqlite:///path/to/file`` or a plain path to a file, or
    ``influxdb+http://HOST:PORT/BUCKET`` (``influxdb+https``; see ``paes.store.influx.address``).

    ``retention`` (None: everything for ever) is for stores that keep each class in a place of its
    own; an embedded one keeps all together until ``expire`` is called. A server is not asked
    before it is needed.

    Raises DataError if the address is not understood, StoreError if the store cannot be opened.
    """
    scheme, _, rest = url.partition("://")
    if not rest:
        scheme, rest = "sqlite", "/" + url
    if scheme in ("influxdb+http", "influxdb+https"):
        from paes.store.influx.store import InfluxStore

        return InfluxStore(url, retention)
    if scheme != "sqlite":
        raise DataError(
            f"unknown kind of store {scheme!r} in {url!r}; expected sqlite:///FILE or"
            " influxdb+http://HOST:PORT/BUCKET"
        )
    from paes.store.sqlite import SqliteStore

    return SqliteStore(Path(rest[1:]).expanduser())
