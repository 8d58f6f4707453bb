"""The list of commands: complete, in one line each, and there without waiting for libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import paes.cli
from paes.cli import paes as group
from paes.cli.commands import SUMMARIES

SLOW = {"pandas", "numpy", "pymodbus", "sunspec2", "meterbus", "aiomqtt", "dash", "holidays"}


def imported(*arguments: str) -> set[str]:
    """The libraries that a command imports until it shows its help."""
    code = (
        "import sys; from paes.cli import paes; "
        f"paes({list(arguments)!r}, standalone_mode=False); "
        "print('\\n', *sys.modules, sep='\\n')"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_command_that_is_listed_is_there_under_its_name(name: str) -> None:
    command = group.commands[name]
    assert isinstance(command, click.Command)
    assert command.name == name


def test_every_command_of_every_module_is_listed() -> None:
    folder = Path(paes.cli.__file__).parent
    with_commands = [p.stem for p in folder.glob("*.py") if "\nCOMMANDS" in p.read_text("utf-8")]
    assert with_commands
    modules = {
        command.callback.__module__.rpartition(".")[2] for command in group.commands.values()
    }
    assert {*with_commands} == modules


def test_no_line_of_the_list_is_cut_or_wrapped_in_eighty_columns() -> None:
    shown = CliRunner().invoke(group, ["--help"], terminal_width=80).stdout
    for name, summary in SUMMARIES.items():
        assert any(line.split(maxsplit=1) == [name, summary] for line in shown.splitlines()), (
            name,
            shown,
        )


def test_a_slip_in_the_name_of_a_command_is_told() -> None:
    shown = CliRunner().invoke(group, ["comission"])
    assert shown.exit_code == 2
    assert "commission" in shown.stderr


def test_the_list_of_commands_imports_none_of_the_libraries() -> None:
    assert not imported("--help") & {*SLOW, "pydantic", "yaml"}


@pytest.mark.parametrize("name", ["scan", "probe", "watch", "collect", "check"])
def test_what_runs_on_a_technicians_laptop_does_not_wait_for_data_frames(name: str) -> None:
    assert not imported(name, "--help") & {"pandas", "dash", "holidays"}
