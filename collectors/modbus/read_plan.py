"""Which registers to ask for, in how few requests: blocks of a device, of a unit, of a gateway.

Bus time is what is scarce: at 9600 baud a request costs as much as reading some 20 to 30
registers more, and a device that talks TCP answers 125 registers as fast as two. So wanted points
are joined into blocks as long as the hole between them costs less than a request
(``collectors.modbus.bus_time``). Two things are never split over requests: a value, and a value
from its scale factor, which may change between two answers.

Points are read in classes, each with its own period: what counts (the accounted register and the
other totals) every ``poll_period_s``, gauges every ``fast_period_s`` where one is configured and
else with the counters, and what changes slowly every ``slow_period_s``.

Everything here is computed before the first request, so that a plan can be shown and counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from collectors.devices.point import DevicePoint, ProfileKind
from collectors.devices.profile import DeviceProfile
from collectors.devices.registers import is_pulse_channel, stored_name
from collectors.modbus.blocks import NOTHING_LEARNED, Block, Limits, blocks_of, smallest
from collectors.modbus.bus_time import TCP_GAP, BusTime, bus_time, pause_s
from paes.errors import DataError
from paes.gateways import Gateway
from paes.metering import Measures, point_id
from paes.meters import FieldMeter

__all__ = [
    "EVERY_CLASS",
    "Block",
    "GatewayPlan",
    "Limits",
    "PollClass",
    "UnitPlan",
    "period_of",
    "plan",
    "plan_gateway",
    "points_to_read",
    "poll_class",
    "smallest",
]

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


class PollClass(StrEnum):
    """How often a point is read."""

    COUNTERS = "counters"  # every poll_period_s
    GAUGES = "gauges"  # every fast_period_s, or with the counters
    SLOW = "slow"  # every slow_period_s


EVERY_CLASS = frozenset(PollClass)


@dataclass(frozen=True)
class UnitPlan:
    """What is read from one unit behind a gateway, for one meter or for several.

    A pulse counter with eight inputs is one unit and up to eight meters; its registers are read
    once for all of them. The addresses of a SunSpec model count from a place that is found when
    the device is asked; until then they serve to count requests.
    """

    unit: int
    profile: DeviceProfile
    wanted: tuple[tuple[FieldMeter, DevicePoint], ...]
    timeout_s: float
    bus: BusTime
    pause_s: float = 0.0
    """How long the line rests after each answer."""

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The requests of a round in which everything is read."""
        return self.blocks_of(EVERY_CLASS)

    @cached_property
    def own_points(self) -> Mapping[str, tuple[FieldMeter, DevicePoint]]:
        """Meter and point by the id under which their readings are stored."""
        return {point_id(m.id, stored_name(m, p)): (m, p) for m, p in self.wanted}

    @cached_property
    def _planned(self) -> dict[tuple[frozenset[PollClass], Limits], tuple[Block, ...]]:
        return {}

    @property
    def meters(self) -> tuple[FieldMeter, ...]:
        """The meters that live in this unit, each once."""
        return tuple({meter.id: meter for meter, _ in self.wanted}.values())

    @property
    def bus_time_s(self) -> float:
        """How long such a round keeps the line busy; turn-round assumed, nothing fails."""
        return sum(self.bus.block_s(block.count) for block in self.blocks)

    def points_of(self, classes: Collection[PollClass]) -> tuple[DevicePoint, ...]:
        """The points that belong to ``classes``, each once."""
        chosen = [p for meter, p in self.wanted if poll_class(meter, p) in classes]
        return tuple({p.name: p for p in chosen}.values())

    def blocks_of(
        self, classes: Collection[PollClass], limits: Limits = NOTHING_LEARNED
    ) -> tuple[Block, ...]:
        """The requests for the points of ``classes``, within what was learned of the device.

        Computed once, for a round should cost bus time and little else.
        """
        key = (frozenset(classes), limits)
        if key not in self._planned:
            points = [p for p in self.points_of(classes) if p.name not in limits.without]
            self._planned[key] = self.blocks_for(points, limits)
        return self._planned[key]

    def blocks_for(self, points: Iterable[DevicePoint], limits: Limits) -> tuple[Block, ...]:
        """The requests for some of its points."""
        gap = self.bus.gap if self.profile.read.max_gap is None else self.profile.read.max_gap
        if limits.max_gap is not None:
            gap = min(gap, limits.max_gap)
        refused = [self.profile.point(name) for name in limits.without]
        return tuple(blocks_of(self.profile, points, gap, limits.max_registers, refused))


@dataclass(frozen=True)
class GatewayPlan:
    """Everything that a round over one gateway asks for, unit by unit."""

    gateway: Gateway
    units: tuple[UnitPlan, ...]

    @property
    def meters(self) -> tuple[FieldMeter, ...]:
        """The meters behind the gateway."""
        return tuple(meter for unit in self.units for meter in unit.meters)

    @property
    def requests(self) -> int:
        """Requests of a round in which everything is read and nothing fails."""
        return sum(len(unit.blocks) for unit in self.units)

    @property
    def bus_time_s(self) -> float:
        """How long such a round keeps the line busy."""
        return sum(unit.bus_time_s for unit in self.units)

    @property
    def round_period_s(self) -> int:
        """How often a round is to be asked for: the shortest period of any class."""
        gateway = self.gateway
        return gateway.fast_period_s or gateway.poll_period_s

    @property
    def connect_delay_s(self) -> float:
        """How long the slowest device needs after the connection is made."""
        delays = [u.profile.link.connect_delay_ms for u in self.units if u.profile.link]
        return max(delays, default=0) / 1000


def plan_gateway(
    gateway: Gateway, meters: Iterable[FieldMeter], profiles: Mapping[str, DeviceProfile]
) -> GatewayPlan:
    """The plan for ``meters`` behind ``gateway``; ``profiles`` by device id.

    Raises DataError if a meter names a register its device does not have, or has nothing to read.
    """
    wanted: dict[tuple[int, str], list[tuple[FieldMeter, DevicePoint]]] = {}
    for meter in meters:
        points = points_to_read(meter, profiles[meter.device])
        wanted.setdefault((meter.unit, meter.device), []).extend((meter, p) for p in points)
    units = [
        UnitPlan(
            unit,
            profiles[device],
            tuple(pairs),
            _timeout_s(gateway, profiles[device]),
            bus_time(gateway, profiles[device]),
            pause_s(gateway, profiles[device]),
        )
        for (unit, device), pairs in sorted(wanted.items())
    ]
    for unit in units:
        assert unit.blocks  # planned now: a plan that cannot be made stops the start
    return GatewayPlan(gateway, tuple(units))


def poll_class(meter: FieldMeter, point: DevicePoint) -> PollClass:
    """How often ``point`` is read for ``meter``: what is accounted is never slow."""
    is_accounted = point.name == meter.register_name or is_pulse_channel(meter, point)
    if is_accounted:
        return PollClass.COUNTERS
    if point.poll == "slow":
        return PollClass.SLOW
    return PollClass.COUNTERS if point.kind is ProfileKind.COUNTER else PollClass.GAUGES


def period_of(gateway: Gateway, poll: PollClass) -> timedelta:
    """How often the points of a class are read behind ``gateway``."""
    seconds = {
        PollClass.COUNTERS: gateway.poll_period_s,
        PollClass.GAUGES: gateway.fast_period_s or gateway.poll_period_s,
        PollClass.SLOW: gateway.slow_period_s,
    }
    return timedelta(seconds=seconds[poll])


def points_to_read(meter: FieldMeter, profile: DeviceProfile) -> list[DevicePoint]:
    """The points of ``meter`` that become readings, in the order of the profile.

    These are the accounted register (``register:`` or the pulse channel) and, except for a pulse
    meter and one of what is fed in, the usual totals and gauges. Phase values, texts and points
    marked never or once are left alone: they cost bus time and storage, and ``paes probe`` shows
    them.
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
    if meter.measures is Measures.FEED_IN:
        return [p for p in profile.points if p.name in named]  # the rest is its neighbour's
    points = [p for p in profile.points if p.name in named or _is_usual(p)]
    points += [profile.point(n) for n in named - {p.name for p in points}]  # one of a group
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

    ``max_gap`` overrides the profile's, and the one for TCP. Raises DataError for a profile whose
    addresses count from a place that was not found yet.
    """
    _refuse_relative(profile)
    gap = TCP_GAP if profile.read.max_gap is None else profile.read.max_gap
    return blocks_of(profile, wanted, gap if max_gap is None else max_gap)


def _refuse_relative(profile: DeviceProfile) -> None:
    if profile.is_relative:
        raise DataError(
            f"device {profile.id}: its addresses count from a place that must be found first "
            f"({profile.base.note if profile.base else ''}); use a profile with fixed addresses"
        )


def _is_usual(point: DevicePoint) -> bool:
    return (
        point.name in USUAL_POINTS
        and point.poll in ("always", "slow")
        and not (point.unit == "" and point.unit_from_installation)
    )


def _timeout_s(gateway: Gateway, profile: DeviceProfile) -> float:
    return max(gateway.timeout_s, profile.read.min_timeout_ms / 1000)
