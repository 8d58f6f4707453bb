"""The audit log: who changed what. Layout only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from dash import html

from dashboard.access.audit_log import AuditQuestion
from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.pages.blocks import (
    DayField,
    Select,
    answer_box,
    download,
    empty,
    filters,
    html_table,
    section,
)
from dashboard.pages.markup import aria
from dashboard.pages.page import Content, Page, Sheet
from dashboard.queries.audit import AuditView, audit_view
from dashboard.queries.cases import case_path
from dashboard.tables.audit import audit_table, deed
from dashboard.tables.table import Table
from paes.periods import local_midnight, zone

PER_PAGE = 100
MOST_IN_FILE = 20_000
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


def audit_page(asked: Asked) -> Content:
    """How many lines, the filters, and the newest of them."""
    sheet, t = Sheet(asked), asked.language.text
    title = html.H1(t("audit.question"))
    wanted, skip = _wanted(asked), _skipped(asked)
    failed = AuditQuestion(what="login_failed", start=asked.now - timedelta(days=1))
    sources = asked.observatory.sources
    view = audit_view(sources, wanted, failed, PER_PAGE, skip)
    if view is None:
        nothing = empty(t("audit.no_log"), t("audit.no_log_next"))
        return sheet.content(t("nav.audit"), [title, nothing])
    blocks = [title, _answer(asked, view), _filters(asked, view)]
    if not view.entries:
        blocks.append(empty(t("audit.none"), t("audit.none_next")))
        return sheet.content(t("nav.audit"), blocks)
    shown = _table(asked, view)
    blocks.append(
        section(
            "log",
            t("audit.heading"),
            [
                html.P(_range(asked, view, skip), className="caption"),
                html_table(asked, shown, wide=True),
                _steps(asked, view, skip),
                download(sheet, shown),
            ],
        )
    )
    sheet.tables[shown.id] = lambda: _file(
        asked, audit_view(sources, wanted, failed, MOST_IN_FILE) or view
    )
    return sheet.content(t("nav.audit"), blocks)


def _wanted(asked: Asked) -> AuditQuestion:
    """What the address asks for; days are local ones."""
    tz = asked.city.time_zone
    first, last = (_day(asked, key) for key in ("from", "to"))
    return AuditQuestion(
        person=asked.address.values.get("person", ""),
        what=asked.address.values.get("what", ""),
        start=local_midnight(first, tz) if first else None,
        end=local_midnight(last + timedelta(days=1), tz) if last else None,
    )


def _day(asked: Asked, key: str) -> date | None:
    """The day at ``key``; one that is none is told and left out."""
    text = asked.address.values.get(key, "")
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = None
    if day and not _FIRST_DAY <= day <= _LAST_DAY:
        day = None
    if text and day is None:
        asked.choice(key, (), "")
    return day


def _skipped(asked: Asked) -> int:
    text = asked.address.values.get("skip", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _answer(asked: Asked, view: AuditView) -> Any:
    t, number = asked.language.text, asked.language.number
    lines = t("audit.lines_one") if view.count == 1 else t("audit.lines", n=number(view.count))
    if not view.failed_today:
        return answer_box("within", lines, [t("audit.kept"), t("audit.failed_none")])
    failed = t("audit.failed", n=number(view.failed_today))
    return answer_box("uncertain", lines, [t("audit.kept"), failed])


def _filters(asked: Asked, view: AuditView) -> Any:
    t, language = asked.language.text, asked.language
    today = asked.now.date().isoformat()
    people = [(name, name) for name in view.people if name]
    deeds = sorted(((what, deed(what, language)) for what in view.deeds), key=lambda one: one[1])
    return filters(
        asked,
        _select(asked, "person", t("audit.col_person"), people),
        _select(asked, "what", t("audit.col_what"), deeds),
        DayField("from", t("audit.from"), asked.address.values.get("from", ""), last=today),
        DayField("to", t("audit.to"), asked.address.values.get("to", ""), last=today),
    )


def _select(asked: Asked, key: str, label: str, options: list[tuple[str, str]]) -> Select:
    """With "all" before them, and what is asked for even if nobody ever did it."""
    wanted = asked.address.values.get(key, "")
    known = {value for value, _ in options}
    more = [(wanted, wanted)] if wanted and wanted not in known else []
    every = [("", asked.language.text("audit.all")), *options, *more]
    return Select(key, label, every, wanted)


def _table(asked: Asked, view: AuditView) -> Table:
    """As the page shows it."""
    tz = asked.city.time_zone
    return _written(asked, view, lambda at: asked.language.moment(at, tz))


def _file(asked: Asked, view: AuditView) -> Table:
    """As it is saved: times as programs read them."""
    tz = zone(asked.city.time_zone)
    return _written(asked, view, lambda at: at.astimezone(tz).isoformat(timespec="seconds"))


def _written(asked: Asked, view: AuditView, when: Callable[[datetime], str]) -> Table:
    return audit_table(view.entries, asked.language, when, lambda id_: asked.link(case_path(id_)))


def _range(asked: Asked, view: AuditView, skip: int) -> str:
    number = asked.language.number
    return asked.language.text(
        "audit.range",
        first=number(skip + 1),
        last=number(skip + len(view.entries)),
        count=number(view.count),
    )


def _steps(asked: Asked, view: AuditView, skip: int) -> Any:
    """To newer and older lines."""
    t = asked.language.text
    newer = str(max(0, skip - PER_PAGE)) if skip > PER_PAGE else ""
    links = []
    if skip:
        links.append(html.A(t("audit.newer"), href=asked.link(skip=newer), rel="prev"))
    if skip + len(view.entries) < view.count:
        older = asked.link(skip=str(skip + PER_PAGE))
        links.append(html.A(t("audit.older"), href=older, rel="next"))
    if not links:
        return None
    items = html.Ul([html.Li(link) for link in links])
    return html.Nav(items, className="steps", **aria(label=t("audit.steps")))


PAGE = Page("audit", "/registro", audit_page, right=Right.ADMINISTER, in_menu=False)
