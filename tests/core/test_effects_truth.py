"""A simulated town with known causes: the decomposition gives each of them back, 100 times.

The town's energy is written here as base x growth x weather x (1 - saving), cell by cell. A cause
that took part in a product has no single true share of its change: alone, from the base year on,
factor x gives V0 (x - 1); as the last to change it gives V1 (1 - 1 / x). The log-mean share is the
integral of V(t) ln x along V(t) = V0 (V1 / V0)^t, in which the other factors stand between 1 and
their product; so it lies between these two, and that is the tolerance of the method.
"""

from __future__ import annotations

import math
from datetime import date

import changing_town as t
import numpy as np
import pytest

from paes.causes.driver_data import Driver
from paes.causes.effects import CAUSES
from paes.metering import Sector
from paes.plan.action import Action, Origin, Status
from paes.progress.progress import make_progress

SEEDS = 100
CELLS = (
    (t.HOMES, t.GAS), (t.HOMES, t.POWER), (t.OFFICES, t.GAS), (t.OFFICES, t.POWER),
    (t.LAMPS, t.POWER), (t.CARS, t.DIESEL),
)  # fmt: skip
GAS_T = 0.2
DIESEL_T = 0.27
WEATHER_SHARE = {(t.HOMES, t.GAS): 0.8, (t.OFFICES, t.GAS): 0.9, (t.HOMES, t.POWER): 0.1}
GROWING = {t.HOMES: Driver.INHABITANTS, t.OFFICES: Driver.FLOOR_AREA_M2, t.CARS: Driver.VEHICLE_KM}


class TrueTown:
    """Energy and emissions of a seed's town, and what each cause truly did."""

    def __init__(self, seed: int, realisation: tuple[float, float]) -> None:
        draw = np.random.default_rng(seed)
        self.days = draw.uniform(1200, 2000, 2)
        self.growth = {s: draw.uniform(0.85, 1.2) for s in GROWING}
        self.power_t = (draw.uniform(0.45, 0.55), draw.uniform(0.25, 0.45))
        middle, half = sum(realisation) / 2, (realisation[1] - realisation[0]) / 2
        usual = self.days.mean()
        self.before, self.after, self.parts = {}, {}, {}
        self.actions, self.own_t = [], 0.0
        common = draw.standard_normal()  # what comes true of one saving is like that of the next
        for n, cell in enumerate(CELLS):
            base = draw.uniform(500, 30_000)
            sector, _ = cell
            w = 1 - WEATHER_SHARE.get(cell, 0.0) * (1 - self.days / usual)
            weather, growth = w[1] / w[0], self.growth.get(sector, 1.0)
            without = base * growth * weather
            declared = without * draw.uniform(0.0, 0.1)
            # 90 % lie within 1.645 standard deviations; two actions correlate by a half.
            luck = (common + draw.standard_normal()) / math.sqrt(2)
            saved = declared * (middle + half / 1.645 * luck)
            self.before[cell], self.after[cell] = base, without - saved
            f0, f1 = self._factors(cell)
            self.own_t += saved * f1
            v0, v1 = base * f0, (without - saved) * f1
            for name, x in (("weather", weather), ("activity", growth), ("grid", f1 / f0),
                            ("intensity", 1 - saved / without)):  # fmt: skip
                ends = sorted((v0 * (1 - x), v1 * (1 / x - 1)))
                found = self.parts.setdefault(name, [0.0, 0.0])
                found[0] += ends[0]
                found[1] += ends[1]
            self.actions.append(
                Action(id=f"own-{n}", name=t.NAME, sector=sector, carrier=cell[1],
                       status=Status.COMPLETED, end=date(2015, 6, 30),
                       declared_saving_mwh=declared)
            )  # fmt: skip

    def _factors(self, cell) -> tuple[float, float]:
        if cell[1] is t.POWER:
            return self.power_t
        one = GAS_T if cell[1] is t.GAS else DIESEL_T
        return one, one

    def progress(self, folder, assumptions):
        rows = [t.row(t.BASE, *cell, mwh) for cell, mwh in self.before.items()]
        rows += [t.row(t.YEAR, *cell, mwh) for cell, mwh in self.after.items()]
        drivers = [t.driver(y, Driver.DEGREE_DAYS, d)
                   for y, d in zip((t.BASE, t.YEAR), self.days, strict=True)]  # fmt: skip
        for sector, kind in GROWING.items():
            drivers.append(t.driver(t.BASE, kind, 1000.0, sector))
            drivers.append(t.driver(t.YEAR, kind, 1000.0 * self.growth[sector], sector))
        city = t.town(rows, drivers, self.actions)
        factors = t.library(*self.power_t)
        return make_progress(city, t.ledger_of(city, folder, factors, assumptions))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Of each seed: the true town, and what the decomposition says of it."""
    assumptions = t.shipped_assumptions()
    of = assumptions.realisation
    folder = tmp_path_factory.mktemp("truth")
    found = []
    for seed in range(SEEDS):
        true = TrueTown(seed, (of.low_fraction, of.high_fraction))
        found.append((true, true.progress(folder, assumptions).effects_in(t.YEAR)))
    assert len(found) == SEEDS
    return found


@pytest.mark.parametrize("cause", ["weather", "activity", "grid"])
def test_circumstances_and_grid_come_back_within_the_methods_tolerance(told, cause):
    for seed, (true, effects) in enumerate(told):
        low, high = true.parts[cause]
        assert low - 1e-6 <= getattr(effects, f"{cause}_t") <= high + 1e-6, seed


def test_the_tolerance_is_narrow_enough_to_mean_something(told):
    """Half its width, against the whole of the base year's emissions: under 3 %."""
    for true, _ in told:
        base_t = sum(mwh * true._factors(cell)[0] for cell, mwh in true.before.items())
        for low, high in true.parts.values():
            assert (high - low) / 2 < 0.03 * base_t


def test_own_actions_lie_in_their_stated_interval(told):
    """In at least 90 of 100 towns: that is what the interval says of itself."""
    inside = sum(e.own_low_t <= true.own_t <= e.own_high_t for true, e in told)
    assert inside >= 90
    assert all(e.own_low_t < e.own_actions_t < e.own_high_t for _, e in told)


def test_actions_and_what_is_unexplained_are_the_intensity(told):
    """Nobody else acted here: what is declared and what is left are what savings truly did."""
    for true, effects in told:
        low, high = true.parts["intensity"]
        assert low - 1e-6 <= effects.own_actions_t + effects.unexplained_t <= high + 1e-6
        assert effects.supra_actions_t == effects.mixed_actions_t == effects.boundary_t == 0.0


def test_all_parts_add_up_to_the_gram(told):
    for true, effects in told:
        total = sum(
            mwh * true._factors(cell)[0] - true.after[cell] * true._factors(cell)[1]
            for cell, mwh in true.before.items()
        )
        parts = [getattr(effects, cause) for cause in CAUSES] + [effects.unexplained_t]
        assert sum(parts) == pytest.approx(total, abs=1e-6)


def test_without_any_change_nothing_is_told(tmp_path):
    rows = [t.row(y, t.HOMES, t.GAS, 1000.0) for y in (t.BASE, t.YEAR)]
    drivers = [t.driver(y, Driver.DEGREE_DAYS, 1500) for y in (t.BASE, t.YEAR)]
    city = t.town(rows, drivers)
    effects = make_progress(city, t.ledger_of(city, tmp_path)).effects_in(t.YEAR)
    assert [getattr(effects, cause) for cause in CAUSES] == [0.0] * len(CAUSES)
    assert effects.unexplained_t == 0.0


def test_origins_are_told_apart(tmp_path):
    """100 t each, working since 2015: own, national, half the town's, and of nobody's word."""
    rows = [t.row(t.BASE, t.HOMES, t.GAS, 9000.0), t.row(t.YEAR, t.HOMES, t.GAS, 7000.0)]
    actions = [
        Action(id=f"a{n}", name=t.NAME, sector=Sector.RESIDENTIAL_BUILDINGS, origin=origin,
               own_fraction=own, status=Status.COMPLETED, end=date(2014, 12, 31),
               declared_reduction_t=100.0)
        for n, (origin, own) in enumerate(
            [(Origin.LOCAL, None), (Origin.NATIONAL, None), (Origin.MIXED, 0.5),
             (Origin.MIXED, None)])
    ]  # fmt: skip
    city = t.town(rows, actions=actions)
    effects = make_progress(city, t.ledger_of(city, tmp_path)).effects_in(t.YEAR)
    assert effects.own_actions_t == pytest.approx(150.0)
    assert effects.supra_actions_t == pytest.approx(150.0)
    assert effects.mixed_actions_t == pytest.approx(100.0)
    assert effects.total_t == pytest.approx(2000 * 0.2)
    assert effects.unexplained_t == pytest.approx(0.0, abs=1e-9)
