"""Where no login is asked for, everybody at this machine may do everything: nobody else may.

A page of another site, open in the same browser, could send forms to ``127.0.0.1``, or have its own
name lead there. So the host must be this machine, and what changes something must come from here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from paes.listening import is_loopback

_OWN = ("same-origin", "none")
"""What a browser says of a request from our own page, or from nobody's."""


def keep_local(server: Flask) -> None:
    """Refuse what another site sends, or what comes by another name."""
    server.before_request(_refused)


def _refused() -> Response | None:
    if not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        return _forbidden("without a login the dashboard answers on this machine alone")
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return _forbidden("this form belongs to another site")
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN:
        return _forbidden("this form belongs to another site")
    return None


def _forbidden(reason: str) -> Response:
    return Response(f"Forbidden: {reason}", 403, mimetype="text/plain")
