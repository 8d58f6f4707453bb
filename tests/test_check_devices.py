"""``paes check``: device files of every kind, and lines that are not there."""

from __future__ import annotations

from pathlib import Path

from paes.cli.check import check_devices, unreachable
from paes.gateways import Gateway

BROKEN_METER = """\
schema: mbusdev/1
id: a-meter
vendor: Test
models: [T1]
kind: heat_meter
confidence: high
sources: [a manual]
points:
  - name: heat_energy
    record: {quantity: volume}
    unit: kWh
    quantity: heat_energy
    kind: counter
    resolution: 1
"""


def test_the_shipped_device_files_are_sound(tmp_path: Path) -> None:
    assert check_devices(tmp_path) == []


def test_a_wrong_device_file_of_any_kind_is_told_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "devices"
    folder.mkdir()
    (folder / "a-meter.yaml").write_text(BROKEN_METER)
    (folder / "b-meter.yaml").write_text("schema: knxdev/1\nid: b-meter\n")

    first, second = check_devices(tmp_path)

    assert first.startswith(f"{folder / 'a-meter.yaml'}:9: points[0]: ")
    assert "cannot be read from a record of volume" in first
    assert second.startswith(f"{folder / 'b-meter.yaml'}:1: schema: expected mbdev/1 or mbusdev/1")


def test_a_serial_line_that_is_not_plugged_in_is_told(tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB0"

    def line() -> Gateway:
        described = {"id": "bus", "transport": "serial", "serial": {"device": str(device)}}
        return Gateway.model_validate(described)

    assert unreachable([line()]) == [f"gateway bus: no serial device {device}"]
    device.touch()
    assert unreachable([line()]) == []
