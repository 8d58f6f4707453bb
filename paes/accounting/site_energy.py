"""What the meters of sites make together: energy of a carrier by period, site and sector.

Read ``paes.accounting.ledger`` for a single meter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import add

import numpy as np
import pandas as pd

from paes.accounting.energy_table import AMOUNTS, EnergyTable, suffix_of
from paes.accounting.ledger import EnergyLedger
from paes.metering import Carrier, Measures, Meter
from paes.periods import ALWAYS, By, Span

Dated = tuple[EnergyTable, pd.DatetimeIndex]
"""A table, and the local starts of its periods."""


class SiteEnergy:
    """Energy by site, carrier and kind of measurement, from the meters of a ledger."""

    def __init__(self, ledger: EnergyLedger) -> None:
        self.ledger = ledger
        self.installation = ledger.installation

    def meters(
        self,
        sites: Iterable[str] | None = None,
        carrier: Carrier | None = None,
        measures: Measures = Measures.WITHDRAWAL,
    ) -> Iterator[Meter]:
        """The meters of ``sites`` (all if None) that measure this."""
        wanted = None if sites is None else set(sites)
        for meter in self.installation.meters.values():
            if meter.measures is not measures:
                continue
            if (wanted is None or meter.site in wanted) and carrier in (None, meter.carrier):
                yield meter

    def sites(
        self,
        sites: Iterable[str],
        carrier: Carrier | None,
        measures: Measures,
        span: Span,
        by: By,
    ) -> pd.DataFrame:
        """Energy of ``sites`` by period: the sum of their meters of that kind.

        Columns as in ``EnergyLedger.meter`` with ``_kwh`` (``_m3`` for water); empty if there is
        no such meter.
        """
        meters = list(self.meters(sites, carrier, measures))
        if meters:
            return _frame(self._tables(meters, span, by), measures)
        suffix = suffix_of(measures)
        columns = [f"{name}{suffix}" for name in AMOUNTS] + ["covered_s", "span_s"]
        return pd.DataFrame(columns=columns, dtype=np.float64)

    def by_site(
        self, sites: Iterable[str], measures: Measures, span: Span, by: By
    ) -> dict[tuple[str, Carrier | None], pd.DataFrame]:
        """``sites`` apart, by site and carrier; what has no meter is left out."""
        groups: dict[tuple[str, Carrier | None], list[Dated]] = {}
        meters = list(self.meters(sites, None, measures))
        for meter, dated in zip(meters, self._tables(meters, span, by), strict=True):
            groups.setdefault((meter.site, meter.carrier), []).append(dated)
        ordered = sorted(groups.items(), key=lambda item: str(item[0]))
        return {key: _frame(tables, measures) for key, tables in ordered}

    def _tables(self, meters: Sequence[Meter], span: Span, by: By) -> list[Dated]:
        return self.ledger.tables([(meter, ALWAYS) for meter in meters], span, by)


def _frame(tables: Sequence[Dated], measures: Measures) -> pd.DataFrame:
    """Tables added up, time zone by time zone."""
    by_zone: dict[str, list[EnergyTable]] = {}
    starts_of = {}
    for table, starts in tables:
        by_zone.setdefault(str(starts.tz), []).append(table)
        starts_of[str(starts.tz)] = starts
    suffix = suffix_of(measures)
    frames = [reduce(add, of).frame(starts_of[tz], suffix) for tz, of in by_zone.items()]
    return reduce(lambda a, b: a.add(b, fill_value=0.0), frames)
