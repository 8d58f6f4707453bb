"""The arithmetic of local factors: electricity and heat of a territory, and a cogenerator's split.

Electricity (SEAP guidebook of the JRC, part II; the same in the Covenant's template of 2010)::

    EFE = ((TCE - LPE - GEP) x NEEFE + CO2LPE + CO2GEP) / TCE
    EFE = (CO2LPE + CO2GEP) / (LPE + GEP)        if LPE + GEP > TCE: a town that exports
    EFE = NEEFE                                  if TCE = 0

The formula takes everything for granted that is used where it is made: it is in LPE and in TCE.
Bills and meters of withdrawal do not hold it. So let S be what was used on the spot and is in no
line of consumption; the lines hold D = TCE - S, and what came from plants to the others is
LPE - S. The emissions of the town are the same either way ::

    TCE x EFE = (D + S - LPE - GEP) x NEEFE + CO2LPE + CO2GEP
              = (D - (LPE - S) - GEP) x NEEFE + CO2LPE + CO2GEP = D x EFE'

and the factor of the lines is EFE' = TCE x EFE / D: the formula with S on neither side. Nothing is
taken off twice, and emissions of what was used on the spot (a cogenerator's) are not lost.

Heat: ``EFH = (CO2LPH + CO2IH - CO2EH) / LHC``. A cogenerator's emissions belong to heat by
``(P_h / eta_h) / (P_h / eta_h + P_e / eta_e)``, the rest to electricity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product

from paes.errors import DataError

NORMAL = "((TCE - LPE - GEP) x NEEFE + CO2LPE + CO2GEP) / TCE"
EXPORTER = "(CO2LPE + CO2GEP) / (LPE + GEP)"
EXPORTER_OWN_USE = "(CO2LPE + CO2GEP) / (LPE + own use + GEP) x (TCE + own use) / TCE"
NOTHING_USED = "NEEFE, for TCE = 0"
HEAT = "(CO2LPH + CO2IH - CO2EH) / LHC"


@dataclass(frozen=True, slots=True)
class ElectricityTerms:
    """What the factor of electricity is made of; energy in MWh, emissions in t."""

    consumption_mwh: float
    """D: what the lines of the inventory hold."""
    delivered_mwh: float
    """LPE as the lines meet it: what was made here and met consumption that they hold."""
    used_on_the_spot_mwh: float
    """S: what was made here and is in no line, for it was used where it was made."""
    green_mwh: float
    national_t_per_mwh: float
    production_t: float
    green_t: float

    @property
    def exports(self) -> bool:
        """True if more is made and bought green than is used."""
        return self.delivered_mwh + self.green_mwh > self.consumption_mwh

    @property
    def formula(self) -> str:
        """The branch that applies."""
        if self.consumption_mwh <= 0:
            return NOTHING_USED
        if not self.exports:
            return NORMAL
        return EXPORTER_OWN_USE if self.used_on_the_spot_mwh else EXPORTER

    @property
    def emissions_t(self) -> float:
        """Of all electricity used in the town: the factor times what the lines hold."""
        return self.consumption_mwh * self.factor_t_per_mwh

    @property
    def factor_t_per_mwh(self) -> float:
        """The factor of the lines."""
        used = self.consumption_mwh
        if used <= 0:
            return self.national_t_per_mwh
        own_t = self.production_t + self.green_t
        if not self.exports:
            bought_mwh = used - self.delivered_mwh - self.green_mwh
            if math.isinf(bought_mwh):
                return self.national_t_per_mwh
            return (bought_mwh * self.national_t_per_mwh + own_t) / used
        if math.isinf(self.used_on_the_spot_mwh):
            return own_t / used
        made_mwh = self.delivered_mwh + self.used_on_the_spot_mwh + self.green_mwh
        if math.isinf(made_mwh):
            return 0.0
        return own_t / made_mwh * (used + self.used_on_the_spot_mwh) / used

    def numbers(self) -> dict[str, float]:
        """Every term by the name that it has in the formula."""
        return {
            "tce_mwh": self.consumption_mwh,
            "lpe_mwh": self.delivered_mwh,
            "own_use_mwh": self.used_on_the_spot_mwh,
            "gep_mwh": self.green_mwh,
            "neefe_t_per_mwh": self.national_t_per_mwh,
            "co2lpe_t": self.production_t,
            "co2gep_t": self.green_t,
        }


def factor_bounds(
    terms: ElectricityTerms,
    consumption_mwh: tuple[float, float],
    delivered_mwh: tuple[float, float],
    used_on_the_spot_mwh: tuple[float, float],
    production_t: tuple[float, float] | None = None,
) -> tuple[float, float]:
    """Between which the factor lies, if these terms lie within their bounds (which may be inf).

    In each of them the factor only rises or only falls but for one kink, where the town turns
    from buying to exporting: the corners and that point hold its extremes.
    """
    found = [terms.factor_t_per_mwh]
    emitted = production_t or (terms.production_t,)
    for delivered, own_use, made_t in product(delivered_mwh, used_on_the_spot_mwh, emitted):
        kink = min(max(delivered + terms.green_mwh, consumption_mwh[0]), consumption_mwh[1])
        for used in (*consumption_mwh, kink):
            corner = replace(
                terms,
                consumption_mwh=used,
                delivered_mwh=delivered,
                used_on_the_spot_mwh=own_use,
                production_t=made_t,
            )
            found.append(corner.factor_t_per_mwh)
    numbers = [factor for factor in found if not math.isnan(factor)]
    return min(numbers), max(numbers)


def heat_fraction(
    heat_mwh: float, electricity_mwh: float, heat_efficiency: float, electric_efficiency: float
) -> float:
    """The part (0..1) of a cogenerator's fuel and emissions that belongs to its heat.

    All of it if it made nothing but heat; DataError if it made nothing at all.
    """
    heat = heat_mwh / heat_efficiency
    electricity = electricity_mwh / electric_efficiency
    if heat + electricity <= 0:
        raise DataError("a cogenerator that made neither heat nor electricity has nothing to split")
    return heat / (heat + electricity)
