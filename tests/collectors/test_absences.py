"""Absences: one for every stretch without readings, with its cause, cut where that changes.

Expected times and causes are read off the rounds by hand; the invariants hold for any rounds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.absences import AbsenceBook
from collectors.round import Round
from paes.events import Cause, Event
from paes.gateways import Gateway, Outage
from paes.metering import Finding, Measures, Quality, Reading
from paes.meters import FieldMeter
from paes.pulse import Pulse

DAY = datetime(2025, 3, 3, tzinfo=UTC)
PERIOD_S = 900


@dataclass(frozen=True)
class Plan:
    gateway: Gateway
    meters: tuple[FieldMeter, ...]


def a_meter(name: str = "school.main", **more: object) -> FieldMeter:
    fields = {
        "id": name,
        "carrier": "electricity",
        "device": "eastron-sdm630",
        "gateway": "line",
        "register": "energy_import",
    }
    return FieldMeter.model_validate(fields | more)


GATEWAY = Gateway(id="line", host="127.0.0.1", poll_period_s=PERIOD_S)
METER = a_meter()
PLAN = Plan(GATEWAY, (METER,))
POINT = "school.main/energy_import"


def at(tick: float, seconds: float = 0) -> datetime:
    return DAY + timedelta(seconds=tick * PERIOD_S + seconds)


def made(
    tick: float,
    *said: str | tuple[str, str],
    read: bool | tuple[datetime, ...] = False,
    quality: Quality = Quality.GOOD,
    **more: object,
) -> Round:
    """The round of ``tick``, 3 s long, which reads after 1 s or says why not (name, subject)."""
    times = read if isinstance(read, tuple) else (at(tick, 1),) if read else ()
    pairs = [(s, "school.main") if isinstance(s, str) else s for s in said]
    whole = Round(
        gateway="line",
        due=at(tick),
        started=at(tick),
        finished=at(tick, 3),
        readings=tuple(Reading(POINT, t, 5.0, quality) for t in times),
        findings=tuple(Finding(f"collect.{n}", s, f"{s}: {n}") for n, s in pairs),
        requests=1,
        reached=True,
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def told(book: AbsenceBook, *rounds: Round, plan: Plan = PLAN) -> list[tuple[str, int, int]]:
    """What a store would hold in the end: cause, start and end in seconds of the day."""
    return short(kept([e for r in rounds for e in book.note(r, plan)]))


def kept(events: list[Event]) -> list[Event]:
    rows = {(e.subject, e.name, e.start): e for e in events}
    return sorted(rows.values(), key=lambda e: e.start)


def short(events: list[Event]) -> list[tuple[str, int, int]]:
    def second(t: datetime | None) -> int:
        assert t is not None
        return int((t - DAY).total_seconds())

    return [(str(e.cause), second(e.start), second(e.end)) for e in events]


def test_absence_lies_between_two_readings():
    rounds = (
        made(0, read=True),
        made(1, "no_reply"),
        made(2, "no_reply"),
        made(3, read=True),
    )
    assert told(AbsenceBook(), *rounds) == [("no_reply", 1, 2701)]


def test_absence_is_told_with_each_round_while_it_lasts():
    book = AbsenceBook()
    book.note(made(0, read=True), PLAN)
    first = book.note(made(1, "no_reply"), PLAN)
    second = book.note(made(2, "no_reply"), PLAN)
    assert short(first) == [("no_reply", 1, 904)]
    assert short(second) == [("no_reply", 1, 1804)]
    assert first[0].message == "school.main: no_reply"


def test_a_meter_that_is_read_has_no_absence():
    assert told(AbsenceBook(), made(0, read=True), made(1, read=True)) == []


def test_absence_before_any_reading_begins_with_the_round():
    assert told(AbsenceBook(), made(4, "gateway_down")) == [("gateway_down", 3600, 3604)]


def test_absence_before_any_reading_does_not_begin_before_anybody_asked():
    """Started between two ticks; another collector may have told what was before."""
    rounds = [made(0, "no_reply", started=at(0, 300), finished=at(0, 303))]
    assert told(AbsenceBook(), *rounds) == [("no_reply", 300, 304)]


def test_absence_is_cut_where_its_cause_changes():
    rounds = (
        made(0, read=True),
        made(1, "no_reply"),
        made(2, ("gateway_down", "line")),
        made(3, read=True),
    )
    assert told(AbsenceBook(), *rounds) == [("no_reply", 1, 904), ("gateway_down", 904, 2701)]


def test_gateway_that_is_down_is_a_cause_for_every_meter():
    plan = Plan(GATEWAY, (METER, a_meter("school.pump")))
    events = AbsenceBook().note(made(1, ("gateway_down", "line")), plan)
    assert {(e.subject, e.cause) for e in events} == {
        ("school.main", Cause.GATEWAY_DOWN),
        ("school.pump", Cause.GATEWAY_DOWN),
    }


def test_open_breaker_keeps_the_cause_that_opened_it():
    rounds = (
        made(0, read=True),
        made(1, "bad_reply"),
        made(2, "skipped"),
        made(3, "skipped"),
    )
    assert told(AbsenceBook(), *rounds) == [("bad_reply", 1, 2704)]


def test_open_breaker_keeps_its_cause_over_a_planned_outage():
    outage = Outage(start=at(2), end=at(3), reason="works on the line")
    plan = Plan(GATEWAY.model_copy(update={"planned_outages": (outage,)}), (METER,))
    rounds = (made(1, "refused"), made(2, "skipped"), made(3, "skipped"))
    assert told(AbsenceBook(), *rounds, plan=plan) == [
        ("refused", 900, 904),
        ("planned", 904, 1804),
        ("refused", 1804, 2704),
    ]


def test_planned_outage_tells_its_reason():
    outage = Outage(start=at(1), end=at(9), reason="works on the line")
    plan = Plan(GATEWAY.model_copy(update={"planned_outages": (outage,)}), (METER,))
    (event,) = AbsenceBook().note(made(1, "no_reply"), plan)
    assert (event.cause, event.message) == (Cause.PLANNED, "works on the line")


@pytest.mark.parametrize("life", [{"valid_from": date(2025, 3, 4)}, {"valid_to": date(2025, 3, 3)}])
def test_meter_out_of_its_life_is_not_commissioned(life: dict[str, date]):
    plan = Plan(GATEWAY, (a_meter(**life),))
    assert told(AbsenceBook(), made(1, "no_reply"), plan=plan) == [("not_commissioned", 900, 904)]


def test_inverter_that_sleeps_is_absent_for_the_night():
    def asleep(meter: str, when: datetime) -> bool:
        return meter == "school.main" and when >= at(2)

    rounds = (made(1, "no_reply"), made(2, "no_reply"), made(3, read=True))
    expected = [("no_reply", 900, 904), ("night", 904, 2701)]
    assert told(AbsenceBook(asleep), *rounds) == expected


def test_rounds_that_were_skipped_are_an_overrun():
    rounds = (made(0, read=True), made(4, read=True, coalesced=3))
    assert told(AbsenceBook(), *rounds) == [("overrun", 1, 3601)]


def test_a_round_that_is_a_little_late_is_no_overrun():
    rounds = (made(0, read=True), made(1.3, read=True, coalesced=1))
    assert told(AbsenceBook(), *rounds) == []


def test_incomplete_round_begins_no_absence_but_ends_one():
    book = AbsenceBook()
    assert book.note(made(0, complete=False), PLAN) == []
    book.note(made(1, "no_reply"), PLAN)
    assert book.note(made(2, complete=False), PLAN) == []
    assert short(book.note(made(3, read=True, complete=False), PLAN)) == [("no_reply", 900, 2701)]


def test_only_the_accounted_register_counts_as_a_reading():
    power = (Reading("school.main/active_power", at(1, 1), 50.0),)
    refused = ("not_available", POINT)
    events = told(AbsenceBook(), made(0, read=True), made(1, refused, readings=power))
    assert events == [("not_available", 1, 904)]


def test_pulses_are_read_under_the_name_of_what_they_count():
    pulse = Pulse(weight=10, unit="l")
    meter = a_meter(carrier=None, measures=Measures.WATER, pulse=pulse, register="pulse_1")
    plan = Plan(GATEWAY, (meter,))
    volume = (Reading("school.main/volume", at(1, 1), 7.0),)
    assert AbsenceBook().note(made(1, readings=volume), plan) == []


def test_reading_that_is_not_good_leaves_the_meter_absent():
    rounds = (
        made(0, read=True),
        made(1, ("suspect", POINT), read=True, quality=Quality.SUSPECT),
    )
    assert told(AbsenceBook(), *rounds) == [("bad_reply", 1, 904)]


def test_an_old_reading_that_is_sent_again_is_none():
    rounds = (made(0, read=True), made(1, read=(at(0, 1),)))
    assert told(AbsenceBook(), *rounds) == [("no_reply", 1, 904)]


def test_map_error_of_another_register_is_not_the_cause():
    other = ("map_error", "school.main")
    assert told(AbsenceBook(), made(1, other, "no_reply")) == [("no_reply", 900, 904)]
    assert told(AbsenceBook(), made(1, other)) == [("refused", 900, 904)]


def test_round_that_gives_no_reason_is_a_defect():
    assert told(AbsenceBook(), made(1)) == [("defect", 900, 904)]


def test_late_readings_end_the_absence_at_the_first_of_them():
    rounds = (
        made(0, read=True),
        made(4, "no_reply"),
        made(5, read=(at(1), at(2), at(3), at(4))),
        made(6, "no_reply"),
    )
    expected = [("no_reply", 1, 900), ("no_reply", 3600, 5404)]
    assert told(AbsenceBook(), *rounds) == expected


def test_collector_that_did_not_run_is_the_cause_of_what_it_missed():
    book = AbsenceBook()
    events = book.note(made(0, read=True), PLAN)
    events += book.collector_was_down(at(0, 10), at(5), [METER])
    events += book.note(made(5, read=True), PLAN)
    assert short(kept(events)) == [("collector_down", 1, 4501)]


def test_absence_goes_on_after_the_collector_was_down():
    book = AbsenceBook()
    events = book.note(made(1, "no_reply"), PLAN)
    events += book.collector_was_down(at(1, 10), at(5), [METER])
    events += book.note(made(5, "no_reply"), PLAN)
    assert short(kept(events)) == [
        ("no_reply", 900, 904),
        ("collector_down", 904, 4500),
        ("no_reply", 4500, 4504),
    ]


def test_restart_within_a_poll_period_is_no_absence():
    book = AbsenceBook()
    book.note(made(0, read=True), PLAN)
    assert book.collector_was_down(at(0, 10), at(1), [METER]) == []


def test_short_stop_is_no_absence_of_a_meter_that_speaks_when_it_likes():
    book = AbsenceBook()
    book.note(made(0, read=True), PLAN)
    book.note(made(5, not_due=frozenset({"school.main"})), PLAN)
    assert book.collector_was_down(at(5, 10), at(5, 400), [METER]) == []
    down = book.collector_was_down(at(5, 10), at(9), [METER])
    assert short(down) == [("collector_down", 4510, 8100)]


def test_a_reading_ahead_of_the_last_sign_of_life_does_not_lie_in_the_absence():
    """A device that stamps its messages by a clock of its own, 20 s ahead."""
    book = AbsenceBook()
    book.note(made(0, read=(at(0, 30),)), PLAN)
    down = book.collector_was_down(at(0, 10), at(5), [METER])
    assert short(down) == [("collector_down", 30, 4500)]


def test_meter_that_was_never_asked_misses_nothing_while_the_collector_is_down():
    assert AbsenceBook().collector_was_down(at(0), at(90), [METER]) == []


def test_time_that_comes_again_is_not_told_again():
    rounds = (made(8, read=True), made(9, "no_reply"), made(2, "no_reply"), made(10, "refused"))
    assert told(AbsenceBook(), *rounds) == [("no_reply", 7201, 8104), ("refused", 8104, 9004)]


def test_reading_stamped_by_a_wrong_clock_is_forgotten():
    rounds = (made(96 * 400, read=True), made(2, "no_reply"))
    assert told(AbsenceBook(), *rounds) == [("no_reply", 1800, 1804)]


KINDS = st.sampled_from(["read", "no_reply", "gateway_down", "skipped", "planned", "night", "part"])


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, str]]:
    """Rounds at growing seconds, and what each brings; ``restart`` among them."""
    steps = draw(st.lists(st.integers(2, 5000), min_size=1, max_size=40))
    kinds = draw(st.lists(KINDS | st.just("restart"), min_size=len(steps), max_size=len(steps)))
    second, history = 0, []
    for step, kind in zip(steps, kinds, strict=True):
        second += step
        history.append((second, kind))
    return history


@settings(max_examples=60, deadline=None)
@given(histories())
def test_absences_never_overlap_and_lie_between_readings(history: list[tuple[int, str]]):
    """And every complete round without a reading lies in one; a restart changes none of it."""
    nights = {second for second, kind in history if kind == "night"}

    def asleep(_: str, when: datetime) -> bool:
        return int((when - DAY).total_seconds()) in nights

    book, events, readings, empty = AbsenceBook(asleep), list[Event](), [], []
    last_second = 0
    for second, kind in history:
        if kind == "restart":
            state = json.loads(json.dumps(book.to_state()))
            book = AbsenceBook.from_state(state, asleep)
            events += book.collector_was_down(at(0, last_second), at(0, second), [METER])
            last_second = second
            continue
        outages = (Outage(start=at(0, second), end=at(0, second + 1), reason="works"),)
        planned = outages if kind == "planned" else ()
        plan = Plan(GATEWAY.model_copy(update={"planned_outages": planned}), (METER,))
        read = kind == "read"
        finding = "gateway_down" if kind == "gateway_down" else "no_reply"
        said = [] if read else ["skipped" if kind == "skipped" else finding]
        a_round = made(0, *said, complete=kind != "part")
        a_round = replace(a_round, due=at(0, second), started=at(0, second))
        a_round = replace(a_round, finished=at(0, second + 1))
        if read:
            a_round = replace(a_round, readings=(Reading(POINT, at(0, second), 5.0),))
            readings.append(at(0, second))
        elif kind != "part":
            empty.append(at(0, second + 1))
        events += book.note(a_round, plan)
        last_second = second + 1
    absences = kept(events)
    for one, following in pairwise(absences):
        assert one.end is not None
        assert one.end <= following.start
    for event in absences:
        assert event.end is not None
        assert not any(event.start < r < event.end for r in readings)
    for finished in empty:
        assert any(e.start <= finished < e.end for e in absences if e.end)
