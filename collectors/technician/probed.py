"""What a probe found, as values: points, requests, identity; ``probe`` makes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from collectors.devices.registers import Value
from collectors.devices.word_order import OrderVote


@dataclass(frozen=True, slots=True)
class ProbedPoint:
    """One point as it was read."""

    name: str
    function_code: int
    address: int
    words: tuple[int, ...]
    value: Value | None
    unit: str
    quality: str
    kind: str
    order: str
    other_orders: dict[str, Value | None]
    """Value by word order, for points of several registers: the right one is often plain."""
    plausible_order: str | None
    """The order whose value can be what the point measures; None if it does not matter, or if
    nobody can say."""
    verify: bool
    """The profile itself is not sure of this point, or of its unit."""
    stored_as: str | None = None
    """Point name, canonical value and unit of the meter's reading, where a meter was given."""
    stored_value: float | None = None
    stored_unit: str | None = None


@dataclass(frozen=True, slots=True)
class ProbedRequest:
    """One request of the read plan and what became of it."""

    function_code: int
    address: int
    count: int
    points: tuple[str, ...]
    latency_ms: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ProbedIdentity:
    """A register that tells what the device is; ``matches`` is None where nothing is expected."""

    address: int
    value: Value | None
    expected: tuple[int | str, ...]
    matches: bool | None
    meaning: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Probe:
    """Everything one unit answered."""

    place: str
    unit: int
    profile: str
    confidence: str
    at: datetime
    identity: tuple[ProbedIdentity, ...] = ()
    requests: tuple[ProbedRequest, ...] = ()
    points: tuple[ProbedPoint, ...] = ()
    orders: OrderVote | None = None
    """What all points together say of the word order; None if there is nothing to judge by."""
    sunspec: str | None = None
    """Where the SunSpec model was found, and what else there is."""

    @property
    def failed(self) -> bool:
        """True if not one point could be read."""
        return not self.points

    def point(self, name: str) -> ProbedPoint | None:
        """The point called ``name``, if it was read."""
        return next((p for p in self.points if p.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON; words as four hexadecimal digits."""
        plain = asdict(self)
        plain["at"] = self.at.isoformat()
        for point in plain["points"]:
            point["words"] = [f"{word:04X}" for word in point["words"]]
        return plain
