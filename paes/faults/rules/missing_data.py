"""Meters that bring no readings: late after some intervals, a case after a day.

::

    read by the collector   nothing usable for ``alarm_after_h``; planned outages, nights of
                            inverters and time before and after the meter's life do not count
    from files              nothing for ``late_times`` the usual distance: of load curves between
                            their imports, of bills and written registers between their dates

When most meters behind a gateway are away together the gateway is the subject, and when most
gateways are, the collector (``paes.faults.signs.absent_together``). Why, as far as the collector
told it, stands in the numbers (``gateway_down_hours`` …); ``late_after_h`` is from when on it was
late.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from pydantic import Field

from paes.accounting.causes import shares
from paes.events import Cause, Event
from paes.faults.episode import Episode, Picture
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.absent_together import grouped
from paes.faults.signs.file_rhythm import rhythm_days
from paes.faults.signs.meter_picture import step_at
from paes.faults.signs.silence import Silence, reading_times, silences, sure_at
from paes.faults.signs.windows import daily_picture
from paes.faults.view import View
from paes.metering import Measures, Site
from paes.meters import FieldMeter, Meter
from paes.periods import Span, from_seconds, local_midnight, to_seconds

EXPECTED = (Cause.PLANNED, Cause.NOT_COMMISSIONED, Cause.NIGHT)
"""Causes that are no fault."""
_HOUR_S = 3600
_DAY_S = 86_400


class MissingDataParameters(Parameters):
    """Of the rule."""

    late_after_intervals: float = Field(ge=1)
    alarm_after_h: float = Field(gt=0)
    late_times: float = Field(gt=1)
    file_rhythm_days: float = Field(gt=0)


def look(view: View, parameters: MissingDataParameters) -> list[Episode]:
    """The silences of the meter that touch the view's span."""
    first = from_seconds(view.hours.start_s)
    life = view.ledger.life(view.meter, Span(first, view.now)) if first < view.now else None
    if life is None:
        return []
    if isinstance(view.meter, FieldMeter):
        found = _of_collector(view, view.meter, life, parameters)
    else:
        found = _of_files(view, life, parameters)
    return [e for e in found if e.end > view.span.start]


def _of_collector(
    view: View, meter: FieldMeter, life: Span, p: MissingDataParameters
) -> list[Episode]:
    least_s = round(p.alarm_after_h * _HOUR_S)
    period_h = view.ledger.poll_period(meter).total_seconds() / _HOUR_S
    least_s = max(least_s, round(p.late_after_intervals * period_h * _HOUR_S))
    times = reading_times(view, least_s, life)
    has_any = len(times) or view.installation.register(meter).point in _latest(view)
    born_s = None if has_any else _born_s(view, meter)
    absences = view.ledger.absences(meter, life)
    expected = _expected(view, meter, absences)
    until_s = to_seconds(life.end)
    episodes = []
    for silence in silences(times, until_s, expected, least_s, born_s):
        numbers = {
            "hours": silence.counted_s / _HOUR_S,
            "late_after_h": p.late_after_intervals * period_h,
            **_neighbours(view, meter, silence),
            **_causes(absences, silence),
        }
        sure_s = sure_at(silence, expected, least_s)
        episodes.append(_episode(view, silence, sure_s, numbers, meter.gateway))
    return episodes


def _born_s(view: View, meter: FieldMeter) -> int | None:
    """Since when a meter without any reading is missing: from its first day, but not before
    anything was read here; None as long as nothing is.

    It is not since the view's history begins: that moves with what is judged.
    """
    begun_s = _first_read_s(view)
    if begun_s is None or meter.valid_from is None:
        return begun_s
    return max(begun_s, to_seconds(local_midnight(meter.valid_from, view.tz)))


def _first_read_s(view: View) -> int | None:
    """When the collector brought its first reading of any meter; asked once for a town."""
    kept, installation = view.town.kept, view.installation
    if "first_read_s" not in kept:
        points = [installation.register(m).point for m in installation.field_meters.values()]
        first = view.ledger.store.around(points, 0, 0, 1).values()
        kept["first_read_s"] = min((int(s.seconds[0]) for s in first if len(s)), default=None)
    found: int | None = kept["first_read_s"]
    return found


def _latest(view: View) -> set[str]:
    """Points with any reading at all, asked once for a town."""
    kept = view.town.kept
    if "points_with_readings" not in kept:
        kept["points_with_readings"] = set(view.ledger.store.points())
    return set(kept["points_with_readings"])


def _expected(view: View, meter: FieldMeter, absences: list[Event]) -> list[tuple[int, int]]:
    """When nobody expects readings: by the collector's word, and by the gateway's file."""
    outages = view.installation.gateways[meter.gateway].planned_outages
    told = [(o.start, o.end) for o in outages]
    told += [(a.start, a.end) for a in absences if a.cause in EXPECTED and a.end]
    return [(to_seconds(start), to_seconds(end)) for start, end in told]


def _neighbours(view: View, meter: FieldMeter, silence: Silence) -> dict[str, float]:
    """How many meters are behind the same gateway, and how many of them brought nothing either."""
    installation = view.installation
    behind = installation.meters_behind(meter.gateway)
    points = [installation.register(m).point for m in behind if m.id != meter.id]
    stop_s = min(silence.end_s, silence.start_s + _DAY_S)
    begin_s = min(silence.start_s + _HOUR_S, stop_s)
    read = view.ledger.store.around(points, begin_s, stop_s, 0) if points else {}
    silent = sum(1 for point in points if not len(read[point]))
    gateways = {m.gateway for m in installation.field_meters.values()}
    return {
        "meters_behind": float(len(behind)),
        "neighbours_silent": float(silent),
        "gateways_in_all": float(len(gateways)),
    }


def _causes(absences: list[Event], silence: Silence) -> dict[str, float]:
    by_cause = shares(absences, silence.start_s, silence.end_s)
    return {f"{cause}_hours": seconds / _HOUR_S for cause, seconds in by_cause.items()}


def _of_files(view: View, life: Span, p: MissingDataParameters) -> list[Episode]:
    """The time since the last figure, if it is longer than files usually take."""
    register = view.installation.register(view.meter)
    last = view.ledger.store.latest([register.point]).get(register.point)
    if last is None:
        return []
    known = rhythm_days(view)
    rhythm = p.file_rhythm_days if known is None else known
    least_s = round(p.late_times * max(rhythm, 1.0) * _DAY_S)
    start_s, until_s = to_seconds(last.at) + (register.interval_s or 0), to_seconds(life.end)
    if until_s - start_s < least_s:
        return []
    silence = Silence(start_s, until_s, until_s - start_s, True)
    numbers = {
        "hours": silence.counted_s / _HOUR_S,
        "late_after_h": least_s / _HOUR_S,
        "usual_days": rhythm,
        "rhythm_is_assumed": float(known is None),
    }
    return [_episode(view, silence, start_s + least_s, numbers, None)]


def _episode(
    view: View, silence: Silence, sure_s: int, numbers: dict[str, float], gateway: str | None
) -> Episode:
    start = from_seconds(silence.start_s)
    end = max(from_seconds(silence.end_s), start + timedelta(seconds=1))
    return Episode(
        start=start,
        end=end,
        found=from_seconds(sure_s),
        is_over=not silence.lasts,
        numbers={"meters": 1.0, **numbers},
        picture=_picture(view, silence),
        place=gateway,
    )


def _picture(view: View, silence: Silence) -> Picture:
    """Hours of each day that were measured whole, beside the hours that it has."""
    curve = view.hours
    days = int(curve.day[-1]) + 1
    hours = curve.step_s / _HOUR_S
    seen = hours * np.bincount(curve.day[curve.known], minlength=days).astype(np.float64)
    usual = hours * np.bincount(curve.day, minlength=days).astype(np.float64)
    first, last = (int(curve.day[step_at(curve, s)]) for s in (silence.start_s, silence.end_s))
    return daily_picture(curve, "h", seen, usual, first, last)


def concerns(meter: Meter, site: Site) -> bool:
    """Every meter of energy or water."""
    return meter.measures is not Measures.WEATHER


RULE = Rule("missing_data", 1, MissingDataParameters, concerns, look, wastes=False, group=grouped)
