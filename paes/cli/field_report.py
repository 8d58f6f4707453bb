"""What the dashboard is told of the collector: its spool, read anew each time and let go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.spool.spool import Spool
from dashboard.queries.field_report import Field, FieldReport, RefusedSeen, UnitSeen

SHOWN_REFUSED = 20
_PATIENCE_S = 2.0
"""A page does not wait longer for a spool that is being written."""


def field_of(spool: Path) -> Field:
    """What the collector with the file ``spool`` wrote last; None while there is no such file.

    The callable raises StoreError if the file cannot be read.
    """

    def report() -> FieldReport | None:
        if not spool.is_file():
            return None
        with closing(Spool(spool, create=False, busy_timeout_s=_PATIENCE_S)) as opened:
            return _report(opened)

    return report


def _report(opened: Spool) -> FieldReport:
    depth, lines = opened.depth(), opened.states("gateway:")
    owner, store = opened.state("collector") or {}, opened.state("store") or {}
    config = opened.state("config") or {}
    return FieldReport(
        heard_at=_at(opened.state("heartbeat")),
        running_since=_at(owner.get("since")),
        waiting_readings=depth.readings,
        waiting_since=depth.oldest,
        refused_count=depth.refused,
        refused=tuple(
            RefusedSeen(r.subject, r.reason, r.since) for r in opened.refused(SHOWN_REFUSED)
        ),
        store_away_since=_at(store.get("failing_since")),
        store_reason=store.get("reason") or "",
        config_problem=config.get("problem") or "",
        units=tuple(unit for name, line in lines.items() for unit in _units(name, line)),
        reasons={
            meter: seen["why"]
            for line in lines.values()
            for meter, seen in line["meters"].items()
            if seen.get("why")
        },
    )


def _units(gateway: str, line: Mapping[str, Any]) -> Iterator[UnitSeen]:
    """The units of a gateway; of one that was never asked, all its meters as one unit."""
    if not line["units"]:
        state = "unknown" if line["reached"] else "unreachable"
        meters = tuple(line["meters"])
        yield UnitSeen(gateway, line["place"], "", meters, state, _last(line, meters))
    for unit in line["units"]:
        yield UnitSeen(
            gateway=gateway,
            place=line["place"],
            unit=str(unit["unit"]),
            meters=tuple(unit["meters"]),
            state=unit["state"] if line["reached"] else "unreachable",
            last_reading_at=_last(line, unit["meters"]),
            p95_ms=unit["p95_ms"],
            requests=unit["requests"],
            timeouts=unit["timeouts"],
            next_try=_at(unit["next_try"]),
            detail=unit["detail"],
        )


def _last(line: Mapping[str, Any], meters: tuple[str, ...] | list[str]) -> datetime | None:
    """When one of ``meters`` was last read."""
    times = [_at(line["meters"].get(meter, {}).get("last_reading_at")) for meter in meters]
    return max((time for time in times if time), default=None)


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
