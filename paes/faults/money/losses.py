"""The monthly ledger of avoidable losses: what malfunctions cost, each hour counted once.

::

    cases ─ priced steps ─ what overlaps is counted once ─ months by rule, site and unit

Two cases overlap where they tell of the same hour of one meter, or of a submeter and a meter above
it: of the hours of which both tell the larger amount counts, and the other is told as an
``Overlap``. Submeters beside each other are added before they are held against the meter above.
Where nothing overlaps, a case is in the ledger with what its price says, but for the millionths
to which a store keeps each step.

Cases that were dismissed, or that readings do not show any more, were no losses. What a rule
reckons itself (a claim, a power part) is money without energy, and spread evenly over its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from itertools import pairwise
from typing import Literal

import numpy as np

from paes.faults.cases.case import Case, State
from paes.faults.load_curve import Bools
from paes.faults.money.overlaps import Claimed, counted_once
from paes.faults.money.price import NOTHING, Waste
from paes.faults.money.pricing import PricedSteps, PricingContext, added
from paes.metering import Measures
from paes.meters import Meter
from paes.periods import By, Span, edges, from_seconds, to_seconds, zone

NO_LOSS = (State.DISMISSED, State.RETRACTED)


@dataclass(frozen=True, slots=True)
class Loss:
    """What cases of one rule wasted at one site in a local month, in ``unit`` (kWh, m3)."""

    month: date
    rule: str
    site: str | None
    unit: str
    waste: Waste
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """So much of ``case`` was not counted, for ``by`` tells of more in the same ``hours``."""

    case: str
    by: str
    hours: int
    amount: float
    unit: str


@dataclass(frozen=True)
class Losses:
    """Rows in order of month, rule and site; and what is in none of them."""

    rows: tuple[Loss, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    left_out: tuple[str, ...] = ()
    """Cases that were no losses: dismissed, or not shown by readings any more."""
    unpriced: Mapping[str, float] = field(default_factory=dict)
    """Counted amounts without a contract, by unit: they are in no EUR."""
    is_assumed: bool = False

    def total(self, unit: str | None = None) -> Waste | None:
        """All rows of ``unit`` together, or money and tonnes of all; None without any.

        Without a unit the amount is nothing: kWh and m3 are not added up.
        """
        of = [row.waste for row in self.rows if unit in (None, row.unit)]
        whole = reduce(added, of) if of else None
        return whole if unit or whole is None else Waste(NOTHING, whole.eur, whole.co2_t)


def summed(losses: Losses, by: Literal["month", "rule", "site"]) -> dict[tuple[str, str], Waste]:
    """The rows together by what is asked for and unit, in order; of no site ``""``."""
    of: dict[tuple[str, str], list[Waste]] = {}
    for row in losses.rows:
        name = {"month": f"{row.month:%Y-%m}", "rule": row.rule, "site": row.site or ""}[by]
        of.setdefault((name, row.unit), []).append(row.waste)
    return {key: reduce(added, of[key]) for key in sorted(of)}


def losses_by_month(
    context: PricingContext, cases: Iterable[Case], span: Span | None = None
) -> Losses:
    """The ledger of ``cases`` (with their series), of the steps that begin in ``span`` (all)."""
    ordered = sorted(cases, key=lambda case: case.id)
    real = [case for case in ordered if case.state not in NO_LOSS]
    claims = [claim for case in real if (claim := _claimed(context, case, span))]
    kept, dropped = counted_once(claims)
    entries = [
        entry
        for claim, counts in zip(claims, kept, strict=True)
        for entry in _entries(claim.case, claim.unit, claim.steps.by_month(counts))
    ]
    for case in real:
        entries += _entries(case, "kWh", _stated(context, case, span))
    return Losses(
        rows=_rows(entries),
        overlaps=tuple(Overlap(*one) for one in dropped),
        left_out=tuple(case.id for case in ordered if case.state in NO_LOSS),
        unpriced=_unpriced(claims, kept),
        is_assumed=any(claim.steps.is_assumed for claim in claims),
    )


_Entry = tuple[Case, str, int, Waste]


def _claimed(context: PricingContext, case: Case, span: Span | None) -> Claimed | None:
    """The steps of a case that wastes energy or water in ``span``; None of any other."""
    meter, excess = context.installation.meters.get(case.subject), case.episode.excess
    if meter is None or excess is None or case.episode.eur is not None or case.price is None:
        return None
    steps = context.steps(meter, excess)
    inside = np.ones(len(excess.starts_s), dtype=np.bool_)
    if span:
        inside = steps.starts_s >= to_seconds(span.start)
        inside &= steps.starts_s < to_seconds(span.end)
    if not inside.any():
        return None
    above = [one.id for one in _above(context, meter)]
    unit = "kWh" if meter.carrier else "m3"
    return Claimed(case, unit, steps, inside, (meter.id, *above))


def _above(context: PricingContext, meter: Meter) -> list[Meter]:
    """The meters that contain ``meter``, from the nearest up."""
    found: list[Meter] = []
    while meter.measures is Measures.SUBMETER and meter.parent:
        meter = context.installation.meter(meter.parent)
        found.append(meter)
    return found


def _stated(context: PricingContext, case: Case, span: Span | None) -> dict[int, Waste]:
    """Money that the rule reckons itself, spread evenly over the months of the episode."""
    episode, eur = case.episode, case.episode.eur
    if eur is None:
        return {}
    tz = context.installation.cities[case.city].time_zone
    months = edges(Span(episode.start, episode.end), By.MONTH, tz)
    begin, end = to_seconds(episode.start), to_seconds(episode.end)
    first = begin if span is None else max(begin, to_seconds(span.start))
    last = end if span is None else min(end, to_seconds(span.end))
    found: dict[int, Waste] = {}
    for start_s, end_s in pairwise(months.tolist()):
        part = (min(end_s, last) - max(start_s, first)) / (end - begin)
        if part > 0:
            day = from_seconds(start_s).astimezone(zone(tz))
            month = (day.year - 1970) * 12 + day.month - 1
            found[month] = Waste(NOTHING, eur.times(part), None)
    return found


def _entries(case: Case, unit: str, months: Mapping[int, Waste]) -> list[_Entry]:
    return [(case, unit, month, waste) for month, waste in months.items()]


def _rows(entries: Sequence[_Entry]) -> tuple[Loss, ...]:
    of: dict[tuple[int, str, str, str], list[_Entry]] = {}
    for entry in entries:
        case, unit, month, _ = entry
        of.setdefault((month, case.rule, case.site or "", unit), []).append(entry)
    return tuple(
        Loss(
            month=date(1970 + month // 12, month % 12 + 1, 1),
            rule=rule,
            site=site or None,
            unit=unit,
            waste=reduce(added, (waste for *_, waste in of[month, rule, site, unit])),
            cases=tuple(dict.fromkeys(case.id for case, *_ in of[month, rule, site, unit])),
        )
        for month, rule, site, unit in sorted(of)
    )


def _unpriced(claims: Sequence[Claimed], kept: Sequence[Bools]) -> dict[str, float]:
    found: dict[str, float] = {}
    for claim, counts in zip(claims, kept, strict=True):
        without = _without_price(claim.steps, counts)
        if without > 0:
            found[claim.unit] = found.get(claim.unit, 0.0) + without
    return found


def _without_price(steps: PricedSteps, counts: Bools) -> float:
    return float(steps.amount[counts & np.isnan(steps.eur[:, 1]), 1].sum())
