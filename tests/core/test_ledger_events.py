"""The ledger beside stored events: causes of gaps, exchanges that were noticed, corrections.

The meter of ``test_ledger``: 2 kW all day from 1 January 2025 in Rome, at most 12 kW.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_ledger import BORN, MAIN, ledger, main, write

from paes.accounting.causes import CAUSE_TEXTS, shares
from paes.events import SWAPPED, Cause, Event, absence
from paes.meter_status import MeterState, meter_states
from paes.periods import By, Span
from paes.store.sqlite import SqliteStore

END = datetime(2025, 1, 20, tzinfo=UTC)
LOST = datetime(2025, 1, 10, tzinfo=UTC)
BACK = datetime(2025, 1, 12, tzinfo=UTC)
SPAN = Span(BORN, END)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def with_a_gap(store: SqliteStore) -> None:
    write(store, BORN, LOST)
    write(store, BACK, END)


def test_every_cause_has_its_words():
    assert set(CAUSE_TEXTS) == set(Cause)


def test_a_gap_names_its_causes_and_their_share_of_it(store: SqliteStore):
    with_a_gap(store)
    store.write_events(
        [
            absence("hall.main", Cause.NO_REPLY, LOST, LOST + 40 * HOUR),
            absence("hall.main", Cause.COLLECTOR_DOWN, LOST + 40 * HOUR, BACK),
            absence("hall.kitchen", Cause.REFUSED, LOST, BACK),
        ]
    )
    book = ledger(store)
    (found,) = book.findings(main(book), SPAN)
    assert found.message == (
        "no readings for 48.0 h: no reply from the device (40.0 h), collector not running (8.0 h); "
        "96.000 kWh passed meanwhile"
    )
    assert found.numbers["no_reply_hours"] == 40.0
    assert found.numbers["hours"] == 48.0


def test_what_nobody_explains_is_said_to_be_unknown(store: SqliteStore):
    with_a_gap(store)
    store.write_events([absence("hall.main", Cause.GATEWAY_DOWN, LOST, LOST + 12 * HOUR)])
    book = ledger(store)
    (found,) = book.findings(main(book), SPAN)
    assert "gateway not reached (12.0 h), unknown (36.0 h); 96" in found.message


def test_causes_change_no_amount(store: SqliteStore):
    with_a_gap(store)
    book = ledger(store)
    before = book.meter(main(book), SPAN, By.DAY)
    store.write_events([absence("hall.main", Cause.GATEWAY_DOWN, LOST, BACK)])
    assert book.meter(main(book), SPAN, By.DAY).equals(before)


def test_a_gap_without_end_is_told_with_its_cause(store: SqliteStore):
    write(store, BORN, LOST)
    book = ledger(store, BACK)
    assert book.findings(main(book), Span(BORN, BACK)) == []
    store.write_events([absence("hall.main", Cause.NO_REPLY, LOST, BACK)])
    (found,) = book.findings(main(book), Span(BORN, BACK))
    assert found.name == "data.gap"
    assert found.message == "no readings for 48.0 h: no reply from the device (48.0 h)"


def test_no_second_is_explained_twice():
    told = [
        absence("hall.main", Cause.NO_REPLY, LOST, LOST + 3 * HOUR),
        absence("hall.main", Cause.REFUSED, LOST + HOUR, LOST + 4 * HOUR),
        Event("hall.main", SWAPPED, LOST),
    ]
    start_s = int((LOST + HOUR).timestamp())
    assert shares(told, start_s, start_s + 2 * 3600) == {Cause.NO_REPLY: 7200}
    assert shares(told, start_s, start_s + 9 * 3600) == {Cause.NO_REPLY: 7200, Cause.REFUSED: 3600}


def test_absences_of_a_meter_are_asked_by_span(store: SqliteStore):
    store.write_events(
        [
            absence("hall.main", Cause.NO_REPLY, LOST, LOST + HOUR),
            absence("hall.main", Cause.REFUSED, BACK, BACK + HOUR),
            Event("hall.main", SWAPPED, LOST),
        ]
    )
    book = ledger(store)
    found = book.absences(main(book), Span(LOST, BACK))
    assert [e.cause for e in found] == [Cause.NO_REPLY]


def test_a_meter_out_of_use_is_told_by_the_configuration(store: SqliteStore):
    """In use from 10 January to 11 January in Rome, an hour ahead of UTC; asked by days of UTC."""
    store.write_events(
        [
            absence("hall.main", Cause.NO_REPLY, LOST - 2 * HOUR, LOST),
            absence("hall.main", Cause.NOT_COMMISSIONED, LOST + 30 * HOUR, BACK),
        ]
    )
    book = ledger(store)
    days = {"valid_from": date(2025, 1, 10), "valid_to": date(2025, 1, 12)}
    meter = main(book).model_copy(update=days)
    born, dead = LOST - HOUR, BACK - HOUR
    found = book.absences(meter, Span(LOST - 24 * HOUR, BACK + 24 * HOUR))
    assert [(e.name, e.start, e.end) for e in found] == [
        ("absence.not_commissioned", LOST - 24 * HOUR, born),
        ("absence.no_reply", born, LOST),
        ("absence.not_commissioned", LOST + 30 * HOUR, dead),
        ("absence.not_commissioned", dead, BACK + 24 * HOUR),
    ]
    assert found[0].message == "in use from 2025-01-10 on"
    assert found[-1].message == "not in use any more since 2025-01-12"
    before = book.absences(meter, Span(LOST - 48 * HOUR, LOST - 24 * HOUR))
    assert [(e.start, e.end) for e in before] == [(LOST - 48 * HOUR, LOST - 24 * HOUR)]


def swap(at: datetime) -> Event:
    return Event("hall.main", SWAPPED, at, None, "", {"old_serial": "A1", "new_serial": "B2"})


def write_swapped(store: SqliteStore, at: datetime) -> None:
    """2 kW all the time; from ``at`` on another device tells it, which began at zero."""
    seconds = np.arange(int(BORN.timestamp()), int(END.timestamp()) + 1, 900, dtype=np.int64)
    old = (seconds - BORN.timestamp()) / 3600 * 2.0
    new = (seconds - at.timestamp()) / 3600 * 2.0
    store.write_series(MAIN, seconds, np.where(seconds < at.timestamp(), old, new))


def test_a_noticed_exchange_is_one_finding_with_right_energy_around_it(store: SqliteStore):
    at = LOST + timedelta(minutes=5)
    write_swapped(store, at)
    store.write_events([swap(LOST + timedelta(minutes=14))])
    book = ledger(store)
    (found,) = book.findings(main(book), SPAN)
    assert (found.name, found.at) == ("meter.replaced", LOST + timedelta(minutes=15))
    assert found.message.startswith("the device A1 was exchanged for B2: 0.333 kWh")
    total = book.total(main(book), Span(BORN, END))
    # all but the quarter of an hour of the exchange, in which 12 kW bound what passed
    hours = (END - BORN) / HOUR
    assert total.measured_kwh == pytest.approx(2 * (hours - 0.25))
    assert (total.missing_low_kwh, total.missing_high_kwh) == (0, 0)
    assert total.estimated_kwh == pytest.approx(0.5)  # as before and after it: 2 kW
    assert total.low_kwh <= 2 * hours <= total.high_kwh < total.measured_kwh + 3.0


def test_an_exchange_is_told_once_whichever_hours_are_asked(store: SqliteStore):
    write_swapped(store, LOST)
    store.write_events([swap(LOST + 20 * HOUR)])
    book = ledger(store)
    made, noticed = Span(BORN, LOST + 10 * HOUR), Span(LOST + 10 * HOUR, END - HOUR)
    assert [f.name for f in book.findings(main(book), made)] == ["meter.replaced"]
    assert book.findings(main(book), noticed) == []


def test_an_exchange_remakes_the_days_that_were_kept(store: SqliteStore):
    write_swapped(store, LOST)
    book = ledger(store)
    span = Span(BORN, END - HOUR)
    book.refresh(span)
    assert [f.name for f in book.findings(main(book), span)] == ["counter.reset"]
    store.write_events([swap(LOST + 20 * HOUR)])
    assert [f.name for f in book.findings(main(book), span)] == ["meter.replaced"]
    kept = book.meter(main(book), span, By.DAY)
    assert kept["estimated"].sum() == pytest.approx(0.5)  # 2 kW for a quarter of an hour


def described(at: datetime) -> dict[str, Any]:
    old, new = (LOST - BORN) / HOUR * 2.0, 0.0
    return {"at": at, "new_serial": "B2", "last_reading": old, "first_reading": new}


def test_a_described_exchange_wins_over_the_noticed_one(store: SqliteStore):
    write_swapped(store, LOST)
    store.write_events([swap(LOST + 20 * HOUR)])
    book = ledger(store, replacements=[described(LOST)])
    assert book.rules(main(book)).noticed == ()
    assert [f.name for f in book.findings(main(book), SPAN)] == ["meter.replaced"]
    total = book.total(main(book), SPAN)
    assert total.measured_kwh == pytest.approx(2 * ((END - BORN) / HOUR))
    far = ledger(store, replacements=[described(LOST - 48 * HOUR)])
    assert len(far.rules(main(far)).noticed) == 1


def test_a_correction_adds_what_passed_uncounted_to_its_day(store: SqliteStore):
    """Pulses of 1 Wh: half of the energy of ten days was not counted, until the dial was read."""
    seconds = np.arange(int(BORN.timestamp()), int(END.timestamp()) + 1, 900, dtype=np.int64)
    counted = (seconds - BORN.timestamp()) / 3600 * 1.0  # kWh, where 2 kW passed
    at_correction = (LOST - BORN) / HOUR
    dial = np.where(seconds < LOST.timestamp(), counted, counted + at_correction)
    store.write_series(MAIN, seconds, dial)
    correction = {
        "at": LOST,
        "pulses": at_correction * 1000,
        "reading": at_correction * 2 * 1000,
        "by": "M. Rossi",
        "reason": "dial read",
    }
    pulse = {"weight": 1.0, "unit": "Wh", "corrections": [correction]}
    book = ledger(store, pulse=pulse)
    span = Span(BORN, END - HOUR)
    for _ in ("fresh", "kept"):
        days = book.meter(main(book), span, By.DAY)
        day = days.loc["2025-01-10"]
        assert day["measured"] == pytest.approx(24 + at_correction)
        assert day["catch_up"] == pytest.approx(at_correction)
        assert days["missing_high"].sum() == 0
    assert days["measured"].sum() == pytest.approx((END - BORN) / HOUR - 1 + at_correction)
    assert [f.name for f in book.findings(main(book), span)] == ["meter.corrected"]


def test_a_meter_that_is_not_live_says_why(store: SqliteStore):
    write(store, BORN, LOST)
    now = LOST + HOUR
    book = ledger(store, now)
    store.write_events(
        [
            absence("hall.main", Cause.REFUSED, LOST - 40 * HOUR, LOST - 20 * HOUR),
            absence("hall.main", Cause.NO_REPLY, LOST, LOST + HOUR / 2),
            absence("hall.main", Cause.GATEWAY_DOWN, LOST + HOUR / 2, now),
            absence("hall.kitchen", Cause.NO_REPLY, LOST, now),
        ]
    )
    states = {s.meter: s for s in meter_states(book, book.installation.meters.values())}
    assert states["hall.main"].state is MeterState.STALE
    assert states["hall.main"].cause is Cause.GATEWAY_DOWN
    assert states["hall.kitchen"].cause is Cause.NO_REPLY
    assert states["hall.gas"].cause is None
    write(store, now, now)
    (state,) = meter_states(book, [main(book)])
    assert (state.state, state.cause) == (MeterState.LIVE, None)
