"""The table of pages, in the order of the menu."""

from __future__ import annotations

import re

from dashboard.pages import (
    accuracy,
    action,
    actions,
    audit,
    data_health,
    lighting,
    malfunction,
    malfunctions,
    passport,
    photovoltaics,
    progress,
    public,
    report,
    site,
    sites,
    statement,
    water_heat,
)
from dashboard.pages.page import Page

PAGES: tuple[Page, ...] = (
    progress.PAGE,
    sites.PAGE,
    site.PAGE,
    photovoltaics.PAGE,
    lighting.PAGE,
    water_heat.PAGE,
    malfunctions.PAGE,
    malfunction.PAGE,
    actions.PAGE,
    action.PAGE,
    data_health.PAGE,
    report.PAGE,
    public.PAGE,
    passport.PAGE,
    audit.PAGE,
    accuracy.PAGE,
    statement.PAGE,
)
_PART = re.compile(r"<part>$")


def page_at(path: str) -> tuple[Page, str] | None:
    """The page at ``path`` and the part that it names; None if there is none."""
    for page in PAGES:
        if _PART.search(page.path):
            above = _PART.sub("", page.path)
            part = path.removeprefix(above)
            if path.startswith(above) and part and "/" not in part:
                return page, part
        elif page.path == path or page.path == path.rstrip("/"):
            return page, ""
    return None
