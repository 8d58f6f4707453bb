"""What next as plain data: the gap, the abatement curve, the cheapest mix."""

from __future__ import annotations

from paes import __version__
from paes.installation import City
from paes.next_actions.abatement_curve import Step
from paes.next_actions.action_mix import Mix
from paes.next_actions.candidate import Candidate
from paes.next_actions.choosing import NextActions
from paes.report.documents import Document
from paes.report.progress_documents import target_document

RULE = "gap from the newest inventory, all else as in its year; actions under way end as planned"


def next_document(city: City, found: NextActions, labels: dict[str, str]) -> Document:
    """The answer to "what next" for one target."""
    return {
        "city": city.id,
        "target": target_document(found.target),
        "newest_inventory": found.progress.latest.year,
        "rule": RULE,
        "gap_t": found.gap_t,
        "under_way_t": found.under_way_t,
        "to_close_t": found.to_close_t,
        "too_small_below_t": found.small_t,
        "wish": {
            "budget_eur": found.wish.budget_eur,
            "complete_by": found.wish.complete_by,
            "least": str(found.wish.least),
            "without": list(found.wish.without),
            "realisation": found.wish.realisation,
        },
        "curve": [step_document(step) for step in found.curve],
        "mix": mix_document(found, found.mix),
        "without_budget": mix_document(found, found.most) if found.most else None,
        "left_out": [{"action": one.action.id, "why": one.why} for one in found.left_out],
        "not_on_the_curve": [
            {"action": c.action.id, "lacks": list(c.lacks)} for c in found.unplaced
        ],
        "simulated": labels.get("simulated") == "true",
        "software_version": __version__,
    }


def step_document(step: Step) -> Document:
    """One action on the curve; its tonnes are a whole year's."""
    return {
        **candidate_document(step.candidate),
        "net_t": step.net_t,
        "net_eur_per_t": step.eur_per_t,
        "from_t": step.from_t,
        "to_t": step.to_t,
        "too_small": step.too_small,
    }


def candidate_document(candidate: Candidate) -> Document:
    """An action with its yearly effect and money."""
    action = candidate.action
    return {
        "action": action.id,
        "status": str(action.status),
        "end": action.end.isoformat() if action.end else None,
        "reduction_t": candidate.reduction_t,
        "saving_mwh": candidate.saving_mwh,
        "production_mwh": candidate.production_mwh,
        "cost_eur": action.cost_eur,
        "to_put_up_eur": candidate.cost_eur,
        "lifetime_years": candidate.lifetime_years,
        "lifetime_assumed": candidate.lifetime_assumed,
        "yearly_cost_eur": candidate.yearly_cost_eur,
        "eur_per_t": candidate.eur_per_t,
        "assumed": action.assumed,
    }


def mix_document(found: NextActions, mix: Mix) -> Document:
    """A choice of actions, in the target year."""
    return {
        "chosen": [
            {
                "action": name,
                "net_t": mix.net_t[name],
                "too_small": mix.net_t[name] < found.small_t,
            }
            for name in mix.chosen
        ],
        "cost_eur": mix.cost_eur,
        "yearly_cost_eur": mix.yearly_cost_eur,
        "short_t": mix.short_t,
        "reached": mix.short_t == 0,
        "proved_best": mix.proved,
    }
