"""Every formula by which a figure is made: one place, with versions.

A formula keeps its version until what it says changes; documents and ids of figures name both.
``text`` is in the terms of the inputs' roles. How a formula is worked out again from inputs is
told by ``paes.lineage.remaking``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula in words that a program could follow."""

    name: str
    text: str
    version: int = 1
    source: str | None = None

    @property
    def told(self) -> str:
        """Its text with its name and version."""
        return f"{self.text}  [{self.name} v{self.version}]"


COVENANT = "Covenant of Mayors, How to develop a SEAP, part II (JRC 2010), chapter 3"

SUM = Formula("sum", "sum of the parts, in exact arithmetic, rounded once")
EMISSIONS = Formula("emissions", "emissions_t = energy_mwh * factor_t_per_mwh", source=COVENANT)
FINAL_ENERGY = Formula("final_energy", "energy_mwh = sum of declared_mwh + metered_kwh / 1000")
DECLARED_ENERGY = Formula(
    "declared_energy", "energy_mwh = sum of declared_mwh (the meters lie inside: covers: sector)"
)
CONVERSION = Formula("conversion", "energy_mwh = amount * net calorific value / 1000")
METERED = Formula(
    "metered", "metered_kwh = sum of weight * measured_kwh + sum of weight * estimated_kwh"
)
SITE_USE = Formula("site_use", "used_kwh = sum of withdrawal + generation - feed_in")
METER_SPAN = Formula(
    "meter_span",
    "energy_kwh = (counted + amounts across gaps + estimates) * kWh per unit of register",
)
COUNTED = Formula("counted", "counted = sum of its periods + amounts read across gaps inside")
INTERVALS = Formula("intervals", "counted = sum of the intervals between reads, to a millionth")
INTERVAL = Formula("interval", "counted = register at the end - register at the start")
AMOUNT = Formula("amount", "counted = what the load curve or document says of it")
PART_OF_AMOUNT = Formula(
    "part_of_amount", "counted = what the load curve or document says * part of the time"
)
KNOWN_GAP = Formula("known_gap", "amount = register after the gap - register before it")
OTHER_ROW = Formula("other_row", "as the row's own formula says")
FACTOR = Formula("factor", "as the factor's own formula says")
EFE = Formula(
    "efe",
    "EFE = ((TCE - LPE - GEP) * NEEFE + CO2LPE + CO2GEP) / TCE, and its branch for exporters",
    source=COVENANT,
)
EFH = Formula("efh", "EFH = (CO2LPH + CO2IH - CO2EH) / LHC", source=COVENANT)
TABLE_C = Formula("table_c", "as tables C and D: what plants made, less what was used on the spot")
REDUCTION = Formula("reduction", "reduction = 1 - emissions / base_emissions")
PER_HEAD = Formula("per_head", "emissions per head = emissions_t / inhabitants")
PATH = Formula("path", "path = base_emissions * (1 - required_fraction)")
REQUIRED = Formula(
    "required", "straight between what is promised for the base year (0), interim and target years"
)
DISTANCE = Formula("distance", "distance = emissions - path")
CHANGE = Formula("change", "total_t = base_emissions_t - emissions_t")
EFFECT = Formula(
    "effect",
    "log-mean Divisia (LMDI-I) of both inventories, cell by cell",
    source="Ang, B.W.: LMDI decomposition approach, Energy Policy 86 (2015), 233-238",
)
ACTIONS = Formula("actions", "what the register declares for the year, overlaps counted once")
REST = Formula("rest", "unexplained_t = total_t - all causes")

FORMULAS = {value.name: value for value in tuple(globals().values()) if isinstance(value, Formula)}
"""All of them by name."""
