"""The catalogues say the same in both languages, and nothing that nobody asks for."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import dashboard
from dashboard.texts import LANGUAGES, Language, catalogue
from paes.causes.cause import Basis, causes_of
from paes.causes.effects import CAUSES, Effects
from paes.factors.emission_factors import How
from paes.meter_status import MeterState
from paes.metering import Carrier, Measures, Sector, SiteKind
from paes.progress.path import Verdict

CODE = Path(dashboard.__file__).parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_catalogues_have_the_same_keys() -> None:
    italian, english = (catalogue(code) for code in LANGUAGES)
    assert italian
    assert italian.keys() == english.keys()


def test_translations_use_the_same_values() -> None:
    italian, english = (catalogue(code) for code in LANGUAGES)
    differing = {key for key in italian if fields(italian[key]) != fields(english[key])}
    assert not differing


def test_every_word_of_the_core_is_translated(languages: dict[str, Language]) -> None:
    groups = {
        "sector": Sector,
        "carrier": Carrier,
        "measures": Measures,
        "site_kind": SiteKind,
        "state": MeterState,
        "how": How,
        "verdict": Verdict,
    }
    missing = [
        f"{code}: {group}.{word.value}"
        for code, language in languages.items()
        for group, words in groups.items()
        for word in words
        if not language.knows(f"{group}.{word.value}")
    ]
    assert not missing


def test_every_cause_of_a_change_is_translated(languages: dict[str, Language]) -> None:
    causes = causes_of(Effects(year=2020, total_t=0.0))
    assert len(causes) == len(CAUSES) + 1
    words = [cause.name for cause in causes] + [basis.value for basis in Basis]
    for language in languages.values():
        assert all(language.knows(f"effects.{word}") for word in words)
        assert language.knows("effects.computed_assumed")


def test_no_text_is_left_that_nobody_asks_for() -> None:
    code = "\n".join(p.read_text("utf-8") for p in CODE.rglob("*.py"))
    made = {m.split("{")[0] for m in re.findall(r'f"([a-z_]+(?:\.[a-z_]*)*\{[^"]*)"', code)}
    literal = set(re.findall(r"""["']([a-z_]+\.[A-Za-z0-9_.]+)["']""", code))
    unused = [
        key
        for key in catalogue("it")
        if key not in literal
        and not any(key.startswith(prefix) for prefix in made if prefix)
        and not any(key.startswith(f"{name}_") for name in literal)
    ]
    assert not unused


def test_co2_is_never_written_without_its_mark() -> None:
    texts = [text for code in LANGUAGES for text in catalogue(code).values()]
    assert any("CO2" in text for text in texts)
    assert not [text for text in texts if "CO₂" in text or "CO 2" in text]
