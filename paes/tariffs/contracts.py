"""Contracts of supply: which meter is paid for by which tariff, since when.

A contract names a meter, or a site and thereby all of its meters that the tariff is for. Each
such meter is a supply of its own, with its own fixed and power parts.

Read next: ``paes.tariffs.checks`` (what can be wrong with them) and ``paes.costs``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from paes.metering import Measures
from paes.meters import Meter
from paes.periods import parse_instant
from paes.schema import ConfigModel, Identifier, Sourced
from paes.tariffs.tariff import Direction, LocalTime, Tariff

_MEASURES = {
    Direction.WITHDRAWAL: (Measures.WITHDRAWAL, Measures.WATER),
    Direction.FEED_IN: (Measures.FEED_IN, Measures.GENERATION),
}


class Contract(Sourced):
    """A supply contract; times without an offset are local, ``valid_to`` is not included."""

    meter: str | None = None
    site: Identifier | None = None
    tariff: Identifier
    supplier: str | None = None
    contract_power_kw: Annotated[float, Field(gt=0)] | None = None
    valid_from: LocalTime
    valid_to: LocalTime | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.meter is None) == (self.site is None):
            raise ValueError("expected either a meter or a site")
        return self


class ContractsFile(ConfigModel):
    """``contracts.yaml``."""

    contracts: tuple[Contract, ...]


@dataclass(frozen=True)
class Supply:
    """A contract of one meter, with its instants; ``end`` None: it runs on."""

    contract: Contract
    tariff: Tariff
    start: datetime
    end: datetime | None


def is_for(tariff: Tariff, meter: Meter) -> bool:
    """True if what ``meter`` measures is what ``tariff`` prices.

    A plant on its own, without a meter of what is fed in, sells what it produces.
    """
    file = tariff.file
    return meter.carrier is file.carrier and meter.measures in _MEASURES[file.direction]


def concerns(contract: Contract, tariff: Tariff, meter: Meter) -> bool:
    """True if ``contract`` pays for what ``meter`` measures."""
    if contract.meter is not None:
        return contract.meter == meter.id
    if meter.measures is Measures.GENERATION:
        return False  # some of it is used on the spot: only a contract of its own can sell all
    return contract.site == meter.site and is_for(tariff, meter)


def supply(contract: Contract, tariff: Tariff, tz: str) -> Supply:
    """The contract with the instants of its times, local in ``tz``; DataError if unreadable."""
    end = parse_instant(contract.valid_to, tz) if contract.valid_to else None
    return Supply(contract, tariff, parse_instant(contract.valid_from, tz), end)


def supplies(
    contracts: Iterable[Contract], tariffs: dict[str, Tariff], meter: Meter, tz: str
) -> list[Supply]:
    """The contracts of ``meter``, which does not overlap with itself, in order of time."""
    found = [
        supply(contract, tariffs[contract.tariff], tz)
        for contract in contracts
        if concerns(contract, tariffs[contract.tariff], meter)
    ]
    return sorted(found, key=lambda s: s.start)
