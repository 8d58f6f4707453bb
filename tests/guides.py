"""What a guide tells to type: its blocks, its commands, and the few words of a shell they need."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from field_commands import CommandLine

from paes.cli import paes as group


def blocks(text: str, kind: str) -> list[str]:
    """The fenced blocks of a kind (``sh``, ``yaml``, or none), without their fences."""
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def require_known(line: str) -> None:
    """Assert that the command ``line`` (without ``paes``) exists, with each of its options."""
    words = shlex.split(line, comments=True)
    command: click.Command = group
    while words:
        word = words.pop(0)
        if word in (">", "|", "…"):
            break
        options = {o: p for p in command.params for o in p.opts}
        if word.startswith("-"):
            option = options.get(word.split("=")[0])
            assert isinstance(option, click.Option), f"{word} in: paes {line}"
            if not option.is_flag and "=" not in word and words:
                words.pop(0)
        elif isinstance(command, click.Group):
            assert word in command.commands, f"{word} in: paes {line}"
            command = command.commands[word]


class Shell:
    """Carries out a block as typed: ``paes``, ``cp -r``, ``export``, and ``cat`` into a file."""

    def __init__(self, folder: Path, paes: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._paes = paes
        self._monkeypatch = monkeypatch

    def run(self, block: str) -> list[str]:
        """Both outputs of each ``paes``, in order; each must end well."""
        shown = []
        for words, document in self._statements(block):
            match words:
                case ["paes", *arguments]:
                    done = self._paes(*self._paths(arguments))
                    assert done.code == 0, f"paes {arguments}: {done.out}{done.err}"
                    shown.append(done.out + done.err)
                case ["cp", "-r", source, target]:
                    shutil.copytree(self._folder / source, self._folder / target)
                case ["export", *settings]:
                    for name, _, value in (setting.partition("=") for setting in settings):
                        self._monkeypatch.setenv(name, value)
                case ["cat", (">" | ">>") as how, file, "<<END"]:
                    with (self._folder / file).open("a" if how == ">>" else "w") as opened:
                        opened.write(document)
                case [".", _]:
                    pass
                case _:
                    raise AssertionError(words)
        return shown

    @staticmethod
    def _statements(block: str) -> Iterator[tuple[list[str], str]]:
        lines = iter(block.replace("\\\n", " ").splitlines())
        for line in lines:
            document = ""
            if line.endswith("<<'END'"):
                for told in lines:
                    if told == "END":
                        break
                    document += told + "\n"
            if line.strip():
                yield shlex.split(line, comments=True), document

    def _paths(self, arguments: list[str]) -> Iterator[str]:
        for word in arguments:
            found = sorted(self._folder.glob(word)) if "*" in word else []
            yield from (str(p.relative_to(self._folder)) for p in found) if found else (word,)
