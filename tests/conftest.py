"""What tests of all packages share: a small installation on disk, and no skip where none is due."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from small_installation import SmallInstallation

REQUIRED = os.environ.get("PAES_REQUIRE_SERVERS") == "1"


@pytest.fixture
def small(tmp_path: Path) -> SmallInstallation:
    """A valid installation in a folder of its own, to be loaded or spoilt."""
    return SmallInstallation(tmp_path / "installation")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        _fail_instead(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if REQUIRED and report.skipped:
        _fail_instead(report)
    return report


def _fail_instead(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Nothing may be skipped where every program is said to be there."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"PAES_REQUIRE_SERVERS=1, and the test was skipped: {reason}"
