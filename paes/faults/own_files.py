"""Files of malfunctions and savings that an installation may have of its own: do they make sense.

They are read when they are needed, at night; here before, so that a mistake is told by day.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from paes.config_file import attempt, parse
from paes.errors import problem_text
from paes.faults.rule_table import RULES
from paes.faults.telling.digest import DigestWords
from paes.installation import some
from paes.savings.assumptions import NAME as SAVINGS_FILE
from paes.savings.assumptions import SavingsAssumptions
from paes.shipped_files import read_own_or_shipped, shipped_config

WORDS_FILE = "digest_words.yaml"
RULES_FOLDER = "fault_rules"


def own_file_problems(root: Path) -> list[str]:
    """What is wrong with those of the installation at ``root``."""
    problems = list(_rule_files(root))
    if (root / SAVINGS_FILE).is_file():
        attempt(problems, read_own_or_shipped, root, SAVINGS_FILE, SavingsAssumptions)
    if (root / WORDS_FILE).is_file():
        problems += _words(root)
    return problems


def _rule_files(root: Path) -> Iterator[str]:
    known = {rule.id: rule for rule in RULES}
    for path in sorted((root / RULES_FOLDER).glob("*")):
        rule = known.get(path.stem)
        if rule is None or path.suffix != ".yaml":
            text = f"no rule {path.stem!r}; expected RULE.yaml of {some(known, near=path.stem)}"
            yield problem_text(path, None, "", text)
        else:
            problems: list[str] = []
            attempt(problems, rule.file, root)
            yield from problems


def _words(root: Path) -> list[str]:
    """Of words: those that name a figure which is none would fail when a letter is written."""
    problems: list[str] = []
    parsed = attempt(problems, parse, root / WORDS_FILE, DigestWords)
    if parsed is None:
        return problems
    shipped = read_own_or_shipped(shipped_config(), WORDS_FILE, DigestWords)
    for key in DigestWords.model_fields:
        for language in ("it", "en"):
            usual = set(_figures(getattr(shipped, key).in_language(language)) or ())
            named = _figures(getattr(parsed.value, key).in_language(language))
            if named is None:
                text = "a brace { or } stands alone"
                problems.append(parsed.tree.problem((key, language), text))
            elif unknown := sorted(set(named) - usual):
                text = f"no figure {unknown[0]!r} in this text; there is {some(usual)}"
                problems.append(parsed.tree.problem((key, language), text))
    return problems


def _figures(text: str) -> list[str] | None:
    """The names in braces; None if braces are not in pairs. With ``!r`` or ``:x`` they are odd."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return None
    return [
        f"{name}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}"
        for _, name, spec, conversion in parts
        if name is not None
    ]
