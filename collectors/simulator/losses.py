"""What a real collector would have missed: deterministic losses of gateways, sites and meters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from collectors.simulator.parameters import Losses, Range
from collectors.simulator.randomness import Ints, draw, key
from paes.installation import Installation
from paes.meters import FieldMeter

_YEAR_S = 365 * 86400 + 21600
_METERS_FOR_ONE_DEAD_A_YEAR = 20
_SITES_FOR_ONE_DARK_A_YEAR = 10


@dataclass(frozen=True, slots=True)
class Loss:
    """Nothing was read in ``[start_s, end_s)``; ``what`` is gateway, site or meter."""

    what: str
    name: str
    start_s: int
    end_s: int

    def hits(self, meter: FieldMeter) -> bool:
        """Whether this meter is lost with it."""
        return (
            self.name
            == {"gateway": meter.gateway, "site": meter.site, "meter": meter.id}[self.what]
        )


def losses_between(
    installation: Installation, losses: Losses, seed: int, start_s: int, end_s: int
) -> list[Loss]:
    """Every loss that touches ``[start_s, end_s)``, in order of time; the same for any window."""
    found = []
    for year in range(start_s // _YEAR_S - 1, end_s // _YEAR_S + 1):
        found += _losses_of_year(installation, losses, seed, year)
    touching = [loss for loss in found if loss.start_s < end_s and loss.end_s > start_s]
    return sorted(touching, key=lambda loss: (loss.start_s, loss.name))


def is_read(
    meter: FieldMeter, seconds: Ints, losses: list[Loss]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of the times a collector would have got an answer at."""
    read = np.ones(len(seconds), dtype=np.bool_)
    for loss in losses:
        if loss.hits(meter):
            read[(seconds >= loss.start_s) & (seconds < loss.end_s)] = False
    return read


def _losses_of_year(installation: Installation, losses: Losses, seed: int, year: int) -> list[Loss]:
    found = []
    for gateway in sorted(installation.gateways):
        for number in range(round(losses.gateway_outages_per_year)):
            found.append(_loss("gateway", gateway, losses.gateway_outage_h, seed, year, number))
    rare = (
        ("site", installation.sites, losses.site_outage_h, _SITES_FOR_ONE_DARK_A_YEAR),
        ("meter", installation.field_meters, losses.meter_outage_h, _METERS_FOR_ONE_DEAD_A_YEAR),
    )
    for what, names, length_h, enough in rare:
        lot = draw(key(seed, "loss", what, year), (0.0, float(max(len(names), enough))))
        if lot < len(names):
            found.append(_loss(what, sorted(names)[int(lot)], length_h, seed, year, 0))
    return found


def _loss(what: str, name: str, length_h: Range, seed: int, year: int, number: int) -> Loss:
    when = draw(key(seed, "loss", what, name, year, number, "start"), (0.0, 1.0))
    hours = draw(key(seed, "loss", what, name, year, number, "length"), length_h)
    start_s = int((year + when) * _YEAR_S)
    return Loss(what, name, start_s, start_s + int(hours * 3600))
