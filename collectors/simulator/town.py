"""The true state of the simulated town at any time: registers, energy, power, weather.

Every meter's register is the exact sum of its slots' energy, straight inside a slot, from its
first reading at the epoch on::

    register                       replacement
      │            ..............┐ last_reading
      │   .........              └ first_reading ......
      │...                                             energy(a, b) counts on over the jump
      └───────────────────────────────────────────────── time
       epoch

Between two readings that the installation declares for one device (or from 0 at the epoch, when
the declared last reading is less than what flowed) the load is scaled, so that the device shows
what is declared. Registers here never wrap: see ``collectors.simulator.dial`` for what is shown.
Malfunctions of the load are a part of the truth. It is complete: what a history loses is decided in
``collectors.simulator.history``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from collectors.simulator.faults import Fault
from collectors.simulator.load import Loads
from collectors.simulator.local_year import SLOT_H, SLOT_S, years_between
from collectors.simulator.need import Character
from collectors.simulator.parameters import Parameters, load_parameters
from collectors.simulator.randomness import Floats
from paes.errors import DataError
from paes.installation import Installation
from paes.meters import FieldMeter
from paes.periods import from_seconds, local_year, to_seconds
from paes.shipped_files import shipped_config
from paes.units import factor_to_canonical

Times = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Life:
    """One device of a meter: from when, its register then, and how its load is scaled."""

    start_s: float
    first: float
    scale: float
    counted_before: float
    """True energy of the meter, since the epoch, when this device was put in."""
    raw_before: float
    """The same before scaling."""


class Town:
    """Simulated truth for an installation; the same for ever by (seed, meter, time)."""

    def __init__(
        self,
        installation: Installation,
        seed: int | None = None,
        epoch: datetime | None = None,
        parameters: Parameters | None = None,
        malfunctions: Iterable[Fault] = (),
    ) -> None:
        self.installation = installation
        self.parameters = parameters or load_parameters(parameter_file(installation))
        self.seed = self.parameters.seed if seed is None else seed
        self.epoch_s = to_seconds(epoch or self.parameters.epoch) // SLOT_S * SLOT_S
        self.malfunctions = tuple(malfunctions)
        self.loads = Loads(installation, self.parameters, self.seed, self.malfunctions)
        # This year's sums of every meter, both ways, or a large town would compute them anew.
        most = 256 + 2 * len(installation.field_meters)
        self._year_sum = lru_cache(maxsize=most)(self._compute_year_sum)
        self._year_totals: dict[tuple[str, bool, int], float] = {}
        self._lives = lru_cache(maxsize=None)(self._compute_lives)

    def with_malfunctions(self, malfunctions: Iterable[Fault]) -> Town:
        """The same town, in which these play as well; DataError for one that cannot be."""
        more = (*self.malfunctions, *malfunctions)
        epoch = from_seconds(self.epoch_s)
        return Town(self.installation, self.seed, epoch, self.parameters, more)

    def register_at(self, meter_id: str, at: Times) -> Floats:
        """The accounted register in canonical units (kWh, m3) at Unix seconds; never wraps.

        Raises DataError for a time before the epoch or an unknown meter.
        """
        meter, raw = self.installation.field_meter(meter_id), self._raw(meter_id, at, outward=False)
        register = np.empty(len(at))
        for life, inside in self._each_life(meter, at):
            register[inside] = life.first + life.scale * (raw[inside] - life.raw_before)
        return register

    def counted_at(self, meter_id: str, at: Times) -> Floats:
        """True energy or volume since the epoch, over all devices of the meter."""
        meter, raw = self.installation.field_meter(meter_id), self._raw(meter_id, at, outward=False)
        counted = np.empty(len(at))
        for life, inside in self._each_life(meter, at):
            counted[inside] = life.counted_before + life.scale * (raw[inside] - life.raw_before)
        return counted

    def exported_at(self, meter_id: str, at: Times) -> Floats:
        """kWh that flowed out into the network through the meter since the epoch."""
        self.installation.field_meter(meter_id)
        return self._raw(meter_id, at, outward=True)

    def energy(self, meter_id: str, start: datetime, end: datetime) -> float:
        """The truth: kWh or m3 that the meter counts in ``[start, end)``."""
        at = np.array([start.timestamp(), end.timestamp()])
        before, after = self.counted_at(meter_id, at)
        return float(after - before)

    def power_at(self, meter_id: str, at: Times) -> Floats:
        """Flow through the register at Unix seconds: kW, or m3/h; mean of the slot."""
        meter, flow = (
            self.installation.field_meter(meter_id),
            self._flow(meter_id, at, outward=False),
        )
        for life, inside in self._each_life(meter, at):
            flow[inside] *= life.scale
        return flow

    def export_power_at(self, meter_id: str, at: Times) -> Floats:
        """kW that flow out into the network through the meter; mean of the slot."""
        self.installation.field_meter(meter_id)
        return self._flow(meter_id, at, outward=True)

    def temperature_at(self, site_id: str, at: Times) -> Floats:
        """Outdoor temperature in degC."""
        weather = self.loads.weather(self.installation.site(site_id))
        return weather.temperature_degc(np.asarray(at, dtype=np.int64))

    def _flow(self, meter_id: str, at: Times, outward: bool) -> Floats:
        """Raw mean flow of the slots that hold the times."""
        self._require_after_epoch(at)
        flow = np.empty(len(at))
        for year, inside in self._by_year(meter_id, at):
            start_s, sums = self._year_sum(meter_id, outward, year)
            slot = ((at[inside] - start_s) // SLOT_S).astype(np.int64)
            flow[inside] = (sums[slot + 1] - sums[slot]) / SLOT_H
        return flow

    def _raw(self, meter_id: str, at: Times, outward: bool) -> Floats:
        """Energy since the epoch before any scaling."""
        self._require_after_epoch(at)
        raw = np.empty(len(at))
        for year, inside in self._by_year(meter_id, at):
            start_s, sums = self._year_sum(meter_id, outward, year)
            position = (at[inside] - start_s) / SLOT_S
            slot = position.astype(np.int64)
            inner = (position - slot) * (sums[slot + 1] - sums[slot])
            raw[inside] = self._before_year(meter_id, outward, year) + (sums[slot] + inner)
        return raw

    def _by_year(self, meter_id: str, at: Times) -> list[tuple[int, npt.NDArray[np.bool_]]]:
        """The local years that hold some of the times, each with which of them."""
        if len(at) == 0:
            return []
        tz = self.installation.time_zone(meter_id)
        found = []
        for year in years_between(int(at.min()), int(at.max()), tz):
            calendar = self.loads.calendar(self.installation.field_meter(meter_id), year)
            inside = (at >= calendar.start_s) & (at < calendar.slots[-1] + SLOT_S)
            if inside.any():
                found.append((year, inside))
        return found

    def _compute_year_sum(self, meter_id: str, outward: bool, year: int) -> tuple[int, Floats]:
        """The year's first second, and the running sum of energy at its n + 1 slot edges."""
        meter = self.installation.field_meter(meter_id)
        calendar = self.loads.calendar(meter, year)
        flow = self.loads.export_kw(meter, year) if outward else self.loads.flow(meter, year)
        energy = np.where(calendar.slots >= self.epoch_s, flow, 0.0) * SLOT_H
        sums = np.concatenate(([0.0], np.cumsum(energy)))
        self._year_totals[meter_id, outward, year] = float(sums[-1])
        return calendar.start_s, sums

    def _before_year(self, meter_id: str, outward: bool, year: int) -> float:
        """Energy from the epoch to the start of the year."""
        first = local_year(from_seconds(self.epoch_s), self.installation.time_zone(meter_id))
        born = self.installation.field_meter(meter_id).valid_from
        total = 0.0
        for earlier in range(max(first, born.year) if born else first, year):
            if (meter_id, outward, earlier) not in self._year_totals:
                self._year_sum(meter_id, outward, earlier)
            total += self._year_totals[meter_id, outward, earlier]
        return total

    def _each_life(
        self, meter: FieldMeter, at: Times
    ) -> list[tuple[_Life, slice | npt.NDArray[np.bool_]]]:
        """Each device of the meter with which of the times are its own."""
        lives = self._lives(meter.id)
        if len(lives) == 1:
            return [(lives[0], slice(None))]
        which = np.searchsorted([life.start_s for life in lives[1:]], at, side="right")
        return [(life, which == i) for i, life in enumerate(lives)]

    def _compute_lives(self, meter_id: str) -> tuple[_Life, ...]:
        meter = self.installation.field_meter(meter_id)
        swaps = [r for r in meter.replacements if r.at.timestamp() > self.epoch_s]
        starts = [float(self.epoch_s), *(r.at.timestamp() for r in swaps)]
        raw = [float(x) for x in self._raw(meter_id, np.array(starts), outward=False)]
        firsts = [None, *(r.first_reading or 0.0 for r in swaps)]
        lasts = [*(r.last_reading for r in swaps), None]
        lives: list[_Life] = []
        counted = 0.0
        for i, (start_s, first, last) in enumerate(zip(starts, firsts, lasts, strict=True)):
            flowed = raw[i + 1] - raw[i] if i + 1 < len(raw) else 0.0
            begin = self._first_reading(meter, last, flowed) if first is None else first
            scale = _scale(begin, last, flowed)
            lives.append(_Life(start_s, begin, scale, counted, raw[i]))
            counted += scale * flowed
        return tuple(lives)

    def _first_reading(self, meter: FieldMeter, last: float | None, flowed: float) -> float:
        """The register at the epoch: back from a declared last reading, else by the seed."""
        if last is not None:
            return max(last - flowed, 0.0)
        by = Character(self.seed, meter.id)
        first = round(by.pick("register", self.parameters.initial_register), 3)
        if meter.pulse:
            zero = meter.pulse.initial_reading * factor_to_canonical(meter.pulse.unit)
            is_volume = self.installation.register(meter).unit == "m3"
            first += zero * (meter.volume_correction if is_volume else meter.transformer_ratio)
        return first

    def _require_after_epoch(self, at: Times) -> None:
        if len(at) and at.min() < self.epoch_s:
            raise DataError(
                f"time {int(at.min())} s is before the simulated town's epoch {self.epoch_s} s"
            )


def parameter_file(installation: Installation) -> Path:
    """The installation's own ``simulator.yaml``, else the shipped one."""
    own = installation.root / "simulator.yaml"
    return own if own.is_file() else shipped_config() / "simulator.yaml"


def _scale(first: float, last: float | None, flowed: float) -> float:
    """What the load is multiplied by so that the register runs from first to last."""
    if last is None or flowed <= 0.0 or last <= first:
        return 1.0
    return (last - first) / flowed
