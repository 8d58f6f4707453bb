"""How fast a unit answers, how much it gives at once, and how much rest it needs between requests.

Three questions, each with a bounded number of reads: the latency of blocks of growing size, the
largest block that is answered (found by halving between the largest good and the smallest bad
one), and the shortest pause after which nothing is lost or mixed up. The blocks hold whole points
of the profile, for some devices refuse half a value. Nothing is ever written.

The result is a line for the device's profile; what it rests on is in the numbers beside it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from collectors.devices.point import DevicePoint
from collectors.devices.profile import DeviceProfile
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.sunspec import discover, located
from paes.errors import BadReply, ConnectionFailed, DeviceRefused, FieldError, NoReply

SIZES = (1, 10, 24, 50, 80, 125)
PAUSES_MS = (0, 10, 25, 50, 100)
REPEATS = 10
MOST_SILENCES = 2
"""Time-outs after which a size or a pause is not tried any more."""
PATIENCE = 3.0
"""A time limit of so many times the slowest answer seen."""


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive registers that begin and end with a whole point of the profile."""

    function_code: int
    address: int
    count: int


@dataclass(slots=True)
class Trial:
    """One kind of request, made several times."""

    windows: tuple[Window, ...]
    pause_ms: int
    latencies_ms: list[float] = field(default_factory=list)
    timeouts: int = 0
    refused: int = 0
    bad: int = 0
    """Short or foreign answers, and cut connections."""
    last_error: str | None = None

    @property
    def count(self) -> int:
        """Registers of the longest request."""
        return max(w.count for w in self.windows)

    @property
    def failures(self) -> int:
        """Requests that brought no answer to trust."""
        return self.timeouts + self.refused + self.bad

    @property
    def is_clean(self) -> bool:
        """True if every request was answered."""
        return bool(self.latencies_ms) and not self.failures

    @property
    def median_ms(self) -> float | None:
        """Middle of the latencies; None without an answer."""
        return median(self.latencies_ms) if self.latencies_ms else None

    @property
    def p95_ms(self) -> float | None:
        """The latency that 95 in 100 answers stay within (nearest rank); None without one."""
        if not self.latencies_ms:
            return None
        ordered = sorted(self.latencies_ms)
        return ordered[math.ceil(0.95 * len(ordered)) - 1]


@dataclass(frozen=True, slots=True)
class Bench:
    """What was tried, and what follows from it."""

    place: str
    unit: int
    profile: DeviceProfile
    sizes: tuple[Trial, ...]
    pauses: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The largest block that was always answered; None if there is none."""
        return max((t for t in self.sizes if t.is_clean), key=lambda t: t.count, default=None)

    @property
    def pause_ms(self) -> int | None:
        """The shortest pause with which every request was answered; None if there is none."""
        return min((t.pause_ms for t in self.pauses if t.is_clean), default=None)

    @property
    def is_limited(self) -> bool:
        """True if a longer block than the best one was tried, and failed."""
        best = self.best
        return best is not None and any(t.count > best.count and t.failures for t in self.sizes)

    def profile_line(self) -> str | None:
        """``read:`` as it may stand in the profile; None if no block was answered."""
        best = self.best
        if best is None:
            return None
        read = self.profile.read.model_dump(exclude_defaults=True)
        limit = best.count if self.is_limited else max(best.count, self.profile.read.max_registers)
        read["max_registers"] = limit
        slowest = max(max(t.latencies_ms, default=0.0) for t in (*self.sizes, *self.pauses))
        measured = math.ceil(PATIENCE * slowest / 100) * 100
        read["min_timeout_ms"] = max(100, measured, self.profile.read.min_timeout_ms)
        read["pause_ms"] = max(PAUSES_MS) if self.pause_ms is None else self.pause_ms
        read.pop("note", None)
        text = ", ".join(f"{k}: {str(v).lower()}" for k, v in read.items())
        return f"read: {{{text}}}"


def windows_of(profile: DeviceProfile, most: int) -> list[Window]:
    """Windows of at most ``most`` registers over the profile's points, longest first.

    Of equal ones, those with the fewest registers that hold nothing come first: a device may
    refuse those.
    """
    found: dict[Window, int] = {}
    ordered = sorted(profile.points, key=lambda p: (p.fc, p.address))
    for index, first in enumerate(ordered):
        window = None
        held: set[int] = set()
        for point in _following(ordered[index:], first, most):
            held |= set(range(point.address, point.end))
            window = Window(first.fc, first.address, max(held) + 1 - first.address)
        if window is not None:
            found[window] = window.count - len(held)
    return sorted(found, key=lambda w: (-w.count, found[w], w.address))


def _following(
    points: Sequence[DevicePoint], first: DevicePoint, most: int
) -> Iterator[DevicePoint]:
    for point in points:
        if point.fc == first.fc and point.end - first.address <= most:
            yield point


class Benchmark:
    """The trials of one unit over one connection; ``run`` makes them all.

    ``on_trial`` is told after each trial, how many are done and how many there will be at most.
    """

    def __init__(
        self,
        connection: ModbusConnection,
        unit: int,
        profile: DeviceProfile,
        repeats: int = REPEATS,
        on_trial: Callable[[int, int], None] = lambda done, most: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.connection = connection
        self.unit = unit
        self.profile = profile
        self.repeats = repeats
        self._on_trial = on_trial
        self._sleep = sleep
        self._timeout_s = max(connection.timeout_s, profile.read.min_timeout_ms / 1000)
        self._trials = 0

    async def run(self) -> Bench:
        """Every trial; ConnectionFailed if the gateway cannot be reached at all."""
        await self._connect()
        try:
            if self.profile.is_relative:
                found = await discover(self.connection, self.unit, self._timeout_s)
                self.profile = located(self.profile, found)
            sizes = await self._try_sizes()
            best = max((t for t in sizes if t.is_clean), key=lambda t: t.count, default=None)
            pauses = await self._try_pauses(best.windows[0]) if best else []
        finally:
            await self.connection.close()
        return Bench(self.connection.place, self.unit, self.profile, tuple(sizes), tuple(pauses))

    async def _connect(self) -> None:
        await self.connection.connect()
        await asyncio.sleep(self.profile.link.connect_delay_ms / 1000 if self.profile.link else 0)

    async def _try_sizes(self) -> list[Trial]:
        """The usual sizes upwards until one fails; then halves between good and bad."""
        trials: list[Trial] = []
        tried: set[int] = set()
        good, bad = 0, 0
        for size in SIZES:
            trial = await self._try_size(size, tried)
            if trial is None:
                continue
            trials.append(trial)
            if not trial.is_clean:
                bad = trial.count
                break
            good = trial.count
        while bad - good > 1:
            trial = await self._try_size((good + bad) // 2, tried)
            if trial is None or trial.count <= good:
                break  # no whole points end in between
            trials.append(trial)
            good, bad = (trial.count, bad) if trial.is_clean else (good, trial.count)
        return sorted(trials, key=lambda t: t.count)

    async def _try_size(self, size: int, tried: set[int]) -> Trial | None:
        """The best window of ``size`` registers at most; None if there is no new one.

        A window that is refused may lie over a hole of the map: up to three are tried.
        """
        windows = windows_of(self.profile, size) or windows_of(self.profile, 4)[-1:]
        longest = windows[0].count
        if longest in tried:
            return None
        tried.add(longest)
        trial = Trial((), 0)
        for window in [w for w in windows if w.count == longest][:3]:
            trial = await self._try((window,), self.profile.read.pause_ms)
            if not trial.refused:
                break
        return trial

    async def _try_pauses(self, best: Window) -> list[Trial]:
        """Two different requests in turn, with each pause: answers must not be mixed up."""
        small = windows_of(self.profile, 2)
        other = next((w for w in small if w.function_code == best.function_code), best)
        pair = (best, other) if other != best else (best,)
        trials = []
        for pause_ms in PAUSES_MS:
            trials.append(await self._try(pair, pause_ms))
            if trials[-1].is_clean:
                break
        return trials

    async def _try(self, windows: tuple[Window, ...], pause_ms: int) -> Trial:
        trial = Trial(windows, pause_ms)
        for number in range(self.repeats):
            await self._sleep(pause_ms / 1000)
            await self._ask(trial, windows[number % len(windows)])
            if trial.timeouts >= MOST_SILENCES or trial.refused or trial.bad >= MOST_SILENCES:
                break
        self._trials += 1
        self._on_trial(self._trials, MOST_TRIALS)
        return trial

    async def _ask(self, trial: Trial, window: Window) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            if not self.connection.connected:
                await self._connect()
                began = loop.time()
            await self.connection.read(
                window.function_code, self.unit, window.address, window.count, self._timeout_s
            )
        except FieldError as err:
            _note(trial, err)
        else:
            trial.latencies_ms.append((loop.time() - began) * 1000)


MOST_TRIALS = 3 * (len(SIZES) + 7) + len(PAUSES_MS)
"""7: halving 125 registers down to one."""


def _note(trial: Trial, err: FieldError) -> None:
    trial.last_error = str(err)
    if isinstance(err, NoReply):
        trial.timeouts += 1
    elif isinstance(err, DeviceRefused):
        trial.refused += 1
    elif isinstance(err, BadReply | ConnectionFailed):
        trial.bad += 1
