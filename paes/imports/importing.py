"""Files into the installation: recognise, parse, compare, write all or nothing, and say so.

Each file is whole by itself. What it says that cannot be understood is refused with its place,
and the rest is taken; a file of which nothing can be understood is not. The readings and events
of a file are one ``Store.write_batch``; tables of declared energy follow, each renamed into its
place, after the installation was found to load with them. An import that was interrupted says so
in the store, and is completed by importing the same file again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from paes.bills.amounts import accounted_amounts
from paes.bills.bill import BILL
from paes.bills.deliveries import DELIVERY, SESSIONS
from paes.errors import DataError
from paes.events import Event
from paes.imports.batch import Batch, Context, Importer, Refusal, SourceFile
from paes.imports.comparing import (
    EventComparison,
    PointComparison,
    compare_events,
    compare_series,
)
from paes.imports.declared_tables import (
    TableComparison,
    compare_table,
    put_in_place,
    require_sound,
)
from paes.imports.formats import WITHOUT_MAPPING, format_named, format_of
from paes.imports.future import without_future
from paes.imports.report import FileReport, file_report, months_between, months_of
from paes.imports.tables.mapping import described_format
from paes.imports.tables.workbook_guard import require_readable_size
from paes.imports.trail import (
    Provenance,
    change_events,
    completed,
    earlier_imports,
    file_event,
    is_unfinished,
    point_events,
    unfinished,
)
from paes.installation import City, Installation
from paes.metering import Evidence
from paes.meters import ImportedMeter
from paes.periods import Clock, now_utc
from paes.store import Store

DOCUMENTS = (BILL, DELIVERY, SESSIONS)
MOST_ROUNDS = 100
"""More imports than that never end within one another."""


@dataclass(frozen=True)
class Wishes:
    """What the person said beside the files."""

    author: str
    format: str | None = None
    meter: str | None = None
    mapping: Mapping[str, Any] | None = None
    dry_run: bool = False


class Importing:
    """Imports files into one installation and its store."""

    def __init__(
        self,
        installation: Installation,
        city: City,
        store: Store,
        wishes: Wishes,
        clock: Clock = now_utc,
    ) -> None:
        if wishes.meter:
            installation.meter(wishes.meter)  # an unknown one is told before any file is read
        self._installation, self._city, self._store = installation, city, store
        self._wishes, self._clock = wishes, clock

    def take(self, path: Path) -> FileReport:
        """Import one file, or only tell what would be done; DataError if it is not understood."""
        file = read_source(path)
        importer = self._importer(file)
        context = Context(self._installation, self._city, self._wishes.meter, self._wishes.mapping)
        at = self._clock().replace(microsecond=0)
        batch = self._settled(without_future(importer.read(file, context), at))
        work = _Work(
            Provenance(file, importer.name, self._wishes.author, at),
            batch,
            compare_series(self._store, batch.series),
            compare_events(self._store, batch.events),
            [compare_table(self._installation, self._city, t) for t in batch.tables],
        )
        require_sound(self._installation, work.tables)
        earlier = earlier_imports(self._store, file)
        is_written = not self._wishes.dry_run and self._write(work, earlier)
        if is_written:
            self._settle_anew({e.subject for e in batch.events if e.name.startswith(DOCUMENTS)})
        return file_report(
            work.origin, batch, work.points, work.events, work.tables, earlier, is_written,
            self._installation,
        )  # fmt: skip

    def _importer(self, file: SourceFile) -> Importer:
        """The format that was named, that the mapping is of, or that the file is of."""
        mapping = self._wishes.mapping
        name = self._wishes.format or (described_format(dict(mapping)) if mapping else None)
        importer = format_named(name) if name else format_of(file)
        if mapping and importer.name in WITHOUT_MAPPING:
            raise DataError(
                f"{file.name}: is of format {importer.name}, which takes no mapping file; import it"
                " without --map"
            )
        return importer

    def _settled(self, batch: Batch) -> Batch:
        """The batch with the amounts that its bills and deliveries settle to, beside older ones."""
        series, events = dict(batch.series), list(batch.events)
        refused, findings = list(batch.refused), list(batch.findings)
        documents = [e for e in events if e.name.startswith(DOCUMENTS)]
        for meter_id in dict.fromkeys(e.subject for e in documents):
            meter = self._installation.meter(meter_id)
            if not isinstance(meter, ImportedMeter) or meter.brings is not Evidence.AMOUNTS:
                continue
            known = self._store.events(subjects=[meter_id], name=DOCUMENTS)
            new = [e for e in documents if e.subject == meter_id]
            tz = self._installation.time_zone(meter_id)
            accounted = accounted_amounts(meter, tz, known, new)
            series[meter.register.point] = accounted.series
            refused += [Refusal("", message) for _, message in accounted.refused]
            out = [event for event, _ in accounted.refused]
            events = [e for e in events if e not in out]
            findings += accounted.findings
        return replace(batch, series=series, events=events, refused=refused, findings=findings)

    def _write(self, work: _Work, earlier: Sequence[Event]) -> bool:
        """Write what is new or changed; False if there is nothing, and the file is known."""
        interrupted = next((e for e in reversed(earlier) if is_unfinished(e)), None)
        if not work.has_news and earlier and interrupted is None:
            return False
        own = file_event(
            work.origin, work.points, work.events, len(work.batch.refused), work.more_facts
        )
        changes = list(change_events(self._store, work.origin, work.points))
        of_points = list(point_events(work.origin, work.points))
        if interrupted is not None:
            own = completed(interrupted, work.origin)
            of_points = self._untold(of_points)
        told = [*changes, *of_points, *work.events.new, *work.events.changed]
        series = {p.point: p.to_write for p in work.points if p.new + p.changed}
        if any(table.is_changed for table in work.tables):
            self._store.write_batch(series, [*told, unfinished(own)])
            put_in_place(work.tables)
            self._store.write_events([own])
        else:
            self._store.write_batch(series, [*told, own])
        return True

    def _settle_anew(self, meter_ids: Iterable[str]) -> None:
        """Write what the documents in the store settle to, until nobody adds any meanwhile.

        Two imports at once settle each without the other's documents; whoever writes last sees
        them all.
        """
        for meter_id in sorted(meter_ids):
            meter = self._installation.meter(meter_id)
            if not isinstance(meter, ImportedMeter) or meter.brings is not Evidence.AMOUNTS:
                continue
            tz = self._installation.time_zone(meter_id)
            for _ in range(MOST_ROUNDS):
                known = self._store.events(subjects=[meter_id], name=DOCUMENTS)
                series = {meter.register.point: accounted_amounts(meter, tz, known, ()).series}
                stale = [p for p in compare_series(self._store, series) if p.new + p.changed]
                if not stale:
                    break
                self._store.write_batch({p.point: p.to_write for p in stale}, [])

    def _untold(self, events: Sequence[Event]) -> list[Event]:
        """Those that the interrupted import did not tell: it knew better what was new."""
        subjects = {e.subject for e in events}
        names = tuple({e.name for e in events})
        known = self._store.events(subjects=subjects, name=names) if names else []
        keys = {(e.subject, e.name, e.start) for e in known}
        return [e for e in events if (e.subject, e.name, e.start) not in keys]


@dataclass(frozen=True)
class _Work:
    """A file between reading and writing."""

    origin: Provenance
    batch: Batch
    points: Sequence[PointComparison]
    events: EventComparison
    tables: Sequence[TableComparison]

    @property
    def has_news(self) -> bool:
        """True if anything of the file is not there just so."""
        return (
            any(p.new or p.changed for p in self.points)
            or bool(self.events.new or self.events.changed)
            or any(t.is_changed for t in self.tables)
        )

    @property
    def more_facts(self) -> dict[str, str | float]:
        """Tables, with what changed in them."""
        facts: dict[str, str | float] = {}
        for number, table in enumerate(self.tables, start=1):
            facts[f"table_{number}"] = f"{table.path.name}: {table.new} rows new"
            for change, text in enumerate(table.changed, start=1):
                facts[f"table_{number}_changed_{change}"] = text
        return facts


def read_source(path: Path) -> SourceFile:
    """The file's bytes and their digest; DataError if it cannot be read, or is too large."""
    try:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "no such file"
            raise DataError(f"{path}: {what}; expected a file to import")
        require_readable_size(path.name, path.stat().st_size)
        data = path.read_bytes()
    except OSError as err:
        raise DataError(f"{path}: cannot be read: {err.strerror}") from err
    return SourceFile(path, data, sha256(data).hexdigest())


def months_absent(store: Store, reports: Sequence[FileReport]) -> dict[str, list[str]]:
    """Of each point of a curve the months between the first and the last that nothing tells of.

    Neither these files nor the store have a reading in them.
    """
    found: dict[str, list[str]] = {}
    dense = [p for report in reports for p in report.points if p.is_curve]
    for point in dict.fromkeys(p.point for p in dense):
        of_point = [p for p in dense if p.point == point]
        there = {month for p in of_point for month in p.months}
        wanted = months_between(min(there), max(there))
        if len(wanted) > len(there):
            first_s = min(p.first_s for p in of_point)
            last_s = max(p.last_s for p in of_point)
            days = store.summary([point], first_s, last_s + 1, 86400).get(point)
            if days is not None:
                there |= set(months_of(days.start_s, of_point[0].tz))
        absent = [month for month in wanted if month not in there]
        if absent:
            found[point] = absent
    return found
