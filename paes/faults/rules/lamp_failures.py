"""Lamps that went dark: the power at full light of some nights falls by that of whole lamps.

What is usual is the median of the plateaus of thirty nights before the first dark one, and stays as
it was then. One night is true to the spread of these nights, so a large or restless circuit needs
several dead lamps before they can be told. A fall by more than a part of all lamps is no failure
of lamps: these were exchanged, or dimmed, and the thirty nights begin anew.

A dead lamp wastes nothing: it is told so that the street is light again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode, Picture
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.lit_nights import DARK_BELOW, Lights, Spell, feeds_lamps, lights_of, spells
from paes.faults.signs.windows import DAY_S, PICTURE_DAYS, day_start
from paes.faults.view import View
from paes.periods import Span, from_seconds, to_seconds, wall_seconds
from paes.series import Floats

_TO_DEVIATION = 1.2533  # mean absolute deviation of normal numbers to their standard deviation
_W = 1000.0
_LEAST_KW = 1e-9  # below, nothing burns, and no level is a part of another


class LampFailuresParameters(Parameters):
    """Of the rule."""

    plateau_from_fraction: float = Field(gt=0, lt=1)
    least_plateau_quarters: int = Field(ge=2)
    usual_nights: int = Field(ge=10)
    nights_in_a_row: int = Field(ge=1)
    least_lamp_fraction: float = Field(gt=0, le=1)
    spreads: float = Field(ge=0)
    other_lamps_fraction: float = Field(gt=0, lt=1)
    quiet_nights: int = Field(ge=1)


class Usual(NamedTuple):
    """Power at full light, and the standard deviation of a night, kW."""

    kw: float
    spread_kw: float


class Lamp(NamedTuple):
    """What one lamp takes, where that is declared, and how many light points there are."""

    declared_kw: float | None
    points: int

    def kw(self, usual_kw: float) -> float:
        """The power of one; without a declared one what burns usually, by the light points."""
        return usual_kw / self.points if self.declared_kw is None else self.declared_kw


def find(lights: Lights, lamp: Lamp, parameters: LampFailuresParameters) -> list[Episode]:
    """The failures among the lamps."""
    p = parameters
    plateaus = _plateaus(lights, p)
    found = []
    parts = list(pairwise(_levels(plateaus, p)))
    for begin, end in parts:
        known = begin + np.flatnonzero(~np.isnan(plateaus[begin:end]))
        for spell in _failures(plateaus, known.tolist(), lamp, p):
            found.append(_episode(lights, plateaus, lamp, spell, p, end < len(plateaus)))
    return found


def _plateaus(lights: Lights, p: LampFailuresParameters) -> Floats:
    return lights.plateaus_kw(p.plateau_from_fraction, p.least_plateau_quarters)


def _failures(
    plateaus: Floats, known: list[int], lamp: Lamp, p: LampFailuresParameters
) -> list[Spell[Usual]]:
    def usual_of(nights: Sequence[int]) -> Usual | None:
        if len(nights) < p.usual_nights:
            return None
        kw = plateaus[list(nights[-p.usual_nights :])]
        median = float(np.median(kw))
        # Their mean, not their median: behind a coarse register most nights are alike.
        return Usual(median, _TO_DEVIATION * float(np.mean(np.abs(kw - median))))

    def has_sign(night: int, usual: Usual) -> bool:
        return bool(usual.kw - plateaus[night] >= p.least_lamp_fraction * lamp.kw(usual.kw))

    def is_sure(run: Sequence[int], usual: Usual) -> bool:
        """A mean of n nights is true to the spread of one over the root of n, so is the median
        of many, by half as much again in square (Laplace)."""
        drop_kw = usual.kw - float(plateaus[list(run)].mean())
        true_to = np.sqrt(1 / len(run) + np.pi / 2 / p.usual_nights)
        enough = drop_kw >= p.spreads * usual.spread_kw * true_to
        return len(run) >= p.nights_in_a_row and bool(enough)

    return spells(known, usual_of, has_sign, is_sure, p.quiet_nights)


def _levels(plateaus: Floats, p: LampFailuresParameters) -> list[int]:
    """Where other lamps began to burn: the nights of a new level, with both ends."""
    known = np.flatnonzero(~np.isnan(plateaus))
    edges, begun, needed = [0], 0, p.nights_in_a_row
    for i in range(needed, len(known) - needed + 1):
        if i - begun < needed:
            continue
        before = np.median(plateaus[known[max(begun, i - p.usual_nights) : i]])
        after = np.median(plateaus[known[i : i + needed]])
        left = min(before, after) / max(before, after, _LEAST_KW)
        if DARK_BELOW <= left < 1.0 - p.other_lamps_fraction and _is_first(
            plateaus[known[i]], before, after
        ):
            edges.append(int(known[i]))
            begun = i
    return [*edges, len(plateaus)]


def _is_first(night: float, before: float, after: float) -> bool:
    """The median of some nights turns before the level does."""
    return abs(night - after) < abs(night - before)


def _episode(
    lights: Lights,
    plateaus: Floats,
    lamp: Lamp,
    spell: Spell[Usual],
    p: LampFailuresParameters,
    exchanged: bool,
) -> Episode:
    first, last = spell.first, spell.last
    of, lamp_kw = plateaus[first : last + 1], lamp.kw(spell.usual.kw)
    # A bright night between two dark ones does not say how many lamps are dark.
    dark = of[spell.usual.kw - of >= p.least_lamp_fraction * lamp_kw]
    recent = float(np.median(dark[-3:]))
    drop_kw = spell.usual.kw - recent
    lamps = max(float(round(drop_kw / lamp_kw)), 1.0)
    before = max(first - PICTURE_DAYS, 0)
    return Episode(
        start=from_seconds(int(lights.sunset_s[first])),
        end=_morning(lights, last),
        found=_morning(lights, spell.sure),
        is_over=spell.is_over or exchanged,
        numbers={
            "lamps": lamps,
            "lamp_w": lamp_kw * _W,
            "usual_w": spell.usual.kw * _W,
            "seen_w": recent * _W,
            "drop_w": drop_kw * _W,
            "night_spread_w": spell.usual.spread_kw * _W,
            "nights": float(np.sum(~np.isnan(of))),
        },
        windows={"usual": Span(day_start(lights.curve, before), day_start(lights.curve, first))}
        if first > before
        else {},
        picture=_picture(lights, plateaus, before, last, spell.usual),
    )


def _morning(lights: Lights, night: int) -> datetime:
    """Sunrise after a night; as far as it was seen, if it is not over."""
    return from_seconds(min(int(lights.sunrise_s[night + 1]), lights.curve.end_s))


def _picture(lights: Lights, plateaus: Floats, first: int, last: int, usual: Usual) -> Picture:
    """The power at full light of each night."""
    seen = plateaus[first : last + 15] * _W
    start = to_seconds(day_start(lights.curve, first))
    day_s = int(wall_seconds(np.array([start]), lights.curve.tz)[0]) // DAY_S * DAY_S
    same = np.full(len(seen), usual.kw * _W)
    margin = 2 * usual.spread_kw * _W
    return Picture(day_s, DAY_S, "W", seen, same, same - margin, same + margin)


def lamp_of(view: View, parameters: LampFailuresParameters) -> Lamp | None:
    """The lamps behind the meter; None where nobody counted the light points.

    A circuit's lamps are those of its cabinet: as declared, else what burns there by its points.
    The rating of a meter is no lamp's power.
    """
    points, declared_kw = view.site.light_points, view.site.lighting_power_kw
    if not points:
        return None
    one_kw = None if declared_kw is None else declared_kw / points
    main = view.meter.parent and view.installation.meters.get(view.meter.parent)
    if one_kw is None and main:
        of_cabinet = _plateaus(lights_of(view.town.meter(main)), parameters)
        if np.isnan(of_cabinet).all():
            return None
        one_kw = float(np.nanmedian(of_cabinet)) / points
    return Lamp(one_kw, points)


def look(view: View, parameters: LampFailuresParameters) -> list[Episode]:
    """The failures behind the meter that touch the view's span."""
    lamp = lamp_of(view, parameters)
    found = find(lights_of(view), lamp, parameters) if lamp else []
    return [e for e in found if e.end > view.span.start or not e.is_over]


RULE = Rule("lamp_failures", 1, LampFailuresParameters, feeds_lamps, look, wastes=False)
