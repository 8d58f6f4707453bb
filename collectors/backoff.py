"""How long to leave alone what has failed: one rule for devices, gateways, brokers and stores."""

from __future__ import annotations

LONGEST_PAUSE_S = 300.0


def pause_after(failures: int, first_s: float, random_fraction: float) -> float:
    """Seconds to wait after so many failures in a row: doubling from ``first_s`` to five minutes,
    a fifth more or less by a random 0..1, so that what failed together is not asked together."""
    doubled = min(LONGEST_PAUSE_S, first_s * 2.0 ** min(failures - 1, 20))
    return doubled * (0.8 + 0.4 * random_fraction)
