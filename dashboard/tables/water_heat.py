"""The tables of the page of water and heat."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

from dashboard.queries.water import TownWater
from dashboard.queries.water_heat import WaterMonths, Winter
from dashboard.sentences import water_heat as sentences
from dashboard.tables.table import Cell, Column, Linked, Table
from dashboard.texts import Language

LinkOf = Callable[[str], str]


def months_table(of: WaterMonths, language: Language) -> Table:
    """m3 by month, with what is measured of it."""
    t, table = language.text, of.table
    columns = (
        Column(t("water_heat.column.month")),
        Column(t("water_heat.column.m3"), "number", 1),
        Column(t("water_heat.column.estimated"), "number", 1),
        Column(t("water_heat.column.low"), "number", 1),
        Column(t("water_heat.column.high"), "number", 1),
        Column(t("water_heat.column.coverage"), "percent", 0),
        Column(t("water_heat.column.before"), "number", 1),
    )
    rows = tuple(
        (
            language.month(start.year, start.month),
            _known(amount),
            row.estimated_kwh,
            row.low_kwh,
            row.high_kwh if math.isfinite(row.high_kwh) else "∞",
            row.coverage,
            _known(before),
        )
        for start, amount, row, before in zip(
            of.starts, of.m3, table.rows(), of.before_m3, strict=True
        )
    )
    return Table("water_months", t("water_heat.caption_months"), columns, rows)


def nights_table(water: TownWater, language: Language) -> Table:
    """The smallest flow of each night, and the m3 of each day, by meter."""
    t = language.text
    columns = (
        Column(t("water_heat.column.site")),
        Column(t("water_heat.column.meter")),
        Column(t("water_heat.column.day")),
        Column(t("water_heat.column.flow"), "number", 1),
        Column(t("water_heat.column.m3"), "number", 2),
    )
    rows: list[tuple[Cell, ...]] = []
    for meter in water.meters:
        for n, (flow, m3) in enumerate(zip(meter.night_l_h, meter.day_m3, strict=True)):
            day = meter.first_day + timedelta(days=n)
            name = meter.site.name
            rows.append((name, meter.meter, day.isoformat(), _known(flow), _known(m3)))
    return Table("water_nights", t("water_heat.caption_nights"), columns, tuple(rows))


def meters_table(water: TownWater, language: Language, link: LinkOf) -> Table:
    """Each meter at night, now and as it was."""
    t = language.text
    columns = (
        Column(t("water_heat.column.site")),
        Column(t("water_heat.column.name")),
        Column(t("water_heat.column.now"), "number", 1),
        Column(t("water_heat.column.usual"), "number", 1),
        Column(t("water_heat.column.lost"), "number", 2),
        Column(t("water_heat.column.nights"), "year"),
        Column(t("water_heat.column.step"), "number", 1),
    )
    rows = tuple(
        (
            Linked(m.site.name, link(m.site.id)),
            m.name,
            m.recent_l_h,
            m.usual_l_h,
            m.m3_a_day,
            float(len(m.known)),
            m.pulse_l_h,
        )
        for m in water.meters
    )
    return Table("water_meters", t("water_heat.caption_meters"), columns, rows)


def buildings_table(of: Winter, language: Language, link: LinkOf) -> Table:
    """The heat of every building, as it was and at usual weather."""
    t = language.text
    columns = (
        Column(t("water_heat.column.site")),
        Column(t("water_heat.column.raw"), "number"),
        Column(t("water_heat.column.coverage"), "percent", 0),
        Column(t("water_heat.column.normalised"), "number"),
        Column(t("water_heat.column.kwh_m2"), "number", 1),
        Column(t("water_heat.column.last_m2"), "number", 1),
        Column(t("water_heat.column.change"), "percent", 1, sign=True),
        Column(t("water_heat.column.usual_range")),
        Column(t("water_heat.column.outside"), "year"),
        Column(t("water_heat.column.why")),
    )
    rows = tuple(
        (
            Linked(b.site.name, link(b.site.id)),
            b.use.raw.kwh if b.use.raw.span_s else None,
            b.use.raw.coverage,
            b.use.normalised.kwh if b.use.normalised else None,
            b.kwh_m2,
            b.before_kwh_m2,
            b.change_fraction,
            _range(b.usual.low_kwh, b.usual.high_kwh, language) if b.usual else None,
            float(len(b.use.outside)) if b.use.judged_days else None,
            sentences.why_raw(b, language),
        )
        for b in of.buildings
    )
    name = of.heating.period.name if of.heating.period else ""
    return Table("heat", t("water_heat.caption_heat", season=name), columns, rows)


def outside_table(of: Winter, language: Language, link: LinkOf) -> Table:
    """Every day on which a building was heated though nobody may."""
    t = language.text
    columns = (
        Column(t("water_heat.column.site")),
        Column(t("water_heat.column.day")),
        Column(t("water_heat.column.kwh"), "number"),
        Column(t("water_heat.column.limit"), "number"),
    )
    rows = tuple(
        (Linked(b.site.name, link(b.site.id)), language.day(one.day), one.kwh, one.limit_kwh)
        for b in of.outside
        for one in b.use.outside
    )
    return Table("heated_outside", t("water_heat.caption_outside"), columns, rows)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _range(low: float, high: float, language: Language) -> str:
    return f"{language.number(low)}\N{EN DASH}{language.number(high)}"
