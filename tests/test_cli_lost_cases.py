"""Cases of what is not in the configuration any more, and what people say in odd ways.

The store holds leaks as ``kept_faults`` makes them; meters, sites, cities and rules are gone since.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from field_commands import CommandLine, command_line
from kept_faults import keep, leak
from small_installation import SmallInstallation

from paes.errors import DataError
from paes.faults.cases.case import Decision, State, Word
from paes.faults.cases.register import all_cases, decide
from paes.store.sqlite import SqliteStore

OFF = "rules:\n  water_leak: {enabled: false, reason: too many taps}\n"
GONE = {
    "scuola.gone/water_leak/2025-03-01": "there is no meter scuola.gone",
    "casa.x/water_leak/2025-03-01": "there is no meter casa.x",
    "scuola.main/old_rule/2025-03-01": "there is no rule old_rule any more",
}
HERE = "molo.gas/water_leak/2025-03-01"


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    old = replace(
        leak("scuola.main", "scuola", "porto", 10, 5.0),
        rule="old_rule", id="scuola.main/old_rule/2025-03-01",
    )  # fmt: skip
    keep(
        opened,
        leak("scuola.gone", "gone", "porto", 10, 5.0),
        leak("casa.x", "casa", "atlantis", 10, 5.0),
        replace(leak("molo.gas", "gone", "porto", 10, 5.0)),
        old,
    )
    return opened


@pytest.fixture
def run(
    tmp_path: Path,
    store: SqliteStore,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> CommandLine:
    root = SmallInstallation(tmp_path / "installation").root
    once = command_line(tmp_path, monkeypatch, capfd)
    return lambda *words: once("--config", str(root), *words)


def test_every_command_works_on_cases_of_what_is_gone(run):
    for case_id, why in GONE.items():
        shown = run("faults", "show", case_id)
        assert shown.code == 0
        assert f"nobody looks at it any more: {why}" in shown.out
        assert json.loads(run("faults", "show", case_id, "--json").out)["id"] == case_id
    for words in (["losses"], ["losses", "--by", "site"], ["labels"], ["run"]):
        assert run("faults", *words).code == 0, words


def test_the_list_says_of_which_cases_nobody_will_tell_an_end(run):
    listed = run("faults")
    told = [line for line in listed.err.splitlines() if "nobody looks at" in line]
    in_porto = [case_id for case_id in GONE if not case_id.startswith("casa")]
    assert len(told) == len(in_porto)
    assert all(any(case_id in line for line in told) for case_id in in_porto)


def test_cases_of_a_rule_that_is_off_are_told_and_can_be_dismissed(run, tmp_path, store):
    (tmp_path / "installation" / "faults.yaml").write_text(OFF, encoding="utf-8")
    assert f"nobody looks at {HERE} any more: faults.yaml switches" in run("faults").err
    assert run("faults", "dismiss", HERE, "--by", "Anna", "--reason", "off").code == 0
    assert HERE not in run("faults").err


def test_of_two_words_in_one_second_the_last_counts(store):
    at = datetime(2025, 5, 1, tzinfo=UTC)
    for word, state in (
        (Word.DISMISS, State.DISMISSED),
        (Word.ACKNOWLEDGE, State.ACKNOWLEDGED),
        (Word.DISMISS, State.DISMISSED),
        (Word.ACKNOWLEDGE, State.ACKNOWLEDGED),
    ):
        assert decide(store, HERE, word, "Anna", "so", clock=lambda: at).state is state
    (kept,) = [case for case in all_cases(store) if case.id == HERE]
    assert len(kept.decisions) == 4


def test_what_is_said_cannot_steer_a_terminal(run):
    reason = "a\x1b[31mred\x9b2J\r\nBcc: x@y.z\u202eback\u2028line"
    assert run("faults", "dismiss", HERE, "--by", "An\x07na", "--reason", reason).code == 0
    for words in (["show", HERE], ["labels"], ["show", HERE, "--json"]):
        out = run("faults", *words).out
        assert not set("\x1b\x07\x9b\r\u202e\u2028") & set(out)
        assert "An na" in out


def test_a_novel_is_no_reason():
    with pytest.raises(DataError, match="reason has 2001 characters; expected 2000"):
        Decision(HERE, Word.DISMISS, "Anna", "x" * 2001, datetime(2025, 5, 1, tzinfo=UTC))
