"""A meter whose energy belongs to several sites: the dated keys by which it is split."""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from paes.schema import ConfigModel, Identifier

ROUNDED_TO = 1e-6
"""What keys of six decimals may lack of 1."""


class Share(ConfigModel):
    """Which part of a meter's energy each site gets from a local day on; the parts make 1."""

    since: date = Field(alias="from")
    sites: dict[Identifier, Annotated[float, Field(gt=0, le=1)]] = Field(min_length=1)
    """The part (0..1) of each site; the meter's own may be among them."""

    @model_validator(mode="after")
    def _all_of_it(self) -> Share:
        total = math.fsum(self.sites.values())
        if abs(total - 1) > ROUNDED_TO:
            raise ValueError(
                f"sites get {total:g} of the energy in all; expected 1, so that nothing is lost"
            )
        return self
