"""A town of many buildings for the benchmarks of the stores: three meters each, known registers.

Every building has a meter of electricity, gas and heat, read every quarter of an hour without
gaps, resets or late data, so that plain SQL over registers answers the same as accounting does.
Amounts follow a working day with noise of their own: neither constant nor random numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paes.factors.emission_factors import CalorificRow, FactorLibrary
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.metering import Carrier, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter
from paes.periods import Seconds, Span, from_seconds, to_seconds, year_span

ROME = "Europe/Rome"
LAST_YEAR = 2025
STEP_S = 900
CARRIERS = (Carrier.ELECTRICITY, Carrier.NATURAL_GAS, Carrier.HEAT_COLD)
KWH_A_M3 = 9.5
QUARTERS_A_DAY = 96

Thousandths = npt.NDArray[np.int64]
"""Registers as the stores keep them: Wh, or litres of gas."""


@dataclass(frozen=True)
class Town:
    """``count`` meters over ``years`` local years, of which the last one is ``LAST_YEAR``."""

    count: int
    years: int
    meters: list[FieldMeter] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "meters", [self._meter(i) for i in range(self.count)])

    @cached_property
    def span(self) -> Span:
        """All of it."""
        return Span(year_span(LAST_YEAR + 1 - self.years, ROME).start, self.year.end)

    @cached_property
    def year(self) -> Span:
        """The last year."""
        return year_span(LAST_YEAR, ROME)

    @cached_property
    def base_year(self) -> Span:
        """The first year; the last one if there is only one."""
        return year_span(LAST_YEAR + 1 - self.years, ROME)

    @cached_property
    def seconds(self) -> Seconds:
        """When registers are read: every quarter of an hour, the first and last moment too."""
        start_s, end_s = to_seconds(self.span.start), to_seconds(self.span.end)
        return np.arange(start_s, end_s + 1, STEP_S, dtype=np.int64)

    @property
    def readings(self) -> int:
        """Of all meters together."""
        return self.count * len(self.seconds)

    def clock(self) -> datetime:
        """Long enough after the end that nothing of it can change any more."""
        return self.span.end + timedelta(days=60)

    def registers(self, number: int) -> Thousandths:
        """The register of a meter at all ``seconds``."""
        random = np.random.default_rng(number)
        quarter = np.arange(len(self.seconds)) % QUARTERS_A_DAY
        working = np.exp(-(((quarter - 48) / 18) ** 2))
        weekday = np.where(np.arange(len(self.seconds)) // QUARTERS_A_DAY % 7 < 5, 1.0, 0.2)
        mean = (300 + 40 * (number % 50)) * (0.15 + working * weekday)
        return 1_000_000 + np.cumsum(random.poisson(mean))

    def point(self, number: int) -> str:
        """Where the readings of a meter are."""
        return self.installation.register(self.meters[number]).point

    @cached_property
    def installation(self) -> Installation:
        """The town as accounting sees it."""
        sites = {
            site: Site(id=site, name=site, kind=SiteKind.SCHOOL, sector=Sector.MUNICIPAL_BUILDINGS)
            for site in self.sites
        }
        gas = CalorificRow(
            carrier=Carrier.NATURAL_GAS, unit="Sm3", kwh_per_unit=KWH_A_M3, basis="net",
            source="a round number for benchmarks",
        )  # fmt: skip
        file = CityFile(id="town", name="Town", latitude=44, longitude=10)
        gateways = {"gw": Gateway(id="gw", host="127.0.0.1")}
        meters = {m.id: m for m in self.meters}
        no_plan: Any = None
        city = City(file, no_plan, sites, gateways, meters, (), ())
        registers = {m.id: _register(m) for m in self.meters}
        factors = FactorLibrary((), {}, [gas])
        return Installation(Path(), "bench", "town", {"town": city}, factors, (), registers)

    @property
    def sites(self) -> list[str]:
        """The buildings, in the order of their meters."""
        return list(dict.fromkeys(m.site for m in self.meters))

    def _meter(self, number: int) -> FieldMeter:
        carrier = CARRIERS[number % len(CARRIERS)]
        gas = carrier is Carrier.NATURAL_GAS
        return FieldMeter(
            id=f"b{number // len(CARRIERS):03}.{carrier.value.replace('_', '-')}",
            carrier=carrier, device="x", gateway="gw", unit=1,
            rated_power_kw=None if gas else 100.0, rated_flow_m3_h=100.0 if gas else None,
            valid_from=date(LAST_YEAR + 1 - self.years, 1, 1),
        )  # fmt: skip


def kwh_in_thousandth(carrier: Carrier | None) -> float:
    """kWh in one thousandth of a register's unit."""
    return (KWH_A_M3 if carrier is Carrier.NATURAL_GAS else 1.0) / 1000.0


def round_times(after: datetime, count: int) -> list[datetime]:
    """The quarter hours that follow."""
    return [from_seconds(to_seconds(after) + STEP_S * (i + 1)) for i in range(count)]


def _register(meter: FieldMeter) -> Register:
    gas = meter.carrier is Carrier.NATURAL_GAS
    name = "volume" if gas else "energy_import"
    return Register(f"{meter.id}/{name}", "m3" if gas else "kWh", None, 0.001)
