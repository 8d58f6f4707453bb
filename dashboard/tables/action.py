"""The tables of one action: what the register says, what was avoided, month by month."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.sentences.action import days_told
from dashboard.sentences.amounts import digits
from dashboard.tables.table import Cell, Column, Table
from dashboard.texts import Language
from paes.savings.action_saving import ActionSaving
from paes.savings.figure import SavingFigure
from paes.savings.persistence import Persistence


def facts_table(facts: Sequence[tuple[str, str]], caption: str, language: Language) -> Table:
    """What the register says, item by item."""
    columns = (
        Column(language.text("action_fact.what")),
        Column(language.text("action_fact.value")),
    )
    return Table("facts", caption, columns, tuple(facts))


def figures_table(saving: ActionSaving, language: Language) -> Table | None:
    """The first year and all days since beside each other; None where there is no figure."""
    t = language.text
    is_plant = saving.year is not None and saving.year is saving.to_date
    named = [(t("action.last_year" if is_plant else "action.first_year"), saving.year)]
    if not is_plant:
        named.append((t("action.to_date"), saving.to_date))
    told = [(name, figure) for name, figure in named if figure]
    if not told:
        return None
    columns = (Column(t("action.what")), *(Column(name) for name, _ in told))
    listed = [_figure(figure, language) for _, figure in told]
    rows = tuple((t(f"action_row.{key}"), *(column[key] for column in listed)) for key in listed[0])
    return Table("figures", t("action.figures_table"), columns, rows)


def _figure(figure: SavingFigure, language: Language) -> dict[str, Cell]:
    """Each row of a figure; a dash where nothing is known."""
    of = figure.avoided

    def n(value: float | None) -> str | None:
        return None if value is None else language.number(value, digits(value))

    return {
        "span": days_told(of.span, language),
        "expected": n(of.expected_kwh),
        "non_routine": n(of.non_routine_kwh),
        "used": n(of.used_kwh),
        "avoided": n(of.kwh),
        "statistical": n(figure.statistical_half_kwh),
        "empirical": n(figure.empirical_half_kwh),
        "low": n(figure.kwh.low),
        "high": n(figure.kwh.high),
        "eur": n(figure.eur.likely if figure.eur else None),
        "tonnes": n(figure.co2_t.likely if figure.co2_t else None),
        "seen": n(float(of.seen_days)),
        "days": n(float(of.days)),
    }


def months_table(found: Persistence, language: Language) -> Table:
    """Month by month, with bounds and the days that were seen."""
    t = language.text
    columns = (
        Column(t("action.month")),
        Column(t("action.expected"), "number"),
        Column(t("action.avoided"), "number"),
        Column(t("action_column.low"), "number"),
        Column(t("action_column.high"), "number"),
        Column(t("action.sum"), "number"),
        Column(t("action.seen_days"), "count"),
    )
    rows = tuple(
        (
            language.month(m.first.year, m.first.month),
            m.adjusted_kwh,
            m.avoided_kwh,
            m.low_kwh,
            m.high_kwh,
            m.sum_kwh,
            float(m.seen_days),
        )
        for m in found.months
    )
    return Table("months", t("action.months_table"), columns, rows)
