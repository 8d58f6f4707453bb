"""``paes readings``: what was read, or its course by steps, for whoever analyses it elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

import click
import numpy as np

from paes import __version__
from paes.accounted_register import DeviceFile
from paes.cli import Session
from paes.cli.table_files import FORMS, Coded, Column, Instants, Table, write_table
from paes.config_file import read_yaml
from paes.errors import DataError
from paes.metering import meter_of, name_of
from paes.meters import FieldMeter
from paes.periods import parse_instant, to_seconds
from paes.series import QUALITIES, ReadingSeries, Summary
from paes.store import Store
from paes.units import canonical_unit

STEPS_S = {"15min": 900, "1h": 3600, "1d": 86400}
STEPS_AT_ONCE = 20_000
"""Steps that are asked of the store, and held in memory, at once."""
Part = dict[str, Column]


@click.command()
@click.argument("points", metavar="POINT...", nargs=-1, required=True)
@click.option("--from", "start", metavar="TIME", help="Start, e.g. 2025-03-01 (local).")
@click.option("--to", "end", metavar="TIME", help="End, not included [after the last reading].")
@click.option("--format", "form", type=click.Choice(FORMS), default="csv", show_default=True)
@click.option("--every", type=click.Choice(list(STEPS_S)),
              help="Count, mean, min and max of good readings by steps of UTC.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="File to write [standard output].")  # fmt: skip
@click.pass_obj
def readings(
    session: Session,
    points: tuple[str, ...],
    start: str | None,
    end: str | None,
    form: str,
    every: str | None,
    out: Path | None,
) -> None:
    """Raw readings of POINT (METER/NAME): time in UTC, value, quality.

    Of several points, or of all that fit a pattern ('scuola-*/energy_import'), with a column for
    the point and one point after the other.
    """
    asked = _asked(session, points)
    tz = session.city.time_zone
    first = parse_instant(start, tz) if start else None
    last = parse_instant(end, tz) if end else None
    read = _Readings(session.store, asked, first, last, STEPS_S[every] if every else None)
    write_table(Table(read.empty, read.parts(), _facts(session, asked)), form, out)


class _Readings:
    """Readings of points in ``[first, last)`` as columns, raw or by steps of ``step_s``."""

    def __init__(
        self,
        store: Store,
        points: list[str],
        first: datetime | None,
        last: datetime | None,
        step_s: int | None,
    ) -> None:
        self._store, self._points = store, points
        self._first, self._last, self._step_s = first, last, step_s

    @property
    def empty(self) -> Part:
        """No rows."""
        if self._step_s is None:
            return self._part(0, _raw(ReadingSeries.empty()))
        whole, amount = np.empty(0, np.int64), np.empty(0, np.float64)
        return self._part(0, _by_step(Summary(whole, whole, amount, amount, amount)))

    def parts(self) -> Iterator[Part]:
        """All rows, point by point, in order of time."""
        for number, point in enumerate(self._points):
            if self._step_s is None:
                for chunk in self._store.chunks(point, self._first, self._last):
                    yield self._part(number, _raw(chunk))
            else:
                for summary in self._summaries(point, self._step_s):
                    yield self._part(number, _by_step(summary))

    def _summaries(self, point: str, step_s: int) -> Iterator[Summary]:
        """Summaries of a point from its first to its last reading, so many steps at once."""
        opening = next(iter(self._store.chunks(point, self._first, self._last)), None)
        if opening is None:
            return
        start_s = int(opening.seconds[0])
        end_s = to_seconds(self._store.latest([point])[point].at) + 1
        if self._last:
            end_s = min(end_s, to_seconds(self._last))
        while start_s < end_s:
            until_s = min((start_s // step_s + STEPS_AT_ONCE) * step_s, end_s)
            found = self._store.summary([point], start_s, until_s, step_s)
            if point in found:
                yield found[point]
            start_s = until_s

    def _part(self, number: int, columns: Part) -> Part:
        """``columns``, after one for the point if there are several."""
        if len(self._points) == 1:
            return columns
        at = columns["at"]
        assert isinstance(at, Instants)
        codes = np.full(len(at.seconds), number, np.int32)
        return {"point": Coded(codes, self._points)} | columns


def _raw(series: ReadingSeries) -> Part:
    qualities = Coded(series.codes, [str(q) for q in QUALITIES])
    return {"at": Instants(series.seconds), "value": series.values, "quality": qualities}


def _by_step(summary: Summary) -> Part:
    return {
        "at": Instants(summary.start_s),
        "count": summary.count,
        "mean": summary.mean,
        "min": summary.lowest,
        "max": summary.highest,
    }


def _asked(session: Session, wanted: tuple[str, ...]) -> list[str]:
    """The points that are meant, each once; DataError for one without readings."""
    known = session.store.points()
    found: dict[str, None] = {}
    for text in wanted:
        fits = [text] if text in known else [p for p in known if fnmatchcase(p, text)]
        if not fits:
            raise DataError(f"no readings of {text!r}; {_near(known, text)}")
        found |= dict.fromkeys(fits)
    return list(found)


def _near(known: list[str], text: str) -> str:
    meter = text.split("/", 1)[0]
    same = [p for p in known if p.startswith(meter + "/")]
    return f"there is {', '.join(same)}" if same else "see: paes status"


def _facts(session: Session, points: list[str]) -> dict[str, str]:
    """What a program should know of the columns: point, unit as far as known, and who wrote it."""
    units = {point: unit for point in points if (unit := _unit(session, point))}
    facts = {"program": f"PAES Monitor {__version__}"}
    if len(points) > 1:
        return facts | {"units": json.dumps(units)}
    return facts | {"point": points[0]} | ({"unit": units[points[0]]} if units else {})


def _unit(session: Session, point: str) -> str:
    """The unit of a point's readings; empty if the meter or its device is not configured."""
    meter = session.installation.meters.get(meter_of(point))
    if meter is None:
        return ""
    register = session.installation.register(meter)
    if register.point == point or not isinstance(meter, FieldMeter):
        return register.unit
    return _unit_by_device(session, meter, point)


def _unit_by_device(session: Session, meter: FieldMeter, point: str) -> str:
    device = read_yaml(session.installation.device_file(meter.device), DeviceFile)
    numbered = [p for group in device.repeating for p in group.numbered]
    units = {p.name: p.unit for p in [*device.points, *numbered]}
    return canonical_unit(units.get(name_of(point), ""))


COMMANDS = (readings,)
