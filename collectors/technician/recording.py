"""Making a device dump: read everything a unit has, and note what it refuses.

One request at a time, with the pauses and the patience that the profile asks for. A block that is
refused or unanswered is halved until the registers to blame are alone; "busy" is asked once more.
Later samples ask only for what was answered in the first. Function codes 3 and 4: nothing is
written to the device.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from collectors.devices.profile import DeviceProfile
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.read_plan import plan
from collectors.modbus.sunspec import MARKER, Discovery, discover
from collectors.technician.device_dump import Asked, Dump, Failure, RecordedBlock, Sample
from paes.errors import (
    BadReply,
    ConnectionFailed,
    DataError,
    DeviceRefused,
    FieldError,
    NoReply,
)
from paes.periods import Clock

SMALL_BLOCK = 50
"""Registers in one request for ranges that no profile knows: many devices refuse more."""
MOST_SILENCES = 4
"""Requests without an answer in a row after which the rest of a sample is not asked."""
BUSY_PAUSE_S = 0.2

_BUSY = (5, 6)
_HOPELESS = (4, 10, 11)  # the device or the way to it fails, whatever is asked
_OUTCOMES: dict[type[FieldError], str] = {
    NoReply: "silent",
    ConnectionFailed: "closed",
    BadReply: "bad_reply",
}

Progress = Callable[[int, int], None]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is recorded: the profile's blocks and other ranges, how often and how far apart."""

    ranges: tuple[Asked, ...] = ()
    samples: int = 1
    every_s: float = 0.0
    block: int = SMALL_BLOCK
    """Registers in one request for the ranges."""


async def record(
    connection: ModbusConnection,
    unit: int,
    profile: DeviceProfile | None,
    wanted: Wanted,
    clock: Clock,
    *,
    meter: str | None = None,
    progress: Progress | None = None,
    sleep: Sleep = asyncio.sleep,
) -> Dump:
    """Read every block of ``profile``, and what else is wanted; closes the connection.

    ``progress(done, total)`` counts registers. After the first sample nothing is lost any more: a
    recording that is cancelled, or whose gateway cannot be reached again, has the samples until
    then. Raises ConnectionFailed if the gateway cannot be reached, the unit's own error if it
    never answered with words, DataError if there is nothing to read.
    """
    recorder = _Recorder(connection, unit, profile, clock, sleep, progress or _ignore)
    began = clock()
    try:
        await connection.connect()
        if profile and profile.link and profile.link.connect_delay_ms:
            await sleep(profile.link.connect_delay_ms / 1000)
        parts = await recorder.everything(wanted)
        recorder.total = sum(p.count for p in parts) * wanted.samples
        first = await recorder.sample(parts, 0.0, divide=True)
        if not first.blocks:
            raise recorder.first_error or NoReply(f"{connection.place} unit {unit}: no words")
        parts = [Asked(fc=b.fc, address=b.address, count=len(b.words)) for b in first.blocks]
        samples = [first]
        with suppress(asyncio.CancelledError, ConnectionFailed):
            for number in range(1, wanted.samples):
                due = began + timedelta(seconds=number * wanted.every_s)
                await sleep(max(0.0, (due - clock()).total_seconds()))
                after_s = round((clock() - began).total_seconds(), 3)
                samples.append(await recorder.sample(parts, after_s, divide=False))
    finally:
        await connection.close()
    return Dump(
        place=connection.place,
        unit=unit,
        profile=profile.id if profile else None,
        meter=meter,
        began=began,
        samples=tuple(samples),
    )


@dataclass
class _Recorder:
    """One unit being read; the notes are those of the sample that is being taken."""

    connection: ModbusConnection
    unit: int
    profile: DeviceProfile | None
    clock: Clock
    sleep: Sleep
    progress: Progress
    total: int = 0
    done: int = 0
    silences: int = 0
    first_error: FieldError | None = None
    blocks: list[RecordedBlock] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def timeout_s(self) -> float:
        """The connection's patience, or more where the device needs it."""
        least_ms = self.profile.read.min_timeout_ms if self.profile else 0
        return max(self.connection.timeout_s, least_ms / 1000)

    async def everything(self, wanted: Wanted) -> list[Asked]:
        """What is asked for first; a SunSpec device is asked where its models are."""
        parts: list[Asked] = []
        if self.profile and self.profile.is_relative:
            chain = await discover(self.connection, self.unit, self.timeout_s)
            parts += _chain(chain, self.profile)
        elif self.profile:
            fc = self.profile.defaults.fc
            parts += [Asked(fc=fc, address=i.address, count=i.width) for i in self.profile.identify]
            parts += [
                Asked(fc=3 if b.function_code == 3 else 4, address=b.address, count=b.count)
                for b in plan(self.profile, self.profile.points)
            ]
        for one in wanted.ranges:
            parts += _pieces(one, wanted.block)
        if not parts:
            raise DataError("nothing to record; expected a profile, or a range like 4:0-99")
        return parts

    async def sample(self, parts: Iterable[Asked], after_s: float, divide: bool) -> Sample:
        """One pass over ``parts``."""
        self.blocks, self.failures, self.silences = [], [], 0
        for part in parts:
            await self._take(part, divide)
        return Sample(after_s=after_s, blocks=tuple(self.blocks), failures=tuple(self.failures))

    async def _take(self, asked: Asked, divide: bool) -> None:
        """Read ``asked``; where that fails, and ``divide``, its halves."""
        error = await self._ask(asked)
        hopeless = isinstance(error, DeviceRefused) and error.code in _HOPELESS
        if error is None or asked.count == 1 or not divide or hopeless:
            self.done += asked.count
            self.progress(self.done, self.total)
            return
        for half in _halves(asked):
            await self._take(half, divide)

    async def _ask(self, asked: Asked) -> FieldError | None:
        """Read once, or twice where the device is busy, and note what came of it."""
        if self.silences >= MOST_SILENCES:
            return NoReply(f"not asked: unit {self.unit} is silent")
        error, latency_ms = await self._read(asked)
        if isinstance(error, DeviceRefused) and error.code in _BUSY:
            await self.sleep(BUSY_PAUSE_S)
            error, latency_ms = await self._read(asked)
        self.silences = self.silences + 1 if isinstance(error, NoReply) else 0
        if error is not None:
            self.first_error = self.first_error or error
            self.failures.append(_failure(asked, error, latency_ms))
        return error

    async def _read(self, asked: Asked) -> tuple[FieldError | None, float]:
        loop = asyncio.get_running_loop()
        if not self.connection.connected:
            await self.connection.connect()
        await self.sleep(self.profile.read.pause_ms / 1000 if self.profile else 0.0)
        began = loop.time()
        try:
            words = await self.connection.read(
                asked.fc, self.unit, asked.address, asked.count, self.timeout_s
            )
        except FieldError as err:
            return err, _since(began)
        block = RecordedBlock(
            fc=asked.fc, address=asked.address, words=tuple(words), latency_ms=_since(began)
        )
        self.blocks.append(block)
        return None, 0.0


def _since(began: float) -> float:
    return round((asyncio.get_running_loop().time() - began) * 1000, 2)


def _failure(asked: Asked, error: FieldError, latency_ms: float) -> Failure:
    code = error.code if isinstance(error, DeviceRefused) else None
    outcome = "exception" if code else _OUTCOMES.get(type(error), "silent")
    return Failure.model_validate(
        {**asked.model_dump(), "outcome": outcome, "exception": code, "latency_ms": latency_ms}
    )


def _pieces(asked: Asked, most: int) -> list[Asked]:
    """``asked`` in requests of at most ``most`` registers."""
    return [
        Asked(fc=asked.fc, address=start, count=min(most, asked.registers.stop - start))
        for start in range(asked.address, asked.registers.stop, most)
    ]


def _halves(asked: Asked) -> tuple[Asked, Asked]:
    half = asked.count // 2
    return (
        Asked(fc=asked.fc, address=asked.address, count=half),
        Asked(fc=asked.fc, address=asked.address + half, count=asked.count - half),
    )


def _chain(found: Discovery, profile: DeviceProfile) -> list[Asked]:
    """The marker, every model, and the end of the chain, so that it can be walked again."""
    if found.base is None:
        raise found.failure or DataError(f"device {profile.id}: {found.error}")
    end = max([found.base + len(MARKER), *(model.end for model in found.models)])
    parts = [Asked(fc=3, address=found.base, count=len(MARKER))]
    for model in found.models:
        whole = Asked(fc=3, address=model.address, count=model.end - model.address)
        parts += _pieces(whole, profile.read.max_registers)
    return [*parts, Asked(fc=3, address=end, count=2)]


def _ignore(done: int, total: int) -> None:
    """Nobody watches."""
