"""Warming potentials: what a tonne of methane or nitrous oxide counts beside one of CO2.

They were revised with every report of the IPCC, so that a figure in CO2 equivalent means nothing
without the set it was made with. Sets live in ``factors/gwp.yaml``; an installation may add its
own. Factors whose gases were added up elsewhere cannot be made with another set.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, model_validator

from paes.schema import Identifier, Sourced, Text

FORMULA = "co2_t_per_mwh + ch4_t_per_mwh * gwp_ch4 + n2o_t_per_mwh * gwp_n2o"


class GwpSet(Sourced):
    """Warming potentials over 100 years, t CO2 equivalent per t."""

    id: Identifier
    name: Text
    ch4: float = Field(gt=0, le=200)
    n2o: float = Field(gt=0, le=1000)

    @model_validator(mode="after")
    def _has_origin(self) -> GwpSet:
        if not self.source and not self.assumed:
            raise ValueError("warming potentials need a source, or assumed: true with a note")
        return self


@dataclass(frozen=True, slots=True)
class Gases:
    """What burning a MWh sets free, t of each gas."""

    co2_t_per_mwh: float
    ch4_t_per_mwh: float
    n2o_t_per_mwh: float

    def equivalent_t_per_mwh(self, gwp: GwpSet) -> float:
        """CO2 equivalent per MWh."""
        return self.co2_t_per_mwh + self.ch4_t_per_mwh * gwp.ch4 + self.n2o_t_per_mwh * gwp.n2o

    def numbers(self, gwp: GwpSet) -> dict[str, float]:
        """What the CO2 equivalent was worked out from."""
        return {
            "co2_t_per_mwh": self.co2_t_per_mwh,
            "ch4_t_per_mwh": self.ch4_t_per_mwh,
            "n2o_t_per_mwh": self.n2o_t_per_mwh,
            "gwp_ch4": gwp.ch4,
            "gwp_n2o": gwp.n2o,
        }
