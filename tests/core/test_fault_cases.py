"""The life of malfunction cases: matching, states, words, what is kept.

A rule of this file finds what a script says: episodes by day, seen from their third day on, over
after three quiet days. Runs are judged on a small installation with a store of their own; no
reading is needed, for the rule looks at none. Expected states are those of the script, told by
hand in each test.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_installation import SmallInstallation

from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.errors import ConfigError, DataError, StoreError
from paes.faults.cases import register
from paes.faults.cases.bouts import together
from paes.faults.cases.case import Bout, Case, CaseUpdate, Cause, Decision, State, Word
from paes.faults.cases.decisions import SAID
from paes.faults.cases.events import CASE, KeptCase, cases_in, events_of
from paes.faults.cases.life import STATE_OF, steps
from paes.faults.cases.run import last_run
from paes.faults.episode import Episode, Excess, Picture
from paes.faults.money.price import Interval, Price, Waste
from paes.faults.rule import Parameters, Rule
from paes.faults.view import View
from paes.installation import Installation
from paes.periods import Span
from paes.store.sqlite import SqliteStore

METER = "scuola.main"
T0 = datetime(2025, 1, 1, tzinfo=UTC)
QUIET = timedelta(days=3)
SURE = timedelta(days=2)


def day(number: float) -> datetime:
    """So many days after the first of January; with part of a day."""
    return T0 + timedelta(days=number)


class ScriptParameters(Parameters):
    pass


@dataclass
class Town:
    """The installation, its store, a clock, and what there is to be found."""

    installation: Installation
    store: SqliteStore
    truth: dict[str, list[tuple[float, float]]] = dataclasses.field(default_factory=dict)
    now: datetime = T0
    version: int = 1
    place: str | None = None

    def look(self, view: View, _parameters: ScriptParameters) -> list[Episode]:
        found = []
        for first, last in self.truth.get(view.meter.id, []):
            start, end = day(first), min(day(last), view.now)
            if view.now < start + SURE or end <= view.span.start or start >= view.span.end:
                continue
            over = view.now >= day(last) + QUIET
            numbers = {"first": first, "days": (end - start).days + 0.0}
            found.append(Episode(start, end, start + SURE, over, numbers, place=self.place))
        return found

    def rule(self) -> Rule[ScriptParameters]:
        return Rule(
            "script", self.version, ScriptParameters, lambda m, s: True, self.look, wastes=False
        )

    def run(self, first: float, last: float, now: float | None = None) -> CaseUpdate:
        self.now = day(last if now is None else now)
        ledger = EnergyLedger(self.installation, self.store, lambda: self.now)
        return register.update_cases(ledger, Span(day(first), day(last)), rules=[self.rule()])

    def say(self, name: str, word: Word, at: float, **more: str) -> Case:
        said = {"author": "Rossi", "reason": "so it is"} | more
        return register.decide(self.store, name, word, clock=lambda: day(at), **said)

    def only(self) -> Case:
        (case,) = register.all_cases(self.store)
        return case


RULE_FILE = """\
name: {it: Prova, en: Trial}
says: {it: "Da {days} giorni. È una prova.", en: "For {days} days. It is a trial."}
what_to_do: {it: Niente., en: Nothing.}
source: invented for tests
parameters: {rearm_days: 21, patience_days: 7}
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    small = SmallInstallation(tmp_path_factory.mktemp("town") / "installation")
    loaded = load_installation(small.root)
    (small.root / "fault_rules").mkdir()  # later, for a rule of tests is none of the product
    (small.root / "fault_rules" / "script.yaml").write_text(RULE_FILE, encoding="utf-8")
    return loaded


@pytest.fixture
def town(installation: Installation, tmp_path: Path) -> Town:
    return Town(installation, SqliteStore(tmp_path / "town.sqlite"))


@pytest.fixture
def new_town(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Town]:
    """Makes towns with stores of their own."""

    def made() -> Town:
        return Town(installation, SqliteStore(tmp_path_factory.mktemp("store") / "town.sqlite"))

    return made


# --- one case per episode, and only consumption closes it ---------------------------------------


def test_an_episode_is_one_case_however_often_it_is_seen(town):
    town.truth[METER] = [(10, 40)]
    first = town.run(0, 15)
    assert [(c.id, c.state) for c in first.new] == [("scuola.main/script/2025-01-11", State.NEW)]
    second = town.run(10, 30)
    assert (second.new, second.closed, [c.id for c in second.changed]) == (
        (), (), ["scuola.main/script/2025-01-11"],
    )  # fmt: skip
    assert town.only().episode.end == day(30)
    assert (town.only().site, town.only().city) == ("scuola", "porto")
    assert town.only().opened_at == day(15)


def test_only_consumption_closes_a_case_and_it_says_that_nobody_told_of_a_repair(town):
    town.truth[METER] = [(10, 20)]
    town.run(0, 22)  # two quiet days: nobody can tell yet
    assert town.only().state is State.NEW
    closed = town.run(5, 30).closed
    assert [case.state for case in closed] == [State.VERIFIED]
    assert closed[0].steps[-1].cause is Cause.USUAL_UNTOLD
    assert closed[0].steps[-1].at == day(20)


def test_a_repair_that_holds_is_verified_by_consumption_and_says_whose_word_it_was(town):
    town.truth[METER] = [(10, 20)]
    town.run(0, 19)
    repaired = town.say(town.only().id, Word.REPAIRED, 19.5)
    assert (repaired.state, repaired.is_open) == (State.REPAIRED, True)
    (case,) = town.run(10, 30).closed
    assert case.state is State.VERIFIED
    assert case.steps[-1].cause is Cause.USUAL_AFTER_REPAIR
    assert case.steps[-1].decision.author == "Rossi"


def test_a_repair_that_does_not_hold_opens_the_case_again_after_the_rules_patience(town):
    """Said on day 15; patience is 7 days, so that on day 22 it may still go on, not on day 23."""
    town.truth[METER] = [(10, 60)]
    town.run(0, 15)
    town.say(town.only().id, Word.REPAIRED, 15)
    town.run(10, 22)
    assert town.only().state is State.REPAIRED
    update = town.run(10, 23)
    assert [(c.state, c.steps[-1].cause) for c in update.changed] == [
        (State.REARMED, Cause.GOES_ON)
    ]
    assert update.changed[0].steps[-1].at == day(22)
    assert town.say(town.only().id, Word.ASSIGN, 24, assignee="Bianchi").assignee == "Bianchi"


def test_no_readings_after_a_repair_verify_nothing(town):
    town.truth[METER] = [(10, 20)]
    town.run(0, 20)
    town.say(town.only().id, Word.REPAIRED, 20)
    silent = Episode(day(10), day(20), day(12), False, {})  # nothing is known since
    town.look = lambda view, _: [silent] if view.meter.id == METER else []
    town.run(0, 90)
    assert town.only().state is State.REPAIRED


# --- what comes again ----------------------------------------------------------------------------


@pytest.mark.parametrize(("again", "cases"), [(40.5, 1), (41, 2), (60, 2)])
def test_what_comes_again_within_the_rules_days_belongs_to_the_old_case(town, again, cases):
    """It ended on day 20; until day 41 there are fewer than 21 quiet days between."""
    town.truth[METER] = [(10, 20), (again, again + 10)]
    town.run(0, 30)
    assert town.only().state is State.VERIFIED
    update = town.run(20, again + 5)
    found = register.all_cases(town.store)
    assert len(found) == cases
    if cases == 1:
        assert [(c.state, c.steps[-1].cause) for c in update.changed] == [
            (State.REARMED, Cause.CAME_BACK)
        ]
        assert len(found[0].bouts) == 2
        assert (found[0].episode.start, found[0].episode.end) == (day(10), day(again + 5))
    else:
        assert [c.state for c in found] == [State.VERIFIED, State.NEW]


def test_a_dismissed_case_does_not_alarm_until_it_was_quiet_for_the_rules_days(town):
    town.truth[METER] = [(10, 20), (30, 35), (80, 90)]
    town.run(0, 15)
    name = town.only().id
    town.say(name, Word.DISMISS, 15, reason="a festival in the square")
    for at in (18, 25, 33, 45):
        update = town.run(max(at - 20, 0), at)
        assert (update.new, update.closed) == ((), ())
        assert town.only().state is State.DISMISSED
    update = town.run(60, 85)
    assert [(c.id, c.state) for c in update.new] == [("scuola.main/script/2025-03-22", State.NEW)]


def test_what_is_over_can_still_be_called_a_false_alarm(town):
    town.truth[METER] = [(10, 20)]
    town.run(0, 30)
    case = town.say(town.only().id, Word.DISMISS, 31, reason="an election")
    assert (case.state, case.reason) == (State.DISMISSED, "an election")
    assert town.say(case.id, Word.ACKNOWLEDGE, 32).state is State.VERIFIED


# --- what a run can and cannot see ---------------------------------------------------------------


def test_a_run_that_sees_a_part_never_shortens_what_is_known(town):
    town.truth[METER] = [(10, 40)]
    town.run(0, 60)
    update = town.run(0, 15, now=60)
    assert (update.new, update.changed, update.closed) == ((), (), ())
    assert town.only().episode.end == day(40)


def test_a_case_older_than_the_span_is_followed_from_its_start(town):
    """A nightly run of five days closes what began two months ago, and ended outside its span."""
    town.truth[METER] = [(10, 40)]
    town.run(0, 15)
    (closed,) = town.run(85, 90).closed
    assert (closed.state, closed.episode.end) == (State.VERIFIED, day(40))


def test_late_readings_that_move_the_start_leave_the_case_its_id(town):
    town.truth[METER] = [(10, 20)]
    town.run(0, 15)
    town.say(town.only().id, Word.ACKNOWLEDGE, 15)
    town.truth[METER] = [(6, 20)]
    town.run(0, 16)
    assert town.only().id == "scuola.main/script/2025-01-11"
    assert town.only().episode.start == day(6)
    assert town.only().state is State.ACKNOWLEDGED


def test_what_corrected_readings_do_not_show_any_more_is_retracted(town):
    town.truth[METER] = [(10, 20)]
    town.run(0, 15)
    town.truth[METER] = []
    update = town.run(0, 16)
    assert [c.state for c in update.closed] == [State.RETRACTED]
    assert town.only().episode.end == day(15)  # what was seen once can still be looked at
    with pytest.raises(DataError, match="nothing more to say"):
        town.say(town.only().id, Word.ACKNOWLEDGE, 17)
    town.truth[METER] = [(10, 20)]
    town.run(0, 17)
    assert town.only().state is State.NEW


def test_a_new_version_of_a_rule_takes_over_its_cases(town):
    town.truth[METER] = [(10, 20)]
    town.run(0, 15)
    town.version = 2
    town.truth[METER] = [(9, 20)]
    (changed,) = town.run(0, 16).changed
    assert (changed.id, changed.version) == ("scuola.main/script/2025-01-11", 2)


def test_two_cases_that_turn_out_to_be_one_become_the_older_with_all_words(town):
    town.truth[METER] = [(10, 15), (50, 60)]
    town.run(0, 55)
    old, young = (case.id for case in register.all_cases(town.store))
    town.say(young, Word.ASSIGN, 56, assignee="Bianchi")
    town.truth[METER] = [(10, 60)]  # late readings filled what lay between
    town.run(0, 57)
    case = town.only()
    assert (case.id, case.state, case.assignee) == (old, State.ASSIGNED, "Bianchi")
    assert register.case_of(town.store, young).id == old
    town.say(young, Word.REPAIRED, 58)
    assert town.only().state is State.REPAIRED
    town.run(0, 66)
    assert town.only().state is State.VERIFIED  # over on day 60, told two days before


def test_the_same_run_again_changes_nothing(town):
    town.truth[METER] = [(10, 20), (30, 45), (90, 95)]
    town.truth["scuola.palestra"] = [(80, 120)]
    assert len(town.run(0, 100).new) == 3
    kept = town.store.events(name="fault.case")
    update = town.run(0, 100)
    assert (update.new, update.changed, update.closed) == ((), (), ())
    assert len(update.all) == 3
    assert town.store.events(name="fault.case") == kept


def test_places_of_one_subject_are_cases_of_their_own(town):
    town.truth[METER] = [(10, 20)]
    for place in ("bill 1/2025", "bill 2/2025"):
        town.place = place
        town.run(0, 15)
    assert [c.id for c in register.all_cases(town.store)] == [
        "scuola.main/script/2025-01-11/bill-1-2025",
        "scuola.main/script/2025-01-11/bill-2-2025",
    ]


def test_what_several_meters_show_together_is_one_case_and_theirs_are_retracted(town):
    """First one meter of the school is silent, then both: a case of their gateway."""
    school = ("scuola.main", "scuola.palestra")

    def together(found):
        silent = [name for name in school if found.get(name)]
        if len(silent) < 2:
            return found
        return {"gw-scuola": found[silent[1]]} | {k: v for k, v in found.items() if k not in silent}

    plain = town.rule
    town.rule = lambda: replace(plain(), group=together)
    town.truth["scuola.main"] = [(10, 60)]
    assert [c.subject for c in town.run(0, 15).new] == ["scuola.main"]
    town.truth["scuola.palestra"] = [(10, 60)]
    update = town.run(16, 25)
    assert [(c.subject, c.site, c.state) for c in update.new] == [
        ("gw-scuola", "scuola", State.NEW)
    ]
    assert [(c.subject, c.state) for c in update.closed] == [("scuola.main", State.RETRACTED)]
    (closed,) = town.run(80, 90).closed
    assert (closed.subject, closed.state) == ("gw-scuola", State.VERIFIED)


def test_without_any_rule_nothing_is_found_and_the_run_is_told(town):
    ledger = EnergyLedger(town.installation, town.store, lambda: day(5))
    update = register.update_cases(ledger, Span(day(0), day(5)), rules=())
    assert update == CaseUpdate()
    assert last_run(town.store).at == day(5)


episodes = st.lists(st.tuples(st.integers(4, 30), st.integers(3, 20)), min_size=1, max_size=4)
"""Quiet days before each, and its length: any gap is longer than the three days of the rule."""


def script(lengths: Iterable[tuple[int, int]]) -> list[tuple[float, float]]:
    found, at = [], 0
    for quiet, length in lengths:
        found.append((float(at + quiet), float(at + quiet + length)))
        at += quiet + length
    return found


def facts(cases: Iterable[Case]) -> list[tuple[object, ...]]:
    """What cases are, without the ids under which they were first told."""
    return sorted(
        (c.subject, c.state, tuple((b.episode.start, b.episode.end) for b in c.bouts))
        for c in cases
    )


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(lengths=episodes, cuts=st.lists(st.integers(1, 139), max_size=3), data=st.data())
def test_spans_judged_in_any_order_give_the_cases_of_one_run(new_town, lengths, cuts, data):
    truth = script(lengths)
    edges = sorted({0, 230, *cuts})
    spans = list(pairwise(edges))
    whole, parts = new_town(), new_town()
    whole.truth[METER] = parts.truth[METER] = truth
    whole.run(0, 230)
    for first, last in data.draw(st.permutations(spans)):
        parts.run(first, last, now=230)
    expected = register.all_cases(whole.store)
    assert expected
    assert facts(register.all_cases(parts.store)) == facts(expected)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(lengths=episodes, every=st.integers(4, 19), back=st.integers(20, 40))
def test_nightly_runs_give_the_cases_of_one_run_at_the_end_ids_too(new_town, lengths, every, back):
    truth = script(lengths)
    whole, nightly = new_town(), new_town()
    whole.truth[METER] = nightly.truth[METER] = truth
    whole.run(0, 230)
    for now in range(every, 230 + every, every):
        nightly.run(max(now - back, 0), min(now, 230))
    expected = register.all_cases(whole.store)
    found = register.all_cases(nightly.store)
    assert [c.id for c in found] == [c.id for c in expected]
    assert facts(found) == facts(expected)


# --- states, purely ------------------------------------------------------------------------------


def bout(first: float, last: float, over: bool, until: float = 200) -> Bout:
    return Bout(Episode(day(first), day(last), day(first + 2), over, {}), day(until))


WORDS = [
    Decision("c", Word.ACKNOWLEDGE, "Rossi", "", day(13)),
    Decision("c", Word.ASSIGN, "Rossi", "", day(14), "Bianchi"),
    Decision("c", Word.REPAIRED, "Bianchi", "new valve", day(16)),
    Decision("c", Word.REPAIRED, "Bianchi", "another valve", day(43)),
]
BOUTS = [bout(10, 30, True), bout(40, 45, True), bout(60, 61, True)]


@given(said=st.permutations(WORDS), seen=st.permutations(BOUTS))
def test_the_same_words_and_bouts_make_the_same_life_in_any_order(said, seen):
    told = [(s.state, s.at, s.cause) for s in steps(seen, said, timedelta(days=7))]
    assert told == [
        (State.NEW, day(12), Cause.SEEN),
        (State.ACKNOWLEDGED, day(13), Cause.SAID),
        (State.ASSIGNED, day(14), Cause.SAID),
        (State.REPAIRED, day(16), Cause.SAID),
        (State.REARMED, day(23), Cause.GOES_ON),
        (State.VERIFIED, day(30), Cause.USUAL_UNTOLD),
        (State.REARMED, day(42), Cause.CAME_BACK),
        (State.REPAIRED, day(43), Cause.SAID),
        (State.VERIFIED, day(45), Cause.USUAL_AFTER_REPAIR),
        (State.REARMED, day(62), Cause.CAME_BACK),
        (State.VERIFIED, day(61), Cause.USUAL_UNTOLD),
    ]


any_word = st.builds(
    lambda word, at: Decision("c", word, "Rossi", "so", day(at), _assignee(word).get("assignee")),
    st.sampled_from(Word),
    st.floats(0, 120),
)


@given(
    said=st.lists(any_word, max_size=6),
    lengths=st.lists(st.tuples(st.integers(4, 20), st.integers(1, 20)), min_size=1, max_size=4),
    last_is_over=st.booleans(),
)
def test_whatever_people_say_only_consumption_verifies_and_always_does(said, lengths, last_is_over):
    spans = script(lengths)
    seen = [bout(a, b, True) for a, b in spans[:-1]] + [bout(*spans[-1], last_is_over)]
    told = steps(seen, said, timedelta(days=7))
    if last_is_over:
        assert told[-1].state in (State.VERIFIED, State.DISMISSED)
    else:
        assert told[-1].state is not State.VERIFIED
    heard = [d for d in said if d.word is not Word.NOTE]
    assert [s.decision for s in told if s.cause is Cause.SAID] == sorted(heard, key=lambda d: d.at)
    if not any(d.word is Word.DISMISS for d in said):
        assert [s.at for s in told if s.state is State.VERIFIED] == [
            b.episode.end for b in seen if b.episode.is_over
        ]


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ([], set(Word)),
        ([Word.ACKNOWLEDGE], {Word.ASSIGN, Word.DISMISS, Word.REPAIRED}),
        ([Word.ASSIGN], {Word.ASSIGN, Word.DISMISS, Word.REPAIRED}),
        ([Word.REPAIRED], {Word.ASSIGN, Word.DISMISS}),
        ([Word.DISMISS], {Word.ACKNOWLEDGE, Word.ASSIGN}),
    ],
)
def test_what_may_be_said_in_each_state(town, said, then):
    town.truth[METER] = [(10, 90)]
    town.run(0, 15)
    name = town.only().id
    for at, word in enumerate(said):
        town.say(name, word, 15 + at / 100, **_assignee(word))
    for word in STATE_OF:
        case = register.case_of(town.store, name)
        register.require_sayable(case, Word.NOTE)
        if word in then:
            register.require_sayable(case, word)
        else:
            with pytest.raises(DataError, match=f"{word} is not for a case that is {case.state}"):
                register.require_sayable(case, word)


def test_a_note_is_kept_with_its_author_and_changes_no_state(town):
    town.truth[METER] = [(10, 90)]
    town.run(0, 15)
    name = town.only().id
    town.say(name, Word.ASSIGN, 15, assignee="Bianchi")
    case = town.say(name, Word.NOTE, 16, author="Verdi", reason="la valvola perde")
    assert (case.state, case.assignee) == (State.ASSIGNED, "Bianchi")
    assert [step.state for step in case.steps] == [State.NEW, State.ASSIGNED]
    assert [(n.author, n.reason, n.at) for n in case.notes] == [
        ("Verdi", "la valvola perde", day(16))
    ]
    with pytest.raises(DataError, match="a note needs its text"):
        town.say(name, Word.NOTE, 17, reason="  ")


def _assignee(word: Word) -> dict[str, str]:
    return {"assignee": "Bianchi"} if word is Word.ASSIGN else {}


def test_words_of_one_second_are_both_kept(town):
    town.truth[METER] = [(10, 90)]
    town.run(0, 15)
    for name in ("Bianchi", "Verdi"):
        town.say(town.only().id, Word.ASSIGN, 15, assignee=name)
    assert [d.assignee for d in town.only().decisions] == ["Bianchi", "Verdi"]
    assert [e.name for e in town.store.events(name=SAID)] == [
        "fault.said.assign", "fault.said.assign.2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "more", "message"),
    [
        (Word.DISMISS, {"reason": " "}, "dismissed with a reason, and none is given"),
        (Word.ACKNOWLEDGE, {"author": ""}, "a decision needs its author"),
        (Word.ASSIGN, {}, "to whom?"),
        (Word.REPAIRED, {"assignee": "Bianchi"}, "no other word, names one"),
    ],
)
def test_words_that_lack_something_are_refused_and_not_kept(town, word, more, message):
    town.truth[METER] = [(10, 90)]
    town.run(0, 15)
    with pytest.raises(DataError, match=message):
        town.say(town.only().id, word, 15, **more)
    assert not town.only().decisions


def test_an_unknown_case_is_told_with_those_there_are(town):
    town.truth[METER] = [(10, 90)]
    town.run(0, 15)
    with pytest.raises(DataError, match=r"no case 'x'; there is scuola\.main/script/2025-01-11"):
        register.case_of(town.store, "x")


# --- amounts of several bouts, and what is kept ---------------------------------------------------


def excess(first_h: int, amounts: list[float], step_s: int = 3600) -> Excess:
    starts = int(T0.timestamp()) + 3600 * first_h + step_s * np.arange(len(amounts), dtype=np.int64)
    likely = np.array(amounts)
    return Excess(starts, step_s, likely, likely * 0.5, likely * 2)


def test_hours_that_two_bouts_tell_of_count_once_by_the_one_that_saw_later_readings():
    """Hours 0-3 by the old bout (1 each), 2-5 by the later (10 each): 2 x 1 + 4 x 10."""
    one, other = (
        Episode(day(a / 24), day((a + 4) / 24), day(1), False, {}, excess=excess(a, [amount] * 4))
        for a, amount in ((0, 1.0), (2, 10.0))
    )
    joined = together([Bout(one, day(10)), Bout(other, day(20))])
    assert joined.excess.likely.tolist() == [1, 1, 10, 10, 10, 10]
    assert joined.excess.high.sum() == 84
    assert (joined.start, joined.end) == (day(0), day(6 / 24))
    joined = together([Bout(one, day(30)), Bout(other, day(20))])
    assert joined.excess.likely.tolist() == [1, 1, 1, 1, 10, 10]


def test_bouts_of_other_steps_are_joined_in_the_longer_one():
    """Four quarters of 1, then two hours of 5."""
    quarters = Episode(day(0), day(1 / 24), day(1), True, {}, excess=excess(0, [1.0] * 4, 900))
    hours = Episode(day(1 / 24), day(3 / 24), day(1), True, {}, excess=excess(1, [5.0] * 2))
    joined = together([Bout(quarters, day(9)), Bout(hours, day(9))]).excess
    assert (joined.step_s, joined.likely.tolist()) == (3600, [4, 5, 5])


def whole_case(hours: int) -> KeptCase:
    """A case in which nothing is left out."""
    likely = np.random.default_rng(7).uniform(0, 9, hours).round(3)
    starts = int(T0.timestamp()) + 900 * np.arange(hours, dtype=np.int64)
    days = np.array([1.0, np.nan, 3.0])
    waste = Waste(Interval(1.0, 2.0, 3.0), Interval(0.5, 1.0, 1.5), None)
    episode = Episode(
        day(0.5), day(40), day(2), True, {"night_flow_l_h": 12.5},
        {"usual": Span(day(-28), day(0))},
        Excess(starts, 900, likely, likely * 0.5, likely * 2),
        Picture(int(T0.timestamp()), 86_400, "l/h", days, days, None, days + 1),
        "register", Interval(1.0, 2.0, 3.0), Interval(0.0, 1.0, 2.0),
    )  # fmt: skip
    return KeptCase(
        "scuola.main/script/2025-01-01", "script", 3, METER, "scuola", "porto",
        {"rearm_days": 21, "nights": [1, 2]}, day(3), (Bout(episode, day(50), True),),
        Price("m3", waste, waste, True, 0.01, 4.5), None, ("scuola.main/script/2025-02-01",),
    )  # fmt: skip


def test_what_is_kept_comes_back_whole_and_fits_a_store_that_takes_64_kb(town):
    case = whole_case(4 * 24 * 365)
    fields = [f.name for f in dataclasses.fields(Episode)]
    assert all(getattr(case.bouts[0].episode, name) is not None for name in fields)
    events = events_of(case)
    assert len(events) > 3
    assert max(len(str(dict(e.facts))) for e in events) < 60_000
    town.store.write_events(events)
    back = cases_in(town.store.events(name="fault."))[case.id]
    assert events_of(back) == events
    mine, theirs = case.bouts[0].episode, back.bouts[0].episode
    for name in set(fields) - {"excess", "picture"}:
        assert getattr(theirs, name) == getattr(mine, name)
    assert theirs.excess.starts_s.tolist() == mine.excess.starts_s.tolist()
    assert theirs.excess.high == pytest.approx(mine.excess.high, rel=1e-5)
    assert np.isnan(theirs.picture.seen[1])
    assert theirs.picture.low is None
    assert replace(back, bouts=()) == replace(case, bouts=())
    short = cases_in(town.store.events(name=CASE))[case.id].bouts[0].episode
    assert (short.excess, short.picture, short.numbers) == (None, None, mine.numbers)


def test_a_case_that_cannot_be_understood_is_told_by_its_id(town):
    events = events_of(whole_case(10))
    spoilt = [replace(e, facts={**e.facts, "bouts": "{"}) for e in events if e.name == CASE]
    with pytest.raises(StoreError, match=r"scuola\.main/script/2025-01-01: what the store keeps"):
        cases_in(spoilt)


# --- faults.yaml ---------------------------------------------------------------------------------


def with_settings(folder: Path, text: str) -> Installation:
    small = SmallInstallation(folder / "installation")
    (small.root / "faults.yaml").write_text(text, encoding="utf-8")
    return load_installation(small.root)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "rules:\n  leek: {enabled: false, reason: x}\n",
            "2: rules.leek: no rule 'leek'; there is",
        ),
        (
            "rules:\n  water_leak: {enabled: false}\n",
            "2: rules.water_leak: a rule that is not enabled needs a reason",
        ),
        (
            "rules:\n  water_leak:\n    parameters:\n      rearm_days: soon\n",
            "4: rules.water_leak.parameters.rearm_days: expected a whole number, seen 'soon'",
        ),
        (
            "rules:\n  water_leak:\n    parameters:\n      nihgts_in_a_row: 3\n",
            "4: rules.water_leak.parameters.nihgts_in_a_row: no parameter 'nihgts_in_a_row'",
        ),
        (
            "exemptions:\n  - {meter: scuola.mian, until: 2025-06-01, reason: works}\n",
            "2: exemptions[0].meter: no meter 'scuola.mian'; there is",
        ),
        (
            "exemptions:\n  - {site: molo, until: 2025-06-01}\n",
            "2: exemptions[0].reason: this key is missing",
        ),
        (
            "exemptions:\n  - {site: molo, meter: molo.gas, until: 2025-06-01, reason: works}\n",
            "2: exemptions[0]: expected a site or a meter, and not both",
        ),
    ],
)
def test_wrong_settings_stop_the_start_with_line_and_key(tmp_path, text, problem):
    with pytest.raises(ConfigError) as told:
        with_settings(tmp_path, text)
    assert f"faults.yaml:{problem}" in str(told.value)


def test_own_parameters_stand_over_those_of_the_rules_file(tmp_path):
    from paes.faults.rule_table import rule

    text = "rules:\n  water_leak: {parameters: {rearm_days: 5}}\n"
    installation = with_settings(tmp_path, text)
    leak = rule("water_leak")
    usual = leak.file(installation.root).parameters
    own = installation.faults.parameters_of(leak, installation.root)
    assert (usual.rearm_days, own) == (21, usual.model_copy(update={"rearm_days": 5}))


def exempted(town: Town, **more: object) -> Town:
    from paes.faults.settings import Exemption, FaultSettings

    told = {"meter": METER, "until": "2025-01-20", "reason": "works"} | more
    exemption = Exemption.model_validate({k: v for k, v in told.items() if v is not None})
    rules = FaultSettings(exemptions=(exemption,))
    return replace(town, installation=replace(town.installation, faults=rules))


def test_an_exempted_meter_has_no_new_case_until_the_day_is_over(town):
    """Until 20 January included: an episode until the 18th is none, one that goes on is."""
    town.truth[METER] = [(2, 17)]
    assert not exempted(town).run(0, 30).all
    town.truth[METER] = [(2, 25)]
    assert not exempted(town).run(0, 19).all
    assert [c.episode.start for c in exempted(town).run(0, 22).new] == [day(2)]


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({"meter": None, "site": "scuola"}, 0),
        ({"meter": None, "site": "molo"}, 1),
        ({"rules": ["script"]}, 0),
        ({"rules": ["water_leak"]}, 1),
        ({"first": "2025-01-08"}, 1),
    ],
)
def test_what_an_exemption_covers(town, more, count):
    town.truth[METER] = [(2, 17)]
    assert len(exempted(town, **more).run(0, 30).all) == count


def test_what_is_a_case_already_goes_on_to_its_end_in_an_exempted_meter(town):
    town.truth[METER] = [(2, 17)]
    town.run(0, 10)
    (closed,) = exempted(town).run(0, 30).closed
    assert closed.state is State.VERIFIED


def test_a_rule_that_is_off_leaves_its_cases_as_they_are(town):
    from paes.faults.settings import FaultSettings, RuleSettings

    town.truth[METER] = [(2, 17)]
    town.run(0, 10)
    off = FaultSettings(rules={"script": RuleSettings(enabled=False, reason="too many")})
    silent = replace(town, installation=replace(town.installation, faults=off))
    assert [c.state for c in silent.run(0, 40).all] == [State.NEW]
