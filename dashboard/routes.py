"""What the server answers besides Dash's own pages: forms, "not found", headers."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from dashboard.address import path_within
from dashboard.compression import Compressor
from dashboard.pages.page import Page
from dashboard.visits import Visits
from paes.errors import StoreError

log = logging.getLogger(__name__)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def add_routes(server: Flask, visits: Visits, pages: Sequence[Page]) -> None:
    """Forms of the pages that have any, and a page with its status for what fails."""

    def post(**_parts: str) -> Response:
        return visits.post(request)

    def refused(err: HTTPException) -> Response:
        if err.code != 404:
            return Response(err.name, err.code, mimetype="text/plain")
        asked, _ = visits.asked(request, path_within(visits.base, request.path))
        return visits.written(visits.not_found(asked), asked, None)

    def failed(err: Exception) -> Response:
        is_page = not path_within(visits.base, request.path).startswith("/_")
        if isinstance(err, StoreError):  # pages explain what they lack: these are the accounts
            if is_page:
                return visits.accounts_away(request, err)
            log.error("cannot tell who asks: %s", err)
            return Response("Service Unavailable", 503, mimetype="text/plain")
        if is_page:
            log.exception("the answer to %s failed", request.path)
            return Response("Internal Server Error", 500, mimetype="text/plain")
        # What Dash stumbles over was not sent by our scripts; our own callbacks let nothing out.
        log.info("a callback that cannot be understood: %s: %s", type(err).__name__, err)
        return Response("Bad Request", 400, mimetype="text/plain")

    for page in pages:
        if page.post:
            rule = visits.base.rstrip("/") + page.path
            server.add_url_rule(rule, f"post-{page.name}", post, methods=["POST"])
    server.register_error_handler(HTTPException, refused)
    server.register_error_handler(Exception, failed)


def add_headers(server: Flask, script_hashes: list[str], images: str = "") -> None:
    """Security headers and compression on every answer; ``images`` is where map tiles are from."""
    policy = content_security_policy(script_hashes, images)
    compressor = Compressor()

    def finish(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Security-Policy"] = policy
        if response.mimetype in ("text/html", "text/csv", "application/json"):
            response.headers.setdefault("Cache-Control", "no-cache")
        return compressor.compress(request, response)

    server.after_request(finish)


def content_security_policy(script_hashes: list[str], images: str = "") -> str:
    """Nothing from elsewhere; inline scripts only those that Dash declares.

    Inline styles are needed by Plotly and by the heights of charts.
    """
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(["script-src 'self'", *(f"'{h.strip(chr(39))}'" for h in script_hashes)]),
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: {images}".strip(),
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
