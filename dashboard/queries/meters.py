"""The meters of a city as they are now: who reports, how old the last word is, how much of it came.

Two speeds. ``activity`` (coverage and energy of the last day and week) walks through many readings
and is kept for minutes. ``live`` asks the store for last readings only and joins what is kept, so
that a page may ask every few seconds. A meter that is late is late: its last power is not shown as
if it were now, and nothing that is unknown becomes 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.queries.recipe import Recipe, Sources
from paes.accounted_register import power_point
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.installation import City, Installation
from paes.meter_status import STALE_AFTER_PERIODS, MeterState, state_of
from paes.meter_trees.tree import MeterTree
from paes.metering import Carrier, Measures, Quality, Reading, Site, point_id
from paes.meters import FieldMeter, Meter
from paes.periods import Span, last_tick

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
READ = (MeterState.LIVE, MeterState.STALE, MeterState.SILENT, MeterState.NEVER)
ORDER = (MeterState.FROM_FILES, *READ, MeterState.OUTSIDE)


@dataclass(frozen=True, slots=True)
class Activity:
    """What a meter counted lately; None where there is nothing to know it from."""

    day_coverage: float | None
    week_coverage: float | None
    week_covered_s: float
    week_span_s: float
    week_amount: float | None
    """kWh, or m3 of water; None if the meter said nothing in the week."""
    power_point: str | None = None
    """Where its power is told: of its device's profile, which is a file."""


@dataclass(frozen=True, slots=True)
class LiveMeter:
    """One meter now. ``power_w`` only while the meter is live."""

    meter: Meter
    state: MeterState
    last_at: datetime | None
    age_s: float | None
    power_w: float | None
    activity: Activity | None


@dataclass(frozen=True, slots=True)
class Part:
    """A meter, here or elsewhere, that adds to a site's energy of a kind ``weight`` times."""

    measures: Measures
    weight: float
    meter: LiveMeter


@dataclass(frozen=True, slots=True)
class LiveSite:
    """The meters of one site, worst state first in ``state``, and what its energy is made of."""

    site: Site
    meters: tuple[LiveMeter, ...]
    parts: tuple[Part, ...]

    @property
    def state(self) -> MeterState:
        """The state that most needs looking at."""
        known = [m.state for m in self.meters if m.state is not MeterState.OUTSIDE]
        return max(known, key=ORDER.index, default=MeterState.OUTSIDE)

    @property
    def newest(self) -> LiveMeter | None:
        """The meter that reported last."""
        heard = [m for m in self.meters if m.age_s is not None]
        return min(heard, key=lambda m: m.age_s or 0.0, default=None)

    def power_w(self, measures: Measures) -> float | None:
        """The power of the site's live meters of that kind, None if none tells it.

        What goes to another site is taken off where it is known.
        """
        return _sum((p.weight, p.meter.power_w) for p in self.parts if p.measures is measures)

    def week(self, measures: Measures, electric: bool | None = None) -> float | None:
        """What they counted in a week: kWh (m3 for water), None if nothing is known."""
        return _sum(
            (p.weight, p.meter.activity.week_amount if p.meter.activity else None)
            for p in self.parts
            if p.measures is measures
            if electric is None or (p.meter.meter.carrier is Carrier.ELECTRICITY) is electric
        )

    @property
    def day_coverage(self) -> float | None:
        """The mean coverage of the last day over the site's meters that are read."""
        known = [
            m.activity.day_coverage
            for m in self.meters
            if m.state in READ and m.activity and m.activity.day_coverage is not None
        ]
        return sum(known) / len(known) if known else None

    @property
    def week_coverage(self) -> float | None:
        """The mean coverage of the last seven days, each meter that is read by its time in use."""
        read = [m.activity for m in self.meters if m.state in READ and m.activity]
        span = sum(a.week_span_s for a in read)
        covered = sum(a.week_covered_s for a in read)
        return covered / span if span else None


@dataclass(frozen=True)
class LiveCity:
    """All sites of a city at one moment."""

    at: datetime
    sites: tuple[LiveSite, ...]

    @property
    def counts(self) -> dict[MeterState, int]:
        """Meters that are read, by state; every state is there, if only with 0."""
        counted = Counter(m.state for s in self.sites for m in s.meters)
        return {state: counted[state] for state in READ}

    @property
    def states(self) -> dict[str, str]:
        """The state of each meter by id."""
        return {m.meter.id: m.state.value for s in self.sites for m in s.meters}

    @property
    def heard(self) -> bool:
        """True if any meter ever reported."""
        return any(m.last_at and m.state in READ for s in self.sites for m in s.meters)


def power_points(installation: Installation, city: City) -> dict[str, str]:
    """By meter, the point that tells its total active power, where its device has one."""
    meters = [m for m in city.meters.values() if isinstance(m, FieldMeter)]
    names = {d: power_point(installation.device_file(d)) for d in {m.device for m in meters}}
    return {m.id: point_id(m.id, name) for m in meters if (name := names[m.device]) and not m.pulse}


def activity_of(city: City, ledger: EnergyLedger, power: Mapping[str, str]) -> dict[str, Activity]:
    """Coverage and energy of the last day and week by meter: the slow part, to be kept."""
    meters = list(city.meters.values())
    # Up to the reading that is due: the minutes since then are not a gap.
    ends = [last_tick(ledger.clock(), ledger.poll_period(m)) for m in meters]
    days = ledger.totals([(m, Span(end - DAY, end)) for m, end in zip(meters, ends, strict=True)])
    weeks = ledger.totals([(m, Span(end - WEEK, end)) for m, end in zip(meters, ends, strict=True)])
    return {
        meter.id: Activity(
            day_coverage=day.coverage,
            week_coverage=week.coverage,
            week_covered_s=float(week.covered_s),
            week_span_s=float(week.span_s),
            week_amount=_known_amount(week),
            power_point=power.get(meter.id),
        )
        for meter, day, week in zip(meters, days, weeks, strict=True)
    }


def _known_amount(total: EnergyTotal) -> float | None:
    """What was measured and estimated; nothing if all of it were estimated."""
    said_nothing = total.covered_s == 0 and total.measured_kwh == 0
    return None if said_nothing else float(total.kwh)


def live(
    city: City,
    ledger: EnergyLedger,
    power: Mapping[str, str],
    activity: Mapping[str, Activity],
) -> LiveCity:
    """Every meter of the city by the ledger's clock, site by site in the order of the file."""
    now = ledger.clock()
    registers = {m: ledger.installation.register(city.meters[m]).point for m in city.meters}
    latest = ledger.store.latest([*registers.values(), *power.values()])
    meters = [
        _live(meter, ledger, latest, registers[meter.id], power.get(meter.id), activity, now)
        for meter in city.meters.values()
    ]
    parts = _parts(city, {m.meter.id: m for m in meters}, now)
    here: dict[str, list[LiveMeter]] = {site: [] for site in city.sites}
    for one in meters:
        here[one.meter.site].append(one)
    sites = [LiveSite(s, tuple(here[s.id]), parts[s.id]) for s in city.sites.values()]
    return LiveCity(now, tuple(s for s in sites if s.meters))


def _parts(
    city: City, meters: Mapping[str, LiveMeter], now: datetime
) -> dict[str, tuple[Part, ...]]:
    """What the energy of each site is made of at ``now``."""
    tree = MeterTree(city)
    return {
        site: tuple(
            Part(measures, term.weight, meters[term.meter.id])
            for measures in Measures
            for term in tree.terms([site], None, measures)
            if term.span.start <= now < term.span.end
        )
        for site in city.sites
    }


def _sum(weighted: Iterable[tuple[float, float | None]]) -> float | None:
    """What is known, if anything is; None too if more was taken off than is known of the whole."""
    known = [(weight, amount) for weight, amount in weighted if amount is not None]
    total = sum(weight * amount for weight, amount in known)
    is_lacking = total < 0 and any(weight < 0 for weight, _ in known)
    return None if is_lacking or not known else total


def _live(
    meter: Meter,
    ledger: EnergyLedger,
    latest: Mapping[str, Reading],
    register: str,
    power: str | None,
    activity: Mapping[str, Activity],
    now: datetime,
) -> LiveMeter:
    last = latest.get(register)
    period = ledger.poll_period(meter)
    in_use = ledger.life(meter, Span(now - DAY, now)) is not None
    age = now - last.at if last else None
    read = state_of(age, period) if isinstance(meter, FieldMeter) else MeterState.FROM_FILES
    state = read if in_use else MeterState.OUTSIDE
    return LiveMeter(
        meter=meter,
        state=state,
        last_at=last.at if last else None,
        age_s=max(0.0, age.total_seconds()) if age is not None else None,
        power_w=_power_now(latest.get(power) if power else None, period, now),
        activity=activity.get(meter.id) if in_use else None,
    )


def _power_now(last: Reading | None, period: timedelta, now: datetime) -> float | None:
    if last is None or last.quality is not Quality.GOOD:
        return None
    return last.value if now - last.at <= STALE_AFTER_PERIODS * period else None


def _activity(sources: Sources, city_id: str) -> dict[str, Activity]:
    city = sources.city(city_id)
    return activity_of(city, sources.ledger, power_points(sources.installation, city))


ACTIVITY = Recipe("activity", _activity, max_age_s=240.0)
"""Coverage and energy of the last day and week by meter, by city."""


def live_now(sources: Sources, city: City, activity: Mapping[str, Activity]) -> LiveCity:
    """The meters of ``city`` at this moment, beside what is kept of their last days."""
    power = {meter: one.power_point for meter, one in activity.items() if one.power_point}
    return live(city, sources.ledger, power, activity)
