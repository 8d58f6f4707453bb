"""What is assumed of money where actions are compared: ``abatement.yaml``.

These are prices of a whole territory, for a comparison of actions; what a meter's energy costs is
known by its contract (``paes.costs``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from paes.metering import Carrier, Sector
from paes.schema import ConfigModel, Sourced, Stated
from paes.shipped_files import read_own_or_shipped

NAME = "abatement.yaml"


class CarrierPrice(Stated):
    """What a MWh of a carrier is worth that is no longer bought, or that is produced."""

    what: ClassVar[str] = "a price"

    carrier: Carrier
    saved_eur_per_mwh: Annotated[float, Field(ge=0)]
    produced_eur_per_mwh: Annotated[float, Field(ge=0)] | None = None
    """None for what is worth as much as what is saved."""


class DiscountRate(Sourced):
    """Interest by which the money of years is made comparable, 0..1 a year, without inflation."""

    fraction: Annotated[float, Field(ge=0, lt=1)]


class Lifetime(Sourced):
    """Years that an action is taken to last if the register does not say."""

    sector: Sector | None = None
    """None for all others."""
    years: Annotated[int, Field(ge=1, le=100)]


class Significance(Sourced):
    """The part (0..1) of the gap below which an action is too small to matter."""

    fraction: Annotated[float, Field(ge=0, lt=1)]


class AbatementPrices(ConfigModel):
    """``abatement.yaml``."""

    schema_version: Literal["abatement/1"] = Field(alias="schema")
    discount_rate: DiscountRate
    lifetimes: tuple[Lifetime, ...]
    prices: tuple[CarrierPrice, ...]
    too_small: Significance

    def lifetime_years(self, sector: Sector) -> int:
        """How long an action of ``sector`` lasts; that of all others if it has none of its own."""
        by_sector = {row.sector: row.years for row in self.lifetimes}
        return by_sector.get(sector, by_sector[None])

    def saved_eur(self, carrier: Carrier | None, mwh: float) -> float | None:
        """What so much energy no longer bought is worth; None if nobody knows its price."""
        price = self._price(carrier)
        return mwh * price.saved_eur_per_mwh if price else None

    def produced_eur(self, carrier: Carrier | None, mwh: float) -> float | None:
        """What so much own production is worth; None if nobody knows its price."""
        price = self._price(carrier)
        if price is None:
            return None
        worth = price.produced_eur_per_mwh
        return mwh * (price.saved_eur_per_mwh if worth is None else worth)

    def _price(self, carrier: Carrier | None) -> CarrierPrice | None:
        return next((p for p in self.prices if p.carrier is carrier), None)

    @model_validator(mode="after")
    def _whole(self) -> AbatementPrices:
        if None not in {row.sector for row in self.lifetimes}:
            raise ValueError("lifetimes: one without a sector is missing, for all others")
        for name, keys in (
            ("lifetimes", [row.sector for row in self.lifetimes]),
            ("prices", [row.carrier for row in self.prices]),
        ):
            if len(set(keys)) != len(keys):
                raise ValueError(f"{name}: something is there twice")
        return self


def abatement_prices(root: Path) -> AbatementPrices:
    """The installation's own ``abatement.yaml``, else the shipped one; ConfigError if wrong."""
    return read_own_or_shipped(root, NAME, AbatementPrices)


def annuity(rate: float, years: int) -> float:
    """The part of an investment that is paid each of ``years`` at ``rate`` (0..1 a year).

    The capital recovery factor ``r / (1 - (1 + r)^-n)``; ``1 / n`` without interest.
    """
    if rate == 0:
        return 1 / years
    discounted: float = (1 + rate) ** -years
    return rate / (1 - discounted)
