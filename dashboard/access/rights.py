"""Roles, and what each of them may.

::

                     look   field work   decide   make reports   accounts, audit log
    viewer            x
    technician        x         x
    energy manager    x         x           x          x
    administrator     x         x           x          x                 x
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Right(StrEnum):
    """What can be allowed; ``PUBLIC`` is everybody's, without a login."""

    PUBLIC = "public"
    LOOK = "look"
    FIELD = "field"  # take a malfunction, note, say that it was repaired
    DECIDE = "decide"  # assign, dismiss, close
    REPORT = "report"
    ADMINISTER = "administer"


class Role(StrEnum):
    """What a person is in this observatory."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    ENERGY_MANAGER = "energy_manager"
    ADMINISTRATOR = "administrator"


_EACH = (
    (Role.VIEWER, (Right.LOOK,)),
    (Role.TECHNICIAN, (Right.FIELD,)),
    (Role.ENERGY_MANAGER, (Right.DECIDE, Right.REPORT)),
    (Role.ADMINISTRATOR, (Right.ADMINISTER,)),
)
"""Each role has the rights of those before it, and its own."""


def rights_of(role: Role) -> frozenset[Right]:
    """All that ``role`` may."""
    found = {Right.PUBLIC}
    for each, rights in _EACH:
        found |= set(rights)
        if each is role:
            break
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class User:
    """Who asks; ``name`` is what the audit log and a malfunction's course are written with."""

    name: str
    role: Role | None
    """None: nobody has logged in."""
    full_name: str = ""

    def may(self, right: Right) -> bool:
        """Whether it is allowed."""
        if self.role is None:
            return right is Right.PUBLIC
        return right in rights_of(self.role)


NOBODY = User("", None)
"""A reader who has not logged in."""
LOCAL = User("local", Role.ADMINISTRATOR)
"""Whoever sits at this machine, where no login is asked for."""
