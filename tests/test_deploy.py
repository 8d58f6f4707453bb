"""What deploy/ starts must be a command that there is, with options that it has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from paes.cli import paes

FOLDER = Path(__file__).parent.parent / "deploy"


def started_by_systemd(name: str) -> list[str]:
    (line,) = re.findall(r"^ExecStart=\S+/paes (.+)$", (FOLDER / name).read_text(), re.MULTILINE)
    return shlex.split(line)


def started_by_container() -> list[list[str]]:
    text = (FOLDER / "Containerfile").read_text()
    (default,) = re.findall(r"^CMD \[(.+)\]$", text, re.MULTILINE)
    examples = re.findall(r"^#       paes-monitor (.+)$", text, re.MULTILINE)
    return [re.findall(r'"([^"]+)"', default), *map(shlex.split, examples)]


COMMANDS = [
    started_by_systemd("paes-collector.service"),
    started_by_systemd("paes-dashboard.service"),
    *started_by_container(),
]


@pytest.mark.parametrize("line", COMMANDS, ids=" ".join)
def test_what_is_started_is_there(line: list[str]) -> None:
    command = paes.commands[line[0]]
    with command.make_context(line[0], line[1:]) as context:
        assert context.params


def test_both_services_and_the_container_are_covered() -> None:
    assert [c[0] for c in COMMANDS] == [
        "collect", "dashboard", "collect", "collect", "dashboard",
    ]  # fmt: skip
