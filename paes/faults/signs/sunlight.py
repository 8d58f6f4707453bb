"""What the rules about photovoltaic plants share: a plant's hours beside what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from paes.faults.episode import Episode, Excess, Picture
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.signs.windows import daily_picture, day_start
from paes.faults.view import View
from paes.metering import Site
from paes.meters import Meter
from paes.periods import Span
from paes.solar.expected import Expected, How, PlantDays
from paes.solar.plants import is_photovoltaic
from paes.solar.town import SolarTown


@dataclass(frozen=True)
class Sunlit:
    """A plant's measured hours, and of the same hours what was expected; and its local days."""

    made: LoadCurve
    expected: Expected
    days: PlantDays

    def day_start(self, day: int) -> datetime:
        """When the local day with this number begins."""
        return day_start(self.made, day)

    def span(self, first: int, last: int) -> Span:
        """The days from ``first`` to ``last``, both included."""
        return Span(self.day_start(first), self.day_start(last + 1))

    def lost(self, among: Bools, usual: float, low: float, high: float) -> Excess:
        """What was not produced on the days ``among``, hour by hour.

        ``usual`` times the expectation less what was made, and the same with ``low`` and ``high``
        for the bounds. A single hour may be below nothing, where a cloud passed elsewhere than
        over the reference; sums are what counts.
        """
        used = among[self.made.day] & self.made.known & ~np.isnan(self.expected.kwh)
        used &= self.expected.clear_kwh > 0
        made, kwh = self.made.amounts[used], self.expected.kwh[used]
        columns = (kwh * part - made for part in (usual, low, high))
        return Excess(self.made.seconds[used], self.made.step_s, *columns)

    def picture(self, first: int, last: int, usual: float = 1.0) -> Picture:
        """Daily kWh beside ``usual`` times what was expected, from eight weeks before on."""
        days = self.days
        return daily_picture(
            self.made, "kWh", days.made_kwh, usual * days.expected_kwh, first, last
        )


def concerns(meter: Meter, site: Site) -> bool:
    """Meters of photovoltaic plants."""
    return is_photovoltaic(meter)


def solar_town(view: View) -> SolarTown:
    """The sun and the plants of the view's city, shared by all of its views."""
    key = f"solar/{view.city.id}"
    if key not in view.town.kept:
        made = view.town.kept.setdefault("solar", {})
        view.town.kept[key] = SolarTown(view.ledger, view.city, view.span, made)
    town: SolarTown = view.town.kept[key]
    return town


def sunlit(view: View) -> Sunlit | None:
    """The plant of a view; None if nobody said how large it is, or if it never was read."""
    town = solar_town(view)
    plant = town.plants.get(view.meter.id)
    if plant is None:
        return None
    made = town.made(plant)
    return Sunlit(made, town.expected(plant), town.days(plant)) if made.known.any() else None


def touching(found: list[Episode], view: View) -> list[Episode]:
    """Those that touch the view's span; what is not over does, as far as anybody can see."""
    span = view.span
    return [e for e in found if e.start < span.end and (e.end > span.start or not e.is_over)]


def is_under_clear_sky(of: Sunlit) -> bool:
    """True if only a cloudless sky's production is known: an upper bound."""
    return of.expected.how is How.CLEAR_SKY
