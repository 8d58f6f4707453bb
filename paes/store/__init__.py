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
* **Derived days are dropped, never stale.** Any write drops the saved days that the new
  readings can touch, before it is acknowledged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from paes.errors import DataError
from paes.events import Event
from paes.metering import Quality, Reading
from paes.periods import Seconds
from paes.series import DayBook, Floats, ReadingSeries


class Store(Protocol):
    """A place for readings and events. Its methods raise StoreError, and nothing else.

    Of these ``StoreRefused`` means that the data are to blame, any other that the store is.
    """

    def write(self, readings: Sequence[Reading]) -> None:
        """Insert or replace ``readings``; all of them, or none and StoreError."""
        ...

    def write_series(
        self, point: str, seconds: Seconds, values: Floats, quality: Quality = Quality.GOOD
    ) -> None:
        """Insert or replace many readings of one point at once (history, imports)."""
        ...

    def read(
        self, point: str, start: datetime | None = None, end: datetime | None = None
    ) -> ReadingSeries:
        """Readings with ``start <= at < end``; an unknown point has none."""
        ...

    def around(self, point: str, start_s: int, end_s: int, margin: int) -> ReadingSeries:
        """Readings in ``[start_s, end_s)`` and up to ``margin`` more on either side."""
        ...

    def latest(self, points: Iterable[str]) -> dict[str, Reading]:
        """The last reading of each point that has one."""
        ...

    def points(self) -> list[str]:
        """Every point that was ever written, in order of name."""
        ...

    def revision(self, point: str) -> int:
        """A number that changes whenever readings of ``point`` are written."""
        ...

    def save_days(self, point: str, rules: str, book: DayBook, revision: int) -> None:
        """Keep derived days; ``rules`` names the accounting rules they were made by.

        They are kept only if ``revision`` is still the point's: days made from readings that
        have changed meanwhile are worthless.
        """
        ...

    def load_days(self, point: str, rules: str, start_s: int, end_s: int) -> DayBook:
        """The saved days with ``start_s <= day_s < end_s`` made by ``rules``, and their gaps."""
        ...

    def write_events(self, events: Sequence[Event]) -> None:
        """Insert or replace ``events`` (by subject, name and start); all of them, or none."""
        ...

    def events(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        subjects: Iterable[str] | None = None,
        name: str = "",
    ) -> list[Event]:
        """Events that touch ``[start, end)``, in order of start, subject and name.

        Of ``subjects`` (None: all), with names that begin with ``name``.
        """
        ...

    def labels(self) -> dict[str, str]:
        """Marks on the whole store, such as ``simulated: true``."""
        ...

    def set_label(self, key: str, value: str) -> None:
        """Set one mark; it stays until it is set again."""
        ...

    def close(self) -> None:
        """Release everything; the store may be opened again."""
        ...


def open_store(url: str) -> Store:
    """Open the store at ``url``: ``sqlite:///path/to/file`` or a plain path to a file.

    Raises DataError if the address is not understood, StoreError if the store cannot be opened.
    """
    scheme, _, rest = url.partition("://")
    if not rest:
        scheme, rest = "sqlite", "/" + url
    if scheme != "sqlite":
        raise DataError(f"unknown kind of store {scheme!r} in {url!r}; expected sqlite:///FILE")
    from paes.store.sqlite import SqliteStore

    return SqliteStore(Path(rest[1:]).expanduser())
