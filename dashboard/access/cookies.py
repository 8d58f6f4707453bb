"""The cookies: one that no script can read, and one with the token that Dash's callbacks send."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface

SESSION_COOKIE = "paes_session"
TOKEN_COOKIE = "paes_csrf"
TOKEN_HEADER = "X-CSRFToken"


class SessionCookie(SecureCookieSessionInterface):
    """Flask's signed cookie, for https alone where the reader came by https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser may send it over https only."""
        return request.is_secure


def give_token(response: Response, token: str, base: str) -> None:
    """The token of the session, for scripts of our own pages to read."""
    response.set_cookie(TOKEN_COOKIE, token, path=base, secure=request.is_secure, samesite="Strict")


def take_token(response: Response, base: str) -> None:
    """Take it back."""
    response.delete_cookie(TOKEN_COOKIE, path=base, secure=request.is_secure, samesite="Strict")
