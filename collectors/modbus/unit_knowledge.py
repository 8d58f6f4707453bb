"""What is learned of a device while it is read, and what its profile could not know.

Devices refuse what their maker's list allows: long requests (some SDM630 take 50 of the 80
registers that are documented), holes between registers, registers of another model. Each refusal
is answered at once, so it is taken apart until what is to blame is known; refused in two rounds in
a row, it is left out. Registers that were refused are tried again from time to time: an inverter
refuses some at night.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from collectors.devices.profile import DeviceProfile
from collectors.modbus.blocks import Block, Limits, split, values_of, without_holes
from paes.errors import DeviceRefused

STEPS = (125, 80, 50, 24)
"""Longest requests that are tried, one after the other, in registers."""
TRY_AGAIN_S = 3600.0
"""After which a register that was refused is asked for once more."""
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class BadRegister:
    """A value that the device refuses, and the sentence that says so."""

    message: str
    try_again_s: float


@dataclass
class Knowledge:
    """What one device can do; ``now_s`` is a clock that never goes back."""

    now_s: Callable[[], float]
    max_registers: int | None = None
    max_gap: int | None = None
    bad: dict[str, BadRegister] = field(default_factory=dict)
    refuses_all: bool = False
    """It answers, but refuses every value: one is asked for until that changes."""

    def limits(self) -> Limits:
        """What to plan by now."""
        now_s = self.now_s()
        without = {name for name, bad in self.bad.items() if now_s < bad.try_again_s}
        return Limits(self.max_registers, self.max_gap, frozenset(without))

    def allows(self, block: Block) -> bool:
        """True unless the block is longer than what the device is known to answer."""
        return self.max_registers is None or block.count <= self.max_registers

    def shorten(self, block: Block) -> bool:
        """Ask for less at a time than in ``block``; False if that is little already."""
        shorter = [step for step in STEPS if step < block.count]
        if shorter:
            self.max_registers = min(shorter[0], self.max_registers or shorter[0])
        return bool(shorter)

    def note_bad(self, names: Iterable[str], message: str) -> None:
        """These values were refused when they were asked for alone.

        One refusal may be a whim of the line: only the second in a row puts a value aside.
        """
        for name in names:
            pause_s = TRY_AGAIN_S if name in self.bad else 0.0
            self.bad[name] = BadRegister(message, self.now_s() + pause_s)

    def note_read(self, block: Block) -> None:
        """The device answered ``block``, so nothing in it is bad."""
        for point in block.points:
            self.bad.pop(point.name, None)

    def conclude(self, profile: DeviceProfile, refused: Block) -> None:
        """All of a refused block was read in parts: find out what was wrong with the whole.

        Nothing, if one of its values was bad; else its holes; else its length.
        """
        if any(p.name in self.bad for p in refused.points):
            return
        if len(without_holes(profile, refused)) > 1:
            self.max_gap = 0
        else:
            self.shorten(refused)


@dataclass
class Refusals:
    """What a device refused in one round."""

    answered: bool = False
    """It answered at least one request with values."""
    last: DeviceRefused | None = None
    whole: list[Block] = field(default_factory=list)
    """Blocks that were taken apart."""
    single: list[tuple[Block, str]] = field(default_factory=list)
    """Values that were refused when they were asked for alone, and what to say of them."""


def parts(profile: DeviceProfile, block: Block) -> list[Block]:
    """What to ask for instead of a refused ``block``: without its holes, else its halves.

    Empty if it is a single value.
    """
    pieces = without_holes(profile, block)
    if len(pieces) > 1:
        return pieces
    return list(split(profile, block) or ())


def refusal_text(block: Block, profile: DeviceProfile, err: DeviceRefused) -> str:
    """A sentence that names the register to blame and what to look at."""
    names = ", ".join(p.name for p in values_of(block))
    last = block.address + block.count - 1
    where = f"register {block.address}" if block.count == 1 else f"registers {block.address}-{last}"
    return f"{where} ({names}): {err}; is {profile.id} the right profile?"
