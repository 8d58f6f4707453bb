"""To which site a meter's energy belongs: submeters, shared meters and virtual ones as terms.

::

    town ── scuola.main ── scuola.palestra            part of it, at the same site: adds nothing
               │ 0.6 scuola, 0.4 asilo (shares)
               ├─ colonnine.main                      at another site: taken from scuola's, given
               └─ (virtual) alloggio = 0.3 * caldaia  to its own; so is a virtual one that counts

A site's energy is a sum of ``Term``: a meter, how often it counts, and in which stretch of time.
Whatever moves between sites is added at one and taken off at the other, so that the terms of a
whole town are its meters themselves, each once: no total of a town is ever changed here.

Pure; read next ``paes.accounting.site_energy``, which adds the terms up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise

from paes.installation import City
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Carrier, Measures
from paes.meters import Meter
from paes.periods import ALWAYS, Span, local_midnight

SMALLEST_WEIGHT = 1e-9
"""What rounding leaves of keys that cancel each other."""


@dataclass(frozen=True, slots=True)
class Term:
    """A meter's energy, ``weight`` times, within ``span`` (whole local days)."""

    meter: Meter
    weight: float
    span: Span = ALWAYS

    def part(self, weight: float, span: Span) -> Term | None:
        """The term times ``weight`` within ``span`` too; None if nothing is left."""
        both = self.span.clip(span.start, span.end)
        return Term(self.meter, self.weight * weight, both) if both else None


@dataclass(frozen=True, slots=True)
class _Flow:
    """A term that counts at ``site``, as energy of a kind."""

    site: str
    measures: Measures
    term: Term


class MeterTree:
    """The meters of one city, with what is part of what; its configuration was checked."""

    def __init__(self, city: City) -> None:
        self.city = city

    def root(self, meter: Meter) -> Meter:
        """The meter that is part of no other and contains ``meter``, or is it."""
        while meter.parent:
            meter = self.city.meters[meter.parent]
        return meter

    def lineage(self, meter: Meter) -> list[Meter]:
        """``meter`` and all that it is part of, upward."""
        found = [meter]
        while found[-1].parent:
            found.append(self.city.meters[found[-1].parent])
        return found

    def is_apart(self, meter: Meter) -> bool:
        """True for a submeter whose energy belongs to another site than that of its parent."""
        return meter.parent is not None and self.city.meters[meter.parent].site != meter.site

    def owners(self, meter: Meter) -> list[tuple[str, float, Span]]:
        """The sites to which the energy at ``meter`` belongs: the part of each, and when.

        Where a meter is split, so is everything that is part of it and stands at its site.
        """
        holder = next(m for m in self.lineage(meter) if m.parent is None or self.is_apart(m))
        if holder.parent or not holder.shares:
            return [(holder.site, 1.0, ALWAYS)]
        days = [self._midnight(share.since) for share in holder.shares]
        found = [(holder.site, 1.0, Span(ALWAYS.start, days[0]))]
        ends = pairwise([*days, ALWAYS.end])
        for share, (start, end) in zip(holder.shares, ends, strict=True):
            found += [(site, part, Span(start, end)) for site, part in share.sites.items()]
        return found

    def terms(
        self, sites: Collection[str], carrier: Carrier | None, measures: Measures
    ) -> list[Term]:
        """What ``sites`` used together, of a carrier or of all; each meter's stretches apart.

        What moves between two of them is not in it, for it was and stays theirs.
        """
        found = [
            term
            for site in sites
            for term in self._by_site.get((site, measures), ())
            if carrier in (None, term.meter.carrier)
        ]
        return net(found)

    def givers(self) -> list[tuple[str, Measures]]:
        """Sites from which energy of a kind is taken that their meters see."""
        return [key for key, of in self._by_site.items() if any(t.weight < 0 for t in of)]

    def formula(self, meter: VirtualMeter) -> list[Term]:
        """What a virtual meter is made of, in the time in which all of that was in use."""
        weights = expanded(meter, self.city.virtual_meters)
        life = self._life_of(meter, weights)
        return [Term(self.city.meters[m], weight, life) for m, weight in weights.items() if life]

    def is_difference(self, terms: Collection[Term]) -> bool:
        """True if no part of the town is taken off more often than it is added."""
        weights = {term.meter.id: term.weight for term in terms}
        return all(
            sum(weights.get(m.id, 0.0) for m in self.lineage(term.meter)) > -SMALLEST_WEIGHT
            for term in terms
        )

    @cached_property
    def _by_site(self) -> dict[tuple[str, Measures], list[Term]]:
        found: dict[tuple[str, Measures], list[Term]] = {}
        for flow in self._flows:
            found.setdefault((flow.site, flow.measures), []).append(flow.term)
        return found

    @cached_property
    def _flows(self) -> list[_Flow]:
        found: list[_Flow] = []
        for meter in self.city.meters.values():
            if meter.parent is None:
                found += [
                    _Flow(site, meter.measures, Term(meter, part, span))
                    for site, part, span in self.owners(meter)
                ]
            elif self.is_apart(meter):
                parent = self.city.meters[meter.parent]
                found += self._moved(
                    meter.site, self.root(meter).measures, Term(meter, 1.0), parent
                )
        for virtual in self.city.virtual_meters.values():
            terms = self.formula(virtual) if virtual.counts else []
            for term in terms:
                if self.is_fed_in(virtual, term.meter):
                    found.append(_Flow(virtual.site, virtual.measures, term))
                    continue
                held_by = self._outermost(term.meter, {t.meter.id for t in terms})
                found += self._moved(virtual.site, virtual.measures, term, held_by)
        return found

    def is_fed_in(self, virtual: VirtualMeter, meter: Meter) -> bool:
        """True if what is fed in is computed of what is generated: nothing moves by that."""
        of_plant = self.root(meter).measures is Measures.GENERATION
        return of_plant and virtual.measures is Measures.FEED_IN

    def _outermost(self, meter: Meter, of: Collection[str]) -> Meter:
        """Of the meters ``of`` a formula the one that contains ``meter``: whose it is, so is that.

        What is taken off a whole goes back to where the whole comes from.
        """
        return [m for m in self.lineage(meter) if m.id in of][-1]

    def _moved(self, to: str, measures: Measures, term: Term, held_by: Meter) -> Iterator[_Flow]:
        """``term`` at ``to`` instead of the sites that the energy at ``held_by`` belongs to."""
        yield _Flow(to, measures, term)
        for site, part, span in self.owners(held_by):
            taken = term.part(-part, span)
            if taken:
                yield _Flow(site, measures, taken)

    def _life_of(self, virtual: VirtualMeter, weights: Mapping[str, float]) -> Span | None:
        real = [self.city.meters[m] for m in weights]
        inner = [
            self.city.virtual_meters[v] for v in inner_meters(virtual, self.city.virtual_meters)
        ]
        all_of: list[Meter | VirtualMeter] = [virtual, *real, *inner]
        born = [self._midnight(m.valid_from) for m in all_of if m.valid_from]
        dead = [self._midnight(m.valid_to) for m in all_of if m.valid_to]
        start, end = max([ALWAYS.start, *born]), min([ALWAYS.end, *dead])
        return Span(start, end) if start < end else None

    def _midnight(self, day: date) -> datetime:
        return local_midnight(day, self.city.time_zone)


def expanded(meter: VirtualMeter, virtual: Mapping[str, VirtualMeter]) -> dict[str, float]:
    """The weight of each real meter in the formula, with those of virtual ones put in."""
    weights: dict[str, float] = {}
    for name, weight in meter.weights.items():
        inner = expanded(virtual[name], virtual) if name in virtual else {name: 1.0}
        for real, part in inner.items():
            weights[real] = weights.get(real, 0.0) + weight * part
    return {real: weight for real, weight in weights.items() if abs(weight) > SMALLEST_WEIGHT}


def inner_meters(meter: VirtualMeter, virtual: Mapping[str, VirtualMeter]) -> list[str]:
    """The virtual meters in the formula, and those in theirs."""
    found = [name for name in meter.weights if name in virtual]
    return found + [name for one in found for name in inner_meters(virtual[one], virtual)]


def net(terms: Collection[Term]) -> list[Term]:
    """The same energy with each meter's stretches once: what cancels is left out."""
    by_meter: dict[str, list[Term]] = {}
    for term in terms:
        by_meter.setdefault(term.meter.id, []).append(term)
    return [one for of in by_meter.values() for one in _net_of_one(of)]


def _net_of_one(terms: list[Term]) -> list[Term]:
    if len(terms) == 1:
        return terms
    cuts = sorted({t.span.start for t in terms} | {t.span.end for t in terms})
    found: list[Term] = []
    for start, end in pairwise(cuts):
        inside = [t.weight for t in terms if t.span.start <= start and end <= t.span.end]
        weight = round(sum(inside), 9)
        last = found[-1] if found else None
        if last and last.span.end == start and last.weight == weight:
            found[-1] = Term(last.meter, weight, Span(last.span.start, end))
        elif abs(weight) > SMALLEST_WEIGHT:
            found.append(Term(terms[0].meter, weight, Span(start, end)))
    return found
