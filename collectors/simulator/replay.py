"""A recorded device as a unit that answers: its words, its refusals, its silences, its pace.

Samples follow each other as they were recorded; the last one stays. What a later sample did not
bring is as in the one before. A request for registers that were never asked for is refused with
exception 2, as one for registers that the device does not have.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from collectors.simulator.server import GATEWAY_TARGET_SILENT, ILLEGAL_ADDRESS, Reply
from collectors.technician.device_dump import Dump, Failure, Sample

Place = tuple[int, int]
"""(function code, address)."""


@dataclass(frozen=True, slots=True)
class _Image:
    """What the device knows from one sample on."""

    words: dict[Place, int]
    latencies_ms: dict[Place, float] = field(default_factory=dict)
    """By the first register of a recorded block."""
    passing: tuple[Failure, ...] = ()
    """Failures of this sample alone."""


class Replay:
    """Answers as the recorded unit did; ``now_s`` counts from the first sample.

    ``with_latency``: each answer takes as long as the recorded one to the same first register.
    """

    def __init__(self, dump: Dump, unit: int | None = None, with_latency: bool = False) -> None:
        self.unit = dump.unit if unit is None else unit
        self._with_latency = with_latency
        self._times = [sample.after_s for sample in dump.samples]
        self._images = list(_images(dump.samples))
        self._lasting = tuple(sorted(dump.samples[0].failures, key=lambda f: f.count))

    def answer(
        self, unit: int, function: int, address: int, count: int, now_s: float
    ) -> Reply | None:
        """What the device says to a read; None is silence."""
        if unit != self.unit:
            return Reply(exception=GATEWAY_TARGET_SILENT)
        image = self._images[max(0, bisect_right(self._times, now_s) - 1)]
        asked = range(address, address + count)
        failure = self._failure(image, function, asked)
        if failure is not None:
            return self._failed(failure, image, asked)
        if any((function, place) not in image.words for place in asked):
            return Reply(exception=ILLEGAL_ADDRESS)
        return Reply(
            [image.words[function, place] for place in asked],
            delay_s=self._delay_s(image.latencies_ms.get((function, address))),
        )

    def _failure(self, image: _Image, function: int, asked: range) -> Failure | None:
        """The recorded failure that such a request meets, if there is one."""
        for failure in image.passing:
            if failure.fc == function and _overlap(failure.registers, asked):
                return failure
        again = next((f for f in self._lasting if _is_the_same(f, function, asked)), None)
        if again is not None:
            return again
        for failure in self._lasting:  # the smallest first: it says most about these registers
            if failure.fc == function and _meets(failure, image, asked):
                return failure
        return None

    def _failed(self, failure: Failure, image: _Image, asked: range) -> Reply | None:
        delay_s = self._delay_s(failure.latency_ms)
        match failure.outcome:
            case "exception":
                return Reply(exception=failure.exception, delay_s=delay_s)
            case "closed":
                return Reply(closes=True, delay_s=delay_s)
            case "bad_reply":
                known = [image.words.get((failure.fc, place), 0) for place in asked]
                return Reply(known[:-1], delay_s=delay_s)
        return None

    def _delay_s(self, latency_ms: float | None) -> float:
        return (latency_ms or 0.0) / 1000 if self._with_latency else 0.0


def _images(samples: Iterable[Sample]) -> Iterable[_Image]:
    words: dict[Place, int] = {}
    for number, sample in enumerate(samples):
        words = dict(words)
        latencies_ms: dict[Place, float] = {}
        for block in sample.blocks:
            latencies_ms[block.fc, block.address] = block.latency_ms or 0.0
            for offset, word in enumerate(block.words):
                words[block.fc, block.address + offset] = word
        yield _Image(words, latencies_ms, sample.failures if number else ())


def _is_the_same(failure: Failure, function: int, asked: range) -> bool:
    return failure.fc == function and failure.registers == asked


def _meets(failure: Failure, image: _Image, asked: range) -> bool:
    """Whether a lasting failure strikes a request.

    If its registers were all read in smaller blocks, it was the length that the device refused:
    it strikes every request as long as it. If not, it strikes who asks for what it never gave.
    """
    missing = [p for p in failure.registers if (failure.fc, p) not in image.words]
    if not missing:
        return len(asked) >= failure.count
    return any(p in asked for p in missing)


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
