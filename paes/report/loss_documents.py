"""The ledger of avoidable losses as plain data: by month, rule and site, with what overlaps."""

from __future__ import annotations

from paes.faults.money.losses import Loss, Losses, Overlap
from paes.faults.money.price import Interval, Waste
from paes.report.documents import Document


def losses_document(losses: Losses) -> Document:
    """Rows and totals; amounts in the unit beside them, bounds low and high.

    ``eur`` is null where no contract gives a price, ``co2_t`` where no factor is known, and of
    water.
    """
    units = sorted({row.unit for row in losses.rows})
    money = losses.total()
    return {
        "rows": [loss_row(row) for row in losses.rows],
        "totals": [
            {"unit": unit, **waste_document(whole)}
            for unit in units
            if (whole := losses.total(unit)) is not None
        ],
        "eur": interval_document(money.eur) if money else None,
        "co2_t": interval_document(money.co2_t) if money else None,
        "is_assumed": losses.is_assumed,
        "unpriced": [
            {"amount": amount, "unit": unit} for unit, amount in sorted(losses.unpriced.items())
        ],
        "overlaps": [_overlap(one) for one in losses.overlaps],
        "left_out": list(losses.left_out),
    }


def loss_row(row: Loss) -> Document:
    """One month, rule, site and unit."""
    return {
        "month": f"{row.month:%Y-%m}",
        "rule": row.rule,
        "site": row.site,
        "unit": row.unit,
        **waste_document(row.waste),
        "cases": list(row.cases),
    }


def loss_rows(losses: Losses) -> list[Document]:
    """The ledger as rows of a spreadsheet, one figure a column."""
    return [
        {
            "month": f"{row.month:%Y-%m}",
            "rule": row.rule,
            "site": row.site or "",
            "unit": row.unit,
            **_columns("amount", row.waste.amount),
            **_columns("eur", row.waste.eur),
            **_columns("co2_t", row.waste.co2_t),
            "cases": len(row.cases),
        }
        for row in losses.rows
    ]


def waste_document(waste: Waste) -> Document:
    """Amount, money and tonnes, each between its bounds."""
    return {
        "amount": interval_document(waste.amount),
        "eur": interval_document(waste.eur),
        "co2_t": interval_document(waste.co2_t),
    }


def interval_document(interval: Interval | None) -> Document | None:
    """A figure between its bounds; null if it is not known."""
    if interval is None:
        return None
    return {"low": interval.low, "likely": interval.likely, "high": interval.high}


def overlap_text(one: Overlap) -> str:
    """``120 kWh of A (48 hours) lie where B tells of more: counted once, there``."""
    return (
        f"{one.amount:,.0f} {one.unit} of {one.case} ({one.hours} hours) lie where {one.by} "
        "tells of more: counted once, there"
    )


def _overlap(one: Overlap) -> Document:
    return {
        "case": one.case,
        "by": one.by,
        "hours": one.hours,
        "amount": one.amount,
        "unit": one.unit,
        "message": overlap_text(one),
    }


def _columns(name: str, interval: Interval | None) -> Document:
    found = interval_document(interval) or dict.fromkeys(("low", "likely", "high"))
    return {f"{name}_{bound}": value for bound, value in found.items()}
