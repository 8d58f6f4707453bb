"""Figures of one site: what it withdraws, makes, feeds in and uses over a stretch of time.

::

    …/site/S/used/2025/kwh                  of all carriers, with own electricity used on the spot
      …/site/S/electricity/2025/kwh         withdrawal of a carrier: the sum of the site's meters
        …/meter/M/2025/kwh                  as often as it counts (shared, or given to another site)
      …/site/S/generation/2025/kwh          what its plants made
      …/site/S/feed_in/2025/kwh             what went into the grid

Water is ``…/site/S/water/2025/m3``. Sums are those of ``SiteEnergy``: gaps keep their bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import Seen, SiteEnergy
from paes.errors import DataError
from paes.installation import City, some
from paes.lineage import formulas as f
from paes.lineage.figure import Figure, Input
from paes.lineage.figure_id import FigureId, Kind
from paes.lineage.meter_figures import MeterFigures
from paes.lineage.spans import parse_span, span_text
from paes.metering import Carrier, Measures, Site
from paes.periods import Span

USED, USED_ELECTRICITY = "used", "used_electricity"
OWN_STREAMS = {
    "generation": Measures.GENERATION,
    "feed_in": Measures.FEED_IN,
    "water": Measures.WATER,
}


@dataclass(frozen=True)
class SiteFigures:
    """Figures of the sites of one city."""

    city: City
    ledger: EnergyLedger
    meters: MeterFigures

    @cached_property
    def _energy(self) -> SiteEnergy:
        return SiteEnergy(self.ledger)

    def figure(self, asked: FigureId) -> Figure:
        """The figure that is named; DataError if there is none."""
        name, stream, text = asked.parts
        if name not in self.city.sites:
            raise DataError(f"{asked}: no site {name!r}; there is {some(self.city.sites)}")
        site, span = self.city.sites[name], parse_span(text, self.city.time_zone)
        if stream in (USED, USED_ELECTRICITY):
            return self._used(site, stream, span)
        known = [*Carrier, *OWN_STREAMS]
        if stream not in known:
            expected = ", ".join((USED, USED_ELECTRICITY, *known))
            raise DataError(f"{asked}: {stream!r} is none of {expected}")
        seen = self._seen(site, stream, span)
        if seen is None:
            raise DataError(f"{asked}: the site has no such meter in use then")
        return self._stream(site, stream, span, seen)

    def id(self, site: Site, stream: str, span: Span) -> str:
        """The id of a stream over a stretch."""
        parts = site.id, stream, span_text(span, self.city.time_zone)
        return str(FigureId(self.city.id, Kind.SITE, parts, _unit(stream).lower()))

    def _seen(self, site: Site, stream: str, span: Span) -> Seen | None:
        measures = OWN_STREAMS.get(stream, Measures.WITHDRAWAL)
        carrier = None if stream in OWN_STREAMS else Carrier(stream)
        terms = self._energy.terms([site.id], carrier, measures)
        return self._energy.seen([terms], span)[0]

    def _stream(self, site: Site, stream: str, span: Span, seen: Seen) -> Figure:
        unit, total = _unit(stream), seen.total
        return Figure(
            self.id(site, stream, span),
            f"{site.name}: {stream.replace('_', ' ')}",
            total.kwh,
            unit,
            f.METERED,
            tuple(
                Input(
                    "billed" if term.is_billed else "live",
                    self.meters.energy_id(term.term.meter, term.span),
                    term.total.kwh,
                    unit,
                    term.term.weight,
                    f"0/{term.group}",
                    term.total,
                )
                for term in seen.terms
            ),
            amounts=total,
            bounds=(total.low_kwh, total.high_kwh),
        )

    def _used(self, site: Site, stream: str, span: Span) -> Figure:
        """Withdrawal by carrier, and what own plants made less what of it went into the grid."""
        found = list(self._used_parts(site, stream, span))
        inputs = tuple(one for one, _ in found)
        if not inputs:
            raise DataError(f"{self.id(site, stream, span)}: no meter of energy was in use then")
        low = math.fsum(t.low_kwh if i.weight > 0 else -t.high_kwh for i, t in found)
        high = math.fsum(t.high_kwh if i.weight > 0 else -t.low_kwh for i, t in found)
        return Figure(
            self.id(site, stream, span),
            f"{site.name}: energy used",
            math.fsum(one.value * one.weight for one in inputs),
            "kWh",
            f.SITE_USE,
            inputs,
            bounds=(max(0.0, low), high),
        )

    def _used_parts(
        self, site: Site, stream: str, span: Span
    ) -> Iterator[tuple[Input, EnergyTotal]]:
        bought = [Carrier.ELECTRICITY] if stream == USED_ELECTRICITY else list(Carrier)
        wanted = [(c.value, 1.0) for c in bought] + [("generation", 1.0), ("feed_in", -1.0)]
        for name, weight in wanted:
            seen = self._seen(site, name, span)
            if seen and seen.total.span_s:
                role = name if name in OWN_STREAMS else "withdrawal"
                where, value = self.id(site, name, span), seen.total.kwh
                yield Input(role, where, value, "kWh", weight), seen.total


def site_id(city: str, site: str, stream: str, stretch: str, quantity: str = "kwh") -> str:
    """The id of a site's figure; ``stretch`` as in ``paes.lineage.spans``."""
    return str(FigureId(city, Kind.SITE, (site, stream, stretch), quantity))


def _unit(stream: str) -> str:
    return "m3" if stream == "water" else "kWh"
