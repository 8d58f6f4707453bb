"""The energy ledger: what each meter, site and city used, asked by period.

It joins the installation (which meter, which register, since when) with a store (readings) and
the rules of ``paes.consumption``. Whole local days are kept in the store as derived figures,
so that a page never recomputes ten years; they can always be made again from the readings.

Answers are frames with one row a period, or an ``EnergyTotal``; amounts are kWh (m3 for
water), and each is measured + estimated + missing between bounds, with its coverage. Time
before a meter was commissioned or after *now* is not missing: it is outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
import pandas as pd

from paes.causes import explained, is_explained
from paes.consumption import buckets, cut, outer_gaps, spread_gaps
from paes.counter import Account, account, is_complete
from paes.counter_findings import absence_finding
from paes.counter_rules import (
    GAP_AFTER_PERIODS,
    SWAP_NOTICED_AFTER_S,
    CounterRules,
    corrections_of,
)
from paes.day_books import apart, joined, runs, same_day, within
from paes.energy_total import EnergyTotal
from paes.events import ABSENCE, SWAPPED, Cause, Event, absence
from paes.installation import Installation
from paes.metering import Carrier, Finding, Measures, Meter, Replacement
from paes.periods import (
    By,
    Clock,
    Seconds,
    Span,
    edges,
    from_seconds,
    local_midnight,
    local_year,
    now_utc,
    to_seconds,
    year_span,
)
from paes.series import DayBook, Gap
from paes.store import Store

CONTEXT_READINGS = (8, 64, 512, 4096)
"""Readings read on either side of a span, so that its first and last steps are judged right:
the first that suffices. More than 8 are needed only where many in a row are not credible."""

SAME_EXCHANGE = timedelta(days=1)
"""An exchange that was noticed within a day of a described one is the same."""

AMOUNTS = ("measured", "catch_up", "estimated", "missing_low", "missing_high")


class EnergyLedger:
    """Energy by meter, site and cell of one installation from one store."""

    def __init__(self, installation: Installation, store: Store, clock: Clock = now_utc) -> None:
        self.installation = installation
        self.store = store
        self.clock = clock

    def rules(self, meter: Meter) -> CounterRules:
        """How the meter's register is accounted."""
        register = self.installation.register(meter)
        period_s = self.poll_period(meter).total_seconds()
        return CounterRules(
            register,
            gap_after_s=GAP_AFTER_PERIODS * period_s,
            limit_per_h=meter.rated_power_kw if register.unit == "kWh" else meter.rated_flow_m3_h,
            replacements=meter.replacements,
            noticed=self._noticed(meter),
            corrections=corrections_of(meter.pulse, register),
        )

    def _noticed(self, meter: Meter) -> tuple[Replacement, ...]:
        """Exchanges that the collector noticed, and that nobody has described in the meantime."""
        return tuple(
            Replacement(
                at=event.start,
                old_serial=str(event.facts.get("old_serial") or "") or None,
                new_serial=str(event.facts.get("new_serial") or "unknown"),
            )
            for event in self.store.events(subjects=[meter.id], name=SWAPPED)
            if all(abs(event.start - r.at) > SAME_EXCHANGE for r in meter.replacements)
        )

    def poll_period(self, meter: Meter) -> timedelta:
        """How often the meter is read."""
        return timedelta(seconds=self.installation.gateways[meter.gateway].poll_period_s)

    def life(self, meter: Meter, span: Span) -> Span | None:
        """The part of ``span`` in which the meter was in use and that is not in the future."""
        born, dead = self._born_and_dead(meter)
        now = self._now()
        return span.clip(born, min(now, dead) if dead else now)

    def _now(self) -> datetime:
        return from_seconds(to_seconds(self.clock()))

    def _born_and_dead(self, meter: Meter) -> tuple[datetime | None, datetime | None]:
        tz = self.installation.time_zone(meter.id)
        born = local_midnight(meter.valid_from, tz) if meter.valid_from else None
        return born, local_midnight(meter.valid_to, tz) if meter.valid_to else None

    def meter(self, meter: Meter, span: Span, by: By) -> pd.DataFrame:
        """The register's amounts by period, in the register's unit.

        Columns ``measured``, ``catch_up``, ``estimated``, ``missing_low``, ``missing_high``,
        ``covered_s``, ``span_s``; index ``start`` in the meter's local time. Periods are whole
        ones around ``span``.
        """
        tz = self.installation.time_zone(meter.id)
        wanted = edges(span, by, tz)
        life = self.life(meter, Span(from_seconds(wanted[0]), from_seconds(wanted[-1])))
        rules = self.rules(meter)
        if life is None:
            table = _empty_table(wanted)
        elif by in (By.QUARTER_HOUR, By.HOUR):
            book, gaps = self._account(rules, life)
            table = buckets(book, gaps, within(wanted, life), rules)
            table["start_s"], table["end_s"] = wanted[:-1], wanted[1:]
        else:
            table = self._from_days(meter, life, wanted)
        return _labelled(table, life, tz)

    def total(self, meter: Meter, span: Span) -> EnergyTotal:
        """The meter's energy over ``span`` exactly; gas is turned into kWh, water stays m3.

        A gap over New Year is cut only where the calorific value changes with the year.
        """
        tz = self.installation.time_zone(meter.id)
        total, life = EnergyTotal(), self.life(meter, span)
        if life is None:
            return total
        years = range(local_year(life.start, tz), local_year(life.end, tz) + 1)
        for factor, alike in groupby(years, key=lambda year: self.kwh_factor(meter, year)):
            of = list(alike)
            part = life.clip(year_span(of[0], tz).start, year_span(of[-1], tz).end)
            if part:
                total += self._total_at(meter, part, factor, tz)
        return total

    def _total_at(self, meter: Meter, life: Span, factor: float, tz: str) -> EnergyTotal:
        rules = self.rules(meter)
        ends = np.array([to_seconds(life.start), to_seconds(life.end)], dtype=np.int64)
        days = edges(life, By.DAY, tz)
        if days[0] == ends[0] and (days[-1] == ends[1] or life.end >= self._now()):
            row = self._from_days(meter, life, ends).iloc[0]
        else:
            row = buckets(*self._account(rules, life), ends, rules).iloc[0]
        return EnergyTotal(
            measured_kwh=row["measured"] * factor,
            catch_up_kwh=row["catch_up"] * factor,
            missing_low_kwh=row["missing_low"] * factor,
            missing_high_kwh=row["missing_high"] * factor,
            covered_s=row["covered_s"],
            span_s=life.seconds,
        )

    def sites(
        self,
        sites: Iterable[str],
        carrier: Carrier | None,
        measures: Measures,
        span: Span,
        by: By,
    ) -> pd.DataFrame:
        """Energy of ``sites`` by period: the sum of their meters of that kind.

        Columns as in ``meter`` with ``_kwh`` (``_m3`` for water); empty if there is no such meter.
        """
        suffix = "m3" if measures is Measures.WATER else "kwh"
        frames = [self.energy(m, span, by) for m in self.meters(sites, carrier, measures)]
        return _summed(frames, suffix)

    def energy(self, meter: Meter, span: Span, by: By) -> pd.DataFrame:
        """As ``meter``, with gas in kWh and the unit in the columns' names."""
        frame = self.meter(meter, span, by)
        suffix = "m3" if meter.measures is Measures.WATER else "kwh"
        if meter.carrier is Carrier.NATURAL_GAS:
            starts = pd.DatetimeIndex(frame.index)
            factors = {y: self.kwh_factor(meter, y) for y in set(starts.year)}
            scale = np.array([factors[y] for y in starts.year])
            for name in AMOUNTS:
                frame[name] *= scale
        return frame.rename(columns={name: f"{name}_{suffix}" for name in AMOUNTS})

    def meters(
        self,
        sites: Iterable[str] | None = None,
        carrier: Carrier | None = None,
        measures: Measures = Measures.WITHDRAWAL,
    ) -> Iterator[Meter]:
        """The meters of ``sites`` (all if None) that measure this."""
        wanted = None if sites is None else set(sites)
        for meter in self.installation.meters.values():
            if meter.measures is not measures:
                continue
            if (wanted is None or meter.site in wanted) and carrier in (None, meter.carrier):
                yield meter

    def kwh_factor(self, meter: Meter, year: int) -> float:
        """kWh in one unit of the meter's register: net calorific value for gas, else 1."""
        if meter.carrier is not Carrier.NATURAL_GAS:
            return 1.0
        return self.installation.factors.calorific_value(
            Carrier.NATURAL_GAS, "Sm3", year
        ).kwh_per_unit

    def findings(self, meter: Meter, span: Span) -> list[Finding]:
        """What was wrong with the meter's readings in ``span``, in order of time.

        Gaps name the causes that the collector stored; without any reading before or after
        them they are told only if there is such a cause.
        """
        life = self.life(meter, span)
        if life is None:
            return []
        rules = self.rules(meter)
        book, gaps = self._account(rules, life)
        inside = [f for f in book.findings if f.at is None or life.start <= f.at < life.end]
        outer = [absence_finding(g, rules) for g in gaps if g not in book.gaps]
        absences = self.absences(meter, _with_gaps(life, gaps))
        found = [explained(f, absences) for f in inside]
        found += [f for f in (explained(f, absences) for f in outer) if is_explained(f)]
        return sorted(found, key=lambda f: f.at or life.start)

    def absences(self, meter: Meter, span: Span) -> list[Event]:
        """Why the meter brought no readings: absences that touch ``span``, by time.

        While it was in use these are the stored ones; that it was not in use yet, or not any
        more, is told by the configuration, for nobody asks such a meter.
        """
        born, dead = self._born_and_dead(meter)
        told = [
            part
            for event in self.store.events(span.start, span.end, [meter.id], ABSENCE)
            if (part := _while_in_use(event, born, dead))
        ]
        if born and span.start < born:
            text, end = f"in use from {meter.valid_from} on", min(born, span.end)
            told.append(absence(meter.id, Cause.NOT_COMMISSIONED, span.start, end, text))
        if dead and dead < span.end:
            text, start = f"not in use any more since {meter.valid_to}", max(dead, span.start)
            told.append(absence(meter.id, Cause.NOT_COMMISSIONED, start, span.end, text))
        return sorted(told, key=lambda e: (e.start, e.name))

    def refresh(self, span: Span, progress: Callable[[int, int], None] | None = None) -> None:
        """Derive and keep every meter's days of ``span`` that are not kept yet."""
        meters = list(self.installation.meters.values())
        for done, meter in enumerate(meters):
            days = edges(span, By.DAY, self.installation.time_zone(meter.id))
            life = self.life(meter, Span(from_seconds(days[0]), from_seconds(days[-1])))
            if life:
                self._days(meter, life)
            if progress:
                progress(done + 1, len(meters))

    def _account(self, rules: CounterRules, life: Span) -> tuple[Account, list[Gap]]:
        start_s, end_s = to_seconds(life.start), to_seconds(life.end)
        # An exchange that was noticed in the span may have been made, and is told, before it.
        noticed = [s for r in rules.noticed if start_s < (s := to_seconds(r.at)) <= end_s]
        from_s = min([start_s, *(at - SWAP_NOTICED_AFTER_S for at in noticed)])
        for margin in CONTEXT_READINGS:
            readings = self.store.around(rules.register.point, from_s, end_s, margin)
            book = account(readings, rules)
            if is_complete(book, readings, (start_s, end_s), margin, rules):
                break
        gaps = [g for g in book.gaps if g.end_s > start_s and g.start_s < end_s]
        return book, gaps + outer_gaps(book, start_s, end_s, rules)

    def _from_days(self, meter: Meter, life: Span, wanted: Seconds) -> pd.DataFrame:
        """Periods made of whole days, from kept days and their gaps."""
        rules, book = self.rules(meter), self._days(meter, life)
        place = np.searchsorted(wanted, book.day_s, side="right") - 1
        place = np.clip(place, 0, len(wanted) - 2)
        table = _empty_table(wanted)
        for name, amounts in (
            ("measured", book.measured + book.catch_up),
            ("catch_up", book.catch_up),
            ("covered_s", book.covered_s),
        ):
            table[name] = np.bincount(place, weights=amounts, minlength=len(wanted) - 1)
        catch_up, low, high = spread_gaps(book.gaps, within(wanted, life), rules)
        table["measured"] += catch_up
        table["catch_up"] += catch_up
        table["missing_low"] = low
        table["missing_high"] = high
        return table

    def _days(self, meter: Meter, life: Span) -> DayBook:
        """Every local day that ``life`` touches, from the store or made now."""
        rules, tz = self.rules(meter), self.installation.time_zone(meter.id)
        point = rules.register.point
        identity = f"{rules.key}|{tz}|{self._born_and_dead(meter)}"
        rules_id = hashlib.sha256(identity.encode()).hexdigest()[:16]
        day_edges = edges(life, By.DAY, tz)
        revision = self.store.revision(point)
        kept = self.store.load_days(point, rules_id, int(day_edges[0]), int(day_edges[-1]))
        have = np.isin(day_edges[:-1], kept.day_s)
        missing = list(runs(~have))
        parts, gaps = [kept], dict.fromkeys(apart(kept.gaps, day_edges, missing))
        for first, last in missing:
            made, settled = self._make_days(rules, life, day_edges[first : last + 1])
            if settled is not None:
                self.store.save_days(point, rules_id, settled, revision)
            parts.append(made)
            gaps |= dict.fromkeys(made.gaps)
        return joined(parts, tuple(gaps))

    def _make_days(
        self, rules: CounterRules, life: Span, day_edges: Seconds
    ) -> tuple[DayBook, DayBook | None]:
        """Days from readings: all of them, and those that no later reading will complete."""
        start_s = max(int(day_edges[0]), to_seconds(life.start))
        end_s = min(int(day_edges[-1]), to_seconds(life.end))
        span = Span(from_seconds(start_s), from_seconds(end_s))
        book, gaps = self._account(rules, span)
        lived = within(day_edges, span)
        inner = [g for g in gaps if g.known and same_day(g, lived)]
        others = [g for g in gaps if not (g.known and same_day(g, lived))]
        outer = tuple(part for g in others for part in cut(g, lived, rules))
        table = buckets(book, inner, lived, rules)
        made = DayBook(
            day_s=day_edges[:-1],
            measured=(table["measured"] - table["catch_up"]).to_numpy(),
            catch_up=table["catch_up"].to_numpy(),
            covered_s=table["covered_s"].to_numpy(),
            gaps=outer,
        )
        last_reading = int(book.knots_s[-1]) if len(book.knots_s) else -(2**62)
        n = int(np.sum(day_edges[1:] <= min(last_reading, end_s)))
        if n == 0:
            return made, None
        settled = DayBook(
            made.day_s[:n],
            made.measured[:n],
            made.catch_up[:n],
            made.covered_s[:n],
            tuple(g for g in outer if g.cause != "after_last_reading"),
        )
        return made, settled


def _while_in_use(event: Event, born: datetime | None, dead: datetime | None) -> Event | None:
    """The part of a stored absence in which the meter was in use; None if there is none."""
    start = max(event.start, born) if born else event.start
    end = min(event.end, dead) if event.end and dead else event.end
    return replace(event, start=start, end=end) if end and start < end else None


def _with_gaps(life: Span, gaps: list[Gap]) -> Span:
    """``life`` and all of the gaps that begin or end outside of it."""
    start_s = min([to_seconds(life.start), *(g.start_s for g in gaps)])
    end_s = max([to_seconds(life.end), *(g.end_s for g in gaps)])
    return Span(from_seconds(start_s), from_seconds(end_s))


def _summed(frames: list[pd.DataFrame], suffix: str = "kwh") -> pd.DataFrame:
    """Frames of one period axis added up; an empty frame if there is none."""
    if not frames:
        columns = [f"{name}_{suffix}" for name in AMOUNTS] + ["covered_s", "span_s"]
        return pd.DataFrame(columns=columns, dtype=np.float64)
    total = frames[0].copy()
    for frame in frames[1:]:
        total = total.add(frame, fill_value=0.0)
    return total


def _labelled(table: pd.DataFrame, life: Span | None, tz: str) -> pd.DataFrame:
    starts = table["start_s"].to_numpy()
    if life is None:
        table["span_s"] = 0.0
    else:
        begin = np.maximum(starts, to_seconds(life.start))
        finish = np.minimum(table["end_s"].to_numpy(), to_seconds(life.end))
        table["span_s"] = np.maximum(finish - begin, 0).astype(np.float64)
    table["estimated"] = 0.0
    index = pd.DatetimeIndex(starts.astype("datetime64[s]"), tz="UTC").tz_convert(tz)
    frame = table[[*AMOUNTS, "covered_s", "span_s"]]
    return frame.set_index(index.rename("start"))


def _empty_table(wanted: Seconds) -> pd.DataFrame:
    table = pd.DataFrame({"start_s": wanted[:-1], "end_s": wanted[1:]})
    for name in (*AMOUNTS, "covered_s"):
        table[name] = 0.0
    return table
