"""Energy by time band: what of each period passed in F1, F2 and F3, without any price.

Bands of a period add up to what the ledger says of it. An amount whose course is not known (a
gap, a bill) is shared among bands as an estimate, and its bounds say how far it may be off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import pandas as pd

from paes.accounting.energy_table import local_starts
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.costs.bill import unit_of
from paes.costs.cost_table import Amounts
from paes.costs.runs import band_kinds, counted, runs_of
from paes.costs.split import split
from paes.errors import DataError
from paes.metering import Carrier, Measures
from paes.meters import Meter
from paes.periods import ALWAYS, By, Seconds, Span, edges
from paes.series import Floats
from paes.tariffs.bands import Bands


@dataclass(frozen=True)
class BandTable:
    """Amounts by period of each band (``amounts``) and of all (``total``)."""

    starts: pd.DatetimeIndex
    unit: str
    amounts: dict[str, Amounts]
    total: Amounts
    hours: dict[str, Floats]
    """How long each band was while the meter, or any of several, was in use."""
    covered_s: Floats
    span_s: Floats

    def __add__(self, other: BandTable) -> BandTable:
        return BandTable(
            self.starts,
            self.unit,
            {band: self.amounts[band] + other.amounts[band] for band in self.amounts},
            self.total + other.total,
            {band: np.maximum(self.hours[band], other.hours[band]) for band in self.hours},
            self.covered_s + other.covered_s,
            self.span_s + other.span_s,
        )

    def times(self, weight: float) -> BandTable:
        """A part of the amounts; of the time, all."""
        return BandTable(
            self.starts,
            self.unit,
            {band: of.times(weight) for band, of in self.amounts.items()},
            self.total.times(weight),
            self.hours,
            self.covered_s,
            self.span_s,
        )


class BandEnergy:
    """Energy by the time bands of one country, over one ledger."""

    def __init__(self, ledger: EnergyLedger, bands: Bands) -> None:
        self.ledger = ledger
        self.bands = bands

    def meter(self, meter: Meter, span: Span, by: By) -> BandTable:
        """What ``meter`` counted by band and period, in the unit of its register."""
        return self._each([(meter, ALWAYS)], span, by)[0]

    def sites(self, sites: Iterable[str], measures: Measures, span: Span, by: By) -> BandTable:
        """The electricity of ``sites`` together; DataError if nothing measures it."""
        terms = SiteEnergy(self.ledger).terms(sites, Carrier.ELECTRICITY, measures)
        if not terms:
            raise DataError(f"no meter measures electricity ({measures}) there; see: paes status")
        tables = self._each([(term.meter, term.span) for term in terms], span, by)
        return reduce(add, (t.times(term.weight) for t, term in zip(tables, terms, strict=True)))

    def _each(self, asked: Sequence[tuple[Meter, Span]], span: Span, by: By) -> list[BandTable]:
        found: dict[int, BandTable] = {}
        zones: dict[str, list[int]] = {}
        for place, (meter, _) in enumerate(asked):
            zones.setdefault(self.ledger.installation.time_zone(meter.id), []).append(place)
        for tz, places in zones.items():
            of = [asked[place] for place in places]
            tables = self._tables(of, edges(span, by, tz), tz)
            found |= dict(zip(places, tables, strict=True))
        return [found[place] for place in range(len(asked))]

    def _tables(
        self, asked: Sequence[tuple[Meter, Span]], period_edges_s: Seconds, tz: str
    ) -> list[BandTable]:
        kinds = band_kinds(self.bands, int(period_edges_s[0]), int(period_edges_s[-1]))
        runs, names = runs_of(kinds, period_edges_s), self.bands.names
        by_run = counted(self.ledger, asked, runs.edges_s, tz)
        by_period = counted(self.ledger, asked, period_edges_s, tz)
        starts = local_starts(period_edges_s, tz)
        made = []
        for (meter, _), table, whole in zip(asked, by_run, by_period, strict=True):
            shared = split(table, runs, whole, period_edges_s, len(names))
            columns = shared.measured, shared.estimated, shared.low, shared.high
            amounts = {
                name: Amounts(*(column[:, i] for column in columns)) for i, name in enumerate(names)
            }
            known: Floats = shared.measured.sum(axis=1)
            total = Amounts(
                known,
                shared.estimated.sum(axis=1),
                known + shared.sum_low,
                known + shared.sum_high,
            )
            made.append(
                BandTable(
                    starts,
                    unit_of(self.ledger, meter),
                    amounts,
                    total,
                    {name: shared.span_s[:, i] / 3600 for i, name in enumerate(names)},
                    np.asarray(whole.covered_s),
                    np.asarray(whole.span_s),
                )
            )
        return made
