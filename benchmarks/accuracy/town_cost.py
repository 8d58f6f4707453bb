"""What cases of the simulated town tell as wasted, beside what the simulator really wasted.

The truth is the difference of the registers of two towns, with and without the malfunctions, in
the hours of the case that were measured whole: hours that nobody saw are in no figure. Simulated
buildings have no thermal mass: what they take at night they would not have needed in the morning,
so that half of it, which ``heating_closed_hours`` tells as likely, is half of the truth here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np

from benchmarks.accuracy.rows import Row
from collectors.simulator import Town
from collectors.simulator.faults import Fault
from paes.accounting.ledger import EnergyLedger
from paes.faults.episode import Episode
from paes.faults.watch import Sighting
from paes.metering import Carrier
from paes.periods import ALWAYS, By, Span
from paes.series import Floats

HOUR_S = 3600
SLACK = 0.01
"""A register rounds, and cases begin and end on whole hours."""


def cost_rows(
    ledger: EnergyLedger, sound: Town, town: Town, told: Iterable[tuple[Fault, Sighting]], on: str
) -> list[Row]:
    """Of each planted malfunction, the case of its own rule: told over true, and within bounds."""
    ratios: list[float] = []
    within: list[bool] = []
    for fault, sighting in told:
        excess = sighting.episode.excess
        if excess is None or not excess.likely.any():
            continue
        true = true_waste(ledger, sound, town, fault, sighting.episode)
        ratios.append(float(excess.likely.sum()) / true)
        low, high = float(excess.low.sum()), float(excess.high.sum())
        within.append(low - SLACK * true <= true <= high + SLACK * true)
    on = f"{on}; {len(ratios)} cases that waste"
    apart = float(np.median(np.abs(np.array(ratios) - 1)))
    return [
        Row("town", "cost told over true, median", float(np.median(ratios)), "fraction", on,
            slack=0.05),
        Row("town", "cost told apart from true, median", apart, "fraction", on, 0.1, "at_most",
            0.03),
        Row("town", "true waste within low and high", float(np.mean(within)), "fraction", on, 0.9,
            "at_least", 0.06),
    ]  # fmt: skip


def true_waste(
    ledger: EnergyLedger, sound: Town, town: Town, fault: Fault, episode: Episode
) -> float:
    """kWh (m3 of water) that were wasted, or not produced, in the measured hours of a case."""
    start_s = int(episode.start.timestamp()) // HOUR_S * HOUR_S
    end_s = -(-int(episode.end.timestamp()) // HOUR_S) * HOUR_S
    at = np.arange(start_s, end_s + 1, HOUR_S)
    meter = ledger.installation.meters[fault.meter]
    apart: Floats = np.diff(town.counted_at(meter.id, at) - sound.counted_at(meter.id, at))
    if meter.carrier is Carrier.NATURAL_GAS:
        apart = apart * ledger.kwh_factor(meter, episode.start.year)
    span = Span(datetime.fromtimestamp(start_s, UTC), datetime.fromtimestamp(end_s, UTC))
    ((table, _),) = ledger.tables([(meter, ALWAYS)], span, By.HOUR)
    return float(np.abs(apart[np.asarray(table.covered_s) >= HOUR_S - 1].sum()))
