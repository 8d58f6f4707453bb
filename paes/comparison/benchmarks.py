"""What sites and towns usually use by m2, pupil, light point or inhabitant: ``benchmarks.yaml``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from paes.metering import Sector, SiteKind
from paes.schema import ConfigModel, Identifier, Stated
from paes.shipped_files import read_own_or_shipped

NAME = "benchmarks.yaml"
Kwh = Annotated[float, Field(ge=0)]


class Use(StrEnum):
    """What energy is compared; final energy of a year."""

    ELECTRICITY = "electricity"  # consumption, with what own plants gave on the spot
    HEAT = "heat"  # fuels and district heat
    GENERATION = "generation"  # electricity of own PV


class Per(StrEnum):
    """What it is divided by."""

    FLOOR_AREA_M2 = "floor_area_m2"
    PUPIL = "pupil"
    LIGHT_POINT = "light_point"
    INHABITANT = "inhabitant"
    PV_PEAK_KW = "pv_peak_kw"


class Benchmark(Stated):
    """The usual range of one key figure, in kWh a year; of sites of a kind, or of a sector."""

    what: ClassVar[str] = "a usual range"

    id: Identifier
    use: Use
    per: Per
    kind: SiteKind | None = None
    sector: Sector | None = None
    """Of towns: the sector whose energy is divided."""
    low_kwh: Kwh
    high_kwh: Kwh

    @model_validator(mode="after")
    def _of_one_thing(self) -> Benchmark:
        if (self.per is Per.INHABITANT) != (self.sector is not None):
            raise ValueError("what is told by inhabitant has a sector, and nothing else has one")
        if self.high_kwh < self.low_kwh:
            raise ValueError(f"high_kwh {self.high_kwh} is below low_kwh {self.low_kwh}")
        return self


class Benchmarks(ConfigModel):
    """``benchmarks.yaml``."""

    schema_version: Literal["benchmarks/1"] = Field(alias="schema")
    benchmarks: tuple[Benchmark, ...]

    def of_site(self, kind: SiteKind, use: Use, per: Per) -> Benchmark | None:
        """The range of sites of ``kind``, else that of all kinds."""
        fits = [b for b in self.benchmarks if b.use is use and b.per is per and not b.sector]
        own = [b for b in fits if b.kind is kind]
        return next(iter(own or [b for b in fits if b.kind is None]), None)

    @property
    def of_towns(self) -> tuple[Benchmark, ...]:
        """The ranges by inhabitant."""
        return tuple(b for b in self.benchmarks if b.per is Per.INHABITANT)

    @model_validator(mode="after")
    def _each_once(self) -> Benchmarks:
        keys = [(b.use, b.per, b.kind, b.sector) for b in self.benchmarks]
        twice = sorted({f"{k[0]} by {k[1]}" for k in keys if keys.count(k) > 1})
        if twice:
            raise ValueError(f"two usual ranges of one thing: {', '.join(twice)}")
        return self


def usual_ranges(root: Path) -> Benchmarks:
    """The installation's own ``benchmarks.yaml``, else the shipped one; ConfigError if wrong."""
    return read_own_or_shipped(root, NAME, Benchmarks)
