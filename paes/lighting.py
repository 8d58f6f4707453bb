"""Public lighting: whether the lamps of a cabinet burn, how long, and how far they are dimmed.

Derived from stored readings of active power beside what is installed::

    level      active power / installed power, 0..1
    burning    level above 5 %: less is the cabinet's own use, and what lamps take that are off

Between two good readings that are close together the lamps are taken to switch half-way: early
and late errors of a night cancel. A longer stretch between readings is missing: it is neither
dark nor lit. A *night* goes from noon to noon and has the date of its evening.

What they used comes from the register, as everywhere: measured, estimated or missing between
bounds, whatever the readings of power miss. By light point it is that of a cabinet whose one meter
measures all its points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
import pandas as pd

from paes.accounted_register import power_point
from paes.accounting.counter_rules import GAP_AFTER_PERIODS
from paes.accounting.energy_table import EnergyTable
from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import Installation
from paes.metering import Carrier, Measures, Quality, Reading, Site, SiteKind, point_id
from paes.meters import FieldMeter, Meter
from paes.periods import ALWAYS, By, Seconds, Span, edges, to_seconds
from paes.series import CODE_OF, Floats, ReadingSeries

BURNING_ABOVE = 0.05
"""Lamps burn above this part of the installed power."""
STALE_AFTER_PERIODS = 2
NOON_S = 12 * 3600
QUARTER_S = 900
CONTEXT_READINGS = 3
"""Read beyond either end of a span: what lies between its end and the next reading is known."""
_GOOD = (CODE_OF[Quality.GOOD], CODE_OF[Quality.SUBSTITUTED])


class Light(StrEnum):
    """What lamps do."""

    BURNING = "burning"
    DARK = "dark"
    UNKNOWN = "unknown"  # no reading, or too old


class Stretch(StrEnum):
    """By what burning hours and energy are summed; local."""

    NIGHT = "night"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


_CALENDAR = {Stretch.DAY: By.DAY, Stretch.MONTH: By.MONTH, Stretch.YEAR: By.YEAR}


@dataclass(frozen=True, slots=True)
class Lamps:
    """The lamps behind one meter: a whole cabinet, or one of its circuits."""

    meter: Meter
    point: str
    """Where their active power is stored, in W."""
    installed_kw: float
    light_points: int | None = None
    """How many the meter feeds; None where it is one of several meters, or nobody counted."""


@dataclass(frozen=True, slots=True)
class LightState:
    """Lamps at one time; ``level`` is None where nobody knows."""

    light: Light
    level: float | None
    at: datetime | None
    """The reading it is known from."""


def lit_sites(installation: Installation) -> list[Site]:
    """The sites with public lighting: cabinets, and others that say what is installed."""
    return [
        site
        for site in installation.sites.values()
        if site.kind is SiteKind.LIGHTING_CABINET or site.lighting_power_kw
    ]


def lamps_of(installation: Installation, site: Site) -> list[Lamps]:
    """The lamps of a site by meter: its own meters, and circuits whose rating is known.

    Installed is what the site says (``lighting_power_kw``) if one meter measures it all, else
    the meter's rating. Raises DataError if there is no meter to tell it by.
    """
    if site not in lit_sites(installation):
        raise DataError(
            f"site {site.id} ({site.kind}) has no public lighting; expected a site of kind "
            f"{SiteKind.LIGHTING_CABINET}, or with lighting_power_kw"
        )
    here = [
        m
        for m in installation.meters.values()
        if m.site == site.id and m.carrier is Carrier.ELECTRICITY
    ]
    mains = [m for m in here if m.measures is Measures.WITHDRAWAL]
    whole = site.lighting_power_kw if len(mains) == 1 else None
    circuits = [m for m in here if m.measures is Measures.SUBMETER]
    points = site.light_points if len(mains) == 1 else None
    found = [_lamps(installation, m, whole or m.rated_power_kw, points) for m in mains]
    found += [_lamps(installation, m, m.rated_power_kw) for m in circuits]
    lamps = [one for one in found if one]
    if not lamps:
        raise DataError(
            f"site {site.id}: nothing tells its light; expected a meter of electricity whose "
            "device has an active power, with rated_power_kw, or lighting_power_kw at the site"
        )
    return lamps


def _lamps(
    installation: Installation,
    meter: Meter,
    installed_kw: float | None,
    light_points: int | None = None,
) -> Lamps | None:
    if not isinstance(meter, FieldMeter) or meter.pulse:
        return None
    name = power_point(installation.device_file(meter.device))
    if name is None or installed_kw is None:
        return None
    return Lamps(meter, point_id(meter.id, name), installed_kw, light_points)


def light_now(ledger: EnergyLedger, lamps: Lamps) -> LightState:
    """What the lamps do now, by their last reading; unknown if that is older than two rounds."""
    return lights_now(ledger, [lamps])[0]


def lights_now(ledger: EnergyLedger, lamps: Sequence[Lamps]) -> list[LightState]:
    """The same of several, asked of the store together."""
    latest = ledger.store.latest([one.point for one in lamps]) if lamps else {}
    return [_light_state(ledger, one, latest.get(one.point)) for one in lamps]


def _light_state(ledger: EnergyLedger, lamps: Lamps, last: Reading | None) -> LightState:
    now, period = ledger.clock(), ledger.poll_period(lamps.meter)
    if last is None or CODE_OF[last.quality] not in _GOOD:
        return LightState(Light.UNKNOWN, None, last.at if last else None)
    if not timedelta(0) <= now - last.at + period <= (STALE_AFTER_PERIODS + 1) * period:
        return LightState(Light.UNKNOWN, None, last.at)
    level = float(_levels(np.array([last.value]), lamps)[0])
    return LightState(Light.BURNING if level > BURNING_ABOVE else Light.DARK, level, last.at)


def burning_hours(ledger: EnergyLedger, lamps: Lamps, span: Span, by: Stretch) -> pd.DataFrame:
    """Hours of burning, of darkness and without readings, by local night or day.

    Columns ``burning_h``, ``dark_h``, ``missing_h`` and ``level`` (mean while burning; NaN if
    they did not burn); index ``start`` in the meter's local time. Nights and days that reach
    beyond ``span``, the meter's life or now count with the part inside.
    """
    tz = ledger.installation.time_zone(lamps.meter.id)
    ends = _edges(span, by, tz)
    index = pd.DatetimeIndex(ends[:-1].astype("datetime64[s]"), tz="UTC").tz_convert(tz)
    life = ledger.life(lamps.meter, span)
    start_s, end_s = (to_seconds(life.start), to_seconds(life.end)) if life else (0, 0)
    found = ledger.store.around([lamps.point], start_s, end_s, CONTEXT_READINGS)
    readings = found[lamps.point]
    gap_after_s = GAP_AFTER_PERIODS * ledger.poll_period(lamps.meter).total_seconds()
    table = course(readings, lamps, gap_after_s).between(np.clip(ends, start_s, end_s))
    return table.set_index(index.rename("start"))


def lighting_energy(
    ledger: EnergyLedger, lamps: Sequence[Lamps], span: Span, by: Stretch
) -> list[EnergyTable]:
    """What each of ``lamps``, of one time zone, used in the same periods as ``burning_hours``.

    In kWh, by the registers of their meters. The ends of ``span`` are moved back to the quarter
    hours before them.
    """
    tz = ledger.installation.time_zone(lamps[0].meter.id)
    first, last = (to_seconds(at) // QUARTER_S * QUARTER_S for at in (span.start, span.end))
    ends = np.clip(_edges(span, by, tz), first, last)
    days = edges(span, By.DAY, tz)
    step = By.DAY if np.isin(ends, days).all() else By.QUARTER_HOUR
    return ledger.between([(one.meter, ALWAYS) for one in lamps], ends, step)


@dataclass(frozen=True)
class Course:
    """Running sums at the readings: seconds known, seconds burning, level while burning."""

    t: Seconds
    known: Floats
    burning: Floats
    light: Floats

    def between(self, ends: Seconds) -> pd.DataFrame:
        """The sums between consecutive ``ends``, in hours."""
        length = np.diff(ends).astype(np.float64)
        known, burning = self._parts(ends, self.known), self._parts(ends, self.burning)
        light = self._parts(ends, self.light)
        with np.errstate(invalid="ignore", divide="ignore"):
            level = np.where(burning > 0, light / burning, np.nan)
        return pd.DataFrame(
            {
                "burning_h": burning / 3600,
                "dark_h": (known - burning) / 3600,
                "missing_h": (length - known) / 3600,
                "level": level,
            }
        )

    def _parts(self, ends: Seconds, running: Floats) -> Floats:
        if len(self.t) == 0:
            return np.zeros(len(ends) - 1)
        return np.diff(np.interp(ends, self.t, running))


def course(readings: ReadingSeries, lamps: Lamps, gap_after_s: float) -> Course:
    """What readings of active power (W) say of the lamps; readings that are not good are left out.

    What lies between two readings more than ``gap_after_s`` apart is not known.
    """
    good = np.isin(readings.codes, _GOOD)
    t, level = readings.seconds[good], _levels(readings.values[good], lamps)
    lit = (level > BURNING_ABOVE).astype(np.float64)
    span = np.diff(t).astype(np.float64)
    known = np.where(span <= gap_after_s, span, 0.0)
    burning, light = known * _mean(lit), known * _mean(lit * level)
    return Course(t, _running(known), _running(burning), _running(light))


def _levels(power_w: Floats, lamps: Lamps) -> Floats:
    return np.clip(power_w / 1000.0 / lamps.installed_kw, 0.0, 1.0)


def _mean(values: Floats) -> Floats:
    """Of each reading and the next."""
    return (values[:-1] + values[1:]) / 2


def _running(parts: Floats) -> Floats:
    return np.concatenate([np.zeros(1), np.cumsum(parts)])


def _edges(span: Span, by: Stretch, tz: str) -> Seconds:
    """Edges of the local days, or of the nights from noon to noon, that cover ``span``."""
    if by in _CALENDAR:
        return edges(span, _CALENDAR[by], tz)
    earlier = Span(span.start - timedelta(seconds=NOON_S), span.end - timedelta(seconds=NOON_S))
    # Half a day after midnight: on the days of a clock change this is an hour beside noon.
    return edges(earlier, By.DAY, tz) + NOON_S
