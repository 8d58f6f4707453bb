"""Results as plain data, ready for JSON: every figure with its unit, source and marks.

Infinite bounds become None, which means "nothing bounds it". Keys end with their unit. Here is
what all documents have in common.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from paes.accounting.estimate_parts import Estimate
from paes.metering import Finding

Document = dict[str, Any]


def finding_document(finding: Finding) -> Document:
    """A finding with the numbers that prove it."""
    return {
        "name": finding.name,
        "subject": finding.subject,
        "message": finding.message,
        "at": finding.at.isoformat() if finding.at else None,
        "numbers": {name: finite(value) for name, value in finding.numbers.items()},
    }


def estimate_document(estimate: Estimate, unit: str) -> Document:
    """One stretch that is estimated, its amounts in ``unit``."""
    return {
        "start": estimate.start.isoformat(),
        "end": estimate.end.isoformat(),
        "method": str(estimate.method),
        "cause": estimate.cause,
        f"amount_{unit}": estimate.amount,
        f"low_{unit}": estimate.low,
        f"high_{unit}": finite(estimate.high),
    }


def frame_records(frame: pd.DataFrame) -> list[Document]:
    """The rows of an energy frame: local start with its offset, amounts, coverage."""
    records = []
    for start, row in zip(frame.index, frame.to_dict("records"), strict=True):
        covered, span = row.pop("covered_s"), row.pop("span_s")
        amounts = {str(name): finite(float(value)) for name, value in row.items()}
        coverage = covered / span if span else None
        records.append({"start": start.isoformat(), **amounts, "coverage": coverage})
    return records


def finite(value: float) -> float | None:
    """``value``, or None if it is infinite: nothing bounds it."""
    return value if math.isfinite(value) else None


def flat(documents: Iterable[Document]) -> pd.DataFrame:
    """Documents as a table, values as they are; lists joined with `` | ``.

    Lists of documents are left out: they are tables of their own.
    """
    listed = list(documents)
    nested = {k for d in listed for k, v in d.items() if _nested(v)}
    rows = [
        {
            k: " | ".join(map(str, v)) if isinstance(v, list) else v
            for k, v in d.items()
            if k not in nested
        }
        for d in listed
    ]
    return pd.DataFrame(rows, dtype=object)


def _nested(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)
