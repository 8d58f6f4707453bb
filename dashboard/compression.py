"""Answers in gzip: the page's scripts weigh three times as much without.

Files that do not change (scripts, styles) are compressed once and kept; the rest is compressed
quickly each time. Waitress does not compress, and a small installation has no proxy that would.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

from flask import Request, Response

SMALLEST = 1024
_TYPES = frozenset(
    {
        "text/html",
        "text/css",
        "text/csv",
        "text/javascript",
        "application/javascript",
        "application/json",
        "image/svg+xml",
    }
)
_ONCE, _EACH_TIME = 9, 5


@dataclass
class Compressor:
    """Compresses the answers of one application; remembers those that last."""

    _kept: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def compress(self, request: Request, response: Response) -> Response:
        """``response`` in gzip if the reader takes it and it is worth the while."""
        if not self._worth_it(request, response):
            return response
        lasting = request.path.startswith(("/assets/", "/_dash-component-suites/"))
        key = (request.full_path, response.headers.get("ETag", ""))
        packed = self._kept.get(key) if lasting else None
        opened = getattr(response.response, "close", None)  # a file, replaced by its packed form
        if opened:
            response.call_on_close(opened)
        if packed is None:
            response.direct_passthrough = False
            packed = gzip.compress(response.get_data(), _ONCE if lasting else _EACH_TIME, mtime=0)
            if lasting:
                self._kept[key] = packed
        response.direct_passthrough = False
        response.set_data(packed)
        response.headers["Content-Encoding"] = "gzip"
        # A weak tag: the same content, other bytes; a conditional request still matches it.
        tag, _ = response.get_etag()
        if tag:
            response.set_etag(tag, weak=True)
        response.vary.add("Accept-Encoding")
        return response

    @staticmethod
    def _worth_it(request: Request, response: Response) -> bool:
        return (
            response.status_code == 200
            and request.method in ("GET", "POST")
            and "gzip" in request.headers.get("Accept-Encoding", "")
            and response.mimetype in _TYPES
            and "Content-Encoding" not in response.headers
            and (response.content_length or SMALLEST) >= SMALLEST
        )
