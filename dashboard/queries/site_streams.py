"""What of a site can be shown by itself: each kind of energy that its meters see, or one meter.

A ``Stream`` of a site is the sum of its meters of a kind and carrier, with what it gives to other
sites taken off (``paes.accounting.site_energy``); that of a meter is the meter alone, virtual ones
included. Streams have short names that stand in addresses: ``electricity``, ``natural_gas``,
``water``, ``generation``, ``feed_in``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.queries.recipe import Sources
from paes.accounting.energy_table import EnergyTable, suffix_of
from paes.accounting.site_energy import SiteEnergy
from paes.installation import City
from paes.meter_trees.tree import MeterTree
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Carrier, Measures, Site, SiteKind
from paes.meters import Meter
from paes.periods import By, Span

_KINDS = (Measures.WITHDRAWAL, Measures.GENERATION, Measures.FEED_IN, Measures.WATER)
_COLUMNS = (
    "measured", "catch_up", "estimated", "estimated_low", "estimated_high", "missing_low",
    "missing_high",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stream:
    """Energy (or water) of ``site``; of one ``meter`` where that is named."""

    site: str
    measures: Measures
    carrier: Carrier | None
    meter: str | None = None

    @property
    def name(self) -> str:
        """As it stands in an address."""
        if self.measures in (Measures.WITHDRAWAL, Measures.SUBMETER) and self.carrier:
            return self.carrier.value
        usual = self.carrier in (None, Carrier.ELECTRICITY)
        kind = self.measures.value
        return kind if usual or not self.carrier else f"{kind}-{self.carrier.value}"

    @property
    def unit(self) -> str:
        """In which its amounts are told."""
        return "m³" if self.measures is Measures.WATER else "kWh"

    @property
    def words(self) -> tuple[str, str, str]:
        """How a recipe is asked for it."""
        return self.site, self.name, self.meter or ""


def streams_of(city: City, site: Site) -> list[Stream]:
    """What the site can show, what is bought first; empty if no meter sees anything of it."""
    tree = MeterTree(city)
    found = [
        Stream(site.id, measures, carrier)
        for measures in _KINDS
        for carrier in _ordered(t.meter.carrier for t in tree.terms([site.id], None, measures))
    ]
    if site.kind is SiteKind.PV_PLANT:  # what it is there for comes first
        found.sort(key=lambda stream: stream.measures is not Measures.GENERATION)
    return found


def stream_of(meter: Meter | VirtualMeter) -> Stream:
    """One meter by itself."""
    return Stream(meter.site, meter.measures, meter.carrier, meter.id)


def meters_of(city: City, site: str) -> dict[str, Meter | VirtualMeter]:
    """The meters that stand at a site, and its virtual ones, by id."""
    both: dict[str, Meter | VirtualMeter] = {**city.meters, **city.virtual_meters}
    return {name: meter for name, meter in both.items() if meter.site == site}


def find_stream(city: City, site: str, name: str, meter: str) -> Stream | None:
    """The stream that a recipe's words mean; None if there is none."""
    if meter:
        found = meters_of(city, site).get(meter)
        return stream_of(found) if found else None
    return next((s for s in streams_of(city, city.sites[site]) if s.name == name), None)


def sole_meter(city: City, stream: Stream) -> str | None:
    """The one real meter that the stream is, whose passport is its own; None if it is a sum."""
    if stream.meter:
        return stream.meter if stream.meter in city.meters else None
    terms = MeterTree(city).terms([stream.site], stream.carrier, stream.measures)
    of = [t for t in terms if t.meter.carrier is stream.carrier]
    return of[0].meter.id if len(of) == 1 and of[0].weight == 1.0 else None


def energy_of(
    sources: Sources, stream: Stream, span: Span, by: By
) -> tuple[EnergyTable, pd.DatetimeIndex]:
    """The stream by periods around ``span``: kWh (m3 of water), and their local starts."""
    frame = _frame(sources, stream, span, by)
    suffix = suffix_of(stream.measures)
    columns = [f"{name}{suffix}" for name in _COLUMNS] + ["covered_s", "span_s"]
    arrays = [np.asarray(frame[name], dtype=np.float64) for name in columns]
    return EnergyTable(*arrays), pd.DatetimeIndex(frame.index)


def _frame(sources: Sources, stream: Stream, span: Span, by: By) -> pd.DataFrame:
    energy = SiteEnergy(sources.ledger)
    if stream.meter is None:
        return energy.sites([stream.site], stream.carrier, stream.measures, span, by)
    virtual = sources.installation.virtual_meters.get(stream.meter)
    if virtual:
        return energy.virtual(virtual, span, by)
    return sources.ledger.energy(sources.installation.meter(stream.meter), span, by)


def _ordered(carriers: Iterable[Carrier | None]) -> list[Carrier | None]:
    order = [*Carrier, None]
    return sorted(set(carriers), key=order.index)
