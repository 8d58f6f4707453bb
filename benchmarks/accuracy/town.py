"""The simulated town with its planted malfunctions: what the whole chain finds in registers.

Registers are simulated with their resolution and the losses of a real collector, stored, accounted,
and looked at by every rule, as in the nightly run. A planted malfunction is found if its own rule
tells an episode of its meter (or of the meter above it) that overlaps it. An episode of another
time or meter is false, but for what the simulated collector really lost (``missing_data``) and for
what the malfunction of a meter shows in another meter of its site.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.accuracy.rows import Row, median_delay
from benchmarks.accuracy.town_cost import cost_rows
from collectors.simulator import Town, fill_history, planted
from collectors.simulator.faults import Fault
from collectors.simulator.losses import Loss, losses_between
from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.faults.rule_table import RULES
from paes.faults.watch import Sighting, watch
from paes.installation import Installation
from paes.periods import Span, to_seconds
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
JUDGED = timedelta(days=365)
PAST = timedelta(days=640)
RULE_OF = {
    "leak": ("water_leak",),
    "base": ("base_load", "above_expected"),
    "peak": ("contract_power",),
    "heating_night": ("heating_closed_hours", "above_expected"),
    "heating_weekend": ("heating_closed_hours", "above_expected"),
    "heating_summer": ("heating_off_season",),
    "heating_up": ("above_expected",),
    "pv_off": ("pv_outage",),
    "string": ("pv_string",),
    "soiling": ("pv_slow_loss",),
    "lamps": ("lamp_failures",),
    "day_burner": ("day_burner",),
    "switch": ("switching_time",),
}
"""By which rules each kind may be told."""
LONG_S = 30 * 3600
REALLY_LOST = ("missing_data", "register_step")
"""What the simulated collector's losses and the town's own exchanges of meters show."""


def measure() -> list[Row]:
    """Planted and found, false, and how late."""
    installation = load_installation(shipped_config())
    town = Town(installation, epoch=NOW - PAST)
    faults = planted(installation, town.parameters, NOW)
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "readings.sqlite")
        ill = town.with_malfunctions(faults)
        fill_history(ill, store, NOW - PAST, NOW)
        span = Span(NOW - JUDGED, NOW)
        ledger = EnergyLedger(installation, store, lambda: NOW)
        seen = watch(ledger, span)
        own = [(f, told) for f in _judged(faults) if (told := _own(installation, f, seen))]
        on = f"the shipped town, one year, {len(own)} planted malfunctions that were found"
        rows = [*_rows(town, list(faults), seen), *cost_rows(ledger, town, ill, own, on)]
        store.close()
    return rows


def _rows(town: Town, faults: list[Fault], seen: list[Sighting]) -> list[Row]:
    installation = town.installation
    judged = _judged(faults)
    delays = [_delay(installation, fault, seen) for fault in judged]
    alarms = {rule.id for rule in RULES if rule.is_alarm} - set(REALLY_LOST)
    false = [s for s in seen if s.rule.id in alarms and not _explained(installation, s, faults)]
    on = f"the shipped town, {len(installation.meters)} meters, one year, {len(judged)} planted"
    found = sum(delay is not None for delay in delays) / len(judged)
    peaks = [d is not None for f, d in zip(judged, delays, strict=True) if f.kind == "peak"]
    lost = _lost(town)
    silent = [any(_tells(installation, s, loss) for s in seen) for loss in lost]
    of_peaks, of_losses = f"{on}: {len(peaks)} peaks", f"{on}; {len(lost)} losses of the collector"
    false_rate = len(false) / len(installation.meters)
    return [
        Row("town", "planted malfunctions found", found, "fraction", on, 0.9, "at_least", 0.05),
        Row("town", "false cases", false_rate, "a meter-year", on, 0.25, "at_most", 0.05),
        Row("town", "delay, median", median_delay(delays), "days", on, 21.0, "at_most", 3.0),
        Row("contract_power", "planted peaks found", _part(peaks), "fraction", of_peaks,
            1.0, "at_least"),
        Row("missing_data", "losses of a day and more found", _part(silent), "fraction", of_losses,
            1.0, "at_least"),
    ]  # fmt: skip


def _part(found: list[bool]) -> float:
    return sum(found) / len(found) if found else float("nan")


def _lost(town: Town) -> list[Loss]:
    """What the simulated collector lost in the judged year for clearly more than a day."""
    span = to_seconds(NOW - JUDGED), to_seconds(NOW)
    found = losses_between(town.installation, town.parameters.losses, town.seed, *span)
    return [
        loss
        for loss in found
        if loss.end_s - loss.start_s > LONG_S and span[0] < loss.start_s and loss.end_s < span[1]
    ]


def _tells(installation: Installation, sighting: Sighting, loss: Loss) -> bool:
    """Whether a case of missing data is about a loss: of the same meters, at the same time."""
    if sighting.rule.id != "missing_data":
        return False
    meters = [m for m in installation.field_meters.values() if loss.hits(m)]
    names = {name for m in meters for name in (m.id, m.gateway)}
    during = to_seconds(sighting.episode.start) < loss.end_s
    return sighting.subject in names and during and loss.start_s < to_seconds(sighting.episode.end)


def _judged(faults: list[Fault]) -> list[Fault]:
    """The malfunctions that began in the judged year, a week before now at the latest."""
    last = NOW - timedelta(days=7)
    return [f for f in faults if f.kind in RULE_OF and f.start and NOW - JUDGED <= f.start <= last]


def _delay(installation: Installation, fault: Fault, seen: list[Sighting]) -> float | None:
    """Days from the start of ``fault`` until its own rule told it."""
    found = [
        s.episode.found
        for s in seen
        if s.rule.id in RULE_OF[fault.kind]
        and s.subject in _above(installation, fault.meter)
        and _overlaps(s, fault, timedelta())
    ]
    if not found or fault.start is None:
        return None
    return max((min(found) - fault.start).total_seconds() / 86400, 0.0)


def _own(installation: Installation, fault: Fault, seen: list[Sighting]) -> Sighting | None:
    """The case of the rule that knows the cause best, the longest of several."""
    for rule in RULE_OF[fault.kind]:
        found = [
            s
            for s in seen
            if s.rule.id == rule
            and s.subject in _above(installation, fault.meter)
            and _overlaps(s, fault, timedelta())
        ]
        if found:
            return max(found, key=lambda s: s.episode.end - s.episode.start)
    return None


def _explained(installation: Installation, sighting: Sighting, faults: list[Fault]) -> bool:
    """True if a malfunction was planted at the same site at that time, or a saving began or ended
    in the two months before."""
    site = sighting.subject.split(".", 1)[0]
    here = [f for f in faults if site == f.meter.split(".", 1)[0]]
    turns = [at for f in here if f.kind not in RULE_OF for at in (f.start, f.end) if at]
    two_months = timedelta(days=61)
    return any(
        _overlaps(sighting, f, timedelta(days=14)) for f in here if f.kind in RULE_OF
    ) or any(at - timedelta(days=14) <= sighting.episode.start <= at + two_months for at in turns)


def _overlaps(sighting: Sighting, fault: Fault, margin: timedelta) -> bool:
    start, end = fault.start or NOW - PAST, fault.end or NOW
    return sighting.episode.start < end + margin and sighting.episode.end > start - margin


def _above(installation: Installation, meter_id: str) -> list[str]:
    parent = installation.meters[meter_id].parent
    return [meter_id, *([parent] if parent else [])]
