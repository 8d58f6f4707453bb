"""Every rule explains itself to a caretaker, in two sentences of each language."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

import pytest

from paes.faults.rule import Rule
from paes.faults.rule_table import RULES
from paes.schema import Text
from paes.shipped_files import shipped_config

JARGON = frozenset(("mad", "kt", "cusum", "baseline", "threshold", "soglia", "sigma", "residuo"))
JARGON_STEMS = (
    "quantil", "percentil", "median", "deviazion", "deviation", "regress", "outlier", "algoritm",
    "algorithm", "timestamp", "performance",
)  # fmt: skip
LONGEST_WORDS = 32
"""Of a sentence: what is read out in one breath."""


def _texts(rule: Rule[Any]) -> list[tuple[str, str]]:
    file = rule.file(shipped_config())
    told: list[tuple[str, str]] = []
    for text in (file.says, file.what_to_do, file.name):
        assert isinstance(text, Text)
        told += [("it", text.it), ("en", text.en)]
    return told


def _sentences(text: str) -> list[str]:
    """Parts that end with a full stop which ends a word, not a number or a placeholder."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part]


def test_there_are_rules_of_different_names() -> None:
    ids = [rule.id for rule in RULES]

    assert len(ids) >= 17
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("language", ["it", "en"])
def test_says_two_sentences_of_plain_words(rule: Rule[Any], language: str) -> None:
    says = rule.file(shipped_config()).says.in_language(language)
    sentences = _sentences(says)

    assert len(sentences) == 2, says
    for sentence in sentences:
        assert sentence[-1] in ".!?", sentence
        assert len(sentence.split()) <= LONGEST_WORDS, sentence


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_speaks_without_jargon(rule: Rule[Any]) -> None:
    for language, text in _texts(rule):
        words = re.findall(r"[a-zàèéìòù]+", re.sub(r"{.*?}", "", text.lower()))
        found = [w for w in words if w in JARGON or w.startswith(JARGON_STEMS)]

        assert not found, f"{rule.id} ({language}): {found} in {text!r}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_italian_and_english_tell_the_same_numbers(rule: Rule[Any]) -> None:
    says = rule.file(shipped_config()).says

    assert _placeholders(says.it) == _placeholders(says.en)
    assert _placeholders(says.it), f"{rule.id} tells no number"


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
