"""What the browser asks for once the document is there: the figures of the page."""

from __future__ import annotations

from typing import Any


def charts_request(href: str) -> dict[str, Any]:
    """The body of the request to ``/_dash-update-component`` for the charts of ``href``."""
    return {
        "output": "charts.data",
        "outputs": {"id": "charts", "property": "data"},
        "inputs": [
            {"id": "address", "property": "href", "value": href},
            {"id": "again", "property": "data", "value": None},
        ],
        "changedPropIds": ["address.href"],
    }
