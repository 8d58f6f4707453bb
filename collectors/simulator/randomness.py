"""Randomness that depends only on a key and a position, so that any window can be made alone.

A generator with a state would give other values to whoever starts later. Here the n-th draw of
a key is a hash of the two: the same for every window, order and process.

The hash is the output function of SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast
splittable pseudorandom number generators", OOPSLA 2014, doi 10.1145/2660193.2660195.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_2_POW_MINUS_53 = 2.0**-53


def key(seed: int, *names: str | int) -> int:
    """A 64-bit key for a named purpose, e.g. ``key(seed, meter.id, "noise")``."""
    text = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def uniform(of: int, position: Ints) -> Floats:
    """One number in [0, 1) for each integer position."""
    mixed = (position.astype(np.int64).view(np.uint64) + np.uint64(1)) * _STEP + np.uint64(of)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * _2_POW_MINUS_53


def normal(of: int, position: Ints) -> Floats:
    """One standard normal number for each integer position (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log1p(-uniform(of, 2 * position)))
    angle = 2.0 * np.pi * uniform(of, 2 * position + 1)
    return np.asarray(radius * np.cos(angle))


def smooth(of: int, position: Floats) -> Floats:
    """Noise of mean 0 and variance 1 that wanders between the integer positions.

    Independent normal numbers stand at the integers; between them both neighbours are mixed
    with weights whose squares sum to one, so the variance is the same everywhere.
    """
    if len(position) == 0:
        return np.zeros(0)
    below = np.floor(position)
    knots = np.arange(int(below.min()), int(below.max()) + 2, dtype=np.int64)
    values = normal(of, knots)
    at = below.astype(np.int64) - knots[0]
    turn = (position - below) * (np.pi / 2.0)
    return np.asarray(values[at] * np.cos(turn) + values[at + 1] * np.sin(turn))


def draw(of: int, between: tuple[float, float]) -> float:
    """One number in the range, fixed by the key."""
    low, high = between
    return float(low + (high - low) * uniform(of, np.zeros(1, dtype=np.int64))[0])
