"""Which registers to ask for, in how few requests: blocks of a device, of a unit, of a gateway.

Bus time is what is scarce: at 9600 baud a request costs as much as reading some 20 to 30
registers more, and a device that talks TCP answers 125 registers as fast as two. So wanted points
are joined into blocks as long as the hole between them is small. Two things are never split over
requests: a value, and a value from its scale factor, which may change between two answers.

Everything here is computed before the first request, so that a plan can be shown and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from collectors.device_point import DevicePoint
from collectors.device_profile import DeviceProfile
from collectors.registers import is_pulse_channel
from paes.errors import DataError
from paes.gateways import Gateway
from paes.metering import Meter

DEFAULT_GAP = 31
"""Unneeded registers read through on TCP: 62 bytes, less than what the headers of a
second request and its answer weigh (twice 40 of TCP/IP, 21 of Modbus)."""

USUAL_POINTS = (
    "energy_import",
    "energy_export",
    "active_power",
    "heat_energy",
    "cooling_energy",
    "heat_power",
    "flow_temperature",
    "return_temperature",
    "volume",
    "flow_rate",
    "TotWhImp",  # SunSpec's names for the first three
    "TotWhExp",
    "WH",
    "W",
)
"""What is read of a meter when nothing is asked for: totals and the gauges that explain them."""


@dataclass(frozen=True, slots=True)
class Block:
    """One request, and the points that its answer holds."""

    function_code: int
    address: int
    count: int
    points: tuple[DevicePoint, ...]


@dataclass(frozen=True)
class UnitPlan:
    """What is read from one unit behind a gateway, for one meter or for several.

    A pulse counter with eight inputs is one unit and up to eight meters; its registers are read
    once for all of them.
    """

    unit: int
    profile: DeviceProfile
    wanted: tuple[tuple[Meter, DevicePoint], ...]
    timeout_s: float

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The requests of a round."""
        return tuple(plan(self.profile, [point for _, point in self.wanted]))

    @cached_property
    def careful_blocks(self) -> tuple[Block, ...]:
        """The requests for a device that refuses addresses it has nothing at."""
        return tuple(plan(self.profile, [point for _, point in self.wanted], max_gap=0))

    @property
    def meters(self) -> tuple[Meter, ...]:
        """The meters that live in this unit, each once."""
        return tuple({meter.id: meter for meter, _ in self.wanted}.values())

    @property
    def pause_s(self) -> float:
        """How long the line rests after each answer."""
        return self.profile.read.pause_ms / 1000


@dataclass(frozen=True)
class GatewayPlan:
    """Everything that a round over one gateway asks for, unit by unit."""

    gateway: Gateway
    units: tuple[UnitPlan, ...]

    @property
    def requests(self) -> int:
        """Requests of a round in which nothing fails."""
        return sum(len(unit.blocks) for unit in self.units)

    @property
    def connect_delay_s(self) -> float:
        """How long the slowest device needs after the connection is made."""
        delays = [u.profile.link.connect_delay_ms for u in self.units if u.profile.link]
        return max(delays, default=0) / 1000


def plan_gateway(
    gateway: Gateway, meters: Iterable[Meter], profiles: Mapping[str, DeviceProfile]
) -> GatewayPlan:
    """The plan for ``meters`` behind ``gateway``; ``profiles`` by device id.

    Raises DataError if a meter names a register its device does not have, or has nothing to read.
    """
    wanted: dict[tuple[int, str], list[tuple[Meter, DevicePoint]]] = {}
    for meter in meters:
        points = points_to_read(meter, profiles[meter.device])
        wanted.setdefault((meter.unit, meter.device), []).extend((meter, p) for p in points)
    units = [
        UnitPlan(unit, profiles[device], tuple(pairs), _timeout_s(gateway, profiles[device]))
        for (unit, device), pairs in sorted(wanted.items())
    ]
    for unit in units:
        assert unit.blocks  # planned now: a plan that cannot be made stops the start
    return GatewayPlan(gateway, tuple(units))


def points_to_read(meter: Meter, profile: DeviceProfile) -> list[DevicePoint]:
    """The points of ``meter`` that become readings, in the order of the profile.

    These are the accounted register (``register:`` or the pulse channel) and, except for a pulse
    meter, the usual totals and gauges. Phase values, texts and points marked never or once are
    left alone: they cost bus time and storage, and ``paes probe`` shows them.
    """
    named = {profile.point(meter.register_name).name} if meter.register_name else set()
    channels = [p for p in profile.points if is_pulse_channel(meter, p)]
    if meter.pulse:
        if len(channels) != 1:
            raise DataError(
                f"meter {meter.id}: {profile.id} has {len(channels)} pulse counters that fit; "
                "say which with register:"
            )
        return channels
    points = [p for p in profile.points if p.name in named or _is_usual(p)]
    if not points:
        raise DataError(
            f"meter {meter.id}: {profile.id} has none of the usual points "
            f"({', '.join(USUAL_POINTS)}); say what to read with register:"
        )
    return points


def plan(
    profile: DeviceProfile, wanted: Iterable[DevicePoint], max_gap: int | None = None
) -> list[Block]:
    """Blocks that hold every wanted point with its scale factor, by function code and address.

    ``max_gap`` overrides the profile's and the default gap. Raises DataError for a profile whose
    addresses count from a place that was not found yet.
    """
    if profile.is_relative:
        raise DataError(
            f"device {profile.id}: its addresses count from a place that must be found first "
            f"({profile.base.note if profile.base else ''}); use a profile with fixed addresses"
        )
    limits = profile.read
    gap = DEFAULT_GAP if limits.max_gap is None else limits.max_gap
    if max_gap is not None:
        gap = max_gap
    blocks: list[Block] = []
    for piece in _pieces(profile, wanted):
        joined = _joined(blocks[-1], piece) if blocks else None
        if (
            joined is None
            or limits.one_point_per_request
            or piece.address - (blocks[-1].address + blocks[-1].count) > gap
            or joined.count > limits.max_registers
        ):
            blocks.append(piece)
        else:
            blocks[-1] = joined
    return blocks


def _is_usual(point: DevicePoint) -> bool:
    return (
        point.name in USUAL_POINTS
        and point.poll in ("always", "slow")
        and not (point.unit == "" and point.unit_from_installation)
    )


def _timeout_s(gateway: Gateway, profile: DeviceProfile) -> float:
    return max(gateway.timeout_s, profile.read.min_timeout_ms / 1000)


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


def _block(function_code: int, points: Sequence[DevicePoint]) -> Block:
    start = min(p.address for p in points)
    count = max(p.end for p in points) - start
    return Block(function_code, start, count, tuple({p.name: p for p in points}.values()))
