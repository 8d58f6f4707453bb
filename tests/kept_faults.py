"""Cases of leaks as a store keeps them, with prices of round numbers, for tests of what tells them.

A leak wastes ``l_h`` litres an hour from its first day on, around the clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from paes.faults.cases.case import Bout
from paes.faults.cases.events import KeptCase, events_of
from paes.faults.episode import Episode, Excess, Picture
from paes.faults.money.price import Interval, Price, Waste
from paes.periods import Span, to_seconds
from paes.store import Store

FIRST = datetime(2025, 3, 1, tzinfo=UTC)


def about(likely: float) -> Interval:
    """With bounds of a tenth."""
    return Interval(0.9 * likely, likely, 1.1 * likely)


def leak(
    subject: str,
    site: str,
    city: str,
    l_h: float,
    eur_per_week: float | None,
    days: int = 30,
    is_over: bool = False,
) -> KeptCase:
    """A leak of so many days from the first of March on; a week costs ``eur_per_week``."""
    end = FIRST + timedelta(days=days)
    hours = np.full(24 * days, l_h / 1000.0)
    starts_s = to_seconds(FIRST) + 3600 * np.arange(len(hours), dtype=np.int64)
    usual_nights = FIRST - timedelta(days=28)
    seen = np.concatenate([np.zeros(28), np.full(days, l_h)])
    seen[5] = np.nan
    episode = Episode(
        FIRST,
        end,
        FIRST + timedelta(days=5),
        is_over,
        {"night_flow_l_h": l_h, "usual_flow_l_h": 0.0, "nights": float(days), "leak_m3_a_day": 1.5},
        {"usual": Span(usual_nights, FIRST)},
        Excess(starts_s, 3600, hours, 0.9 * hours, 1.1 * hours),
        Picture(to_seconds(usual_nights), 86_400, "l/h", seen, np.zeros(len(seen))),
    )
    price = None
    if eur_per_week is not None:
        weeks = days / 7
        m3 = about(l_h * 0.168)
        week = Waste(m3, about(eur_per_week), None)
        price = Price("m3", Waste(m3.times(weeks), about(eur_per_week * weeks), None), week)
    return KeptCase(
        f"{subject}/water_leak/2025-03-01",
        "water_leak",
        1,
        subject,
        site,
        city,
        {"nights_in_a_row": 5, "patience_days": 7, "rearm_days": 21},
        FIRST + timedelta(days=6),
        (Bout(episode, end + timedelta(days=1)),),
        price,
    )


def keep(store: Store, *cases: KeptCase) -> None:
    """Write what a run would."""
    store.write_events([event for case in cases for event in events_of(case)])
