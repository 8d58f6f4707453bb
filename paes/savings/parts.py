"""The measured parts of a town, loaded once: daily energy of sites and meters, weather, calendars.

A site with a plant of its own is measured by what it consumes::

    consumption = withdrawal + production - feed-in

so that a plant that came is no saving of the building. Where production or feed-in has no meter the
part is net-metered: what is withdrawn says nothing of what is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from paes.accounting.energy_table import EnergyTable
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.baselines.days import Days, days_of
from paes.climate.daily_temperature import DailyTemperatures, daily_temperatures
from paes.forecast.expected_rest import SURE_DAY, allowed_in
from paes.installation import City
from paes.metering import Carrier, Measures, Site
from paes.meters import Meter
from paes.periods import ALWAYS, By, Span, local_midnight
from paes.savings.assumptions import Use, use_of
from paes.savings.metered import Bounds, Metered
from paes.self_consumption import balances
from paes.series import Floats

Totals = Callable[[Span], EnergyTotal | None]


class TownParts:
    """The parts of one city on the local days from ``first`` up to ``end``."""

    def __init__(self, ledger: EnergyLedger, city: City, first: date, end: date) -> None:
        self.ledger, self.city = ledger, city
        self.first, self.end = first, end
        # Of sites only days without any gap are known for sure: nothing is estimated for them.
        self._energy = SiteEnergy(ledger, estimated=False)
        self._allowed = allowed_in(city)
        self._made: dict[str, Metered | None] = {}
        self._calendars: dict[tuple[str, bool], Days] = {}

    def site(self, site_id: str, carrier: Carrier) -> Metered | None:
        """What a site uses of a carrier; None if it has no such meter."""
        name = f"{site_id}/{carrier}"
        if name not in self._made:
            self._made[name] = self._site(name, self.city.sites[site_id], carrier)
        return self._made[name]

    def meter(self, meter: Meter) -> Metered | None:
        """What one meter counts; None of water."""
        if meter.carrier is None:
            return None
        if meter.id not in self._made:
            ((table, _),) = self.ledger.tables([(meter, ALWAYS)], self._span, By.DAY)
            site, carrier = self.ledger.installation.site(meter.site), meter.carrier
            use = None if meter.measures is Measures.GENERATION else use_of(site.kind, carrier)

            def total(span: Span) -> EnergyTotal:
                return self.ledger.total(meter, span)

            self._made[meter.id] = self._metered(
                meter.id, site, carrier, use, table, self._bounds(total), meter
            )
        return self._made[meter.id]

    def sites(self) -> Iterator[Metered]:
        """Every site and carrier that is bought and metered."""
        for site, carrier in self._frames:
            part = self.site(site, carrier) if carrier else None
            if part:
                yield part

    def _site(self, name: str, site: Site, carrier: Carrier) -> Metered | None:
        frame = self._frames.get((site.id, carrier))
        if frame is None:
            return None
        use = use_of(site.kind, carrier)
        plants = self._meters(site, carrier, Measures.GENERATION)
        paying = self._paying(site, carrier)

        def total(span: Span) -> EnergyTotal | None:
            return self._energy.total([site.id], carrier, Measures.WITHDRAWAL, span)

        plain = self._metered(
            name, site, carrier, use, _as_table(frame), self._bounds(total), paying
        )
        fed_in = self._meters(site, carrier, Measures.FEED_IN)
        has_plant = bool(plants or fed_in or site.pv_peak_kw) and carrier is Carrier.ELECTRICITY
        if not has_plant:
            return plain
        if not (plants and fed_in):
            return replace(plain, is_net_metered=True)
        found = balances(self._energy, [site], self._span, By.DAY)[site.id]
        bounds = self._consumed(site)
        return self._metered(name, site, carrier, use, found.consumption, bounds, paying)

    def _consumed(self, site: Site) -> Bounds:
        """Bounds of withdrawal + production - feed-in, each by its own registers."""

        def bounds(first: date, end: date) -> tuple[float, float]:
            span = self._days_span(first, end)
            low = high = 0.0
            for measures, sign in (
                (Measures.WITHDRAWAL, 1), (Measures.GENERATION, 1), (Measures.FEED_IN, -1),
            ):  # fmt: skip
                of = self._energy.total([site.id], Carrier.ELECTRICITY, measures, span)
                if of:
                    low += of.low_kwh if sign > 0 else -of.high_kwh
                    high += of.high_kwh if sign > 0 else -of.low_kwh
            return max(low, 0.0), max(high, 0.0)

        return bounds

    def _bounds(self, total: Totals) -> Bounds:
        def bounds(first: date, end: date) -> tuple[float, float]:
            found = total(self._days_span(first, end))
            return (found.low_kwh, found.high_kwh) if found else (0.0, float("inf"))

        return bounds

    def _metered(
        self,
        name: str,
        site: Site,
        carrier: Carrier,
        use: Use | None,
        table: EnergyTable,
        bounds: Bounds,
        paying: Meter | None,
    ) -> Metered:
        count = (self.end - self.first).days
        known = self._temperatures
        days = self._days(site, carrier)
        energy = _sure(table)[:count]
        likely = known.mean[:count]
        return Metered(name, site, carrier, use, days, likely, energy, bounds, paying)

    def _days(self, site: Site, carrier: Carrier) -> Days:
        """The days of a site, made once for all sites that are open at the same times."""
        opening = self.ledger.installation.opening(site.id)
        follows_night = carrier is Carrier.ELECTRICITY
        key = opening.model_dump_json(), follows_night
        if key not in self._calendars:
            known = self._temperatures
            degc = np.where(known.is_measured, known.mean, np.nan)
            latitude = self.city.facts.latitude if follows_night else None
            self._calendars[key] = days_of(self.first, degc, opening, latitude, self._allowed)
        return self._calendars[key]

    def _meters(self, site: Site, carrier: Carrier, measures: Measures) -> list[Meter]:
        return [
            m
            for m in self.city.meters.values()
            if m.site == site.id and m.carrier is carrier and m.measures is measures
        ]

    def _paying(self, site: Site, carrier: Carrier) -> Meter | None:
        return next(iter(self._meters(site, carrier, Measures.WITHDRAWAL)), None)

    def _days_span(self, first: date, end: date) -> Span:
        tz = self.city.time_zone
        return Span(local_midnight(first, tz), local_midnight(end, tz))

    @property
    def _span(self) -> Span:
        return self._days_span(self.first, self.end)

    @cached_property
    def _frames(self) -> dict[tuple[str, Carrier | None], pd.DataFrame]:
        sites = list(self.city.sites)
        return self._energy.by_site(sites, Measures.WITHDRAWAL, self._span, By.DAY)

    @cached_property
    def _temperatures(self) -> DailyTemperatures:
        points, tz = self.city.temperature_points, self.city.time_zone
        return daily_temperatures(self.ledger.store, points, self.first, self.end, tz)


def _sure(table: EnergyTable) -> Floats:
    """The energy of days that were measured whole; NaN of all others."""
    covered = (table.span_s > 0) & (table.covered_s >= SURE_DAY * table.span_s)
    sure = covered & (table.estimated == 0) & (table.missing_high == 0)
    return np.where(sure, table.measured, np.nan)


def _as_table(frame: pd.DataFrame) -> EnergyTable:
    return EnergyTable(*(np.asarray(frame[name], dtype=np.float64) for name in frame.columns))
