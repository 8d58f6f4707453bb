"""What happened at a site: malfunctions, actions of the plan, odd readings."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.pages.blocks import badge, made, rich, section, shown_table
from dashboard.pages.page import Sheet
from dashboard.pages.site_year import kept_or_since, preparing
from dashboard.queries.cases import case_path, ranked, stakes
from dashboard.queries.site_events import FINDINGS, SiteEvents
from dashboard.sentences.malfunctions import name_of
from dashboard.sentences.site_words import euros, meter_name
from dashboard.tables import site as tables
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Site
from paes.meters import Meter

_NAMED = 3


def happened_block(sheet: Sheet, site: Site, events: SiteEvents, *, whole_site: bool) -> Any:
    """Malfunctions here, and what the plan does here."""
    asked = sheet.asked
    language, t, tz = asked.language, asked.language.text, asked.city.time_zone
    if not whole_site and not events.cases and not events.actions:
        return None
    children: list[Any] = [html.P(rich(_cases(sheet, events)), className="answer")]
    if events.cases:
        root = asked.observatory.installation.root
        children += shown_table(sheet, tables.cases_table(events, tz, language, asked.link, root))
    if events.actions:
        children += shown_table(sheet, tables.actions_table(events, language, asked.link))
    elif whole_site:
        children.append(html.P(t("site_page.actions_none")))
    return section("happened", t("site_page.happened_heading"), children)


def open_here(asked: Asked, events: SiteEvents) -> Any:
    """Beside the answer: the open malfunctions by name, each with the way to it."""
    still = ranked(events.open_cases)
    if not still:
        return None
    t, installation = asked.language.text, asked.observatory.installation
    word = "site_page.open_one" if len(still) == 1 else "site_page.open_many"
    told: list[Any] = [badge("above", t(word, n=asked.language.number(len(still))))]
    for case in still[:_NAMED]:
        name = name_of(case, installation, asked.language)
        told += [" ", html.A(name, href=asked.link(case_path(case.id)))]
    if len(still) > _NAMED:
        told += [" ", html.A(t("site_page.open_all"), href="#happened")]
    return html.P(told, className="open-here")


def _cases(sheet: Sheet, events: SiteEvents) -> str:
    language = sheet.asked.language
    if not events.cases:
        return language.text("site_page.cases_none")
    still = events.open_cases
    if not still:
        return language.text("site_page.cases_closed", all=language.number(len(events.cases)))
    key = "site_page.cases_one" if len(still) == 1 else "site_page.cases_sentence"
    all_of = language.number(len(events.cases))
    values = {} if len(still) == 1 else {"open": language.number(len(still))}
    told = language.text(key, all=all_of, **values)
    week = stakes(sheet.asked.observatory.sources, still).eur_per_week
    if week is None or week.likely <= 0:
        return told
    return f"{told} {language.text('site_page.cases_week', eur=euros(week.likely, language))}"


def findings_block(sheet: Sheet, site: Site, meter: Meter | VirtualMeter | None) -> Any:
    """What was odd in the readings of the last months."""
    asked = sheet.asked
    language, t, tz = asked.language, asked.language.text, asked.city.time_zone
    heading = t("site_page.findings_heading")
    kept, since = kept_or_since(asked, FINDINGS, site.id)
    if kept is None:
        return section("findings", heading, [preparing(asked, since or asked.now)])
    groups = [g for g in kept.value if meter is None or g.meter == meter.id]
    if not groups:
        told = html.P(t("site_page.findings_none"), className="answer")
        return section("findings", heading, [told, made(asked, kept.made_at)])
    n = language.number(sum(group.count for group in groups))
    names = {m.id: meter_name(m) for m in asked.city.meters.values()}
    table = tables.findings_table(groups, names, tz, language, asked.link)
    told = html.P(rich(t("site_page.findings_sentence", n=n)), className="answer")
    return section(
        "findings", heading, [told, *shown_table(sheet, table), made(asked, kept.made_at)]
    )
