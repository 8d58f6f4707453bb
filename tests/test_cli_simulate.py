"""The commands that stand in for the field, and record it: simulate, proxy, record, replay.

Those that run until stopped run as processes of their own, as a technician starts them.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from click.testing import CliRunner, Result

from collectors.technician.device_dump import load_dump
from paes.cli import Session
from paes.cli.recording import record_command, replay_command
from paes.cli.simulate import proxy, simulate
from paes.errors import PaesError
from paes.shipped_files import shipped_config

PATIENCE_S = 60
METER = "portovenere-municipio.main"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Portovenere alone, with one gateway more that does not speak Modbus."""
    root = tmp_path_factory.mktemp("town")
    shipped = shipped_config()
    shutil.copytree(shipped / "cities" / "portovenere", root / "cities" / "portovenere")
    shutil.copytree(shipped / "calendars", root / "calendars")
    shutil.copytree(shipped / "tariffs", root / "tariffs")
    (root / "installation.yaml").write_text("name: Prova\ndefault_city: portovenere\n")
    meters = root / "cities" / "portovenere" / "meters.yaml"
    text = meters.read_text(encoding="utf-8")
    mbus = "gateways:\n  - {id: gw-mbus, host: 192.0.2.9, transport: mbus_tcp}\n"
    assert text.count("gateways:\n") == 1
    meters.write_text(text.replace("gateways:\n", mbus), encoding="utf-8")
    return root


@contextmanager
def started(town: Path, *arguments: str, until: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The output of ``paes arguments`` up to a line that matches ``until``."""
    command = [sys.executable, "-m", "paes", "--config", str(town), *arguments]
    environment = {**os.environ, "COLUMNS": "160"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            seen = ""
            assert process.stdout is not None
            for line in process.stdout:
                seen += line
                if re.search(until, line):
                    break
            yield seen, process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def run(command: object, town: Path, *arguments: str) -> Result:
    """A command in this process; its error is raised."""
    assert callable(command)
    session = Session(str(town), None, None)
    return CliRunner().invoke(command, arguments, obj=session, catch_exceptions=False)  # type: ignore[arg-type]


def ask(port: int, unit: int, function: int, address: int, count: int) -> bytes:
    """Unit and PDU of the answer to a read of registers."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        line.sendall(struct.pack(">HHHBBHH", 1, 0, 6, unit, function, address, count))
        head = line.recv(6, socket.MSG_WAITALL)
        return line.recv(struct.unpack(">HHH", head)[2], socket.MSG_WAITALL)


def test_a_town_is_served_recorded_and_proxied(town: Path, tmp_path: Path) -> None:
    installation = Session(str(town), None, None).installation
    meter, file = installation.field_meter(METER), tmp_path / "municipio.yaml"
    arguments = ("simulate", "--port", "0", "--fault", f"{METER}=exception:4,from=+100000")
    with started(town, *arguments, until="└") as (seen, process):
        found = re.search(r"gw-portovenere-municipio\W+127\.0\.0\.1:(\d+)\W+(\d+) main", seen)
        assert found, seen
        assert int(found[2]) == meter.unit
        port = int(found[1])
        done = run(
            record_command, town, "--host", "127.0.0.1", "--port", found[1], "--unit", found[2],
            "--profile", meter.device, "--range", "4:65534-65535", "--out", str(file),
        )  # fmt: skip
        upstream = f"127.0.0.1:{port}"
        with started(
            town, "proxy", "--listen", "0", "--upstream", upstream, "--fault", "wrong_unit",
            "--fault", "slow:0.01", until="->",
        ) as (shown, _):  # fmt: skip
            listening = int(shown.split()[0].rpartition(":")[2])
            direct = ask(port, meter.unit, 4, 65535, 1)
            through = ask(listening, meter.unit, 4, 65535, 1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)

    assert "gateway gw-mbus is left out: it speaks mbus_tcp, not Modbus" in said
    assert "gw-mbus" not in seen
    assert f"-> {upstream} with wrong_unit, slow" in shown
    assert direct == bytes((meter.unit, 0x84, 2))
    assert through == bytes((meter.unit + 1, 0x84, 2))
    assert "requests refused: 3" in done.stderr
    dump = load_dump(file)
    assert (dump.place, dump.unit, dump.profile) == (upstream, meter.unit, meter.device)
    assert dump.registers > 20


def test_a_replayed_device_is_a_line_that_can_be_opened(town: Path, tmp_path: Path) -> None:
    dump = tmp_path / "device.yaml"
    dump.write_text(
        "schema: mbdump/1\nplace: here\nunit: 17\nbegan: 2026-03-01T10:00:00Z\n"
        "samples:\n  - after_s: 0\n    blocks: [{fc: 3, address: 107, words: '022B 0000 0064'}]\n"
    )
    arguments = ("replay", str(dump), "--framing", "serial")
    with (
        started(town, *arguments, until="unit 17: 3 registers, samples: 1") as (seen, _),
        serial.Serial(seen.split()[0], 9600, timeout=PATIENCE_S) as line,
    ):
        # The example of the Modbus Application Protocol Specification V1.1b3, 6.3; its check sum
        # by the algorithm of the serial line specification.
        line.write(bytes.fromhex("11 03 006B 0003 7687"))
        answer = line.read(11)

    assert answer[:9] == bytes.fromhex("11 03 06 022B 0000 0064")


def test_kinds_of_faults_are_listed(town: Path) -> None:
    shown = run(simulate, town, "--faults").output

    assert "wrong_transaction" in shown
    assert "seconds [3]" in shown


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (simulate, ["--fault", f"{METER}=late:soon"], "'soon' is no number"),
        (simulate, ["--fault", f"{METER}=bad_crc"], "only with rtu framing"),
        (proxy, ["--upstream", "nowhere"], "expected HOST:PORT"),
        (proxy, ["--upstream", "127.0.0.1:502", "--fault", "reset"], "which registers count"),
        (record_command, ["--host", "x", "--unit", "1", "--range", "9:1-2"], "expected FC:START"),
        (record_command, ["nobody.main"], "no meter 'nobody.main'"),
        (replay_command, ["nothing.yaml"], "nothing.yaml"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    town: Path, command: object, arguments: Sequence[str], message: str
) -> None:
    with pytest.raises(PaesError, match=re.escape(message)) as caught:
        run(command, town, *arguments)
    assert "\n" not in str(caught.value)


def test_record_asks_for_one_device(town: Path) -> None:
    assert "give either a METER or --host" in run(record_command, town).output
    assert "--unit" in run(record_command, town, "--host", "127.0.0.1").output


def test_a_meter_that_cannot_be_reached_leaves_no_file(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with pytest.raises(PaesError, match=f"127.0.0.1:{port}"):
        run(record_command, town, "--host", "127.0.0.1", "--port", port, "--unit", "1",
            "--range", "4:0-9")  # fmt: skip
    assert list(tmp_path.iterdir()) == []
