"""Costs and energy by band as plain data, ready for JSON.

EUR to the hundredth of a cent, amounts to the thousandth of a unit; a bound that nothing sets is
None. Keys end with their unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from paes.costs.band_energy import BandTable
from paes.costs.cost_table import Amounts, CostTable, Money
from paes.costs.costing import Costs
from paes.costs.pv_value import PvValue
from paes.report.documents import finding_document

Document = dict[str, Any]


def costs_document(key: Mapping[str, str], costs: Costs) -> Document:
    """What ``key`` names, by period and in all."""
    return {
        **key,
        "unit": costs.whole.unit,
        "currency": "EUR",
        "assumed_tariffs": sorted(costs.whole.assumed),
        "periods": [
            {"start": start.isoformat(), **_cost(costs.periods, i)}
            for i, start in enumerate(_times(costs.starts))
        ],
        "whole": _cost(costs.whole, 0),
        "findings": [finding_document(f) for f in costs.findings],
    }


def bands_document(key: Mapping[str, str], table: BandTable) -> Document:
    """Energy by band and period."""
    return {
        **key,
        "unit": table.unit,
        "periods": [
            {
                "start": start.isoformat(),
                "bands": {
                    name: {**_amount(of, i), "hours": float(table.hours[name][i])}
                    for name, of in table.amounts.items()
                },
                "total": _amount(table.total, i),
                "coverage": _coverage(float(table.covered_s[i]), float(table.span_s[i])),
            }
            for i, start in enumerate(_times(table.starts))
        ],
    }


def value_document(site: str, value: PvValue) -> Document:
    """What the plants of ``site`` were worth, by period."""
    return {
        "site": site,
        "currency": "EUR",
        "periods": [
            {
                "start": start.isoformat(),
                "avoided": _money(value.avoided, i),
                "earned": _money(value.earned, i),
            }
            for i, start in enumerate(_times(value.starts))
        ],
    }


def _cost(table: CostTable, i: int) -> Document:
    unpriced_s = float(table.unpriced_s[i])
    total = _money(table.total, i)
    if unpriced_s > 0:
        total["high_eur"] = None  # nobody knows what energy without a contract costs
    return {
        "amounts": {label: _amount(of, i) for label, of in table.amounts.items()},
        "energy": {label: _money(of, i) for label, of in table.energy.items()},
        **{name: _money(of, i) for name, of in table.parts.items() if name != "energy"},
        "total": total,
        "missing_low_eur": _rounded(table.missing_low_eur[i], 4),
        "missing_high_eur": _rounded(table.missing_high_eur[i], 4),
        "without_contract": {"hours": unpriced_s / 3600, "amount": float(table.unpriced[i])},
        "coverage": _coverage(float(table.covered_s[i]), float(table.span_s[i])),
    }


def _money(money: Money, i: int) -> Document:
    return {
        "measured_eur": _rounded(money.measured_eur[i], 4),
        "estimated_eur": _rounded(money.estimated_eur[i], 4),
        "low_eur": _rounded(money.low_eur[i], 4),
        "high_eur": _rounded(money.high_eur[i], 4),
    }


def _amount(amounts: Amounts, i: int) -> Document:
    return {
        "measured": _rounded(amounts.measured[i], 3),
        "estimated": _rounded(amounts.estimated[i], 3),
        "low": _rounded(amounts.low[i], 3),
        "high": _rounded(amounts.high[i], 3),
    }


def _coverage(covered_s: float, span_s: float) -> float | None:
    return covered_s / span_s if span_s else None


def _rounded(value: float, digits: int) -> float | None:
    return round(float(value), digits) + 0.0 if math.isfinite(value) else None


def _times(starts: pd.DatetimeIndex) -> list[pd.Timestamp]:
    return list(starts)
