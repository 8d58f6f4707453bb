"""What vehicles take from the network: trolleybuses by timetable, cars and bicycles by sessions.

Pure formulas over one local year, as in ``collectors.simulator.need``: one value per slot of the
calendar, in kW.
"""

from __future__ import annotations

import numpy as np

from collectors.simulator.local_year import SLOT_H, SLOT_S, LocalYear, open_days
from collectors.simulator.need import Character, by_temperature
from collectors.simulator.parameters import Charging, Comfort, Kind, Trolleybus
from collectors.simulator.randomness import Floats, Ints, key, uniform
from collectors.simulator.sky import Sky
from paes.opening import Opening

_MOST_SESSIONS = 4
"""At one point on one day; the last of a long day would run into the next."""
_SATURDAY = 5


def traction_kw(
    yearly_kwh: float,
    timetable: Trolleybus,
    kind: Kind,
    comfort: Comfort,
    opening: Opening,
    calendar: LocalYear,
    sky: Sky,
    by: Character,
) -> Floats:
    """Power of a substation: vehicles by the timetable, more of it when it is hot or cold.

    ``opening`` says which days are working days or Saturdays; all others run as on Sundays. A
    quarter hour holds many starts and stops, so its mean wanders by a tenth only.
    """
    cooling, heating = by_temperature(kind, comfort, sky)
    climate = 1.0 + cooling + heating
    vehicles = _vehicles(timetable, opening, calendar)
    per_hour = vehicles / (vehicles.sum() * SLOT_H)
    always = np.full_like(per_hour, 1.0 / (len(per_hour) * SLOT_H))
    moving = (1.0 - timetable.auxiliary_fraction) * per_hour * climate
    shape = timetable.auxiliary_fraction * always + moving * by.wobble("line", calendar, 0.10)
    return np.asarray(yearly_kwh * shape)


def charging_kw(
    points: int, charging: Charging, opening: Opening, calendar: LocalYear, by: Character
) -> Floats:
    """Power of a station: what its points give to the vehicles, and what it takes itself."""
    power_kw = np.full(len(calendar.slots), points * charging.standby_w_per_point / 1000.0)
    for point in range(points):
        for start_s, kwh in sessions(point, charging, opening, calendar, by):
            _charge(power_kw, calendar, start_s, kwh, charging.point_kw)
    return power_kw


def sessions(
    point: int, charging: Charging, opening: Opening, calendar: LocalYear, by: Character
) -> list[tuple[float, float]]:
    """When each session at one point begins (Unix seconds), and its kWh, in order of time.

    A vehicle that comes while another is charged waits until that is done.
    """
    days = np.flatnonzero(open_days(opening, calendar))
    a_day = by.pick(f"sessions {point}", charging.sessions_a_day)
    midnights = calendar.slots[np.searchsorted(calendar.day, days)]
    arriving: list[tuple[float, float]] = []
    for turn in range(_MOST_SESSIONS):
        place = days * _MOST_SESSIONS + turn
        comes = _draw(by, f"comes {point}", calendar, place) < np.clip(a_day - turn, 0.0, 1.0)
        hour = _hours(charging, _draw(by, f"hour {point}", calendar, place))
        low, high = charging.session_kwh
        kwh = low + (high - low) * _draw(by, f"kwh {point}", calendar, place)
        start_s = midnights + 3600.0 * hour
        arriving += list(zip(start_s[comes].tolist(), kwh[comes].tolist(), strict=True))
    return _one_after_the_other(sorted(arriving), charging.point_kw)


def _vehicles(timetable: Trolleybus, opening: Opening, calendar: LocalYear) -> Floats:
    """How many vehicles run, as a part of those in the rush hours of a working day."""
    hour = calendar.hour
    running = (hour >= timetable.service_from_hour) & (hour < timetable.service_to_hour)
    level = np.where(running, timetable.between_fraction, 0.0)
    for start, end in timetable.rush_hours:
        level[running & (hour >= start) & (hour < end)] = 1.0
    weekday = (calendar.first_weekday + calendar.day) % 7
    is_open = open_days(opening, calendar)[calendar.day] == 1
    of_day = np.where(weekday == _SATURDAY, timetable.saturday_fraction, 1.0)
    return np.asarray(level * np.where(is_open, of_day, timetable.sunday_fraction))


def _hours(charging: Charging, part: Floats) -> Floats:
    """Local hours of arrival for numbers in [0, 1), the stretches one after the other."""
    starts = np.array([start for start, _ in charging.arrivals])
    lengths = np.array([end - start for start, end in charging.arrivals])
    before = np.concatenate(([0.0], np.cumsum(lengths)))
    into = part * before[-1]
    which = np.minimum(np.searchsorted(before, into, side="right") - 1, len(starts) - 1)
    return np.asarray(starts[which] + into - before[which])


def _one_after_the_other(
    arriving: list[tuple[float, float]], point_kw: float
) -> list[tuple[float, float]]:
    found, free_s = [], 0.0
    for at_s, kwh in arriving:
        start_s = max(at_s, free_s)
        free_s = start_s + 3600.0 * kwh / point_kw
        found.append((start_s, kwh))
    return found


def _charge(
    power_kw: Floats, calendar: LocalYear, start_s: float, kwh: float, point_kw: float
) -> None:
    """Add one session to the mean power of the slots it touches; what is after the year is lost."""
    end_s = start_s + 3600.0 * kwh / point_kw
    first = int((start_s - calendar.start_s) // SLOT_S)
    last = min(int(-(-(end_s - calendar.start_s) // SLOT_S)), len(power_kw))
    edges: Ints = calendar.start_s + SLOT_S * np.arange(first, last + 1, dtype=np.int64)
    inside: Floats = np.diff(np.clip(edges.astype(np.float64), start_s, end_s))
    power_kw[first:last] += point_kw * inside / SLOT_S


def _draw(by: Character, what: str, calendar: LocalYear, place: Ints) -> Floats:
    return uniform(key(by.seed, by.meter, what, calendar.year), place)
