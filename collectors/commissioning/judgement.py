"""Is a meter right? What the collector reads of it, beside what its display shows.

::

    register before ─ display, read by a person ─ register after  ──>  Judgement

A counter only goes up, so a true display lies between the two readings of the register, give or
take the last digit of either. If it does not, the ratio between display and register mostly tells
why (``collectors.commissioning.causes``). A meter is right only if it was compared: one without a
display reading is ``not_compared``, whatever else is good about it.

Everything here is computed from values; ``collectors.commissioning.visit`` reads them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from collectors.commissioning.causes import TELLING, Shown, causes
from collectors.modbus.unit_device import same_serial
from paes.accounting.counter_rules import SPIKE_MARGIN
from paes.errors import DataError
from paes.metering import Finding, Measures, Register
from paes.meters import FieldMeter
from paes.units import canonical_unit, factor_to_canonical

ROUNDING = 1 + 1e-6
"""Decimal steps are no binary numbers: 0.1 + 0.1 must not refuse 0.2."""
NOTES = frozenset({"commission.power_reversed", "commission.phase_reversed"})
"""Findings that may be quite right: a plant behind the meter feeds the grid."""
NOISE_W = 50.0
"""Power that is not called backwards: what a stand-by may export through a transformer's error."""


class Verdict(StrEnum):
    """What came of comparing one meter."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_COMPARED = "not_compared"  # read, but nobody looked at the display
    NOT_READ = "not_read"


@dataclass(frozen=True, slots=True)
class Display:
    """What a person reads off a meter, in the canonical unit of its register."""

    text: str
    value: float
    step: float
    """What its last digit is worth."""
    at: datetime | None = None
    """When it was read, if not between the two readings of the register."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a meter said: its register as it is stored, and what explains it."""

    at: datetime
    value: float | None
    """The accounted register, in its canonical unit; None if it could not be read."""
    words: tuple[int, ...] = ()
    device_value: str = ""
    """Value and unit as the device gives them, before ratios."""
    serial: str | None = None
    power_w: float | None = None
    phase_powers_w: Mapping[str, float] = field(default_factory=dict)
    other_counters: Mapping[str, float] = field(default_factory=dict)
    """The device's other counters of the same unit, as they would be stored."""
    other_orders: Mapping[str, float] = field(default_factory=dict)
    """The register in the other word orders, as it would be stored."""
    pulses: float | None = None
    """What the counter shows, of a pulse meter."""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """One meter's part of a commissioning record."""

    meter: FieldMeter
    register: Register
    verdict: Verdict
    before: Seen
    after: Seen | None = None
    display: Display | None = None
    difference: float | None = None
    """Display less register, where the register stood when the display was read."""
    tolerance: float | None = None
    findings: tuple[Finding, ...] = ()
    """What is wrong, or cannot be known yet; the likeliest cause first."""

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Findings that must be cleared before the meter can be signed off."""
        return tuple(f for f in self.findings if f.name not in NOTES)

    @property
    def is_accepted(self) -> bool:
        """True if the meter agrees and nothing speaks against it."""
        return self.verdict is Verdict.AGREES and not self.problems


def parse_display(text: str, unit: str, at: datetime | None = None) -> Display:
    """A typed reading such as ``12345,6``, ``12 345.6`` or ``12.3456 MWh``, in ``unit`` or its own.

    ``unit`` is canonical (kWh, m3). Raises DataError for what is no number, or another quantity.
    """
    match = re.fullmatch(r"\s*([0-9][0-9 .,'\u2009\u00a0]*?)\s*([A-Za-z][A-Za-z0-9]*)?\s*", text)
    number = _number(match[1]) if match else None
    if match is None or number is None:
        raise DataError(f"cannot read display {text!r}; expected a number such as 12345.6")
    written = match[2] or unit
    if canonical_unit(written) != unit:
        raise DataError(f"display {text!r} is in {written}; expected {unit} or a multiple of it")
    factor = factor_to_canonical(written)
    return Display(f"{match[1].strip()} {written}", number[0] * factor, number[1] * factor, at)


def _number(text: str) -> tuple[float, float] | None:
    """Value and worth of the last digit; one mark alone is the decimal one (``1.234``, ``1,234``),
    marks before groups of three are not (``1.234.567``, ``1,234.5``)."""
    bare = re.sub(r"[ '\u2009\u00a0]", "", text)
    match = re.fullmatch(r"(\d+)(?:[.,](\d+))?", bare) or re.fullmatch(
        r"(\d{1,3}(?:\.\d{3})+|\d{1,3}(?:,\d{3})+)(?:[.,](\d+))?", bare
    )
    if match is None:
        return None
    whole, digits = re.sub(r"[.,]", "", match[1]), match[2] or ""
    return float(f"{whole}.{digits or 0}"), 10.0 ** -len(digits)


def expected_display(meter: FieldMeter, register: Register, value: float, secondary: bool) -> float:
    """What the display shows while the register is stored as ``value``.

    A gas meter shows m3 where Sm3 are stored. ``secondary``: the display leaves out the
    transformer ratio.
    """
    if register.unit == "m3":
        return value / meter.volume_correction
    return value / meter.transformer_ratio if secondary else value


def judge(
    meter: FieldMeter,
    register: Register,
    before: Seen,
    display: Display | None = None,
    after: Seen | None = None,
    secondary: bool = False,
    neighbours: Mapping[str, float] | None = None,
) -> Judgement:
    """Compare a meter with its display, and look for what else is wrong with it.

    ``neighbours`` are the registers of the site's other meters, by meter: units may be swapped.
    """
    about = [*_identity(meter, before), *_power(meter, before)]
    if before.value is None:
        text = before.error or "no value"
        finding = Finding("commission.not_read", meter.id, text, before.at)
        return Judgement(meter, register, Verdict.NOT_READ, before, findings=(finding,))
    if display is None:
        return Judgement(
            meter, register, Verdict.NOT_COMPARED, before, after, findings=tuple(about)
        )
    low, high = _expected(meter, register, before, after, display, secondary)
    tolerance = display.step + expected_display(
        meter, register, register.step_at(before.value), secondary
    )
    difference = display.value - min(max(display.value, low), high)
    agrees = abs(difference) <= tolerance * ROUNDING
    if agrees:
        about += _too_small(meter, display, tolerance, before.at)
    else:
        shown = Shown(display.value, (low + high) / 2, tolerance + high - low)
        about = [*causes(meter, register, before, shown, neighbours or {}), *about]
    return Judgement(
        meter,
        register,
        Verdict.AGREES if agrees else Verdict.DIFFERS,
        before,
        after,
        display,
        difference,
        tolerance,
        tuple(about),
    )


def pulse_lines(
    meter: FieldMeter, seen: Seen, display: Display, by: str, at: datetime, has_history: bool
) -> str | None:
    """The lines of ``meters.yaml`` that make a pulse meter go on from its dial; None for others.

    A meter without stored readings starts from an ``initial_reading``; one that has some is
    corrected from ``at`` on, so that what was stored before stays as it was understood.
    """
    pulse = meter.pulse
    if pulse is None or seen.pulses is None:
        return None
    dial = display.value / factor_to_canonical(pulse.unit)
    initial = dial - seen.pulses * pulse.weight
    if not has_history and not pulse.corrections and initial >= 0:
        return f"initial_reading: {initial:.10g}  # in pulse:"
    return (
        "corrections:  # in pulse:\n"
        f"  - {{at: {at.isoformat(timespec='seconds')}, pulses: {seen.pulses:.10g}, "
        f"reading: {dial:.10g}, by: {json.dumps(by, ensure_ascii=False)}, reason: commissioning}}"
    )


def _expected(
    meter: FieldMeter,
    register: Register,
    before: Seen,
    after: Seen | None,
    display: Display,
    secondary: bool,
) -> tuple[float, float]:
    """Between what the display must lie, before tolerances."""
    first = last = before.value or 0.0
    if after is not None and after.value is not None:
        last = max(first, after.value)
    if display.at is not None:
        seconds = (display.at - before.at).total_seconds()
        moved = _most_between(meter, before, abs(seconds))
        first, last = (first - moved, last) if seconds < 0 else (first, last + moved)
    low, high = (expected_display(meter, register, v, secondary) for v in (first, last))
    return low, high


def _most_between(meter: FieldMeter, seen: Seen, seconds: float) -> float:
    """The most that is counted in ``seconds``: by the rating, else by what passes now."""
    rated = meter.rated_power_kw or meter.rated_flow_m3_h
    if rated is None and seen.power_w is not None:
        rated = 2 * abs(seen.power_w) / 1000
    return SPIKE_MARGIN * (rated or 0.0) * seconds / 3600


def _too_small(
    meter: FieldMeter, display: Display, tolerance: float, at: datetime
) -> list[Finding]:
    """A new meter near zero agrees with everything."""
    if abs(display.value) > TELLING * tolerance:
        return []
    text = (
        f"the display shows {display.text}, too little to tell a wrong ratio from a right one; "
        "come back when it has counted"
    )
    return [Finding("commission.too_small", meter.id, text, at, {"display": display.value})]


def _identity(meter: FieldMeter, seen: Seen) -> list[Finding]:
    """Another serial number than the configured one; an assumed one says nothing.

    A pulse meter does not speak: what answers in its place is the counter.
    """
    if seen.serial is None or meter.serial is None or meter.assumed or meter.pulse:
        return []
    if same_serial(meter.serial, seen.serial):
        return []
    text = (
        f"the device says it is no. {seen.serial}, meters.yaml says {meter.serial}: is this the "
        "meter you stand before?"
    )
    return [Finding("commission.serial", meter.id, text, seen.at)]


def _power(meter: FieldMeter, seen: Seen) -> list[Finding]:
    """Current transformers that are turned round, and power that cannot be."""
    findings = []
    turned = [p for p, w in seen.phase_powers_w.items() if w < -NOISE_W]
    wrong = meter.measures is not Measures.GENERATION
    if turned and len(turned) < len(seen.phase_powers_w):
        text = (
            f"power flows backwards in {', '.join(sorted(turned))} and forwards in the others: is "
            "a current transformer turned round, or its phase swapped?"
        )
        findings.append(Finding("commission.phase_reversed", meter.id, text, seen.at))
    elif wrong and seen.power_w is not None and seen.power_w < -NOISE_W:
        text = (
            f"power is {seen.power_w:.0f} W: right only while a plant behind this meter feeds "
            "the grid; else the current transformers are turned round"
        )
        findings.append(Finding("commission.power_reversed", meter.id, text, seen.at))
    limit_kw = (meter.rated_power_kw or math.inf) * SPIKE_MARGIN
    if seen.power_w is not None and abs(seen.power_w) / 1000 > limit_kw:
        text = (
            f"{abs(seen.power_w) / 1000:.1f} kW pass, rated_power_kw is {meter.rated_power_kw:g}: "
            "the rating or the transformer ratio is wrong"
        )
        numbers = {"power_w": seen.power_w}
        findings.append(Finding("commission.above_rating", meter.id, text, seen.at, numbers))
    return findings
