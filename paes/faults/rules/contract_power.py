"""Power above the contract: a supply takes more kW than it is contracted for.

::

    seen      highest mean power of each local day, by quarter hours (hours, if none are known)
    limit     contracted power; of a small supply and the tolerated tenth on top
    sign      a step above the limit, by more than late reads and the register's step explain

Contract and tariff are data (``contracts.yaml``, ``tariffs/``): without a contracted power the
rule is silent. Money is told only where the tariff bills the highest quarter hour of a month::

    EUR = sum over months (highest kW of the month - contracted kW) * EUR per kW and month * VAT
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from paes.costs.prices import regimes
from paes.faults.episode import Episode, Picture, Stretch, stretches
from paes.faults.load_curve import Bools, Ints, LoadCurve
from paes.faults.money.gap_share import WEEKS_IN_YEAR
from paes.faults.money.price import Interval
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.windows import daily_picture, day_start
from paes.faults.view import View
from paes.metering import Carrier, Measures, Site
from paes.meters import Meter
from paes.periods import Span
from paes.series import Floats
from paes.tariffs.contracts import Supply, supplies
from paes.tariffs.tariff import PowerBasis, TariffPeriod

MONTHS = 12


class ContractPowerParameters(Parameters):
    """See ``config/fault_rules/contract_power.yaml``."""

    small_supply_up_to_kw: float = Field(ge=0)
    tolerated_of_small_fraction: float = Field(ge=0, lt=1)
    least_beyond_fraction: float = Field(ge=0, lt=1)
    quiet_days: int = Field(ge=1)
    least_known_fraction: float = Field(gt=0, le=1)


@dataclass(frozen=True)
class Contracted:
    """Of each step: contracted power (kW; NaN without), and EUR for a kW and month beyond it.

    The price has VAT; it is 0 where the tariff does not bill the highest quarter hour.
    """

    kw: Floats
    eur_per_kw_month: Floats


def find(
    curve: LoadCurve, contracted: Contracted, step_kwh: float, p: ContractPowerParameters
) -> list[Episode]:
    """Every time in which ``curve`` (kWh) goes beyond the contract, in order.

    It is over after ``quiet_days`` known days within it. ``step_kwh`` is the register's step: so
    much may have passed in the step before. There is no excess: nothing is wasted but money.
    """
    kw = contracted.kw
    tolerated = np.where(kw <= p.small_supply_up_to_kw, p.tolerated_of_small_fraction, 0.0)
    limit = kw * (1 + tolerated)
    error_kw = step_kwh * 3600.0 / curve.step_s + p.least_beyond_fraction * limit
    with np.errstate(invalid="ignore"):
        is_over = curve.known & (curve.per_hour > limit + error_kw)
    is_judged = curve.known & ~np.isnan(limit)
    days = len(curve.days)
    count = np.bincount(curve.day, minlength=days)
    judged = np.bincount(curve.day[is_judged], minlength=days)
    over = np.bincount(curve.day[is_over], minlength=days)
    known = (over > 0) | (judged >= np.maximum(p.least_known_fraction * count, 1))
    found = stretches(over > 0, known, 1, p.quiet_days)
    beyond = _Beyond(curve, contracted, limit, is_over)
    return [beyond.episode(stretch, over) for stretch in found]


@dataclass(frozen=True)
class _Beyond:
    curve: LoadCurve
    contracted: Contracted
    limit: Floats
    is_over: Bools

    def episode(self, stretch: Stretch, over: Ints) -> Episode:
        """The days of a stretch, with the money of their months."""
        curve = self.curve
        inside = (curve.day >= stretch.first) & (curve.day <= stretch.last) & self.is_over
        highest = int(np.argmax(np.where(inside, curve.per_hour, -np.inf)))
        by_month = self._eur_by_month(inside)
        eur = sum(by_month)
        start, end = day_start(curve, stretch.first), day_start(curve, stretch.last + 1)
        days = int(np.count_nonzero(over[stretch.first : stretch.last + 1]))
        contract_kw = float(self.contracted.kw[highest])
        return Episode(
            start=start,
            end=end,
            found=day_start(curve, stretch.found + 1),
            is_over=stretch.is_over,
            numbers={
                "highest_kw": float(curve.per_hour[highest]),
                "contract_kw": contract_kw,
                "limit_kw": float(self.limit[highest]),
                "beyond_kw": float(curve.per_hour[highest]) - contract_kw,
                "days_over": float(days),
                "over_h": float(np.count_nonzero(inside)) * curve.step_s / 3600.0,
            },
            windows={"judged": Span(start, end)},
            picture=self._picture(stretch),
            eur=Interval(eur, eur, eur) if eur > 0 else None,
            eur_per_week=_per_week(by_month),
        )

    def _eur_by_month(self, inside: Bools) -> list[float]:
        """What the highest step of each month costs beyond the contract."""
        curve = self.curve
        month = _months(curve)[curve.day]
        found = []
        for one in np.unique(month[inside]).tolist():
            power = np.where(inside & (month == one), curve.per_hour, -np.inf)
            at = int(np.argmax(power))
            beyond_kw = float(power[at] - self.contracted.kw[at])
            found.append(beyond_kw * float(self.contracted.eur_per_kw_month[at]))
        return found

    def _picture(self, stretch: Stretch) -> Picture:
        seen = np.full(len(self.curve.days), np.nan)
        np.fmax.at(seen, self.curve.day, self.curve.per_hour)
        usual = np.full(len(seen), np.nan)
        np.fmax.at(usual, self.curve.day, self.limit)
        return daily_picture(self.curve, "kW", seen, usual, stretch.first, stretch.last)


def _per_week(by_month: list[float]) -> Interval | None:
    """A week's part of the mean month; None if nothing is billed."""
    week = sum(by_month) / max(len(by_month), 1) * MONTHS / WEEKS_IN_YEAR
    return Interval(week, week, week) if week > 0 else None


def _months(curve: LoadCurve) -> Ints:
    first = np.datetime64(curve.first_day, "D")
    return (first + np.arange(len(curve.days))).astype("datetime64[M]").astype(np.int64)


def contracted(found: Sequence[Supply], curve: LoadCurve) -> Contracted:
    """What the contracts ``found`` say of each step of ``curve``."""
    kw, eur = np.full(len(curve), np.nan), np.zeros(len(curve))
    for regime in regimes(found, curve.start_s, curve.end_s):
        here = (curve.seconds >= regime.start_s) & (curve.seconds < regime.end_s)
        agreed = regime.supply.contract.contract_power_kw
        kw[here] = np.nan if agreed is None else agreed
        eur[here] = _eur_per_kw_month(regime.prices.period)
    return Contracted(kw, eur)


def _eur_per_kw_month(period: TariffPeriod) -> float:
    """With VAT, of the highest quarter hour; 0 where only the contracted power is billed."""
    highest = (p for p in period.power if p.basis is PowerBasis.HIGHEST_QUARTER_HOUR)
    return sum(p.eur_per_kw_month for p in highest) * (1 + period.vat_fraction)


def concerns(meter: Meter, site: Site) -> bool:
    """Supplies of electricity."""
    return meter.carrier is Carrier.ELECTRICITY and meter.measures is Measures.WITHDRAWAL


def look(view: View, p: ContractPowerParameters) -> list[Episode]:
    """Episodes of one supply that touch the judged span."""
    of = supplies(view.city.contracts, view.installation.tariffs, view.meter, view.tz)
    if not any(supply.contract.contract_power_kw for supply in of):
        return []
    curve = view.quarters
    if not curve.known.any():
        curve = view.hours.between(curve.start_s, curve.end_s)
    found = find(curve, contracted(of, curve), view.step_amount, p)
    return [e for e in found if e.start < view.span.end and e.end > view.span.start]


RULE = Rule("contract_power", 1, ContractPowerParameters, concerns, look)
