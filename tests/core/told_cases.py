"""Cases to be told of, made by hand: a leak in a school, and whatever a test makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import numpy as np
from test_ledger import installation as ledger_town
from test_ledger import meters

from paes.faults.case import Case, Cause, State, Step
from paes.faults.episode import Episode, Picture
from paes.faults.notices import Notices
from paes.faults.price import Interval, Price, Waste
from paes.installation import Installation
from paes.periods import to_seconds

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
