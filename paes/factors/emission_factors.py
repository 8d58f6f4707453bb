"""Emission factors and calorific values: versioned sets, and a look-up that says how it matched.

Invariant: nobody gets a bare number. Every factor has a set, a unit, a source and a year, and
every answer says whether it was found for the year asked or carried over from an earlier one, and
what it was worked out from where it is no figure of a table.
Sets live in ``factors/sets.yaml`` with one CSV a set (``paes.factors.factor_row``), warming
potentials in ``factors/gwp.yaml``; an installation may add its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from paes.errors import DataError, FactorMissing
from paes.factors.calorific_values import CalorificMatch as CalorificMatch
from paes.factors.calorific_values import CalorificRow as CalorificRow
from paes.factors.calorific_values import CalorificValues, FuelEnergy
from paes.factors.dated_values import How as How
from paes.factors.dated_values import Year as Year
from paes.factors.dated_values import best, known_by, newest
from paes.factors.factor_row import BIOGENIC as BIOGENIC
from paes.factors.factor_row import FactorRow as FactorRow
from paes.factors.factor_row import FactorSet as FactorSet
from paes.factors.fuel_amounts import FuelAmount
from paes.factors.gases import FORMULA as GASES_FORMULA
from paes.factors.gases import GwpSet as GwpSet
from paes.metering import Carrier, Sector

MIX_FORMULA = (
    "sustainable_fraction * sustainable_t_per_mwh"
    " + (1 - sustainable_fraction) * not_sustainable_t_per_mwh"
)


@dataclass(frozen=True, slots=True)
class FactorMatch:
    """A factor in t/MWh with everything needed to defend it."""

    factor_set: str
    carrier: Carrier
    year_asked: int
    year_used: int | None
    factor_t_per_mwh: float
    how: How
    source: str
    assumed: bool
    note: str | None
    formula: str | None = None
    """How it was worked out, where it is not a figure of a table."""
    numbers: Mapping[str, float] = field(default_factory=dict, hash=False)
    """What it was worked out from; names end with their unit."""
    gwp: str | None = None
    """The set of warming potentials it was worked out with; None where no choice was left."""
    co2_t_per_mwh: float | None = None
    """The part of it that is CO2; None if the table does not tell."""
    added: date | None = None
    """When it entered the set; None if it was always there."""
    declared_at: str | None = None
    """File and line where the city declares it; None for a factor of the set."""

    @property
    def bounds_t_per_mwh(self) -> tuple[float, float]:
        """Between which it lies, where it was worked out from energy with gaps (maybe inf)."""
        return (
            self.numbers.get("low_t_per_mwh", self.factor_t_per_mwh),
            self.numbers.get("high_t_per_mwh", self.factor_t_per_mwh),
        )


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of a set; ``sustainable`` matters for biofuel and biomass alone."""

    set_id: str
    carrier: Carrier
    sector: Sector
    year: int
    gwp: str | None
    as_of: date | None
    sustainable: bool = True

    def is_for(self, row: FactorRow) -> bool:
        """True if ``row`` may answer, but for sector and year."""
        kind = row.sustainable is False if not self.sustainable else row.sustainable is not False
        return kind and known_by(row, self.as_of)

    @property
    def unanswered(self) -> str:
        """That the set has no such factor."""
        kind = self.carrier if self.sustainable else f"{self.carrier} that is not sustainable"
        known = f" known on {self.as_of}" if self.as_of else ""
        return (
            f"factor set {self.set_id!r} has no factor{known} for {kind} in {self.sector}, "
            f"{self.year}"
        )


class FactorLibrary:
    """All factor sets, warming potentials and calorific values of an installation."""

    def __init__(
        self,
        sets: Iterable[FactorSet],
        rows: Mapping[str, Iterable[FactorRow]],
        calorific: Iterable[CalorificRow] = (),
        gwp: Iterable[GwpSet] = (),
    ) -> None:
        self.sets = {s.id: s for s in sets}
        self.gwp = {g.id: g for g in gwp}
        self._rows = {set_id: _by_carrier(of_set) for set_id, of_set in rows.items()}
        self._calorific = CalorificValues(calorific)
        self._found: dict[_Question, FactorMatch] = {}

    def keeps_gases_apart(self, set_id: str) -> bool:
        """True if factors of the set depend on warming potentials."""
        of_co2eq = set_id in self.sets and self.sets[set_id].gas == "CO2eq"
        carriers = self._rows.get(set_id, {}).values()
        return of_co2eq and any(row.gases for of_carrier in carriers for row in of_carrier)

    def find(
        self,
        set_id: str,
        carrier: Carrier,
        sector: Sector,
        year: int,
        *,
        gwp: str | None = None,
        sustainable: float | None = None,
        as_of: date | None = None,
    ) -> FactorMatch:
        """The factor of ``carrier`` used in ``sector`` in ``year``.

        A row for the sector beats a general one; then the exact year, a constant, and last the
        latest earlier year. ``gwp`` names the warming potentials where the set keeps gases apart;
        ``sustainable`` is the part (0..1) of a biofuel from sustainable sources, by default what
        the set takes for it; rows that were added after ``as_of`` are unknown, and of several for
        one year the one added last counts. Raises FactorMissing if the set has none, DataError if
        it keeps gases apart and ``gwp`` does not say what they count.
        """
        asked = _Question(set_id, carrier, sector, year, gwp, as_of)
        if carrier not in BIOGENIC:
            return self._find(asked)
        part = self.sustainable_fraction(set_id) if sustainable is None else float(sustainable)
        if part == 1.0:
            return self._find(asked)
        other = self._find(replace(asked, sustainable=False))
        return other if part == 0.0 else _mixed(self._find(asked), other, part)

    def sustainable_fraction(self, set_id: str) -> float:
        """The part of biofuel that a set takes for sustainable where nobody declares it."""
        return self.sets[set_id].sustainable_fraction if set_id in self.sets else 1.0

    def _find(self, asked: _Question) -> FactorMatch:
        """What the set answers; nothing in it ever changes, so a question is answered once."""
        if asked not in self._found:
            self._found[asked] = self._search(asked)
        return self._found[asked]

    def _search(self, asked: _Question) -> FactorMatch:
        of_carrier = self._rows.get(asked.set_id, {}).get(asked.carrier, ())
        known = [row for row in of_carrier if asked.is_for(row)]
        of_sector = [row for row in known if row.sector is asked.sector]
        general = [row for row in known if row.sector is None]
        row, how = best(newest(of_sector or general), asked.year)
        if row is None:
            carriers = sorted(self._rows.get(asked.set_id, {}))
            raise FactorMissing(f"{asked.unanswered}; it knows {', '.join(carriers)}")
        return self._match(asked, row, how)

    def _match(self, asked: _Question, row: FactorRow, how: How) -> FactorMatch:
        found = FactorMatch(
            factor_set=asked.set_id,
            carrier=row.carrier,
            year_asked=asked.year,
            year_used=row.year,
            factor_t_per_mwh=row.factor_t_per_mwh or 0.0,
            how=how,
            source=row.source or "",
            assumed=row.assumed,
            note=row.note,
            co2_t_per_mwh=row.co2_t_per_mwh,
            added=row.added,
        )
        gases = row.gases
        if gases is None:
            return found
        if self.sets[asked.set_id].gas == "CO2":
            return replace(found, factor_t_per_mwh=gases.co2_t_per_mwh)
        potentials = self._potentials(asked.set_id, asked.gwp)
        return replace(
            found,
            factor_t_per_mwh=gases.equivalent_t_per_mwh(potentials),
            formula=GASES_FORMULA,
            numbers=gases.numbers(potentials),
            gwp=potentials.id,
        )

    def _potentials(self, set_id: str, gwp: str | None) -> GwpSet:
        if gwp in self.gwp:
            return self.gwp[gwp]
        asked = "no warming potentials are chosen" if gwp is None else f"gwp {gwp!r} is unknown"
        raise DataError(
            f"factor set {set_id!r} keeps its gases apart, and {asked}; "
            f"there is {', '.join(sorted(self.gwp)) or 'none'}"
        )

    def calorific_value(
        self, carrier: Carrier, unit: str, year: int, fuel: str | None = None
    ) -> CalorificMatch:
        """Net kWh in one ``unit`` (Sm3, kg, l) of ``carrier``; FactorMissing if unknown."""
        return self._calorific.find(carrier, unit, year, fuel=fuel)

    def energy(self, given: FuelAmount, year: int) -> FuelEnergy:
        """An amount of fuel or energy as net kWh (``CalorificValues.energy``)."""
        return self._calorific.energy(given, year)


def _by_carrier(rows: Iterable[FactorRow]) -> dict[Carrier, list[FactorRow]]:
    grouped: dict[Carrier, list[FactorRow]] = {}
    for row in rows:
        grouped.setdefault(row.carrier, []).append(row)
    return grouped


def _mixed(sustainable: FactorMatch, other: FactorMatch, part: float) -> FactorMatch:
    """The factor of a fuel of which ``part`` is from sustainable sources."""
    mixed = part * sustainable.factor_t_per_mwh + (1 - part) * other.factor_t_per_mwh
    return replace(
        sustainable,
        factor_t_per_mwh=mixed,
        source="; ".join(dict.fromkeys(m.source for m in (sustainable, other) if m.source)),
        assumed=sustainable.assumed or other.assumed,
        formula=MIX_FORMULA,
        numbers={
            "sustainable_fraction": part,
            "sustainable_t_per_mwh": sustainable.factor_t_per_mwh,
            "not_sustainable_t_per_mwh": other.factor_t_per_mwh,
        },
        co2_t_per_mwh=None,
    )
