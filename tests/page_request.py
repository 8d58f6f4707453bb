"""What the browser asks for once the document is there: the page itself."""

from __future__ import annotations

from typing import Any


def page_request(href: str) -> dict[str, Any]:
    """The body of the request to ``/_dash-update-component`` for the page at ``href``."""
    return {
        "output": "..page.children...retry.max_intervals..",
        "outputs": [
            {"id": "page", "property": "children"},
            {"id": "retry", "property": "max_intervals"},
        ],
        "inputs": [
            {"id": "address", "property": "href", "value": href},
            {"id": "retry", "property": "n_intervals"},
        ],
        "changedPropIds": ["address.href"],
    }
