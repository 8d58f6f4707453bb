"""What a webhook delivers: news of cases as plain data, as ``paes faults --json`` tells cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from paes.faults.telling.news import News
from paes.installation import Installation
from paes.report.documents import Document
from paes.report.fault_documents import case_document

TYPE = "faults.digest"
_LEFT_OUT = ("parameters", "steps", "decisions", "bouts")
"""What a receiver does not need, and names of people who said something."""


def notice_document(
    id_: str, news: Sequence[News], installation: Installation, now: datetime, simulated: bool
) -> Document:
    """The news in their order; ``id_`` is that of the delivery."""
    return {
        "type": TYPE,
        "timestamp": now.isoformat(),
        "data": {
            "id": id_,
            "installation": installation.name,
            "simulated": simulated,
            "news": [_news(one, installation) for one in news],
        },
    }


def _news(news: News, installation: Installation) -> Document:
    case = case_document(news.case, installation.root)
    site = installation.sites.get(news.case.site or "")
    told = {key: value for key, value in case.items() if key not in _LEFT_OUT}
    return {"what": news.what.value, "site_name": site.name if site else None, "case": told}
