"""The tables of the report: the checklist, actions, editions and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dashboard.queries.report import Checklist, MeterYear, Point, Weight
from dashboard.sentences.data_health import meter_name
from dashboard.sentences.report import file_words, next_step, reason, subject
from dashboard.tables.table import Cell, Column, Linked, Marked, Table
from dashboard.texts import Language
from paes.installation import City
from paes.metering import Measures
from paes.plan.action import Action
from paes.report.edition import MANIFEST, Edition

ICONS = {Weight.MISSING: "above", Weight.LOOK: "uncertain", Weight.FINE: "within"}


def group_table(
    name: str,
    points: Sequence[Point],
    city: City,
    language: Language,
    href: Callable[[Point], str | None],
) -> Table:
    """The points of one part of the checklist, the gravest first."""
    t = language.text
    columns = (
        Column(t("report.column_subject")),
        Column(t("table.state")),
        Column(t("report.column_why")),
        Column(t("report.column_next")),
    )
    rows = tuple(_point(point, city, language, href(point)) for point in points)
    caption = t("report.caption_group", group=t(f"report.group_{name}"), city=city.name)
    return Table(f"check-{name}", caption, columns, rows)


def _point(point: Point, city: City, language: Language, href: str | None) -> tuple[Cell, ...]:
    name = subject(point, city, language)
    return (
        Linked(name, href) if href else name,
        Marked(language.text(f"report_weight.{point.weight.value}"), ICONS[point.weight]),
        reason(point, language),
        next_step(point, language).replace("`", ""),
    )


def checklist_table(checklist: Checklist, city: City, language: Language) -> Table:
    """All points as one table, for a spreadsheet."""
    t = language.text
    columns = (
        Column(t("report.column_part")),
        Column(t("report.column_subject")),
        Column(t("table.state")),
        Column(t("report.column_why")),
        Column(t("report.column_next")),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            t(f"report.group_{name}"),
            subject(point, city, language),
            t(f"report_weight.{point.weight.value}"),
            reason(point, language),
            next_step(point, language).replace("`", ""),
        )
        for name, points in checklist.groups.items()
        for point in points
    )
    caption = t("report.caption_checklist", city=city.name, year=checklist.year)
    return Table("checklist", caption, columns, rows)


def meters_table(meters: MeterYear, city: City, year: int, language: Language) -> Table:
    """What each meter saw of the year: measured, estimated, missing at most, coverage."""
    t = language.text
    columns = (
        Column(t("table.meter")),
        Column(t("table.unit")),
        Column(t("report.column_measured"), "number"),
        Column(t("report.column_estimated"), "number"),
        Column(t("report.column_missing"), "number"),
        Column(t("data_coverage.column_all"), "percent", 1),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            meter_name(city.meters[meter], city),
            "m³" if city.meters[meter].measures is Measures.WATER else "kWh",
            total.measured_kwh,
            total.estimated_kwh,
            total.missing_high_kwh if total.missing_high_kwh != float("inf") else "∞",
            total.coverage,
        )
        for meter, total in meters.items()
    )
    return Table("meter-year", t("report.caption_meters", city=city.name, year=year), columns, rows)


def actions_table(actions: Iterable[Action], city: City, language: Language) -> Table:
    """The register with what was declared, as declared."""
    t = language.text
    columns = (
        Column(t("report.column_action")),
        Column(t("table.sector")),
        Column(t("table.state")),
        Column(t("report.column_origin")),
        Column(t("report.column_declared_t"), "number"),
        Column(t("report.column_cost_eur"), "number"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            action.name.in_language(language.code),
            t(f"sector.{action.sector.value}"),
            t(f"action_status.{action.status.value}"),
            t(f"action_origin.{action.origin.value}"),
            action.declared_reduction_t,
            action.cost_eur,
        )
        for action in actions
    )
    return Table("actions", t("report.caption_actions", city=city.name), columns, rows)


def edition_table(edition: Edition, language: Language, href: Callable[[str], str]) -> Table:
    """The files of an edition, each to be saved, with what it holds and its digest."""
    t = language.text
    columns = (
        Column(t("report.column_file")),
        Column(t("report.column_holds")),
        Column(t("report.column_kb"), "number", 1),
        Column("SHA-256"),
    )
    rows: tuple[tuple[Cell, ...], ...] = (
        *(
            (
                Linked(file.name, href(file.name)),
                file_words(edition, file.name, language),
                file.bytes / 1000,
                file.sha256,
            )
            for file in edition.files
        ),
        (Linked(MANIFEST, href(MANIFEST)), t("report_file.manifest"), None, None),
    )
    caption = t("report.caption_edition", number=edition.number, year=edition.year)
    return Table(f"edition-{edition.year}-{edition.number}", caption, columns, rows)
