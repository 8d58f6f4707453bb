"""Cases to be told of, made by hand: a leak in a school, and whatever a test makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import numpy as np
from test_ledger import installation as ledger_town
from test_ledger import meters

from paes.faults.cases.case import Bout, Case, Cause, Decision, State, Step, Word
from paes.faults.cases.decisions import event_of as decision_event
from paes.faults.cases.events import KeptCase, events_of
from paes.faults.episode import Episode, Picture
from paes.faults.money.price import Interval, Price, Waste
from paes.faults.telling.notices import Notices
from paes.installation import Installation
from paes.periods import to_seconds
from paes.store import Store

START = datetime(2025, 10, 1, 22, tzinfo=UTC)
"""Midnight of 2 October 2025 in Rome."""
OPENED = START + timedelta(days=5)
NIGHTS = {"night_flow_l_h": 120.0, "usual_flow_l_h": 4.26, "nights": 33.0, "leak_m3_a_day": 2.88}


def town(**notices: Any) -> Installation:
    """One site, the hall of Town, told by what ``notices.yaml`` says."""
    return replace(ledger_town(meters()), notices=Notices.model_validate(notices))


def price(eur_per_week: float, so_far_weeks: float = 4.0) -> Price:
    """Water at 2 EUR a m3, known to a fifth."""

    def of(eur: float) -> Waste:
        eur_of = Interval(0.8 * eur, eur, 1.2 * eur)
        return Waste(eur_of.times(0.5), eur_of, None)

    return Price("m3", of(so_far_weeks * eur_per_week), of(eur_per_week))


def picture() -> Picture:
    """56 days from 15 August: 0.1 m3 a day, 2.98 from 2 October on, one day not measured."""
    seen = np.full(56, 0.1)
    seen[48:] = 2.98
    seen[10] = np.nan
    first = datetime.combine(date(2025, 8, 15), datetime.min.time(), tzinfo=UTC)
    return Picture(to_seconds(first), 86_400, "m3", seen, np.full(56, 0.1))


def leak(
    subject: str = "hall.water",
    eur_per_week: float | None = 42.0,
    states: tuple[State, ...] = (State.NEW,),
    **changes: Any,
) -> Case:
    """A leak that came through ``states``, a day each; without money it has no price at all."""
    steps = tuple(
        Step(state, OPENED + timedelta(days=n), Cause.SEEN) for n, state in enumerate(states)
    )
    case = Case(
        id=f"{subject}/water_leak/2025-10-02",
        rule="water_leak",
        version=1,
        subject=subject,
        site="hall",
        city="town",
        parameters={},
        episode=Episode(
            START, OPENED, OPENED, states[-1] is State.VERIFIED, NIGHTS, picture=picture()
        ),
        state=states[-1],
        price=None if eur_per_week is None else price(eur_per_week),
        decisions=(),
        opened_at=OPENED,
        steps=steps,
    )
    return replace(case, **cast(Any, changes))


def keep(store: Store, *cases: Case) -> None:
    """Put ``cases`` into the store as a run keeps them; repairs and dismissals are said by Anna."""
    for case in cases:
        kept = KeptCase(
            case.id, case.rule, 1, case.subject, case.site, case.city, {}, case.opened_at,
            case.bouts or (Bout(case.episode, case.episode.end),), case.price,
        )  # fmt: skip
        said = [decision_event(decision) for decision in case.decisions]
        store.write_events([*events_of(kept), *said])


def over(case: Case) -> Case:
    """``case`` as it is kept once consumption is usual again."""
    return replace(case, episode=replace(case.episode, is_over=True))


def dismissed(case: Case) -> Case:
    """``case`` as it is kept once Anna says that it is none."""
    at = case.episode.found + timedelta(hours=1)
    said = Decision(case.id, Word.DISMISS, "Anna", "the pool was filled", at)
    return replace(case, decisions=(said,))


def back(case: Case) -> Case:
    """``case`` as it is kept when it was over for a week and came back for two days."""
    first = Bout(replace(case.episode, is_over=True), case.episode.end)
    start = case.episode.end + timedelta(days=7)
    end = start + timedelta(days=2)
    again = replace(case.episode, start=start, end=end, found=end, is_over=False)
    return replace(case, bouts=(first, Bout(again, end)))
