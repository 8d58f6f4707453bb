"""The collector as a service: the real process, its signals, and who looks at it meanwhile."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from small_installation import SmallInstallation

from collectors.spool.spool import Parcel, Spool
from paes.cli import Session, paes
from paes.cli.spool_file import spool_file
from paes.metering import Reading
from paes.periods import now_utc

METERS = """\
gateways:
  - {{id: gw-scuola, host: 127.0.0.1, port: {port}, poll_period_s: {period_s}, timeout_s: 1}}
meters:
  - {{id: scuola.main, carrier: electricity, device: eastron-sdm120, gateway: gw-scuola}}
"""
LIMIT_S = 60.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Town:
    """A small installation with its store and spool, and the commands run on it."""

    def __init__(self, small: SmallInstallation, folder: Path) -> None:
        self.small = small
        self.store = folder / "town.sqlite"
        self.spool = folder / "town.sqlite.spool"
        self.port = free_port()
        self.describe(1)

    def describe(self, period_s: object) -> None:
        text = METERS.format(port=self.port, period_s=period_s)
        self.small.write({"cities/porto/meters.yaml": text})

    @property
    def options(self) -> list[str]:
        return ["--config", str(self.small.root), "--store", str(self.store)]

    def paes(self, *arguments: str) -> Result:
        return CliRunner().invoke(paes, [*self.options, *arguments])

    @contextmanager
    def collecting(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "paes", *self.options, "collect", *arguments],
            stderr=subprocess.PIPE, text=True, env={**os.environ},
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()


@pytest.fixture
def town(small: SmallInstallation, tmp_path: Path) -> Town:
    return Town(small, tmp_path)


def until(process: subprocess.Popen[str], condition: Callable[[], Any]) -> Any:
    give_up_at = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    return found


def fetch(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as reply:
        return str(reply.read().decode())


def test_a_service_is_reloaded_watched_and_stopped(town: Town) -> None:
    monitor = free_port()
    with town.collecting("--monitor", f"127.0.0.1:{monitor}", "--log", "json") as process:
        until(process, lambda: town.spool.is_file() and Spool(town.spool).states("gateway:"))
        assert json.loads(fetch(monitor, "/health"))["status"] == "well"  # though nobody answers
        assert 'paes_gateway_reached{gateway="gw-scuola"} 0.0' in fetch(monitor, "/metrics")

        shown = town.paes("watch", "--once").output
        assert "gw-scuola" in shown
        assert "unreachable" in shown
        assert "scuola.main: " in shown
        assert "connection refused" in shown
        assert f"collector: process {process.pid}, since" in shown
        (row,) = json.loads(town.paes("status", "--json").stdout)
        assert (row["meter"], row["unit_state"]) == ("scuola.main", "unreachable")

        second = town.paes("collect", "--once")
        assert second.exception is not None
        assert f"process {process.pid}" in str(second.exception)

        town.describe("often")
        process.send_signal(signal.SIGHUP)
        problem = until(process, lambda: Spool(town.spool).state("config")["problem"])
        assert "meters.yaml:2" in problem
        assert "CONFIGURATION on disk is not in force" in town.paes("watch", "--once").output
        town.describe(2)
        process.send_signal(signal.SIGHUP)
        until(process, lambda: not Spool(town.spool).state("config")["problem"])
        until(process, lambda: Spool(town.spool).states("gateway:")["gw-scuola"]["period_s"] == 2)

        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, err
    assert "collecting from 1 gateways" in err
    logged = [json.loads(line) for line in err.splitlines()]
    assert {"at", "level", "logger", "message"} <= logged[0].keys()
    refused = [line for line in logged if "the old one stays in force" in line["message"]]
    assert [line["level"] for line in refused] == ["ERROR"]
    lost = [line for line in logged if "lost" in line["message"]]
    assert len(lost) <= 2, lost  # once by each of the two tasks, however many rounds failed
    assert "no collector runs" in town.paes("watch", "--once").output


def test_what_was_refused_is_shown_tried_again_and_dropped(town: Town) -> None:
    spool = Spool(town.spool)
    spool.put(Parcel([Reading("scuola.main/energy_import", now_utc(), 1e300)]))
    spool.put(Parcel([Reading("scuola.main/energy_import", now_utc(), 5.0)]))
    spool.set_aside(spool.oldest(1), "1e+300 cannot be stored", now_utc())
    spool.close()
    shown = town.paes("spool").stdout
    assert "1e+300 cannot be stored" in shown
    assert "scuola.main/energy_import" in shown
    document = json.loads(town.paes("spool", "--json").stdout)
    assert (document["readings"], len(document["refused"])) == (1, 1)
    assert document["refused"][0]["value"] == 1e300
    assert "1 readings wait for the store, 1 were refused" in town.paes("status").stderr
    assert "1 refused readings and events wait" in town.paes("spool", "--retry").stderr
    assert json.loads(town.paes("spool", "--json").stdout)["readings"] == 2
    assert (
        "0 refused readings and events were dropped" in town.paes("spool", "--drop-refused").stderr
    )
    assert town.paes("spool", "--retry", "--drop-refused").exit_code == 2


def test_without_a_collector_there_is_nothing_to_watch(town: Town) -> None:
    for command in (("watch", "--once"), ("spool",)):
        done = town.paes(*command)
        assert "there is no spool; has `paes collect` run here?" in str(done.exception)
    assert not town.spool.exists()
    (row,) = json.loads(town.paes("status", "--json").stdout)
    assert (row["unit_state"], row["next_try"]) == (None, None)


def test_a_monitor_that_cannot_be_is_told_before_the_first_round(town: Town) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = town.paes("collect", "--monitor", f"127.0.0.1:{port}")
        assert f"cannot serve /health and /metrics at 127.0.0.1:{port}" in str(done.exception)
    assert town.paes("collect", "--monitor", "here").exit_code == 2


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////srv/town.sqlite", "/srv/town.sqlite.spool"),
        ("sqlite:///data/town.sqlite", "data/town.sqlite.spool"),
        ("/srv/town.sqlite", "/srv/town.sqlite.spool"),
        ("influx://host:8086/town", "/home/x/share/paes-monitor/prova.spool"),
    ],
)
def test_the_spool_lies_beside_the_data(
    url: str, expected: str, small: SmallInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/home/x/share")
    monkeypatch.delenv("PAES_SPOOL", raising=False)
    session = Session(str(small.root), url, None)
    assert spool_file(session) == Path(expected)
    assert spool_file(session, Path("/tmp/own")) == Path("/tmp/own")
    monkeypatch.setenv("PAES_SPOOL", "/var/lib/paes/a.spool")
    assert spool_file(session) == Path("/var/lib/paes/a.spool")
