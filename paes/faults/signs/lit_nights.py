"""The nights of street lamps: their power by quarter hours beside the sun, and how high they burn.

A *night* goes from noon to noon and has the number of the local day of its evening. Its *plateau*
is the mean power of its quarter hours at full light: those around which an hour and a quarter
reaches a part of the highest level (a coarse register tells little of one quarter hour), less the
first and the last in a row, so that neither switching nor dimming is in it. Energy does not tell
how many lamps burn, for the hours of burning are not the same on two nights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Self, TypeVar

import numpy as np

from paes.errors import DataError
from paes.faults.load_curve import Bools, Ints, LoadCurve
from paes.faults.view import View
from paes.lighting import Lamps, lamps_of, lit_sites
from paes.metering import Carrier, Measures, Site, SiteKind
from paes.meters import Meter
from paes.series import Floats
from paes.sun import sunrise_and_sunset

QUARTER_S = 900
DARK_BELOW = 0.1
"""A night whose plateau is less than this part of a usual one was dark."""
_NOON = 12.0
_TOP_QUANTILE = 0.9  # of a dark night; in June a tenth of it burns full before the lamps are dimmed
_AROUND = 2
_ENOUGH_POWER = 0.8
_KEPT = "lit-nights"
U = TypeVar("U")


@dataclass(frozen=True)
class Lights:
    """A cabinet's power by quarter hours, and the sun of every local day that they touch.

    ``sunrise_s`` and ``sunset_s`` are Unix seconds by number of the day; NaN where there is none.
    """

    curve: LoadCurve
    sunrise_s: Floats
    sunset_s: Floats

    def __post_init__(self) -> None:
        if self.curve.step_s != QUARTER_S:
            raise DataError(f"lights are told by quarter hours, not by {self.curve.step_s} s")

    @classmethod
    def at(cls, curve: LoadCurve, latitude: float, longitude: float) -> Self:
        """With the sun of a place."""
        found = [sunrise_and_sunset(latitude, longitude, day, curve.tz) for day in curve.days]
        times = [[at.timestamp() for at in both] if both else [np.nan] * 2 for both in found]
        sun = np.array(times, dtype=np.float64).reshape(-1, 2)
        return cls(curve, sun[:, 0], sun[:, 1])

    @property
    def nights(self) -> int:
        """How many nights have their evening in it."""
        return max(len(self.sunset_s) - 1, 0)

    @cached_property
    def night(self) -> Ints:
        """The night of each step; -1 before the first noon."""
        return np.asarray(self.curve.day - (self.curve.hour < _NOON))

    @cached_property
    def is_dark(self) -> Bools:
        """The steps that lie whole between sunset and sunrise."""
        evening = np.clip(self.night, 0, None)
        morning = np.minimum(evening + 1, len(self.sunrise_s) - 1)
        start = self.curve.seconds
        after = (start >= self.sunset_s[evening]) & (self.night >= 0)
        return np.asarray(after & (start + QUARTER_S <= self.sunrise_s[morning]))

    @cached_property
    def _bounds(self) -> Ints:
        return np.searchsorted(self.night, np.arange(self.nights + 1))

    def steps(self, night: int) -> slice:
        """The steps of a night, from noon to noon."""
        return slice(int(self._bounds[night]), int(self._bounds[night + 1]))

    def plateaus_kw(self, from_fraction: float, least_quarters: int) -> Floats:
        """The plateau of each night; NaN where fewer quarter hours of it are known.

        A quarter hour counts from ``from_fraction`` (0..1) of the night's highest level on.
        """
        power = np.where(self.is_dark, self.curve.per_hour, np.nan)
        found = np.full(self.nights, np.nan)
        for night in range(self.nights):
            kw = power[self.steps(night)]
            around = _mean_around(kw)
            known = ~np.isnan(around)
            if known.sum() < least_quarters:
                continue
            high = around >= from_fraction * np.quantile(around[known], _TOP_QUANTILE)
            inner = high[1:-1] & high[:-2] & high[2:]
            if inner.sum() >= least_quarters:
                found[night] = kw[1:-1][inner].mean()
        return found


def _mean_around(kw: Floats) -> Floats:
    """The mean of each known quarter hour with two on either side, as far as they are known."""
    known = ~np.isnan(kw)
    ones = np.ones(2 * _AROUND + 1)
    count = np.convolve(known, ones, "same")
    mean = np.convolve(np.where(known, kw, 0.0), ones, "same") / np.maximum(count, 1)
    return np.where(known & (count > _AROUND), mean, np.nan)


@dataclass(frozen=True)
class Spell(Generic[U]):
    """Nights (or days) with a sign, from ``first`` to ``last``; ``sure`` is when it was sure.

    ``usual`` is what was usual before the first of them, and stays.
    """

    first: int
    last: int
    sure: int
    is_over: bool
    usual: U


def spells(
    known: Iterable[int],
    usual_of: Callable[[Sequence[int]], U | None],
    has_sign: Callable[[int, U], bool],
    is_sure: Callable[[Sequence[int], U], bool],
    quiet: int,
) -> list[Spell[U]]:
    """The spells among the known nights, in order.

    ``usual_of`` tells from the nights without a sign what is usual (None: too early to say);
    ``is_sure`` says of a run of signs whether it is a spell. It is over after ``quiet`` known
    nights in a row without a sign, by what was usual before it.
    """
    told: list[Spell[U]] = []
    normal: list[int] = []
    run: list[int] = []
    calm: list[int] = []
    usual: U | None = None
    lasting: Spell[U] | None = None
    for night in known:
        if not run and lasting is None:
            usual = usual_of(normal)
        if usual is None:
            normal.append(night)
        elif has_sign(night, usual):
            calm = []
            run.append(night)
            if lasting or is_sure(run, usual):
                lasting = lasting or Spell(run[0], night, night, False, usual)
                lasting = Spell(lasting.first, night, lasting.sure, False, usual)
        elif lasting is None:
            normal += [*run, night]
            run = []
        else:
            calm.append(night)
            if len(calm) >= quiet:
                told.append(Spell(lasting.first, lasting.last, lasting.sure, True, usual))
                normal += calm
                lasting, run, calm = None, [], []
    return [*told, lasting] if lasting else told


def lights_of(view: View) -> Lights:
    """The lights of a view's meter.

    By its readings of active power, the mean of each quarter hour; where there are fewer of them
    than quarter hours with measured energy, by that energy.
    """
    if _KEPT not in view.kept:
        curve = _by_power(view) or view.quarters
        view.kept[_KEPT] = Lights.at(curve, view.latitude, view.longitude)
    lights: Lights = view.kept[_KEPT]
    return lights


def installed_of(view: View) -> Lamps | None:
    """The lamps behind a view's meter, as far as its device tells their power."""
    if view.site not in lit_sites(view.installation):
        return None
    try:
        lamps = lamps_of(view.installation, view.site)
    except DataError:  # no meter of the site has an active power: its energy stands in
        return None
    return next((one for one in lamps if one.meter.id == view.meter.id), None)


def feeds_lamps(meter: Meter, site: Site) -> bool:
    """True of meters of street lamps: those of a cabinet, and its circuits."""
    is_lit = site.kind is SiteKind.LIGHTING_CABINET or site.lighting_power_kw is not None
    measured = (Measures.WITHDRAWAL, Measures.SUBMETER)
    return is_lit and meter.carrier is Carrier.ELECTRICITY and meter.measures in measured


def feeds_a_cabinet(meter: Meter, site: Site) -> bool:
    """True of the meter of a whole cabinet: what its circuits waste is in it already."""
    return feeds_lamps(meter, site) and meter.measures is Measures.WITHDRAWAL


def _by_power(view: View) -> LoadCurve | None:
    lamps, energy = installed_of(view), view.quarters
    if lamps is None:
        return None
    summary = view.ledger.store.summary([lamps.point], energy.start_s, energy.end_s, QUARTER_S)
    found = summary.get(lamps.point)
    if found is None or len(found.start_s) < _ENOUGH_POWER * energy.known.sum():
        return None
    kwh = np.full(len(energy), np.nan)
    step = (found.start_s - energy.start_s) // QUARTER_S
    inside = (step >= 0) & (step < len(kwh))
    kwh[step[inside]] = found.mean[inside] / 1000.0 * (QUARTER_S / 3600.0)
    return energy.with_amounts(kwh)
