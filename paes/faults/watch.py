"""Every rule over every meter: what was found in a span."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from paes.accounting.ledger import EnergyLedger
from paes.faults.episode import Episode
from paes.faults.rule import Rule
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
) -> list[Sighting]:
    """All episodes that touch ``span``, by rule, subject and time; of all ``meters`` if None."""
    installation, wanted = ledger.installation, list(rules)
    of = list(installation.meters.values() if meters is None else meters)
    town = TownView(ledger, span, of)
    found: dict[str, dict[str, list[Episode]]] = {rule.id: {} for rule in wanted}
    for done, meter in enumerate(of, 1):
        view, site = town.meter(meter), installation.site(meter.site)
        for rule in wanted:
            if rule.concerns(meter, site):
                parameters = installation.faults.parameters_of(rule, installation.root)
                found[rule.id][meter.id] = rule.look(view, parameters)
        if follow:
            follow(done, len(of))
    return [sighting for rule in wanted for sighting in _sightings(ledger, rule, found[rule.id])]


def _sightings(
    ledger: EnergyLedger, rule: Rule[Any], found: dict[str, list[Episode]]
) -> Iterator[Sighting]:
    grouped = rule.group(found) if rule.group else found
    installation = ledger.installation
    own = installation.faults.parameters_of(rule, installation.root)
    parameters = own.model_dump(mode="json")
    for subject in sorted(grouped):
        for episode in grouped[subject]:
            yield Sighting(rule, subject, parameters, episode)
