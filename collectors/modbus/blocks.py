"""Blocks of registers: how points are joined into requests, and taken apart again.

Two things are never split over requests: a value, and a value from its scale factor, which may
change between two answers. Pure functions; which points, and how wide a hole is worth reading
through, is decided by ``collectors.modbus.read_plan``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collectors.devices.point import DevicePoint, ProfileKind
from collectors.devices.profile import DeviceProfile


@dataclass(frozen=True, slots=True)
class Block:
    """One request, and the points that its answer holds."""

    function_code: int
    address: int
    count: int
    points: tuple[DevicePoint, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What was learned of a device, and narrows what its profile says that it can do."""

    max_registers: int | None = None
    max_gap: int | None = None
    without: frozenset[str] = frozenset()
    """Points that the device refuses; no request spans them either."""


NOTHING_LEARNED = Limits()


def blocks_of(
    profile: DeviceProfile,
    wanted: Iterable[DevicePoint],
    gap: int,
    max_registers: int | None = None,
    refused: Sequence[DevicePoint] = (),
) -> list[Block]:
    """Blocks that hold every wanted point with its scale factor, by function code and address.

    ``gap`` is the widest hole that is read through; ``max_registers`` narrows the profile's own
    limit; no block spans a ``refused`` point.
    """
    longest = min(profile.read.max_registers, max_registers or profile.read.max_registers)
    blocks: list[Block] = []
    for piece in _pieces(profile, wanted):
        joined = _joined(blocks[-1], piece) if blocks else None
        if (
            joined is None
            or profile.read.one_point_per_request
            or piece.address - (blocks[-1].address + blocks[-1].count) > gap
            or joined.count > longest
            or any(_spans(joined, point) for point in refused)
        ):
            blocks.append(piece)
        else:
            blocks[-1] = joined
    return blocks


def split(profile: DeviceProfile, block: Block) -> tuple[Block, Block] | None:
    """The two halves of a block, each with whole values and their scale factors.

    None if it holds one value only.
    """
    pieces = _pieces(profile, values_of(block))
    if len(pieces) < 2:
        return None
    middle = len(pieces) // 2
    return _merged(pieces[:middle]), _merged(pieces[middle:])


def without_holes(profile: DeviceProfile, block: Block) -> list[Block]:
    """The values of ``block`` in requests that read nothing through."""
    return blocks_of(profile, values_of(block), 0)


def smallest(blocks: Sequence[Block], profile: DeviceProfile) -> Block:
    """A request for one value of ``blocks``, of as few registers as there are."""
    values = [p for block in blocks for p in values_of(block)]
    return min(_pieces(profile, values), key=lambda piece: piece.count)


def values_of(block: Block) -> tuple[DevicePoint, ...]:
    """The points of a block that are there for themselves, not to scale another."""
    values = tuple(p for p in block.points if p.kind is not ProfileKind.SCALE_FACTOR)
    return values or block.points


def _spans(block: Block, point: DevicePoint) -> bool:
    end = block.address + block.count
    return point.fc == block.function_code and point.address < end and block.address < point.end


def _pieces(profile: DeviceProfile, wanted: Iterable[DevicePoint]) -> list[Block]:
    """The smallest requests: each wanted point alone, or with its scale factor."""
    pieces = []
    for point in {p.name: p for p in wanted}.values():
        factor = profile.point(point.scale_from) if point.scale_from else None
        pieces.append(_block(point.fc, [point, factor] if factor else [point]))
    return sorted(pieces, key=lambda b: (b.function_code, b.address, b.count))


def _joined(block: Block, piece: Block) -> Block | None:
    if block.function_code != piece.function_code:
        return None
    return _block(block.function_code, (*block.points, *piece.points))


def _merged(pieces: Sequence[Block]) -> Block:
    points = [p for piece in pieces for p in piece.points]
    return _block(pieces[0].function_code, points)


def _block(function_code: int, points: Sequence[DevicePoint]) -> Block:
    start = min(p.address for p in points)
    count = max(p.end for p in points) - start
    return Block(function_code, start, count, tuple({p.name: p for p in points}.values()))
