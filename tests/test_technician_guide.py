"""A newcomer with nothing but the technician's guide finds the meter that is configured wrongly.

The commands are those of ``docs/technician.md``, taken from it and carried out one after the other;
only the port is another one, so that tests do not meet.
"""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
from pathlib import Path

import pytest
import yaml
from field_commands import NOON_S, CommandLine, command_line, serving

from collectors.simulator import Simulator
from paes.city_files import MetersFile
from paes.cli import paes as group
from paes.config import load_installation
from paes.shipped_files import shipped_config

FURTHER = (
    "3. Who is there",
    "4. Write it down",
    "5. Look at one device",
    "7. Let it run",
    "9. A strange device",
)
"""Sections whose commands are tried after the practice, on the same two meters."""
GUIDE = Path(__file__).parents[1] / "docs" / "technician.md"


def section(title: str) -> str:
    """The text of a section of the guide, from its heading to the next of its rank."""
    text = GUIDE.read_text("utf-8")
    start = text.index(f"\n## {title}")
    end = text.find("\n## ", start + 1)
    return text[start : end if end > 0 else len(text)]


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class Terminal:
    """A shell in an empty folder that has the shipped ``config`` in it."""

    def __init__(self, folder: Path, paes: CommandLine) -> None:
        self.folder = folder
        self._paes = paes
        (folder / "config").symlink_to(shipped_config())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def run(self, block: str, typed: str = "", code: int = 0) -> str:
        """Both outputs of a block's last command, which must end with exit code ``code``.

        What is no ``paes`` stands before it, and goes to the shell.
        """
        text = block.replace("5020", str(self.port))
        lines = text.splitlines()
        ours = [n for n, line in enumerate(lines) if line.startswith("paes ")]
        shell = lines[: ours[0]] if ours else lines
        subprocess.run(["bash", "-e", "-c", "\n".join(shell)], cwd=self.folder, check=True)
        shown = ""
        for number in ours:
            done = self._paes(*shlex.split(lines[number])[1:], typed=typed)
            shown += done.out + done.err
            assert done.code == (code if number == ours[-1] else 0), shown
        return shown

    def displays(self) -> str:
        """What the guide says that simulated meters show, typed: values of a bare probe."""
        typed = ""
        for unit, device in ((1, "eastron-sdm630"), (2, "abb-b23-b24")):
            done = self._paes("probe", "--host", "127.0.0.1", "--port", str(self.port), "--unit",
                              str(unit), "--profile", device, "--json")  # fmt: skip
            points = {p["name"]: p["value"] for p in json.loads(done.out)["points"]}
            typed += f"{points['energy_import']:.2f}\n"
        return typed


def test_a_newcomer_finds_the_meter_with_the_wrong_ratio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = blocks(section("1. Practise at home"), "sh")
    prepare, simulate, look, mistake, _probe, commission, put_right = steps
    terminal = Terminal(tmp_path, command_line(tmp_path, monkeypatch, capfd))
    assert "sound: 1 city, 1 site, 1 gateway, 2 meters" in terminal.run(prepare)
    assert simulate == "paes --config practice simulate\n"
    installation = load_installation(tmp_path / "practice")
    with serving(Simulator(installation, port=terminal.port, clock=lambda: NOON_S)):
        found = terminal.run(look)
        assert "2 units answer" in found
        assert "4711" in found
        assert "sound" in terminal.run(mistake)
        told = terminal.run(commission, terminal.displays(), code=1)
        assert re.search(r"scuola\.main .*ok: agrees", told)
        assert re.search(r"scuola\.palestra .*NO: differs", told)
        assert "CT ratio applied twice" in told
        assert "1 of 2 meters of scuola not accepted: scuola.palestra" in told
        terminal.run(put_right)
        again = commission.replace("commission scuola", "commission scuola --out again")
        assert terminal.run(again, terminal.displays()).count("ok: agrees") == 2
        shown = {t: [terminal.run(b) for b in blocks(section(t), "sh")] for t in FURTHER}
    assert all(shown.values())
    assert "a full round keeps the line busy" in shown["4. Write it down"][0]
    assert "identity register 35168" in shown["5. Look at one device"][0]
    assert "read: {" in shown["5. Look at one device"][1]
    assert re.search(r"scuola\.palestra .*live .*ok", shown["7. Let it run"][0])
    assert (tmp_path / "strange.yaml").is_file()
    (record,) = (tmp_path / "again").glob("*.yaml")
    assert yaml.safe_load(record.read_text("utf-8"))["accepted"] is True


def test_every_command_of_the_guide_exists_with_its_options() -> None:
    """A line of the guide that begins with ``paes`` names a command and options that there are."""
    lines = re.findall(r"^\s*paes [^\n]*", GUIDE.read_text("utf-8"), re.MULTILINE)
    lines += re.findall(r"`(paes [^`]*)`", GUIDE.read_text("utf-8"))
    assert len(lines) > 30
    commands = group.commands
    top = {o for p in group.params for o in p.opts}
    for line in lines:
        words = shlex.split(line.split("#")[0].split(" …")[0])[1:]
        while words and words[0].startswith("-"):
            assert words[0] in top, line
            words = words[2:]
        if not words:
            continue
        assert words[0] in commands, line
        options = {o for p in commands[words[0]].params for o in p.opts}
        for word in words[1:]:
            if word.startswith("--"):
                assert word.split("=")[0] in options, line


def sources(*patterns: str) -> str:
    root = GUIDE.parents[1]
    return "\n".join(p.read_text("utf-8") for pattern in patterns for p in root.glob(pattern))


def test_every_finding_of_a_commissioning_is_in_the_guide_and_on_the_italian_sheet() -> None:
    made = set(
        re.findall(r'"commission\.([a-z_]+)"', sources("collectors/commissioning/judgement.py"))
    )
    causes = sources("collectors/commissioning/causes.py")
    made |= set(re.findall(r'(?:yield|yield \()\s*"([a-z_]+)"', causes))
    made |= set(re.findall(r'"commission\.([a-z_]+)"', causes))
    assert len(made) > 12
    guide, page = GUIDE.read_text("utf-8"), sources("collectors/commissioning/sheet.py")
    for name in made:
        assert f'"{name}": "' in page, name
        assert f"{name}`" in guide or name == "not_read", name


def test_every_finding_that_the_guide_explains_can_be_made() -> None:
    code = sources("paes/**/*.py", "collectors/**/*.py")
    named = re.findall(r"`((?:collect|counter|meter|spool)\.[a-z_]+)`", GUIDE.read_text("utf-8"))
    assert len(named) > 12
    assert [name for name in named if f'"{name}"' not in code] == []


@pytest.mark.parametrize("number", range(len(blocks(GUIDE.read_text("utf-8"), "yaml"))))
def test_what_the_guide_says_to_write_can_be_loaded(tmp_path: Path, number: int) -> None:
    """Every piece of ``meters.yaml`` in the guide is one that ``paes`` accepts."""
    text = blocks(GUIDE.read_text("utf-8"), "yaml")[number]
    described = MetersFile.model_validate(yaml.safe_load(text))
    assert described.gateways
    assert described.meters
