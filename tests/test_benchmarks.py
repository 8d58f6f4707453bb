"""The benchmarks run, at the smallest size: ours answers what the reference answers.

No time is judged here. ``soak.py`` has a test of its own among those of the collectors;
``collector.py`` and ``history.py`` have no smaller size than the shipped town.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from programs import require_program

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
NOT_HERE = {"collector.py", "history.py", "soak.py"}
ONE_METER = ("--meters", "1", "--years", "1", "--rounds", "2")
ARGUMENTS = {
    "action_mix.py": ("--actions", "12"),
    "costs.py": ("--meters", "2"),
    "energy.py": ("--meters", "1"),
    "estimation.py": ("--draws", "5"),
    "faults.py": ("--meters", "4", "--days", "40"),
    "forecast.py": ("--meters", "3"),
    "imports.py": ("--years", "1"),
    "influx.py": (*ONE_METER, "--town-days", "0", "--quiet-s", "0.5"),
    "pages.py": (
        *("--town", "lerici", "--meters", "6", "--years", "0", "--detailed", "2", "--pages", "1"),
        *("--filters", "1", "--rounds", "2", "--readers", "2", "--seconds", "1", "--looks", "0"),
    ),
    "progress.py": ("--sites", "3"),
    "lineage.py": ("--meters", "3"),
    "spool.py": ("--rounds", "20"),
    "store.py": (*ONE_METER, "--town-days", "1", "--processes", "1"),
    "uncertainty.py": ("--draws", "50", "--sites", "3"),
}


def test_every_benchmark_is_tested() -> None:
    assert {p.name for p in BENCHMARKS.glob("[a-z]*.py")} == ARGUMENTS.keys() | NOT_HERE


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_benchmark_prints_ratios(name: str) -> None:
    if name == "influx.py":
        require_program("influxd", "influxdb")
        require_program("nginx", "nginx-light")
    done = subprocess.run(
        [sys.executable, BENCHMARKS / name, *ARGUMENTS[name]],
        capture_output=True, text=True, timeout=110,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert " x" in done.stdout
