"""``faults.yaml``: what an installation wants otherwise than the rules' files say.

Rules that are switched off, parameters of its own, and meters or sites from which it wants to hear
nothing until a day, with the reason. Without the file every rule looks everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, ValidationError, model_validator

from paes.errors import ConfigError
from paes.faults.episode import Episode
from paes.periods import zone
from paes.schema import ConfigModel

if TYPE_CHECKING:
    from paes.faults.rule import Parameters, Rule

FILE = "faults.yaml"


class RuleSettings(ConfigModel):
    """What holds for one rule."""

    enabled: bool = True
    reason: str | None = None
    """Why it is not, or why its parameters are others."""
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    """Those that are not as in the rule's file."""

    @model_validator(mode="after")
    def _is_explained(self) -> Self:
        if not self.enabled and not self.reason:
            raise ValueError("a rule that is not enabled needs a reason")
        return self


class Exemption(ConfigModel):
    """A site or a meter of which no new case is wanted; ``first`` and ``until`` are included.

    An episode that goes on after ``until`` is a case from then on, with all that it wasted.
    """

    site: str | None = None
    meter: str | None = None
    rules: tuple[str, ...] = ()
    """None: all of them."""
    first: date | None = None
    until: date
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        if (self.site is None) == (self.meter is None):
            raise ValueError("expected a site or a meter, and not both")
        if self.first and self.until < self.first:
            raise ValueError(f"until {self.until}, before it begins on {self.first}")
        return self

    def covers(self, rule: str, subject: str, site: str | None, episode: Episode, tz: str) -> bool:
        """True if ``episode`` lies within it."""
        of = self.meter == subject if self.meter else self.site == site
        if not of or (self.rules and rule not in self.rules):
            return False
        here = zone(tz)
        last_seen = episode.end - timedelta(microseconds=1)
        begins = self.first is None or self.first <= episode.start.astimezone(here).date()
        return begins and last_seen.astimezone(here).date() <= self.until


class FaultSettings(ConfigModel):
    """``faults.yaml``."""

    rules: Mapping[str, RuleSettings] = Field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()

    def is_on(self, rule: str) -> bool:
        """False of a rule that is switched off."""
        return rule not in self.rules or self.rules[rule].enabled

    def parameters_of(self, rule: Rule[Any], root: Path) -> Parameters:
        """The parameters of ``rule``: those of its file, with those of this one over them.

        ConfigError if together they are none, or the rule's file is wrong.
        """
        usual: Parameters = rule.file(root).parameters
        own = self.rules[rule.id].parameters if rule.id in self.rules else {}
        if not own:
            return usual
        try:
            made: Parameters = rule.parameters.model_validate(usual.model_dump() | dict(own))
        except ValidationError as err:
            raise ConfigError.at(
                root / FILE, None, f"rules.{rule.id}.parameters", err.errors()[0]["msg"]
            ) from err
        return made

    def exemption(
        self, rule: str, subject: str, site: str | None, episode: Episode, tz: str
    ) -> Exemption | None:
        """What says that nobody wants to hear of ``episode``; None if nothing does."""
        covering = (e for e in self.exemptions if e.covers(rule, subject, site, episode, tz))
        return next(covering, None)
