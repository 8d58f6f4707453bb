"""The soak of ``benchmarks/soak.py`` for some seconds: the same program, fewer meters.

Whether every round is on time is asked of the long run on a machine of its own; here nothing may
fail or get lost, however slow the machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"
GATEWAYS, UNITS = 6, 5


def test_a_short_soak_loses_nothing() -> None:
    done = subprocess.run(
        [sys.executable, SOAK, "--minutes", "0.07", "--period", "1", "--json",
         "--gateways", str(GATEWAYS), "--units", str(UNITS)],
        stdout=subprocess.PIPE, text=True, check=True, timeout=100,
    )  # fmt: skip
    tally = json.loads(done.stdout)

    assert len(tally["rounds"]) == GATEWAYS
    assert min(tally["rounds"].values()) >= 2
    assert tally["failed"] == 0, tally["first_finding"]
    assert tally["readings"] >= UNITS * sum(tally["rounds"].values())
    assert tally["stored"] == tally["readings"]
