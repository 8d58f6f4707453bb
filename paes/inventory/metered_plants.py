"""What meters saw of local plants in a year, as ``paes.supply`` takes it: by plant and by kind.

A meter of generation belongs to the plant that names it or its site, else to the plants of its
kind that nobody declared. A site's register of what is fed in cannot tell its plants apart: each
takes its part by what it made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.installation import City
from paes.meter_trees.tree import Term
from paes.metering import Carrier, Measures, Plant
from paes.meters import Meter
from paes.periods import By, Span, year_span
from paes.supply.local_supply import Amount
from paes.supply.metered import Metered
from paes.supply.plants import DeclaredPlant
from paes.units import KWH_PER_MWH

WHOLE_TIME = 0.98
"""A register of feed-in that was in use for less of the plant's time leaves the rest open."""

Owner = str | Plant
"""The id of a declared plant, or the kind of those that nobody declared."""


@dataclass(frozen=True)
class MeteredPlants:
    """Amounts by declared plant, and by kind what no plant claims."""

    declared: Mapping[str, Metered] = field(default_factory=dict)
    unclaimed: Mapping[Plant, Metered] = field(default_factory=dict)


def metered_plants(city: City, year: int, ledger: EnergyLedger) -> MeteredPlants:
    """What the meters of generation in ``city`` saw in the local ``year``, and what was fed in."""
    energy, span = SiteEnergy(ledger), year_span(year, city.time_zone)
    made = _generated(city, energy, Carrier.ELECTRICITY, span)
    heat = _generated(city, energy, Carrier.HEAT_COLD, span)
    if not made and not heat:
        return MeteredPlants()
    fed_in = energy.tables(
        {
            site: energy.terms([site], Carrier.ELECTRICITY, Measures.FEED_IN)
            for site in dict.fromkeys(site for site, _ in made)
        },
        span,
        By.YEAR,
    )
    metered = {site: _amount_of(table.total()) for site, (table, _) in fed_in.items()}
    made_at: dict[str, EnergyTotal] = {}
    for (site, _), (total, _) in made.items():
        made_at[site] = made_at.get(site, EnergyTotal()) + total
    found: dict[Owner, list[Metered]] = {}
    for (site, owner), (total, meters) in made.items():
        part = total.kwh / made_at[site].kwh if made_at[site].kwh else 1.0
        given = metered.get(site)
        one = _electricity(total, meters, given and given.times(part))
        one = replace(one, year_fraction=min(1.0, total.span_s / len(meters) / span.seconds))
        if given and fed_in[site][0].total().span_s < WHOLE_TIME * total.span_s / len(meters):
            one = replace(one, delivered=replace(one.delivered, high_mwh=one.electricity.high_mwh))
        found.setdefault(owner, []).append(one)
    for (_, owner), (total, meters) in heat.items():
        found.setdefault(owner, []).append(Metered(len(meters), heat=_amount_of(total)))
    return MeteredPlants(
        {o: reduce(add, of) for o, of in found.items() if not isinstance(o, Plant)},
        {o: reduce(add, of) for o, of in found.items() if isinstance(o, Plant)},
    )


def _electricity(total: EnergyTotal, meters: set[str], given: Amount | None) -> Metered:
    made = _amount_of(total)
    if given is None:
        return Metered(len(meters), electricity=made, without_feed_in=made)
    return Metered(len(meters), electricity=made, delivered=_within(given, made))


def _generated(
    city: City, energy: SiteEnergy, carrier: Carrier, span: Span
) -> dict[tuple[str, Owner], tuple[EnergyTotal, set[str]]]:
    """What was made, and by which meters, by the site it belongs to and whose plant it is."""
    terms: dict[tuple[str, Owner], list[Term]] = {}
    for site in city.sites:
        for term in energy.terms([site], carrier, Measures.GENERATION):
            if energy.ledger.life(term.meter, span):
                owner = _owner(term.meter, city.supply.plants, carrier)
                terms.setdefault((site, owner), []).append(term)
    names = {f"{site}/{owner}": (site, owner) for site, owner in terms}
    tables = energy.tables({name: terms[key] for name, key in names.items()}, span, By.YEAR)
    return {
        names[name]: (table.total(), {term.meter.id for term in terms[names[name]]})
        for name, (table, _) in tables.items()
    }


def _owner(meter: Meter, plants: Iterable[DeclaredPlant], carrier: Carrier) -> Owner:
    kind = meter.plant or Plant.PHOTOVOLTAIC
    for plant in plants:
        if meter.id in plant.meters:
            return plant.id
    for plant in plants:
        alike = carrier is Carrier.HEAT_COLD or plant.kind.value == kind.value
        if alike and meter.site in plant.sites:
            return plant.id
    return kind


def _within(given: Amount, made: Amount) -> Amount:
    """What was fed in, and never more than was made: two meters, each within its class."""
    return Amount(
        min(given.mwh, made.mwh),
        min(given.low_mwh, made.high_mwh),
        min(given.high_mwh, made.high_mwh),
    )


def _amount_of(total: EnergyTotal) -> Amount:
    return Amount(
        total.kwh / KWH_PER_MWH, total.low_kwh / KWH_PER_MWH, total.high_kwh / KWH_PER_MWH
    )
