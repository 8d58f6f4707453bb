"""The register of actions as plain data: the status of all, and one action whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from paes import __version__
from paes.installation import City
from paes.metering import Finding
from paes.plan.covenant_lists import AreaList, CodeList, CovenantLists
from paes.plan.declared_effect import DeclaredEffect, OriginTotals, end_of_life, own_part
from paes.plan.masterplan import Masterplan
from paes.plan.register import Entry, RegisterStatus, Sums
from paes.report.documents import Document, finding_document
from paes.report.savings_documents import verdict_document
from paes.savings.action_saving import ActionSaving


def register_document(
    city: City,
    status: RegisterStatus,
    findings: Iterable[Finding],
    lists: CovenantLists | None,
    measured: Mapping[str, ActionSaving] | None = None,
) -> Document:
    """The actions asked for with their sums; tonnes and MWh a year, net of overlaps."""
    return {
        "city": city.id,
        "year": status.year,
        "masterplan": masterplan_document(city.masterplan) if city.masterplan else None,
        "total": sums_document(status.total),
        "by_status": {str(s): sums_document(sums) for s, sums in status.by_status.items()},
        "completed_in_year": origin_document(status.completed),
        "planned_whole_year": origin_document(status.planned),
        "actions": [
            entry_document(entry, lists, (measured or {}).get(entry.action.id))
            for entry in status.entries
        ],
        "findings": [finding_document(f) for f in findings],
        "software_version": __version__,
    }


def masterplan_document(plan: Masterplan) -> Document:
    """Work tables and themes."""
    return plan.model_dump(mode="json")


def sums_document(sums: Sums) -> Document:
    """Counts, money and effects of several actions."""
    return asdict(sums)


def origin_document(totals: OriginTotals) -> Document:
    """Net tonnes by whom they are owed to."""
    return {**asdict(totals), "total_t": totals.total_t}


def entry_document(
    entry: Entry, lists: CovenantLists | None, saving: ActionSaving | None = None
) -> Document:
    """One action with everything that the register says of it, and what it comes to."""
    action = entry.action
    last_day = end_of_life(action)
    return {
        **action.model_dump(mode="json"),
        "area_name": _name(lists.areas if lists else None, action.area),
        "instrument_name": _name(lists.instruments if lists else None, action.instrument),
        "late": entry.late,
        "end_of_life": last_day.isoformat() if last_day else None,
        "own_part": own_part(action),
        "whole_year": effect_document(entry.whole.effect),
        "in_year": effect_document(entry.in_year.effect),
        "measured": verdict_document(saving) if saving else None,
    }


def effect_document(effect: DeclaredEffect) -> Document:
    """What is declared alone, and what of it counts among the others; None is not declared."""
    return {
        "year": effect.year,
        "part_of_year": effect.part_of_year,
        "saving_mwh": effect.saving_mwh,
        "production_mwh": effect.production_mwh,
        "reduction_t": effect.reduction_t,
        "derived": effect.derived,
        "counted_fraction": effect.counted_fraction,
        "net_saving_mwh": effect.net(effect.saving_mwh),
        "net_production_mwh": effect.net(effect.production_mwh),
        "net_reduction_t": effect.net(effect.reduction_t),
    }


def _name(lists: CodeList | AreaList | None, code: str | None) -> Document | None:
    name = lists.name(code) if lists and code else None
    return name.model_dump() if name else None
