"""Two rules that see one event: said, and counted once, in lists and letters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from told_cases import OPENED, START, leak, town

from paes.faults.cases.case import Case, State
from paes.faults.cases.same_event import Twice, eur_per_week, eur_so_far, told_twice
from paes.faults.money.price import Interval
from paes.faults.telling.digest import digest
from paes.faults.telling.news import News, What, unsaid
from paes.metering import Measures


def standing(eur_per_week: float, **changes: object) -> Case:
    """The same meter seen by another rule."""
    case = leak(eur_per_week=eur_per_week, rule="water_standing", **changes)
    return replace(case, id="hall.water/water_standing/2025-10-02")


def test_of_two_cases_of_a_meter_the_dearer_counts():
    one, other, elsewhere = leak(eur_per_week=42.0), standing(30.0), leak("hall.b", 5.0)

    twice = told_twice([other, elsewhere, one], {})

    assert twice == {other.id: Twice(other, one, True)}  # 30 is more than half of 42
    week = eur_per_week([one, other, elsewhere], twice)
    assert week
    assert week.likely == 47.0  # 42 + 5
    assert eur_so_far([one, other, elsewhere], twice).likely == 188.0  # 4 weeks of them


def test_what_costs_much_less_is_a_part():
    one, other = leak(eur_per_week=42.0), standing(10.0)

    assert told_twice([one, other], {}) == {other.id: Twice(other, one, False)}


def test_time_before_the_dearer_one_counts_by_itself():
    # The standing flow lasts 20 days, the leak is the last 5: 15/20 of 4 x 10 EUR are its own.
    long = replace(leak().episode, start=OPENED - timedelta(days=20))
    one, other = leak(eur_per_week=42.0), standing(10.0, episode=long)

    assert one.episode.start == OPENED - timedelta(days=5)
    spent = eur_so_far([one, other], told_twice([one, other], {}))
    assert spent.likely == 168.0 + 30.0


def test_what_is_over_or_has_a_price_of_its_own_is_no_twin():
    one = leak(eur_per_week=42.0)
    closed = standing(30.0, states=(State.NEW, State.VERIFIED))
    claim = standing(30.0, episode=replace(one.episode, eur=Interval(1.0, 2.0, 3.0)))
    earlier = replace(one.episode, start=START - timedelta(days=9), end=START - timedelta(days=2))
    before = standing(30.0, episode=earlier)

    for other in (closed, claim, before):
        assert told_twice([one, other], {}) == {}


def test_a_submeter_and_the_meter_above_it_tell_of_one_event():
    # Any main meter, with another one below it.
    main = next(m for m in town().meters.values() if m.measures is not Measures.SUBMETER)
    below = main.model_copy(
        update={"id": "hall.below", "parent": main.id, "measures": Measures.SUBMETER}
    )
    above, under = leak(main.id, 50.0), leak("hall.below", 40.0)

    twice = told_twice([above, under], {main.id: main, below.id: below})

    assert list(twice) == [under.id]


def test_a_letter_counts_one_event_once_and_says_so():
    made = digest(
        [News(What.NEW, leak(eur_per_week=42.0)), News(What.NEW, standing(30.0))], town(), OPENED
    )
    text = " ".join(made.text.split())

    assert made.subject.endswith("42\u00a0€ a settimana")
    assert "Vedi anche: “Acqua che non si ferma mai”: è probabilmente lo stesso fatto" in text
    assert "Vedi anche: “Perdita d’acqua”: è probabilmente lo stesso fatto" in text


def test_what_a_rule_only_lists_is_sent_to_nobody():
    told = unsaid([leak(eur_per_week=42.0), standing(30.0)], {}, 0.0)

    assert [news.case.rule for news in told] == ["water_leak"]
