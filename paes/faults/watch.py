"""Every rule over every meter: what was found in a span."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from paes.accounting.ledger import EnergyLedger
from paes.faults.cases.failures import ALL, Failures
from paes.faults.episode import Episode
from paes.faults.rule import Parameters, Rule
from paes.faults.rule_table import RULES
from paes.faults.view import TownView
from paes.meters import Meter
from paes.periods import Span


@dataclass(frozen=True)
class Sighting:
    """An episode of a subject (meter, or what stands for several), and the rule that found it."""

    rule: Rule[Any]
    subject: str
    parameters: dict[str, Any]
    episode: Episode


def watch(
    ledger: EnergyLedger,
    span: Span,
    meters: Iterable[Meter] | None = None,
    rules: Iterable[Rule[Any]] = RULES,
    follow: Callable[[int, int], None] | None = None,
    failures: Failures | None = None,
) -> list[Sighting]:
    """All episodes that touch ``span``, by rule, subject and time; of all ``meters`` if None.

    ``failures``: what a rule raises is kept there, and the others go on; without, it is raised.
    """

    def kept(rule_id: str, subject: str) -> AbstractContextManager[None]:
        return failures.kept(rule_id, subject) if failures else nullcontext()

    installation = ledger.installation
    wanted: dict[str, tuple[Rule[Any], Parameters]] = {}
    for rule in rules:
        with kept(rule.id, ALL):
            parameters = installation.faults.parameters_of(rule, installation.root)
            wanted[rule.id] = rule, parameters
    of = list(installation.meters.values() if meters is None else meters)
    town = TownView(ledger, span, of)
    found: dict[str, dict[str, list[Episode]]] = {rule_id: {} for rule_id in wanted}
    for done, meter in enumerate(of, 1):
        site = installation.site(meter.site)
        for rule, parameters in wanted.values():
            with kept(rule.id, meter.id):
                if rule.concerns(meter, site):
                    view = town.meter(meter)
                    looked = rule.look(view, parameters)
                    found[rule.id][meter.id] = list(_as_far_as_seen(looked, view.now))
        if follow:
            follow(done, len(of))
    sightings: list[Sighting] = []
    for rule, parameters in wanted.values():
        with kept(rule.id, ALL):
            sightings += _sightings(rule, parameters, found[rule.id])
    return sightings


def _as_far_as_seen(episodes: Iterable[Episode], now: datetime) -> Iterator[Episode]:
    """Until now: rules tell of days, and the last of them may not be over yet."""
    for one in episodes:
        if one.start < now:
            yield replace(one, end=min(one.end, now), found=min(one.found, now))


def _sightings(
    rule: Rule[Any], own: Parameters, found: dict[str, list[Episode]]
) -> Iterator[Sighting]:
    grouped = rule.group(found) if rule.group else found
    parameters = own.model_dump(mode="json")
    for subject in sorted(grouped):
        for episode in grouped[subject]:
            yield Sighting(rule, subject, parameters, episode)
