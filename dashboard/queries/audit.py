"""Lines of the audit log for its page. The log lies in the dashboard's own folder."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from dashboard.access.access_file import NAME, AccessFile
from dashboard.access.audit_log import AuditEntry, AuditLog, AuditQuestion
from dashboard.queries.recipe import Sources


@dataclass(frozen=True, slots=True)
class AuditView:
    """Some lines of the log, and what can be asked for."""

    entries: tuple[AuditEntry, ...]
    """The newest first."""
    count: int
    """So many lines are asked for, shown or not."""
    failed_today: int
    """Attempts to log in that failed in the last 24 hours are among all, asked for or not."""
    people: tuple[str, ...]
    deeds: tuple[str, ...]


def audit_view(
    sources: Sources, asked: AuditQuestion, failed: AuditQuestion, most: int, skip: int = 0
) -> AuditView | None:
    """The lines asked for; None where no login is asked for, so that there is no log."""
    if sources.folder is None or not (sources.folder / NAME).is_file():
        return None
    with closing(AccessFile(sources.folder)) as file:
        log = AuditLog(file, sources.clock)
        return AuditView(
            entries=tuple(log.entries(asked, most, skip)),
            count=log.count(asked),
            failed_today=log.count(failed),
            people=tuple(log.people()),
            deeds=tuple(log.deeds()),
        )
