"""Cases that no run looks at any more: they would stay as they are, and nobody would wonder why."""

from __future__ import annotations

from paes.faults.cases.case import Case
from paes.faults.rule_table import rule
from paes.faults.signs.absent_together import COLLECTOR
from paes.installation import Installation


def why_unwatched(installation: Installation, case: Case) -> str | None:
    """Why nothing can change or close ``case`` but a person's word; None if a run looks at it."""
    if rule(case.rule) is None:
        return f"there is no rule {case.rule} any more"
    if not installation.faults.is_on(case.rule):
        reason = installation.faults.rules[case.rule].reason
        return f"faults.yaml switches the rule {case.rule} off ({reason})"
    known = (installation.meters, installation.gateways, (COLLECTOR,))
    if not any(case.subject in of for of in known):
        return f"there is no meter {case.subject} in the configuration any more"
    return None
