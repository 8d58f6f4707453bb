"""A figure with its passport: what it is, and everything that it was made from.

::

    Figure  la-spezia/inventory/2025/municipal_buildings/natural_gas/t   812.4 t
      ├─ formula    emissions_t = energy_mwh * factor_t_per_mwh  [emissions v1]
      ├─ inputs     …/natural_gas/mwh 4021.8 MWh · …/natural_gas/factor 0.202 t/MWh
      ├─ factor     the FactorMatch: set, year, how it matched, source
      ├─ coverage, findings, sources, method

A figure without inputs is a leaf: a read of a register, a declared row, a bill, a factor of a
table. It names its source. Figures are made when somebody asks (``paes.lineage.tracing``), of
references that results carry anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from paes.accounting.energy_total import EnergyTotal
from paes.factors.emission_factors import FactorMatch
from paes.lineage.formulas import Formula
from paes.metering import Finding


@dataclass(frozen=True, slots=True)
class Source:
    """Where a leaf is from: ``kind`` is register, file, bill, table, person or declaration."""

    kind: str
    text: str
    place: str | None = None
    """File and line, or where on the wire the register was read."""


@dataclass(frozen=True, slots=True)
class Input:
    """A figure that another one is made of, and the part that it plays there.

    ``weight`` says how often it counts; inputs with the role ``inside`` are told and not counted.
    """

    role: str
    id: str
    value: float
    unit: str
    weight: float = 1.0
    group: str = ""
    """Terms of meters that are part of each other are added up first."""
    amounts: EnergyTotal | None = None
    """Of energy that meters saw: measured and estimated apart."""
    addends: tuple[float, ...] = ()
    """Of a sum: the numbers that it is the sum of, for a sum of sums rounds only once."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its unit and everything needed to follow it."""

    id: str
    title: str
    value: float
    unit: str
    formula: Formula | None = None
    inputs: tuple[Input, ...] = ()
    method: Mapping[str, str] = field(default_factory=dict)
    factor: FactorMatch | None = None
    amounts: EnergyTotal | None = None
    bounds: tuple[float, float] | None = None
    """Between which the true value lies, as far as meters decide it."""
    findings: tuple[Finding, ...] = ()
    sources: tuple[Source, ...] = ()
    assumed: bool = False
    note: str | None = None

    @property
    def formula_version(self) -> str | None:
        """Name and version of its formula, such as ``emissions/1``."""
        return f"{self.formula.name}/{self.formula.version}" if self.formula else None

    @property
    def coverage(self) -> float | None:
        """The part of the time (0..1) that meters saw; None where none was to see anything."""
        return self.amounts.coverage if self.amounts else None
