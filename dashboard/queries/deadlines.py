"""Actions that should end soon, or should have ended: what is due next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from paes.installation import City
from paes.plan.action import Action, Status

OPEN = (Status.NOT_STARTED, Status.ONGOING)


@dataclass(frozen=True, slots=True)
class Deadline:
    """An action that is not complete, and the day it should end."""

    action: Action
    due: date
    is_late: bool


def deadlines(city: City, today: date) -> tuple[Deadline, ...]:
    """Of all actions that are under way or not begun, the earliest first."""
    found = [
        Deadline(action, action.end, action.end < today)
        for action in city.actions
        if action.status in OPEN and action.end
    ]
    return tuple(sorted(found, key=lambda one: (one.due, one.action.id)))
