"""Wrong files of malfunctions and savings: told with file, line and key when they are loaded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import ConfigError
from paes.faults.episode import Episode
from paes.faults.settings import Exemption
from paes.shipped_files import shipped_config

SHIPPED_RULE = (shipped_config() / "fault_rules" / "water_leak.yaml").read_text(encoding="utf-8")
SHIPPED_WORDS = (shipped_config() / "digest_words.yaml").read_text(encoding="utf-8")


def problems(folder: Path, name: str, text: str) -> list[str]:
    small = SmallInstallation(folder / "installation")
    small.write({name: text})
    with pytest.raises(ConfigError) as told:
        load_installation(small.root)
    return [one.removeprefix(f"{small.root}/") for one in told.value.problems]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("fault_rules/water_leak.yaml", "", "fault_rules/water_leak.yaml:1: "),
        ("fault_rules/water_leak.yaml", "[]\n", "fault_rules/water_leak.yaml:1: "),
        ("fault_rules/water_leak.yaml", "name: 3\n", "fault_rules/water_leak.yaml:1: name"),
        ("fault_rules/water_leaks.yaml", SHIPPED_RULE, "fault_rules/water_leaks.yaml: no rule"),
        ("fault_rules/water_leak.yml", SHIPPED_RULE, "fault_rules/water_leak.yml: no rule"),
        ("savings.yaml", "", "savings.yaml:1: "),
        ("savings.yaml", "x: 1\n", "savings.yaml:1: "),
        ("digest_words.yaml", "subject: 3\n", "digest_words.yaml:1: "),
        (
            "faults.yaml",
            "rules:\n  spike:\n    parameters:\n      rearm_days: 99999999999\n",
            "faults.yaml:4: rules.spike.parameters.rearm_days",
        ),
        (
            "faults.yaml",
            "rules:\n  spike:\n    parameters:\n      patience_days: 99999999999\n",
            "faults.yaml:4: rules.spike.parameters.patience_days",
        ),
    ],
)
def test_a_wrong_file_is_told_when_it_is_loaded(tmp_path, name, text, told):
    assert problems(tmp_path, name, text)[0].startswith(told)


@pytest.mark.parametrize("wrong", ["{nights:notte}", "{night flow}", "{nights:a|b|c|d}", "{nights"])
def test_a_number_that_no_sentence_could_tell_is_told(tmp_path, wrong):
    right = "{nights:notte|notti|mesi}"
    assert SHIPPED_RULE.count(right) == 1
    text = SHIPPED_RULE.replace(right, wrong)
    (one,) = problems(tmp_path, "fault_rules/water_leak.yaml", text)
    assert one.startswith("fault_rules/water_leak.yaml:")
    assert "says" in one
    assert "expected {number}, {number:one|several}" in one


def test_a_key_that_yaml_takes_for_false_is_told_in_words(tmp_path):
    (one,) = problems(tmp_path, "faults.yaml", "rules:\n  spike:\n    off: true\n")
    assert one.startswith("faults.yaml:2: rules.spike")
    assert one.endswith("a key is text, seen False; YAML takes on, off, yes and no for these")


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        ("{town", "a brace { or } stands alone"),
        ("{place}", "no figure 'place'"),
        ("{}", "no figure ''"),
        ("{town.__class__}", "no figure 'town.__class__'"),
        ("{town:>999999999}", "no figure 'town:>999999999'"),
        ("{town!r}", "no figure 'town!r'"),
    ],
)
def test_words_of_a_letter_that_could_not_be_written_are_told(tmp_path, figure, told):
    assert SHIPPED_WORDS.count("{town}") == 2
    text = SHIPPED_WORDS.replace("{town}", figure, 1)
    (one,) = problems(tmp_path, "digest_words.yaml", text)
    assert one.startswith("digest_words.yaml:")
    assert told in one


def test_shipped_files_may_be_an_installation_s_own(tmp_path):
    small = SmallInstallation(tmp_path / "installation")
    small.write({"fault_rules/water_leak.yaml": SHIPPED_RULE, "digest_words.yaml": SHIPPED_WORDS})
    assert load_installation(small.root).name == "Prova"


def test_an_exemption_for_ever_covers_what_lasts_until_now():
    ever = Exemption(meter="a.b", first=date.min, until=date.max, reason="gone")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    episode = Episode(start, start + timedelta(days=9), start + timedelta(days=1), False, {})
    for tz in ("Europe/Rome", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert ever.covers("spike", "a.b", None, episode, tz)


@pytest.mark.parametrize(
    ("end_h", "covered"),
    [(23, True), (23.1, False)],  # 23:00 of UTC is midnight in Rome, where the last day ends
)
def test_an_exemption_ends_with_its_last_local_day(end_h, covered):
    one = Exemption(meter="a.b", first=date(2026, 1, 2), until=date(2026, 1, 3), reason="works")
    start = datetime(2026, 1, 1, 23, tzinfo=UTC)
    end = datetime(2026, 1, 3, tzinfo=UTC) + timedelta(hours=end_h)
    episode = Episode(start, end, end, False, {})
    assert one.covers("spike", "a.b", None, episode, "Europe/Rome") is covered
    early = Episode(start - timedelta(seconds=1), end, end, False, {})
    assert not one.covers("spike", "a.b", None, early, "Europe/Rome")


@pytest.mark.parametrize(
    ("name", "old"),
    [
        ("cities/porto/sites.yaml", "name: Scuola\n"),
        ("cities/porto/city.yaml", "name: Porto\n"),
        ("installation.yaml", "name: Prova\n"),
    ],
)
@pytest.mark.parametrize("odd", ["\\e[31m", "\\n", "\\r\\nBcc: x@y.z", "\\u2028", "\\u202e"])
def test_a_name_that_steers_a_terminal_or_a_letter_is_refused(tmp_path, name, old, odd):
    small = SmallInstallation(tmp_path / "installation")
    small.replace(name, old, f'name: "Sc{odd}uola"\n')
    with pytest.raises(ConfigError, match=r"expected a name in one line"):
        load_installation(small.root)
