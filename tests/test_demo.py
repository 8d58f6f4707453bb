"""``paes demo`` as a person runs it: the real process, the page, and a clean end by Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

START_LIMIT_S = 150


def _hear_ctrl_c() -> None:
    """A test run in the background ignores SIGINT, and so would what it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(folder: Path, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """``paes`` as a process in ``folder``; it never outlives the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", "paes", *arguments],
        cwd=folder,
        env={**os.environ, **more},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_ctrl_c,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where a started program puts its temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def page(port: int, path: str = "/") -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as reply:
            return str(reply.read().decode())
    except (urllib.error.URLError, ConnectionError):
        return None


def wait_for(process: subprocess.Popen[str], port: int) -> str:
    """The page once it is served; fails if the process ends or takes too long."""
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"the demo ended: {process.communicate()[1]}")
        served = page(port)
        if served:
            return served
        time.sleep(0.5)
    process.kill()
    pytest.fail(f"no page within {START_LIMIT_S} s: {process.communicate()[1]}")


def wait_for_text(port: int, path: str, text: str) -> str:
    """The page at ``path`` once its first answer is there: until then it says since when."""
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        served = page(port, path) or ""
        if text in served:
            return served
        assert "data-again-s" in served, served
        time.sleep(0.5)
    pytest.fail(f"{path} did not say {text!r} within {START_LIMIT_S} s")


def test_a_port_in_use_is_known_before_the_past_is_made(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "paes", "demo", "--port", str(port)],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.timeout(240)
def test_it_serves_the_page_with_live_meters_and_ends_by_ctrl_c(tmp_path: Path, temporary: Path):
    port = free_port()
    asked = ("demo", "--years", "1", "--port", str(port))
    with running(tmp_path, *asked, TMPDIR=str(temporary)) as process:
        served = wait_for(process, port)
        assert '<html lang="it"' in served
        assert '<html lang="en"' in (page(port, "/?lang=en") or "")
        shown = wait_for_text(port, "/", "La Spezia ha mantenuto la promessa del 2020?")
        assert "Letture simulate" in shown
        wait_for_text(port, "/dati", "aggiornat")  # live meters
        assert len(list(temporary.glob("paes-demo-*"))) == 1
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=40)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert f"http://127.0.0.1:{port}/" in err
    assert "no login is asked for" in err
    assert err.rstrip().endswith("stopped")
    assert list(temporary.glob("paes-demo-*")) == []


def test_stopped_while_it_makes_the_past_it_leaves_nothing_behind(tmp_path: Path, temporary: Path):
    asked = ("demo", "--port", str(free_port()))
    with running(tmp_path, *asked, TMPDIR=str(temporary)) as process:
        until = time.monotonic() + 60
        while not list(temporary.glob("paes-demo-*/demo.sqlite")):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < until
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=40)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert list(temporary.iterdir()) == []


@pytest.mark.timeout(120)
def test_the_dashboard_alone_serves_an_empty_store_and_ends_by_sigterm(tmp_path: Path):
    port = free_port()
    asked = ("--store", str(tmp_path / "empty.sqlite"), "dashboard", "--no-login")
    with running(tmp_path, *asked, "--port", str(port)) as process:
        assert '<html lang="it"' in wait_for(process, port)
        wait_for_text(port, "/dati", "paes collect")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=40)
    assert process.returncode == 0, err
    assert f"PAES Monitor at http://127.0.0.1:{port}/" in err
    assert "no login is asked for" in err
