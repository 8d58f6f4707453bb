"""The factor by which energy that need not have been used becomes tonnes, by the plan's method.

Of a year the factor of the meter's cell as an inventory of that year would take it: electricity
frozen or current, national or local, gas and fuels of the set. What only a whole inventory works
out (the town's own electricity factor, heat from a network) is taken from the newest one and said
to be of its year. What a plant did not produce has the national factor, as what actions declare.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paes.errors import DataError
from paes.factors.emission_factors import FactorMatch, How
from paes.installation import City, Installation
from paes.inventory.factor_choice import FactorChoice, frozen_on, known_on
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
from paes.metering import Carrier, Measures, Sector
from paes.meters import Meter

NewestOf = Callable[[City], Inventory | None]
_Key = tuple[str, Carrier, Sector, int, bool]


class AvoidedFactors:
    """Factors of one installation, each looked up once; ``newest`` gives a city's inventory."""

    def __init__(self, installation: Installation, newest: NewestOf) -> None:
        self._installation = installation
        self._newest = newest
        self._found: dict[_Key, FactorMatch | None] = {}

    def of(self, meter: Meter, year: int) -> FactorMatch | None:
        """The factor of what ``meter`` measures in ``year``; None of water, or without any."""
        if meter.carrier is None:
            return None
        city = self._installation.city_of(meter)
        sector = self._installation.site(meter.site).sector
        produced = meter.measures in (Measures.GENERATION, Measures.FEED_IN)
        key = (city.id, meter.carrier, sector, year, produced)
        if key not in self._found:
            self._found[key] = self._find(city, meter.carrier, sector, year, produced)
        return self._found[key]

    def _find(
        self, city: City, carrier: Carrier, sector: Sector, year: int, produced: bool
    ) -> FactorMatch | None:
        plan, method = city.plan, Method.of(city.plan)
        as_of, frozen_as_of = known_on(plan, year, method), frozen_on(plan, method)
        factors = self._installation.factors
        choice = FactorChoice(factors, city.local_factors, method, as_of, frozen_as_of)
        try:
            if produced:
                return choice.of_set(carrier, sector, year)
            if not _is_worked_out(carrier, method):
                return choice.of_cell(carrier, sector, year)
            own = choice.own(carrier, sector, year)
            return (
                own
                or self._of_inventory(city, carrier, sector, year)
                or choice.of_set(carrier, sector, year)
            )
        except DataError:
            return None

    def _of_inventory(
        self, city: City, carrier: Carrier, sector: Sector, year: int
    ) -> FactorMatch | None:
        """That of the cell in the newest inventory, or of the carrier in another sector."""
        newest = self._newest(city)
        of_carrier = [
            line for line in (newest.lines if newest else ()) if line.activity.carrier is carrier
        ]
        of_cell = [line for line in of_carrier if line.activity.sector is sector]
        for line in (*of_cell, *of_carrier):
            how = line.factor.how if line.factor.year_asked == year else How.EARLIER
            return replace(line.factor, year_asked=year, how=how)
        return None


def _is_worked_out(carrier: Carrier, method: Method) -> bool:
    """True where the factor follows from a whole year's supply of the town."""
    is_local = carrier is Carrier.ELECTRICITY and method.electricity_scope == "local"
    return is_local or carrier is Carrier.HEAT_COLD


def factor_text(match: FactorMatch) -> str:
    """The match in words: ``electricity 0.2563 t/MWh for 2026: ipcc-co2, 2024 (earlier)``."""
    year = "" if match.year_used is None else f", {match.year_used}"
    assumed = ", assumed" if match.assumed else ""
    return (
        f"{match.carrier} {match.factor_t_per_mwh:.4g} t/MWh for {match.year_asked}: "
        f"{match.factor_set}{year} ({match.how}{assumed})"
    )
