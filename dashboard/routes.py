"""What the server answers besides Dash's own pages: statement, CSV, "not found", headers."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from dashboard.address import Address, read_values
from dashboard.compression import Compressor
from dashboard.downloads import csv_response, table_named
from dashboard.observatory import Observatory
from dashboard.pages.accuracy import accuracy_page
from dashboard.pages.plain_pages import accessibility_page, error_page, not_found_page
from dashboard.pages.shell import ACCESSIBILITY, ACCURACY, Frame
from dashboard.texts import Language
from paes.errors import PaesError
from paes.report.accuracy_card import accuracy_card

FrameMaker = Callable[[str], Frame]
_CATCH_ALL = "/<path:path>"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def asked_address(observatory: Observatory) -> Address:
    """The state that the present request's query asks for."""
    return read_values(observatory.installation, request.args)


def add_routes(
    server: Flask, observatory: Observatory, languages: dict[str, Language], frame: FrameMaker
) -> None:
    """Plain pages, CSV files, and a page with its status for what fails."""

    def statement() -> str:
        return accessibility_page(frame(ACCESSIBILITY))

    def accuracy() -> str:
        return accuracy_page(frame(ACCURACY), accuracy_card())

    def table(name: str) -> Response:
        address = asked_address(observatory)
        language = languages[address.lang]
        found = table_named(name, observatory, address, language)
        return csv_response(found, address, language) if found else lost()

    def lost() -> Response:
        return _page(not_found_page(frame("/"), request.path), 404)

    def refuse_unknown() -> Response | None:
        # Dash answers every path with its page; only those with a rule of their own exist.
        rule = request.url_rule
        return lost() if rule is not None and rule.rule == _CATCH_ALL else None

    def failed(err: PaesError) -> Response:
        return _page(error_page(frame("/"), str(err)), 503)

    def refused(err: HTTPException) -> Response:
        return lost() if err.code == 404 else Response(err.name, err.code, mimetype="text/plain")

    server.add_url_rule(ACCESSIBILITY, "accessibility", statement)
    server.add_url_rule(ACCURACY, "accuracy", accuracy)
    server.add_url_rule("/csv/<name>", "csv", table)
    server.before_request(refuse_unknown)
    server.register_error_handler(PaesError, failed)
    server.register_error_handler(HTTPException, refused)


def _page(text: str, status: int) -> Response:
    return Response(text, status, mimetype="text/html")


def add_headers(server: Flask, script_hashes: list[str]) -> None:
    """Security headers and compression on every answer."""
    policy = content_security_policy(script_hashes)
    compressor = Compressor()

    def finish(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Security-Policy"] = policy
        if response.mimetype in ("text/html", "text/csv", "application/json"):
            response.headers.setdefault("Cache-Control", "no-cache")
        return compressor.compress(request, response)

    server.after_request(finish)


def content_security_policy(script_hashes: list[str]) -> str:
    """Nothing from elsewhere; inline scripts only those that Dash declares.

    Inline styles are needed by Dash's renderer and by Plotly.
    """
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(["script-src 'self'", *(f"'{h.strip(chr(39))}'" for h in script_hashes)]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
