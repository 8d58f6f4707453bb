"""Which energy a load curve is of, by what stands on it: kind, direction and unit.

Distributors have six: active, reactive inductive and reactive capacitive, each withdrawn from the
grid or given to it (OBIS 1.8.0, 2.8.0, 5.8.0 to 8.8.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from paes.errors import DataError


class Direction(StrEnum):
    """Where the energy goes."""

    WITHDRAWN = "withdrawn"
    FED_IN = "fed in"


@dataclass(frozen=True, slots=True)
class CurveEnergy:
    """Direction, and of reactive energy its kind (empty: active)."""

    direction: Direction
    reactive: str = ""

    @property
    def is_fed_in(self) -> bool:
        """True if it goes from the site into the grid."""
        return self.direction is Direction.FED_IN

    @property
    def point_name(self) -> str:
        """The point of reactive energy: ``reactive_energy_inductive_import_intervals``."""
        direction = "export" if self.is_fed_in else "import"
        return f"reactive_energy_{self.reactive}_{direction}_intervals"


_OBIS = {
    "1.8.0": CurveEnergy(Direction.WITHDRAWN),
    "2.8.0": CurveEnergy(Direction.FED_IN),
    "5.8.0": CurveEnergy(Direction.WITHDRAWN, "inductive"),
    "6.8.0": CurveEnergy(Direction.FED_IN, "inductive"),
    "7.8.0": CurveEnergy(Direction.FED_IN, "capacitive"),
    "8.8.0": CurveEnergy(Direction.WITHDRAWN, "capacitive"),
}
_FED_IN = re.compile(r"\bimmess|\bimmission|\bcedut|\bA-(?!\w)", re.IGNORECASE)
_WITHDRAWN = re.compile(r"\bprelev|\bprelie|\bassorbit|\bA\+", re.IGNORECASE)
_UNIT = re.compile(r"\b(k?Wh|k?varh|kW)\b", re.IGNORECASE)
_UNITS = {"kwh": "kWh", "wh": "Wh", "kvarh": "kvarh", "varh": "varh"}


def energy_of(texts: Iterable[str]) -> CurveEnergy | None:
    """What the first of ``texts`` that says anything says; None if none does.

    DataError if it says both directions, or reactive without saying which.
    """
    for text in texts:
        plain = text.replace("_", " ")
        for code, energy in _OBIS.items():
            if code in plain:
                return energy
        found = _in_words(plain)
        if found:
            return found
    return None


def unit_of(texts: Iterable[str], where: str) -> str:
    """The unit that ``texts`` name, else kWh; DataError for mean powers."""
    found = {unit.casefold() for text in texts for unit in _UNIT.findall(text)}
    units = {_UNITS[unit] for unit in found if unit in _UNITS}
    if "kw" in found and not units:
        raise DataError(
            f"{where}: in kW: mean powers; expected energies in kWh (a mapping file can say how"
            " to read others: --map)"
        )
    if len(units) > 1:
        raise DataError(f"{where}: several units ({', '.join(sorted(units))}); split the file")
    return units.pop() if units else "kWh"


def _in_words(text: str) -> CurveEnergy | None:
    is_fed_in, is_withdrawn = bool(_FED_IN.search(text)), bool(_WITHDRAWN.search(text))
    if is_fed_in and is_withdrawn:
        raise DataError(f"{text.strip()!r}: withdrawn or fed in? expected one of both")
    direction = Direction.FED_IN if is_fed_in else Direction.WITHDRAWN
    plain = text.casefold()
    if "reattiv" in plain:
        kinds = [
            k for word, k in (("indutt", "inductive"), ("capacit", "capacitive")) if word in plain
        ]
        if len(kinds) != 1 or not (is_fed_in or is_withdrawn):
            raise DataError(
                f"{text.strip()!r}: reactive energy; expected 'induttiva' or 'capacitiva', and"
                " 'prelevata' or 'immessa'"
            )
        return CurveEnergy(direction, kinds[0])
    return CurveEnergy(direction) if is_fed_in or is_withdrawn else None
