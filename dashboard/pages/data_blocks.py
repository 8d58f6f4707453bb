"""The sections of the page of the data below the live one: each a question with its answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.figures import data_health as figures
from dashboard.pages.blocks import (
    Select,
    answer_box,
    chart,
    empty,
    filters,
    folded_table,
    made,
    pictured,
    rich,
    section,
    shown_table,
)
from dashboard.pages.page import Sheet
from dashboard.queries.coverage import COVERAGE
from dashboard.queries.evidence import evidence_of
from dashboard.queries.field_report import FieldReport, Seen
from dashboard.queries.gaps import GAPS, UNKNOWN
from dashboard.queries.imported import IMPORTED
from dashboard.queries.progress import INVENTORIES
from dashboard.sentences import data_health as sentences
from dashboard.tables import data_health as tables
from dashboard.tables.table import Table
from paes.metering import SiteKind

PERIODS = ("12", "24", "36")


def coverage_block(sheet: Sheet) -> Any:
    """Site by month, filtered by kind and period; meter by meter below."""
    asked, t = sheet.asked, sheet.asked.language.text
    kept = asked.observatory.kept(COVERAGE, asked.city.id)
    months = asked.choice("months", PERIODS, PERIODS[0])
    kinds = [k.value for k in SiteKind if k in {s.kind for s in asked.city.sites.values()}]
    kind = asked.choice("kind", kinds, "")
    shown = kept.value.last_months(int(months))
    rows = tables.coverage_rows(asked.city, shown, kind)
    chosen = filters(
        asked,
        Select(
            "months",
            t("data_coverage.filter_period"),
            [("" if p == PERIODS[0] else p, t(f"data_coverage.months_{p}")) for p in PERIODS],
            "" if months == PERIODS[0] else months,
        ),
        Select(
            "kind",
            t("data_coverage.filter_kind"),
            [("", t("data_coverage.every_kind")), *((k, t(f"site_kind.{k}")) for k in kinds)],
            kind,
        ),
    )
    heading = t("data_coverage.heading")
    if not rows:
        nothing = empty(t("data_coverage.no_kind"), t("data_coverage.no_kind_next"))
        return section("coverage", heading, [chosen, nothing])
    seen = shown.of(meter for row in rows for meter in row.meters)
    told = sentences.coverage(seen, rows[0].site.name, rows[0].seen, asked.language)
    few = min(len(rows), figures.MOST_ROWS)
    caption = t("data_coverage.figure")
    if few < len(rows):
        caption = f"{caption} {t('data_coverage.figure_part', shown=few, all=len(rows))}"
    own = [meter for row in rows for meter in row.meters]
    picture = chart(
        sheet,
        "coverage",
        lambda: figures.coverage_figure(rows, shown, asked.language),
        figures.coverage_height(rows),
        named_by="coverage",
        told_by="coverage-answer",
    )
    table = tables.coverage_table(rows, shown, asked.city, asked.language)
    parts = [
        html.P(rich(told), id="coverage-answer", className="answer"),
        chosen,
        html.P(rich(caption), className="caption"),
        picture,
        first_rows(sheet, table, wide=True),
        _meters(sheet, own, shown),
        made(asked, kept.made_at),
    ]
    return section("coverage", heading, parts)


def first_rows(sheet: Sheet, table: Table, wide: bool = False) -> Any:
    """A folded table of the first rows, which matter most; all of them in its CSV."""
    if len(table.rows) <= figures.MOST_ROWS:
        return folded_table(sheet, table, wide)
    few = replace(table, rows=table.rows[: figures.MOST_ROWS])
    told = sheet.asked.language.text(
        "data_page.first_rows",
        shown=len(few.rows),
        all=sheet.asked.language.number(len(table.rows)),
    )
    folded = folded_table(sheet, few, wide)
    sheet.tables[table.id] = lambda: table
    return html.Div([folded, html.P(told, className="hint")])


def _meters(sheet: Sheet, meters: list[str], shown: Any) -> Any:
    asked = sheet.asked
    href = {meter: asked.link("/dati", meter=meter) for meter in meters}
    table = tables.meter_coverage_table(asked.city, shown, asked.language, href)
    heading = html.H3(asked.language.text("data_coverage.meter_heading"))
    return html.Div([heading, first_rows(sheet, table)])


def gaps_block(sheet: Sheet) -> Any:
    """Hours of gaps by cause and length."""
    asked, language = sheet.asked, sheet.asked.language
    kept = asked.observatory.kept(GAPS, asked.city.id)
    gaps, heading = kept.value, language.text("data_gaps.heading")
    told = sentences.gaps(gaps, language)
    if not gaps.gaps:
        return section("gaps", heading, [html.P(rich(told)), made(asked, kept.made_at)])
    more: list[Any] = []
    if any(UNKNOWN in gap.causes for gap in gaps.gaps):
        more.append(html.P(language.text("data_gaps.unknown_hint"), className="hint"))
    href = {meter: asked.link("/dati", meter=meter) for meter in asked.city.meters}
    longest = tables.longest_gaps_table(gaps, asked.city, language, href)
    more += [html.H3(language.text("data_gaps.longest")), folded_table(sheet, longest)]
    return pictured(
        sheet,
        "gaps",
        heading,
        told,
        figure=lambda: figures.causes_figure(gaps, language),
        height=figures.causes_height(gaps),
        table=tables.gaps_table(gaps, asked.city, language),
        more=[*more, made(asked, kept.made_at)],
    )


def field_block(sheet: Sheet, told: Seen) -> Any:
    """Whether the collector runs, what waits for the store, how every unit answers."""
    t, heading = sheet.asked.language.text, sheet.asked.language.text("data_field.heading")
    if told.problem:
        reason = t("data_field.problem", problem=told.problem)
        return section("field", heading, [empty(reason, t("data_field.problem_next"))])
    if told.report is None:
        nothing = empty(t("data_field.nobody"), t("data_field.nobody_next"))
        return section("field", heading, [nothing])
    return section("field", heading, _field(sheet, told.report))


def _field(sheet: Sheet, report: FieldReport) -> list[Any]:
    asked, language = sheet.asked, sheet.asked.language
    t, tz = language.text, asked.city.time_zone
    running = report.is_running(asked.now)
    state = "running" if running else "lost" if report.running_since else "stopped"
    said = [
        sentences.collector(report, asked.now, tz, language),
        sentences.spool(report, asked.now, language),
    ]
    if report.store_away_since:
        since = language.moment(report.store_away_since, tz)
        said.append(t("data_field.store_away", since=since, reason=report.store_reason))
    if report.config_problem:
        said.append(t("data_field.config", problem=report.config_problem))
    icon = "live" if running else "silent"
    blocks = [answer_box(icon, t(f"data_field.word_{state}"), said)]
    units = report.of_meters(frozenset(asked.city.meters))
    if units:
        table = tables.units_table(units, tz, language)
        blocks += [html.P(rich(sentences.units(units, language))), first_rows(sheet, table, True)]
    return blocks


def imports_block(sheet: Sheet) -> Any:
    """The newest files and what was refused of them."""
    asked, language = sheet.asked, sheet.asked.language
    kept = asked.observatory.kept(IMPORTED)
    blocks: list[Any] = [html.P(rich(sentences.imports(kept.value, language)))]
    if kept.value:
        blocks += shown_table(
            sheet, tables.imports_table(kept.value, asked.city.time_zone, language)
        )
    if any(one.refused for one in kept.value):
        blocks.append(html.P(rich(language.text("data_imports.refused_next")), className="hint"))
    blocks.append(made(asked, kept.made_at))
    return section("imports", language.text("data_imports.heading"), blocks)


def evidence_block(sheet: Sheet) -> Any:
    """The newest inventory's emissions by how they are known."""
    asked, language = sheet.asked, sheet.asked.language
    t, heading = language.text, language.text("data_evidence.heading")
    kept = _inventories(asked)
    if not kept.value.by_year:
        reason = t("data_evidence.no_inventory")
        return section("evidence", heading, [empty(reason, t("data_evidence.no_inventory_next"))])
    newest = evidence_of(kept.value.by_year[max(kept.value.by_year)])
    if not newest.sectors:
        return section("evidence", heading, [html.P(sentences.evidence(newest, language))])
    return pictured(
        sheet,
        "evidence",
        heading,
        sentences.evidence(newest, language),
        figure=lambda: figures.evidence_figure(newest, language),
        height=figures.evidence_height(newest),
        table=tables.evidence_table(newest, asked.city, language),
        wide=True,
        more=[html.P(t("data_evidence.hint"), className="hint"), made(asked, kept.made_at)],
    )


def _inventories(asked: Asked) -> Any:
    return asked.observatory.kept(INVENTORIES, asked.city.id, asked.address.factor)
