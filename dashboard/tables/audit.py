"""The audit log as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from dashboard.access.audit_log import AuditEntry
from dashboard.access.rights import Role
from dashboard.tables.table import Cell, Column, Linked, Table
from dashboard.texts import Language

_CASE = "case."
_ROLES = {role.value for role in Role}


def audit_table(
    entries: Iterable[AuditEntry],
    language: Language,
    when: Callable[[datetime], str],
    case_href: Callable[[str], str],
) -> Table:
    """A row a line: when, who, what, to what, how it was told, from where.

    ``when`` writes a time: for people on the page, for programs in the file.
    """
    t = language.text
    columns = tuple(Column(t(f"audit.{name}")) for name in _COLUMNS)
    rows = tuple(_row(each, language, when, case_href) for each in entries)
    return Table("audit", t("audit.caption"), columns, rows)


_COLUMNS = ("col_when", "col_person", "col_what", "col_subject", "col_told", "col_source")


def _row(
    entry: AuditEntry,
    language: Language,
    when: Callable[[datetime], str],
    case_href: Callable[[str], str],
) -> tuple[Cell, ...]:
    subject: Cell = _word(entry.subject, language) or None
    if entry.what.startswith(_CASE) and entry.subject:
        subject = Linked(entry.subject, case_href(entry.subject))
    return (
        when(entry.at),
        entry.person or language.text("audit.nobody"),
        deed(entry.what, language),
        subject,
        _word(entry.told, language) or None,
        entry.source or None,
    )


def deed(what: str, language: Language) -> str:
    """What was done, in words; as it stands in the log if there are none."""
    key = f"audit.what_{what.replace('.', '_')}"
    return language.text(key) if language.knows(key) else what


def _word(text: str, language: Language) -> str:
    """Roles by their names; a change of role has two."""
    parts = [
        language.text(f"role.{part}") if part in _ROLES else part for part in text.split(" > ")
    ]
    return " → ".join(parts)
