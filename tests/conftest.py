"""What tests of all packages share: an installation on disk, a real InfluxDB, no undue skip."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import pytest
from influx_double import InfluxDouble
from influx_server import STRANGE_TOKEN, TOKEN_VARIABLE, InfluxServer
from small_installation import SmallInstallation

if TYPE_CHECKING:
    from paes.store.influx.link import InfluxLink

REQUIRED = os.environ.get("PAES_REQUIRE_SERVERS") == "1"

# Programs that tests start compile every library anew where byte code is not kept; here it is.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    os.environ.setdefault("PYTHONPYCACHEPREFIX", f"{gettempdir()}/paes-tests-{os.getuid()}")


@pytest.fixture
def small(tmp_path: Path) -> SmallInstallation:
    """A valid installation in a folder of its own, to be loaded or spoilt."""
    return SmallInstallation(tmp_path / "installation")


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """The session's InfluxDB, for tests that take a bucket of their own and leave it running."""
    server = InfluxServer(tmp_path_factory.mktemp("influx"))
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def private_influx(tmp_path: Path) -> Iterator[Callable[..., InfluxServer]]:
    """Starts a server of the test's own, to be killed at will; arguments are its limits."""
    servers: list[InfluxServer] = []

    def start_another(**limits: int) -> InfluxServer:
        servers.append(InfluxServer(tmp_path / f"influx{len(servers)}", **limits))
        servers[-1].start()
        return servers[-1]

    try:
        yield start_another
    finally:
        for server in servers:
            server.close()


@pytest.fixture
def open_link(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., InfluxLink]]:
    """Links to InfluxDB by address, with a token in the usual variable; None: it is not set."""
    from paes.store.influx.address import parse_influx_address
    from paes.store.influx.link import InfluxLink

    links: list[InfluxLink] = []

    def open_one(url: str, token: str | None = STRANGE_TOKEN) -> InfluxLink:
        if token is None:
            monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(TOKEN_VARIABLE, token)
        links.append(InfluxLink(parse_influx_address(url)))
        return links[-1]

    yield open_one
    for link in links:
        link.close()


@pytest.fixture
def double() -> Iterator[InfluxDouble]:
    """A server that answers what it is told to."""
    with InfluxDouble() as double:
        yield double


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
