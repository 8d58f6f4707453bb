"""The actions of a scenario: those planned, and those chosen besides, as far as they go together.

Planned are actions that are ongoing or not started; with them stand the completed ones, of which a
scenario counts what they bring beyond the last inventory. Chosen are others, postponed or
cancelled as a rule, as if they were planned too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from paes.errors import DataError
from paes.installation import City, some
from paes.metering import Finding
from paes.plan.action import Action, Status
from paes.plan.declared_effect import PLANNED


@dataclass(frozen=True)
class Mix:
    """Planned actions, chosen ones, and what was noticed when they were chosen."""

    planned: tuple[Action, ...]
    chosen: tuple[Action, ...]
    noticed: tuple[Finding, ...]

    @property
    def together(self) -> list[Action]:
        """Planned and chosen, without planned ones that cannot be done beside those chosen."""
        out = {other for action in self.chosen for other in (*action.excludes, action.id)}
        return [*(a for a in self.planned if a.id not in out), *self.chosen]

    def findings(self, to_year: int) -> Iterator[Finding]:
        """What of the actions does not count, or not all of the year, and what does not fit."""
        yield from self.noticed
        for action in self.together:
            if action.status is not Status.COMPLETED:
                yield from _ends(action, to_year)
        there, planned = {a.id for a in self.together}, {a.id for a in self.planned}
        for action in self.chosen:
            for needed in sorted(set(action.requires) - there):
                text = f"{action.id} cannot be done without {needed}, which is not among them"
                yield Finding("scenario.requires", action.id, text)
            for other in sorted(set(action.excludes) & planned):
                text = f"{other} is left out: it cannot be done beside {action.id}"
                yield Finding("scenario.excludes", action.id, text)


def mix_of(city: City, chosen: Sequence[str], to_year: int) -> Mix:
    """The planned actions of ``city`` with those ``chosen`` by id; DataError if one is unknown.

    A chosen action without an end is taken to be complete when ``to_year`` begins.
    """
    planned = tuple(a for a in city.actions if a.status in (*PLANNED, Status.COMPLETED))
    known = {a.id: a for a in city.actions}
    found, noticed = [], []
    for name in dict.fromkeys(chosen):
        if name not in known:
            raise DataError(f"{city.id}: no action {name!r}; there is {some(known, near=name)}")
        action = known[name]
        if action in planned and action.end is not None:
            text = f"{name} is {action.status}: it counts with the planned ones anyway"
            noticed.append(Finding("scenario.planned_anyway", name, text))
            continue
        if action.end is None:
            text = f"{name} has no end: it is taken to be complete by the end of {to_year - 1}"
            noticed.append(Finding("scenario.end_assumed", name, text))
        end = action.end or date(to_year - 1, 12, 31)
        as_planned = {"status": Status.NOT_STARTED, "start": None, "end": end}
        found.append(action.model_copy(update=as_planned))
    return Mix(planned, tuple(found), tuple(noticed))


def _ends(action: Action, to_year: int) -> Iterator[Finding]:
    if action.end is None:
        text = f"{action.id}: {action.status}, without an end: it is not counted"
        yield Finding("scenario.no_end", action.id, text)
    elif action.end.year >= to_year:
        text = f"{action.id} ends on {action.end}: {to_year} has at most a part of its effect"
        yield Finding("scenario.late", action.id, text)
