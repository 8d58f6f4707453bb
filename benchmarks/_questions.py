"""What is measured of a store, whichever it is: ours beside a reference, the same answers.

Every answer of ours is compared with the reference's before a time is printed. Ratios below 1
mean faster than the reference.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Generic, TypeVar, cast

import numpy as np
import pandas as pd
from _figures import best, duration, head, line, progress, rates, row, seconds
from _places import Amounts, Counted, Place
from _town import LAST_YEAR, ROME, Town, kwh_in_thousandth, round_times

from collectors.simulator import Town as SimulatedTown
from collectors.simulator import fill_history
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.config import load_installation
from paes.metering import Carrier, Measures, Reading
from paes.periods import By, Span, from_seconds, to_seconds, year_span
from paes.rollups import DAY_S
from paes.shipped_files import shipped_config
from paes.store import Store, open_store

PEER_SITES = 50
"""Buildings, of three carriers each: a known program needs 3.7 to 6.3 s for their months."""
LATE_DAYS = 90

P = TypeVar("P")
Frames = dict[tuple[str, Carrier | None], pd.DataFrame]


def arguments(
    description: str | None, meters: int, years: int, town_days: int
) -> argparse.ArgumentParser:
    """How much is measured; the numbers are defaults."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--meters", type=int, default=meters, help="[%(default)s]")
    parser.add_argument("--years", type=int, default=years, help="[%(default)s]")
    parser.add_argument("--rounds", type=int, default=200, help="live rounds [%(default)s]")
    parser.add_argument(
        "--town-days", type=int, default=town_days,
        help="history of the shipped town behind the first page; 0: no page [%(default)s]",
    )  # fmt: skip
    parser.add_argument("--processes", type=int, default=3, help="that ask for it [%(default)s]")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured [a temporary one]")
    return parser


class Benchmark(Generic[P]):
    """All questions about one town to one place, in an order in which each finds its data."""

    def __init__(self, town: Town, place: Place[P], asked: argparse.Namespace) -> None:
        self.town = town
        self.place = place
        self.rounds: int = asked.rounds
        self.asked = asked
        self.counted = Counted(place.store)
        self.ledger = EnergyLedger(town.installation, cast(Store, self.counted), town.clock)

    def run(self) -> None:
        """Measure and print everything."""
        town = self.town
        size = f"{town.count} meters x {town.years} year(s) = {town.readings:,} readings"
        head(size, self.place.reference.name)
        self.history()
        self.live_rounds()
        raw_bytes = self.raw_size()
        self.one_meter()
        self.days_of_all()
        self.rest_derived()
        self.derived_size(raw_bytes)
        self.years_by_site()
        self.late_curve()
        if self.asked.town_days:
            first_page(self.place, self.asked.town_days, self.asked.processes)

    def history(self) -> None:
        """Meter by meter, as imports and copies write."""
        town, store, reference = self.town, self.place.store, self.place.reference
        ours = theirs = 0.0
        for number in range(town.count):
            progress(f"history of meter {number + 1} of {town.count}")
            register, point = town.registers(number), town.point(number)
            prepared, values = (
                reference.prepared({number: (town.seconds, register)}),
                register / 1e3,
            )
            theirs += seconds(lambda rows=prepared: reference.ingest(rows))[0]
            ours += seconds(lambda p=point, v=values: store.write_series(p, town.seconds, v))[0]
        line("history, meter by meter", ours, theirs, rates(town.readings, ours, theirs))

    def live_rounds(self) -> None:
        """All meters at once, one quarter of an hour after the other, as collectors write."""
        town, store, reference = self.town, self.place.store, self.place.reference
        points = [town.point(n) for n in range(town.count)]
        last = [int(town.registers(n)[-1]) for n in range(town.count)]
        ours = theirs = 0.0
        for i, at in enumerate(round_times(town.span.end, self.rounds)):
            progress(f"round {i + 1} of {self.rounds}")
            values = [v + 100 * (i + 1) for v in last]
            readings = [Reading(p, at, v / 1e3) for p, v in zip(points, values, strict=True)]
            of_round = {
                n: (np.array([to_seconds(at)]), np.array([v])) for n, v in enumerate(values)
            }
            prepared = reference.prepared(of_round)
            theirs += seconds(lambda rows=prepared: reference.ingest(rows))[0]
            ours += seconds(lambda r=readings: store.write(r))[0]
        count = town.count * self.rounds
        note = f"{1e3 * ours / self.rounds:.1f} ms a round, {rates(count, ours, theirs)}"
        line(f"live, {self.rounds} rounds of {town.count} readings", ours, theirs, note)

    def raw_size(self) -> int:
        """Bytes on disk before anything is derived."""
        progress("compacting")
        ours, theirs = self.place.compacted_bytes()
        count = self.town.readings + self.town.count * self.rounds
        sizes = f"{ours / count:.2f} B", f"{theirs / count:.2f} B"
        row("bytes a reading, compacted", *sizes, f"{ours / theirs:.2f} x", f"{ours / 1e6:,.1f} MB")
        return ours

    def one_meter(self) -> None:
        """One meter's last year as it was read, and by quarter hours."""
        town, meter, number = self.town, self.town.meters[-1], self.town.count - 1
        year, point = town.year, town.point(number)
        theirs, known = best(lambda: self.place.reference.registers(number, year))
        until = from_seconds(to_seconds(year.end) + 1)
        ours, read = best(lambda: self.place.store.read(point, year.start, until))
        assert np.array_equal(np.rint(read.values * 1e3), known), "other readings"
        line("one meter-year at 15 minutes, raw", ours, theirs)

        def account() -> pd.DataFrame:
            return self.ledger.meter(meter, year, By.QUARTER_HOUR)

        for when, (ours, frame) in (("first time", seconds(account)), ("kept", best(account))):
            assert np.allclose(frame["measured"], np.diff(known) / 1e3, rtol=0, atol=1e-6)
            assert (frame["covered_s"] == frame["span_s"]).all(), "gaps where there are none"
            line(f"  … accounted by quarter hours, {when}", ours, theirs)

    def days_of_all(self) -> None:
        """The last year of all meters by local day."""
        town = self.town
        progress("daily totals, the reference")
        theirs, known = best(lambda: self.place.reference.days(town.year), 2)
        expected = {(m.site, m.carrier): of for m, of in zip(town.meters, known, strict=True)}

        def ask() -> Frames:
            return self.by_site(town.sites, town.year, By.DAY)

        progress("daily totals, ours")
        for when, (ours, found) in (("first time", seconds(ask)), ("kept", best(ask))):
            require_same(found, expected)
            line(f"daily totals of all meters, a year, {when}", ours, theirs,
                 f"{known.size:,} days")  # fmt: skip

    def rest_derived(self) -> None:
        """Months, and the days of the other years, as the upkeep of a collector makes them."""
        before = dict(self.counted.rows)
        ours, _ = seconds(
            lambda: self.ledger.refresh(
                self.town.span, lambda done, total: progress(f"deriving, {done} of {total} meters")
            )
        )
        days, months = (self.counted.rows[by] - before[by] for by in (By.DAY, By.MONTH))
        note = f"{months:,} months, and {days:,} days of other years"
        row("the rest derived", duration(ours), "", "", note)

    def derived_size(self, raw_bytes: int) -> None:
        """What all derived rows add on disk."""
        progress("compacting")
        more, days = self.place.compacted_bytes()[0] - raw_bytes, self.counted.rows[By.DAY]
        note = f"{more / 1e6:,.1f} MB, {more / days:.0f} B a day with its course"
        row("bytes derived, a reading", f"{more / self.town.readings:.2f} B", "", "", note)

    def years_by_site(self) -> None:
        """The last year against the first one, by month, site and carrier."""
        town, reference = self.town, self.place.reference
        progress("the reference keeps days")
        reference.keep_days(town.span)
        years = [town.year] if town.years == 1 else [town.base_year, town.year]
        what = "year" if town.years == 1 else "year against base year"
        for count in sorted({min(PEER_SITES, len(town.sites)), len(town.sites)}):
            sites = town.sites[:count]
            theirs, known = best(lambda s=sites: [reference.months(s, y) for y in years], 5)
            ours, found = best(lambda s=sites: [self.by_site(s, y, By.MONTH) for y in years], 5)
            for frames, amounts in zip(found, known, strict=True):
                require_same(frames, amounts)
            note = f"{len(found[0])} series of months a year"
            line(f"{what}, by month, {count} sites x carriers", ours, theirs, note)

    def late_curve(self) -> None:
        """Three months of one meter arrive again, and better: what has to be made anew."""
        town, reference, store = self.town, self.place.reference, self.place.store
        begin_s = to_seconds(town.year.start) + 30 * DAY_S
        inside = (town.seconds >= begin_s) & (town.seconds < begin_s + LATE_DAYS * DAY_S)
        times, known = town.seconds[inside], town.registers(0)[inside]
        curve = np.linspace(known[0], known[-1], len(known)).astype(np.int64)
        prepared = reference.prepared({0: (times, curve)})
        theirs, _ = seconds(lambda: reference.ingest(prepared))
        ours, _ = seconds(lambda: store.write_series(town.point(0), times, curve / 1e3))
        line("late: three months of one meter", ours, theirs, rates(len(times), ours, theirs))
        before = dict(self.counted.rows)
        ours, found = seconds(lambda: self.by_site(town.sites, town.year, By.MONTH))
        made = {by: self.counted.rows[by] - rows for by, rows in before.items()}
        progress("the reference keeps days again")

        def again() -> Amounts:
            reference.keep_days(town.year)
            return reference.months(town.sites, town.year)

        theirs, expected = seconds(again)
        require_same(found, expected)
        note = f"made anew: {made[By.DAY]} days, {made[By.MONTH]} months of one meter"
        line("  … then months of all meters, the year", ours, theirs, note)

    def by_site(self, sites: Sequence[str], span: Span, by: By) -> Frames:
        """As the program answers."""
        return SiteEnergy(self.ledger).by_site(sites, Measures.WITHDRAWAL, span, by)


def first_page(place: Place[P], days: int, processes: int) -> None:
    """A fresh process, from its start to the data of the shipped town's first page.

    The reference is a fresh process as well; it imports Dash and pandas, and asks one question.
    """
    end = year_span(LAST_YEAR, ROME).end
    span = Span(from_seconds(to_seconds(end) - days * DAY_S), end)
    installation = load_installation(shipped_config())

    def told(done: int, total: int, _: str = "") -> None:
        progress(f"the shipped town, {done} of {total} meters")

    with closing(open_store(place.town_url)) as store:
        town = SimulatedTown(installation, epoch=span.start)
        made = fill_history(town, store, span.start, span.end, progress=told)
        EnergyLedger(installation, store, lambda: end).refresh(span, told)
    progress("the first page in fresh processes")
    ours = _fastest(["page", place.town_url, end.isoformat()], processes)
    theirs = _fastest(place.plain_question, processes)
    note = f"{made.meters} meters, {days} days"
    line("first page's data in a fresh process", ours["whole_s"], theirs["whole_s"], note)
    line("  … of it imports", ours["import_s"], theirs["import_s"])
    line("  … of it configuration, store and data", ours["answer_s"], theirs["answer_s"])


def _fastest(question: Sequence[str], processes: int) -> dict[str, float]:
    """The times of the quickest of some fresh processes."""

    def ask() -> dict[str, float]:
        program = str(Path(__file__).with_name("_cold_start.py"))
        done = subprocess.run(
            [sys.executable, program, *question], stdout=subprocess.PIPE, text=True, check=True
        )
        return cast(dict[str, float], json.loads(done.stdout))

    whole_s, parts = best(ask, processes)
    return {"whole_s": whole_s, **parts}


def require_same(found: Frames, expected: Amounts) -> None:
    """AssertionError unless both tell the same energy, to a thousandth of the unit."""
    assert found.keys() == expected.keys(), "other sites or carriers"
    for (site, carrier), frame in found.items():
        kwh = expected[site, carrier] * kwh_in_thousandth(carrier)
        differs = f"{site}, {carrier}: other amounts than the reference's"
        assert np.allclose(frame["measured_kwh"], kwh, rtol=0, atol=1e-3), differs
