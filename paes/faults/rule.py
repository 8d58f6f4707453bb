"""What a rule is: what it looks at, its parameters, and how it explains itself.

A rule's *file* (``config/fault_rules/<id>.yaml``) holds its name, what it says in two sentences,
what to do first, and its parameters; an installation may have its own. Its *version* stands in the
code: it is raised when the same readings and parameters would give other episodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import Field, field_validator

from paes.faults.episode import Episode
from paes.faults.view import View
from paes.metering import Site
from paes.meters import Meter
from paes.schema import ConfigModel, Text
from paes.shipped_files import read_own_or_shipped

P = TypeVar("P", bound="Parameters")
PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}|]+)\|([^{}|]+)(?:\|([^{}|]+))?)?\}")
"""A number of the episode in a text: ``{name}``, ``{name:one|several}``, or with a longer unit."""


class Parameters(ConfigModel):
    """What all rules have; each adds its own, whose names end with their unit."""

    rearm_days: int = Field(default=21, ge=0, le=3650)
    """After so many quiet days what comes again is a new case."""
    patience_days: int = Field(default=7, ge=0, le=3650)
    """After the word that it is repaired the sign may go on so long; then the case opens again.

    At least as long as the rule's own windows: a median of a fortnight sees a repair a week late.
    """


class RuleFile(ConfigModel, Generic[P]):
    """``config/fault_rules/<id>.yaml``."""

    name: Text
    says: Text
    """Two sentences for a caretaker; ``{number}`` stands for one of the episode's numbers.

    ``{nights:night|nights|months}`` counts it: see ``paes.faults.telling.sentences``.
    """
    what_to_do: Text
    without_price: Text | None = None
    """Why what is seen may cost nothing (yet)."""
    source: str
    """Where the parameters are from."""
    parameters: P

    @field_validator("says", "what_to_do")
    @classmethod
    def _numbers_can_be_told(cls, text: Text) -> Text:
        for told in (text.it, text.en):
            for wrong in re.findall(r"\{[^{}]*\}|[{}]", PLACEHOLDER.sub("", told)):
                raise ValueError(
                    f"{wrong}: expected {{number}}, {{number:one|several}} or "
                    "{number:one|several|longer unit}"
                )
        return text


@dataclass(frozen=True)
class Rule(Generic[P]):
    """One kind of malfunction.

    ``concerns`` says of which meters it can be told at all; ``look`` finds the episodes that touch
    the view's span, in order of time. ``wastes`` is False where the meter and not the building is
    at fault: such a case has no price.
    """

    id: str
    version: int
    parameters: type[P]
    concerns: Callable[[Meter, Site], bool]
    look: Callable[[View, P], list[Episode]]
    wastes: bool = True
    is_alarm: bool = True
    """False of what is told in lists and reports only, and sent to nobody."""
    group: Callable[[Mapping[str, list[Episode]]], Mapping[str, list[Episode]]] | None = None
    """Makes one of what several meters show together: episodes by subject, from and to."""

    def file(self, root: Path) -> RuleFile[Any]:
        """Its file of the installation at ``root``, else the shipped one; ConfigError if wrong."""
        model: type[RuleFile[Any]] = RuleFile[self.parameters]  # type: ignore[name-defined]
        return read_own_or_shipped(root, f"fault_rules/{self.id}.yaml", model)
