"""What stands before every request: nobody gets further than the public page without a login.

Documents are led to the login by ``Visits``, which know the way back; what scripts and programs ask
for (callbacks, CSV files) is answered with 401. Who is logged in must send the session's token
with every POST, forms and Dash's callbacks alike. A reader of the public page gets no cookie.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect, generate_csrf

from dashboard.access.cookies import TOKEN_COOKIE, give_token, take_token
from dashboard.access.rights import Right
from dashboard.access.sessions import Session, Sessions
from dashboard.address import path_within
from dashboard.pages.shell import LOGIN
from dashboard.pages.table import page_at
from paes.errors import StoreError

OPEN = ("/_dash-layout", "/_dash-dependencies", "/_favicon.ico", "/salute")
OPEN_FOLDERS = ("/assets/", "/_dash-component-suites/")
CALLBACK = "/_dash-update-component"
_CSV = "/csv/"
log = logging.getLogger(__name__)


class Guard:
    """The checks before and the headers after every request of a server."""

    def __init__(
        self,
        session: Callable[[], Session | None],
        sessions: Sessions,
        csrf: CSRFProtect,
        base: str,
    ) -> None:
        self._session = session
        self._sessions = sessions
        self._csrf = csrf
        self._base = base

    def join(self, server: Flask) -> None:
        """Stand before every request of ``server``."""
        server.before_request(self.before)
        server.after_request(self.after)

    def before(self) -> Response | None:
        """Why the request is not answered, or None."""
        path = path_within(self._base, request.path)
        if path in OPEN or path.startswith(OPEN_FOLDERS):
            return None
        session = self._session()
        if session or path == LOGIN:
            self._csrf.protect()  # of a GET nothing is asked
        if session:
            if not path.startswith("/_"):
                self._renew(session)
            return None
        return None if self._is_for_everybody(path) else _unauthorized()

    def after(self, response: Response) -> Response:
        """The token for scripts; nothing of who is logged in stays in a browser's cache."""
        if path_within(self._base, request.path).startswith(("/_", "/assets/", "/salute")):
            return response
        try:
            session = self._session()
        except StoreError:  # told already; who it was may be known again in a moment
            response.headers["Cache-Control"] = "no-store"
            return response
        if session:
            response.headers["Cache-Control"] = "private, no-store"
            if response.mimetype == "text/html":
                give_token(response, generate_csrf(), self._base)
        elif TOKEN_COOKIE in request.cookies:
            take_token(response, self._base)
        return response

    def _renew(self, session: Session) -> None:
        """A full disk does not lock readers out: the session ends a little early at worst."""
        try:
            self._sessions.renew(session)
        except StoreError as err:
            log.warning("it cannot be noted that a session is in use: %s", err)

    def _is_for_everybody(self, path: str) -> bool:
        """Whether nobody in particular may go on: what pages then refuse, they explain."""
        if path == CALLBACK:
            return self._is_public(_page_of(_asked_json()))
        if path.startswith("/_"):
            return False
        if _CSV in path:
            return self._is_public(path.rpartition(_CSV)[0] or "/")
        return True

    def _is_public(self, path: str | None) -> bool:
        found = page_at(path_within(self._base, path)) if path else None
        return found is not None and found[0].right is Right.PUBLIC


def _asked_json() -> Any:
    try:
        return request.get_json(silent=True)
    except RecursionError:  # brackets within brackets
        return None


def _page_of(callback: Any) -> str | None:
    """The path of the page that a callback is asked from, as Dash tells it."""
    if not isinstance(callback, dict):
        return None
    for group in ("inputs", "state"):
        for each in callback.get(group) or ():
            if isinstance(each, dict) and (each.get("id"), each.get("property")) == (
                "address",
                "href",
            ):
                href = each.get("value")
                return _path(href) if isinstance(href, str) else None
    return None


def _path(href: str) -> str | None:
    try:
        return urlsplit(href).path or "/"
    except ValueError:
        return None


def _unauthorized() -> Response:
    return Response("Unauthorized: log in first", 401, mimetype="text/plain")
