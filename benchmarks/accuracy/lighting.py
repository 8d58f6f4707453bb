"""What the rules of street lamps find on simulated cabinets, and how often they cry wolf.

No public readings of cabinets with known faults exist, so these are simulated: lamps of 60 W that
follow the sun of the coast, dimmed to 70 % from midnight to five, a level that changes from night
to night and from quarter hour to quarter hour by chance (``noise``), seen through a register of
0.1 kWh.
The bars are those of the published study of one dead lamp (3 nights, 60 % of a lamp): all found up
to 100 lamps at 0.3 % noise, up to 20 lamps at 1 %; no false alarm, and 0.7 a segment-year.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from benchmarks.accuracy.rows import Row, Sense, found_within, median_delay
from paes.faults.episode import Episode
from paes.faults.load_curve import LoadCurve
from paes.faults.rules import day_burner, lamp_failures, switching_time
from paes.faults.signs.lit_nights import Lights
from paes.series import Floats
from paes.shipped_files import shipped_config

LATITUDE, LONGITUDE, TZ = 44.1, 9.82, "Europe/Rome"
START = datetime(2024, 9, 1, tzinfo=UTC)
YEAR_DAYS, SHORT_DAYS = 365, 110
LAMP_KW = 0.060
SIZES, NOISES = (20, 50, 100, 200), (0.003, 0.01)
CLEAN_YEARS, INJECTED = 20, 40
AFTER_SUNSET_S, BEFORE_SUNRISE_S = 900.0, 900.0
STEP_KWH = 0.1
ON = "simulated cabinets, 60 W lamps; no public labelled data"


@cache
def dark(days: int) -> Lights:
    """Quarter hours and the sun, of so many days."""
    first_s = int(START.timestamp())
    curve = LoadCurve(first_s, 900, np.zeros(96 * days), TZ)
    return Lights.at(curve, LATITUDE, LONGITUDE)


def cabinet(
    lamps: int,
    noise: float,
    days: int,
    seed: int,
    change: Callable[[Lights, Floats], Floats] | None,
) -> Lights:
    """The cabinet's measured quarter hours; ``change`` has the lit part of each, 0..1, changed."""
    sky, draw = dark(days), np.random.default_rng(seed)
    part = lit(sky, np.zeros(len(sky.night)))
    part = change(sky, part) if change else part
    part = np.where(sky.curve.hour < 5.0, 0.7, 1.0) * part
    nights = 1.0 + noise * draw.standard_normal(days + 2)
    quarters = 1.0 + noise * draw.standard_normal(len(part))
    kwh = lamps * LAMP_KW * part * nights[sky.night + 1] * quarters / 4
    register = np.floor(np.concatenate(([0.0], np.cumsum(kwh))) / STEP_KWH + draw.uniform())
    curve = sky.curve.with_amounts(np.diff(register) * STEP_KWH)
    return Lights(curve, sky.sunrise_s, sky.sunset_s)


def lit(sky: Lights, later_s: Floats) -> Floats:
    """The part of each quarter hour in which the lamps burn, each switch so much further out."""
    start = sky.curve.seconds.astype(np.float64)
    evening = np.clip(sky.night, 0, None)
    morning = np.minimum(evening + 1, len(sky.sunrise_s) - 1)
    on = sky.sunset_s[evening] + AFTER_SUNSET_S - later_s
    off = sky.sunrise_s[morning] - BEFORE_SUNRISE_S + later_s
    after = np.clip((start + 900 - on) / 900, 0, 1)
    before = np.clip((off - start) / 900, 0, 1)
    return np.where(sky.night >= 0, np.minimum(after, before), before)


def measure() -> list[Row]:
    """Every figure of the lighting family."""
    return [*_lamps(), *_day_burner(), *_switching()]


def _lamps() -> list[Row]:
    rows = []
    for noise in NOISES:
        for size in SIZES:
            name = f"{size} lamps, noise {noise:.1%}"
            found = _false_lamps(size, noise)
            usual = size <= (100 if noise < 0.005 else 20)
            sense: Sense = "at_most" if size <= 50 or usual else "as_told"
            bar = 0.1 if usual and noise < 0.005 else 0.7 if sense == "at_most" else None
            rows.append(Row("lamp_failures", f"alarms, {name}", found, "a segment-year", ON, bar,
                            sense, slack=0.15))  # fmt: skip
            delays = [_lamp_delay(size, noise, seed) for seed in range(INJECTED)]
            rows.append(Row("lamp_failures", f"found, one dead lamp of {name}, within 14 nights",
                            found_within(delays, 14), "fraction", ON, 0.95 if usual else None,
                            "at_least" if usual else "as_told", slack=0.1))  # fmt: skip
            rows.append(Row("lamp_failures", f"delay, one dead lamp of {name}, median",
                            median_delay(delays), "nights", ON))  # fmt: skip
    return rows


def _parameters() -> lamp_failures.LampFailuresParameters:
    return lamp_failures.RULE.file(shipped_config()).parameters


def _false_lamps(size: int, noise: float) -> float:
    lamp = lamp_failures.Lamp(LAMP_KW, size)
    alarms = sum(
        len(
            lamp_failures.find(
                cabinet(size, noise, YEAR_DAYS, 1000 + seed, None), lamp, _parameters()
            )
        )
        for seed in range(CLEAN_YEARS)
    )
    return alarms / CLEAN_YEARS


def _lamp_delay(size: int, noise: float, seed: int) -> float | None:
    night = 45 + seed % 20

    def dead(sky: Lights, part: Floats) -> Floats:
        return np.where(sky.night >= night, part * (1 - 1 / size), part)

    lights = cabinet(size, noise, SHORT_DAYS, seed, dead)
    return _delay(
        lamp_failures.find(lights, lamp_failures.Lamp(LAMP_KW, size), _parameters()), night
    )


def _day_burner() -> list[Row]:
    parameters = day_burner.RULE.file(shipped_config()).parameters
    alarms = sum(
        len(day_burner.find(cabinet(100, 0.01, YEAR_DAYS, 2000 + seed, None), parameters))
        for seed in range(CLEAN_YEARS)
    )
    rows = [Row("day_burner", "alarms, clean series", alarms / CLEAN_YEARS, "a segment-year", ON,
                0.1, "at_most")]  # fmt: skip
    for hours, share in ((1.0, 1.0), (3.0, 1.0), (6.0, 1.0), (6.0, 0.3)):
        delays = []
        for seed in range(INJECTED):
            day = 30 + seed % 20

            def burns(
                sky: Lights,
                part: Floats,
                day: int = day,
                hours: float = hours,
                share: float = share,
            ) -> Floats:
                noon = np.abs(sky.curve.hour + 0.125 - 12.5) < hours / 2
                return np.where((sky.curve.day >= day) & noon, np.maximum(part, share), part)

            found = day_burner.find(cabinet(100, 0.01, SHORT_DAYS, seed, burns), parameters)
            delays.append(_delay(found, day))
        name = f"{hours:g} h a day" + (f" of {share:.0%} of the lamps" if share < 1 else "")
        bar = 0.95 if hours > 1 else None
        rows.append(Row("day_burner", f"found, {name}, within 3 days", found_within(delays, 3),
                        "fraction", ON, bar, "at_least" if bar else "as_told", 0.1))  # fmt: skip
    return rows


def _switching() -> list[Row]:
    parameters = switching_time.RULE.file(shipped_config()).parameters
    alarms = sum(
        len(switching_time.find(cabinet(100, 0.01, YEAR_DAYS, 3000 + seed, None), parameters))
        for seed in range(CLEAN_YEARS)
    )
    rows = [Row("switching_time", "alarms, clean series", alarms / CLEAN_YEARS, "a segment-year",
                ON, 0.1, "at_most")]  # fmt: skip
    for minutes in (20, 35, 45, 60, -45):
        delays = []
        for seed in range(INJECTED):
            night = 30 + seed % 20

            def shifted(
                sky: Lights, part: Floats, night: int = night, minutes: int = minutes
            ) -> Floats:
                later_s = np.where(sky.night >= night, 60.0 * minutes, 0.0)
                return lit(sky, later_s)

            found = switching_time.find(cabinet(100, 0.01, SHORT_DAYS, seed, shifted), parameters)
            delays.append(_delay(found, night))
        bar = 0.95 if abs(minutes) > 40 else None
        which = "on early, off late" if minutes > 0 else "on late, off early"
        rows.append(Row("switching_time", f"found, {abs(minutes)} min {which}, within 4 nights",
                        found_within(delays, 4), "fraction", ON, bar,
                        "at_least" if bar else "as_told", slack=0.1))  # fmt: skip
    return rows


def _delay(found: list[Episode], night: int) -> float | None:
    """Days from the injection to the time at which a rule was sure; false alarms do not count."""
    begun = dark(SHORT_DAYS).sunset_s[night]
    since = START + timedelta(seconds=float(begun) - START.timestamp() - 43_200)
    sure = [
        (e.found - since) / timedelta(days=1) for e in found if e.end > since and e.found > since
    ]
    return min(sure, default=None)
