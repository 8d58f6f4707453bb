"""Which factor a cell of the inventory has: the city's own, one worked out here, or the set's.

In this order, with what the method says of warming potentials, frozen electricity and factors
that were added too late:

1. the factor that the city declares for the year (``inventory/local_factors.csv``);
2. one worked out from local production and purchases (``paes.supply``);
3. the one that the city declared for an earlier year;
4. the set's, for biofuel by its sustainable part.

Of electricity the first three are local factors: they count only where the method wants the
local one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from paes.activity.activity_data import ActivityData
from paes.activity.sustainability import sustainable_fraction
from paes.errors import FactorMissing
from paes.factors.declared_factors import DeclaredFactor, declared_factor
from paes.factors.emission_factors import FactorLibrary, FactorMatch, How
from paes.inventory.method import Method
from paes.metering import Carrier, Sector
from paes.plan.plan import Plan


@dataclass(frozen=True)
class FactorChoice:
    """How factors are found for one city and inventory.

    ``local`` holds the factors worked out for the inventory's year, by carrier.
    """

    factors: FactorLibrary
    declared: tuple[DeclaredFactor, ...]
    method: Method
    as_of: date | None = None
    frozen_as_of: date | None = None
    """The day for a frozen factor of electricity, which is one for all years (``frozen_on``)."""
    local: Mapping[Carrier, FactorMatch] = field(default_factory=dict)

    def of_row(self, row: ActivityData) -> FactorMatch:
        """The factor of a cell; FactorMissing if there is none."""
        default = self.factors.sustainable_fraction(self.method.factor_set)
        share = sustainable_fraction(row, default)
        try:
            return self.of_cell(row.carrier, row.sector, row.year, share)
        except FactorMissing as err:
            if row.carrier is not Carrier.HEAT_COLD:
                raise
            raise _no_heat_factor(row) from err

    def of_cell(
        self, carrier: Carrier, sector: Sector, year: int, sustainable: float | None = None
    ) -> FactorMatch:
        """The factor of ``carrier`` in ``sector`` and ``year``; FactorMissing if there is none."""
        own = self.own(carrier, sector, year)
        computed = self.local.get(carrier)
        if own and (own.how is not How.EARLIER or computed is None or _is_national(computed)):
            return own
        return computed or self.of_set(carrier, sector, year, sustainable)

    def own(self, carrier: Carrier, sector: Sector, year: int) -> FactorMatch | None:
        """What the city declares, if the method lets it count."""
        if carrier is Carrier.ELECTRICITY and self.method.electricity_scope != "local":
            return None
        asked = self._year_of(carrier, year)
        set_id = self.method.factor_set
        as_of = self.as_of_carrier(carrier)
        found = declared_factor(self.declared, set_id, carrier, sector, asked, as_of)
        return self._asked_for(found, year) if found else None

    def of_set(
        self, carrier: Carrier, sector: Sector, year: int, sustainable: float | None = None
    ) -> FactorMatch:
        """The set's own factor: of electricity the national one."""
        found = self.factors.find(
            self.method.factor_set,
            carrier,
            sector,
            self._year_of(carrier, year),
            gwp=self.method.gwp,
            sustainable=sustainable,
            as_of=self.as_of_carrier(carrier),
        )
        return self._asked_for(found, year)

    def _is_frozen(self, carrier: Carrier) -> bool:
        return carrier is Carrier.ELECTRICITY and self.method.electricity_factor == "frozen"

    def _year_of(self, carrier: Carrier, year: int) -> int:
        return self.method.base_year if self._is_frozen(carrier) else year

    def as_of_carrier(self, carrier: Carrier) -> date | None:
        """The day by which a factor of ``carrier`` must have been known; None if all count."""
        return self.frozen_as_of if self._is_frozen(carrier) else self.as_of

    def _asked_for(self, found: FactorMatch, year: int) -> FactorMatch:
        is_frozen = self._is_frozen(found.carrier)
        return replace(found, year_asked=year, how=How.FROZEN) if is_frozen else found


def _is_national(computed: FactorMatch) -> bool:
    """True for a factor of electricity in which nothing is of the town's own making or buying."""
    own = ("lpe_mwh", "own_use_mwh", "gep_mwh")
    return computed.carrier is Carrier.ELECTRICITY and not any(
        computed.numbers.get(name) for name in own
    )


def _no_heat_factor(row: ActivityData) -> FactorMissing:
    return FactorMissing(
        f"{row.energy_mwh:g} MWh of heat_cold in {row.sector}, {row.year}, and nothing says how it "
        "was made: declare the plants and their fuel (inventory/plants.yaml, generation.csv, "
        "plant_fuels.csv), heat from outside (heat_trade.csv) or the factor (local_factors.csv)"
    )


def known_on(plan: Plan, year: int, method: Method) -> date | None:
    """The day by which factors of ``year`` must have been known; None if all count.

    A method that names a day wins over the day on which the plan's inventory was published.
    """
    if method.factors_as_of is not None:
        return method.factors_as_of
    days = [one.published_on for one in plan.publications if one.year == year]
    return min(days, default=None)


def frozen_on(plan: Plan, method: Method) -> date | None:
    """The day by which a frozen factor must have been known; None if all that are known count.

    It is that of the first publication, for every year: whatever was published holds the base
    year's factor, and two years that know it of two days would differ by no change of the grid.
    """
    if method.factors_as_of is not None:
        return method.factors_as_of
    return min((one.published_on for one in plan.publications), default=None)
