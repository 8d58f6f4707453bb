"""One meter as rules see it: validated load curves, its site's hours, the weather.

``TownView`` is shared by the views of an installation: what is known of a city (temperatures) is
asked once, and curves are asked for some meters at a time. A view keeps what it was asked for, so
that several rules share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from paes.accounting.energy_table import EnergyTable
from paes.accounting.ledger import EnergyLedger
from paes.climate.daily_temperature import DailyTemperatures, daily_temperatures
from paes.climate.heating_season import season_days
from paes.faults.load_curve import Bools, LoadCurve
from paes.installation import City
from paes.metering import Site
from paes.meters import Meter
from paes.opening import Opening
from paes.periods import ALWAYS, By, Span, edges, from_seconds, to_seconds, zone
from paes.series import Floats

HISTORY = timedelta(days=800)
"""So far back before the judged span a rule may look: two years and some weeks. A year is what a
rule compares with, and what began months ago is compared with the year before it began."""
WHOLE = 0.999
"""Coverage of a step that counts as measured whole: reads are some seconds late."""

LATEST = 8
"""Views that a town keeps: those of one site and a little more. Of so many meters, or of one site
that has more, curves are asked for at once: a store on the network answers for them together."""


class TownView:
    """What the views of one installation share.

    ``meters`` are those that will be looked at, in this order.
    """

    def __init__(self, ledger: EnergyLedger, span: Span, meters: Iterable[Meter] = ()) -> None:
        self.ledger = ledger
        self.span = span
        self._beside = {m.id: some for some in _together(meters) for m in some}
        self._curves: dict[By, dict[str, LoadCurve]] = {}
        """Of the meters that were asked for last, with those beside them."""
        self._degc: dict[str, DailyTemperatures] = {}
        self.kept: dict[str, Any] = {}
        """What rules work out once for a town, under keys of their own."""
        self._views: dict[str, View] = {}

    def meter(self, meter: Meter) -> View:
        """The view of ``meter``; the latest are kept, as rules look at meters beside, too."""
        if meter.id not in self._views:
            if len(self._views) >= LATEST:
                del self._views[next(iter(self._views))]
            self._views[meter.id] = View(self, meter)
        return self._views[meter.id]

    def curve(self, meter: Meter, by: By, history: timedelta) -> LoadCurve:
        """What was measured whole in each step from ``history`` before the span until now."""
        if meter.id not in self._curves.get(by, {}):
            some = self._beside.get(meter.id, (meter,))
            self._curves[by] = self._measured(some, by, history)
        return self._curves[by][meter.id]

    def _measured(
        self, meters: Sequence[Meter], by: By, history: timedelta
    ) -> dict[str, LoadCurve]:
        step_s = 900 if by is By.QUARTER_HOUR else 3600
        now = min(self.ledger.clock(), self.span.end)
        first_s = to_seconds(self.span.start - history) // step_s * step_s
        last_s = max(to_seconds(now) // step_s * step_s, first_s + step_s)
        span = Span(from_seconds(first_s), from_seconds(last_s))
        asked = [(meter, ALWAYS) for meter in meters]
        found = self.ledger.tables(asked, span, by, estimated=False)
        tz_of = self.ledger.installation.time_zone
        return {
            meter.id: LoadCurve(first_s, step_s, _validated(table, step_s), tz_of(meter.id))
            for meter, (table, _) in zip(meters, found, strict=True)
        }

    def temperatures(self, city: City) -> DailyTemperatures:
        """The city's local days from the history's first to the span's last."""
        if city.id not in self._degc:
            days = edges(Span(self.span.start - HISTORY, self.span.end), By.DAY, city.time_zone)
            first, end = (_local_day(s, city.time_zone) for s in (days[0], days[-1]))
            points = city.temperature_points
            store, tz = self.ledger.store, city.time_zone
            self._degc[city.id] = daily_temperatures(store, points, first, end, tz)
        return self._degc[city.id]


class View:
    """One meter. Amounts are kWh, of water m3; time before its life or after now is unknown."""

    def __init__(self, town: TownView, meter: Meter) -> None:
        self.town = town
        self.ledger = town.ledger
        self.installation = town.ledger.installation
        self.meter = meter
        self.span = town.span
        """What is judged; history before it is there as well."""
        self.city: City = self.installation.city_of(meter)
        self.site: Site = self.installation.site(meter.site)
        self.tz: str = self.city.time_zone
        self.opening: Opening = self.installation.opening(meter.site)
        self.now = min(self.ledger.clock(), self.span.end)
        self.kept: dict[str, Any] = {}
        """What rules work out once for a meter, under keys of their own."""

    @property
    def unit(self) -> str:
        """kWh, or m3 of water."""
        return "kWh" if self.meter.carrier else "m3"

    @property
    def latitude(self) -> float:
        """Of the site, else of its city; degrees north."""
        known = self.site.latitude
        return self.city.facts.latitude if known is None else known

    @property
    def longitude(self) -> float:
        """Of the site, else of its city; degrees east."""
        known = self.site.longitude
        return self.city.facts.longitude if known is None else known

    @property
    def step_amount(self) -> float:
        """The smallest step of the register, in kWh (m3)."""
        step = self.installation.register(self.meter).resolution
        last = self.ledger.clock().year
        return step * (self.ledger.kwh_factor(self.meter, last) if self.unit == "kWh" else 1.0)

    def in_season(self, first: date, count: int) -> Bools:
        """On which of ``count`` local days heating is allowed; all where nobody knows."""
        kept, key = self.town.kept, f"season/{self.city.id}/{first}/{count}"
        if key not in kept:
            kept[key] = season_days(self.city, first, count)
        season: Bools = kept[key]
        return season

    @cached_property
    def hours(self) -> LoadCurve:
        """Measured hours from the history's first on; NaN where an hour is not measured whole."""
        return self.town.curve(self.meter, By.HOUR, HISTORY)

    @cached_property
    def quarters(self) -> LoadCurve:
        """Quarter hours, likewise, of the span and 100 days before it."""
        return self.town.curve(self.meter, By.QUARTER_HOUR, timedelta(days=100))

    def degc(self, first: date, count: int) -> Floats:
        """Mean outdoor temperature of ``count`` local days; NaN where it was not measured."""
        known = self.town.temperatures(self.city)
        found = np.full(count, np.nan)
        offset = (first - known.first).days
        measured = np.where(known.is_measured, known.mean, np.nan)
        begin, end = max(offset, 0), min(offset + count, len(measured))
        if begin < end:
            found[begin - offset : end - offset] = measured[begin:end]
        return found


def _together(meters: Iterable[Meter]) -> Iterator[tuple[Meter, ...]]:
    """Some meters at a time, those of a site never apart."""
    some: list[Meter] = []
    for _, of_site in groupby(meters, key=lambda meter: meter.site):
        some += of_site
        if len(some) >= LATEST:
            yield tuple(some)
            some = []
    yield tuple(some)


def _validated(table: EnergyTable, step_s: int) -> Floats:
    """What was measured whole, with its course; NaN of all else, as where a part of a gap lies."""
    has_gap = (table.missing_high > 0) | (table.catch_up > 0)
    whole = (table.covered_s >= WHOLE * step_s) & ~has_gap
    return np.where(whole, table.measured, np.nan)


def _local_day(seconds: float | np.int64, tz: str) -> date:
    return from_seconds(seconds).astimezone(zone(tz)).date()
