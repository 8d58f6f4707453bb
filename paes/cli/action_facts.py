"""One action of the register in words, line by line, as ``paes actions ID`` prints it."""

from __future__ import annotations

from collections.abc import Iterator

from paes.cli import Session
from paes.cli.output import number, percent
from paes.cli.saving_words import in_short, measured_mwh, realised, why
from paes.plan.action import Action
from paes.plan.covenant_lists import CovenantLists
from paes.plan.masterplan import Masterplan
from paes.plan.register import Entry
from paes.savings.action_saving import ActionSaving


def action_facts(
    session: Session, entry: Entry, saving: ActionSaving | None = None
) -> Iterator[tuple[str, str]]:
    """What the register says of an action, in words; empty where it says nothing."""
    action = entry.action
    yield "action", action.id
    yield "", f"{action.name.it} / {action.name.en}"
    if action.description:
        yield "", action.description.en
    yield from _kind_facts(entry, session.installation.covenant)
    yield from _people_facts(action, session.city.masterplan)
    yield from _money_facts(entry)
    yield from _effect_facts(entry)
    if saving:
        yield from _measured_facts(saving)
    yield from _relation_facts(action)
    yield "source", action.source or ""
    yield "assumed" if action.assumed else "note", action.note or ""


def _kind_facts(entry: Entry, lists: CovenantLists | None) -> Iterator[tuple[str, str]]:
    action = entry.action
    yield "sector", str(action.sector)
    area = lists.areas.name(action.area) if lists and action.area else None
    yield "area", f"{action.area} {area.en}" if area else action.area or ""
    instrument = lists.instruments.name(action.instrument) if lists and action.instrument else None
    yield "instrument", instrument.en if instrument else action.instrument or ""
    own = action.own_fraction
    yield "origin", f"{action.origin}{'' if own is None else f' (own part {percent(own, 0)})'}"
    done = action.completed_fraction
    progress = "" if done is None else f", {percent(done, 0)} done"
    late = ", late" if entry.late else ""
    yield "status", f"{str(action.status).replace('_', ' ')}{progress}{late}"
    yield "from, to", f"{action.start or '-'} to {action.end or '-'}"


def _people_facts(action: Action, plan: Masterplan | None) -> Iterator[tuple[str, str]]:
    tables = {t.id: t.name.en for t in plan.work_tables} if plan else {}
    themes = {t.id: t.name.en for t in plan.themes} if plan else {}
    yield "responsible", action.responsible or ""
    yield "partners", ", ".join(action.partners)
    yield "stakeholders", ", ".join(action.stakeholders)
    yield "work table", tables.get(action.work_table or "", action.work_table or "")
    yield "themes", ", ".join(themes.get(t, t) for t in action.themes)


def _relation_facts(action: Action) -> Iterator[tuple[str, str]]:
    yield "sites", ", ".join(action.sites)
    yield "meters", ", ".join(action.meters)
    yield "overlaps", ", ".join(f"{o.action} {percent(o.fraction, 0)}" for o in action.overlaps)
    yield "excludes", ", ".join(action.excludes)
    yield "requires", ", ".join(action.requires)


def _money_facts(entry: Entry) -> Iterator[tuple[str, str]]:
    action = entry.action
    for label, eur in (
        ("cost", action.cost_eur),
        ("spent", action.spent_eur),
        ("running costs a year", action.yearly_cost_eur),
    ):
        yield label, f"{number(eur)} EUR" if eur is not None else ""
    for fund in action.funding:
        amount = f" {number(fund.eur)} EUR" if fund.eur is not None else ""
        source = f" ({fund.source})" if fund.name else ""
        yield "funding", f"{fund.name or fund.source}{amount}{source}"


def _measured_facts(saving: ActionSaving) -> Iterator[tuple[str, str]]:
    yield "measured", f"{in_short(saving)}: {why(saving)}"
    if saving.year:
        yield (
            "",
            f"{measured_mwh(saving.year.kwh)} MWh a year; realised {realised(saving.realisation)}",
        )


def _effect_facts(entry: Entry) -> Iterator[tuple[str, str]]:
    action, whole, in_year = entry.action, entry.whole.effect, entry.in_year.effect
    life = f"{action.lifetime_years} years" if action.lifetime_years else ""
    yield "lifetime", life
    yield "carrier", str(action.carrier or "")
    for label, mwh in (
        ("declared saving", action.declared_saving_mwh),
        ("declared production", action.declared_production_mwh),
    ):
        yield label, f"{number(mwh, 1)} MWh a year" if mwh is not None else ""
    if whole.reduction_t is None:
        yield "reduction", "not declared"
        return
    how = "derived from energy" if whole.derived else "declared"
    yield "reduction", f"{number(whole.reduction_t, 1)} t a year, {how}"
    if whole.counted_fraction < 1:
        elsewhere = percent(1 - whole.counted_fraction, 0)
        yield "", f"{number(entry.whole.net_reduction_t, 1)} t net: {elsewhere} counts elsewhere"
    yield (
        f"in {in_year.year}",
        (
            f"{number(entry.in_year.net_reduction_t, 1)} t net, working "
            f"{percent(in_year.part_of_year, 0)} of the year"
        ),
    )
