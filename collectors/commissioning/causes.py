"""Why a display and a register differ: the mistakes that people make, told by their ratio.

Each cause is a guess that a person can check in a minute, with the line to write if it is right.
Several may fit one ratio (a factor of 10 is a transformer of 50/5 A or a lost decimal): all are
told, those that need no chance first. If nothing fits, the meter is perhaps another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from paes.metering import Finding, Register
from paes.meters import FieldMeter
from paes.units import canonical_unit, factor_to_canonical, known_units

# Rated primary currents of IEC 61869-2, 5.201 (10 to 75 A and their decimal multiples), and the
# rated secondary currents 5 A and 1 A.
_PRIMARIES_A = tuple(
    p * 10**e for e in range(3) for p in (10, 12.5, 15, 20, 25, 30, 40, 50, 60, 75)
)  # fmt: skip
CT_RATIOS = tuple(sorted({p / s for p in _PRIMARIES_A for s in (5, 1) if p / s > 1}))
NEAR = 0.003
"""A ratio is recognised within this part of itself: rated ones lie further apart."""
TELLING = 10.0
"""A value below so many of its tolerances says nothing about a ratio: 0 is 0 in every unit."""
FURTHER = 5.0
"""Another value is told as the display's only if the register is so many times further from it: a
total is often the import itself."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Display and register, both as the display would show them; and how near is near."""

    display: float
    register: float
    tolerance: float

    def fits(self, factor: float) -> bool:
        """True if the display is ``factor`` times the register."""
        return self.is_near(self.register * factor, factor)

    def is_rather(self, value: float) -> bool:
        """True if the display shows ``value``, and is much further from the register."""
        apart = abs(self.display - self.register)
        return self.is_near(value) and FURTHER * abs(self.display - value) < apart

    def is_near(self, value: float, factor: float = 1.0) -> bool:
        """True if the display shows ``value``."""
        allowed = self.tolerance * max(1.0, factor) + NEAR * abs(value)
        return value > 0 and abs(self.display - value) <= allowed


class Seen(Protocol):
    """What was read of the meter; see ``collectors.commissioning.judgement.Seen``."""

    @property
    def device_value(self) -> str: ...

    @property
    def other_counters(self) -> Mapping[str, float]: ...

    @property
    def other_orders(self) -> Mapping[str, float]: ...


def causes(
    meter: FieldMeter,
    register: Register,
    seen: Seen,
    shown: Shown,
    neighbours: Mapping[str, float],
) -> list[Finding]:
    """The likely causes of a difference, likeliest first; never empty."""
    numbers = {"display": shown.display, "register": shown.register}
    found = [
        Finding(f"commission.{name}", meter.id, text, None, numbers)
        for name, text in _guesses(meter, register, seen, shown, neighbours)
    ]
    if found:
        return found
    text = (
        f"the display shows {shown.display:g} {register.unit}, the register {shown.register:g}: no "
        "usual mistake explains it; is this the right meter, and the right unit on the line?"
    )
    return [Finding("commission.differs", meter.id, text, None, numbers)]


def _guesses(
    meter: FieldMeter,
    register: Register,
    seen: Seen,
    shown: Shown,
    neighbours: Mapping[str, float],
) -> Iterator[tuple[str, str]]:
    if meter.pulse:
        yield (
            "initial_reading",
            ("the dial and the pulses do not start from the same reading; see the line to paste"),
        )
        return
    for order, value in seen.other_orders.items():
        if shown.is_rather(value):
            yield (
                "word_order",
                (
                    f"the display is what word order {order} makes of the same registers; copy the "
                    f"profile {meter.device} to devices/ and write order: {order}"
                ),
            )
    for name, value in seen.other_counters.items():
        if shown.is_rather(value):
            yield (
                "other_register",
                (
                    f"the display shows the device's {name}, not {_name(register)}: write "
                    f"register: {name}, or page the display on; is the wiring the wrong way round?"
                ),
            )
    for other, value in neighbours.items():
        if shown.is_rather(value):
            yield (
                "other_meter",
                (
                    f"the display shows what meter {other} counts: are the two units, or the two "
                    "labels, exchanged?"
                ),
            )
    yield from _misplaced_ratio_guesses(meter, shown)
    # Beside a register of a few counts almost any unit fits.
    units_first = shown.register > TELLING * shown.tolerance
    if units_first:
        yield from _unit_guesses(seen, register, shown)
    yield from _plate_guesses(meter, shown)
    if not units_first:
        yield from _unit_guesses(seen, register, shown)
    yield from _decimal_guesses(shown)
    if shown.fits(1.0):
        apart = abs(shown.display - shown.register)
        yield (
            "moment",
            (
                f"display and register are only {apart:.3g} {register.unit} apart: were they read "
                "at the same moment, from the same device? Read the display again"
            ),
        )


def _misplaced_ratio_guesses(meter: FieldMeter, shown: Shown) -> Iterator[tuple[str, str]]:
    ratio = meter.transformer_ratio
    if ratio != 1 and shown.fits(1 / ratio):
        yield (
            "ct_twice",
            (
                f"CT ratio applied twice: the display shows 1/{ratio:g} of what is stored. If the "
                f"ratio is set in the meter itself, delete ct_ratio: {meter.ct_ratio:g} (and "
                "vt_ratio); if its display leaves the ratio out, say --secondary"
            ),
        )
    elif ratio != 1 and shown.fits(ratio):
        yield (
            "ct_missing",
            (
                f"CT ratio not applied at all: the display shows {ratio:g} times what is stored, "
                f"though ct_ratio is {meter.ct_ratio:g}; compare the transformers' plate with the "
                "meter's own setting"
            ),
        )


def _plate_guesses(meter: FieldMeter, shown: Shown) -> Iterator[tuple[str, str]]:
    ratio = meter.transformer_ratio
    if meter.carrier != "electricity":
        return
    if ratio != 1 and (shown.fits(ratio) or shown.fits(1 / ratio)):
        return  # it is the ratio that is known, in the wrong place
    for plate in CT_RATIOS:
        if shown.fits(plate / ratio) and plate != ratio:
            yield (
                "ct_ratio",
                (
                    f"wrong or missing CT ratio: the display fits ct_ratio: {plate:g} "
                    f"({_plates(plate)}), meters.yaml says {ratio:g}; read the transformers' plate"
                ),
            )


def _unit_guesses(seen: Seen, register: Register, shown: Shown) -> Iterator[tuple[str, str]]:
    written = seen.device_value.rpartition(" ")[2]
    known = {
        unit: factor_to_canonical(unit) / factor_to_canonical(written)
        for unit in known_units()
        if written in known_units()
        and canonical_unit(unit) == register.unit == canonical_unit(written)
    }
    for unit, factor in known.items():
        if factor != 1 and shown.fits(factor):
            yield (
                "unit",
                (
                    f"the register counts {unit}, the profile says {written}: a factor of "
                    f"{factor:g}; write unit: {unit} in a copy of the profile in devices/"
                ),
            )


def _decimal_guesses(shown: Shown) -> Iterator[tuple[str, str]]:
    for factor in (10.0, 100.0, 0.1, 0.01):
        if shown.fits(factor):
            yield (
                "decimals",
                (
                    f"the display is {factor:g} times the register: a decimal place is lost or "
                    "gained; write scale: in a copy of the profile in devices/"
                ),
            )


def _plates(ratio: float) -> str:
    texts = [f"{ratio * s:g}/{s} A" for s in (5, 1) if ratio * s in _PRIMARIES_A]
    return " or ".join(texts)


def _name(register: Register) -> str:
    return register.point.rpartition("/")[2]
