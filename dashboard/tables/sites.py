"""The tables of the list of sites: the ranking, and the places on the map."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.queries.sites import Ranking, SiteRow
from dashboard.sentences import sites as sentences
from dashboard.tables.table import Cell, Column, Figured, Linked, Marked, Table
from dashboard.texts import Language

LinkOf = Callable[[str], str]
"""The address of a site's page."""


def ranking_table(found: Ranking, language: Language, link: LinkOf) -> Table:
    """Every site that is ranked, the worst first."""
    t = language.text
    with_usual = any(row.standing for row in found.ranked)
    columns = (
        Column(t("sites.column.site")),
        Column(t("sites.column.kind")),
        Column(t("sites.column.energy"), "number"),
        Column(t("sites.column.per_unit")),
        Column(t("sites.column.against"), "percent", 0, sign=True),
        Column(t("sites.column.change"), "percent", 0, sign=True),
        *((Column(t("sites.column.usual")),) if with_usual else ()),
        Column(t("sites.column.eur"), "number"),
        Column(t("sites.column.t"), "number", 1),
        Column(t("sites.column.coverage"), "percent", 0),
        Column(t("sites.column.estimated"), "number"),
        Column(t("sites.column.carriers")),
        Column(t("sites.column.cases"), "count"),
    )
    rows = tuple(_row(row, language, link, with_usual) for row in found.ranked)
    caption = t(
        "sites.caption",
        energy=sentences.energy_word(found.choice, language),
        period=sentences.period_words(found.months, language),
    )
    return Table("sites", caption, columns, rows)


def _row(row: SiteRow, language: Language, link: LinkOf, with_usual: bool) -> tuple[Cell, ...]:
    figures, energy, cost = row.figures, row.figures.energy, row.figures.cost
    word = sentences.standing_word(row, language)
    standing = row.standing
    usual = Marked(word, sentences.standing_state(standing)) if word and standing else None
    return (
        Linked(row.site.name, link(row.site.id)),
        sentences.kind_word(row.site.kind, language),
        _energy(row),
        _per_unit(row, language),
        row.against_alike,
        figures.change.fraction if figures.change else None,
        *((usual,) if with_usual else ()),
        cost.eur if cost and not cost.unpriced_fraction else None,
        figures.emissions_t,
        energy.coverage if energy else None,
        energy.estimated_kwh if energy else None,
        ", ".join(language.text(f"carrier.{c.value}") for c in row.carriers),
        float(row.open_cases),
    )


def _energy(row: SiteRow) -> Cell:
    """With its passport where it has one."""
    energy = row.figures.energy
    if energy is None:
        return None
    return Figured(energy.kwh, row.passport) if row.passport else energy.kwh


def _per_unit(row: SiteRow, language: Language) -> str | None:
    kwh = row.per(row.unit)
    if kwh is None or row.unit is None:
        return None
    return language.quantity(kwh, sentences.per_word(row.unit, language), 0 if kwh >= 10 else 1)


def apart_table(found: Ranking, language: Language, link: LinkOf) -> Table:
    """Every site that has no place in the ranking, with the reason and what to do."""
    t = language.text
    columns = (
        Column(t("sites.column.site")),
        Column(t("sites.column.kind")),
        Column(t("sites.column.reason")),
        Column(t("sites.column.next")),
        Column(t("sites.column.energy"), "number"),
    )
    rows = tuple(
        (
            Linked(row.site.name, link(row.site.id)),
            sentences.kind_word(row.site.kind, language),
            t(f"sites.apart.{row.apart.value}"),
            t(f"sites.next.{row.apart.value}", id=row.site.id),
            row.figures.energy.kwh if row.figures.energy else None,
        )
        for row in found.apart
        if row.apart
    )
    return Table("sites_apart", t("sites.caption_apart"), columns, rows)


def map_table(found: Ranking, language: Language, link: LinkOf) -> Table:
    """Where every site is."""
    t = language.text
    columns = (
        Column(t("sites.column.site")),
        Column(t("sites.column.kind")),
        Column(t("sites.column.address")),
        Column(t("sites.column.latitude"), "number", 4),
        Column(t("sites.column.longitude"), "number", 4),
        Column(t("sites.column.assumed")),
        Column(t("sites.column.energy"), "number"),
    )
    rows = tuple(
        (
            Linked(row.site.name, link(row.site.id)),
            sentences.kind_word(row.site.kind, language),
            row.site.address,
            row.site.latitude,
            row.site.longitude,
            t("sites.yes") if row.site.assumed else t("sites.no"),
            row.figures.energy.kwh if row.figures.energy else None,
        )
        for row in found.rows
    )
    return Table("places", t("sites.caption_places"), columns, rows)
