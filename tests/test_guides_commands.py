"""Every command that the guides name exists, with every option that they give it."""

import re
from pathlib import Path

import pytest
from click import Group

from paes.cli.commands import Commands

ROOT = Path(__file__).parents[1]
GUIDES = (
    "README.md",
    *(f"docs/{name}.md" for name in ("inventory", "plan", "accounting", "imports")),
    *(f"docs/{name}.md" for name in ("dashboard", "cruscotto")),
)
CALL = re.compile(
    r"(?m)(?:^|`|\$ )paes ((?:--(?:config|store|city) [^\s`]+ )*)([a-z][a-z-]*)([^`\n#]*)"
)


def calls(guide: str) -> list[tuple[str, str]]:
    """The commands of a guide, each with what follows it on its line."""
    text = (ROOT / guide).read_text(encoding="utf-8")
    return [(match[2], match[3]) for match in CALL.finditer(text)]


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_and_options_of_the_guides_exist(guide: str) -> None:
    commands, wrong = Commands(), []
    found = calls(guide)
    assert len(found) > 5
    for name, rest in found:
        if name not in commands:
            wrong.append(name)
            continue
        command = commands[name]
        words = rest.split()
        if isinstance(command, Group) and words and words[0] in command.commands:
            command = command.commands[words[0]]
        known = {option for parameter in command.params for option in parameter.opts}
        known |= {o for parameter in command.params for o in parameter.secondary_opts} | {"--help"}
        wrong += [f"{name} {o}" for o in re.findall(r"--[a-z][a-z-]*", rest) if o not in known]
    assert wrong == []
