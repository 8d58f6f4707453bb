"""Tariffs: what a unit of energy or water costs, since when, and what is paid besides.

::

    tariff ─ periods ─┬─ energy   EUR for each kWh (Sm3, m3, l, kg), one price or one a band
                      ├─ taxes    EUR for each of them, whatever the band
                      ├─ fixed    EUR a month, EUR a day
                      ├─ power    EUR for each kW and month
                      └─ VAT      on all of them

A period holds from its ``valid_from`` until the next begins; it is never edited afterwards. A new
price is a new period at the end, and so no price change rewrites the past.

Read next: ``paes.tariffs.contracts`` (which meter is on which tariff) and ``paes.costs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from paes.errors import DataError
from paes.metering import Carrier
from paes.periods import parse_instant, zone
from paes.schema import ConfigModel, Sourced
from paes.tariffs.bands import Bands

Price = Annotated[float, Field(ge=0)]
Unit = Literal["kWh", "Sm3", "m3", "l", "kg"]
"""What a price is for; gas is sold in Sm3, water in m3."""


def _readable(text: str) -> str:
    try:
        parse_instant(text, "UTC")  # which local times exist depends on the zone: checked later
    except DataError as err:
        raise ValueError(str(err)) from err
    return text


LocalTime = Annotated[str, AfterValidator(_readable)]
"""A date or a time as people write it; without an offset it is local."""


class Direction(StrEnum):
    """Who pays: the town for what it takes, or the buyer for what the town's PV feeds in."""

    WITHDRAWAL = "withdrawal"
    FEED_IN = "feed_in"


class PowerBasis(StrEnum):
    """Which power is paid for."""

    CONTRACT = "contract"
    HIGHEST_QUARTER_HOUR = "highest_quarter_hour"
    """The mean power of the month's highest quarter hour."""


class PowerPrice(ConfigModel):
    """What a kW costs in a month."""

    basis: PowerBasis
    eur_per_kw_month: Price


class TariffPeriod(Sourced):
    """The prices in force from ``valid_from`` until the next period begins; without VAT."""

    valid_from: LocalTime
    energy_eur_per_unit: Price | dict[str, Price]
    """One price, or one for each band."""
    taxes_eur_per_unit: Price = 0.0
    fixed_eur_per_month: Price = 0.0
    fixed_eur_per_day: Price = 0.0
    power: tuple[PowerPrice, ...] = ()
    vat_fraction: Annotated[float, Field(ge=0, lt=1)]

    @field_validator("energy_eur_per_unit", mode="before")
    @classmethod
    def _price_or_bands(cls, value: object) -> object:
        if isinstance(value, str) or not isinstance(value, int | float | dict):
            raise ValueError(f"expected a price, or a price for each band, seen {value!r}")
        return value

    @model_validator(mode="after")
    def _has_origin(self) -> Self:
        if not self.source and not self.assumed:
            raise ValueError("prices need a source, or assumed: true with a note")
        return self

    @property
    def is_banded(self) -> bool:
        """True if its price is another in another band."""
        return isinstance(self.energy_eur_per_unit, Mapping)


class TariffFile(ConfigModel):
    """``tariffs/<id>.yaml``."""

    name: str = Field(min_length=1)
    carrier: Carrier | None = None
    """None only for water."""
    unit: Unit
    direction: Direction = Direction.WITHDRAWAL
    bands: str | None = None
    """The time bands of its prices: a file of ``bands/``."""
    time_zone: str = "Europe/Rome"
    periods: Annotated[tuple[TariffPeriod, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.carrier is None and self.unit != "m3":
            raise ValueError("carrier is missing: only water, whose unit is m3, has none")
        if self.carrier is not None and self.unit == "m3":
            raise ValueError("unit 'm3' is that of water, which has no carrier; gas is sold in Sm3")
        if self.carrier is Carrier.NATURAL_GAS and self.unit not in ("Sm3", "kWh"):
            raise ValueError(f"unit {self.unit!r} is none of natural gas; expected Sm3")
        if self.direction is Direction.FEED_IN and self.carrier is not Carrier.ELECTRICITY:
            raise ValueError("direction feed_in is for electricity alone")
        try:
            zone(self.time_zone)
            starts = [parse_instant(p.valid_from, self.time_zone) for p in self.periods]
        except DataError as err:
            raise ValueError(f"periods cannot be read: {err}") from err
        for (earlier, later), period in zip(pairwise(starts), self.periods[1:], strict=True):
            if later <= earlier:
                raise ValueError(f"periods must be in order of time; {period.valid_from} is not")
        if any(p.is_banded for p in self.periods) and self.bands is None:
            raise ValueError("bands are missing: prices by band need a file of bands/, e.g. italy")
        return self


@dataclass(frozen=True)
class InForce:
    """A period of a tariff with the instants between which it holds; ``end`` None: still."""

    tariff: Tariff
    period: TariffPeriod
    start: datetime
    end: datetime | None

    @property
    def labels(self) -> tuple[str, ...]:
        """What its energy is told apart by: names of bands, or ``flat``."""
        prices = self.period.energy_eur_per_unit
        return tuple(prices) if isinstance(prices, Mapping) else (FLAT,)

    def energy_price(self, label: str) -> float:
        """EUR for a unit in a band (or ``flat``), without taxes and VAT."""
        prices = self.period.energy_eur_per_unit
        return prices[label] if isinstance(prices, Mapping) else prices


FLAT = "flat"
"""The label of energy whose price is the same in every band."""


@dataclass(frozen=True)
class Tariff:
    """A tariff with the bands that its prices are for."""

    id: str
    file: TariffFile
    bands: Bands | None = None

    @cached_property
    def periods(self) -> tuple[InForce, ...]:
        """Its periods in order of time."""
        starts = [parse_instant(p.valid_from, self.file.time_zone) for p in self.file.periods]
        ends = [*starts[1:], None]
        return tuple(
            InForce(self, period, start, end)
            for period, start, end in zip(self.file.periods, starts, ends, strict=True)
        )

    @property
    def start(self) -> datetime:
        """When its first prices came into force."""
        return self.periods[0].start

    def at(self, at: datetime) -> InForce | None:
        """The prices in force at ``at``; None before the first."""
        return next((p for p in reversed(self.periods) if p.start <= at), None)

    def label_of_band(self, period: InForce) -> dict[str, str]:
        """By each single band, the label under which ``period`` prices it."""
        if self.bands is None:
            return {}
        if not period.period.is_banded:
            return dict.fromkeys(self.bands.names, FLAT)
        return {band: name for name in period.labels for band in self.bands.members(name)}


def band_problem(period: TariffPeriod, bands: Bands) -> str | None:
    """Why the prices of ``period`` are not one for each band, or None if they are."""
    prices = period.energy_eur_per_unit
    if not isinstance(prices, Mapping):
        return None
    try:
        priced = [band for name in prices for band in bands.members(name)]
    except DataError as err:
        return str(err)
    twice = sorted({b for b in priced if priced.count(b) > 1})
    without = [b for b in bands.names if b not in priced]
    if twice:
        return f"band {twice[0]} has two prices, among {', '.join(prices)}"
    return f"band {without[0]} has no price; seen {', '.join(prices)}" if without else None
