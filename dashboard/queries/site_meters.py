"""The meters of one site as a tree, each as it is now: cheap enough to be asked every few seconds.

::

    whole ─┬─ part of it (a submeter), here or at another site
           └─ …
    virtual: a formula of others, which nobody reads
    from elsewhere: a meter of another site that gives a part to this one

A meter that is late is late: its last power is not shown as if it were now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.queries.meters import Activity
from dashboard.queries.recipe import Sources
from paes.accounted_register import power_point
from paes.installation import City
from paes.meter_status import STALE_AFTER_PERIODS, MeterState, state_of
from paes.meter_trees.tree import MeterTree
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Measures, Quality, Reading, point_id
from paes.meters import FieldMeter, Meter
from paes.periods import Span

DAY = timedelta(days=1)
_PLACES = [MeterState.SILENT, MeterState.NEVER, MeterState.STALE, MeterState.LIVE]
"""The worst first; what nobody reads comes last."""


@dataclass(frozen=True, slots=True)
class MeterNow:
    """One meter of the tree at one moment; a virtual one has no state.

    ``depth`` 0 is a meter that is part of no other here. ``register`` is what its accounted
    register showed last, in its own ``unit``; ``power_w`` is told only while the meter is live.
    """

    meter: Meter | VirtualMeter
    depth: int
    state: MeterState | None
    last_at: datetime | None
    age_s: float | None
    register: float | None
    unit: str
    power_w: float | None
    activity: Activity | None
    from_site: str | None = None
    """The other site at which it stands."""
    weight: float = 1.0
    """How much of it counts here."""


@dataclass(frozen=True)
class SiteNow:
    """All of a site's meters at ``at``."""

    at: datetime
    meters: tuple[MeterNow, ...]

    @property
    def states(self) -> dict[str, str]:
        """The state of each meter by id."""
        return {m.meter.id: m.state.value for m in self.meters if m.state}

    @property
    def worst(self) -> MeterState | None:
        """The state that most needs looking at; None if nobody reads anything here."""
        found = {m.state for m in self.meters if m.from_site is None}
        return next((state for state in _PLACES if state in found), None)

    def count(self, state: MeterState) -> int:
        """How many of the site's own meters are in that state."""
        return sum(m.state is state for m in self.meters if m.from_site is None)

    @property
    def read(self) -> int:
        """How many of the site's own meters a collector reads."""
        return sum(m.state in _PLACES for m in self.meters if m.from_site is None)


def site_now(sources: Sources, city: City, site: str, activity: Mapping[str, Activity]) -> SiteNow:
    """The meters of ``site`` now, as a tree; ``activity`` is what is kept of their last days."""
    ledger, now = sources.ledger, sources.ledger.clock()
    shown = list(_shown(city, site))
    real = [m for m, _, _ in shown if isinstance(m, Meter)]
    registers = {m.id: sources.installation.register(m) for m in real}
    power = _power_points(sources, real)
    points = [r.point for r in registers.values()]
    latest = ledger.store.latest([*points, *power.values()])
    found = []
    for meter, depth, weight in shown:
        elsewhere = meter.site if meter.site != site else None
        if isinstance(meter, VirtualMeter):
            unit = "m3" if meter.measures is Measures.WATER else "kWh"
            found.append(
                MeterNow(meter, depth, None, None, None, None, unit, None, None, elsewhere, weight)
            )
            continue
        register = registers[meter.id]
        last = latest.get(register.point)
        period = ledger.poll_period(meter)
        age = now - last.at if last else None
        told = latest.get(power.get(meter.id, ""))
        in_use = ledger.life(meter, Span(now - DAY, now)) is not None
        found.append(
            MeterNow(
                meter=meter,
                depth=depth,
                state=_state(meter, age, period) if in_use else MeterState.OUTSIDE,
                last_at=last.at if last else None,
                age_s=max(0.0, age.total_seconds()) if age is not None else None,
                register=last.value if last else None,
                unit=register.unit,
                power_w=_power_now(told, period, now),
                activity=activity.get(meter.id) if in_use else None,
                from_site=elsewhere,
                weight=weight,
            )
        )
    return SiteNow(now, tuple(found))


def _state(meter: Meter, age: timedelta | None, period: timedelta) -> MeterState:
    return state_of(age, period) if isinstance(meter, FieldMeter) else MeterState.FROM_FILES


def _power_now(last: Reading | None, period: timedelta, now: datetime) -> float | None:
    if last is None or last.quality is not Quality.GOOD:
        return None
    return last.value if now - last.at <= STALE_AFTER_PERIODS * period else None


def _shown(city: City, site: str) -> Iterator[tuple[Meter | VirtualMeter, int, float]]:
    """Wholes with their parts below them, then virtual meters, then what comes from elsewhere."""
    children: dict[str, list[Meter]] = {}
    for meter in city.meters.values():
        if meter.parent:
            children.setdefault(meter.parent, []).append(meter)
    own = [m for m in city.meters.values() if m.site == site]
    tops = [m for m in own if m.parent is None or city.meters[m.parent].site != site]
    listed = {meter.id: (meter, depth) for meter, depth in _below(tops, children, 0)}
    for meter, depth in listed.values():
        yield meter, depth, 1.0
    for virtual in city.virtual_meters.values():
        if virtual.site == site:
            yield virtual, 0, 1.0
    tree, told = MeterTree(city), set(listed)
    for measures in Measures:
        for term in tree.terms([site], None, measures):
            if term.meter.id not in told and term.meter.site != site:
                told.add(term.meter.id)
                yield term.meter, 0, term.weight


def _below(
    meters: Iterable[Meter], children: Mapping[str, list[Meter]], depth: int
) -> Iterator[tuple[Meter, int]]:
    for meter in meters:
        yield meter, depth
        yield from _below(children.get(meter.id, ()), children, depth + 1)


def _power_points(sources: Sources, meters: Iterable[Meter]) -> dict[str, str]:
    """By meter, the point that tells its total active power, where its device has one."""
    read = [m for m in meters if isinstance(m, FieldMeter) and not m.pulse]
    files = {m.device: sources.installation.device_file(m.device) for m in read}
    names = {device: power_point(file) for device, file in files.items()}
    return {m.id: point_id(m.id, name) for m in read if (name := names[m.device])}
