"""Simulated devices: the register image behind one unit of a gateway at a virtual time.

The image is written through the same profile that the collector reads by. Registers inside the
profile's range that hold nothing read as 0; outside it the device answers exception 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from collectors.devices.point import DevicePoint, ProfileKind
from collectors.devices.profile import DeviceProfile, Identification, load_profile
from collectors.devices.registers import encode, is_pulse_channel, to_device_value, words_of
from collectors.simulator.counter_faults import CounterFaults
from collectors.simulator.dial import dial_of
from collectors.simulator.faults import Fault
from collectors.simulator.quantities import Quantities, State
from collectors.simulator.server import ILLEGAL_ADDRESS, Reply
from collectors.simulator.sunspec_chain import COMMON, SunSpecChain, is_common
from collectors.simulator.town import Town
from paes.errors import DataError
from paes.metering import Measures
from paes.meters import FieldMeter, Sensor

Image = dict[tuple[int, int], int]
"""(function code, address) -> word."""

_EXPONENTS = range(-2, 7)
_BEFORE_CORRECTIONS = datetime.min.replace(tzinfo=UTC)
"""A device counts its pulses and knows nothing of what a person corrects."""


class SimulatedDevice:
    """One unit behind a gateway, with every meter that reads a register of it."""

    def __init__(
        self,
        town: Town,
        meters: Iterable[FieldMeter],
        faults: Iterable[Fault] = (),
        started_s: float = 0.0,
    ) -> None:
        # What is fed in is the second register of a device that another meter describes.
        self.meters = tuple(sorted(meters, key=lambda m: m.measures is Measures.FEED_IN))
        self.town = town
        self.counter_faults = CounterFaults(town, self.meters, faults, started_s)
        file = town.installation.device_file(self.meters[0].device)
        self.profile = _profile(file, file.stat().st_mtime_ns)
        self._chain = self._chain_around_it() if self.profile.is_relative else None
        self._offset = self._chain.offset if self._chain else 0
        self._range = self._compute_range()
        self._quantities = {
            m.id: Quantities(m, self.profile, town.parameters, town.seed) for m in self.meters
        }
        self._dials = {
            m.id: dial_of(town.installation, m) for m in self.meters if not isinstance(m, Sensor)
        }
        self._is_scaled = any(p.kind is ProfileKind.SCALE_FACTOR for p in self.profile.points)
        self._cached = lru_cache(maxsize=8)(self._compute_image)
        self._asked = lru_cache(maxsize=64)(self._points_between)
        self._states = lru_cache(maxsize=2)(self._compute_states)

    def read(self, function: int, address: int, count: int, now_s: float) -> Reply:
        """What the device answers to a read at a virtual time."""
        start, end = self._range.get(function, (0, 0))
        if address < start or address + count > end:
            return Reply(exception=ILLEGAL_ADDRESS)
        lived_s = self.counter_faults.time(now_s)
        image = self._cached(lived_s, self._asked(function, address, address + count))
        return Reply([image.get((function, a), 0) for a in range(address, address + count)])

    def image(self, now_s: int) -> Image:
        """All registers at a whole virtual second."""
        return self._cached(now_s, tuple(range(len(self.profile.points))))

    def _points_between(self, function: int, start: int, end: int) -> tuple[int, ...]:
        """Which points have a register there; all of them where they share scale factors."""
        if self._is_scaled:
            return tuple(range(len(self.profile.points)))
        first, last = start - self._offset, end - self._offset
        return tuple(
            i
            for i, p in enumerate(self.profile.points)
            if p.fc == function and p.address < last and first < p.end
        )

    def _compute_states(self, now_s: int) -> list[State]:
        return [self.counter_faults.state(meter, now_s) for meter in self.meters]

    def _compute_image(self, now_s: int, which: tuple[int, ...]) -> Image:
        points = [self.profile.points[i] for i in which]
        image: Image = {}
        fc = self.profile.defaults.fc
        states = self._states(now_s)
        self._put_points(image, self.meters[0], states[0], points)
        for mark in self.profile.identify:
            self._put(image, fc, mark.address, _mark_words(mark, self.profile))
        if self._chain:
            first = self.meters[0]
            serial = self.counter_faults.serial(first, now_s)
            for address, words in self._chain.words(self._quantities[first.id], states[0], serial):
                self._put(image, fc, address, words)
        for meter, state in zip(self.meters, states, strict=True):
            if meter.id in self._dials:
                self._put_accounted(image, meter, state)
        return image

    def _put_points(
        self, image: Image, meter: FieldMeter, state: State, points: list[DevicePoint]
    ) -> None:
        """Points of the device as its first meter sees them."""
        values = {
            point.name: self._device_value(meter, point, state)
            for point in points
            if point.kind is not ProfileKind.SCALE_FACTOR
        }
        exponents = _exponents(self.profile, values) if self._is_scaled else {}
        for point in points:
            if point.kind is ProfileKind.SCALE_FACTOR:
                words = encode(point, exponents[point.name])
            else:
                words = _fitting_words(
                    point, values[point.name], exponents.get(point.scale_from or "", 0)
                )
            words = self.counter_faults.words(meter, point, words, state.now_s)
            self._put(image, point.fc, point.address + self._offset, words)

    def _device_value(self, meter: FieldMeter, point: DevicePoint, state: State) -> float | str:
        serial = self.counter_faults.serial(meter, state.now_s)
        value = self._quantities[meter.id].value(point, state, serial)
        if isinstance(value, str) or not point.is_number:
            return value
        if is_pulse_channel(meter, point):
            return 0.0  # its accounted register is written by itself
        return to_device_value(meter, point, value)

    def _put_accounted(self, image: Image, meter: FieldMeter, state: State) -> None:
        """The register that is accounted, exactly as the meter's dial shows it."""
        point = self._accounted_point(meter)
        shown = float(self._dials[meter.id].shown(np.array([state.register]))[0])
        words = encode(point, to_device_value(meter, point, shown, _BEFORE_CORRECTIONS))
        words = self.counter_faults.words(meter, point, words, state.now_s)
        self._put(image, point.fc, point.address + self._offset, words)

    def _accounted_point(self, meter: FieldMeter) -> DevicePoint:
        if meter.pulse:
            return next(p for p in self.profile.points if is_pulse_channel(meter, p))
        return self.profile.point(self.town.installation.register(meter).point.rsplit("/", 1)[1])

    def _chain_around_it(self) -> SunSpecChain:
        if is_common(self.profile):
            return SunSpecChain(self.profile, None)
        file = self.town.installation.device_file(COMMON)
        return SunSpecChain(self.profile, _profile(file, file.stat().st_mtime_ns))

    def _compute_range(self) -> dict[int, tuple[int, int]]:
        """For each function code the first address, and the one after the last."""
        places = [
            (p.fc, p.address + self._offset, p.end + self._offset) for p in self.profile.points
        ]
        fc = self.profile.defaults.fc
        places += [(fc, mark.address, mark.end) for mark in self.profile.identify]
        if self._chain:
            places.append((fc, self._chain.start, self._chain.end))
        return {
            code: (
                min(start for c, start, _ in places if c == code),
                max(end for c, _, end in places if c == code),
            )
            for code in {c for c, _, _ in places}
        }

    @staticmethod
    def _put(image: Image, function: int, address: int, words: Iterable[int]) -> None:
        for number, word in enumerate(words):
            image[function, address + number] = word


@lru_cache(maxsize=128)
def _profile(file: Path, changed_ns: int) -> DeviceProfile:
    """The profile in a file as it was changed last: a town has few kinds of devices."""
    return load_profile(file)


def _exponents(profile: DeviceProfile, values: dict[str, float | str]) -> dict[str, int]:
    """For each scale factor the finest exponent with which all its points fit.

    A counter keeps exponent 0: a scale that changes would change what is accounted.
    """
    exponents = {}
    for factor in profile.points:
        if factor.kind is ProfileKind.SCALE_FACTOR:
            points = [p for p in profile.points if p.scale_from == factor.name]
            counts = any(p.kind is ProfileKind.COUNTER for p in points)
            exponents[factor.name] = (
                0 if counts else next(e for e in _EXPONENTS if _all_fit(points, values, e))
            )
    return exponents


def _all_fit(points: list[DevicePoint], values: dict[str, float | str], exponent: int) -> bool:
    try:
        for point in points:
            encode(point, values[point.name], exponent)
    except DataError:
        return exponent == _EXPONENTS[-1]
    return True


def _fitting_words(point: DevicePoint, value: float | str, exponent: int) -> list[int]:
    """The words for a value; what the register cannot hold shows without its sign, or as 0."""
    has_sign = point.type.is_signed or point.type.is_float
    if not isinstance(value, str) and not has_sign:
        value = abs(value)
    try:
        return encode(point, value, exponent)
    except DataError:
        return [0] * point.width


def _mark_words(mark: Identification, profile: DeviceProfile) -> list[int]:
    """What the register holds by which the device is recognised."""
    wanted = mark.equals[0] if mark.equals else profile.models[0].lower()
    if isinstance(wanted, int):
        return words_of(wanted, mark.width, profile.defaults.order)
    data = wanted.encode("latin-1", errors="replace").ljust(2 * mark.width, b"\0")
    return [data[2 * i] << 8 | data[2 * i + 1] for i in range(mark.width)]
