"""What became of a file, as it is told to the person and to programs: small, and no arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paes.events import Event
from paes.imports.batch import Batch, Refusal
from paes.imports.comparing import EventComparison, PointComparison
from paes.imports.declared_tables import TableComparison
from paes.imports.trail import Provenance, changes_in_words, is_unfinished
from paes.installation import Installation
from paes.metering import Finding, meter_of
from paes.periods import Seconds, from_seconds, wall_seconds

_A_DAY_S = 86400


@dataclass(frozen=True)
class PointReport:
    """Readings of one point; times in Unix seconds, months local as ``2025-03``."""

    point: str
    tz: str
    first_s: int
    last_s: int
    new: int
    changed: int
    same: int
    months: tuple[str, ...]
    changed_months: tuple[str, ...]
    first_changes: tuple[str, ...]
    is_curve: bool
    """True if it has readings every day or oftener, so that a month without any is a hole."""

    @property
    def period(self) -> str:
        """The local days of the first and the last reading."""
        ends = wall_seconds(np.array([self.first_s, self.last_s]), self.tz)
        first, last = ends.astype("datetime64[s]").astype("datetime64[D]").astype(str).tolist()
        return f"{first} … {last}" if last != first else str(first)


@dataclass(frozen=True)
class TableReport:
    """A table of declared energy."""

    name: str
    new: int
    changed: tuple[str, ...]
    same: int
    kept: int


@dataclass(frozen=True)
class FileReport:
    """One file: what was new, changed, the same and refused, or ``error``, and then nothing else.

    ``is_written`` is False after a dry run, and where there was nothing to write.
    """

    file: str
    sha256: str = ""
    format: str = ""
    points: tuple[PointReport, ...] = ()
    new_events: int = 0
    changed_events: int = 0
    same_events: int = 0
    tables: tuple[TableReport, ...] = ()
    refused: tuple[Refusal, ...] = ()
    findings: tuple[Finding, ...] = ()
    imported_before: str = ""
    """When the same file was imported last, if it was."""
    was_interrupted: bool = False
    is_written: bool = False
    error: str = ""

    @property
    def is_whole(self) -> bool:
        """True if everything in the file was taken."""
        return not self.error and not self.refused

    @property
    def changed(self) -> int:
        """Readings, events and declared rows that were there with other values."""
        of_tables = sum(len(t.changed) for t in self.tables)
        return sum(p.changed for p in self.points) + self.changed_events + of_tables

    def document(self) -> dict[str, Any]:
        """As JSON."""
        if self.error:
            return {"file": self.file, "error": self.error}
        return {
            "file": self.file,
            "sha256": self.sha256,
            "format": self.format,
            "written": self.is_written,
            "imported_before": self.imported_before or None,
            "completes_interrupted": self.was_interrupted,
            "points": [_point_document(p) for p in self.points],
            "events": {
                "new": self.new_events, "changed": self.changed_events, "same": self.same_events,
            },
            "tables": [
                {"name": t.name, "new": t.new, "changed": list(t.changed), "same": t.same,
                 "kept": t.kept}
                for t in self.tables
            ],
            "refused": [{"place": r.place, "message": r.message} for r in self.refused],
            "findings": [
                {"name": f.name, "subject": f.subject, "message": f.message,
                 "numbers": dict(f.numbers)}
                for f in self.findings
            ],
        }  # fmt: skip


def file_report(
    origin: Provenance,
    batch: Batch,
    points: Sequence[PointComparison],
    events: EventComparison,
    tables: Sequence[TableComparison],
    earlier: Sequence[Event],
    is_written: bool,
    installation: Installation,
) -> FileReport:
    """What is told of an import."""
    finished = [e for e in earlier if not is_unfinished(e)]
    return FileReport(
        file=str(origin.file.path),
        sha256=origin.file.sha256,
        format=origin.format,
        points=tuple(_point_report(p, _zone(installation, p.point)) for p in points),
        new_events=len(events.new),
        changed_events=len(events.changed),
        same_events=events.same,
        tables=tuple(TableReport(t.path.name, t.new, t.changed, t.same, t.kept) for t in tables),
        refused=tuple(batch.refused),
        findings=tuple(batch.findings),
        imported_before=finished[-1].start.isoformat() if finished else "",
        was_interrupted=any(is_unfinished(e) for e in earlier),
        is_written=is_written,
    )


def months_of(seconds: Seconds, tz: str) -> tuple[str, ...]:
    """The local months in which these times are, each once, in order."""
    local = wall_seconds(seconds, tz).astype("datetime64[s]").astype("datetime64[M]")
    return tuple(np.unique(local).astype(str).tolist())


def months_between(first: str, last: str) -> list[str]:
    """Every month from ``first`` to ``last``, both included."""
    months = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)
    return [str(month) for month in months.astype(str)]


def _zone(installation: Installation, point: str) -> str:
    """The zone of the point's local days; a point that is of no meter has the first city's."""
    meter = meter_of(point)
    if meter in installation.meters:
        return installation.time_zone(meter)
    return installation.city().time_zone


def _point_report(point: PointComparison, tz: str) -> PointReport:
    seconds = point.given.seconds
    return PointReport(
        point=point.point,
        tz=tz,
        first_s=int(seconds[0]),
        last_s=int(seconds[-1]),
        new=point.new,
        changed=point.changed,
        same=point.same,
        months=months_of(seconds, tz),
        changed_months=months_of(point.changes.seconds, tz) if point.changed else (),
        first_changes=tuple(changes_in_words(point)),
        is_curve=len(seconds) > 1 and float(np.median(np.diff(seconds))) <= _A_DAY_S,
    )


def _point_document(point: PointReport) -> dict[str, Any]:
    return {
        "point": point.point,
        "first": from_seconds(point.first_s).isoformat(),
        "last": from_seconds(point.last_s).isoformat(),
        "new": point.new,
        "changed": point.changed,
        "same": point.same,
        "changed_months": list(point.changed_months),
        "first_changes": list(point.first_changes),
    }
