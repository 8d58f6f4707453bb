"""The document that a webhook delivers: what an e-mail says, for programs.

Amounts are in the unit that stands beside them, money in EUR, emissions in t of CO2, each as
``{low, likely, high}``; null is not known. Times are UTC.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from paes.faults import sentences
from paes.faults.case import Case
from paes.faults.news import News
from paes.faults.price import Interval, Price, Waste
from paes.installation import Installation

TYPE = "faults.digest"


def webhook_document(
    id_: str, news: Sequence[News], installation: Installation, now: datetime, simulated: bool
) -> dict[str, Any]:
    """The document of ``news``; ``id_`` is that of the delivery."""
    told = [{"what": one.what.value, "case": _case(one.case, installation)} for one in news]
    return {
        "type": TYPE,
        "timestamp": now.isoformat(),
        "data": {
            "id": id_,
            "installation": installation.name,
            "simulated": simulated,
            "news": told,
        },
    }


def _case(case: Case, installation: Installation) -> dict[str, Any]:
    root, site = installation.root, installation.sites.get(case.site or "")
    language = installation.notices.language
    return {
        "id": case.id,
        "state": case.state.value,
        "rule": case.rule,
        "version": case.version,
        "name": sentences.name(case, language, root),
        "says": sentences.sentence(case, language, root),
        "what_to_do": sentences.what_to_do(case, language, root),
        "language": language,
        "city": case.city,
        "site": case.site,
        "site_name": site.name if site else None,
        "subject": case.subject,
        "start": case.episode.start.isoformat(),
        "last_seen": case.episode.end.isoformat(),
        "assignee": case.assignee,
        "numbers": {name: _finite(value) for name, value in case.episode.numbers.items()},
        "price": _price(case.price) if case.price else None,
    }


def _price(price: Price) -> dict[str, Any]:
    return {
        "unit": price.unit,
        "so_far": _waste(price.so_far),
        "per_week": _waste(price.per_week),
        "assumed": price.is_assumed,
        "gap_fraction": None if price.gap_fraction is None else _finite(price.gap_fraction),
        "unknown_h": _finite(price.unknown_h),
    }


def _waste(waste: Waste) -> dict[str, Any]:
    return {
        "amount": _interval(waste.amount),
        "eur": _interval(waste.eur),
        "co2_t": _interval(waste.co2_t),
    }


def _interval(of: Interval | None) -> dict[str, float | None] | None:
    if of is None:
        return None
    return {"low": _finite(of.low), "likely": _finite(of.likely), "high": _finite(of.high)}


def _finite(value: float) -> float | None:
    """JSON knows neither infinity nor what is not a number."""
    return float(value) if math.isfinite(value) else None
