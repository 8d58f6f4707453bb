"""One rule that fails: the others look, what is kept of it stays, and the run says so.

The rules of this file find what they are told to, or raise. The town is the small installation,
with three meters and no reading.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from field_commands import command_line
from small_installation import SmallInstallation

from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.errors import DataError, StoreError
from paes.faults.cases import run as case_run
from paes.faults.cases.case import CaseUpdate, State
from paes.faults.cases.register import all_cases, update_cases
from paes.faults.cases.run import last_run
from paes.faults.episode import Episode
from paes.faults.rule import Parameters, Rule
from paes.faults.watch import watch
from paes.installation import Installation
from paes.periods import Span
from paes.store.sqlite import SqliteStore

NOW = datetime(2025, 6, 1, tzinfo=UTC)
SPAN = Span(NOW - timedelta(days=60), NOW)
ODD = "molo.gas"
RULE_FILE = """\
name: {it: Prova, en: Trial}
says: {it: "Uno. Due.", en: "One. Two."}
what_to_do: {it: Niente., en: Nothing.}
source: invented for tests
parameters: {rearm_days: 21, patience_days: 7}
"""


class Town:
    def __init__(self, installation: Installation, store: SqliteStore) -> None:
        self.installation, self.store = installation, store
        self.error: Exception | None = None
        self.asked: list[str] = []

    def episodes(self) -> list[Episode]:
        start = NOW - timedelta(days=10)
        return [Episode(start, NOW, start + timedelta(days=1), False, {"days": 10.0})]

    def odd(self, view, _parameters) -> list[Episode]:
        self.asked.append(view.meter.id)
        if self.error and view.meter.id == ODD:
            raise self.error
        return self.episodes()

    def rules(self, group=None, wastes=False) -> list[Rule[Parameters]]:
        sound = Rule(
            "sound", 1, Parameters, lambda m, s: True, lambda v, p: self.episodes(), wastes=False
        )
        odd = Rule("odd", 1, Parameters, lambda m, s: True, self.odd, wastes=wastes, group=group)
        return [odd, sound]

    @property
    def ledger(self) -> EnergyLedger:
        return EnergyLedger(self.installation, self.store, lambda: NOW)

    def run(self, rules=None) -> CaseUpdate:
        return update_cases(self.ledger, SPAN, rules=rules or self.rules())


@pytest.fixture
def town(tmp_path: Path) -> Town:
    small = SmallInstallation(tmp_path / "installation")
    installation = load_installation(small.root)
    for name in ("odd", "sound"):  # written later: rules of tests are none of the product
        small.write({f"fault_rules/{name}.yaml": RULE_FILE})
    return Town(installation, SqliteStore(tmp_path / "town.sqlite"))


def test_a_defect_of_a_rule_silences_neither_other_rules_nor_other_meters(town, caplog):
    town.error = ZeroDivisionError("float division by zero")
    update = town.run()
    meters = {"molo.gas", "scuola.main", "scuola.palestra"}
    assert {c.subject for c in update.new if c.rule == "sound"} == meters
    assert {c.subject for c in update.new if c.rule == "odd"} == meters - {ODD}
    (failure,) = update.failures
    assert str(failure) == "odd of molo.gas: ZeroDivisionError float division by zero"
    (told,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert "molo.gas" in told.getMessage()
    assert told.exc_info
    kept = last_run(town.store)
    assert (kept.failures, kept.failed) == ((failure,), 1)


def test_only_the_first_traceback_of_many_alike_is_told(town, caplog):
    town.odd = lambda _view, _parameters: 1 / 0
    assert len(town.run().failures) == 3
    told = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert [bool(r.exc_info) for r in told] == [True, False, False]


def test_what_a_failing_rule_found_before_stays_as_it_is(town):
    town.run()
    before = {c.id: c for c in all_cases(town.store)}
    assert len(before) == 6
    town.error = KeyError("x")
    update = town.run()
    assert (update.new, update.closed, update.changed) == ((), (), ())
    assert {c.id: c for c in all_cases(town.store)} == before


@pytest.mark.parametrize("fails", ["a meter", "grouping"])
def test_a_failing_rule_that_groups_takes_none_of_its_cases_back(town, fails):
    def together(found):
        if "error" in together.__dict__:
            raise ValueError("odd group")
        return {"gw-scuola": found[ODD]} if len(found) == 3 else {}

    rules = town.rules(group=together)
    town.run(rules)
    assert {c.subject for c in all_cases(town.store) if c.rule == "odd"} == {"gw-scuola"}
    if fails == "a meter":
        town.error = KeyError("x")
    else:
        together.error = True
    update = town.run(rules)
    assert update.failures
    assert (update.new, update.closed) == ((), ())


def test_an_expected_error_of_a_rule_is_told_in_one_line_without_a_traceback(town, caplog):
    town.error = DataError("no latitude")
    (failure,) = town.run().failures
    assert failure.reason == "no latitude"
    assert not any(r.exc_info for r in caplog.records)


def test_a_rule_s_file_that_is_wrong_leaves_the_other_rules_alone(town):
    (town.installation.root / "fault_rules" / "odd.yaml").write_text("name: 3\n", encoding="utf-8")
    update = town.run()
    assert {c.rule for c in update.new} == {"sound"}
    (failure,) = update.failures
    assert failure.subject == "all meters"
    assert "odd.yaml" in failure.reason


def test_a_store_that_fails_ends_the_run(town):
    town.error = StoreError("disk I/O error")
    with pytest.raises(StoreError):
        town.run()
    assert all_cases(town.store) == []


def test_without_anybody_to_keep_it_a_defect_is_raised(town):
    town.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        watch(town.ledger, SPAN, rules=town.rules())


def test_a_case_that_cannot_be_priced_is_kept_without_a_price(town, monkeypatch):
    def defect(*_):
        raise IndexError("no such hour")

    monkeypatch.setattr(case_run, "price_of", defect)
    update = town.run(town.rules(wastes=True))
    assert len(update.new) == 6
    assert {(f.rule, f.reason) for f in update.failures} == {("odd", "IndexError no such hour")}
    assert all(c.price is None and c.state is State.NEW for c in update.all)


def test_the_command_tells_what_it_found_and_fails_by_what_it_did_not(
    town, tmp_path, monkeypatch, capfd
):
    town.error = ZeroDivisionError("odd")
    monkeypatch.setattr(
        "paes.cli.faults.update_cases",
        lambda *_: update_cases(town.ledger, SPAN, rules=town.rules()),
    )
    same = SmallInstallation(tmp_path / "without the files of its rules")
    arguments = ["--config", str(same.root), "--store", str(town.store.path), "faults"]
    run = command_line(tmp_path, monkeypatch, capfd)
    told = run(*arguments, "run", "--json")
    assert told.code == 1
    document = json.loads(told.out)
    assert len(document["new"]) == 5
    assert document["failures"] == [
        {"rule": "odd", "subject": ODD, "reason": "ZeroDivisionError odd"}
    ]
    assert "odd of molo.gas" in told.err
    listed = run(*arguments, "--json")
    assert json.loads(listed.out)["last_run"]["failed"] == 1


def test_an_episode_is_told_as_far_as_it_was_seen(town):
    """A rule that tells of days tells of the one that is not over, and of one to come."""

    def days(_view, _parameters) -> list[Episode]:
        today, tomorrow = NOW - timedelta(hours=5), NOW + timedelta(hours=19)
        last = tomorrow + timedelta(days=1)
        return [
            Episode(today, tomorrow, tomorrow, False, {}),
            Episode(tomorrow, last, last, False, {}),
        ]

    town.odd = days
    found = watch(town.ledger, Span(SPAN.start, NOW + timedelta(days=9)), rules=town.rules()[:1])
    told = {(s.episode.start, s.episode.end, s.episode.found) for s in found}
    assert told == {(NOW - timedelta(hours=5), NOW, NOW)}
