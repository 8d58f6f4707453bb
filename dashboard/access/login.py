"""The ways in and out: name and password, the municipality's provider, and the end of a session.

Whatever is wrong with a name or a password, the answer is the same and takes as long. After the
login a reader goes on to where the way was interrupted, but only within this application.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, redirect, request, session, url_for
from flask_login import login_user, logout_user
from flask_wtf.csrf import CSRFError

from dashboard.access.provider import NotSignedIn
from dashboard.access.rights import User
from dashboard.address import path_within
from dashboard.pages.login import PAGE, LoginForm, expired_page, login_page, logout_page
from dashboard.pages.shell import LOGIN, LOGOUT, PUBLIC
from paes.errors import PaesError

if TYPE_CHECKING:
    from dashboard.access.access import Access
    from dashboard.visits import Visits

PROVIDER, RETURN = f"{LOGIN}/ente", f"{LOGIN}/ritorno"
_LONGEST_ADDRESS = 2000
_NEXT = "next"
log = logging.getLogger(__name__)


class LoginViews:
    """The routes of login and logout of one application."""

    def __init__(self, access: Access, visits: Visits) -> None:
        self._access = access
        self._visits = visits

    def join(self, server: Flask) -> None:
        """Add the routes."""
        prefix = self._visits.base.rstrip("/")
        server.add_url_rule(prefix + LOGIN, "login", self.show)
        server.add_url_rule(prefix + LOGIN, "log-in", self.log_in, methods=["POST"])
        server.add_url_rule(prefix + LOGOUT, "logout", self.ask)
        server.add_url_rule(prefix + LOGOUT, "log-out", self.log_out, methods=["POST"])
        if self._access.sign_in:
            self._access.sign_in.join(server)
            server.add_url_rule(prefix + PROVIDER, "sign-in", self.sign_in)
            server.add_url_rule(prefix + RETURN, "signed-in", self.signed_in)
        server.register_error_handler(CSRFError, self.expired)

    def show(self) -> Any:
        """The form, or where to go on for who is logged in already."""
        wanted = own_path(self._visits.base, request.args.get(_NEXT))
        if self._access.session():
            return redirect(wanted, 303)
        return self._form(wanted)

    def log_in(self) -> Any:
        """Try a name and a password."""
        wanted = own_path(self._visits.base, request.form.get(_NEXT))
        if not self._access.settings.local_accounts:
            return self._form(wanted, "login.failed", 401)
        name = request.form.get("name", "").strip().lower()[:80]
        attempt = self._access.attempts.begin(name, _address())
        if attempt.wait_s:
            response = self._form(wanted, "login.wait", 429, name, attempt.wait_s)
            response.headers["Retry-After"] = str(attempt.wait_s)
            return response
        account = self._access.accounts.with_password(name, request.form.get("password", ""))
        if account is None:
            self._failed(name, attempt.is_last)
            return self._form(wanted, "login.failed", 401, name)
        self._access.attempts.succeeded(attempt)
        self._begin(User(account.name, account.role, account.full_name), is_local=True)
        return redirect(wanted, 303)

    def ask(self) -> Any:
        """Without scripts or by an old link: a button to log out."""
        if not self._access.session():
            return redirect(self._visits.base.rstrip("/") + PUBLIC, 303)
        asked, _ = self._visits.asked(request, LOGOUT)
        return self._visits.written(logout_page(asked), asked, PAGE)

    def log_out(self) -> Any:
        """End the session, here and in the browser."""
        found = self._access.session()
        if found:
            self._access.sessions.end(found.token)
            self._access.audit(found.user, "logout", "", "")
        logout_user()
        session.clear()
        asked, _ = self._visits.asked(request, LOGOUT)
        return redirect(asked.link(PUBLIC), 303)

    def sign_in(self) -> Any:
        """To the provider, which sends the reader back."""
        assert self._access.sign_in
        wanted = own_path(self._visits.base, request.args.get(_NEXT))
        session[_NEXT] = wanted
        try:
            return self._access.sign_in.start(url_for("signed-in", _external=True))
        except PaesError as err:
            log.warning("%s", err)
            return self._form(wanted, "login.provider_away", 503)

    def signed_in(self) -> Any:
        """Back from the provider."""
        assert self._access.sign_in
        wanted = own_path(self._visits.base, session.pop(_NEXT, None))
        try:
            user = self._access.sign_in.finish()
        except NotSignedIn as err:
            log.warning("%s", err)
            self._access.log.add(err.name, "login_failed", "", err.word, _address())
            return self._form(wanted, f"login.provider_{err.word}", err.status)
        self._begin(user, is_local=False)
        return redirect(wanted, 303)

    def expired(self, _err: CSRFError) -> Any:
        """A form, or a callback, with the token of another session."""
        path = path_within(self._visits.base, request.path)
        if path.startswith("/_"):
            return Response(
                "Bad Request: this session's token is missing", 400, mimetype="text/plain"
            )
        asked, page = self._visits.asked(request, path)
        return self._visits.written(expired_page(asked), asked, page)

    def _begin(self, user: User, *, is_local: bool) -> None:
        """A new session in a browser that forgets what it held before; none without its line."""
        self._access.log.add(user.name, "login", "", user.role or "", _address())
        session.clear()
        login_user(self._access.sessions.begin(user, is_local=is_local))

    def _failed(self, name: str, is_last: bool) -> None:
        """Only names of accounts are written down: people slip and type their password there."""
        known = name if self._access.accounts.find(name) else ""
        self._access.log.add(known, "login_failed", "", "", _address())
        if is_last:
            self._access.log.add(known, "login_limited", "", "", _address())

    def _form(
        self, wanted: str, problem: str = "", status: int = 200, name: str = "", wait_s: int = 0
    ) -> Response:
        asked, _ = self._visits.asked(request, LOGIN)
        settings = self._access.settings
        form = LoginForm(
            next=wanted,
            problem=problem,
            wait_s=wait_s,
            name=name,
            local_accounts=settings.local_accounts,
            nobody_yet=not self._access.has_anybody,
            provider=settings.provider.label if settings.provider else "",
            provider_href=asked.link(PROVIDER, next=wanted),
        )
        return self._visits.written(login_page(asked, form, status), asked, PAGE)


def own_path(base: str, wanted: str | None) -> str:
    """``wanted`` if it is a path of this application, else its first page.

    Browsers take ``//host``, ``/\\host`` and ``/<tab>/host`` for other hosts.
    """
    if not wanted or len(wanted) > _LONGEST_ADDRESS or not wanted.startswith(base):
        return base
    if wanted.startswith("//") or "\\" in wanted or not wanted.isprintable():
        return base
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return base
    if {".", ".."} & set(unquote(parts.path).split("/")):  # another application's, beside ours
        return base
    if parts.scheme or parts.netloc or path_within(base, parts.path).startswith((LOGIN, LOGOUT)):
        return base
    return wanted


def _address() -> str:
    return request.remote_addr or ""
