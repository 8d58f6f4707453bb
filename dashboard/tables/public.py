"""The tables of the public page, which are its open data: years and months, no passports."""

from __future__ import annotations

import math
from dataclasses import replace

from dashboard.queries.progress import CityView
from dashboard.queries.public import PublicEnergy
from dashboard.sentences.public import group_name
from dashboard.tables.table import Cell, Column, Table, value_of
from dashboard.texts import Language
from paes.accounting.energy_total import EnergyTotal
from paes.plan.action import Action

_ENERGY = ("measured_kwh", "estimated_kwh", "missing_low_kwh", "missing_high_kwh")


def plain(table: Table) -> Table:
    """The same table without ways to pages that need a login."""
    rows = tuple(tuple(value_of(cell) for cell in row) for row in table.rows)
    return replace(table, rows=rows)


def sectors_table(view: CityView, language: Language) -> Table:
    """Emissions by sector of the base year and of the newest inventory."""
    t = language.text
    base, newest = view.base_inventory.year, view.newest.year
    columns = (
        Column(t("table.sector")),
        Column(t("table.base_t", year=base), "number"),
        Column(t("table.latest_t", year=newest), "number"),
    )
    rows = tuple(
        (t(f"sector.{row.sector}"), float(row.base_t), float(row.latest_t)) for row in view.sectors
    )
    caption = t("table.caption_sectors", city=view.city.name, base=base, year=newest)
    return Table("sectors", caption, columns, rows)


def buildings_table(energy: PublicEnergy, city: str, language: Language) -> Table:
    """Groups of municipal buildings by year: measured, estimated, missing, coverage."""
    t = language.text
    columns = (
        Column(t("public.group")),
        Column(t("table.year"), "year"),
        Column(t("public.energy")),
        Column(t("public.sites"), "count"),
        *_energy_columns(language),
    )
    rows = tuple(
        (
            group_name(row.group, language),
            float(row.year),
            t(f"public.{row.energy}"),
            float(len(row.sites)),
            *_energy_cells(row.used),
        )
        for row in energy.groups
    )
    return Table("buildings", t("public.caption_buildings", city=city), columns, rows)


def sun_table(energy: PublicEnergy, city: str, language: Language) -> Table:
    """What plants of schools made by month, all of them together."""
    t = language.text
    columns = (Column(t("public.month")), *_energy_columns(language))
    rows = tuple((row.month, *_energy_cells(row.made)) for row in energy.months)
    return Table("school_sun", t("public.caption_sun", city=city), columns, rows)


def sun_years_table(energy: PublicEnergy, city: str, language: Language) -> Table:
    """The same by year, with what of it was given to the grid."""
    t = language.text
    columns = (
        Column(t("table.year"), "year"),
        Column(t("public.schools"), "count"),
        *_energy_columns(language),
        Column(t("public.given_kwh"), "number"),
    )
    rows = tuple(
        (
            float(row.year),
            float(row.schools),
            *_energy_cells(row.made),
            row.fed_in.kwh if row.fed_in else None,
        )
        for row in energy.sun
    )
    return Table("school_sun_years", t("public.caption_sun_years", city=city), columns, rows)


def _energy_columns(language: Language) -> tuple[Column, ...]:
    columns = [Column(language.text(f"public.{name}"), "number") for name in _ENERGY]
    return (*columns, Column(language.text("public.coverage"), "percent", 1))


def _energy_cells(total: EnergyTotal) -> tuple[Cell, ...]:
    cells = (getattr(total, name) for name in _ENERGY)
    return (*(c if math.isfinite(c) else "∞" for c in cells), total.coverage)


def actions_table(actions: list[Action], city: str, language: Language) -> Table:
    """The town's own actions: what, how far, from when to when, and what is declared of them."""
    t = language.text
    columns = (
        Column(t("public.action")),
        Column(t("table.sector")),
        Column(t("public.state")),
        Column(t("public.begin")),
        Column(t("public.end")),
        Column(t("public.declared_t"), "number"),
    )
    rows = tuple(
        (
            a.name.in_language(language.code),
            t(f"sector.{a.sector}"),
            t(f"public.is_{a.status}"),
            a.start.isoformat() if a.start else None,
            a.end.isoformat() if a.end else None,
            a.declared_reduction_t,
        )
        for a in actions
    )
    return Table("actions", t("public.caption_actions", city=city), columns, rows)
