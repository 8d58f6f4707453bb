"""The tables of actions: the register, dates, declared beside measured, the curve of costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dashboard.queries.actions import PATH, Measured, Next
from dashboard.sentences.actions import (
    LOOK,
    STATUS_LOOK,
    name_of,
    told_kwh,
    verdict_word,
)
from dashboard.tables.table import Cell, Column, Linked, Marked, Table
from dashboard.texts import Language
from paes.faults.money.price import Interval
from paes.plan.register import Entry
from paes.savings.action_saving import ActionSaving

LinkTo = Callable[[str], str]


def register_table(
    entries: Sequence[Entry],
    measured: Mapping[str, Measured],
    year: int,
    link: LinkTo,
    language: Language,
) -> Table:
    """A row for each action, declared beside measured."""
    t = language.text
    columns = (
        Column(t("action_column.action")),
        Column(t("action_column.status")),
        Column(t("action_column.end")),
        Column(t("action_column.cost"), "number"),
        Column(t("action_column.spent"), "number"),
        Column(t("action_column.declared"), "number"),
        Column(t("action_column.measured"), "number"),
        Column(t("action_column.low"), "number"),
        Column(t("action_column.high"), "number"),
        Column(t("action_column.verdict")),
        Column(t("action_column.reduction"), "number"),
        Column(t("action_column.in_year", year=year), "number"),
        Column(t("action_column.sector")),
        Column(t("action_column.origin")),
    )
    rows = tuple(_entry_row(e, measured.get(e.action.id), link, language) for e in entries)
    return Table("actions", t("actions.table"), columns, rows)


def _entry_row(
    entry: Entry, measured: Measured | None, link: LinkTo, language: Language
) -> tuple[Cell, ...]:
    action, effect, t = entry.action, entry.effect, language.text
    saving = measured.saving if measured else None
    works = effect.part_of_year > 0
    energy = [m for m in (effect.saving_mwh, effect.production_mwh) if m is not None]
    status = t(f"action_status.{action.status}")
    if entry.late:
        status += f", {t('actions.late')}"
    has_tonnes = effect.reduction_t is not None and works
    return (
        Linked(name_of(action, language), link(f"{PATH}/{action.id}")),
        Marked(status, "above" if entry.late else STATUS_LOOK[action.status]),
        language.day(action.end) if action.end else None,
        action.cost_eur,
        action.spent_eur,
        effect.net(sum(energy)) if energy and works else None,
        *_mwh(told_kwh(saving)),
        Marked(verdict_word(saving, language), LOOK[saving.verdict]) if saving else None,
        entry.whole.net_reduction_t if has_tonnes else None,
        entry.in_year.net_reduction_t if has_tonnes else None,
        t(f"sector.{action.sector}"),
        t(f"action_origin.{action.origin}"),
    )


def _mwh(of: Interval | None) -> tuple[Cell, Cell, Cell]:
    if of is None:
        return None, None, None
    return of.likely / 1000, of.low / 1000, of.high / 1000


def timeline_table(entries: Sequence[Entry], link: LinkTo, language: Language) -> Table:
    """Start, end and state."""
    t = language.text
    columns = (
        Column(t("action_column.action")),
        Column(t("actions.start")),
        Column(t("action_column.end")),
        Column(t("action_column.status")),
    )
    rows = tuple(
        (
            Linked(name_of(e.action, language), link(f"{PATH}/{e.action.id}")),
            language.day(e.action.start) if e.action.start else None,
            language.day(e.action.end) if e.action.end else None,
            Marked(t(f"action_status.{e.action.status}"), STATUS_LOOK[e.action.status]),
        )
        for e in entries
    )
    return Table("timeline", t("actions.timeline_table"), columns, rows)


def compare_table(found: Sequence[ActionSaving], link: LinkTo, language: Language) -> Table:
    """Declared, measured with its bounds, the part that was realised, the verdict."""
    t = language.text
    columns = (
        Column(t("action_column.action")),
        Column(t("action_column.declared"), "number", 1),
        Column(t("action_column.measured"), "number", 1),
        Column(t("action_column.low"), "number", 1),
        Column(t("action_column.high"), "number", 1),
        Column(t("actions.realised"), "percent"),
        Column(t("action_column.verdict")),
    )
    rows = tuple(
        (
            Linked(name_of(s.action, language), link(f"{PATH}/{s.action.id}")),
            None if s.declared_kwh is None else s.declared_kwh / 1000,
            *_mwh(told_kwh(s)),
            s.realisation.likely if s.realisation else None,
            Marked(verdict_word(s, language), LOOK[s.verdict]),
        )
        for s in found
    )
    return Table("compare", t("actions.compare_table"), columns, rows)


def curve_table(found: Next, link: LinkTo, language: Language) -> Table:
    """The open actions by what a tonne costs."""
    t = language.text
    columns = (
        Column(t("action_column.action")),
        Column(t("actions.eur_per_t"), "number"),
        Column(t("actions.net"), "number"),
        Column(t("actions.together"), "number"),
        Column(t("action_column.cost"), "number"),
        Column(t("actions.lifetime"), "year"),
        Column(t("actions.marks")),
    )
    rows: list[tuple[Cell, ...]] = []
    for step in found.steps:
        marks = [t("actions.curve_chosen" if step.is_chosen else "actions.curve_other")]
        if step.is_too_small:
            marks.append(t("actions.too_small"))
        if step.lifetime_assumed:
            marks.append(f"{t('actions.lifetime').lower()} {t('actions.assumed')}")
        rows.append(
            (
                Linked(step.name[language.code], link(f"{PATH}/{step.action_id}")),
                step.eur_per_t,
                step.net_t,
                step.from_t + step.net_t,
                step.cost_eur,
                float(step.lifetime_years),
                ", ".join(marks),
            )
        )
    return Table("curve", t("actions.curve_table"), columns, tuple(rows))
