"""Kept energy: what the ledger answers from kept rows is what it would answer afresh.

However readings arrive, whatever is asked in between, and whoever writes meanwhile. Meters as in
``test_ledger``: 2 kW all day from 1 January 2025 in Rome, read every quarter of an hour.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_curves import Curve, curves, edits
from odd_meters import ZONES, Course, courses
from test_ledger import BORN, GAS, MAIN, installation, ledger, main, meters, write

from paes.accounting.edits import Edit, EditKind, Factor, Ignored
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.events import SWAPPED, Event
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.metering import Carrier, Evidence, Measures, Register
from paes.meters import FieldMeter
from paes.periods import By, Span, from_seconds, local_midnight, to_seconds, year_span
from paes.plan.plan import Plan
from paes.pulse import Pulse, PulseCorrection
from paes.rollups import OPEN, Touches
from paes.store import Store
from paes.store.sqlite import SqliteStore

pytestmark = pytest.mark.untraced

YEAR = year_span(2025, "Europe/Rome")
LATER = datetime(2026, 3, 1, tzinfo=UTC)


class Watched:
    """A store that tells what it was asked, and lets others write between two questions."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: list[str] = []
        self.saved: list[tuple[str, By, datetime]] = []
        self.meanwhile: Callable[[int], None] | None = None

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            if self.meanwhile:
                self.meanwhile(len(self.calls))
            if name == "save_rollups":
                saved, by = args
                self.saved += [
                    (point, by, from_seconds(s))
                    for point, rows in saved.items()
                    for s in rows.start_s
                ]
            return method(*args, **kwargs)

        return call


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def watched(of: Watched, now: datetime = LATER, **changes: Any) -> EnergyLedger:
    return ledger(cast(SqliteStore, of), now, **changes)


def fresh(book: EnergyLedger, span: Span, by: By, meter: str = "hall.main") -> pd.DataFrame:
    """The same question to a store with the same readings, written in order, and no rows."""
    with tempfile.TemporaryDirectory() as folder:
        other = SqliteStore(Path(folder) / "fresh.sqlite")
        for point in book.store.points():
            found = book.store.read(point)
            other.write_series(point, found.seconds, found.values, found.codes)
        other.write_events(book.store.events())
        again = EnergyLedger(book.installation, other, book.clock)
        answer = again.meter(again.installation.meter(meter), span, by)
        other.close()
    return answer


def assert_alike(kept: pd.DataFrame, made: pd.DataFrame) -> None:
    """Quarter hours are kept to a millionth."""
    pd.testing.assert_frame_equal(kept, made, rtol=1e-6, atol=1e-5)


# -- any order of anything ------------------------------------------------------------------


def edit_events(of: tuple[tuple[Ignored, ...], tuple[Factor, ...]]) -> list[Event]:
    ignored, factors = of
    said = [Edit("hall.main", EditKind.IGNORE, i.span, None, "A", "r", LATER) for i in ignored]
    said += [Edit("hall.main", EditKind.FACTOR, f.span, f.factor, "A", "r", LATER) for f in factors]
    return [edit.event for edit in said]


def odd_installation(course: Course | Curve, tz: str) -> Installation:
    """The meters of ``test_ledger`` where hall.main is what ``course`` shows."""
    pulse = None
    if course.corrections:
        told = [
            PulseCorrection(
                at=c.at, pulses=c.before / course.step, reading=c.after, by=c.by, reason=c.reason
            )
            for c in course.rules(MAIN).corrections[:1]
        ]
        pulse = Pulse(weight=course.step, unit="kWh", corrections=tuple(told))
    town = installation(
        meters(
            rated_power_kw=course.rated, valid_from=None, pulse=pulse,
            replacements=course.rules(MAIN).replacements,
        )
    ).cities["town"]  # fmt: skip
    city = City(
        facts=CityFile(id="town", name="Town", latitude=44.1, longitude=9.8, time_zone=tz),
        plan=cast(Plan, None),
        sites=town.sites,
        gateways={"gw": Gateway(id="gw", host="127.0.0.1", poll_period_s=course.poll_s)},
        meters=town.meters,
        actions=(),
        declared=(),
    )
    found = installation(list(town.meters.values()))
    registers = {**found.registers, "hall.main": course.rules(MAIN).register}
    return Installation(
        found.root, found.name, "town", {"town": city}, found.factors, (), registers
    )


def ask(book: EnergyLedger, start_s: int, hours: int, by: By | None) -> pd.DataFrame:
    """A table, or the total of just these hours as one."""
    span = Span(from_seconds(start_s), from_seconds(start_s + hours * 3600))
    if by:
        return book.meter(main(book), span, by)
    return pd.DataFrame([asdict(book.total(main(book), span))])


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    course=st.one_of(courses(most=400), curves(most=400)), tz=st.sampled_from(ZONES), data=st.data()
)
def test_kept_answers_are_fresh_ones_in_any_order_of_writes_and_questions(course, tz, data):
    n = len(course.t)
    cuts = sorted({0, n, *data.draw(st.lists(st.integers(0, n), max_size=4), label="cuts")})
    parts = data.draw(st.permutations(list(pairwise(cuts))), label="order")
    told = [
        Event("hall.main", SWAPPED, r.at, None, "", {"new_serial": r.new_serial})
        for r in course.rules(MAIN).noticed
    ] + edit_events(data.draw(edits(course.t), label="edits"))
    town = odd_installation(course, tz)
    with tempfile.TemporaryDirectory() as folder:
        kept = SqliteStore(Path(folder) / "kept.sqlite")
        again = data.draw(st.lists(st.sampled_from(parts), max_size=1), label="corrected")
        for i, (a, b) in enumerate([*parts, *again]):
            values = course.v[a:b] + (1.0 if i >= len(parts) else 0.0)
            kept.write_series(MAIN, course.t[a:b], values, course.q[a:b])
            if i == len(parts) - 1:
                kept.write_events(told)
            now = from_seconds(int(data.draw(st.sampled_from([course.t[-1], course.t[b - 1]])) + 1))
            book = EnergyLedger(town, kept, lambda now=now: now)
            made = SqliteStore(Path(folder) / f"fresh{i}.sqlite")
            readings = kept.read(MAIN)
            made.write_series(MAIN, readings.seconds, readings.values, readings.codes)
            made.write_events(kept.events())
            for _ in range(2):
                start = int(course.t[0]) + 3600 * data.draw(st.integers(-500, 200), label="from")
                hours = data.draw(st.sampled_from([5, 24, 200, 900]), label="hours")
                by = data.draw(st.sampled_from([*By, None]), label="by")
                other = EnergyLedger(town, made, book.clock)
                assert_alike(ask(book, start, hours, by), ask(other, start, hours, by))
            made.close()
        kept.close()


# -- late data ------------------------------------------------------------------------------

LOST, FOUND = datetime(2025, 3, 10, 9, tzinfo=UTC), datetime(2025, 6, 12, 15, tzinfo=UTC)


def town_with_a_lost_load_curve(store: SqliteStore) -> None:
    """Three months of hall.main are not read; the other meters are."""
    write(store, BORN, LOST)
    write(store, FOUND, datetime(2026, 2, 20, tzinfo=UTC))
    write(store, BORN, datetime(2026, 2, 20, tzinfo=UTC), GAS, 1.0)
    write(store, BORN, datetime(2026, 2, 20, tzinfo=UTC), "hall.kitchen/energy_import", 0.5)


def test_a_late_load_curve_changes_every_total_that_it_touches_and_no_other(store):
    town_with_a_lost_load_curve(store)
    of = Watched(store)
    book = watched(of)
    everybody = list(book.installation.meters.values())
    book.refresh(YEAR)
    before = {(m.id, by): book.meter(m, YEAR, by) for m in everybody for by in (By.DAY, By.MONTH)}
    write(store, LOST + timedelta(minutes=15), FOUND - timedelta(minutes=15))
    of.saved.clear()
    after = {(m.id, by): book.meter(m, YEAR, by) for m in everybody for by in (By.DAY, By.MONTH)}
    for (meter, by), was in before.items():
        now = after[meter, by]
        changed = [str(at.date()) for at in was.index if not was.loc[at].equals(now.loc[at])]
        if meter != "hall.main":
            assert changed == []
        elif by is By.MONTH:
            assert changed == ["2025-03-01", "2025-04-01", "2025-05-01", "2025-06-01"]
        else:
            assert (changed[0], changed[-1], len(changed)) == ("2025-03-10", "2025-06-12", 95)
    assert after["hall.main", By.DAY]["measured"].sum() == pytest.approx(365 * 48.0)
    assert after["hall.main", By.DAY]["missing_high"].sum() == 0
    remade = [at for point, by, at in of.saved if by is By.DAY]
    assert {point for point, _, _ in of.saved} == {MAIN}
    # beside the days that it touches only those that rest on readings of these days
    assert min(remade) >= LOST - timedelta(days=2)
    assert max(remade) <= FOUND + timedelta(days=2)


def test_one_corrected_reading_remakes_the_days_beside_it_alone(store):
    write(store, BORN, datetime(2026, 2, 20, tzinfo=UTC))
    of = Watched(store)
    book = watched(of)
    book.refresh(YEAR)
    of.saved.clear()
    noon = datetime(2025, 8, 14, 10, tzinfo=UTC)
    store.write_series(MAIN, np.array([to_seconds(noon)]), np.array([(noon - BORN).days * 48.0]))
    answer = book.meter(main(book), YEAR, By.DAY)
    days = sorted({str((at + timedelta(hours=2)).date()) for _, by, at in of.saved if by is By.DAY})
    # the 15th begins at 22:00 UTC of the day that was touched, the 13th ends before it
    assert days == ["2025-08-14", "2025-08-15"]
    assert_alike(answer, fresh(book, YEAR, By.DAY))


def test_a_late_load_curve_of_a_month_remakes_what_rests_on_it_and_no_other(store):
    """Figures of March come in May; a load curve has no register that knows of its holes."""
    quarters = Register("hall.main/energy_intervals", "kWh", None, 0.001, 0.0,
                        Evidence.INTERVALS, 900)  # fmt: skip
    of = Watched(store)
    book = watched(of)
    book.installation.registers["hall.main"] = quarters  # type: ignore[index]

    def deliver(first: datetime, last: datetime) -> None:
        t = np.arange(to_seconds(first), to_seconds(last), 900, dtype=np.int64)
        store.write_series(quarters.point, t, np.full(len(t), 0.5))

    march, april = (local_midnight(date(2025, m, 1), "Europe/Rome") for m in (3, 4))
    deliver(BORN, march)
    deliver(april, LATER)
    before = book.meter(main(book), YEAR, By.DAY)
    assert before["measured"].sum() == pytest.approx(365 * 48.0 - 743 * 2.0)
    assert before["missing_high"].sum() == pytest.approx(743 * 12.0)
    of.saved.clear()
    deliver(march, april)
    after = book.meter(main(book), YEAR, By.DAY)
    assert_alike(after, fresh(book, YEAR, By.DAY))
    changed = [str(at.date()) for at in before.index if not before.loc[at].equals(after.loc[at])]
    assert (changed[0], changed[-1], len(changed)) == ("2025-03-01", "2025-03-31", 31)
    remade = {(at + timedelta(hours=2)).date() for _, by, at in of.saved if by is By.DAY}
    # the last day before it and the first after it rest on a reading of the touched days
    assert (min(remade), max(remade)) == (date(2025, 2, 28), date(2025, 4, 1))


def test_a_late_bill_remakes_the_periods_beside_it_alone(store):
    bills = Register("hall.main/energy_amounts", "kWh", None, 0.001, 0.0, Evidence.AMOUNTS)
    of = Watched(store)
    book = watched(of)
    book.installation.registers["hall.main"] = bills  # type: ignore[index]
    at = [to_seconds(local_midnight(date(2025, m, 1), "Europe/Rome")) for m in range(1, 13)]
    t = np.array(at, dtype=np.int64)
    june = t == at[5]
    store.write_series(bills.point, t[~june], np.full(11, 100.0))
    before = book.meter(main(book), YEAR, By.MONTH)
    # without June's the one of May is told for both months
    assert before["measured"].tolist()[:7] == [100.0] * 4 + [0.0, 0.0, 100.0]
    of.saved.clear()
    store.write_series(bills.point, t[june], np.array([70.0]))
    after = book.meter(main(book), YEAR, By.MONTH)
    assert after["measured"].tolist()[:7] == [100.0] * 5 + [70.0, 100.0]
    assert_alike(after, fresh(book, YEAR, By.MONTH))
    remade = {(at + timedelta(hours=2)).month for _, by, at in of.saved if by is By.MONTH}
    # three amounts on either side decide whether one is credible
    assert remade <= {2, 3, 4, 5, 6, 7, 8, 9}
    assert remade >= {5, 6}


def test_an_edit_remakes_the_energy_of_its_meter_and_no_other(store):
    write(store, BORN, datetime(2026, 2, 20, tzinfo=UTC))
    write(store, BORN, datetime(2026, 2, 20, tzinfo=UTC), GAS, 1.0)
    of = Watched(store)
    book = watched(of)
    book.refresh(YEAR)
    of.saved.clear()
    span = Span(datetime(2025, 5, 10, tzinfo=UTC), datetime(2025, 5, 11, tzinfo=UTC))
    said = Edit("hall.main", EditKind.FACTOR, span, 2.0, "Rossi", "CT 200/5, not 100/5", LATER)
    store.write_events([said.event])
    for meter in book.installation.meters.values():
        book.meter(meter, YEAR, By.MONTH)
    assert {point for point, _, _ in of.saved} == {MAIN}
    assert book.total(main(book), YEAR).measured_kwh == pytest.approx(366 * 48.0)
    store.write_events([said.withdrawn("Bianchi", "it was 100/5 after all").event])
    assert book.total(main(book), YEAR).measured_kwh == pytest.approx(365 * 48.0)


# -- what is asked of the store -------------------------------------------------------------


def many_meters(store: SqliteStore, count: int = 12) -> Installation:
    """Meters of one town, each with a year of hourly readings and a gap."""
    t = np.arange(to_seconds(BORN), to_seconds(datetime(2026, 2, 1, tzinfo=UTC)), 3600)
    t = np.delete(t, slice(3000, 3100))
    one = meters()[0]
    of = [one.model_copy(update={"id": f"hall.m{i}"}) for i in range(count)]
    town = installation(meters())
    gateway = Gateway(id="gw", host="127.0.0.1", poll_period_s=3600)
    registers = {m.id: town.registers["hall.main"] for m in of}
    for m in of:
        registers[m.id] = type(registers[m.id])(f"{m.id}/energy_import", "kWh", None, 0.001)
        store.write_series(registers[m.id].point, t, (t - t[0]) / 3600 * 2.0)
    city = town.cities["town"]
    city = City(
        facts=city.facts, plan=city.plan, sites=city.sites, gateways={"gw": gateway},
        meters={m.id: m for m in of}, actions=(), declared=(),
    )  # fmt: skip
    return Installation(town.root, town.name, "town", {"town": city}, town.factors, (), registers)


def test_kept_months_of_many_meters_take_a_handful_of_questions_and_no_reading(store):
    town = many_meters(store)
    of = Watched(store)
    book = EnergyLedger(town, cast(Store, of), lambda: LATER)
    made = SiteEnergy(book).by_site(["hall"], Measures.WITHDRAWAL, YEAR, By.MONTH)
    everybody = [(m, YEAR) for m in town.meters.values()]
    totals = book.totals(everybody)
    of.calls.clear()
    assert_frames_equal(
        SiteEnergy(book).by_site(["hall"], Measures.WITHDRAWAL, YEAR, By.MONTH), made
    )
    assert sorted(of.calls) == ["events", "load_rollups", "touches"]
    of.calls.clear()
    assert book.totals(everybody) == totals
    assert sorted(of.calls) == ["events", "load_rollups", "touches"]
    of.calls.clear()
    SiteEnergy(book).sites(
        ["hall"], Carrier.ELECTRICITY, Measures.WITHDRAWAL, YEAR, By.QUARTER_HOUR
    )
    # The course of each gap is estimated from the days around it, which are kept, too.
    assert sorted(of.calls) == ["events", *2 * ["load_rollups"], *2 * ["touches"]]


def assert_frames_equal(some: dict[Any, pd.DataFrame], others: dict[Any, pd.DataFrame]) -> None:
    assert list(some) == list(others)
    for key, frame in some.items():
        pd.testing.assert_frame_equal(frame, others[key])


def test_meters_that_are_not_read_any_more_take_a_handful_of_questions_however_long(store):
    """Ten years of meters of which some were never read, and some not for years."""
    town = many_meters(store)
    never = {f"hall.n{i}": m for i, m in enumerate(town.meters.values())}
    registers = {
        key: replace(town.registers[m.id], point=f"{key}/energy_import") for key, m in never.items()
    }
    for key, meter in never.items():
        town.cities["town"].meters[key] = meter.model_copy(update={"id": key, "valid_from": None})
    town = replace(town, registers={**town.registers, **registers})
    of = Watched(store)
    now = datetime(2035, 3, 1, 12, tzinfo=UTC)
    book = EnergyLedger(town, cast(Store, of), lambda: now)
    span = Span(datetime(2025, 1, 1, tzinfo=UTC), now)
    made = SiteEnergy(book).by_site(["hall"], Measures.WITHDRAWAL, span, By.YEAR)
    of.calls.clear()
    assert_frames_equal(
        SiteEnergy(book).by_site(["hall"], Measures.WITHDRAWAL, span, By.YEAR), made
    )
    assert of.calls.count("around") <= 4
    assert len(of.calls) < 30
    (frame,) = made.values()
    assert frame["measured_kwh"].iloc[0] == pytest.approx(12 * 365 * 48.0)
    assert frame["missing_high_kwh"].iloc[5] == pytest.approx(2 * 12 * 365 * 24 * 12.0)


def test_months_of_a_silent_meter_are_kept_until_it_speaks_again(store):
    silent_from, back = datetime(2025, 11, 10, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    write(store, BORN, silent_from)
    of = Watched(store)
    book = watched(of)
    first = book.meter(main(book), YEAR, By.MONTH)
    of.calls.clear()
    assert_alike(book.meter(main(book), YEAR, By.MONTH), first)
    assert sorted(of.calls) == ["events", "latest", "load_rollups", "touches"]
    assert first["missing_high"].iloc[10:].gt(0).all()
    write(store, back, back + timedelta(hours=1))  # later than all others: touches nothing
    second = book.meter(main(book), YEAR, By.MONTH)
    assert_alike(second, fresh(ledger(store, LATER), YEAR, By.MONTH))
    assert second["missing_high"].sum() == 0


def test_a_total_of_any_span_reads_no_more_than_its_ends(store):
    write(store, BORN, datetime(2026, 2, 20, tzinfo=UTC))
    read: list[int] = []
    around = store.around

    def counted(*args: Any) -> Any:
        found = around(*args)
        read.append(sum(len(r) for r in found.values()))
        return found

    store.around = counted  # type: ignore[method-assign]
    book = ledger(store, LATER)
    span = Span(BORN + timedelta(hours=7.5), datetime(2026, 1, 15, 5, 20, tzinfo=UTC))
    first = book.total(main(book), span)
    read.clear()
    assert book.total(main(book), span) == first
    assert first.measured_kwh == pytest.approx(span.seconds / 3600 * 2.0)
    assert first.coverage == pytest.approx(1.0)
    assert sum(read) < 2 * (96 + 2 * 16)


def test_a_kept_row_does_not_answer_for_a_clock_that_is_behind(store):
    write(store, BORN, datetime(2025, 3, 1, tzinfo=UTC))
    ahead = ledger(store, datetime(2025, 3, 1, tzinfo=UTC))
    ahead.refresh(YEAR)
    behind = ledger(store, datetime(2025, 2, 10, 11, tzinfo=UTC))  # noon in Rome
    months = behind.meter(main(behind), YEAR, By.MONTH)
    assert months["measured"].tolist()[:2] == [pytest.approx(31 * 48.0), pytest.approx(9.5 * 48.0)]
    assert months["covered_s"].sum() == months["span_s"].sum()


# -- others who write meanwhile -------------------------------------------------------------


def interrupted(
    store: SqliteStore, question: Callable[[EnergyLedger], object], write_late: Callable[[], None]
) -> int:
    """``question`` while somebody writes before its n-th call of the store, for every n.

    Returns how many places there were. After each the answer must be the fresh one.
    """
    for n in range(1, 200):
        of = Watched(store)
        done = []

        def meanwhile(call: int, n: int = n, done: list[int] = done) -> None:
            if call == n:
                write_late()
                done.append(call)

        write_late()  # so that there is something to make, whatever the last round has kept
        of.meanwhile = meanwhile
        question(watched(of))
        if not done:
            return n - 1
        book = ledger(store, LATER)
        span = Span(BORN + timedelta(days=50), BORN + timedelta(days=75))
        for by in (By.MONTH, By.DAY, By.HOUR):
            assert_alike(book.meter(main(book), span, by), fresh(book, span, by))
    raise AssertionError("it never ends")


def test_whoever_writes_between_two_steps_of_a_question_leaves_no_stale_row(store):
    write(store, BORN, BORN + timedelta(days=90))
    steps = iter(range(1000))

    def correct() -> None:  # another reading each time, so that every row must be made anew
        at = BORN + timedelta(days=60, hours=next(steps))
        kwh = (at - BORN).total_seconds() / 3600 * 2.0 + 0.5
        store.write_series(MAIN, np.array([to_seconds(at)]), np.array([kwh]))

    span = Span(BORN, BORN + timedelta(days=89))
    months = interrupted(store, lambda b: b.meter(main(b), span, By.MONTH), correct)
    total = interrupted(
        store, lambda b: b.total(main(b), Span(BORN + timedelta(hours=5), span.end)), correct
    )
    assert months >= 6
    assert total >= 6


def test_what_rests_on_a_day_that_is_being_written_is_not_kept(store):
    write(store, BORN, BORN + timedelta(days=40))
    of = Watched(store)
    open_day = to_seconds(datetime(2025, 1, 20, tzinfo=UTC))
    touches = store.touches

    def with_open(*args: Any) -> dict[str, Touches]:
        return {MAIN: Touches(np.array([open_day]), np.array([OPEN]))} | touches(*args)

    store.touches = with_open  # type: ignore[method-assign]
    book = watched(of)
    january = Span(BORN, BORN + timedelta(days=31))
    for _ in range(2):
        of.saved.clear()
        of.calls.clear()
        assert book.total(main(book), january).measured_kwh == pytest.approx(31 * 48.0)
        assert "around" in of.calls
    days = {at.date() for _, by, at in of.saved if by is By.DAY}
    assert {by for _, by, _ in of.saved} <= {By.DAY}
    assert not days & {date(2025, 1, d) for d in (18, 19, 20)}  # local days begin at 23:00 UTC
    del store.touches  # written and closed
    book.refresh(january)
    of.calls.clear()
    assert book.total(main(book), january).measured_kwh == pytest.approx(31 * 48.0)
    assert sorted(of.calls) == ["events", "load_rollups", "touches"]


def test_two_ledgers_with_other_rules_never_take_each_others_rows(store):
    write(store, BORN, BORN + timedelta(days=50))
    span = Span(BORN, BORN + timedelta(days=31))
    wide, narrow = ledger(store, LATER), ledger(store, LATER, rated_power_kw=0.1)
    first = wide.meter(main(wide), span, By.DAY), narrow.meter(main(narrow), span, By.DAY)
    assert first[0]["measured"].sum() > 10 * first[1]["measured"].sum()
    for _ in range(2):
        assert wide.meter(main(wide), span, By.DAY).equals(first[0])
        assert narrow.meter(main(narrow), span, By.DAY).equals(first[1])


def test_made_afresh_is_what_was_kept(store):
    town_with_a_lost_load_curve(store)
    of = Watched(store)
    book = watched(of)
    book.refresh(YEAR)
    kept = book.meter(main(book), YEAR, By.QUARTER_HOUR)
    was = set(of.saved)
    of.saved.clear()
    book.refresh(YEAR, afresh=True)
    assert set(of.saved) == was
    assert book.meter(main(book), YEAR, By.QUARTER_HOUR).equals(kept)


def test_a_meter_out_of_use_is_kept_to_its_last_day(store):
    write(store, BORN, datetime(2025, 4, 20, tzinfo=UTC))
    of = Watched(store)
    book = watched(of, valid_to=date(2025, 4, 10))
    meter: FieldMeter = main(book)
    assert book.total(meter, YEAR).measured_kwh == pytest.approx((31 + 28 + 31 + 9) * 48.0 - 2.0)
    book.refresh(YEAR)
    of.calls.clear()
    assert book.meter(meter, YEAR, By.MONTH)["measured"].iloc[3] == pytest.approx(9 * 48.0)
    assert "around" not in of.calls
