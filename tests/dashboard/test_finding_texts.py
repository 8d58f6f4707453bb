"""Every finding that can stand on the page has words in both languages."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import paes
from dashboard.sentences.finding import finding_text
from dashboard.texts import LANGUAGES, Language, catalogue
from paes.metering import Finding

CORE = Path(paes.__file__).parent
SHOWN = {
    "action", "activity", "cause", "comparability", "energy", "factor", "green", "notation",
    "other_emissions", "saving", "site_energy", "supply",
}  # fmt: skip
"""Families of the findings of inventories, of their comparison, and of the causes of a change."""
ELSEWHERE = {
    "amount", "baseline", "bill", "counter", "data", "declared", "delivery", "edit",
    "forecast", "heating", "interval", "meter", "plan", "pv", "scenario",
}  # fmt: skip
"""Families that only commands and documents tell; who shows one here moves it up."""
MADE_OF_PARTS = {
    "action.": (
        "action.area_of_other_sector", "action.completed_ahead", "action.completed_fraction",
        "action.completed_without_end", "action.excluded_beside", "action.funding_sum",
        "action.late", "action.lifetime_over", "action.overlaps_above_whole",
        "action.production_without_carrier", "action.required_cancelled",
        "action.required_not_completed", "action.saving_without_carrier",
        "action.spent_above_cost", "action.start_passed", "action.tonnes_not_derived",
    ),
    "comparability.": ("comparability.row_gone", "comparability.row_new"),
}  # fmt: skip
"""Names that the code puts together, by their constant beginning."""
_NAME = re.compile(r"[a-z_]+\.[a-z_]+")
_NO_FINDING = re.compile(r".*\.(csv|yaml|sqlite|xml)|supply\.(green|heat|plants|generation)")


@cache
def nodes() -> tuple[ast.AST, ...]:
    """The core's code, without readers of files: what they find is told where a file is read."""
    paths = [p for p in CORE.rglob("*.py") if "imports" not in p.relative_to(CORE).parts]
    return tuple(node for p in paths for node in ast.walk(ast.parse(p.read_text("utf-8"))))


def literals() -> Iterator[str]:
    """All texts of the core that look like the name of a finding."""
    for node in nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if not _NAME.fullmatch(node.value) or _NO_FINDING.fullmatch(node.value):
                continue
            yield node.value


def given_names() -> Iterator[tuple[str, str]]:
    """The first argument of every ``Finding(...)`` that is a text, and its family."""
    for node in nodes():
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
            first = node.args[0]
            if isinstance(first, ast.JoinedStr):
                first = first.values[0]
            if isinstance(first, ast.Constant):
                yield str(first.value), str(first.value).split(".")[0]


def shown_names() -> set[str]:
    """Names of the families that the page shows."""
    found = {name for name in literals() if name.split(".")[0] in SHOWN}
    return found.union(*MADE_OF_PARTS.values())


def test_each_family_of_findings_is_known_to_be_shown_or_not() -> None:
    families = {family for _, family in given_names()}
    assert len(families) > len(SHOWN)
    assert families <= SHOWN | ELSEWHERE
    assert not SHOWN & ELSEWHERE


def test_names_that_are_put_together_are_listed() -> None:
    made = {name for name, family in given_names() if family in SHOWN and name.endswith(".")}
    assert made == set(MADE_OF_PARTS)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_finding_that_the_page_may_show_has_words(code: str) -> None:
    names, texts = shown_names(), catalogue(code)
    assert len(names) > 40
    assert sorted(name for name in names if f"finding.{name}" not in texts) == []


def test_no_words_are_left_for_findings_that_are_gone() -> None:
    texts = {key.removeprefix("finding.") for key in catalogue("it") if key.startswith("finding.")}
    assert texts
    assert {name.removesuffix("_unbounded") for name in texts} - shown_names() == set()


def test_numbers_of_findings_end_with_their_unit() -> None:
    """By which they are printed: a share in per cent, a factor with four decimals."""
    known = re.compile(r".*(_mwh|_t|_fraction|_t_per_mwh|_eur|_days)|inhabitants")
    texts = [text for key, text in catalogue("en").items() if key.startswith("finding.")]
    names = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    assert names
    assert [name for name in names if not known.fullmatch(name)] == []


def test_a_share_is_told_in_per_cent_and_a_small_number_with_a_decimal(
    languages: dict[str, Language],
) -> None:
    numbers = {"undeclared_mwh": 4.25, "sustainable_fraction": 0.5}
    finding = Finding("factor.sustainability_undeclared", "x", "", numbers=numbers)
    assert "4,2 MWh" in finding_text(finding, languages["it"])
    assert "50% sustainable" in finding_text(finding, languages["en"])


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("supply.missing", "high_mwh", "la sua produzione non conta"),
        ("supply.gaps", "missing_high_mwh", "niente limita"),
    ],
)
def test_what_nothing_bounds_is_told_in_the_readers_language(
    languages: dict[str, Language], name: str, number: str, words: str
) -> None:
    finding = Finding(name, "x", "in English", numbers={number: math.inf})
    told = finding_text(finding, languages["it"])
    assert words in told
    assert "∞" not in told
